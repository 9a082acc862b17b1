"""What a token and a role may do, before any row is looked at; the actions ask again."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import permissions
from rest_framework.request import Request

from accounts.models import AccessToken, User


class TokenScope(permissions.BasePermission):
    """A token of scope `read` reads."""

    message = _("This token may only read.")

    def has_permission(self, request: Request, view: Any) -> bool:
        token = request.auth
        return (
            request.method in permissions.SAFE_METHODS
            or not isinstance(token, AccessToken)
            or token.scope == AccessToken.Scope.WRITE
        )


class SalesRecord(permissions.BasePermission):
    """Executives read sales records (METHOD.md §10)."""

    message = _("You may read this but not change it.")

    def has_permission(self, request: Request, view: Any) -> bool:
        role = getattr(request.user, "role", None)
        return request.method in permissions.SAFE_METHODS or role != User.Role.EXECUTIVE


class AdminsWrite(permissions.BasePermission):
    """Everybody reads, administrators change."""

    message = _("Only administrators may change this.")

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in permissions.SAFE_METHODS or getattr(request.user, "is_admin", False)


class AdminsOnly(permissions.BasePermission):
    """For administrators alone, reading too."""

    message = _("Only administrators may do this.")

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(request.user, "is_admin", False))
