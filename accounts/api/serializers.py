"""People, teams and the organisation as the API shows them."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.api.fields import GivenMomentField, KeyedSerializer, MomentField
from accounts.models import AccessToken, Organisation, Team, User
from accounts.selectors import today
from config.web.api import ReferenceField, StrictSerializer

ADMINS_ONLY = ("email", "language", "active_from", "active_until", "last_seen_at")


class UserSerializer(StrictSerializer):
    """What everybody signed in may know of a person; email, language, dates and last seen are null but for
    administrators, who set them.
    """

    team = ReferenceField(among=lambda _user: Team.objects.in_use(), allow_null=True, required=False)
    active = serializers.SerializerMethodField()
    email = serializers.EmailField(max_length=254, allow_blank=True, allow_null=True, required=False)
    language = serializers.ChoiceField(choices=User.Language, allow_null=True, required=False)
    active_from = serializers.DateField(allow_null=True, required=False)
    active_until = serializers.DateField(allow_null=True, required=False)
    last_seen_at = MomentField(allow_null=True)

    class Meta:
        model = User
        fields = ("id", "username", "name", "role", "team", "active", *ADMINS_ONLY, "version")
        read_only_fields = ("version",)
        create_only = ("username",)

    def get_active(self, user: User) -> bool:
        return user.active_on(today())

    def validate_email(self, email: str | None) -> str:
        return email or ""

    def validate_language(self, language: str | None) -> str:
        if language is None:
            self.fields["language"].fail("null")
        return language

    def to_representation(self, instance: User) -> dict[str, Any]:
        shown = super().to_representation(instance)
        reader = self.context["request"].user
        return shown if reader.is_admin else {**shown, **dict.fromkeys(ADMINS_ONLY)}


class InvitationSerializer(serializers.Serializer[Any]):
    """A link, for one use, by which a person sets their first password."""

    link = serializers.URLField(read_only=True)
    expires_at = MomentField()


class MeSerializer(StrictSerializer):
    """The caller."""

    team = ReferenceField(allow_null=True)

    class Meta:
        model = User
        fields = (
            "id", "username", "name", "email", "role", "team", "language", "theme", "rail", "shortcuts", "version",
        )  # fmt: skip
        read_only_fields = ("id", "username", "role", "version")


class TeamSerializer(KeyedSerializer):
    parent = ReferenceField(among=lambda _user: Team.objects.in_use(), allow_null=True, required=False)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Team
        fields = ("id", "key", "name", "parent", "archived_at", "version")
        read_only_fields = ("version",)
        create_only = ("key",)


class OrganisationSerializer(StrictSerializer):
    """The organisation. `working_days` are ISO weekdays, 1 = Monday."""

    example = {"currency": "CNY", "timezone": "Asia/Shanghai"}  # noqa: RUF012
    working_days = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=7), min_length=1, max_length=7
    )
    rewrites_past = serializers.BooleanField(
        write_only=True, required=False, default=False,
        help_text="Confirms a change of currency, timezone or fiscal_year_start_month, which rewrites the past.",
    )  # fmt: skip

    class Meta:
        model = Organisation
        fields = (
            "name", "industry", "currency", "timezone", "fiscal_year_start_month", "working_days", "rewrites_past",
            "version",
        )  # fmt: skip
        read_only_fields = ("version",)
        extra_kwargs = {"fiscal_year_start_month": {"min_value": 1, "max_value": 12}}

    def validate_working_days(self, days: list[int]) -> list[int]:
        return sorted(set(days))


class AccessTokenSerializer(StrictSerializer):
    """A personal token; its secret is told once, when it is made."""

    created_at = MomentField()
    last_used_at = MomentField(allow_null=True)
    expires_at = GivenMomentField(allow_null=True, required=False)
    example: ClassVar[dict[str, Any]] = {"name": "Nightly report"}

    class Meta:
        model = AccessToken
        fields = ("id", "name", "scope", "created_at", "expires_at", "last_used_at")


class NewTokenSerializer(AccessTokenSerializer):
    """A token that was made just now, with its secret."""

    token = serializers.CharField(read_only=True)
    example: ClassVar[dict[str, Any]] = {"name": "Nightly report", "token": "asc_…"}

    class Meta(AccessTokenSerializer.Meta):
        fields = (*AccessTokenSerializer.Meta.fields, "token")


class SignInSerializer(serializers.Serializer[Any]):
    """Login name and password for a token."""

    username = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    scope = serializers.ChoiceField(choices=AccessToken.Scope, default=AccessToken.Scope.READ)


class PasswordSerializer(serializers.Serializer[Any]):
    """The password that the caller has, and the one that they want."""

    example: ClassVar[dict[str, Any]] = {"current": "the-one-until-now", "new": "another-one-of-mine"}
    current = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    new = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)


class TokenSerializer(serializers.Serializer[Any]):
    """A new token, which cannot be read again."""

    token = serializers.CharField()
