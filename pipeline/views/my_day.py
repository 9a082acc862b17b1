"""My day: what a rep does first."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from opportunities.actions import look_until
from pipeline.selectors.my_day import my_day
from pipeline.views.day_lines import LineDrawer

HEADINGS = {
    "unassessed": (_("No evidence recorded yet"), "eye-off", "warn"),
    "overdue": (_("Overdue"), "clock-exclamation", "bad"),
    "losing": (_("Losing height or standing still"), "trending-down", "warn"),
    "today": (_("Due today"), "calendar-due", "2"),
    "next": (_("Next rung of each deal"), "stairs-up", "acc"),
}


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
    }
    return render(request, "pipeline/my_day.html", context)


@require_POST
def looked(request: HttpRequest) -> HttpResponse:
    """What had changed when the page was drawn (`until`) has been looked at."""
    assert isinstance(request.user, User)
    text = request.POST.get("until", "")
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        until = timezone.now()
    look_until(user=request.user, moment=until if timezone.is_aware(until) else timezone.now())
    return redirect("my_day")
