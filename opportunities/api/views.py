"""Opportunities: list, board, create, edit, move, undo, bulk, versions, timeline."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import permissions, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.audit import ToldEntrySerializer, part_of_trail
from accounts.api.permissions import SalesRecord, TokenScope
from accounts.models import User
from config.web.api import Filters, Ordering, Resource, SeenSerializer
from opportunities import actions
from opportunities.actions import GateClosed
from opportunities.actions.undo import TooLate
from opportunities.api import serializers
from opportunities.api.board import board_answer
from opportunities.api.bulk import BODIES, BulkAnswer, BulkBody, BulkSerializer, act_of
from opportunities.api.filters import OpportunityListFilter
from opportunities.api.gate import EXAMPLE as CLOSED
from opportunities.api.gate import GateClosedSerializer, gate_answer, gate_bodies
from opportunities.api.search import OpportunitySearch
from opportunities.api.timeline import timeline_answer
from opportunities.api.waivers import ASKED, AskSerializer, WaiverSerializer
from opportunities.filters import ORDERINGS
from opportunities.models import Opportunity, OpportunityVersion, Waiver
from opportunities.selectors.changes import entries_about
from opportunities.selectors.collaborators import COLUMN, with_collaborators
from opportunities.selectors.heights import CLAIMED, VERIFIED, with_columns
from opportunities.selectors.waivers import named

TIMELINE_PAGE = OpenApiParameter("page", {"type": "integer", "minimum": 1, "maximum": 999_999}, description="From 1.")


class Opportunities(Resource):
    """Opportunities that the caller may see."""

    queryset = Opportunity.objects.all()
    serializer_class = serializers.OpportunitySerializer
    filterset_class = OpportunityListFilter
    permission_classes = (permissions.IsAuthenticated, TokenScope, SalesRecord)
    filter_backends = (Filters, OpportunitySearch, Ordering)
    search_fields = ("title", "customer__name", "next_step", "=key")
    orderings = ORDERINGS
    default_ordering = "-id"

    def visible(self) -> QuerySet[Any]:
        seen = Opportunity.objects.visible_to(self.request.user)
        return with_collaborators(with_columns(seen.with_names()))

    def bare(self) -> Opportunity:
        """The row that the caller may see, without what only its answer needs."""
        seen = Opportunity.objects.visible_to(self.request.user)
        row: Opportunity = get_object_or_404(seen.with_names(), pk=self.kwargs["pk"])
        return row

    def body(self, kind: Any) -> dict[str, Any]:
        """The checked body of a verb."""
        serializer = kind(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    # Reading and plain writes

    @extend_schema(responses={201: serializers.OpportunitySerializer, 422: GateClosedSerializer}, examples=[CLOSED])
    def create(self, request: Request) -> Response:
        """A new one, in the first open stage unless `stage` says another; further on it meets the gate."""
        given = {"amount": None, "expected_close_date": None, **self.parsed()}
        try:
            row = actions.create_opportunity(actor=request.user, **given)
        except GateClosed as error:
            return gate_answer(error)
        return self.shown(_as_new(row), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields; another `owner` is a hand-over. Stages are changed by `move`."""
        row = self.bare()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(_change(row, changes, seen, request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive what was entered by mistake."""
        row = self.bare()
        actions.archive_opportunity(opportunity=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived one back into the stage that it had."""
        row = self.bare()
        return self.reread(
            actions.restore_opportunity(opportunity=row, seen=self.seen_if_said(row), actor=request.user)
        )

    # Verbs

    @extend_schema(
        request=serializers.MoveBody,
        responses={200: serializers.OpportunitySerializer, 422: GateClosedSerializer},
        examples=[CLOSED],
    )
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Move to another stage; 422 when evidence is missing and `override` is not true."""
        row = self.bare()
        given, seen = self.body(serializers.MoveSerializer), self.seen(row)
        try:
            moved = actions.move_to_stage(opportunity=row, seen=seen, actor=request.user, **given)
        except GateClosed as error:
            return gate_answer(error)
        return self.reread(moved)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take back the caller's own last change; 409 when it is too late."""
        row = self.bare()
        try:
            row = actions.undo(opportunity=row, actor=request.user, seen=self.seen(row))
        except TooLate as error:
            current = self.get_serializer(self.get_object()).data
            body = {"detail": str(error), "current": current, "yours": {}, "conflicts": []}
            return Response(body, status=status.HTTP_409_CONFLICT)
        return self.reread(row)

    @extend_schema(request=BulkBody, responses=BulkAnswer, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def bulk(self, request: Request) -> Response:
        """One act on at most 200, each answered on its own: what failed says why, what succeeded stays."""
        given = self.body(BulkSerializer)
        act = act_of(given["action"], self.body(BODIES[given["action"]]), given.get("versions", {}), actor=request.user)
        results = actions.in_bulk(given["ids"], actor=request.user, act=act)
        rows = self.get_queryset().in_bulk([result.id for result in results if result.ok])
        serializer = self.get_serializer()
        shown = {pk: serializer.to_representation(row) for pk, row in rows.items()}
        stopped = {result.id: result.gate for result in results if result.gate is not None}
        lacking = dict(zip(stopped, gate_bodies(stopped.values()), strict=True)) if stopped else {}
        return Response({"results": [self._result(result, shown, lacking) for result in results]})

    def _result(
        self, result: actions.BulkResult, shown: dict[int, Any], lacking: dict[int, dict[str, Any]]
    ) -> dict[str, Any]:
        if result.id in lacking:
            return {"id": result.id, "status": result.status, **lacking[result.id]}
        if not result.ok:
            errors = {("non_field_errors" if name == "__all__" else name): told for name, told in result.errors.items()}
            return {"id": result.id, "status": result.status, "errors": errors}
        return {"id": result.id, "status": 200, "opportunity": shown.get(result.id)}

    # Reading more

    @extend_schema(responses=serializers.BoardSerializer, filters=True)
    @action(detail=False, methods=["get"], pagination_class=None)
    def board(self, request: Request) -> Response:
        """Open stages and what was won this quarter: sums over all that match, the first twelve rows of each."""
        return Response(board_answer(self))

    @extend_schema(responses=serializers.VersionSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def versions(self, request: Request, pk: str) -> Response:
        """What it held from when to when, the oldest first."""
        rows = OpportunityVersion.objects.filter(opportunity=self.bare())
        names = ("stage", "owner", "team", "product", "actor")
        page = self.paginate_queryset(rows.select_related(*names).order_by("valid_from"))
        return self.get_paginated_response(serializers.VersionSerializer(page, many=True).data)

    @extend_schema(responses=serializers.TimelineSerializer, filters=False, parameters=[TIMELINE_PAGE])
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def timeline(self, request: Request, pk: str) -> Response:
        """What happened, the newest first: changes, evidence, done activities, decisions."""
        return Response(timeline_answer(self.bare(), request))

    @extend_schema(responses=ToldEntrySerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def changes(self, request: Request, pk: str) -> Response:
        """Every write about it and what hangs on it, the newest first: its part of the audit trail."""
        return part_of_trail(self, entries_about(self.bare()))

    @extend_schema(responses=WaiverSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def waivers(self, request: Request, pk: str) -> Response:
        """What was asked of the managers above, the latest first."""
        rows = named(Waiver.objects.filter(opportunity=self.bare())).order_by("-id")
        return self.get_paginated_response(WaiverSerializer(self.paginate_queryset(rows), many=True).data)

    @extend_schema(request=AskSerializer, responses={201: WaiverSerializer}, examples=[ASKED])
    @waivers.mapping.post
    def ask_waiver(self, request: Request, pk: str) -> Response:
        """Ask the managers above to let a move through; a new question takes the place of one that waits."""
        row = self.bare()
        waiver = actions.ask_waiver(opportunity=row, actor=request.user, **self.body(AskSerializer))
        return Response(WaiverSerializer(waiver).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=serializers.CollaboratorSerializer)
    @action(detail=True, methods=["post"])
    def collaborators(self, request: Request, pk: str) -> Response:
        """Let somebody see and edit it."""
        row = self.bare()
        actions.add_collaborator(
            opportunity=row, user=self.body(serializers.CollaboratorSerializer)["user"], actor=request.user
        )
        return self.reread(row)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path="collaborators/(?P<username>[^/]+)")
    def remove_collaborator(self, request: Request, pk: str, username: str) -> Response:
        """End somebody's work on it."""
        row = self.bare()
        user: User = get_object_or_404(row.collaborators, username=username.replace("\x00", ""))
        actions.remove_collaborator(opportunity=row, user=user, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _as_new(row: Opportunity) -> Opportunity:
    """A row that was just created, as if it had been read: it has neither evidence nor collaborators. No query."""
    for name in (*VERIFIED, *CLAIMED, COLUMN):
        setattr(row, name, None)
    return row


def _change(row: Opportunity, changes: dict[str, Any], seen: int, actor: User) -> Opportunity:
    """The hand-over and the edit of one PATCH in one change."""
    changed = {name: value for name, value in changes.items() if getattr(row, name) != value}
    owner = changed.pop("owner", None)
    if owner is None:
        return actions.edit_opportunity(opportunity=row, changes=changed, seen=seen, actor=actor)
    if not changed:
        return actions.assign(opportunity=row, owner=owner, seen=seen, actor=actor)
    return actions.edit_and_assign(opportunity=row, changes=changed, owner=owner, seen=seen, actor=actor)
