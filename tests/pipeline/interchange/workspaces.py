"""Small workspaces for tests, and what the database holds, told in keys."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from accounts.models import (
    AuditEntry,
    Notification,
    Organisation,
    OutboxMessage,
    SavedView,
    SavedViewPlace,
    SearchToken,
    Team,
    User,
    UserTeam,
)
from customers.models import Contact, Contract, Customer, Order, Product, TierRules
from opportunities.models import (
    Activity,
    ActivityKind,
    Attachment,
    Checkpoint,
    Collaborator,
    Competitor,
    Decision,
    Factor,
    GradeChange,
    HeightsVersion,
    JointTask,
    MethodSetting,
    Opportunity,
    OpportunityVersion,
    PlaybookEntry,
    PlaybookVersion,
    Rung,
    Stage,
    StageSetting,
    Stakeholder,
    StrategySheet,
    Waiver,
)
from opportunities.rules.evidence import FACTORS
from pipeline.demo.removal import OF_CUSTOMERS
from pipeline.interchange import import_workspace
from pipeline.interchange.contents import ROWS
from pipeline.interchange.files_of_customers import CUSTOMER_FILES
from pipeline.interchange.files_of_evidence import EVIDENCE_FILES
from pipeline.interchange.files_of_method import METHOD_FILES
from pipeline.interchange.known import VERSION_KEYS
from tests.copies import held_copies

HERE = Path(__file__).resolve().parents[2]
SHARED = HERE.parents[1] / "shared"
MINI = HERE / "golden_mini" / "workspace"

BASE = {
    "organisation.csv": "name,industry,currency,timezone,fiscal_year_start_month\nWorks,services,CNY,Asia/Shanghai,1\n",
    "teams.csv": "key,name,parent\neast,East,head\nhead,Head,\nwest,West,head\n",
    "users.csv": (
        "key,name,email,role,team,active_from,active_until\n"
        "boss,Boss,boss@example.com,admin,,,\n"
        "ann,Ann,ann@example.com,rep,east,,\n"
        "bob,Bob,,rep,west,,\n"
    ),
    "stages.csv": (
        "key,name_zh,name_en,position,win_rate,outcome,floor,expected_days\n"
        "lead,线索,Lead,1,0.1,open,0,30\n"
        "offer,方案,Offer,2,0.5,open,3,30\n"
        "won,赢单,Won,3,1,won,,\n"
        "lost,输单,Lost,4,0,lost,,\n"
    ),
    "products.csv": "key,name,line,is_core,active\npump,Pump,,true,true\nvalve,Valve,,,\n",
    "customers.csv": "key,name,industry,region,owner,created_on,parent,annual_spend,tier,team\nacme,Acme,,,ann,,,,,\n",
    "contacts.csv": "key,customer,name,email,influence,stance\nc1,acme,Cy,cy@example.com,3,-1\n",
    "opportunities.csv": "key,customer,title,product,created_at,created_by\no1,acme,One,pump,2026-01-05T09:00:00,ann\n",
    "opportunity_events.csv": (
        "opportunity,at,actor,field,value,reason\n"
        "o1,2026-01-05T09:00:00,ann,stage,lead,\n"
        "o1,2026-01-05T09:00:00,ann,owner,ann,\n"
        "o1,2026-01-05T09:00:00,ann,amount,1000,\n"
        "o1,2026-02-01T10:00:00,ann,stage,offer,\n"
    ),
    "collaborators.csv": "opportunity,user\no1,bob\n",
    "orders.csv": "key,customer,product,owner,amount,booked_on\nr1,acme,pump,ann,12.50,2026-03-01\n",
}


def write(folder: Path, files: dict[str, Any] | None = None, /, *, base: bool = True) -> Path:
    """A workspace folder: BASE, with these files instead (text or bytes; None: the file is left out)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ({**BASE, **(files or {})} if base else files or {}).items():
        if content is None:
            (folder / name).unlink(missing_ok=True)
        else:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def load(source: Path, **options: Any) -> Any:
    """Import that must be good."""
    report = import_workspace(source, **options)
    assert report.bad_rows == []
    return report


def changed(report: Any) -> dict[str, tuple[int, int]]:
    """{file: (created, updated)} of the files in which anything changes."""
    return {file.name: (file.created, file.updated) for file in report.files.values() if file.created or file.updated}


def versions() -> list[tuple[Any, ...]]:
    """All versions, in keys."""
    rows = OpportunityVersion.objects.order_by("opportunity__key", "valid_from")
    return list(rows.values_list(*VERSION_KEYS, "valid_to"))


OPPORTUNITY = (
    "key", "customer__key", "title", "source", "forecast_category", "signed_on", "competitor", "created_at",
    "created_on", "created_by__username", "changed_at", "archived_at", "stage__key", "outcome", "win_rate", "amount",
    "expected_close_date", "owner__username", "team__key", "product__key", "next_step", "next_step_due", "entered_at",
    "entered_on", "furthest",
)  # fmt: skip


