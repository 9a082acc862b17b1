"""All addresses: pages, API, health."""

from django.urls import include, path

from config.web import health

api_v1 = [
    path("", include("accounts.api.urls")),
    path("", include("customers.api.urls")),
    path("", include("opportunities.api.urls")),
    path("", include("pipeline.api.urls")),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include(api_v1)),
    path("accounts/", include("accounts.closed_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("", include("accounts.urls")),
    path("", include("customers.urls")),
    path("", include("opportunities.urls")),
    path("", include("pipeline.urls")),
]
