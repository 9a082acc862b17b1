"""Every address with every role: who gets in, who is refused, for whom there is nothing; and that nothing leaks.

An address that is missing from MATRIX fails the test. The rows belong to the rep of the east; the west has its own.
"""

import json
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from opportunities.models import Attachment, MethodSetting
from pipeline.models import WorkspaceRun
from tests.matrix.api import API
from tests.matrix.doors import ASKED, HIDDEN, ROLES
from tests.matrix.pages import PAGES
from tests.matrix.settings import SETTINGS

pytestmark = pytest.mark.django_db
MATRIX = PAGES | SETTINGS | API


def named_addresses() -> set[str]:
    def walk(resolver):
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                yield entry.name
            else:
                yield from walk(entry)

    return set(walk(get_resolver())) - {None}  # without a name: addresses of allauth that are closed (closed_urls)


@pytest.mark.parametrize("role", ASKED)
def test_matrix(company, rows, role):
    """Each request in a savepoint of its own, so that no door sees what another has written."""
    wrong = []
    for name, doors in MATRIX.items():
        for door in doors:
            with undone():
                if door.enforced:
                    MethodSetting.objects.update(gate_mode=MethodSetting.GateMode.ENFORCE)
                wrong += problems(request(company, rows, role, name, door), role, f"{name} {door}", door)
    assert wrong == []


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def problems(answer, role, said, door):
    """What is wrong with an answer: not the letter of the matrix, or a word that this role must not meet."""
    expected, got = door.who[ROLES.index(role)], letter(answer)
    text = body_of(answer)
    if expected == "t" and got == "i" and answer.status_code < 400:
        got = "t"
    if got != expected:
        yield f"{said}: {got} ({answer.status_code}) instead of {expected}: {text[-200:]}"
    if leaked := [word for word in HIDDEN[role] if word in text]:
        yield f"{said}: leaks {leaked}"


def test_every_address_stands_in_the_matrix():
    assert named_addresses() == set(MATRIX)


def request(company, rows, role, name, door):
    client = Client()
    if role != "anonymous":
        client.cookies[settings.SESSION_COOKIE_NAME] = rows["sessions"][role]
    kwargs = dict(door.kwargs)
    if door.of:
        by_key = isinstance(rows[door.of], WorkspaceRun | Attachment) and not name.startswith("api-")
        kwargs |= {"key": rows[door.of].key} if by_key else {"pk": rows[door.of].pk}
    url = reverse(name, kwargs=kwargs) + door.query
    if door.method == "get":
        return client.get(url)
    if url.startswith("/api/"):
        return client.generic(door.method.upper(), url, data=json.dumps(door.body), content_type="application/json")
    return client.post(url, door.body)


def letter(answer):
    status = answer.status_code
    if status == 401 or (status == 302 and answer.url.startswith(reverse("account_login"))):
        return "s"
    if status in (403, 404):
        return {403: "r", 404: "h"}[status]
    return "i" if status in (200, 201, 202, 204, 302, 400, 405, 409, 415, 422) else str(status)


def body_of(answer):
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", errors="replace")
