"""Assessments by the API: list, assess, override the latest."""

import pytest

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


@pytest.mark.parametrize("scores", [{}, {"sales": 3}, {**THREES, "sales": 6}, {**THREES, "luck": 1}, "3333333"])
def test_the_api_refuses_what_is_no_scorecard(company, customer, api, scores):
    answer = api(company.rep).post(f"customers/{customer.pk}/assessments/", {"scores": scores})
    assert (answer.status_code, list(answer.json())) == (400, ["scores"])
