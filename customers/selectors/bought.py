"""What a customer buys, from us and from others, and is bound to: reads for the panels of its page.

Each takes a customer that the reader may see; rows that hang on it are then theirs to see too (METHOD.md §10).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, IntegerField, Q, Sum, Value, When
from django.utils.translation import gettext as _

from accounts.calendar import add_months, t12m
from accounts.models import User
from accounts.selectors import calendar, today
from customers.models import Coverage, Customer, Product
from customers.querysets import booked_in
from customers.rules.share import SHARE_THRESHOLD, Slice, share_of, slices
from customers.selectors.facts import RENEWAL_DAYS

MOST_ORDERS = 20
MOST_ANSWERS = 20
MOST_CONTRACTS = 20
YEARS = 4  # of revenue, this one included
HALF = Decimal("0.5")  # a bar of shares ends here at the earliest


@dataclass(frozen=True, slots=True)
class Share:
    """Us, suppliers and the rest of a customer's yearly spend; `before` is our share a year ago.

    While the spend is not known there are no slices, the suppliers alone. Those `removed` may be put back.
    """

    spend: Decimal | None
    ours: Decimal
    now: Decimal | None
    before: Decimal | None
    threshold: Decimal
    slices: list[Slice]
    suppliers: list[Any]
    removed: list[Any]

    @property
    def exceeds(self) -> bool:
        """Whether our orders alone are more than the spend: then it is not what the customer spends."""
        return self.spend is not None and 0 < self.spend < self.ours

    @property
    def mark(self) -> str:
        """Where the threshold stands, 0-100."""
        return self._at(self.threshold)

    @property
    def bars(self) -> list[tuple[Slice, str]]:
        """Each slice with the length of its bar, 0-100."""
        return [(each, self._at(each.ratio)) for each in self.slices]

    def _at(self, ratio: Decimal) -> str:
        whole = max([HALF, *(each.ratio for each in self.slices)])
        return f"{100 * ratio / whole:.1f}"


def wallet_share(customer: Customer, user: User) -> Share:
    """Orders of all sellers in twelve months over the yearly spend (FINE-PRINT 41). Two queries."""
    day = today()
    orders = customer.orders.visible_to(user)  # type: ignore[attr-defined]
    sums = orders.order_by().aggregate(now=_of_year(day), before=_of_year(add_months(day, -12)))
    suppliers, removed = customer.suppliers.parted()  # type: ignore[attr-defined]
    ours, spend = sums["now"] or Decimal(0), customer.annual_spend
    return Share(
        spend, ours, share_of(ours, spend), share_of(sums["before"], spend), SHARE_THRESHOLD,
        slices(spend, ours, [(row.pk, row.name, row.annual_amount) for row in suppliers]), suppliers, removed,
    )  # fmt: skip


def _of_year(day: date) -> Sum:
    """What the twelve months that end on the day have brought, as of that day."""
    months = t12m(day)
    return Sum("amount", filter=booked_in(months.first, months.last))


@dataclass(frozen=True, slots=True)
class RevenueRow:
    """A product (`pk`; None: the orders without one) with its revenue in each year of `Revenue.years`."""

    pk: int | None
    product: str
    by_year: tuple[tuple[int, Decimal], ...]
    total: Decimal


@dataclass(frozen=True, slots=True)
class Revenue:
    """Revenue by fiscal year and product, the biggest product first; `totals` one a year."""

    years: tuple[int, ...]
    rows: list[RevenueRow]
    totals: tuple[Decimal, ...]

    @property
    def most(self) -> Decimal:
        """The biggest year, which the bars are drawn against."""
        return max(self.totals, default=Decimal(0))

    @property
    def by_year(self) -> list[tuple[int, Decimal]]:
        """Each year with its revenue."""
        return list(zip(self.years, self.totals, strict=True))


def revenue(customer: Customer, user: User) -> Revenue:
    """The last YEARS fiscal years (FINE-PRINT 4), each as of its end or of today, added up in SQL. One query."""
    day, days = today(), calendar()
    this = days.fiscal_year_of(day)
    years = tuple(range(this - YEARS + 1, this + 1))
    periods = {year: days.parse_period(str(year)) for year in years}
    counted = {year: booked_in(each.first, min(each.last, day), days) for year, each in periods.items()}
    found = (
        customer.orders.visible_to(user)  # type: ignore[attr-defined]
        .annotate(year=_year_of(counted))
        .exclude(year=None)
        .order_by()
        .values("product_id", "product__name", "year")
        .annotate(total=Sum("amount"))
    )
    return _by_product(found, years)


def _year_of(counted: dict[int, Q]) -> Case:
    """The fiscal year in whose figures an order is, if any."""
    whens = [When(orders, then=Value(year)) for year, orders in counted.items()]
    return Case(*whens, output_field=IntegerField())


def _by_product(found: Iterable[dict[str, Any]], years: tuple[int, ...]) -> Revenue:
    cells: dict[int | None, dict[int, Decimal]] = {}
    names: dict[int | None, str] = {}
    for row in found:
        names[row["product_id"]] = row["product__name"] or _("Without a product")
        cells.setdefault(row["product_id"], {})[row["year"]] = row["total"]
    rows = [
        _revenue_row(pk, names[pk], [(year, of_year.get(year, Decimal(0))) for year in years])
        for pk, of_year in cells.items()
    ]
    totals = tuple(sum((row.by_year[i][1] for row in rows), Decimal(0)) for i in range(len(years)))
    return Revenue(years, sorted(rows, key=lambda row: (-row.total, row.product)), totals)


def _revenue_row(pk: int | None, name: str, by_year: list[tuple[int, Decimal]]) -> RevenueRow:
    return RevenueRow(pk, name, tuple(by_year), sum((amount for _year, amount in by_year), Decimal(0)))


@dataclass(frozen=True, slots=True)
class Cell:
    """A product in a unit, or (without one) at the customer as a whole.

    One of Coverage.State, blank, or what is said in its place: a unit is `open` where orders hold the product and no
    unit is said to have it, the whole is `none` without orders where units tell more.
    """

    unit: Any
    state: str
    label: str
    supplier: str = ""


@dataclass(frozen=True, slots=True)
class WhiteRow:
    """A product: what orders have brought (None: there are none), the customer as a whole, one cell a unit."""

    product: Any
    ordered: Decimal | None
    whole: Cell
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class WhiteSpace:
    """Products × units; `blanks` counts the fields in which nobody is known to sell, orders are those of `years`.

    Units that were `removed` may be put back.
    """

    units: list[Any]
    rows: list[WhiteRow]
    blanks: int
    years: tuple[int, ...]
    removed: list[Any]


def white_space(customer: Customer, user: User) -> WhiteSpace:
    """Products on sale, and those that the customer has, by unit; nothing of a customer without units and orders.

    An order names no unit, so those of the years of `revenue` tell of the customer as a whole. A field that nothing is
    typed for is blank, unless orders hold the product and no unit is said to have it from us: somebody there has it
    then, and nobody knows who. Without units a product is blank that was not ordered. Four queries.
    """
    units, removed = customer.units.parted()  # type: ignore[attr-defined]
    bought = revenue(customer, user)
    ordered = {row.pk: row.total for row in bought.rows if row.pk}
    known = {(row.unit_id, row.product_id): row for row in Coverage.objects.filter(unit__in=units)} if units else {}
    had = {product_id for _unit, product_id in known} | ordered.keys()
    products = [*Product.objects.in_use()] if units or ordered else []
    rows = [_white_row(p, ordered.get(p.pk), units, known) for p in products if p.active or p.pk in had]
    blanks = sum(cell.state == "blank" for row in rows for cell in row.cells or [row.whole])
    return WhiteSpace(units, rows, blanks, bought.years, removed)


def _white_row(product: Any, ordered: Decimal | None, units: list[Any], known: dict[Any, Coverage]) -> WhiteRow:
    found = [(unit, known.get((unit.pk, product.pk))) for unit in units]
    ours = Coverage.State.OURS
    is_open = ordered is not None and all(row is None or row.state != ours for _unit, row in found)
    return WhiteRow(product, ordered, _whole(ordered, units), [_cell(unit, row, is_open) for unit, row in found])


def _whole(ordered: Decimal | None, units: list[Any]) -> Cell:
    if ordered is not None:
        return Cell(None, Coverage.State.OURS, str(Coverage.State.OURS.label))
    return Cell(None, "none", _("No orders")) if units else Cell(None, "blank", _("Blank"))


def _cell(unit: Any, found: Coverage | None, is_open: bool) -> Cell:
    if found is None:
        return Cell(unit, "open", _("Perhaps ours")) if is_open else Cell(unit, "blank", _("Blank"))
    return Cell(unit, found.state, found.get_state_display(), found.supplier)


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract; `days` until it ends (negative: ended), `due` when it ends soon, `lapsed` when it has ended lately,
    and none follows.
    """

    contract: Any
    days: int
    due: bool
    lapsed: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """Contracts by their end, what each contact last said of us, the latest orders."""

    contracts: list[ContractRow]
    answers: list[Any]
    orders: list[Any]


