"""Many at once, each answered on its own."""

import re
from datetime import date
from decimal import Decimal

import pytest

from opportunities.actions import archive_opportunity, assign, edit_opportunity, in_bulk, move_to_stage
from opportunities.models import Opportunity, OpportunityVersion, Stage
from tests import factories
from tests.opportunities.browser_door import HTMX, events_of, many, post, text_of

URL = "/opportunities/bulk/"


def pairs(*rows):
    return [f"{row.pk}-{row.version}" for row in rows]


def act(client, kind, ids, **data):
    return post(client, URL, {"act": kind, "ids": ids, "confirmed": "yes", **data})


@pytest.fixture
def rep(company, signed_in):
    return signed_in(company.rep)


@pytest.fixture
def manager(company, signed_in):
    return signed_in(company.manager)


def test_first_it_asks_and_writes_nothing(company, rep):
    rows = many(company.rep, 3)
    for kind, field in (("move", "stage"), ("shift", "days")):
        page = text_of(post(rep, URL, {"act": kind, "ids": pairs(*rows)}))
        assert f'name="{field}"' in page
        assert page.count('name="ids"') == 3
    assert OpportunityVersion.objects.count() == 3


def test_each_row_is_tried_on_its_own(company, rep):
    good, closed, stale, archived = many(company.rep, 4)
    hidden = factories.opportunity(company.stranger, "Hidden deal")
    seen = pairs(good, closed, stale, archived, hidden)
    move_to_stage(opportunity=closed, stage=Stage.objects.get(key="lost"), seen=1, actor=company.rep, reason="x")
    move_to_stage(opportunity=stale, stage=Stage.objects.get(key="decide"), seen=1, actor=company.manager)
    archive_opportunity(opportunity=archived, seen=1, actor=company.rep)
    response = act(rep, "move", [*seen, "999999-1"], stage="validate", reason="on")
    page = text_of(response)
    failed = [closed.pk, stale.pk, archived.pk, hidden.pk, 999999]
    assert response.status_code == 200
    assert events_of(response)["asc:bulk"] == {"failed": failed}
    assert "asc:changed" in events_of(response)
    assert "1 deal was changed." in page
    assert "5 deals were not changed. They stay chosen." in page
    for pk in failed:
        assert f'data-failed="{pk}"' in page
    assert "Somebody changed this meanwhile." in page
    assert "Hidden deal" not in page
    assert page.count("There is no such opportunity.") == 3
    assert set(Opportunity.objects.filter(stage__key="validate")) == {good}


def test_a_hidden_row_reads_like_one_that_is_not_there(company, rep):
    hidden = factories.opportunity(company.stranger, "Hidden deal")
    real = text_of(act(rep, "shift", [f"{hidden.pk}-1"], days="1"))
    made_up = text_of(act(rep, "shift", ["987654-1"], days="1"))
    assert re.sub(r"[0-9]+", "N", real) == re.sub(r"[0-9]+", "N", made_up)


def test_a_move_backward_needs_its_reason_for_each(company, rep):
    back = factories.opportunity(company.rep, "goes back", stage="decide")
    on = factories.opportunity(company.rep, "goes on")
    page = text_of(act(rep, "move", pairs(back, on), stage="validate"))
    assert "1 deal was changed." in page
    assert "goes back" in page
    assert "this move needs a reason" in page
    back.refresh_from_db()
    assert back.stage.key == "decide"


def test_closing_as_won_needs_amount_and_signing_date_of_each(company, rep):
    with_amount, without = factories.opportunity(company.rep), factories.opportunity(company.rep, amount=None)
    act(rep, "move", pairs(with_amount, without), stage="won", signed_on="2026-01-05")
    with_amount.refresh_from_db()
    without.refresh_from_db()
    assert (with_amount.outcome, with_amount.signed_on, without.outcome) == ("won", date(2026, 1, 5), "open")


def test_the_expected_close_moves_by_days_or_to_a_day(company, rep):
    early, none = (
        factories.opportunity(company.rep, expected_close_date=date(2027, 1, 31)),
        factories.opportunity(company.rep, "without a date", expected_close_date=None),
    )
    page = text_of(act(rep, "shift", pairs(early, none), days="14"))
    assert "1 deal was changed." in page
    assert "It has no expected close that could be shifted." in page
    early.refresh_from_db()
    assert early.expected_close_date == date(2027, 2, 14)
    act(rep, "shift", pairs(early, none), to="2027-06-30")
    assert set(Opportunity.objects.values_list("expected_close_date", flat=True)) == {date(2027, 6, 30)}


def test_a_day_beyond_the_calendar_is_refused_for_its_row(company, rep):
    row = factories.opportunity(company.rep, expected_close_date=date(2199, 12, 1))
    assert "between 1970 and 2199" in text_of(act(rep, "shift", pairs(row), days="60"))
    row.refresh_from_db()
    assert row.expected_close_date == date(2199, 12, 1)


