"""Assessments: the tier they give, its history, overrides, the rules that held."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.actions import BEGINNING
from accounts.models import AuditEntry
from customers.actions import (
    archive_customer,
    assess_customer,
    create_customer,
    edit_customer,
    edit_tier_rules,
    override_tier,
)
from customers.models import Assessment, CustomerTier, TierRules
from customers.rules import tiers
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Own", tier="3A")


def scores(digits="4444444"):
    return dict(zip(tiers.CRITERIA, map(int, digits), strict=True))


def assess(customer, actor, digits="4444444", **options):
    return assess_customer(customer=customer, scores=scores(digits), actor=actor, **options)


def held(customer):
    rows = CustomerTier.objects.filter(customer=customer).order_by("valid_from")
    return list(rows.values_list("tier", "assessment"))


def test_an_assessment_gives_the_tier_and_both_are_kept(company, customer):
    made = assess(customer, company.rep, notes={"margin": " thin ", "credit": ""})
    customer.refresh_from_db()
    assert (made.points, made.total, made.computed_tier, made.tier) == (400, 80, "4A", "4A")
    assert (made.notes, made.assessed_by, customer.tier) == ({"margin": "thin"}, company.rep, "4A")
    assert held(customer) == [("3A", None), ("4A", made.pk)]
    entry = AuditEntry.objects.get(action="assess")
    assert entry.changes == {"total": [None, 80.0], "tier": ["3A", "4A"]}


def test_the_first_tier_holds_for_all_the_past(customer):
    assert CustomerTier.objects.get(customer=customer).valid_from == BEGINNING


def test_a_gate_is_kept_with_the_assessment(company, customer):
    made = assess(customer, company.rep, payment_days_late=91)
    assert (made.tier, made.payment_days_late) == ("2A", 91)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"sales": 6}, "sales"), ({"sales": -1}, "sales"), ({"sales": None}, "sales"), ({"sales": True}, "sales"),
     ({"luck": 3}, "luck")],
)  # fmt: skip
def test_a_wrong_score_is_named(company, customer, change, field):
    with pytest.raises(ValidationError) as caught:
        assess_customer(customer=customer, scores={**scores(), **change}, actor=company.rep)
    assert set(caught.value.message_dict) == {field}
    assert not Assessment.objects.exists()


def test_a_note_is_not_longer_than_it_may_be(company, customer):
    with pytest.raises(ValidationError) as caught:
        assess(customer, company.rep, notes={"margin": "x" * 501})
    assert set(caught.value.message_dict) == {"margin"}


def test_who_may_not_edit_the_customer_does_not_assess_it(company, customer):
    for person in (company.executive, company.admin):
        with pytest.raises(PermissionDenied):
            assess(customer, person)
    with pytest.raises(Http404):
        assess(customer, company.stranger)
    archive_customer(customer=customer, seen=None, actor=company.rep)
    with pytest.raises(ValidationError):
        assess(customer, company.rep)


def test_a_tier_is_typed_only_until_the_first_assessment(company, customer):
    edit_customer(customer=customer, changes={"tier": "1A"}, seen=None, actor=company.rep)
    assert held(customer) == [("3A", None), ("1A", None)]
    assess(customer, company.rep)
    with pytest.raises(ValidationError) as caught:
        edit_customer(customer=customer, changes={"tier": "5A"}, seen=None, actor=company.rep)
    assert set(caught.value.message_dict) == {"tier"}
    customer.refresh_from_db()
    edit_customer(customer=customer, changes={"tier": "4A", "name": "Other"}, seen=None, actor=company.rep)
    assert [tier for tier, _assessment in held(customer)] == ["3A", "1A", "4A"]


def test_a_manager_overrides_with_a_reason(company, customer):
    made = assess(customer, company.rep)
    override_tier(assessment=made, tier="5A", reason=" Two plants next year ", actor=company.manager)
    customer.refresh_from_db()
    made.refresh_from_db()
    assert (customer.tier, made.tier, made.computed_tier) == ("5A", "5A", "4A")
    assert (made.override_reason, made.overridden_by) == ("Two plants next year", company.manager)
    assert held(customer) == [("3A", None), ("4A", made.pk), ("5A", made.pk)]
    assert assess(customer, company.rep).tier == "4A"


@pytest.mark.parametrize(
    ("tier", "reason", "field"), [("6A", "Why", "tier"), ("", "Why", "tier"), ("5A", " ", "reason")]
)
def test_an_override_has_a_tier_and_a_reason(company, customer, tier, reason, field):
    made = assess(customer, company.rep)
    with pytest.raises(ValidationError) as caught:
        override_tier(assessment=made, tier=tier, reason=reason, actor=company.manager)
    assert set(caught.value.message_dict) == {field}


def test_an_override_of_another_tier_than_was_seen_is_refused(company, customer):
    made = assess(customer, company.rep)
    override_tier(assessment=made, tier="2A", reason="Why", actor=company.manager, seen=made.tier)
    with pytest.raises(ValidationError) as refused:
        override_tier(assessment=made, tier="5A", reason="Why", actor=company.director, seen=made.tier)
    assert list(refused.value.message_dict) == ["tier"]


def test_who_does_not_override(company, customer):
    made = assess(customer, company.rep)
    for person in (company.rep, company.executive, company.admin):
        with pytest.raises(PermissionDenied):
            override_tier(assessment=made, tier="5A", reason="Why", actor=person)
    with pytest.raises(Http404):
        override_tier(assessment=made, tier="5A", reason="Why", actor=company.other_manager)
    own = assess(customer, company.manager)
    with pytest.raises(PermissionDenied):
        override_tier(assessment=own, tier="5A", reason="Why", actor=company.manager)
    override_tier(assessment=own, tier="5A", reason="Why", actor=company.director)
    theirs = assess(factories.customer(company.manager), company.director)
    with pytest.raises(PermissionDenied):  # the owner is nobody above themselves
        override_tier(assessment=theirs, tier="5A", reason="Why", actor=company.manager)


def test_only_the_latest_assessment_is_overridden(company, customer):
    first = assess(customer, company.rep)
    assess(customer, company.rep)
    with pytest.raises(ValidationError):
        override_tier(assessment=first, tier="5A", reason="Why", actor=company.manager)


def test_other_rules_count_from_now_on_and_leave_what_was_assessed(company, customer):
    before = assess(customer, company.rep)
    changed = edit_tier_rules(
        changes={"thresholds": {**tiers.shipped_thresholds(), "4A": 81}}, seen=None, actor=company.admin
    )
    after = assess(customer, company.rep)
    before.refresh_from_db()
    assert (before.tier, after.tier) == ("4A", "3A")
    assert (before.rules, after.rules) == (TierRules.objects.earliest("valid_from"), changed)
    assert AuditEntry.objects.get(model="tierrules").changes["thresholds"][1]["4A"] == 81
    edit_tier_rules(changes={"assess_every_days": changed.assess_every_days}, seen=None, actor=company.admin)
    assert TierRules.objects.count() == 2


def test_rules_are_the_administrators_and_must_be_sound(company):
    with pytest.raises(PermissionDenied):
        edit_tier_rules(changes={"assess_every_days": 30}, seen=None, actor=company.manager)
    with pytest.raises(ValidationError) as caught:
        edit_tier_rules(changes={"weights": {**tiers.shipped_weights(), "sales": 0}}, seen=None, actor=company.admin)
    assert set(caught.value.message_dict) == {"weights"}
    with pytest.raises(ValidationError):
        edit_tier_rules(changes={"assess_every_days": 0}, seen=None, actor=company.admin)


def test_an_assessment_comes_after_every_tier_that_was_held(company):
    row = create_customer(actor=company.rep, name="New")
    later = CustomerTier.objects.get(customer=row).valid_from + timedelta(days=366 * 200)
    CustomerTier.objects.create(customer=row, valid_from=later, tier="1A")
    made = assess(row, company.rep)
    assert made.assessed_at > later
