"""Saved views of board and table: one's own, and those of one's team."""

from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import saved_views as actions
from accounts.api.fields import KeyedSerializer, person
from accounts.api.permissions import TokenScope
from accounts.models import SavedView
from accounts.querysets import LAST_PLACE
from config.web.api import ReferenceField, Resource
from opportunities.filters import checked
from opportunities.selectors.saved_views import counts_of, views_of


class SavedViewSerializer(KeyedSerializer):
    """A page's filters and order under a name. `count`: how many opportunities it holds for the caller now."""

    query = serializers.CharField(allow_blank=True, max_length=2000, required=False)
    owner = person(read_only=True)
    team = ReferenceField(allow_null=True)
    position = serializers.SerializerMethodField()
    is_default = serializers.BooleanField(read_only=True)
    count = serializers.SerializerMethodField()

    class Meta:
        model = SavedView
        fields = (
            "id", "key", "name", "page", "query", "scope", "owner", "team", "position", "is_default", "count",
            "version",
        )  # fmt: skip
        read_only_fields = ("version",)
        create_only = ("key", "page")

    def validate_query(self, query: str) -> str:
        try:
            return checked(query, self.context["request"])
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict["query"]) from error

    def get_position(self, view: Any) -> int | None:
        """Its place in the caller's order, from 0; null: never put anywhere, it follows those that were, by id."""
        return None if view.position == LAST_PLACE else int(view.position)

    def get_count(self, view: Any) -> int:
        return int(self.context["counts"].get(view.pk, 0))


class SavedViewFilter(filters.FilterSet):
    """`page` is the number of a page of the list, here too."""

    for_page = filters.ChoiceFilter(field_name="page", choices=SavedView.Page.choices)

    class Meta:
        model = SavedView
        fields = ("key", "scope")


class ViewOrderSerializer(serializers.Serializer[Any]):
    order = serializers.ListField(child=serializers.CharField(max_length=64), max_length=1000)


class DefaultSerializer(serializers.Serializer[Any]):
    default = serializers.BooleanField()


class SavedViews(Resource):
    """Views that the caller sees. Their owner changes them; a manager above and administrators delete shared ones."""

    queryset = SavedView.objects.all()
    serializer_class = SavedViewSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope)
    filterset_class = SavedViewFilter
    search_fields = ("name",)
    orderings = {"position": "position", "id": "id", "name": "name"}  # noqa: RUF012
    default_ordering = "position"

    def visible(self) -> QuerySet[Any]:
        user: Any = self.request.user
        return SavedView.objects.visible_to(user).placed_for(user).select_related("owner__team", "team")

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.counted = page or []
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        views = getattr(self, "counted", [])
        numbers = counts_of(views, self.request)[1] if views else []
        return {**context, "counts": {view.pk: number for view, number in zip(views, numbers, strict=True)}}

    def get_object(self) -> Any:
        row = super().get_object()
        self.counted = [row]
        return row

    def create(self, request: Request) -> Response:
        """Save a view; `query` is what stands behind `?` in the address of the page."""
        given = {"query": "", **self.parsed()}
        return self.reread(actions.save_view(actor=request.user, **given), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename, share, or give it other filters."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_view(view=row, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete: a view holds nothing but filters."""
        user: Any = request.user
        rows = SavedView.objects.reachable_by(user).select_related("owner__team")
        actions.delete_view(view=get_object_or_404(rows, pk=pk), actor=user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=DefaultSerializer)
    @action(detail=True, methods=["post"])
    def default(self, request: Request, pk: str) -> Response:
        """Let the view's page open with it for the caller, or no longer."""
        row = self.get_object()
        body = DefaultSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        actions.choose_default_view(view=row, chosen=body.validated_data["default"], actor=request.user)
        return self.reread(row)

    @extend_schema(request=ViewOrderSerializer, responses=SavedViewSerializer(many=True), filters=False)
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def reorder(self, request: Request) -> Response:
        """Put the views that the caller sees into this order of keys, for the caller alone."""
        user: Any = request.user
        body = ViewOrderSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        keys = body.validated_data["order"]
        views = {view.key: view for view in views_of(user)}
        if len(keys) != len(set(keys)) or set(keys) != set(views):
            raise serializers.ValidationError({"order": [_("Name every view that you see exactly once.")]})
        actions.reorder_views(order=[views[key] for key in keys], actor=user)
        self.counted = views_of(user)
        return Response(self.get_serializer(self.counted, many=True).data)

    def reread(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        found = self.get_queryset().filter(pk=row.pk).first()
        self.counted = [found] if found else []
        return self.shown(found, code) if found else Response(status=status.HTTP_204_NO_CONTENT)
