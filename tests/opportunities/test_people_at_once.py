"""Administrators act at once: one stays, no circle comes about, a link is used once, no deal is torn."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from threading import Barrier, Event
from time import sleep

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.http import Http404

from accounts import invitations
from accounts.models import Team, User
from accounts.selectors import today
from accounts.teams import edit_team
from config.web.revisions import StaleWrite
from customers.actions import assign_customer, create_customer
from customers.models import Customer
from opportunities.actions import (
    archive_opportunity,
    assign,
    create_opportunity,
    deactivate_person,
    edit_and_assign,
    edit_opportunity,
    edit_person,
    hand_over_portfolio,
    move_to_stage,
    restore_opportunity,
    undo,
)
from opportunities.actions.undo import TooLate
from opportunities.models import Opportunity, OpportunityVersion, Stage
from opportunities.querysets import FOREVER
from opportunities.selectors.portfolio import portfolio_of, spread_evenly
from tests import factories

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
REFUSED = (StaleWrite, PermissionDenied, ValidationError, Http404, invitations.LinkDoesNotWork)
ROUNDS = 8


def at_once(*acts):
    """How many of these were taken; one that is refused says so, and nothing else may go wrong."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(timeout=30)
            act()
        except REFUSED:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(len(acts)) as pool:
        return sum(future.result() for future in [pool.submit(run, act) for act in acts])


def demote(person, actor):
    return lambda: edit_person(person=person, changes={"role": "rep"}, seen=None, actor=actor)


def end(person, actor):
    return lambda: deactivate_person(person=person, seen=None, actor=actor)


def expire(person, actor):
    changes = {"active_until": today() - timedelta(1)}
    return lambda: edit_person(person=person, changes=changes, seen=None, actor=actor)


