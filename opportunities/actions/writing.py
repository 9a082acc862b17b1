"""What every action on an opportunity shares: lock, apply the rules, save, keep the version and the trail."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits, outbox, search, visibility
from accounts.models import Kind, User
from accounts.selectors import calendar, today
from config.web.composed import prepared
from opportunities import rules
from opportunities.models import Activity, Opportunity, OpportunityVersion, Stage
from opportunities.querysets import FOREVER
from opportunities.selectors.gate import with_standing

MOVE_WATCHES = ("stage", "owner")  # a move, a hand-over, an undo conflicts with any change of these
TICK = timedelta(microseconds=1)


def lock_editable(opportunity: Opportunity, actor: User, *, among: Any = None) -> Opportunity:
    """The opportunity as it is now, locked; 403 for a reader, 404 when it has gone out of sight meanwhile.

    `among` is a queryset of opportunities that reads more of the row at once.
    """
    _refuse_readers(actor)
    rows = Opportunity.objects.all() if among is None else among
    return lock(rows.editable_by(actor), opportunity)


def lock_standing(opportunity: Opportunity, actor: User) -> Opportunity:
    """`lock_editable` with what the gate asks for: `standing_on` reads it from the row."""
    _refuse_readers(actor)
    given = {"pk": opportunity.pk, "day": today(), **visibility.beholder(actor)}
    return _taken(opportunity, lambda at_once: _standing(visibility.sight(actor), at_once, **given))


@prepared
def _standing(sight: Any, at_once: bool, *, pk: int, day: date, user: int, path: str) -> QuerySet[Any]:
    rows = Opportunity.objects.editable_by(visibility.somebody(sight, user, path)).filter(pk=pk)
    return _whole(with_standing(rows, day), at_once)


def _refuse_readers(actor: User) -> None:
    if not actor.sells:
        raise PermissionDenied(_("You may read this opportunity but not change it."))


def lock_visible(opportunity: Opportunity, actor: User, *, among: Any = None) -> Opportunity:
    """Likewise for those who may see it: assignment by an administrator."""
    rows = Opportunity.objects.all() if among is None else among
    return lock(rows.visible_to(actor), opportunity)


def lock(queryset: Any, opportunity: Opportunity) -> Opportunity:
    """The opportunity as it is now, locked, if it is among these; 404 else."""
    return _taken(opportunity, lambda at_once: _whole(queryset.filter(pk=opportunity.pk), at_once))


def _taken(opportunity: Opportunity, read: Callable[[bool], Iterable[Opportunity]]) -> Opportunity:
    """What `read` gives, locked as it is read where nobody holds it; else the bare row is, and then it is read.

    PostgreSQL gives a statement that waited the new row alone: what it joins or asks of other tables is from before
    the wait, and a row whose stage or owner changed meanwhile is gone.
    """
    row = next(iter(read(True)), None)
    if row is None:
        list(Opportunity.objects.filter(pk=opportunity.pk).values_list("pk").select_for_update())
        row = next(iter(read(False)), None)
    if row is None:
        raise Http404
    return row


def _whole(queryset: Any, at_once: bool) -> Any:
    rows = queryset.select_related("customer", "stage", "owner__team", "unproven_from")
    return rows.select_for_update(of=("self",), skip_locked=True) if at_once else rows


def refuse_if_archived(opportunity: Opportunity) -> None:
    if opportunity.archived_at is not None:
        raise ValidationError(_("This opportunity is archived. Restore it first."), code="archived")


def stage_info(stage: Stage) -> rules.StageInfo:
    return rules.StageInfo(id=stage.pk, position=stage.position, outcome=stage.outcome, win_rate=stage.win_rate)


def state_of(row: Opportunity | OpportunityVersion) -> rules.State:
    """What the row holds, for the rules."""
    return rules.State(**{name: getattr(row, name) for name in rules.HELD})


def moment_after(opportunity: Opportunity) -> datetime:
    """Now, and in any case after the opportunity's last change."""
    return max(timezone.now(), opportunity.changed_at + TICK)


