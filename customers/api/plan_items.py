"""Lines and joint actions of account plans, each at an address of its own: what a plan's answer leaves out too."""

from typing import Any, ClassVar

import django_filters as filters
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField
from accounts.models import User
from config.web.api import ReferenceField, StrictSerializer
from config.web.filters import ArchivedFilter, ReferenceFilter
from customers import actions
from customers.actions.plans import STATE_OF
from customers.api.facts import Facts
from customers.api.plans import SETTLE, JointActionSerializer, PlanLineSerializer
from customers.models import AccountPlan, JointAction, PlanLine


def _plans_of(user: User) -> QuerySet[Any]:
    return AccountPlan.objects.visible_to(user).in_use()


def _visible_plans(request: Any) -> QuerySet[Any]:
    return AccountPlan.objects.none() if request is None else AccountPlan.objects.visible_to(request.user)


class OfPlanFilter(filters.FilterSet):
    """By plan and key; archived ones when asked for."""

    plan = ReferenceFilter(to_field_name="key", queryset=_visible_plans, label=_("Account plan"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))


class OfPlan(StrictSerializer):
    """What an item says of itself at its own address; `plan` by its key."""

    key = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    plan = ReferenceField(among=_plans_of)
    archived_at = MomentField(allow_null=True)


class LineOfPlanSerializer(OfPlan, PlanLineSerializer):
    """A field of business of a plan."""

    class Meta(PlanLineSerializer.Meta):
        fields = ("id", *PlanLineSerializer.Meta.fields, "plan", "archived_at")  # type: ignore[assignment]
        create_only = ("plan",)


class JointActionOfPlanSerializer(OfPlan, JointActionSerializer):
    """Something that both sides do; `state` is ours, `their_state` theirs."""

    class Meta(JointActionSerializer.Meta):
        fields = ("id", *JointActionSerializer.Meta.fields, "plan", "archived_at")  # type: ignore[assignment]
        create_only = ("plan",)


class PlanLines(Facts):
    """The fields of business of account plans."""

    queryset = PlanLine.objects.all()
    serializer_class = LineOfPlanSerializer
    filterset_class = OfPlanFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "milestone_due": "milestone_due"}
    row = "line"
    create_row, edit_row = actions.add_plan_line, actions.edit_plan_line
    archive_row, restore_row = actions.archive_plan_line, actions.restore_plan_line

    def visible(self) -> QuerySet[Any]:
        return PlanLine.objects.visible_to(self.request.user).select_related("plan__customer")


class JointActions(Facts):
    """What account plans have agreed on with the customer."""

    queryset = JointAction.objects.all()
    serializer_class = JointActionOfPlanSerializer
    filterset_class = OfPlanFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "due_on": "due_on"}
    default_ordering = "due_on"
    row = "joint_action"
    archive_row, restore_row = actions.archive_joint_action, actions.restore_joint_action

    def visible(self) -> QuerySet[Any]:
        found = JointAction.objects.visible_to(self.request.user)
        return found.select_related("plan__customer", "owner", "contact")

    def create(self, request: Request) -> Response:
        fields = self.parsed()
        states = _states_in(fields)
        with transaction.atomic():
            row = actions.add_joint_action(actor=request.user, **fields)
            row = _settled(row, states, None, request.user)
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        fields, seen = self.parsed(row), self.seen(row)
        states = _states_in(fields)
        with transaction.atomic():
            row = actions.edit_joint_action(joint_action=row, changes=fields, seen=seen, actor=request.user)
            row = _settled(row, states, seen, request.user)
        return self.reread(row)


def _states_in(fields: dict[str, Any]) -> dict[str, str]:
    """The state that is said of each side, taken out of the fields."""
    return {side: fields.pop(name) for side, name in STATE_OF.items() if name in fields}


def _settled(row: JointAction, states: dict[str, str], seen: int | None, actor: Any) -> JointAction:
    for side, state in states.items():
        row = SETTLE[state](joint_action=row, side=side, seen=seen, actor=actor)
    return row
