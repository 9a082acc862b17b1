"""The pages of pipeline."""

from django.urls import path

from pipeline.views import dashboard, nightly

urlpatterns = [
    path("dashboard/", dashboard.show, name="dashboard"),
    path("dashboard/rows/<slug:figure>/", dashboard.rows, name="dashboard_rows"),
    path("settings/nightly/", nightly.show, name="nightly"),
    path("settings/nightly/run/", nightly.run_now, name="nightly_run"),
]
