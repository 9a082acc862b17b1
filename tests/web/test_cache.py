"""The cache while Redis is down, hangs, and is back. What people see then: tests/tooling/test_without_redis.py."""

import logging
import socket
import time
from contextlib import closing

import pytest
from django.core.cache import cache, caches
from django.core.cache.backends.redis import RedisCacheClient

from config.web import cache as ours

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def asked_again(monkeypatch):
    """What one test has found out about Redis does not reach the next."""
    monkeypatch.setattr(ours, "_asked_again_at", 0.0)
    ours.own.clear()
    yield
    ours.own.clear()


def use(settings, location: str) -> None:
    backend = "config.web.cache.SurvivingRedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": location, "KEY_PREFIX": "ascent"}}
    assert isinstance(caches["default"], ours.SurvivingRedisCache)


def test_while_redis_is_down_the_process_keeps_its_own(settings, caplog):
    use(settings, NOWHERE)
    with caplog.at_level(logging.WARNING, "config.web.cache"):
        cache.set("a", [1], 60)
        assert cache.get("a") == [1]
        assert (cache.add("a", 2), cache.add("n", 1)) == (False, True)
        assert (cache.incr("n", 2), cache.get("n")) == (3, 3)
        cache.set_many({"b": 1, "c": 2}, 60)
        assert cache.get_many(["a", "b", "c", "d"]) == {"a": [1], "b": 1, "c": 2}
        cache.delete_many(["b"])
        assert ("a" in cache, "b" in cache, cache.touch("a", 5), cache.delete("a")) == (True, False, True, True)
        assert cache.get("a", "nothing") == "nothing"
        cache.clear()
        assert cache.get("c") is None
    assert len(caplog.records) == 1


def test_a_redis_that_hangs_is_waited_for_once(settings):
    with closing(socket.create_server(("127.0.0.1", 0), backlog=50)) as silent:
        use(settings, f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        for number in range(20):
            cache.set("a", number)
        assert cache.get("a") == 19
        assert time.monotonic() - began < 4


def test_when_it_is_back_it_is_asked_again(settings, monkeypatch):
    use(settings, NOWHERE)
    cache.set("a", "own")
    monkeypatch.setattr(RedisCacheClient, "get", lambda *_arguments: "of redis")
    assert cache.get("a") == "own"
    monkeypatch.setattr(ours, "_asked_again_at", time.monotonic() - 1)
    assert cache.get("a") == "of redis"


def test_other_errors_are_not_hidden(settings):
    use(settings, NOWHERE)
    with pytest.raises(ValueError, match="not found"):
        cache.incr("never-set")
