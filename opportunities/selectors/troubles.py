"""What is wrong with how an opportunity climbs, as conditions that any list may be narrowed by."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.selectors import calendar, today
from opportunities.models import Checkpoint, Opportunity
from opportunities.selectors.climbs import progress
from opportunities.selectors.heights import NOW, floors_now, is_inflated, is_unassessed
from opportunities.selectors.stages import all_stages


class Trouble(TextChoices):
    """What open opportunities are looked for by."""

    INFLATED = "inflated", _("Inflated")
    UNPROVEN = "unproven", _("Moved without proof")
    STUCK = "stuck", _("Standing still")
    UNASSESSED = "unassessed", _("Unassessed")


def in_trouble(kind: str) -> Q:
    """The open opportunities of one Trouble; asks for the stages, unless this request has read them."""
    rows: Any = Opportunity.objects.open()
    if kind == Trouble.UNPROVEN:
        found = rows.filter(unproven_from__isnull=False)
    elif kind == Trouble.STUCK:
        found = rows.filter(_stuck())
    elif kind == Trouble.INFLATED:
        found = rows.filter(is_inflated(floors_now(all_stages()), NOW))
    else:
        found = rows.filter(is_unassessed(heights=NOW))
    return Q(pk__in=found.order_by().values("pk"))


def _stuck() -> Q:
    """Longer without progress than the stage's expected days (METHOD.md §7; `rules.progress` of one row)."""
    by_days: dict[int, list[int]] = {}
    for stage in all_stages():
        by_days.setdefault(stage.expected_days, []).append(stage.pk)
    wanted = Q(pk__in=())
    for days, stages in by_days.items():
        wanted |= Q(stage__in=stages) & _still_for(days)
    return wanted


def _still_for(days: int) -> Q:
    """No progress in more than so many days: what was made before counts, without any the stage entry."""
    day = today()
    first = day.fromordinal(day.toordinal() - days)
    moment = calendar().start_of_day(first)
    moved = progress(all_stages())
    verified = Checkpoint.objects.standing().filter(opportunity=OuterRef("pk"), verified_at__isnull=False)
    lately = Q(Exists(moved.filter(valid_from__gte=moment))) | Q(Exists(verified.filter(verified_at__gte=moment)))
    ever = Q(Exists(moved)) | Q(Exists(verified))
    return ~lately & (ever | Q(entered_on__lt=first))
