"""What the caller was told, and how they want to be told."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions
from accounts.api.fields import MomentField
from accounts.filters import NotificationFilter
from accounts.models import Kind, Notification, User
from accounts.notifications import Told, kinds_for, preferences_of, told
from config.web.api import Resource


class NotificationSerializer(serializers.Serializer[Told]):
    """One thing told, in the caller's language."""

    id = serializers.IntegerField(source="note.pk", read_only=True)
    kind = serializers.ChoiceField(source="note.kind", choices=Kind.choices, read_only=True)
    text = serializers.CharField(source="words.title", read_only=True)
    url = serializers.CharField(source="words.url", read_only=True, help_text="Path of the page that it leads to.")
    created_at = MomentField(source="note.created_at")
    read_at = MomentField(source="note.read_at", allow_null=True)


class Notifications(Resource):
    """The caller's own notifications; one about a row is here only while the caller may see that row."""

    queryset = Notification.objects.all()
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    orderings = {"id": "id"}  # noqa: RUF012
    default_ordering = "-id"

    def visible(self) -> QuerySet[Any]:
        return Notification.objects.visible_to(self.request.user)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        lines = told(page or [], request.user)
        return self.get_paginated_response(self.get_serializer(lines, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self._told(self.get_object())

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark it read."""
        note = self.get_object()
        self._told(note)
        actions.mark_read(user=request.user, notifications=Notification.objects.filter(pk=note.pk))
        note.refresh_from_db(fields=["read_at"])
        return self._told(note)

    @extend_schema(request=None, responses={204: None}, filters=False)
    @action(detail=False, methods=["post"], url_path="read-all", pagination_class=None, filter_backends=[])
    def read_all(self, request: Request) -> Response:
        """Mark all of the caller's read."""
        actions.mark_read(user=request.user, notifications=Notification.objects.all())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _told(self, note: Notification) -> Response:
        """The note in words; 404 when its row is no longer there for the caller."""
        lines = told([note], self.request.user)
        if not lines:
            raise Http404
        return Response(self.get_serializer(lines[0]).data)


class Strict(serializers.Serializer[Any]):
    """Refuses names that it does not have, so that no wish is lost."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        if unknown:
            raise serializers.ValidationError({name: [_("There is no such field.")] for name in unknown})
        return super().to_internal_value(data)


class WaysSerializer(Strict):
    """By which ways a kind of thing is told."""

    bell = serializers.BooleanField(required=False)
    mail = serializers.BooleanField(required=False)


class PreferencesSerializer(Strict):
    """The ways of each kind of thing that the caller is ever told about; some kinds are administrators' alone."""

    def get_fields(self) -> dict[str, Any]:
        user = getattr(self.context.get("request"), "user", None)
        kinds = kinds_for(user) if isinstance(user, User) else list(Kind)
        return {Kind(kind).value: WaysSerializer(required=False) for kind in kinds}


class Preferences(viewsets.GenericViewSet[Any]):
    """How the caller wants to be told of each kind of thing."""

    serializer_class = PreferencesSerializer
    pagination_class = None
    filter_backends = ()

    def retrieve(self, request: Request) -> Response:
        return Response(
            {kind: {"bell": way.bell, "mail": way.mail} for kind, way in preferences_of(request.user).items()}
        )

    def partial_update(self, request: Request) -> Response:
        """Switch ways on or off; what is not named stays. There is no version: the last word counts."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        actions.set_notification_preferences(user=request.user, changes=serializer.validated_data)
        return self.retrieve(request)
