"""The customers part of /api/v1/."""

from rest_framework.routers import SimpleRouter

from customers.api import views

router = SimpleRouter()
router.register("customers", views.Customers, "api-customer")
router.register("contacts", views.Contacts, "api-contact")
router.register("products", views.Products, "api-product")
router.register("orders", views.Orders, "api-order")

urlpatterns = router.urls
