"""Customers and what hangs on them: contacts, tiers, revenue facts, account plans, profiles, merges."""

from customers.models.customers import Contact, Customer, Product
from customers.models.merges import ERASED, PERSONAL, Erasure, Merge
from customers.models.plans import AccountPlan, JointAction, PlanLine
from customers.models.profiles import IdealProfile, ProfileCriterion, TargetCustomer
from customers.models.revenue import Contract, Coverage, NpsResponse, Order, Supplier, Unit
from customers.models.tiers import Assessment, CustomerTier, TierRules

__all__ = [
    "ERASED",
    "PERSONAL",
    "AccountPlan",
    "Assessment",
    "Contact",
    "Contract",
    "Coverage",
    "Customer",
    "CustomerTier",
    "Erasure",
    "IdealProfile",
    "JointAction",
    "Merge",
    "NpsResponse",
    "Order",
    "PlanLine",
    "Product",
    "ProfileCriterion",
    "Supplier",
    "TargetCustomer",
    "TierRules",
    "Unit",
]
