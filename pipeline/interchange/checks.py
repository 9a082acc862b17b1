"""What rows must be to one another: unique keys, references that lead somewhere, histories that begin."""

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.calendar import OrgCalendar
from accounts.models import Team, User
from accounts.people import administration
from customers.models import Customer
from opportunities.models import Opportunity, Stage
from pipeline.interchange import layout, staging
from pipeline.interchange.agreements import check_agreements
from pipeline.interchange.attached import check_attachments
from pipeline.interchange.belonging import check_belonging
from pipeline.interchange.circles import on_a_circle
from pipeline.interchange.columns import Column, File
from pipeline.interchange.contents import as_amount, cell
from pipeline.interchange.customer_agreements import check_customers
from pipeline.interchange.demands import check_demands
from pipeline.interchange.layout import EVENTS, FILES, OPPORTUNITIES, STAGES, TEAMS, USERS
from pipeline.interchange.past import check_past
from pipeline.interchange.report import Bad, Report, Said
from pipeline.interchange.same_customers import check_merges

UNKNOWN = _("There is no such row.")


def check_all(report: Report, calendar: OrgCalendar, *, fresh: bool, now: datetime) -> None:
    """Every check that looks at more than one cell. `fresh`: no opportunity yet, so shipped stages are replaced."""
    for file in FILES:
        if "key" in file.key:
            _unique(report, file, "key")
        for column in file.columns:
            if column.ref:
                _reference(report, file, column, fresh)
    for file in (layout.USER_TEAMS, layout.STAGE_SETTINGS):
        _unique_pair(report, file)
    check_agreements(report)
    check_customers(report, fresh)
    check_merges(report)
    check_demands(report)
    check_belonging(report)
    check_attachments(report)
    check_past(report, calendar, now)
    _one_organisation(report)
    _stages(report, fresh)
    _people(report, calendar)
    _no_circle(report, TEAMS, Team)
    _no_circle(report, layout.CUSTOMERS, Customer)
    _event_references(report, fresh)
    _event_conflicts(report)
    _beginnings(report, calendar)


def _unique(report: Report, file: File, name: str) -> None:
    sql = (
        f'SELECT s.csv_line, s."{name}", d.first FROM {file.table} s JOIN (SELECT "{name}" AS twice,'
        f' MIN(csv_line) AS first FROM {file.table} WHERE "{name}" IS NOT NULL GROUP BY "{name}"'
        f' HAVING COUNT(*) > 1) d ON d.twice = s."{name}" WHERE s.csv_line > d.first ORDER BY s.csv_line'
    )
    for line, value, first in staging.fetch(sql):
        wrong = Said(_("The same key stands in line %(line)s already."), line=first)
        report.refuse(file.name, line, name, value, Bad(wrong, _("each key once")))


def _unique_pair(report: Report, file: File) -> None:
    one, two = file.key
    sql = (
        f'SELECT s.csv_line, s."{one}" FROM {file.table} s WHERE EXISTS (SELECT 1 FROM {file.table} o'
        f' WHERE o."{one}" = s."{one}" AND o."{two}" = s."{two}" AND o.csv_line < s.csv_line) ORDER BY s.csv_line'
    )
    for line, value in staging.fetch(sql):
        report.refuse(file.name, line, one, value, Bad(_("A line above names the same moment."), _("each moment once")))


def _reference(report: Report, file: File, column: Column, fresh: bool) -> None:
    target = layout.BY_NAME[column.ref]
    if target.name in report.broken:  # whether the row is there cannot be told
        return
    params: list[str] = []
    sql = (
        f'SELECT s.csv_line, s."{column.name}" FROM {file.table} s WHERE s."{column.name}" IS NOT NULL'
        f' AND NOT EXISTS (SELECT 1 FROM {target.table} r WHERE r."key" = s."{column.name}")'
    )
    if fresh and target is STAGES:
        params = [*shipped_that_stay(), ""]
        sql += f' AND s."{column.name}" NOT IN ({", ".join(["%s"] * len(params))})'
    else:
        table = target.model._meta.db_table
        sql += f' AND NOT EXISTS (SELECT 1 FROM {table} m WHERE m."{target.match}" = s."{column.name}")'
    for line, value in staging.fetch(sql + " ORDER BY s.csv_line", params):
        report.refuse(file.name, line, column.name, value, Bad(UNKNOWN, Said(_("a key of %(file)s"), file=target.name)))


def shipped_that_stay() -> list[str]:
    """Keys of the stages whose outcome stages.csv lacks; without stages.csv all of them."""
    outcomes = {outcome for (outcome,) in staging.fetch(f"SELECT DISTINCT outcome FROM {STAGES.table}")}
    return [stage.key for stage in Stage.objects.in_use() if stage.outcome not in outcomes or not outcomes]


