"""A deal is handed over; its new owner hears the bell, reads, goes there; and nobody hears what they don't want to."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import translation
from playwright.sync_api import expect

from accounts import sending
from accounts.models import OutboxMessage, User
from tests import factories
from tests.browser import steps
from tests.browser.steps import IN_TWO_CORNERS, dialog, link, say


@pytest.fixture
def deal(company):
    User.objects.filter(pk=company.mate.pk).update(email="mate@example.com")
    return factories.opportunity(company.rep, "Airport line")


def time_passes():
    """As if the seconds of an undo were over; the worker comes by."""
    for message in OutboxMessage.objects.waiting():
        OutboxMessage.objects.filter(pk=message.pk).update(due_at=message.created_at - timedelta(seconds=1))
    sending.sweep()


def hand_over(open_page, company, deal, language):
    window = open_page(company.manager, f"/opportunities/{deal.pk}/", language=language)
    window.page.locator("main a[href$='/assign/']").click()
    steps.look_up(window, "owner", "mate", "[data-value=mate]")
    steps.save(window)


def count(window):
    return window.page.locator(".asc-bell-n")


@IN_TWO_CORNERS
def test_who_gets_a_deal_hears_the_bell_and_goes_there(company, deal, open_page, language, viewport):
    hand_over(open_page, company, deal, language)
    window = open_page(company.mate, "/opportunities/", language=language, viewport=viewport)
    expect(count(window)).to_have_count(0)

    time_passes()
    with translation.override(language):
        assert "Airport line" in mail.outbox[-1].subject and translation.gettext("Ascent") in mail.outbox[-1].subject
    window.page.reload()
    expect(count(window)).to_have_text("1")
    steps.sound(window, "board with a bell")
    window.page.locator("#bell").click()
    line = dialog(window).locator(".asc-told a")
    expect(line).to_have_text(
        say(window, "%(person)s handed the deal %(title)s of %(customer)s over to you",
            person="Manager", title="Airport line", customer=deal.customer.name)
    )  # fmt: skip
    steps.sound(window, "newest notifications")
    line.click()
    expect(window.page).to_have_url(f"/opportunities/{deal.pk}/")
    expect(count(window)).to_have_count(0)


def test_all_are_marked_read_in_the_dialog_and_stay_in_the_list(company, deal, open_page, language):
    hand_over(open_page, company, deal, language)
    time_passes()
    window = open_page(company.mate, "/opportunities/", language=language)
    window.page.locator("#bell").click()
    steps.button(window, "Mark all as read", dialog(window)).click()
    expect(count(window)).to_have_count(0)
    expect(dialog(window).locator(".is-new")).to_have_count(0)
    link(window, "All notifications", dialog(window)).click()
    expect(window.page.locator("main .asc-told li")).to_have_count(1)
    steps.sound(window, "notifications")


@IN_TWO_CORNERS
def test_who_wants_to_hear_nothing_hears_nothing(company, deal, open_page, language, viewport):
    window = open_page(company.mate, "/profile/notifications/", language=language, viewport=viewport)
    steps.sound(window, "notification preferences")
    for way in ("bell", "mail"):
        window.page.locator(f"[name=handed_over_{way}]").uncheck()
    steps.button(window, "Save", window.page.locator("main")).click()
    expect(window.page.locator(".asc-messages")).to_contain_text(say(window, "Saved."))
    hand_over(open_page, company, deal, language)
    sent = len(mail.outbox)
    time_passes()
    window.page.goto("/opportunities/")
    expect(window.page.locator("#bell")).to_be_visible()
    expect(count(window)).to_have_count(0)
    assert len(mail.outbox) == sent


def test_without_script_the_bell_is_a_link(company, deal, chromium, live_server, open_page):
    hand_over(open_page, company, deal, "en")
    time_passes()
    state = open_page(company.mate, "/notifications/").page.context.storage_state()
    page = chromium.new_context(base_url=live_server.url, java_script_enabled=False, storage_state=state).new_page()
    page.goto("/opportunities/")
    page.locator("#bell").click()
    expect(page).to_have_url("/notifications/")
    page.locator("main .asc-told form button").first.click()
    expect(page.locator("main .asc-told .is-new")).to_have_count(0)
    page.context.close()
