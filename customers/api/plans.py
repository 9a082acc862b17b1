"""Account plans with their lines and joint actions."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField, person
from accounts.api.permissions import SalesRecord, TokenScope
from accounts.models import User
from config.web.api import ReferenceField, Resource, SeenSerializer, StrictSerializer
from config.web.revisions import StaleWrite
from customers import actions
from customers.actions.plans import STATE_OF
from customers.fact_filters import PlanFilter
from customers.models import AccountPlan, Contact, Customer, JointAction, PlanLine

MOST = 200  # lines, or joint actions, in one request
ITEMS = {PlanLine: "lines", JointAction: "joint_actions"}

SETTLE: dict[str, Callable[..., JointAction]] = {
    JointAction.State.DONE: actions.finish_joint_action,
    JointAction.State.OPEN: actions.reopen_joint_action,
    JointAction.State.DROPPED: actions.drop_joint_action,
}


def contacts_of(user: User) -> QuerySet[Any]:
    """The contacts that somebody may name."""
    return Contact.objects.visible_to(user).in_use()


def seen_of_item() -> Any:
    """The version of the item that the caller saw; without one it is changed as it is now."""
    return serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class PlanLineSerializer(StrictSerializer):
    """A field of business; with the `key` of a line of the plan it is changed, without one it is new."""

    key = serializers.CharField(max_length=64, required=False)
    version = seen_of_item()

    class Meta:
        model = PlanLine
        fields = (
            "key", "strategy", "our_match", "revenue", "revenue_next", "revenue_third", "milestone", "milestone_due",
            "state", "version",
        )  # fmt: skip


class JointActionSerializer(StrictSerializer):
    """Likewise something that both sides do; `state` is ours, `their_state` theirs: open, done, or dropped."""

    key = serializers.CharField(max_length=64, required=False)
    version = seen_of_item()
    owner = person(allow_null=True, required=False)
    contact = ReferenceField(among=contacts_of, allow_null=True, required=False)

    class Meta:
        model = JointAction
        fields = ("key", "action", "owner", "contact", "due_on", "result", "state", "their_state", "version")


class AccountPlanSerializer(StrictSerializer):
    """`share_now` was typed: it tells only while the customer's `annual_spend` is not known, else orders do."""

    customer = ReferenceField()
    our_leader = person(allow_null=True, required=False)
    their_leader = ReferenceField(among=contacts_of, allow_null=True, required=False)
    lines = PlanLineSerializer(many=True, required=False, max_length=MOST)  # type: ignore[call-arg]
    joint_actions = JointActionSerializer(many=True, required=False, max_length=MOST)  # type: ignore[call-arg]
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = AccountPlan
        fields = (
            "id", "key", "customer", "year", "strategy_now", "strategy_later", "our_match", "goals_short",
            "goals_long", "risks", "our_leader", "their_leader", "share_now", "share_aimed", "confirmed_on", "lines",
            "joint_actions", "archived_at", "version",
        )  # fmt: skip
        read_only_fields = ("key", "version")
        create_only = ("year",)
        validators = ()  # one a year: the action says so


