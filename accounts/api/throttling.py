"""How often. While Redis is down, each process counts for itself: config/web/cache.py."""

from hashlib import sha256
from typing import Any

from allauth.account.adapter import get_adapter
from rest_framework import throttling
from rest_framework.request import Request

from accounts.models import AccessToken


class TokenThrottle(throttling.SimpleRateThrottle):
    """Requests a minute of one token (`API_RATE`)."""

    scope = "token"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        token = request.auth
        return f"throttle-token-{token.pk}" if isinstance(token, AccessToken) else None


class AddressThrottle(throttling.SimpleRateThrottle):
    """Attempts to sign in from one address."""

    scope = "sign_in"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return f"throttle-sign-in-{get_adapter().get_client_ip(request)}"


class PasswordThrottle(throttling.SimpleRateThrottle):
    """Attempts of one person to change their password, by whatever token."""

    scope = "sign_in"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return f"throttle-password-{request.user.pk}"


class NameThrottle(throttling.SimpleRateThrottle):
    """Attempts to sign in under one login name, from wherever."""

    scope = "sign_in"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        data = request.data if isinstance(request.data, dict) else {}
        name = str(data.get("username", ""))[:254].strip().casefold()
        return f"throttle-sign-in-name-{sha256(name.encode()).hexdigest()}"
