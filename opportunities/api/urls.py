"""The opportunities part of /api/v1/."""

from rest_framework.routers import SimpleRouter

from opportunities.api import people, saved_views, stages, views

router = SimpleRouter()
router.register("users", people.People, "api-user")
router.register("stages", stages.Stages, "api-stage")
router.register("opportunities", views.Opportunities, "api-opportunity")
router.register("views", saved_views.SavedViews, "api-view")

urlpatterns = router.urls
