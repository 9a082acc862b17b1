"""The verified heights that an opportunity holds of itself are those of now, whatever was done."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.actions import merge_customers, undo_merge
from opportunities import actions
from opportunities.actions.heights import settle_heights
from opportunities.models import Checkpoint, Opportunity, Stage
from opportunities.selectors.board import board
from opportunities.selectors.figures import total
from opportunities.selectors.heights import counted_rate_of_open, floors_now, is_unassessed, with_heights
from opportunities.selectors.stages import stages_in_use
from opportunities.selectors.table import groups_of, totals_of
from tests import factories
from tests.copies import held_copies
from tests.opportunities.test_gate import climb

WALKS = settings(max_examples=25)
ACTS = ("record", "record", "record", "confirm", "lower", "withdraw", "move", "close", "reopen", "edit")
STAGES = {"move": ("validate", "cocreate", "lock"), "close": ("lost", "no_decision"), "reopen": ("discover",)}
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 30)), min_size=1, max_size=12)


@pytest.fixture
def company(db):
    return factories.company()


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Sorting line", amount=Decimal("1000.05"))


def act(company, deal, contact, name, number):
    row = Opportunity.objects.get(pk=deal.pk)
    records = Checkpoint.objects.filter(opportunity=row, withdrawn_at=None)
    record = records[number % len(records)] if records else None
    if name == "record":
        steps = [
            actions.Evidence(factor, level, f"E{number % 4}", "Said", contact, date(2026, 1, 5), "https://example.com/m")
            for factor in ("demand", "power")[: 1 + number % 2] for level in range(1, 1 + number % 6)
        ] or [actions.Evidence("goal", 1, "E0", "Said")]  # fmt: skip
        actions.add_checkpoints(opportunity=row, records=steps, actor=company.rep)
    elif name == "edit":
        actions.edit_opportunity(opportunity=row, changes={"next_step": f"Ask {number}"}, seen=None, actor=company.rep)
    elif name in ("move", "close", "reopen"):
        keys = STAGES[name]
        stage = Stage.objects.get(key=keys[number % len(keys)])
        actions.move_to_stage(opportunity=row, stage=stage, seen=None, actor=company.manager, reason="So it is")
    elif record is not None and name == "confirm":
        actions.confirm_checkpoint(checkpoint=record, actor=company.manager)
    elif record is not None and name == "lower":
        actions.lower_grade(checkpoint=record, grade=f"E{number % 3}", reason="No", actor=company.manager)
    elif record is not None:
        actions.withdraw_checkpoint(checkpoint=record, reason="No", actor=company.rep)


@WALKS
@given(STEPS)
def test_after_whatever_is_done(company, deal, steps):
    with transaction.atomic():
        contact = factories.contact(company.rep, deal.customer, "Li Wei")
        factories.opportunity(company.rep, "Nothing known", customer=deal.customer, amount=Decimal("7"))
        for name, number in steps:
            try:
                act(company, deal, contact, name, number)
            except ValidationError:
                continue
            held_copies()
        agree_with_the_join()
        transaction.set_rollback(True)


def agree_with_the_join():
    """Board and table count what the joined heights say."""
    rows, stages = Opportunity.objects.all(), stages_in_use()
    floors = floors_now(stages)
    held = list(with_heights(rows.open()).annotate(rate=counted_rate_of_open(floors)))
    counted = sum((row.amount * row.rate).quantize(Decimal("0.01"), "ROUND_HALF_UP") for row in held)
    alone = list(with_heights(rows.open()).filter(is_unassessed()))
    open_groups = [group for group in groups_of(rows, stages) if group.stage.is_open]
    for sums in (board(rows, stages).sums, totals_of(open_groups).sums, total(group.sums for group in open_groups)):
        assert (sums.counted, sums.unassessed_count) == (counted, len(alone))
        assert sums.unassessed == sum(row.amount for row in alone)


def test_without_a_record_it_holds_none(company, deal):
    climb(deal, company.rep, demand=2)
    assert held_copies() == {deal.pk: (2, 0, 0, 0, 0)}
    Checkpoint.objects.all().delete()
    row = Opportunity.objects.get(pk=deal.pk)
    settle_heights(row)
    assert held_copies() == {}
    assert row.now_demand is None


def test_a_merge_of_customers_leaves_them(company, deal):
    climb(deal, company.rep, demand=2)
    kept = factories.customer(company.rep, "Far Sail")
    merge = merge_customers(survivor=kept, other=deal.customer, actor=company.admin)
    assert held_copies() == {deal.pk: (2, 0, 0, 0, 0)}
    undo_merge(merge=merge, actor=company.admin)
    assert held_copies() == {deal.pk: (2, 0, 0, 0, 0)}
