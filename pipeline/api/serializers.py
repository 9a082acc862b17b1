"""Answers of the computed resources. Only for reading."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import MomentField, TotalField
from pipeline.rules import BARS


class PartSerializer(serializers.Serializer[Any]):
    """How many, and their amount."""

    count = serializers.IntegerField()
    amount = TotalField()


class SumsSerializer(PartSerializer):
    """Open opportunities: count, amount, weighted, counted, and the unassessed ones among them."""

    weighted = TotalField()
    counted = TotalField()
    unassessed = PartSerializer()


class FunnelStageSerializer(SumsSerializer):
    """One open stage of a funnel."""

    stage = serializers.CharField(source="stage.key")
    median_days_in_stage = serializers.FloatField(allow_null=True)
    reached = serializers.IntegerField()
    conversion = serializers.FloatField(allow_null=True)


class FunnelSerializer(serializers.Serializer[Any]):
    """Open stages in order; `conversion` of the last one is to won."""

    as_of = serializers.DateField()
    stages = FunnelStageSerializer(many=True)
    open = SumsSerializer()
    bulges = serializers.ListField(child=serializers.CharField())


class WaterfallSerializer(serializers.Serializer[Any]):
    """begin + new + reopened + transferred_in + increased - decreased - won - … - transferred_out = end."""

    to = serializers.DateField(source="last")
    begin = TotalField(source="bars.begin")
    end = TotalField(source="bars.end")

    def get_fields(self) -> dict[str, Any]:
        bars = {bar: TotalField(source=f"bars.{bar}") for bar in BARS}
        fields: dict[str, Any] = super().get_fields()
        return {"from": serializers.DateField(source="first"), **fields, **bars}


class ItemSerializer(serializers.Serializer[Any]):
    """One opportunity's part of a bar; `opportunity` and `title` are null when it is no longer yours to see."""

    opportunity = serializers.CharField(source="opportunity.key", allow_null=True, default=None)
    title = serializers.CharField(source="opportunity.title", allow_null=True, default=None)
    amount = TotalField()


class BookedSerializer(PartSerializer):
    """Wins of a period that stand, at the amounts of their moves."""

    count = serializers.IntegerField(source="part.count")
    amount = TotalField(source="part.amount")
    period = serializers.CharField(source="period.key")
    first = serializers.DateField(source="period.first")
    last = serializers.DateField(source="period.last")


class PersonSerializer(serializers.Serializer[Any]):
    """What a person has to their credit in a team."""

    owner = serializers.CharField(source="username")
    name = serializers.CharField()
    open = SumsSerializer()
    booked = PartSerializer()


class TeamFiguresSerializer(serializers.Serializer[Any]):
    """A team with all below it; `team` is null for people without one."""

    team = serializers.SerializerMethodField()
    name = serializers.CharField()
    depth = serializers.IntegerField()
    open = SumsSerializer()
    booked = PartSerializer()
    people = PersonSerializer(many=True)

    def get_team(self, row: Any) -> str | None:
        return row.key or None


class HistoryPointSerializer(serializers.Serializer[Any]):
    """The open pipeline at the end of a day; `stages` in the order of the history's."""

    day = serializers.DateField()
    open = SumsSerializer()
    stages = SumsSerializer(many=True, source="by_stage")


class HistorySerializer(serializers.Serializer[Any]):
    """Month ends and the present day; `stages` are keys."""

    stages = serializers.SerializerMethodField()
    points = HistoryPointSerializer(many=True)

    def get_stages(self, history: Any) -> list[str]:
        return [stage.key for stage in history.stages]


class FreshnessSerializer(serializers.Serializer[Any]):
    """The latest day that the nightly run has computed, and when."""

    day = serializers.DateField(allow_null=True)
    at = MomentField(allow_null=True)


@extend_schema_serializer(component_name="DashboardWaterfall")
class DashboardWaterfallSerializer(serializers.Serializer[Any]):
    """The waterfalls of the last 7 and 28 days."""

    days_7 = serializers.SerializerMethodField()
    days_28 = serializers.SerializerMethodField()

    @extend_schema_field(WaterfallSerializer)
    def get_days_7(self, waterfalls: Any) -> Any:
        return WaterfallSerializer(waterfalls[7]).data

    @extend_schema_field(WaterfallSerializer)
    def get_days_28(self, waterfalls: Any) -> Any:
        return WaterfallSerializer(waterfalls[28]).data


class DashboardSerializer(serializers.Serializer[Any]):
    """All that the dashboard shows of a scope."""

    as_of = serializers.DateField()
    computed_at = MomentField()
    open = SumsSerializer()
    booked = BookedSerializer()
    booked_before = BookedSerializer()
    funnel = FunnelSerializer()
    waterfall = DashboardWaterfallSerializer(source="waterfalls")
    history = HistorySerializer()
    history_computed = FreshnessSerializer(source="freshness")
    teams = TeamFiguresSerializer(many=True)
