"""The customers part of /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from customers.api import facts, findings, plan_items, plans, profiles, tier_rules, views, white_space

router = SimpleRouter()
router.register("customers", views.Customers, "api-customer")
router.register("merges", views.Merges, "api-merge")
router.register("contacts", views.Contacts, "api-contact")
router.register("products", views.Products, "api-product")
router.register("orders", facts.Orders, "api-order")
router.register("contracts", facts.Contracts, "api-contract")
router.register("nps-responses", facts.NpsResponses, "api-nps-response")
router.register("suppliers", white_space.Suppliers, "api-supplier")
router.register("units", white_space.Units, "api-unit")
router.register("profiles", profiles.IdealProfiles, "api-profile")
router.register("target-customers", profiles.TargetCustomers, "api-target-customer")
router.register("account-plans", plans.AccountPlans, "api-account-plan")
router.register("plan-lines", plan_items.PlanLines, "api-plan-line")
router.register("joint-actions", plan_items.JointActions, "api-joint-action")

of_customer = plans.AccountPlansOfCustomer.as_view({"get": "list", "post": "create"})
capacity = findings.Capacity.as_view({"get": "list"})
duplicate_pairs = findings.DuplicatePairs.as_view({"get": "list"})
white_space_of = white_space.WhiteSpaceOfCustomer.as_view({"get": "list", "post": "create"})
ordered_of = white_space.OrderedOfCustomer.as_view({"get": "list"})

urlpatterns = [
    path("tier-rules/", tier_rules.TierRulesView.as_view(), name="api-tier-rules"),
    path("customers/capacity/", capacity, name="api-capacity"),
    path("customers/duplicate-pairs/", duplicate_pairs, name="api-duplicate-pairs"),
    path("customers/<int:pk>/white-space/", white_space_of, name="api-customer-white-space"),
    path("customers/<int:pk>/white-space/ordered/", ordered_of, name="api-customer-ordered"),
    path("customers/<int:pk>/account-plans/", of_customer, name="api-customer-account-plans"),
    *router.urls,
]
