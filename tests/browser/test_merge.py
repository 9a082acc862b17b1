"""Two customers that are one: found among the likely duplicates, merged, and taken apart again."""

from playwright.sync_api import expect

from customers.models import Customer, Merge
from tests import factories
from tests.browser.steps import IN_TWO_CORNERS, say


@IN_TWO_CORNERS
def test_merge_duplicates_and_take_it_back(company, open_page, language, viewport):
    one = factories.customer(company.rep, "Far Sail Motors", phone="13800138000")
    two = factories.customer(company.mate, "Sail Works", phone="13800138000", industry="Motors")
    contact = factories.contact(company.mate, two)
    window = open_page(company.manager, "/customers/duplicates/", language=language, viewport=viewport)
    page = window.page
    expect(page.locator("main")).to_contain_text("Sail Works")
    page.locator(f'a[href^="/customers/{one.pk}/merge/"]').click()
    page.locator("main button[type=submit]").click()
    expect(page.locator("main")).to_contain_text(say(window, "is filled"))
    page.locator("main button[type=submit]").click()
    page.wait_for_url(f"**/customers/{one.pk}/")
    contact.refresh_from_db()
    assert contact.customer == one
    page.goto("/customers/merges/")
    page.locator(f'a[href="/customers/merges/{Merge.objects.get().pk}/undo/"]').click()
    page.locator("#dialog-body button[type=submit]").click()
    expect(page.locator("main")).to_contain_text(say(window, "taken back"))
    contact.refresh_from_db()
    assert contact.customer == two
    assert Customer.objects.in_use().count() == 2
