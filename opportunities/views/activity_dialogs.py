"""Dialogs of an activity: the quick form, the debrief, and what else is done with it; each a page without script."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from accounts.conflicts import conflict_of, version_in
from accounts.form_pages import take
from accounts.models import User
from accounts.selectors import calendar, today
from config.web.revisions import StaleWrite
from config.web.templatetags.formats import moment
from config.web.uploads import takes_files
from customers.models import Customer
from opportunities import actions
from opportunities.actions.activities import may_coach
from opportunities.forms.activities import (
    CUSTOMER,
    DEAL,
    EARLIER,
    LATER,
    NOW,
    ActivityForm,
    CancelForm,
    CoachForm,
    DebriefForm,
    QuickActivityForm,
    RescheduleForm,
)
from opportunities.forms.debriefs import ToldForm
from opportunities.models import Activity, Opportunity
from opportunities.rules.evidence import FACTORS, Heights
from opportunities.selectors.evidence import heights_in
from opportunities.selectors.ladders import ladders
from opportunities.views.answers import brief, is_htmx

form_methods = require_http_methods(["GET", "HEAD", "POST"])
USUAL_HOUR = time(9)
LONGEST_DRAFT = 200
HOLLOW = gettext_noop(
    "Claimed up to %(claimed)s, verified up to %(height)s. It rises when the evidence is good enough for the level, or "
    "a manager has confirmed it."
)


def found(request: HttpRequest, pk: int) -> Activity:
    """The activity with its names; 404 for whoever may not see it."""
    assert isinstance(request.user, User)
    return get_object_or_404(Activity.objects.visible_to(request.user).with_names(), pk=pk)


def _writable(request: HttpRequest, pk: int) -> Activity:
    """Likewise, and 403 for those who only read it."""
    user: Any = request.user
    mine = Activity.objects.editable_by(user).with_names().filter(pk=pk).first() if user.sells else None
    if mine is not None:
        return mine
    found(request, pk)
    raise PermissionDenied(_("You may read this activity but not change it."))


def may_edit(user: Any, activity: Activity) -> bool:
    """Whether the person may change an activity that they see. At most one query."""
    return bool(user.sells) and Activity.objects.editable_by(user).filter(pk=activity.pk).exists()


# --- The quick form ------------------------------------------------------------------------------


@takes_files()
@form_methods
def new(request: HttpRequest) -> HttpResponse:
    """The quick form. `?deal=ID`, `?customer=ID`, `?about=…`: about what; `?day=…`, `?when=plan`: to be planned.

    `?rung=…`: what was chosen of it before.
    """
    user: Any = request.user
    if not user.sells:
        raise PermissionDenied(_("Executives and administrators read activities; they do not write them."))
    if request.method == "POST":
        form = QuickActivityForm(user, request.POST, request.FILES)
        return _saved(request, form, _quick_words) or _quick(request, form, status=422)
    chosen = request.GET.get("rung", "")
    return _quick(request, QuickActivityForm(user, about=_about(request), rung=chosen, **_moment(request)))


def _about(request: HttpRequest) -> str:
    """What the address says it is about: as the picker does, or by the ids of the page that it was opened from."""
    rows: dict[str, Any] = {DEAL: Opportunity.objects, CUSTOMER: Customer.objects}
    for name, among in rows.items():
        text = request.GET.get(name, "")
        if text.isdecimal() and len(text) < 10:
            key = among.visible_to(request.user).filter(pk=int(text)).values_list("key", flat=True).first()
            return f"{name}:{key}" if key else ""
    return request.GET.get("about", "")[:200]


def _moment(request: HttpRequest) -> dict[str, Any]:
    try:
        day = parse_date(request.GET.get("day", ""))
    except ValueError:
        day = None
    if day is None:
        return {"when": LATER if request.GET.get("when") == LATER else NOW}
    usual = calendar().moment(datetime.combine(day, USUAL_HOUR))
    over = day == today() and usual < timezone.now()  # then at the next full hour
    return {"at": None if over else usual, "when": EARLIER if day < today() else LATER}


def _quick(request: HttpRequest, form: QuickActivityForm, status: int = 200, **more: Any) -> HttpResponse:
    context = {"form": form, "url": reverse("activity_new"), "title": _("Record an action"), **more}
    context["draft"] = request.POST.get("draft", f"activity:{form.initial['about']}")[:LONGEST_DRAFT]
    return _drawn(request, "activities/quick.html", context, status)


def _quick_words(activity: Activity) -> str:
    values = {"moment": moment(activity.planned_at), "what": _named(activity)}
    if not activity.is_planned:
        return _("Recorded: %(what)s") % values
    if activity.planned_at is not None and activity.planned_at < timezone.now():
        return _("Planned for %(moment)s, which has passed; debrief it if it was done: %(what)s") % values
    return _("Planned for %(moment)s: %(what)s") % values


def _named(activity: Activity) -> str:
    subject = activity.customer or activity
    return f"{activity.kind} · {brief(str(subject))}"


# --- The debrief ---------------------------------------------------------------------------------


@takes_files()
@form_methods
def debrief(request: HttpRequest, pk: int) -> HttpResponse:
    """What came of it, with evidence and next step in the same save."""
    activity = _writable(request, pk)
    user: Any = request.user
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = DebriefForm(user, *posted, activity=activity)
    if request.method == "POST" and (answer := _saved(request, form, _debrief_words, activity=activity)):
        return answer
    return _debrief(request, form, activity=activity, status=422 if form.is_bound else 200)


def _debrief(request: HttpRequest, form: DebriefForm, *, activity: Activity, status: int, **more: Any) -> HttpResponse:
    context = {
        "form": form, "activity": activity, "url": request.path, "title": _("Debrief"),
        "version": request.POST.get("version", activity.version), **more,
    }  # fmt: skip
    context["draft"] = f"debrief:{activity.pk}"
    return _drawn(request, "activities/debrief.html", context, status)


def _debrief_words(activity: Activity) -> str:
    return _("Debriefed: %(what)s") % {"what": _named(activity)}


def _saved(
    request: HttpRequest, form: Any, words: Callable[[Activity], str], activity: Activity | None = None
) -> HttpResponse | None:
    """The answer to a form that was taken or came too late; None when it has to be mended."""
    conflict: dict[str, Any] = {}
    with form.file_at_hand():
        if form.is_valid():
            try:
                written = form.save()
            except StaleWrite as error:
                conflict = {"conflict": conflict_of(error, request.user), "conflict_row": error.row._meta.model_name}
            except ValidationError as error:
                form.take(error)
            else:
                return _done(request, written, " · ".join(filter(None, (words(written), _heights(form, written)))))
        form.keep_file()
    if not conflict:
        return None
    if activity is None:
        return _quick(request, form, status=409, **conflict)
    if form.winner("activity") == "mine" and conflict["conflict_row"] != "activity":
        conflict["version"] = version_in(request.POST, "current_version")  # one of two is settled
    return _debrief(request, form, activity=activity, status=409, **conflict)


def _heights(form: ToldForm, activity: Activity) -> str:
    """What the evidence of the same save did to a height, in words; empty without any. No query."""
    factor = form.cleaned_data["rung"].partition("-")[0]
    if not factor or activity.done_at is None:
        return ""
    ladder, was = ladders()[factor], form.heights.of(factor)
    heights = heights_in(activity.opportunity) or Heights()
    height, claimed = heights.of(factor), heights.claimed[FACTORS.index(factor)]
    if height > was:
        return _("%(factor)s has risen: %(was)s → %(height)s") % {"factor": ladder, "was": was, "height": height}
    recorded = _("Recorded for %(factor)s") % {"factor": ladder}
    return f"{recorded} · {_(HOLLOW) % {'claimed': claimed, 'height': height}}" if claimed > height else recorded


# --- What else is done with it -------------------------------------------------------------------


@form_methods
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Every field of it."""
    activity = _writable(request, pk)
    user: Any = request.user
    form = ActivityForm(user, request.POST if request.method == "POST" else None, row=activity)
    return _plain(
        request, activity, form, lambda: actions.edit_activity(activity=activity, actor=user, **form.settled()),
        title=_("Edit the activity"), said=_("Saved."),
    )  # fmt: skip


