"""The first start of an empty installation, and the demo looked at and removed."""

from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts import audit
from accounts.models import (
    AuditEntry,
    IdempotencyRecord,
    Invitation,
    Notification,
    NotificationPreference,
    Organisation,
    OutboxMessage,
    SavedView,
    SavedViewPlace,
    Team,
    User,
    UserTeam,
)
from accounts.tokens import create_token
from customers.actions import create_customer
from customers.actions.tiers import edit_tier_rules
from customers.models import Customer, Erasure, Merge, Product, TierRules
from opportunities.actions import Evidence, add_checkpoints, record_decision
from opportunities.actions.activity_kinds import edit_activity_kind
from opportunities.actions.method import edit_method, edit_rung, rename_factor
from opportunities.actions.playbook import create_entry, edit_entry
from opportunities.models import (
    Activity,
    ActivityKind,
    Attachment,
    CalendarFeed,
    Competitor,
    Factor,
    GradeChange,
    JointTask,
    Look,
    MethodSetting,
    Opportunity,
    PlaybookEntry,
    PlaybookVersion,
    Rung,
    Stage,
    StageSetting,
    Stakeholder,
    StrategySheet,
    Waiver,
)
from pipeline import nightly
from pipeline.actions import start_empty
from pipeline.demo import story
from pipeline.demo.loading import load_demo
from pipeline.demo.removal import EMPTIED, contents, hindrance, remove_demo
from pipeline.interchange import import_workspace
from pipeline.models import ExportRun, ImportRun, NightlyRun
from pipeline.views import first_start
from tests import factories
from tests.pipeline.interchange import workspaces

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
OURS = [model for app in ("accounts", "customers", "opportunities", "pipeline")
        for model in apps.get_app_config(app).get_models()]  # fmt: skip
SENT = {
    "name": "First Works", "industry": "services", "currency": "EUR", "timezone": "Europe/Berlin",
    "fiscal_year_start_month": "4", "working_days": ["1", "2", "3", "4"], "version": 0,
}  # fmt: skip


@pytest.fixture
def boss(db) -> User:
    """The administrator that `createsuperuser` makes, with a name that the demo's administrator has too."""
    return User.objects.create_superuser(
        "admin", factories.PASSWORD, name="Boss", email="boss@works.example", language="en"
    )


@pytest.fixture
def told_the_worker(monkeypatch):
    told = []
    monkeypatch.setattr(first_start.run_nightly_now, "apply_async", lambda **options: told.append(options))
    return told


def test_the_administrator_alone_is_led_to_the_guide(boss, signed_in):
    rep = factories.person("rep", role="rep")
    assert signed_in(boss).get("/")["Location"] == "/start/"
    assert signed_in(rep).get("/")["Location"] == "/day/"
    assert signed_in(rep).get("/start/").status_code == 403
    page = signed_in(boss).get("/start/").content.decode()
    for address in ("/settings/stages/", "/settings/people/", "/settings/workspace/", "/start/demo/"):
        assert f'"{address}"' in page
    assert '"/start/empty/"' not in page, "the organisation comes first"
    assert 'href="/start/"' in signed_in(boss).get("/settings/").content.decode()


def test_organisation_then_an_empty_start(boss, signed_in):
    client = signed_in(boss)
    client.post("/start/empty/")
    assert not Organisation.objects.exists(), "refused without an organisation"
    assert client.post("/start/", SENT | {"timezone": "Mars/Base", "working_days": []}).status_code == 422
    assert client.post("/start/", SENT)["Location"] == "/start/"
    row = Organisation.objects.get()
    assert (row.currency, row.timezone, row.working_days) == ("EUR", "Europe/Berlin", [1, 2, 3, 4])
    assert "Mon Tue Wed Thu" in client.get("/start/").content.decode()
    assert client.post("/start/", SENT | {"name": "Other"}).status_code == 409, "somebody was faster"
    assert client.post("/start/empty/")["Location"] == "/opportunities/"
    assert client.get("/")["Location"] == "/opportunities/"
    actions = list(AuditEntry.objects.order_by("id").values_list("action", "actor__username"))
    assert actions == [("edit", "admin"), ("start", "admin")]
    first = Organisation.objects.get().set_up_at
    assert start_empty(actor=boss).set_up_at == first, "twice is once"


