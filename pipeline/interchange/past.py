"""What has happened lies in the past: of a later moment what people do in Ascent today would stand before it."""

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.calendar import OrgCalendar
from pipeline.interchange import staging
from pipeline.interchange.contents import cell
from pipeline.interchange.files_of_customers import ASSESSMENTS, CUSTOMER_TIERS, NPS
from pipeline.interchange.files_of_evidence import (
    ACTIVITIES,
    CHECKPOINTS,
    DECISIONS,
    GRADE_CHANGES,
    JOINT_PLAN,
    WAIVERS,
)
from pipeline.interchange.layout import EVENTS, OPPORTUNITIES, ORDERS, STAGE_SETTINGS, USER_TEAMS
from pipeline.interchange.report import Bad, Report

MOMENTS = (
    (USER_TEAMS, "at"), (STAGE_SETTINGS, "at"), (CUSTOMER_TIERS, "at"), (OPPORTUNITIES, "created_at"), (EVENTS, "at"),
    (CHECKPOINTS, "recorded_at"), (CHECKPOINTS, "manager_confirmed_at"), (CHECKPOINTS, "withdrawn_at"),
    (GRADE_CHANGES, "at"), (ACTIVITIES, "done_at"), (ACTIVITIES, "coached_at"), (DECISIONS, "decided_at"),
    (WAIVERS, "asked_at"), (WAIVERS, "decided_at"), (ASSESSMENTS, "assessed_at"), (ASSESSMENTS, "overridden_at"),
)  # fmt: skip
DAYS = (
    (OPPORTUNITIES, "signed_on"), (CHECKPOINTS, "said_on"), (JOINT_PLAN, "done_on"), (ORDERS, "booked_on"),
    (NPS, "answered_on"),
)  # fmt: skip


def check_past(report: Report, calendar: OrgCalendar, now: datetime) -> None:
    """Refuse what a file says to have happened after now."""
    later = Bad(_("This moment lies in the future."), _("a moment that has passed"))
    for file, column in MOMENTS:
        rows = _after(file.table, column, connection.ops.adapt_datetimefield_value(now))
        for line, at in rows:
            report.refuse(file.name, line, column, cell(staging.as_moment(at), calendar.tz), later)
    tomorrow = Bad(_("This day must not lie in the future."), _("today or a day before"))
    for file, column in DAYS:
        rows = _after(file.table, column, connection.ops.adapt_datefield_value(calendar.local_date(now)))
        for line, day in rows:
            report.refuse(file.name, line, column, str(day), tomorrow)


def _after(table: str, column: str, bound: object) -> list[tuple[int, object]]:
    sql = f'SELECT csv_line, "{column}" FROM {table} WHERE "{column}" > %s ORDER BY csv_line'
    return staging.fetch(sql, [bound])
