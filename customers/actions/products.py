"""Writes about products, by administrators."""

from typing import Any

from django.db import transaction

from accounts import edits
from accounts.actions import refuse_unless_admin
from accounts.models import User
from customers.actions.shared import only, refuse_if_archived, set_archived
from customers.models import Product

PRODUCT_FIELDS = ("name", "line", "is_core", "active")


@transaction.atomic
def create_product(*, actor: User, name: str, **fields: Any) -> Product:
    """A new product (administrators)."""
    refuse_unless_admin(actor)
    return edits.create(Product(name=name.strip(), **fields), actor=actor)


def edit_product(*, product: Product, changes: dict[str, Any], seen: int | None, actor: User) -> Product:
    """Set fields of PRODUCT_FIELDS (administrators)."""
    refuse_unless_admin(actor)
    refuse_if_archived(product)
    return edits.edit(product, changes=only(changes, PRODUCT_FIELDS), seen=seen, actor=actor)


def archive_product(*, product: Product, seen: int | None, actor: User) -> Product:
    refuse_unless_admin(actor)
    return set_archived(product, True, seen, actor)


def restore_product(*, product: Product, seen: int | None, actor: User) -> Product:
    refuse_unless_admin(actor)
    return set_archived(product, False, seen, actor)