def test_with_a_customer_there_is_nothing_to_guide_through(company, signed_in):
    factories.customer(company.rep)
    assert signed_in(company.admin).get("/start/")["Location"] == "/opportunities/"
    signed_in(company.admin).post("/start/demo/")
    assert Customer.objects.count() == 1
    assert not Organisation.objects.get().is_demo


def test_the_guide_asks_few_questions(boss, signed_in):
    client = signed_in(boss)
    client.get("/start/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/start/")
    assert len(queries) <= 8


# --- The demo


def test_the_demo_leaves_real_people_what_is_theirs(boss, signed_in, told_the_worker, settings):
    settings.DEBUG = True
    client = signed_in(boss)
    client.post("/start/", SENT)
    assert client.post("/start/demo/")["Location"] == "/dashboard/"
    assert len(told_the_worker) == 1
    assert Organisation.objects.get().is_demo
    assert Opportunity.objects.count() == story.OPPORTUNITIES
    kept = User.objects.get(username="admin")
    assert (kept.name, kept.email, kept.is_demo, kept.check_password(factories.PASSWORD)) == (
        "Boss", "boss@works.example", False, True,
    )  # fmt: skip
    assert User.objects.get(username="admin.demo").is_demo
    assert User.objects.filter(is_demo=True).count() == 12
    assert AuditEntry.objects.filter(action="load_demo", actor=boss).count() == 1
    assert client.get("/dashboard/").status_code == 200
    assert 'href="/settings/demo/remove/"' in client.get("/settings/").content.decode()
    client.post("/start/demo/")
    assert Opportunity.objects.count() == story.OPPORTUNITIES, "twice is once"


def test_without_a_worker_the_demo_is_there_all_the_same(boss, signed_in, monkeypatch):
    def down(**options):
        raise OperationalError("no broker")

    monkeypatch.setattr(first_start.run_nightly_now, "apply_async", down)
    client = signed_in(boss)
    assert client.post("/start/demo/")["Location"] == "/dashboard/"
    assert Opportunity.objects.count() == story.OPPORTUNITIES
    assert "read live" in client.get("/dashboard/").content.decode()


@pytest.fixture
def lived_in(boss, settings) -> User:
    """The demo, worked in: a row in every table of ours."""
    settings.DEBUG = True
    load_demo(actor=boss)
    nightly.run_due(limit=3)
    lin, demo_admin = User.objects.get(username="lin"), User.objects.get(username="admin.demo")
    mine = create_customer(actor=lin, name="By hand")
    factories.opportunity(lin, "By hand", customer=mine)
    friend = factories.person("friend", role="manager", team=Team.objects.first())
    audit.record("edit", row=friend, actor=demo_admin)
    for user in (lin, boss):
        create_token(user=user, name="mine", scope="read")
        NotificationPreference.objects.create(user=user, kind="overdue")
        Notification.objects.create(recipient=user, kind="overdue")
        Invitation.objects.create(user=user, created_by=demo_admin, expires_at=timezone.now())
        OutboxMessage.objects.create(recipient=user, channel="bell", kind="overdue", due_at=timezone.now())
        IdempotencyRecord.objects.create(user=user, key="k", request_digest="d")
        view = SavedView.objects.create(owner=user, name="Mine", page="board")
        SavedViewPlace.objects.create(user=user, view=view, page="board")
        ImportRun.objects.create(requested_by=user)
        ExportRun.objects.create(requested_by=user)
        CalendarFeed.objects.create(user=user, token_hash=user.username)
        Look.objects.create(user=user, looked_at=timezone.now())
    work_on(Opportunity.objects.get(title="By hand"), lin)
    Merge.objects.create(survivor=mine, other=Customer.objects.exclude(pk=mine.pk).first(), merged_by=lin)
    Erasure.objects.create(contact=factories.contact(lin, mine), erased_by=boss, reason="Asked for it")
    Stage.objects.filter(key="discover").update(name_en="Renamed")
    return boss


