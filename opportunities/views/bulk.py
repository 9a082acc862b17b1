"""One act on many opportunities chosen in the table, each answered on its own."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from accounts.models import User
from opportunities.actions import BulkResult, GateClosed, assign, edit_opportunity, in_bulk, move_to_stage
from opportunities.forms.bulk import FORMS
from opportunities.models import Opportunity
from opportunities.selectors.gate_report import Words
from opportunities.views.answers import dialog, refuse_readers, take
from opportunities.views.conflicts import label_of

Act = Callable[[Opportunity], Opportunity]


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Move, hand over or shift the expected close of the rows in `ids` (each `id-version`).

    Without `confirmed` it asks what is missing (`act` says which act); with it each row is tried on its own and the
    panel names what failed and why. 422 when the form itself is not right; then no row is tried.
    """
    assert isinstance(request.user, User)
    kind = request.POST.get("act", "")
    if kind not in FORMS:
        raise Http404
    _refuse(request.user, kind)
    picked = picked_of(request.POST.getlist("ids"))
    form = FORMS[kind](request.POST if "confirmed" in request.POST else None, user=request.user)
    if not form.is_valid():
        return _ask(request, kind, picked, form)
    try:
        results = in_bulk(picked, actor=request.user, act=_act(kind, form, picked, request.user))
    except ValidationError as error:
        take(form, error)
        return _ask(request, kind, picked, form)
    return _answer(request, results, form, picked)


def _refuse(user: User, kind: str) -> None:
    if kind == "assign":
        if not (user.is_manager or user.is_admin):
            raise PermissionDenied(_("Only managers and administrators hand opportunities over."))
    else:
        refuse_readers(user)


def picked_of(texts: Iterable[str]) -> dict[int, int]:
    """{id: version seen} of the posted `id-version`; what is no such pair is left out."""
    pairs = (text.partition("-") for text in texts)
    return {int(pk): int(seen) for pk, _dash, seen in pairs if _is_number(pk) and _is_number(seen)}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _act(kind: str, form: Any, picked: dict[int, int], actor: User) -> Act:
    """What is done with one row."""
    given = form.cleaned_data

    def move(row: Opportunity) -> Opportunity:
        return move_to_stage(opportunity=row, seen=picked[row.pk], actor=actor, **given)

    def hand_over(row: Opportunity) -> Opportunity:
        return assign(opportunity=row, seen=picked[row.pk], actor=actor, **given)

    def shift(row: Opportunity) -> Opportunity:
        changes = {"expected_close_date": form.shifted(row.expected_close_date)}
        return edit_opportunity(opportunity=row, changes=changes, seen=picked[row.pk], actor=actor)

    return {"move": move, "assign": hand_over, "shift": shift}[kind]


def _ask(request: HttpRequest, kind: str, picked: dict[int, int], form: Form) -> HttpResponse:
    context = {
        "kind": kind,
        "form": form,
        "count": len(picked),
        "ids": [f"{pk}-{seen}" for pk, seen in picked.items()],
    }
    return dialog(request, "opportunities/bulk.html", context, status=422 if form.is_bound else 200)


def _answer(request: HttpRequest, results: list[BulkResult], form: Form, picked: dict[int, int]) -> HttpResponse:
    failed = [result for result in results if not result.ok]
    titles = _titles(request.user, [result.id for result in failed])
    lacking = missing_in_words(failed)
    context = {
        "done": len(results) - len(failed),
        "failures": [
            (result, titles.get(result.id, ""), lacking.get(result.id) or list(_reasons(result, form)))
            for result in failed
        ],
        "stopped": [f"{each.id}-{picked[each.id]}" for each in failed if each.gate and not each.gate.waiver_needed],
        "given": form.cleaned_data,
    }
    response = dialog(request, "opportunities/bulk_result.html", context)
    trigger_client_event(response, "asc:bulk", {"failed": [result.id for result in failed]})
    return trigger_client_event(response, "asc:changed")


def _titles(user: Any, ids: list[int]) -> dict[int, str]:
    """Titles of those that the person may see; the others stay without a name."""
    rows = Opportunity.objects.visible_to(user).filter(pk__in=ids)
    return dict(rows.values_list("pk", "title")) if ids else {}


def missing_in_words(results: Iterable[BulkResult]) -> dict[int, list[str]]:
    """What the gate misses of each row that it has stopped, a line each."""
    stopped = {result.id: result.gate for result in results if result.gate is not None}
    words = Words() if stopped else None
    return {pk: [told_who_may(gate), *words.missing(gate.missing)] for pk, gate in stopped.items() if words}


def told_who_may(gate: GateClosed) -> str:
    """The line above what is missing."""
    if gate.waiver_needed:
        return _("Evidence is missing, and only a manager above the owner may move it on all the same:")
    return _("Evidence is missing:")


def _reasons(result: BulkResult, form: Form) -> Iterable[str]:
    for name, texts in result.errors.items():
        for text in texts:
            if name in ("__all__", "id"):
                yield text
            else:
                label = form[name].label if name in form.fields else label_of(name)
                yield _("%(field)s: %(message)s") % {"field": label, "message": text}
