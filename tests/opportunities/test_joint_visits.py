"""A joint visit is a trace of the customer's only when it took place, and for as long as it stays one."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.selectors import today
from opportunities import actions
from opportunities.actions import Evidence
from opportunities.models import Activity, ActivityKind
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep)


def kind(key):
    return ActivityKind.objects.get(key=key)


def visit(deal, **fields):
    fields = {"kind": kind("visit"), "owner": deal.owner, "opportunity": deal, "customer": deal.customer, **fields}
    return Activity.objects.create(**fields)


def record(deal, activity):
    contact = factories.contact(deal.owner, deal.customer)
    told = {"evidence": "He said so", "contact": contact, "said_on": today(), "activity": activity}
    return actions.add_checkpoints(
        opportunity=deal, records=[Evidence(factor="power", level=3, grade="E2", **told)], actor=deal.owner
    )


@pytest.mark.parametrize("when", [{}, {"cancelled_at": timezone.now()}])
def test_what_has_not_taken_place_proves_nothing(deal, when):
    ahead = visit(deal, planned_at=timezone.now() + timedelta(days=20), **when)
    with pytest.raises(ValidationError) as refused:
        record(deal, ahead)
    assert set(refused.value.message_dict) == {"link", "activity"}


def test_a_visit_that_evidence_rests_on_stays_one(deal):
    done = visit(deal, done_at=timezone.now())
    (made,) = record(deal, done)
    call = {"kind": kind("call")}
    with pytest.raises(ValidationError) as refused:
        actions.edit_activity(activity=done, changes=call, seen=None, actor=deal.owner)
    assert set(refused.value.message_dict) == {"kind"}
    actions.withdraw_checkpoint(checkpoint=made, reason="Misheard", actor=deal.owner)
    assert actions.edit_activity(activity=done, changes=call, seen=None, actor=deal.owner).kind == kind("call")


def test_another_joint_kind_is_as_good(deal):
    done = visit(deal, done_at=timezone.now())
    record(deal, done)
    actions.edit_activity(activity=done, changes={"kind": kind("meeting")}, seen=None, actor=deal.owner)
    done.refresh_from_db()
    assert done.kind == kind("meeting")