def work_on(row: Opportunity, actor: User) -> None:
    """Evidence, people, plans and activities of one opportunity, and the playbook."""
    contact = factories.contact(actor, row.customer)
    about = {"contact": contact, "said_on": row.created_on, "link": "https://x.example"}
    record = Evidence(factor="power", level=1, grade="E3", evidence="Minutes", **about)
    (made,) = add_checkpoints(opportunity=row, records=[record], actor=actor)
    GradeChange.objects.create(checkpoint=made, before="E3", after="E2", reason="No document", actor=actor)
    Stakeholder.objects.create(opportunity=row, contact=contact)
    JointTask.objects.create(opportunity=row, title="Trial")
    StrategySheet.objects.create(opportunity=row)
    Competitor.objects.create(opportunity=row, name="Rapid Rollers")
    record_decision(opportunity=row, decision="go", reason="Real", actor=actor)
    Waiver.objects.create(opportunity=row, source=row.stage, stage=row.stage, reason="x", asked_by=actor)
    Attachment.objects.create(opportunity=row, stored="x", name="x.pdf", content_type="application/pdf", size=1)
    Activity.objects.create(kind=ActivityKind.objects.first(), owner=actor).contacts.add(contact)
    entry = PlaybookEntry.objects.create(kind="script", title_en="Ask")
    entry.products.add(Product.objects.first())
    entry.stages.add(row.stage)
    PlaybookVersion.objects.create(entry=entry, number=1, saved_by=actor)


KEPT = {
    "ActivityKind",
    "Factor",
    "MethodSetting",
    "PlaybookEntry",
    "PlaybookVersion",
    "Rung",
    "TierRules",
    "User",
    "UserTeam",
    "Stage",
    "StageSetting",
    "AuditEntry",
    "AccessToken",
    "Invitation",
    "NotificationPreference",
}


def test_the_demo_goes_with_every_row_of_every_table_but_those_of_real_people(lived_in):
    assert [model.__name__ for model in OURS if not model._base_manager.exists()] == [], "each table has something"
    remove_demo(name=Organisation.objects.get().name, actor=lived_in)
    left = {model.__name__ for model in OURS if model._base_manager.exists()}
    assert left == KEPT
    assert set(User.objects.values_list("username", "team")) == {("admin", None), ("friend", None)}
    assert set(UserTeam.objects.values_list("user__username", "team")) == {("admin", None), ("friend", None)}
    assert Invitation.objects.get().created_by is None
    assert set(AuditEntry.objects.values_list("action", "actor__username")) == {
        ("create", None), ("edit", None), ("create_token", "admin"), ("remove_demo", "admin"),
    }  # fmt: skip
    stages = list(Stage.objects.values_list("name_en", flat=True))
    assert (stages[0], len(stages), StageSetting.objects.count()) == ("Discover", 9, 9)


def worded():
    """What an installation ships with, without ids and moments."""
    kept = (ActivityKind, Factor, MethodSetting, Rung, TierRules, PlaybookEntry, PlaybookVersion, Stage, StageSetting)
    rows = {model.__name__: [vars(row) for row in model._base_manager.order_by("pk")] for model in kept}
    without = ("_state", "id", "stage_id", "entry_id", "created_at", "at", "saved_at")
    return {
        name: [{field: value for field, value in row.items() if field not in without} for row in found]
        for name, found in rows.items()
    }


def test_what_was_changed_in_the_demo_is_as_it_was_shipped(boss):
    shipped = worded()
    assert all(shipped.values())
    load_demo(actor=boss)
    visit = ActivityKind.objects.get(key="visit")
    edit_activity_kind(kind=visit, changes={"name_en": "Call on"}, seen=None, actor=boss)
    edit_rung(rung=Rung.objects.first(), changes={"checkpoint_en": "Reworded"}, actor=boss)
    rename_factor(factor=Factor.objects.get(key="power"), changes={"name_en": "Might"}, seen=None, actor=boss)
    edit_method(gate_mode="enforce", grade_needs={}, seen=None, actor=boss)
    edit_tier_rules(changes={"assess_every_days": 30}, seen=None, actor=boss)
    entry = PlaybookEntry.objects.get(key="veto-list")
    edit_entry(entry=entry, changes={"title_en": "Ours"}, seen=None, actor=boss)
    create_entry(actor=boss, kind="script", title_en="Ask", body_en="Why now?")
    changed = worded()
    assert all(changed[name] != shipped[name] for name in shipped if not name.startswith("Stage"))
    remove_demo(name=Organisation.objects.get().name, actor=boss)
    assert worded() == shipped


