"""Backup and restore as a company lives it: what was done in the browser is lost with the server, and comes back."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import steps
from tests.browser.driver import Watched, watched_page
from tests.browser.steps import IN_TWO_CORNERS, button, dialog, link, say
from tests.factories import PASSWORD
from tests.tooling.installation import Installation, installed
from tests.tooling.server import server

TITLES = {"en": "Airport line", "zh-hans": "机场行李线"}
MINUTES = "会议纪要：客户认同\n".encode() * 500
STORY = f"""
import django; django.setup()
from tests import factories
company = factories.company()
for language, title in {TITLES!r}.items():
    factories.opportunity(factories.person(language, team=company.east, language=language), title)
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Installation]:
    """A company that nobody else's test looks at, with a rep and a deal for each language."""
    with installed(tmp_path_factory.mktemp("var"), STORY) as found:
        yield found


@pytest.fixture
def sign_in(installation, chromium, language, viewport):
    """`with sign_in() as window`: the installation's server runs, and the rep of this language has signed in there."""

    @contextmanager
    def running() -> Iterator[Watched]:
        with (
            server(installation.var, DATABASE_URL=installation.url) as web,
            watched_page(chromium, web.base, viewport=viewport, language=language) as window,
        ):
            window.page.goto("/accounts/login/")
            window.page.fill("[name=login]", language)
            window.page.fill("[name=password]", PASSWORD)
            button(window, "Sign in", window.page.locator("main")).click()
            expect(window.page.locator("details.asc-menu .is-me")).to_be_attached()
            window.page.goto("/opportunities/")
            yield window
            assert window.errors == []

    return running


def card_in(window: Watched, key: str) -> Locator:
    """The rep's only card, in this column."""
    return window.page.locator(f"[data-list='{key}'] [id^='card-']:not(.is-busy)")


def move(window: Watched) -> None:
    card_in(window, "discover").locator("[data-move]").click()
    window.page.locator("#move-menu button[value='validate']").click()
    expect(card_in(window, "validate")).to_be_attached()


def upload(window: Watched, name: str) -> None:
    link(window, "Add", window.page.locator("#files")).click()
    file = {"name": name, "mimeType": "text/plain", "buffer": MINUTES}
    dialog(window).locator("[name=file]").set_input_files(file)
    steps.save(window)
    expect(window.page.locator("#files")).to_contain_text(name)


@IN_TWO_CORNERS
def test_what_was_done_in_the_browser_comes_back(installation, sign_in, tmp_path, language, viewport):
    title, name = TITLES[language], f"{TITLES[language]}.txt"
    with sign_in() as window:
        move(window)
        window.page.goto("/opportunities/")
        board = window.page.locator("#board").inner_html()
        address = card_in(window, "validate").get_by_text(title, exact=True).get_attribute("href")
        window.page.goto(address)
        upload(window, name)
        installation.manage("backup", tmp_path / "backup")  # the server goes on
    installation.lose()
    assert installation.tables() == {} and not installation.media.exists()
    installation.manage("restore", tmp_path / "backup")

    with sign_in() as window:
        page = window.page
        expect(card_in(window, "validate")).to_contain_text(title)
        assert page.locator("#board").inner_html() == board
        page.goto(address)
        with page.expect_download() as fetched:
            page.locator("#files").get_by_role("link", name=name, exact=True).click()
        assert fetched.value.path().read_bytes() == MINUTES
        page.get_by_role("link", name=say(window, "All changes")).click()
        expect(page.locator(".asc-trail tbody tr")).to_have_count(3)
        expect(page.locator(".asc-trail")).to_contain_text(name)
        steps.sound(window, "all changes after a restore")
