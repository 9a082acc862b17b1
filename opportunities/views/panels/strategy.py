"""The strategy sheet in brief, with Go / No-Go."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import today
from opportunities.models import Opportunity
from opportunities.selectors.strategy import Question, brief_of


def context(opportunity: Opportunity, user: User) -> dict[str, Any]:
    """`strategy`: the sheet; `question`: the latest Go / No-Go; `asked`: why again, in words. No query."""
    found = brief_of(opportunity, user, today())
    asked = [_words(why, found.question) for why in found.question.asked]
    return {"strategy": found.sheet, "question": found.question, "asked": asked}


def _words(why: str, question: Question) -> str:
    if why == "too_long":
        values = {"days": question.days, "expected": question.expected}
        return _("%(days)s days in this stage, more than 1.5 × the expected %(expected)s.") % values
    if why == "pushed":
        since = _("The expected close was pushed %(count)s times since.")
        ever = _("The expected close was pushed %(count)s times.")
        return (since if question.latest else ever) % {"count": question.pushes}
    return _("The day to look again has come.")
