"""What lists of people and teams are narrowed by."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Notification, Team, User
from config.web.filters import ArchivedFilter, ChoicesFilter, ReferenceFilter


class UserFilter(filters.FilterSet):
    team = ReferenceFilter(to_field_name="key", queryset=Team.objects.all(), label=_("Team"))
    role = ChoicesFilter(choices=User.Role, label=_("Role"))
    username = filters.CharFilter(label=_("Login name"))

    class Meta:
        model = User
        fields: list[str] = []


PERSON_STATES = ("active", "invited", "not_invited", "outside", "deactivated")


class PeopleFilter(filters.FilterSet):
    """The administrators' list of people, each with their `state`; a team comes with those below it."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    role = ChoicesFilter(choices=User.Role, label=_("Role"))
    team = filters.ModelChoiceFilter(
        to_field_name="key", queryset=Team.objects.all(), method="filter_team", label=_("Team")
    )
    state = filters.ChoiceFilter(choices=[(name, name) for name in PERSON_STATES], label=_("State"))

    class Meta:
        model = User
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(username__icontains=value) | Q(email__icontains=value))

    def filter_team(self, queryset: QuerySet[Any], _name: str, team: Team) -> QuerySet[Any]:
        return queryset.in_team(team)  # type: ignore[attr-defined, no-any-return]


class TeamFilter(filters.FilterSet):
    parent = ReferenceFilter(to_field_name="key", queryset=Team.objects.all(), label=_("Parent"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Team
        fields: list[str] = []


class NotificationFilter(filters.FilterSet):
    kind = ChoicesFilter(choices=Kind, label=_("Kind"))
    unread = filters.BooleanFilter(field_name="read_at", lookup_expr="isnull", label=_("Unread"))

    class Meta:
        model = Notification
        fields: list[str] = []
