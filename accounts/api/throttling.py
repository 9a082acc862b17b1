"""How often. While the cache is down, each process counts for itself."""

import logging
from hashlib import sha256
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import RedisError
from rest_framework import throttling
from rest_framework.request import Request

from accounts.models import AccessToken

logger = logging.getLogger(__name__)
own_count = LocMemCache("throttles", {})


class Throttle(throttling.SimpleRateThrottle):
    """DRF's, which goes on counting in the process when the cache does not answer."""

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except (OSError, RedisError):
            logger.warning("The cache does not answer: requests are counted in this process")
            self.cache = own_count
            return super().allow_request(request, view)


class TokenThrottle(Throttle):
    """Requests a minute of one token (`API_RATE`)."""

    scope = "token"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        token = request.auth
        return f"throttle-token-{token.pk}" if isinstance(token, AccessToken) else None


class AddressThrottle(Throttle):
    """Attempts to sign in from one address."""

    scope = "sign_in"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return f"throttle-sign-in-{get_adapter().get_client_ip(request)}"


class NameThrottle(Throttle):
    """Attempts to sign in under one login name, from wherever."""

    scope = "sign_in"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        data = request.data if isinstance(request.data, dict) else {}
        name = str(data.get("username", ""))[:254].strip().casefold()
        return f"throttle-sign-in-name-{sha256(name.encode()).hexdigest()}"
