"""Reads about duplicates and merges, each within what the reader may see."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from config.web.templatetags.formats import day_full, money_full
from customers.actions.merge import filling, may_be_undone, moved_counts
from customers.duplicates import REASONS
from customers.models import Customer, Merge
from customers.rules.names import PUBLIC_MAIL, SHORTEST_PHONE

MOST_PAIRS = 200
NAMES = {
    "opportunity": pgettext_lazy("rows", "Deals"), "activity": gettext_lazy("Activities"),
    "contact": gettext_lazy("Contacts"), "order": gettext_lazy("Orders"), "customer": gettext_lazy("Companies"),
}  # fmt: skip
SIGNS = ("normalised_name", "credit_code", "phone", "domain")
SHOWN = (
    "industry", "region", "owner", "team", "parent", "created_on", "annual_spend", "tier", "credit_code", "phone",
    "domain",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers that share signs: `reasons`, names of REASONS; `why` in words."""

    one: Customer
    two: Customer
    reasons: tuple[str, ...]

    @property
    def why(self) -> str:
        return _(", ").join(str(REASONS[reason]) for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Line:
    """A field of a merge's preview; `filled` says that the survivor takes theirs."""

    label: Any
    ours: Any
    theirs: Any
    filled: bool


@dataclass(frozen=True, slots=True)
class MergeRow:
    merge: Merge
    rows: int
    may_undo: bool


def _sharing(seen: QuerySet[Any], sign: str) -> QuerySet[Any]:
    rows = seen.exclude(**{sign: ""})
    if sign == "domain":
        rows = rows.exclude(domain__in=PUBLIC_MAIL)
    if sign == "phone":
        rows = rows.filter(phone__regex=f".{{{SHORTEST_PHONE},}}")
    twin = seen.filter(**{sign: OuterRef(sign)}).exclude(pk=OuterRef("pk"))
    return rows.filter(Exists(twin)).order_by(sign, "pk")


def duplicate_pairs(user: User) -> list[Pair]:
    """Pairs of customers in use and in sight that share a sign, at most 200. Four queries."""
    seen = Customer.objects.visible_to(user).in_use()
    reasons: dict[tuple[int, int], list[str]] = {}
    rows: dict[int, Customer] = {}
    for sign in SIGNS:
        before: Customer | None = None
        for row in _sharing(seen, sign).select_related("owner")[: MOST_PAIRS * 2]:
            first = rows.setdefault(row.pk, row)
            if before is not None and getattr(before, sign) == getattr(row, sign):
                reasons.setdefault((before.pk, row.pk), []).append(sign)
            before = first
    found = sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:MOST_PAIRS]
    return [Pair(rows[one], rows[two], tuple(why)) for (one, two), why in found]


def merges_of(user: User) -> QuerySet[Any]:
    """The merges of which the person may see both customers, the latest first."""
    seen = Customer.objects.visible_to(user).order_by().values("pk")
    found = Merge.objects.select_related("survivor", "other", "merged_by", "undone_by")
    return found if user.sees_everything else found.filter(survivor__in=seen, other__in=seen)


SEEN_APART = (  # not with their customer
    "customers.customer", "opportunities.opportunity", "opportunities.activity", "opportunities.stakeholder",
    "opportunities.jointtask", "opportunities.checkpoint",
)  # fmt: skip


def in_sight(merges: Iterable[Merge], user: User) -> list[Merge]:
    """These merges as the person may know them: `moved` without what they do not see. At most four queries."""
    found = [copy(merge) for merge in merges]
    for merge, moved in zip(found, rows_in_sight([each.moved for each in found], user), strict=True):
        merge.moved = moved
    return found


def rows_in_sight(each: list[dict[str, list[int]]], user: User) -> list[dict[str, list[int]]]:
    """Of each {relation: ids of rows} those that the person sees."""
    if user.sees_everything:
        return each
    names = {name for rows in each for name in rows}
    seen = {name: _seen({pk for rows in each for pk in rows.get(name, [])}, name, user) for name in names}
    known = ({name: [pk for pk in ids if pk in seen[name]] for name, ids in rows.items()} for rows in each)
    return [{name: ids for name, ids in rows.items() if ids} for rows in known]


def _seen(ids: set[int], name: str, user: User) -> set[int]:
    """Those of the rows behind a relation that the person sees; all of those that are seen with their customer."""
    label = name.rpartition(".")[0]
    if label not in SEEN_APART:
        return ids
    rows: Any = apps.get_model(label)._default_manager
    return set(rows.visible_to(user).filter(pk__in=ids).order_by().values_list("pk", flat=True))


def merge_row(merge: Merge) -> MergeRow:
    return MergeRow(merge, sum(map(len, merge.moved.values())), may_be_undone(merge))


def preview(survivor: Customer, other: Customer, user: User) -> list[Line]:
    """What each field holds on both sides, and which are filled; a company above that is hidden is not told of."""
    filled = filling(survivor, other)
    above = Customer.objects.visible_to(user).in_bulk([row.parent_id for row in (survivor, other) if row.parent_id])
    found = []
    for name in SHOWN:
        ours, theirs = (
            (above.get(row.parent_id) if name == "parent" else _shown(row, name)) for row in (survivor, other)
        )
        if ours or theirs:
            label = Customer._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            found.append(Line(label, ours, theirs, name in filled))
    return found


def _shown(customer: Customer, name: str) -> Any:
    value = getattr(customer, f"get_{name}_display", lambda: getattr(customer, name))()
    if isinstance(value, Decimal):
        return money_full(value)
    return day_full(value) if isinstance(value, date) else value


def moving(other: Customer, user: User) -> list[tuple[str, int]]:
    """(what, how many) of the rows that would be moved and that the person sees."""
    found: dict[str, int] = {}
    for model, count in moved_counts(other, user).items():
        name = str(NAMES.get(model._meta.model_name, _("Other records")))
        found[name] = found.get(name, 0) + count
    return list(found.items())
