"""What lists of people and teams are narrowed by."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from config.web.filters import ArchivedFilter, ChoicesFilter, ReferenceFilter


class UserFilter(filters.FilterSet):
    team = ReferenceFilter(to_field_name="key", queryset=Team.objects.all(), label=_("Team"))
    role = ChoicesFilter(choices=User.Role, label=_("Role"))
    username = filters.CharFilter(label=_("Login name"))

    class Meta:
        model = User
        fields: list[str] = []


class TeamFilter(filters.FilterSet):
    parent = ReferenceFilter(to_field_name="key", queryset=Team.objects.all(), label=_("Parent"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Team
        fields: list[str] = []
