"""An import writes while somebody else acts: one waits for the other, and they never wait for each other."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
from django.db import connection

from accounts.models import Team, User
from customers.actions import edit_customer, merge_customers
from customers.models import Customer
from opportunities.actions import edit_activity, edit_opportunity, edit_person, retire_stage
from opportunities.models import Activity, Opportunity, Stage
from pipeline.interchange import import_workspace
from pipeline.interchange.report import SourceError
from tests.pipeline.interchange.workspaces import BASE, load, wipe, write

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
ACTIVITIES = (
    "key,kind,owner,customer,opportunity,planned_at,objective\n"
    "a1,visit,ann,acme,,2026-03-01T09:00:00,{0}\n"
    "a2,visit,ann,acme,o1,2026-03-02T09:00:00,{0}\n"
)
BEFORE = {
    "customers.csv": "key,name,owner,industry\nacme,Acme,ann,\nbolt,Bolt,ann,\n",
    "opportunities.csv": (
        "key,customer,title,created_at,created_by\no1,acme,One,2026-01-05T09:00:00,ann\n"
        "o2,bolt,Two,2026-01-05T09:00:00,ann\n"
    ),
    "opportunity_events.csv": BASE["opportunity_events.csv"]
    + BASE["opportunity_events.csv"].partition("\n")[2].replace("o1", "o2"),
    "activities.csv": ACTIVITIES.format("Trial"),
}
AFTER = {
    "stages.csv": BASE["stages.csv"].replace("Lead", "Found"),
    "teams.csv": BASE["teams.csv"].replace("West", "The west"),
    "users.csv": BASE["users.csv"].replace("Bob", "Robert"),
    "customers.csv": "key,name,owner,industry\nacme,Acme,ann,Steel\nbolt,Bolt,ann,Glass\n",
    "opportunities.csv": BEFORE["opportunities.csv"].replace("One", "First").replace("Two", "Second"),
    "activities.csv": ACTIVITIES.format("Contract"),
}  # fmt: skip


def merge():
    one, two = Customer.objects.get(key="acme"), Customer.objects.get(key="bolt")
    merge_customers(survivor=two, other=one, actor=boss())


def edit_the_customer():
    acme = Customer.objects.get(key="acme")
    changes = {"parent": Customer.objects.get(key="bolt"), "region": "North"}
    edit_customer(customer=acme, changes=changes, seen=None, actor=ann())


def give_the_deal_to_another_customer():
    changes = {"customer": Customer.objects.get(key="acme")}
    edit_opportunity(opportunity=Opportunity.objects.get(key="o2"), changes=changes, seen=None, actor=ann())


def move_the_visit_to_another_customer():
    changes = {"customer": Customer.objects.get(key="bolt")}
    edit_activity(activity=Activity.objects.get(key="a1"), changes=changes, seen=None, actor=ann())


def put_somebody_into_another_team():
    changes = {"team": Team.objects.get(key="west")}
    edit_person(person=ann(), changes=changes, seen=None, actor=boss())


def retire_the_stage():
    retire_stage(stage=Stage.objects.get(key="offer"), target=Stage.objects.get(key="lead"), actor=boss())


def boss():
    return User.objects.get(username="boss")


def ann():
    return User.objects.get(username="ann")


class Meeting:
    """`act` is held up at its first or second lock until the import is there, and has had time to take its own."""

    def __init__(self, locks):
        self.locks, self.holding, self.writing = locks, Event(), Event()

    def act(self, act):
        try:
            with connection.execute_wrapper(self.pause):
                act()
        finally:
            self.holding.set()
            connection.close()

    def pause(self, execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        self.locks -= " FOR UPDATE" in sql or " FOR NO KEY UPDATE" in sql
        if self.locks == 0 and not self.holding.is_set():
            self.holding.set()
            self.writing.wait(timeout=30)
            sleep(0.3)
        return answer

    def progress(self, what, _count):
        if what == "writing":
            self.holding.wait(timeout=30)
            self.writing.set()


@pytest.mark.parametrize("locks", [1, 2])
@pytest.mark.parametrize(
    "act",
    [
        merge, edit_the_customer, give_the_deal_to_another_customer, move_the_visit_to_another_customer,
        put_somebody_into_another_team, retire_the_stage,
    ],
)  # fmt: skip
def test_neither_is_turned_away_as_busy(tmp_path, act, locks):
    wipe()
    load(write(tmp_path / "before", BEFORE))
    files = write(tmp_path / "after", AFTER, base=False)
    meeting = Meeting(locks if connection.vendor == "postgresql" else 0)
    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(meeting.act, act)
        taken = taken_in(files, meeting)
        acting.result()
    assert taken or act in (merge, retire_the_stage)  # what it names is another by then: it is checked again


def taken_in(files, meeting):
    try:
        return import_workspace(files, progress=meeting.progress).written
    except SourceError:
        return False
