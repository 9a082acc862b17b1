"""The computed resources of the API: shape, parameters, who sees what (API.md)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.selectors import today
from tests.pipeline.chronicle import opportunity

AT = "2026-03-03 10:00"
WINDOW = {"from": "2026-03-02", "to": "2026-03-04"}
PATHS = {
    "funnel": ("/api/v1/pipeline/funnel/", {}),
    "waterfall": ("/api/v1/pipeline/waterfall/", WINDOW),
    "items": ("/api/v1/pipeline/waterfall/items/", {**WINDOW, "bar": "new"}),
    "dashboard": ("/api/v1/pipeline/dashboard/", {}),
}
SUMS = {"count", "amount", "weighted", "counted", "unassessed"}


@pytest.fixture
def ask(company, signed_in):
    def get(resource, who="executive", **params):
        path, needed = PATHS[resource]
        return signed_in(company.people()[who]).get(path, {**needed, **params})

    return get


@pytest.fixture
def story(company):
    opportunity((AT, {"stage": "discover", "owner": company.rep, "amount": "1234.5"}), key="mine")
    gone = (AT, {"stage": "discover", "owner": company.rep, "amount": "70"})
    opportunity(gone, ("2026-03-03 11:00", {"owner": company.stranger}), key="gone")
    return company


def test_funnel(story, ask):
    answer = ask("funnel", as_of="2026-03-03").json()
    assert set(answer) == {"as_of", "stages", "open", "bulges"}
    assert answer["as_of"] == "2026-03-03"
    assert answer["bulges"] == ["discover"]
    assert answer["stages"][0] == {
        "stage": "discover", "count": 2, "amount": "1304.50", "weighted": "130.45", "counted": "130.45",
        "unassessed": {"count": 2, "amount": "1304.50"}, "median_days_in_stage": 0.0, "reached": 2, "conversion": 0.0,
    }  # fmt: skip
    assert answer["stages"][1]["conversion"] is None
    assert answer["stages"][1]["median_days_in_stage"] is None
    assert [stage["stage"] for stage in answer["stages"]] == ["discover", "validate", "cocreate", "decide", "lock"]
    assert set(answer["open"]) == SUMS


def test_funnel_is_as_of_now_by_default(story, ask):
    assert ask("funnel").json()["as_of"] == today().isoformat()


def test_waterfall(story, ask):
    answer = ask("waterfall").json()
    assert answer == {
        "from": "2026-03-02", "to": "2026-03-04", "begin": "0.00", "new": "1304.50", "reopened": "0.00",
        "transferred_in": "0.00", "increased": "0.00", "decreased": "0.00", "won": "0.00", "lost": "0.00",
        "no_decision": "0.00", "no_go": "0.00", "transferred_out": "0.00", "end": "1304.50",
    }  # fmt: skip
    assert ask("waterfall", owner="stranger").json()["transferred_in"] == "70.00"


def test_waterfall_goes_to_today_by_default(story, ask, signed_in):
    path, _params = PATHS["waterfall"]
    answer = signed_in(story.executive).get(path, {"from": "2026-03-02"}).json()
    assert (answer["to"], answer["end"]) == (today().isoformat(), "1304.50")


def test_items_are_a_page_and_keep_the_amount_of_what_was_handed_over(story, ask):
    answer = ask("items", who="rep").json()
    assert (answer["count"], answer["next"], answer["previous"]) == (2, None, None)
    assert answer["results"] == [
        {"opportunity": "mine", "title": "mine", "amount": "1234.50"},
        {"opportunity": None, "title": None, "amount": "70.00"},
    ]
    assert "gone" not in ask("items", who="rep").content.decode()
    assert [row["opportunity"] for row in ask("items").json()["results"]] == ["mine", "gone"]


def test_items_page_by_page(story, ask):
    one, two = (ask("items", page=page, page_size=1).json() for page in (1, 2))
    assert [row["opportunity"] for row in one["results"] + two["results"]] == ["mine", "gone"]
    assert one["next"]
    assert not two["next"]
    assert ask("items", page=3, page_size=1).status_code == 404


def test_dashboard(story, ask):
    answer = ask("dashboard", as_of="2026-03-04").json()
    assert answer["funnel"] == ask("funnel", as_of="2026-03-04").json()
    assert answer["open"] == answer["funnel"]["open"]
    assert set(answer["waterfall"]) == {"days_7", "days_28"}
    assert answer["waterfall"]["days_7"]["new"] == "1304.50"
    assert answer["booked"] == {
        "count": 0, "amount": "0.00", "period": "2026-Q1", "first": "2026-01-01", "last": "2026-03-31",
    }  # fmt: skip
    assert len(answer["history"]["points"]) == 13
    assert answer["history"]["points"][-1]["stages"][0]["count"] == 2
    assert answer["history_computed"] == {"day": None, "at": None}
    assert answer["computed_at"]
    assert [(row["team"], row["open"]["count"]) for row in answer["teams"]] == [("head", 2), ("east", 1), ("west", 1)]


# --- Parameters -----------------------------------------------------------------------------------

BAD = [
    ("funnel", {"as_of": "yesterday"}, "as_of"),
    ("funnel", {"as_of": "2026-02-30"}, "as_of"),
    ("funnel", {"as_of": "9999-12-31"}, "as_of"),
    ("funnel", {"as_of": "0001-01-01"}, "as_of"),
    ("funnel", {"as_of": "2026-03-01\x00"}, "as_of"),
    ("funnel", {"owner": "rep", "team": "east"}, "team"),
    ("waterfall", {"period": "2026-Q4"}, "period"),
    ("items", {"period": "2026-Q4"}, "period"),
    ("waterfall", {"from": ""}, "from"),
    ("waterfall", {"from": "2026-13-01"}, "from"),
    ("waterfall", {"to": "later"}, "to"),
    ("waterfall", {"from": "2026-03-05"}, "from"),
    ("items", {"bar": ""}, "bar"),
    ("items", {"bar": "slipped"}, "bar"),
    ("items", {"from": "2026-03-05"}, "from"),
    ("dashboard", {"as_of": "1899-12-31"}, "as_of"),
]


@pytest.mark.parametrize(("resource", "params", "field"), BAD)
def test_what_is_wrong_is_named(resource, params, field, story, ask):
    answer = ask(resource, **params)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


@pytest.mark.parametrize("resource", PATHS)
@pytest.mark.parametrize(
    ("who", "params"),
    [
        ("rep", {"owner": "mate"}), ("rep", {"team": "east"}), ("manager", {"owner": "stranger"}),
        ("manager", {"team": "west"}), ("executive", {"owner": "nobody"}), ("admin", {"team": "nowhere"}),
        ("admin", {"owner": "\x00"}),
    ],
)  # fmt: skip
def test_a_scope_outside_ones_own_is_not_found(resource, who, params, story, ask):
    answer = ask(resource, who=who, **params)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("resource", PATHS)
def test_nobody_unknown_is_answered_and_nothing_is_written(resource, client, db):
    path, params = PATHS[resource]
    assert client.get(path, params).status_code == 401
    assert client.post(path, params).status_code in (401, 405)


@pytest.mark.parametrize("resource", PATHS)
def test_only_reading(resource, story, signed_in):
    assert signed_in(story.executive).post(PATHS[resource][0]).status_code == 405


def test_collaboration_adds_nothing_to_computed_answers(story, ask):
    from opportunities.models import Collaborator, Opportunity

    before = ask("funnel", who="mate").json()["open"]
    Collaborator.objects.create(opportunity=Opportunity.objects.get(key="mine"), user=story.mate)
    assert ask("funnel", who="mate").json()["open"] == before
    assert before["count"] == 0


def test_a_collaborators_own_past_credit_is_named_while_they_may_see_it(story, ask):
    from opportunities.models import Collaborator, Opportunity

    Collaborator.objects.create(opportunity=Opportunity.objects.get(key="gone"), user=story.rep)
    assert {row["opportunity"] for row in ask("items", who="rep").json()["results"]} == {"mine", "gone"}


@pytest.mark.anywhere
@pytest.mark.parametrize("resource", PATHS)
@pytest.mark.parametrize("who", ["rep", "director", "executive"])
def test_the_queries_do_not_grow(resource, who, company, signed_in):
    client, (path, params) = signed_in(company.people()[who]), PATHS[resource]

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path, {**params, "page_size": 500}).status_code == 200
        return len(asked)

    def fill(times):
        for _ in range(times):
            opportunity((AT, {"stage": "discover", "owner": company.rep, "amount": "10"}))

    fill(2)
    few = count()
    fill(200)
    assert count() == few <= (15 if resource == "dashboard" else 8)


def test_a_day_far_ahead_is_what_is_known_now(story, ask):
    later = (today() + timedelta(days=400)).isoformat()
    assert ask("funnel", as_of=later).json()["open"] == ask("funnel").json()["open"]
    assert ask("funnel", as_of=date(2999, 12, 31).isoformat()).json()["open"]["count"] == 2
