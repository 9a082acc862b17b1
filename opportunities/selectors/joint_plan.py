"""The joint plan of an opportunity."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from opportunities.models import Checkpoint, JointTask, Opportunity
from opportunities.rules.plan import OnTime, on_time

RESTS_ON_IT = ("coordination", 5)  # the rung that asks for a share on time (METHOD.md §3)


@dataclass(frozen=True, slots=True)
class Side:
    """The tasks of one side, those that are open first, by their due date."""

    key: str
    label: str
    tasks: list[JointTask]


@dataclass(frozen=True, slots=True)
class Plan:
    """Both sides, the share on time of the last 30 days, and what was archived."""

    sides: list[Side]
    on_time: OnTime
    archived: list[JointTask]

    @property
    def tasks(self) -> list[JointTask]:
        return [task for side in self.sides for task in side.tasks]

    @property
    def done(self) -> int:
        return sum(1 for task in self.tasks if task.done_on)


def plan_of(opportunity: Opportunity, day: date) -> Plan:
    """The plan as of the local date `day`. One query."""
    rows = list(JointTask.objects.filter(opportunity=opportunity).select_related("owner", "contact"))
    live = [row for row in rows if row.archived_at is None]
    return Plan(
        sides=[
            Side(key, str(label), sorted((row for row in live if row.side == key), key=_order))
            for key, label in JointTask.Side.choices
        ],
        on_time=on_time(((row.due_on, row.done_on) for row in live), day),
        archived=[row for row in rows if row.archived_at is not None],
    )


def with_on_time(records: Iterable[Checkpoint], day: date) -> None:
    """Give those of RESTS_ON_IT the share on time of their joint plan, as `on_time`. At most one query."""
    asking = [record for record in records if (record.factor, record.level) == RESTS_ON_IT]
    if not asking:
        return
    dates: dict[int, list[tuple[date | None, date | None]]] = {each.opportunity_id: [] for each in asking}
    live = JointTask.objects.filter(opportunity__in=dates, archived_at=None).order_by()
    for opportunity, due, done in live.values_list("opportunity_id", "due_on", "done_on"):
        dates[opportunity].append((due, done))
    for record in asking:
        record.on_time = on_time(dates[record.opportunity_id], day)  # type: ignore[attr-defined]


def _order(task: JointTask) -> tuple[bool, date, int]:
    return task.done_on is not None, task.due_on or date.max, task.pk
