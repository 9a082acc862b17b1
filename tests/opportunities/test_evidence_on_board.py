"""Heights, evidenced and counted rates where opportunities are listed: the same numbers in every place."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.selectors import today
from opportunities import actions
from opportunities.actions import Evidence
from opportunities.models import Opportunity, Stage
from opportunities.rules.evidence import FACTORS
from opportunities.selectors import board as boards
from opportunities.selectors import table as tables
from opportunities.selectors.stages import all_stages, stages_in_use
from pipeline.scopes import Scope
from pipeline.selectors.funnel import funnel
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/opportunities/"


@pytest.fixture
def company():
    return factories.company(gated=True)


def climb(row, heights, actor):
    contact = factories.contact(actor, row.customer)
    about = {"grade": "E3", "evidence": "Minutes", "contact": contact, "said_on": today(), "link": "https://x.example"}
    records = [
        Evidence(factor=factor, level=level, **about)
        for factor, height in zip(FACTORS, heights, strict=True)
        for level in range(1, height + 1)
    ]
    return actions.add_checkpoints(opportunity=row, records=records, actor=actor) if records else []


def moved(row, key, actor):
    stage = Stage.objects.get(key=key)
    return actions.move_to_stage(
        opportunity=row, stage=stage, seen=None, actor=actor, override=True, reason="They asked for it"
    )


@pytest.fixture
def deals(company):
    """Some unassessed, some inflated, some proven, at random and always the same."""
    chance = random.Random(7)
    for number in range(24):
        row = factories.opportunity(company.rep, amount=Decimal(chance.randrange(100, 10**7)) / 100)
        if number % 4:
            climb(row, [chance.randrange(7) for _factor in FACTORS], company.rep)
        key = chance.choice(["discover", "validate", "cocreate", "decide", "lock"])
        if key != "discover":
            moved(row, key, company.rep)
    return company


def test_board_table_api_and_funnel_count_the_same(deals, signed_in):
    rep, mine = deals.rep, Opportunity.objects.filter(owner=deals.rep)
    whole = funnel(Scope("owner", owner_id=rep.pk)).open
    on_board = boards.sums(mine, stages_in_use()).sums
    in_table = tables.totals_of(tables.groups_of(mine, all_stages())).sums
    answer = signed_in(rep).get("/api/v1/opportunities/board/").json()
    columns = [each for each in answer["columns"] if each["stage"] != "won"]
    assert on_board == in_table
    assert (on_board.count, on_board.amount, on_board.weighted, on_board.counted) == (
        whole.count, whole.amount, whole.weighted, whole.counted,
    )  # fmt: skip
    assert (on_board.unassessed_count, on_board.unassessed) == (whole.unassessed.count, whole.unassessed.amount)
    assert sum(Decimal(each["counted"]) for each in columns) == whole.counted
    assert sum(Decimal(each["unassessed"]["amount"]) for each in columns) == whole.unassessed.amount
    assert Decimal(0) < whole.counted < whole.weighted
    assert 0 < whole.unassessed.count < whole.count


def test_closed_ones_count_as_declared_whatever_their_evidence(company):
    for key in ("won", "lost"):
        row = factories.opportunity(company.rep, amount=Decimal(1000))
        climb(row, (1, 0, 0, 0, 0), company.rep)
        changes = {"signed_on": today()} if key == "won" else {"reason": "Price"}
        actions.move_to_stage(
            opportunity=row, stage=Stage.objects.get(key=key), seen=None, actor=company.rep, **changes
        )  # fmt: skip
    groups = {
        group.stage.key: group.sums.counted for group in tables.groups_of(Opportunity.objects.all(), all_stages())
    }
    assert groups == {"won": Decimal(1000), "lost": Decimal(0)}


def test_a_cards_heights_are_those_of_its_records(company):
    row = factories.opportunity(company.rep)
    climb(row, (3, 1, 0, 2, 6), company.rep)
    unassessed = factories.opportunity(company.rep)
    found = boards.board(Opportunity.objects.all(), stages_in_use())
    cards = {card.id: card for card in found.columns[0].cards}
    assert cards[row.pk].heights.verified == (3, 1, 0, 2, 6)
    assert cards[unassessed.pk].heights is None
    (more,) = boards.cards(Opportunity.objects.filter(pk=row.pk))
    assert more.heights == cards[row.pk].heights


def test_the_card_says_what_must_not_be_overlooked(company, signed_in):
    row = factories.opportunity(company.rep)
    climb(row, (2, 2, 2, 2, 1), company.rep)
    client = signed_in(company.rep)
    quiet = client.get(URL).content.decode()
    too_high, known = "Declared higher than the evidence supports", '<span class="c-3 t-12 nw">evidence {}</span>'
    assert known.format("10%") in quiet and too_high not in quiet and "moved without proof" not in quiet
    moved(row, "validate", company.rep)
    loud = client.get(URL).content.decode()
    assert too_high in loud and "evidence 10%" in loud and "moved without proof" in loud
    assert 'aria-label="Verified heights: Demand 2, Power 2, Goal 2, Value 2, Coordination 1"' in loud
    assert loud.count('class="low"') == 1, "coordination alone lies below the floor"
    climb_more = Evidence(
        factor="coordination", level=2, grade="E3", evidence="Minutes", said_on=today(), link="https://x.example",
        contact=factories.contact(company.rep, row.customer),
    )  # fmt: skip
    actions.add_checkpoints(opportunity=row, records=[climb_more], actor=company.rep)
    proven = client.get(URL).content.decode()
    assert known.format("25%") in proven and too_high not in proven
    assert "moved without proof" not in proven and 'class="low"' not in proven
    assert "evidence" not in _card_of_what_is_won(company, signed_in, row)


def _card_of_what_is_won(company, signed_in, row):
    row.refresh_from_db()
    actions.edit_opportunity(opportunity=row, changes={"amount": Decimal(7)}, seen=None, actor=company.rep)
    won = Stage.objects.get(key="won")
    actions.move_to_stage(opportunity=row, stage=won, seen=None, actor=company.rep, signed_on=today())
    return (
        signed_in(company.rep).get(URL).content.decode().partition(f'id="card-{row.pk}"')[2].partition("</article>")[0]
    )


def test_what_is_won_is_not_overdue(company, signed_in):
    row = factories.opportunity(company.rep, amount=Decimal(100))
    changes = {"next_step": "Send the contract", "next_step_due": today() - timedelta(days=26)}
    row = actions.edit_opportunity(opportunity=row, changes=changes, seen=None, actor=company.rep)
    client = signed_in(company.rep)
    assert "26 d overdue" in client.get(URL).content.decode()
    actions.move_to_stage(
        opportunity=row, stage=Stage.objects.get(key="won"), seen=None, actor=company.rep, signed_on=today()
    )
    for url in (URL, f"{URL}table/?outcome=won"):
        page = client.get(url).content.decode()
        assert "Send the contract" in page
        assert "d overdue" not in page


def test_the_table_shows_both_rates_and_the_height(company, signed_in):
    row = factories.opportunity(company.rep)
    factories.opportunity(company.rep, "Unassessed")
    climb(row, (2, 2, 2, 2, 1), company.rep)
    moved(row, "validate", company.rep)
    page = signed_in(company.rep).get(f"{URL}table/").content.decode()
    assert "Stage: 25% / 10% hist.: 0 closed Validate need. Edit" in page
    assert '9<span class="c-3">/30</span>' in page
    assert "No evidence yet" in page
    assert "counted" in page and "of which unassessed" in page


def test_after_a_move_the_landed_card_has_its_heights(company, signed_in):
    row = factories.opportunity(company.rep)
    climb(row, (2, 2, 2, 2, 2), company.rep)
    row.refresh_from_db()
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{URL}"}
    client = signed_in(company.rep)
    answer = client.post(f"{URL}{row.pk}/move/", {"stage": "validate", "version": row.version}, headers=headers)
    assert "Verified heights: Demand 2" in answer.content.decode()
    row.refresh_from_db()
    undone = client.post(f"{URL}{row.pk}/undo/", {"version": row.version}, headers=headers)
    assert "Verified heights: Demand 2" in undone.content.decode()


@pytest.mark.parametrize("path", [URL, f"{URL}table/"])
def test_heights_cost_no_query_of_their_own(company, signed_in, path):
    counts = []
    client = signed_in(company.rep)
    for number in (2, 12):
        for each in range(number):
            climb(factories.opportunity(company.rep), (each % 7, 1, 1, 1, 1), company.rep)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
