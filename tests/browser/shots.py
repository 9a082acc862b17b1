"""`make shots`: every screen of the running demo, in both languages, at two widths, light and dark.

Takes the demo at ASCENT_URL, by default the one of `make run` at http://127.0.0.1:$PORT; when nothing answers there it
starts one of its own. Pictures, contact sheets and a list of console errors, policy reports and axe findings a page go
into var/shots. `ONLY=board,table` takes these screens alone.
"""

import os
import sys
from dataclasses import dataclass

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.browser.demo_server import demo_at
from tests.browser.driver import PHONE, ROOT, WIDE, Watched, launch, watched_page

TARGET = ROOT / "var" / "shots"
PASSWORD = "ascent-demo-2026"  # noqa: S105 - of the demo company, printed by `manage.py demo`
SIZES = {"1440": WIDE, "390": PHONE}
A_SHEET = 48  # pictures on one contact sheet


@dataclass(frozen=True)
class Screen:
    """A screen: who looks, where (with `first`: at the first link on that page that matches), and what is clicked."""

    login: str
    address: str
    first: str = ""
    below: str = ""  # added to that link's address
    clicks: tuple[str, ...] = ()  # one after the other
    clicks_at: str = ""  # the only width at which they are there
    expected: tuple[str, ...] = ()
    fills_window: bool = False


