"""The accounts part of /api/v1/."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from accounts.api import audit, notifications, schema, views

router = SimpleRouter()
router.register("teams", views.Teams, "api-team")
router.register("tokens", views.Tokens, "api-token")
router.register("notifications", notifications.Notifications, "api-notification")
router.register("audit", audit.Audit, "api-audit")

READ_AND_PATCH = {"get": "retrieve", "patch": "partial_update"}

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", schema.schema, name="api-schema"),
    path("docs/", schema.docs, name="api-docs"),
    path("auth/token/", views.SignIn.as_view(), name="api-sign-in"),
    path("me/", views.Me.as_view(READ_AND_PATCH), name="api-me"),
    path("me/password/", views.Password.as_view(), name="api-password"),
    path(
        "notification-preferences/",
        notifications.Preferences.as_view(READ_AND_PATCH),
        name="api-notification-preferences",
    ),
    *router.urls,
]
