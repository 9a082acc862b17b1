"""The list's figures, marks and filters, and the pyramid beside it."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.calendar import add_months
from accounts.selectors import calendar, today
from customers.models import Assessment, Customer, CustomerTier, Order
from customers.selectors.listing import ORDERINGS
from customers.selectors.tiers import rules_now
from opportunities.models import Activity
from tests import factories
from tests.customers.test_customer_list import URL, counted, names

pytestmark = pytest.mark.django_db


def order(customer, amount, on, seller=None):
    number = Order.objects.count()
    return Order.objects.create(key=f"R{number}", customer=customer, owner=seller, amount=Decimal(amount), booked_on=on)


def assess(customer, points, days=0):
    return Assessment.objects.create(
        customer=customer, rules=rules_now(), assessed_at=timezone.now() - timedelta(days=days), points=points,
        tier="3A", computed_tier="3A", scores={},
    )  # fmt: skip


def met(person, customer, contact, days, kind="visit"):
    row = factories.activity(person, kind, customer=customer, contacts=[contact])
    Activity.objects.filter(pk=row.pk).update(done_at=calendar().start_of_day(today() - timedelta(days=days)))
    return row


def move(customer, tier, days):
    """Another tier since so many days."""
    CustomerTier.objects.create(customer=customer, valid_from=timezone.now() - timedelta(days=days), tier=tier)
    Customer.objects.filter(pk=customer.pk).update(tier=tier)


@pytest.fixture
def three(company):
    """Big with everything, Small with nothing, Plain in between."""
    day, year_ago = today(), add_months(today(), -12)
    big = factories.customer(company.rep, "Big", tier="5A", annual_spend=Decimal(1000), created_on=year_ago)
    small = factories.customer(company.rep, "Small", tier="5A", created_on=year_ago)
    plain = factories.customer(company.rep, "Plain", tier="2A", annual_spend=Decimal(1000), created_on=day)
    order(big, 100, year_ago)  # dated exactly one year before: outside, and inside of the year before
    order(big, 150, year_ago + timedelta(days=1), company.stranger)
    order(big, 149, day)
    order(plain, 300, day)
    assess(big, 200, days=100)
    assess(big, 431, days=1)
    boss = factories.contact(company.rep, big, "Boss", buying_role="decision_maker")
    for number in range(2):
        factories.contact(company.rep, big, f"Clerk {number}")
    met(company.rep, big, boss, 3)
    factories.opportunity(company.rep, customer=big, amount=Decimal(70))
    return {"Big": big, "Small": small, "Plain": plain}


def rows(response):
    return {row.name: row for row in response.context["page"].object_list}


def test_the_figures_of_a_row(company, signed_in, three):
    found = rows(signed_in(company.rep).get(URL))
    big = found["Big"]
    assert (big.score, big.revenue, big.share, big.growth) == (86.2, Decimal(299), Decimal("0.299"), Decimal("1.99"))
    assert (big.open_count, big.contact_count, big.few_contacts, big.met) == (1, 3, False, today() - timedelta(days=3))
    assert (big.share_tone, big.neglect) == ("warn", ())
    small = found["Small"]
    assert (small.score, small.revenue, small.share, small.growth, small.met) == (None, Decimal(0), None, None, None)
    assert (small.few_contacts, small.neglect) == (True, ("cadence", "decision_maker"))
    assert (found["Plain"].share_tone, found["Plain"].few_contacts, found["Plain"].neglect) == ("", False, ())


def test_growth_from_almost_nothing_is_said_to_be_beyond_999_percent(company, signed_in, three):
    order(three["Small"], 1, add_months(today(), -12))
    order(three["Small"], 130, today())
    client = signed_in(company.rep)
    assert rows(client.get(URL))["Small"].growth == 129  # exact where it sorts
    for page in (URL, f"/customers/{three['Small'].pk}/"):
        text = client.get(page).content.decode()
        assert "&gt;\u00a0999%" in text and not re.search(r"\d,\d{3}%", text)


def test_marks_are_words_too(company, signed_in, three):
    text = signed_in(company.rep).get(URL).content.decode()
    assert text.count("Neglected: contact overdue, decision maker not met") == 2, "a title and the icon's name"
    assert "A key account needs three or more" in text and "not assessed" in text and "30%, threshold 30%" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("neglected=true", ["Small"]), ("neglected=false", ["Big", "Plain"]), ("assessment_due=true", ["Small"]),
        ("no_plan=true", ["Big", "Small"]), ("low_share=true", ["Big"]), ("low_share=false", ["Small", "Plain"]),
        ("tier=none", []), ("tier=5A&tier=2A&neglected=true", ["Small"]), ("moved=up", []), ("moved=sideways", []),
        ("moved=up&moved_in=always", []), ("neglected=perhaps", ["Big", "Small", "Plain"]),
    ],
)  # fmt: skip
def test_filters(company, signed_in, three, query, found):
    assert names(signed_in(company.rep).get(f"{URL}?{query}")) == found


def test_low_share_is_exact_to_the_cent(company, signed_in, three):
    order(three["Big"], "0.99", today())
    assert names(signed_in(company.rep).get(f"{URL}?low_share=true")) == ["Big"]
    order(three["Big"], "0.01", today())
    assert names(signed_in(company.rep).get(f"{URL}?low_share=true")) == []


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("score", ["Big", "Small", "Plain"]), ("-revenue", ["Plain", "Big", "Small"]),
        ("revenue", ["Small", "Big", "Plain"]), ("-growth", ["Big", "Small", "Plain"]),
        ("share", ["Big", "Plain", "Small"]), ("-share", ["Plain", "Big", "Small"]),
        ("-open", ["Big", "Small", "Plain"]),
        ("-contacts", ["Big", "Small", "Plain"]), ("-met", ["Big", "Small", "Plain"]),
        ("-tier", ["Big", "Small", "Plain"]), ("owner", ["Big", "Small", "Plain"]),
    ],
)  # fmt: skip
def test_sorted_by_each_column(company, signed_in, three, sort, found):
    assert names(signed_in(company.rep).get(f"{URL}?sort={sort}")) == found
    assert sort.removeprefix("-") in ORDERINGS


def test_the_weightiest_come_first(company, signed_in):
    """By tier, within one by score, without a score by name; those without a tier at the end."""
    for name, tier, points in (
        ("A", "", None),
        ("B", "5A", 400),
        ("C", "5A", 450),
        ("D", "5A", None),
        ("E", "4A", 499),
    ):
        customer = factories.customer(company.rep, name, tier=tier)
        if points is not None:
            assess(customer, points)
    assert names(signed_in(company.rep).get(URL)) == ["C", "B", "D", "E", "A"]


def test_pages_follow_the_order_of_the_whole(company, signed_in):
    for number in range(30):
        order(factories.customer(company.rep, f"C{number:02}"), number + 1, today())
    client = signed_in(company.rep)
    shown = [row for page in (1, 2) for row in names(client.get(f"{URL}?sort=-revenue&page={page}"))]
    assert shown == [f"C{number:02}" for number in reversed(range(30))]


def test_the_tiers_say_how_many_the_other_filters_leave(company, signed_in, three):
    factories.customer(company.rep, "Untiered")
    response = signed_in(company.rep).get(f"{URL}?tier=5A")
    switches = {each.value: each for each in response.context["tiers"]}
    assert {value: each.count for value, each in switches.items()} == {
        "5A": 2, "4A": 0, "3A": 0, "2A": 1, "1A": 0, "none": 1,
    }  # fmt: skip
    assert (switches["5A"].on, switches["5A"].query, switches["2A"].query) == (True, "", "tier=5A&tier=2A")
    assert response.context["page"].paginator.count == 2
    response = signed_in(company.rep).get(f"{URL}?neglected=true")
    assert sum(each.count for each in response.context["tiers"]) == 1 == response.context["page"].paginator.count


def test_names_of_a_reference_stay_chosen(company, signed_in, three):
    response = signed_in(company.director).get(f"{URL}?owner=rep&team=east")
    assert (response.context["chosen_owner"], response.context["chosen_team"]) == (company.rep, company.east)
    assert signed_in(company.director).get(f"{URL}?owner=nobody").context["chosen_owner"] is None


# --- The pyramid ----------------------------------------------------------------------------------


def test_who_moved_is_named_and_opens_a_list(company, signed_in, three):
    move(three["Plain"], "4A", days=0)
    move(three["Small"], "3A", days=0)
    other = factories.customer(company.stranger, "Hidden", tier="1A")
    move(other, "3A", days=0)
    client = signed_in(company.rep)
    response = client.get("/customers/pyramid/", headers={"HX-Request": "true"})
    ((name, moved),) = response.context["movements"]
    assert name == "quarter"
    assert [(each.name, each.was, each.became) for each in moved["up"].first] == [("Plain", "2A", "4A")]
    assert [(each.name, each.was, each.became) for each in moved["down"].first] == [("Small", "5A", "3A")]
    assert "Hidden" not in response.content.decode()
    assert names(client.get(f"{URL}?moved=up")) == ["Plain"]
    assert names(client.get(f"{URL}?moved=down&moved_in=t12m")) == ["Small"]
    assert names(signed_in(company.executive).get(f"{URL}?moved=up")) == ["Plain", "Hidden"]


def test_a_first_rating_moves_nobody(company, signed_in):
    customer = factories.customer(company.rep)
    move(customer, "5A", days=0)
    assert names(signed_in(company.rep).get(f"{URL}?moved=up")) == []


def test_there_and_back_is_no_movement(company, signed_in, three):
    move(three["Plain"], "4A", days=0)
    move(three["Plain"], "2A", days=-1)
    assert names(signed_in(company.rep).get(f"{URL}?moved=down")) == []


def test_the_page_says_it_all_and_the_fragment_no_frame(company, signed_in, three):
    client = signed_in(company.rep)
    page = client.get("/customers/pyramid/?tier=5A").content.decode()
    assert "<html" in page and "Change of tiers in 12 months" in page and "of 2 known" in page
    assert '<a href="/customers/?tier=5A">2</a>' in page and '<a href="/customers/">3</a>' in page
    fragment = client.get("/customers/pyramid/?tier=5A", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and 'class="l l5 sel"' in fragment and 'class="l l4"' in fragment
    assert "50%" in fragment and "2 customers" in fragment


def test_nobody_has_customers_yet(company, signed_in):
    page = signed_in(company.mate).get("/customers/pyramid/")
    assert page.status_code == 200
    assert page.context["found"].largest is None


EVERYTHING = "?tier=5A&owner=rep&team=east&neglected=true&assessment_due=true&no_plan=true&low_share=false&sort=-met"


@pytest.mark.parametrize("query", ["", EVERYTHING, "?sort=-share", "?moved=up&sort=growth", "?sort=score&q=c"])
def test_as_many_queries_for_two_customers_as_for_thirty(company, signed_in, query):
    def more(number):
        for _each in range(number):
            customer = factories.customer(company.rep, tier="5A", created_on=add_months(today(), -24))
            order(customer, 1, today())
            factories.opportunity(company.rep, customer=customer)
            move(customer, "5A", 0)

    client = signed_in(company.manager)
    more(2)
    few, few_beside = counted(client, f"{URL}{query}"), beside(client)
    more(28)
    assert counted(client, f"{URL}{query}") == few <= 8
    assert beside(client) == few_beside <= 8


def beside(client):
    with CaptureQueriesContext(connection) as caught:
        client.get("/customers/pyramid/", headers={"HX-Request": "true"})
    return len(caught)
