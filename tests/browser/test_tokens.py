"""A token is made, copied and revoked in the profile; the documentation of the API reads without an error."""

import os
from pathlib import Path

from playwright.sync_api import expect

from accounts.models import AccessToken
from accounts.tokens import digest
from tests.api.conftest import client_of
from tests.browser.steps import IN_TWO_CORNERS, say, sound

SHOTS = os.environ.get("TOKEN_SHOTS", "")


def shot(window, name):
    if SHOTS:
        for theme in ("light", "dark"):
            window.page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
            window.page.screenshot(path=str(Path(SHOTS) / f"{name}-{window.language}-{theme}.png"))


@IN_TWO_CORNERS
def test_a_token_is_made_and_revoked(company, open_page, language, viewport):
    window = open_page(company.rep, "/profile/", language=language, viewport=viewport)
    page = window.page
    page.get_by_role("link", name=say(window, "API tokens")).click()
    shot(window, "tokens-empty")
    sound(window, "no tokens")
    page.get_by_role("link", name=say(window, "New token")).last.click()
    page.locator("#id_name").fill("Nightly report")
    page.get_by_label(say(window, "It may")).select_option("write")
    sound(window, "new token")
    shot(window, "token-new")
    page.get_by_role("button", name=say(window, "Make the token")).click()
    secret = page.locator("#token").input_value()
    sound(window, "token made")
    shot(window, "token-made")
    page.get_by_role("button", name=say(window, "Copy"), exact=True).click()
    expect(page.get_by_text(say(window, "The token was copied."))).to_be_visible()
    token = AccessToken.objects.get()
    assert (token.digest, token.scope) == (digest(secret), "write")
    page.get_by_role("link", name=say(window, "Done")).click()
    assert secret not in page.content()
    expect(page.get_by_role("row", name="Nightly report")).to_be_visible()
    client_of(company.mate)
    sound(window, "tokens")
    shot(window, "tokens")
    page.get_by_role("link", name=say(window, "Revoke %(name)s", name="Nightly report")).click()
    page.get_by_role("dialog").get_by_role("button", name=say(window, "Revoke"), exact=True).click()
    expect(page.get_by_text(say(window, "The token was revoked."))).to_be_visible()
    assert not AccessToken.objects.filter(user=company.rep).exists()


def opened(page, subject, path):
    """The line of an operation, once its subject is unfolded."""
    page.locator(f"#operations-tag-{subject}").click()
    return page.get_by_text(path).first


@IN_TWO_CORNERS
def test_the_documentation_of_the_api(company, open_page, language, viewport):
    window = open_page(company.rep, "/api/v1/docs/", language=language, viewport=viewport)
    page = window.page
    opened(page, "opportunities", "/api/v1/opportunities/{id}/move/").click()
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()
    shot(window, "docs")
    assert page.evaluate("document.documentElement.className") == ""
    type(company.rep).objects.update(theme="dark")
    page.reload()
    expect(opened(page, "opportunities", "/api/v1/opportunities/{id}/move/")).to_be_visible()
    assert page.evaluate("document.documentElement.className") == "dark-mode"
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"docs-themed-{language}.png"))
