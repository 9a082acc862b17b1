"""What is kept about a contact: shown, exported, erased on request."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import refuse_unless_admin
from accounts.form_pages import form_page
from accounts.selectors import today
from customers.models import Contact, Erasure
from pipeline.privacy import erase_contact
from pipeline.selectors.privacy import dossier, kept_since, no_longer_met

PAGE_SIZE = 50


class ErasureForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Who asked for it, and when"), max_length=500)


def _contact(request: HttpRequest, pk: int) -> Any:
    user: Any = request.user
    return get_object_or_404(Contact.objects.visible_to(user).select_related("customer"), pk=pk)


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything kept about the person that the reader may see; `?format=json`: the same as a file."""
    user: Any = request.user
    contact = _contact(request, pk)
    if request.GET.get("format") == "json":
        found = dossier(contact, user, most=None)
        response = JsonResponse(found.as_json(), json_dumps_params={"ensure_ascii": False, "indent": 2})
        response["Content-Disposition"] = f'attachment; filename="contact-{contact.pk}.json"'
        return response
    found = dossier(contact, user)
    erasure = Erasure.objects.filter(contact=contact).select_related("erased_by").first()
    context = {"contact": contact, "found": found, "erasure": erasure, "may_erase": user.is_admin and erasure is None}
    return render(request, "pipeline/privacy.html", context)


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Contacts with whom nothing was done for years, for administrators: each leads to what is kept and its erasure."""
    user: Any = request.user
    refuse_unless_admin(user)
    day = today()
    rows = no_longer_met(day).select_related("customer")
    context = {"page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")), "since": kept_since(day)}
    return render(request, "pipeline/contacts_kept.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Erase the person's data, for good (administrators)."""
    user: Any = request.user
    contact = _contact(request, pk)
    if not user.is_admin:
        raise PermissionDenied(_("Only administrators may change this."))
    form, home = ErasureForm(request.POST or None), reverse("contact_privacy", args=[pk])
    return form_page(
        request, form, lambda: erase_contact(contact=contact, actor=user, **form.cleaned_data),
        title=_("Erase what is kept about %(name)s?") % {"name": contact.name}, submit=_("Erase for good"), danger=True,
        text=_("Name, phone, mail, notes go and cannot be brought back. Role and history stay, without a name."),
        said=_("The personal data was erased."), back=home, parent=(home, contact.name),
    )  # fmt: skip
