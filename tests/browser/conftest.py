"""Browser journeys: a live server, Chromium, and a page that must end without an error of any kind."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, sync_playwright

from tests.browser.driver import PHONE, WIDE, Watched, launch, watched_page

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the thread of the tests


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(params=["en", "zh-hans"])
def language(request) -> str:
    return request.param


@pytest.fixture(params=[WIDE, PHONE], ids=["1440", "390"])
def viewport(request) -> dict[str, int]:
    return request.param


@pytest.fixture
def open_page(chromium, live_server) -> Iterator[Callable[..., Watched]]:
    """`open_page(user, language=…, viewport=…)`: a signed-in page; at the end no page may have logged an error."""
    opened: list[Watched] = []
    with ExitStack() as stack:

        def open_one(user=None, *, language="en", viewport=WIDE, expected=()) -> Watched:
            cookies = [session_cookie(user, language, live_server.url)] if user else []
            page = stack.enter_context(
                watched_page(
                    chromium, live_server.url, viewport=viewport, language=language, cookies=cookies, expected=expected
                )
            )
            opened.append(page)
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
