"""Rules and SQL say the same of random evidence at random moments, and what must hold of any evidence holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.models import User
from opportunities.actions.heights import settle_heights
from opportunities.models import Checkpoint, HeightsVersion, Opportunity, OpportunityVersion, Rung, Stage
from opportunities.rules.evidence import FACTORS, TOP, Record, StageFloors, heights_at
from opportunities.rules.readings import read
from opportunities.selectors.heights import (
    HELD,
    NOW,
    counted_rate_of_open,
    evidenced_rate,
    floors_now,
    heights_on,
    is_inflated,
    is_unassessed,
    with_columns,
    with_heights,
)
from tests import factories
from tests.copies import held_copies
from tests.pipeline.chronicle import opportunity

START = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)  # midnight in Shanghai
HOUR, INSTANT = timedelta(hours=6), timedelta(microseconds=1)
LAST = 40  # quarters of a day
CASES = settings(max_examples=40)
RULES = settings(max_examples=300)


def moment(quarter):
    return START + quarter * HOUR


@st.composite
def records(draw, fewest=0):
    """Records of few factors, so that ladders are climbed, and of moments that fall together."""
    quarters = st.integers(0, LAST)
    made = {}
    for _ in range(draw(st.integers(fewest, 14))):
        factor, level = draw(st.sampled_from(FACTORS[:3])), draw(st.integers(1, TOP))
        at = draw(quarters)
        later = st.one_of(st.none(), st.integers(at, LAST))
        grades = ["E0", "E1", "E2", "E3", "E3"]
        first = draw(st.integers(0, 4))
        lowered = sorted(draw(st.sets(st.integers(at + 1, LAST + 1), max_size=2)))
        changes = tuple((moment(when), grades[max(first - n, 0)]) for n, when in enumerate(lowered, start=1))
        ends = {name: draw(later) for name in ("confirmed_at", "withdrawn_at")}
        made[factor, level, at] = Record(
            factor, level, moment(at), ((moment(at), grades[first]), *changes),
            **{name: None if when is None else moment(when) for name, when in ends.items()},
        )  # fmt: skip
    return list(made.values())


@st.composite
def whole_ladders(draw):
    """Full ladders up to a height of each factor, so that floors are met; then random records on top."""
    made = [
        Record(factor, level, moment(quarter), ((moment(quarter), "E3"),))
        for factor in FACTORS
        for quarter in [draw(st.integers(0, 10))]
        for level in range(1, draw(st.integers(0, TOP)) + 1)
    ]
    known = {(record.factor, record.level, record.recorded_at) for record in made}
    return made + [r for r in draw(records()) if (r.factor, r.level, r.recorded_at) not in known]


EVIDENCE = st.one_of(records(), whole_ladders())


# --- What must hold of any evidence ----------------------------------------------------------------


@RULES
@given(EVIDENCE, st.integers(-1, LAST + 2))
def test_verified_is_never_higher_than_claimed(found, quarter):
    heights = heights_at(found, moment(quarter))
    if heights is not None:
        pairs = zip(heights.verified, heights.claimed, strict=True)
        assert all(0 <= verified <= claimed <= TOP for verified, claimed in pairs)


@RULES
@given(EVIDENCE, records(1), st.integers(0, LAST + 2))
def test_adding_evidence_never_lowers_a_height(found, more, quarter):
    before, after = heights_at(found, moment(quarter)), heights_at([*found, *more], moment(quarter))
    if before is not None:
        assert all(old <= new for old, new in zip(before.verified, after.verified, strict=True))
        assert all(old <= new for old, new in zip(before.claimed, after.claimed, strict=True))


SHIPPED = [(1, "0.1", 0), (2, "0.25", 2), (3, "0.5", 3), (4, "0.75", 4), (5, "0.9", 5)]


def counted(found, at, declared, floors):
    return read(is_open=True, declared=declared, heights=heights_at(found, at), floors=floors).counted


@pytest.fixture(scope="module")
def floors():
    return [StageFloors(n, n, Decimal(rate), (floor,) * len(FACTORS)) for n, rate, floor in SHIPPED]


@RULES
@given(st.data(), st.sampled_from(["0.1", "0.25", "0.5", "0.75", "0.9"]), st.integers(0, LAST + 2))
def test_a_withdrawal_never_raises_counted_and_changes_no_moment_before_it(floors, data, rate, quarter):
    found = data.draw(st.one_of(records(1), whole_ladders().filter(bool)))
    place = data.draw(st.integers(0, len(found) - 1))
    when = data.draw(st.integers(0, LAST).map(moment).filter(lambda at: at >= found[place].recorded_at))
    if found[place].withdrawn_at is not None and found[place].withdrawn_at <= when:
        return
    without = [replace(record, withdrawn_at=when) if n == place else record for n, record in enumerate(found)]
    at = moment(quarter)
    assert counted(without, at, Decimal(rate), floors) <= counted(found, at, Decimal(rate), floors) <= Decimal(rate)
    if at < when:
        assert heights_at(without, at) == heights_at(found, at)


# --- Rules and SQL ---------------------------------------------------------------------------------


@pytest.fixture
def stages(db):
    """Shipped floors, one of them another by factor, so that stages are met out of order too."""
    factories.company(gated=True)
    Stage.objects.filter(key="cocreate").update(floors={"power": 1, "coordination": 0})
    return {stage.key: stage for stage in Stage.objects.all()}


def write(row, found):
    """These records as rows, and the heights that follow."""
    rungs = {(rung.factor, rung.level): rung for rung in Rung.objects.current()}
    for each in found:
        checkpoint = Checkpoint.objects.create(
            opportunity=row, factor=each.factor, level=each.level, rung=rungs[each.factor, each.level],
            grade=each.grades[-1][1], recorded_at=each.recorded_at, confirmed_at=each.confirmed_at,
            withdrawn_at=each.withdrawn_at,
        )  # fmt: skip
        for (_since, before), (at, after) in zip(each.grades, each.grades[1:], strict=False):
            checkpoint.grade_changes.create(at=at, before=before, after=after, reason="seen again")
    settle_heights(row)


def in_sql(queryset, end, floors):
    """(evidenced, counted, inflated, unassessed) of the one row, as SQL has them at `end`."""
    rows = with_heights(queryset, end).annotate(proven=evidenced_rate(floors), counts=counted_rate_of_open(floors))
    row = rows.get()
    if end >= moment(LAST + 2) and queryset.model is Opportunity:
        copied = queryset.annotate(proven=evidenced_rate(floors, NOW), counts=counted_rate_of_open(floors, NOW))
        assert copied.values_list("proven", "counts").get() == (row.proven, row.counts)
        for marked in (lambda heights: is_inflated(floors, heights), lambda heights: is_unassessed(heights=heights)):
            assert queryset.filter(marked(NOW)).exists() is rows.filter(marked(HELD)).exists()
    marks = (rows.filter(is_inflated(floors)).exists(), rows.filter(is_unassessed()).exists())
    assert rows.filter(is_unassessed(False)).exists() is not marks[1]
    return (row.proven, row.counts, *marks)


@CASES
@given(EVIDENCE, st.sampled_from(["discover", "validate", "cocreate", "decide", "lock"]), st.data())
@example([], "lock", None)
def test_sql_says_what_the_rules_say(stages, found, stage, data):
    owner = User.objects.get(username="rep")
    with transaction.atomic():
        row = opportunity(("2026-03-01 10:00", {"stage": stage, "owner": owner, "amount": "10.05"}))
        write(row, found)
        floors, declared = floors_now(list(stages.values())), stages[stage].win_rate
        assert heights_on(with_columns(Opportunity.objects.filter(pk=row.pk)).values().get()) == heights_at(
            found, moment(LAST + 2)
        )
        assert held_copies() == ({row.pk: heights_at(found, moment(LAST + 2)).verified} if found else {})
        quarters = [0, LAST + 2] if data is None else data.draw(st.lists(st.integers(-1, LAST + 2), max_size=8))
        for end in map(moment, quarters):
            last = end - INSTANT  # what happened at midnight belongs to the day that begins
            heights = heights_at(found, last)
            held = HeightsVersion.objects.at_end_of(end).filter(opportunity=row).first()
            assert (held and held.heights) == heights
            expected = read(is_open=True, declared=declared, heights=heights, floors=floors)
            wanted = (expected.evidenced, expected.counted, expected.inflated, expected.unassessed)
            assert in_sql(OpportunityVersion.objects.at_end_of(end), end, floors) == wanted
            assert in_sql(Opportunity.objects.all(), end, floors) == wanted
        transaction.set_rollback(True)


@CASES
@given(records(1), records(1))
def test_heights_written_bit_by_bit_are_those_written_at_once(stages, first, second):
    known = {(each.factor, each.level, each.recorded_at) for each in first}
    second = [each for each in second if (each.factor, each.level, each.recorded_at) not in known]
    owner = User.objects.get(username="rep")
    with transaction.atomic():
        one, other = (opportunity(("2026-03-01 10:00", {"stage": "lock", "owner": owner})) for _ in range(2))
        write(one, first)
        write(one, second)
        write(other, [*first, *second])
        assert versions(one) == versions(other)
        assert len(set(held_copies().values())) == 1
        ends = [end for _begin, end, _heights in versions(one)]
        assert ends[:-1] == [begin for begin, _end, _heights in versions(one)][1:]
        transaction.set_rollback(True)


def versions(row):
    held = HeightsVersion.objects.filter(opportunity=row).order_by("valid_from")
    return [(each.valid_from, each.valid_to, each.heights) for each in held]


def test_a_closed_one_keeps_what_was_evidenced_and_is_not_inflated(stages):
    owner = User.objects.get(username="rep")
    for outcome in ("won", "lost"):
        row = opportunity(
            ("2026-03-01 10:00", {"stage": "lock", "owner": owner, "amount": "5"}),
            ("2026-03-02 10:00", {"stage": outcome}),
        )
        write(row, [Record("demand", 1, START, ((START, "E0"),))])
        floors = floors_now(list(stages.values()))
        found = with_heights(Opportunity.objects.filter(pk=row.pk)).annotate(proven=evidenced_rate(floors))
        assert found.get().proven == Decimal("0.1")
        assert not found.filter(is_inflated(floors)).exists()