def test_the_demo_takes_its_files_along(boss, django_capture_on_commit_callbacks):
    load_demo(actor=boss)
    folder = Path(settings.MEDIA_ROOT) / "attachments"
    kept = [folder / name for name in Attachment.objects.values_list("stored", flat=True)]
    assert kept and all(path.is_file() for path in kept)
    with django_capture_on_commit_callbacks(execute=True):
        remove_demo(name=Organisation.objects.get().name, actor=boss)
    assert not any(path.exists() for path in kept)


def test_every_table_is_either_emptied_or_named_as_kept():
    by_hand = {"Organisation", "Team"}
    assert {model.__name__ for model in OURS} == KEPT | by_hand | {model.__name__ for model in EMPTIED}


def test_afterwards_it_begins_again_and_takes_the_demo_again(lived_in, signed_in, told_the_worker):
    client = signed_in(lived_in)
    page = client.get("/settings/demo/remove/")
    text = page.content.decode()
    assert "1 of them was entered by hand" in text
    assert page.context["found"].stays == 2
    assert client.post("/settings/demo/remove/", {"name": "Something else"}).status_code == 422
    assert Opportunity.objects.exists()
    assert client.post("/settings/demo/remove/", {"name": Organisation.objects.get().name})["Location"] == "/"
    assert client.get("/")["Location"] == "/start/"
    client.post("/start/demo/")
    assert Opportunity.objects.count() == story.OPPORTUNITIES


def test_the_demo_administrator_needs_a_real_one_to_stay(settings, signed_in):
    settings.DEBUG = True
    call_command("demo", "--no-history", stdout=StringIO())
    User.objects.update(language="en")
    name, admin = Organisation.objects.get().name, User.objects.get(username="admin")
    client = signed_in(admin)
    page = client.get("/settings/demo/remove/").content.decode()
    assert "Invite an administrator" in page
    assert "is deleted for good" not in page and "Delete everything" not in page
    refused = client.post("/settings/demo/remove/", {"name": name})
    assert refused.status_code == 422
    factories.person("real", role="admin")
    assert client.post("/settings/demo/remove/", {"name": name}).status_code == 302
    assert client.get("/")["Location"].startswith("/accounts/login/")
    gone = AuditEntry.objects.get(action="remove_demo")
    assert (gone.actor, gone.changes["by"]) == (None, [None, "admin"])


def test_a_real_company_is_never_deleted(company, signed_in):
    factories.opportunity(company.rep)
    answer = signed_in(company.admin).post("/settings/demo/remove/", {"name": "Test Works"})
    assert answer.status_code == 422
    with pytest.raises(ValidationError, match="not the demo"):
        remove_demo(name="Test Works", actor=company.admin)
    assert Opportunity.objects.exists()


def test_what_was_imported_into_the_demo_is_not_deleted(lived_in, tmp_path):
    files = {"organisation.csv": None, "stages.csv": None, "opportunities.csv": None, "opportunity_events.csv": None,
             "collaborators.csv": None}  # fmt: skip
    report = import_workspace(workspaces.write(tmp_path, files))
    assert report.written, report.bad_rows
    assert "imported since" in hindrance()
    with pytest.raises(ValidationError, match="imported since"):
        remove_demo(name=Organisation.objects.get().name, actor=lived_in)
    assert Customer.objects.filter(key="acme").exists()


def test_the_confirmation_counts_in_few_questions(lived_in, signed_in):
    client = signed_in(lived_in)
    client.get("/settings/demo/remove/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/settings/demo/remove/")
    assert len(queries) <= 8, [query["sql"][:90] for query in queries]
    assert [(count, own) for _label, count, own in contents().lines][:2] == [(story.OPPORTUNITIES + 1, 1), (46, 1)]
    assert NightlyRun.objects.exists()
