"""White space (product × unit) of the golden companies: equal to plain SQL written here.

Their files tell of no units: each customer gets some, and what is known of them follows from the ids.
"""

from collections import defaultdict

import pytest
from django.db.models import F

from accounts.selectors import calendar, today
from customers.models import Coverage, Customer, Product, Unit
from customers.selectors.bought import YEARS, white_space
from tests.pipeline.test_facts_of_golden import DAY, amount, golden, november, rows, unsettle_some_orders, whole

__all__ = ["golden", "november", "whole"]
STATES = [state.value for state in Coverage.State]
ORDERED = """
    SELECT customer_id, product_id, SUM(amount) FROM customers_order
    WHERE product_id IS NOT NULL AND booked_on >= %s AND booked_on <= %s AND (archived_at IS NULL OR archived_at >= %s)
    GROUP BY customer_id, product_id
"""
FIELDS = """
    SELECT u.customer_id, p.id, u.id, v.state,
        (SELECT COUNT(*) FROM customers_coverage o JOIN customers_unit w ON w.id = o.unit_id
         WHERE w.customer_id = u.customer_id AND w.archived_at IS NULL AND o.product_id = p.id AND o.state = 'ours')
    FROM customers_unit u CROSS JOIN customers_product p
    LEFT JOIN customers_coverage v ON v.unit_id = u.id AND v.product_id = p.id
    WHERE u.archived_at IS NULL AND p.archived_at IS NULL
"""


def set_up_units():
    """None at every third customer; of four units one is out of use; every fourth field is known."""
    Product.objects.filter(pk=Product.objects.order_by("pk")[1].pk).update(active=False)
    Unit.objects.bulk_create(
        Unit(customer_id=pk, name=f"Works {number}", key=f"u{pk}-{number}")
        for pk in Customer.objects.values_list("pk", flat=True) if pk % 3 for number in range(1, 3)
    )  # fmt: skip
    Unit.objects.annotate(rest=F("pk") % 4).filter(rest=1).update(archived_at="2026-10-01T00:00:00Z")
    fields = [(u, p) for u in Unit.objects.all() for p in Product.objects.all() if (u.pk + p.pk) % 4 == 0]
    Coverage.objects.bulk_create(
        Coverage(unit=unit, product=product, state=STATES[(unit.pk * 3 + product.pk) % len(STATES)])
        for unit, product in fields
    )


def ordered_in_sql():
    """{customer: {product: what the last fiscal years have brought, each as of its own end or of today}}."""
    days, found = calendar(), defaultdict(dict)
    this = days.fiscal_year_of(DAY)
    for year in range(this - YEARS + 1, this + 1):
        period = days.parse_period(str(year))
        last = min(period.last, DAY)
        for customer, product, cents in rows(ORDERED, period.first, last, days.end_of_day(last)):
            found[customer][product] = found[customer].get(product, 0) + amount(cents)
    return found


@pytest.fixture
def fields(golden):
    """{customer: {product: {unit: (what is typed, how many units have it from us)}}}."""
    unsettle_some_orders()
    set_up_units()
    found = defaultdict(lambda: defaultdict(dict))
    for customer, product, unit, state, ours in rows(FIELDS):
        found[customer][product][unit] = (state, ours)
    return found


def expected(ordered, units, product):
    """The state of each unit."""
    unsaid = "open" if product in ordered and not any(ours for _state, ours in units.values()) else "blank"
    return {unit: state or unsaid for unit, (state, _ours) in units.items()}


def test_every_field_of_every_customer(fields, whole):
    assert today() == DAY
    ordered, states = ordered_in_sql(), set()
    on_sale = set(Product.objects.filter(active=True).values_list("pk", flat=True))
    for customer in Customer.objects.all():
        of_units, bought = fields.get(customer.pk, {}), ordered.get(customer.pk, {})
        known = {product for product, units in of_units.items() if any(state for state, _ours in units.values())}
        shown = (on_sale | known | set(bought)) if of_units or bought else set()
        wanted = {pk: expected(bought, of_units.get(pk, {}), pk) for pk in shown}
        found = white_space(customer, whole)
        told = {row.product.pk: {cell.unit.pk: cell.state for cell in row.cells} for row in found.rows}
        assert told == wanted, customer
        assert {row.product.pk: row.ordered for row in found.rows} == {pk: bought.get(pk) for pk in shown}
        blanks = [state for units in wanted.values() for state in units.values()] if of_units else [
            "ours" if pk in bought else "blank" for pk in shown
        ]  # fmt: skip
        assert found.blanks == blanks.count("blank")
        states |= {state for units in told.values() for state in units.values()}
    assert {*STATES, "open", "blank"} == states, "the cases say something"
