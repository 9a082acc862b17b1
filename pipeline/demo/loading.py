"""The demo company into an empty installation, and out of it again (`removal`)."""

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organisation, User
from accounts.selectors import forget_organisation
from customers.models import Customer
from pipeline.demo import names, story
from pipeline.demo.files import attach_files
from pipeline.demo.personal import save_views, tell
from pipeline.demo.workspace import write_workspace
from pipeline.interchange import import_workspace

PASSWORD = "ascent-demo-2026"  # noqa: S105 - printed on purpose; these people can sign in only while DEBUG is on


@transaction.atomic
def load_demo(*, actor: User | None) -> Organisation:
    """Load the demo company in place of what the organisation says; ValidationError once there is a customer.

    Its past nights are left to the nightly job. Login names that real people have are left to them.
    """
    row, _created = Organisation.objects.get_or_create(pk=1)
    row = Organisation.objects.select_for_update().get(pk=row.pk)
    if Customer.objects.exists():
        raise ValidationError(_("There are customers already: the demo needs an installation without any."))
    logins = logins_of_the_demo()
    with tempfile.TemporaryDirectory() as folder:
        write_workspace(Path(folder), timezone.now().astimezone(story.ZONE).date(), logins)
        report = import_workspace(Path(folder), actor=actor)
    if report.bad_rows:
        raise ValidationError(f"The demo company could not be imported: {report.bad_rows[:3]}")
    Organisation.objects.update(is_demo=True, set_up_at=timezone.now())
    people = {person.username: person for person in User.objects.filter(username__in=logins.values())}
    _mark(people.values())
    forget_organisation()
    save_views({login: people[here] for login, here in logins.items()})
    tell(people.values())
    row = Organisation.objects.get(pk=1)
    with ExitStack() as kept:
        attach_files(kept)
        audit.record("load_demo", row=row, actor=actor)
    return row


def logins_of_the_demo() -> dict[str, str]:
    """{login in the story: login here}: another one where somebody has it already."""
    taken = set(User.objects.values_list("username", flat=True))
    return {login: f"{login}.demo" if login in taken else login for login, *_rest in names.PEOPLE}


def _mark(people: Iterable[User]) -> None:
    for user in people:
        if settings.DEBUG:
            user.set_password(PASSWORD)
        user.is_demo = True
        user.save(update_fields=["password", "is_demo"])
