"""All addresses: pages, API, health."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from config.web import api, health, metrics

handler400 = "config.web.errors.bad_request"
handler500 = "config.web.errors.server_error"

api_v1: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("customers.api.urls")),
    path("", include("opportunities.api.urls")),
    path("", include("pipeline.api.urls")),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/", include(api_v1)),
    re_path(r"^api/[\s\S]*\Z", api.not_found, name="api-not-found"),
    path("accounts/", include("accounts.closed_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("", include("accounts.urls")),
    path("", include("customers.urls")),
    path("", include("opportunities.urls")),
    path("", include("pipeline.urls")),
]
