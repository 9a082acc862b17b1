"""The grid of assessments: whose customers, what is suggested, a row saved by itself, nobody's row lost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.calendar import add_months
from accounts.selectors import today
from customers.actions import assess_customer, create_order
from customers.models import Assessment, Contact, Customer
from customers.rules.tiers import CRITERIA
from customers.selectors.assessments import facts_of
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/customers/assess/"
HTMX = {"HX-Request": "true"}
THREES = dict.fromkeys(CRITERIA, "3")


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Own", tier="4A", annual_spend=Decimal(1000))


def names(response):
    return [each.row.customer.name for each in response.context["rows"]]


def save(client, row, headers=HTMX, **typed):
    return client.post(f"/customers/{row.pk}/assess/row/", {**THREES, **typed}, headers=headers)


def test_one_sees_what_one_may_assess(company, customer, signed_in):
    factories.customer(company.mate, "Theirs", tier="2A")
    factories.customer(company.rep, "Gone", tier="2A", archived_at=timezone.now())
    assert names(signed_in(company.rep).get(URL)) == ["Own"]
    manager = signed_in(company.manager)
    assert names(manager.get(URL)) == ["Own", "Theirs"]
    assert names(manager.get(f"{URL}?tier=2A")) == ["Theirs"]
    assert names(manager.get(f"{URL}?whose=mine")) == []
    assert "No customer to assess here" in manager.get(f"{URL}?whose=mine").content.decode()
    assert names(signed_in(company.other_manager).get(URL)) == []
    assert signed_in(company.executive).get(URL).status_code == 403


def test_due_ones_stay_for_the_day_on_which_they_are_saved(company, customer, signed_in):
    factories.customer(company.rep, "Small", tier="3A")
    client = signed_in(company.rep)
    assert names(client.get(f"{URL}?due=true")) == ["Own"]
    save(client, customer)
    assert names(client.get(f"{URL}?due=true")) == ["Own"], "no gap in the pages"
    assert names(client.get(f"{URL}?tier=4A")) == ["Own"]
    assert names(client.get(f"{URL}?tier=5A")) == []
    Assessment.objects.update(assessed_at=timezone.now() - timedelta(days=2))
    assert names(client.get(f"{URL}?due=true")) == []
    assert names(client.get(f"{URL}?tier=4A")) == []


def test_a_row_is_saved_by_itself_and_says_its_tier(company, customer, signed_in):
    other = factories.customer(company.rep, "Other")
    answer = save(signed_in(company.rep), customer, credit="5", sales="5", openness="5", negative_margin="on")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'id="assess-' in text and "Saved" in text and "<html" not in text
    made = Assessment.objects.get()
    assert (made.customer, made.scores["credit"], made.negative_margin, made.tier) == (customer, 5, True, "2A")
    assert "The margin is negative: at most 2A" in text
    assert f'name="seen" value="{made.pk}"' in text
    assert not Assessment.objects.filter(customer=other).exists()


def test_notes_stay_with_the_scores_that_were_left_alone(company, customer, signed_in):
    notes = {"sales": "Three good years", "credit": "Pays on the day"}
    seen = assess_customer(customer=customer, scores=dict.fromkeys(CRITERIA, 3), notes=notes, actor=company.rep)
    client = signed_in(company.rep)
    single = client.get(f"/customers/{customer.pk}/assess/").content.decode()
    assert "Three good years" in single and "Pays on the day" in single
    assert save(client, customer, seen=seen.pk, credit="1").status_code == 200
    latest = customer.assessments.first()
    assert (latest.scores["credit"], latest.notes) == (1, {"sales": "Three good years"})
    assert customer.assessments.get(pk=seen.pk).notes == notes


@pytest.mark.parametrize("wrong", [{"margin": "9"}, {"margin": ""}, {"payment_days_late": "soon"}])
def test_what_is_wrong_stands_at_its_row_with_all_that_was_typed(company, customer, signed_in, wrong):
    answer = save(signed_in(company.rep), customer, sales="4", **wrong)
    assert answer.status_code == 422
    form = answer.context["each"].form
    assert set(form.errors) == set(wrong)
    assert form["sales"].value() == "4"
    assert f'id="wrong-{customer.pk}"' in answer.content.decode()
    assert not Assessment.objects.exists()


def test_somebody_elses_assessment_is_told_of_before_it_is_followed(company, customer, signed_in):
    client = signed_in(company.rep)
    theirs = assess_customer(customer=customer, scores=dict.fromkeys(CRITERIA, 5), actor=company.manager)
    answer = save(client, customer, seen="0")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Manager has assessed this customer meanwhile: 5A, 100 points." in text
    assert f'name="seen" value="{theirs.pk}"' in text, "saving again is a choice"
    assert answer.context["each"].form["sales"].value() == "3"
    assert save(client, customer, seen=theirs.pk).status_code == 200
    assert Customer.objects.get(pk=customer.pk).tier == "3A"
    refused = client.post(f"/customers/{customer.pk}/assess/", {**THREES, "seen": theirs.pk})
    assert refused.status_code == 422, "the form of one customer asks as well"


def test_without_script_a_row_is_saved_too(company, customer, signed_in):
    client = signed_in(company.rep)
    assert save(client, customer, headers={})["Location"] == URL
    refused = save(client, customer, headers={}, margin="9")
    assert refused.status_code == 422
    assert "<html" in refused.content.decode() and "Give a score from 0 to 5." in refused.content.decode()


def test_rows_are_saved_by_those_who_may(company, customer, signed_in):
    assert save(signed_in(company.executive), customer).status_code == 403
    assert save(signed_in(company.other_manager), customer).status_code == 404
    assert not Assessment.objects.exists()


def test_suggestions_are_those_of_the_single_form(company, customer, signed_in):
    for months, amount in ((1, 100), (4, 150), (13, 200)):
        create_order(
            customer=customer, actor=company.rep, owner=company.rep, amount=Decimal(amount),
            booked_on=add_months(today(), -months),
        )  # fmt: skip
    decider = factories.contact(company.rep, customer, "Wang Fang")
    Contact.objects.update(buying_role="decision_maker")
    for hour in (1, 2):
        factories.activity(
            company.rep, customer=customer, contacts=[decider], done_at=timezone.now() - timedelta(hours=hour)
        )
    factories.customer(company.rep, "Blank")
    page = signed_in(company.rep).get(URL)
    blank, own = page.context["rows"]
    text = page.content.decode()
    assert f'href="/customers/{customer.pk}/assess/?facts"' in text
    assert own.row.suggested == facts_of(customer, company.rep, today()).scores()
    assert own.row.suggested == {"sales": 2, "growth": 5, "potential": 4, "goals": 2}
    assert blank.row.suggested == {"sales": 0, "growth": None, "potential": None, "goals": 0}


def test_as_many_queries_for_two_rows_as_for_many(company, customer, signed_in):
    client, counts = signed_in(company.rep), []
    for number in (1, 20):
        for n in range(number):
            row = factories.customer(company.rep, f"C{number}-{n}", tier="5A")
            assess_customer(customer=row, scores=dict.fromkeys(CRITERIA, 3), actor=company.rep)
        for query in ("", "?due=true&tier=5A"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(f"{URL}{query}").status_code == 200
            counts.append(len(captured))
    assert counts[0] == counts[2] and counts[1] == counts[3]
    assert max(counts) <= 16


def test_the_pyramid_opens_the_rows_that_it_counts_as_due(company, customer, signed_in):
    factories.customer(company.rep, "Never due", tier="2A")
    for person in (company.rep, company.manager):
        page = signed_in(person).get("/customers/pyramid/").content.decode()
        assert "Not assessed for 90 days: 1" in page
        assert f"{URL}?whose=team&amp;due=true" in page
        assert names(signed_in(person).get(URL, {"whose": "team", "due": "true"})) == ["Own"]
    assert URL not in signed_in(company.executive).get("/customers/pyramid/").content.decode()