def opportunities() -> list[tuple[Any, ...]]:
    return list(Opportunity.objects.order_by("key").values_list(*OPPORTUNITY))


def heights() -> list[tuple[Any, ...]]:
    """All heights, in keys; opportunities hold those of now."""
    held_copies()
    levels = (prefix + name for prefix in ("", "claimed_") for name in FACTORS)
    rows = HeightsVersion.objects.order_by("opportunity__key", "valid_from")
    return list(rows.values_list("opportunity__key", "valid_from", "valid_to", *levels))


def proofs() -> list[tuple[Any, ...]]:
    """What is derived of each record: its present grade, since when it is verified, the wording it was made under."""
    rows = Checkpoint.objects.order_by("opportunity__key", "factor", "level", "recorded_at")
    return list(rows.values_list(
        "opportunity__key", "factor", "level", "recorded_at", "grade", "confirmed_at", "verified_at", "rung__factor",
        "rung__level", "rung__valid_from",
    ))  # fmt: skip


def facts() -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a workspace carries, in keys."""
    rows = {
        "organisation": Organisation.objects.values_list("name", "industry", "currency", "timezone"),
        "teams": Team.objects.order_by("key").values_list("key", "name", "parent__key"),
        "users": User.objects.order_by("username").values_list(
            "username", "name", "email", "role", "team__key", "active_from", "active_until"
        ),
        "user_teams": UserTeam.objects.order_by("user__username", "valid_from").values_list(
            "user__username", "valid_from", "team__key"
        ),
        "stages": Stage.objects.order_by("key").values_list(
            "key", "name_zh", "name_en", "position", "outcome", "win_rate", "floor", "expected_days", "retired_at",
            "floors", "milestones",
        ),
        "settings": StageSetting.objects.order_by("stage__key", "valid_from").values_list(
            "stage__key", "valid_from", "win_rate", "floor", "expected_days", "floors", "milestones"
        ),
        "products": Product.objects.order_by("key").values_list("key", "name", "line", "is_core", "active"),
        "customers": Customer.objects.order_by("key").values_list(
            "key", "name", "industry", "region", "owner__username", "team__key", "parent__key", "annual_spend", "tier",
            "created_on", "archived_at", "merged_into__key",
        ),
        "contacts": Contact.objects.order_by("key").values_list(
            "key", "customer__key", "name", "title", "department", "email", "phone", "buying_role", "influence",
            "stance",
        ),
        "orders": Order.objects.order_by("key").values_list(
            "key", "customer__key", "product__key", "owner__username", "amount", "booked_on"
        ),
        "collaborators": Collaborator.objects.order_by("opportunity__key", "user__username").values_list(
            "opportunity__key", "user__username", "added_by__username", "added_at"
        ),
    }  # fmt: skip
    return {name: list(found) for name, found in rows.items()} | {
        "opportunities": opportunities(),
        "versions": versions(),
        "heights": heights(),
        "proofs": proofs(),
        **{
            file.name: list(map(tuple, ROWS[file.name]())) for file in (*METHOD_FILES, *EVIDENCE_FILES, *CUSTOMER_FILES)
        },
    }


def wipe() -> None:
    """An installation in which nothing has been set up: the shipped stages and nothing else."""
    Team.objects.update(parent=None)
    Customer.objects.update(parent=None, merged_into=None)
    Contract.objects.update(renewed_by=None)
    links = (Activity.contacts.through, PlaybookEntry.stages.through, PlaybookEntry.products.through)
    everything = (
        SavedViewPlace, SavedView, Notification,
        SearchToken, OutboxMessage, AuditEntry, *links, Waiver, GradeChange, Checkpoint, HeightsVersion, Attachment,
        Activity, Decision, JointTask, Stakeholder, Competitor, StrategySheet, PlaybookVersion, PlaybookEntry,
        Collaborator, OpportunityVersion, Opportunity, Order, *OF_CUSTOMERS, TierRules, Contact, Customer, Product,
        StageSetting, Stage, Rung, Factor, MethodSetting, ActivityKind, UserTeam, User, Team, Organisation,
    )  # fmt: skip
    for model in everything:
        model.objects.all()._raw_delete("default")
    importlib.import_module("opportunities.migrations.0002_shipped_stages").ship_stages(apps, None)
    importlib.import_module("opportunities.migrations.0006_shipped_method").ship_method(apps, None)
    importlib.import_module("customers.migrations.0004_first_tiers").first_rows(apps, None)


def shared(path: str) -> Path:
    """A folder of the shared data, or a skip where it is absent."""
    if not (SHARED / path).exists():
        pytest.skip(f"shared/{path} is not in this checkout")
    return SHARED / path
