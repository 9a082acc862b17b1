"""What is filtered, as a file for a spreadsheet."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.selectors import today
from config.web.spreadsheets import FORMATS, spreadsheet
from opportunities import rules
from opportunities.models import ForecastCategory, Opportunity, Outcome
from opportunities.rules.evidence import FACTORS, StageFloors
from opportunities.rules.historical import of_stage
from opportunities.rules.readings import read
from opportunities.selectors.heights import floors_now
from opportunities.selectors.historical import Rates, historical_rates
from opportunities.selectors.stages import all_stages, factor_names
from opportunities.selectors.table import heights_of, weighed, weighted_of
from opportunities.views.table import chosen, sorted_rows

CHUNK = 500


@require_safe
def export(request: HttpRequest, format: str) -> HttpResponseBase:
    """The filtered opportunities in the table's order: `csv` (streamed) or `xlsx`."""
    if format not in FORMATS:
        raise Http404
    found = sorted_rows(chosen(request)).with_names()  # type: ignore[attr-defined]
    day, floors, rates = today(), floors_now(all_stages()), historical_rates()
    rows = (values(row, day, floors, rates) for row in found.iterator(chunk_size=CHUNK))
    name = _("opportunities-%(day)s") % {"day": day.isoformat()}
    return spreadsheet(format, name=name, title=_("Opportunities"), heads=heads(), rows=rows)


def heads() -> list[str]:
    """The heads of the columns, in the active language."""
    return [
        _("Key"), _("Title"), _("Customer"), _("Tier"), _("Stage"), _("Outcome"), _("Declared win rate"),
        _("Evidenced win rate"), _("Historical win rate"), _("Amount"), _("Weighted amount"), _("Counted amount"),
        *factor_names(), _("Moved without proof"), _("Expected close"), _("In stage since"), _("Days in stage"),
        _("Next step"), _("Next step due"), _("Owner"), _("Team"), _("Product"), _("Source"), _("Forecast category"),
        _("Created on"), _("Signing date"), _("Competitor"),
    ]  # fmt: skip


def values(row: Opportunity, day: date, floors: Sequence[StageFloors], rates: Rates) -> list[Any]:
    """One opportunity, a value a column: text, Decimal, date, int, or None where there is none."""
    heights = heights_of(row)
    reading = read(is_open=row.is_open, declared=row.win_rate, heights=heights, floors=floors)
    days = rules.days_in_stage(row.entered_on, day) if row.is_open else None
    return [
        row.key, row.title, row.customer.name, row.customer.tier, row.stage.name, str(Outcome(row.outcome).label),
        row.win_rate, reading.evidenced, _historical(row, days, rates), row.amount, weighted_of(row),
        weighed(row.amount, reading.counted),
        *(heights.verified if heights else [None] * len(FACTORS)), _("Yes") if row.moved_without_proof else "",
        row.expected_close_date, row.entered_on, days, row.next_step, row.next_step_due,
        str(row.owner), str(row.team or ""), str(row.product or ""), row.source, _category(row), row.created_on,
        row.signed_on, row.competitor,
    ]  # fmt: skip


def _historical(row: Opportunity, days: int | None, rates: Rates) -> Decimal | None:
    """What came of those that stood so long there, to four places as every rate; None where too few are known."""
    rate = None if days is None else of_stage(rates, row.stage_id, days).rate
    return None if rate is None else Decimal(rate).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _category(row: Opportunity) -> str:
    return str(ForecastCategory(row.forecast_category).label) if row.forecast_category else ""
