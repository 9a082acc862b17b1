"""The joint plan of an opportunity."""

from dataclasses import dataclass
from datetime import date

from opportunities.models import JointTask, Opportunity
from opportunities.rules.plan import OnTime, on_time


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


def _order(task: JointTask) -> tuple[bool, date, int]:
    return task.done_on is not None, task.due_on or date.max, task.pk
