"""People, teams and the organisation as the API shows them."""

from typing import Any

from rest_framework import serializers

from accounts.api.fields import MomentField
from accounts.models import AccessToken, Organisation, Team, User
from accounts.selectors import today
from config.web.api import ReferenceField, StrictSerializer


class UserSerializer(serializers.ModelSerializer[User]):
    """What everybody signed in may know of a person."""

    team = ReferenceField(allow_null=True)
    active = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "username", "name", "role", "team", "active")
        read_only_fields = fields

    def get_active(self, user: User) -> bool:
        return user.active_on(today())


class MeSerializer(StrictSerializer):
    """The caller."""

    team = ReferenceField(allow_null=True)

    class Meta:
        model = User
        fields = (
            "id", "username", "name", "email", "role", "team", "language", "theme", "rail", "shortcuts", "version",
        )  # fmt: skip
        read_only_fields = ("id", "username", "role", "version")


class TeamSerializer(serializers.ModelSerializer[Team]):
    parent = ReferenceField(allow_null=True)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Team
        fields = ("id", "key", "name", "parent", "archived_at", "version")
        read_only_fields = fields


class OrganisationSerializer(StrictSerializer):
    class Meta:
        model = Organisation
        fields = ("name", "industry", "currency", "timezone", "fiscal_year_start_month", "version")
        read_only_fields = ("currency", "timezone", "version")
        extra_kwargs = {"fiscal_year_start_month": {"min_value": 1, "max_value": 12}}


class SignInSerializer(serializers.Serializer[Any]):
    """Login name and password for a token."""

    username = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    scope = serializers.ChoiceField(choices=AccessToken.Scope, default=AccessToken.Scope.READ)


class TokenSerializer(serializers.Serializer[Any]):
    """A new token, which cannot be read again."""

    token = serializers.CharField()
