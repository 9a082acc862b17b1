"""Assessments: the scorecard with what facts suggest, the history, the override."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.form_pages import form_page
from accounts.selectors import today
from customers import actions
from customers.actions.tiers import may_override
from customers.assessment_forms import LABELS, AssessForm, OverrideForm, gates_of, named, words
from customers.models import Assessment, Customer, TierRules
from customers.rules import tiers as rules
from customers.selectors import assessments as selectors
from customers.selectors.tiers import rules_now
from customers.views.customers import form_methods


def _customer(request: HttpRequest, pk: int) -> Customer:
    user: Any = request.user
    return get_object_or_404(Customer.objects.visible_to(user).select_related("owner__team", "team"), pk=pk)


def _may_edit(request: HttpRequest, customer: Customer) -> bool:
    user: Any = request.user
    return Customer.objects.editable_by(user).filter(pk=customer.pk).exists()


def _history_of(customer: Customer) -> str:
    return reverse("customer_assessments", args=[customer.pk])


@form_methods
def assess(request: HttpRequest, pk: int) -> HttpResponse:
    """A new scorecard; the scores of the last one stand there to begin with, suggestions beside them."""
    customer = _customer(request, pk)
    if not _may_edit(request, customer):
        raise PermissionDenied(_("You may read this customer but not change it."))
    user: Any = request.user
    latest = customer.assessments.first()  # type: ignore[attr-defined]
    form = AssessForm(request.POST or None, latest=latest)
    facts, held = selectors.facts_of(customer, user, today()), rules_now()
    return form_page(
        request, form, lambda: actions.assess_customer(customer=customer, actor=user, **form.given()),
        title=_("Assess %(name)s") % {"name": customer.name}, submit=_("Save assessment"),
        said=_("The assessment was saved."), back=_history_of(customer), template="customers/assessments/form.html",
        parent=(reverse("customer", args=[pk]), customer.name), customer=customer, facts=facts,
        lists=_lists_of(customer, today()), open_facts="facts" in request.GET,
        seen=latest.pk if latest else 0, criteria=_criteria(form, facts, held), **judged_by(form, held),
    )  # fmt: skip


def _lists_of(customer: Customer, day: date) -> dict[str, str]:
    """The addresses of all the rows behind each of the facts."""
    now, before = selectors.order_years(day)
    return {
        "now": _orders(customer, now.first, now.last),
        "before": _orders(customer, before.first, before.last, archived="true", as_of=before.last.isoformat()),
        "quarters": _orders(customer, before.first, now.last, archived="true", quarters_to=day.isoformat()),
        "meetings": reverse("activities") + "?" + urlencode({
            "whose": "all", "state": "done", "customer": customer.key, "with_role": "decision_maker",
            "done_from": now.first.isoformat(), "done_to": now.last.isoformat(),
        }),
    }  # fmt: skip


def _orders(customer: Customer, first: date, last: date, **asked: str) -> str:
    days = {"booked_from": first.isoformat(), "booked_to": last.isoformat()}
    return reverse("orders") + "?" + urlencode({"customer": customer.key, **days, **asked})


def _criteria(form: AssessForm, facts: selectors.Facts, held: TierRules) -> list[tuple[Any, Any, int | None, int]]:
    """Score, note, suggestion and weight of each criterion."""
    suggested = facts.scores()
    return [(form[name], form[f"{name}_note"], suggested.get(name), held.weights[name]) for name in rules.CRITERIA]


@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What the rules would say of the scores as they stand, for the form's script."""
    _customer(request, pk)
    form = AssessForm(request.POST)
    return render(request, "customers/assessments/_preview.html", judged_by(form))


def judged_by(form: AssessForm, held: TierRules | None = None) -> dict[str, Any]:
    """The preview: points, tier and reasons once all seven scores are there."""
    if form.is_bound:
        form.is_valid()
        scores, late = form.scores(), form.cleaned_data.get("payment_days_late")
        negative = form.cleaned_data.get("negative_margin", False)
    else:
        scores = {name: form.initial[name] for name in rules.CRITERIA if name in form.initial}
        late, negative = form.initial.get("payment_days_late"), form.initial.get("negative_margin", False)
    if len(scores) < len(rules.CRITERIA):
        return {"judged": None, "missing": len(rules.CRITERIA) - len(scores)}
    judged = selectors.preview(scores, negative_margin=negative, payment_days_late=late, held=held)
    return {"judged": judged, "reasons": words(judged)}


@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """The assessments of a customer with what changed from one to the next."""
    customer = _customer(request, pk)
    user: Any = request.user
    past = selectors.history(customer)
    shown = [
        {
            "row": each.row,
            "reasons": words(each.judged),
            "gates": gates_of(each.row),
            "changed": [(*named(name, before), named(name, after)[1]) for name, before, after in each.changed],
            "scores": [(LABELS[name], each.row.scores[name], each.row.notes.get(name, "")) for name in rules.CRITERIA],
        }
        for each in past
    ]
    may_edit = _may_edit(request, customer) and customer.archived_at is None
    context = {
        "customer": customer, "past": shown, "may_edit": may_edit,
        "may_override": may_edit and bool(past) and may_override(user, customer, past[0].row),
    }  # fmt: skip
    return render(request, "customers/assessments/history.html", context)


@form_methods
def override(request: HttpRequest, pk: int) -> HttpResponse:
    """Another tier than the rules give, by a manager above the owner."""
    user: Any = request.user
    found = Assessment.objects.visible_to(user).select_related("customer__owner__team", "customer__team")
    row = get_object_or_404(found, pk=pk)
    if not _may_edit(request, row.customer) or not may_override(user, row.customer, row):
        raise PermissionDenied(_("A manager above the owner overrides the tier, and not of their own assessment."))
    form = OverrideForm(request.POST or None, now=row.tier)
    return form_page(
        request, form, lambda: actions.override_tier(assessment=row, actor=user, seen=row.tier, **form.cleaned_data),
        title=_("Override the tier"), submit=_("Override"), said=_("The tier was overridden."),
        text=_("By the rules this customer is %(tier)s. The override holds until the next assessment.")
        % {"tier": row.computed_tier},
        back=_history_of(row.customer), parent=(_history_of(row.customer), row.customer.name),
    )  # fmt: skip
