"""Reads about duplicates and merges, each within what the reader may see."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import compress
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from config.web.templatetags.formats import day_full, money_full
from customers.actions.merge import filling, may_be_undone, moved_counts
from customers.bearers import SIGNS, not_too_many, shared_sql
from customers.duplicates import REASONS
from customers.models import Customer, Merge

MOST_PAIRS = 200
NAMES = {
    "opportunity": pgettext_lazy("rows", "Deals"), "activity": gettext_lazy("Activities"),
    "contact": gettext_lazy("Contacts"), "order": gettext_lazy("Orders"), "customer": gettext_lazy("Companies"),
}  # fmt: skip
SHOWN = (
    "industry", "region", "owner", "team", "parent", "created_on", "annual_spend", "tier", "credit_code", "phone",
    "domain",
)  # fmt: skip
SHARED = ", ".join(f"MAX(CASE WHEN a.kind = '{kind}' THEN 1 ELSE 0 END)" for kind in SIGNS)
PAIRS = f"""
WITH borne AS (SELECT DISTINCT kind, sign, bearer FROM ({{borne}}) b WHERE bearer IN ({{seen}})),
shared AS (
  SELECT kind, sign, MIN(bearer) AS first FROM borne GROUP BY kind, sign HAVING COUNT(*) > 1 AND {not_too_many("kind")}
),
sharing AS (SELECT b.kind, b.sign, b.bearer, s.first FROM borne b JOIN shared s ON s.kind = b.kind AND s.sign = b.sign),
pair AS (SELECT DISTINCT first AS one, bearer AS two FROM sharing WHERE bearer <> first)
SELECT p.one, p.two, {SHARED} FROM pair p JOIN sharing a ON a.bearer = p.one
JOIN sharing b ON b.bearer = p.two AND b.kind = a.kind AND b.sign = a.sign
GROUP BY p.one, p.two ORDER BY COUNT(DISTINCT a.kind) DESC, p.one, p.two LIMIT {MOST_PAIRS}
"""


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


def duplicate_pairs(user: User) -> list[Pair]:
    """Pairs of customers in use and in sight that bear a sign together, at most 200, those with most signs first.

    Of more than two that share a sign each stands with the first. Two queries.
    """
    seen = Customer.objects.visible_to(user).in_use()
    with connection.cursor() as cursor:
        cursor.execute(*_pairs_of(seen))
        found = cursor.fetchall()
    rows = Customer.objects.select_related("owner").in_bulk({pk for one, two, *_shared in found for pk in (one, two)})
    return [Pair(rows[one], rows[two], tuple(compress(SIGNS, shared))) for one, two, *shared in found]


def _pairs_of(seen: QuerySet[Any]) -> tuple[str, list[Any]]:
    """(id, id, whether they share each of SIGNS): SQL and its parameters."""
    (borne, params), (those, more) = shared_sql(), seen.order_by().values("pk").query.sql_with_params()
    return PAIRS.format(borne=borne, seen=those), [*params, *more]


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
