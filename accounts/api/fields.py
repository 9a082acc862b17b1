"""Fields that the resources of every app use."""

from datetime import datetime, tzinfo
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from accounts.selectors import calendar
from config.web.api import ReferenceField, StrictSerializer
from config.web.money import MoneySerializerField


@extend_schema_field({"type": "string", "examples": ["lin.wei"]})
class PersonField(ReferenceField):
    """A person by login name."""


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": r"^[0-9]+\.[0-9]{2}$", "examples": ["6400000.00"]}
)
class TotalField(MoneySerializerField):
    """A sum of amounts, ≥ 0, as a string with two places."""


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.Field[datetime, Any, str, Any]):
    """A moment, ISO 8601 with the organisation's offset; it is only read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(calendar().tz).isoformat()


class GivenMomentField(serializers.DateTimeField):
    """A moment that the caller may set; without an offset it is the organisation's, with which it is answered."""

    def default_timezone(self) -> tzinfo:  # type: ignore[override]
        return calendar().tz

    def to_representation(self, value: datetime | None) -> Any:
        return None if value is None else value.astimezone(calendar().tz).isoformat()


def person(**kwargs: Any) -> PersonField:
    """A person by login name; names of people are everybody's to read."""
    among = None if kwargs.pop("read_only", False) else lambda _user: User.objects.select_related("team")
    return PersonField(among=among, slug_field="username", **kwargs)


class KeyedSerializer(StrictSerializer):
    """A row whose `key` administrators may set on create."""

    key = serializers.CharField(max_length=64, required=False)

    def validate_key(self, key: str) -> str:
        if not self.context["request"].user.is_admin:
            raise serializers.ValidationError(_("Only administrators set keys."))
        return key
