"""The pyramid of customers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.selectors import today
from config.web.api import Resource
from config.web.money import MoneySerializerField
from customers.models import Customer
from customers.selectors import pyramid as pyramids
from customers.selectors.tiers import rules_now


class YearSerializer(serializers.Serializer[Any]):
    """One tier in one year: `potential` is the yearly spend of the `known` customers, `missing` the part of others."""

    customers = serializers.IntegerField()
    revenue = MoneySerializerField()
    potential = MoneySerializerField()
    known = serializers.IntegerField()
    missing = MoneySerializerField()


class LevelSerializer(serializers.Serializer[Any]):
    """A tier (empty: without one) now and as it stood a year before; shares are of all revenue, null without any."""

    tier = serializers.CharField()
    now = YearSerializer()
    before = YearSerializer()
    share = serializers.FloatField(allow_null=True)
    share_before = serializers.FloatField(allow_null=True)


class MovedSerializer(serializers.Serializer[Any]):
    """How many stand in a higher or lower tier at the end of a period than at its beginning."""

    period = serializers.ChoiceField(choices=["quarter", "t12m"])
    first = serializers.DateField()
    last = serializers.DateField()
    up = serializers.IntegerField()
    down = serializers.IntegerField()


class PyramidSerializer(serializers.Serializer[Any]):
    """`largest` is the share of the ten largest customers, `assessment_due` how many are due to be assessed."""

    day = serializers.DateField()
    day_before = serializers.DateField()
    levels = LevelSerializer(many=True)
    total = LevelSerializer()
    largest = serializers.FloatField(allow_null=True)
    assessment_due = serializers.IntegerField(source="due")
    moved = MovedSerializer(many=True)


class Pyramids(Resource):
    """What the resource of customers says about all of them."""

    @extend_schema(responses=PyramidSerializer, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=[])
    def pyramid(self, request: Request) -> Response:
        """Customers in sight by tier, with revenue and potential, this year and the one before, and who moved."""
        seen, day = Customer.objects.visible_to(request.user), today()
        found = pyramids.pyramid(seen, day, rules_now())
        moved = [_moved(seen, name, period) for name, period in pyramids.movement_periods(day).items()]
        names = ("day", "day_before", "levels", "total", "largest", "due")
        return Response(PyramidSerializer({**{name: getattr(found, name) for name in names}, "moved": moved}).data)


def _moved(seen: Any, name: str, period: Any) -> dict[str, Any]:
    ways = pyramids.movements(seen, period)
    counts = {way: each.count for way, each in ways.items()}
    return {"period": name, "first": period.first, "last": period.last, **counts}
