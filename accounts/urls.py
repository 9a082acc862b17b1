"""The pages of accounts."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("preferences/", views.preferences, name="preferences"),
    path("profile/", views.profile, name="profile"),
]
