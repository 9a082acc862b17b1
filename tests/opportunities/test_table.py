"""The table: whose rows, which sums, what order."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.selectors import today
from opportunities.actions import archive_opportunity, assign
from opportunities.filters import ORDERINGS
from opportunities.models import Opportunity, Stage
from tests import factories
from tests.opportunities.browser_door import many, queries_of, text_of

URL = "/opportunities/table/"
SEES = {
    "rep": {"of rep"},
    "mate": {"of mate"},
    "manager": {"of rep", "of mate", "of manager"},
    "director": {"of rep", "of mate", "of manager", "of stranger"},
    "other_manager": {"of stranger"},
    "stranger": {"of stranger"},
    "executive": {"of rep", "of mate", "of manager", "of stranger"},
    "admin": {"of rep", "of mate", "of manager", "of stranger"},
}


def titles(page: str) -> list[str]:
    return re.findall(r'<a href="/opportunities/\d+/" title="[^"]*">([^<]*)</a>', page)


@pytest.fixture
def owned(company):
    return {
        part: factories.opportunity(getattr(company, part), f"of {part}")
        for part in ("rep", "mate", "manager", "stranger")
    }


@pytest.mark.parametrize("part", SEES)
def test_everybody_sees_the_rows_that_are_theirs_to_see_and_their_sums(company, owned, signed_in, part):
    page = text_of(signed_in(getattr(company, part)).get(URL))
    assert set(titles(page)) == SEES[part]
    assert f"{len(SEES[part])} in pursuit" in page
    assert f"¥{len(SEES[part]) * 100}K" in page


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("yhqc", ["南京立库"]), ("yuanhang", ["南京立库"]), ("njlk", ["南京立库"]), ("lk", ["Lkw fleet"]),
        ("ljkn", []), ("n", []), ("yhqc1", []),
    ],
)  # fmt: skip
def test_a_deal_is_found_by_initials_and_pinyin_in_table_board_and_api(company, signed_in, typed, found):
    far = factories.customer(company.rep, "远航汽车")
    factories.opportunity(company.rep, "南京立库", customer=far)
    factories.opportunity(company.rep, "Lkw fleet")
    factories.opportunity(company.stranger, "njlk", customer=factories.customer(company.stranger, "远海汽车"))
    client = signed_in(company.rep)
    assert titles(text_of(client.get(URL, {"q": typed}))) == found
    columns = client.get("/opportunities/", {"q": typed}).context["columns"]
    assert [card.title for column in columns for card in column.cards] == found
    for asked in ("q", "search"):
        rows = client.get("/api/v1/opportunities/", {asked: typed}).json()["results"]
        assert [row["title"] for row in rows] == found, asked


def test_a_visitor_is_sent_to_the_sign_in(client, db):
    assert client.get(URL).status_code == 302


def test_heads_and_totals_are_over_all_matching_rows_and_not_over_the_page(company, signed_in):
    many(company.rep, 53, amount=Decimal(1000000))
    many(company.rep, 2, amount=Decimal(1000000), stage="validate")
    first = text_of(signed_in(company.rep).get(URL))
    second = text_of(signed_in(company.rep).get(URL, {"page": "2"}))
    assert len(titles(first)) == 25
    assert not set(titles(first)) & set(titles(second))
    for page in (first, second):
        assert "53 deals · ¥53.0M · weighted ¥5.3M" in page
        assert 'in pursuit <b class="fw-semibold">¥55.0M</b> · weighted <b class="fw-semibold">¥5.8M</b>' in page


def test_rows_are_grouped_by_stage_the_furthest_first_the_largest_amount_first(company, signed_in):
    factories.opportunity(company.rep, "small", amount=Decimal(10))
    factories.opportunity(company.rep, "none", amount=None)
    factories.opportunity(company.rep, "far", stage="decide", amount=Decimal(1))
    factories.opportunity(company.rep, "large", amount=Decimal(1000))
    page = text_of(signed_in(company.rep).get(URL))
    assert titles(page) == ["far", "large", "small", "none"]
    assert page.index("Win the decision") < page.index("Discover")


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        ("amount", ["b", "c", "a"]),
        ("-amount", ["c", "b", "a"]),
        ("title", ["a", "b", "c"]),
        ("-title", ["c", "b", "a"]),
        ("-stage", ["c", "b", "a"]),
        ("expected_close_date", ["c", "b", "a"]),
        ("next_step", ["a", "b", "c"]),
        ("days_in_stage", ["b", "c", "a"]),
        ("-days_in_stage", ["a", "c", "b"]),
    ],
)
def test_a_sorted_table_is_flat_and_in_the_order_of_its_column(company, signed_in, wanted, order):
    rows = {
        "a": factories.opportunity(company.rep, "a", amount=None, expected_close_date=date(2027, 3, 3)),
        "b": factories.opportunity(company.rep, "b", amount=Decimal(5), expected_close_date=date(2027, 2, 2)),
        "c": factories.opportunity(
            company.rep, "c", amount=Decimal(7), expected_close_date=date(2027, 1, 1), stage="lock"
        ),
    }
    for name, days in (("a", 9), ("b", 1), ("c", 4)):
        entered = rows[name].entered_at - timedelta(days=days)
        Opportunity.objects.filter(pk=rows[name].pk).update(entered_at=entered, next_step=name)
    page = text_of(signed_in(company.rep).get(URL, {"sort": wanted}))
    assert titles(page) == order
    assert 'class="grp"' not in page
    assert f'aria-sort="{"descending" if wanted.startswith("-") else "ascending"}"' in page


@pytest.mark.parametrize("name", ORDERINGS)
def test_every_ordering_answers(company, owned, signed_in, name):
    assert signed_in(company.rep).get(URL, {"sort": f"-{name}"}).status_code == 200


@pytest.mark.parametrize("sort", ["", "nonsense", "owner__password", "--amount"])
def test_an_order_that_is_none_leaves_the_groups(company, owned, signed_in, sort):
    assert 'class="grp"' in text_of(signed_in(company.rep).get(f"{URL}?sort={sort}", follow=True))


@pytest.mark.parametrize("number", ["abc", "0", "-1", "999", "9" * 30])
def test_a_page_that_makes_no_sense_is_the_nearest(company, owned, signed_in, number):
    assert titles(text_of(signed_in(company.rep).get(URL, {"page": number}))) == ["of rep"]


def test_closed_ones_stand_there_when_they_are_asked_for(company, signed_in):
    factories.opportunity(company.rep, "lost one", stage="lost", reason="price")
    factories.opportunity(company.rep, "open one")
    client = signed_in(company.rep)
    assert titles(text_of(client.get(URL))) == ["open one"]
    assert titles(text_of(client.get(URL, {"outcome": "lost"}))) == ["lost one"]
    assert titles(text_of(client.get(URL, {"stage": ["lost", "discover"]}))) == ["open one", "lost one"]


def test_archived_ones_are_in_no_table(company, signed_in):
    row = factories.opportunity(company.rep, "by mistake")
    archive_opportunity(opportunity=row, seen=1, actor=company.rep)
    for query in ({}, {"outcome": "no_go"}, {"q": "mistake"}):
        assert titles(text_of(signed_in(company.manager).get(URL, query))) == []


def test_a_filter_that_names_something_hidden_is_one_that_names_nothing(company, signed_in):
    hidden = factories.customer(company.stranger, "Hidden Works", key="hidden-works")
    factories.opportunity(company.stranger, "hidden", customer=hidden)
    factories.opportunity(company.rep, "mine")
    client = signed_in(company.rep)
    real = text_of(client.get(URL, {"customer": hidden.key})).replace(hidden.key, "KEY")
    made_up = text_of(client.get(URL, {"customer": "nowhere-at-all"})).replace("nowhere-at-all", "KEY")
    strip = re.compile(r'(csrf-token" content|X-CSRFToken": |csrfmiddlewaretoken" value)[^>]*')
    assert strip.sub("", real) == strip.sub("", made_up)
    assert titles(real) == []
    assert "Hidden Works" not in real


def test_filters_hold_for_rows_and_sums(company, signed_in):
    factories.opportunity(company.rep, "small", amount=Decimal(200000))
    factories.opportunity(company.rep, "large", amount=Decimal(900000))
    page = text_of(signed_in(company.rep).get(URL, {"amount_min": "500K"}))
    assert titles(page) == ["large"]
    assert "¥900K" in page
    assert "1 in pursuit" in page


@pytest.mark.parametrize("order", [{}, {"sort": "-amount"}])
def test_the_same_filters_show_each_their_own(company, owned, signed_in, order):
    for amount, seen in (("50K", SEES), ("1M", dict.fromkeys(SEES, set()))):
        for part, expected in seen.items():
            page = text_of(signed_in(getattr(company, part)).get(URL, {"amount_min": amount, **order}))
            assert set(titles(page)) == expected, part
            assert f"{len(expected)} in pursuit" in page


def test_time_in_the_stage_and_passed_days_stand_out(company, signed_in):
    day = today()
    row = factories.opportunity(company.rep, "late", expected_close_date=day - timedelta(days=1))
    expected = Stage.objects.get(key="discover").expected_days
    client = signed_in(company.rep)
    for days, css in ((expected, "warn"), (expected + 1, "rot"), (expected // 2, "")):
        Opportunity.objects.filter(pk=row.pk).update(entered_on=day - timedelta(days=days))
        assert f'<span class="asc-age {css}"' in text_of(client.get(URL))
    assert '<span class="c-bad fw-semibold">' in text_of(client.get(URL))


def test_who_only_reads_finds_nothing_to_edit(company, owned, signed_in):
    executive = text_of(signed_in(company.executive).get(URL))
    assert "/field/" not in executive
    assert 'name="ids"' not in executive
    assert 'id="bulk"' not in executive


def test_an_administrator_can_hand_over_and_nothing_else(company, owned, signed_in):
    page = text_of(signed_in(company.admin).get(URL))
    assert 'name="act" value="assign"' in page
    assert 'value="move"' not in page
    assert 'value="shift"' not in page
    assert "/field/" not in page


def test_a_rep_is_not_offered_to_hand_over(company, owned, signed_in):
    page = text_of(signed_in(company.rep).get(URL))
    assert 'name="act" value="move"' in page
    assert 'value="assign"' not in page


def test_the_sums_can_be_asked_for_alone(company, owned, signed_in):
    parts = text_of(signed_in(company.rep).get(URL, {"part": "totals"}))
    assert '<hx-partial hx-target="#table-sums"' in parts
    assert "<table" not in parts
    assert "¥100K" in parts


def test_what_people_type_is_never_markup(company, signed_in):
    nasty = '<img src=x onerror="alert(1)">'
    of = factories.customer(company.rep, nasty)
    factories.opportunity(company.rep, nasty, customer=of, next_step=nasty)
    page = text_of(signed_in(company.rep).get(URL))
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x") >= 3


def test_an_empty_table_says_why(company, signed_in):
    client = signed_in(company.rep)
    assert "No deals yet" in text_of(client.get(URL))
    assert "Clear filters" in text_of(client.get(URL, {"q": "nothing like this"}))


def test_who_was_the_owner_before_finds_it_no_longer(company, signed_in):
    row = factories.opportunity(company.rep, "given away")
    assign(opportunity=row, owner=company.mate, seen=1, actor=company.manager)
    assert titles(text_of(signed_in(company.rep).get(URL))) == []
    assert titles(text_of(signed_in(company.mate).get(URL))) == ["given away"]


@pytest.mark.parametrize("part", ["rep", "manager", "admin"])
def test_two_and_two_hundred_rows_ask_the_database_equally(company, signed_in, part):
    client = signed_in(getattr(company, part))
    many(company.rep, 2, next_step="call")
    client.get(URL)  # the historical rates are read once a day
    few = queries_of(lambda: client.get(URL))
    many(company.rep, 198, next_step="call")
    assert queries_of(lambda: client.get(URL)) == few <= 8
    assert queries_of(lambda: client.get(URL, {"sort": "-amount", "page": "2"})) <= 8
