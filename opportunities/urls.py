"""The pages of opportunities."""

from django.urls import path

from opportunities.views import board, bulk, dialogs, export, inline, page, people, people_settings, settings, table

urlpatterns = [
    path("opportunities/", board.board, name="board"),
    path("opportunities/columns/<str:key>/", board.board_column, name="board_column"),
    path("opportunities/new/", dialogs.new, name="opportunity_new"),
    path("opportunities/<int:pk>/move/", dialogs.move, name="opportunity_move"),
    path("opportunities/<int:pk>/undo/", dialogs.undo, name="opportunity_undo"),
    path("opportunities/table/", table.table, name="opportunity_table"),
    path("opportunities/export.<str:format>", export.export, name="opportunity_export"),
    path("opportunities/bulk/", bulk.bulk, name="opportunity_bulk"),
    path("opportunities/<int:pk>/", page.page, name="opportunity"),
    path("opportunities/<int:pk>/edit/", page.edit, name="opportunity_edit"),
    path("opportunities/<int:pk>/field/<str:name>/", inline.field, name="opportunity_field"),
    path("opportunities/<int:pk>/assign/", people.assign, name="opportunity_assign"),
    path("opportunities/<int:pk>/collaborators/", people.collaborators, name="opportunity_collaborators"),
    path("opportunities/<int:pk>/archive/", page.archive, name="opportunity_archive"),
    path("opportunities/<int:pk>/restore/", page.restore, name="opportunity_restore"),
    path("settings/people/", people_settings.people, name="people"),
    path("settings/people/<int:pk>/edit/", people_settings.person_edit, name="person_edit"),
    path("settings/people/<int:pk>/hand-over/", people_settings.person_hand_over, name="person_hand_over"),
    path("settings/people/<int:pk>/deactivate/", people_settings.person_deactivate, name="person_deactivate"),
    path("settings/people/<int:pk>/reactivate/", people_settings.person_reactivate, name="person_reactivate"),
    path("settings/teams/", people_settings.team_tree, name="team_tree"),
    path("settings/stages/", settings.stages, name="settings_stages"),
    path("settings/stages/new/", settings.stage_create, name="stage_new"),
    path("settings/stages/order/", settings.stage_order, name="stage_order"),
    path("settings/stages/<int:pk>/edit/", settings.stage_edit, name="stage_edit"),
    path("settings/stages/<int:pk>/retire/", settings.stage_retire, name="stage_retire"),
]
