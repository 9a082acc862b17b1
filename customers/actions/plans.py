"""Writes about account plans, their lines and joint actions (METHOD.md §4)."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import audit, edits
from accounts.models import User
from accounts.selectors import calendar, today
from customers.actions.shared import (
    hold_in_use,
    only,
    refuse_if_archived,
    refuse_to_change,
    refuse_unless_editable,
    refuse_unless_writable,
    set_archived,
)
from customers.models import AccountPlan, Contact, Customer, JointAction, PlanLine

TEXTS = ("strategy_now", "strategy_later", "our_match", "goals_short", "goals_long", "risks")
PLAN_FIELDS = (*TEXTS, "our_leader", "their_leader", "share_now", "share_aimed", "confirmed_on")
LINE_FIELDS = (
    "strategy", "our_match", "revenue", "revenue_next", "revenue_third", "milestone", "milestone_due", "state",
)  # fmt: skip
JOINT_ACTION_FIELDS = ("action", "owner", "contact", "due_on", "result")
STATE_OF = {"ours": "state", "theirs": "their_state"}


# --- The plan -----------------------------------------------------------------------------------


@transaction.atomic
def create_plan(*, actor: User, customer: Customer, year: int, **fields: Any) -> AccountPlan:
    """The plan of a customer for a fiscal year; refused when the year has one."""
    _refuse_new_plan(customer, actor)
    _refuse_second(customer, year)
    _refuse_people(customer, fields)
    return _once_a_year(AccountPlan(customer=customer, year=year, **only(fields, PLAN_FIELDS)), actor)


def _refuse_new_plan(customer: Customer, actor: User) -> None:
    refuse_unless_editable(customer, actor)
    hold_in_use(customer)


def _refuse_second(customer: Customer, year: int) -> None:
    if AccountPlan.objects.in_use().filter(customer=customer, year=year).exists():
        raise ValidationError({"year": _("This year has a plan already.")})


def _once_a_year(plan: AccountPlan, actor: User) -> AccountPlan:
    try:
        with transaction.atomic():
            return edits.create(plan, actor=actor)
    except IntegrityError as error:
        raise ValidationError({"year": _("This year has a plan already.")}) from error


def _refuse_people(customer: Customer, fields: dict[str, Any]) -> None:
    """Ours sell and are active, theirs belong to the customer."""
    for name in ("our_leader", "owner"):
        person: User | None = fields.get(name)
        if person is not None and not (person.sells and person.active_on(today())):
            raise ValidationError({name: _("Choose a person from the list.")})
    for name in ("their_leader", "contact"):
        contact: Contact | None = fields.get(name)
        if contact is not None and (contact.customer_id != customer.pk or contact.archived_at is not None):
            raise ValidationError({name: _("Choose a contact of this customer.")})


@transaction.atomic
def edit_plan(*, plan: AccountPlan, changes: dict[str, Any], seen: int | None, actor: User) -> AccountPlan:
    """Set fields of PLAN_FIELDS."""
    refuse_to_change(plan, actor)
    wanted = only(changes, PLAN_FIELDS)
    _refuse_people(plan.customer, _changed(plan, wanted))
    return edits.edit(plan, changes=wanted, seen=seen, actor=actor)


def _changed(row: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """What is set anew: whoever was right once may stay."""
    return {name: new for name, (_old, new) in edits.differences(row, wanted).items()}


def archive_plan(*, plan: AccountPlan, seen: int | None, actor: User) -> AccountPlan:
    """Out of lists; its year may then have another."""
    refuse_unless_editable(plan, actor)
    return set_archived(plan, True, seen, actor)  # type: ignore[no-any-return]


@transaction.atomic
def restore_plan(*, plan: AccountPlan, seen: int | None, actor: User) -> AccountPlan:
    """Back into use; refused when the year has another plan by now."""
    refuse_unless_writable(plan, actor)
    if plan.archived_at is None:
        return plan
    _refuse_second(plan.customer, plan.year)
    try:
        with transaction.atomic():
            return set_archived(plan, False, seen, actor)  # type: ignore[no-any-return]
    except IntegrityError as error:
        raise ValidationError({"year": _("This year has a plan already.")}) from error


@transaction.atomic
def copy_plan_forward(*, plan: AccountPlan, actor: User) -> AccountPlan:
    """The plan of the next year: texts, people, lines with revenue a year on; what is open goes over to it.

    A joint action that is open on a side moves with its row, a milestone that is not done with its line's copy, so
    that each stands once. The plan keeps what is done and what was due in its year, which stands there, overdue, until
    it is settled; its trail says how many went.
    """
    refuse_to_change(plan, actor)
    texts = {name: getattr(plan, name) for name in TEXTS}
    shares = {"share_now": plan.share_now, "share_aimed": plan.share_aimed}
    leaders = _still_there(plan, {"our_leader": plan.our_leader, "their_leader": plan.their_leader})
    copy = create_plan(actor=actor, customer=plan.customer, year=plan.year + 1, **texts, **shares, **leaders)
    carried = {
        "open_milestones": _carry_lines(plan, copy, actor),
        "open_joint_actions": _carry_actions(plan, copy, actor),
    }
    if any(carried.values()):
        audit.record("carry_over", row=plan, actor=actor, changes={name: (n, 0) for name, n in carried.items()})
    return copy


def _earlier_copies(copy: AccountPlan) -> QuerySet[Any]:
    """The plans of its year that were archived: what they took along goes over to it."""
    return AccountPlan.objects.filter(customer=copy.customer, year=copy.year, archived_at__isnull=False)


def _last_day(plan: AccountPlan) -> date:
    return calendar().parse_period(str(plan.year)).last


def _carry_lines(plan: AccountPlan, copy: AccountPlan, actor: User) -> int:
    """Copies of the lines, with the milestone that an earlier copy took along too; how many of the plan's own went."""
    last, carried = _last_day(plan), 0
    earlier = PlanLine.objects.in_use().filter(plan__in=_earlier_copies(copy)).select_for_update(of=("self",))
    taken = {line.strategy: line for line in earlier if _is_ahead(line)}
    for line in plan.lines.in_use().select_for_update(of=("self",)):  # type: ignore[attr-defined]
        own = _is_ahead(line) and (line.milestone_due is None or line.milestone_due > last)
        source = line if own else taken.pop(line.strategy, None)
        edits.create(_line_a_year_on(line, copy, source), actor=actor)
        if source is not None:
            gone = {"milestone": "", "milestone_due": None}
            edits.edit_locked(source, changes=gone, seen=None, actor=actor, action="carry_over")
        carried += own
    return carried


