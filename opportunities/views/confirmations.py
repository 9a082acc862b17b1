"""What waits for a manager: evidence to be confirmed, in batch or one by one, and waivers of the gate."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from accounts.models import User
from accounts.selectors import today
from opportunities.actions import confirm_each
from opportunities.actions.checkpoints import Confirmation
from opportunities.selectors.joint_plan import with_on_time
from opportunities.selectors.ladders import ladders
from opportunities.selectors.records import to_be_confirmed
from opportunities.selectors.waivers import waiting_count, waivers_waiting
from opportunities.views.answers import is_htmx

ROWS = 50


@require_http_methods(["GET", "POST"])
def confirmations(request: HttpRequest) -> HttpResponse:
    """GET: the records and waivers that wait for this person. POST `ids`: confirm these, each answered on its own."""
    user = _judge(request)
    if request.method == "GET":
        return _page(request, user)
    try:
        results = confirm_each(ids=_ids(request), actor=user)
    except ValidationError as error:
        return _page(request, user, problems=error.messages, status=422)
    failed = [result for result in results if result.problem]
    return _page(request, user, confirmed=len(results) - len(failed), failed=failed)


@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How much waits for this person, as the navigation shows it: nothing for nothing. Two queries."""
    return render(request, "opportunities/waiting.html", {"count": waiting_count(_judge(request))})


def _judge(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not (user.is_manager or user.is_admin):
        raise PermissionDenied(_("Only managers and administrators confirm evidence."))
    return user


def _ids(request: HttpRequest) -> list[int]:
    texts = request.POST.getlist("ids")
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 10]


def _page(
    request: HttpRequest,
    user: User,
    *,
    confirmed: int = 0,
    failed: list[Confirmation] | None = None,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    page = Paginator(to_be_confirmed(user), ROWS).get_page(request.GET.get("page"))
    with_on_time(page.object_list, today())
    context: dict[str, Any] = {
        "page": page,
        "ladders": ladders(),
        "waivers": waivers_waiting(user),
        "confirmed": confirmed,
        "failed": failed or [],
        "problems": problems or [],
    }
    part = "#list" if is_htmx(request) and request.method == "POST" else ""
    response = render(request, f"opportunities/confirmations.html{part}", context, status=status)
    return trigger_client_event(response, "asc:judged") if part else response
