"""What an import archives, and what it puts into something archived, obeys the rules of the other doors.

Only what it changes is looked at: whatever stands in Ascent already goes out and comes in again.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.teams import staying
from customers.models import Customer
from opportunities.models import Opportunity
from pipeline.interchange import staging
from pipeline.interchange.contents import cell
from pipeline.interchange.layout import CUSTOMERS, TEAMS, USERS
from pipeline.interchange.report import Bad, Report, Said, SourceError
from pipeline.interchange.retirement import forever
from pipeline.interchange.timelines import Plan

ARCHIVED = Bad(_("This team is archived. Restore it first."), _("a team that is in use"))
TEAMS_BELOW = Bad(_("Move or archive the teams below it first."), _("no moment while teams are below it"))
PEOPLE_IN_IT = Bad(_("Move its people to another team first."), _("no moment while people are in it"))
OPEN_DEALS = Bad(_("Close or move its open deals first."), _("no moment while open deals are there"))
CUSTOMER, OPPORTUNITY = Customer._meta.db_table, Opportunity._meta.db_table
ARCHIVED_CUSTOMERS = (  # SQL: those that are in use now
    f"FROM {CUSTOMERS.table} s JOIN {CUSTOMER} m ON m.key = s.key"
    " WHERE s.archived_at IS NOT NULL AND m.archived_at IS NULL AND s.merged_into IS NULL"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A team in the tree; `line` is that of its row in teams.csv, 0 without one."""

    line: int
    parent: str | None
    archived_at: Any


@dataclass(frozen=True, slots=True)
class Checked:
    """Keys of what the check has found in use: all teams, and the customers that the import archives."""

    teams: set[str]
    customers: set[str]


def check_archiving(report: Report, plan: Plan, today: date, zone: ZoneInfo) -> Checked:
    """Refuse it; called when the teams of people and the histories are computed."""
    before = {
        key: Place(0, parent, at) for key, parent, at in Team.objects.values_list("key", "parent__key", "archived_at")
    }
    after = {**before, **_said(report, before)}
    going = {key for key, place in after.items() if place.archived_at and key in before and not before[key].archived_at}
    _refuse_teams(report, going & _used(after), after, TEAMS_BELOW, zone)
    _refuse_teams(report, going & _peopled(report, plan, today), after, PEOPLE_IN_IT, zone)
    _below_archived(report, before, after, going)
    _into_archived(report, plan, before, after, going)
    _customers(report, zone)
    customers = {key for (key,) in staging.fetch(f"SELECT s.key {ARCHIVED_CUSTOMERS}")}
    return Checked({key for key, place in before.items() if not place.archived_at}, customers)


def _said(report: Report, before: dict[str, Place]) -> dict[str, Place]:
    """The teams that teams.csv names, as they will be."""
    present, said = report.present.get(TEAMS.name, set()), {}
    for line, key, parent, at in staging.fetch(f"SELECT csv_line, key, parent, archived_at FROM {TEAMS.table}"):
        known = before.get(key, Place(0, None, None))
        said[key] = Place(
            line,
            parent if "parent" in present else known.parent,
            staging.as_moment(at) if "archived_at" in present else known.archived_at,
        )
    return said


def _used(teams: dict[str, Place]) -> set[str | None]:
    return {place.parent for place in teams.values() if not place.archived_at}


def _peopled(report: Report, plan: Plan, today: date) -> set[str | None]:
    """The teams in which somebody is who works here now or will."""
    until = dict(User.objects.filter(deactivated_at=None).values_list("username", "active_until"))
    gone = set(User.objects.exclude(deactivated_at=None).values_list("username", flat=True))
    if "active_until" in report.present.get(USERS.name, ()):
        until |= {
            key: staging.as_day(day) for key, day in staging.fetch(f"SELECT key, active_until FROM {USERS.table}")
        }
    staying = [key for key in plan.teams if key not in gone and (until.get(key) is None or until[key] >= today)]
    return {_last(plan.teams[key]) for key in staying}


def _last(line: dict[Any, Any]) -> Any:
    return line[max(line)]


def _refuse_teams(report: Report, keys: set[str], teams: dict[str, Place], bad: Bad, zone: ZoneInfo) -> None:
    for key in sorted(keys):
        report.refuse(TEAMS.name, teams[key].line, "archived_at", cell(teams[key].archived_at, zone), bad)


def _below_archived(report: Report, before: dict[str, Place], after: dict[str, Place], going: set[str]) -> None:
    for key, place in after.items():
        if place.archived_at or place.parent is None or place.parent in going or not after[place.parent].archived_at:
            continue
        was = before.get(key)
        moves = place.parent in before if was is None else was.parent != place.parent or was.archived_at is not None
        if moves:
            report.refuse(TEAMS.name, place.line, "parent", place.parent, ARCHIVED)


def _into_archived(
    report: Report, plan: Plan, before: dict[str, Place], after: dict[str, Place], going: set[str]
) -> None:
    lines = dict(staging.fetch(f"SELECT key, csv_line FROM {USERS.table}"))
    had = dict(User.objects.values_list("username", "team__key"))
    for key, line in plan.teams.items():
        team = _last(line)
        if team is None or team in going or not after[team].archived_at:
            continue
        if had[key] != team if key in had else team in before:
            report.refuse(USERS.name, lines.get(key, 0), "team", team, ARCHIVED)


def _customers(report: Report, zone: ZoneInfo) -> None:
    """A known customer goes only without open opportunities."""
    still_open = (
        f"SELECT n.customer FROM {staging.OUT} n JOIN {staging.VERSION} v ON v.opportunity = n.key"
        " WHERE v.valid_to = %s AND v.outcome = 'open'"
        f" UNION ALL SELECT COALESCE(n.customer, c.key) FROM {OPPORTUNITY} o JOIN {CUSTOMER} c ON c.id = o.customer_id"
        f" LEFT JOIN {staging.OUT} n ON n.key = o.key WHERE o.outcome = 'open' AND NOT COALESCE(n.rewritten, FALSE)"
    )
    sql = f"SELECT s.csv_line, s.archived_at {ARCHIVED_CUSTOMERS} AND s.key IN ({still_open}) ORDER BY s.csv_line"
    for line, at in staging.fetch(sql, [forever()]):
        report.refuse(CUSTOMERS.name, line, "archived_at", cell(staging.as_moment(at), zone), OPEN_DEALS)


def refuse_filled_meanwhile(checked: Checked, since: datetime) -> None:
    """SourceError where, since the check, somebody has put something into what the import archives, or the other way.

    Called when all is written.
    """
    archived = Team.objects.filter(archived_at__isnull=False)
    _refuse_any(TEAMS.name, archived.filter(children__archived_at=None, children__isnull=False), checked, TEAMS_BELOW)
    _refuse_any(TEAMS.name, archived.filter(pk__in=staying().values("team")), checked, PEOPLE_IN_IT)
    still_open = Opportunity.objects.open().values("customer")
    for key, at in Customer.objects.filter(archived_at__isnull=False, pk__in=still_open).values_list(
        "key", "archived_at"
    ):
        if key in checked.customers or at >= since:
            raise _refusal(CUSTOMERS.name, key, OPEN_DEALS)


def _refuse_any(file: str, teams: QuerySet[Team], checked: Checked, bad: Bad) -> None:
    for key in teams.values_list("key", flat=True):
        if key in checked.teams:
            raise _refusal(file, key, bad)


def _refusal(file: str, key: str, bad: Bad) -> SourceError:
    return SourceError(Said("%(file)s, %(key)s: %(wrong)s", file=file, key=key, wrong=bad.wrong))
