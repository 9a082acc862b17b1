"""A deal whose people are somewhere on it stays with its customer, and so does an undo that would leave them."""

import pytest
from django.core.exceptions import ValidationError

from opportunities import actions
from opportunities.actions.undo import TooLate
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep)


def change(deal, company):
    other = factories.customer(company.rep)
    return actions.edit_opportunity(opportunity=deal, changes={"customer": other}, seen=None, actor=company.rep)


def test_an_activity_with_somebody_keeps_the_customer(company, deal):
    contact = factories.contact(company.rep, deal.customer)
    row = factories.activity(company.rep, opportunity=deal, contacts=[contact])
    with pytest.raises(ValidationError, match="it stays with them"):
        change(deal, company)
    actions.edit_activity(activity=row, changes={"contacts": []}, seen=None, actor=company.rep)
    assert change(deal, company).customer != contact.customer


def stakeholder(deal, actor, contact):
    actions.add_stakeholder(opportunity=deal, actor=actor, contact=contact)


def task(deal, actor, contact):
    actions.add_task(opportunity=deal, actor=actor, title="Trial", side="theirs", contact=contact)


def activity(deal, actor, contact):
    factories.activity(actor, opportunity=deal, contacts=[contact])


@pytest.mark.parametrize("add", [stakeholder, task, activity])
def test_people_who_came_after_the_change_end_its_undo(company, deal, add):
    row = change(deal, company)
    add(row, company.rep, factories.contact(company.rep, row.customer))
    with pytest.raises(TooLate):
        actions.undo(opportunity=row, actor=company.rep, seen=row.version)


def test_without_people_it_is_undone(company, deal):
    row = change(deal, company)
    assert actions.undo(opportunity=row, actor=company.rep, seen=row.version).customer == deal.customer
