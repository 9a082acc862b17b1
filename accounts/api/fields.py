"""Fields that the resources of every app use."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from accounts.selectors import calendar
from config.web.api import ReferenceField, StrictSerializer


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.Field[datetime, Any, str, Any]):
    """A moment, ISO 8601 with the organisation's offset; it is only read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(calendar().tz).isoformat()


def person(**kwargs: Any) -> ReferenceField:
    """A person by login name; names of people are everybody's to read."""
    among = None if kwargs.pop("read_only", False) else lambda _user: User.objects.select_related("team")
    return ReferenceField(among=among, slug_field="username", **kwargs)


class KeyedSerializer(StrictSerializer):
    """A row whose `key` administrators may set on create."""

    key = serializers.CharField(max_length=64, required=False)

    def validate_key(self, key: str) -> str:
        if not self.context["request"].user.is_admin:
            raise serializers.ValidationError(_("Only administrators set keys."))
        return key
