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
from django.utils import timezone

from accounts import actions, invitations, people, saved_views, teams, tokens, trail
from accounts.models import AuditEntry, Organisation
from config.celery import app
from config.web import context
from customers import actions as customers
from customers.rules.tiers import CRITERIA
from opportunities import actions as opportunities
from opportunities.models import ActivityKind, Factor, Rung, Stage
from pipeline import actions as pipeline
from pipeline import privacy
from pipeline.interchange.export import export_workspace
from pipeline.interchange.layout import FILES
from pipeline.interchange.load import import_workspace
from pipeline.runs import exports, imports
from tests import factories
from tests.factories import PASSWORD, Company

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
    "customers.actions.merge.merge_customers": ("manager", "merge", "customer", merged),
    "customers.actions.merge.undo_merge": (
        "manager", "undo_merge", "customer", lambda w: customers.undo_merge(merge=merged(w), actor=w.manager)
    ),
    "customers.actions.customers.create_customer": (
        "rep", "create", "customer", lambda w: customers.create_customer(actor=w.rep, name="New")
    ),
    "customers.actions.customers.edit_customer": (
        "rep", "edit", "customer",
        lambda w: customers.edit_customer(customer=w.customer(), changes={"region": "x"}, seen=None, actor=w.rep),
    ),
    "customers.actions.customers.assign_customer": (
        "manager", "assign", "customer",
        lambda w: customers.assign_customer(
            customer=w.customer(), owner=w.company.mate, seen=None, actor=w.manager
        ),
    ),
    "customers.actions.customers.archive_customer": (
        "rep", "archive", "customer", lambda w: w.archived(w.customer(), customers.archive_customer, "customer")
    ),
    "customers.actions.customers.restore_customer": (
        "rep", "restore", "customer",
        lambda w: customers.restore_customer(
            customer=w.archived(w.customer(), customers.archive_customer, "customer"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.create_plan": ("rep", "create", "accountplan", lambda w: w.plan()),
    "customers.actions.plans.edit_plan": (
        "rep", "edit", "accountplan",
        lambda w: customers.edit_plan(plan=w.plan(), changes={"risks": "Prices"}, seen=None, actor=w.rep),
    ),
    "customers.actions.plans.archive_plan": (
        "rep", "archive", "accountplan", lambda w: w.archived(w.plan(), customers.archive_plan, "plan")
    ),
    "customers.actions.plans.restore_plan": (
        "rep", "restore", "accountplan",
        lambda w: customers.restore_plan(
            plan=w.archived(w.plan(), customers.archive_plan, "plan"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.copy_plan_forward": (
        "rep", "create", "accountplan", lambda w: customers.copy_plan_forward(plan=w.plan(), actor=w.rep)
    ),
    "customers.actions.plans.add_plan_line": ("rep", "create", "planline", lambda w: w.plan_line()),
    "customers.actions.plans.edit_plan_line": (
        "rep", "edit", "planline",
        lambda w: customers.edit_plan_line(
            line=w.plan_line(), changes={"state": "done"}, seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.archive_plan_line": (
        "rep", "archive", "planline", lambda w: w.archived(w.plan_line(), customers.archive_plan_line, "line")
    ),
    "customers.actions.plans.restore_plan_line": (
        "rep", "restore", "planline",
        lambda w: customers.restore_plan_line(
            line=w.archived(w.plan_line(), customers.archive_plan_line, "line"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.add_joint_action": ("rep", "create", "jointaction", lambda w: w.joint_action()),
    "customers.actions.plans.edit_joint_action": (
        "rep", "edit", "jointaction",
        lambda w: customers.edit_joint_action(
            joint_action=w.joint_action(), changes={"result": "Seen"}, seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.archive_joint_action": (
        "rep", "archive", "jointaction",
        lambda w: w.archived(w.joint_action(), customers.archive_joint_action, "joint_action"),
    ),
    "customers.actions.plans.restore_joint_action": (
        "rep", "restore", "jointaction",
        lambda w: customers.restore_joint_action(
            joint_action=w.archived(w.joint_action(), customers.archive_joint_action, "joint_action"), seen=None,
            actor=w.rep,
        ),
    ),
    "customers.actions.plans.finish_joint_action": (
        "rep", "finish", "jointaction",
        lambda w: customers.finish_joint_action(joint_action=w.joint_action(), side="ours", seen=None, actor=w.rep),
    ),
    "customers.actions.plans.reopen_joint_action": (
        "rep", "reopen", "jointaction",
        lambda w: customers.reopen_joint_action(
            joint_action=customers.drop_joint_action(
                joint_action=w.joint_action(), side="theirs", seen=None, actor=w.rep
            ),
            side="theirs", seen=None, actor=w.rep,
        ),
    ),
    "customers.actions.plans.drop_joint_action": (
        "rep", "drop", "jointaction",
        lambda w: customers.drop_joint_action(joint_action=w.joint_action(), side="theirs", seen=None, actor=w.rep),
    ),
    "customers.actions.profiles.create_profile": ("admin", "create", "idealprofile", lambda w: w.profile()),
    "customers.actions.profiles.edit_profile": (
        "admin", "edit", "idealprofile",
        lambda w: customers.edit_profile(
            profile=w.profile(), changes={"criteria": [{"kind": "tier", "value": "3A", "weight": 2}]}, seen=None,
            actor=w.admin,
        ),
    ),
    "customers.actions.profiles.archive_profile": (
        "admin", "archive", "idealprofile", lambda w: w.archived(w.profile(), customers.archive_profile, "profile")
    ),
    "customers.actions.profiles.restore_profile": (
        "admin", "restore", "idealprofile",
        lambda w: customers.restore_profile(
            profile=w.archived(w.profile(), customers.archive_profile, "profile"), seen=None, actor=w.admin
        ),
    ),
    "customers.actions.targets.add_target": ("rep", "create", "targetcustomer", lambda w: w.target()),
    "customers.actions.targets.edit_target": (
        "rep", "edit", "targetcustomer",
        lambda w: customers.edit_target(
            target=w.target(), changes={"next_step": "Call"}, seen=None, actor=w.rep
        ),
    ),
    "customers.actions.targets.settle_target": (
        "rep", "finish", "targetcustomer",
        lambda w: customers.settle_target(target=w.target(), seen=None, actor=w.rep),
    ),
    "customers.actions.targets.drop_target": (
        "rep", "drop", "targetcustomer", lambda w: customers.drop_target(target=w.target(), seen=None, actor=w.rep)
    ),
    "customers.actions.targets.reopen_target": (
        "rep", "reopen", "targetcustomer",
        lambda w: customers.reopen_target(
            target=customers.drop_target(target=w.target(), seen=None, actor=w.rep), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.facts.create_order": ("rep", "create", "order", lambda w: w.order()),
    "customers.actions.facts.edit_order": (
        "rep", "edit", "order",
        lambda w: customers.edit_order(order=w.order(), changes={"amount": Decimal(7)}, seen=None, actor=w.rep),
    ),
    "customers.actions.facts.archive_order": (
        "rep", "archive", "order",
        lambda w: w.archived(w.order(), customers.archive_order, "order"),
    ),
    "customers.actions.facts.restore_order": (
        "rep", "restore", "order",
        lambda w: customers.restore_order(
            order=w.archived(w.order(), customers.archive_order, "order"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.facts.create_contract": ("rep", "create", "contract", lambda w: w.contract()),
    "customers.actions.facts.edit_contract": (
        "rep", "edit", "contract",
        lambda w: customers.edit_contract(contract=w.contract(), changes={"title": "x"}, seen=None, actor=w.rep),
    ),
    "customers.actions.facts.archive_contract": (
        "rep", "archive", "contract",
        lambda w: w.archived(w.contract(), customers.archive_contract, "contract"),
    ),
    "customers.actions.facts.restore_contract": (
        "rep", "restore", "contract",
        lambda w: customers.restore_contract(
            contract=w.archived(w.contract(), customers.archive_contract, "contract"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.facts.create_nps_response": ("rep", "create", "npsresponse", lambda w: w.nps_response()),
    "customers.actions.facts.edit_nps_response": (
        "rep", "edit", "npsresponse",
        lambda w: customers.edit_nps_response(response=w.nps_response(), changes={"score": 3}, seen=None, actor=w.rep),
    ),
    "customers.actions.facts.archive_nps_response": (
        "rep", "archive", "npsresponse",
        lambda w: w.archived(w.nps_response(), customers.archive_nps_response, "response"),
    ),
    "customers.actions.facts.restore_nps_response": (
        "rep", "restore", "npsresponse",
        lambda w: customers.restore_nps_response(
            response=w.archived(w.nps_response(), customers.archive_nps_response, "response"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.facts.renew_contract": (
        "rep", "renew", "contract",
        lambda w: customers.renew_contract(
            contract=w.contract(), ends_on=date(2027, 12, 31), amount=None, actor=w.rep
        ),
    ),
    "pipeline.privacy.erase_contact": (
        "admin", "erase", "contact",
        lambda w: privacy.erase_contact(contact=w.contact(), reason="Asked for it", actor=w.admin),
    ),
    "customers.actions.suppliers.create_supplier": ("rep", "create", "supplier", lambda w: w.supplier()),
    "customers.actions.suppliers.edit_supplier": (
        "rep", "edit", "supplier",
        lambda w: customers.edit_supplier(supplier=w.supplier(), changes={"name": "x"}, seen=None, actor=w.rep),
    ),
    "customers.actions.suppliers.archive_supplier": (
        "rep", "archive", "supplier",
        lambda w: w.archived(w.supplier(), customers.archive_supplier, "supplier"),
    ),
    "customers.actions.suppliers.restore_supplier": (
        "rep", "restore", "supplier",
        lambda w: customers.restore_supplier(
            supplier=w.archived(w.supplier(), customers.archive_supplier, "supplier"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.units.create_unit": ("rep", "create", "unit", lambda w: w.unit()),
    "customers.actions.units.edit_unit": (
        "rep", "edit", "unit",
        lambda w: customers.edit_unit(unit=w.unit(), changes={"name": "x"}, seen=None, actor=w.rep),
    ),
    "customers.actions.units.archive_unit": (
        "rep", "archive", "unit", lambda w: w.archived(w.unit(), customers.archive_unit, "unit")
    ),
    "customers.actions.units.restore_unit": (
        "rep", "restore", "unit",
        lambda w: customers.restore_unit(
            unit=w.archived(w.unit(), customers.archive_unit, "unit"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.units.set_coverage": (
        "rep", "create", "coverage",
        lambda w: customers.set_coverage(
            unit=w.unit(), product=factories.product(w.admin), state="ours", actor=w.rep
        ),
    ),
    "customers.actions.tiers.assess_customer": ("rep", "assess", "customer", lambda w: w.assessed()),
    "customers.actions.tiers.override_tier": (
        "manager", "override_tier", "customer",
        lambda w: customers.override_tier(assessment=w.assessed(), tier="5A", reason="Two plants", actor=w.manager),
    ),
    "customers.actions.tiers.edit_tier_rules": (
        "admin", "edit", "tierrules",
        lambda w: customers.edit_tier_rules(changes={"assess_every_days": 60}, seen=None, actor=w.admin),
    ),
    "customers.actions.contacts.create_contact": (
        "rep", "create", "contact",
        lambda w: customers.create_contact(actor=w.rep, customer=w.customer(), name="Ms Secret"),
    ),
    "customers.actions.contacts.edit_contact": (
        "rep", "edit", "contact",
        lambda w: customers.edit_contact(
            contact=w.contact(), changes={"phone": "12345", "title": "CEO"}, seen=None, actor=w.rep
        ),
    ),
    "customers.actions.contacts.archive_contact": (
        "rep", "archive", "contact", lambda w: w.archived(w.contact(), customers.archive_contact, "contact")
    ),
    "customers.actions.contacts.restore_contact": (
        "rep", "restore", "contact",
        lambda w: customers.restore_contact(
            contact=w.archived(w.contact(), customers.archive_contact, "contact"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.products.create_product": ("admin", "create", "product", lambda w: w.product()),
    "customers.actions.products.edit_product": (
        "admin", "edit", "product",
        lambda w: customers.edit_product(product=w.product(), changes={"line": "x"}, seen=None, actor=w.admin),
    ),
    "customers.actions.products.archive_product": (
        "admin", "archive", "product", lambda w: w.archived(w.product(), customers.archive_product, "product")
    ),
    "customers.actions.products.restore_product": (
        "admin", "restore", "product",
        lambda w: customers.restore_product(
            product=w.archived(w.product(), customers.archive_product, "product"), seen=None, actor=w.admin
        ),
    ),
    "opportunities.actions.playbook.create_entry": ("manager", "create", "playbookentry", lambda w: w.entry()),
    "opportunities.actions.playbook.edit_entry": (
        "admin", "edit", "playbookentry",
        lambda w: opportunities.edit_entry(entry=w.entry(), changes={"title_zh": "x"}, seen=None, actor=w.admin),
    ),
    "opportunities.actions.playbook.archive_entry": (
        "manager", "archive", "playbookentry",
        lambda w: opportunities.archive_entry(entry=w.entry(), seen=None, actor=w.manager),
    ),
    "opportunities.actions.playbook.restore_entry": (
        "manager", "restore", "playbookentry",
        lambda w: opportunities.restore_entry(
            entry=opportunities.archive_entry(entry=w.entry(), seen=None, actor=w.manager), seen=None, actor=w.manager
        ),
    ),
    "opportunities.actions.files.store_attachment": (
        "rep", "add_file", "opportunity", lambda w: factories.attachment(w.deal())
    ),
    "opportunities.actions.files.store_playbook_attachment": (
        "manager", "add_file", "playbookentry",
        lambda w: opportunities.store_playbook_attachment(
            entry=w.entry(), upload=SimpleUploadedFile("n.txt", b"x"), actor=w.manager,
        ),
    ),
    "opportunities.actions.files.remove_attachment": (
        "rep", "remove_file", "opportunity",
        lambda w: opportunities.remove_attachment(attachment=factories.attachment(w.deal()), actor=w.rep),
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
    "opportunities.actions.checkpoints.add_checkpoints": (
        "rep", "add_checkpoint", "opportunity", lambda w: evidence(w)
    ),
    "opportunities.actions.checkpoints.confirm_checkpoint": (
        "manager", "confirm_checkpoint", "opportunity",
        lambda w: opportunities.confirm_checkpoint(checkpoint=evidence(w), actor=w.manager),
    ),
    "opportunities.actions.checkpoints.lower_grade": (
        "manager", "lower_grade", "opportunity",
        lambda w: opportunities.lower_grade(checkpoint=evidence(w), grade="E0", reason="No trace", actor=w.manager),
    ),
    "opportunities.actions.checkpoints.withdraw_checkpoint": (
        "rep", "withdraw_checkpoint", "opportunity",
        lambda w: opportunities.withdraw_checkpoint(checkpoint=evidence(w), reason="Mistaken", actor=w.rep),
    ),
    "opportunities.actions.activities.plan_activity": ("rep", "create", "activity", visit),
    "opportunities.actions.activities.edit_activity": (
        "rep", "edit", "activity",
        lambda w: opportunities.edit_activity(
            activity=visit(w), changes={"objective": "x"}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.activities.reschedule_activity": (
        "rep", "reschedule", "activity",
        lambda w: opportunities.reschedule_activity(
            activity=visit(w), planned_at=timezone.now(), seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.activities.cancel_activity": (
        "rep", "cancel_activity", "activity",
        lambda w: opportunities.cancel_activity(activity=visit(w), reason="Ill", seen=None, actor=w.rep),
    ),
    "opportunities.actions.activities.coach_activity": (
        "manager", "coach", "activity",
        lambda w: opportunities.coach_activity(activity=debriefed(w), note="Ask why", seen=None, actor=w.manager),
    ),
    "opportunities.actions.debriefs.debrief_activity": ("rep", "debrief", "activity", debriefed),
    "opportunities.actions.debriefs.log_activity": (
        "rep", "create", "activity",
        lambda w: opportunities.log_activity(
            actor=w.rep, kind=ActivityKind.objects.get(key="call"), done_at=timezone.now()
        ),
    ),
    "opportunities.actions.activity_kinds.create_activity_kind": (
        "admin", "create", "activitykind",
        lambda w: opportunities.create_activity_kind(actor=w.admin, name_zh="晚餐", name_en="Dinner", base="meeting"),
    ),
    "opportunities.actions.activity_kinds.edit_activity_kind": (
        "admin", "edit", "activitykind",
        lambda w: opportunities.edit_activity_kind(
            kind=ActivityKind.objects.get(key="demo"), changes={"name_en": "Trial"}, seen=None, actor=w.admin
        ),
    ),
    "opportunities.actions.activity_kinds.archive_activity_kind": (
        "admin", "archive", "activitykind", archived_kind
    ),
    "opportunities.actions.activity_kinds.restore_activity_kind": (
        "admin", "restore", "activitykind",
        lambda w: opportunities.restore_activity_kind(kind=archived_kind(w), seen=None, actor=w.admin),
    ),
    "opportunities.actions.calendar_feeds.make_calendar_feed": (
        "rep", "make_calendar_feed", "user", lambda w: opportunities.make_calendar_feed(actor=w.rep)
    ),
    "opportunities.actions.calendar_feeds.revoke_calendar_feed": (
        "rep", "revoke_calendar_feed", "user",
        lambda w: [act(actor=w.rep) for act in (opportunities.make_calendar_feed, opportunities.revoke_calendar_feed)],
    ),
    "opportunities.actions.decisions.record_decision": (
        "rep", "decide", "opportunity",
        lambda w: opportunities.record_decision(opportunity=w.deal(), decision="go", reason="Real", actor=w.rep),
    ),
    "opportunities.actions.waivers.ask_waiver": ("rep", "ask_waiver", "opportunity", lambda w: waiver(w)),
    "opportunities.actions.waivers.grant_waiver": (
        "manager", "waiver_granted", "opportunity",
        lambda w: opportunities.grant_waiver(waiver=waiver(w), actor=w.manager),
    ),
    "opportunities.actions.waivers.refuse_waiver": (
        "manager", "waiver_refused", "opportunity",
        lambda w: opportunities.refuse_waiver(waiver=waiver(w), reason="Too early", actor=w.manager),
    ),
    "opportunities.actions.stakeholders.add_stakeholder": ("rep", "create", "stakeholder", lambda w: w.stakeholder()),
    "opportunities.actions.stakeholders.edit_stakeholder": (
        "rep", "edit", "stakeholder",
        lambda w: opportunities.edit_stakeholder(
            stakeholder=w.stakeholder(), changes={"stance": 1}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.stakeholders.archive_stakeholder": (
        "rep", "archive", "stakeholder",
        lambda w: w.archived(w.stakeholder(), opportunities.archive_stakeholder, "stakeholder"),
    ),
    "opportunities.actions.stakeholders.restore_stakeholder": (
        "rep", "restore", "stakeholder",
        lambda w: opportunities.restore_stakeholder(
            stakeholder=w.archived(w.stakeholder(), opportunities.archive_stakeholder, "stakeholder"),
            seen=None, actor=w.rep,
        ),
    ),
    "opportunities.actions.joint_plan.add_task": ("rep", "create", "jointtask", lambda w: w.task()),
    "opportunities.actions.joint_plan.edit_task": (
        "rep", "edit", "jointtask",
        lambda w: opportunities.edit_task(task=w.task(), changes={"title": "x"}, seen=None, actor=w.rep),
    ),
    "opportunities.actions.joint_plan.finish_task": (
        "rep", "edit", "jointtask",
        lambda w: opportunities.finish_task(task=w.task(), done_on=date(2026, 1, 1), seen=None, actor=w.rep),
    ),
    "opportunities.actions.joint_plan.archive_task": (
        "rep", "archive", "jointtask", lambda w: w.archived(w.task(), opportunities.archive_task, "task")
    ),
    "opportunities.actions.joint_plan.restore_task": (
        "rep", "restore", "jointtask",
        lambda w: opportunities.restore_task(
            task=w.archived(w.task(), opportunities.archive_task, "task"), seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.strategy.edit_strategy": (
        "rep", "edit", "strategysheet",
        lambda w: opportunities.edit_strategy(
            opportunity=w.deal(), changes={"sales_theme": "x"}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.strategy.add_competitor": ("rep", "create", "competitor", lambda w: w.competitor()),
    "opportunities.actions.strategy.edit_competitor": (
        "rep", "edit", "competitor",
        lambda w: opportunities.edit_competitor(
            competitor=w.competitor(), changes={"counter": "x"}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.strategy.archive_competitor": (
        "rep", "archive", "competitor",
        lambda w: w.archived(w.competitor(), opportunities.archive_competitor, "competitor"),
    ),
    "opportunities.actions.strategy.restore_competitor": (
        "rep", "restore", "competitor",
        lambda w: opportunities.restore_competitor(
            competitor=w.archived(w.competitor(), opportunities.archive_competitor, "competitor"),
            seen=None, actor=w.rep,
        ),
    ),
    "opportunities.actions.method.edit_method": (
        "admin", "edit", "methodsetting",
        lambda w: opportunities.edit_method(gate_mode="enforce", grade_needs={}, seen=None, actor=w.admin),
    ),
    "opportunities.actions.method.edit_rung": (
        "admin", "edit", "rung",
        lambda w: opportunities.edit_rung(
            rung=Rung.objects.current()[0], changes={"question_en": "Who?"}, actor=w.admin
        ),
    ),
    "opportunities.actions.method.rename_factor": (
        "admin", "edit", "factor",
        lambda w: opportunities.rename_factor(
            factor=Factor.objects.all()[0], changes={"name_en": "Need"}, seen=None, actor=w.admin
        ),
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


def test_the_trail_has_words_for_every_action_and_row():
    """Also for what an import names: a kind of row for each file."""
    imported = {file.model._meta.model_name for file in FILES}
    assert {action for _who, action, _model, _act in WRITES.values()} - set(trail.ACTIONS) == set()
    assert ({model for _who, _action, model, _act in WRITES.values()} | imported) - set(trail.KINDS) == set()