@form_methods
def reschedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Another moment for it."""
    activity = _writable(request, pk)
    initial = {"planned_at": activity.planned_at, "version": activity.version}
    form = RescheduleForm(request.POST if request.method == "POST" else None, initial=initial)
    return _one_thing(
        request, activity, form,
        lambda: actions.reschedule_activity(
            activity=activity, planned_at=form.cleaned_data["planned_at"], **_seen(request)
        ),
        title=_("Reschedule"), said=_("Rescheduled."), text=str(activity),
    )  # fmt: skip


@form_methods
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """It does not take place."""
    activity = _writable(request, pk)
    form = CancelForm(request.POST if request.method == "POST" else None, initial={"version": activity.version})
    return _one_thing(
        request, activity, form,
        lambda: actions.cancel_activity(activity=activity, reason=form.cleaned_data["reason"], **_seen(request)),
        title=_("Cancel the activity?"), said=_("The activity was cancelled."), text=str(activity),
        submit=_("Cancel the activity"), danger=True,
    )  # fmt: skip


@form_methods
def coach(request: HttpRequest, pk: int) -> HttpResponse:
    """A manager's note on the debrief."""
    activity = found(request, pk)
    user: Any = request.user
    if not may_coach(user, activity):
        raise PermissionDenied(_("Only a manager above the owner coaches, and nobody on their own activity."))
    initial = {"note": activity.coaching, "version": activity.version}
    form = CoachForm(request.POST if request.method == "POST" else None, initial=initial)
    return _one_thing(
        request, activity, form,
        lambda: actions.coach_activity(activity=activity, note=form.cleaned_data["note"], **_seen(request)),
        title=_("Coaching note"), said=_("Saved."), text=activity.outcome,
    )  # fmt: skip


