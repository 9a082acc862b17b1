"""The pages of accounts."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

from accounts import audit_views, notification_pages, people_views, pickers, token_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("preferences/", views.preferences, name="preferences"),
    path("language/", login_not_required(set_language), name="language"),
    path("profile/", views.profile, name="profile"),
    path("profile/tokens/", token_views.token_list, name="tokens"),
    path("profile/tokens/new/", token_views.token_new, name="token_new"),
    path("profile/tokens/<int:pk>/revoke/", token_views.token_revoke, name="token_revoke"),
    path("profile/notifications/", notification_pages.preferences, name="notification_preferences"),
    path("notifications/", notification_pages.notifications, name="notifications"),
    path("notifications/read/", notification_pages.read_all, name="notifications_read"),
    path("notifications/<int:pk>/", notification_pages.follow, name="notification"),
    path("notifications/<int:pk>/read/", notification_pages.read, name="notification_read"),
    path("settings/", views.settings_index, name="settings"),
    path("settings/people/new/", people_views.person_new, name="person_new"),
    path("settings/people/invite/", people_views.people_invite, name="people_invite"),
    path("settings/people/invitations/", people_views.invitation_list, name="invitations"),
    path("settings/people/invitations/<int:pk>/revoke/", people_views.invitation_revoke, name="invitation_revoke"),
    path("settings/teams/new/", people_views.team_new, name="team_new"),
    path("settings/teams/<int:pk>/edit/", people_views.team_edit, name="team_edit"),
    path("settings/teams/<int:pk>/archive/", people_views.team_archive, name="team_archive"),
    path("settings/teams/<int:pk>/restore/", people_views.team_restore, name="team_restore"),
    path("invitation/<str:token>/", people_views.invitation, name="invitation"),
    path("settings/audit/", audit_views.audit, name="audit"),
    path("settings/audit/export.<str:format>", audit_views.export, name="audit_export"),
    path("pickers/people/", pickers.people, name="picker_people"),
    path("pickers/teams/", pickers.teams, name="picker_teams"),
]
