"""The opportunities part of /api/v1/."""

from django.urls import URLPattern, URLResolver, path, re_path
from rest_framework.routers import SimpleRouter

from opportunities.api import (
    activities,
    calendar_feed,
    checkpoints,
    files,
    method,
    people,
    people_of_deal,
    playbook,
    saved_views,
    stages,
    strategy,
    views,
    waivers,
)

router = SimpleRouter()
router.register("users", people.People, "api-user")
router.register("stages", stages.Stages, "api-stage")
router.register("opportunities", views.Opportunities, "api-opportunity")
router.register("activities", activities.Activities, "api-activity")
router.register("activity-kinds", activities.ActivityKinds, "api-activity-kind")
router.register("files", files.Files, "api-file")
router.register("playbook", playbook.Playbook, "api-playbook")
router.register("factors", checkpoints.Factors, "api-factor")
router.register("checkpoints", checkpoints.Checkpoints, "api-checkpoint")
router.register("stakeholders", people_of_deal.Stakeholders, "api-stakeholder")
router.register("joint-tasks", people_of_deal.JointTasks, "api-joint-task")
router.register("competitors", strategy.Competitors, "api-competitor")
router.register("waivers", waivers.Waivers, "api-waiver")
router.register("views", saved_views.SavedViews, "api-view")

LISTED = {"get": "list", "post": "create"}
OF_DEAL = {
    "stakeholders": people_of_deal.StakeholdersOfDeal.as_view(LISTED),
    "joint-plan": people_of_deal.JointPlanOfDeal.as_view(LISTED),
    "competitors": strategy.CompetitorsOfDeal.as_view(LISTED),
    "decisions": strategy.DecisionsOfDeal.as_view(LISTED),
    "strategy": strategy.StrategyOfDeal.as_view({"get": "retrieve", "patch": "partial_update"}),
}

urlpatterns: list[URLPattern | URLResolver] = [
    path("calendar-address/", calendar_feed.CalendarAddress.as_view(), name="api-calendar-address"),
    path("method/", method.MethodView.as_view(), name="api-method"),
    path("rungs/<slug:factor>/<int:level>/", method.RungView.as_view(), name="api-rung"),
    *router.urls,
    re_path(
        r"^opportunities/(?P<pk>[0-9]{1,18})/files/$",
        files.FilesOfOpportunity.as_view(LISTED),
        name="api-opportunity-files",
    ),
    re_path(
        r"^playbook/(?P<pk>[0-9]{1,18})/files/$",
        files.FilesOfPlaybookEntry.as_view(LISTED),
        name="api-playbook-files",
    ),
    re_path(
        r"^opportunities/(?P<pk>[0-9]{1,18})/checkpoints/$",
        checkpoints.CheckpointsOfOpportunity.as_view(LISTED),
        name="api-opportunity-checkpoints",
    ),
    *(
        re_path(rf"^opportunities/(?P<pk>[0-9]{{1,18}})/{name}/$", view, name=f"api-opportunity-{name}")
        for name, view in OF_DEAL.items()
    ),
]
