"""Teams of people, each with the moment from which they hold, and how such timelines are merged (FINE-PRINT 6).

The first value of users.csv and stages.csv holds for all the past; user_teams.csv and stage_settings.csv carry the
later ones. Without such lines for a row that is known already, another value in users.csv or stages.csv is a change
from the moment of the import on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.actions import BEGINNING
from accounts.models import User, UserTeam
from opportunities import rules
from pipeline.interchange import staging
from pipeline.interchange.columns import File
from pipeline.interchange.history import Timelines
from pipeline.interchange.layout import USER_TEAMS, USERS
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
    earliest: datetime | None = None  # the first moment at which a stage is set otherwise than it was

    def note_earliest(self, have: Line, line: Line) -> None:
        """Note what changes in the timeline of a stage."""
        moments = [at for at in {*have, *line} if have.get(at) != line.get(at) and at != BEGINNING]
        self.earliest = min([*moments, *([self.earliest] if self.earliest else [])], default=None)

    def timelines(self) -> Timelines:
        """For computing histories."""
        rates = {key: {at: setting.win_rate for at, setting in line.items()} for key, line in self.settings.items()}
        return Timelines(
            stages=self.stages,
            rates={key: _sorted(line) for key, line in rates.items()},
            teams={key: _sorted(line) for key, line in self.teams.items()},
        )


def _sorted(line: Line) -> tuple[list[datetime], list[Any]]:
    times = sorted(line)
    return times, [line[time] for time in times]


class Membership(NamedTuple):
    """A team that may be none."""

    team: str | None

    def cell(self, _column: str) -> str:
        """As it stands in a file."""
        return self.team or ""


@dataclass(slots=True)
class Merging:
    """How the timelines of one kind are put together; what holds is a tuple of the values of `fields`' columns."""

    report: Report
    owner: File  # users.csv, stages.csv
    later: File  # user_teams.csv, stage_settings.csv
    fields: Mapping[str, str]  # {column: the model's field in which it is}
    fresh: bool
    keep: bool
    now: datetime
    touched: set[str] = field(default_factory=set)  # keys whose row in the owner's file counts as updated

    def merge(self, have: Line, said: Any, line: int, key: str, lines: Line, row: dict[str, Any] | None) -> Line:
        """The timeline of one row that is known already."""
        merged = dict(have)
        if said is not None:
            first, last = min(have), max(have)
            if lines:
                self._first(merged, first, said, line, key)
            else:
                said = self._with_edits(key, have[last], said, row)
                if said != have[last]:
                    self.touched.add(key)
                    merged = {BEGINNING: said} if self.fresh else {**have, max(self.now, last + TICK): said}
        return {**merged, **lines}

    def _first(self, merged: Line, first: datetime, said: Any, line: int, key: str) -> None:
        if said == merged[first]:
            return
        if self.fresh:
            self.touched.add(key)
            merged[first] = said
            return
        for column in self._differing(merged[first], said):
            wrong = _("Until the first line of %(file)s something else is known already: %(known)s.")
            known = Said(wrong, file=self.later.name, known=merged[first].cell(column))
            bad = Bad(known, _("the same, or no such lines"))
            self.report.refuse(self.owner.name, line, column, said.cell(column), bad)

    def _with_edits(self, key: str, ours: Any, said: Any, row: dict[str, Any] | None) -> Any:
        """What is said, with what somebody changed in Ascent where that is to be kept; all of it is listed."""
        edited = pending_edits(row) if row is not None else set()
        columns = [column for column in self._differing(ours, said) if self.fields[column] in edited]
        self.report.overwritten += [
            Overwritten(self.owner.name, key, column, ours.cell(column), said.cell(column)) for column in columns
        ]
        return said._replace(**{column: getattr(ours, column) for column in columns}) if self.keep else said

    def _differing(self, one: Any, other: Any) -> list[str]:
        return [column for column in self.fields if getattr(one, column) != getattr(other, column)]

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


def plan_teams(found: Plan, report: Report, fresh: bool, keep: bool, now: datetime) -> None:
    """The teams that people are in, after this import."""
    merging = Merging(report, USERS, USER_TEAMS, {"team": "team"}, fresh, keep, now)
    known = _known_teams()
    rows = {row["username"]: row for row in revisions_of(User, "username")}
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
        stated = Membership(team) if column and key in said else None
        merged = merging.merge(
            {at: Membership(value) for at, value in known[key].items()}, stated, line, key,
            {at: Membership(value) for at, value in later.items()}, rows.get(key),
        )  # fmt: skip
        found.teams[key] = {at: value.team for at, value in merged.items()}
        merging.count(known[key], later)
        if found.teams[key] != known[key]:
            found.changed_teams.add(key)
    count_touched(report, USERS, merging.touched)


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


def revisions_of(model: Any, key: str) -> Any:
    return model.objects.values(key, "version", "imported_version", "changed_in")


def count_touched(report: Report, file: File, keys: set[str]) -> None:
    """A row whose other columns are the same counts as updated all the same."""
    changes = staging.changes_of(file)
    sql = f"SELECT s.key FROM {file.table} s JOIN {changes} c ON c.csv_line = s.csv_line"
    only = keys - {key for (key,) in staging.fetch(sql)}
    count = report.file(file.name) if keys else None
    if count is not None:
        count.updated += len(only)
        count.unchanged -= len(only)
