"""How allauth behaves here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts import audit


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is closed: administrators invite people."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that asks, as the one proxy in front says (BEHIND_PROXY); empty where nobody knows it."""
        try:
            return super().get_client_ip(request)
        except PermissionDenied:
            return ""

    def get_user_display(self, user: Any) -> str:
        return str(user)

    def pre_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse | None:
        """allauth signs in whoever is active; people of the demo company only while DEBUG is on."""
        if user.is_demo and not settings.DEBUG:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **options)

    def set_password(self, user: Any, password: str) -> None:
        """A new password, by change or by the mailed link; the trail says that, and nothing of it."""
        super().set_password(user, password)
        audit.record("set_password", row=user, actor=user)
