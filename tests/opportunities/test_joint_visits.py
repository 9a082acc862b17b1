"""A joint visit is a trace of the customer's only when it took place, and for as long as it stays one."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from accounts.selectors import calendar, today
from opportunities import actions
from opportunities.actions import Evidence
from opportunities.models import Activity, ActivityKind
from tests import factories
from tests.opportunities.browser_door import HTMX, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep)


def kind(key):
    return ActivityKind.objects.get(key=key)


@pytest.fixture
def contact(deal):
    return factories.contact(deal.owner, deal.customer)


def visit(deal, *present, **fields):
    fields = {"kind": kind("visit"), "owner": deal.owner, "opportunity": deal, "customer": deal.customer, **fields}
    row = Activity.objects.create(**fields)
    row.contacts.add(*present)
    return row


def record(deal, activity, contact, **told):
    told = {"evidence": "He said so", "contact": contact, "said_on": today(), "activity": activity, **told}
    return actions.add_checkpoints(
        opportunity=deal, records=[Evidence(factor="power", level=3, grade="E2", **told)], actor=deal.owner
    )


@pytest.mark.parametrize("when", [{}, {"cancelled_at": timezone.now()}])
def test_what_has_not_taken_place_proves_nothing(deal, contact, when):
    ahead = visit(deal, contact, planned_at=timezone.now() + timedelta(days=20), **when)
    with pytest.raises(ValidationError) as refused:
        record(deal, ahead, contact)
    assert set(refused.value.message_dict) == {"link", "activity"}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_only_who_was_there_said_so_and_only_on_that_day(deal, contact, language):
    done = visit(deal, contact, done_at=timezone.now() - timedelta(days=3))
    day, somebody_else = calendar().local_date(done.done_at), factories.contact(deal.owner, deal.customer)
    wrong = {
        "contact": ({"contact": somebody_else, "said_on": day}, {"en": "was not with", "zh-hans": "没有这个人参加"}),
        "said_on": ({"contact": contact, "said_on": today()}, {"en": "on another day", "zh-hans": "在另一天"}),
    }
    for field, (told, words) in wrong.items():
        with pytest.raises(ValidationError) as refused, translation.override(language):
            record(deal, done, **told)
        assert set(refused.value.message_dict) == {field}
        assert words[language] in refused.value.message_dict[field][0]
        (made,) = record(deal, done, **told, link="https://example.com/minutes")  # which shows it by itself
        actions.withdraw_checkpoint(checkpoint=made, reason="Misheard", actor=deal.owner)
    assert record(deal, done, contact, said_on=day)


def test_the_form_offers_joint_visits_and_tells_at_the_field_who_was_not_there(company, deal, contact, signed_in):
    done = visit(deal, done_at=timezone.now())
    call = visit(deal, contact, kind=kind("call"), done_at=timezone.now())
    client, door = signed_in(company.rep), f"/opportunities/{deal.pk}/evidence/add/?factor=power"
    page = text_of(client.get(door, headers=HTMX))
    assert (done.key in page, call.key in page) == (True, False)
    typed = {"levels": ["3"], "grade": "E2", "evidence_3": "x", "contact": contact.key, "day": "today"}
    answer = client.post(door, {**typed, "activity": done.key}, headers=HTMX)
    assert answer.status_code == 422
    assert "The visit was not with this person" in text_of(answer)
    done.contacts.add(contact)
    assert client.post(door, {**typed, "activity": done.key}, headers=HTMX).status_code == 200


def test_who_said_so_stays_among_those_who_were_there(deal, contact):
    done = visit(deal, contact, factories.contact(deal.owner, deal.customer), done_at=timezone.now())
    record(deal, done, contact)
    edit = {"activity": done, "seen": None, "actor": deal.owner}
    with pytest.raises(ValidationError) as refused:
        actions.edit_activity(**edit, changes={"contacts": []})
    assert set(refused.value.message_dict) == {"contacts"}
    assert list(actions.edit_activity(**edit, changes={"contacts": [contact]}).contacts.all()) == [contact]


def test_a_visit_that_evidence_rests_on_stays_one(deal, contact):
    done = visit(deal, contact, done_at=timezone.now())
    (made,) = record(deal, done, contact)
    call = {"kind": kind("call")}
    with pytest.raises(ValidationError) as refused:
        actions.edit_activity(activity=done, changes=call, seen=None, actor=deal.owner)
    assert set(refused.value.message_dict) == {"kind"}
    actions.withdraw_checkpoint(checkpoint=made, reason="Misheard", actor=deal.owner)
    assert actions.edit_activity(activity=done, changes=call, seen=None, actor=deal.owner).kind == kind("call")


def test_another_joint_kind_is_as_good(deal, contact):
    done = visit(deal, contact, done_at=timezone.now())
    record(deal, done, contact)
    actions.edit_activity(activity=done, changes={"kind": kind("meeting")}, seen=None, actor=deal.owner)
    done.refresh_from_db()
    assert done.kind == kind("meeting")
