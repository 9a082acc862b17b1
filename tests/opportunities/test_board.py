"""The board: what stands in which column, its sums over all that match, who sees it, and at which price."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.selectors import today
from opportunities.actions import add_collaborator, archive_opportunity, edit_opportunity, move_to_stage
from opportunities.models import Opportunity, Stage
from opportunities.selectors import board as reader
from opportunities.selectors.stages import stages_in_use
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/opportunities/"


def page(signed_in, user, query=""):
    response = signed_in(user).get(f"{URL}{query}")
    assert response.status_code == 200
    return response


def titles(response):
    """{stage key: titles in order} of the cards on the page."""
    return {column.stage.key: [card.title for card in column.cards] for column in response.context["columns"]}


def all_titles(response):
    return {title for cards in titles(response).values() for title in cards}


def in_fragment(response):
    """The titles of the cards in a fragment, in order."""
    return re.findall(r'<h3 id="title-\d+"><a href="[^"]+">(.*?)</a>', response.content.decode())


def win(opportunity, actor, amount="100000.00"):
    stage = Stage.objects.get(key="won")
    return move_to_stage(
        opportunity=opportunity, stage=stage, seen=opportunity.version, actor=actor,
        amount=Decimal(amount), signed_on=today(),
    )  # fmt: skip


# --- Columns


def test_the_columns_are_the_open_stages_in_order_then_won(signed_in, company):
    keys = [column.stage.key for column in page(signed_in, company.rep).context["columns"]]
    assert keys == ["discover", "validate", "cocreate", "decide", "lock", "won"]


def test_a_stage_that_was_added_by_settings_has_a_column_and_the_name_of_its_language(signed_in, company):
    Stage.objects.create(name_zh="试用", name_en="Trial", position=3, win_rate=Decimal("0.3"), key="try-1")
    response = page(signed_in, company.rep)
    assert "Trial" in response.content.decode()
    assert "try-1" in [column.stage.key for column in response.context["columns"]]


def test_sums_are_over_all_that_match_and_equal_the_plain_sums(signed_in, company):
    for number in range(30):
        stage = ("discover", "validate", "lock")[number % 3]
        amount = None if number == 7 else Decimal("333.33") * (number + 1)
        factories.opportunity(company.rep, amount=amount, stage=stage)
    found = page(signed_in, company.rep).context["board"]
    for column in found.columns:
        rows = list(Opportunity.objects.filter(stage=column.stage))
        assert column.count == len(rows)
        assert column.sums.amount == sum((row.amount or Decimal(0) for row in rows), Decimal("0.00"))
        cents = sum((int((row.amount or 0) * 100) * int(row.win_rate * 10000) + 5000) // 10000 for row in rows)
        assert column.sums.weighted == Decimal(cents) / 100
    assert found.count == 30
    assert found.sums.amount == sum(column.sums.amount for column in found.columns)


def test_sums_without_cards_equal_those_with_them(company):
    for number in range(20):
        factories.opportunity(company.rep, amount=Decimal(number), stage=("discover", "decide")[number % 2])
    stages = stages_in_use()
    rows = Opportunity.objects.visible_to(company.rep).in_use()
    full, bare = reader.board(rows, stages), reader.sums(rows, stages)
    figures = [[(c.stage.pk, c.sums) for c in found.columns] for found in (full, bare)]
    assert figures[0] == figures[1]


@pytest.mark.parametrize("role", ["rep", "mate", "manager", "executive"])
def test_all_that_one_sees_is_asked_for_as_any_rows_are(company, role):
    for number in range(32):
        owner = (company.rep, company.mate, company.manager)[number % 3]
        amount = Decimal(number // 4) if number % 7 else None
        row = factories.opportunity(owner, amount=amount, stage=("discover", "decide")[number % 2])
        if number < 3:
            win(row, owner)
    user = getattr(company, role)
    for retired in (False, True):
        if retired:  # what is set in the meantime counts at once
            Stage.objects.filter(key="decide").update(position=1, retired_at=timezone.now(), version=1)
        stages = stages_in_use()
        rows = Opportunity.objects.visible_to(user).in_use()
        for sort in reader.SORTS:
            assert reader.board_of(user, stages, sort) == reader.board(rows, stages, sort)
        assert reader.sums_of(user, stages) == reader.sums(rows, stages)


def test_won_shows_what_was_booked_this_quarter_at_the_amount_of_winning(signed_in, company):
    won = win(factories.opportunity(company.rep, "Ours", stage="lock"), company.rep, "5000.00")
    edit_opportunity(opportunity=won, changes={"amount": Decimal("1.00")}, seen=None, actor=company.rep)
    old = win(factories.opportunity(company.rep, "Long ago", stage="lock"), company.rep)
    Opportunity.objects.filter(pk=old.pk).update(entered_on=today() - timedelta(days=100))
    response = page(signed_in, company.rep)
    column = response.context["board"].columns[-1]
    assert (column.count, column.sums.amount) == (1, Decimal("5000.00"))
    assert titles(response)["won"] == ["Ours"]
    assert response.context["board"].count == 0  # a won one is no longer in pursuit


def test_closed_without_signature_and_archived_ones_are_not_on_the_board(signed_in, company):
    lost = factories.opportunity(company.rep, "Gone")
    move_to_stage(opportunity=lost, stage=Stage.objects.get(key="lost"), seen=1, actor=company.rep, reason="price")
    archive_opportunity(opportunity=factories.opportunity(company.rep, "Mistake"), seen=1, actor=company.rep)
    assert all_titles(page(signed_in, company.rep)) == set()


# --- More cards


def test_twelve_cards_a_column_then_the_next_ones(signed_in, company):
    for number in range(30):
        factories.opportunity(company.rep, f"Deal {number:02}")
    first = titles(page(signed_in, company.rep))["discover"]
    client = signed_in(company.rep)
    second = client.get("/opportunities/columns/discover/?offset=12")
    third = client.get("/opportunities/columns/discover/?offset=24")
    assert len(first) == len(in_fragment(second)) == 12
    assert sorted([*first, *in_fragment(second), *in_fragment(third)]) == [f"Deal {number:02}" for number in range(30)]
    assert b"data-more" in second.content
    assert b"data-more" not in third.content


@pytest.mark.parametrize("key", ["lost", "nothing", "no_go"])
def test_only_stages_with_a_column_have_more_cards(signed_in, company, key):
    assert signed_in(company.rep).get(f"/opportunities/columns/{key}/").status_code == 404


@pytest.mark.parametrize("offset", ["-1", "x", "١٢", "9" * 30, ""])
def test_a_strange_offset_does_no_harm(signed_in, company, offset):
    assert signed_in(company.rep).get("/opportunities/columns/discover/", {"offset": offset}).status_code == 200


def test_more_cards_keep_the_filters(signed_in, company):
    factories.opportunity(company.rep, "Warehouse")
    factories.opportunity(company.rep, "Conveyor")
    response = signed_in(company.rep).get("/opportunities/columns/discover/?offset=0&q=ware")
    assert in_fragment(response) == ["Warehouse"]


# --- Cards in words


def test_a_card_says_days_over_the_expected_ones(signed_in, company):
    for title, days in (("Fresh", 3), ("Warned", 25), ("Over", 38)):
        row = factories.opportunity(company.rep, title)
        Opportunity.objects.filter(pk=row.pk).update(entered_on=today() - timedelta(days=days))
    cards = {card.title: card for card in page(signed_in, company.rep).context["columns"][0].cards}
    assert [cards[title].age_state for title in ("Fresh", "Warned", "Over")] == ["", "warn", "rot"]
    assert cards["Over"].age == "38 d, 8 over"


def test_the_next_step_says_when_it_is_late(signed_in, company):
    for days in (-4, 0, 5):
        row = factories.opportunity(company.rep, f"Due {days}")
        changes = {"next_step": "Call", "next_step_due": today() + timedelta(days=days)}
        edit_opportunity(opportunity=row, changes=changes, seen=None, actor=company.rep)
    cards = {card.title: card for card in page(signed_in, company.rep).context["columns"][0].cards}
    assert (cards["Due -4"].due_state, cards["Due -4"].due) == ("over", "4 d overdue")
    assert cards["Due 0"].due_state == "today"
    assert cards["Due 5"].due_state == ""


def test_names_are_escaped(signed_in, company):
    of = factories.customer(company.rep, "<b>Bold</b> & Sons")
    factories.opportunity(company.rep, "<script>alert(1)</script>", customer=of)
    html = page(signed_in, company.rep).content.decode()
    assert "<script>alert" not in html
    assert "<b>Bold" not in html


# --- Sort and filters


SORTED = [
    ("stage_entered_at", ["Old", "Rich", "Soon"]),
    ("-amount", ["Rich", "Old", "Soon"]),
    ("expected_close_date", ["Soon", "Old", "Rich"]),
    ("nonsense", ["Old", "Rich", "Soon"]),
]


@pytest.mark.parametrize(("sort", "expected"), SORTED)
def test_cards_are_sorted_as_the_url_says(signed_in, company, sort, expected):
    factories.opportunity(company.rep, "Old", amount=Decimal(20), expected_close_date=today() + timedelta(days=20))
    factories.opportunity(company.rep, "Rich", amount=Decimal(30), expected_close_date=None)
    factories.opportunity(company.rep, "Soon", amount=None, expected_close_date=today())
    assert titles(page(signed_in, company.rep, f"?sort={sort}"))["discover"] == expected


def test_filters_narrow_cards_and_sums_alike(signed_in, company):
    product = factories.product(company.admin, "Shuttle", key="shuttle")
    strategic = factories.customer(company.rep, "Great Works", tier="5A")
    factories.opportunity(company.rep, "Match", customer=strategic, amount=Decimal(5_000_000), product=product)
    factories.opportunity(company.mate, "Mate's", amount=Decimal(3_000_000))
    factories.opportunity(company.rep, "Small", amount=Decimal(10))
    for query in ("?owner=rep&tier=5A", "?product=shuttle", "?q=great", "?amount_min=4M", "?amount_min=400万"):
        response = page(signed_in, company.manager, query)
        assert all_titles(response) == {"Match"}, query
        assert response.context["board"].sums.amount == Decimal(5_000_000)
    both = page(signed_in, company.manager, "?owner=rep&owner=mate&amount_min=1M")
    assert all_titles(both) == {"Match", "Mate's"}
    assert all_titles(page(signed_in, company.director, "?team=east")) == {"Match", "Mate's", "Small"}
    assert all_titles(page(signed_in, company.director, "?team=west")) == set()


def test_a_filter_that_names_nothing_leaves_nothing_and_says_so(signed_in, company):
    factories.opportunity(company.rep, "Here")
    response = page(signed_in, company.rep, "?owner=ghost")
    assert all_titles(response) == set()
    assert response.context["bar"].problems
    assert "Clear filters" in response.content.decode()


def test_a_hidden_customer_filters_like_one_that_is_not_there(signed_in, company):
    hidden = factories.customer(company.stranger, "Hidden Works")
    factories.opportunity(company.stranger, "Secret", customer=hidden)
    answers = []
    for key in (hidden.key, "0" * 16):
        html = page(signed_in, company.rep, f"?customer={key}").content.decode().replace(key, "KEY")
        answers.append(re.sub(r"\b[A-Za-z0-9]{64}\b", "TOKEN", html))
    assert answers[0] == answers[1]


def test_chips_name_the_filters_and_keep_the_rest_when_removed(signed_in, company):
    response = page(signed_in, company.rep, "?team=east&amount_min=500K&sort=-amount")
    chips = {chip.group.key: chip for chip in response.context["bar"].chips}
    assert chips["team"].text == "Team: East"
    assert chips["team"].without == "amount_min=500K&sort=-amount"
    assert chips["amount"].text == "Amount: from ¥500K"
    assert response.context["bar"].cleared == "sort=-amount"
    assert f'href="{reverse("opportunity_table")}?team=east' in response.content.decode()


def test_an_amount_typed_in_the_unit_beside_the_field_says_so_in_the_url(signed_in, company):
    response = signed_in(company.rep).get(f"{URL}?amount_min=500&amount_max=&amount_unit=万&owner=")
    assert response.status_code == 302
    assert response["Location"] == f"{URL}?amount_min=500%E4%B8%87"


def test_filters_never_lead_into_an_endless_redirect(signed_in, company):
    response = signed_in(company.rep).get(f"{URL}?q=%20&amount_unit=", follow=True)
    assert len(response.redirect_chain) == 1
    assert response.redirect_chain[0][0] == URL


def test_the_first_use_offers_to_create_the_first_one(signed_in, company):
    assert b"No deals yet" in page(signed_in, company.rep).content
    assert reverse("opportunity_new").encode() in page(signed_in, company.rep).content
    assert reverse("opportunity_new").encode() not in page(signed_in, company.executive).content


STRANGE = [
    "?q=" + "x" * 5000, "?q=%00", "?close_from=nonsense", "?amount_min=-5", "?tier=9A", "?column=%00", "?sort=%27",
]  # fmt: skip


@pytest.mark.parametrize("query", STRANGE)
def test_strange_queries_are_answered(signed_in, company, query):
    assert signed_in(company.rep).get(URL + query).status_code == 200


# --- Who sees what


def test_everybody_sees_their_own_part(signed_in, company):
    factories.opportunity(company.rep, "Rep's")
    factories.opportunity(company.mate, "Mate's")
    shared = factories.opportunity(company.stranger, "Shared")
    factories.opportunity(company.stranger, "Stranger's")
    add_collaborator(opportunity=shared, user=company.rep, actor=company.stranger)
    expected = {
        "rep": {"Rep's", "Shared"},
        "mate": {"Mate's"},
        "manager": {"Rep's", "Mate's"},
        "stranger": {"Shared", "Stranger's"},
        "other_manager": {"Shared", "Stranger's"},
        "director": {"Rep's", "Mate's", "Shared", "Stranger's"},
        "executive": {"Rep's", "Mate's", "Shared", "Stranger's"},
        "admin": {"Rep's", "Mate's", "Shared", "Stranger's"},
    }
    for name, seen in expected.items():
        response = page(signed_in, getattr(company, name))
        assert all_titles(response) == seen, name
        assert response.context["board"].count == len(seen)
        assert response.context["board"].sums.amount == 100_000 * len(seen)


@pytest.mark.parametrize("part", ["executive", "admin"])
def test_readers_have_no_way_to_move_or_create(signed_in, company, part):
    factories.opportunity(company.rep)
    html = page(signed_in, getattr(company, part)).content.decode()
    for control in ("data-move", "move-menu", "data-editable", "data-new", "board-closing"):
        assert control not in html
    assert "data-move" in page(signed_in, company.rep).content.decode()


def test_somebody_who_is_not_signed_in_is_sent_to_the_sign_in(client, company):
    for url in (URL, "/opportunities/columns/discover/"):
        assert client.get(url).status_code == 302


def test_only_reading_is_a_way_to_ask_for_the_board(signed_in, company):
    assert signed_in(company.rep).post(URL).status_code == 405


# --- Price


def queries(client, url):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in captured]


@pytest.mark.parametrize("part", ["rep", "manager", "executive"])
@pytest.mark.parametrize(
    "url", [URL, URL + "?q=o&owner=rep&team=east&tier=5A", "/opportunities/columns/discover/?offset=0"]
)
def test_the_price_does_not_grow_with_the_rows(signed_in, company, part, url):
    product = factories.product(company.admin)
    for _number in range(2):
        of = factories.customer(company.rep, tier="5A")
        factories.opportunity(company.rep, customer=of, product=product)
    client = signed_in(getattr(company, part))
    client.get(url)
    few = queries(client, url)
    template = Opportunity.objects.first()
    stages = list(Stage.objects.open())
    Opportunity.objects.bulk_create(
        [_copy(template, stages[number % len(stages)], f"{number:016}") for number in range(198)]
    )
    many = queries(client, url)
    assert len(many) == len(few) <= 8, many


def _copy(template, stage, key):
    values = {field.attname: getattr(template, field.attname) for field in template._meta.fields}
    values |= {"id": None, "key": key, "stage_id": stage.pk, "win_rate": stage.win_rate}
    return Opportunity(**values)