def test_somebody_elses_new_date_is_not_taken_away(company, rep):
    row = factories.opportunity(company.rep)
    seen = pairs(row)
    edit_opportunity(opportunity=row, changes={"expected_close_date": date(2028, 1, 1)}, seen=1, actor=company.manager)
    assert "Somebody changed this meanwhile." in text_of(act(rep, "shift", seen, days="7"))
    row.refresh_from_db()
    assert row.expected_close_date == date(2028, 1, 1)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("shift", {}),
        ("shift", {"days": "3", "to": "2027-01-01"}),
        ("shift", {"days": "many"}),
        ("shift", {"days": "99999"}),
        ("shift", {"days": "1e3"}),
        ("shift", {"to": "9999-12-31"}),
        ("shift", {"to": "\x00"}),
        ("move", {}),
        ("move", {"stage": "nowhere"}),
        ("move", {"stage": "lost", "reason": "x" * 501}),
        ("move", {"stage": "won", "signed_on": "31/12/2026"}),
        ("move", {"stage": "\x00"}),
    ],
)
def test_a_form_that_is_not_right_tries_no_row(company, rep, kind, data):
    row = factories.opportunity(company.rep)
    response = act(rep, kind, pairs(row), **data)
    assert response.status_code == 422
    assert 'role="alert"' in text_of(response) or "invalid-feedback" in text_of(response)
    assert f'value="{row.pk}-1"' in text_of(response)
    row.refresh_from_db()
    assert row.version == 1


@pytest.mark.parametrize("ids", [[], ["abc", "1", "-", "1-x", "9" * 30 + "-1"], [f"{pk}-1" for pk in range(1, 202)]])
def test_none_or_more_than_two_hundred_are_refused(company, rep, ids):
    response = act(rep, "shift", ids, days="1")
    assert response.status_code == 422
    assert "Choose between 1 and 200 opportunities." in text_of(response)


def test_an_act_that_is_none_is_not_found(company, rep):
    assert act(rep, "delete", ["1-1"]).status_code == 404
    assert rep.get(URL).status_code == 405


def test_managers_hand_over_within_their_charge(company, manager):
    own, other = factories.opportunity(company.rep), factories.opportunity(company.stranger, "Not theirs")
    page = text_of(act(manager, "assign", pairs(own, other), owner="mate", reason="holidays"))
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.owner, other.owner) == (company.mate, company.stranger)
    assert "1 deal was changed." in page
    assert "Not theirs" not in page
    assert OpportunityVersion.objects.filter(opportunity=own).last().reason == "holidays"


@pytest.mark.parametrize("person", ["stranger", "nobody", "executive", "\x00"])
def test_nobody_is_given_a_row_outside_of_the_managers_charge(company, manager, person):
    row = factories.opportunity(company.rep)
    assert act(manager, "assign", pairs(row), owner=person).status_code == 422
    row.refresh_from_db()
    assert row.owner == company.rep


def test_an_administrator_hands_over_anywhere_and_does_nothing_else(company, signed_in):
    admin, row = signed_in(company.admin), factories.opportunity(company.rep)
    assert act(admin, "shift", pairs(row), days="1").status_code == 403
    assert act(admin, "move", pairs(row), stage="validate").status_code == 403
    assert act(admin, "assign", pairs(row), owner="stranger").status_code == 200
    row.refresh_from_db()
    assert row.owner == company.stranger


@pytest.mark.parametrize(("part", "kind"), [("rep", "assign"), ("executive", "move"), ("executive", "assign")])
def test_who_may_not_is_told_so(company, signed_in, part, kind):
    row = factories.opportunity(company.rep)
    assert act(signed_in(getattr(company, part)), kind, pairs(row), owner="mate").status_code == 403


def test_without_script_the_question_and_the_result_are_pages(company, rep):
    row = factories.opportunity(company.rep)
    asked = post(rep, URL, {"act": "shift", "ids": pairs(row)}, htmx=False)
    assert "<html" in text_of(asked)
    done = post(rep, URL, {"act": "shift", "ids": pairs(row), "confirmed": "yes", "days": "1"}, htmx=False)
    assert "<html" in text_of(done)
    assert "1 deal was changed." in text_of(done)


def test_two_hundred_rows_are_all_done(company, rep):
    rows = many(company.rep, 200, amount=Decimal(1))
    assert "200 deals were changed." in text_of(act(rep, "shift", pairs(*rows), to="2027-09-09"))
    assert Opportunity.objects.filter(expected_close_date=date(2027, 9, 9)).count() == 200


def test_a_row_chosen_twice_is_done_once(company, rep):
    row = factories.opportunity(company.rep, expected_close_date=date(2027, 1, 1))
    act(rep, "shift", [*pairs(row), *pairs(row)], days="1")
    row.refresh_from_db()
    assert row.expected_close_date == date(2027, 1, 2)
    assert rep.post(URL, {"act": "shift"}, headers=HTMX).status_code == 200


def test_one_that_goes_out_of_sight_meanwhile_does_not_stop_the_others(company):
    gone, left = many(company.rep, 2)

    def act(row):
        if row == gone:
            assign(opportunity=row, owner=company.stranger, seen=1, actor=company.admin)
        return edit_opportunity(opportunity=row, changes={"next_step": "x"}, seen=1, actor=company.rep)

    results = in_bulk([gone.pk, left.pk], actor=company.rep, act=act)
    assert [(each.status, each.ok) for each in results] == [(404, False), (200, True)]
