"""Chromium as the tests and the screenshots drive it: what a page logs, reports and breaks is collected."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # what another theme may break
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WATCH = "document.addEventListener('securitypolicyviolation', e => console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI))"  # noqa: E501
PAINT = "theme => document.documentElement.setAttribute('data-bs-theme', theme)"


# What a thumb is to hit and is less than 36 pixels high, with what it also hits around (`::after`): its text.
SMALL = """() => [...document.querySelectorAll('main :is(a, button, summary, select)')].filter(each => {
  const box = each.getBoundingClientRect(), around = getComputedStyle(each, '::after')
  const more = around.position === 'absolute' ? parseFloat(around.top) + parseFloat(around.bottom) : 0
  const hidden = !each.checkVisibility() || each.closest('.visually-hidden, .is-cards thead')
  return box.width && box.height - more < 35.5 && !hidden
}).map(each => each.textContent.trim())"""

# The texts of pictures that are drawn smaller than 11 pixels: they shrink with the picture.
TINY = """() => [...document.querySelectorAll('svg text')].filter(each => each.checkVisibility()).map(each => {
  const by = each.getScreenCTM(), size = parseFloat(getComputedStyle(each).fontSize) * Math.hypot(by.a, by.b)
  return [size, each.textContent.trim()]
}).filter(([size]) => size < 10.99)"""


def chromium_path() -> str:
    """Where Chromium is: `CHROMIUM`, else on the path; a clear error otherwise, for a check must not be skipped."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise RuntimeError("Chromium is missing: install the package chromium, or name it in CHROMIUM.")
    return found


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)


@dataclass
class Watched:
    """A page and the errors it has made: console errors, policy reports, exceptions, failed requests of its own."""

    page: Page
    errors: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    language: str = "en"

    @property
    def phone(self) -> bool:
        size = self.page.viewport_size
        return size is not None and size["width"] < 768

    def listen(self) -> "Watched":
        self.page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note(f"exception: {error}"))
        self.page.add_init_script(WATCH)
        return self

    def _note(self, text: str) -> None:
        if not any(known in text for known in self.expected):
            self.errors.append(f"{self.page.url}: {text}")

    def axe(self, rules: dict[str, Any] = RULES) -> list[str]:
        """Findings of axe (WCAG 2.1 A and AA) on the page as it stands, one line each."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules
        )
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def overflows(self) -> bool:
        """Whether the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")

    def too_small(self) -> list[str]:
        """What of the page's links and buttons is too low for a thumb."""
        found: list[str] = self.page.evaluate(SMALL)
        return found

    def tiny(self) -> list[tuple[float, str]]:
        """The texts of pictures that nobody can read, with their size as drawn."""
        found: list[tuple[float, str]] = self.page.evaluate(TINY)
        return found

    def problems(self) -> list[str]:
        """What axe finds in light and in dark, and whether the page is too wide; it stands afterwards as before.

        A page that is still being left or built has no root to ask: it is waited for.
        """
        self.page.wait_for_load_state()
        before = self.page.evaluate("document.documentElement.getAttribute('data-bs-theme')")
        found = ["is wider than the window"] if self.overflows() else []
        for theme, rules in (("light", RULES), ("dark", COLOURS)):
            self.page.evaluate(PAINT, theme)
            found += [f"{theme}: {finding}" for finding in self.axe(rules)]
        self.page.evaluate(PAINT, before)
        return found


@contextmanager
def watched_page(
    browser: Browser,
    url: str,
    *,
    viewport: Any = None,
    language: str = "en",
    theme: str = "light",
    cookies: list[dict[str, Any]] | None = None,
    expected: tuple[str, ...] = (),
) -> Iterator[Watched]:
    """A page in a context of its own, with relative addresses against `url`."""
    size = viewport or WIDE
    context = browser.new_context(
        base_url=url,
        viewport=size,
        locale="zh-CN" if language.startswith("zh") else "en-US",
        color_scheme="dark" if theme == "dark" else "light",
        timezone_id="Asia/Shanghai",
        has_touch=size["width"] < 700,
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    if cookies:
        context.add_cookies(cookies)  # type: ignore[arg-type]
    try:
        yield Watched(context.new_page(), expected=expected, language=language).listen()
    finally:
        context.close()
