"""The cache in Redis. While Redis does not answer, each process keeps its own: limits still count, nothing fails."""

import logging
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

PAUSE = 10.0  # seconds after a failure in which Redis is not asked again
PATIENCE = 1.0  # seconds to wait for it
own = LocMemCache("while-redis-is-down", {})
_asked_again_at = 0.0


def _surviving(verb: str) -> Any:
    """The client's method of this name: Redis's answer, or our own cache's when there is none or was none just now."""

    def ask(self: RedisCacheClient, *arguments: Any) -> Any:
        global _asked_again_at
        if time.monotonic() >= _asked_again_at:
            try:
                return getattr(RedisCacheClient, verb)(self, *arguments)
            except (OSError, RedisError):
                _asked_again_at = time.monotonic() + PAUSE
                logger.warning("Redis does not answer: this process keeps its own cache for %d seconds", PAUSE)
        return getattr(own, verb)(*arguments)

    return ask


class SurvivingClient(RedisCacheClient):
    """Django's, with short time limits and the process's own cache behind it."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        limits: dict[str, Any] = {
            "socket_connect_timeout": PATIENCE,
            "socket_timeout": PATIENCE,
            "retry": Retry(NoBackoff(), 1),
        }
        super().__init__(servers, **limits | options)

    add = _surviving("add")
    get = _surviving("get")
    set = _surviving("set")
    touch = _surviving("touch")
    delete = _surviving("delete")
    get_many = _surviving("get_many")
    has_key = _surviving("has_key")
    incr = _surviving("incr")
    set_many = _surviving("set_many")
    delete_many = _surviving("delete_many")
    clear = _surviving("clear")


class SurvivingRedisCache(RedisCache):
    """`django.core.cache.backends.redis.RedisCache`, for which Redis may be down."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = SurvivingClient
