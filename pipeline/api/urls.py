"""The pipeline part of /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from pipeline.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("pipeline/funnel/", views.funnel_view, name="api-funnel"),
    path("pipeline/waterfall/", views.waterfall_view, name="api-waterfall"),
    path("pipeline/waterfall/items/", views.WaterfallItems.as_view(), name="api-waterfall-items"),
    path("pipeline/dashboard/", views.dashboard_view, name="api-dashboard"),
]
