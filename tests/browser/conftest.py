"""Browser journeys: a live server, Chromium, and a page that must end without an error of any kind."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, expect, sync_playwright

from accounts.actions import BEGINNING
from customers.models import TierRules
from opportunities.models import Stage
from tests import factories
from tests.browser.driver import PHONE, WIDE, Watched, launch, watched_page

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the thread of the tests
stages = import_module("opportunities.migrations.0002_shipped_stages")
method = import_module("opportunities.migrations.0006_shipped_method")
expect.set_options(timeout=15_000)
BOTH = ["en", "zh-hans"]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
        connections.close_all()  # while a loop runs Django has connections of its own, which nobody else would close


@pytest.fixture(params=BOTH)
def language(request) -> str:
    return request.param


@pytest.fixture(params=[WIDE, PHONE], ids=["1440", "390"])
def viewport(request) -> dict[str, int]:
    return request.param


@pytest.fixture
def shipped(transactional_db) -> None:
    """The shipped stages, ladders and tier rules are there again."""
    if not Stage.objects.exists():  # serialized_rollback forgets them: Django's connection is another one here
        stages.ship_stages(apps, None)
        method.ship_method(apps, None)
    if not TierRules.objects.exists():
        TierRules.objects.create(valid_from=BEGINNING)


@pytest.fixture
def company(shipped) -> factories.Company:
    """The small company, committed, so that the server sees it; its gate is open."""
    return factories.company()


@pytest.fixture
def gated(shipped) -> factories.Company:
    """Likewise, with the shipped floors and milestones."""
    return factories.company(gated=True)


@pytest.fixture
def open_page(chromium, live_server) -> Iterator[Callable[..., Watched]]:
    """`open_page(user, path, language=…, viewport=…)`: a signed-in page; at the end none may have logged an error.

    `expected` are parts of the console messages that the journey provokes on purpose, such as "status of 422".
    """
    opened: list[Watched] = []
    with ExitStack() as stack:

        def open_one(user=None, path="", *, language="en", viewport=WIDE, expected=()) -> Watched:
            cookies = [session_cookie(user, language, live_server.url)] if user else []
            page = stack.enter_context(
                watched_page(
                    chromium, live_server.url, viewport=viewport, language=language, cookies=cookies, expected=expected
                )
            )
            opened.append(page)
            if path:
                page.page.goto(path)
            return page

        yield open_one
    assert [error for page in opened for error in page.errors] == []


def session_cookie(user, language: str, url: str) -> dict[str, str]:
    type(user).objects.filter(pk=user.pk).update(language=language)
    client = Client()
    client.force_login(user)
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }
