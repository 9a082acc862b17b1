"""Whatever happens to opportunities: the readings agree with the naive walk, and with one another to the cent."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from pipeline.rules import BARS, EDGES
from pipeline.scopes import Scope, scope_for
from pipeline.selectors.booked import booked, booked_rows
from pipeline.selectors.funnel import funnel
from pipeline.selectors.open_rows import open_rows
from pipeline.selectors.waterfall import waterfall, waterfall_items, waterfalls
from tests.pipeline import chronicle, naive

START = datetime(2026, 2, 27)  # noqa: DTZ001  the organisation's clock
STAGES = ("discover", "validate", "lock", "won", "lost", "no_go")
OWNERS = ("rep", "mate", "stranger", "manager", "loner")
AMOUNTS = (None, "0.00", "0.02", "1234.50", "99.98", "9000000000000.00")

change = st.fixed_dictionaries(
    {},
    optional={
        "stage": st.sampled_from(STAGES), "owner": st.sampled_from(OWNERS), "amount": st.sampled_from(AMOUNTS),
    },
)  # fmt: skip
first = st.fixed_dictionaries(
    {"stage": st.sampled_from(STAGES), "owner": st.sampled_from(OWNERS), "amount": st.sampled_from(AMOUNTS)}
)
# Hours after START, so that several changes fall on one day and some on midnight itself.
hours = st.lists(st.integers(0, 40).map(lambda n: n * 6), min_size=6, max_size=6, unique=True).map(sorted)
life = st.tuples(hours, first, st.lists(change, min_size=0, max_size=5))
windows = st.lists(st.integers(-2, 11), min_size=3, max_size=3).map(sorted)


@pytest.fixture
def everybody(company):
    from tests import factories

    factories.person("loner", role="rep")
    return {user.username: user for user in User.objects.select_related("team")}


def cents(amount: Decimal) -> int:
    return int(amount * 100)


def tell(everybody, lives) -> None:
    for number, (at, begin, rest) in enumerate(lives):
        moments = [START + timedelta(hours=hour) for hour in at]
        changes = [begin, *rest]
        told = [
            (str(moment), {**each, **({"owner": everybody[each["owner"]]} if "owner" in each else {})})
            for moment, each in zip(moments, changes, strict=False)
        ]
        chronicle.opportunity(*told, key=f"o{number}")


def scopes(everybody) -> list[tuple[dict[str, str], Scope]]:
    admin = everybody["admin"]
    asked = [{}, {"team": "head"}, {"team": "east"}, {"team": "west"}, *({"owner": name} for name in OWNERS)]
    return [(params, scope_for(admin, **params)) for params in asked]


@given(lives=st.lists(life, min_size=1, max_size=4), days=windows)
@settings(max_examples=20)
def test_readings_agree_with_the_naive_walk_and_with_one_another(everybody, lives, days):
    with transaction.atomic():
        tell(everybody, lives)
        first, middle, last = (START.date() + timedelta(days=day) for day in days)
        world = chronicle.world()
        for params, scope in scopes(everybody):
            _check_funnel(world, params, scope, middle)
            _check_waterfall(world, params, scope, first, last, everybody["admin"])
            _check_booked(world, params, scope, first, last, everybody["admin"])
            _check_adjoining(scope, first, middle, last)
        _check_sum_over_owners(everybody, first, last)
        transaction.set_rollback(True)


def _check_funnel(world, params, scope, day):
    found, expected = funnel(scope, day), naive.funnel(world, params, day)
    for stage, wanted in zip(found.stages, expected["stages"], strict=True):
        assert (stage.stage.key, stage.count, stage.reached) == (wanted["stage"], wanted["count"], wanted["reached"])
        assert (cents(stage.amount), cents(stage.weighted)) == (wanted["amount"], wanted["weighted"])
        assert stage.median_days_in_stage == wanted["median_days_in_stage"]
        ratio = wanted["conversion"]
        assert stage.conversion == (None if ratio is None else pytest.approx(float(ratio), abs=1e-12))
    assert (found.open.count, cents(found.open.amount)) == (expected["open"]["count"], expected["open"]["amount"])
    assert list(found.bulges) == expected["bulges"]


def _check_waterfall(world, params, scope, first, last, viewer):
    bars, expected = waterfall(scope, first, last).bars, naive.waterfall(world, params, first, last)
    assert {bar: cents(getattr(bars, bar)) for bar in (*EDGES, *BARS)} == {b: expected[b] for b in (*EDGES, *BARS)}
    assert bars.begin + bars.net == bars.end
    assert (bars.begin, bars.end) == (funnel(scope, first).open.amount, funnel(scope, last).open.amount)
    for bar in (*EDGES, *BARS):
        rows = waterfall_items(scope, first, last, bar, viewer)
        listed = rows[0 : len(rows)]
        assert sum((row.amount for row in listed), Decimal(0)) == rows.sum.amount == getattr(bars, bar)
        if bar in BARS:
            parts = {row.opportunity.key: cents(row.amount) for row in listed}
            assert parts == dict(expected["items"][bar])
            assert len(parts) == len(listed)


def _check_booked(world, params, scope, first, last, viewer):
    from accounts.calendar import span

    period, day = span(first, last), last - timedelta(days=1)
    expected = naive.booked(world, params, first, last, day)
    rows = booked_rows(scope, period, day, viewer)
    assert {row.opportunity.key: cents(row.amount) for row in rows[0 : len(rows)]} == dict(expected)
    found = booked(scope, period, day)
    assert (found.count, cents(found.amount)) == (len(expected), sum(expected.values()))


def _check_adjoining(scope, first, middle, last):
    one, two, both = (each.bars for each in waterfalls(scope, [(first, middle), (middle, last), (first, last)]))
    assert one.end == two.begin
    for bar in BARS:
        assert getattr(one, bar) + getattr(two, bar) == getattr(both, bar)


def _check_sum_over_owners(everybody, first, last):
    """Over all owners every bar adds up to everybody's, but for hand-overs: those come in where they went out."""
    admin = everybody["admin"]
    each = [waterfall(scope_for(admin, owner=name), first, last).bars for name in OWNERS]
    whole = waterfall(scope_for(admin), first, last).bars
    for bar in (*EDGES, *BARS):
        if not bar.startswith("transferred"):
            assert sum(getattr(bars, bar) for bars in each) == getattr(whole, bar)
    assert sum(bars.transferred_in for bars in each) == sum(bars.transferred_out for bars in each)
    assert whole.transferred_in == whole.transferred_out == 0


def test_the_rows_of_the_open_pipeline_add_up_to_the_funnel(everybody):
    tell(
        everybody,
        [([0, 6, 12, 18, 24, 30], {"stage": stage, "owner": "rep", "amount": "10.05"}, []) for stage in STAGES],
    )
    scope, day = scope_for(everybody["admin"]), date(2026, 3, 1)
    shape = funnel(scope, day)
    for stage in shape.stages:
        rows = open_rows(scope, day, viewer=everybody["admin"], stage=stage.stage.key)
        listed = rows[0:50]
        assert (len(listed), sum(row.amount for row in listed)) == (stage.count, stage.amount)
        assert sum(row.weighted for row in listed) == stage.weighted
        assert sum(row.counted for row in listed) == stage.counted
    assert open_rows(scope, day, viewer=everybody["admin"]).sum.amount == shape.open.amount
    assert open_rows(scope, day, viewer=everybody["admin"], unassessed=False).sum.count == 0
    assert open_rows(scope, day, viewer=everybody["admin"], unassessed=True).sum.amount == shape.open.unassessed.amount
