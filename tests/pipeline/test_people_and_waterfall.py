"""A person's new team, and a portfolio handed over, as the waterfall tells them (FINE-PRINT 6, 7, 25)."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from accounts.selectors import today
from opportunities.actions import deactivate_person, edit_person, hand_over_portfolio
from opportunities.selectors.portfolio import portfolio_of, spread_evenly
from pipeline.rules import BARS
from pipeline.scopes import scope_for
from pipeline.selectors.waterfall import waterfall
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def bars(company):
    """{bar: amount} of today for a scope, without the bars that are zero."""

    def read(**params):
        found = waterfall(scope_for(company.executive, **params), today() - timedelta(1), today()).bars
        assert found.begin + found.net == found.end
        named = {bar: getattr(found, bar) for bar in ("begin", *BARS, "end")}
        return {bar: int(amount) for bar, amount in named.items() if amount}

    return read


@pytest.fixture
def book(company):
    """Two open deals of the rep, ten days old, of 100 and 50."""
    with time_machine.travel(timezone.now() - timedelta(10)):
        for amount in (100, 50):
            factories.opportunity(company.rep, amount=Decimal(amount))


def test_a_new_team_moves_the_transfer_bars_of_both_teams_and_not_of_the_whole(company, bars, book):
    edit_person(person=company.rep, changes={"team": company.west}, seen=1, actor=company.admin)
    assert bars(team="east") == {"begin": 150, "transferred_out": 150}
    assert bars(team="west") == {"transferred_in": 150, "end": 150}
    assert bars(team="head") == bars() == {"begin": 150, "end": 150}
    assert bars(owner="rep") == {"begin": 150, "end": 150}


def test_a_portfolio_handed_over_moves_the_transfer_bars_of_its_people(company, bars, book):
    split = spread_evenly(portfolio_of(company.rep).shares, [company.mate, company.stranger])
    hand_over_portfolio(person=company.rep, shares=split, seen=None, actor=company.admin)
    assert bars(owner="rep") == {"begin": 150, "transferred_out": 150}
    assert bars(owner="mate") == {"transferred_in": 100, "end": 100}
    assert bars(owner="stranger") == {"transferred_in": 50, "end": 50}
    assert bars(team="east") == {"begin": 150, "transferred_out": 50, "end": 100}
    assert bars() == {"begin": 150, "end": 150}


def test_that_somebody_left_changes_nothing(company, bars, book):
    before = {scope: bars(team=scope) for scope in ("east", "head")} | {"whole": bars()}
    deactivate_person(person=company.rep, seen=1, actor=company.admin)
    assert {scope: bars(team=scope) for scope in ("east", "head")} | {"whole": bars()} == before
    assert bars(owner="rep") == {"begin": 150, "end": 150}
