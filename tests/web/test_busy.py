"""While an import holds the database, a write is answered 503, and what was typed is kept."""

import sqlite3
from contextlib import contextmanager

import psycopg2
import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection

from accounts.models import User
from config.web.busy import BusyMiddleware, is_busy
from customers.models import Customer
from tests.api.conftest import client_of
from tests.tooling.test_worker import database_url

WAIT = 150  # milliseconds


def refused(code):
    """What Django makes of an error of PostgreSQL with this code."""
    error = OperationalError("deadlock detected")
    error.__cause__ = type("Refused", (psycopg2.OperationalError,), {"pgcode": code})()
    return error


@contextmanager
def held():
    """Somebody else's write that does not end, while this process waits a moment only."""
    if connection.vendor == "sqlite":
        other = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        hurry, back = f"PRAGMA busy_timeout = {WAIT}", "PRAGMA busy_timeout = 20000"
    else:
        other = psycopg2.connect(database_url())
        other.cursor().execute(f"LOCK TABLE {Customer._meta.db_table}, {User._meta.db_table} IN EXCLUSIVE MODE")
        hurry, back = f"SET lock_timeout = {WAIT}", "SET lock_timeout = 0"
    with connection.cursor() as cursor:
        cursor.execute(hurry)
        try:
            yield
        finally:
            other.rollback()
            other.close()
            cursor.execute(back)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_form_is_kept_and_sent_again_from_the_page_that_says_so(company, signed_in):
    client = signed_in(company.rep)
    typed = {"name": 'Harbour "Foods"', "industry": "Retail", "region": "", "version": "0", "owner": "rep"}
    typed |= {"credit_code": ""}
    client.get("/customers/new/")
    with held():
        answer = client.post("/customers/new/", typed)
    page = answer.content.decode()
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "An import is running" in page
    for name, value in typed.items():
        assert f'name="{name}" value="{value.replace(chr(34), "&quot;")}"' in page
    assert 'action="/customers/new/"' in page
    assert "<dd>Retail</dd>" in page and "<dt>version</dt>" not in page
    assert not Customer.objects.exists()
    assert client.post("/customers/new/", typed).status_code == 302
    assert Customer.objects.get().name == 'Harbour "Foods"'


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_was_typed_beside_a_file_is_kept_and_the_file_named(company, signed_in):
    client = signed_in(company.rep)
    with held():
        page = client.post(
            "/customers/new/", {"name": "Harbour", "photo": SimpleUploadedFile("minutes.txt", b"Minutes")}
        ).content.decode()
    assert 'name="name" value="Harbour"' in page and "<dd>Harbour</dd>" in page
    assert "Files are not kept, choose them again afterwards: minutes.txt" in page


@pytest.mark.parametrize("name", ["password", "new_password1", "code", "client_secret", "token"])
def test_a_secret_is_never_written_into_the_page(rf, name):
    request = rf.post("/accounts/login/", {name: "hush", "login": "rep"})
    request.user = AnonymousUser()
    page = BusyMiddleware(lambda _request: None).process_exception(request, OperationalError("database is locked"))
    assert page.status_code == 503 and b"hush" not in page.content


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_for_htmx_the_form_stays_as_it_is(company, signed_in):
    client = signed_in(company.rep)
    with held():
        answer = client.post("/customers/new/", {"name": "Harbour"}, headers={"HX-Request": "true"})
    assert answer.status_code == 503
    assert answer.content.decode() == "An import is running. Nothing was saved; please try again in a moment."
    assert answer["Retry-After"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_api_says_when_to_come_again(company):
    client = client_of(company.rep)
    client.get("me/")
    with held():
        answer = client.post("customers/", {"name": "Harbour"}, format="json")
    assert answer.status_code == 503
    assert answer.json() == {"detail": "An import is running. Nothing was saved; please try again in a moment."}
    assert int(answer["Retry-After"]) > 0


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_password_is_not_written_into_the_page(company, client):
    company.rep.set_password("very-secret-words")
    company.rep.save()
    with held():
        answer = client.post("/accounts/login/", {"login": "rep", "password": "very-secret-words"})
    assert answer.status_code == 503
    assert "very-secret-words" not in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "busy"),
    [
        (OperationalError("database is locked"), True),
        (OperationalError("database table is locked: x"), True),
        (OperationalError("no such table"), False),
        (OperationalError("database or disk is full"), False),
        (ValueError("database is locked"), False),
        (refused("40P01"), True),
        (refused("57014"), False),
    ],
)
def test_what_counts_as_busy(error, busy):
    assert is_busy(error) is busy
