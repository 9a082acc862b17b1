"""All changes of an opportunity: its own, and those of what hangs on it."""

import pytest
from django.urls import reverse

from accounts.selectors import today
from opportunities import actions
from opportunities.selectors.changes import entries_about
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]


@pytest.fixture
def deal(company):
    """With a part of every kind, each changed by a colleague who works on it too."""
    row = factories.opportunity(company.rep, "Crane")
    actions.add_collaborator(opportunity=row, user=company.mate, actor=company.rep)
    contact = factories.contact(company.rep, row.customer, "Li Wei")
    stake = actions.add_stakeholder(opportunity=row, contact=contact, sensitive_note="plum", actor=company.rep)
    sheet = {"changes": {"sales_theme": "Fewer stops", "price_floor": 987654}, "seen": None}
    actions.edit_strategy(opportunity=row, actor=company.rep, **sheet)
    actions.edit_stakeholder(stakeholder=stake, changes={"stance": -2}, seen=stake.version, actor=company.mate)
    actions.add_competitor(opportunity=row, name="Rival Ltd", actor=company.mate)
    actions.add_task(
        opportunity=row, title="Send the layout", side="ours", owner=company.rep, due_on=today(), actor=company.mate
    )
    factories.activity(company.mate, opportunity=row)
    return row


def test_they_tell_what_a_colleague_did_to_any_part_of_it(company, deal, signed_in):
    other = factories.opportunity(company.rep, "Other")
    actions.add_competitor(opportunity=other, name="Nobody here", actor=company.rep)
    models = set(entries_about(deal).values_list("model", flat=True))
    assert models == {"opportunity", "stakeholder", "strategysheet", "competitor", "jointtask", "activity"}
    page = signed_in(company.rep).get(reverse("opportunity_audit", args=[deal.pk])).content.decode()
    for text in ("Somebody on the power map", "Stance", "-2", "Fewer stops", "Rival Ltd", "Send the layout"):
        assert text in page, text
    assert "Nobody here" not in page


def test_whom_an_activity_was_with_is_told_by_name(company, deal, signed_in):
    people = [factories.contact(company.rep, deal.customer, name) for name in ("Ann", "Bob")]
    (visit,) = deal.activities.all()
    actions.edit_activity(activity=visit, changes={"contacts": people}, seen=visit.version, actor=company.mate)
    for person, path in (
        (company.rep, reverse("opportunity_audit", args=[deal.pk])),
        (company.admin, "/settings/audit/"),
    ):
        answer = signed_in(person).get(path)
        assert answer.status_code == 200
        assert "Ann, Bob" in answer.content.decode() or "Bob, Ann" in answer.content.decode()


def test_what_is_sensitive_is_in_nobodys_list(company, deal, signed_in):
    for person in (company.rep, company.mate, company.manager, company.executive):
        page = signed_in(person).get(reverse("opportunity_audit", args=[deal.pk])).content.decode()
        assert "Fewer stops" in page
        assert "plum" not in page
        assert "987654" not in page
