"""Indexes as our lists are sorted."""

from typing import Any

from django.db import models


class EmptyLastIndex(models.Index):
    """An index whose descending columns have empty values last, as `ordered` sorts; SQLite does so by itself."""

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **kwargs: Any) -> Any:
        statement = super().create_sql(model, schema_editor, using, **kwargs)
        if schema_editor.connection.vendor == "postgresql":
            columns: Any = statement.parts["columns"]
            columns.col_suffixes = [
                f"{way} NULLS LAST" if way and model._meta.get_field(name).null else way
                for name, way in self.fields_orders
            ]
        return statement
