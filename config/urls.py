"""All addresses: pages, API, health."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from config.web import api, health, metrics

api_v1: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("customers.api.urls")),
    path("", include("opportunities.api.urls")),
    path("", include("pipeline.api.urls")),
    re_path(r"^[\s\S]*/$", api.not_found, name="api-not-found"),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/", include(api_v1)),
    path("accounts/", include("accounts.closed_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("", include("accounts.urls")),
    path("", include("customers.urls")),
    path("", include("opportunities.urls")),
    path("", include("pipeline.urls")),
]
