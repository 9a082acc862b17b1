"""One story told through every door leaves equal rows: rules live in the actions, doors only parse."""

import csv
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from accounts.tokens import create_token
from opportunities import actions
from opportunities.models import MethodSetting, Opportunity, OpportunityVersion, Stage
from pipeline.interchange import import_workspace
from tests import factories

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
STEP = timedelta(days=9)
SIGNED = "2026-04-30"
# What a person does, one step after the other, nine days apart: (who, act, what with)
STORY = [
    ("rep", "move", {"stage": "validate"}),
    ("rep", "edit", {"amount": "25000.50"}),
    ("rep", "edit", {"expected_close_date": "2026-09-30"}),
    ("rep", "edit", {"next_step": "See the director"}),
    ("rep", "move", {"stage": "discover", "reason": "Misjudged"}),
    ("manager", "assign", {"owner": "mate"}),
    ("mate", "move", {"stage": "lock"}),
    ("mate", "move", {"stage": "won", "amount": "24000.00", "signed_on": SIGNED}),
    ("manager", "move", {"stage": "decide", "reason": "Contract withdrawn"}),
    ("mate", "move", {"stage": "lost", "reason": "Price", "competitor": "Rival"}),
]
DIFFERENT_BY_NATURE = {"id", "opportunity_id", "version", "changed_in", "imported_version", "last_change"}


class ThroughActions:
    """The plain actions."""

    def __init__(self, company):
        self.people = company.people()

    def move(self, row, who, stage, reason="", amount=None, signed_on=None, competitor="", override=False):
        actions.move_to_stage(
            opportunity=row, stage=Stage.objects.get(key=stage), seen=row.version, actor=self.people[who],
            reason=reason, amount=Decimal(amount) if amount else None, competitor=competitor, override=override,
            signed_on=datetime.fromisoformat(signed_on).date() if signed_on else None,
        )  # fmt: skip

    def stopped(self, row, who, **body):
        """Whether the gate stops this move."""
        try:
            self.move(row, who, **body)
        except actions.GateClosed:
            return True
        return False

    def edit(self, row, who, **changes):
        parsed = {name: Opportunity._meta.get_field(name).to_python(value) for name, value in changes.items()}
        actions.edit_opportunity(opportunity=row, changes=parsed, seen=row.version, actor=self.people[who])

    def assign(self, row, who, owner):
        actions.assign(opportunity=row, owner=self.people[owner], seen=row.version, actor=self.people[who])


class ThroughBrowser:
    """Plain forms, as a browser without script posts them."""

    headers: dict[str, str] = {}

    def __init__(self, company):
        self.people = company.people()

    def client(self, who):
        client = Client(headers=self.headers)
        client.force_login(self.people[who])  # each time: the story is longer than a session
        return client

    def post(self, who, name, row, args=(), **body):
        if "amount" in body:  # in English amounts are typed in thousands
            body["amount"] = str(Decimal(body["amount"]) / 1000)
        url = reverse(name, args=[row.pk, *args])
        answer = self.client(who).post(url, {"version": row.version, **body})
        assert answer.status_code in (200, 204, 302), f"{url} {answer.status_code} {answer.content[:500]!r}"

    def move(self, row, who, **body):
        self.post(who, "opportunity_move", row, **body)

    def stopped(self, row, who, **body):
        url = reverse("opportunity_move", args=[row.pk])
        answer = self.client(who).post(url, {"version": row.version, **body})
        return answer.status_code == 422 and b"evidence missing" in answer.content

    def edit(self, row, who, **changes):
        for name, value in changes.items():
            self.post(who, "opportunity_field", row, [name], **{name: value, "in": "table"})

    def assign(self, row, who, owner):
        self.post(who, "opportunity_assign", row, owner=owner)


class ThroughBoard(ThroughBrowser):
    """Drag, move menu and keys: the same addresses, asked by script."""

    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/opportunities/"}


class ThroughBulk(ThroughBoard):
    """The table's acts on many, here on one."""

    def bulk(self, row, who, **body):
        picked = {"ids": [f"{row.pk}-{row.version}"], "confirmed": "1", **body}
        answer = self.client(who).post(reverse("opportunity_bulk"), picked)
        assert answer.status_code in (200, 204), answer.content[:500]
        return answer.content

    def stopped(self, row, who, **body):
        return b"Evidence is missing" in self.bulk(row, who, act="move", **body)

    def move(self, row, who, amount=None, **body):
        if amount:  # the bulk move has no field for the amount
            ThroughBoard.move(self, row, who, amount=amount, **body)
        else:
            self.bulk(row, who, act="move", **body)

    def assign(self, row, who, owner):
        self.bulk(row, who, act="assign", owner=owner)


class ThroughApi:
    """The REST API with everybody's own token."""

    def __init__(self, company):
        self.secrets = {
            name: create_token(user=user, name="test", scope="write")[1] for name, user in company.people().items()
        }

    def send(self, who, method, path, expected=200, **body):
        answer = Client().generic(
            method, f"/api/v1/{path}", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {self.secrets[who]}"},
        )  # fmt: skip
        assert answer.status_code == expected, answer.content
        return answer.json()

    def stopped(self, row, who, **body):
        path = f"opportunities/{row.pk}/move/"
        return "missing" in self.send(who, "POST", path, version=row.version, expected=422, **body)

    def move(self, row, who, **body):
        self.send(who, "POST", f"opportunities/{row.pk}/move/", version=row.version, **body)

    def edit(self, row, who, **changes):
        self.send(who, "PATCH", f"opportunities/{row.pk}/", version=row.version, **changes)

    def assign(self, row, who, owner):
        self.edit(row, who, owner=owner)