TABLE = "/opportunities/table/"
A_DEAL = "#opptable .asc-deal-cell a"
A_CUSTOMER = "#customers-card .is-name a"
A_PLAN = "main td a[href*='/plans/']:not(.asc-flag)"
MOVE = ".asc-col.is-cur [data-move], [data-move]"
SCREENS = {
    "sign-in": Screen("", "/accounts/login/"),
    "sign-in-refused": Screen("", "/accounts/login/", clicks=("main [type=submit]",)),
    "password-reset": Screen("", "/accounts/password/reset/"),
    "board": Screen("shen", "/opportunities/", fills_window=True),
    "board-rep": Screen("lin", "/opportunities/", fills_window=True),
    "board-executive": Screen("gu", "/opportunities/", fills_window=True),
    "board-filtered": Screen("shen", "/opportunities/?owner=lin&amount_min=1000000", fills_window=True),
    "board-filter-open": Screen("shen", "/opportunities/", clicks=(".asc-filter summary",), fills_window=True),
    "board-empty": Screen("lin", "/opportunities/?q=nothing-is-called-so", fills_window=True),
    "board-menu": Screen("lin", "/opportunities/", clicks=(MOVE,), fills_window=True),
    "quick-create": Screen("lin", "/opportunities/", clicks=("[data-new]",), fills_window=True),
    "quick-create-refused": Screen(
        "lin", "/opportunities/", clicks=("[data-new]", "#dialog [name=title]", "#dialog [type=submit]"),
        expected=("status of 422",), fills_window=True,
    ),
    "playbook": Screen("lin", "/playbook/"),
    "playbook-manager": Screen("shen", "/playbook/?kind=objection"),
    "playbook-empty": Screen("lin", "/playbook/?q=nothing-is-called-so"),
    "playbook-entry": Screen("shen", "/playbook/", first="main .asc-play a"),
    "playbook-new": Screen("shen", "/playbook/new/"),
    "playbook-refused": Screen(
        "shen", "/playbook/new/", clicks=("main [type=submit]",), expected=("status of 422",)
    ),
    "file-add": Screen("lin", TABLE, first=A_DEAL, clicks=("#files [hx-get]",)),
    "close-as-won": Screen("lin", "/opportunities/", clicks=(MOVE, "#move-menu [value=won]"), fills_window=True),
    "close-as-lost": Screen("lin", "/opportunities/", clicks=(MOVE, "#move-menu [value=lost]"), fills_window=True),
    "step-back": Screen(
        "shen", "/opportunities/?column=lock", clicks=("[data-list=lock] [data-move]", "#move-menu [value=discover]"),
        fills_window=True,
    ),
    "keys": Screen("lin", "/customers/", clicks=(".asc-menu .is-me", "[data-opens]"), clicks_at="1440"),
    "table": Screen("shen", TABLE, fills_window=True),
    "table-sorted": Screen("shen", f"{TABLE}?sort=-amount", fills_window=True),
    "table-edit": Screen("lin", TABLE, clicks=("[id$=-amount] a.asc-cell",), fills_window=True),
    "table-chosen": Screen("shen", TABLE, clicks=("[data-pick]",), fills_window=True),
    "bulk-move": Screen("shen", TABLE, clicks=("[data-pick]", "#bulk [value=move]"), fills_window=True),
    "bulk-hand-over": Screen("shen", TABLE, clicks=("[data-pick]", "#bulk [value=assign]"), fills_window=True),
    "bulk-shift": Screen("shen", TABLE, clicks=("[data-pick]", "#bulk [value=shift]"), fills_window=True),
    "table-empty": Screen("lin", f"{TABLE}?q=nothing-is-called-so", fills_window=True),
    "opportunity": Screen("shen", TABLE, first=A_DEAL),
    "opportunity-won": Screen("gu", f"{TABLE}?outcome=won", first=A_DEAL),
    "opportunity-edit": Screen("lin", TABLE, first=A_DEAL, clicks=("[id$=-next_step] a.asc-cell",)),
    "opportunity-thumb": Screen("lin", TABLE, first=A_DEAL, clicks=(".asc-thumb a:last-child",), clicks_at="390"),
    "opportunity-form": Screen("lin", TABLE, first=A_DEAL, clicks=("main a[href$='/edit/']",)),
    "collaborators": Screen("shen", TABLE, first=A_DEAL, clicks=("main a[href$='/collaborators/']",)),
    "hand-over": Screen("shen", TABLE, first=A_DEAL, clicks=("main a[href$='/assign/']",)),
    "evidence": Screen("lin", TABLE, first=A_DEAL, below="evidence/"),
    "evidence-add": Screen("lin", TABLE, first=A_DEAL, clicks=("main a[href*='/evidence/add/']",)),
    "strategy": Screen("shen", TABLE, first=A_DEAL, below="strategy/"),
    "strategy-form": Screen("lin", TABLE, first=A_DEAL, below="strategy/edit/"),
    "power-map-person": Screen("lin", TABLE, first=A_DEAL, clicks=("#people a[href$='/people/new/']",)),
    "joint-task": Screen("lin", TABLE, first=A_DEAL, clicks=("#joint-plan a[href$='/plan/new/']",)),
    "joint-plan-print": Screen("shen", TABLE, first=A_DEAL, below="plan/print/"),
    "opportunity-changes": Screen("shen", TABLE, first=A_DEAL, below="changes/"),
    "saved-views": Screen("shen", "/opportunities/views/"),
    "saved-view-new": Screen("shen", "/opportunities/views/new/?page=board&query=owner%3Dlin"),
    "view-menu": Screen("shen", "/opportunities/", clicks=(".asc-viewbar .asc-menu summary",), fills_window=True),
    "opportunity-new": Screen("lin", "/opportunities/new/"),
    "dashboard": Screen("gu", "/dashboard/"),
    "dashboard-manager": Screen("shen", "/dashboard/?days=7"),
    "dashboard-past": Screen("gu", "/dashboard/?as_of=2026-06-30"),
    "dashboard-rows": Screen("gu", "/dashboard/", first=".asc-kpi a"),
    "dashboard-bar": Screen("gu", "/dashboard/", first=".asc-list a[href*='bar=']"),
    "my-day": Screen("lin", "/day/"),
    "my-day-manager": Screen("shen", "/day/"),
    "activities": Screen("lin", "/activities/"),
    "activities-empty": Screen("lin", "/activities/?q=nothing-is-called-so"),
    "activity": Screen("lin", "/activities/", first="main .is-name a"),
    "record-action": Screen("lin", "/day/", clicks=("[data-record]",)),
    "calendar": Screen("lin", "/activities/calendar/"),
    "calendar-month": Screen("shen", "/activities/calendar/?view=month&whose=all"),
    "calendar-feed": Screen("lin", "/profile/calendar/"),
    "confirmations": Screen("shen", "/confirmations/"),
    "search": Screen("lin", "/search/?q=yh"),
    "search-dialog": Screen("lin", "/day/", clicks=(".asc-search",)),
    "search-results": Screen("shen", "/search/?q=li"),
    "search-empty": Screen("lin", "/search/?q=nothing-is-called-so"),
    "notifications": Screen("shen", "/notifications/"),
    "notifications-dialog": Screen("shen", "/customers/", clicks=("#bell",)),
    "notification-settings": Screen("lin", "/profile/notifications/"),
    "tokens": Screen("lin", "/profile/tokens/"),
    "token-new": Screen("lin", "/profile/tokens/new/"),
    "waiting": Screen("shen", "/customers/waiting/"),
    "pyramid": Screen("shen", "/customers/pyramid/"),
    "capacity": Screen("shen", "/customers/capacity/"),
    "assess": Screen("shen", "/customers/", first=A_CUSTOMER, below="assess/"),
    "assess-grid": Screen("shen", "/customers/assess/"),
    "account-plans": Screen("shen", "/plans/"),
    "account-plan": Screen("shen", "/plans/", first=A_PLAN),
    "account-plan-missing": Screen("shen", "/plans/?show=missing", first="main .is-name a"),
    "account-plan-edit": Screen("shen", "/plans/", first=A_PLAN, clicks=("main a[href*='/edit/']",)),
    "account-plan-line": Screen("shen", "/plans/", first=A_PLAN, clicks=("main a[href*='/lines/new/']",)),
    "account-plan-print": Screen("shen", "/plans/", first=A_PLAN, below="print/"),
    "account-plans-empty": Screen("shen", "/plans/?q=nothing-is-called-so"),
    "assessments": Screen("shen", "/customers/", first=A_CUSTOMER, below="assessments/"),
    "orders": Screen("shen", "/orders/"),
    "orders-empty": Screen("shen", "/orders/?q=nothing-is-called-so"),
    "order-new": Screen("lin", "/customers/?owner=lin", first=A_CUSTOMER, below="orders/new/"),
    "contracts": Screen("shen", "/contracts/"),
    "nps": Screen("shen", "/nps/"),
    "duplicates": Screen("shen", "/customers/duplicates/"),
    "merge": Screen("shen", "/customers/", first=A_CUSTOMER, below="merge/"),
    "merges": Screen("shen", "/customers/merges/"),
    "tier-rules": Screen("admin", "/settings/tiers/"),
    "tier-rules-edit": Screen("admin", "/settings/tiers/edit/"),
    "method": Screen("admin", "/settings/method/"),
    "customers": Screen("shen", "/customers/"),
    "customers-empty": Screen("shen", "/customers/?q=nothing-is-called-so"),
    "customer": Screen("shen", "/customers/", first=A_CUSTOMER),
    "customer-white-space": Screen("shen", "/customers/", first=A_CUSTOMER, below="white-space/"),
    "customer-people": Screen("shen", "/customers/", first=A_CUSTOMER, below="people/"),
    "customer-changes": Screen("shen", "/customers/", first=A_CUSTOMER, below="changes/"),
    "customer-form": Screen("shen", "/customers/new/"),
    "ideal-customers": Screen("shen", "/profiles/"),
    "ideal-customer": Screen("shen", "/profiles/", first="main .asc-profiles h2 a"),
    "ideal-customer-criteria": Screen(
        "shen", "/profiles/", first="main .asc-profiles h2 a", clicks=(".asc-said summary >> nth=0",)
    ),
    "ideal-customer-new": Screen("shen", "/profiles/new/"),
    "ideal-customer-refused": Screen(
        "shen", "/profiles/new/", clicks=("main [type=submit]",), expected=("status of 422",)
    ),
    "targets": Screen("shen", "/targets/"),
    "targets-rep": Screen("lin", "/targets/"),
    "targets-empty": Screen("lin", "/targets/?q=nothing-is-called-so"),
    "target-edit": Screen("shen", "/targets/", clicks=("main a[href$='/edit/'] >> nth=0",)),
    "contacts": Screen("shen", "/contacts/"),
    "contacts-empty": Screen("shen", "/contacts/?q=nothing-is-called-so"),
    "contact-form": Screen("lin", "/contacts/", first="main a[href$='/edit/']"),
    "contacts-kept": Screen("admin", "/settings/contacts/"),
    "products": Screen("lin", "/products/"),
    "products-admin": Screen("admin", "/products/"),
    "product-form": Screen("admin", "/products/new/"),
    "activity-kinds": Screen("admin", "/settings/activity-kinds/"),
    "audit": Screen("admin", "/settings/audit/"),
    "audit-empty": Screen("admin", "/settings/audit/?q=nothing-is-called-so"),
    "settings": Screen("admin", "/settings/"),
    "stages": Screen("admin", "/settings/stages/"),
    "stage-form": Screen("admin", "/settings/stages/", clicks=("main a[href$='/edit/']",)),
    "stage-retire": Screen("admin", "/settings/stages/", clicks=("main a[href$='/retire/']",)),
    "people": Screen("admin", "/settings/people/"),
    "person-form": Screen("admin", "/settings/people/", clicks=("main a[href$='/edit/']",)),
    "person-invite": Screen("admin", "/settings/people/", clicks=("header a[href$='/people/new/']",)),
    "person-deactivate": Screen("admin", "/settings/people/?sort=-open", first="main a[href$='/deactivate/']"),
    "invitations": Screen("admin", "/settings/people/invitations/"),
    "teams": Screen("admin", "/settings/teams/"),
    "organisation": Screen("admin", "/settings/organisation/"),
    "nightly": Screen("admin", "/settings/nightly/"),
    "workspace": Screen("admin", "/settings/workspace/"),
    "profile": Screen("lin", "/profile/"),
    "password-change": Screen("lin", "/accounts/password/change/"),
    "not-found": Screen("lin", "/opportunities/999999999/", expected=("status of 404",)),
    "forbidden": Screen("lin", "/settings/organisation/", expected=("status of 403",)),
}  # fmt: skip


