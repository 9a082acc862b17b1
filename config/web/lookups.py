"""Conditions in SQL that Django does not have."""

from typing import Any

from django.db.models.lookups import In


class Among(In):
    """`IN` with a subquery that PostgreSQL carries out once: only then does an OR of several use an index for each."""

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        return f"= ANY(ARRAY{rhs})" if connection.vendor == "postgresql" else super().get_rhs_op(connection, rhs)
