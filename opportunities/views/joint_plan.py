"""The joint plan: its tasks, and the sheet to print."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from opportunities.actions import add_task, archive_task, edit_task, finish_task, restore_task
from opportunities.forms.joint_plan import DoneForm, TaskForm
from opportunities.models import JointTask
from opportunities.views.answers import editable, visible
from opportunities.views.of_opportunity import archive_form, editable_row, restore_form, row_form
from opportunities.views.panels import plan

methods = require_http_methods(["GET", "POST"])
TEMPLATE = "opportunities/joint_task.html"


@require_safe
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan as both sides look at it on paper: without what is ours alone."""
    opportunity = visible(request, pk)
    user: Any = request.user
    context = {"opportunity": opportunity, **plan.context(opportunity, user)}
    return render(request, "opportunities/plan_sheet.html", context)


@methods
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """A task of either side."""
    opportunity = editable(request, pk)
    user: Any = request.user
    form = TaskForm(request.POST or None, opportunity=opportunity)
    return row_form(
        request, form, lambda: add_task(opportunity=opportunity, actor=user, **form.changes()), opportunity,
        title=_("Add a task to the joint plan"), submit=_("Add"), said=_("Added to the joint plan."),
    )  # fmt: skip


@methods
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What is to be done, by whom, by when."""
    row = _found(request, pk)
    user: Any = request.user
    form = TaskForm(request.POST or None, opportunity=row.opportunity, row=row)
    return row_form(
        request, form, lambda: edit_task(task=row, actor=user, **form.settled()), row.opportunity,
        title=_("Task of the joint plan"), said=_("Saved."), template=TEMPLATE, task=row,
    )  # fmt: skip


@methods
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """Done on a day; with an empty day it is open again."""
    row = _found(request, pk)
    user: Any = request.user
    form = DoneForm(request.POST or None, row=row)
    return row_form(
        request, form, lambda: _finished(form, row, user), row.opportunity, title=row.title,
        said=_("Done.") if request.POST.get("done_on") else _("Open again."),
    )  # fmt: skip


def _finished(form: DoneForm, row: JointTask, user: Any) -> JointTask:
    settled = form.settled()
    done_on = settled["changes"].get("done_on", row.done_on)
    return finish_task(task=row, done_on=done_on, seen=settled["seen"], actor=user)


@methods
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    return archive_form(request, row, archive_task, "task", name=row.title)


@methods
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    return restore_form(request, row, restore_task, "task", name=row.title)


def _found(request: HttpRequest, pk: int) -> JointTask:
    row: JointTask = editable_row(request, JointTask, pk, "owner", "contact")
    return row