def _one_organisation(report: Report) -> None:
    lines = staging.fetch(f"SELECT csv_line FROM {layout.ORGANISATION.table} ORDER BY csv_line")
    for (line,) in lines[1:]:
        bad = Bad(_("There is one organisation."), _("one row"))
        report.refuse(layout.ORGANISATION.name, line, "", "", bad)
    if layout.ORGANISATION.name in report.files and not lines and report.ok:
        report.refuse(layout.ORGANISATION.name, 1, "", "", Bad(_("The file has no row."), _("one row")))


def _stages(report: Report, fresh: bool) -> None:
    rows = staging.fetch(f"SELECT csv_line, key, position, win_rate, outcome, retired_at FROM {STAGES.table}")
    positions: dict[int, int] = {}
    in_use = dict(Stage.objects.values_list("key", "outcome")) if not fresh else {}
    for line, key, position, rate, outcome, retired_at in sorted(rows, key=itemgetter(0)):
        if position is not None and retired_at is None and positions.setdefault(position, line) != line:
            bad = Bad(_("Another stage has this position."), _("each position once"))
            report.refuse(STAGES.name, line, "position", position, bad)
        wanted = {"won": 10000}.get(outcome, 0)
        if outcome not in (None, "open") and rate is not None and rate != wanted:
            bad = Bad(_("The win rate of a closed stage is fixed: 100 % when won, else 0."), str(wanted // 10000))
            report.refuse(STAGES.name, line, "win_rate", rate / 10000, bad)
        if outcome and key in in_use and in_use[key] != outcome:
            bad = Bad(_("The outcome of a stage does not change."), in_use[key])
            report.refuse(STAGES.name, line, "outcome", outcome, bad)
    _closed_rates_of_settings(report)


def _closed_rates_of_settings(report: Report) -> None:
    table = layout.STAGE_SETTINGS.table
    outcomes = dict(Stage.objects.values_list("key", "outcome"))
    outcomes |= dict(staging.fetch(f"SELECT key, outcome FROM {STAGES.table}"))
    rows = staging.fetch(f"SELECT csv_line, stage, win_rate FROM {table} WHERE win_rate IS NOT NULL ORDER BY csv_line")
    for line, stage, rate in rows:
        wanted = {"won": 10000}.get(outcomes.get(stage, "open"), 0)
        if outcomes.get(stage, "open") != "open" and rate != wanted:
            bad = Bad(_("The win rate of a closed stage is fixed: 100 % when won, else 0."), str(wanted // 10000))
            report.refuse(layout.STAGE_SETTINGS.name, line, "win_rate", rate / 10000, bad)


def _people(report: Report, calendar: OrgCalendar) -> None:
    sql = f"SELECT csv_line, key, email, role, active_from, active_until FROM {USERS.table} ORDER BY csv_line"
    rows = [
        (line, key, email, role, staging.as_day(since), staging.as_day(until))
        for line, key, email, role, since, until in staging.fetch(sql)
    ]
    for line, _key, _email, _role, since, until in rows:
        if since and until and since > until:
            bad = Bad(_("The person ends before they begin."), _("active_from on or before active_until"))
            report.refuse(USERS.name, line, "active_until", until, bad)
    _login_names(report, rows)
    _addresses(report, rows)
    _last_administrator(report, rows, calendar)


def _login_names(report: Report, rows: list[Any]) -> None:
    """Sign-in does not tell letters' cases apart."""
    taken = {name.lower(): name for name in User.objects.values_list("username", flat=True)}
    for line, key, *_rest in rows:
        if key and taken.setdefault(key.lower(), key) != key:
            report.refuse(USERS.name, line, "key", key, Bad(_("This login name is taken."), _("each once")))


def _addresses(report: Report, rows: list[Any]) -> None:
    named = {row[1] for row in rows} if "email" in report.present.get(USERS.name, set()) else set()
    others = User.objects.exclude(email="").values_list("email", "username")
    taken = {email.lower(): key for email, key in others if key not in named}
    for line, key, email, *_rest in rows:
        if email and taken.setdefault(email.lower(), key) != key:
            report.refuse(USERS.name, line, "email", email, Bad(_("Somebody else has this address."), _("each once")))


def _last_administrator(report: Report, rows: list[Any], calendar: OrgCalendar) -> None:
    """Where an administrator is active now, one still is afterwards; without an end date where there was such a one."""
    people = {user.username: user for user in User.objects.all()}
    today, present = calendar.local_date(timezone.now()), report.present.get(USERS.name, set())
    before = administration(people.values(), today)
    last_line = 0
    for line, key, _email, role, since, until in rows:
        user = people.setdefault(key, User(username=key or ""))
        last_line = line if user.is_admin else last_line
        user.role = role or user.role
        user.active_from = since if "active_from" in present else user.active_from
        user.active_until = until if "active_until" in present else user.active_until
    if administration(people.values(), today) < before:
        bad = Bad(_("The last active administrator stays one."), _("one active administrator at least"))
        report.refuse(USERS.name, last_line, "role", "", bad)


def _no_circle(report: Report, file: File, model: Any) -> None:
    parents = dict(model.objects.filter(parent__isnull=False).values_list("key", "parent__key"))
    staged = staging.fetch(f"SELECT csv_line, key, parent FROM {file.table} ORDER BY csv_line")
    if "parent" in report.present.get(file.name, set()):
        parents.update({key: parent for _line, key, parent in staged})
    circular = on_a_circle(parents)
    for line, key, parent in staged:
        if parent and key in circular:
            wrong, accepted = _("The row lies below itself."), _("a parent that does not lie below this row")
            report.refuse(file.name, line, "parent", parent, Bad(wrong, accepted))


def _event_references(report: Report, fresh: bool) -> None:
    """Values of stage, owner and product are keys of their files."""
    for name, file in (("stage", STAGES), ("owner", USERS), ("product", layout.PRODUCTS)):
        if file.name in report.broken:
            continue
        known = {key for (key,) in staging.fetch(f"SELECT key FROM {file.table}")}
        known |= set(shipped_that_stay() if file is STAGES and fresh else _known(file))
        sql = f"SELECT DISTINCT value FROM {EVENTS.table} WHERE field = %s AND value IS NOT NULL"
        for (value,) in staging.fetch(sql, [name]):
            if value not in known:
                _refuse_lines(report, name, value, file)


def _known(file: File) -> Iterable[str]:
    return file.model._default_manager.values_list(file.match, flat=True)


def _refuse_lines(report: Report, name: str, value: str, file: File) -> None:
    sql = f"SELECT csv_line FROM {EVENTS.table} WHERE field = %s AND value = %s ORDER BY csv_line"
    for (line,) in staging.fetch(sql, [name, value]):
        bad = Bad(UNKNOWN, Said(_("a key of %(file)s"), file=file.name))
        report.refuse(EVENTS.name, line, "value", value, bad)


def _event_conflicts(report: Report) -> None:
    twice = (
        f"SELECT opportunity, at, field, MIN(csv_line) AS first FROM {EVENTS.table}"
        f" GROUP BY opportunity, at, field HAVING COUNT(DISTINCT COALESCE(value, '')) > 1"
    )
    sql = (
        f"SELECT s.csv_line, s.field, s.value, d.first FROM {EVENTS.table} s JOIN ({twice}) d"
        f" ON d.opportunity = s.opportunity AND d.at = s.at AND d.field = s.field"
        f" WHERE s.csv_line > d.first ORDER BY s.csv_line"
    )
    for line, field, value, first in staging.fetch(sql):
        shown = as_amount(int(value)) if field == "amount" and value is not None else value
        wrong = Said(_("Line %(line)s sets the same field at the same moment to something else."), line=first)
        report.refuse(EVENTS.name, line, "value", shown, Bad(wrong, _("one value of a field at a moment")))


def _beginnings(report: Report, calendar: OrgCalendar) -> None:
    """A new opportunity begins with its stage and its owner, and nothing happens before it."""
    if {EVENTS.name, OPPORTUNITIES.name} & report.broken:
        return
    for name in ("stage", "owner"):
        for line, key in staging.fetch(_without_beginning(), [name]):
            wrong = Said(_("No line of opportunity_events.csv sets the %(field)s at created_at."), field=name)
            accepted = _("stage and owner of every opportunity at its created_at")
            report.refuse(OPPORTUNITIES.name, line, "key", key, Bad(wrong, accepted))
    sql = (
        f"SELECT e.csv_line, e.at FROM {EVENTS.table} e LEFT JOIN {OPPORTUNITIES.table} s ON s.key = e.opportunity"
        f" LEFT JOIN {Opportunity._meta.db_table} m ON m.key = e.opportunity"
        f" WHERE e.at < COALESCE(s.created_at, m.created_at) ORDER BY e.csv_line"
    )
    for line, at in staging.fetch(sql):
        bad = Bad(_("The change lies before the creation of the opportunity."), _("created_at or later"))
        report.refuse(EVENTS.name, line, "at", cell(staging.as_moment(at), calendar.tz), bad)


def _without_beginning() -> str:
    return (
        f"SELECT s.csv_line, s.key FROM {OPPORTUNITIES.table} s WHERE s.created_at IS NOT NULL AND s.key IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM {Opportunity._meta.db_table} m WHERE m.key = s.key)"
        f" AND NOT EXISTS (SELECT 1 FROM {EVENTS.table} e WHERE e.opportunity = s.key AND e.at = s.created_at"
        f" AND e.field = %s) ORDER BY s.csv_line"
    )
