"""The scorecard, the history, the override; what is due; what facts suggest."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts.calendar import add_months
from accounts.models import User
from accounts.selectors import today
from customers.actions import assess_customer, edit_tier_rules
from customers.models import Assessment, Customer, Order
from customers.rules import suggestions
from customers.rules.tiers import CRITERIA
from customers.selectors.assessments import assessment_due, facts_of
from customers.selectors.scorecard import scorecard
from tests import factories

pytestmark = pytest.mark.django_db

THREES = dict.fromkeys(CRITERIA, 3)


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Own", tier="4A", annual_spend=Decimal(1000))


def address(name, row):
    return reverse(name, args=[row.pk])


def test_the_form_assesses_and_goes_to_the_history(company, customer, signed_in):
    client = signed_in(company.rep)
    assert client.get(address("customer_assess", customer)).status_code == 200
    answer = client.post(
        address("customer_assess", customer), {**THREES, "margin_note": "Thin", "payment_days_late": "91"}, follow=True
    )
    assert answer.redirect_chain[-1][0] == address("customer_assessments", customer)
    row = Assessment.objects.get()
    assert (row.tier, row.notes, row.payment_days_late) == ("2A", {"margin": "Thin"}, 91)
    assert "Payment is 91 days late, more than 90: at most 2A, not 3A." in answer.content.decode()


def test_what_was_typed_stays_when_a_score_is_missing(company, customer, signed_in):
    given = {name: 3 for name in CRITERIA if name != "growth"} | {"margin_note": "Thin as paper"}
    answer = signed_in(company.rep).post(address("customer_assess", customer), given)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Thin as paper" in text
    assert "1 score is still missing." in text
    assert not Assessment.objects.exists()


def test_the_preview_says_the_tier_and_writes_nothing(company, customer, signed_in):
    answer = signed_in(company.rep).post(address("customer_assess_preview", customer), THREES)
    assert "60 of 100 points" in answer.content.decode()
    assert "4A needs 70 points." in answer.content.decode()
    assert not Assessment.objects.exists()


def test_the_history_tells_what_changed_and_who_overrode(company, customer, signed_in):
    for scores in (THREES, {**THREES, "growth": 5}):
        assess_customer(customer=customer, scores=scores, actor=company.rep)
    client = signed_in(company.manager)
    latest = Assessment.objects.first()
    client.post(address("assessment_override", latest), {"tier": "5A", "reason": "Their new plant"})
    text = client.get(address("customer_assessments", customer)).content.decode()
    assert "Growth: 3 → 5" in text
    assert "3A by the rules; Manager overrode it: Their new plant" in text
    assert Customer.objects.get().tier == "5A"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_history_tells_the_gates_and_when_they_changed(company, customer, signed_in, language):
    """Also those that held down no tier."""
    for gates in ({}, {"payment_days_late": 45, "negative_margin": True}, {"payment_days_late": 0}):
        assess_customer(customer=customer, scores={**THREES, "margin": 0}, actor=company.rep, **gates)
    User.objects.update(language=language)
    page = signed_in(User.objects.get(pk=company.rep.pk)).get(address("customer_assessments", customer))
    with translation.override(language):
        late, negative, yes, no = map(gettext, ("Payment late, days", "The margin is negative", "Yes", "No"))
    past = [(each["gates"], each["changed"]) for each in page.context["past"]]
    assert past == [
        ([(late, "0")], [(negative, yes, no), (late, "45", "0")]),
        ([(negative, yes), (late, "45")], [(negative, no, yes), (late, "—", "45")]),
        ([], []),
    ]
    for told in (f"{late}: 0", f"{late}: 45 → 0"):
        assert told in page.content.decode()


def test_the_page_offers_an_override_to_whom_it_opens(company, customer, signed_in):
    def offered(person, row):
        """Whether the customer's page offers it; it opens then, and only then."""
        url = address("assessment_override", Assessment.objects.filter(customer=row).first())
        client = signed_in(person)
        shown = url in client.get(address("customer", row)).content.decode()
        assert client.get(url).status_code == (200 if shown else 403)
        return shown

    assess_customer(customer=customer, scores=THREES, actor=company.rep)
    assert [offered(person, customer) for person in (company.manager, company.rep)] == [True, False]
    assess_customer(customer=customer, scores=THREES, actor=company.manager)
    assert [offered(person, customer) for person in (company.manager, company.director)] == [False, True]
    own = factories.customer(company.manager)
    assess_customer(customer=own, scores=THREES, actor=company.director)
    assert not offered(company.manager, own)


def test_of_two_who_override_the_second_is_told_and_may_insist(company, customer, signed_in):
    assess_customer(customer=customer, scores=THREES, actor=company.rep)
    latest = Assessment.objects.get()
    url, sent = address("assessment_override", latest), {"tier": "2A", "reason": "Lost a plant", "seen": latest.tier}
    assert signed_in(company.manager).post(url, sent).status_code == 302
    late = signed_in(company.director).post(url, {**sent, "tier": "5A", "reason": "New plant"})
    assert late.status_code == 422
    text = late.content.decode()
    assert "Somebody has set it to 2A meanwhile." in text and "New plant" in text
    assert 'name="seen" value="2A"' in text
    insisted = {**sent, "tier": "5A", "reason": "New plant", "seen": "2A"}
    assert signed_in(company.director).post(url, insisted).status_code == 302
    assert Customer.objects.get().tier == "5A"


def test_a_page_without_an_assessment_says_so(company, customer, signed_in):
    assert "Not assessed" in signed_in(company.rep).get(address("customer_assessments", customer)).content.decode()


