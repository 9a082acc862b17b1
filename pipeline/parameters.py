"""The parameters that every computed answer takes, read the same way by pages and API."""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import today
from pipeline.rules import BARS, EDGES
from pipeline.scopes import Scope, scope_for

FIRST, LAST = date(1900, 1, 1), date(2999, 12, 31)


def scope_from(given: Mapping[str, str], user: User) -> Scope:
    """The scope of `owner=` or `team=`. Http404 outside the reader's own, ValidationError for both at once."""
    return scope_for(user, owner=given.get("owner"), team=given.get("team"))


def day_from(given: Mapping[str, str], name: str) -> date | None:
    """The date in parameter `name`, None when it is absent or empty. ValidationError {name: …} otherwise."""
    text = given.get(name) or ""
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not FIRST <= day <= LAST:
        raise ValidationError({name: _("Give a date as YYYY-MM-DD, between 1900 and 2999.")})
    return day


def window_from(given: Mapping[str, str]) -> tuple[date, date]:
    """`from` and `to` (default: `as_of`, then today). ValidationError when from is missing or later than to.

    Likewise for `period`: the walk of one period is not answered yet, and that of everything is another figure.
    """
    if given.get("period"):
        raise ValidationError({"period": _("The walk of one period is not available: leave it out.")})
    first = day_from(given, "from")
    last = day_from(given, "to") or day_from(given, "as_of") or today()
    if first is None:
        raise ValidationError({"from": _("Give the day after whose end the window begins, as YYYY-MM-DD.")})
    if first > last:
        raise ValidationError({"from": _("This date lies after the end of the window.")})
    return first, last


def bar_from(given: Mapping[str, str]) -> str:
    """The bar of a waterfall, or one of its edges. ValidationError {bar: …} for anything else."""
    bar = given.get("bar") or ""
    if bar not in (*BARS, *EDGES):
        names = ", ".join((*EDGES, *BARS))
        raise ValidationError({"bar": _("Choose one of: %(names)s.") % {"names": names}})
    return bar
