"""Whoever is asked, the counted amount of a company with evidence of all kinds is the same, to the cent."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.selectors import calendar, today
from config.web.money import from_cents, to_cents, to_ten_thousandths, weighted_cents
from opportunities.actions.heights import records_of, settle_heights
from opportunities.models import Checkpoint, Opportunity, Rung, Stage, StageSetting
from opportunities.rules.evidence import FACTORS, TOP, heights_at
from opportunities.rules.readings import read
from opportunities.selectors.heights import floors_at, floors_now
from opportunities.selectors.stages import all_stages
from pipeline import nightly
from pipeline.models import DailyTotal
from pipeline.rules import Part
from pipeline.scopes import Scope
from pipeline.selectors.dashboard import dashboard
from pipeline.selectors.funnel import funnel
from pipeline.selectors.history import history
from pipeline.selectors.open_rows import open_rows
from tests import factories
from tests.pipeline.chronicle import opportunity
from tests.test_access_matrix import undone

WHOLE = Scope("all")
AMOUNTS = (None, "0.00", "0.02", "1234.50", "99.98", "308.63", "9000000.01")
SHOWN = ("weighted", "counted")
OPEN = ("discover", "validate", "cocreate", "decide", "lock")


@pytest.fixture
def people(db):
    """A company without opportunities, whose third stage asks for power alone."""
    made = factories.company(gated=True)
    Stage.objects.filter(key="cocreate").update(floors={"power": 1})
    StageSetting.objects.filter(stage__key="cocreate").update(floors={"power": 1})
    return made


@pytest.fixture
def company(people):
    """Forty opportunities in all stages, half of them with records of every sort, before and after yesterday."""
    _begin(people, random.Random(7), 40)  # noqa: S311
    return people


def _begin(made, dice, many):
    rungs = {(rung.factor, rung.level): rung for rung in Rung.objects.current()}
    begin = f"{today() - timedelta(days=20)} 10:00"
    for number in range(many):
        held = {"stage": dice.choice(OPEN), "owner": dice.choice((made.rep, made.mate, made.stranger))}
        steps = [(begin, {**held, "amount": dice.choice(AMOUNTS)})]
        if number % 10 == 9:
            steps.append((f"{today() - timedelta(days=3)} 10:00", {"stage": dice.choice(("won", "lost"))}))
        row = opportunity(*steps)
        if number % 2:
            _climb(row, dice, rungs)


def _climb(row, dice, rungs):
    """A ladder of each factor, some rungs hollow, some withdrawn, some of today."""
    start = calendar().start_of_day(today() - timedelta(days=10))
    for factor in FACTORS:
        for level in range(1, dice.randint(0, TOP) + 1):
            at = start + timedelta(days=dice.choice((0, 0, 0, 5, 10)))
            withdrawn = dice.random() < 0.05
            Checkpoint.objects.create(
                opportunity=row, factor=factor, level=level, rung=rungs[factor, level],
                grade=dice.choice(("E0", "E2", "E3", "E3", "E3", "E3")), recorded_at=at,
                withdrawn_at=at + timedelta(hours=12) if withdrawn else None,
            )  # fmt: skip
    settle_heights(row)


def reckoned(end=None):
    """(weighted, counted, unassessed) by the rules alone, record by record; `end`: when the day ended."""
    floors = floors_now(all_stages()) if end is None else floors_at(end, all_stages())
    weighted, counted, unassessed = 0, 0, Part()
    for row in Opportunity.objects.all():
        held = row.versions.current().get() if end is None else row.versions.at_end_of(end).first()
        if held is None or held.outcome != "open":
            continue
        at = calendar().end_of_day(today()) if end is None else end - timedelta(microseconds=1)
        found = read(
            is_open=True, declared=held.win_rate, heights=heights_at(records_of(row), at), floors=floors
        )  # fmt: skip
        cents = to_cents(held.amount or Decimal(0))
        weighted += weighted_cents(cents, to_ten_thousandths(found.declared))
        counted += weighted_cents(cents, to_ten_thousandths(found.counted))
        if found.unassessed:
            unassessed += Part(1, held.amount or Decimal(0))
    return from_cents(weighted), from_cents(counted), unassessed


def stored_of(day):
    """What the night has kept of a day."""
    names = ("weighted", "counted", "unassessed_count", "unassessed_amount")
    sums = DailyTotal.objects.filter(day=day).aggregate(**{name: Sum(name) for name in names})
    weighted, counted, count, amount = (sums[name] or 0 for name in names)
    return weighted, counted, Part(count, Decimal(amount))


def of_sums(sums):
    return (sums.weighted, sums.counted, sums.unassessed)


def _of_pages(client):
    """What the page of each open opportunity shows, added up."""
    cents, alone = [0, 0], Part()
    for row in Opportunity.objects.filter(outcome="open"):
        page = client.get(f"/opportunities/{row.pk}/").context
        cents = [sum_ + to_cents(page[name] or Decimal(0)) for sum_, name in zip(cents, SHOWN, strict=True)]
        if page["reading"].unassessed:
            alone += Part(1, row.amount or Decimal(0))
    return (*map(from_cents, cents), alone)


def _of_head(sums):
    return (sums.weighted, sums.counted, Part(sums.unassessed_count, sums.unassessed))


def _of_columns(columns):
    """The sums in the heads of the board's open columns, as the API gives them."""
    return tuple(sum(part, type(part[0])()) for part in zip(*map(_of_json, columns), strict=True))


