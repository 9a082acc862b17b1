"""Rows to write about, for the actions of every app."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts import people, saved_views
from accounts.models import Organisation
from customers import actions as customers
from customers.rules.tiers import CRITERIA
from opportunities import actions as opportunities
from opportunities.models import ActivityKind, Stage
from pipeline import actions as pipeline
from pipeline.interchange.export import export_workspace
from pipeline.interchange.load import import_workspace
from pipeline.runs import imports
from tests import factories
from tests.factories import Company


class World:
    """Rows to write about, made when they are asked for."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.admin, self.rep, self.manager = company.admin, company.rep, company.manager

    def deal(self, **fields: Any) -> Any:
        return factories.opportunity(self.rep, **fields)

    def customer(self) -> Any:
        return factories.customer(self.rep)

    def assessed(self) -> Any:
        return customers.assess_customer(customer=self.customer(), scores=dict.fromkeys(CRITERIA, 4), actor=self.rep)

    def order(self) -> Any:
        return customers.create_order(
            actor=self.rep, customer=self.customer(), amount=Decimal(5), booked_on=date(2026, 1, 1)
        )

    def contract(self) -> Any:
        term = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
        return customers.create_contract(actor=self.rep, customer=self.customer(), **term)

    def nps_response(self) -> Any:
        return customers.create_nps_response(
            actor=self.rep, customer=self.customer(), score=9, answered_on=date(2026, 1, 1)
        )

    def supplier(self) -> Any:
        return customers.create_supplier(
            actor=self.rep, customer=self.customer(), name="Rival", annual_amount=Decimal(5)
        )

    def unit(self) -> Any:
        return customers.create_unit(actor=self.rep, customer=self.customer(), name="North plant")

    def contact(self) -> Any:
        return factories.contact(self.rep, self.customer())

    def plan(self) -> Any:
        return customers.create_plan(actor=self.rep, customer=self.customer(), year=2026)

    def plan_line(self) -> Any:
        return customers.add_plan_line(actor=self.rep, plan=self.plan(), strategy="Zero stock")

    def joint_action(self) -> Any:
        return customers.add_joint_action(actor=self.rep, plan=self.plan(), action="Visit the plant")

    def profile(self) -> Any:
        criteria = [{"kind": "decision_maker", "weight": 1}]
        return customers.create_profile(actor=self.admin, name="Car makers", criteria=criteria)

    def target(self) -> Any:
        return customers.add_target(actor=self.rep, profile=self.profile(), customer=self.customer())

    def stakeholder(self) -> Any:
        return opportunities.add_stakeholder(opportunity=self.deal(), role_title="Finance", actor=self.rep)

    def task(self) -> Any:
        return opportunities.add_task(opportunity=self.deal(), title="Visit", actor=self.rep)

    def competitor(self) -> Any:
        return opportunities.add_competitor(opportunity=self.deal(), name="Rival", actor=self.rep)

    def product(self) -> Any:
        return factories.product(self.admin)

    def entry(self) -> Any:
        return opportunities.create_entry(actor=self.manager, kind="script", title_en="New", body_en="Text")

    def view(self, owner: Any = None) -> Any:
        return saved_views.save_view(actor=owner or self.rep, name="View", page="board", query="", scope="team")

    def invited(self) -> Any:
        return people.invite_person(actor=self.admin, email="new@example.com", base="https://x.example", name="New")

    def archived(self, row: Any, act: Callable[..., Any], name: str) -> Any:
        actor = self.admin if name in ("product", "profile") else self.rep
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


def evidence(w: World) -> Any:
    deal = w.deal()
    told = {"contact": factories.contact(w.rep, deal.customer), "said_on": deal.created_on, "link": "https://x.example"}
    record = opportunities.Evidence(factor="power", level=5, grade="E2", **told)
    return opportunities.add_checkpoints(opportunity=deal, records=[record], actor=w.rep)[0]


def forgotten(w: World) -> None:
    deal = w.deal()
    contact = factories.contact(w.rep, deal.customer)
    opportunities.add_stakeholder(opportunity=deal, contact=contact, sensitive_note="Rumour", actor=w.rep)
    opportunities.forget_sensitive_notes(contact=contact, actor=w.admin)


def visit(w: World, **fields: Any) -> Any:
    return factories.activity(w.rep, opportunity=w.deal(), **fields)


def debriefed(w: World) -> Any:
    return opportunities.debrief_activity(activity=visit(w), done_at=timezone.now(), seen=None, actor=w.rep)


def archived_kind(w: World) -> Any:
    return opportunities.archive_activity_kind(
        kind=ActivityKind.objects.get(key="demo"), seen=None, actor=w.admin
    )  # fmt: skip


def waiver(w: World) -> Any:
    return factories.waiver(w.deal(), w.rep, "decide")


def handed_over(w: World, **options: Any) -> Any:
    deal = w.deal()
    return opportunities.hand_over_portfolio(
        person=w.rep, shares={deal.customer_id: w.company.mate}, seen=None, actor=w.admin
    )


def merged(w: World) -> Any:
    return customers.merge_customers(survivor=w.customer(), other=w.customer(), actor=w.manager)


def begin(admin):
    """The end of the guide of an installation that has not been set up yet."""
    Organisation.objects.update(set_up_at=None)
    return pipeline.start_empty(actor=admin)
