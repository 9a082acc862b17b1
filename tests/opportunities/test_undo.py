"""Taking back one's own last change within seconds, as if it had not been."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from accounts.models import AuditEntry, User
from accounts.selectors import today
from customers.actions import archive_customer, merge_customers
from opportunities.actions import (
    Evidence,
    add_checkpoints,
    archive_opportunity,
    assign,
    edit_opportunity,
    move_to_stage,
    record_decision,
    restore_opportunity,
    undo,
)
from opportunities.actions.undo import TooLate
from opportunities.models import Opportunity, OpportunityVersion, Stage
from tests import factories

pytestmark = pytest.mark.django_db

BOOKKEEPING = {"version", "changed_in", "last_change"}


def stored(opportunity):
    row = Opportunity.objects.filter(pk=opportunity.pk).values().get()
    versions = list(OpportunityVersion.objects.filter(opportunity=opportunity).values().order_by("valid_from"))
    return {name: value for name, value in row.items() if name not in BOOKKEEPING}, versions


def close(opportunity, company):
    won = Stage.objects.get(key="won")
    return move_to_stage(
        opportunity=opportunity, stage=won, seen=1, actor=company.rep, amount=Decimal("9.99"), signed_on=today()
    )


def several(opportunity, company):
    changes = {"amount": None, "title": "Other", "next_step": "Call", "expected_close_date": None}
    return edit_opportunity(opportunity=opportunity, changes=changes, seen=1, actor=company.rep)


def archive(opportunity, company):
    return archive_opportunity(opportunity=opportunity, seen=1, actor=company.rep)


def test_nothing_comes_back_to_a_customer_that_is_gone(company):
    row, kept = factories.opportunity(company.rep), factories.customer(company.rep, "Kept")
    closed = close(row, company)
    archive_customer(customer=row.customer, seen=None, actor=company.rep)
    with pytest.raises(TooLate):
        undo(opportunity=closed, actor=company.rep, seen=closed.version)
    row, gone = factories.opportunity(company.rep), factories.customer(company.rep, "Gone")
    edit_opportunity(opportunity=row, changes={"customer": gone}, seen=None, actor=company.rep)
    moved = edit_opportunity(opportunity=row, changes={"customer": kept}, seen=None, actor=company.rep)
    merge_customers(survivor=kept, other=gone, actor=company.admin)
    with pytest.raises(TooLate):
        undo(opportunity=moved, actor=company.rep, seen=moved.version)
    assert Opportunity.objects.get(pk=row.pk).customer == kept


@pytest.mark.parametrize("change", [close, several, archive])
def test_everything_is_as_it_was(company, change):
    opportunity = factories.opportunity(company.rep, next_step="Visit", next_step_due=today())
    before = stored(opportunity)
    changed = change(opportunity, company)
    assert stored(opportunity) != before
    taken_back = undo(opportunity=changed, actor=company.rep, seen=changed.version)
    assert stored(opportunity) == before
    assert taken_back.version == changed.version + 1
    actions = list(
        AuditEntry.objects.filter(object_id=opportunity.pk, model="opportunity").values_list("action", flat=True)
    )
    assert actions[0] == "undo"
    assert len(actions) == 3


def test_a_hand_over_is_taken_back_by_the_manager(company):
    opportunity = factories.opportunity(company.rep)
    before = stored(opportunity)
    handed = assign(opportunity=opportunity, owner=company.mate, seen=1, actor=company.manager)
    undo(opportunity=handed, actor=company.manager, seen=handed.version)
    assert stored(opportunity) == before


def test_only_by_the_same_person_and_only_the_last_change(company):
    opportunity = factories.opportunity(company.rep)
    changed = several(opportunity, company)
    with pytest.raises(TooLate):
        undo(opportunity=changed, actor=company.manager, seen=changed.version)
    again = edit_opportunity(opportunity=changed, changes={"title": "Third"}, seen=2, actor=company.manager)
    with pytest.raises(TooLate):
        undo(opportunity=changed, actor=company.rep, seen=changed.version)
    with pytest.raises(TooLate):
        undo(opportunity=again, actor=company.rep, seen=again.version)


def test_not_twice_and_not_of_a_creation(company):
    opportunity = factories.opportunity(company.rep)
    with pytest.raises(TooLate):
        undo(opportunity=opportunity, actor=company.rep, seen=1)
    changed = several(opportunity, company)
    taken_back = undo(opportunity=changed, actor=company.rep, seen=2)
    with pytest.raises(TooLate):
        undo(opportunity=taken_back, actor=company.rep, seen=taken_back.version)


@pytest.mark.parametrize(("seconds", "accepted"), [(14, True), (16, False)])
def test_fifteen_seconds(company, seconds, accepted):
    opportunity = factories.opportunity(company.rep)
    changed = several(opportunity, company)
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
        if accepted:
            undo(opportunity=changed, actor=company.rep, seen=2)
        else:
            with pytest.raises(TooLate):
                undo(opportunity=changed, actor=company.rep, seen=2)
    assert (stored(opportunity)[0]["title"] == opportunity.title) is accepted


def test_archived_and_restored_into_the_stage_it_had(company):
    opportunity = factories.opportunity(company.rep, stage="decide")
    archived = archive_opportunity(opportunity=opportunity, seen=1, actor=company.manager)
    assert (archived.outcome, archived.archived_at is None) == ("no_go", False)
    restored = restore_opportunity(opportunity=archived, seen=archived.version, actor=company.manager)
    assert (restored.stage.key, restored.outcome, restored.archived_at) == ("decide", "open", None)


def test_one_restored_takes_the_team_that_its_owner_has_now(company):
    opportunity = factories.opportunity(company.rep)
    archived = archive_opportunity(opportunity=opportunity, seen=1, actor=company.manager)
    User.objects.filter(pk=company.rep.pk).update(team=company.west)
    restored = restore_opportunity(opportunity=archived, seen=archived.version, actor=company.director)
    assert (restored.team, restored.owner) == (company.west, company.rep)


def test_evidence_that_came_since_ends_the_possibility(company):
    row = factories.opportunity(company.rep)
    row = edit_opportunity(opportunity=row, changes={"title": "Other"}, seen=None, actor=company.rep)
    record_decision(opportunity=row, decision="go", reason="Real", actor=company.manager)
    with pytest.raises(TooLate):
        undo(opportunity=row, actor=company.rep, seen=row.version)
    contact = factories.contact(company.rep, row.customer)
    row = edit_opportunity(opportunity=row, changes={"title": "Third"}, seen=None, actor=company.rep)
    record = Evidence(factor="power", level=1, grade="E1", evidence="x", contact=contact, said_on=today())
    add_checkpoints(opportunity=row, records=[record], actor=company.rep)
    with pytest.raises(TooLate):
        undo(opportunity=row, actor=company.rep, seen=row.version)
