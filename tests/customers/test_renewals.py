"""Contracts that end soon: told to the customer's owner 90 and 30 days before, once each; listed on My day."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import sending
from accounts.models import Kind, Notification, OutboxMessage, User
from accounts.selectors import today
from customers.actions import archive_contract, archive_customer, assign_customer, create_contract, renew_contract
from customers.models import Contract
from customers.renewal_digest import announce_renewals
from customers.selectors.plans import due_of
from customers.selectors.renewals import mark_of
from customers.tasks import renewal_digest
from pipeline.selectors.my_day import my_day
from tests import factories

pytestmark = pytest.mark.django_db

WEDNESDAY = date(2026, 11, 25)
EIGHT = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


@pytest.fixture
def customer(company):
    User.objects.filter(pk=company.rep.pk).update(email="rep@example.com")
    return factories.customer(company.rep, "Own")


def ending(actor, customer, days, title="Service", day=WEDNESDAY):
    end = day + timedelta(days)
    return create_contract(
        actor=actor, customer=customer, title=title, starts_on=end - timedelta(364), ends_on=end
    )  # fmt: skip


def told_at(moment):
    with time_machine.travel(moment, tick=False):
        return announce_renewals()


def told_on(days):
    return told_at(EIGHT + timedelta(days))


@pytest.mark.parametrize(
    ("left", "mark"),
    [(91, None), (90, 90), (84, 90), (83, None), (31, None), (30, 30), (24, 30), (23, None)],
)
def test_a_mark_is_reached_on_its_day_and_made_up_for_in_a_week(left, mark):
    assert mark_of(WEDNESDAY + timedelta(left), WEDNESDAY) == mark


def test_one_bell_and_one_mail_for_all_that_reach_a_mark_that_day(company, customer):
    for days, title in ((90, "Line"), (30, "Service"), (60, "Between"), (91, "Tomorrow")):
        ending(company.rep, customer, days, title)
    assert told_at(EIGHT - timedelta(minutes=1)) == 0
    assert told_at(EIGHT) == 1
    assert told_at(EIGHT + timedelta(minutes=10)) == 0
    with time_machine.travel(EIGHT + timedelta(minutes=1), tick=False):
        assert sending.sweep()["sent"] == 2
    (note,) = Notification.objects.all()
    assert (note.recipient, note.kind, len(note.params["contracts"])) == (company.rep, Kind.RENEWAL_DUE, 2)
    (letter,) = mail.outbox
    assert letter.subject == "[Ascent] 2 contracts of your customers are about to end (25 Nov)"
    assert "Service, Own: ends on 25 Dec 2026" in letter.body
    assert "Line, Own" in letter.body
    assert "Between" not in letter.body
    assert "/contracts/?due=true" in letter.body


def test_each_mark_is_told_once(company, customer):
    ending(company.rep, customer, 90)
    assert [told_on(days) for days in (0, 1, 2, 5, 6, 7, 8)] == [1, 0, 0, 0, 0, 0, 0]
    assert [told_on(days) for days in (58, 61, 62, 63, 65, 68, 69)] == [0, 1, 0, 0, 0, 0, 0]  # 60 is a Sunday


def test_what_is_missed_is_made_up_for_and_what_comes_later_that_day_is_told_the_next(company, customer):
    ending(company.rep, customer, 90)
    assert told_on(2) == 1  # a worker was down for two days
    ending(company.rep, customer, 92, "Entered since")
    assert told_at(EIGHT + timedelta(days=2, hours=1)) == 0
    assert told_on(5) == 1
    assert OutboxMessage.objects.latest("id").params["contracts"] == [[Contract.objects.latest("id").pk, 90]]


def test_what_is_renewed_archived_or_nobodys_is_not_told(company, customer):
    first, second = (ending(company.rep, customer, 90, title) for title in ("A", "B"))
    gone = factories.customer(company.rep, "Gone")
    ending(company.rep, gone, 90)
    archive_customer(customer=gone, seen=None, actor=company.rep)
    renew_contract(contract=first, ends_on=date(2028, 1, 1), amount=None, actor=company.rep)
    archive_contract(contract=second, seen=None, actor=company.rep)
    assert told_at(EIGHT) == 0


def test_it_is_the_present_owner_who_is_told_if_still_here(company, customer):
    ending(company.rep, customer, 90)
    assign_customer(customer=customer, owner=company.mate, seen=None, actor=company.manager)
    assert told_at(EIGHT) == 1
    assert set(OutboxMessage.objects.filter(kind=Kind.RENEWAL_DUE).values_list("recipient", flat=True)) == {
        company.mate.pk
    }
    User.objects.filter(pk=company.mate.pk).update(active_until=WEDNESDAY)
    ending(company.manager, customer, 91)
    assert told_on(1) == 0


def test_what_is_settled_before_the_mail_goes_out_is_not_in_it(company, customer):
    rows = [ending(company.rep, customer, 90, title) for title in ("A", "B")]
    told_at(EIGHT)
    with time_machine.travel(EIGHT + timedelta(minutes=1), tick=False):
        renew_contract(contract=rows[0], ends_on=date(2028, 1, 1), amount=None, actor=company.rep)
        sending.sweep()
        assert "B, Own" in mail.outbox[0].body
        assert "A, Own" not in mail.outbox[0].body


def test_nothing_is_said_when_nothing_is_left_or_wanted(company, customer, signed_in):
    row = ending(company.rep, customer, 90)
    told_at(EIGHT)
    assign_customer(customer=customer, owner=company.mate, seen=None, actor=company.manager)
    OutboxMessage.objects.exclude(kind=Kind.RENEWAL_DUE).delete()
    with time_machine.travel(EIGHT + timedelta(minutes=1), tick=False):
        assert sending.sweep()["dropped"] == 2
    company.mate.notification_preferences.create(kind=Kind.RENEWAL_DUE, bell=False, mail=False)
    assert told_on(1) == 1  # the new owner is told of it
    with time_machine.travel(EIGHT + timedelta(days=1, minutes=1), tick=False):
        assert sending.sweep()["dropped"] == 2
    assert not Notification.objects.exists()
    assert row.pk


def test_it_comes_in_the_language_of_its_reader(company, customer):
    User.objects.filter(pk=company.rep.pk).update(language="zh-hans")
    ending(company.rep, customer, 30)
    told_at(EIGHT)
    with time_machine.travel(EIGHT + timedelta(minutes=1), tick=False):
        sending.sweep()
    assert "2026-12-25" in mail.outbox[0].body
    assert "登顶" in mail.outbox[0].body


@pytest.mark.parametrize("people", [1, 40])
def test_as_many_queries_however_many_people(company, customer, people):
    ending(company.rep, customer, 90)
    User.objects.bulk_create(User(username=f"u{n}", name=f"U {n}", role="rep") for n in range(people))
    for person in User.objects.filter(username__startswith="u"):
        ending(person, factories.customer(person), 90)
    with CaptureQueriesContext(connection) as captured:
        assert told_at(EIGHT) == people + 1
    reads = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
    assert len(reads) <= 6


def test_the_task_asks_for_it(company):
    renewal_digest()
    assert not OutboxMessage.objects.exists()


def test_my_day_lists_those_of_ones_own_customers(company, customer, signed_in):
    day = today()
    soon = ending(company.rep, customer, 20, "Soon", day)
    ending(company.rep, customer, 91, "Later", day)
    key = factories.customer(company.rep, "Key", tier="5A")
    ending(company.rep, key, 0, "Last day", day)
    ending(company.mate, factories.customer(company.mate, "Others"), 5, "Theirs", day)
    assert [(row.what, row.row) for row in my_day(company.rep).renewals][1:] == [("Soon", soon.pk)]
    assert [row.what for row in my_day(company.rep, key_only=True).renewals] == ["Last day"]
    assert my_day(company.rep).to_do == 2
    page = signed_in(company.rep).get("/day/").content.decode()
    assert "Contracts to renew" in page
    assert f"/contracts/{soon.pk}/renew/" in page
    assert "Theirs" not in page
    assert "Contracts to renew" not in signed_in(company.manager).get("/day/").content.decode()


@pytest.mark.parametrize("number", [2, 30])
def test_my_day_costs_the_same_whatever_there_is(company, customer, signed_in, number):
    day = today()
    for _n in range(number):
        ending(company.rep, customer, 20, day=day)
    client = signed_in(company.rep)
    client.get("/day/")
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/day/").status_code == 200
    assert len(captured) <= 15
    with CaptureQueriesContext(connection) as captured:
        assert len(due_of(company.rep, day)) == number
    assert len(captured) == 1
