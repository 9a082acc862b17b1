"""One act on many opportunities, each answered on its own."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import person
from accounts.models import User
from config.web.fields import FIRST_YEAR, LAST_YEAR
from config.web.money import MoneySerializerField
from opportunities.actions import assign, edit_opportunity, move_to_stage
from opportunities.actions.bulk import MOST
from opportunities.api.gate import MissingSerializer
from opportunities.api.serializers import (
    AssignSerializer,
    CloseDateSerializer,
    MoveSerializer,
    OpportunitySerializer,
    ShiftSerializer,
    StageField,
)
from opportunities.models import Opportunity

Act = Callable[[Opportunity], Opportunity]
LARGEST_ID = 2**63 - 1

BODIES: dict[str, Any] = {
    "move": MoveSerializer,
    "assign": AssignSerializer,
    "set_close_date": CloseDateSerializer,
    "shift_close_date": ShiftSerializer,
}


class BulkSerializer(serializers.Serializer[Any]):
    """Which rows, what is done, and optionally the version seen of each, as {id: version}.

    Beside them stands what the act needs: `stage`, `reason`, … of a move, `owner` of `assign`,
    `expected_close_date` of `set_close_date`, `days` of `shift_close_date`.
    """

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID), min_length=1, max_length=MOST
    )
    action = serializers.ChoiceField(choices=list(BODIES))
    versions = serializers.DictField(child=serializers.IntegerField(min_value=1), required=False)


class BulkResultSerializer(serializers.Serializer[Any]):
    """What became of one row: `errors` as {field: [messages]}, or the opportunity (null: it left your sight).

    Of a row that the gate has stopped (422): `missing`, and `waiver_needed` as `move` says them.
    """

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=[200, 400, 403, 404, 409, 422])
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)
    missing = MissingSerializer(required=False)
    waiver_needed = serializers.BooleanField(required=False)
    opportunity = OpportunitySerializer(required=False, allow_null=True)


class BulkAnswer(serializers.Serializer[Any]):
    """One result an id, in the order given."""

    results = BulkResultSerializer(many=True)


@extend_schema_serializer(component_name="Bulk")
class BulkBody(BulkSerializer):
    """For the schema: with what the acts need."""

    stage = StageField(required=False)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)
    amount = MoneySerializerField(required=False, allow_null=True)
    signed_on = serializers.DateField(required=False, allow_null=True)
    competitor = serializers.CharField(max_length=200, required=False, allow_blank=True)
    override = serializers.BooleanField(required=False, default=False)
    owner = person(required=False)
    expected_close_date = serializers.DateField(required=False, allow_null=True)
    days = serializers.IntegerField(min_value=-3650, max_value=3650, required=False)


def act_of(action: str, given: dict[str, Any], versions: dict[str, int], actor: User) -> Act:
    """What is done with one row; `given` is the checked body of the act."""

    def seen(row: Opportunity) -> int | None:
        return versions.get(str(row.pk))

    def shift(row: Opportunity) -> Opportunity:
        changes = {"expected_close_date": shifted(row.expected_close_date, given["days"])}
        return edit_opportunity(opportunity=row, changes=changes, seen=seen(row) or row.version, actor=actor)

    acts: dict[str, Act] = {
        "move": lambda row: move_to_stage(opportunity=row, seen=seen(row), actor=actor, **given),
        "assign": lambda row: assign(opportunity=row, seen=seen(row), actor=actor, **given),
        "set_close_date": lambda row: edit_opportunity(opportunity=row, changes=given, seen=seen(row), actor=actor),
        "shift_close_date": shift,
    }
    return acts[action]


def shifted(day: date | None, days: int) -> date:
    """The day so many days later; ValidationError when there is none, or when it leaves what a sale may have."""
    if day is None:
        raise ValidationError({"expected_close_date": _("It has no expected close that could be shifted.")})
    moved = day + timedelta(days=days)
    if not FIRST_YEAR <= moved.year <= LAST_YEAR:
        raise ValidationError({"expected_close_date": _("Enter a date between 1970 and 2199.")})
    return moved
