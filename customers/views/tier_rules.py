"""Settings → Tiers: the rules in force, who changed them when; other ones from now on (administrators)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.actions import refuse_unless_admin
from accounts.form_pages import form_page
from customers import actions
from customers.selectors.tiers import rules_history, rules_now
from customers.tier_forms import TierRulesForm, in_words, shown
from customers.views.customers import form_methods


@require_safe
def tier_rules(request: HttpRequest) -> HttpResponse:
    """The rules and their latest changes: they explain a tier, so everybody reads them."""
    user: Any = request.user
    now = rules_now()
    history = [(each, in_words(each.changes)) for each in rules_history()]
    context = {"now": now, "history": history, "may_edit": user.is_admin, **shown(now)}
    return render(request, "settings/tiers.html", context)


@form_methods
def tier_rules_edit(request: HttpRequest) -> HttpResponse:
    """Other rules, which hold from the moment they are saved."""
    user: Any = request.user
    refuse_unless_admin(user)
    home = reverse("tier_rules")
    form = TierRulesForm(request.POST or None, now=rules_now())
    return form_page(
        request, form, lambda: actions.edit_tier_rules(changes=form.changes(), seen=form.seen, actor=user),
        title=_("Change the tier rules"), said=_("The tier rules were saved."), back=home, parent=(home, _("Tiers")),
        text=_("They hold from the moment you save them. Assessments made before keep the tier that they gave."),
        template="settings/tiers_form.html",
    )  # fmt: skip
