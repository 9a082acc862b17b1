"""A new opportunity."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits, search, visibility
from accounts.models import Team, User
from accounts.selectors import calendar, today
from customers.actions.shared import held, refuse_if_archived
from customers.models import Customer
from opportunities import rules
from opportunities.actions.gate import pass_gate_at_creation
from opportunities.actions.writing import stage_info, tell_new_owner, with_reason, write_version
from opportunities.models import Opportunity, Stage
from opportunities.selectors.stages import stages_in_use

FOLLOWING = ("team", "outcome", "entered_at", "entered_on", "furthest")  # from owner, stage, moment


@transaction.atomic
def create_opportunity(
    *,
    actor: User,
    customer: Customer,
    title: str,
    amount: Decimal | None,
    expected_close_date: date | None,
    owner: User | None = None,
    stage: Stage | None = None,
    reason: str = "",
    signed_on: date | None = None,
    override: bool = False,
    **fields: Any,
) -> Opportunity:
    """A new opportunity, in the first open stage unless another is named; its owner is the actor by default.

    Further on than the first open stage it meets the gate (GateClosed), as a move from there does.
    """
    owner = _owner(actor, owner)
    team = _team_kept(owner, customer)
    first = _first_stage()
    stage = stage or first
    _refuse_stage(stage, reason, amount, signed_on)
    at = timezone.now()
    day = calendar().local_date(at)
    held = {name: fields.pop(name) for name in ("product", "next_step", "next_step_due") if name in fields}
    product = held.pop("product", None)
    state = rules.begin(
        stage=stage_info(stage), owner_id=owner.pk, team_id=team.pk if team else None, at=at, on=day, amount=amount,
        expected_close_date=expected_close_date, product_id=product.pk if product else None, **held,
    )  # fmt: skip
    row = Opportunity(
        customer=customer, title=title, created_at=at, created_on=day, created_by=actor, changed_at=at,
        signed_on=signed_on, **fields, **{name: getattr(state, name) for name in rules.HELD},
    )  # fmt: skip
    row.owner, row.team, row.stage, row.product = owner, team, stage, product
    row.unproven_from = pass_gate_at_creation(row, first, stage, actor, override=override, reason=reason)
    references = [field.name for field in row._meta.fields if field.is_relation]
    row.full_clean(exclude=references, validate_constraints=False, validate_unique="key" in fields)
    edits.insert(row)
    write_version(row, at, actor, reason)
    search.index(row, is_new=True)
    audit.record("create", row=row, actor=actor, changes=with_reason(audit.beginning(row, without=FOLLOWING), reason))
    tell_new_owner(row, None, actor)
    return row


def _first_stage() -> Stage:
    stage = next((stage for stage in stages_in_use() if stage.is_open), None)
    if stage is None:
        raise ValidationError(_("There is no open stage. An administrator sets the stages up first."))
    return stage


def _owner(actor: User, owner: User | None) -> User:
    """Whose it will be: the actor's, or that of somebody whom they may give it to."""
    if actor.role == User.Role.EXECUTIVE:
        raise PermissionDenied(_("Executives read opportunities; they do not write them."))
    if owner is None and not actor.sells:
        raise ValidationError({"owner": _("Say whose it is: administrators own no opportunities.")})
    owner = owner or actor
    if not visibility.may_give_to(actor, owner):
        raise ValidationError({"owner": _("Choose a person from the list.")})
    if not owner.active_on(today()):
        raise ValidationError({"owner": _("This person is no longer active.")})
    return owner


def _team_kept(owner: User, customer: Customer) -> Team | None:
    """The owner's team, which stays theirs until the transaction ends, as the customer stays in use. One query."""
    now = Customer.objects.filter(pk=customer.pk).annotate(team_of_owner=edits.team_kept(owner.pk))
    row = held(now).get()
    refuse_if_archived(row)
    return edits.in_team(owner, row.team_of_owner).team


def _refuse_stage(stage: Stage, reason: str, amount: Decimal | None, signed_on: date | None) -> None:
    if stage.retired_at is not None:
        raise ValidationError({"stage": _("This stage is no longer in use.")})
    first = rules.StageInfo(id=0, position=0, outcome="open", win_rate=0)
    if signed_on is not None and signed_on > today():
        raise ValidationError({"signed_on": _("The signing date must not lie in the future.")})
    problems = rules.move_problems(
        first, stage_info(stage), reason=reason, amount=amount, signed_on=signed_on, today=today()
    )
    if problems:
        raise ValidationError(problems)