def facts(customer: Customer, user: User) -> Facts:
    """Three queries."""
    answers = customer.nps_responses.in_use().select_related("contact")  # type: ignore[attr-defined]
    return Facts(
        contracts=_contracts(customer),
        answers=_latest(answers),
        orders=list(
            customer.orders.visible_to(user).in_use().select_related("product", "owner")[:MOST_ORDERS]  # type: ignore[attr-defined]
        ),
    )


def _contracts(customer: Customer) -> list[ContractRow]:
    rows = customer.contracts.in_use().select_related("renewed_by").order_by("-ends_on", "-id")  # type: ignore[attr-defined]
    return [_contract_row(row, today()) for row in rows[:MOST_CONTRACTS]]


def _contract_row(contract: Any, day: date) -> ContractRow:
    open_end = not contract.is_renewed and day <= contract.ends_on <= day + timedelta(RENEWAL_DAYS)
    return ContractRow(contract, (contract.ends_on - day).days, open_end, contract.has_lapsed(day))


def _latest(answers: Any) -> list[Any]:
    """The latest answer of each contact, on one day the lowest; those without one are one person's (FINE-PRINT 42)."""
    found: dict[int | None, Any] = {}
    for answer in answers.order_by("-answered_on", "score", "-pk")[: MOST_ANSWERS * 5]:
        found.setdefault(answer.contact_id, answer)
    return list(found.values())[:MOST_ANSWERS]
