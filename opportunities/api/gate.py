"""What the gate says to programs: 422 with what is missing (METHOD.md §2)."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers, status
from rest_framework.response import Response

from opportunities.actions import GateClosed
from opportunities.models import FactorKey
from opportunities.selectors.gate_report import Words
from opportunities.selectors.stages import all_stages


class MissingMilestoneSerializer(serializers.Serializer[Any]):
    """A condition of the milestone of `stage`: `power>=4` (a verified height), `go`, `veto_clear`; and in words."""

    stage = serializers.CharField()
    condition = serializers.CharField()
    text = serializers.CharField()


class MissingFloorSerializer(serializers.Serializer[Any]):
    """A factor below the floor of the stage that the move leads to."""

    factor = serializers.ChoiceField(choices=FactorKey.choices)
    verified = serializers.IntegerField()
    needed = serializers.IntegerField()


class MissingSerializer(serializers.Serializer[Any]):
    milestones = MissingMilestoneSerializer(many=True)
    floors = MissingFloorSerializer(many=True)


class GateClosedSerializer(serializers.Serializer[Any]):
    """What a move forward lacks. Send it again with `override` and a `reason`, or record the evidence first.

    `waiver_needed`: the gate is enforced, and `override` is for managers above the owner; ask for a waiver.
    """

    missing = MissingSerializer()
    waiver_needed = serializers.BooleanField(required=False)


EXAMPLE = OpenApiExample(
    "The gate is closed",
    value={
        "missing": {
            "milestones": [
                {"stage": "discover", "condition": "demand>=1", "text": "The contact states the problem (Demand ≥ 1)"}
            ],
            "floors": [{"factor": "power", "verified": 0, "needed": 2}],
        }
    },
    response_only=True,
    status_codes=["422"],
)


def gate_answer(error: GateClosed) -> Response:
    """422 with what is missing."""
    return Response(gate_bodies([error])[0], status=status.HTTP_422_UNPROCESSABLE_ENTITY)


def gate_bodies(errors: Iterable[GateClosed]) -> list[dict[str, Any]]:
    """The body of the 422 of each of these."""
    words = Words()
    stages = {stage.pk: stage.key for stage in all_stages()}
    return [_body(error, words, stages) for error in errors]


def _body(error: GateClosed, words: Words, stages: dict[int, str]) -> dict[str, Any]:
    milestones = [
        {"stage": stages[stage], "condition": condition, "text": words.condition(condition)}
        for stage, condition in error.missing.milestones
    ]
    floors = [
        {"factor": factor, "verified": verified, "needed": needed} for factor, verified, needed in error.missing.floors
    ]
    body: dict[str, Any] = {"missing": {"milestones": milestones, "floors": floors}}
    return {**body, "waiver_needed": True} if error.waiver_needed else body
