"""Dialogs of the board: moving a stage (METHOD.md §2), taking a change back, the quick create."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import reswap, trigger_client_event

from accounts import visibility
from accounts.models import User
from accounts.selectors import today
from config.web.composed import prepared
from config.web.revisions import StaleWrite
from config.web.templatetags.formats import percent
from customers.models import Customer
from opportunities import actions
from opportunities.actions import GateClosed
from opportunities.actions.undo import TooLate
from opportunities.actions.writing import MOVE_WATCHES
from opportunities.forms.create import QuickCreateForm
from opportunities.forms.fields import amount_unit
from opportunities.forms.move import MoveForm
from opportunities.models import Opportunity, Stage
from opportunities.selectors import board as reader
from opportunities.selectors.board import Card
from opportunities.selectors.heights import verified_on
from opportunities.selectors.stages import stages_in_use
from opportunities.views.answers import announce, brief, is_htmx, move_url, refuse_readers, seen_version
from opportunities.views.board import filtered
from opportunities.views.cards import Drawer
from opportunities.views.conflicts import conflict_response, too_late_response
from opportunities.views.filterbar import matching
from opportunities.views.gate import gate_closed, gate_dialog, gate_first

# --- Moving -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the dialog of the move to `?stage=KEY`, without it the choice of a stage. POST: the move.

    POST answers 200 with what changes on the board, 422 with the dialog that asks for what is missing (or, at the
    gate, says what is), 409 when stage or owner was changed meanwhile, 403 with the reason in words.
    """
    row = _found(request, pk)
    stages = stages_in_use()
    asked = request.POST if request.method == "POST" else request.GET
    target = next((stage for stage in stages if stage.key == asked.get("stage")), None)
    try:
        refuse_readers(request.user)
        return _towards(request, row, target, stages) if target else _choice(request, row, stages)
    except PermissionDenied as error:
        return _forbidden(request, error)


def _towards(request: HttpRequest, row: Opportunity, target: Stage, stages: list[Stage]) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    try:
        row.refuse_if_stale(_seen(asked), {"stage": target}, MOVE_WATCHES)
        _refuse_reopening(row, target, request.user)
        if request.method == "POST":
            return _move(request, row, target, stages)
    except StaleWrite as error:
        return conflict_response(request, error, action_url=request.path, fields=request.POST or {"stage": target.key})
    return gate_first(request, row, target) or _dialog(
        request, row, MoveForm(row, target, seen=asked.get("version", ""))
    )


def _found(request: HttpRequest, pk: int) -> Opportunity:
    assert isinstance(request.user, User)
    found = _movable(visibility.sight(request.user), pk=pk, **visibility.beholder(request.user))
    if not found:
        raise Http404
    row: Opportunity = found[0]
    return row


@prepared
def _movable(sight: Any, *, pk: int, user: int, path: str) -> QuerySet[Any]:
    rows = reader.everything(sight, user, path).filter(pk=pk)
    return rows.select_related("customer", "stage", "owner__team")


def _seen(asked: QueryDict) -> int | None:
    """The version that the person saw; none for a dialog that is opened without one."""
    text = asked.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _refuse_reopening(row: Opportunity, target: Stage, user: Any) -> None:
    """Say so before a reason is typed; the action asks again."""
    if not row.is_open and target.pk != row.stage_id and not visibility.is_above(user, row.owner):
        raise PermissionDenied(_("Only a manager above the owner reopens a closed opportunity."))


def _move(request: HttpRequest, row: Opportunity, target: Stage, stages: list[Stage]) -> HttpResponse:
    form = MoveForm(row, target, request.POST)
    if form.asks and not form.answers:
        return _dialog(request, row, MoveForm(row, target, seen=request.POST.get("version", "")), status=422)
    if not form.is_valid():
        return _again(request, row, form)
    try:
        moved = actions.move_to_stage(
            opportunity=row, stage=target, seen=seen_version(request), actor=request.user,  # type: ignore[arg-type]
            **form.fields_of_action(),
        )  # fmt: skip
    except GateClosed as error:
        return gate_closed(request, error, form)
    except ValidationError as error:
        form.take(error)
        return _again(request, row, form)
    return changed(request, moved, _moved_words(moved, target) if moved.version != row.version else "", stages)


def _again(request: HttpRequest, row: Opportunity, form: MoveForm) -> HttpResponse:
    """The dialog from which it was posted, with what was wrong."""
    if form.past_gate:
        return gate_dialog(request, row, form)
    return _dialog(request, row, form, status=422)


def _moved_words(row: Opportunity, target: Stage) -> str:
    values = {
        "customer": row.customer.name, "title": brief(row.title), "stage": target.name,
        "rate": percent(target.win_rate),
    }  # fmt: skip
    if target.outcome in ("open", "won"):
        return _("%(customer)s · %(title)s moved to “%(stage)s %(rate)s”") % values
    return _("%(customer)s · %(title)s closed as “%(stage)s”") % values


def _choice(request: HttpRequest, row: Opportunity, stages: list[Stage]) -> HttpResponse:
    """The stages to choose from: what the move menu is without script; 422 for a stage that isn't there."""
    posted = request.method == "POST"
    context = {
        "row": row,
        "stages": [*reader.columns_of(stages), *reader.closings_of(stages)],
        "url": request.path,
        "problem": _("This stage is no longer in use. Choose another one.") if posted else "",
    }
    return _as_dialog(request, "opportunities/move_choice.html", context, status=422 if posted else 200)


