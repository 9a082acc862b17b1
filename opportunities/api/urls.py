"""The opportunities part of /api/v1/."""

from rest_framework.routers import SimpleRouter

from opportunities.api import stages, views

router = SimpleRouter()
router.register("stages", stages.Stages, "api-stage")
router.register("opportunities", views.Opportunities, "api-opportunity")

urlpatterns = router.urls
