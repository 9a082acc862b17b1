"""The files of an opportunity, the latest first."""

from typing import Any

from accounts.models import User
from opportunities.models import Attachment, Opportunity

SHOWN = 20


def context(opportunity: Opportunity, _user: User) -> dict[str, Any]:
    """`files` and whether there are more. One query."""
    rows = Attachment.objects.in_use().filter(opportunity=opportunity).select_related("uploaded_by").order_by("-id")
    found = list(rows[: SHOWN + 1])
    return {"files": found[:SHOWN], "files_more": len(found) > SHOWN}
