"""The customer's people on an opportunity: added, edited, put on the map, taken off it."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from opportunities.actions import add_stakeholder, archive_stakeholder, edit_stakeholder, restore_stakeholder
from opportunities.forms.stakeholders import PlaceForm, StakeholderForm
from opportunities.models import Opportunity, Stakeholder
from opportunities.views.answers import editable
from opportunities.views.of_opportunity import archive_form, editable_row, restore_form, row_form

methods = require_http_methods(["GET", "POST"])
TEMPLATE = "opportunities/stakeholder.html"


@methods
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody with a say: a contact, a new contact, or a post without a person yet."""
    opportunity = editable(request, pk)
    user: Any = request.user
    form = StakeholderForm(request.POST or None, opportunity=opportunity, user=user)
    return row_form(
        request, form, lambda: _added(form, opportunity, user), opportunity, title=_("Add somebody to the map"),
        submit=_("Add"), said=_("Added to the map."), template=TEMPLATE,
    )  # fmt: skip


def _added(form: StakeholderForm, opportunity: Opportunity, user: Any) -> Any:
    return _written(lambda: add_stakeholder(opportunity=opportunity, actor=user, **form.changes()))


@methods
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of somebody on the map."""
    row = _found(request, pk)
    user: Any = request.user
    form = StakeholderForm(request.POST or None, opportunity=row.opportunity, user=user, row=row)
    return row_form(
        request, form, lambda: _edited(form, row, user), row.opportunity, title=name_of(row),
        said=_("Saved."), template=TEMPLATE, stakeholder=row,
    )  # fmt: skip


def _edited(form: StakeholderForm, row: Stakeholder, user: Any) -> Any:
    return _written(lambda: edit_stakeholder(stakeholder=row, actor=user, **form.settled()))


@transaction.atomic
def _written(write: Callable[[], Any]) -> Any:
    """Write, with the contact that the form may make, both or none; what is wrong with it stands at its field."""
    try:
        return write()
    except ValidationError as error:
        if hasattr(error, "error_dict") and "contact" in error.error_dict:
            raise ValidationError({"person": error.error_dict["contact"]}) from error
        raise


@methods
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Put somebody into another field of the map: what a drag posts, and a form without script."""
    row = _found(request, pk)
    user: Any = request.user
    form = PlaceForm(request.POST or None, row=row)
    return row_form(
        request, form, lambda: edit_stakeholder(stakeholder=row, actor=user, **form.settled()), row.opportunity,
        title=_("Where does %(name)s stand?") % {"name": name_of(row)}, said=_("Moved on the map."),
    )  # fmt: skip


@methods
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    return archive_form(request, row, archive_stakeholder, "stakeholder", name=name_of(row))


@methods
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    return restore_form(request, row, restore_stakeholder, "stakeholder", name=name_of(row))


def _found(request: HttpRequest, pk: int) -> Stakeholder:
    row: Stakeholder = editable_row(request, Stakeholder, pk, "contact", "veto_plan_owner")
    return row


def name_of(row: Stakeholder) -> str:
    """The person, or the post whose person is not known."""
    return row.contact.name if row.contact else row.role_title
