"""The tier rules in force, and the assessments of customers."""

from datetime import datetime

from django.utils import timezone

from customers.models import TierRules


def rules_at(moment: datetime) -> TierRules:
    """The rules that hold at a moment."""
    return TierRules.objects.filter(valid_from__lte=moment).latest("valid_from")


def rules_now() -> TierRules:
    """The rules that hold now."""
    return rules_at(timezone.now())
