"""What the audit trail says of a customer and of whatever hangs on it."""

from typing import Any

from django.db.models import QuerySet

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
    """Every write about the customer, its contacts, facts and plans.

    A union of what the index of each kind gives: an OR would read the whole trail.
    """
    own = AuditEntry.objects.filter(model="customer", object_id=customer.pk).order_by()
    parts = [own.values("pk"), *(_about(model, path, customer) for model, path in PATHS.items())]
    return AuditEntry.objects.filter(pk__in=parts[0].union(*parts[1:]))


def _about(model: type[Any], path: str, customer: Customer) -> QuerySet[Any, Any]:
    rows = model._base_manager.filter(**{path: customer}).order_by().values("pk")
    return AuditEntry.objects.filter(model=model._meta.model_name, object_id__in=rows).order_by().values("pk")