def _is_ahead(line: PlanLine) -> bool:
    """Whether it has a milestone that was not reached."""
    return bool(line.milestone or line.milestone_due) and line.state != PlanLine.State.DONE


def _carry_actions(plan: AccountPlan, copy: AccountPlan, actor: User) -> int:
    """Open joint actions move, also those that an earlier copy took along; how many of the plan's own."""
    open_still = Q(state=JointAction.State.OPEN) | Q(their_state=JointAction.State.OPEN)
    own = Q(plan=plan) & (Q(due_on=None) | Q(due_on__gt=_last_day(plan)))
    of_them = JointAction.objects.in_use().filter(open_still, own | Q(plan__in=_earlier_copies(copy)))
    carried = 0
    for row in of_them.select_for_update(of=("self",)):
        carried += row.plan_id == plan.pk
        people = {"owner": row.owner, "contact": row.contact}
        gone = dict.fromkeys(people.keys() - _still_there(plan, people).keys())
        edits.edit_locked(row, changes={"plan": copy, **gone}, seen=None, actor=actor, action="carry_over")
    return carried


def _still_there(plan: AccountPlan, people: dict[str, Any]) -> dict[str, Any]:
    """Without those who have left since."""
    kept = {}
    for name, person in people.items():
        try:
            _refuse_people(plan.customer, {name: person})
        except ValidationError:
            continue
        kept[name] = person
    return kept


def _line_a_year_on(line: PlanLine, plan: AccountPlan, milestone: PlanLine | None) -> PlanLine:
    """With the milestone and state of the line that is carried over; where that is done or stays it begins anew."""
    begins_anew = line.state == PlanLine.State.DONE or _is_ahead(line)
    copied = {name: getattr(line, name) for name in ("strategy", "our_match", *(() if begins_anew else ("state",)))}
    ahead = {name: getattr(milestone, name) for name in ("milestone", "milestone_due", "state")} if milestone else {}
    return PlanLine(plan=plan, revenue=line.revenue_next, revenue_next=line.revenue_third, **(copied | ahead))


