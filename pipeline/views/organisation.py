"""The organisation: what it is, what a change does to the past, who has changed what; administrators change it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions import refuse_unless_admin
from accounts.conflicts import in_words
from accounts.form_pages import drawn, form_page
from accounts.forms import OrganisationForm
from accounts.models import AuditEntry, Organisation, User
from accounts.selectors import organisation
from pipeline.actions import SETTABLE, RewritesPast, edit_organisation
from pipeline.selectors.rewriting import REWRITING

MOST_CHANGES = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the organisation, changed: by whom, when, from what to what, in words."""

    who: User | None
    at: datetime
    field: str
    before: str
    after: str


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """The organisation's form; a change that rewrites the past is described first and taken when it is confirmed.

    Its settings explain figures, so everybody reads them.
    """
    assert isinstance(request.user, User)
    row, user = organisation(), request.user
    if not user.is_admin and request.method != "POST":
        return read(request, row)
    refuse_unless_admin(user)
    form = OrganisationForm(request.POST or None, row=row)
    context: dict[str, Any] = {
        "title": _("Organisation"), "parent": (reverse("settings"), _("Settings")), "row": row,
        "template": "settings/organisation.html", "is_new": row.version == 0, "changes": list(history(row)),
    }  # fmt: skip
    if "back" in request.POST:
        return drawn(request, {"form": form, "cancel": reverse("settings"), "url": request.path, **context}, 200)
    try:
        return form_page(
            request, form, lambda: save(form, user), said=_("The organisation was saved."), back=reverse("settings"),
            **context,
        )  # fmt: skip
    except RewritesPast as error:
        return confirmation(request, form, error)


def read(request: HttpRequest, row: Organisation) -> HttpResponse:
    """What it is, and the latest changes."""
    fields = [(label_of(name), words_of(name, getattr(row, name))) for name in SETTABLE]
    return render(request, "settings/organisation_read.html", {"fields": fields, "changes": list(history(row))})


def save(form: OrganisationForm, actor: User) -> Organisation:
    """Write what the form says; what rewrites the past only when exactly that was confirmed."""
    confirmed = form.data.get("confirmed") == signature(form)
    return edit_organisation(actor=actor, rewrites_past=confirmed, **form.settled())


def signature(form: OrganisationForm) -> str:
    """The part of a form that rewrites the past, as the confirmation posts it."""
    return " ".join(f"{name}={form.cleaned_data[name]}" for name in REWRITING)


def confirmation(request: HttpRequest, form: OrganisationForm, error: RewritesPast) -> HttpResponse:
    """What the change does to the past, with everything that was typed, to be confirmed or corrected."""
    parts = [
        (label_of(name), words_of(name, old), words_of(name, new), error.consequences[name])
        for name, (old, new) in error.changed.items()
    ]
    sent = [
        (name, value) for name, values in request.POST.lists() for value in values
        if name not in ("csrfmiddlewaretoken", "confirmed", "back")
    ]  # fmt: skip
    context = {
        "form": form, "title": _("This changes the past"), "parts": parts, "sent": sent, "signature": signature(form),
        "url": request.path, "cancel": reverse("settings_organisation"), "danger": True,
        "parent": (reverse("settings_organisation"), _("Organisation")),
        "template": "settings/organisation_confirm.html",
    }  # fmt: skip
    return drawn(request, context, 422)


def history(row: Organisation) -> Iterator[Change]:
    """The latest changes of the organisation, field by field. One query."""
    trail = AuditEntry.objects.filter(model="organisation", object_id=row.pk).select_related("actor")[:MOST_CHANGES]
    known = {field.name for field in Organisation._meta.fields}
    for entry in trail:
        for name, pair in entry.changes.items():
            if name in known and pair:
                yield Change(entry.actor, entry.at, label_of(name), words_of(name, pair[0]), words_of(name, pair[1]))


def label_of(name: str) -> str:
    label = str(Organisation._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]


def words_of(name: str, value: Any) -> str:
    return in_words(Organisation._meta.get_field(name), value)  # type: ignore[arg-type]