class AccountPlans(Resource):
    """What we want to be to a customer in a fiscal year, and how."""

    queryset = AccountPlan.objects.all()
    serializer_class = AccountPlanSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope, SalesRecord)
    filterset_class = PlanFilter
    orderings = {"id": "id", "year": "year"}  # noqa: RUF012
    default_ordering = "-year"

    def visible(self) -> QuerySet[Any]:
        found = AccountPlan.objects.visible_to(self.request.user)
        return found.select_related("customer", "our_leader", "their_leader").prefetch_related(
            Prefetch("lines", queryset=PlanLine.objects.in_use()),
            Prefetch("joint_actions", queryset=JointAction.objects.in_use().select_related("owner", "contact")),
        )

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields; lines and joint actions with a `key` are changed, those without are added, others stay."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        with transaction.atomic():
            items = _items_of(changes)
            plan = actions.edit_plan(plan=row, changes=changes, seen=seen, actor=request.user)
            _write_items(plan, items, request.user)
        return self.reread(plan)

    def conflict_body(self, error: StaleWrite) -> dict[str, Any]:
        """Of a line or a joint action: the plan as it is, and what was sent of that kind."""
        name = ITEMS.get(type(error.row))
        if name is None:
            return super().conflict_body(error)
        current = self.get_serializer(self.get_object()).data
        return {"current": current, "yours": {name: self.request.data[name]}, "conflicts": [name]}

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive."""
        row = self.get_object()
        actions.archive_plan(plan=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived plan back; refused when its year has another."""
        row = self.get_object()
        return self.reread(actions.restore_plan(plan=row, seen=self.seen_if_said(row), actor=request.user))

    @extend_schema(request=None, responses={201: AccountPlanSerializer})
    @action(detail=True, methods=["post"])
    def forward(self, request: Request, pk: str) -> Response:
        """The plan of the next year, begun with this one: texts, lines with revenue a year on.

        Open joint actions move there, open milestones with the copies of their lines; what is done stays in this one.
        """
        made = actions.copy_plan_forward(plan=self.get_object(), actor=request.user)
        return self.reread(made, status.HTTP_201_CREATED)


class AccountPlansOfCustomer(AccountPlans):
    """The plans of one customer."""

    def visible(self) -> QuerySet[Any]:
        return super().visible().filter(customer=self._customer())

    def _customer(self) -> Customer:
        return get_object_or_404(Customer.objects.visible_to(self.request.user), pk=self.kwargs["pk"])  # type: ignore[arg-type]

    def list(self, request: Request, pk: str) -> Response:  # type: ignore[override]
        """Every year of the customer."""
        return super().list(request)

    def create(self, request: Request, pk: str) -> Response:
        """A new plan with its lines and joint actions."""
        customer, fields = self._customer(), self.parsed()
        with transaction.atomic():
            items = _items_of(fields)
            plan = actions.create_plan(actor=request.user, customer=customer, **fields)
            _write_items(plan, items, request.user)
        return self.reread(plan, status.HTTP_201_CREATED)


def _items_of(fields: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    return fields.pop("lines", []), fields.pop("joint_actions", [])


def _write_items(plan: AccountPlan, items: tuple[list[Any], list[Any]], actor: Any) -> None:
    lines, joint = items
    for values in lines:
        _write_line(plan, values, actor)
    for values in joint:
        _write_joint_action(plan, values, actor)


def _write_line(plan: AccountPlan, values: dict[str, Any], actor: Any) -> None:
    key, seen = values.pop("key", None), values.pop("version", None)
    if key is None:
        _refuse_without(values, "strategy", "lines")
        actions.add_plan_line(actor=actor, plan=plan, **values)
    else:
        line = _known(plan.lines, key, "lines")  # type: ignore[attr-defined]
        actions.edit_plan_line(line=line, changes=values, seen=seen, actor=actor)


def _write_joint_action(plan: AccountPlan, values: dict[str, Any], actor: Any) -> None:
    """Its fields, then the state of each side that is said to be another one."""
    key, seen = values.pop("key", None), values.pop("version", None)
    states = {side: values.pop(name) for side, name in STATE_OF.items() if name in values}
    if key is None:
        _refuse_without(values, "action", "joint_actions")
        row = actions.add_joint_action(actor=actor, plan=plan, **values)
    else:
        row = _known(plan.joint_actions, key, "joint_actions")  # type: ignore[attr-defined]
        row = actions.edit_joint_action(joint_action=row, changes=values, seen=seen, actor=actor)
    for side, state in states.items():
        SETTLE[state](joint_action=row, side=side, seen=seen, actor=actor)


def _refuse_without(values: dict[str, Any], name: str, items: str) -> None:
    """A patch need not say everything; what it adds needs its text."""
    if not values.get(name):
        raise ValidationError({items: [_("This field is required.")]})


def _known(rows: Any, key: str, name: str) -> Any:
    found = rows.in_use().filter(key=key).first()
    if found is None:
        raise ValidationError({name: _("There is no such choice.")})
    return found
