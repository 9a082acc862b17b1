"""The first start, the demo and the nightly run through the API: for administrators, once, as in the browser."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import AuditEntry, Organisation, User
from accounts.selectors import forget_organisation, today
from customers.models import Customer
from pipeline import nightly
from pipeline.api import first_start
from pipeline.api import nightly as nightly_api
from pipeline.models import NightlyRun
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
DOORS = ["start/empty/", "start/demo/", "demo/remove/", "nightly-runs/run/"]


@pytest.fixture
def boss():
    """The administrator of an installation that nobody has used."""
    return User.objects.create_user("boss", factories.PASSWORD, role=User.Role.ADMIN, name="Boss")


@pytest.fixture
def told(monkeypatch):
    """What the worker was told."""
    found = []
    monkeypatch.setattr(first_start, "nudge", lambda task: found.append(task.name) or True)
    return found


def test_an_empty_start(boss, api):
    client = api(boss)
    answer = client.post("start/empty/")
    assert (answer.status_code, list(answer.json())) == (400, ["non_field_errors"])
    seen = client.get("organisation/").json()["version"]
    named = client.patch("organisation/", {"name": "First Works", "version": seen})
    assert (seen, named.status_code, named.json()["name"]) == (0, 200, "First Works")
    assert client.patch("organisation/", {"name": "Second Works", "version": seen}).status_code == 409
    for _n in range(2):
        assert client.post("start/empty/").json()["name"] == "First Works"
    assert Organisation.objects.get().set_up_at is not None
    assert AuditEntry.objects.filter(action="start", actor=boss, door="api").count() == 1


@pytest.mark.slow
def test_the_demo_in_and_out_again(boss, api, told):
    client = api(boss)
    answer = client.post("start/demo/")
    assert (answer.status_code, told) == (200, ["pipeline.tasks.run_nightly_now"])
    assert Organisation.objects.get().is_demo and Customer.objects.exists()
    assert client.post("start/demo/").status_code == 400
    assert client.post("demo/remove/", {"name": "Another company"}).json().keys() == {"name"}
    assert client.post("demo/remove/", {}).json().keys() == {"name"}
    assert client.post("demo/remove/", {"name": answer.json()["name"]}).status_code == 204
    assert not Customer.objects.exists()
    assert list(User.objects.values_list("username", flat=True)) == ["boss"]
    assert client.post("demo/remove/", {"name": "x"}).status_code == 400
    assert AuditEntry.objects.filter(action="remove_demo", actor=boss, door="api").count() == 1


def test_a_company_that_is_no_demo_stays(company, api):
    client = api(company.admin)
    name = client.get("organisation/").json()["name"]
    assert client.post("demo/remove/", {"name": name}).json().keys() == {"non_field_errors"}
    factories.customer(company.rep)
    assert client.post("start/demo/").json().keys() == {"non_field_errors"}
    assert not Organisation.objects.filter(is_demo=True).exists()


@pytest.mark.parametrize("path", DOORS)
def test_they_are_the_administrators(company, api, path):
    for person in (company.rep, company.manager, company.executive):
        assert api(person).post(path, {"name": "x"}).status_code == 403
    assert api(company.admin, "read").post(path, {"name": "x"}).status_code == 403
    assert api().post(path, {"name": "x"}).status_code == 401


@pytest.mark.parametrize("answers", [True, False])
def test_the_nightly_run_is_asked_for(company, api, monkeypatch, answers):
    with time_machine.travel(timezone.now() - timedelta(days=2), tick=False):
        factories.opportunity(company.rep)
    told = []
    monkeypatch.setattr(nightly_api, "nudge", lambda task: told.append(task.name) or answers)
    client = api(company.admin)
    answer = client.post("nightly-runs/run/")
    due = nightly.due_days(at_once=True)
    assert (answer.status_code, answer.json()) == (202, {"started": answers, "due": len(due)})
    assert told == ["pipeline.tasks.run_nightly_now"] and len(due) >= 1


def test_nightly_runs_are_listed(company, api):
    forget_organisation()
    days = [today() - timedelta(days=back) for back in (1, 2)]
    NightlyRun.objects.create(day=days[1], state="failed", error="OperationalError: no room")
    NightlyRun.objects.create(day=days[0], state="finished", rows=7, ended_at=timezone.now())
    client = api(company.admin)
    listed = client.get("nightly-runs/").json()["results"]
    assert [(row["day"], row["state"], row["rows"], row["error"]) for row in listed] == [
        (days[0].isoformat(), "finished", 7, ""), (days[1].isoformat(), "failed", None, "OperationalError: no room"),
    ]  # fmt: skip
    assert client.get("nightly-runs/", {"state": "failed"}).json()["results"] == listed[1:]
    assert client.get(f"nightly-runs/{listed[0]['id']}/").json() == listed[0]
    assert api(company.manager).get("nightly-runs/").status_code == 403
