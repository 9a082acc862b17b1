"""Every action writes its row of the audit trail: who, through which door, what, of which row.

An action is a public function of our apps with a keyword `actor`; one that is missing from WRITES fails the test.
"""

import importlib
import inspect
import io
import pkgutil
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import actions, invitations, people, saved_views, teams, tokens
from accounts.models import AuditEntry, Organisation
from config.celery import app
from config.web import context
from customers import actions as customers
from opportunities import actions as opportunities
from opportunities.models import Stage
from pipeline import actions as pipeline
from pipeline.interchange.export import export_workspace
from pipeline.interchange.load import import_workspace
from pipeline.runs import exports, imports
from tests import factories
from tests.factories import PASSWORD, Company

pytestmark = pytest.mark.django_db

APPS = ("accounts", "customers", "opportunities", "pipeline")
NO_ACTIONS = ("views", "api", "forms", "selectors", "migrations", "management", "demo")
BUILDING_BLOCKS = {  # what actions are made of, and what runs other actions
    "accounts.audit.record",
    "accounts.audit.record_many",
    "accounts.audit.record_rows",
    "accounts.edits.create",
    "accounts.edits.edit",
    "customers.duplicates.refuse_if_served",
    "opportunities.actions.bulk.in_bulk",
    "opportunities.actions.writing.write",
}


def modules(name: str):
    found = importlib.import_module(name)
    yield found
    for child in pkgutil.iter_modules(getattr(found, "__path__", [])):
        if child.name not in NO_ACTIONS:
            yield from modules(f"{name}.{child.name}")


def begin(admin):
    """The end of the guide of an installation that has not been set up yet."""
    Organisation.objects.update(set_up_at=None)
    return pipeline.start_empty(actor=admin)


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