def _dialog(request: HttpRequest, row: Opportunity, form: MoveForm, status: int = 200) -> HttpResponse:
    context = {
        "row": row,
        "form": form,
        "target": form.target,
        "url": move_url(row, form.target),
        "unit": amount_unit(),
        "today": today(),
        "errors": form.is_bound,
    }
    return _as_dialog(request, "opportunities/move_dialog.html", context, status=status)


# --- Taking back ------------------------------------------------------------------------------


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back the person's own last change, made seconds ago; 409 in words when it is too late."""
    assert isinstance(request.user, User)
    row = get_object_or_404(Opportunity.objects.visible_to(request.user).with_names(), pk=pk)
    try:
        restored = actions.undo(opportunity=row, actor=request.user, seen=seen_version(request))
    except TooLate as error:
        return too_late_response(request, error, row)
    words = _("Undone: %(customer)s · %(title)s") % {"customer": restored.customer.name, "title": brief(restored.title)}
    return changed(request, restored, words, stages_in_use(), undo=False)


# --- Quick create -----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The quick create: GET the dialog (`?customer=KEY` chooses one), POST the opportunity."""
    user = request.user
    assert isinstance(user, User)
    try:
        if not user.sells:
            raise PermissionDenied(_("Executives and administrators read opportunities; they do not write them."))
    except PermissionDenied as error:
        return _forbidden(request, error)
    if request.method == "POST":
        return _create(request, QuickCreateForm(user, request.POST))
    mine = Customer.objects.visible_to(user).in_use()
    chosen = mine.filter(key=request.GET.get("customer", "").replace("\x00", "")).first()
    return _new_dialog(request, QuickCreateForm(user, customer=chosen))


def _create(request: HttpRequest, form: QuickCreateForm) -> HttpResponse:
    if not form.is_valid():
        return _new_dialog(request, form, status=422)
    try:
        row = form.create()
    except ValidationError as error:
        form.add_error(None, error.messages)
        row = None
    if row is None:
        return _new_dialog(request, form, status=422)
    words = _("%(customer)s · %(title)s created") % {"customer": row.customer.name, "title": brief(row.title)}
    if not is_htmx(request):
        messages.success(request, words)
        return redirect("opportunity", pk=row.pk)
    if not _on_board(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = reverse("opportunity", args=[row.pk])
        return response
    response = _board_parts(request, row, stages_in_use(), row.stage)
    trigger_client_event(response, "asc:close-dialog")
    url = reverse("opportunity", args=[row.pk])
    return trigger_client_event(
        response, "asc:created", {"id": row.pk, "text": words, "url": url, "open": pgettext("verb", "Open")}
    )


def _new_dialog(request: HttpRequest, form: QuickCreateForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "url": reverse("opportunity_new"), "unit": amount_unit()}
    return _as_dialog(request, "opportunities/new_dialog.html", context, status=status)


# --- Answers ----------------------------------------------------------------------------------


def _as_dialog(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The dialog's content for htmx, else a page around it."""
    if is_htmx(request):
        return render(request, template, context, status=status)
    return render(request, "opportunities/dialog_page.html", {**context, "dialog": template}, status=status)


def _forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    """403: for htmx a toast that says why, and nothing is swapped."""
    if not is_htmx(request):
        raise error
    response = reswap(HttpResponse(status=403), "none")
    return trigger_client_event(response, "asc:toast", {"text": str(error), "tone": "bad"})


def changed(
    request: HttpRequest, row: Opportunity, words: str, stages: list[Stage], *, undo: bool = True
) -> HttpResponse:
    """After a move or an undo: what changes on the board, the toast, and the events that other pages listen to.

    Without `undo` there is nothing (more) to take back.
    """
    if not is_htmx(request):
        if words:
            messages.success(request, words)
        return redirect("opportunity", pk=row.pk)
    stage = next((stage for stage in stages if stage.pk == row.stage_id), row.stage)
    response = _board_parts(request, row, stages, stage) if _on_board(request) else HttpResponse()
    if not undo:
        trigger_client_event(response, "asc:toast", {"text": words})
        trigger_client_event(response, "asc:close-dialog")
        return trigger_client_event(response, "asc:changed", {"id": row.pk})
    if words:
        return announce(response, row, words, "asc:changed")
    return trigger_client_event(response, "asc:close-dialog")


def _board_url(request: HttpRequest) -> Any:
    return urlsplit(request.headers.get("HX-Current-URL", ""))


def _on_board(request: HttpRequest) -> bool:
    return _board_url(request).path == reverse("board")


def _board_parts(request: HttpRequest, row: Opportunity, stages: list[Stage], stage: Stage) -> HttpResponse:
    """The card as it is now and the heads of all columns, with the filters of the page that asked."""
    query = QueryDict(_board_url(request).query)
    filterset = filtered(request, query)
    found = reader.sums(matching(filterset), stages) if filterset.asks else reader.sums_of(request.user, stages)  # type: ignore[arg-type]
    drawer = Drawer(today(), may_move=True)
    columns = [drawer.column(column) for column in found.columns]
    has_column = found.column(stage.pk) is not None
    context = {
        "board": found,
        "columns": columns,
        "landed": row,
        "stage": stage if has_column else None,
        "cards": [drawer.card(_card(row), stage)] if has_column else [],
    }
    return render(request, "opportunities/board_parts.html#landed", context)


def _card(row: Opportunity) -> Card:
    return Card(
        id=row.pk, version=row.version, title=row.title, customer=row.customer.name, tier=row.customer.tier,
        worth=row.amount, expected_close_date=row.expected_close_date, signed_on=row.signed_on,
        entered_on=row.entered_on, owner=str(row.owner), next_step=row.next_step, next_step_due=row.next_step_due,
        win_rate=row.win_rate, unproven_from=row.unproven_from_id, **verified_on(row),
    )  # fmt: skip
