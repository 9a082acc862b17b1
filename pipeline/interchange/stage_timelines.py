"""Settings of stages, each with the moment from which they hold (FINE-PRINT 6).

Where stages.csv lacks the columns of floors by factor and of milestones, a known stage keeps its own, and a new one
whose key is that of a shipped stage has the shipped milestones.
"""

from datetime import datetime
from typing import Any, NamedTuple

from accounts.actions import BEGINNING
from config.web.money import from_ten_thousandths
from opportunities import rules
from opportunities.models import Stage, StageSetting
from opportunities.rules import gate
from opportunities.rules.evidence import FACTORS
from pipeline.interchange import staging
from pipeline.interchange.cells import NO_FLOOR
from pipeline.interchange.checks import shipped_that_stay
from pipeline.interchange.layout import SETTINGS, STAGE_SETTINGS, STAGES
from pipeline.interchange.report import Report
from pipeline.interchange.timelines import Line, Merging, Plan, count_touched, plan_teams, revisions_of

NAMES = [column.name for column in SETTINGS]
COLUMNS = ", ".join(NAMES)
FIELDS = {name: name for name in NAMES} | {f"floor_{name}": "floors" for name in FACTORS}


class Setting(NamedTuple):
    """What a stage demands and how likely it is, in the terms of the files; the fields are those of SETTINGS."""

    win_rate: int
    floor: int | None
    expected_days: int
    floor_demand: int | None = None
    floor_power: int | None = None
    floor_goal: int | None = None
    floor_value: int | None = None
    floor_coordination: int | None = None
    milestones: str = ""

    def cell(self, column: str) -> str:
        """As it stands in a file."""
        value = getattr(self, column)
        if column == "win_rate":
            return f"{from_ten_thousandths(value).normalize():f}"
        return "" if value is None else str(value)

    def fields(self) -> dict[str, Any]:
        """As a stage and its settings keep it."""
        by_factor = {name: getattr(self, f"floor_{name}") for name in FACTORS}
        return {
            "win_rate": from_ten_thousandths(self.win_rate),
            "floor": self.floor,
            "floors": {name: height for name, height in by_factor.items() if height is not None},
            "milestones": self.milestones.split(),
            "expected_days": self.expected_days,
        }


def setting_of(row: Stage | StageSetting) -> Setting:
    """What a row holds."""
    heights = {f"floor_{name}": row.floors.get(name) for name in FACTORS}
    rate = int(row.win_rate.scaleb(4))
    return Setting(rate, row.floor, row.expected_days, **heights, milestones=" ".join(row.milestones))


def plan(report: Report, *, fresh: bool, keep: bool, now: datetime) -> Plan:
    """The timelines after this import; `fresh`: no opportunity yet, so nothing has a past that could change."""
    found = Plan()
    plan_teams(found, report, fresh, keep, now)
    _plan_stages(found, report, fresh, keep, now)
    return found


def _plan_stages(found: Plan, report: Report, fresh: bool, keep: bool, now: datetime) -> None:
    merging = Merging(report, STAGES, STAGE_SETTINGS, FIELDS, fresh, keep, now)
    known = _known_settings()
    rows = {row["key"]: row for row in revisions_of(Stage, "key")}
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
            found.note_earliest(have, found.settings[key])
            if _rates(found.settings[key]) != _rates(have):
                found.changed_rates.add(key)
    count_touched(report, STAGES, merging.touched)
    _take_infos(found, fresh)


def _rates(line: Line) -> list[tuple[datetime, int]]:
    """Only what changes the rate."""
    steps: list[tuple[datetime, int]] = []
    for at in sorted(line):
        if not steps or steps[-1][1] != line[at].win_rate:
            steps.append((at, line[at].win_rate))
    return steps


def _known_settings() -> dict[str, Line]:
    known: dict[str, Line] = {}
    for row in StageSetting.objects.select_related("stage"):
        known.setdefault(row.stage.key, {})[row.valid_from] = setting_of(row)
    for stage in Stage.objects.all():
        known.setdefault(stage.key, {BEGINNING: setting_of(stage)})
    return known


def _stages_said(report: Report, rows: dict[str, Any]) -> dict[str, tuple[int, Any]]:
    """What stages.csv says; for a known stage a column that it lacks stays as it is."""
    present = report.present.get(STAGES.name, set())
    current = {stage.key: setting_of(stage) for stage in Stage.objects.all()}
    said = {}
    for line, key, *values in staging.fetch(f"SELECT csv_line, key, {COLUMNS} FROM {STAGES.table} ORDER BY csv_line"):
        setting = _settled(values)
        if key in rows:
            lacking = {name: getattr(current[key], name) for name in NAMES if name not in present}
            setting = setting._replace(**lacking)
        elif "milestones" not in present:
            setting = setting._replace(milestones=" ".join(gate.SHIPPED.get(key, [])))
        said[key] = (line, setting)
    return said


def _settled(values: list[Any]) -> Setting:
    """A setting from staged values, in the order of SETTINGS."""
    named: dict[str, Any] = dict(zip(NAMES, (None if value == NO_FLOOR else value for value in values), strict=True))
    return Setting(**{**named, "milestones": named["milestones"] or ""})


def _setting_lines(key: str, have: Line) -> Line:
    """Later settings of a stage; an empty cell keeps what held before."""
    sql = f"SELECT at, {COLUMNS} FROM {STAGE_SETTINGS.table} WHERE stage = %s ORDER BY at"
    told = {staging.as_moment(at): values for at, *values in staging.fetch(sql, [key])}
    lines: Line = {}
    for at in sorted(told):  # type: ignore[type-var]
        before = {**have, **lines}
        last = before[max((time for time in before if time <= at), default=min(before))]  # type: ignore[operator]
        pairs = zip(told[at], last, strict=True)
        lines[at] = _settled([old if new is None else new for new, old in pairs])  # type: ignore[index]
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
        rate = found.settings[key][max(found.settings[key])].win_rate
        found.stages[key] = rules.StageInfo(key, position, outcome, rate)  # type: ignore[arg-type]