class World:
    """Rows to write about, made when they are asked for."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.admin, self.rep, self.manager = company.admin, company.rep, company.manager

    def deal(self, **fields: Any) -> Any:
        return factories.opportunity(self.rep, **fields)

    def customer(self) -> Any:
        return factories.customer(self.rep)

    def contact(self) -> Any:
        return factories.contact(self.rep, self.customer())

    def product(self) -> Any:
        return factories.product(self.admin)

    def view(self, owner: Any = None) -> Any:
        return saved_views.save_view(actor=owner or self.rep, name="View", page="board", query="", scope="team")

    def invited(self) -> Any:
        return people.invite_person(actor=self.admin, email="new@example.com", base="https://x.example", name="New")

    def archived(self, row: Any, act: Callable[..., Any], name: str) -> Any:
        actor = self.admin if name == "product" else self.rep
        return act(**{name: row}, seen=None, actor=actor)


def stage(key: str) -> Stage:
    return Stage.objects.get(key=key)


def uploaded(world: World) -> Any:
    return imports.upload(files=[workspace_zip()], keep_edits=False, actor=world.admin)


def workspace_zip() -> Any:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("products.csv", "key,name\np1,Belt\n")
    return SimpleUploadedFile("w.zip", packed.getvalue())


def checked(world: World) -> Any:
    run = uploaded(world)
    imports.run_due()
    run.refresh_from_db()
    return run


def exported(world: World, tmp_path: Any) -> None:
    export_workspace(tmp_path / "out", actor=world.admin)


def imported(world: World, tmp_path: Any) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "products.csv").write_text("key,name\np1,Belt\n")
    assert import_workspace(folder, actor=world.admin).ok


def undone(w: World) -> None:
    row = opportunities.edit_opportunity(opportunity=w.deal(), changes={"title": "x"}, seen=None, actor=w.rep)
    opportunities.undo(opportunity=row, actor=w.rep, seen=row.version)


def handed_over(w: World, **options: Any) -> Any:
    deal = w.deal()
    return opportunities.hand_over_portfolio(
        person=w.rep, shares={deal.customer_id: w.company.mate}, seen=None, actor=w.admin
    )


# {action: (who, what, of which kind of row, how)}
WRITES: dict[str, tuple[str, str, str, Callable[[World], Any]]] = {
    "accounts.actions.create_person": (
        "admin", "create", "user", lambda w: actions.create_person(username="new", actor=w.admin)
    ),
    "accounts.actions.create_team": (
        "admin", "create", "team", lambda w: actions.create_team(name="New", parent=None, actor=w.admin)
    ),
    "pipeline.actions.edit_organisation": (
        "admin", "edit", "organisation",
        lambda w: pipeline.edit_organisation(changes={"name": "Other"}, seen=None, actor=w.admin),
    ),
    "pipeline.actions.start_empty": ("admin", "start", "organisation", lambda w: begin(w.admin)),
    "accounts.people.edit_person": (
        "admin", "edit", "user",
        lambda w: people.edit_person(person=w.rep, changes={"name": "Other"}, seen=None, actor=w.admin),
    ),
    "accounts.people.end_access": (
        "admin", "deactivate", "user", lambda w: people.end_access(person=w.rep, seen=None, actor=w.admin)
    ),
    "accounts.people.invite_person": ("admin", "invite", "user", lambda w: w.invited()),
    "accounts.people.new_person": (
        "admin", "create", "user", lambda w: people.new_person(actor=w.admin, username="new", name="New", role="rep")
    ),
    "accounts.people.reactivate_person": (
        "admin", "reactivate", "user",
        lambda w: people.reactivate_person(
            person=people.end_access(person=w.rep, seen=None, actor=w.admin), seen=None, actor=w.admin
        ),
    ),
    "accounts.teams.new_team": (
        "admin", "create", "team", lambda w: teams.new_team(name="New", parent=None, actor=w.admin)
    ),
    "accounts.teams.edit_team": (
        "admin", "edit", "team",
        lambda w: teams.edit_team(team=w.company.east, changes={"name": "Other"}, seen=None, actor=w.admin),
    ),
    "accounts.teams.archive_team": (
        "admin", "archive", "team",
        lambda w: teams.archive_team(
            team=teams.new_team(name="New", parent=None, actor=w.admin), seen=None, actor=w.admin
        ),
    ),
    "accounts.teams.restore_team": (
        "admin", "restore", "team",
        lambda w: teams.restore_team(
            team=teams.archive_team(
                team=teams.new_team(name="New", parent=None, actor=w.admin), seen=None, actor=w.admin
            ),
            seen=None, actor=w.admin,
        ),
    ),
    "accounts.invitations.invite": (
        "admin", "invite", "user",
        lambda w: invitations.invite(
            person=people.new_person(actor=w.admin, username="new", name="New"), actor=w.admin, base="https://x.example"
        ),
    ),
    "accounts.invitations.revoke": (
        "admin", "revoke_invitation", "user", lambda w: invitations.revoke(invitation=w.invited(), actor=w.admin)
    ),
    "accounts.saved_views.save_view": ("rep", "create", "savedview", lambda w: w.view()),
    "accounts.saved_views.edit_view": (
        "rep", "edit", "savedview",
        lambda w: saved_views.edit_view(view=w.view(), changes={"name": "Other"}, seen=None, actor=w.rep),
    ),
    "accounts.saved_views.delete_view": (
        "manager", "delete", "savedview", lambda w: saved_views.delete_view(view=w.view(), actor=w.manager)
    ),
    "accounts.saved_views.reorder_views": (
        "rep", "reorder_views", "user", lambda w: saved_views.reorder_views(order=[w.view()], actor=w.rep)
    ),
    "accounts.saved_views.choose_default_view": (
        "rep", "choose_default_view", "savedview",
        lambda w: saved_views.choose_default_view(view=w.view(), chosen=True, actor=w.rep),
    ),
    "accounts.tokens.create_token": (
        "rep", "create_token", "user", lambda w: tokens.create_token(user=w.rep, name="x", actor=w.rep)
    ),
    "accounts.tokens.revoke_token": (
        "rep", "revoke_token", "user",
        lambda w: tokens.revoke_token(token=tokens.create_token(user=w.rep, name="x")[0], actor=w.rep),
    ),
    "customers.actions.create_customer": (
        "rep", "create", "customer", lambda w: customers.create_customer(actor=w.rep, name="New")
    ),
    "customers.actions.edit_customer": (
        "rep", "edit", "customer",
        lambda w: customers.edit_customer(customer=w.customer(), changes={"region": "x"}, seen=None, actor=w.rep),
    ),
    "customers.actions.assign_customer": (
        "manager", "assign", "customer",
        lambda w: customers.assign_customer(
            customer=w.customer(), owner=w.company.mate, seen=None, actor=w.manager
        ),
    ),
    "customers.actions.archive_customer": (
        "rep", "archive", "customer", lambda w: w.archived(w.customer(), customers.archive_customer, "customer")
    ),
    "customers.actions.restore_customer": (
        "rep", "restore", "customer",
        lambda w: customers.restore_customer(
            customer=w.archived(w.customer(), customers.archive_customer, "customer"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.create_contact": (
        "rep", "create", "contact",
        lambda w: customers.create_contact(actor=w.rep, customer=w.customer(), name="Ms Secret"),
    ),
    "customers.actions.edit_contact": (
        "rep", "edit", "contact",
        lambda w: customers.edit_contact(
            contact=w.contact(), changes={"phone": "12345", "title": "CEO"}, seen=None, actor=w.rep
        ),
    ),
    "customers.actions.archive_contact": (
        "rep", "archive", "contact", lambda w: w.archived(w.contact(), customers.archive_contact, "contact")
    ),
    "customers.actions.restore_contact": (
        "rep", "restore", "contact",
        lambda w: customers.restore_contact(
            contact=w.archived(w.contact(), customers.archive_contact, "contact"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.create_product": ("admin", "create", "product", lambda w: w.product()),
    "customers.actions.edit_product": (
        "admin", "edit", "product",
        lambda w: customers.edit_product(product=w.product(), changes={"line": "x"}, seen=None, actor=w.admin),
    ),
    "customers.actions.archive_product": (
        "admin", "archive", "product", lambda w: w.archived(w.product(), customers.archive_product, "product")
    ),
    "customers.actions.restore_product": (
        "admin", "restore", "product",
        lambda w: customers.restore_product(
            product=w.archived(w.product(), customers.archive_product, "product"), seen=None, actor=w.admin
        ),
    ),
    "opportunities.actions.create.create_opportunity": (
        "rep", "create", "opportunity",
        lambda w: opportunities.create_opportunity(
            actor=w.rep, customer=w.customer(), title="New", amount=None, expected_close_date=None
        ),
    ),
    "opportunities.actions.edit.edit_opportunity": (
        "rep", "edit", "opportunity",
        lambda w: opportunities.edit_opportunity(
            opportunity=w.deal(), changes={"amount": Decimal(5)}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.edit.edit_and_assign": (
        "manager", "edit", "opportunity",
        lambda w: opportunities.edit_and_assign(
            opportunity=w.deal(), changes={"title": "x"}, owner=w.company.mate, seen=None, actor=w.manager
        ),
    ),
    "opportunities.actions.edit.assign": (
        "manager", "assign", "opportunity",
        lambda w: opportunities.assign(opportunity=w.deal(), owner=w.company.mate, seen=None, actor=w.manager),
    ),
    "opportunities.actions.move.move_to_stage": (
        "rep", "move", "opportunity",
        lambda w: opportunities.move_to_stage(opportunity=w.deal(), stage=stage("validate"), seen=None, actor=w.rep),
    ),
    "opportunities.actions.undo.undo": ("rep", "undo", "opportunity", undone),
    "opportunities.actions.archive.archive_opportunity": (
        "rep", "archive", "opportunity",
        lambda w: opportunities.archive_opportunity(opportunity=w.deal(), seen=None, actor=w.rep),
    ),
    "opportunities.actions.archive.restore_opportunity": (
        "rep", "restore", "opportunity",
        lambda w: opportunities.restore_opportunity(
            opportunity=opportunities.archive_opportunity(opportunity=w.deal(), seen=None, actor=w.rep),
            seen=None, actor=w.rep,
        ),
    ),
    "opportunities.actions.collaborators.add_collaborator": (
        "rep", "add_collaborator", "opportunity",
        lambda w: opportunities.add_collaborator(opportunity=w.deal(), user=w.company.mate, actor=w.rep),
    ),
    "opportunities.actions.collaborators.remove_collaborator": (
        "rep", "remove_collaborator", "opportunity",
        lambda w: [
            act(opportunity=deal, user=w.company.mate, actor=w.rep)
            for deal in [w.deal()]
            for act in (opportunities.add_collaborator, opportunities.remove_collaborator)
        ],
    ),
    "opportunities.actions.people.edit_person": (
        "admin", "edit", "user",
        lambda w: opportunities.edit_person(person=w.rep, changes={"team": w.company.west}, seen=None, actor=w.admin),
    ),
    "opportunities.actions.people.hand_over_portfolio": ("admin", "assign", "opportunity", handed_over),
    "opportunities.actions.people.deactivate_person": (
        "admin", "deactivate", "user",
        lambda w: opportunities.deactivate_person(person=w.rep, seen=None, actor=w.admin),
    ),
    "opportunities.actions.stages.create_stage": (
        "admin", "create", "stage",
        lambda w: opportunities.create_stage(actor=w.admin, name_zh="新", name_en="New", win_rate=Decimal("0.3")),
    ),
    "opportunities.actions.stages.edit_stage": (
        "admin", "edit", "stage",
        lambda w: opportunities.edit_stage(
            stage=stage("discover"), changes={"win_rate": Decimal("0.2")}, seen=None, actor=w.admin
        ),
    ),
    "opportunities.actions.stages.reorder_stages": (
        "admin", "reorder", "stage",
        lambda w: opportunities.reorder_stages(
            order=[row.pk for row in Stage.objects.in_use().order_by("-position")], actor=w.admin
        ),
    ),
    "opportunities.actions.stages.retire_stage": (
        "admin", "retire", "stage",
        lambda w: opportunities.retire_stage(stage=stage("lock"), target=stage("discover"), actor=w.admin),
    ),
    "pipeline.runs.imports.upload": ("admin", "upload", "importrun", uploaded),
    "pipeline.runs.imports.check_again": (
        "admin", "check_again", "importrun",
        lambda w: imports.check_again(run=checked(w), keep_edits=True, actor=w.admin),
    ),
    "pipeline.runs.imports.confirm": (
        "admin", "confirm", "importrun", lambda w: imports.confirm(run=checked(w), actor=w.admin)
    ),
    "pipeline.runs.imports.cancel": (
        "admin", "cancel", "importrun", lambda w: imports.cancel(run=uploaded(w), actor=w.admin)
    ),
    "pipeline.runs.exports.request_export": (
        "admin", "request", "exportrun", lambda w: exports.request_export(actor=w.admin)
    ),
    "pipeline.runs.exports.note_download": (
        "admin", "download", "exportrun",
        lambda w: exports.note_download(run=exports.request_export(actor=w.admin), actor=w.admin),
    ),
}  # fmt: skip
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
    for text in SECRETS:
        assert text not in f"{entry.changes} {entry.label}"


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
