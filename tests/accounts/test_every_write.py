"""Every action writes its row of the audit trail: who, through which door, what, of which row.

An action is a public function of our apps with a keyword `actor`; one that is missing from WRITES fails the test.
"""

import importlib
import inspect
import pkgutil
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.translation import override

from accounts import actions, invitations, trail, trail_words
from accounts.models import AuditEntry
from config.celery import app
from config.web import context
from customers import actions as customers
from pipeline import actions as pipeline
from pipeline.interchange.layout import FILES
from tests.factories import PASSWORD
from tests.writes.customers import CUSTOMERS
from tests.writes.opportunities import OPPORTUNITIES
from tests.writes.others import OTHERS
from tests.writes.world import World, exported, imported

pytestmark = pytest.mark.django_db

APPS = ("accounts", "customers", "opportunities", "pipeline")
NO_ACTIONS = ("views", "api", "forms", "selectors", "migrations", "management", "demo")
BUILDING_BLOCKS = {  # what actions are made of, and what runs other actions
    "accounts.audit.record",
    "accounts.audit.record_acts",
    "opportunities.actions.files.attach",
    "accounts.audit.record_many",
    "accounts.audit.record_rows",
    "accounts.edits.create",
    "accounts.edits.edit",
    "accounts.edits.edit_locked",
    "customers.duplicates.refuse_alike",
    "customers.duplicates.refuse_if_served",
    "customers.duplicates.served",
    "customers.actions.shared.set_archived",
    "opportunities.actions.gate.pass_gate",
    "opportunities.actions.move.move_past_gate",
    "opportunities.actions.bulk.in_bulk",
    "opportunities.actions.of_opportunity.set_archived",
    "opportunities.actions.checkpoints.confirm_each",
    "opportunities.actions.writing.write",
}


def modules(name: str):
    found = importlib.import_module(name)
    yield found
    for child in pkgutil.iter_modules(getattr(found, "__path__", [])):
        if child.name not in NO_ACTIONS:
            yield from modules(f"{name}.{child.name}")


def is_action(function: Any) -> bool:
    actor = inspect.signature(function).parameters.get("actor")
    return actor is not None and actor.kind is inspect.Parameter.KEYWORD_ONLY


def known_actions() -> set[str]:
    return {
        f"{module.__name__}.{name}"
        for each in APPS
        for module in modules(each)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_") and is_action(function)
    }


WRITES = OTHERS | CUSTOMERS | OPPORTUNITIES
WITH_A_FOLDER = {
    "pipeline.interchange.export.export_workspace": ("command", "export", exported),
    "pipeline.interchange.load.import_workspace": ("import", "import", imported),
}
SECRETS = [PASSWORD, "Ms Secret", "12345", "pbkdf2", "md5$", "asc_"]


def test_no_action_is_missing_here():
    assert known_actions() - BUILDING_BLOCKS == {*WRITES, *WITH_A_FOLDER}


@pytest.mark.parametrize("name", WRITES)
def test_an_action_writes_who_what_and_of_which_row(company, name, settings):
    who, action, model, act = WRITES[name]
    token = context.door.set("browser")
    try:
        act(World(company))
    finally:
        context.door.reset(token)
    entry = AuditEntry.objects.filter(action=action, model=model).latest("id")
    assert (entry.actor, entry.door) == (getattr(company, who), "browser")
    assert entry.object_id
    assert entry.at
    assert entry.changes or action != "create"
    for text in SECRETS:
        assert text not in f"{entry.changes} {entry.label}"
    with override("zh-hans"):
        (line,) = trail.lines_of([entry], company.admin)
    assert [change for change in line.changes if change.label.isascii() or "{" in str(change)] == []


@pytest.mark.parametrize("name", WITH_A_FOLDER)
def test_export_and_import_write_theirs(company, name, tmp_path):
    door, action, act = WITH_A_FOLDER[name]
    act(World(company), tmp_path)
    entry = AuditEntry.objects.latest("id")
    assert (entry.actor, entry.door, entry.action) == (company.admin, door, action)


# --- What has no actor of its own, and where it comes from


def test_ones_own_profile_and_password_stand_there_without_the_password(company, signed_in):
    actions.edit_profile(user=company.rep, changes={"name": "Other"})
    assert AuditEntry.objects.latest("id").changes == {"name": ["Rep", "Other"]}
    client = signed_in(company.rep)
    new = "another-summit-to-climb-7"
    body = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), body).status_code == 302
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.actor, entry.model, entry.changes) == ("set_password", company.rep, "user", {})
    assert new not in str(list(AuditEntry.objects.values()))


def test_a_first_password_by_invitation(company):
    invitation = World(company).invited()
    link = invitations.link_to(invitation, "https://x.example")
    invitations.accept(token=link.rstrip("/").rsplit("/", 1)[1], password=PASSWORD)
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.actor, entry.changes) == ("accept_invitation", invitation.user, {})
    assert mail.outbox == []


@pytest.mark.parametrize("door", ["browser", "api"])
def test_a_request_leaves_its_door_and_its_number(company, signed_in, door):
    client = signed_in(company.rep)
    headers = {"X-Request-ID": "the-number-of-this-request"}
    if door == "browser":
        body = {"name": "Mine", "scope": "mine", "page": "board", "query": ""}
        client.post("/opportunities/views/new/", body, headers=headers)
    else:
        body = {"name": "Mine", "page": "board"}
        client.post("/api/v1/views/", body, content_type="application/json", headers=headers)
    entry = AuditEntry.objects.latest("id")
    assert (entry.door, entry.request_id, entry.model) == (door, "the-number-of-this-request", "savedview")


def test_a_task_writes_by_the_workers_door(company):
    @app.task(name="tests.rename")
    def rename() -> None:
        pipeline.edit_organisation(changes={"name": "By night"}, seen=None, actor=company.admin)

    token = context.door.set("browser")
    try:
        result = rename.apply()
        result.get()
        assert context.door.get() == "browser"
    finally:
        context.door.reset(token)
        app.tasks.pop("tests.rename")
    entry = AuditEntry.objects.latest("id")
    assert (entry.door, entry.request_id) == ("worker", result.id)


def test_a_command_has_no_request(company):
    customers.create_customer(actor=company.rep, name="x", created_on=date(2026, 1, 1))
    entry = AuditEntry.objects.latest("id")
    assert (entry.door, entry.request_id) == ("command", "")


def test_the_trail_has_words_for_every_action_and_row():
    """Also for what an import names: a kind of row for each file."""
    imported = {file.model._meta.model_name for file in FILES}
    assert {action for _who, action, _model, _act in WRITES.values()} - set(trail_words.ACTIONS) == set()
    assert ({model for _who, _action, model, _act in WRITES.values()} | imported) - set(trail_words.KINDS) == set()
