"""What the filter sets of every app share."""

from typing import Any

import django_filters as filters
from django.db.models import Count, Q, QuerySet, Subquery, Value
from django.db.models.lookups import Exact

from config.web.fields import DayField
from config.web.money import MoneyFormField


class ReferenceFilter(filters.ModelMultipleChoiceFilter):
    """Rows of another table by `to_field_name`; one that is unknown and one that is hidden are both invalid.

    The rows were looked up to check them, so it narrows by their ids, without a join.
    """

    def filter(self, qs: Any, value: Any) -> Any:
        return qs.filter(**{f"{self.field_name}__in": [row.pk for row in value]}) if value else qs

    def condition(self, names: list[str]) -> Q:
        """What `filter` asks for, by names that the database looks up in the query they are used in.

        As in the form, one name that is unknown or hidden lets no row through.
        """
        name = self.extra["to_field_name"]
        among: QuerySet[Any] = self.get_queryset(self.get_request()).filter(**{f"{name}__in": names})
        found = among.order_by().annotate(all=Value(1)).values("all").annotate(found=Count("pk")).values("found")
        return self.within(among) & Q(Exact(Subquery(found), Value(len(set(names)))))

    def within(self, among: QuerySet[Any]) -> Q:
        """The rows whose reference is one of these."""
        return Q(**{f"{self.field_name}__in": among.order_by().values("pk")})


class Conditions:
    """Stands where a filter expects a queryset, and keeps as one condition what it is filtered by."""

    def __init__(self, asked: Q | None = None) -> None:
        self.asked = asked or Q()

    def filter(self, *args: Any, **lookups: Any) -> "Conditions":
        return Conditions(self.asked & Q(*args, **lookups))


class ChoicesFilter(filters.MultipleChoiceFilter):
    """Some of a column's own choices."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        choices = kwargs.pop("choices")
        super().__init__(*args, **{"distinct": False, "choices": getattr(choices, "choices", choices), **kwargs})

    def filter(self, qs: Any, value: list[str]) -> Any:
        return qs.filter(**{f"{self.field_name}__in": value}) if value else qs


class MoneyFilter(filters.Filter):
    """An amount as people type it."""

    field_class = MoneyFormField


class DayFilter(filters.DateFilter):
    """A day that one can count back and forth from, with the same bounds as one that is typed into a form."""

    field_class = DayField


class ArchivedFilter(filters.BooleanFilter):
    """Leaves archived rows out unless `archived=true`."""

    def filter(self, qs: Any, value: bool | None) -> Any:
        return qs if value else qs.in_use()
