"""People and their portfolio: a new team from its moment on, and everything handed over in one act."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, Kind, Notification, OutboxMessage, User, UserTeam
from accounts.notifications import told
from accounts.selectors import today
from config.web.revisions import StaleWrite
from customers.actions import add_joint_action, create_plan
from customers.models import Customer
from opportunities.actions import (
    PortfolioChanged,
    add_stakeholder,
    add_task,
    assign,
    deactivate_person,
    edit_opportunity,
    edit_person,
    hand_over_portfolio,
    log_activity,
    move_to_stage,
)
from opportunities.models import ActivityKind, Opportunity, OpportunityVersion, Stage
from opportunities.querysets import FOREVER
from opportunities.selectors.portfolio import portfolio_of, portions, spread_evenly
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(company):
    """The rep's: two customers with deals, one without; a deal at somebody else's customer; a lost one."""
    big, small = factories.customer(company.rep, "Big"), factories.customer(company.rep, "Small")
    factories.customer(company.rep, "Bare")
    theirs = factories.customer(company.mate, "Theirs")
    deals = {
        "big": factories.opportunity(company.rep, "Big one", customer=big, amount=Decimal(500)),
        "big too": factories.opportunity(company.rep, "Big two", customer=big, amount=Decimal(400)),
        "small": factories.opportunity(company.rep, "Small one", customer=small, amount=Decimal(300)),
        "lost": factories.opportunity(company.rep, "Lost one", customer=small, amount=Decimal(200)),
        "theirs": assign(
            opportunity=factories.opportunity(company.mate, "Guest", customer=theirs, amount=None),
            owner=company.rep, seen=1, actor=company.manager,
        ),
    }  # fmt: skip
    deals["lost"] = move_to_stage(
        opportunity=deals["lost"], stage=Stage.objects.get(key="lost"), seen=1, actor=company.rep, reason="Price"
    )
    return deals


def versions(deal):
    return list(OpportunityVersion.objects.filter(opportunity=deal).order_by("valid_from"))


def test_a_new_team_counts_from_its_moment_in_a_version_of_each_open_opportunity(company, book):
    edit_person(person=company.rep, changes={"team": company.west}, seen=1, actor=company.admin)
    first, second = versions(book["big"])
    assert (first.team, second.team) == (company.east, company.west)
    assert first.valid_to == second.valid_from
    assert (second.owner, second.amount, second.entered_at) == (company.rep, Decimal(500), first.entered_at)
    assert len(versions(book["lost"])) == 2
    row = Opportunity.objects.get(pk=book["big"].pk)
    assert (row.team, row.version, row.last_change) == (company.west, 2, None)
    assert list(UserTeam.objects.filter(user=company.rep).values_list("team", flat=True)) == [
        company.east.pk, company.west.pk,
    ]  # fmt: skip
    assert UserTeam.objects.filter(user=company.rep).last().valid_from == second.valid_from
    teams = dict(Customer.objects.values_list("name", "team__key"))
    assert teams == {"Big": "west", "Small": "west", "Bare": "west", "Theirs": "east"}
    followed = AuditEntry.objects.filter(action="follow_team", model="customer").order_by("label")
    assert [(entry.label, entry.changes) for entry in followed] == [
        (name, {"team": ["east", "west"]}) for name in ("Bare", "Big", "Small")
    ]
    assert AuditEntry.objects.get(action="follow_team", label="Big one").object_version == 2
    assert not Opportunity.objects.visible_to(company.manager).filter(pk=book["big"].pk).exists()
    assert Opportunity.objects.visible_to(company.other_manager).filter(pk=book["big"].pk).exists()


def test_other_changes_of_a_person_write_no_version(company, book):
    edit_person(person=company.rep, changes={"name": "R", "team": company.east}, seen=1, actor=company.admin)
    assert len(versions(book["big"])) == 1
    assert UserTeam.objects.filter(user=company.rep).count() == 1


def test_the_portfolio_keeps_a_customer_and_its_deals_together(company, book):
    found = portfolio_of(company.rep)
    assert [(share.name, share.owned, share.count, share.amount) for share in found.shares] == [
        ("Big", True, 2, Decimal(900)),
        ("Small", True, 1, Decimal(300)),
        ("Bare", True, 0, Decimal(0)),
        ("Theirs", False, 1, Decimal(0)),
    ]
    assert (found.customers, found.count, found.amount) == (3, 4, Decimal(1200))
    split = spread_evenly(found.shares, [company.mate, company.manager])
    assert [split[share.customer_id].username for share in found.shares] == ["mate", "manager", "manager", "manager"]
    parts = portions(found.shares, split)
    assert [(part.receiver.username, part.customers, part.count, part.amount) for part in parts] == [
        ("manager", 2, 2, Decimal(300)),
        ("mate", 1, 2, Decimal(900)),
    ]


def test_everything_is_handed_over_in_one_act_with_history(company, book):
    found = portfolio_of(company.rep)
    split = spread_evenly(found.shares, [company.mate, company.stranger])
    hand_over_portfolio(person=company.rep, shares=split, seen=found.fingerprint, actor=company.admin, reason="Leaves")
    big = Opportunity.objects.get(pk=book["big"].pk)
    assert (big.owner, big.team, big.version, big.changed_in["owner"]) == (company.mate, company.east, 2, 2)
    first, second = versions(big)
    assert (first.owner, second.owner, second.reason, second.actor) == (
        company.rep, company.mate, "Leaves", company.admin,
    )  # fmt: skip
    assert (second.valid_from, second.valid_to, first.valid_to) == (big.changed_at, FOREVER, big.changed_at)
    small = Opportunity.objects.get(pk=book["small"].pk)
    assert (small.owner, small.team) == (company.stranger, company.west)
    assert Opportunity.objects.get(pk=book["lost"].pk).owner == company.rep
    owners = dict(Customer.objects.values_list("name", "owner__username"))
    assert owners == {"Big": "mate", "Small": "stranger", "Bare": "stranger", "Theirs": "mate"}
    entry = AuditEntry.objects.get(model="opportunity", object_id=big.pk, action="assign")
    assert entry.changes == {"owner": ["rep", "mate"], "reason": [None, "Leaves"]}
    assert (entry.label, entry.object_version, entry.actor) == ("Big one", 2, company.admin)
    assert AuditEntry.objects.filter(model="customer", action="assign").count() == 3
    waiting = OutboxMessage.objects.filter(kind=Kind.HANDED_OVER, channel="bell", model="user")
    bells = waiting.order_by("recipient__username")
    assert [(message.recipient.username, message.params) for message in bells] == [
        ("mate", {"opportunities": 2, "customers": 1}),
        ("stranger", {"opportunities": 2, "customers": 2}),
    ]
    assert portfolio_of(company.rep).shares == []
    call_command("send_outbox")
    [note] = told(Notification.objects.filter(recipient=company.mate), company.mate)
    assert note.words.title == "2 deals and 1 customer of Rep are yours now"


def test_an_edit_of_a_deal_that_was_handed_over_meanwhile(company, book):
    """The owner was changed: a hand-over conflicts, an edit of an amount does not."""
    found = portfolio_of(company.rep)
    split = spread_evenly(found.shares, [company.mate])
    hand_over_portfolio(person=company.rep, shares=split, seen=None, actor=company.admin)
    with pytest.raises(StaleWrite):
        assign(opportunity=book["big"], owner=company.manager, seen=1, actor=company.manager)
    saved = edit_opportunity(opportunity=book["big"], changes={"amount": Decimal(1)}, seen=1, actor=company.mate)
    assert saved.version == 3


def test_another_portfolio_than_the_one_looked_at_is_not_handed_over(company, book):
    found = portfolio_of(company.rep)
    split = spread_evenly(found.shares, [company.mate])
    edit_opportunity(opportunity=book["big"], changes={"amount": Decimal(7)}, seen=1, actor=company.rep)
    with pytest.raises(PortfolioChanged):
        hand_over_portfolio(person=company.rep, shares=split, seen=found.fingerprint, actor=company.admin)
    factories.customer(company.rep, "New")
    with pytest.raises(PortfolioChanged):
        hand_over_portfolio(person=company.rep, shares=split, seen=None, actor=company.admin)
    assert Opportunity.objects.get(pk=book["big"].pk).owner == company.rep


def test_receivers_sell_and_are_active(company, book):
    User.objects.filter(pk=company.mate.pk).update(active_until=today() - timedelta(1))
    found = portfolio_of(company.rep)
    for receiver in (User.objects.get(pk=company.mate.pk), company.executive, company.admin, company.rep):
        split = spread_evenly(found.shares, [receiver])
        with pytest.raises(ValidationError) as refused:
            hand_over_portfolio(person=company.rep, shares=split, seen=None, actor=company.admin)
        assert set(refused.value.message_dict) == {"to"}
    split = spread_evenly(found.shares, [company.mate])
    with pytest.raises(PermissionDenied):
        hand_over_portfolio(person=company.rep, shares=split, seen=None, actor=company.manager)


def test_deactivation_hands_over_or_leaves_what_is_there(company, book):
    deactivate_person(person=company.rep, seen=1, actor=company.admin)
    assert not User.objects.get(pk=company.rep.pk).is_active
    assert Opportunity.objects.get(pk=book["big"].pk).owner == company.rep
    factories.opportunity(company.mate, customer=Customer.objects.get(name="Theirs"))
    found = portfolio_of(company.mate)
    split = spread_evenly(found.shares, [company.manager])
    deactivate_person(
        person=company.mate, seen=1, actor=company.admin, shares=split, portfolio_seen=found.fingerprint, reason="Left"
    )
    assert Customer.objects.get(name="Theirs").owner == company.manager
    assert not User.objects.get(pk=company.mate.pk).is_active


def test_a_refused_deactivation_hands_nothing_over(company, book):
    User.objects.filter(pk=company.rep.pk).update(version=2, changed_in={"active_until": 2})
    split = spread_evenly(portfolio_of(company.rep).shares, [company.mate])
    with pytest.raises(StaleWrite):
        deactivate_person(person=company.rep, seen=1, actor=company.admin, shares=split)
    assert Opportunity.objects.get(pk=book["big"].pk).owner == company.rep
    assert User.objects.get(pk=company.rep.pk).is_active


def queries_of(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return len([query for query in captured if not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])


def test_five_hundred_deals_take_as_many_statements_as_two(company):
    def handed_over(person, count):
        customers = [factories.customer(person, f"{person.username} {number}") for number in range(count // 5 + 1)]
        for number in range(count):
            factories.opportunity(person, customer=customers[number // 5])
        found = portfolio_of(person)
        split = spread_evenly(found.shares, [company.manager])
        counted = queries_of(
            lambda: hand_over_portfolio(person=person, shares=split, seen=found.fingerprint, actor=company.admin)
        )
        assert portfolio_of(company.manager).count >= count
        return counted

    few = handed_over(company.rep, 2)
    assert handed_over(company.mate, 500) == few
    assert few <= 19
    edit = queries_of(
        lambda: edit_person(person=company.manager, changes={"team": company.west}, seen=1, actor=company.admin)
    )
    assert edit <= 21
    assert set(Opportunity.objects.values_list("team__key", flat=True)) == {"west"}


def test_who_left_since_the_page_was_drawn_receives_nothing(company):
    factories.opportunity(company.rep)
    seen = User.objects.select_related("team").get(pk=company.mate.pk)
    shares = spread_evenly(portfolio_of(company.rep).shares, [seen])
    deactivate_person(person=company.mate, seen=None, actor=company.admin)
    with pytest.raises(ValidationError):
        hand_over_portfolio(person=company.rep, shares=shares, seen=None, actor=company.admin)


def test_what_is_still_to_be_done_goes_along(company):
    of = factories.customer(company.rep)
    deal = factories.opportunity(company.rep, customer=of)
    planned = factories.activity(company.rep, opportunity=deal)
    alone = factories.activity(company.rep, customer=of)
    elsewhere = factories.activity(company.rep)
    done = log_activity(
        actor=company.rep, kind=ActivityKind.objects.get(key="visit"), done_at=timezone.now(), opportunity=deal
    )
    task = add_task(opportunity=deal, title="Send", owner=company.rep, actor=company.rep)
    veto = add_stakeholder(
        opportunity=deal, role_title="Finance", may_veto=True, veto_state="opposed", veto_plan="Visit",
        veto_plan_owner=company.rep, actor=company.rep,
    )  # fmt: skip
    plan = create_plan(actor=company.rep, customer=of, year=2026)
    joint = add_joint_action(actor=company.rep, plan=plan, action="Workshop", owner=company.rep)
    found = portfolio_of(company.rep)
    shares = {share.customer_id: company.mate for share in found.shares}
    hand_over_portfolio(person=company.rep, shares=shares, seen=found.fingerprint, actor=company.admin)
    for row in (planned, alone, elsewhere, done, task, veto, joint):
        row.refresh_from_db()
    assert {row.owner for row in (planned, alone, task, joint)} == {veto.veto_plan_owner} == {company.mate}
    assert {row.owner for row in (elsewhere, done)} == {company.rep}
    assert (planned.version, planned.changed_in["owner"]) == (2, 2)
    told = AuditEntry.objects.filter(action="assign").values_list("model", flat=True)
    assert {"activity", "jointtask", "stakeholder", "jointaction"} <= set(told)
