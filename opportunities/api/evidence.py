"""What the API says of an opportunity's evidence: the same members for the serializer and for plain rows."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.selectors import today
from config.web.money import RateSerializerField
from opportunities.models import Opportunity, Outcome
from opportunities.rules.evidence import FACTORS, Heights
from opportunities.rules.historical import Historical, of_stage
from opportunities.rules.moves import days_in_stage
from opportunities.rules.readings import FLAGS, Plan, Reading, flags_of, read
from opportunities.selectors.heights import CLAIMED, VERIFIED, floors_now, heights_on, with_columns
from opportunities.selectors.historical import historical_rates
from opportunities.selectors.stages import all_stages

COLUMNS = (*VERIFIED, *CLAIMED)
PLANNED = ("amount", "expected_close_date", "next_step", "next_step_due")
HELD = ("stage_id", "outcome", "win_rate", "entered_on", "unproven_from_id", *PLANNED)
MEMBERS = (
    "evidenced", "historical", "counted", "heights", "weakest", "confidence", "flags", "unassessed",
    "moved_without_proof",
)  # fmt: skip


def teller() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that says MEMBERS of a row, given HELD and COLUMNS of it by name."""
    floors, rates, day = floors_now(all_stages()), historical_rates(), today()

    def say(row: dict[str, Any]) -> dict[str, Any]:
        is_open = row["outcome"] == Outcome.OPEN
        reading = read(is_open=is_open, declared=row["win_rate"], heights=heights_on(row), floors=floors)
        known = of_stage(rates, row["stage_id"], days_in_stage(row["entered_on"], day)) if is_open else Historical()
        flags = flags_of(reading, Plan(*(row[name] for name in PLANNED)), day)
        return _members(reading, known, list(flags), unproven=is_open and row["unproven_from_id"] is not None)

    return say


def _members(reading: Reading, known: Historical, flags: list[str], *, unproven: bool) -> dict[str, Any]:
    heights = reading.heights
    return {
        "evidenced": None if reading.evidenced is None else float(reading.evidenced),
        "historical": _historical(known),
        "counted": float(reading.counted),
        "heights": _heights(heights),
        "weakest": heights.weakest,
        "confidence": {"percent": heights.percent, "grade": heights.grade},
        "flags": flags,
        "unassessed": reading.unassessed,
        "moved_without_proof": unproven,
    }


def _historical(known: Historical) -> dict[str, Any] | None:
    if known.rate is None:
        return None
    return {"rate": known.rate, "low": known.low, "high": known.high, "n": known.n}


def _heights(heights: Heights) -> dict[str, dict[str, int]]:
    pairs = zip(FACTORS, heights.claimed, heights.verified, strict=True)
    return {factor: {"claimed": claimed, "verified": verified} for factor, claimed, verified in pairs}


def row_of(opportunity: Opportunity) -> dict[str, Any]:
    """HELD and COLUMNS of an opportunity; one query unless it comes from `with_columns`."""
    held = {name: getattr(opportunity, name) for name in HELD}
    if VERIFIED[0] in opportunity.__dict__:
        return held | {name: getattr(opportunity, name) for name in COLUMNS}
    found = with_columns(Opportunity.objects.filter(pk=opportunity.pk)).values(*COLUMNS).first()
    return held | (found or dict.fromkeys(COLUMNS))


# --- For the schema ---------------------------------------------------------------------------

LEVEL = {"type": "integer", "minimum": 0, "maximum": 6}
RATE = {"type": "number", "minimum": 0, "maximum": 1}


def _object(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members)}


HEIGHTS = _object({factor: _object({"claimed": LEVEL, "verified": LEVEL}) for factor in FACTORS})
CONFIDENCE = _object(
    {"percent": {"type": "integer", "minimum": 0, "maximum": 100}, "grade": {"type": "string", "enum": list("ABCD")}}
)
HISTORICAL = _object({"rate": RATE, "low": RATE, "high": RATE, "n": {"type": "integer", "minimum": 30}})


class ToldField(serializers.Field[Any, Any, Any, Any]):
    """A member that `teller` has said; it is only read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(HEIGHTS)
class HeightsField(ToldField):
    """{factor: {claimed, verified}}, heights from 0 to 6."""


@extend_schema_field(CONFIDENCE)
class ConfidenceField(ToldField):
    """{percent, grade}."""


@extend_schema_field({**HISTORICAL, "type": ["object", "null"]})
class HistoricalField(ToldField):
    """{rate, low, high, n}; null of a closed one, and while fewer than 30 cases are known."""


@extend_schema_field({"type": "string", "enum": list(FACTORS)})
class FactorField(ToldField):
    """The key of a factor."""


@extend_schema_field({"type": "array", "items": {"type": "string", "enum": list(FLAGS)}})
class FlagsField(ToldField):
    """Names of flags."""


class EvidencedSerializer(serializers.Serializer[Any]):
    """Fields that read MEMBERS from `told`, which `to_representation` leaves on the row."""

    evidenced = RateSerializerField(source="told.evidenced", read_only=True, allow_null=True)
    historical = HistoricalField(source="told.historical")
    counted = RateSerializerField(source="told.counted", read_only=True)
    heights = HeightsField(source="told.heights")
    weakest = FactorField(source="told.weakest")
    confidence = ConfidenceField(source="told.confidence")
    flags = FlagsField(source="told.flags")
    unassessed = serializers.BooleanField(source="told.unassessed", read_only=True)
    moved_without_proof = serializers.BooleanField(source="told.moved_without_proof", read_only=True)

    @cached_property
    def say(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        return teller()

    def to_representation(self, row: Any) -> dict[str, Any]:
        row.told = self.say(row_of(row))
        return super().to_representation(row)
