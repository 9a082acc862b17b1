"""Taking back one's own last change within seconds, as if it had not been (METHOD.md §2, FINE-PRINT 52)."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits, outbox, search
from accounts.models import User
from customers.actions.shared import hold_in_use
from opportunities import rules
from opportunities.actions.edit import has_people
from opportunities.actions.writing import activities_follow, lock
from opportunities.models import Checkpoint, Decision, GradeChange, Opportunity, OpportunityVersion, Waiver
from opportunities.querysets import FOREVER
from opportunities.selectors.heights import with_columns

JUDGED = ("recorded_at", "confirmed_at", "withdrawn_at", "graded_at", "decided_at")


class TooLate(Exception):
    """The change can no longer be taken back: seconds have passed, or something else has changed."""

    def __str__(self) -> str:
        return _("It is too late to undo this change.")


@transaction.atomic
def undo(*, opportunity: Opportunity, actor: User, seen: int) -> Opportunity:
    """Take back the actor's own last change, which made version `seen`.

    Raises TooLate after 15 seconds, and when somebody changed the opportunity since.
    """
    _keep_owner_in_team(opportunity)
    known = _with_judgements(with_columns(outbox.with_waiting(Opportunity.objects.visible_to(actor))))
    row: Any = lock(known, opportunity)
    change = row.last_change
    if not change or change["by"] != actor.pk or change["version"] != row.version or seen != row.version:
        raise TooLate
    if timezone.now() - datetime.fromisoformat(change["at"]) > rules.UNDO_ACCEPTED:
        raise TooLate
    if _judged_since(row, datetime.fromisoformat(change["at"])) or _leaves_people(row, change["fields"]):
        raise TooLate
    was, was_open = {name: getattr(row, name) for name in change["fields"]}, row.is_open
    if change["versioned"]:
        _drop_last_version(row)
        row.changed_at = datetime.fromisoformat(change["changed_at"])
    for name, value in change["before"].items():
        setattr(row, name, _parsed(name, value))
    reopened = row.is_open and not was_open
    _refuse_where_gone(row, comes_back="customer" in was or reopened)
    _refuse_where_moved(row, comes_back="owner" in was or reopened)
    row.last_change = None
    if row.has_waiting:
        outbox.drop(row, version=seen)
    if "waiver" in change:
        _ask_again(change["waiver"])
    row.mark_changed(change["fields"])
    row.save()
    if "customer" in change["fields"]:
        activities_follow(row)
    if search.is_searched(row, change["fields"]):
        search.index(row)
    audit.record("undo", row=row, actor=actor, changes={name: (old, getattr(row, name)) for name, old in was.items()})
    return row  # type: ignore[no-any-return]


def _refuse_where_gone(row: Opportunity, *, comes_back: bool) -> None:
    """TooLate where it comes back to a customer that was merged or archived since."""
    if not comes_back:
        return
    try:
        hold_in_use(row.customer)
    except ValidationError as error:
        raise TooLate from error


def _keep_owner_in_team(row: Opportunity) -> None:
    """People are locked before opportunities: whom it may come back to, open, where it would be theirs only then."""
    before = (row.last_change or {}).get("before", {})
    if "owner_id" in before or not row.is_open:
        list(edits.kept(before.get("owner_id", row.owner_id)).values_list("pk"))


def _refuse_where_moved(row: Opportunity, *, comes_back: bool) -> None:
    """TooLate where it comes back, open, to an owner who has come into another team since."""
    if comes_back and row.is_open and row.team_id != row.owner.team_id:
        raise TooLate


def _latest(model: Any, moment: str, path: str = "opportunity") -> Subquery:
    """The latest of these moments on the opportunity of an outer query."""
    known = model.objects.filter(**{path: OuterRef("pk"), f"{moment}__isnull": False})
    return Subquery(known.order_by(f"-{moment}").values(moment)[:1])


def _with_judgements(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Opportunities with the moments at which evidence or a decision last came to them, as JUDGED names them."""
    moments = {name: _latest(Checkpoint, name) for name in JUDGED[:3]}
    graded = _latest(GradeChange, "at", "checkpoint__opportunity")
    return queryset.annotate(**moments, graded_at=graded, decided_at=_latest(Decision, "decided_at"))


def _judged_since(row: Any, at: datetime) -> bool:
    """Whether evidence or a decision came to it after the change: something else has changed then, by whomever."""
    return any(moment > at for moment in (getattr(row, name) for name in JUDGED) if moment)


def _leaves_people(row: Opportunity, fields: list[str]) -> bool:
    """Whether people of the customer that it would leave have come to it: they came since the change."""
    return "customer" in fields and has_people(row)


def _parsed(name: str, value: Any) -> Any:
    return Opportunity._meta.get_field(name).to_python(value)  # type: ignore[union-attr]


def _ask_again(waiver: int) -> None:
    """The waiver whose granting made the move waits again, unless another one does."""
    granted = Waiver.objects.filter(pk=waiver).exclude(opportunity__waivers__state=Waiver.State.ASKED)
    granted.update(state=Waiver.State.ASKED, decided_by=None, decided_at=None)


def _drop_last_version(row: Opportunity) -> None:
    versions = OpportunityVersion.objects.filter(opportunity=row)
    versions.filter(valid_to=FOREVER).delete()
    versions.filter(valid_to=row.changed_at).update(valid_to=FOREVER)
