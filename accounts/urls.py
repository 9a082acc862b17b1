"""The pages of accounts."""

from django.urls import path

from accounts import pickers, views

urlpatterns = [
    path("", views.home, name="home"),
    path("preferences/", views.preferences, name="preferences"),
    path("profile/", views.profile, name="profile"),
    path("pickers/people/", pickers.people, name="picker_people"),
    path("pickers/teams/", pickers.teams, name="picker_teams"),
]
