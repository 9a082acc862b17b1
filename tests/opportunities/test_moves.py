"""The one action that moves a stage, and what it leaves behind."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.models import AuditEntry
from accounts.selectors import today
from config.web.revisions import StaleWrite
from opportunities.actions import assign, edit_opportunity, move_to_stage
from opportunities.models import Opportunity, OpportunityVersion, Stage
from opportunities.querysets import FOREVER
from tests import factories

pytestmark = pytest.mark.django_db


def stage(key):
    return Stage.objects.get(key=key)


def move(opportunity, key, actor, **given):
    given.setdefault("seen", opportunity.version)
    return move_to_stage(opportunity=opportunity, stage=stage(key), actor=actor, **given)


def versions(opportunity):
    return list(OpportunityVersion.objects.filter(opportunity=opportunity).order_by("valid_from"))


def test_a_move_writes_the_opportunity_its_version_and_the_trail(company):
    opportunity = factories.opportunity(company.rep)
    moved = move(opportunity, "cocreate", company.rep)
    stored = Opportunity.objects.get(pk=opportunity.pk)
    assert (stored.stage.key, stored.win_rate, stored.outcome) == ("cocreate", Decimal("0.5000"), "open")
    assert stored.version == moved.version == 2
    first, second = versions(opportunity)
    assert first.valid_to == second.valid_from == stored.changed_at == stored.entered_at
    assert (first.stage.key, second.stage.key, second.valid_to) == ("discover", "cocreate", FOREVER)
    assert second.actor == company.rep
    entry = AuditEntry.objects.filter(model="opportunity", object_id=opportunity.pk).first()
    assert (entry.action, entry.actor, entry.object_version) == ("move", company.rep, 2)
    assert entry.changes == {"stage": ["discover", "cocreate"]}


def test_a_move_to_the_stage_it_has_changes_nothing(company):
    opportunity = factories.opportunity(company.rep)
    assert move(opportunity, "discover", company.rep).version == 1
    assert len(versions(opportunity)) == 1


def test_won_needs_amount_and_signing_date(company):
    opportunity = factories.opportunity(company.rep, amount=None)
    with pytest.raises(ValidationError) as refused:
        move(opportunity, "won", company.rep)
    assert set(refused.value.message_dict) == {"amount", "signed_on"}
    with pytest.raises(ValidationError):
        move(opportunity, "won", company.rep, amount=Decimal("5.00"), signed_on=today() + timedelta(days=1))
    won = move(opportunity, "won", company.rep, amount=Decimal("5.00"), signed_on=today())
    assert (won.outcome, won.amount, won.signed_on, won.win_rate) == ("won", Decimal("5.00"), today(), 1)
    assert won.closed_at == won.entered_at
    assert len(versions(opportunity)) == 2


@pytest.mark.parametrize("key", ["lost", "no_decision", "no_go"])
def test_closing_without_a_signature_needs_a_reason(company, key):
    opportunity = factories.opportunity(company.rep)
    with pytest.raises(ValidationError) as refused:
        move(opportunity, key, company.rep, reason=" ")
    assert list(refused.value.message_dict) == ["reason"]
    closed = move(opportunity, key, company.rep, reason="Price", competitor="Rival")
    assert (closed.outcome, closed.win_rate, closed.competitor, closed.signed_on) == (key, 0, "Rival", None)
    assert versions(opportunity)[-1].reason == "Price"


def test_going_back_needs_a_reason(company):
    opportunity = factories.opportunity(company.rep, stage="decide")
    with pytest.raises(ValidationError):
        move(opportunity, "validate", company.rep)
    assert move(opportunity, "validate", company.rep, reason="Need changed").furthest == stage("decide").position


def test_only_a_manager_above_the_owner_reopens(company):
    opportunity = factories.opportunity(company.rep)
    closed = move(opportunity, "lost", company.rep, reason="Price")
    for person in (company.rep, company.admin, company.executive):
        with pytest.raises(PermissionDenied):
            move(closed, "decide", person, reason="Back again")
    with pytest.raises(Http404):
        move(closed, "decide", company.other_manager, reason="Back again")
    with pytest.raises(ValidationError):
        move(closed, "decide", company.manager)
    reopened = move(closed, "decide", company.manager, reason="Back again")
    assert (reopened.outcome, reopened.competitor, reopened.closed_at) == ("open", "", None)


def test_a_manager_does_not_reopen_their_own(company):
    opportunity = factories.opportunity(company.manager)
    closed = move(opportunity, "lost", company.manager, reason="Price")
    with pytest.raises(PermissionDenied):
        move(closed, "decide", company.manager, reason="Back")
    assert move(closed, "decide", company.director, reason="Back").is_open


def test_a_retired_stage_is_no_target(company):
    Stage.objects.filter(key="decide").update(retired_at=factories.Opportunity._meta.get_field("created_at").default())
    opportunity = factories.opportunity(company.rep)
    with pytest.raises(ValidationError):
        move(opportunity, "decide", company.rep)


def test_a_stale_move_is_refused_when_the_stage_or_the_owner_was_changed(company):
    opportunity = factories.opportunity(company.rep)
    move(opportunity, "validate", company.rep)
    with pytest.raises(StaleWrite) as stale:
        move(opportunity, "cocreate", company.rep, seen=1)
    assert stale.value.conflicts == ["stage"]
    current = Opportunity.objects.get(pk=opportunity.pk)
    handed = assign(opportunity=current, owner=company.mate, seen=2, actor=company.manager)
    with pytest.raises(StaleWrite) as stale:
        move(handed, "cocreate", company.manager, seen=2)
    assert stale.value.conflicts == ["owner"]


def test_a_stale_write_is_taken_when_other_fields_were_changed(company):
    opportunity = factories.opportunity(company.rep)
    edit_opportunity(opportunity=opportunity, changes={"next_step": "Call"}, seen=1, actor=company.rep)
    moved = move(opportunity, "validate", company.rep, seen=1)
    edited = edit_opportunity(opportunity=moved, changes={"amount": Decimal("7.00")}, seen=1, actor=company.rep)
    assert (edited.version, edited.next_step, edited.amount, edited.stage.key) == (4, "Call", 7, "validate")


def test_edits_keep_the_past_only_of_what_has_one(company):
    opportunity = factories.opportunity(company.rep)
    edit_opportunity(opportunity=opportunity, changes={"title": "Other"}, seen=1, actor=company.rep)
    assert len(versions(opportunity)) == 1
    edited = edit_opportunity(
        opportunity=opportunity, changes={"amount": None, "next_step": "x"}, seen=None, actor=company.rep
    )
    assert len(versions(opportunity)) == 2
    assert edited.entered_at == opportunity.entered_at


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "x" * 10_000},
        {"amount": Decimal("-1")},
        {"amount": Decimal("1e20")},
        {"next_step": "x" * 501},
        {"forecast_category": "sure"},
        {"title": "a\x00b"},
    ],
)
def test_values_that_are_not_accepted_write_nothing(company, changes):
    opportunity = factories.opportunity(company.rep)
    with pytest.raises(ValidationError) as refused:
        edit_opportunity(opportunity=opportunity, changes=changes, seen=1, actor=company.rep)
    assert list(refused.value.message_dict) == list(changes)
    assert len(versions(opportunity)) == 1
    assert Opportunity.objects.get(pk=opportunity.pk).version == 1


def test_handing_over_moves_the_team_and_ends_the_former_owners_access(company):
    opportunity = factories.opportunity(company.rep)
    with pytest.raises(PermissionDenied):
        assign(opportunity=opportunity, owner=company.mate, seen=1, actor=company.rep)
    with pytest.raises(ValidationError):
        assign(opportunity=opportunity, owner=company.stranger, seen=1, actor=company.manager)
    handed = assign(opportunity=opportunity, owner=company.stranger, seen=1, actor=company.admin)
    assert (handed.owner, handed.team, handed.customer) == (company.stranger, company.west, opportunity.customer)
    assert not Opportunity.objects.visible_to(company.rep).exists()
    assert versions(opportunity)[-1].team == company.west
