"""How a file of a workspace and its columns are described."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from config.web.revisions import Revised
from pipeline.interchange import cells


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `store` is its type in staging, `ref` the file whose keys it holds, `field` the model's field.

    `empty` is what an empty cell holds, `absent` what a new row holds where the file lacks the column.
    A `special` column is none that is simply copied into its model's field, one that stands `aside` has no field at
    all. A `required` column that may be `blank`
    has to be there, its cells need not be filled. Where an empty cell of a column `keeps`, what is known stays.
    `show` makes the cell of an export from the field's value; `ours` is what is known of it, as SQL over the row m
    of the table, where that is not the field itself.
    """

    name: str
    parse: cells.Parse = cells.key
    store: str = "text"
    required: bool = False
    ref: str = ""
    field: str = ""
    empty: Any = None
    absent: Any = None
    special: bool = False
    aside: bool = False
    blank: bool = False
    keeps: bool = False
    show: Callable[[Any], Any] | None = None
    ours: str = ""

    @property
    def field_name(self) -> str:
        return self.field or self.name


@dataclass(frozen=True, slots=True)
class File:
    """A file: `key` are the columns that name a row; `match` the model's field that holds a key.

    `derived` are columns of the table that a new row has from none of the file's: (name, SQL over the staged row s).
    `identity` says in the same form which columns of the table tell its rows apart, where those of the key do not.
    """

    name: str
    model: type[models.Model]
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("key",)
    match: str = "key"
    derived: tuple[tuple[str, str], ...] = ()
    identity: tuple[tuple[str, str], ...] = ()

    @property
    def table(self) -> str:
        """The staging table."""
        return "interchange_" + self.name.removesuffix(".csv")

    @property
    def plain(self) -> list[Column]:
        """Columns that are copied into the model as they are, the key left out."""
        return [column for column in self.stored if not column.special]

    @property
    def stored(self) -> list[Column]:
        """Columns with a field of their own, the key left out."""
        return [column for column in self.columns if not column.aside and column.name not in self.key]

    @property
    def revised(self) -> bool:
        """Whether its rows know which of their fields somebody changed since the last import."""
        return issubclass(self.model, Revised)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def words(choices: type[models.TextChoices] | Iterable[str]) -> cells.Parse:
    return cells.choice(*(choices.values if isinstance(choices, type) else choices))  # type: ignore[attr-defined]


def text(name: str, longest: int, **options: Any) -> Column:
    return Column(name, cells.text(longest), **{"empty": "", "absent": "", **options})


def reference(name: str, ref: str, **options: Any) -> Column:
    return Column(name, ref=ref, **options)


KEY = Column("key", required=True)
NAME = text("name", 200, required=True)
ARCHIVED = Column("archived_at", cells.moment, "moment")
CREATED_AT = Column("created_at", cells.moment, "moment", keeps=True)
