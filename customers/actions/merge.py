"""Two customers made one, and taken apart again (FINE-PRINT 55)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, Min, OuterRef, Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits
from accounts.models import User
from config.web.revisions import Noted, Revised, StaleWrite
from customers.actions.merged_targets import as_before, plain, settle_targets, take_up_targets
from customers.actions.parting import part
from customers.actions.shared import above
from customers.actions.tiers import hold_tier
from customers.models import Assessment, Customer, Merge

FILLED = (
    "industry", "region", "owner", "team", "created_on", "annual_spend", "tier", "credit_code", "phone", "domain",
)  # fmt: skip
WATCHED = (*FILLED, "archived_at")
DAYS_TO_UNDO = 30
STAYING = ("customertier", "merge")  # the history of a tier is its customer's own; merges are told apart by their ends
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Relation:
    """What points at a customer: a foreign key of a model."""

    model: Any
    field: str

    @property
    def name(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field}"

    def of(self, customer: Customer) -> Any:
        return self.model._base_manager.filter(**{self.field: customer})


@dataclass(slots=True)
class Undone:
    """What is not as it was: {model.field: ids} of rows moved elsewhere since, parted, or still archived as another has
    their place by now; fields edited since.
    """

    merge: Merge
    elsewhere: dict[str, list[int]] = field(default_factory=dict)
    edited: list[str] = field(default_factory=list)


def relations() -> list[Relation]:
    """All that hangs on a customer, found in the models themselves so that none is forgotten."""
    found = (Relation(each.related_model, each.field.name) for each in Customer._meta.related_objects)
    return [each for each in found if each.model._meta.model_name not in STAYING]


def may_merge(user: User, *customers: Customer) -> bool:
    """An administrator, or a manager who may edit them all."""
    if user.is_admin:
        return True
    ids = {customer.pk for customer in customers}
    return user.is_manager and Customer.objects.editable_by(user).filter(pk__in=ids).count() == len(ids)


def refuse_unless_above(user: User) -> None:
    """403 for whoever merges nobody."""
    if not (user.is_manager or user.is_admin):
        raise PermissionDenied(_("Managers and administrators merge customers."))


@transaction.atomic
def merge_customers(
    *, survivor: Customer, other: Customer, actor: User, seen: int | None = None, seen_other: int | None = None
) -> Merge:
    """Hang all that `other` has on `survivor`, fill the survivor's empty fields, take `other` out of use.

    Raises StaleWrite when one of them was merged or archived since it was read, or what fills was changed since the
    versions that were seen.
    """
    were = (survivor, other)
    survivor, other = _both_locked(*were)
    _refuse_unless_allowed(actor, survivor, other)
    _refuse_gone(were, (survivor, other))
    survivor.refuse_if_stale(seen, {}, WATCHED)
    other.refuse_if_stale(seen_other, {}, WATCHED)
    _refuse_unmergeable(survivor, other)
    changes = filling(survivor, other)
    merge = Merge(survivor=survivor, other=other, merged_by=actor, merged_at=timezone.now())
    merge.filled = {name: [plain(getattr(survivor, name)), plain(value)] for name, value in changes.items()}
    survivor = edits.edit(survivor, changes=changes, seen=None, actor=actor, action="merge")
    merge.from_day = _first_day(other)
    take_up_targets(merge, actor)
    _move_all(merge)
    _note_tier(survivor, changes, merge.merged_at)
    merge.save(force_insert=True)
    gone = {"merged_into": survivor, "archived_at": merge.merged_at}
    edits.edit(other, changes=gone, seen=None, actor=actor, action="merge")
    audit.record("merge", row=survivor, actor=actor, changes={"merged": (None, other)})
    return merge


def _refuse_unless_allowed(actor: User, *customers: Customer) -> None:
    """404 for what is hidden, 403 for what one may not merge."""
    ids = {customer.pk for customer in customers}
    if Customer.objects.visible_to(actor).filter(pk__in=ids).count() != len(ids):
        raise Http404
    if not may_merge(actor, *customers):
        raise PermissionDenied(_("A manager who may edit both customers merges them, or an administrator."))


def _both_locked(one: Customer, two: Customer) -> list[Customer]:
    """Both as they are now, locked in the order of their ids so that two merges wait instead of dying.

    With them the customers that hang on them and will be moved, which another merge may hold. Before them their
    opportunities: what is being added to one of these is there before it is looked for.
    """
    ids = [one.pk, two.pk]
    opportunities = apps.get_model("opportunities", "Opportunity").objects.filter(customer__in=ids)
    edits.hold(opportunities)
    among = Customer.objects.filter(Q(pk__in=ids) | Q(parent__in=ids) | Q(merged_into__in=ids))
    rows = {row.pk: row for row in among.select_for_update().order_by("pk")}
    return [rows[one.pk], rows[two.pk]]


def _refuse_gone(were: Sequence[Customer], rows: Sequence[Customer]) -> None:
    """One that was in use when it was read is not any more: somebody was faster."""
    if any(was.archived_at is None and row.archived_at is not None for was, row in zip(were, rows, strict=True)):
        raise StaleWrite(rows[0], {"other": rows[1]}, ["other"], were[0].version)


def _refuse_unmergeable(survivor: Customer, other: Customer) -> None:
    if survivor.pk == other.pk:
        raise ValidationError({"other": _("Choose another customer.")})
    for row in (survivor, other):
        if row.archived_at is not None:
            raise ValidationError({"other": _("“%(name)s” is archived.") % {"name": row.name}}, code="archived")


def filling(survivor: Customer, other: Customer) -> dict[str, Any]:
    """The survivor's empty fields that the other fills; a survivor that belonged to the other takes its place.

    Its tier is no field that stays as it is once somebody has assessed one of the two: it is that of the latest
    assessment of both, as that of every assessed customer.
    """
    empty = {name for name in FILLED if getattr(survivor, name) in (None, "")}
    if survivor.owner_id is not None or other.owner_id is None:
        empty.discard("owner")
    elif other.team_id is not None:
        empty.add("team")  # which follows the owner
    found = {name: getattr(other, name) for name in FILLED if name in empty}
    found = {name: value for name, value in found.items() if value not in (None, "")}
    found |= _assessed_tier(survivor, other) | _parent(survivor, other)
    return {name: value for name, value in found.items() if value != getattr(survivor, name)}


def _assessed_tier(*customers: Customer) -> dict[str, Any]:
    latest = Assessment.objects.filter(customer__in=customers).first()
    return {"tier": latest.tier} if latest else {}


def _parent(survivor: Customer, other: Customer) -> dict[str, Any]:
    over = set(above(survivor))
    if other.pk in over:
        return {"parent": other.parent}
    fits = survivor.parent_id is None and other.parent is not None and survivor.pk not in above(other)
    return {"parent": other.parent} if fits else {}


def _note_tier(customer: Customer, changes: dict[str, Any], at: Any) -> None:
    if "tier" in changes:
        hold_tier(customer, at, Assessment.objects.filter(customer=customer).first())


def _first_day(other: Customer) -> date | None:
    """The day of the first event of what is moved: that of its first opportunity."""
    opportunities: Any = other.opportunities  # type: ignore[attr-defined]
    return opportunities.aggregate(first=Min("created_on"))["first"]  # type: ignore[no-any-return]


def _move_all(merge: Merge) -> None:
    for relation in relations():
        rows = relation.of(merge.other)
        for constraint in _constraints_with(relation):
            rows = _settle_twice(merge, relation, constraint, rows)
        ids = list(
            rows.exclude(pk=merge.survivor_id if relation.model is Customer else None).values_list("pk", flat=True)
        )
        if ids:
            _point(relation, ids, merge.other, merge.survivor)
            merge.moved[relation.name] = ids


def _constraints_with(relation: Relation) -> list[models.UniqueConstraint]:
    found = relation.model._meta.constraints
    return [each for each in found if isinstance(each, models.UniqueConstraint) and relation.field in each.fields]


def _settle_twice(merge: Merge, relation: Relation, constraint: models.UniqueConstraint, rows: Any) -> Any:
    """Rows of which the survivor has one already: archived when that makes room, else they stay with the other."""
    condition = constraint.condition or Q()
    same = {name: OuterRef(name) for name in constraint.fields if name != relation.field}
    twin = Exists(relation.of(merge.survivor).filter(condition, **same))
    twice = list(relation.of(merge.other).filter(condition).filter(twin).values_list("pk", flat=True))
    if not twice:
        return rows
    if "archived_at" not in str(constraint.condition):
        return rows.exclude(pk__in=twice)
    merge.archived[relation.model._meta.label_lower] = twice
    relation.model._base_manager.filter(pk__in=twice).update(archived_at=merge.merged_at)
    return rows


def _point(relation: Relation, ids: list[int], source: Customer, target: Customer) -> list[int]:
    """Let these rows, where they still are the source's, be the target's; the ids of those that are not."""
    lost: list[int] = []
    values: dict[str, Any] = {relation.field: target}
    if issubclass(relation.model, Revised):
        values |= {"changed_in": Noted(relation.field), "version": F("version") + 1}
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        rows = relation.of(source).filter(pk__in=part)
        lost += sorted(set(part) - set(rows.values_list("pk", flat=True)))
        rows.update(**values)
    return lost


def moved_counts(other: Customer, user: User) -> dict[Any, int]:
    """{model: number of rows} that would be moved and that the person sees, without the empty ones."""
    counts: dict[Any, int] = {}
    for relation in relations():
        seen = relation.model.objects.visible_to(user).filter(**{relation.field: other})
        counts[relation.model] = counts.get(relation.model, 0) + seen.count()
    return {model: count for model, count in counts.items() if count}


@transaction.atomic
def undo_merge(*, merge: Merge, actor: User) -> Undone:
    """Give the other customer back what was moved and is still there; what came later stays with the survivor."""
    survivor, other = _both_locked(merge.survivor, merge.other)
    _refuse_unless_allowed(actor, survivor, other)
    merge = Merge.objects.select_for_update().get(pk=merge.pk)
    _refuse_undoing(merge, survivor)
    undone = Undone(merge)
    now = timezone.now()
    for relation in relations():
        lost = _point(relation, merge.moved.get(relation.name, []), survivor, other)
        if lost:
            undone.elsewhere[relation.name] = lost
    for name, ids in (settle_targets(merge, actor) | part(survivor, other) | _bring_back(merge)).items():
        undone.elsewhere[name] = sorted({*ids, *undone.elsewhere.get(name, ())})
    _empty_again(merge, survivor, undone, actor, now)
    changes: dict[str, Any] = {"merged_into": None, "archived_at": None}
    if other.pk in above(other):  # one of those below it was put above the survivor meanwhile
        changes["parent"] = None
        undone.edited.append("parent")
    edits.edit(other, changes=changes, seen=None, actor=actor, action="undo_merge")
    merge.undone_at, merge.undone_by = now, actor
    merge.save(update_fields=["undone_at", "undone_by"])
    audit.record("undo_merge", row=survivor, actor=actor, changes={"merged": (other, None)})
    return undone


def may_be_undone(merge: Merge) -> bool:
    return merge.undone_at is None and merge.merged_at > timezone.now() - timedelta(days=DAYS_TO_UNDO)


def _refuse_undoing(merge: Merge, survivor: Customer) -> None:
    if merge.undone_at is not None:
        raise ValidationError(_("This merge was taken back already."), code="undone")
    if not may_be_undone(merge):
        raise ValidationError(
            _("A merge can be taken back for %(days)s days.") % {"days": DAYS_TO_UNDO}, code="too_late"
        )
    if survivor.merged_into_id is not None:
        raise ValidationError(
            _("The customer was itself merged since. Take the later merge back first."), code="merged"
        )


def _bring_back(merge: Merge) -> dict[str, list[int]]:
    """What made room is in use again, but for rows whose place another has taken by now: these are told."""
    taken: dict[str, list[int]] = {}
    for label, ids in merge.archived.items():
        rows = apps.get_model(label)._base_manager.filter(archived_at=merge.merged_at)
        for pk in rows.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True):
            try:
                with transaction.atomic():
                    rows.filter(pk=pk).update(archived_at=None)
            except IntegrityError:
                taken.setdefault(f"{label}.archived_at", []).append(pk)
    return taken


def _empty_again(merge: Merge, survivor: Customer, undone: Undone, actor: User, at: Any) -> None:
    """Fields that the merge filled are empty again, unless somebody has edited them since."""
    changes, edited = as_before(survivor, merge.filled)
    undone.edited += edited
    changes |= _assessed_tier(survivor)
    row = edits.edit(survivor, changes=changes, seen=None, actor=actor, action="undo_merge")
    _note_tier(row, changes, at)
