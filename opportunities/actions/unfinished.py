"""What somebody who hands over has still to do with the customers: it goes to whoever gets these."""

from typing import Any

from django.db.models import F, Q

from accounts import audit
from accounts.models import User
from config.web.revisions import Noted
from customers.models import JointAction, TargetCustomer
from opportunities.models import Activity, JointTask, Stakeholder


def unfinished(person: User, customers: list[int]) -> list[tuple[Any, str, str]]:
    """(rows, the field that names the person, the column that names a row) of each kind of what is still to be done."""
    mine = Q(owner=person)
    of_deals = Q(opportunity__customer__in=customers)
    planned: Any = Activity.objects.filter(mine, of_deals | Q(customer__in=customers))
    return [
        (planned.filter(done_at=None, cancelled_at=None), "owner", "objective"),
        (JointTask.objects.filter(mine, of_deals, done_on=None, archived_at=None), "owner", "title"),
        (Stakeholder.objects.filter(of_deals, veto_plan_owner=person, archived_at=None), "veto_plan_owner", "key"),
        (
            JointAction.objects.filter(
                mine, plan__customer__in=customers, state=JointAction.State.OPEN, archived_at=None
            ), "owner", "action",
        ),
        (
            TargetCustomer.objects.filter(mine, customer__in=customers, state=TargetCustomer.State.OPEN), "owner",
            "next_step",
        ),
    ]  # fmt: skip


def give_unfinished(person: User, receiver: User, customers: list[int], actor: User, reason: str) -> None:
    """Planned activities, open tasks, plans for a veto, joint actions, targets: with their rows of the trail."""
    for rows, field, label in unfinished(person, customers):
        ids = list(rows.values_list("pk", flat=True))
        if not ids:
            continue
        given = rows.model.objects.filter(pk__in=ids)
        said = {field: (person, receiver)} | ({"reason": (None, reason)} if reason else {})
        given.update(**{field: receiver}, version=F("version") + 1, changed_in=Noted(field))
        audit.record_rows("assign", rows=given, label=label, actor=actor, changes=said)
