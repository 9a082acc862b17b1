"""The page of one opportunity: where it stands, what changed, who may do what."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.selectors import calendar, today
from opportunities.actions import (
    add_collaborator,
    archive_opportunity,
    assign,
    edit_opportunity,
    edit_stage,
    move_to_stage,
    undo,
)
from opportunities.actions.heights import settle_heights
from opportunities.actions.spread import begin_versions
from opportunities.models import Checkpoint, Collaborator, Opportunity, OpportunityVersion, Rung, Stage
from opportunities.selectors.page import path_of
from opportunities.selectors.timeline import EVENTS, history_of, timeline_of
from tests import factories
from tests.opportunities.browser_door import HTMX, events_of, post, queries_of, text_of


def stage(key):
    return Stage.objects.get(key=key)


def move(row, key, actor, **more):
    return move_to_stage(opportunity=row, stage=stage(key), seen=None, actor=actor, **more)


def change(row, actor, **changes):
    return edit_opportunity(opportunity=row, changes=changes, seen=None, actor=actor)


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Sorting line", customer=factories.customer(company.rep, "Acme"))


def url(row, what=""):
    return f"/opportunities/{row.pk}/{what}"


# --- Who --------------------------------------------------------------------------------------

SEES = {
    "rep": 200, "manager": 200, "director": 200, "executive": 200, "admin": 200, "mate": 404, "stranger": 404,
    "other_manager": 404,
}  # fmt: skip


@pytest.mark.parametrize("part", SEES)
def test_whoever_may_not_see_it_finds_the_page_of_what_is_not_there(company, deal, signed_in, part):
    client = signed_in(getattr(company, part))
    for what in ("", "edit/", "assign/", "collaborators/", "archive/", "restore/", "field/amount/"):
        status = client.get(url(deal, what)).status_code
        assert (status == 404) == (SEES[part] == 404)
        if SEES[part] == 404:
            assert "Sorting line" not in text_of(client.get(url(deal, what)))
            assert client.post(url(deal, what), {"version": 1}).status_code in (404, 405)


OFFERS = {
    "rep": {"edit/", "collaborators/", "archive/", "move/"},
    "manager": {"edit/", "collaborators/", "archive/", "assign/", "move/"},
    "executive": set(),
    "admin": {"assign/"},
}


@pytest.mark.parametrize("part", OFFERS)
def test_it_offers_what_the_person_may_do(company, deal, signed_in, part):
    page = text_of(signed_in(getattr(company, part)).get(url(deal)))
    for what in ("edit/", "collaborators/", "archive/", "assign/", "move/", "restore/"):
        assert (f'"/opportunities/{deal.pk}/{what}"' in page) == (what in OFFERS[part]), what


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("executive", "edit/"), ("admin", "edit/"), ("rep", "assign/"), ("executive", "assign/"),
        ("executive", "collaborators/"), ("admin", "collaborators/"), ("admin", "archive/"), ("rep", "restore/"),
    ],
)  # fmt: skip
def test_what_is_not_offered_is_refused(company, deal, signed_in, part, what):
    client = signed_in(getattr(company, part))
    assert client.get(url(deal, what)).status_code == 403


def test_a_collaborator_works_on_it_but_chooses_nobody(company, deal, signed_in):
    add_collaborator(opportunity=deal, user=company.stranger, actor=company.rep)
    client = signed_in(company.stranger)
    page = text_of(client.get(url(deal)))
    assert "Stranger" in page
    assert "collaborators/" not in page
    assert client.get(url(deal, "collaborators/")).status_code == 403


# --- Where it stands --------------------------------------------------------------------------


def test_the_path_knows_the_days_in_each_stage(company, deal):
    day = deal.created_on
    versions = [("discover", 0), ("validate", 10), ("discover", 13), ("decide", 20)]
    OpportunityVersion.objects.filter(opportunity=deal).delete()
    for (key, days), later in zip(versions, [*versions[1:], None], strict=True):
        at = deal.created_at + timedelta(days=days)
        until = {} if later is None else {"valid_to": deal.created_at + timedelta(days=later[1])}
        OpportunityVersion.objects.create(
            opportunity=deal, stage=stage(key), outcome="open", win_rate=stage(key).win_rate, owner=company.rep,
            entered_at=at, entered_on=day + timedelta(days=days), valid_from=at, **until,
        )  # fmt: skip
    deal.stage = stage("decide")
    steps = path_of(deal, list(Stage.objects.all()), history_of(deal)[1].moves, day + timedelta(days=25))
    assert [(step.stage.key, step.state, step.days) for step in steps] == [
        ("discover", "done", 17), ("validate", "done", 3), ("cocreate", "done", None), ("decide", "now", 5),
        ("lock", "later", None), ("won", "later", None),
    ]  # fmt: skip


def test_the_path_has_the_eight_steps_of_the_method(company, deal, signed_in):
    page = text_of(signed_in(company.rep).get(url(deal)))
    for text in ("1 Target account", "2 Discover", "7 Signed", "8 Deliver and grow", "2/8 Discover"):
        assert text in page


@pytest.mark.parametrize(
    ("key", "more", "end"),
    [
        ("won", {"signed_on": date(2026, 1, 5)}, ("won", "now")),
        ("lost", {"reason": "Price too high", "competitor": "Rival"}, ("lost", "now")),
        ("no_go", {"reason": "Not worth it"}, ("no_go", "now")),
    ],
)
def test_a_closed_one_says_how_it_ended(company, deal, signed_in, key, more, end):
    move(deal, key, company.rep, **more)
    deal.refresh_from_db()
    steps = path_of(deal, list(Stage.objects.all()), history_of(deal)[1].moves, deal.created_on)
    assert (steps[-1].stage.key, steps[-1].state) == end
    page = text_of(signed_in(company.rep).get(url(deal)))
    assert ("8 Deliver and grow" in page) == (key == "won")
    assert "Closed as" in page
    assert more.get("reason", "5 Jan 2026") in page
    assert more.get("competitor", "") in page


def test_only_a_manager_above_is_offered_to_reopen(company, deal, signed_in):
    move(deal, "lost", company.rep, reason="x")
    assert "move/" not in text_of(signed_in(company.rep).get(url(deal)))
    page = text_of(signed_in(company.manager).get(url(deal)))
    assert "Reopen" in page
    assert f'action="/opportunities/{deal.pk}/move/"' in page


def test_figures_and_facts_stand_on_the_page(company, deal, signed_in):
    change(deal, company.rep, amount=Decimal(3000000), next_step="Call", source="Fair")
    page = text_of(signed_in(company.rep).get(url(deal)))
    figures = ("10%", "¥3.0M", "weighted ¥300K", "counted ¥300K", "31 Mar 2027")
    for words in (*figures, "Call", "Fair", "East", "Acme", "Pipeline"):
        assert words in page


def test_what_people_type_is_never_markup(company, signed_in):
    nasty = "<script>alert(1)</script>"
    row = factories.opportunity(company.rep, nasty, next_step=nasty, source=nasty)
    change(row, company.rep, next_step=f"{nasty} again")
    page = text_of(signed_in(company.rep).get(url(row)))
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") > 4


# --- What changed -----------------------------------------------------------------------------


def kinds(row, **options):
    return [[change.kind for change in entry.changes] for entry in timeline_of(row, **options).events]


def test_the_history_tells_who_changed_what_from_what_to_what_and_why(company, deal, signed_in):
    change(deal, company.rep, amount=Decimal(250000), expected_close_date=date(2027, 1, 1))
    move(deal, "decide", company.rep)
    move(deal, "validate", company.manager, reason="Key person changed")
    assign(opportunity=deal, owner=company.mate, seen=None, actor=company.manager, reason="Holidays")
    change(deal, company.mate, next_step="Visit", next_step_due=date(2026, 12, 1))
    assert kinds(deal) == [
        ["next_step", "next_step_due"], ["owner"], ["stage"], ["stage"], ["amount", "expected_close_date"],
        ["stage", "amount", "expected_close_date", "owner"],
    ]  # fmt: skip
    page = re.sub(r"<[^>]+>", "", text_of(signed_in(company.manager).get(url(deal))))
    for words in (
        "Amount from ¥100K to ¥250K +¥150K", "Expected close from 31 Mar 2027 to 1 Jan 2027",
        "Moved on from “Discover” to “Win the decision”", "Moved back from “Win the decision” to “Validate need”",
        "Reason: Key person changed", "Handed over from Rep to Mate", "Reason: Holidays", "Next step: Visit",
    ):  # fmt: skip
        assert words in page


def test_only_the_moves(company, deal):
    change(deal, company.rep, amount=Decimal(5))
    move(deal, "decide", company.rep)
    change(deal, company.rep, amount=Decimal(6))
    move(deal, "lock", company.rep)
    entries = timeline_of(deal, show="moves").events
    assert [[change.kind for change in entry.changes] for entry in entries] == [["stage"]] * 3
    first, second, created = entries
    assert (first.changes[0].before.key, first.changes[0].after.key) == ("decide", "lock")
    assert (second.changes[0].before.key, second.changes[0].after.key) == ("discover", "decide")
    assert created.created


def test_changes_by_settings_are_named_as_such(company, deal, signed_in):
    edit_stage(stage=stage("discover"), changes={"win_rate": Decimal("0.15")}, seen=None, actor=company.admin)
    at = Opportunity.objects.get(pk=deal.pk).changed_at + timedelta(seconds=1)
    Opportunity.objects.filter(pk=deal.pk).update(team=company.west, changed_at=at)
    begin_versions(at, company.admin, "")
    assert kinds(deal)[:2] == [["team"], ["win_rate"]]
    page = text_of(signed_in(company.rep).get(url(deal)))
    assert "Settings: the owner's team changed from East to West" in page
    assert "Settings: the win rate of this stage changed from 10% to 15%" in page


def test_an_undone_change_is_not_in_the_history(company, deal):
    row = change(deal, company.rep, amount=Decimal(5))
    undo(opportunity=row, actor=company.rep, seen=2)
    assert kinds(deal) == [["stage", "amount", "expected_close_date", "owner"]]


def test_closings_and_reopenings(company, deal):
    move(deal, "won", company.rep, signed_on=date(2026, 1, 5))
    move(deal, "lock", company.manager, reason="withdrawn")
    move(deal, "no_decision", company.rep, reason="budget")
    assert [entry.changes[0].step for entry in timeline_of(deal).events[:3]] == ["closing", "reopening", "won"]


def test_the_history_comes_in_pages(company, deal, signed_in):
    for number in range(EVENTS + 2):
        change(deal, company.rep, amount=Decimal(1000 + number))
    client = signed_in(company.rep)
    first, second = timeline_of(deal), timeline_of(deal, number=2)
    assert (len(first.events), first.has_next) == (EVENTS, True)
    assert (len(second.events), second.has_next) == (3, False)
    assert second.events[-1].created
    assert first.events[-1].changes[0].before == second.events[0].changes[0].after
    part = text_of(client.get(url(deal), {"part": "timeline", "page": "2"}, headers=HTMX))
    assert part.lstrip().startswith('<section class="card" id="timeline"')
    assert "<html" not in part
    for nonsense in ("abc", "0", "-3", "9" * 40, "1e3"):
        assert client.get(url(deal), {"page": nonsense}).status_code == 200
    assert "Nothing on this page." in text_of(client.get(url(deal), {"page": "77"}))


# --- People -----------------------------------------------------------------------------------


def test_a_manager_hands_it_over_and_may_take_that_back(company, deal, signed_in):
    client = signed_in(company.manager)
    response = post(client, url(deal, "assign/"), {"owner": "mate", "reason": "Holidays", "version": 1})
    deal.refresh_from_db()
    assert deal.owner == company.mate
    assert events_of(response)["asc:toast"]["version"] == 2
    assert post(client, url(deal, "undo/"), {"version": 2}).status_code == 200
    deal.refresh_from_db()
    assert deal.owner == company.rep


@pytest.mark.parametrize("person", ["stranger", "admin", "nobody", "", "\x00"])
def test_it_is_given_to_nobody_outside_of_the_managers_charge(company, deal, signed_in, person):
    response = post(signed_in(company.manager), url(deal, "assign/"), {"owner": person, "version": 1})
    assert response.status_code == 422
    assert "invalid-feedback" in text_of(response)
    deal.refresh_from_db()
    assert deal.owner == company.rep


def test_a_rep_hands_nothing_over(company, deal, signed_in):
    assert post(signed_in(company.rep), url(deal, "assign/"), {"owner": "mate", "version": 1}).status_code == 403


def test_collaborators_are_added_and_taken_off(company, deal, signed_in):
    client = signed_in(company.rep)
    assert post(client, url(deal, "collaborators/"), {"user": "mate"}).status_code == 200
    assert signed_in(company.mate).get(url(deal)).status_code == 200
    assert "Mate" in text_of(client.get(url(deal, "collaborators/"), headers=HTMX))
    assert post(client, url(deal, "collaborators/"), {"remove": "mate"}).status_code == 200
    assert signed_in(company.mate).get(url(deal)).status_code == 404
    assert post(client, url(deal, "collaborators/"), {"remove": "no\x00body"}).status_code == 200


@pytest.mark.parametrize("person", ["rep", "executive", "admin", "nobody", "", "\x00"])
def test_only_somebody_else_who_sells_is_added(company, deal, signed_in, person):
    assert post(signed_in(company.rep), url(deal, "collaborators/"), {"user": person}).status_code == 422
    assert not Collaborator.objects.exists()


# --- The whole form, the archive --------------------------------------------------------------


def test_the_whole_form_works_without_script(company, deal, signed_in):
    client = signed_in(company.rep)
    belt = factories.product(company.admin, "Belt")
    other = factories.customer(company.rep, "Other")
    data = {
        "customer": other.key, "title": "New title", "amount": "1,500", "expected_close_date": "2027-05-05",
        "product": belt.key, "next_step": "Visit", "next_step_due": "2026-12-24", "source": "Fair",
        "forecast_category": "best_case", "version": 1,
    }  # fmt: skip
    assert client.post(url(deal, "edit/"), data).headers["Location"] == url(deal)
    deal.refresh_from_db()
    assert (deal.customer, deal.title, deal.amount, deal.product) == (other, "New title", Decimal(1500000), belt)
    assert (deal.next_step_due, deal.forecast_category) == (date(2026, 12, 24), "best_case")


def test_a_refused_form_keeps_what_was_typed(company, deal, signed_in):
    data = {"customer": deal.customer.key, "title": "", "amount": "12x", "next_step": "My step", "version": 1}
    response = signed_in(company.rep).post(url(deal, "edit/"), data)
    page = text_of(response)
    assert response.status_code == 422
    assert 'value="12x"' in page
    assert 'value="My step"' in page
    assert "Acme" in page
    assert OpportunityVersion.objects.count() == 1


def test_the_facts_of_a_closing_can_be_mended(company, deal, signed_in):
    move(deal, "won", company.rep, signed_on=date(2026, 1, 5))
    client = signed_in(company.rep)
    answer = post(client, url(deal, "field/signed_on/"), {"signed_on": "2026-01-06", "version": 2, "in": "page"})
    assert answer.status_code == 200
    future = post(client, url(deal, "field/signed_on/"), {"signed_on": "2199-01-01", "version": 3, "in": "page"})
    assert future.status_code == 422
    assert "must not lie in the future" in text_of(future)
    deal.refresh_from_db()
    assert deal.signed_on == date(2026, 1, 6)


def test_an_archived_one_can_be_read_and_restored(company, deal, signed_in):
    manager = signed_in(company.manager)
    assert "Archive “Sorting line”?" in text_of(manager.get(url(deal, "archive/"), headers=HTMX))
    assert post(manager, url(deal, "archive/"), {"version": 1}).status_code == 200
    page = text_of(signed_in(company.rep).get(url(deal)))
    assert "as entered by mistake" in page
    assert "/field/" not in page
    assert "/edit/" not in page
    assert post(manager, url(deal, "restore/"), {"version": 2}).status_code == 200
    deal.refresh_from_db()
    assert (deal.archived_at, deal.stage.key) == (None, "discover")


def test_a_rep_archives_on_the_first_day_alone(company, deal, signed_in):
    client = signed_in(company.rep)
    Opportunity.objects.filter(pk=deal.pk).update(created_on=deal.created_on - timedelta(days=1))
    assert client.get(url(deal, "archive/")).status_code == 403
    assert post(client, url(deal, "archive/"), {"version": 1}).status_code == 403
    deal.refresh_from_db()
    assert deal.archived_at is None


def test_a_closed_one_is_not_archived(company, deal, signed_in):
    move(deal, "lost", company.rep, reason="x")
    response = post(signed_in(company.manager), url(deal, "archive/"), {"version": 2})
    assert response.status_code == 422
    assert "Only an open opportunity is archived" in text_of(response)


def test_a_stale_archive_is_a_conflict(company, deal, signed_in):
    move(deal, "decide", company.rep)
    response = post(signed_in(company.manager), url(deal, "archive/"), {"version": 1})
    assert response.status_code == 409
    assert "Rep changed this on" in text_of(response)
    archive_opportunity(opportunity=deal, seen=None, actor=company.manager)


@pytest.mark.parametrize("part", ["rep", "manager", "admin"])
def test_two_and_sixty_versions_ask_the_database_equally(company, deal, signed_in, part):
    client = signed_in(getattr(company, part))
    change(deal, company.rep, amount=Decimal(1))
    client.get(url(deal))  # the historical rates are read once a day
    few = queries_of(lambda: client.get(url(deal)))
    for number in range(58):
        change(deal, company.rep, amount=Decimal(2 + number))
    assert queries_of(lambda: client.get(url(deal))) == few <= 15  # with all its panels


def test_the_search_boxes_offer_those_who_may_be_chosen(company, deal, signed_in):
    client = signed_in(company.manager)

    def offered(what):
        address = re.search(r'data-picker="([^"]+)"', text_of(client.get(url(deal, what), headers=HTMX)))
        return {row["value"] for row in client.get(address[1]).json()["results"]}

    assert offered("assign/") == {"manager", "rep", "mate"}
    assert offered("collaborators/") == {
        "director",
        "manager",
        "rep",
        "mate",
        "other_manager",
        "stranger",
    }


@pytest.mark.parametrize(("ago", "before", "change"), [(29, 2, 1), (28, 2, 1), (27, 0, 3)])
def test_the_ascent_stands_beside_that_of_four_weeks_ago(company, deal, signed_in, ago, before, change):
    rungs = {(rung.factor, rung.level): rung for rung in Rung.objects.current()}
    for level, day in ((1, ago), (2, ago), (3, 0)):
        at = calendar().end_of_day(today() - timedelta(days=day)) - timedelta(hours=1) if day else timezone.now()
        Checkpoint.objects.create(
            opportunity=deal, factor="power", level=level, rung=rungs["power", level], grade="E3", recorded_at=at
        )
    settle_heights(deal)
    ascent = signed_in(company.rep).get(url(deal)).context["ascent"]
    power = next(footing for footing in ascent.footings if footing.ladder.factor == "power")
    assert (power.verified, power.before, ascent.change) == (3, before, change)
