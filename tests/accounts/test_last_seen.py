"""When somebody was last here."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tokens import create_token
from tests import factories


def seen(person):
    return User.objects.get(pk=person.pk).last_seen_at


def away(person, minutes):
    User.objects.filter(pk=person.pk).update(last_seen_at=timezone.now() - timedelta(minutes=minutes))


def writes(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured if "last_seen_at" in query["sql"] and query["sql"].startswith("UPDATE")]


def test_a_page_and_a_token_are_noted_every_five_minutes_at_most(company, signed_in):
    _token, secret = create_token(user=company.mate, name="x")
    for person, get in (
        (company.rep, lambda: signed_in(company.rep).get("/profile/")),
        (company.mate, lambda: Client(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/me/")),
    ):
        away(person, 60)
        before = User.objects.get(pk=person.pk)
        assert len(writes(get)) == 1
        assert timezone.now() - seen(person) < timedelta(minutes=1)
        assert User.objects.get(pk=person.pk).version == before.version
        away(person, 4)
        assert writes(get) == []
        away(person, 6)
        assert len(writes(get)) == 1


def test_nobody_is_seen_who_is_not_signed_in(company):
    away(company.rep, 60)
    assert writes(lambda: Client().get("/accounts/login/")) == []
    assert writes(lambda: Client(headers={"authorization": "Bearer x"}).get("/api/v1/me/")) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_request_does_not_wait_for_whoever_writes():
    """Somebody holds the lock that the note would need: the page is answered, and the next one notes it."""
    person = factories.person("rep")
    away(person, 60)
    held, done = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                User.objects.filter(pk=person.pk).update(theme="dark")
                held.set()
                done.wait(30)
        finally:
            connection.close()

    client = Client()
    client.force_login(person)
    away(person, 60)
    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(30)
        begun = time.monotonic()
        assert client.get("/profile/").status_code == 200
        assert time.monotonic() - begun < 5
        assert timezone.now() - seen(person) > timedelta(minutes=50)
    finally:
        done.set()
        thread.join()
    assert client.get("/profile/").status_code == 200
    assert timezone.now() - seen(person) < timedelta(minutes=5)
