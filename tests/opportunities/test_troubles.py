"""Opportunities looked for by what is wrong with their climb: the same as the rules say of each row."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import SavedView
from accounts.selectors import calendar, today
from opportunities.actions import Evidence, add_checkpoints, move_to_stage
from opportunities.models import Opportunity, Stage
from opportunities.selectors.climbs import climbs
from opportunities.selectors.stages import all_stages
from opportunities.selectors.troubles import Trouble, in_trouble
from tests import factories
from tests.api.conftest import client_of
from tests.opportunities.browser_door import text_of


@pytest.fixture
def company(db):
    return factories.company(gated=True)


def ago(days):
    return time_machine.travel(timezone.now() - timedelta(days=days), tick=True)


def prove(row, actor):
    contact = factories.contact(actor, row.customer)
    record = Evidence("demand", 1, "E3", "Minutes", contact, today(), "https://x.example/m")
    add_checkpoints(opportunity=row, records=[record], actor=actor)


def move(row, key, actor):
    stage = Stage.objects.get(key=key)
    return move_to_stage(opportunity=row, stage=stage, seen=None, actor=actor, override=True, reason="Chairman")


@pytest.fixture
def deals(company):
    """One of each kind, by name; the oldest was made 60 days ago."""
    rep, made = company.rep, {}
    with ago(60):
        for name in ("old", "old back", "old climbed", "old proven", "closed", "on the day", "late"):
            made[name] = factories.opportunity(rep, name)
        prove(made["old proven"], rep)
        move(made["old back"], "validate", rep)
        move(made["closed"], "lost", rep)
    with ago(31):
        move(made["late"], "validate", rep)
    with ago(30):
        move(made["on the day"], "validate", rep)
    with ago(10):
        move(made["old back"], "discover", rep)  # a step back is no progress
        prove(made["old climbed"], rep)
    made["new"] = factories.opportunity(rep, "new")
    made["inflated"] = factories.opportunity(rep, "inflated")
    prove(made["inflated"], rep)
    move(made["inflated"], "cocreate", rep)
    return made


def found(kind):
    return set(Opportunity.objects.filter(in_trouble(kind)).values_list("title", flat=True))


def test_the_conditions_say_what_the_rules_say_of_each(company, deals):
    rows = climbs(company.rep, all_stages(), calendar(), today())
    assert found(Trouble.STUCK) == {row.title for row in rows if row.stagnant}
    assert found(Trouble.STUCK) == {"old", "old back", "old proven", "late"}
    assert found(Trouble.INFLATED) == {row.title for row in rows if row.inflated} == {"inflated"}
    assert found(Trouble.UNASSESSED) == {row.title for row in rows if row.unassessed}
    assert found(Trouble.UNPROVEN) == {row.title for row in rows if row.moved_without_proof}
    assert found(Trouble.UNPROVEN) == {"inflated", "on the day", "late"}
    Stage.objects.update(expected_days=70)
    assert found(Trouble.STUCK) == set()


def test_table_board_api_and_views_take_it(company, deals, signed_in):
    client = signed_in(company.rep)
    page = text_of(client.get("/opportunities/table/?trouble=inflated&trouble=stuck&view=all"))
    assert "What is wrong: Inflated, Standing still" in page
    assert page.count('name="trouble" value="unproven"') >= 1
    answer = client_of(company.rep).get("opportunities/?trouble=inflated&trouble=stuck").json()
    assert {row["title"] for row in answer["results"]} == {"old", "old back", "old proven", "late", "inflated"}
    assert client_of(company.rep).get("opportunities/?trouble=x").status_code == 400
    client.post(
        "/opportunities/views/new/",
        {"name": "Look again", "page": "table", "query": "trouble=stuck", "scope": "mine"},
    )
    assert [view.query for view in SavedView.objects.all()] == ["trouble=stuck"]
