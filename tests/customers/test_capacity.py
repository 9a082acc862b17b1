"""Capacity, the mark on the customer's page, what My day lists of customers."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.calendar import add_months
from accounts.selectors import calendar, today
from customers.actions import archive_customer
from customers.models import Customer
from customers.selectors.my_accounts import waiting_of
from opportunities.models import Activity
from tests import factories
from tests.api.conftest import client_of
from tests.customers.test_customer_figures import assess, met
from tests.customers.test_customer_list import counted

pytestmark = pytest.mark.django_db


def noon(days):
    return calendar().start_of_day(today() + timedelta(days=days)) + timedelta(hours=12)


def loads_of(client):
    return {each.person.username: each for each in client.get("/customers/capacity/").context["page"].object_list}


def opened(page, state, n):
    """Where this number of planned or done activities leads."""
    return unescape(re.search(rf'href="(/activities/\?[^"]*state={state}&[^"]*)">{n}</a>', page)[1])


def rows_at(client, address):
    return client.get(address).context["page"].paginator.count


def accounts(load):
    return {each.tier: each.accounts for each in load.accounts if each.accounts}


def test_a_rep_sees_what_their_accounts_ask_of_a_month(company, signed_in):
    for tier, n in (("5A", 4), ("1A", 5), ("", 1), ("4A", 1), ("3A", 2)):
        for _number in range(n):
            customer = factories.customer(company.rep, tier=tier)
    for days in (0, 29, 30):
        factories.activity(company.rep, customer=customer, planned_at=noon(days))
    factories.activity(company.rep, planned_at=noon(3), objective="With nobody")
    for days in (0, -29, -30):
        done = factories.activity(company.rep, "call", customer=customer, planned_at=noon(5))
        Activity.objects.filter(pk=done.pk).update(done_at=noon(days) - timedelta(hours=11))
    found = loads_of(signed_in(company.rep))
    assert list(found) == ["rep"]
    load = found["rep"]
    assert accounts(load) == {"5A": 4, "4A": 1, "3A": 2, "1A": 5}
    assert [each.tier for each in load.accounts if each.over] == ["5A"]
    # 4 × 30/7 + 30/14 + 2 × 1 = 21.29
    assert (load.needed, load.planned, load.done, load.short) == (22, 2, 2, 20)
    page = signed_in(company.rep).get("/customers/capacity/").content.decode()
    assert "22 contacts a month needed, 2 planned, 2 done in the last 30 days." in page and "more than 3" in page
    assert "1 person is 20 short." in page
    for tier, n in accounts(load).items():  # the number leads to the rows that make it
        assert f'<a href="/customers/?owner=rep&amp;tier={tier}">{n}</a>' in page
        behind = signed_in(company.rep).get(f"/customers/?owner=rep&tier={tier}").context["page"].object_list
        assert [row.tier for row in behind] == [tier] * n
    for state in ("planned", "done"):
        address = opened(page, state, 2)
        assert rows_at(signed_in(company.rep), address) == 2
        listed = signed_in(company.rep).get(address).content.decode()
        assert f'<input type="hidden" name="{state}_from"' in listed  # kept by a search within it


@pytest.mark.parametrize(
    ("who", "people"),
    [
        ("rep", ["rep"]), ("manager", ["manager", "mate", "rep"]), ("other_manager", ["other_manager", "stranger"]),
        ("executive", ["director", "manager", "mate", "other_manager", "rep", "stranger"]),
    ],
)  # fmt: skip
def test_managers_see_those_in_their_charge(company, signed_in, who, people):
    factories.customer(company.rep, tier="5A")
    found = loads_of(signed_in(getattr(company, who)))
    assert sorted(found) == people
    assert "rep" not in found or found["rep"].needed == 5


def test_the_numbers_of_others_open_their_rows(company, signed_in):
    factories.activity(company.mate, customer=factories.customer(company.mate, tier="5A"), planned_at=noon(1))
    factories.activity(company.rep, customer=factories.customer(company.rep, tier="5A"), planned_at=noon(1))
    client = signed_in(company.manager)
    address = opened(client.get("/customers/capacity/").content.decode(), "planned", 1)
    [row] = client.get(address).context["page"].object_list
    assert (row.owner, "owner=mate&" in address) == (company.mate, True)


def test_a_persons_own_contacts_with_their_own_accounts_serve_the_cadence(company, signed_in):
    own, gone, not_theirs = (factories.customer(company.rep, tier="5A") for _number in range(3))
    deal = factories.opportunity(company.rep, customer=not_theirs)
    for about in (
        {"customer": own}, {"customer": gone}, {"customer": factories.customer(company.rep, tier="1A")},
        {"opportunity": deal, "customer": not_theirs},
    ):  # fmt: skip
        factories.activity(company.rep, **about, planned_at=noon(1))
        done = factories.activity(company.rep, **about, planned_at=noon(-1))
        Activity.objects.filter(pk=done.pk).update(done_at=noon(-1))
    factories.activity(company.manager, customer=own, planned_at=noon(1))
    Customer.objects.filter(pk=not_theirs.pk).update(owner=company.mate)
    archive_customer(customer=gone, seen=gone.version, actor=company.rep)
    client = signed_in(company.rep)
    page = client.get("/customers/capacity/").content.decode()
    assert "5 contacts a month needed, 1 planned, 1 done in the last 30 days. 1 person is 4 short." in page
    [found] = client_of(company.rep).get("customers/capacity/").json()["results"]
    assert [found[name] for name in ("needed", "planned", "short", "done")] == [5, 1, 4, 1]
    for state in ("planned", "done"):
        assert rows_at(client, opened(page, state, 1)) == 1
    served = client_of(company.rep).get("activities/?owner=rep&serves_cadence=true").json()
    assert {row["customer"] for row in served["results"]} == {own.key} and served["count"] == 2
    assert client_of(company.rep).get("activities/?owner=rep&serves_cadence=false").json()["count"] == 6


def test_the_api_tells_the_same(company):
    customer = factories.customer(company.rep, tier="5A")
    factories.activity(company.rep, customer=customer, planned_at=noon(3))
    factories.customer(company.stranger, tier="5A")
    [found] = client_of(company.rep).get("customers/capacity/").json()["results"]
    assert found.pop("accounts")[0] == {"tier": "5A", "accounts": 1, "limit": 3}
    assert found == {"person": "rep", "team": company.east.key, "needed": 5, "planned": 1, "short": 4, "done": 0}
    everybody = client_of(company.manager).get("customers/capacity/?page_size=2").json()
    assert (everybody["count"], [each["person"] for each in everybody["results"]]) == (3, ["manager", "mate"])


def test_the_note_warns_when_somebody_falls_short_of_what_others_make_up_for(company, signed_in):
    for person, planned in ((company.rep, 0), (company.mate, 9)):
        customer = factories.customer(person, tier="5A")
        for day in range(planned):
            factories.activity(person, customer=customer, planned_at=noon(day))
    page = signed_in(company.manager).get("/customers/capacity/").content.decode()
    assert "10 contacts a month needed, 9 planned" in page
    factories.activity(company.mate, customer=customer, planned_at=noon(9))
    page = signed_in(company.manager).get("/customers/capacity/").content.decode()
    assert "10 contacts a month needed, 10 planned" in page and "asc-note warn" in page
    assert "asc-note warn" not in signed_in(company.mate).get("/customers/capacity/").content.decode()


@pytest.mark.parametrize("path", ["/customers/capacity/", "/api/v1/customers/capacity/"])
def test_as_many_queries_for_many_people(company, signed_in, path):
    client = signed_in(company.manager)
    few = counted(client, path)
    for number in range(20):
        person = factories.person(f"rep{number}", role="rep", team=company.east)
        factories.activity(person, customer=factories.customer(person, tier="5A"))
    assert counted(client, path) == few <= 9


# --- On the customer's page and on My day ---------------------------------------------------------


def test_the_page_says_what_is_missed(company, signed_in):
    customer = factories.customer(company.rep, tier="5A", created_on=add_months(today(), -24))
    client, url = signed_in(company.rep), f"/customers/{customer.pk}/"
    assert "Neglected: contact overdue, decision maker not met" in client.get(url).content.decode()
    met(company.rep, customer, factories.contact(company.rep, customer, buying_role="decision_maker"), 2)
    assert "Neglected" not in client.get(url).content.decode()
    Customer.objects.filter(pk=customer.pk).update(created_on=add_months(today(), -36))
    Activity.objects.update(done_at=noon(-60))
    assert "Neglected: contact overdue" in client.get(url).content.decode()
    customer.refresh_from_db()
    archive_customer(customer=customer, seen=customer.version, actor=company.rep)
    assert "Neglected" not in client.get(url).content.decode()


def test_what_waits_for_a_person(company, signed_in):
    long_ago = add_months(today(), -24)
    late = factories.customer(company.rep, "Late", tier="4A", created_on=long_ago)
    assess(late, 400)
    factories.customer(company.rep, "Unassessed", tier="5A")
    again = factories.customer(company.rep, "Again", tier="2A", created_on=long_ago)
    assess(again, 100, days=120)
    factories.customer(company.rep, "Small", tier="3A", created_on=long_ago)
    factories.customer(company.mate, "Of a colleague", tier="5A", created_on=long_ago)
    gone = factories.customer(company.rep, "Gone", tier="5A")
    Customer.objects.filter(pk=gone.pk).update(archived_at=timezone.now())
    found = waiting_of(company.rep, today())
    assert [(each.name, each.missed, each.due) for each in found] == [
        ("Unassessed", (), True), ("Late", ("cadence", "decision_maker"), False), ("Again", (), True),
    ]  # fmt: skip
    client = signed_in(company.rep)
    assert "/customers/waiting/" in client.get("/day/").content.decode()
    panel = client.get("/customers/waiting/", headers={"HX-Request": "true"}).content.decode()
    assert "Unassessed" in panel and "Of a colleague" not in panel and "<html" not in panel
    assert "2 customers of lower tiers are neglected" in panel
    query = f"owner={company.rep.username}&neglected=true&tier=3A&tier=2A&tier=1A"
    listed = [row.name for row in client.get(f"/customers/?{query}").context["page"].object_list]
    assert listed == ["Small", "Again"]
    assert "/customers/assess/?whose=mine&amp;due=true" in panel


def test_the_first_few_on_my_day_and_all_on_the_page(company, signed_in):
    client = signed_in(company.rep)
    assert "No key account is neglected" in client.get("/customers/waiting/").content.decode()

    def asked():
        with CaptureQueriesContext(connection) as queries:
            panel = client.get("/customers/waiting/", headers={"HX-Request": "true"})
        return len(queries), len(panel.context["shown"]), len(panel.context["rows"])

    factories.customer(company.rep, tier="5A")
    few = asked()
    for _number in range(7):
        factories.customer(company.rep, tier="5A")
    assert asked() == (few[0], 6, 8) and few[0] <= 7
    assert len(client.get("/customers/waiting/").context["shown"]) == 8


def test_no_blank_stands_between_two_sentences_in_chinese(company, signed_in):
    factories.customer(company.rep, tier="5A")
    company.rep.language = "zh-hans"
    company.rep.save(update_fields=["language"])
    page = signed_in(company.rep).get("/customers/capacity/").content.decode()
    assert "近 30 天完成 0 次。有 1 人共缺 5 次。" in page
