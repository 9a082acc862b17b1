"""What the filter sets of every app share."""

from typing import Any

import django_filters as filters

from config.web.money import MoneyFormField


class ReferenceFilter(filters.ModelMultipleChoiceFilter):
    """Rows of another table by `to_field_name`; one that is unknown and one that is hidden are both invalid.

    The rows were looked up to check them, so it narrows by their ids, without a join.
    """

    def filter(self, qs: Any, value: Any) -> Any:
        return qs.filter(**{f"{self.field_name}__in": [row.pk for row in value]}) if value else qs


class ChoicesFilter(filters.MultipleChoiceFilter):
    """Some of a column's own choices."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"distinct": False, **kwargs})


class MoneyFilter(filters.Filter):
    """An amount as people type it."""

    field_class = MoneyFormField


class ArchivedFilter(filters.BooleanFilter):
    """Leaves archived rows out unless `archived=true`."""

    def filter(self, qs: Any, value: bool | None) -> Any:
        return qs if value else qs.in_use()