@pytest.mark.parametrize(("name", "most"), [("customer_assess", 15), ("customer_assessments", 15)])
def test_queries_do_not_grow_with_the_assessments(company, customer, signed_in, name, most):
    counts = []
    client = signed_in(company.rep)
    for number in (2, 28):
        for _ in range(number):
            assess_customer(customer=customer, scores=THREES, actor=company.rep)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name, customer)).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= most


def due(day=None):
    return [row.name for row in assessment_due(Customer.objects.all(), day or today())]


def test_due_are_key_accounts_never_assessed_and_what_was_assessed_90_days_ago(company, customer):
    assert due() == ["Own"]
    assess_customer(customer=customer, scores=THREES, actor=company.rep)
    factories.customer(company.rep, "Small", tier="3A")
    assert due() == []
    assert due(today() + timedelta(days=89)) == []
    assert due(today() + timedelta(days=90)) == ["Own"]
    Customer.objects.filter(name="Own").update(archived_at=timezone.now())
    assert due(today() + timedelta(days=90)) == []


@pytest.mark.parametrize(("days", "overdue"), [(29, False), (30, True)])
def test_the_scorecard_is_due_when_the_list_says_so(company, customer, days, overdue):
    row = assess_customer(customer=customer, scores=THREES, actor=company.rep)
    edit_tier_rules(changes={"assess_every_days": 30}, seen=None, actor=company.admin)
    Assessment.objects.filter(pk=row.pk).update(assessed_at=timezone.now() - timedelta(days=days))
    card = scorecard(customer)
    assert (card.due_on, card.overdue) == (card.assessed_on + timedelta(days=30), overdue)
    assert due() == (["Own"] if overdue else [])


def order(customer, months, amount):
    Order.objects.create(
        key=f"o{months}", customer=customer, owner=customer.owner, amount=Decimal(amount),
        booked_on=add_months(today(), -months),
    )  # fmt: skip


def test_facts_suggest_scores_and_never_take_the_place_of_ours(company, customer):
    order(customer, 1, 100)
    order(customer, 4, 150)
    order(customer, 13, 200)
    order(customer, 30, 900)
    facts = facts_of(customer, company.rep, today())
    assert (facts.now, facts.before, facts.quarters) == (250, 200, 3)
    assert (facts.orders_count, facts.orders_before_count) == (2, 1)
    assert facts.scores() == {"sales": 2, "growth": 5, "potential": 4, "goals": 0}


def test_each_fact_leads_to_all_its_rows(company, customer, signed_in):
    client = signed_in(company.rep)
    for number in range(12):
        Order.objects.create(
            key=f"n{number}", customer=customer, owner=company.rep, amount=Decimal(100 + number), booked_on=today()
        )
    ago = {13: 0, 14: None, 15: 400, 17: 500}  # the last one left within its own quarter
    for months, days in ago.items():
        order(customer, months, 200)
        archived = None if days is None else timezone.now() - timedelta(days=days)
        Order.objects.filter(key=f"o{months}").update(archived_at=archived)
    boss = factories.contact(company.rep, customer, "Boss", buying_role="decision_maker")
    user = factories.contact(company.rep, customer, "User", buying_role="user")
    for people in [[boss]] * 11 + [[user]]:
        done = factories.activity(company.rep, customer=customer, contacts=people)
        type(done).objects.filter(pk=done.pk).update(done_at=timezone.now())
    answer = client.get(address("customer_assess", customer))
    facts, lists = answer.context["facts"], answer.context["lists"]
    text = answer.content.decode()
    assert "10 of 12: show all" in text
    assert "10 of 11: show all" in text
    assert (len(facts.orders), facts.orders_count, len(facts.orders_before)) == (10, 12, 2)
    for name, sum_of in (("now", facts.now), ("before", facts.before)):
        listed = client.get(lists[name]).context
        count = facts.orders_count if name == "now" else facts.orders_before_count
        assert (listed["count"], listed["total"]) == (count, sum_of), name
    assert facts.before == 400, "what was archived later is in it, what was archived before is not"
    assert client.get(lists["quarters"]).context["count"] == 15, "what was archived after its quarter counts there"
    assert client.get(lists["meetings"]).context["counts"].done == facts.meetings == 11
    for each in lists.values():
        assert each.replace("&", "&amp;") in text


def test_filtering_a_list_of_orders_again_keeps_its_days(company, customer, signed_in):
    order(customer, 1, 100)
    page = signed_in(company.rep).get(reverse("orders"), {"booked_from": "2020-01-01", "as_of": "2030-01-01"})
    assert '<input type="hidden" name="booked_from" value="2020-01-01">' in page.content.decode()
    assert '<input type="hidden" name="as_of" value="2030-01-01">' in page.content.decode()


@pytest.mark.parametrize(
    ("now", "before", "score"), [(79, 100, 0), (80, 100, 1), (100, 100, 2), (105, 100, 3), (110, 100, 4), (120, 100, 5)]
)
def test_growth_by_steps(now, before, score):
    assert suggestions.growth(Decimal(now), Decimal(before)) == score
    assert suggestions.growth(Decimal(now), Decimal(0)) is None


def test_potential_falls_with_our_share_and_needs_the_spend():
    assert [suggestions.potential(Decimal(share), Decimal(100)) for share in (0, 20, 40, 60, 80, 100)] == [
        5, 4, 3, 2, 1, 0
    ]  # fmt: skip
    assert suggestions.potential(Decimal(5), None) is None
