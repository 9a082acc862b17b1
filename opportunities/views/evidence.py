"""Evidence of one opportunity: adding it, the records of a factor, and what is done with a single record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from accounts.models import User
from accounts.selectors import today
from config.web.uploads import takes_files
from opportunities.actions import confirm_checkpoint, lower_grade, withdraw_checkpoint
from opportunities.actions.checkpoints import Judge, may_judge
from opportunities.forms.evidence import EvidenceForm, GradeForm, ReasonForm, needed_by
from opportunities.models import Checkpoint, Opportunity
from opportunities.rules.evidence import FACTORS, GRADES, TOP, Heights
from opportunities.selectors.evidence import heights_in, level_of, with_ascent
from opportunities.selectors.gate import method_now
from opportunities.selectors.joint_plan import with_on_time
from opportunities.selectors.ladders import Ladder, ladders
from opportunities.selectors.records import NAMES, Line, records_of
from opportunities.views.answers import dialog, done, is_htmx, refuse_readers, take


def _found(request: HttpRequest, pk: int) -> Any:
    """The opportunity with where it stands; 404 for whoever may not see it."""
    assert isinstance(request.user, User)
    rows = Opportunity.objects.visible_to(request.user).with_names().select_related("owner__team")
    return get_object_or_404(with_ascent(rows, today()), pk=pk)


# --- Adding -----------------------------------------------------------------------------------


@takes_files()
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the form for `?factor=&level=`, by default the next checkpoint of the weakest factor. POST: the records.

    After saving it says what rose, and what comes next.
    """
    row = _found(request, pk)
    refuse_readers(request.user)
    heights = heights_in(row) or Heights()
    ladder = ladders().get(request.GET.get("factor", "")) or ladders()[heights.weakest]
    level = level_of(request.GET.get("level", "")) or min(heights.of(ladder.factor) + 1, TOP)
    if request.method == "GET":
        return _form(request, row, EvidenceForm(row, ladder, _user(request), level=level), heights)
    return _save(request, row, EvidenceForm(row, ladder, _user(request), request.POST, request.FILES), heights)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _save(request: HttpRequest, row: Any, form: EvidenceForm, before: Heights) -> HttpResponse:
    with form.file_at_hand():
        if form.is_valid():
            try:
                made = form.save()
            except ValidationError as error:
                form.take(error)
            else:
                return _saved(request, made[0].opportunity, form.ladder, before)
        form.keep_file()
    return _form(request, row, form, before)


def _form(request: HttpRequest, row: Any, form: EvidenceForm, heights: Heights) -> HttpResponse:
    context = {
        "row": row,
        "form": form,
        "ladder": form.ladder,
        "ladders": ladders().values(),
        "height": heights.of(form.ladder.factor),
        "needs": needed_by(method_now().grade_needs),
        "url": f"{request.path}?factor={form.ladder.factor}",
        "draft": _draft(row, form.ladder),
    }
    return dialog(request, "opportunities/evidence_form.html", context, status=422 if form.is_bound else 200)


def _saved(request: HttpRequest, row: Any, ladder: Ladder, before: Heights) -> HttpResponse:
    """What rose, the next rung and its question; without script the opportunity's page."""
    heights = heights_in(row) or Heights()
    height, was = heights.of(ladder.factor), before.of(ladder.factor)
    words = _("%(factor)s: evidence recorded") % {"factor": ladder.name}
    if not is_htmx(request):
        return done(request, row, words, undo=False, draft=_draft(row, ladder))
    context = {
        "row": row,
        "ladder": ladder,
        "was": was,
        "height": height,
        "claimed": heights.claimed[FACTORS.index(ladder.factor)],
        "next": ladder.above(height),
    }
    response = dialog(request, "opportunities/evidence_saved.html", context)
    trigger_client_event(response, "asc:draft-saved", {"name": _draft(row, ladder)})
    return trigger_client_event(response, "asc:changed", {"id": row.pk})


def _draft(row: Any, ladder: Ladder) -> str:
    """The name under which the device keeps what was typed for a factor, also while another one is looked at."""
    return f"evidence:{row.pk}:{ladder.factor}"


# --- Reading ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """A record of the list with what this person may do with it."""

    line: Line
    may_confirm: bool
    may_lower: bool
    may_withdraw: bool


@require_safe
def records(request: HttpRequest, pk: int) -> HttpResponse:
    """Every record of `?factor=`, of all factors without one, withdrawn ones too."""
    row, user = _found(request, pk), _user(request)
    factor = request.GET.get("factor", "")
    chosen = [ladder for ladder in ladders().values() if factor in ("", ladder.factor)]
    judge, editable = Judge(user, row), user.sells and row.archived_at is None
    heights = heights_in(row) or Heights()
    sections = [
        (ladder, heights.of(ladder.factor), [_shown(line, judge, editable=editable) for line in lines])
        for ladder, lines in records_of(row, chosen, today())
    ]
    context = {"row": row, "sections": sections, "editable": editable}
    return dialog(request, "opportunities/evidence_records.html", context)


def _shown(line: Line, judge: Judge, *, editable: bool) -> Shown:
    record = line.record
    stands = line.state != "withdrawn"
    judged = stands and judge.may(record.recorded_by_id)
    return Shown(line, judged and record.awaits_confirmation, judged and record.grade > GRADES[0], editable and stands)


# --- One record -------------------------------------------------------------------------------


def _record(request: HttpRequest, pk: int) -> Checkpoint:
    """404 for whoever may not see it."""
    rows = Checkpoint.objects.visible_to(_user(request)).select_related(
        *NAMES, "opportunity__owner__team", "opportunity__customer", "opportunity__stage"
    )
    found: Checkpoint = get_object_or_404(rows, pk=pk)
    return found


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why, then take the record back."""
    record = _record(request, pk)
    refuse_readers(request.user)
    return _act(request, record, ReasonForm(_posted(request)), withdraw_checkpoint, _("Withdrawn."))


@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the record, then confirm it."""
    record = _record(request, pk)
    _refuse_unless_judge(request, record)
    with_on_time([record], today())
    return _act(request, record, Form(_posted(request)), confirm_checkpoint, _("Confirmed."))


@require_http_methods(["GET", "POST"])
def lower(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to which grade and why, then lower it."""
    record = _record(request, pk)
    _refuse_unless_judge(request, record)
    form = GradeForm(_posted(request), checkpoint=record)
    return _act(request, record, form, lower_grade, _("The grade was lowered."))


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _refuse_unless_judge(request: HttpRequest, record: Checkpoint) -> None:
    if not may_judge(_user(request), record.opportunity, record.recorded_by):
        raise PermissionDenied(_("Only a manager above the owner may do this, and nobody for their own record."))


def _act(request: HttpRequest, record: Checkpoint, form: Form, act: Callable[..., Any], words: str) -> HttpResponse:
    """The dialog of an action on a record; after it the page behind is drawn anew."""
    if request.method == "POST" and form.is_valid():
        try:
            act(checkpoint=record, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            take(form, error)
        else:
            return done(request, record.opportunity, words, undo=False)
    context = {
        "row": record.opportunity,
        "record": record,
        "ladder": ladders()[record.factor],
        "form": form,
        "act": act.__name__.split("_")[0],
    }
    status = 422 if request.method == "POST" else 200
    return dialog(request, "opportunities/evidence_act.html", context, status=status)
