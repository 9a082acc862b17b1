"""Lines and joint actions of account plans."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_pages import ConfirmForm, confirm_page, form_page
from customers import actions
from customers.models import JointAction, PlanLine
from customers.plan_forms import FinishForm, JointActionForm, PlanLineForm
from customers.views.customers import form_methods
from customers.views.plans import above, editable, home, refuse_reader

SETTLE = {
    "finish": (actions.finish_joint_action, gettext_lazy("Done"), gettext_lazy("The action is done.")),
    "reopen": (actions.reopen_joint_action, gettext_lazy("Open again"), gettext_lazy("The action is open again.")),
    "drop": (actions.drop_joint_action, gettext_lazy("Drop it"), gettext_lazy("The action was dropped.")),
}
SIDES = {"ours": gettext_lazy("our side"), "theirs": gettext_lazy("their side")}


def _row(request: HttpRequest, model: Any, pk: int, *, removed: bool = False) -> Any:
    """A line or joint action in use, or also a removed one: 404 for a hidden one, 403 for those who only read it."""
    user: Any = request.user
    found = model.objects.visible_to(user).select_related("plan__customer")
    row = get_object_or_404(found if removed else found.in_use(), pk=pk)
    refuse_reader(row.plan.customer, user)
    return row


def _remove(request: HttpRequest, row: Any, write: Callable[..., Any], said: str) -> HttpResponse:
    title = _("Remove “%(name)s” from the plan?") % {"name": row}
    text = _("It leaves the plan, and it can be put back.")
    return _asked(request, row, write, said=said, title=title, submit=_("Remove"), danger=True, text=text)


def _restore(request: HttpRequest, row: Any, write: Callable[..., Any], said: str) -> HttpResponse:
    title = _("Put “%(name)s” back into the plan?") % {"name": row}
    return _asked(request, row, write, said=said, title=title, submit=_("Restore"))


def _asked(request: HttpRequest, row: Any, write: Callable[..., Any], **words: Any) -> HttpResponse:
    return confirm_page(request, row, write, back=home(row.plan), parent=above(row.plan), **words)


@form_methods
def line_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new line of the plan."""
    user: Any = request.user
    plan = editable(request, pk)
    form = PlanLineForm(request.POST or None)
    return form_page(
        request, form, lambda: actions.add_plan_line(actor=user, plan=plan, **form.changes()),
        title=_("New line of the plan"), submit=_("Add line"), said=_("The line was added."),
        back=home(plan), parent=above(plan),
    )  # fmt: skip


@form_methods
def line_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What a line says."""
    user: Any = request.user
    line = _row(request, PlanLine, pk)
    form = PlanLineForm(request.POST or None, row=line)
    return form_page(
        request, form, lambda: actions.edit_plan_line(line=line, actor=user, **form.settled()),
        title=_("Edit the line"), said=_("The line was saved."), back=home(line.plan), parent=above(line.plan),
        template="customers/plans/item_form.html", archive="plan_line_archive", row=line,
    )  # fmt: skip


@form_methods
def line_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of the plan, after a question."""
    line = _row(request, PlanLine, pk)
    return _remove(request, line, partial(actions.archive_plan_line, line=line), _("The line was removed."))


@form_methods
def line_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into the plan, after a question."""
    line = _row(request, PlanLine, pk, removed=True)
    return _restore(request, line, partial(actions.restore_plan_line, line=line), _("The line is in the plan again."))


@form_methods
def action_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new joint action of the plan."""
    user: Any = request.user
    plan = editable(request, pk)
    form = JointActionForm(request.POST or None, customer=plan.customer)
    return form_page(
        request, form, lambda: actions.add_joint_action(actor=user, plan=plan, **form.changes()),
        title=_("New joint action"), submit=_("Add action"), said=_("The action was added."),
        back=home(plan), parent=above(plan),
    )  # fmt: skip


@form_methods
def action_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What a joint action says."""
    user: Any = request.user
    row = _row(request, JointAction, pk)
    form = JointActionForm(request.POST or None, row=row, customer=row.plan.customer)
    return form_page(
        request, form, lambda: actions.edit_joint_action(joint_action=row, actor=user, **form.settled()),
        title=_("Edit the joint action"), said=_("The action was saved."),
        back=home(row.plan), parent=above(row.plan),
        template="customers/plans/item_form.html", archive="joint_action_archive", row=row,
    )  # fmt: skip


@form_methods
def action_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of the plan, after a question."""
    row = _row(request, JointAction, pk)
    write = partial(actions.archive_joint_action, joint_action=row)
    return _remove(request, row, write, _("The action was removed."))


@form_methods
def action_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into the plan, after a question."""
    row = _row(request, JointAction, pk, removed=True)
    write = partial(actions.restore_joint_action, joint_action=row)
    return _restore(request, row, write, _("The action is in the plan again."))


@form_methods
def action_settle(request: HttpRequest, pk: int, side: str, verb: str) -> HttpResponse:
    """`finish`, `reopen` or `drop` the part of one side (`ours`, `theirs`)."""
    user: Any = request.user
    row = _row(request, JointAction, pk)
    if side not in SIDES or verb not in SETTLE:
        raise Http404
    act, submit, said = SETTLE[verb]
    form: Any = (FinishForm if verb == "finish" else ConfirmForm)(request.POST or None, row=row)

    def write() -> JointAction:
        more = {"result": form.cleaned_data["result"]} if verb == "finish" else {}
        return act(joint_action=row, side=side, seen=form.seen, actor=user, **more)  # type: ignore[operator, no-any-return]

    return form_page(
        request, form, write, title=row.action, submit=submit, said=str(said), text=SIDES[side],
        back=home(row.plan), parent=above(row.plan),
    )  # fmt: skip
