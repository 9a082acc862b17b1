"""Settings of the method: read by everybody, set by administrators."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import refuse_unless_admin
from accounts.form_pages import form_page
from opportunities import actions
from opportunities.forms.method import FactorForm, MethodForm, RungForm, StageEvidenceForm
from opportunities.models import Factor, MethodSetting, Rung, Stage, StageSetting
from opportunities.rules.evidence import floors_of
from opportunities.selectors.conditions import in_words
from opportunities.selectors.gate import method_now
from opportunities.selectors.ladders import ladders
from opportunities.selectors.stages import stages_in_use

EARLIER = 10  # settings that are told
form_methods = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Demands:
    """What a stage demands, since when: floors in the order of the factors, the conditions to leave it in words."""

    stage: Stage
    since: datetime
    floors: tuple[int, ...]
    milestone: list[str]


@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """The gate, what stages demand, what grades need, the five ladders."""
    user: Any = request.user
    now = method_now()
    stages, before = _demands()
    earlier = MethodSetting.objects.exclude(pk=now.pk).order_by("-valid_from")[:EARLIER] if user.is_admin else []
    context = {
        "now": now,
        "mode": MethodSetting.GateMode(now.gate_mode).label,
        "needs": _needs(now),
        "earlier": [(each, _needs(each)) for each in earlier],
        "stages": stages,
        "before": before if user.is_admin else [],
        "ladders": list(ladders().values()),
        "may_edit": user.is_admin,
    }
    return render(request, "settings/method.html", context)


def _needs(setting: MethodSetting) -> list[tuple[str, list[Any]]]:
    return [(grade, [setting.NEEDS[name] for name in names]) for grade, names in sorted(setting.grade_needs.items())]


def _demands() -> tuple[list[Demands], list[Demands]]:
    """What each open stage demands now, and what they demanded before, the latest first. One query."""
    in_use = {stage.pk: stage for stage in stages_in_use() if stage.is_open}
    kept = StageSetting.objects.filter(stage__in=in_use).order_by("stage__position", "stage", "valid_from")
    now, before = [], []
    for pk, settings in groupby(kept, key=attrgetter("stage_id")):
        *past, present = _changes(in_use[pk], settings)
        now.append(present)
        before += past
    return now, sorted(before, key=attrgetter("since"), reverse=True)[:EARLIER]


def _changes(stage: Stage, settings: Iterable[StageSetting]) -> list[Demands]:
    """One entry for each change of what it demands; win rate and expected days have the same history."""
    firsts = [next(same) for _what, same in groupby(settings, key=attrgetter("floor", "floors", "milestones"))]
    return [Demands(stage, at.valid_from, floors_of(at.floor, at.floors), in_words(at.milestones)) for at in firsts]


def _above() -> dict[str, Any]:
    home = reverse("settings_method")
    return {"back": home, "parent": (home, _("Method and gate"))}


@form_methods
def gate_edit(request: HttpRequest) -> HttpResponse:
    """The gate's mode and the needs of grades."""
    user: Any = request.user
    refuse_unless_admin(user)
    form = MethodForm(request.POST or None, now=method_now())
    return form_page(
        request, form, lambda: actions.edit_method(actor=user, **form.fields_of_action()),
        title=_("Gate and grades"), text=_("Counts from the moment you save it; what was recorded before stays."),
        said=_("Saved."), **_above(),
    )  # fmt: skip


@form_methods
def stage_evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """What a stage demands: floors by factor, the conditions to leave it."""
    user: Any = request.user
    stage = get_object_or_404(Stage.objects.in_use().filter(outcome="open"), pk=pk)
    refuse_unless_admin(user)
    form = StageEvidenceForm(request.POST or None, row=stage)
    return form_page(
        request, form, lambda: actions.edit_stage(stage=stage, actor=user, **form.settled()),
        title=_("What “%(stage)s” demands") % {"stage": stage},
        text=_("The floors count from the moment you save; past days are judged by the old ones."),
        said=_("The stage was saved."), **_above(),
    )  # fmt: skip


@form_methods
def rung_edit(request: HttpRequest, factor: str, level: int) -> HttpResponse:
    """The wording of a level."""
    user: Any = request.user
    ladder = ladders().get(factor)
    if ladder is None or level >= len(ladder.rungs):
        raise Http404
    refuse_unless_admin(user)
    form = RungForm(request.POST or None, row=ladder.rung(level))
    return form_page(
        request, form, lambda: actions.edit_rung(rung=_seen(form), changes=form.changes(), actor=user),
        title=_("%(factor)s, level %(level)s") % {"factor": ladder.name, "level": level},
        text=_("Records that exist keep the wording that they were made under."), said=_("Saved."), **_above(),
    )  # fmt: skip


def _seen(form: RungForm) -> Rung:
    return get_object_or_404(Rung, pk=form.cleaned_data["seen"])


@form_methods
def factor_edit(request: HttpRequest, factor: str) -> HttpResponse:
    """What a factor is called."""
    user: Any = request.user
    row = get_object_or_404(Factor, key=factor)
    refuse_unless_admin(user)
    form = FactorForm(request.POST or None, row=row)
    return form_page(
        request, form, lambda: actions.rename_factor(factor=row, actor=user, **form.settled()),
        title=_("Rename %(factor)s") % {"factor": row}, text=_("Names change everywhere at once, in the past too."),
        said=_("Saved."), **_above(),
    )  # fmt: skip
