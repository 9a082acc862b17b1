"""The decision-power map, the joint plan, the strategy sheet: by drag, by form, with the gate that looks at vetoes."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from accounts.selectors import today
from customers.models import Contact
from opportunities import actions
from opportunities.models import Decision, JointTask, Opportunity, Stage, Stakeholder, StrategySheet
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import IN_TWO_CORNERS, dialog, say, toast


@pytest.fixture
def deal(company):
    Stage.objects.filter(key="discover").update(milestones=["veto_clear"])
    return factories.opportunity(company.rep, "Airport line", amount=Decimal(6_400_000))


@pytest.fixture
def opponent(company, deal):
    contact = factories.contact(company.rep, deal.customer, "Zhao Min", title="Head of IT")
    return actions.add_stakeholder(
        opportunity=deal, actor=company.rep, contact=contact, influence=4, may_veto=True, veto_state="opposed"
    )


def at(deal, part=""):
    return f"/opportunities/{deal.pk}/{part}"


def field(window, column, row):
    return window.page.locator(f"#people [data-column={column}][data-row={row}]")


def card(window, person):
    return window.page.locator(f"#person-{person.pk}")


def drag(window, person, column, row):
    mouse = window.page.mouse
    card(window, person).scroll_into_view_if_needed()
    start, goal = card(window, person).bounding_box(), field(window, column, row).bounding_box()
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 10, y + 6, steps=4)
    mouse.move(goal["x"] + goal["width"] / 2 - 8, goal["y"] + goal["height"] / 2, steps=8)
    mouse.move(goal["x"] + goal["width"] / 2, goal["y"] + goal["height"] / 2, steps=4)
    mouse.up()


def now(row):
    return type(row).objects.get(pk=row.pk)


def test_opposed_the_plan_is_written_and_the_gate_opens(company, deal, opponent, open_page, language):
    window = open_page(company.rep, at(deal), language=language, expected=["status of 422"])
    page, form = window.page, dialog(window)
    expect(page.locator("#people .asc-note")).to_contain_text("Zhao Min")
    steps.sound(window, "map of a deal")
    page.locator("#opp-move > summary").click()
    page.locator("#opp-move button[value=validate]").click()
    expect(form).to_be_visible()
    steps.sound(window, "gate with a veto")
    page.keyboard.press("Escape")

    card(window, opponent).click()
    form.locator("[name=veto_plan]").fill("Visit with our chairman")
    steps.look_up(window, "veto_plan_owner", "manager", "[data-value=manager]")
    steps.sound(window, "somebody on the map")
    steps.save(window)
    expect(card(window, opponent)).to_contain_text(say(window, "plan in hand"))
    assert now(opponent).veto_plan_owner == company.manager

    page.locator("#opp-move > summary").click()
    page.locator("#opp-move button[value=validate]").click()
    expect(toast(window).last).to_contain_text("Airport line")
    expect(form).to_be_hidden()
    found = Opportunity.objects.get(pk=deal.pk)
    assert (found.stage.key, found.moved_without_proof) == ("validate", False)


def test_a_place_on_the_map_by_drag_by_key_and_by_form(company, deal, opponent, open_page, language):
    window = open_page(company.rep, at(deal), language=language, expected=["status of 409"])
    drag(window, opponent, "supportive", "medium")
    expect(field(window, "supportive", "medium").locator(f"#person-{opponent.pk}:not(.is-busy)")).to_be_visible()
    expect(toast(window)).to_contain_text(say(window, "Moved on the map."))
    expect(card(window, opponent)).to_have_attribute("data-version", "2")
    assert (now(opponent).stance, now(opponent).influence) == (1, 3)

    card(window, opponent).focus()
    window.page.keyboard.press("Shift+ArrowRight")
    expect(card(window, opponent)).to_have_attribute("data-version", "3")
    expect(field(window, "champion", "medium").locator(f"#person-{opponent.pk}")).to_be_visible()
    assert now(opponent).stance == 2

    card(window, opponent).click()
    dialog(window).locator("[name=stance]").select_option("-1")
    dialog(window).locator("[name=influence]").select_option("5")
    steps.save(window)
    expect(field(window, "opposed", "high").locator(f"#person-{opponent.pk}")).to_be_visible()
    assert (now(opponent).stance, now(opponent).influence) == (-1, 5)

    actions.edit_stakeholder(stakeholder=opponent, changes={"stance": 2}, seen=None, actor=company.manager)
    drag(window, opponent, "neutral", "low")
    expect(dialog(window).locator("[role=alert]")).to_be_visible()
    steps.sound(window, "moved on the map meanwhile")
    dialog(window).locator("button[name=keep][value=theirs]").click()
    expect(dialog(window)).to_be_hidden()
    expect(field(window, "champion", "low").locator(f"#person-{opponent.pk}")).to_be_visible()
    assert (now(opponent).stance, now(opponent).influence) == (2, 2)


def test_somebody_new_on_the_map_of_a_phone(company, deal, open_page, language):
    window = open_page(company.rep, at(deal), language=language, viewport=PHONE)
    window.page.locator(f"#people a[href='{at(deal, 'people/new/')}']").tap()
    form = dialog(window)
    person = form.locator("select[name=person] + * input")
    person.fill("Li Wei")
    form.locator(".ts-dropdown .create").click()
    form.locator("[name=buying_role]").select_option("decision_maker")
    form.locator("[name=stance]").select_option("0")
    steps.sound(window, "somebody new on the map")
    steps.save(window)
    expect(window.page.locator("#people .asc-power")).to_contain_text("Li Wei")
    assert window.page.locator("#people .asc-person .cut").evaluate("name => name.scrollWidth <= name.clientWidth")
    window.page.locator("#people .asc-unfold > summary").click()
    steps.sound(window, "map on a phone")
    row = Stakeholder.objects.get()
    assert (row.contact, row.buying_role) == (Contact.objects.get(name="Li Wei"), "decision_maker")


@IN_TWO_CORNERS
def test_the_joint_plan_and_its_sheet(company, deal, open_page, language, viewport):
    window = open_page(company.rep, at(deal), language=language, viewport=viewport)
    page = window.page
    page.locator(f"#joint-plan a[href='{at(deal, 'plan/new/')}']").click()
    form = dialog(window)
    form.locator("[name=title]").fill("Send the data of last year")
    form.locator("[name=side][value=theirs]").check()
    form.locator("[name=due_on]").fill(today().isoformat())
    steps.sound(window, "task of the joint plan")
    steps.save(window)
    expect(page.locator("#joint-plan")).to_contain_text("Send the data of last year")
    page.locator("#joint-plan button[type=submit]").click()
    expect(page.locator("#joint-plan .ti.c-ok")).to_be_visible()
    assert JointTask.objects.get().done_on is not None
    steps.sound(window, "joint plan")
    page.goto(at(deal, "plan/print/"))
    expect(page.locator("main")).to_contain_text("Send the data of last year")
    steps.sound(window, "joint plan to print")
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.locator("[data-print]").click()
    expect(page).to_have_title("printed")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")  # paper is white
    expect(page.locator(".asc-signing")).to_be_visible()
    assert not window.overflows()
    page.emulate_media(media="screen")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


@steps.IN_TWO_CORNERS
def test_the_strategy_sheet_and_go(company, deal, open_page, language, viewport):
    window = open_page(
        company.rep, at(deal, "strategy/"), language=language, viewport=viewport, expected=["status of 422"]
    )
    page, form = window.page, dialog(window)
    page.locator(f"a[href='{at(deal, 'strategy/edit/')}']").click()
    page.locator("[name=sales_theme]").fill("On time, not fast")
    page.locator("[name=rating_pricing]").select_option("red")
    page.locator("[name=price_floor]").fill("500")
    page.locator("main .btn-primary[type=submit]").click()
    expect(page.locator("[name=fact_pricing]")).to_have_class("form-control is-invalid")
    page.locator("[name=fact_pricing]").fill("The rival is 8 % cheaper")
    steps.sound(window, "strategy form")
    page.locator("main .btn-primary[type=submit]").click()
    expect(page.locator("#strategy")).to_contain_text("The rival is 8 % cheaper")
    page.locator(f"#strategy a[href='{at(deal, 'competitors/new/')}']").click()
    form.locator("[name=name]").fill("Present supplier")
    steps.save(window)
    expect(page.locator("#strategy")).to_contain_text("Present supplier")
    page.locator(f"#strategy a[href='{at(deal, 'decisions/new/')}']").click()
    form.locator("[name=decision][value=go]").check()
    form.locator("[name=reason]").fill("The budget stands")
    steps.sound(window, "go or no-go")
    steps.save(window)
    expect(page.locator("#go-no-go")).to_contain_text("The budget stands")
    steps.sound(window, "strategy sheet")
    assert StrategySheet.objects.get().success_factors["pricing"]["rating"] == "red"
    assert Decision.objects.get().decision == "go"


def test_without_script_the_same_forms_are_pages(company, deal, opponent, signed_in):
    client = signed_in(company.rep)
    page = client.get(f"/stakeholders/{opponent.pk}/place/").content.decode()
    assert "<h1" in page and 'name="column"' in page
    body = {"column": "neutral", "row_name": "low", "version": "1"}
    assert client.post(f"/stakeholders/{opponent.pk}/place/", body).url == at(deal)
    assert now(opponent).stance == 0
