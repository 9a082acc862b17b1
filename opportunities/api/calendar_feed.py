"""The caller's private calendar address."""

from typing import Any, ClassVar

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.fields import MomentField
from accounts.api.permissions import TokenScope
from opportunities import actions
from opportunities.models import CalendarFeed


class CalendarAddressSerializer(serializers.Serializer[Any]):
    """Since when there is an address; null without one."""

    created_at = MomentField(allow_null=True)


class NewCalendarAddressSerializer(serializers.Serializer[Any]):
    """An address that was made just now; it is told here and never again."""

    example: ClassVar[dict[str, Any]] = {"address": "https://ascent.example.com/calendar/V1StGXR8Z5jdHi6B.ics"}
    address = serializers.URLField()


class CalendarAddress(APIView):
    """Under it a calendar program reads what the caller has planned."""

    permission_classes = (permissions.IsAuthenticated, TokenScope)

    @extend_schema(responses=CalendarAddressSerializer)
    def get(self, request: Request) -> Response:
        """Whether there is one."""
        user: Any = request.user
        row = CalendarFeed.objects.usable().filter(user=user).first()
        return Response(CalendarAddressSerializer({"created_at": row and row.created_at}).data)

    @extend_schema(request=None, responses={201: NewCalendarAddressSerializer})
    def post(self, request: Request) -> Response:
        """Make one. Whoever has it reads when the caller has planned what with whom; an older one ends."""
        user: Any = request.user
        secret = actions.make_calendar_feed(actor=user)
        address = request.build_absolute_uri(reverse("calendar_ics", args=[secret]))
        return Response({"address": address}, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Revoke it; calendar programs get nothing from now on."""
        user: Any = request.user
        actions.revoke_calendar_feed(actor=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
