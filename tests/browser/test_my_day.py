"""My day: a rep's landing page, where each line can be done from where it stands."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.selectors import today
from opportunities.actions import edit_opportunity
from opportunities.models import Activity, ActivityKind, Opportunity
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import IN_TWO_CORNERS, dialog, say


@pytest.fixture
def deal(company):
    row = factories.opportunity(company.rep, "Airport line")
    changes = {"next_step": "Call the plant", "next_step_due": today() - timedelta(days=3)}
    return edit_opportunity(opportunity=row, changes=changes, seen=None, actor=company.rep)


@IN_TWO_CORNERS
def test_a_next_step_is_done_and_the_next_one_planned(company, deal, open_page, language, viewport):
    window = open_page(company.rep, "/", language=language, viewport=viewport)
    page, form = window.page, dialog(window)
    expect(page.get_by_role("heading", level=1)).to_have_text(say(window, "My day"))
    line = page.locator("#day-overdue + ul li").first
    expect(line).to_contain_text("Call the plant")
    steps.sound(window, "my day")
    line.get_by_text(say(window, "Done"), exact=True).click()
    form.locator("[name=next_step]").fill("Visit the hall")
    form.locator("[name=next_step_due]").fill((today() + timedelta(days=9)).isoformat())
    steps.sound(window, "what is next")
    steps.save(window)
    expect(page.locator("#day-overdue")).to_have_count(0)
    row = Opportunity.objects.get(pk=deal.pk)
    assert (row.next_step, row.next_step_due) == ("Visit the hall", today() + timedelta(days=9))


def test_evidence_begins_where_the_next_rung_is_named(company, deal, open_page, language):
    window = open_page(company.rep, "/day/", language=language, viewport=PHONE)
    line = window.page.locator("#day-unassessed + ul li").first
    line.get_by_text(say(window, "Add evidence")).tap()
    expect(dialog(window).get_by_role("heading").first).to_be_visible()
    steps.sound(window, "evidence from my day")


def test_the_rest_of_the_navigation_stands_behind_more(company, open_page, language):
    kind = ActivityKind.objects.get(key="visit")
    Activity.objects.create(kind=kind, owner=company.rep, objective="See the line", planned_at=timezone.now())
    window = open_page(company.rep, "/day/", language=language, viewport=PHONE)
    page = window.page
    expect(page.locator("#my-day")).to_contain_text("See the line")
    more = page.locator(".asc-tab-more")
    more.locator("summary").tap()
    steps.sound(window, "more of the navigation")
    more.get_by_text(say(window, "Products")).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text(say(window, "Products"))
