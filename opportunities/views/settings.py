"""Stages and win rates: read by everybody, set by administrators."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import refuse_unless_admin
from accounts.form_pages import form_page, gone_to
from config.web.templatetags.ui import sentences
from opportunities import actions
from opportunities.forms.settings import RetireForm, StageSettingsForm
from opportunities.models import Opportunity, Stage

form_methods = require_http_methods(["GET", "HEAD", "POST"])
UP, DOWN = "up", "down"


@require_safe
def stages(request: HttpRequest) -> HttpResponse:
    """The stages in order with their win rates; administrators change them here."""
    return _drawn(request)


def _drawn(request: HttpRequest, status: int = 200) -> HttpResponse:
    user: Any = request.user
    found = list(Stage.objects.in_use())
    context = {
        "open": [stage for stage in found if stage.is_open],
        "closed": [stage for stage in found if not stage.is_open],
        "retired": Stage.objects.exclude(retired_at=None) if user.is_admin else [],
        "seen": _as_text(found),
        "may_edit": user.is_admin,
    }
    return render(request, "settings/stages.html", context, status=status)


def _as_text(found: list[Stage]) -> str:
    return ",".join(str(stage.pk) for stage in found)


def _above() -> dict[str, Any]:
    home = reverse("settings_stages")
    return {"back": home, "parent": (home, _("Stages and win rates"))}


def _stage(request: HttpRequest, pk: int) -> Stage:
    """404 for one that isn't in use, 403 for all but administrators."""
    stage = get_object_or_404(Stage.objects.in_use(), pk=pk)
    refuse_unless_admin(request.user)  # type: ignore[arg-type]
    return stage  # type: ignore[no-any-return]


@form_methods
def stage_create(request: HttpRequest) -> HttpResponse:
    """A new open stage, behind the last open one."""
    user: Any = request.user
    refuse_unless_admin(user)
    form = StageSettingsForm(request.POST or None)
    return form_page(
        request, form, lambda: _create(form, user), title=_("New stage"), submit=_("Create stage"),
        text=_("It becomes the last open stage; move it where it belongs afterwards."),
        said=_("The stage was created."), **_above(),
    )  # fmt: skip


@transaction.atomic
def _create(form: StageSettingsForm, user: Any) -> Stage:
    stage = actions.create_stage(actor=user, **form.changes())
    others = [each for each in Stage.objects.in_use() if each.pk != stage.pk]
    before, after = [s.pk for s in others if s.is_open], [s.pk for s in others if not s.is_open]
    actions.reorder_stages(order=[*before, stage.pk, *after], actor=user)
    return stage


@form_methods
def stage_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A stage's names, win rate and expected days."""
    stage = _stage(request, pk)
    user: Any = request.user
    form = StageSettingsForm(request.POST or None, row=stage)
    return form_page(
        request, form, lambda: actions.edit_stage(stage=stage, actor=user, **form.settled()),
        title=_("Edit stage"), text=_("Names change everywhere at once, in the past too."),
        said=_("The stage was saved."), **_above(),
    )  # fmt: skip


@form_methods
def stage_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of use, its opportunities moved in the same act."""
    stage = _stage(request, pk)
    user: Any = request.user
    form = RetireForm(request.POST or None, row=stage)
    return form_page(
        request, form, lambda: actions.retire_stage(stage=stage, target=form.cleaned_data["target"], actor=user),
        title=_("Retire “%(stage)s”?") % {"stage": stage}, submit=_("Retire"), danger=True, text=_preview(stage),
        said=_("The stage was retired."), **_above(),
    )  # fmt: skip


def _preview(stage: Stage) -> str:
    """How many opportunities the retirement moves, in words."""
    count = Opportunity.objects.filter(stage=stage).open().count()
    moved = ngettext(
        "%(count)s deal stands in this stage and moves, in the same act, to the stage you choose.",
        "%(count)s deals stand in this stage and move, in the same act, to the stage you choose.", count,
    ) % {"count": f"{count:,}"}  # fmt: skip
    text = moved if count else _("No deal stands in this stage.")
    return _("%(moved)s The past stays as it was: reports of earlier days go on naming this stage.") % {"moved": text}


@require_POST
def stage_order(request: HttpRequest) -> HttpResponse:
    """Another order: `order` names every stage, or `move` = up:ID / down:ID. `seen` is the order on the screen."""
    user: Any = request.user
    refuse_unless_admin(user)
    now = list(Stage.objects.in_use())
    if request.POST.get("seen", "") != _as_text(now):
        messages.warning(request, _("Somebody has changed the stages meanwhile. This is how they stand now."))
        return _drawn(request, status=409)
    try:
        actions.reorder_stages(order=_wanted(request, now), actor=user)
    except ValidationError as error:
        messages.error(request, sentences(error.messages))
        return _drawn(request, status=422)
    return gone_to(request, reverse("settings_stages"))


def _wanted(request: HttpRequest, now: list[Stage]) -> list[int]:
    way, _colon, text = request.POST.get("move", "").partition(":")
    if way not in (UP, DOWN):
        return [int(part) for part in request.POST.get("order", "").split(",") if part.isdecimal() and len(part) < 10]
    order = [stage.pk for stage in now]
    place = next((index for index, pk in enumerate(order) if str(pk) == text), None)
    other = None if place is None else place - 1 if way == UP else place + 1
    if place is None or other is None or not 0 <= other < len(order) or now[place].is_open != now[other].is_open:
        return order
    order[place], order[other] = order[other], order[place]
    return order
