"""The search over everything: customers, opportunities, contacts, the playbook, within what the reader may see."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts import search
from accounts.models import User
from customers.models import Contact, Customer
from opportunities.models import Opportunity, PlaybookEntry

INDEXED = (Customer, Opportunity, Contact, PlaybookEntry)
MOST, MOST_OF_ONE = 6, 50


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found: where it is, what it is called, what stands beside it."""

    pk: int
    key: str
    url: str
    text: str
    hint: str
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What was found of one kind; `more` says that there may be more than are shown."""

    kind: str
    label: Any
    icon: str
    hits: list[Hit]
    more: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    label: Any
    icon: str
    rows: Callable[[User], QuerySet[Any]]
    fields: tuple[str, ...]
    hit: Callable[[dict[str, Any]], Hit]


def _customer(row: dict[str, Any]) -> Hit:
    url = reverse("customer", args=[row["pk"]])
    return Hit(row["pk"], row["key"], url, row["name"], row["owner__name"] or "", row["tier"])


def _opportunity(row: dict[str, Any]) -> Hit:
    url = reverse("opportunity", args=[row["pk"]])
    return Hit(row["pk"], row["key"], url, row["title"], f"{row['customer__name']} · {row['owner__name']}")


def _contact(row: dict[str, Any]) -> Hit:
    url = reverse("customer", args=[row["customer"]]) + f"#contact-{row['pk']}"
    hint = " · ".join(filter(None, [row["title"], row["customer__name"]]))
    return Hit(row["pk"], row["key"], url, row["name"], hint)


def _entry(row: dict[str, Any]) -> Hit:
    wordings = (row["title_zh"], row["title_en"])
    chinese = (get_language() or "").startswith("zh")
    text = next(filter(None, wordings if chinese else reversed(wordings)), "")
    return Hit(row["pk"], row["key"], reverse("playbook_entry", args=[row["pk"]]), text, "")


def _customers(user: User) -> QuerySet[Any]:
    return Customer.objects.visible_to(user).in_use()


def _opportunities(user: User) -> QuerySet[Any]:
    return Opportunity.objects.visible_to(user).in_use()


def _contacts(user: User) -> QuerySet[Any]:
    return Contact.objects.visible_to(user).in_use().filter(customer__archived_at=None)


def _entries(_user: User) -> QuerySet[Any]:
    return PlaybookEntry.objects.in_use()


KINDS = (
    _Kind("customers", _("Customers"), "building", _customers,
          ("owner__name", "tier"), _customer),
    _Kind("opportunities", pgettext_lazy("rows", "Deals"), "target", _opportunities,
          ("customer__name", "owner__name"), _opportunity),
    _Kind("contacts", _("Contacts"), "users", _contacts,
          ("title", "customer", "customer__name"), _contact),
    _Kind("playbook", _("Playbook"), "book", _entries, ("key",), _entry),
)  # fmt: skip
NAMES = tuple(kind.name for kind in KINDS)


def search_everything(user: User, typed: str, only: str = "") -> list[Part]:
    """What answers to the words typed, a part each kind of which there is something; `only` one kind, to its end.

    One query a kind.
    """
    most = MOST_OF_ONE if only else MOST
    parts = (_part(kind, user, typed, most) for kind in KINDS if only in ("", kind.name))
    return [part for part in parts if part.hits]


def _merged_into_seen(user: User) -> QuerySet[Any]:
    return Customer.objects.filter(merged_into__isnull=False, merged_into__in=_customers(user).order_by().values("pk"))


def _with_survivors(rows: list[dict[str, Any]], kind: _Kind, user: User, typed: str) -> list[dict[str, Any]]:
    """Also the customers into which one that answers was merged. Two queries more where there is one."""
    found = search.found(_merged_into_seen, user, typed, MOST, "merged_into")
    wanted = {row["merged_into"] for row in found} - {row["pk"] for row in rows}
    if not wanted:
        return rows
    fields = {"pk", *Customer.searched.fields, *kind.fields}
    return [*kind.rows(user).filter(pk__in=wanted).values(*fields), *rows]


def _part(kind: _Kind, user: User, typed: str, most: int) -> Part:
    rows = search.found(kind.rows, user, typed, most + 1, *kind.fields)
    if kind is KINDS[0]:
        rows = _with_survivors(rows, kind, user, typed)
    return Part(kind.name, kind.label, kind.icon, [kind.hit(row) for row in rows[:most]], len(rows) > most)
