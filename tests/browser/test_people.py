"""Inviting, first sign-in, deactivation with a hand-over, the tree of teams: in the browser."""

from decimal import Decimal

from playwright.sync_api import expect

from accounts.models import Invitation, User
from opportunities.models import Opportunity
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import dialog

NEW_PASSWORD = "up-the-north-face-7"


@steps.IN_TWO_CORNERS
def test_somebody_is_invited_by_a_copied_link_and_signs_in(company, open_page, language, viewport):
    window = open_page(company.admin, "/settings/people/", language=language, viewport=viewport)
    page, form = window.page, dialog(window)
    page.locator("header a[href='/settings/people/new/']").click()
    form.locator("[name=name]").fill("Li Na")
    form.locator("[name=email]").fill("li.na@example.com")
    steps.look_up(window, "team", "east", "[data-value=east]")
    form.locator("[name=language]").select_option(language)
    steps.sound(window, "invite")
    steps.send(window)
    page.wait_for_url("**/settings/people/invitations/**")
    made = Invitation.objects.get()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(f"[data-copy=link-{made.pk}]").click()
    expect(steps.toast(window)).to_contain_text(steps.say(window, "The link was copied."))
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.locator(f"#link-{made.pk}").input_value()
    steps.sound(window, "invitations")

    guest = open_page(language=language, viewport=viewport, expected=["status of 422", "status of 404"])
    guest.page.goto(link)
    expect(guest.page.locator("main")).to_contain_text("li.na")
    guest.page.locator("[name=password1]").fill("short")
    guest.page.locator("[name=password2]").fill("short")
    guest.page.locator("main [type=submit]").click()
    expect(guest.page.locator(".invalid-feedback").first).to_be_visible()
    steps.sound(guest, "first password")
    guest.page.locator("[name=password1]").fill(NEW_PASSWORD)
    guest.page.locator("[name=password2]").fill(NEW_PASSWORD)
    guest.page.locator("main [type=submit]").click()
    guest.page.wait_for_url("**/day/**")
    guest.page.goto(link)
    expect(guest.page.get_by_role("heading", level=1)).to_have_text(steps.say(guest, "This link does not work"))
    steps.sound(guest, "link does not work")
    assert User.objects.get(username="li.na").check_password(NEW_PASSWORD)

    page.goto("/settings/people/?q=li.na")
    expect(page.locator("main tbody tr .asc-flag.ok")).to_have_text("Active" if language == "en" else "在用")
    steps.sound(window, "people")


def test_the_facts_of_a_person_stand_in_two_columns_also_beside_people_to_invite(company, open_page, language):
    User.objects.filter(pk=company.mate.pk).update(password="!imported")
    window = open_page(company.admin, "/settings/people/", language=language, viewport=PHONE)
    rows = [window.page.locator(f"#person-{person.pk}") for person in (company.admin, company.mate, company.rep)]
    places = [row.locator("td[data-label]").first.bounding_box()["x"] for row in rows]
    assert places == [rows[0].locator(".is-name").bounding_box()["x"]] * 3
    steps.sound(window, "people, some to invite")


@steps.IN_TWO_CORNERS
def test_a_deactivation_hands_the_deals_over_and_the_receiver_sees_them(company, open_page, language, viewport):
    big, small = factories.customer(company.rep, "Big Works"), factories.customer(company.rep, "Small Works")
    deal = factories.opportunity(company.rep, "Airport line", customer=big, amount=Decimal(6_400_000))
    other = factories.opportunity(company.rep, "Harbour line", customer=small, amount=Decimal(1_000_000))
    leaving = open_page(company.rep, "/opportunities/", language=language)
    window = open_page(company.admin, "/settings/people/?q=rep", language=language, viewport=viewport)
    page = window.page
    page.locator(f"main a[href='/settings/people/{company.rep.pk}/deactivate/']").click()
    page.wait_for_url("**/deactivate/")
    steps.sound(window, "deactivate")
    for name in ("mate", "manager"):
        box = page.locator("select[name=to] + .ts-wrapper input")
        box.fill(name)
        page.locator(f".ts-dropdown [data-value={name}]").click()
    page.locator("[name=reason]").fill("Left the company")
    page.keyboard.press("Escape")
    page.locator("button[value=preview]:visible").last.click()
    expect(page.locator("[data-portion]")).to_have_count(2)
    steps.sound(window, "who gets what")
    page.locator(f"[name=customer-{big.pk}]").select_option("mate")
    page.locator(f"[name=customer-{small.pk}]").select_option("mate")
    page.locator("button[value=preview]:visible").last.click()
    expect(page.locator("[data-portion]")).to_have_count(1)
    expect(page.locator("[data-portion=mate]")).to_contain_text(steps.money(window, 7_400_000))
    page.locator("button[value=confirm]").click()
    page.wait_for_url("**/settings/people/")
    assert not User.objects.get(pk=company.rep.pk).is_active
    assert {row.owner for row in Opportunity.objects.filter(pk__in=[deal.pk, other.pk])} == {company.mate}

    leaving.page.goto("/opportunities/")
    expect(leaving.page.locator("[name=password]")).to_be_visible()
    receiver = open_page(company.mate, "/opportunities/", language=language, viewport=viewport)
    expect(steps.card(receiver, deal)).to_be_visible()
    expect(steps.card(receiver, other)).to_be_visible()


@steps.IN_TWO_CORNERS
def test_a_team_is_made_moved_and_archived(company, open_page, language, viewport):
    window = open_page(
        company.admin, "/settings/teams/", language=language, viewport=viewport, expected=["status of 422"]
    )
    page, form = window.page, dialog(window)
    steps.sound(window, "teams")
    page.locator("a[href='/settings/teams/new/?parent=east']").click()
    form.locator("[name=name]").fill("South")
    steps.send(window)
    expect(page.locator("main tbody")).to_contain_text("South")
    south = company.east.children.get()
    row = page.locator(f"#team-{south.pk}")
    expect(row.locator(".asc-branch")).to_have_attribute("data-depth", "2")
    row.locator(f"a[href='/settings/teams/{south.pk}/archive/']").click()
    form.locator("[type=submit]").click()
    expect(page.locator(f"form[action='/settings/teams/{south.pk}/restore/']")).to_be_visible()
    page.locator(f"a[href='/settings/teams/{company.east.pk}/archive/']").click()
    form.locator("[type=submit]").click()
    expect(form.locator("[role=alert], .asc-note.bad").first).to_be_visible()
