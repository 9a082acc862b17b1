"""Stakeholders and the joint plan of an opportunity."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import visibility
from accounts.api.fields import MomentField, person
from accounts.models import User
from accounts.selectors import today
from config.web.api import ReferenceField, StrictSerializer
from customers.models import Contact
from opportunities import actions
from opportunities.api.of_opportunity import Nested, OfOpportunity
from opportunities.api.serializers import sensible_day
from opportunities.models import JointTask, Stakeholder
from opportunities.selectors.joint_plan import plan_of


def contacts_of(user: User) -> QuerySet[Any]:
    """The contacts that somebody may name; the action takes those in use of the opportunity's customer."""
    return Contact.objects.visible_to(user)


class StakeholderSerializer(StrictSerializer):
    """Somebody with a say. `sensitive_note` is null for whoever may not read it; null leaves it as it is, "" clears it.

    Without a `contact`: `role_title` is a post whose person is not known yet. Of a new one `buying_role`, `influence`
    and `stance` are taken over from the contact unless they are given.
    """

    opportunity = ReferenceField()
    contact = ReferenceField(among=contacts_of, allow_null=True, required=False)
    veto_plan_owner = person(allow_null=True, required=False)
    goal_on = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    sensitive_note = serializers.CharField(max_length=2000, allow_blank=True, allow_null=True, required=False)
    created_at = MomentField()
    archived_at = MomentField(allow_null=True)
    example: ClassVar[dict[str, Any]] = {
        "goal": "Inventory turns", "goal_value": "from 9 to 14 a year", "veto_plan": "Visit with our chairman",
        "gains": "A seat on the group board", "threats": "Loses the interface",
    }  # fmt: skip

    class Meta:
        model = Stakeholder
        fields = (
            "id", "key", "opportunity", "contact", "role_title", "buying_role", "influence", "stance", "decision_style",
            "goal", "goal_value", "goal_on", "gains", "threats", "may_veto", "veto_state", "veto_plan",
            "veto_plan_owner", "sensitive_note", "created_at", "archived_at", "version",
        )  # fmt: skip
        read_only_fields = ("key", "version")
        validators: ClassVar[list[Any]] = []

    def to_representation(self, instance: Stakeholder) -> dict[str, Any]:
        shown = super().to_representation(instance)
        reader = self.context["request"].user
        if not visibility.reads_sensitive(reader, instance.opportunity.owner, instance.sensitive_by_id):
            shown["sensitive_note"] = None
        return shown

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in attrs.items() if name != "sensitive_note" or value is not None}


class Stakeholders(OfOpportunity):
    """The customer's people who have a say, of every opportunity that the caller may see."""

    queryset = Stakeholder.objects.all()
    serializer_class = StakeholderSerializer
    names = ("contact", "veto_plan_owner")
    argument = "stakeholder"
    acts: ClassVar[dict[str, Any]] = {
        "add": actions.add_stakeholder, "edit": actions.edit_stakeholder, "archive": actions.archive_stakeholder,
        "restore": actions.restore_stakeholder,
    }  # fmt: skip
    orderings: ClassVar[dict[str, str]] = {"id": "id", "influence": "influence", "stance": "stance"}
    default_ordering = "id"


class StakeholdersOfDeal(Nested, Stakeholders):
    """The customer's people who have a say in an opportunity."""


class JointTaskSerializer(StrictSerializer):
    """A task of one side: `ours` has an `owner` (login name), `theirs` a `contact`."""

    opportunity = ReferenceField()
    owner = person(allow_null=True, required=False)
    contact = ReferenceField(among=contacts_of, allow_null=True, required=False)
    due_on = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    done_on = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    created_at = MomentField()
    archived_at = MomentField(allow_null=True)
    example: ClassVar[dict[str, Any]] = {"title": "Send the data of last year"}

    class Meta:
        model = JointTask
        fields = (
            "id", "key", "opportunity", "side", "title", "owner", "contact", "due_on", "done_on", "created_at",
            "archived_at", "version",
        )  # fmt: skip
        read_only_fields = ("key", "version")


class OnTimeSerializer(serializers.Serializer[Any]):
    """Of the tasks that were due, those done by their day; `share` is null while nothing was due."""

    kept = serializers.IntegerField()
    due = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)


@extend_schema_serializer(many=False)
class JointPlanSerializer(serializers.Serializer[Any]):
    """A page of tasks with the share on time."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = JointTaskSerializer(many=True)
    on_time = OnTimeSerializer()


class JointTasks(OfOpportunity):
    """Tasks of the joint plans of every opportunity that the caller may see."""

    queryset = JointTask.objects.all()
    serializer_class = JointTaskSerializer
    names = ("owner", "contact")
    argument = "task"
    acts: ClassVar[dict[str, Any]] = {
        "add": actions.add_task, "edit": actions.edit_task, "archive": actions.archive_task,
        "restore": actions.restore_task,
    }  # fmt: skip
    orderings: ClassVar[dict[str, str]] = {"id": "id", "due_on": "due_on", "done_on": "done_on"}
    default_ordering = "due_on"


class JointPlanOfDeal(Nested, JointTasks):
    """The joint plan of an opportunity: the tasks of both sides, and how many of them were done in time."""

    @extend_schema(responses=JointPlanSerializer)
    def list(self, request: Request, pk: str) -> Response:  # type: ignore[override]
        """The tasks, a page at a time; `on_time` is of the whole plan, those due in the last 30 days."""
        response = super().list(request, pk)
        response.data["on_time"] = OnTimeSerializer(plan_of(self.deal(), today()).on_time).data
        return response
