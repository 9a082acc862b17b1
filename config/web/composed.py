"""Statements that are composed once a process: with many joins and subqueries that takes longer than to carry them out.

    @composed
    def _open_of(stages: tuple[int, ...], *, owner: int) -> QuerySet[Any]:
        return Opportunity.objects.filter(owner=owner, stage__in=stages)

    rows = _open_of((1, 2), owner=user.pk)

Arguments by position are the statement's shape: for each of them it is composed anew, and the latest are kept. Nothing
else may decide what is asked for, neither the database nor the active language. Arguments by name, numbers, texts, days
and moments, are its values: composed with stand-ins for them, it is carried out with what is given each time.
"""

from collections.abc import Callable, Hashable
from copy import copy
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial, wraps
from hashlib import sha256
from typing import Any

from django.db import connections
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError

from config.web.prepared import call as call_of
from config.web.prepared import prepares, slot

KEPT = 64  # shapes of a statement; some depend on the day, on a manager's team
NUMBER, MOMENT = -7_340_033_000_000_001, datetime(1001, 1, 1, 1, 1, 1, 100_001, UTC)  # what nobody means
STAND_INS: dict[type, Callable[[int], Any]] = {
    int: lambda place: NUMBER - place,
    str: lambda place: f"\x1a{place}",
    datetime: lambda place: MOMENT + timedelta(days=place),
    date: lambda place: MOMENT.date() + timedelta(days=place),
}


class Statement:
    """A compiled queryset, and where in its parameters the values belong.

    It is composed with two sets of stand-ins: where they alone make a difference, every value has been found.
    One that `is_prepared` has a name for connections to prepare it by, which says what it is.
    """

    def __init__(
        self, compose: Callable[..., QuerySet[Any]], kinds: tuple[tuple[str, type], ...], is_prepared: bool = False
    ) -> None:
        these, others = (self._stand_ins(kinds, first) for first in (0, len(kinds)))
        self.queryset = compose(**these)
        self.compiler = self.queryset.query.get_compiler(self.queryset.db)
        self.sql, self.parameters = self.compiler.as_sql()
        places = self._places(these)
        sought = enumerate(each if isinstance(each, int | str | date) else None for each in self.parameters)
        self.places = {place: places[each] for place, each in sought if each in places}
        self.name = self._name() if is_prepared else ""
        if (self.sql, self._parameters(others)) != compose(**others).query.get_compiler(self.queryset.db).as_sql():
            raise ValueError(f"Not every value of {', '.join(these)} reaches the statement as it is: {self.sql}")

    def _name(self) -> str:
        constants = [type(value) if place in self.places else value for place, value in enumerate(self.parameters)]
        return f"composed_{sha256(repr((self.sql, constants)).encode()).hexdigest()[:32]}"

    def _places(self, stand_ins: dict[str, Any]) -> dict[Any, tuple[str, Callable[[Any, str], Any]]]:
        """As what each of them may reach the statement, with its name and what makes a value of it."""
        found: dict[Any, tuple[str, Callable[[Any, str], Any]]] = {}
        for name, stand_in in stand_ins.items():
            ways = (_as_parameter, _as_beginning) if isinstance(stand_in, str) else (_as_parameter,)
            found |= {way(stand_in, self.queryset.db): (name, way) for way in ways}
        return found

    @staticmethod
    def _stand_ins(kinds: tuple[tuple[str, type], ...], first: int) -> dict[str, Any]:
        return {name: STAND_INS[kind](place) for place, (name, kind) in enumerate(kinds, start=first)}

    def _parameters(self, values: dict[str, Any]) -> tuple[Any, ...]:
        parameters = list(self.parameters)
        for place, (name, shown) in self.places.items():
            parameters[place] = shown(values[name], self.queryset.db)
        return tuple(parameters)

    def _asked(self, connection: Any, values: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        if not (self.name and prepares(connection)):
            return self.sql, self._parameters(values)
        call = call_of(connection, self.name, len(self.places), self.sql, self._slots)
        return call, tuple(shown(values[name], connection.alias) for name, shown in self.places.values())

    def _slots(self) -> tuple[Any, ...]:
        parameters = list(self.parameters)
        for number, place in enumerate(self.places, start=1):
            parameters[place] = slot(number, parameters[place])
        return tuple(parameters)

    def rows(self, values: dict[str, Any]) -> list[Any]:
        """What the queryset gives with these values."""
        alias = self.queryset.db
        if self.queryset.query.select_for_update and connections[alias].get_autocommit():
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        asked = self._asked(connections[alias], values)
        compiler, query = copy(self.compiler), copy(self.queryset.query)
        compiler.connection = connections[alias]
        compiler.as_sql = lambda *_args, **_kwargs: asked
        query.get_compiler = lambda *_args, **_kwargs: compiler  # type: ignore[method-assign]
        rows: Any = self.queryset._iterable_class  # type: ignore[attr-defined]
        return list(rows(QuerySet(self.queryset.model, query, alias)))


def composed(compose: Callable[..., QuerySet[Any]], *, is_prepared: bool = False) -> Callable[..., list[Any]]:
    """The rows of the queryset that `compose` gives, which is called for each shape alone."""

    @lru_cache(maxsize=KEPT)
    def statement(kinds: tuple[tuple[str, type], ...], *shape: Hashable) -> Statement:
        return Statement(partial(compose, *shape), kinds, is_prepared)

    @wraps(compose)
    def rows(*shape: Hashable, **values: Any) -> list[Any]:
        kinds = tuple((name, type(value)) for name, value in values.items())
        return statement(kinds, *shape).rows(values)

    return rows


def prepared(compose: Callable[..., QuerySet[Any]]) -> Callable[..., list[Any]]:
    """The same of a statement whose plan does not hang on its values: PostgreSQL reads it once a connection."""
    return composed(compose, is_prepared=True)


def _as_parameter(value: Any, alias: str) -> Any:
    """A value as the fields of the database give it to a statement."""
    operations = connections[alias].ops
    if isinstance(value, datetime):
        return operations.adapt_datetimefield_value(value)
    return operations.adapt_datefield_value(value) if isinstance(value, date) else value


def _as_beginning(text: str, alias: str) -> str:
    """What `startswith` makes of a text."""
    return f"{connections[alias].ops.prep_for_like_query(text)}%"
