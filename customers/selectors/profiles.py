"""How well customers fit an ideal profile: whom to set out for, among those without an open deal.

All of it is over what the reader may see, open deals too: a hidden one takes no customer out of the list. Points are
computed in SQL, the conditions of criteria are sets of customers as in `attention`, so that it holds at 200,000.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from customers.filters import ordered
from customers.models import Contact, Customer, IdealProfile, Order, ProfileCriterion, TargetCustomer
from customers.rules.profiles import FITS_FROM, Finding, amount_of, findings, percent, points_for, tiers_from, words_of
from customers.selectors.page import figure, opportunities_of

ORDERINGS = {
    "fit": "points",
    "name": "name",
    "tier": "tier",
    "industry": "industry",
    "region": "region",
    "spend": "annual_spend",
    "owner": "owner__sort_key",
}
BEST_FIRST = "-fit"
Kind = ProfileCriterion.Kind
NEVER = Q(pk__in=[])


# --- Conditions and points ------------------------------------------------------------------------


def condition(criterion: ProfileCriterion, line: str, among: list[int] | None = None) -> Q:
    """The customers of which a criterion holds; none for a value that means nothing. `line` is the profile's.

    `among`, ids of customers, narrows the sets behind it: to ask for a few costs little then.
    """
    value = criterion.value
    match criterion.kind:
        case Kind.INDUSTRY | Kind.REGION:
            return reduce(or_, (Q(**{f"{criterion.kind}__iexact": word}) for word in words_of(value)), NEVER)
        case Kind.SPEND:
            amount = amount_of(value)
            return NEVER if amount is None else Q(annual_spend__gte=amount)
        case Kind.TIER:
            return Q(tier__in=tiers_from(value))
        case Kind.BOUGHT_LINE:
            return _with(_orders_of(value or line), among)
    return _with(_decision_makers(), among)


def _with(rows: Any, among: list[int] | None) -> Q:
    """The customers of these rows."""
    of_them = rows if among is None else rows.filter(customer__in=among)
    return Q(pk__in=of_them.values("customer_id"))


def _orders_of(line: str) -> Any:
    return Order.objects.in_use().filter(product__line=line).exclude(product__line="").order_by()


def _decision_makers() -> Any:
    role = Contact.BuyingRole.DECISION_MAKER
    return Contact.objects.in_use().filter(buying_role=role, erased_at=None).order_by()


def _points(profile: IdealProfile, among: list[int] | None = None) -> list[Any]:
    """The points of each criterion: its weight where it holds, else 0."""
    return [_weight(each, condition(each, profile.line, among)) for each in _criteria(profile)]


def _weight(criterion: ProfileCriterion, holds: Q) -> Case:
    return Case(When(holds, then=Value(criterion.weight)), default=0, output_field=IntegerField())


def _sum(points: Iterable[Any]) -> Any:
    nothing = Value(0) + Value(0)  # alone it stands in ORDER BY, where PostgreSQL takes a bare 0 for a column
    return sum(points, nothing)


def _criteria(profile: IdealProfile) -> list[ProfileCriterion]:
    return list(profile.criteria.all())  # type: ignore[attr-defined]


def weights_of(profile: IdealProfile) -> int:
    """All weights of a profile, which a customer that fits altogether has as points."""
    return sum(each.weight for each in _criteria(profile))


def candidates(user: User) -> Any:
    """The customers that the reader may see, in use, without a deal that is open as far as they may see."""
    deals = opportunities_of(user).filter(customer=OuterRef("pk"), outcome="open")
    return Customer.objects.visible_to(user).in_use().filter(~Exists(deals))


# --- The list of profiles -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile with how many of the reader's customers fit it, and how many of them are pursued."""

    profile: IdealProfile
    criteria: list[ProfileCriterion]
    fitting: int
    pursued: int


def profiles_with_criteria() -> Any:
    """Profiles with their criteria in order."""
    return IdealProfile.objects.prefetch_related("criteria")


def with_pursued(profiles: Any, user: User) -> Any:
    """Each with `pursued`: how many customers that the reader may see are on its target list."""
    pursued = TargetCustomer.objects.visible_to(user).filter(
        profile=OuterRef("pk"), state=TargetCustomer.State.OPEN, customer__archived_at=None
    )
    counted = pursued.order_by().values("profile").annotate(n=Count("pk")).values("n")
    return profiles.annotate(pursued=Coalesce(Subquery(counted), 0))


def profile_rows(profiles: Sequence[Any], user: User) -> list[ProfileRow]:
    """Rows of some profiles from `with_pursued`: one query for how many customers fit each."""
    fitting = _fitting(profiles, user)
    return [ProfileRow(each, _criteria(each), fitting[each.pk], each.pursued) for each in profiles]


def _fitting(profiles: Sequence[IdealProfile], user: User) -> dict[int, int]:
    if not profiles:
        return {}
    counts = {f"of_{each.pk}": Count(Case(When(points_at_least(each), then=F("pk")))) for each in profiles}
    points = {f"points_{each.pk}": _sum(_points(each)) for each in profiles}
    found = candidates(user).order_by().annotate(**points).aggregate(**counts)
    return {each.pk: found[f"of_{each.pk}"] for each in profiles}


def points_at_least(profile: IdealProfile) -> Q:
    """The condition on `points_<id>` that says that a customer fits."""
    return _fits(profile, f"points_{profile.pk}")


