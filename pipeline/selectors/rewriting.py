"""What a change of currency, time zone or fiscal year does to the past, in words and numbers, before it is taken."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.selectors import today
from customers.models import Customer, Order
from opportunities.models import Opportunity, OpportunityVersion
from pipeline.models import NightlyRun

REWRITING = ("currency", "timezone", "fiscal_year_start_month")
Facts = dict[str, Any]
HOME_CURRENCY = "CNY"  # the shipped thresholds of indicators 7 and 8 are in it (METHOD.md §8)


def consequences(changed: dict[str, tuple[Any, Any]]) -> dict[str, list[str]]:
    """{field: sentences} for {field: (from, to)}; empty while there is no customer, and so no past."""
    return in_words(facts(changed))


def facts(changed: dict[str, tuple[Any, Any]]) -> dict[str, Facts]:
    """What the sentences tell of, by field; at most ten queries."""
    if not changed or not Customer.objects.exists():
        return {}
    return {name: {"old": old, "new": new, **COUNTED[name]()} for name, (old, new) in changed.items()}


def in_words(found: dict[str, Facts]) -> dict[str, list[str]]:
    """{field: sentences} in the active language."""
    return {name: SAID[name](values) for name, values in found.items()}


def _amounts() -> Facts:
    return {
        "deals": Opportunity.objects.exclude(amount=None).count(),
        "states": OpportunityVersion.objects.exclude(amount=None).count(), "orders": Order.objects.count(),
        "spends": Customer.objects.exclude(annual_spend=None).count(),
    }  # fmt: skip


def _states_and_nights() -> Facts:
    return {
        "deals": Opportunity.objects.count(), "states": OpportunityVersion.objects.count(),
        "nights": NightlyRun.objects.filter(state=NightlyRun.State.FINISHED).count(),
    }  # fmt: skip


def _deals_and_orders() -> Facts:
    return {"deals": Opportunity.objects.count(), "orders": Order.objects.count(), "year": today().year}


def _currency(values: Facts) -> list[str]:
    said = [
        _("No amount is converted, only its unit changes: 1,000,000.00 %(old)s becomes 1,000,000.00 %(new)s.") % values,
        _(
            "That holds for the amounts of %(deals)s deals in %(states)s states of their past, of %(orders)s orders, "
            "and for the yearly spend of %(spends)s customers."
        ) % values,
    ]  # fmt: skip
    if HOME_CURRENCY in (values["old"], values["new"]):
        said.append(_thresholds(values["new"]))
    return said


def _thresholds(new: str) -> str:
    if new == HOME_CURRENCY:
        return _("The shipped thresholds of “sales per rep” and “output per employee” hold again.")
    return _(
        "The shipped thresholds of “sales per rep” and “output per employee” are in CNY and fall away: the figures "
        "stay, without a verdict, until you set thresholds in the new currency."
    )


def _timezone(values: Facts) -> list[str]:
    said = [
        _("Every day begins at another moment: what happened around midnight moves to the day before or after, in "
          "every figure of every past day."),
        _("The days on which %(deals)s deals were created and entered their stages are worked out anew from their "
          "%(states)s states. It takes some seconds for each hundred thousand states.") % values,
    ]  # fmt: skip
    return [*said, _nights(values["nights"])] if values["nights"] else said


def _nights(count: int) -> str:
    return ngettext(
        "%(count)s stored night is forgotten and computed anew by the worker; until then its day is read live.",
        "%(count)s stored nights are forgotten and computed anew by the worker; until then their days are read live.",
        count,
    ) % {"count": count}


def _fiscal_year(values: Facts) -> list[str]:
    old, new = values["old"], values["new"]
    values = {**values, "old": MONTHS[old], "new": MONTHS[new], "first": date(values["year"], new, 1).isoformat()}
    return [
        _("Fiscal years and quarters begin in %(new)s instead of %(old)s, those of the past too: fiscal year %(year)s "
          "begins on %(first)s.") % values,
        _("Every report by quarter or year sorts the %(deals)s deals and %(orders)s orders anew; amounts, dates and "
          "calendar months stay as they are.") % values,
    ]  # fmt: skip


COUNTED: dict[str, Callable[[], Facts]] = {
    "currency": _amounts, "timezone": _states_and_nights, "fiscal_year_start_month": _deals_and_orders,
}  # fmt: skip
SAID: dict[str, Callable[[Facts], list[str]]] = {
    "currency": _currency, "timezone": _timezone, "fiscal_year_start_month": _fiscal_year,
}  # fmt: skip
