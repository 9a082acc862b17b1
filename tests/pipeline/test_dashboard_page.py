"""The dashboard as people open it: every figure leads to its rows, and they add up to it."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.selectors import today
from config.web.templatetags.formats import money
from opportunities.actions import archive_opportunity, assign, edit_opportunity, move_to_stage
from opportunities.models import Stage
from pipeline.views.dashboard import Links
from tests import factories
from tests.opportunities.browser_door import many, queries_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
BUDGET = 15


def stage(key):
    return Stage.objects.get(key=key)


@pytest.fixture
def story(company):
    """Forty days: deals of three people, a win, a loss, a hand-over, a raise, one without an amount."""
    begin = timezone.now() - timedelta(days=40)
    with time_machine.travel(begin, tick=False) as clock:
        rows = [
            factories.opportunity(company.rep, "Alpha", amount=Decimal("1000.55"), stage="cocreate"),
            factories.opportunity(company.mate, "Beta", amount=Decimal("2000.00"), stage="decide"),
            factories.opportunity(company.stranger, "Gamma", amount=None),
            factories.opportunity(company.rep, "Delta", amount=Decimal("30.05"), stage="validate"),
        ]
        clock.shift(timedelta(days=20))
        assign(opportunity=rows[0], owner=company.mate, seen=1, actor=company.manager)
        move_to_stage(
            opportunity=rows[1], stage=stage("won"), seen=1, actor=company.mate, signed_on=today(), amount=Decimal(2100)
        )
        clock.shift(timedelta(days=17))
        edit_opportunity(opportunity=rows[3], changes={"amount": Decimal("77.77")}, seen=1, actor=company.rep)
        factories.opportunity(company.stranger, "Epsilon", amount=Decimal("5.00"))
        move_to_stage(opportunity=rows[2], stage=stage("lost"), seen=1, actor=company.stranger, reason="Price")
    return rows


def page(client, **query):
    answer = client.get(reverse("dashboard"), query)
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize("person", ["executive", "director", "manager", "rep"])
@pytest.mark.parametrize("ago", [0, 19])
def test_the_rows_behind_every_figure_add_up_to_it(company, signed_in, story, person, ago):
    client = signed_in(getattr(company, person))
    query = {"as_of": today() - timedelta(days=ago)} if ago else {}
    context = page(client, **query).context
    found, links = context["found"], Links(context["found"])
    figures = [(links.all_open, found.open), (links.booked_now, found.booked.part)]
    figures.append((links.booked_before, found.booked_before.part))
    figures += [(url, row.sums) for row, url in context["funnel_rows"]]
    for _day, cells, total, url in context["trend_rows"][-3:]:
        figures += [(url, total), *((link, sums) for sums, link in cells)]
    for url, expected in figures:
        got = client.get(url).context["sum"]
        assert (got.count, got.amount) == (expected.count, expected.amount), url
    for back in (7, 28):
        for _label, amount, url, name in page(client, days=back, **query).context["bars"]:
            assert client.get(url).context["sum"].amount == amount, name


def test_teams_and_people_add_up_to_the_whole(company, signed_in, story):
    found = page(signed_in(company.executive)).context["found"]
    assert sum(team.open.amount for team in found.teams if team.depth == 0) == found.open.amount
    people = [person for team in found.teams for person in team.people]
    assert sum(person.open.amount for person in people) == found.open.amount == Decimal("1083.32")
    assert sum(person.booked.amount for person in people) == found.booked.part.amount


def test_the_rows_of_one_person_in_the_table(company, signed_in, story):
    client = signed_in(company.director)
    answer = client.get(reverse("dashboard_rows", args=["open"]), {"member": "mate", "of": "east"})
    assert answer.context["sum"].amount == Decimal("1000.55")
    assert [row.opportunity.title for row in answer.context["page"]] == ["Alpha"]


def test_what_was_handed_over_keeps_its_amount_and_nothing_else(company, signed_in, story):
    query = {"as_of": today() - timedelta(days=30)}
    answer = signed_in(company.rep).get(reverse("dashboard_rows", args=["open"]), query)
    assert answer.context["sum"].amount == Decimal("1030.60")
    text = answer.content.decode()
    assert "Handed over" in text
    assert "Alpha" not in text
    assert story[0].customer.name not in text
    assert "1,000.55" in text


@pytest.mark.parametrize(
    "query",
    [
        {"owner": "stranger"},
        {"team": "west"},
        {"owner": "nobody"},
        {"team": "nowhere"},
        {"owner": "rep", "team": "east"},
        {"owner": "a\x00b"},
    ],
)
@pytest.mark.parametrize("name", ["dashboard", "rows"])
def test_outside_of_the_scope_there_is_nothing(company, signed_in, name, query):
    url = reverse("dashboard") if name == "dashboard" else reverse("dashboard_rows", args=["open"])
    assert signed_in(company.manager).get(url, query).status_code == 404


@pytest.mark.parametrize(
    ("figure", "query"),
    [
        ("nothing", {}),
        ("booked", {}),
        ("booked", {"period": "soon"}),
        ("open", {"stage": "nowhere"}),
        ("open", {"as_of": "yesterday"}),
        ("bar", {"bar": "new"}),
        ("bar", {"bar": "other", "since": "2026-01-01", "until": "2026-01-02"}),
        ("bar", {"bar": "new", "since": "2026-01-03", "until": "2026-01-02"}),
    ],
)
def test_figures_that_there_are_not(company, signed_in, figure, query):
    url = reverse("dashboard_rows", args=[figure])
    assert signed_in(company.executive).get(url, query).status_code == 404


@pytest.mark.parametrize("as_of", ["9999-12-31", "0001-01-01", "soon", "2026-02-30"])
def test_a_day_that_cannot_be_is_refused_in_words(company, signed_in, as_of):
    answer = signed_in(company.executive).get(reverse("dashboard"), {"as_of": as_of})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize("person", ["executive", "manager", "rep"])
def test_the_number_of_queries_does_not_grow(company, signed_in, person):
    client = signed_in(getattr(company, person))
    url = reverse("dashboard")
    counts = []
    for rows in (2, 25):
        for n in range(rows):
            factories.opportunity(company.rep, stage=["discover", "decide"][n % 2])
            factories.person(f"more{rows}-{n}", team=company.east)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= BUDGET


def test_executives_land_here_reps_on_their_day_everybody_else_on_the_board(company, signed_in):
    landing = {name: signed_in(user).get(reverse("home")).url for name, user in company.people().items()}
    assert landing.pop("executive") == reverse("dashboard")
    reps = {landing.pop(name) for name in ("rep", "mate", "stranger")}
    assert (reps, set(landing.values())) == ({reverse("my_day")}, {reverse("board")})


def test_an_empty_company_has_a_dashboard(company, signed_in):
    text = page(signed_in(company.executive)).content.decode()
    assert "No pipeline in the last 12 months" in text
    assert f'href="{reverse("board")}">To the board' in text


def test_the_rows_of_each_team_in_the_table(company, signed_in, story):
    client = signed_in(company.executive)
    found = page(client).context["found"]
    assert len(found.teams) == 3
    for team in found.teams:
        opened = client.get(reverse("dashboard_rows", args=["open"]), {"team": team.key})
        won = client.get(
            reverse("dashboard_rows", args=["booked"]), {"team": team.key, "period": found.booked.period.key}
        )
        assert opened.context["sum"].amount == team.open.amount
        assert won.context["sum"].amount == team.booked.amount


def test_the_funnel_says_beside_each_weighted_and_counted_amount_what_of_it_is_unassessed(company, signed_in, story):
    answer = page(signed_in(company.executive))
    sums = [row.sums for row, _url in answer.context["funnel_rows"]] + [answer.context["found"].open]
    funnel = answer.content.decode().partition('<table class="asc-funnel">')[2].partition("</table>")[0]
    assert any(each.unassessed.amount for each in sums)
    assert re.findall(r"of which unassessed (.*?)</", funnel) == [money(each.unassessed.amount) for each in sums]


def csv_rows(answer):
    return list(csv.DictReader(io.StringIO(text_of(answer)[1:], newline="")))


@pytest.mark.parametrize("person", ["executive", "director", "manager", "rep"])
def test_an_exported_figure_has_its_rows_and_their_sum(company, signed_in, story, person):
    client = signed_in(getattr(company, person))
    context = page(client).context
    links = Links(context["found"])
    for url in (links.all_open, links.booked_now, *(url for _label, _amount, url, _name in context["bars"])):
        shown = client.get(url).context
        rows = csv_rows(client.get(url.replace("/?", "/export.csv?")))
        assert sum(Decimal(row["Amount"] or 0) for row in rows) == shown["sum"].amount, url
        named = [row.opportunity.title if row.opportunity else "Handed over" for row in shown["page"]]
        assert [row["Title"] for row in rows] == named


def test_a_stage_may_be_called_as_no_sheet_can_be(company, signed_in, story):
    Stage.objects.filter(key="cocreate").update(name_en="Demo/Trial: [a*b]? " * 2)
    answer = signed_in(company.executive).get(
        reverse("dashboard_rows_export", args=["open", "xlsx"]), {"stage": "cocreate"}
    )
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book.active.title.startswith("Demo Trial") and book.active.max_row > 1
    assert "/" not in answer["Content-Disposition"].partition("''")[2]


def test_an_export_keeps_to_what_the_reader_may_see(company, signed_in, story):
    query = {"as_of": today() - timedelta(days=30)}
    text = text_of(signed_in(company.rep).get(reverse("dashboard_rows_export", args=["open", "csv"]), query))
    assert "Handed over" in text
    assert "1000.55" in text
    assert "Alpha" not in text
    assert story[0].customer.name not in text


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("figure", ["open", "booked", "new", "end"])
def test_an_export_asks_as_often_for_many_rows_as_for_few(company, signed_in, monkeypatch, figure, format):
    monkeypatch.setattr("pipeline.selectors.rows.CHUNK", 2)
    client, counts, sizes = signed_in(company.manager), [], []
    bar = {"bar": figure, "since": today() - timedelta(days=28), "until": today()}
    query = {"open": {}, "booked": {"period": today().year}}.get(figure, bar)
    url = reverse("dashboard_rows_export", args=[figure if query is not bar else "bar", format])

    def exported():
        sizes.append(len(b"".join(client.get(url, query).streaming_content)))

    for more in (1, 11):
        for made in many(company.rep, more, amount=Decimal(10)):
            if figure == "booked":
                move_to_stage(opportunity=made, stage=stage("won"), seen=1, actor=company.rep, signed_on=today())
        counts.append(queries_of(exported))
    assert sizes[0] < sizes[1]
    assert counts[0] == counts[1] <= 8


def test_an_exported_bar_says_what_the_page_says(company, signed_in, story):
    query = {"bar": "lost", "since": today() - timedelta(days=28), "until": today()}
    (row,) = csv_rows(signed_in(company.executive).get(reverse("dashboard_rows_export", args=["bar", "csv"]), query))
    told = {name: row[name] for name in ("Title", "Owner now", "Stage now", "Changed on", "Reason")}
    changed = (today() - timedelta(days=3)).isoformat()
    assert list(told.values()) == ["Gamma", str(company.stranger), stage("lost").name, changed, "Price"]


def test_a_bar_says_when_and_why(company, signed_in, story):
    query = {"bar": "lost", "since": today() - timedelta(days=28), "until": today()}
    (row,) = signed_in(company.executive).get(reverse("dashboard_rows", args=["bar"]), query).context["page"]
    assert (row.on, row.reason) == (today() - timedelta(days=3), "Price")
    text = signed_in(company.executive).get(reverse("dashboard_rows", args=["bar"]), query).content.decode()
    assert "Price" in text


def test_a_bar_says_in_the_readers_language_what_was_entered_by_mistake(company, signed_in):
    type(company.rep).objects.update(language="zh-hans")
    deal = factories.opportunity(company.rep, "Twice")
    archive_opportunity(opportunity=deal, seen=1, actor=company.rep)
    client = signed_in(company.rep)
    query = {"bar": "no_go", "since": today() - timedelta(days=28), "until": today()}
    (row,) = client.get(reverse("dashboard_rows", args=["bar"]), query).context["page"]
    (line,) = csv_rows(client.get(reverse("dashboard_rows_export", args=["bar", "csv"]), query))
    assert (row.reason, line["原因"]) == ("误录", "误录")


def test_a_persons_name_opens_their_dashboard(company, signed_in, story):
    client = signed_in(company.manager)
    found = page(client).context["found"]
    people = {person.username: person for team in found.teams for person in team.people}
    for person in people.values():
        answer = client.get(reverse("dashboard"), {"owner": person.username})
        assert answer.status_code == (200 if person.askable else 404)
    assert f"?owner={company.rep.username}" in page(client).content.decode()


def test_a_bulge_names_the_ability_that_is_lacking(company, signed_in, story):
    Stage.objects.filter(key="cocreate").update(milestones=["power>=4", "go"])
    answer = page(signed_in(company.executive))
    ((row, url, lacking),) = answer.context["bulges"]
    assert row.stage.key == "cocreate"
    assert lacking == ["Power ≥ 4", "Go decision recorded"]
    text = answer.content.decode()
    assert "Deals pile up at Co-create solution." in text
    assert all(each in text for each in lacking)
    assert answer.client.get(url).context["sum"].count == row.count