def _fits(profile: IdealProfile, column: str = "points") -> Q:
    weights = weights_of(profile)
    return Q(**{f"{column}__gte": points_for(FITS_FROM, weights)}) if weights else NEVER


# --- The fit of customers -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FitRow:
    """A customer and a profile: `fit` in percent, each criterion with what was found; `target` if it is pursued."""

    pk: int
    key: str
    name: str
    tier: str
    industry: str
    region: str
    spend: Decimal | None
    owner: User | None
    fit: int
    findings: tuple[Finding, ...]
    target: int | None
    target_owner: str
    editable: bool

    @property
    def holding(self) -> int:
        """How many criteria hold."""
        return sum(each.holds for each in self.findings)

    @property
    def ratio(self) -> float:
        """The fit, 0-1."""
        return self.fit / 100

    @property
    def fits(self) -> bool:
        return self.fit >= FITS_FROM


@dataclass(frozen=True, slots=True)
class FitCounts:
    """Customers without an open deal, those of them that fit, and those that fit and are not pursued yet."""

    all: int
    fits: int
    new: int


def scored(profile: IdealProfile, user: User, text: str = "") -> Any:
    """`candidates` with their `points`, and `pursued` where they are on the profile's target list."""
    found = candidates(user).filter(name__icontains=text) if text else candidates(user)
    return found.annotate(points=_sum(_points(profile)), pursued=Exists(_targets(profile)))


def _targets(profile: IdealProfile) -> Any:
    return TargetCustomer.objects.filter(profile=profile, customer=OuterRef("pk"), state=TargetCustomer.State.OPEN)


def counts_of(found: Any, profile: IdealProfile) -> FitCounts:
    """Of customers from `scored`. One query."""
    fits = _fits(profile)
    return FitCounts(
        **found.order_by().aggregate(
            all=Count("pk"), fits=Count("pk", filter=fits), new=Count("pk", filter=fits & Q(pursued=False))
        )
    )


def narrowed_to(found: Any, profile: IdealProfile, show: str) -> Any:
    """Of customers from `scored` those that fit (`fits`), that are not pursued either (`new`), or all."""
    if show not in ("fits", "new"):
        return found
    fitting = found.filter(_fits(profile))
    return fitting.filter(pursued=False) if show == "new" else fitting


def sorted_fits(found: Any, sort: str) -> Any:
    """Ids of customers from `scored` in the order of one of ORDERINGS, the best fit first unless said otherwise."""
    return ordered(found, sort, ORDERINGS, BEST_FIRST).values("pk")


def fit_rows(ids: Any, profile: IdealProfile, user: User, sort: str) -> list[FitRow]:
    """The rows of a page of `sorted_fits`, opened to their criteria. One query."""
    criteria, among = _criteria(profile), [row["pk"] for row in ids]
    points = {f"points_{place}": each for place, each in enumerate(_points(profile, among))}
    found: Any = Customer.objects.filter(pk__in=among).annotate(**points)
    found = found.annotate(**_found(criteria, profile.line), points=_sum(F(name) for name in points))
    targets = _targets(profile)
    found = found.select_related("owner").annotate(
        editable=Exists(Customer.objects.editable_by(user).filter(pk=OuterRef("pk"))),
        target=Subquery(targets.values("pk")[:1]),
        target_owner=Subquery(targets.values("owner__name")[:1]),
    )
    return [_fit_row(row, profile, criteria) for row in ordered(found, sort, ORDERINGS, BEST_FIRST)]


def _found(criteria: Sequence[ProfileCriterion], line: str) -> dict[str, Any]:
    """What a row of a customer does not hold itself: the last order from a line, the decision maker's name."""
    found: dict[str, Any] = {}
    for place, each in enumerate(criteria):
        if each.kind == Kind.BOUGHT_LINE:
            orders = _orders_of(each.value or line).filter(customer=OuterRef("pk"))
            found[f"found_{place}"] = figure(orders, last=Max("booked_on"))
        elif each.kind == Kind.DECISION_MAKER:
            known = _decision_makers().filter(customer=OuterRef("pk")).order_by("name", "id")
            found[f"found_{place}"] = Subquery(known.values("name")[:1])
    return found


COLUMNS = {Kind.INDUSTRY: "industry", Kind.REGION: "region", Kind.SPEND: "annual_spend", Kind.TIER: "tier"}


def _value(row: Any, place: int, criterion: ProfileCriterion) -> str | Decimal | date | None:
    column = COLUMNS.get(Kind(criterion.kind), f"found_{place}")
    return getattr(row, column) or None


def _fit_row(row: Any, profile: IdealProfile, criteria: Sequence[ProfileCriterion]) -> FitRow:
    asked = [(each.kind, each.value or _default(each, profile), each.weight) for each in criteria]
    points = [getattr(row, f"points_{place}") for place in range(len(criteria))]
    return FitRow(
        pk=row.pk, key=row.key, name=row.name, tier=row.tier, industry=row.industry, region=row.region,
        spend=row.annual_spend, owner=row.owner, fit=percent(row.points, weights_of(profile)),
        findings=findings(asked, points, [_value(row, place, each) for place, each in enumerate(criteria)]),
        target=row.target, target_owner=row.target_owner or "", editable=row.editable,
    )  # fmt: skip


def _default(criterion: ProfileCriterion, profile: IdealProfile) -> str:
    return profile.line if criterion.kind == Kind.BOUGHT_LINE else ""
