"""How often."""

import logging
from typing import Any

from rest_framework import throttling
from rest_framework.request import Request

from accounts.models import AccessToken

logger = logging.getLogger(__name__)


class TokenThrottle(throttling.SimpleRateThrottle):
    """Requests a minute of one token (`API_RATE`); a cache that is down lets them through."""

    scope = "token"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        token = request.auth
        return f"throttle-token-{token.pk}" if isinstance(token, AccessToken) else None

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except OSError:
            logger.warning("The cache does not answer: requests are not counted")
            return True