def main() -> int:
    url = os.environ.get("ASCENT_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in (*TARGET.glob("*.png"), *TARGET.glob("*.html")):
        old.unlink()
    findings: list[str] = []
    with demo_at(url) as address, sync_playwright() as playwright:
        browser = launch(playwright)
        for language in ("zh-hans", "en"):
            for theme in ("light", "dark"):
                for size in SIZES:
                    findings += shoot_all(browser, address, language, theme, size)
        taken = contact_sheets(browser)
        browser.close()
    (TARGET / "findings.txt").write_text("".join(f"{finding}\n" for finding in findings))
    print("\n".join(findings) or "No console error, policy report or axe finding on any page.")
    print(f"{taken} pictures, the contact sheets and findings.txt are in {TARGET.relative_to(ROOT)}.")
    return 1 if findings else 0


def wanted() -> dict[str, Screen]:
    only = os.environ.get("ONLY", "")
    return {name: screen for name, screen in SCREENS.items() if not only or name in only.split(",")}


def shoot_all(browser: Browser, url: str, language: str, theme: str, size: str) -> list[str]:
    """All screens in one language, theme and width; one context a login."""
    findings: list[str] = []
    for login in dict.fromkeys(screen.login for screen in wanted().values()):
        with watched_page(browser, url, viewport=SIZES[size], language=language, theme=theme) as watched:
            if login:
                sign_in(watched.page, login, language, theme)
            for name, screen in wanted().items():
                if screen.login == login:
                    findings += shoot(watched, screen, f"{name}.{size}.{language}.{theme}")
    return findings


def sign_in(page: Page, login: str, language: str, theme: str) -> None:
    """Sign in, with the language and the theme as this person's own."""
    page.goto("/accounts/login/")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("main [type=submit]")
    page.goto("/profile/")
    page.select_option("main select[name=language]", language)
    page.select_option("main select[name=theme]", theme)
    page.click("main [type=submit]")
    settle(page)


def shoot(watched: Watched, screen: Screen, file: str) -> list[str]:
    """Take the picture; what is wrong with the page, one line each."""
    watched.errors.clear()
    watched.expected = screen.expected
    try:
        bring_up(watched, screen)
    except (Error, AssertionError) as error:
        return [f"{file}: could not be reached: {str(error).splitlines()[0]}"]
    watched.page.screenshot(path=TARGET / f"{file}.png", full_page=not screen.fills_window)
    problems = [*watched.errors, *(f"axe {finding}" for finding in watched.axe())]
    if watched.overflows():
        problems.append("is wider than the window")
    return [f"{file}: {problem}" for problem in problems]


def bring_up(watched: Watched, screen: Screen) -> None:
    page = watched.page
    page.goto(screen.address)
    if screen.first:
        page.goto((page.locator(screen.first).first.get_attribute("href") or "") + screen.below)
    here = not screen.clicks_at or (screen.clicks_at == "390") == watched.phone
    for selector in screen.clicks if here else ():
        page.locator(selector).locator("visible=true").first.click(timeout=5000)
        settle(page)
    settle(page)


def settle(page: Page) -> None:
    """Wait until what was asked for is there and drawn."""
    page.wait_for_timeout(250)
    page.wait_for_load_state("load")
    expect(page.locator(".htmx-request")).to_have_count(0)


def contact_sheets(browser: Browser) -> int:
    """All pictures with their names on contact-sheet.png, contact-sheet-2.png and so on; returns how many there are."""
    pictures = sorted(TARGET.glob("*.png"), key=lambda path: (path.stem.split(".")[1] == "390", path.stem))
    style = (
        "body{margin:12px;font:13px sans-serif;display:grid;grid-template-columns:repeat(8,1fr);gap:12px}"
        "figure{margin:0}img{width:100%;max-height:420px;object-fit:cover;object-position:top}"
    )
    page = browser.new_page(viewport={"width": 2600, "height": 1000})
    for number, first in enumerate(range(0, len(pictures), A_SHEET), start=1):
        figures = "".join(
            f"<figure><figcaption>{picture.stem}</figcaption><img src='{picture.name}'></figure>"
            for picture in pictures[first : first + A_SHEET]
        )
        sheet = TARGET / f"contact-sheet{f'-{number}' if number > 1 else ''}.html"
        sheet.write_text(f"<meta charset='utf-8'><style>{style}</style>{figures}")
        page.goto(sheet.as_uri())
        page.screenshot(path=sheet.with_suffix(".png"), full_page=True)
        sheet.unlink()
    page.close()
    return len(pictures)


if __name__ == "__main__":
    sys.exit(main())
