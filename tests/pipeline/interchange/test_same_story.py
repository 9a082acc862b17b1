"""The same story told through the actions and through an import leaves equal rows."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.models import User
from customers.models import Customer, Product
from opportunities.actions import assign, create_opportunity, edit_opportunity, edit_stage, move_to_stage
from opportunities.models import Opportunity, Stage
from tests.pipeline.interchange.workspaces import BASE, load, opportunities, versions, wipe, write

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
PEOPLE = {
    "users.csv": BASE["users.csv"] + "mia,Mia,,manager,head,,\n",
    "opportunities.csv": None,
    "opportunity_events.csv": None,
    "collaborators.csv": None,
}
EVENTS = [  # day, actor, field, value, reason
    (0, "ann", "stage", "lead", ""),
    (0, "ann", "owner", "ann", ""),
    (0, "ann", "amount", "1000.00", ""),
    (0, "ann", "expected_close", "2026-06-30", ""),
    (1, "ann", "next_step", "Call", ""),
    (1, "ann", "next_step_due", "2026-01-10", ""),
    (2, "ann", "stage", "offer", "They have asked for it"),
    (3, "mia", "owner", "bob", "Closer"),
    (4, "bob", "amount", "1234.50", ""),
    (4, "bob", "product", "pump", ""),
    (5, "bob", "stage", "lead", "The need has changed"),
    (6, "bob", "next_step", "", ""),
    (6, "bob", "next_step_due", "", ""),
    (8, "bob", "stage", "won", ""),
    (8, "bob", "amount", "1300.00", ""),
    (9, "mia", "stage", "offer", "Signature withdrawn"),
    (10, "bob", "stage", "lost", "Price"),
]


def person(key):
    return User.objects.get(username=key)


def stage(key):
    return Stage.objects.get(key=key)


def move(key, **options):
    return lambda row, actor: move_to_stage(opportunity=row, stage=stage(key), seen=None, actor=actor, **options)


def edit(**changes):
    return lambda row, actor: edit_opportunity(opportunity=row, changes=changes, seen=None, actor=actor)


def hand_over(row, actor):
    return assign(opportunity=row, owner=person("bob"), seen=None, actor=actor, reason="Closer")


def raise_the_rate(row, actor):
    edit_stage(stage=stage("lead"), changes={"win_rate": Decimal("0.2")}, seen=None, actor=actor)


def sell_pumps(row, actor):
    edit(amount=Decimal("1234.50"), product=Product.objects.get(key="pump"))(row, actor)


ACTS = [
    (1, "ann", edit(next_step="Call", next_step_due=date(2026, 1, 10))),
    (2, "ann", move("offer", override=True, reason="They have asked for it")),
    (3, "mia", hand_over),
    (4, "bob", sell_pumps),
    (5, "bob", move("lead", reason="The need has changed")),
    (6, "bob", edit(next_step="", next_step_due=None)),
    (7, "boss", raise_the_rate),
    (8, "bob", move("won", amount=Decimal("1300"), signed_on=date(2026, 1, 12))),
    (9, "mia", move("offer", override=True, reason="Signature withdrawn")),
    (10, "bob", move("lost", reason="Price", competitor="Rapid Rollers")),
]


def told_by_actions():
    with time_machine.travel(BEGIN, tick=False):
        row = create_opportunity(
            actor=person("ann"), customer=Customer.objects.get(key="acme"), title="One", amount=Decimal("1000"),
            expected_close_date=date(2026, 6, 30),
        )  # fmt: skip
    Opportunity.objects.filter(pk=row.pk).update(key="o1")
    for day, actor, act in ACTS:
        with time_machine.travel(BEGIN + timedelta(days=day), tick=False):
            act(Opportunity.objects.get(pk=row.pk), person(actor))


def told_by_an_import(folder):
    lines = "".join(
        f"o1,{(BEGIN + timedelta(days=day)).isoformat()},{actor},{field},{value},{reason}\n"
        for day, actor, field, value, reason in reversed(EVENTS)
    )
    load(write(folder, {
        **PEOPLE,
        "opportunities.csv": "key,customer,title,created_at,created_by,competitor\n"
        f"o1,acme,One,{BEGIN.isoformat()},ann,Rapid Rollers\n",
        "opportunity_events.csv": "opportunity,at,actor,field,value,reason\n" + lines,
        "stage_settings.csv": f"stage,at,win_rate\nlead,{(BEGIN + timedelta(days=7)).isoformat()},0.2\n",
    }))  # fmt: skip


def without_the_administrator(rows):
    """A workspace has no column for who changed a win rate."""
    return [(*row[:2], None if row[2] == "boss" else row[2], *row[3:]) for row in rows]


def test_the_same_story_leaves_equal_rows(tmp_path):
    load(write(tmp_path / "people", PEOPLE))
    told_by_actions()
    acted = without_the_administrator(versions()), opportunities()
    wipe()

    told_by_an_import(tmp_path / "story")

    assert len(acted[0]) == 11
    assert versions() == acted[0]
    assert opportunities() == acted[1]


def test_an_import_of_what_was_done_changes_nothing(tmp_path):
    load(write(tmp_path / "people", PEOPLE))
    told_by_actions()
    before = versions(), opportunities()

    told_by_an_import(tmp_path / "story")

    assert (versions(), opportunities()) == before
