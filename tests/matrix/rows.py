"""Rows for every kind of address."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Kind, Notification
from accounts.saved_views import save_view
from accounts.tokens import create_token
from customers.actions import (
    add_joint_action,
    add_plan_line,
    add_target,
    assess_customer,
    create_contract,
    create_nps_response,
    create_plan,
    create_profile,
    create_supplier,
    create_unit,
    merge_customers,
)
from customers.models import Customer, Order, Product
from opportunities import actions
from opportunities.actions import Evidence, add_checkpoints, archive_opportunity, remove_attachment
from opportunities.models import ActivityKind, Factor, PlaybookEntry, Stage
from pipeline.models import ExportRun, ImportRun
from pipeline.runs.storage import ZIP, folder_of
from tests import factories
from tests.matrix.doors import LIFT, ROLES, SCORES


@pytest.fixture
def rows(company):
    """Rows of the east's rep by kind, and the same of the west, whose words and amounts nobody else may meet."""
    profile = create_profile(actor=company.admin, name="Ideal", criteria=[{"kind": "decision_maker", "weight": 1}])
    west = of_one(company, profile, company.stranger, "WESTERN", Decimal("8123456.07"))
    made = of_one(company, profile, company.rep, "EASTERN", Decimal("7654321.09"))
    Customer.objects.filter(pk=west["customer"].pk).update(parent=made["customer"])  # one group of both
    return made | of_all(company, profile)


def of_one(company, profile, person, word, amount):
    """What one person has, with this word in each text."""
    customer = factories.customer(person, f"{word} Works", annual_spend=amount)
    contact = factories.contact(person, customer, f"{word} Contact", email=f"{word}@example.com")
    opportunity = factories.opportunity(
        person, f"{word} Deal", customer=customer, amount=amount, next_step=f"{word} step", source=word
    )
    return {
        "file": factories.attachment(opportunity, f"{word}.txt"), "removed_file": removed_file(opportunity),
        "picture": factories.attachment(opportunity, f"{word}.png", factories.PIXEL),
        "activity": factories.activity(
            person, opportunity=opportunity, contacts=[contact], objective=f"{word} objective"
        ),
        "merge": merge_customers(
            survivor=customer, other=factories.customer(person, f"{word} Twin"), actor=company.admin
        ),
        "customer": customer, "contact": contact, "opportunity": opportunity,
        **proven(person, opportunity, contact, word),
        "archived": archived(person, customer, word, amount),
        **bought(person, customer, contact, word, amount),
        **around(person, opportunity, contact, word, amount),
        **planned(person, customer, contact, word, amount),
        "target": add_target(
            actor=person, profile=profile, customer=customer, next_step=f"{word} visit", owner=person
        ),
        "notification": Notification.objects.create(
            recipient=person, kind=Kind.HANDED_OVER, model="opportunity", object_id=opportunity.pk,
            params={"by": company.admin.pk},
        ),
    }  # fmt: skip


def proven(person, opportunity, contact, word):
    """Evidence, and a waiver for what it does not reach."""
    evidence = Evidence(
        factor="power", level=5, grade="E2", evidence=f"{word} minutes", contact=contact,
        said_on=opportunity.created_on, link=f"https://example.com/{word}",
    )  # fmt: skip
    [checkpoint] = add_checkpoints(opportunity=opportunity, records=[evidence], actor=person)
    Stage.objects.filter(key__in=["validate", "decide"]).update(floor=1)
    return {"checkpoint": checkpoint, "waiver": factories.waiver(opportunity, person, reason=f"{word} wish")}


def archived(person, customer, word, amount):
    """An opportunity that was entered by mistake."""
    row = factories.opportunity(person, f"{word} Mistake", customer=customer, amount=amount)
    return archive_opportunity(opportunity=row, seen=1, actor=person)


