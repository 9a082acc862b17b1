"""What lists of people and teams are narrowed by."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from config.web.api import ArchivedFilter


class UserFilter(filters.FilterSet):
    team = filters.ModelMultipleChoiceFilter(to_field_name="key", queryset=Team.objects.all(), label=_("Team"))
    role = filters.MultipleChoiceFilter(choices=User.Role, label=_("Role"))
    username = filters.CharFilter(label=_("Login name"))

    class Meta:
        model = User
        fields: list[str] = []


class TeamFilter(filters.FilterSet):
    parent = filters.ModelMultipleChoiceFilter(to_field_name="key", queryset=Team.objects.all(), label=_("Parent"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Team
        fields: list[str] = []
