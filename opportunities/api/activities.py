"""Activities and their kinds."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import permissions, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import AdminsWrite, SalesRecord, TokenScope
from accounts.models import User
from config.web.api import Resource, SeenSerializer
from opportunities import actions
from opportunities.activity_filters import ActivityFilter
from opportunities.api import activity_serializers as serializers
from opportunities.models import Activity, ActivityKind

BASIC = (permissions.IsAuthenticated, TokenScope)
VISIT = OpenApiExample(
    "A visit that was done, with what it proved",
    request_only=True,
    value={
        "kind": "visit", "opportunity": "o-2041", "contacts": ["p-88"], "done_at": "2026-11-24T15:30:00+08:00",
        "outcome": "The works manager agrees to measure the loss together",
        "promised": "Access to line 4 in the week of 7 December", "promised_by": "2026-12-07",
        "evidence": [{
            "factor": "demand", "level": 2, "grade": "E2", "evidence": "Minutes confirmed by mail", "contact": "p-88",
            "said_on": "2026-11-24", "link": "https://mail.example.com/m/1",
        }],
        "next_step": "Send the measuring plan", "next_step_due": "2026-12-01",
    },
)  # fmt: skip


class Activities(Resource):
    """What was planned and done with customers, as far as the caller may see it."""

    queryset = Activity.objects.all()
    serializer_class = serializers.ActivitySerializer
    filterset_class = ActivityFilter
    permission_classes = (*BASIC, SalesRecord)
    search_fields = ("objective", "outcome", "said", "promised", "customer__name", "opportunity__title", "=key")
    orderings = {  # noqa: RUF012
        "id": "id", "key": "key", "planned_at": "planned_at", "done_at": "done_at", "created_at": "created_at",
    }  # fmt: skip
    default_ordering = "-id"

    def visible(self) -> QuerySet[Any]:
        seen = Activity.objects.visible_to(self.request.user)  # type: ignore[arg-type]
        return seen.with_names().select_related("coached_by").prefetch_related("contacts")

    @extend_schema(examples=[VISIT])
    def create(self, request: Request) -> Response:
        """Plan one, or, with `done_at`, record one that was done; evidence and next step go to its opportunity."""
        row = _made(self.parsed(), request.user)
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields; another `planned_at` reschedules it, and what came of it is set by `debrief` at first."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(_changed(row, changes, seen, request.user))

    @extend_schema(request=serializers.DebriefBody)
    @action(detail=True, methods=["post"])
    def debrief(self, request: Request, pk: str) -> Response:
        """Say what came of a planned one; evidence and next step go to its opportunity, all or nothing."""
        row = self.get_object()
        given, seen = self._body(serializers.DebriefSerializer, activity=row), self.seen(row)
        follows = serializers.what_follows(given)
        return self.reread(
            actions.debrief_activity(activity=row, seen=seen, actor=request.user, **follows, **given)
        )  # fmt: skip

    @extend_schema(request=serializers.CancelBody)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """It does not take place."""
        row = self.get_object()
        given, seen = self._body(serializers.CancelSerializer), self.seen(row)
        return self.reread(actions.cancel_activity(activity=row, seen=seen, actor=request.user, **given))

    @extend_schema(request=serializers.CoachBody)
    @action(detail=True, methods=["post"])
    def coach(self, request: Request, pk: str) -> Response:
        """A note on the debrief by a manager above the owner; an empty one takes it back."""
        row = self.get_object()
        given, seen = self._body(serializers.CoachSerializer), self.seen(row)
        return self.reread(actions.coach_activity(activity=row, seen=seen, actor=request.user, **given))

    def _body(self, kind: Any, **context: Any) -> dict[str, Any]:
        body = kind(data=self.request.data, context={**self.get_serializer_context(), **context})
        body.is_valid(raise_exception=True)
        return body.validated_data


def _made(given: dict[str, Any], actor: Any) -> Activity:
    """What was done is logged, anything else is planned."""
    follows = serializers.what_follows(given)
    if given.get("done_at") is not None:
        return actions.log_activity(actor=actor, **follows, **given)
    return actions.plan_activity(actor=actor, **{"planned_at": None, **given})


@transaction.atomic
def _changed(row: Activity, changes: dict[str, Any], seen: int, actor: User) -> Activity:
    """The edit and the other moment of one PATCH."""
    if "planned_at" in changes:
        at = changes.pop("planned_at")
        if at != row.planned_at:
            row = actions.reschedule_activity(activity=row, planned_at=at, seen=seen, actor=actor)
    return actions.edit_activity(activity=row, changes=changes, seen=seen, actor=actor) if changes else row


class ActivityKinds(Resource):
    """Kinds of activity, archived ones too; `base` is one of the eight of the interchange format."""

    queryset = ActivityKind.objects.all()
    serializer_class = serializers.ActivityKindSerializer
    permission_classes = (*BASIC, AdminsWrite)
    filterset_fields = ("key", "base")
    search_fields = ("key", "name_zh", "name_en")
    orderings = {"position": "position", "id": "id", "key": "key"}  # noqa: RUF012
    default_ordering = "position"

    def visible(self) -> QuerySet[Any]:
        return ActivityKind.objects.all()

    def create(self, request: Request) -> Response:
        row = actions.create_activity_kind(actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_activity_kind(kind=row, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive: it can no longer be chosen."""
        row = self.get_object()
        actions.archive_activity_kind(kind=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived kind back."""
        row = self.get_object()
        return self.reread(
            actions.restore_activity_kind(kind=row, seen=self.seen_if_said(row), actor=request.user)
        )  # fmt: skip
