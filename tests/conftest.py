"""Fixtures that every test may use."""

import gc

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, settings

from config.web.context import set_zone
from config.web.money import set_currency
from pipeline.runs import leases
from tests import factories
from tests.factories import Company
from tests.matrix.rows import rows  # noqa: F401

# How long an example takes tells of the machine; the examples of a test share its fixtures.
settings.register_profile(
    "ascent", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("ascent")

gc.set_threshold(200_000, 50, 100)  # a tenth of the suite's time went into looking for garbage


@pytest.fixture(autouse=True)
def empty_cache():
    """Throttles and rate limits of one test do not reach the next."""
    cache.clear()


@pytest.fixture(autouse=True)
def no_organisation():
    """What one test's requests have said of currency and time zone does not reach the next."""
    set_currency("CNY")
    set_zone(None)


@pytest.fixture
def company(db) -> Company:
    """A small company with every role: see `factories.Company`."""
    return factories.company()


@pytest.fixture
def signed_in():
    """A browser client signed in as the given person."""

    def make(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture(autouse=True)
def no_sign_of_life_from_outside(request, monkeypatch):
    """A run in a test's transaction is out of sight of the heartbeat's own connection, which would call it lost."""
    mark = request.node.get_closest_marker("django_db")
    if mark is not None and not mark.kwargs.get("transaction"):
        monkeypatch.setattr(leases, "BEAT", 3600)
