"""What a token may do."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import permissions
from rest_framework.request import Request

from accounts.models import AccessToken


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
