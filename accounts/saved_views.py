"""Writes about saved views: a page's filters and order under a name, for oneself or for one's team."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, edits, visibility
from accounts.models import SavedView, SavedViewPlace, User
from accounts.querysets import LAST_PLACE

MOST = 50  # of one person
FIELDS = ("name", "query", "scope")


def may_delete(view: SavedView, user: User) -> bool:
    """The owner; of a shared one also a manager above the owner, and administrators. `view.owner.team` is loaded."""
    if view.owner_id == user.pk:
        return True
    return view.scope == SavedView.Scope.TEAM and (user.is_admin or visibility.is_above(user, view.owner))


def refuse_unless_owner(view: SavedView, user: User) -> None:
    if view.owner_id != user.pk:
        raise PermissionDenied(_("Only its owner changes a view."))


def refuse_unless_deletable(view: SavedView, user: User) -> None:
    if not may_delete(view, user):
        raise PermissionDenied(_("Only its owner, a manager above or an administrator deletes a shared view."))


@transaction.atomic
def save_view(
    *, actor: User, name: str, page: str, query: str, scope: str = SavedView.Scope.MINE, **fields: Any
) -> SavedView:
    """A new view of the actor; `query` is what the filters of the page have accepted."""
    if SavedView.objects.filter(owner=actor).count() >= MOST:
        raise ValidationError(_("You have %(count)s views. Delete one first.") % {"count": MOST})
    view = SavedView(owner=actor, name=name.strip(), page=page, query=query, **fields, **_shared(actor, scope))
    return edits.create(view, actor=actor)


def _shared(owner: User, scope: str) -> dict[str, Any]:
    """The scope with the team that it means now."""
    if scope == SavedView.Scope.TEAM and owner.team is None:
        raise ValidationError({"scope": _("You are in no team to share it with.")})
    return {"scope": scope, "team": owner.team if scope == SavedView.Scope.TEAM else None}


@transaction.atomic
def edit_view(*, view: SavedView, changes: dict[str, Any], seen: int | None, actor: User) -> SavedView:
    """Rename, share or change one's own view; fields of FIELDS."""
    refuse_unless_owner(view, actor)
    wanted = {name: value for name, value in changes.items() if name in FIELDS}
    if "scope" in wanted:
        wanted |= _shared(actor, wanted["scope"])
    return edits.edit(view, changes=wanted, seen=seen, actor=actor)


@transaction.atomic
def delete_view(*, view: SavedView, actor: User) -> None:
    """Take a view away from everybody who sees it; it holds nothing but filters, so nothing else is lost."""
    refuse_unless_deletable(view, actor)
    audit.record("delete", row=view, actor=actor, changes={"query": (view.query, None), "owner": (view.owner, None)})
    view.delete()


@transaction.atomic
def reorder_views(*, order: list[SavedView], actor: User) -> None:
    """Put the views that the actor sees into this order, for the actor alone."""
    places = [SavedViewPlace(user=actor, view=view, position=n, page=view.page) for n, view in enumerate(order)]
    SavedViewPlace.objects.bulk_create(
        places, update_conflicts=True, unique_fields=["user", "view"], update_fields=["position"]
    )
    audit.record("reorder_views", row=actor, actor=actor, changes={"views": (None, ", ".join(str(v) for v in order))})


@transaction.atomic
def choose_default_view(*, view: SavedView, chosen: bool, actor: User) -> None:
    """Let the view's page open with it for the actor, or no longer."""
    edits.locked(actor)  # one choice after the other: a page has one default
    now = SavedViewPlace.objects.filter(user=actor, page=view.page, is_default=True)
    if now.filter(view=view).exists() == chosen:
        return
    now.update(is_default=False)
    if chosen:
        SavedViewPlace.objects.update_or_create(
            user=actor, view=view, defaults={"is_default": True, "page": view.page},
            create_defaults={"is_default": True, "page": view.page, "position": LAST_PLACE},
        )  # fmt: skip
    audit.record("choose_default_view", row=view, actor=actor, changes={"default": (not chosen, chosen)})
