"""A stage is retired only with its open opportunities moved in the same act (METHOD.md §2)."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext_lazy as _

from opportunities.models import Opportunity, Stage
from opportunities.querysets import FOREVER
from pipeline.interchange import staging
from pipeline.interchange.contents import cell
from pipeline.interchange.layout import EVENTS, STAGES
from pipeline.interchange.report import Bad, Report, SourceError

OPPORTUNITY, STAGE = Opportunity._meta.db_table, Stage._meta.db_table
# Where every open opportunity stands after the import.
STANDING = (
    f"SELECT v.stage AS stage, v.opportunity AS key FROM {staging.VERSION} v"
    " WHERE v.valid_to = %s AND v.outcome = 'open'"
    f" UNION ALL SELECT m.key, o.key FROM {OPPORTUNITY} o JOIN {STAGE} m ON m.id = o.stage_id"
    f" LEFT JOIN {staging.OUT} n ON n.key = o.key WHERE o.outcome = 'open' AND NOT COALESCE(n.rewritten, FALSE)"
)
STAYING = _("Open deals still stand in this stage.")
ELSEWHERE = _("a stage that is in use")


def forever() -> Any:
    """The end of what holds now, as a parameter."""
    return connection.ops.adapt_datetimefield_value(FOREVER)


def check_retirements(report: Report, zone: ZoneInfo) -> None:
    """Refuse what leaves an open opportunity in a retired stage; called when the histories are computed."""
    sql = (
        f"SELECT csv_line, retired_at FROM {STAGES.table} WHERE retired_at IS NOT NULL"
        f" AND key IN (SELECT stage FROM ({STANDING}) t) ORDER BY csv_line"
    )
    accepted = _("no moment, or an event of each of them that leads to another stage")
    for line, at in staging.fetch(sql, [forever()]):
        value = cell(staging.as_moment(at), zone)
        report.refuse(STAGES.name, line, "retired_at", value, Bad(STAYING, accepted))
    stays_retired = f"SELECT m.key FROM {STAGE} m WHERE m.retired_at IS NOT NULL AND m.key NOT IN ({_named(report)})"
    sql = (
        f"SELECT e.csv_line, e.value FROM {EVENTS.table} e JOIN ({STANDING}) t ON t.key = e.opportunity"
        f" AND t.stage = e.value WHERE e.field = 'stage' AND e.value IN ({stays_retired}) ORDER BY e.csv_line"
    )
    for line, value in staging.fetch(sql, [forever()]):
        report.refuse(EVENTS.name, line, "value", value, Bad(_("This stage is no longer in use."), ELSEWHERE))


def _named(report: Report) -> str:
    """SQL: the keys of the stages of which the import says whether they are retired."""
    says = "retired_at" in report.present.get(STAGES.name, ())
    return f"SELECT key FROM {STAGES.table} WHERE {'key IS NOT NULL' if says else '1 = 0'}"


def refuse_moved_meanwhile() -> None:
    """SourceError where somebody has moved an opportunity, since the check, into a stage that the import retires."""
    named = staging.fetch(f"SELECT key FROM {STAGES.table} WHERE retired_at IS NOT NULL")
    if Opportunity.objects.filter(stage__key__in=[key for (key,) in named]).open().exists():
        raise SourceError(STAYING)