def bought(person, customer, contact, word, amount):
    """What the customer ordered from us and others, where, and says of us."""
    return {
        "order": Order.objects.create(
            key=f"{word}-ORDER", customer=customer, owner=person, amount=amount, booked_on="2026-10-01"
        ),
        "contract": create_contract(
            actor=person, customer=customer, title=f"{word} contract", amount=amount, starts_on=date(2026, 1, 1),
            ends_on=date(2026, 12, 31),
        ),
        "supplier": create_supplier(
            actor=person, customer=customer, name=f"{word} rival", annual_amount=amount
        ),
        "unit": create_unit(actor=person, customer=customer, key=f"{word}-UNIT", name=f"{word} plant"),
        "nps": create_nps_response(
            actor=person, customer=customer, contact=contact, score=9, answered_on=date(2026, 10, 1), comment=word
        ),
    }  # fmt: skip


def of_all(company, profile):
    """What the company has, and what is in settings."""
    made: dict[str, Any] = {"profile": profile}
    made["view"] = save_view(actor=company.rep, name="Ours", page="board", query="", scope="team")
    made["token"] = create_token(user=company.rep, name="Nightly")[0]
    made["entry"] = AuditEntry.objects.latest("id")
    made["playbook"] = PlaybookEntry.objects.first()
    made["playbook_file"] = actions.store_playbook_attachment(
        entry=made["playbook"], upload=SimpleUploadedFile("a.txt", b"x"), actor=company.admin
    )
    made["product"] = factories.product(company.admin, "Rack")
    Product.objects.create(pk=LIFT, name="Lift")
    made["kind"] = ActivityKind.objects.get(key="visit")
    made["stage"] = Stage.objects.get(key="discover")
    made["factor"] = Factor.objects.get(key="power")
    made["user"], made["team"] = company.rep, company.east
    made["invitation"] = factories.invitation(company.admin, "guest@example.com")
    made["import"] = ImportRun.objects.create(requested_by=company.admin, state="checked")
    made["export"] = finished_export(company.admin)
    made["export_of_another"] = finished_export(company.executive)
    made["sessions"] = {role: session_of(getattr(company, role)) for role in ROLES if role != "anonymous"}
    return made


def session_of(person):
    """The key of a session that is begun before the requests, whose writes are undone."""
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def removed_file(opportunity):
    return remove_attachment(attachment=factories.attachment(opportunity), actor=opportunity.owner)


def around(person, opportunity, contact, word, amount):
    """What hangs on an opportunity: its people, plan, strategy."""
    of_it = {"opportunity": opportunity, "actor": person}
    sheet = {"sales_theme": f"{word} theme", "price": amount, "price_floor": amount}
    actions.edit_strategy(changes=sheet, seen=None, **of_it)
    actions.record_decision(decision="go", reason=f"{word} reason", **of_it)
    return {
        "stakeholder": actions.add_stakeholder(contact=contact, goal=f"{word} goal", **of_it),
        "task": actions.add_task(title=f"{word} task", **of_it),
        "competitor": actions.add_competitor(name=f"{word} rival", **of_it),
    }


def planned(person, customer, contact, word, amount):
    """The customer's account plan."""
    plan = create_plan(actor=person, customer=customer, year=2026, risks=f"{word} risk", their_leader=contact)
    notes = {"sales": f"{word} note"}
    return {
        "plan": plan,
        "assessment": assess_customer(customer=customer, scores=SCORES, notes=notes, actor=person),
        "plan_line": add_plan_line(actor=person, plan=plan, strategy=f"{word} strategy", revenue=amount),
        "joint_action": add_joint_action(actor=person, plan=plan, action=f"{word} action", owner=person),
    }


def finished_export(person):
    now = timezone.now()
    run = ExportRun.objects.create(
        requested_by=person, state="finished", ended_at=now, expires_at=now + timedelta(hours=1)
    )
    folder_of(run).mkdir(parents=True)
    (folder_of(run) / ZIP).write_bytes(b"PK")
    return run
