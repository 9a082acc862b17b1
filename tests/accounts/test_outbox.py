"""What has to be sent is written with the change, once, and dropped by an undo."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import outbox
from accounts.models import Kind, OutboxMessage
from opportunities.actions import edit_opportunity, undo
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def changed(company):
    row = factories.opportunity(company.rep, "Press line")
    return edit_opportunity(opportunity=row, changes={"amount": Decimal(5)}, seen=row.version, actor=company.rep)


def test_a_message_waits_for_as_long_as_an_undo_is_accepted(company, changed):
    outbox.announce(Kind.HANDED_OVER, to=[company.mate], row=changed)

    bell, mail = OutboxMessage.objects.all()
    assert (bell.channel, mail.channel) == ("bell", "mail")
    assert bell.due_at - bell.created_at > timedelta(seconds=15)
    assert not OutboxMessage.objects.due().exists()


def test_an_undo_drops_what_its_change_would_have_sent(company, changed):
    outbox.announce(Kind.HANDED_OVER, to=[company.mate], row=changed)

    undo(opportunity=changed, actor=company.rep, seen=changed.version)

    assert not OutboxMessage.objects.waiting().exists()


def test_an_undo_leaves_what_an_earlier_change_sends(company, changed):
    outbox.announce(Kind.HANDED_OVER, to=[company.mate], row=changed)
    later = edit_opportunity(
        opportunity=changed, changes={"amount": Decimal(6)}, seen=changed.version, actor=company.rep
    )

    undo(opportunity=later, actor=company.rep, seen=later.version)

    assert OutboxMessage.objects.waiting().count() == 2


def test_nothing_is_announced_twice_under_one_name(company):
    for _again in range(2):
        outbox.announce(Kind.OVERDUE, to=[company.rep, company.mate], hold=False, once="overdue:2026-11-25")

    assert OutboxMessage.objects.due().count() == 4


def test_a_message_goes_with_the_transaction_that_wrote_it(company):
    with transaction.atomic():
        outbox.announce(Kind.OVERDUE, to=[company.rep])
        transaction.set_rollback(True)

    assert not OutboxMessage.objects.exists()


def test_a_message_in_somebodys_hands_is_not_due_until_the_lease_ends(company):
    outbox.announce(Kind.OVERDUE, to=[company.rep], hold=False)
    OutboxMessage.objects.update(leased_until=timezone.now() + timedelta(minutes=1))
    assert not OutboxMessage.objects.due().exists()

    OutboxMessage.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert OutboxMessage.objects.due().count() == 2
