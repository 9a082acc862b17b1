"""Computed answers over HTTP: by credit, as METHOD.md §10."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from pipeline.api.serializers import DashboardSerializer, FunnelSerializer, ItemSerializer, WaterfallSerializer
from pipeline.parameters import bar_from, day_from, scope_from, window_from
from pipeline.rules import BARS, EDGES
from pipeline.selectors.dashboard import dashboard
from pipeline.selectors.funnel import funnel
from pipeline.selectors.rows import Rows
from pipeline.selectors.waterfall import Item, waterfall, waterfall_items

SCOPE = [
    OpenApiParameter("owner", str, description="Login name of a person in your scope."),
    OpenApiParameter("team", str, description="Key of a team in your scope; all below it is included."),
]
AS_OF = OpenApiParameter("as_of", OpenApiTypes.DATE, description="At the end of this day; now by default.")
WINDOW = [
    OpenApiParameter("from", OpenApiTypes.DATE, required=True, description="From the end of this day …"),
    OpenApiParameter("to", OpenApiTypes.DATE, description="… to the end of this one; today by default."),
]
BAR = OpenApiParameter("bar", str, required=True, enum=(*EDGES, *BARS))


@extend_schema(parameters=[*SCOPE, AS_OF], responses=FunnelSerializer)
@api_view(["GET"])
def funnel_view(request: Request) -> Response:
    """The funnel: open stages with sums, median days, conversion, and the stages that bulge."""
    given = request.query_params
    return Response(FunnelSerializer(funnel(scope_from(given, _user(request)), day_from(given, "as_of"))).data)


@extend_schema(parameters=[*SCOPE, *WINDOW], responses=WaterfallSerializer)
@api_view(["GET"])
def waterfall_view(request: Request) -> Response:
    """The waterfall of a window."""
    given = request.query_params
    return Response(WaterfallSerializer(waterfall(scope_from(given, _user(request)), *window_from(given))).data)


class WaterfallItems(ListAPIView[Any]):
    """The opportunities that make a bar, with each one's part."""

    serializer_class = ItemSerializer
    filter_backends = ()

    @extend_schema(parameters=[*SCOPE, *WINDOW, BAR])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> Rows[Item]:  # type: ignore[override]
        given, user = self.request.query_params, _user(self.request)
        return waterfall_items(scope_from(given, user), *window_from(given), bar_from(given), user)


@extend_schema(parameters=[*SCOPE, AS_OF], responses=DashboardSerializer)
@api_view(["GET"])
def dashboard_view(request: Request) -> Response:
    """All that the dashboard shows."""
    given = request.query_params
    return Response(DashboardSerializer(dashboard(scope_from(given, _user(request)), day_from(given, "as_of"))).data)


def _user(request: Request) -> Any:
    return request.user
