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
from opportunities.selectors.news import MOST, looked_at, news_for
from pipeline.selectors.my_day import MyDay, my_day
from pipeline.views.day_lines import LineDrawer

HEADINGS = {
    "unassessed": (_("No evidence recorded yet"), "eye-off", "warn"),
    "overdue": (_("Overdue"), "clock-exclamation", "bad"),
    "losing": (_("Losing height or standing still"), "trending-down", "warn"),
    "today": (_("Due today"), "calendar-due", "2"),
    "next": (_("Next rung of each deal"), "stairs-up", "acc"),
}
NEWS_SHOWN = 10  # on My day


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
    """What others changed in the person's own opportunities: the first lines come to My day, the page has them all."""
    assert isinstance(request.user, User)
    since, drawn_at = looked_at(request.user), timezone.now()
    shown = NEWS_SHOWN if is_fragment(request) else MOST
    found = news_for(request.user, since, most=shown + 1)
    context = {"drawn_at": drawn_at, "looked_at": since, "news": found[:shown], "more": len(found) > shown}
    return render(request, "pipeline/news.html" if is_fragment(request) else "pipeline/news_page.html", context)


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
