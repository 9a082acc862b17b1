"""The same person, or two, press the same button at the same moment: it happens once, and nobody meets an error."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts import invitations
from accounts.models import AuditEntry
from accounts.tokens import create_token, revoke_token
from opportunities.actions import make_calendar_feed
from opportunities.models import CalendarFeed
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def at_once(act: Callable[[], Any], *expected: type[Exception]) -> list[bool]:
    """Whether each of two at the same moment was taken; anything but what is expected is raised."""
    barrier = Barrier(2)

    def one() -> bool:
        try:
            barrier.wait(timeout=30)
            act()
        except expected:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        return [each.result() for each in [pool.submit(one) for _n in range(2)]]


def told(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


def test_two_calendar_addresses_are_one():
    rep = factories.company().rep
    for _round in range(5):
        CalendarFeed.objects.all().delete()
        assert at_once(lambda: make_calendar_feed(actor=rep)) == [True, True]
        assert CalendarFeed.objects.filter(user=rep).count() == 1


def test_a_token_is_revoked_once():
    rep = factories.company().rep
    token, _secret = create_token(user=rep, name="Report")
    assert at_once(lambda: revoke_token(token=token, actor=rep)) == [True, True]
    assert told("revoke_token") == 1


def test_an_invitation_is_accepted_once():
    found = factories.invitation(factories.company().admin)
    token = invitations.link_to(found, "").split("/")[-2]
    taken = at_once(
        lambda: invitations.accept(token=token, password=factories.PASSWORD), invitations.LinkDoesNotWork
    )  # fmt: skip
    assert sorted(taken) == [False, True]
    assert told("accept_invitation") == 1
