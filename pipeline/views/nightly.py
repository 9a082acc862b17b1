"""The nightly runs, for administrators."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from accounts.models import User
from config.celery import app
from pipeline import nightly
from pipeline.models import NightlyRun
from pipeline.selectors.history import freshness
from pipeline.tasks import nudge, run_nightly_now

PAGE_SIZE = 50


def _refuse_unless_admin(request: HttpRequest) -> None:
    assert isinstance(request.user, User)
    if not request.user.is_admin:
        raise PermissionDenied


def show(request: HttpRequest) -> HttpResponse:
    """Each run: when, how long, how many rows, what went wrong; the days still due; whether the broker answers."""
    _refuse_unless_admin(request)
    page = Paginator(NightlyRun.objects.all(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "freshness": freshness(), "due": nightly.due_days(), "broker_answers": broker_answers()}
    return render(request, "pipeline/nightly.html", context)


@require_POST
def run_now(request: HttpRequest) -> HttpResponse:
    """Have the days that are due computed now, by the worker."""
    _refuse_unless_admin(request)
    if nudge(run_nightly_now):
        messages.success(request, _("The nightly run was started. Reload this page to see how it goes."))
    else:
        messages.error(request, _("The broker does not answer. The run starts by itself once it is back."))
    return redirect("nightly")


def broker_answers() -> bool:
    """Whether a task could be handed over just now."""
    try:
        with app.connection_for_write(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except (OperationalError, OSError):
        return False
    return True
