"""Who works on opportunities beside their owners, read with the opportunities themselves."""

from typing import Any

from django.db.models import Aggregate, OuterRef, QuerySet, Subquery, TextField

from opportunities.models import Collaborator, Opportunity

BETWEEN = "\n"  # no login name has one
COLUMN = "helpers"


class Joined(Aggregate):
    """The texts of a group in one, BETWEEN them."""

    function = "STRING_AGG"
    template = f"%(function)s(%(expressions)s, '{BETWEEN}')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **extra)


def with_collaborators(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Opportunities with the login names of their collaborators as COLUMN."""
    of_row = Collaborator.objects.filter(opportunity=OuterRef("pk")).order_by().values("opportunity")
    return queryset.annotate(**{COLUMN: Subquery(of_row.annotate(names=Joined("user__username")).values("names"))})


def collaborators_in(column: str | None) -> list[str]:
    """The login names that COLUMN holds, in order."""
    return sorted(column.split(BETWEEN)) if column else []


def collaborators_of(row: Opportunity) -> list[str]:
    """Likewise of an opportunity; one query unless it comes from `with_collaborators`."""
    if COLUMN in row.__dict__:
        return collaborators_in(row.__dict__[COLUMN])
    return sorted(row.collaborators.values_list("username", flat=True))
