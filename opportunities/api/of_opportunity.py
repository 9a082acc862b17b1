"""What resources share whose rows hang on an opportunity: seen and changed with it."""

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters as filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import SalesRecord, TokenScope
from config.web.api import Resource, SeenSerializer
from config.web.filters import ArchivedFilter
from opportunities.api.filters import ByOpportunity
from opportunities.models import Opportunity

BASIC = (permissions.IsAuthenticated, TokenScope, SalesRecord)


class OfOpportunityFilter(ByOpportunity):
    """By key too; archived ones when asked for."""

    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))


class OfOpportunity(Resource):
    """Rows of opportunities that the caller may see.

    `names` are the references that an answer needs, `acts` the actions by verb, `argument` is what these call a row.
    """

    permission_classes = BASIC
    filterset_class = OfOpportunityFilter
    names: ClassVar[tuple[str, ...]] = ()
    acts: ClassVar[dict[str, Callable[..., Any]]] = {}
    argument: ClassVar[str] = ""

    def visible(self) -> QuerySet[Any]:
        assert self.queryset is not None
        seen: QuerySet[Any] = self.queryset.model._default_manager.visible_to(self.request.user)  # type: ignore[attr-defined]
        return seen.select_related("opportunity__owner__team", *self.names)

    def _act(self, verb: str, row: Any, **given: Any) -> Any:
        return self.acts[verb](**{self.argument: row}, actor=self.request.user, **given)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields."""
        row = self.get_object()
        return self.reread(self._act("edit", row, changes=self.parsed(row), seen=self.seen(row)))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive."""
        row = self.get_object()
        self._act("archive", row, seen=self.seen_if_said(row))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived one back."""
        row = self.get_object()
        return self.reread(self._act("restore", row, seen=self.seen_if_said(row)))


class Nested(Resource):
    """The rows of one opportunity under its address, where `pk` is the opportunity's: listed and added."""

    acts: ClassVar[dict[str, Callable[..., Any]]]

    def deal(self) -> Opportunity:
        """The opportunity of the address; 404 when it is not visible."""
        rows = Opportunity.objects.visible_to(self.request.user).select_related("owner__team")
        found: Opportunity = get_object_or_404(rows, pk=self.kwargs["pk"])
        return found

    def list(self, request: Request, pk: str) -> Response:  # type: ignore[override]
        """Those of this opportunity."""
        rows = self.filter_queryset(self.get_queryset().filter(opportunity=self.deal()))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(rows), many=True).data)

    def create(self, request: Request, pk: str) -> Response:
        """Add one to this opportunity."""
        deal = self.deal()
        row = self.acts["add"](opportunity=deal, actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)
