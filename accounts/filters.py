"""What lists of people, teams and the audit trail are narrowed by."""

from datetime import date, timedelta
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import trail_words
from accounts.models import AuditEntry, Kind, Notification, Team, User
from accounts.selectors import calendar
from accounts.states import STATES
from config.web.fields import FIRST_YEAR, LAST_YEAR
from config.web.filters import ArchivedFilter, ChoicesFilter, ReferenceFilter


class UserFilter(filters.FilterSet):
    team = ReferenceFilter(to_field_name="key", queryset=Team.objects.all(), label=_("Team"))
    role = ChoicesFilter(choices=User.Role, label=_("Role"))
    username = filters.CharFilter(label=_("Login name"))

    class Meta:
        model = User
        fields: list[str] = []


class PeopleFilter(filters.FilterSet):
    """The administrators' list of people, each with their `state`; a team comes with those below it."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    role = ChoicesFilter(choices=User.Role, label=_("Role"))
    team = filters.ModelChoiceFilter(
        to_field_name="key", queryset=Team.objects.all(), method="filter_team", label=_("Team")
    )
    state = filters.ChoiceFilter(choices=[(name, name) for name in STATES], label=_("State"))

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


class AuditFilter(filters.FilterSet):
    """Who, through which door, what, of which row, when (local dates, both ends count), in which request."""

    actor = ReferenceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Person"))
    door = ChoicesFilter(choices=list(trail_words.DOORS.items()), label=_("Door"))
    action = filters.CharFilter(max_length=50, label=_("Action"))
    model = ChoicesFilter(choices=list(trail_words.KINDS.items()), label=_("Kind of row"))
    row = filters.CharFilter(method="filter_row", max_length=200, label=_("Name or number of the row"))
    since = filters.DateFilter(method="filter_since", label=_("From"))
    until = filters.DateFilter(method="filter_until", label=_("To"))
    request_id = filters.CharFilter(max_length=64, label=_("Request number"))

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def filter_row(self, queryset: Any, _name: str, value: str) -> Any:
        number = Q(object_id=int(value)) if value.isascii() and value.isdigit() and len(value) < 19 else Q()
        return queryset.filter(number | Q(label__icontains=value) if number else Q(label__icontains=value))

    def filter_since(self, queryset: Any, _name: str, value: date) -> Any:
        return queryset.filter(at__gte=calendar().start_of_day(_sensible(value)))

    def filter_until(self, queryset: Any, _name: str, value: date) -> Any:
        return queryset.filter(at__lt=calendar().start_of_day(_sensible(value) + timedelta(days=1)))


def _sensible(day: date) -> date:
    """A day of which the calendar knows where it begins in every zone."""
    return min(max(day, date(FIRST_YEAR, 1, 2)), date(LAST_YEAR, 12, 30))