def write(
    opportunity: Opportunity,
    *,
    actor: User,
    action: str,
    held: dict[str, Any],
    fields: dict[str, Any] | None = None,
    owner: User | None = None,
    stage: Stage | None = None,
    reason: str = "",
    kept: dict[str, Any] | None = None,
) -> bool:
    """Take one change of a locked opportunity; False when it changes nothing.

    `held` is what the rules apply and a version keeps, `fields` the columns without a past. Values are checked,
    the version before ends where the new one begins, and `last_change` keeps what an undo needs. `owner` and `stage`
    are the rows that `held` names; an owner is told when they have it from somebody else. `kept` stands in
    `last_change` besides, for what an undo takes back elsewhere.
    """
    at = moment_after(opportunity)
    before = state_of(opportunity)
    after = rules.apply(before, held, at=at, on=calendar().local_date(at))
    plain = edits.differences(opportunity, fields or {})
    if after == before and not plain:
        return False
    names = rules.changed_fields(before, after)
    was = {name: getattr(opportunity, name) for name in [*names, *plain]}
    _keep_for_undo(opportunity, before, after, list(plain), actor, at)
    _assign(opportunity, before, after, {name: new for name, (_old, new) in plain.items()})
    if owner is not None:
        opportunity.owner = owner
    if stage is not None:
        opportunity.stage = stage
    opportunity.mark_changed([*names, *plain])
    assert opportunity.last_change is not None
    opportunity.last_change |= {**(kept or {}), "version": opportunity.version}
    opportunity.clean_fields(exclude=_uncheckable([*names, *plain]))
    if after != before:
        _begin_version(opportunity, at, actor, reason)
    opportunity.save()
    if "customer" in plain:
        activities_follow(opportunity)
    if search.is_searched(opportunity, plain):
        search.index(opportunity)
    changes = {name: (old, getattr(opportunity, name)) for name, old in was.items()}
    audit.record(action, row=opportunity, actor=actor, changes=with_reason(changes, reason))
    tell_new_owner(opportunity, before.owner_id, actor)
    return True


def activities_follow(opportunity: Opportunity) -> None:
    """The customer of its activities is its own."""
    Activity.objects.filter(opportunity=opportunity).update(customer=opportunity.customer_id)


def tell_new_owner(opportunity: Opportunity, before: int | None, actor: User) -> None:
    """Tell whoever has got it from somebody else; `before` is the id of the owner it had."""
    if opportunity.owner_id not in (before, actor.pk):
        outbox.announce(Kind.HANDED_OVER, to=[opportunity.owner], row=opportunity, params={"by": actor.pk})


def with_reason(changes: dict[str, tuple[Any, Any]], reason: str) -> dict[str, tuple[Any, Any]]:
    return {**changes, "reason": (None, reason)} if reason else changes


def _assign(opportunity: Opportunity, before: rules.State, after: rules.State, plain: dict[str, Any]) -> None:
    for name in rules.HELD:
        if getattr(before, name) != getattr(after, name):
            setattr(opportunity, name, getattr(after, name))
    for name, value in plain.items():
        setattr(opportunity, name, value)


def _uncheckable(names: list[str]) -> set[str]:
    """Fields not to be checked: untouched ones, and references, which the caller resolved to rows that exist."""
    meta = Opportunity._meta
    return {field.name for field in meta.fields if field.name not in names or field.is_relation}


def _begin_version(opportunity: Opportunity, at: datetime, actor: User | None, reason: str) -> None:
    OpportunityVersion.objects.filter(opportunity=opportunity, valid_to=FOREVER).update(valid_to=at)
    write_version(opportunity, at, actor, reason)
    opportunity.changed_at = at


def write_version(opportunity: Opportunity, at: datetime, actor: User | None, reason: str) -> None:
    """The open version of what the opportunity holds, from `at` on."""
    held = {name: getattr(opportunity, name) for name in rules.HELD}
    OpportunityVersion.objects.create(opportunity=opportunity, valid_from=at, actor=actor, reason=reason, **held)


def _keep_for_undo(
    opportunity: Opportunity, before: rules.State, after: rules.State, plain: list[str], actor: User, at: datetime
) -> None:
    held = [name for name in rules.HELD if getattr(before, name) != getattr(after, name)]
    attributes = [*held, *(Opportunity._meta.get_field(name).attname for name in plain)]  # type: ignore[union-attr]
    kept = {name: _as_text(getattr(opportunity, name)) for name in attributes}
    opportunity.last_change = {
        "by": actor.pk,
        "at": at.isoformat(),
        "versioned": after != before,
        "changed_at": opportunity.changed_at.isoformat(),
        "fields": [*rules.changed_fields(before, after), *plain],
        "before": kept,
    }


def _as_text(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else str(value)