class ThroughApiBulk(ThroughApi):
    """The API's acts on many, here on one."""

    def move(self, row, who, amount=None, **body):
        if amount:
            ThroughApi.move(self, row, who, amount=amount, **body)
        else:
            result = self.send(who, "POST", "opportunities/bulk/", ids=[row.pk], action="move", **body)
            assert result["results"][0]["status"] == 200

    def stopped(self, row, who, **body):
        sent = self.send(who, "POST", "opportunities/bulk/", ids=[row.pk], action="move", **body)
        return sent["results"][0]["status"] == 422


DOORS = [ThroughActions, ThroughBrowser, ThroughBoard, ThroughBulk, ThroughApi, ThroughApiBulk]


def told(company, door):
    """The story through one door; the rows that it leaves."""
    with time_machine.travel(BEGIN, tick=False) as clock:
        customer = factories.customer(company.rep, "Works")
        row = factories.opportunity(company.rep, "Story", customer=customer, amount=Decimal("20000.00"))
        teller = door(company)
        for who, act, body in STORY:
            clock.shift(STEP)
            row = Opportunity.objects.get(pk=row.pk)
            getattr(teller, act)(row, who, **body)
    return left(row)


def left(row):
    """Columns of the opportunity and of its versions, without what differs by nature."""
    columns = Opportunity.objects.filter(pk=row.pk).values().get()
    versions = OpportunityVersion.objects.filter(opportunity=row.pk).order_by("valid_from").values()
    return [
        {name: value for name, value in each.items() if name not in DIFFERENT_BY_NATURE}
        for each in (columns, *versions)
    ]


def without(rows, *names):
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


@pytest.fixture
def expected(company):
    return told(company, ThroughActions)


@pytest.mark.parametrize("door", DOORS[1:])
def test_every_door_leaves_the_same_rows(company, expected, door):
    got = told(company, door)
    assert len(got) == len(STORY) + 2
    assert without(got, "key", "customer_id") == without(expected, "key", "customer_id")
    doors = set(AuditEntry.objects.filter(model="opportunity").values_list("door", flat=True))
    assert doors >= {"api" if "Api" in door.__name__ else "browser"}


class ThroughTable(ThroughBoard):
    """The stage edited where it stands in the table: what it lacks is asked for in the dialog."""

    def stopped(self, row, who, stage):
        body = {"version": row.version, "stage": stage, "in": "table"}
        answer = self.client(who).post(reverse("opportunity_field", args=[row.pk, "stage"]), body)
        asked = json.loads(answer.headers["HX-Trigger"])["asc:ask"]["url"]
        return b"evidence missing" in self.client(who).get(asked).content


@pytest.mark.parametrize("door", [*DOORS, ThroughTable])
@pytest.mark.parametrize(
    ("who", "enforced", "may_override"),
    [("rep", False, True), ("rep", True, False), ("manager", False, True), ("manager", True, True)],
)
def test_the_gate_answers_every_door_alike(db, door, who, enforced, may_override):
    company = factories.company(gated=True)
    if enforced:
        MethodSetting.objects.update(gate_mode=MethodSetting.GateMode.ENFORCE)
    row = factories.opportunity(company.rep, "Story")
    teller = door(company)
    assert teller.stopped(row, who, stage="cocreate")
    assert state_of(row) == ("discover", None, 1)
    anyway = {"stage": "cocreate", "override": True, "reason": "Trust me"}
    if may_override:
        teller.move(row, who, **anyway)
        assert state_of(row) == ("cocreate", "discover", 2)
    elif door is not ThroughTable:  # which has no way to override
        assert teller.stopped(row, who, **anyway)
        assert state_of(row) == ("discover", None, 1)


def state_of(row):
    """Where it stands, from where without proof, its version."""
    return Opportunity.objects.values_list("stage__key", "unproven_from__key", "version").get(pk=row.pk)


def test_an_import_leaves_the_same_rows(company, expected, tmp_path):
    """The workspace's own words for the same history; nothing but the book-keeping differs."""
    write(tmp_path / "customers.csv", ["key", "name", "owner"], [["C1", "Works", "rep"]])
    write(
        tmp_path / "opportunities.csv",
        ["key", "customer", "title", "created_at", "created_by", "forecast_category", "signed_on", "competitor"],
        [["O1", "C1", "Story", BEGIN.isoformat(), "rep", "pipeline", "", "Rival"]],
    )
    write(tmp_path / "opportunity_events.csv", ["opportunity", "at", "actor", "field", "value", "reason"], events())
    assert not import_workspace(tmp_path).bad_rows
    got = left(Opportunity.objects.get(key="O1"))
    assert without(got, "key", "customer_id") == without(expected, "key", "customer_id")


def events():
    names = {"expected_close_date": "expected_close"}
    begin = {"stage": "discover", "owner": "rep", "amount": "20000.00", "expected_close": "2027-03-31"}
    yield from (["O1", BEGIN.isoformat(), "rep", name, value, ""] for name, value in begin.items())
    for number, (who, _act, body) in enumerate(STORY, start=1):
        at = (BEGIN + number * STEP).isoformat()
        for name in ("stage", "owner", "amount", "expected_close_date", "next_step"):
            if name in body:
                reason = body.get("reason", "") if name == "stage" else ""
                yield ["O1", at, who, names.get(name, name), body[name], reason]


def write(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows([header, *rows])
