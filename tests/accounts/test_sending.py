"""What waits in the outbox is sent once its moment has come: by bell and mail, once, in the reader's language."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone, translation

from accounts import notifications, outbox, sending
from accounts.models import Kind, Notification, NotificationPreference, OutboxMessage, User
from customers.actions import assign_customer, create_customer
from opportunities.actions import add_collaborator, assign, create_opportunity, remove_collaborator, undo
from opportunities.models import Opportunity
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def addresses(request):
    if "company" in request.fixturenames:
        for user in request.getfixturevalue("company").people().values():
            User.objects.filter(pk=user.pk).update(email=f"{user.username}@example.com")


def time_passes(**by):
    """As if what waits had been written so long before."""
    moved = timedelta(**(by or {"seconds": 30}))
    for message in OutboxMessage.objects.waiting():
        OutboxMessage.objects.filter(pk=message.pk).update(due_at=message.due_at - moved)


def sent():
    time_passes()
    return sending.sweep()


def said(user):
    with translation.override(user.language):
        found = notifications.told(Notification.objects.visible_to(user), user)
    return [(each.words.title, each.words.url) for each in found]


def handed_over(company, *titles):
    rows = [factories.opportunity(company.rep, title) for title in titles]
    for row in rows:
        assign(opportunity=row, owner=company.mate, seen=row.version, actor=company.manager)
    return rows


def test_a_hand_over_is_told_by_bell_and_mail(company):
    (row,) = handed_over(company, "Press line")

    assert sending.sweep() == Counter()
    assert sent()["sent"] == 2

    (line,) = said(company.mate)
    assert line == (
        f"Manager handed the deal Press line of {row.customer.name} over to you",
        f"/opportunities/{row.pk}/",
    )
    (letter,) = mail.outbox
    assert letter.to == ["mate@example.com"]
    assert letter.subject == f"[Ascent] {line[0]}"
    assert f"https://ascent.example.com/opportunities/{row.pk}/" in letter.body
    assert f'href="https://ascent.example.com/opportunities/{row.pk}/"' in letter.alternatives[0].content
    assert not said(company.rep) and not said(company.manager)


def test_it_is_said_in_the_language_of_its_receiver(company):
    User.objects.filter(pk=company.mate.pk).update(language="zh-hans")
    handed_over(company, "Press line")
    sent()
    assert "Press line" in mail.outbox[0].subject
    with translation.override("zh-hans"):
        assert mail.outbox[0].subject.startswith(f"[{translation.gettext('Ascent')}]")
        assert translation.gettext("Open it in Ascent:") in mail.outbox[0].body


def test_two_hundred_rows_to_one_person_are_one_bell_and_one_mail(company):
    handed_over(company, *(f"Deal {number}" for number in range(24)))
    customer = factories.customer(company.rep)
    assign_customer(customer=customer, owner=company.mate, seen=1, actor=company.manager)

    assert sent() == Counter(sent=50)

    ((title, url),) = said(company.mate)
    assert title == "Manager handed 24 deals and 1 customer over to you"
    assert url == "/opportunities/table/?owner=mate&sort=-created_at"
    (letter,) = mail.outbox
    assert letter.subject == f"[Ascent] {title}"
    assert "Deal 0 ·" in letter.body or customer.name in letter.body
    assert "and 5 more" in letter.body


def test_what_comes_from_two_people_is_told_apart(company):
    handed_over(company, "Press line")
    row = factories.opportunity(company.rep, "Robot cell")
    assign(opportunity=row, owner=company.mate, seen=1, actor=company.director)
    sent()
    assert [title.split()[0] for title, _url in said(company.mate)] == ["Director", "Manager"]


def test_a_hand_over_waits_for_those_that_are_about_to_join_it_but_not_for_long(company):
    handed_over(company, "Press line", "Robot cell")
    first = OutboxMessage.objects.order_by("pk").values_list("pk", flat=True)[:2]
    OutboxMessage.objects.filter(pk__in=list(first)).update(due_at=timezone.now())
    assert sending.sweep() == Counter()

    OutboxMessage.objects.filter(pk__in=list(first)).update(due_at=timezone.now() - timedelta(minutes=2))
    assert sending.sweep()["sent"] == 2


def test_what_was_undone_is_not_sent(company):
    (row,) = handed_over(company, "Press line")
    row.refresh_from_db()
    undo(opportunity=row, actor=company.manager, seen=row.version)
    assert sent() == Counter()
    assert not mail.outbox and not Notification.objects.exists()


def test_what_one_takes_oneself_is_not_told(company):
    row = factories.opportunity(company.rep)
    assign(opportunity=row, owner=company.manager, seen=1, actor=company.manager)
    assign(opportunity=row, owner=company.manager, seen=None, actor=company.admin)
    customer = factories.customer(company.rep)
    assign_customer(customer=customer, owner=company.manager, seen=1, actor=company.manager)
    assert not OutboxMessage.objects.exists()


def test_what_is_created_for_somebody_else_is_told(company):
    customer = create_customer(actor=company.manager, name="Rail Works", owner=company.rep)
    create_opportunity(
        actor=company.manager, customer=customer, title="Press line", amount=None, expected_close_date=None,
        owner=company.mate,
    )  # fmt: skip
    sent()
    assert "Press line" in said(company.mate)[0][0]
    assert customer.name in said(company.rep)[0][0]


def test_somebody_who_was_added_is_told_also_when_the_change_before_is_undone(company):
    row = factories.opportunity(company.rep, "Press line")
    row = assign(opportunity=row, owner=company.mate, seen=1, actor=company.manager)
    add_collaborator(opportunity=row, user=company.stranger, actor=company.manager)
    undo(opportunity=row, actor=company.manager, seen=row.version)
    sent()
    assert said(company.stranger)[0][0].startswith("Manager added you to the deal Press line")
    assert not said(company.mate)


def test_a_portfolio_is_told_in_numbers(company):
    outbox.announce(
        Kind.HANDED_OVER, to=[company.mate], row=company.rep, params={"opportunities": 3, "customers": 1}, hold=False
    )
    sent()
    assert said(company.mate)[0][0] == "3 deals and 1 customer of Rep are yours now"


# --- Who is told


@pytest.mark.parametrize(
    ("bell", "by_mail", "notes", "letters"), [(False, True, 0, 1), (True, False, 1, 0), (False, False, 0, 0)]
)
def test_it_goes_the_ways_that_its_receiver_wants_when_it_is_sent(company, bell, by_mail, notes, letters):
    handed_over(company, "Press line")
    NotificationPreference.objects.create(user=company.mate, kind=Kind.OVERDUE, bell=False, mail=False)
    NotificationPreference.objects.create(user=company.mate, kind=Kind.HANDED_OVER, bell=bell, mail=by_mail)
    sent()
    assert (Notification.objects.count(), len(mail.outbox)) == (notes, letters)
    assert OutboxMessage.objects.filter(dropped_at__isnull=False).count() == 2 - notes - letters


def test_nobody_is_told_of_what_they_may_no_longer_see_when_it_is_sent(company):
    first, _second = handed_over(company, "Press line", "Robot cell")
    assign(opportunity=first, owner=company.rep, seen=None, actor=company.manager)
    OutboxMessage.objects.filter(recipient=company.rep).delete()

    assert sent() == Counter(sent=2, dropped=2)
    assert "Robot cell" in said(company.mate)[0][0]
    assert "Press line" not in mail.outbox[0].body + mail.outbox[0].subject


def test_a_notification_is_shown_only_while_its_row_may_be_seen(company):
    row = factories.opportunity(company.rep, "Press line")
    add_collaborator(opportunity=row, user=company.stranger, actor=company.rep)
    sent()
    assert notifications.unread_count(company.stranger) == 1 and said(company.stranger)

    remove_collaborator(opportunity=row, user=company.stranger, actor=company.rep)
    assert notifications.unread_count(company.stranger) == 0 and not said(company.stranger)


def test_who_has_no_address_is_told_by_bell_alone(company):
    User.objects.filter(pk=company.mate.pk).update(email="")
    handed_over(company, "Press line")
    assert sent() == Counter(sent=1, dropped=1)
    assert not mail.outbox


def test_who_was_deactivated_is_told_nothing(company):
    handed_over(company, "Press line")
    User.objects.filter(pk=company.mate.pk).update(deactivated_at=timezone.now())
    assert sent() == Counter(dropped=2)


def test_a_kind_of_mails_goes_by_mail_alone_and_cannot_be_switched_off(company, monkeypatch):
    monkeypatch.setitem(notifications.MAILS, "invitation", "tests.accounts.test_sending.invitation_of")
    for number, person in enumerate([company.rep, company.mate]):
        OutboxMessage.objects.create(
            channel="mail", kind="invitation", recipient=person, object_id=number, due_at=timezone.now()
        )
    assert sent() == Counter(sent=1, dropped=1)
    assert (mail.outbox[0].subject, mail.outbox[0].body) == ("[Ascent] Come in", "Here: rep")


def invitation_of(message):
    return ("Come\nin", f"Here: {message.recipient.username}") if message.object_id == 0 else None


# --- When it goes wrong


class Refusing(sending.get_connection().__class__):
    """A mail server that can be down."""

    down = True

    def open(self):
        if Refusing.down:
            raise ConnectionRefusedError("nobody there")

    def close(self):
        pass


@pytest.fixture
def mail_server(settings, monkeypatch):
    settings.EMAIL_BACKEND = "tests.accounts.test_sending.Refusing"
    monkeypatch.setattr(Refusing, "down", True)
    return Refusing


def test_a_mail_server_that_refuses_is_tried_again_later_and_nothing_is_lost(company, mail_server, caplog):
    handed_over(company, "Press line")
    assert sent() == Counter(sent=1, failed=1)
    waiting = OutboxMessage.objects.waiting().get()
    assert waiting.error == "ConnectionRefusedError: nobody there" and waiting.attempts == 1
    assert timedelta(0) < waiting.due_at - timezone.now() <= timedelta(minutes=1)
    assert "was not sent" in caplog.text
    assert sending.sweep() == Counter()

    mail_server.down = False
    time_passes(minutes=1)
    assert sending.sweep() == Counter(sent=1)
    assert len(mail.outbox) == 1
    assert not OutboxMessage.objects.exclude(sent_at__isnull=False).exists()


def test_it_is_given_up_after_the_last_attempt(company, mail_server):
    handed_over(company, "Press line")
    for _attempt in range(sending.ATTEMPTS):
        assert OutboxMessage.objects.waiting().filter(channel="mail").exists()
        time_passes(days=1)
        sending.sweep()
    assert OutboxMessage.objects.get(channel="mail").failed_at is not None
    time_passes(days=1)
    assert sending.sweep() == Counter()


def test_what_a_worker_died_with_is_sent_when_its_lease_ends(company, monkeypatch):
    handed_over(company, "Press line")
    time_passes()

    def killed(*_args):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(sending.Post, "send", killed)
        with pytest.raises(SystemExit):
            sending.sweep()
    assert sending.sweep() == Counter()

    OutboxMessage.objects.waiting().update(leased_until=timezone.now() - timedelta(seconds=1))
    assert sending.sweep() == Counter(sent=1)
    assert len(mail.outbox) == 1


def test_what_is_dropped_while_it_is_in_hand_is_not_sent(company, monkeypatch):
    handed_over(company, "Press line")
    (row,) = Opportunity.objects.all()
    real = sending._deliver

    def undone_meanwhile(*args):
        outbox.drop(row, version=row.version)
        return real(*args)

    monkeypatch.setattr(sending, "_deliver", undone_meanwhile)
    assert sent()["sent"] == 0
    assert not mail.outbox and not Notification.objects.exists()


def test_the_command_sends_too(company, capsys):
    handed_over(company, "Press line")
    time_passes()
    call_command("send_outbox")
    assert capsys.readouterr().out == "2 sent, 0 dropped, 0 to be tried again\n"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_workers_side_by_side_send_each_message_once(company):
    people = [factories.person(f"p{number}", email=f"p{number}@example.com") for number in range(60)]
    outbox.announce(Kind.HANDED_OVER, to=people, row=company.rep, params={"opportunities": 1}, hold=False)
    started = threading.Barrier(4)

    def work():
        started.wait()
        try:
            sending.sweep()
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Notification.objects.count() == 60
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(person.email for person in people)
    assert OutboxMessage.objects.filter(sent_at__isnull=False).count() == 120
    assert connection.vendor in ("sqlite", "postgresql")
