"""Through which door the work under way came in: `browser`, `api`, `import` or `command`."""

from contextvars import ContextVar

door: ContextVar[str] = ContextVar("door", default="command")
