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
HOME_CURRENCY = "CNY"  # the shipped thresholds of indicators 7 and 8 are in it (METHOD.md §8)


def consequences(changed: dict[str, tuple[Any, Any]]) -> dict[str, list[str]]:
    """{field: sentences} for {field: (from, to)}; empty while there is no customer, and so no past. Six queries."""
    told: dict[str, Callable[[Any, Any], list[str]]] = {
        "currency": _currency,
        "timezone": _timezone,
        "fiscal_year_start_month": _fiscal_year,
    }
    if not changed or not Customer.objects.exists():
        return {}
    return {name: told[name](*pair) for name, pair in changed.items()}


def _currency(old: str, new: str) -> list[str]:
    values = {
        "old": old, "new": new, "deals": Opportunity.objects.exclude(amount=None).count(),
        "states": OpportunityVersion.objects.exclude(amount=None).count(), "orders": Order.objects.count(),
        "spends": Customer.objects.exclude(annual_spend=None).count(),
    }  # fmt: skip
    said = [
        _("No amount is converted, only its unit changes: 1,000,000.00 %(old)s becomes 1,000,000.00 %(new)s.") % values,
        _(
            "That holds for the amounts of %(deals)s deals in %(states)s states of their past, of %(orders)s orders, "
            "and for the yearly spend of %(spends)s customers."
        ) % values,
    ]  # fmt: skip
    if HOME_CURRENCY in (old, new):
        said.append(_thresholds(new))
    return said


def _thresholds(new: str) -> str:
    if new == HOME_CURRENCY:
        return _("The shipped thresholds of “sales per rep” and “output per employee” hold again.")
    return _(
        "The shipped thresholds of “sales per rep” and “output per employee” are in CNY and fall away: the figures "
        "stay, without a verdict, until you set thresholds in the new currency."
    )


def _timezone(old: str, new: str) -> list[str]:
    values = {"new": new, "deals": Opportunity.objects.count(), "states": OpportunityVersion.objects.count()}
    nights = NightlyRun.objects.filter(state=NightlyRun.State.FINISHED).count()
    said = [
        _("Every day begins at another moment: what happened around midnight moves to the day before or after, in "
          "every figure of every past day."),
        _("The days on which %(deals)s deals were created and entered their stages are worked out anew from their "
          "%(states)s states. It takes some seconds for each hundred thousand states.") % values,
    ]  # fmt: skip
    return [*said, _nights(nights)] if nights else said


def _nights(count: int) -> str:
    return ngettext(
        "%(count)s stored night is forgotten and computed anew by the worker; until then its day is read live.",
        "%(count)s stored nights are forgotten and computed anew by the worker; until then their days are read live.",
        count,
    ) % {"count": count}


def _fiscal_year(old: int, new: int) -> list[str]:
    year = today().year
    values = {
        "old": MONTHS[old], "new": MONTHS[new], "year": year, "deals": Opportunity.objects.count(),
        "orders": Order.objects.count(), "first": date(year, new, 1).isoformat(),
    }  # fmt: skip
    return [
        _("Fiscal years and quarters begin in %(new)s instead of %(old)s, those of the past too: fiscal year %(year)s "
          "begins on %(first)s.") % values,
        _("Every report by quarter or year sorts the %(deals)s deals and %(orders)s orders anew; amounts, dates and "
          "calendar months stay as they are.") % values,
    ]  # fmt: skip