def test_of_two_administrators_who_take_each_other_out_one_stays():
    first, second = factories.person("first", role="admin"), factories.person("second", role="admin")
    for number in range(ROUNDS):
        User.objects.update(role="admin", deactivated_at=None, active_until=None)
        act, other = (demote, end, expire)[number % 3], (demote, end, expire)[number // 3 % 3]
        one, two = User.objects.get(pk=first.pk), User.objects.get(pk=second.pk)
        assert at_once(act(one, two), other(two, one)) == 1
        assert sum(user.is_admin and user.is_active for user in User.objects.all()) == 1


def test_two_moves_at_once_make_no_circle():
    company = factories.company()
    for _round in range(ROUNDS):
        Team.objects.filter(pk__in=[company.east.pk, company.west.pk]).update(parent=company.head)
        for team in (company.east, company.west):
            Team.objects.filter(pk=team.pk).update(path=f"{company.head.path}{team.pk}/")
        east, west = Team.objects.get(pk=company.east.pk), Team.objects.get(pk=company.west.pk)

        def move(team, parent):
            return lambda: edit_team(team=team, changes={"parent": parent}, seen=None, actor=company.admin)

        assert at_once(move(east, west), move(west, east)) == 1
        for team in Team.objects.select_related("parent"):
            assert team.path == f"{team.parent.path if team.parent else '/'}{team.pk}/"


def test_a_link_is_used_once():
    company = factories.company()
    for number in range(ROUNDS):
        made = factories.invitation(company.admin, f"guest{number}@example.com")
        token = invitations.link_to(made, "").split("/")[2]

        def accept(password, token=token):
            return lambda: invitations.accept(token=token, password=password)

        assert at_once(accept("up-the-north-face-7"), accept("up-the-south-face-7")) == 1


def both(first, second):
    """The second begins while the first is under way; both are taken."""
    under_way = Event()

    def begun():
        with transaction.atomic():
            first()
            under_way.set()
            sleep(0.5)

    def meanwhile():
        assert under_way.wait(timeout=30)
        second()

    assert at_once(begun, meanwhile) == 2


def above(company):
    """A manager in charge of everybody, wherever they come."""
    there = User.objects.filter(username="above").first()
    return there or factories.person("above", role="manager", team=company.head)


def closed(deal, actor):
    return move_to_stage(
        opportunity=deal, stage=Stage.objects.get(outcome="lost"), seen=None, actor=actor, reason="Lost"
    )


def create(rep, company):
    acme = factories.customer(rep)
    return lambda: create_opportunity(actor=rep, customer=acme, title="New", amount=None, expected_close_date=None)


def give(rep, company):
    acme = factories.opportunity(company.mate).customer
    return lambda: hand_over_portfolio(person=company.mate, shares={acme.pk: rep}, seen=None, actor=company.admin)


def hand_over(rep, company):
    deal = factories.opportunity(company.mate)
    return lambda: assign(opportunity=deal, owner=rep, seen=None, actor=company.admin)


def edit_and_hand_over(rep, company):
    deal = factories.opportunity(company.mate)
    changes, head = {"title": "New"}, above(company)
    return lambda: edit_and_assign(opportunity=deal, changes=changes, owner=rep, seen=None, actor=head)


def reopen(rep, company):
    deal, head = closed(factories.opportunity(rep), rep), above(company)
    return lambda: move_to_stage(
        opportunity=deal, stage=Stage.objects.open().first(), seen=None, actor=head, reason="?"
    )


def restore(rep, company):
    deal = factories.opportunity(rep)
    archive_opportunity(opportunity=deal, seen=None, actor=company.manager)
    head = above(company)
    return lambda: restore_opportunity(opportunity=deal, seen=None, actor=head)


def into_west(company):
    changes = {"team": company.west}
    return lambda: edit_person(person=company.rep, changes=changes, seen=None, actor=company.admin)


def both_in_turn(company, other, move_is_first):
    """The act of `other` and its owner's way into the west; the rep that it is given, and where they are then."""
    east = {"team": company.east}
    edit_person(person=User.objects.get(pk=company.rep.pk), changes=east, seen=None, actor=company.admin)
    rep = User.objects.select_related("team").get(pk=company.rep.pk)
    acts = [into_west(company), other(rep, company)]
    both(*(acts if move_is_first else acts[::-1]))
    return rep, company.west


@pytest.mark.parametrize("move_is_first", [True, False])
def test_a_deal_is_in_the_team_that_its_owner_comes_into_meanwhile(move_is_first):
    """Whichever is first, the other waits for it: the deal follows, or it begins in the new team."""
    company = factories.company()
    for other in (create, give, hand_over, edit_and_hand_over, reopen, restore):
        expected = both_in_turn(company, other, move_is_first)
        deal = Opportunity.objects.latest("pk")
        latest = OpportunityVersion.objects.get(opportunity=deal, valid_to=FOREVER)
        assert (deal.owner, deal.team) == expected, other
        assert latest.team == company.west, other


def found(rep, company):
    return lambda: create_customer(actor=rep, name="Acme")


def take(rep, company):
    acme = factories.customer(company.mate)
    return lambda: assign_customer(customer=acme, owner=rep, seen=None, actor=company.admin)


@pytest.mark.parametrize("move_is_first", [True, False])
def test_a_customer_is_in_the_team_that_its_owner_comes_into_meanwhile(move_is_first):
    company = factories.company()
    for other in (found, take):
        expected = both_in_turn(company, other, move_is_first)
        row = Customer.objects.latest("pk")
        assert (row.owner, row.team) == expected, other


@pytest.mark.parametrize("move_is_first", [True, False])
def test_an_undo_and_a_new_team_wait_for_each_other(move_is_first):
    """It comes back before its owner moves, and follows; or it is too late for it."""
    company = factories.company()
    head, mate, refused = above(company), company.mate, []

    def undone(row):
        try:
            undo(opportunity=row, actor=head, seen=row.version)
        except TooLate:
            refused.append(row.pk)

    def handed_over(rep, company):
        row = assign(opportunity=factories.opportunity(rep), owner=mate, seen=None, actor=head)
        return lambda: undone(row)

    def lost(rep, company):
        row = closed(factories.opportunity(rep), head)
        return lambda: undone(row)

    for other in (handed_over, lost):
        expected = both_in_turn(company, other, move_is_first)
        deal = Opportunity.objects.latest("pk")
        assert (deal.pk in refused) == move_is_first, other
        assert move_is_first or (deal.owner, deal.team) == expected, other


def test_a_hand_over_and_what_happens_meanwhile_leave_versions_without_gaps():
    company = factories.company()
    deals = [factories.opportunity(company.rep, amount=1000) for _number in range(5)]
    owners = [company.rep, company.mate]
    for number in range(ROUNDS):
        owner, receiver = owners[number % 2], owners[(number + 1) % 2]
        split = spread_evenly(portfolio_of(owner).shares, [receiver])

        def give(owner=owner, split=split):
            hand_over_portfolio(person=owner, shares=split, seen=None, actor=company.admin)

        def edit(number=number):
            edit_opportunity(
                opportunity=deals[number % 5], changes={"amount": 2000 + number}, seen=None, actor=company.manager
            )

        def move(receiver=receiver, number=number):
            person = User.objects.select_related("team").get(pk=receiver.pk)
            team = company.east if person.team_id != company.east.pk else company.head
            edit_person(person=person, changes={"team": team}, seen=None, actor=company.admin)

        at_once(give, edit, move)
    for row in Opportunity.objects.select_related("owner"):
        versions = list(OpportunityVersion.objects.filter(opportunity=row).order_by("valid_from"))
        assert all(one.valid_to == two.valid_from for one, two in pairwise(versions))
        assert (versions[-1].valid_to, versions[-1].valid_from) == (FOREVER, row.changed_at)
        for name in ("owner_id", "team_id", "amount"):
            assert getattr(versions[-1], name) == getattr(row, name)
