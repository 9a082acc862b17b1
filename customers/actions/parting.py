"""What was tied together while two customers were one, parted as the merge is taken back."""

from typing import Any

from django.apps import apps
from django.db.models import Case, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce, NullIf

from config.web.revisions import Noted, Revised
from customers.models import Contact, Customer

TIES = (  # a model, the way to its customer, what names another row of the same customer
    ("customers.NpsResponse", "customer", "contact"),
    ("customers.AccountPlan", "customer", "their_leader"),
    ("customers.JointAction", "plan__customer", "contact"),
    ("customers.Contract", "customer", "renewed_by"),
    ("opportunities.Stakeholder", "opportunity__customer", "contact"),
    ("opportunities.JointTask", "opportunity__customer", "contact"),
    ("opportunities.Checkpoint", "opportunity__customer", "contact"),
)
Parted = dict[str, list[int]]  # {model.field: ids}


def part(*customers: Customer) -> Parted:
    """What led within one company to a row that is now the other's is empty: its reader may not see that row.

    An activity is of the customer of its deal, wherever that is now.
    """
    parted = _follow_deals(*customers)
    for label, owner, reference in TIES:
        rows = apps.get_model(label)._base_manager
        of_them = rows.filter(**{f"{owner}__in": customers, f"{reference}__isnull": False})
        apart = list(of_them.exclude(**{f"{reference}__customer": F(owner)}).values_list("pk", flat=True))
        if apart:
            rows.filter(pk__in=apart).update(**_without(apps.get_model(label), reference))
            parted[f"{label.lower()}.{reference}"] = apart
    return parted | _part_meetings(*customers)


def _without(model: Any, reference: str) -> dict[str, Any]:
    values: dict[str, Any] = {reference: None}
    if model._meta.model_name == "stakeholder":  # the post is known still, its person is not
        values["role_title"] = Case(When(role_title="", then=_post()), default="role_title")
    if issubclass(model, Revised):
        values |= {"changed_in": Noted(reference), "version": F("version") + 1}
    return values


def _post() -> Any:
    title = Contact.objects.filter(pk=OuterRef("contact")).values("title")[:1]
    return Coalesce(NullIf(Subquery(title), Value("")), Value("—"))


def _follow_deals(*customers: Customer) -> Parted:
    activities: Any = apps.get_model("opportunities", "Activity")._base_manager
    of_them = activities.filter(customer__in=customers, opportunity__customer__in=customers)
    apart = list(of_them.exclude(customer=F("opportunity__customer")).values_list("pk", flat=True))
    if not apart:
        return {}
    deals: Any = apps.get_model("opportunities", "Opportunity")._base_manager
    its_customer = deals.filter(pk=OuterRef("opportunity")).values("customer")[:1]
    activities.filter(pk__in=apart).update(
        customer=Subquery(its_customer), changed_in=Noted("customer"), version=F("version") + 1
    )
    return {"opportunities.activity.customer": apart}


def _part_meetings(*customers: Customer) -> Parted:
    activities: Any = apps.get_model("opportunities", "Activity")
    met = activities.contacts.through._base_manager.filter(contact__customer__in=customers)
    apart = met.filter(activity__customer__in=customers).exclude(contact__customer=F("activity__customer"))
    ids = sorted(set(apart.values_list("activity", flat=True)))
    met.filter(pk__in=list(apart.values_list("pk", flat=True))).delete()
    activities._base_manager.filter(pk__in=ids).update(changed_in=Noted("contacts"), version=F("version") + 1)
    return {"opportunities.activity.contacts": ids} if ids else {}
