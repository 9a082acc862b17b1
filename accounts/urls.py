"""The pages of accounts."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

from accounts import pickers, views

urlpatterns = [
    path("", views.home, name="home"),
    path("preferences/", views.preferences, name="preferences"),
    path("language/", login_not_required(set_language), name="language"),
    path("profile/", views.profile, name="profile"),
    path("settings/", views.settings_index, name="settings"),
    path("settings/organisation/", views.settings_organisation, name="settings_organisation"),
    path("pickers/people/", pickers.people, name="picker_people"),
    path("pickers/teams/", pickers.teams, name="picker_teams"),
]
