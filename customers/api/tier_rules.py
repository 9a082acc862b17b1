"""The tier rules: what a scorecard comes to, and what a tier is treated to."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions import BEGINNING
from accounts.api.fields import MomentField
from accounts.api.permissions import AdminsWrite, TokenScope
from config.web.api import StrictSerializer
from customers import actions
from customers.models import TierRules
from customers.rules.tiers import REVIEW_DEPTHS, RULE_FIELDS, TIERS
from customers.selectors.tiers import rules_now


def _numbers() -> serializers.DictField:
    return serializers.DictField(child=serializers.IntegerField(min_value=0), required=False)


class TierRulesSerializer(StrictSerializer):
    """Tables are written as a whole: `weights` by criterion, 100 in all, the others by tier; `id`: the rules seen."""

    id = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    weights, thresholds, cadence_days, accounts_per_rep = _numbers(), _numbers(), _numbers(), _numbers()
    plan_required = serializers.ListField(child=serializers.ChoiceField(choices=TIERS), required=False)
    review_depth = serializers.DictField(child=serializers.ChoiceField(choices=REVIEW_DEPTHS), required=False)
    valid_from = serializers.SerializerMethodField()

    class Meta:
        model = TierRules
        fields = ("id", *RULE_FIELDS, "valid_from")

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_valid_from(self, row: TierRules) -> str | None:
        """Null: from the beginning."""
        return None if row.valid_from == BEGINNING else MomentField().to_representation(row.valid_from)


class TierRulesView(APIView):
    """The tier rules as they hold now; administrators set them."""

    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsWrite)

    @extend_schema(responses=TierRulesSerializer)
    def get(self, request: Request) -> Response:
        """The present rules."""
        return Response(TierRulesSerializer(rules_now()).data)

    @extend_schema(request=TierRulesSerializer, responses={200: TierRulesSerializer, 409: OpenApiTypes.OBJECT})
    def patch(self, request: Request) -> Response:
        """Other rules from now on; with `id`, only if those still hold. Assessments made before keep theirs."""
        now = rules_now()
        body = TierRulesSerializer(now, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changes: dict[str, Any] = dict(body.validated_data)
        late = _changed_since(changes.pop("id", now.pk), now, changes)
        if late:
            yours = {name: request.data[name] for name in late}
            return Response({"current": TierRulesSerializer(now).data, "yours": yours, "conflicts": late}, status=409)
        row = actions.edit_tier_rules(changes=changes, seen=now.pk, actor=request.user)  # type: ignore[arg-type]
        return Response(TierRulesSerializer(row).data)


def _changed_since(seen: int, now: TierRules, changes: dict[str, Any]) -> list[str]:
    """The fields that somebody else has set since the rules `seen`, and otherwise."""
    before = TierRules.objects.filter(pk=seen).first()
    if before is None:
        raise serializers.ValidationError({"id": [_("There is no such choice.")]})
    return sorted(name for name in changes if getattr(before, name) != getattr(now, name) != changes[name])
