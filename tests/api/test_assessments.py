"""Assessments by the API: list, assess, override the latest."""

from decimal import Decimal

import pytest
from django.utils import timezone, translation

from accounts.models import User
from accounts.selectors import today
from customers.actions import create_order
from customers.models import Assessment, TierRules
from customers.rules.tiers import CRITERIA
from tests import factories

pytestmark = pytest.mark.django_db

THREES = dict.fromkeys(CRITERIA, 3)


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Own", tier="4A")


def test_the_api_lists_assesses_and_overrides(company, customer, api):
    path = f"customers/{customer.pk}/assessments/"
    made = api(company.rep).post(path, {"scores": THREES, "notes": {"margin": "Thin"}})
    assert made.status_code == 201
    assert (made.json()["points"], made.json()["tier"], made.json()["assessed_by"]) == (60, "3A", "rep")
    told = {"tier": "4A", "reason": "Plant"}
    assert api(company.rep).post(f"{path}override/", told).status_code == 403
    assert api(company.stranger).get(path).status_code == 404
    over = api(company.manager).post(f"{path}override/", told).json()
    assert (over["tier"], over["computed_tier"], over["overridden_by"]) == ("4A", "3A", "manager")
    assert [row["id"] for row in api(company.rep).get(path).json()["results"]] == [made.json()["id"]]


@pytest.mark.parametrize(
    ("scores", "wrong"),
    [
        ({}, CRITERIA),
        ({"sales": 3, "margin": 6}, CRITERIA[1:]),
        ({**THREES, "sales": 6, "credit": -1, "goals": None, "growth": "x"}, ("sales", "credit", "goals", "growth")),
    ],
)
@pytest.mark.parametrize(("language", "words"), [("en", "Give a score from 0 to 5."), ("zh-hans", None)])
def test_the_api_names_each_criterion_without_a_score(company, customer, api, scores, wrong, language, words):
    User.objects.update(language=language)
    client = api(User.objects.get(pk=company.rep.pk))
    answer = client.post(f"customers/{customer.pk}/assessments/", {"scores": scores})
    with translation.override(language):
        words = words or translation.gettext("Give a score from 0 to 5.")
    assert (answer.status_code, answer.json()) == (400, {"scores": {name: [words] for name in wrong}})
    assert not Assessment.objects.exists()


def test_the_api_refuses_what_is_no_scorecard(company, customer, api):
    path, unknown = f"customers/{customer.pk}/assessments/", {"luck": ["There is no such criterion."]}
    assert api(company.rep).post(path, {"scores": {**THREES, "luck": 1}}).json() == {"scores": unknown}
    assert api(company.rep).post(path, {"scores": THREES, "notes": {"luck": "x"}}).json() == {"notes": unknown}
    assert set(api(company.rep).post(path, {"scores": "3333333"}).json()) == {"scores"}


def test_what_the_facts_suggest_comes_with_its_rows(company, api):
    customer = factories.customer(company.rep, annual_spend=Decimal(1000))
    row = create_order(actor=company.rep, customer=customer, amount=Decimal(300), booked_on=today())
    boss = factories.contact(company.rep, customer, buying_role="decision_maker")
    done = factories.activity(company.rep, customer=customer, contacts=[boss])
    type(done).objects.filter(pk=done.pk).update(done_at=timezone.now())
    found = api(company.rep).get(f"customers/{customer.pk}/assessments/suggested/").json()
    assert found["scores"] == {"sales": 1, "growth": None, "potential": 4, "goals": 1}
    assert (found["now"], found["before"], found["spend"], found["quarters"]) == ("300.00", "0.00", "1000.00", 1)
    assert (found["orders"], found["activities"], found["meetings"]) == ([row.key], [done.key], 1)
    assert (found["orders_count"], found["orders_before"], found["orders_before_count"]) == (1, [], 0)
    assert api(company.stranger).get(f"customers/{customer.pk}/assessments/suggested/").status_code == 404


def test_tier_rules_are_read_by_everybody_and_set_by_administrators(company, api):
    client = api(company.admin)
    now = api(company.rep).get("tier-rules/").json()
    assert (now["weights"]["sales"], now["thresholds"]["5A"], now["valid_from"]) == (20, 85, None)
    assert api(company.manager).patch("tier-rules/", {"assess_every_days": 60}).status_code == 403
    changed = client.patch("tier-rules/", {"id": now["id"], "assess_every_days": 60, "plan_required": ["5A"]})
    assert changed.status_code == 200, changed.content
    held = {name: value for name, value in changed.json().items() if name not in ("id", "valid_from")}
    assert held == {name: now[name] for name in held} | {"assess_every_days": 60, "plan_required": ["5A"]}
    assert api(company.rep).get("tier-rules/").json() == changed.json()
    stale = client.patch("tier-rules/", {"id": now["id"], "assess_every_days": 30})
    assert (stale.status_code, stale.json()["conflicts"], stale.json()["current"]) == (
        409, ["assess_every_days"], changed.json(),
    )  # fmt: skip
    assert set(client.patch("tier-rules/", {"id": 999, "assess_every_days": 30}).json()) == {"id"}
    assert set(client.patch("tier-rules/", {"assess_every": 30}).json()) == {"assess_every"}
    weights = {**now["weights"], "sales": 21}
    for wrong in ({"weights": weights}, {"weights": {"sales": 100}}, {"thresholds": {}}, {"plan_required": ["6A"]},
                  {"review_depth": {"5A": "often"}}, {"cadence_days": "x"}, {"assess_every_days": 0}):  # fmt: skip
        answer = client.patch("tier-rules/", wrong)
        assert (answer.status_code, list(answer.json())) == (400, list(wrong))
    assert TierRules.objects.count() == 2


def test_an_override_says_which_tier_was_seen(company, customer, api):
    path = f"customers/{customer.pk}/assessments/"
    made = api(company.rep).post(path, {"scores": THREES}).json()
    told, client = {"tier": "5A", "reason": "Two plants"}, api(company.manager)
    stale = client.post(f"{path}override/", {**told, "seen": "1A"})
    assert (stale.status_code, stale.json()) == (
        409, {"current": made, "yours": {"tier": "5A"}, "conflicts": ["tier"]},
    )  # fmt: skip
    assert client.get(path).json()["results"] == [made]
    taken = client.post(f"{path}override/", {**told, "seen": made["tier"]}).json()
    assert taken["tier"] == "5A"
    late = api(company.director).post(f"{path}override/", {**told, "tier": "1A", "seen": made["tier"]})
    assert (late.status_code, late.json()["current"], late.json()["yours"]) == (409, taken, {"tier": "1A"})
    assert client.get(path).json()["results"] == [taken]
    later = api(company.rep).post(path, {"scores": {**THREES, "credit": 2}}).json()
    outdated = client.post(f"{path}override/", {**told, "seen": "5A"})
    assert (outdated.status_code, outdated.json()["current"]) == (409, later)
