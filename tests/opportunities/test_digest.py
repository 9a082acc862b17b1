"""Overdue next steps are told once a working day, from 08:00 where the organisation is."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import sending
from accounts.models import Kind, Notification, Organisation, OutboxMessage, User
from opportunities.actions import assign, edit_opportunity
from opportunities.digest import announce_overdue
from opportunities.models import Opportunity
from tests import factories

pytestmark = pytest.mark.django_db

WEDNESDAY = date(2026, 11, 25)
EIGHT = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


@pytest.fixture
def deals(company):
    User.objects.filter(pk=company.rep.pk).update(email="rep@example.com")
    due = {"next_step": "Call them", "next_step_due": WEDNESDAY - timedelta(1)}
    return [factories.opportunity(company.rep, f"Deal {number}", **due) for number in range(3)]


def told_at(moment):
    with time_machine.travel(moment, tick=False):
        return announce_overdue()


def test_one_bell_and_one_mail_a_day_and_person(company, deals):
    factories.opportunity(company.mate, "Fine", next_step="Call", next_step_due=WEDNESDAY)
    assert told_at(EIGHT) == 1
    assert told_at(EIGHT + timedelta(minutes=10)) == 0
    with time_machine.travel(EIGHT + timedelta(minutes=1), tick=False):
        assert sending.sweep()["sent"] == 2
    (note,) = Notification.objects.all()
    assert (note.recipient, note.params) == (company.rep, {"count": 3, "day": "2026-11-25"})
    (letter,) = mail.outbox
    assert letter.subject == "[Ascent] 3 next steps of yours are overdue (25 Nov)"
    assert f"Call them (24 Nov): Deal 0, {deals[0].customer.name}" in letter.body
    assert "/opportunities/table/?owner=rep&outcome=open&sort=next_step_due" in letter.body
    assert told_at(EIGHT + timedelta(days=1)) == 2  # the fourth is overdue by then


def test_what_was_done_before_the_mail_goes_out_is_not_in_it(company, deals):
    told_at(EIGHT)
    with time_machine.travel(EIGHT + timedelta(minutes=1), tick=False):
        edit_opportunity(opportunity=deals[0], changes={"next_step_due": WEDNESDAY}, seen=1, actor=company.rep)
        assign(opportunity=deals[1], owner=company.mate, seen=1, actor=company.manager)
        sending.sweep()
        assert "Deal 2" in mail.outbox[0].body
        assert "Deal 0" not in mail.outbox[0].body and "Deal 1" not in mail.outbox[0].body


def test_nothing_is_said_when_nothing_is_left_to_say(company, deals):
    told_at(EIGHT)
    Opportunity.objects.update(next_step_due=None)
    with time_machine.travel(EIGHT + timedelta(minutes=1), tick=False):
        assert sending.sweep()["dropped"] == 2


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"next_step": "  "}, 0),
        ({"next_step": "", "next_step_due": WEDNESDAY - timedelta(9)}, 0),
        ({"next_step_due": WEDNESDAY}, 0),
        ({"archived_at": EIGHT}, 0),
        ({"outcome": "won"}, 0),
        ({"next_step_due": WEDNESDAY - timedelta(400)}, 1),
    ],
)
def test_whose_next_steps_are_overdue(company, deals, fields, count):
    Opportunity.objects.update(**fields)
    assert told_at(EIGHT) == count


def test_who_has_left_is_not_told(company, deals):
    User.objects.filter(pk=company.rep.pk).update(active_until=WEDNESDAY - timedelta(1))
    assert told_at(EIGHT) == 0


@pytest.mark.parametrize(
    ("zone", "moment", "told"),
    [
        ("Asia/Shanghai", EIGHT - timedelta(minutes=1), 0),
        ("Asia/Shanghai", EIGHT, 1),
        ("Asia/Shanghai", EIGHT + timedelta(hours=15), 1),  # beat was down: still that day
        ("Asia/Shanghai", EIGHT + timedelta(hours=16), 0),  # the next day has begun
        ("America/New_York", EIGHT, 0),  # still Tuesday evening: due yesterday is due today there
        ("America/New_York", datetime(2026, 11, 25, 13, 0, tzinfo=UTC), 1),
        ("Pacific/Kiritimati", datetime(2026, 11, 24, 18, 0, tzinfo=UTC), 1),
    ],
)
def test_the_morning_is_that_of_the_organisation(company, deals, zone, moment, told):
    Organisation.objects.update(timezone=zone)
    assert told_at(moment) == told


@pytest.mark.parametrize(
    ("days", "told"), [([1, 2, 3, 4, 5], [1, 1, 1, 0, 0, 1]), ([6, 7], [0, 0, 0, 1, 1, 0]), ([], [0] * 6)]
)
def test_only_working_days_have_a_digest(company, deals, days, told):
    Organisation.objects.update(working_days=days)
    assert [told_at(EIGHT + timedelta(days=n)) for n in range(6)] == told


def test_a_thousand_people_cost_as_many_queries_as_one(company, deals):
    def counted(moment):
        with CaptureQueriesContext(connection) as captured:
            told_at(moment)
        return [query["sql"].split()[0] for query in captured if query["sql"].startswith(("SELECT", "UPDATE"))]

    few = counted(EIGHT)
    User.objects.bulk_create(User(username=f"u{n}", name=f"U {n}", role="rep") for n in range(100))
    template, people = deals[0], User.objects.filter(username__startswith="u")
    values = {field.attname: getattr(template, field.attname) for field in template._meta.fields}
    Opportunity.objects.bulk_create(
        Opportunity(**values | {"id": None, "key": f"x{person.pk}", "owner_id": person.pk}) for person in people
    )
    assert counted(EIGHT + timedelta(days=1)) == few == ["SELECT"] * 5
    assert OutboxMessage.objects.filter(kind=Kind.OVERDUE).count() == 2 + 202
