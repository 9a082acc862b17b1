"""`make shots`: every screen of the running demo, in both languages, at two widths, light and dark.

Takes the demo at ASCENT_URL, by default the one of `make run` at http://127.0.0.1:$PORT. Pictures, one contact sheet
and a list of console errors, policy reports and axe findings a page go into var/shots.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.driver import PHONE, ROOT, WIDE, Watched, launch, watched_page

TARGET = ROOT / "var" / "shots"
PASSWORD = "ascent-demo-2026"  # noqa: S105 - of the demo company, printed by `manage.py demo`
SIZES = {"1440": WIDE, "390": PHONE}
SCREENS = {  # name: (login, address); an address may name the first link that matches a selector on another page
    "sign-in": ("", "/accounts/login/"),
    "password-reset": ("", "/accounts/password/reset/"),
    "board": ("shen", "/opportunities/"),
    "board-rep": ("lin", "/opportunities/"),
    "board-empty": ("lin", "/opportunities/?q=nothing-is-called-so"),
    "table": ("shen", "/opportunities/table/"),
    "opportunity": ("shen", "/opportunities/table/ a[href^='/opportunities/'][href$='/']:not([href*='table'])"),
    "opportunity-new": ("lin", "/opportunities/new/"),
    "dashboard": ("gu", "/dashboard/"),
    "dashboard-manager": ("shen", "/dashboard/"),
    "customers": ("shen", "/customers/"),
    "customer": ("shen", "/customers/ table a[href^='/customers/']"),
    "settings": ("admin", "/settings/"),
    "stages": ("admin", "/settings/stages/"),
    "organisation": ("admin", "/settings/organisation/"),
    "products": ("admin", "/settings/products/"),
    "nightly": ("admin", "/settings/nightly/"),
    "profile": ("lin", "/profile/"),
    "not-found": ("lin", "/opportunities/999999999/"),
}


def main() -> int:
    url = os.environ.get("ASCENT_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.png"):
        old.unlink()
    findings: list[str] = []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for language in ("zh-hans", "en"):
            for theme in ("light", "dark"):
                for size in SIZES:
                    findings += shoot_all(browser, url, language, theme, size)
        contact_sheet(browser)
        browser.close()
    (TARGET / "findings.txt").write_text("\n".join(findings) + "\n")
    print("\n".join(findings) or "No console error, policy report or axe finding on any page.")
    print(f"{len(list(TARGET.glob('*.png')))} pictures and contact-sheet.png in {TARGET.relative_to(ROOT)}")
    return 1 if findings else 0


def shoot_all(browser: Browser, url: str, language: str, theme: str, size: str) -> list[str]:
    """All screens in one language, theme and width; one context a login."""
    findings: list[str] = []
    for login in dict.fromkeys(login for login, _address in SCREENS.values()):
        with watched_page(browser, url, viewport=SIZES[size], language=language, theme=theme) as watched:
            if login:
                sign_in(watched.page, login, language, theme)
            for name, (who, address) in SCREENS.items():
                if who == login:
                    findings += shoot(watched, name, address, f"{name}.{language}.{size}.{theme}")
    return findings


def sign_in(page: Page, login: str, language: str, theme: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("main [type=submit]")
    page.goto("/profile/")
    page.select_option("main select[name=language]", language)
    page.select_option("main select[name=theme]", theme)
    page.click("main [type=submit]")
    page.wait_for_load_state("networkidle")


def shoot(watched: Watched, name: str, address: str, file: str) -> list[str]:
    page = watched.page
    path, _, selector = address.partition(" ")
    watched.errors.clear()
    watched.expected = ("status of 404",) if name == "not-found" else ()
    page.goto(path)
    if selector:
        page.goto(page.locator(selector).first.get_attribute("href") or path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    page.screenshot(path=TARGET / f"{file}.png", full_page=name not in ("board", "board-rep"))
    problems = [*watched.errors, *(f"axe {finding}" for finding in watched.axe())]
    if watched.overflows():
        problems.append("is wider than the window")
    return [f"{file}: {problem}" for problem in problems]


def contact_sheet(browser: Browser) -> None:
    """One picture of all pictures, four to a row, each with its name."""
    figures = "".join(
        f"<figure><img src='{picture.as_uri()}'><figcaption>{picture.stem}</figcaption></figure>"
        for picture in sorted(TARGET.glob("*.png"))
    )
    style = (
        "body{margin:12px;font:13px sans-serif;display:grid;grid-template-columns:repeat(8,1fr);gap:12px}"
        "figure{margin:0}img{width:100%;max-height:420px;object-fit:cover;object-position:top}"
    )
    sheet = Path(TARGET / "contact-sheet.html")
    sheet.write_text(f"<meta charset='utf-8'><style>{style}</style>{figures}")
    page = browser.new_page(viewport={"width": 2000, "height": 1000})
    page.goto(sheet.as_uri())
    page.screenshot(path=TARGET / "contact-sheet.png", full_page=True)
    page.close()


if __name__ == "__main__":
    sys.exit(main())
