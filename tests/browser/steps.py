"""Steps that the journeys share: the words of a language, where things stand, and whether a page is sound."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext
from playwright.sync_api import Locator, expect

from config.web.templatetags import formats
from opportunities.models import Opportunity
from tests.browser.driver import PHONE, WIDE, Watched

IN_TWO_CORNERS = pytest.mark.parametrize(
    ("language", "viewport"), [("en", PHONE), ("zh-hans", WIDE)], ids=["en-390", "zh-hans-1440"]
)
OFFLINE = "No connection: nothing was saved. What you typed is still here."
_sound: set[tuple[str, str, bool]] = set()


def say(window: Watched, msgid: str, **values: Any) -> str:
    """The words of the window's language, with `%(name)s` filled in."""
    with translation.override(window.language):
        text = gettext(msgid)
    return text % values if values else text


def count(window: Watched, one: str, many: str, number: int, **values: Any) -> str:
    with translation.override(window.language):
        return ngettext(one, many, number) % {"count": number, **values}


def money(window: Watched, amount: int | Decimal) -> str:
    with translation.override(window.language):
        return formats.money(Decimal(amount), "CNY")


def money_full(window: Watched, amount: int | Decimal) -> str:
    with translation.override(window.language):
        return formats.money_full(Decimal(amount), "CNY")


def stage_name(window: Watched, stage: Any) -> str:
    return stage.name_zh if window.language.startswith("zh") else stage.name_en


def typed(window: Watched, amount: int) -> str:
    """The amount as it is typed: in 万 in Chinese, in K in English."""
    return f"{Decimal(amount) / (10_000 if window.language.startswith('zh') else 1_000):f}"


def sound(window: Watched, name: str) -> None:
    """Assert that the page is accessible in light and dark and not too wide; each page once a language and width."""
    seen = (name, window.language, window.phone)
    if seen not in _sound:
        found = window.problems()
        assert not found, "\n".join([name, *found])
        _sound.add(seen)


# --- Where things stand -----------------------------------------------------------------------


def card(window: Watched, deal: Opportunity) -> Locator:
    return window.page.locator(f"#card-{deal.pk}")


def column(window: Watched, key: str) -> Locator:
    return window.page.locator(f"[data-list='{key}']")


def cell(window: Watched, deal: Opportunity, field: str) -> Locator:
    return window.page.locator(f"#cell-{deal.pk}-{field}")


def dialog(window: Watched) -> Locator:
    return window.page.locator("dialog#dialog")


def toast(window: Watched) -> Locator:
    return window.page.locator(".asc-toast")


def button(window: Watched, msgid: str, inside: Locator | None = None, **values: Any) -> Locator:
    """The button that bears these words at its beginning; a hint of its key may follow."""
    words = say(window, msgid, **values)
    return (inside or window.page.locator("body")).get_by_role("button", name=words)


def link(window: Watched, msgid: str, inside: Locator | None = None) -> Locator:
    return (inside or window.page.locator("body")).get_by_role("link", name=say(window, msgid))


# --- Steps ------------------------------------------------------------------------------------


def send(window: Watched) -> None:
    """Press the main button of the dialog."""
    dialog(window).locator(".btn-primary[type=submit]").click()


def save(window: Watched) -> None:
    """Press it, and see the dialog go."""
    send(window)
    expect(dialog(window)).to_be_hidden()


def look_up(window: Watched, name: str, text: str, choice: str) -> None:
    """Type into the search box of a field in the dialog, and take what matches the selector `choice`."""
    field = dialog(window).locator(f"select[name={name}]")
    expect(field).to_have_class(re.compile("tomselected"))
    field.locator("xpath=following-sibling::*[1]").locator("input").fill(text)
    dialog(window).locator(f".ts-dropdown {choice}").click()


def choose_tab(window: Watched, stage: Any) -> None:
    """Show a stage's column where only one is shown."""
    if window.phone:
        window.page.locator(f"#tab-{stage.pk}").click()


def move_by_menu(window: Watched, deal: Opportunity, key: str) -> None:
    card(window, deal).locator("[data-move]").click()
    window.page.locator(f"#move-menu button[value='{key}']").click()


def drag(window: Watched, deal: Opportunity, key: str) -> None:
    """Drag a card with the mouse into the column, or to the way out, that `key` names."""
    mouse = window.page.mouse
    start = card(window, deal).locator(".meta").first.bounding_box()
    assert start
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 12, y + 6, steps=4)
    expect(column(window, key)).to_be_visible()
    goal = column(window, key).bounding_box()
    assert goal
    across = goal["x"] + goal["width"] / 2
    down = goal["y"] + min(goal["height"] / 2, 120)
    mouse.move(across - 8, down, steps=8)
    mouse.move(across, down, steps=4)
    mouse.up()


def in_column(window: Watched, deal: Opportunity, key: str) -> None:
    """Assert that the card stands in this column, and that the server has said so."""
    expect(column(window, key).locator(f"#card-{deal.pk}:not(.is-busy)")).to_be_attached()
