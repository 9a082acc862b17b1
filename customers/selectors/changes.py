"""What the audit trail says of a customer and of whatever hangs on it."""

from typing import Any

from django.db.models import QuerySet

from accounts import trail
from accounts.models import AuditEntry
from customers.models import (
    AccountPlan,
    Contact,
    Contract,
    Coverage,
    Customer,
    JointAction,
    NpsResponse,
    Order,
    PlanLine,
    Supplier,
    TargetCustomer,
    Unit,
)

PATHS: dict[type[Any], str] = {  # from what hangs on a customer, and is seen with it, to the customer
    Contact: "customer", Order: "customer", Contract: "customer", NpsResponse: "customer", Supplier: "customer",
    Unit: "customer", Coverage: "unit__customer", AccountPlan: "customer",
    PlanLine: "plan__customer", JointAction: "plan__customer", TargetCustomer: "customer",
}  # fmt: skip
WITH_VALUES = [name for name in ("customer", *(model._meta.model_name or "" for model in PATHS)) if name != "contact"]


def entries_about(customer: Customer) -> QuerySet[AuditEntry]:
    """Every write about the customer, its contacts, facts and plans."""
    return trail.entries_about(customer, PATHS)
