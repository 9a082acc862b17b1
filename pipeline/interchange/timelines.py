"""Teams of people and settings of stages, each with the moment from which they hold (FINE-PRINT 6).

The first value of users.csv and stages.csv holds for all the past; user_teams.csv and stage_settings.csv carry the
later ones. Without such lines for a row that is known already, another value in users.csv or stages.csv is a change
from the moment of the import on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.actions import BEGINNING
from accounts.models import User, UserTeam
from config.web.money import from_ten_thousandths
from opportunities import rules
from opportunities.models import Stage, StageSetting
from pipeline.interchange import staging
from pipeline.interchange.checks import shipped_that_stay
from pipeline.interchange.history import Timelines
from pipeline.interchange.layout import SETTINGS, STAGE_SETTINGS, STAGES, USER_TEAMS, USERS, File
from pipeline.interchange.report import Bad, Overwritten, Report, Said
from pipeline.interchange.revising import pending_edits

TICK = timedelta(microseconds=1)
Line = dict[datetime, Any]


@dataclass(slots=True)
class Plan:
    """What becomes of the timelines: all rows as they will be, and the keys of those that change."""

    teams: dict[str, Line] = field(default_factory=dict)
    settings: dict[str, Line] = field(default_factory=dict)
    new_people: set[str] = field(default_factory=set)
    changed_teams: set[str] = field(default_factory=set)
    changed_settings: set[str] = field(default_factory=set)
    changed_rates: set[str] = field(default_factory=set)
    stages: dict[str, rules.StageInfo] = field(default_factory=dict)
    dropped_stages: list[str] = field(default_factory=list)
    reordered: bool = False

    def timelines(self) -> Timelines:
        """For computing histories."""
        rates = {key: {at: setting[0] for at, setting in line.items()} for key, line in self.settings.items()}
        return Timelines(
            stages=self.stages,
            rates={key: _sorted(line) for key, line in rates.items()},
            teams={key: _sorted(line) for key, line in self.teams.items()},
        )


def _sorted(line: Line) -> tuple[list[datetime], list[Any]]:
    times = sorted(line)
    return times, [line[time] for time in times]


@dataclass(slots=True)
class Merging:
    """How the timelines of one kind are put together."""

    report: Report
    owner: File  # users.csv, stages.csv
    later: File  # user_teams.csv, stage_settings.csv
    columns: list[str]
    fresh: bool
    keep: bool
    now: datetime
    shown: Callable[[Any], str] = str
    touched: set[str] = field(default_factory=set)  # keys whose row in the owner's file counts as updated

    def merge(self, have: Line, said: Any, line: int, key: str, lines: Line, row: dict[str, Any] | None) -> Line:
        """The timeline of one row that is known already."""
        merged = dict(have)
        if said is not None:
            first, last = min(have), max(have)
            if lines:
                self._first(merged, first, said, line, key)
            elif said != have[last] and not self._kept(key, have[last], said, row):
                self.touched.add(key)
                if self.fresh:
                    merged = {BEGINNING: said}
                else:
                    merged[max(self.now, last + TICK)] = said
        return {**merged, **lines}

    def _first(self, merged: Line, first: datetime, said: Any, line: int, key: str) -> None:
        if said == merged[first]:
            return
        if self.fresh:
            self.touched.add(key)
            merged[first] = said
            return
        wrong = _("Until the first line of %(file)s something else is known already: %(known)s.")
        known = Said(wrong, file=self.later.name, known=self.shown(merged[first]))
        bad = Bad(known, _("the same, or no such lines"))
        self.report.refuse(self.owner.name, line, self.columns[0], self.shown(said), bad)

    def _kept(self, key: str, ours: Any, said: Any, row: dict[str, Any] | None) -> bool:
        if row is None or not pending_edits(row) & set(self.columns):
            return False
        overwritten = Overwritten(self.owner.name, key, self.columns[0], self.shown(ours), self.shown(said))
        self.report.overwritten.append(overwritten)
        return self.keep

    def count(self, have: Line, lines: Line) -> None:
        """Count the lines of the later file."""
        if self.later.name not in self.report.present:
            return
        count = self.report.file(self.later.name)
        for at, value in lines.items():
            count.created += at not in have
            count.updated += at in have and have[at] != value
            count.unchanged += have.get(at, _NOTHING) == value


_NOTHING = object()


def plan(report: Report, *, fresh: bool, keep: bool, now: datetime) -> Plan:
    """The timelines after this import; `fresh`: no opportunity yet, so nothing has a past that could change."""
    found = Plan()
    _plan_teams(found, report, fresh, keep, now)
    _plan_stages(found, report, fresh, keep, now)
    return found


def _plan_teams(found: Plan, report: Report, fresh: bool, keep: bool, now: datetime) -> None:
    merging = Merging(report, USERS, USER_TEAMS, ["team"], fresh, keep, now, lambda team: team or "")
    known = _known_teams()
    rows = {row["username"]: row for row in _revisions(User, "username")}
    lines = _team_lines()
    column = "team" in report.present.get(USERS.name, set())
    said = {key: (line, team) for line, key, team in staging.fetch(f"SELECT csv_line, key, team FROM {USERS.table}")}
    for key in [*known, *(key for key in said if key not in known)]:
        later = lines.get(key, {})
        if key not in known:
            found.new_people.add(key)
            found.teams[key] = {BEGINNING: said[key][1], **later}
            merging.count({}, later)
            continue
        line, team = said.get(key, (0, None))
        stated = _Stated(team) if column and key in said else None
        merged = merging.merge(
            {at: _Stated(value) for at, value in known[key].items()}, stated, line, key,
            {at: _Stated(value) for at, value in later.items()}, rows.get(key),
        )  # fmt: skip
        found.teams[key] = {at: value.value for at, value in merged.items()}
        merging.count(known[key], later)
        if found.teams[key] != known[key]:
            found.changed_teams.add(key)
    _count_touched(report, USERS, merging.touched)


@dataclass(frozen=True, slots=True)
class _Stated:
    """A team that may be none."""

    value: str | None

    def __str__(self) -> str:
        return self.value or ""


def _known_teams() -> dict[str, Line]:
    known: dict[str, Line] = {}
    for user, at, team in UserTeam.objects.values_list("user__username", "valid_from", "team__key"):
        known.setdefault(user, {})[at] = team
    for user, team in User.objects.values_list("username", "team__key"):
        known.setdefault(user, {BEGINNING: team})
    return known


def _team_lines() -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for user, at, team in staging.fetch(f'SELECT "user", at, team FROM {USER_TEAMS.table} ORDER BY csv_line'):
        lines.setdefault(user, {})[staging.as_moment(at)] = team  # type: ignore[index]
    return lines


def _revisions(model: Any, key: str) -> Any:
    return model.objects.values(key, "version", "imported_version", "changed_in")


def _plan_stages(found: Plan, report: Report, fresh: bool, keep: bool, now: datetime) -> None:
    merging = Merging(report, STAGES, STAGE_SETTINGS, [column.name for column in SETTINGS], fresh, keep, now, _shown)
    known = _known_settings()
    rows = {row["key"]: row for row in _revisions(Stage, "key")}
    said = _stages_said(report, rows)
    _drop_replaced(found, known, said, fresh)
    for key in [*known, *(key for key in said if key not in known)]:
        have = known.get(key)
        first = said[key][1] if key in said else None
        later = _setting_lines(key, have or {BEGINNING: first})
        if have is None:
            found.settings[key] = {BEGINNING: first, **later}
        else:
            found.settings[key] = merging.merge(have, first, said[key][0] if key in said else 0, key, later, rows[key])
        merging.count(have or {}, later)
        if have is not None and found.settings[key] != have:
            found.changed_settings.add(key)
            if _rates(found.settings[key]) != _rates(have):
                found.changed_rates.add(key)
    _count_touched(report, STAGES, merging.touched)
    _take_infos(found, fresh)


def _shown(setting: tuple[int, Any, int]) -> str:
    rate, floor, days = setting
    return f"{from_ten_thousandths(rate).normalize():f} / {'' if floor is None else floor} / {days}"


def _rates(line: Line) -> list[tuple[datetime, int]]:
    """Only what changes the rate."""
    steps: list[tuple[datetime, int]] = []
    for at in sorted(line):
        if not steps or steps[-1][1] != line[at][0]:
            steps.append((at, line[at][0]))
    return steps


def _known_settings() -> dict[str, Line]:
    known: dict[str, Line] = {}
    for row in StageSetting.objects.select_related("stage"):
        value = (int(row.win_rate.scaleb(4)), row.floor, row.expected_days)
        known.setdefault(row.stage.key, {})[row.valid_from] = value
    for stage in Stage.objects.all():
        value = (int(stage.win_rate.scaleb(4)), stage.floor, stage.expected_days)
        known.setdefault(stage.key, {BEGINNING: value})
    return known


def _stages_said(report: Report, rows: dict[str, Any]) -> dict[str, tuple[int, Any]]:
    """What stages.csv says; for a known stage a column that it lacks stays as it is."""
    present = report.present.get(STAGES.name, set())
    current = {stage.key: stage for stage in Stage.objects.all()}
    said = {}
    sql = f"SELECT csv_line, key, win_rate, floor, expected_days FROM {STAGES.table} ORDER BY csv_line"
    for line, key, rate, floor, days in staging.fetch(sql):
        if key in rows:
            floor = floor if "floor" in present else current[key].floor
            days = days if "expected_days" in present else current[key].expected_days
        said[key] = (line, (rate, floor, days))
    return said


def _setting_lines(key: str, have: Line) -> Line:
    """Later settings of a stage; an empty cell keeps what held before."""
    sql = f"SELECT at, win_rate, floor, expected_days FROM {STAGE_SETTINGS.table} WHERE stage = %s ORDER BY at"
    told = {staging.as_moment(at): values for at, *values in staging.fetch(sql, [key])}
    lines: Line = {}
    for at in sorted(told):  # type: ignore[type-var]
        before = {**have, **lines}
        last = before[max((time for time in before if time <= at), default=min(before))]  # type: ignore[operator]
        lines[at] = tuple(old if new is None else new for new, old in zip(told[at], last, strict=True))  # type: ignore[index]
    return lines


def _drop_replaced(found: Plan, known: dict[str, Line], said: dict[str, Any], fresh: bool) -> None:
    if fresh and said:
        stay = set(shipped_that_stay())
        found.dropped_stages = [key for key in known if key not in said and key not in stay]
        for key in found.dropped_stages:
            del known[key]


def _take_infos(found: Plan, fresh: bool) -> None:
    """Positions and outcomes as they will be; shipped stages that stay go to the end."""
    staged = staging.fetch(f"SELECT key, position, outcome FROM {STAGES.table}")
    last = max((position for _key, position, _outcome in staged), default=0)
    named = {key for key, _position, _outcome in staged}
    places: dict[str, tuple[int, str]] = {}
    for stage in Stage.objects.order_by("position", "id"):
        if stage.key in found.dropped_stages:
            continue
        position = stage.position
        if fresh and staged and stage.key not in named:
            last += 1
            position = last
        places[stage.key] = (position, stage.outcome)
    before = dict(places)
    places |= {key: (position, outcome) for key, position, outcome in staged}
    found.reordered = not fresh and any(places[key] != before[key] for key in before)
    for key, (position, outcome) in places.items():
        rate = found.settings[key][max(found.settings[key])][0]
        found.stages[key] = rules.StageInfo(key, position, outcome, rate)  # type: ignore[arg-type]


def _count_touched(report: Report, file: File, keys: set[str]) -> None:
    """A row whose other columns are the same counts as updated all the same."""
    changes = staging.changes_of(file)
    sql = f"SELECT s.key FROM {file.table} s JOIN {changes} c ON c.csv_line = s.csv_line"
    only = keys - {key for (key,) in staging.fetch(sql)}
    count = report.file(file.name) if keys else None
    if count is not None:
        count.updated += len(only)
        count.unchanged -= len(only)
