"""The work under way: its door (`browser`, `api`, `import`, `worker`, `command`), the time zone it shows moments in."""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import tzinfo

from django.utils import timezone

door: ContextVar[str] = ContextVar("door", default="command")
_zone: ContextVar[tzinfo | Callable[[], tzinfo] | None] = ContextVar("zone", default=None)


def set_zone(zone: tzinfo | Callable[[], tzinfo]) -> None:
    """Set the time zone that moments are shown in from now on in this thread: a zone, or a callable asked once."""
    _zone.set(zone)


def get_zone() -> tzinfo:
    """The time zone that moments are shown in; Django's current one when nobody has set one."""
    zone = _zone.get()
    if callable(zone):
        zone = zone()
        _zone.set(zone)
    return zone or timezone.get_current_timezone()