# Whoever shows these sums is listed here, as {name: a function of a signed-in client giving (weighted, counted, Part)}.
READINGS = {
    "board": lambda client: _of_head(client.get("/opportunities/").context["board"].sums),
    "table": lambda client: _of_head(client.get("/opportunities/table/").context["totals"].sums),
    "board API": lambda client: _of_columns(
        column for column in client.get("/api/v1/opportunities/board/").json()["columns"] if column["stage"] in OPEN
    ),
    "funnel": lambda _client: of_sums(funnel(WHOLE).open),
    "rows": lambda client: of_sums(open_rows(WHOLE, viewer=client.user).sum),
    "dashboard": lambda _client: of_sums(dashboard(WHOLE).open),
    "history": lambda _client: of_sums(history(WHOLE).points[-1].open),
    "people": lambda _client: of_sums(
        sum((team.open for team in dashboard(WHOLE).teams if not team.depth), start=type(dashboard(WHOLE).open)())
    ),
    "funnel API": lambda client: _of_json(client.get("/api/v1/pipeline/funnel/").json()["open"]),
    "dashboard API": lambda client: _of_json(client.get("/api/v1/pipeline/dashboard/").json()["open"]),
    "list API": lambda client: _of_rows(client.get("/api/v1/opportunities/?page_size=500").json()["results"]),
    "board API, row by row": lambda client: _of_rows(
        [row for column in client.get("/api/v1/opportunities/board/").json()["columns"] for row in column["results"]]
    ),
    "each opportunity's page": _of_pages,
    "each opportunity's API": lambda client: _of_rows(
        [client.get(f"/api/v1/opportunities/{pk}/").json() for pk in Opportunity.objects.values_list("pk", flat=True)]
    ),
}


def _of_json(sums):
    part = Part(sums["unassessed"]["count"], Decimal(sums["unassessed"]["amount"]))
    return (Decimal(sums["weighted"]), Decimal(sums["counted"]), part)


def _of_rows(rows):
    rows = [row for row in rows if row["outcome"] == "open"]
    cents = [
        [weighted_cents(to_cents(row["amount"] or "0"), to_ten_thousandths(str(row[rate]))) for row in rows]
        for rate in ("declared", "counted")
    ]
    alone = [Part(1, Decimal(row["amount"] or 0)) for row in rows if row["unassessed"]]
    return (*(from_cents(sum(each)) for each in cents), sum(alone, Part()))


@settings(max_examples=12)
@given(dice=st.randoms(use_true_random=False))
def test_everybody_gives_the_same_counted_amount(people, signed_in, dice):
    client, day = signed_in(people.executive), today() - timedelta(days=1)
    client.user = people.executive
    with undone():
        cache.clear()
        _begin(people, dice, dice.randint(1, 5))
        weighted, counted, _unassessed = expected = reckoned()
        assert {name: reading(client) for name, reading in READINGS.items()} == dict.fromkeys(READINGS, expected)
        assert counted <= weighted
        nightly.run_day(day)
        assert stored_of(day) == reckoned(calendar().end_of_day(day))


def test_some_of_it_is_inflated_and_some_not_assessed(company):
    """So that the companies above are of every sort."""
    weighted, counted, unassessed = reckoned()
    assert 0 < counted < weighted
    assert unassessed.count


def test_the_past_is_counted_by_the_evidence_of_then(company):
    for ago in (1, 5, 9, 10, 11):
        day = today() - timedelta(days=ago)
        expected = reckoned(calendar().end_of_day(day))
        assert of_sums(funnel(WHOLE, day).open) == expected
        assert of_sums(open_rows(WHOLE, day, viewer=company.executive).sum) == expected
    assert expected[1] == expected[0]  # nothing was assessed on that day
    assert expected[2].count == 40


def test_the_night_stores_what_is_read_live(company):
    day = today() - timedelta(days=1)
    nightly.run_day(day)
    assert stored_of(day) == reckoned(calendar().end_of_day(day))


def test_the_rows_add_up_to_their_sums_and_the_unassessed_can_be_asked_for(company):
    for unassessed in (None, True, False):
        rows = open_rows(WHOLE, viewer=company.executive, unassessed=unassessed)
        listed = rows[0 : len(rows)]
        assert len(listed) == rows.sum.count
        assert sum(row.counted for row in listed) == rows.sum.counted
        assert {row.unassessed for row in listed} == ({True, False} if unassessed is None else {unassessed})


def test_floors_are_those_of_the_day(company):
    """A floor raised later changes nothing before it (FINE-PRINT 6)."""
    yesterday = today() - timedelta(days=1)
    before, past = funnel(WHOLE).open, funnel(WHOLE, yesterday).open
    for stage in Stage.objects.filter(outcome="open"):
        stage.floor = TOP
        stage.save()
        settings = {"win_rate": stage.win_rate, "floor": TOP, "valid_from": calendar().start_of_day(today())}
        StageSetting.objects.create(stage=stage, **settings)
    assert funnel(WHOLE).open.counted < before.counted
    assert funnel(WHOLE, yesterday).open == past
    assert funnel(WHOLE, today()).open == funnel(WHOLE).open
