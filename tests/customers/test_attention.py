"""Which customers are neglected, due to be assessed, or without a plan: the rule, and the same in SQL."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.selectors import calendar, today
from customers.actions import create_plan
from customers.models import Assessment, Contact, Customer
from customers.rules import tiers
from customers.rules.attention import FACE_TO_FACE, Contacted, assessment_due, contacts_needed, held, neglect
from customers.selectors import attention
from customers.selectors.assessments import is_due
from customers.selectors.tiers import rules_now
from opportunities.models import Activity, ActivityKind
from tests import factories

CADENCE = tiers.shipped_cadence()
DAY = date(2026, 11, 25)


def ago(days):
    return DAY - timedelta(days=days)


def missed(tier, since, touched=None, met=None):
    customer = Contacted(tier, ago(since), None if touched is None else ago(touched), None if met is None else ago(met))
    return neglect(customer, DAY, cadence=CADENCE, decision_maker_days=90)


@pytest.mark.parametrize(
    ("tier", "since", "touched", "met", "found"),
    [
        ("5A", 900, 7, 7, ()), ("5A", 900, 8, 8, ("cadence",)), ("4A", 900, 14, 90, ()),
        ("4A", 900, 15, 90, ("cadence",)), ("4A", 900, 14, 91, ("decision_maker",)),
        ("5A", 900, 8, 91, ("cadence", "decision_maker")), ("3A", 900, 30, None, ()),
        ("3A", 900, 31, None, ("cadence",)),
        ("2A", 900, 90, None, ()), ("2A", 900, 91, None, ("cadence",)), ("1A", 900, None, None, ()),
        ("", 900, None, None, ()), ("5A", 7, None, None, ()), ("5A", 8, None, None, ("cadence",)),
        ("5A", 90, 1, None, ()), ("5A", 91, 1, None, ("decision_maker",)), ("3A", 5, 400, None, ()),
    ],
)  # fmt: skip
def test_what_is_missed_follows_from_the_tier(tier, since, touched, met, found):
    assert missed(tier, since, touched, met) == found


def test_in_person_means_kinds_that_there_are():
    assert set(FACE_TO_FACE) < set(ActivityKind.Base.values)


@pytest.mark.parametrize(
    ("accounts", "needed"),
    [
        ({}, 0), ({"1A": 40, "": 3}, 0), ({"5A": 1}, 5), ({"5A": 7}, 30), ({"4A": 7}, 15), ({"3A": 12}, 12),
        ({"2A": 3}, 1), ({"2A": 1}, 1), ({"5A": 3, "4A": 8, "3A": 12}, 42), ({"5A": 1, "4A": 1, "2A": 1}, 7),
    ],
)  # fmt: skip
def test_contacts_a_month_are_added_exactly_and_rounded_up_once(accounts, needed):
    assert contacts_needed(accounts, CADENCE) == needed


def test_accounts_beyond_what_a_rep_can_hold():
    found = held({"5A": 4, "4A": 8, "1A": 900}, tiers.shipped_accounts_per_rep())
    assert [(each.tier, each.accounts, each.over) for each in found] == [
        ("5A", 4, True), ("4A", 8, False), ("3A", 0, False), ("2A", 0, False), ("1A", 900, False),
    ]  # fmt: skip


# --- The same in SQL ------------------------------------------------------------------------------

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime.combine(DAY, time(12), SHANGHAI)
days = st.one_of(st.integers(0, 95), st.sampled_from([6, 7, 8, 13, 14, 15, 29, 30, 31, 89, 90, 91]))
clock = st.sampled_from([time(0), time(12), time(23, 59, 59)])
contact_of_history = st.tuples(days, clock, st.sampled_from(["visit", "call"]), st.booleans())
customers_of_history = st.lists(
    st.tuples(
        st.sampled_from(["5A", "4A", "3A", "2A", "1A", ""]),
        st.one_of(st.none(), days),  # customer since; None: since it was entered
        days,  # entered
        st.lists(contact_of_history, max_size=3),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


@settings(max_examples=40)
@given(history=customers_of_history)
def test_the_filter_finds_what_the_rule_says(company, noon, history):
    Activity.contacts.through.objects.all().delete()
    for model in (Activity, Contact):
        model.objects.all().delete()
    Customer.objects.update(archived_at=NOON)
    made = [_customer(company, *story) for story in history]
    for user in (company.rep, company.manager, company.admin):
        seen = Customer.objects.visible_to(user).in_use()
        found = set(seen.filter(attention.is_neglected(user, DAY, rules_now())).values_list("pk", flat=True))
        wanted = {row.pk for row, expected in made if expected}
        assert found == wanted
        rows = attention.with_contacts(seen, user)
        assert {row.pk for row in rows if attention.neglect_of(row, DAY, rules_now())} == wanted


def _customer(company, tier, since, entered, contacts):
    row = Customer.objects.create(
        name="C", owner=company.rep, tier=tier, created_on=None if since is None else ago(since),
        created_at=datetime.combine(ago(entered), time(23, 59), SHANGHAI),
    )  # fmt: skip
    boss = Contact.objects.create(customer=row, name="Boss", buying_role="decision_maker")
    touched, met = [], []
    for days_ago, at, kind, with_boss in contacts:
        done = Activity.objects.create(
            kind=ActivityKind.objects.get(key=kind), customer=row, owner=company.rep,
            done_at=datetime.combine(ago(days_ago), at, SHANGHAI),
        )  # fmt: skip
        done.contacts.set([boss] if with_boss else [])
        touched.append(ago(days_ago))
        if with_boss and kind == "visit":
            met.append(ago(days_ago))
    story = Contacted(
        tier, ago(entered if since is None else since), max(touched, default=None), max(met, default=None)
    )
    return row, neglect(story, DAY, cadence=CADENCE, decision_maker_days=90)


@pytest.mark.django_db
def test_what_one_may_not_see_tells_nothing(company):
    """A colleague's deal with the same customer: its visits count for whoever sees the deal."""
    customer = factories.customer(company.rep, tier="5A", created_on=date(2020, 1, 1))
    deal = factories.opportunity(company.manager, customer=customer)
    visit = factories.activity(company.manager, opportunity=deal)
    Activity.objects.filter(pk=visit.pk).update(done_at=calendar().start_of_day(today()))
    rules, live = rules_now(), Customer.objects.in_use()
    for user, says in ((company.rep, ("cadence", "decision_maker")), (company.manager, ("decision_maker",))):
        (row,) = attention.with_contacts(live, user)
        assert attention.neglect_of(row, today(), rules) == says


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("tier", "assessed", "due"),
    [
        ("5A", None, True), ("4A", None, True), ("3A", None, False), ("", None, False), ("3A", 89, False),
        ("3A", 90, True), ("5A", 89, False), ("5A", 90, True), ("1A", 400, True),
    ],
)  # fmt: skip
def test_due_to_be_assessed(company, tier, assessed, due):
    customer = factories.customer(company.rep, tier=tier)
    if assessed is not None:
        at = calendar().end_of_day(today() - timedelta(days=assessed)) - timedelta(microseconds=1)
        for moment in (at, at - timedelta(days=300)):
            Assessment.objects.create(
                customer=customer, rules=rules_now(), assessed_at=moment, points=0, tier="3A", computed_tier="3A",
                scores={},
            )  # fmt: skip
    last = None if assessed is None else today() - timedelta(days=assessed)
    assert assessment_due(tier, last, today(), rules_now().assess_every_days) is due
    found = Customer.objects.filter(is_due(today(), rules_now()))
    assert list(found) == ([customer] if due else [])


@pytest.mark.django_db
def test_without_the_plan_that_the_tier_asks_for(company):
    missing, there, _small = (factories.customer(company.rep, tier=tier) for tier in ("5A", "4A", "3A"))
    create_plan(actor=company.rep, customer=there, year=today().year)
    create_plan(actor=company.rep, customer=missing, year=today().year - 1)
    found = Customer.objects.filter(attention.lacks_plan(today(), rules_now()))
    assert list(found) == [missing]
