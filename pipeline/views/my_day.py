"""My day: what a rep does first."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.form_pages import is_fragment
from accounts.models import User
from opportunities.actions import look_until
from opportunities.selectors.news import looked_at, news_for
from pipeline.selectors.my_day import MyDay, my_day
from pipeline.views.day_lines import LineDrawer

HEADINGS = {
    "unassessed": (_("No evidence recorded yet"), "eye-off", "warn"),
    "overdue": (_("Overdue"), "clock-exclamation", "bad"),
    "losing": (_("Losing height or standing still"), "trending-down", "warn"),
    "today": (_("Due today"), "calendar-due", "2"),
    "next": (_("Next rung of each deal"), "stairs-up", "acc"),
}
NEWS_SHOWN, NEWS_ON_PAGE = 10, 100  # on My day; on their page, before all of them are asked for


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The person's own day. `?key=1`: key accounts alone; `?all=SECTION`: that section to its end."""
    assert isinstance(request.user, User)
    key_only, whole = request.GET.get("key") == "1", request.GET.get("all", "")
    found = my_day(request.user, key_only=key_only, whole=whole)
    drawer = LineDrawer(found.day, editable=request.user.sells)
    context = {
        "found": found,
        "sections": [(section, *HEADINGS[section.key], drawer.section(section)) for section in found.sections],
        "key_only": key_only,
        "leads": _leads(request.user, found),
    }
    return render(request, "pipeline/my_day.html", context)


def _leads(user: User, found: MyDay) -> bool:
    """Whether the person's work is their team's: of their own there is nothing that figures could tell."""
    return user.is_manager and user.team_id is not None and not (found.figures.count or found.booked.count)


@require_safe
@vary_on_headers("HX-Request")
def news(request: HttpRequest) -> HttpResponse:
    """What others changed in the person's own opportunities: the first lines come to My day, more to the page.

    `?all=1`: all of it. Only where all of it is shown can it be marked as seen, so that nothing goes unread.
    """
    assert isinstance(request.user, User)
    since, drawn_at = looked_at(request.user), timezone.now()
    panel = is_fragment(request)
    shown = NEWS_SHOWN if panel else None if request.GET.get("all") == "1" else NEWS_ON_PAGE
    found = news_for(request.user, since, most=shown and shown + 1)
    more = shown is not None and len(found) > shown
    context = {"drawn_at": drawn_at, "looked_at": since, "news": found[:shown], "more": more}
    return render(request, "pipeline/news.html" if panel else "pipeline/news_page.html", context)


@require_POST
def looked(request: HttpRequest) -> HttpResponse:
    """What had changed when the news were drawn (`until`) has been looked at."""
    assert isinstance(request.user, User)
    look_until(user=request.user, moment=_moment_in(request.POST.get("until", "")))
    return redirect("my_day")


def _moment_in(text: str) -> datetime:
    """The moment that was posted, in UTC; now for what is none."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if timezone.is_aware(found) else timezone.now()
    except (ValueError, OverflowError):
        return timezone.now()
