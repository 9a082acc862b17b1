"""The opportunity's page, above all on the phone with the thumb."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from opportunities import actions
from opportunities.actions import add_competitor, add_task
from opportunities.models import Opportunity, Stage
from pipeline.views.my_day import NEWS_SHOWN
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import cell, dialog, say, toast


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Airport line", amount=Decimal(6_400_000))


def fresh(deal):
    return Opportunity.objects.get(pk=deal.pk)


def thumb(window, msgid):
    """A button of the bar at the lower edge of a phone."""
    return window.page.locator(".asc-thumb").get_by_text(say(window, msgid))


def test_with_the_thumb(company, deal, open_page, language):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", language=language, viewport=PHONE)
    page, form = window.page, dialog(window)
    expect(page.get_by_role("heading", level=1)).to_have_text("Airport line")
    steps.sound(window, "opportunity")

    thumb(window, "Next step").tap()
    form.locator("[name=next_step]").fill("Measure the hall")
    form.locator("[name=next_step_due]").fill("2027-01-15")
    steps.sound(window, "next step by thumb")
    steps.save(window)
    expect(cell(window, deal, "next_step")).to_contain_text("Measure the hall")

    thumb(window, "Amount").tap()
    form.locator("[name=amount]").fill(steps.typed(window, 7_100_000))
    steps.save(window)
    expect(cell(window, deal, "amount")).to_contain_text(steps.money(window, 7_100_000))

    thumb(window, "Move").tap()
    steps.sound(window, "choice of a stage")
    stage = Stage.objects.get(key="validate")
    form.get_by_text(steps.stage_name(window, stage)).tap()
    expect(page.locator("#opp .asc-only-m").first).to_contain_text(f"3/8 {steps.stage_name(window, stage)}")
    row = fresh(deal)
    assert (row.next_step, row.next_step_due) == ("Measure the hall", date(2027, 1, 15))
    assert (row.amount, row.stage.key) == (Decimal(7_100_000), "validate")
    expect(page.locator("#timeline li")).to_have_count(4)


def test_what_the_history_shows_is_kept(company, deal, open_page):
    """In the address, so that it is there after a reload, and when the page is drawn anew after a change."""
    window = open_page(company.rep, f"/opportunities/{deal.pk}/")
    page, chosen = window.page, window.page.locator("#timeline .asc-seg [aria-current]")
    page.locator("#timeline .asc-seg a").get_by_text("Moves").click()
    expect(chosen).to_have_text("Moves")
    expect(page).to_have_url(re.compile(rf"/opportunities/{deal.pk}/\?show=moves$"))
    actions.edit_opportunity(opportunity=deal, changes={"next_step": "Call"}, seen=None, actor=company.rep)
    page.evaluate("document.dispatchEvent(new Event('asc:changed'))")
    expect(page.locator("#opp")).to_contain_text("Call")
    expect(chosen).to_have_text("Moves")
    page.reload()
    expect(chosen).to_have_text("Moves")
    steps.sound(window, "moves alone")


def test_a_thumb_hits_every_link(company, deal, open_page):
    late = timezone.now() - timedelta(days=2)
    factories.activity(company.rep, opportunity=deal, planned_at=late, objective="Measure the hall together")
    factories.opportunity(company.rep, "Bottling line", next_step="Call", next_step_due=late.date())
    add_task(opportunity=deal, actor=company.rep, title="Trial at their plant")
    factories.attachment(deal)
    for number in range(NEWS_SHOWN + 1):
        add_competitor(opportunity=deal, actor=company.manager, name=f"Rival {number}")
    window = open_page(company.rep, "/day/", viewport=PHONE)
    deals = ("/opportunities/", "/opportunities/table/", f"/opportunities/{deal.pk}/")
    for url in ("/day/", *deals, "/playbook/", "/profile/", "/notifications/"):
        window.page.goto(url)
        assert window.too_small() == [], url
    window.page.goto("/day/")
    expect(window.page.get_by_role("link", name=say(window, "Show all"))).to_be_visible()
    assert window.too_small() == []
    window.page.locator(".asc-task a", has_text="Measure the hall together").tap(position={"x": 40, "y": 14})
    expect(window.page).to_have_url(re.compile("/activities/"))  # and not what stands under it


def test_facts_are_edited_where_they_stand(company, deal, open_page, language):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", language=language)
    steps.sound(window, "opportunity")
    cell(window, deal, "expected_close_date").locator("a.asc-cell").click()
    editor = cell(window, deal, "expected_close_date").locator("form [name=expected_close_date]")
    editor.fill("2027-08-31")
    editor.press("Enter")
    expect(toast(window)).to_contain_text("Airport line")
    expect(window.page.locator("#timeline li")).to_have_count(2)
    steps.button(window, "Undo", toast(window)).click()
    expect(window.page.locator("#timeline li")).to_have_count(1)
    assert fresh(deal).expected_close_date == date(2027, 3, 31)


def test_move_from_the_page(company, deal, open_page, language):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", language=language, expected=["status of 422"])
    window.page.locator("#opp-move > summary").click()
    steps.sound(window, "menu of stages")
    window.page.locator("#opp-move button[value=lost]").click()
    form = dialog(window)
    form.locator("[name=competitor]").fill("Rival")
    form.locator("[name=reason]").fill("Price")
    steps.save(window)
    expect(window.page.locator("#opp")).to_contain_text("Price")
    assert fresh(deal).stage.key == "lost"


@steps.IN_TWO_CORNERS
def test_what_is_typed_is_shown_as_text(company, open_page, language, viewport):
    """Markup in names is text everywhere, and long words break nothing."""
    name = "<img src=x onerror=alert(1)>" + "长" * 60 + " 😀 " + "W" * 80
    deal = factories.opportunity(company.rep, name, customer=factories.customer(company.rep, f"{name} Ltd"))
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", language=language, viewport=viewport)
    expect(window.page.get_by_role("heading", level=1)).to_have_text(name)
    assert not window.overflows()
    for address in ("/opportunities/", "/opportunities/table/", "/customers/"):
        window.page.goto(address)
        expect(window.page.locator("main")).to_contain_text("<img src=x onerror=alert(1)>")
        assert not window.overflows(), address


@steps.IN_TWO_CORNERS
def test_an_executive_reads(company, deal, open_page, language, viewport):
    window = open_page(company.executive, f"/opportunities/{deal.pk}/", language=language, viewport=viewport)
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Airport line")
    expect(window.page.locator("main a.asc-cell, #opp-move, .asc-thumb")).to_have_count(0)
    window.page.goto("/opportunities/")
    expect(steps.card(window, deal)).to_be_attached()
    expect(window.page.locator("[data-move], [data-new]")).to_have_count(0)
    steps.sound(window, "board read only")
