"""What is kept about a person: shown, taken along, erased with a record of it, in both languages."""

import json

from playwright.sync_api import expect

from customers.models import Contact, Erasure
from tests import factories
from tests.browser import steps
from tests.browser.steps import say


@steps.IN_TWO_CORNERS
def test_a_person_is_shown_taken_along_and_erased(company, open_page, language, viewport):
    customer = factories.customer(company.rep, "Harbour Foods")
    contact = factories.contact(company.rep, customer, "Wang Fang", phone="13800138000", title="Buyer")
    window = open_page(company.admin, f"/contacts/{contact.pk}/privacy/", language=language, viewport=viewport)
    page = window.page
    expect(page.locator("main")).to_contain_text("13800138000")
    steps.sound(window, "what is kept about a person")
    with page.expect_download() as fetched:
        steps.link(window, "Export").click()
    assert "13800138000" in json.dumps(json.loads(fetched.value.path().read_text()))

    steps.link(window, "Erase").click()
    steps.dialog(window).locator("[name=reason]").fill("Her letter of 3 May")
    steps.sound(window, "erasing a person")
    steps.dialog(window).locator("[type=submit]").click()
    expect(page.locator("main")).to_contain_text("Her letter of 3 May")
    expect(page.locator("main")).not_to_contain_text("13800138000")
    expect(page.locator("main")).not_to_contain_text("Wang Fang")
    steps.sound(window, "what is kept about somebody erased")
    assert (Erasure.objects.get().contact, Contact.objects.get().title) == (contact, "Buyer")
    page.goto("/search/?q=wang")
    expect(page.locator("main")).to_contain_text(say(window, "Nothing answers to “%(typed)s”.", typed="wang"))
    page.goto("/settings/contacts/")
    steps.sound(window, "contacts kept for long")
