"""The pipeline part of /api/v1/."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from accounts.api.urls import READ_AND_PATCH
from pipeline.api import first_start, nightly, organisation, privacy, searching, views, workspace

router = SimpleRouter()
router.register("imports", workspace.Imports, "api-import")
router.register("exports", workspace.Exports, "api-export")
router.register("nightly-runs", nightly.NightlyRuns, "api-nightly-run")

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "organisation/",
        organisation.OrganisationView.as_view(READ_AND_PATCH),
        name="api-organisation",
    ),
    path("start/empty/", first_start.FirstStart.as_view({"post": "empty"}), name="api-start-empty"),
    path("start/demo/", first_start.FirstStart.as_view({"post": "demo"}), name="api-start-demo"),
    path("demo/remove/", first_start.FirstStart.as_view({"post": "remove"}), name="api-demo-remove"),
    path("contacts/<int:pk>/privacy/", privacy.privacy_view, name="api-contact-privacy"),
    path("contacts/<int:pk>/erase/", privacy.erase_view, name="api-contact-erase"),
    path("contacts/kept/", privacy.KeptContacts.as_view({"get": "list"}), name="api-contacts-kept"),
    path("search/", searching.search_view, name="api-search"),
    path("pipeline/funnel/", views.funnel_view, name="api-funnel"),
    path("pipeline/waterfall/", views.waterfall_view, name="api-waterfall"),
    path("pipeline/waterfall/items/", views.WaterfallItems.as_view(), name="api-waterfall-items"),
    path("pipeline/dashboard/", views.dashboard_view, name="api-dashboard"),
    *router.urls,
]
