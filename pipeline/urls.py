"""The pages of pipeline."""

from django.urls import path

from pipeline.views import (
    dashboard,
    dashboard_export,
    first_start,
    my_day,
    nightly,
    organisation,
    privacy,
    searching,
    workspace,
)

urlpatterns = [
    path("day/", my_day.show, name="my_day"),
    path("day/news/", my_day.news, name="my_day_news"),
    path("day/looked/", my_day.looked, name="my_day_looked"),
    path("contacts/<int:pk>/privacy/", privacy.show, name="contact_privacy"),
    path("contacts/<int:pk>/erase/", privacy.erase, name="contact_erase"),
    path("search/", searching.show, name="search"),
    path("dashboard/", dashboard.show, name="dashboard"),
    path("dashboard/rows/<slug:figure>/", dashboard.rows, name="dashboard_rows"),
    path("dashboard/rows/<slug:figure>/export.<str:format>", dashboard_export.export, name="dashboard_rows_export"),
    path("start/", first_start.guide, name="first_start"),
    path("start/empty/", first_start.empty, name="first_start_empty"),
    path("start/demo/", first_start.demo, name="first_start_demo"),
    path("settings/demo/remove/", first_start.remove, name="demo_remove"),
    path("settings/organisation/", organisation.edit, name="settings_organisation"),
    path("settings/workspace/", workspace.show, name="workspace"),
    path("settings/workspace/upload/zip/", workspace.upload_zip, name="import_zip"),
    path("settings/workspace/upload/folder/", workspace.upload_folder, name="import_folder"),
    path("settings/workspace/imports/<slug:key>/", workspace.import_run, name="import_run"),
    path("settings/workspace/imports/<slug:key>/confirm/", workspace.confirm, name="import_confirm"),
    path("settings/workspace/imports/<slug:key>/check/", workspace.check_again, name="import_check"),
    path("settings/workspace/imports/<slug:key>/cancel/", workspace.cancel, name="import_cancel"),
    path("settings/workspace/imports/<slug:key>/bad-rows/", workspace.bad_rows, name="import_bad_rows"),
    path("settings/workspace/exports/new/", workspace.new_export, name="export_new"),
    path("settings/workspace/exports/<slug:key>/", workspace.download, name="export_download"),
    path("settings/contacts/", privacy.kept, name="contacts_kept"),
    path("settings/nightly/", nightly.show, name="nightly"),
    path("settings/nightly/run/", nightly.run_now, name="nightly_run"),
]
