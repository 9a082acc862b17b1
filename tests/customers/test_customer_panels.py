"""The panels of a customer's page: figures, sight, and how many queries they take."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.selectors import organisation, today
from customers.actions import archive_customer
from customers.models import (
    Assessment,
    Contract,
    Coverage,
    Customer,
    NpsResponse,
    Order,
    Supplier,
    TierRules,
    Unit,
)  # fmt: skip
from customers.rules.tiers import CRITERIA
from customers.selectors.bought import facts, revenue, wallet_share, white_space
from customers.selectors.group import group_of
from customers.selectors.page import for_page, page_of
from customers.selectors.people import people_map
from opportunities.actions import add_collaborator, move_to_stage
from opportunities.models import Stage, Stakeholder
from tests import factories
from tests.pipeline.interchange.workspaces import load, shared

pytestmark = pytest.mark.django_db
PANELS = ("share", "revenue", "white-space", "facts", "people", "plan", "group")


@pytest.fixture
def own(company):
    return factories.customer(company.rep, "Own", annual_spend=Decimal(1000))


def order(customer, days_ago, amount, **fields):
    return Order.objects.create(
        customer=customer, amount=Decimal(amount), booked_on=today() - timedelta(days=days_ago), **fields
    )


def panel(client, customer, name, status=200, **headers):
    response = client.get(f"/customers/{customer.pk}/{name}/", headers=headers)
    assert response.status_code == status
    return response.content.decode()


def met(owner, contact, kind="visit"):
    activity = factories.activity(owner, kind, customer=contact.customer, contacts=[contact])
    type(activity).objects.filter(pk=activity.pk).update(done_at=timezone.now())
    return activity


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_is_a_fragment_and_a_page_of_an_empty_customer(company, signed_in, own, name):
    client = signed_in(company.rep)
    assert "<html" in panel(client, own, name)
    assert "<html" not in panel(client, own, name, **{"HX-Request": "true"})
    archive_customer(customer=own, seen=own.version, actor=company.rep)
    panel(client, own, name)
    panel(signed_in(company.stranger), own, name, 404)


def test_share_of_the_spend(company, signed_in, own):
    order(own, 0, 300)
    order(own, 400, 200)
    Supplier.objects.create(customer=own, name="Rival", annual_amount=Decimal(500))
    found = wallet_share(own, company.rep)
    assert (found.now, found.before) == (Decimal("0.3"), Decimal("0.2"))
    assert [(each.kind, each.amount) for each in found.slices] == [("us", 300), ("supplier", 500), ("rest", 200)]
    text = panel(signed_in(company.rep), own, "share")
    assert "Rival" in text
    assert "30%" in text
    unknown = factories.customer(company.rep, "Unknown")
    assert wallet_share(unknown, company.rep).now is None
    other = Supplier.objects.create(customer=unknown, name="Somebody else", annual_amount=Decimal(7_000_000))
    text = panel(signed_in(company.rep), unknown, "share")
    assert "The yearly spend is not known" in text
    assert f'href="/suppliers/{other.pk}/edit/"' in text and "¥7.0M" in text


def test_white_space(company, signed_in, own):
    product, other = factories.product(company.admin, "Lift"), factories.product(company.admin, "Belt")
    north = Unit.objects.create(customer=own, name="North")
    Coverage.objects.create(unit=north, product=product, state="others", supplier="Rival")
    space = white_space(own, company.rep)
    assert space.blanks == len(space.rows) - 1
    assert {row.product: row.cells[0].state for row in space.rows} == {product: "others", other: "blank"}
    text = panel(signed_in(company.rep), own, "white-space")
    assert "North" in text
    assert "Rival" in text


def told(customer, reader):
    """The count of blanks, and by product: the whole, its orders, the units."""
    space = white_space(customer, reader)
    rows = {str(row.product): (row.whole.state, row.ordered, [cell.state for cell in row.cells]) for row in space.rows}
    return space.blanks, rows


def test_what_was_ordered_is_no_white_space(company, signed_in, own):
    lift, belt, old = (factories.product(company.admin, name) for name in ("Lift", "Belt", "Old line"))
    type(old).objects.filter(pk=old.pk).update(active=False)
    assert told(own, company.rep) == (0, {})
    order(own, 1, 300, product=lift)
    order(own, 400, 100, product=old)
    order(own, 6 * 366, 100, product=belt)  # before the years of the panel of revenue
    order(own, 1, 100)
    order(factories.customer(company.rep), 1, 100, product=belt)
    rows = {"Lift": ("ours", 300, []), "Belt": ("blank", None, []), "Old line": ("ours", 100, [])}
    assert told(own, company.rep) == (1, rows)
    text = panel(signed_in(company.rep), own, "white-space")
    assert "Company as a whole" in text and "from orders" in text and "1 blank<" in text and "¥300" in text
    north, south = (Unit.objects.create(customer=own, name=name) for name in ("North", "South"))
    Coverage.objects.create(unit=north, product=lift, state="others")
    type(old).objects.filter(pk=old.pk).update(archived_at=timezone.now())
    rows = {"Lift": ("ours", 300, ["others", "open"]), "Belt": ("none", None, ["blank", "blank"])}
    assert told(own, company.rep) == (2, rows)
    text = panel(signed_in(company.rep), own, "white-space")
    assert "Perhaps ours" in text and "No orders" in text
    Coverage.objects.update(state="ours")
    assert told(own, company.rep)[1]["Lift"] == ("ours", 300, ["ours", "blank"])
    assert f"/units/{south.pk}/products/{lift.pk}/" in panel(signed_in(company.rep), own, "white-space")


def test_facts(company, signed_in, own):
    contact = factories.contact(company.rep, own, "Li Wei")
    day = today()
    for title, days, renewed in [("Soon", 30, None), ("Later", 200, None)]:
        Contract.objects.create(
            customer=own, title=title, starts_on=day - timedelta(300), ends_on=day + timedelta(days), renewed_by=renewed
        )
    NpsResponse.objects.create(customer=own, contact=contact, score=3, answered_on=day - timedelta(90))
    NpsResponse.objects.create(customer=own, contact=contact, score=9, answered_on=day, comment="Good work")
    text = panel(signed_in(company.rep), own, "facts")
    assert text.count("renewal due in 30 days") == 1
    assert text.count("Li Wei") == 1
    assert "Good work" in text


def test_people_stand_for_one_and_against_another_deal(company, signed_in, own):
    contact = factories.contact(company.rep, own, "Li Wei")
    deals = [factories.opportunity(company.rep, title, customer=own) for title in ("Open line", "Secret line")]
    for deal, stance in zip(deals, (2, -2), strict=True):
        Stakeholder.objects.create(opportunity=deal, contact=contact, stance=stance, influence=4)
    met(company.rep, contact)
    text = panel(signed_in(company.rep), own, "people")
    assert "for one, against another" in text
    assert "1 time, last" in text
    add_collaborator(opportunity=deals[0], user=company.stranger, actor=company.rep)
    text = panel(signed_in(company.stranger), own, "people")
    assert "Open line" in text
    assert "Secret line" not in text
    assert "for one, against another" not in text


def test_two_of_us_who_share_a_name_know_somebody_each(company, own):
    contact = factories.contact(company.rep, own, "Li Wei")
    type(company.rep).objects.filter(pk=company.manager.pk).update(name=company.rep.name)
    for person in (company.rep, company.rep, company.manager):
        met(person, contact)
    (person,) = people_map(own, company.executive)
    assert [each.times for each in person.known_by] == [2, 1]


def test_met_is_met_in_person(company, signed_in, own):
    contact = factories.contact(company.rep, own, "Li Wei")
    met(company.rep, contact, kind="call")
    client = signed_in(company.rep)
    assert "1 time, last" in panel(client, own, "people")
    (person,) = people_map(own, company.rep)
    assert person.contact.last_met is None
    assert "Last met" not in client.get(f"/customers/{own.pk}/").content.decode()
    met(company.rep, contact)
    (person,) = people_map(own, company.rep)
    assert person.contact.last_met is not None
    assert "Last met" in client.get(f"/customers/{own.pk}/").content.decode()


def test_a_meeting_out_of_sight_is_none(company, own):
    contact = factories.contact(company.rep, own, "Li Wei")
    shared, hidden = (factories.opportunity(company.rep, customer=own) for _number in range(2))
    add_collaborator(opportunity=shared, user=company.mate, actor=company.rep)
    visit = factories.activity(company.rep, opportunity=hidden, contacts=[contact])
    type(visit).objects.filter(pk=visit.pk).update(done_at=timezone.now())
    for reader, sees in ((company.rep, True), (company.mate, False)):
        (person,) = people_map(own, reader)
        [row] = page_of(for_page(reader).get(pk=own.pk), reader).contacts
        assert [person.contact.last_met is not None, row.last_met is not None, bool(person.known_by)] == [sees] * 3


def test_of_everybody_the_answer_that_counts_is_shown(company, own):
    """Of each contact the latest, on one day the lowest; who is not named is one person."""
    contact, day = factories.contact(company.rep, own), today()
    for who, score, days in (
        (contact, 9, 0),
        (contact, 3, 0),
        (contact, 5, 0),
        (contact, 1, 9),
        (None, 8, 2),
        (None, 2, 5),
    ):
        NpsResponse.objects.create(customer=own, contact=who, score=score, answered_on=day - timedelta(days))
    assert [(each.contact, each.score) for each in facts(own, company.rep).answers] == [(contact, 3), (None, 8)]


def test_a_group_is_added_up_over_what_one_sees(company, signed_in):
    hidden = factories.customer(company.stranger, "Hidden holding")
    middle = factories.customer(company.rep, "Middle", parent=hidden)
    child = factories.customer(company.rep, "Child", parent=middle)
    unseen = factories.customer(company.stranger, "Unseen child", parent=middle)
    order(middle, 1, 100)
    order(child, 1, 20)
    order(unseen, 1, 7000)
    gone = order(child, 1, 900)
    Order.objects.filter(pk=gone.pk).update(archived_at=timezone.now())
    factories.opportunity(company.rep, customer=child, amount=Decimal(30))
    lost = factories.opportunity(company.rep, customer=middle, amount=Decimal(500))
    move_to_stage(
        opportunity=lost, stage=Stage.objects.get(key="lost"), actor=company.rep, reason="Price", seen=lost.version
    )  # fmt: skip
    client = signed_in(company.rep)
    found = client.get(f"/customers/{middle.pk}/group/").context["group"]
    assert [(each.customer.name, each.level) for each in found.companies] == [("Middle", 0), ("Child", 1)]
    assert (found.revenue, found.open_amount, found.open_count) == (120, 30, 1)
    text = panel(client, middle, "group") + client.get(f"/customers/{middle.pk}/").content.decode()
    assert "Hidden holding" not in text
    assert "Unseen child" not in text
    order(hidden, 1, 50_000)
    for each, here in ((hidden, 0), (middle, 1), (child, 2)):  # the whole group from wherever one looks at it
        whole = signed_in(company.executive).get(f"/customers/{each.pk}/group/").context["group"]
        assert [(row.customer.name, row.level) for row in whole.companies] == [
            ("Hidden holding", 0), ("Middle", 1), ("Child", 2), ("Unseen child", 2),
        ]  # fmt: skip
        assert whole.revenue == 57_120
        assert [row.here for row in whole.companies] == [place == here for place in range(4)]
    archive_customer(customer=hidden, seen=None, actor=company.stranger)
    rest = signed_in(company.executive).get(f"/customers/{child.pk}/group/").context["group"]
    assert [row.customer.name for row in rest.companies] == ["Middle", "Child", "Unseen child"]


def test_a_deep_group_is_one_from_wherever_one_looks_at_it(company, django_assert_num_queries):
    row, rows = None, []
    for number in range(30):
        row = factories.customer(company.rep, f"Level {number:02}", parent=row)
        order(row, 1, 2**number)
        rows.append(row)
    for place in (0, 5, 29):
        with django_assert_num_queries(2):  # the calendar's among them
            found = group_of(rows[place], company.rep)
        assert [each.customer for each in found.companies] == rows
        assert [each.level for each in found.companies if each.here] == [place]
        assert (found.count, found.revenue) == (30, 2**30 - 1)


def test_a_hidden_company_parts_a_deep_group(company):
    top = factories.customer(company.rep, "Top")
    beside = factories.customer(company.rep, "Beside", parent=top)
    hidden = factories.customer(company.stranger, "Hidden", parent=top)
    below = factories.customer(company.rep, "Below", parent=hidden)
    last = factories.customer(company.rep, "Last", parent=below)
    for place, row in enumerate((top, beside, hidden, below, last)):
        order(row, 1, 10**place)
    told = {row.name: group_of(row, company.rep) for row in (top, beside, below, last)}
    assert [(each.count, each.revenue) for each in told.values()] == [(2, 11), (2, 11), (2, 11_000), (2, 11_000)]
    assert group_of(last, company.executive).revenue == 11_111


def test_a_large_group_says_how_many_it_shows_and_adds_up_all(company, signed_in, monkeypatch):
    monkeypatch.setattr("customers.selectors.group.MOST", 2)
    top = factories.customer(company.rep, "Top")
    for number in range(4):
        child = factories.customer(company.rep, f"Child {number}", parent=top)
        order(child, 1, 100)
    for at, shown in ((top, ["Top", "Child 0"]), (child, ["Top", "Child 0", "Child 3"])):
        found = group_of(at, company.rep)
        assert [each.customer.name for each in found.companies] == shown
        assert (found.count, found.revenue) == (5, 400)
        said = f"{len(shown)} of 5 companies are shown; the total is over all of them."
        assert said in panel(signed_in(company.rep), at, "group")
    monkeypatch.undo()
    assert "companies are shown" not in panel(signed_in(company.rep), top, "group")


def test_the_scorecard_on_the_page(company, signed_in, own):
    client = signed_in(company.manager)
    assert "not assessed" in client.get(f"/customers/{own.pk}/").content.decode()
    Assessment.objects.create(
        customer=own, rules=TierRules.objects.latest("valid_from"), assessed_by=company.manager, points=400,
        scores=dict.fromkeys(CRITERIA, 4), computed_tier="4A", tier="4A", payment_days_late=12,
    )  # fmt: skip
    text = client.get(f"/customers/{own.pk}/").content.decode()
    assert "80<span" in text
    assert "12 days late" in text
    assert "5A needs 85 points." in text
    assert "asc-radar" in text


def fill(company, customer, count):
    unit = [Unit.objects.create(customer=customer, name=f"Unit {Unit.objects.count()}") for _ in range(count)]
    for number in range(count):
        product = factories.product(company.admin)
        contact = factories.contact(company.rep, customer)
        deal = factories.opportunity(company.rep, customer=customer)
        Stakeholder.objects.create(opportunity=deal, contact=contact)
        met(company.rep, contact)
        order(customer, number, 10, product=product, owner=company.rep)
        Coverage.objects.create(unit=unit[number], product=product, state="ours")
        Supplier.objects.create(customer=customer, name=f"Rival {Supplier.objects.count()}", annual_amount=1)
        Contract.objects.create(customer=customer, starts_on=today(), ends_on=today() + timedelta(number))
        NpsResponse.objects.create(customer=customer, contact=contact, score=5, answered_on=today())
        factories.customer(company.rep, parent=customer)


def test_as_many_queries_for_two_rows_as_for_thirty(company, signed_in, own):
    client = signed_in(company.manager)
    fill(company, own, 2)
    few = {name: counted(client, own, name) for name in PANELS}
    fill(company, own, 28)
    many = {name: counted(client, own, name) for name in PANELS}
    assert many == few
    assert max(many.values()) <= 9, many


def counted(client, customer, name):
    with CaptureQueriesContext(connection) as caught:
        panel(client, customer, name, **{"HX-Request": "true"})
    return len([q for q in caught.captured_queries if not q["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])


@pytest.mark.parametrize("case", ["case-a", "case-b"])
def test_share_and_revenue_are_those_of_plain_sql(case, db):
    load(shared(f"golden/{case}/workspace"))
    reader = factories.person("looks_on", role="executive")
    compared = 0
    for customer in Customer.objects.order_by("pk")[:60]:
        share, years = wallet_share(customer, reader), revenue(customer, reader)
        assert share.ours * 100 == cents(customer, plain_t12m(), today())
        if customer.annual_spend:
            assert share.now == min(1, share.ours / customer.annual_spend)
        for year, total in years.by_year:
            assert total * 100 == cents(customer, *plain_year(year))
            compared += bool(total)
    assert compared > 10


def plain_t12m():
    day = today()
    return day.replace(year=day.year - 1) + timedelta(days=1)


def plain_year(year):
    start = today().replace(year=year, month=organisation().fiscal_year_start_month, day=1)
    return start, start.replace(year=year + 1) - timedelta(days=1)


def cents(customer, first, last):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(amount), 0) FROM customers_order WHERE customer_id = %s AND archived_at IS NULL"
            " AND booked_on >= %s AND booked_on <= %s",
            [customer.pk, first, last],
        )
        return cursor.fetchone()[0]
