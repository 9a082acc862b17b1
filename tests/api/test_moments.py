"""Moments are told in one way, in every resource."""

from importlib import import_module

import pytest
from rest_framework import serializers

from tests import factories

pytestmark = pytest.mark.django_db
OURS = ("accounts", "customers", "opportunities", "pipeline", "reviews")


def kinds(parent=serializers.BaseSerializer):
    for each in parent.__subclasses__():
        yield each
        yield from kinds(each)


def test_each_moment_is_told_with_the_offset_of_the_organisation(company):
    import_module("config.urls")
    rows = {
        each for each in kinds(serializers.ModelSerializer) if each.__module__.startswith(OURS) if hasattr(each, "Meta")
    }
    assert len(rows) > 30
    plain = [
        f"{each.__name__}.{name}"
        for each in rows for name, field in each().fields.items()
        if getattr(type(field), "to_representation", None) is serializers.DateTimeField.to_representation
    ]  # fmt: skip
    assert sorted(plain) == []


@pytest.mark.parametrize("given", ["2026-12-01T09:00", "2026-12-01T01:00:00Z", "2026-12-01T10:00+09:00"])
def test_a_moment_without_an_offset_is_one_of_the_organisation(company, api, given):
    customer = factories.customer(company.rep)
    plan = {"kind": "visit", "customer": customer.key, "planned_at": given}
    made = api(company.rep).post("activities/", plan).json()
    assert made["planned_at"] == "2026-12-01T09:00:00+08:00"


def test_a_run_and_an_entry_tell_their_moments_so(company, api):
    client = api(company.admin)
    made = client.post("exports/").json()
    token = client.post("tokens/", {"name": "Report", "scope": "read", "expires_at": "2199-01-01T00:00:00Z"}).json()
    entry = client.post("playbook/", {"kind": "checklist", "title_en": "First visit", "body_en": "Ask."}).json()
    for moment in (made["created_at"], entry["created_at"], token["expires_at"]):
        assert moment.endswith("+08:00"), moment
