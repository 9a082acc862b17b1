"""Rows for tests, made through the actions, so that a test begins with what the product itself would have written."""

import itertools
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts import actions as accounts_actions
from accounts.models import Invitation, Organisation, Team, User
from accounts.people import invite_person
from customers import actions as customers_actions
from customers.actions import create_contact, create_customer, create_product, merge_customers
from customers.models import Contact, Customer, Product
from opportunities.actions import ask_waiver, create_opportunity, plan_activity, store_attachment
from opportunities.models import (
    Activity,
    ActivityKind,
    Attachment,
    MethodSetting,
    Opportunity,
    Stage,
    StageSetting,
    Waiver,
)

PIXEL = bytes.fromhex(  # a whole PNG of one point
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff3f0005fe02fe"
    "dccc59e70000000049454e44ae426082"
)
PASSWORD = "climb-to-the-summit-9"
_numbers = itertools.count(1)


@dataclass
class Company:
    """Head office with two regions: `manager` leads east (rep, mate), `other_manager` west (stranger)."""

    organisation: Organisation
    head: Team
    east: Team
    west: Team
    admin: User
    executive: User
    director: User
    manager: User
    rep: User
    mate: User
    other_manager: User
    stranger: User

    def people(self) -> dict[str, User]:
        """Everybody by the name of their part."""
        return {name: value for name, value in vars(self).items() if isinstance(value, User)}


def company(*, gated: bool = False, **organisation: Any) -> Company:
    """A company in which opportunities move freely; `gated`: with the shipped floors and milestones."""
    if not gated:
        for model in (Stage, StageSetting):
            model.objects.update(floor=0, milestones=[])
    fields = {
        "name": "Test Works",
        "currency": "CNY",
        "timezone": "Asia/Shanghai",
        "set_up_at": timezone.now(),
        **organisation,
    }
    row = Organisation.objects.create(pk=1, **fields)
    head = team("Head", key="head")
    east, west = team("East", key="east", parent=head), team("West", key="west", parent=head)
    return Company(
        organisation=row,
        head=head,
        east=east,
        west=west,
        admin=person("admin", role="admin"),
        executive=person("executive", role="executive"),
        director=person("director", role="manager", team=head),
        manager=person("manager", role="manager", team=east),
        rep=person("rep", role="rep", team=east),
        mate=person("mate", role="rep", team=east),
        other_manager=person("other_manager", role="manager", team=west),
        stranger=person("stranger", role="rep", team=west),
    )


def team(name: str, *, parent: Team | None = None, **fields: Any) -> Team:
    return accounts_actions.create_team(name=name, parent=parent, actor=None, **fields)


def person(username: str, **fields: Any) -> User:
    fields.setdefault("name", username.replace("_", " ").title())
    fields.setdefault("language", "en")
    fields.setdefault("last_seen_at", timezone.now())  # so that what is counted has no note of it
    return accounts_actions.create_person(username=username, password=PASSWORD, actor=None, **fields)


def invitation(admin: User, email: str = "guest@example.com", **fields: Any) -> Invitation:
    """The invitation of somebody new, who has no password yet."""
    fields.setdefault("name", email.partition("@")[0].title())
    fields.setdefault("language", "en")
    return invite_person(actor=admin, email=email, base="http://testserver", **fields)


def product(admin: User, name: str = "", **fields: Any) -> Product:
    return create_product(actor=admin, name=name or f"Product {next(_numbers)}", **fields)


def customer(owner: User, name: str = "", **fields: Any) -> Customer:
    return create_customer(actor=owner, name=name or f"Customer {next(_numbers)}", **fields)


def contact(owner: User, of: Customer, name: str = "", **fields: Any) -> Contact:
    return create_contact(actor=owner, customer=of, name=name or f"Contact {next(_numbers)}", **fields)


def opportunity(owner: User, title: str = "", **fields: Any) -> Opportunity:
    """An opportunity of this owner, in the first stage unless `stage` is a Stage or a key."""
    if isinstance(fields.get("stage"), str):
        fields["stage"] = Stage.objects.get(key=fields["stage"])
    fields.setdefault("amount", Decimal("100000.00"))
    fields.setdefault("expected_close_date", date(2027, 3, 31))
    fields.setdefault("customer", None)
    of = fields.pop("customer") or customer(owner)
    return create_opportunity(actor=owner, customer=of, title=title or f"Opportunity {next(_numbers)}", **fields)


def waiver(of: Opportunity, asked_by: User, key: str = "lock", reason: str = "Chairman") -> Waiver:
    """A waiver for the move to this stage, which demands that height; the gate is enforced while it is asked for."""
    Stage.objects.filter(key=key).update(floor=1)
    MethodSetting.objects.update(gate_mode="enforce")
    row = ask_waiver(opportunity=of, stage=Stage.objects.get(key=key), reason=reason, actor=asked_by)
    MethodSetting.objects.update(gate_mode="advise")
    return row


def activity(owner: User, kind: str = "visit", **fields: Any) -> Activity:
    """Something that this person has planned, for tomorrow unless `planned_at` says otherwise."""
    fields.setdefault("planned_at", timezone.now() + timedelta(days=1))
    return plan_activity(actor=owner, kind=ActivityKind.objects.get(key=kind), **fields)


def attachment(of: Opportunity, name: str = "note.txt", content: bytes = b"Minutes of the meeting") -> Attachment:
    """A file of an opportunity, added by its owner."""
    return store_attachment(opportunity=of, upload=SimpleUploadedFile(name, content), actor=of.owner)


def outrun_merge(company: Company, monkeypatch: Any) -> tuple[Customer, Customer]:
    """Two customers of the rep; when one is about to be merged into the other, somebody else is faster."""
    one, two, third = (customer(company.rep) for _n in range(3))

    def second(**given: Any) -> Any:
        monkeypatch.setattr(customers_actions, "merge_customers", merge_customers)
        merge_customers(survivor=third, other=Customer.objects.get(pk=two.pk), actor=company.admin)
        return merge_customers(**given)

    monkeypatch.setattr(customers_actions, "merge_customers", second)
    return one, two
