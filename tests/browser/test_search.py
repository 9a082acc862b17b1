"""The search over everything: by keyboard all the way, in both languages, on both widths."""

from playwright.sync_api import expect

from tests import factories
from tests.browser import steps


@steps.IN_TWO_CORNERS
def test_a_customer_is_found_by_initials_without_a_mouse(company, open_page, language, viewport):
    far = factories.customer(company.rep, "远航汽车", tier="5A")
    factories.contact(company.rep, far, "尹红")
    factories.customer(company.stranger, "沿海千川")  # of the same initials, and out of sight
    window = open_page(company.rep, "/products/", language=language, viewport=viewport)
    page = window.page
    page.keyboard.press("/")
    box = page.locator("#dialog [name=q]")
    expect(box).to_be_focused()
    page.keyboard.type("yhqc", delay=20)
    expect(page.locator("#dialog [data-found='yhqc'] a")).to_have_count(1)
    expect(page.locator("#dialog [data-found]")).not_to_contain_text("沿海")
    steps.sound(window, "search")
    box.fill("yh")
    expect(page.locator("#dialog [data-found='yh'] a")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#dialog [data-found] a").last).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{far.pk}/")

    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    page.keyboard.type("qiche")
    expect(page.locator("#dialog [data-found='qiche'] a")).to_have_count(1)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto("/products/")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("nothing at all")
    expect(page.locator("#dialog [data-found='nothing at all']")).to_contain_text(
        steps.say(window, "Nothing answers to “%(typed)s”.", typed="nothing at all")
    )
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    page.goto("/search/?q=yhqc")
    expect(page.locator("main [data-found] a")).to_have_count(1)
    steps.sound(window, "search page")