# --- Its lines ----------------------------------------------------------------------------------


@transaction.atomic
def add_plan_line(*, actor: User, plan: AccountPlan, strategy: str, **fields: Any) -> PlanLine:
    """A field of business of the plan."""
    refuse_to_change(plan, actor)
    return edits.create(PlanLine(plan=plan, strategy=strategy.strip(), **only(fields, LINE_FIELDS)), actor=actor)


@transaction.atomic
def edit_plan_line(*, line: PlanLine, changes: dict[str, Any], seen: int | None, actor: User) -> PlanLine:
    """Set fields of LINE_FIELDS."""
    refuse_to_change(line.plan, actor)
    refuse_if_archived(line)
    return edits.edit(line, changes=only(changes, LINE_FIELDS), seen=seen, actor=actor)


def archive_plan_line(*, line: PlanLine, seen: int | None, actor: User) -> PlanLine:
    """Out of the plan and its sums."""
    refuse_to_change(line.plan, actor)
    return set_archived(line, True, seen, actor)  # type: ignore[no-any-return]


def restore_plan_line(*, line: PlanLine, seen: int | None, actor: User) -> PlanLine:
    """Back into the plan."""
    refuse_to_change(line.plan, actor)
    return set_archived(line, False, seen, actor)  # type: ignore[no-any-return]


# --- Its joint actions --------------------------------------------------------------------------


@transaction.atomic
def add_joint_action(*, actor: User, plan: AccountPlan, action: str, **fields: Any) -> JointAction:
    """Something that both sides do together."""
    refuse_to_change(plan, actor)
    _refuse_people(plan.customer, fields)
    row = JointAction(plan=plan, action=action.strip(), **only(fields, JOINT_ACTION_FIELDS))
    return edits.create(row, actor=actor)


@transaction.atomic
def edit_joint_action(
    *, joint_action: JointAction, changes: dict[str, Any], seen: int | None, actor: User
) -> JointAction:
    """Set fields of JOINT_ACTION_FIELDS."""
    _refuse_joint_action(joint_action, actor)
    wanted = only(changes, JOINT_ACTION_FIELDS)
    _refuse_people(joint_action.plan.customer, _changed(joint_action, wanted))
    return edits.edit(joint_action, changes=wanted, seen=seen, actor=actor)


def _refuse_joint_action(row: JointAction, actor: User) -> None:
    refuse_to_change(row.plan, actor)
    refuse_if_archived(row)


def archive_joint_action(*, joint_action: JointAction, seen: int | None, actor: User) -> JointAction:
    """Out of the plan."""
    refuse_to_change(joint_action.plan, actor)
    return set_archived(joint_action, True, seen, actor)  # type: ignore[no-any-return]


def restore_joint_action(*, joint_action: JointAction, seen: int | None, actor: User) -> JointAction:
    """Back into the plan."""
    refuse_to_change(joint_action.plan, actor)
    return set_archived(joint_action, False, seen, actor)  # type: ignore[no-any-return]


def finish_joint_action(
    *, joint_action: JointAction, side: str, seen: int | None, actor: User, result: str | None = None
) -> JointAction:
    """One side (`ours`, `theirs`) has done its part; `result` says what came of it."""
    changes = {} if result is None else {"result": result}
    return _settle(joint_action, side, JointAction.State.DONE, seen, actor, "finish", changes)


def reopen_joint_action(*, joint_action: JointAction, side: str, seen: int | None, actor: User) -> JointAction:
    """One side has it to do again."""
    return _settle(joint_action, side, JointAction.State.OPEN, seen, actor, "reopen", {})


def drop_joint_action(*, joint_action: JointAction, side: str, seen: int | None, actor: User) -> JointAction:
    """One side will not do it."""
    return _settle(joint_action, side, JointAction.State.DROPPED, seen, actor, "drop", {})


@transaction.atomic
def _settle(
    row: JointAction, side: str, state: str, seen: int | None, actor: User, verb: str, more: dict[str, Any]
) -> JointAction:
    _refuse_joint_action(row, actor)
    if side not in STATE_OF:
        raise ValidationError(_("There is no such choice."))
    return edits.edit(row, changes={STATE_OF[side]: state, **more}, seen=seen, actor=actor, action=verb)