def _seen(request: HttpRequest) -> dict[str, Any]:
    name = "current_version" if request.POST.get("keep") == "mine" else "version"
    return {"seen": version_in(request.POST, name), "actor": request.user}


def _one_thing(
    request: HttpRequest, activity: Activity, form: Any, write: Callable[[], Activity], **context: Any
) -> HttpResponse:
    """A form that sets one thing: whoever lets theirs stand after a conflict writes nothing."""
    if request.POST.get("keep") == "theirs" and version_in(request.POST, "current_version"):
        return _done(request, activity, _("Left as it was changed by somebody else."))
    return _plain(request, activity, form, write, **context)


def _plain(
    request: HttpRequest, activity: Activity, form: Any, write: Callable[[], Activity], *, said: str, **context: Any
) -> HttpResponse:
    """A form about an activity: shown, refused with 422, too late with 409, or written."""
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            return _done(request, write(), said)
        except StaleWrite as error:
            conflict = conflict_of(error, request.user)
        except ValidationError as error:
            take(form, error)
    home = reverse("activity", args=[activity.pk])
    context = {
        "form": form, "url": request.path, "conflict": conflict, "cancel": home, "parent": (home, str(activity)),
        "draft": request.path.strip("/"), **context,
    }  # fmt: skip
    return _drawn(request, "layouts/form.html", context, 409 if conflict else 422 if form.is_bound else 200)


# --- Answers -------------------------------------------------------------------------------------


def _drawn(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    layout = "layouts/dialog_form.html" if is_htmx(request) else "layouts/form_page.html"
    return render(request, template, {"layout": layout, **context}, status=status)


def _done(request: HttpRequest, activity: Activity, words: str) -> HttpResponse:
    """Taken: a toast, and the page behind the dialog draws itself anew; from a page of its own to the activity."""
    home = reverse("activity", args=[activity.pk])
    if not is_htmx(request):
        messages.success(request, words, extra_tags=_draft(request))
        return redirect(home)
    response = HttpResponse()
    if urlsplit(request.headers.get("HX-Current-URL", "")).path == request.path:
        messages.success(request, words)
        response["HX-Redirect"] = home
        return _forget_draft(request, response)
    _forget_draft(request, response)
    trigger_client_event(response, "asc:toast", {"text": words})
    trigger_client_event(response, "asc:close-dialog")
    return trigger_client_event(response, "asc:changed", {"id": activity.opportunity_id})


def _forget_draft(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """What the device has kept of the form that was taken (drafts.js) is not needed any more."""
    draft = _draft(request)
    return trigger_client_event(response, "asc:draft-saved", {"name": draft}) if draft else response


def _draft(request: HttpRequest) -> str:
    """The name under which the device has kept the form."""
    return request.POST.get("draft", "")[:LONGEST_DRAFT]
