"""The history of an opportunity: events of every kind in one order, filtered, in pages."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.selectors import today
from opportunities.actions import (
    Evidence,
    add_checkpoints,
    confirm_checkpoint,
    edit_opportunity,
    lower_grade,
    move_to_stage,
    record_decision,
    withdraw_checkpoint,
)
from opportunities.models import Activity, ActivityKind, Stage
from opportunities.selectors.timeline import EVENTS, timeline_of
from tests import factories
from tests.opportunities.browser_door import HTMX, queries_of, text_of


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Sorting line", customer=factories.customer(company.rep, "Acme"))


def record(deal, actor, level=5, text="Board minutes", factor="power"):
    told = {"contact": deal.customer.contacts.first() or factories.contact(actor, deal.customer), "said_on": today()}
    evidence = Evidence(factor=factor, level=level, grade="E2", evidence=text, link="https://example.com/x", **told)
    return add_checkpoints(opportunity=deal, records=[evidence], actor=actor)[0]


def visit(deal, owner, **fields):
    kind = ActivityKind.objects.get(key="visit")
    fields.setdefault("done_at", timezone.now())
    return Activity.objects.create(kind=kind, opportunity=deal, customer=deal.customer, owner=owner, **fields)


@pytest.fixture
def full(company, deal):
    """A deal to which one of everything has happened."""
    made = record(deal, company.rep)
    confirm_checkpoint(checkpoint=made, actor=company.manager)
    lower_grade(checkpoint=made, grade="E1", reason="Hearsay", actor=company.manager)
    withdraw_checkpoint(checkpoint=made, reason="Misheard", actor=company.rep)
    edit_opportunity(opportunity=deal, changes={"amount": Decimal(5)}, seen=None, actor=company.rep)
    move_to_stage(opportunity=deal, stage=Stage.objects.get(key="validate"), seen=None, actor=company.rep)
    visit(deal, company.rep, outcome="They showed us the hall")
    visit(deal, company.rep, done_at=None, planned_at=timezone.now(), objective="Only planned")
    record_decision(opportunity=deal, decision="go", reason="Worth it", actor=company.manager)
    return deal


def test_everything_in_one_order(full):
    found = timeline_of(full)
    assert [(event.kind, event.actor, event.text) for event in found.events] == [
        ("decision", "Manager", "Worth it"),
        ("activity", "Rep", "They showed us the hall"),
        ("change", "Rep", ""),
        ("change", "Rep", ""),
        ("withdrawn", "Rep", "Misheard"),
        ("lowered", "Manager", "Hearsay"),
        ("confirmed", "Manager", ""),
        ("added", "Rep", "Board minutes"),
        ("change", "Rep", ""),
    ]
    added, lowered = found.events[7], found.events[5]
    assert (added.factor, added.factor_name, added.level, added.grade) == ("power", "Power", 5, "E2")
    assert (lowered.was, lowered.grade) == ("E2", "E1")
    assert [change.kind for change in found.events[2].changes] == ["stage"]
    assert found.events[8].created


SHOWS = {
    "actions": {"activity", "decision"},
    "changes": {"change"},
    "moves": {"change"},
    "evidence": {"added", "confirmed", "lowered", "withdrawn"},
}


@pytest.mark.parametrize("show", SHOWS)
def test_a_part_of_it(full, show):
    assert {event.kind for event in timeline_of(full, show=show).events} == SHOWS[show]


def test_the_page_tells_it_in_words(company, full, signed_in):
    client = signed_in(company.executive)
    page = text_of(client.get(f"/opportunities/{full.pk}/?part=timeline&show=evidence", headers=HTMX))
    for words in (
        "Power 5: evidence E2", "Board minutes", "evidence confirmed", "grade lowered from E2 to E1", "Reason: Hearsay",
        "evidence withdrawn", "Reason: Misheard",
    ):  # fmt: skip
        assert words in page
    assert "They showed us the hall" not in page
    assert "They showed us the hall" in text_of(client.get(f"/opportunities/{full.pk}/?show=actions"))
    assert client.get(f"/opportunities/{full.pk}/?show=nonsense").status_code == 200


def test_it_costs_the_same_however_much_there_is(company, deal):
    def ask():
        timeline_of(deal)
        timeline_of(deal, number=2)

    record(deal, company.rep)
    for level in (1, 2, 3, 4, 5, 6):
        for _number in range(4):
            record(deal, company.rep, level)
    few = queries_of(ask)
    for number in range(2 * EVENTS):
        edit_opportunity(opportunity=deal, changes={"amount": Decimal(number)}, seen=None, actor=company.rep)
        visit(deal, company.rep, done_at=timezone.now() - timedelta(days=number))
    assert queries_of(ask) <= few + 1  # the changes of the second page


def test_the_pages_hold_each_event_once(company, deal):
    for number in range(EVENTS):
        edit_opportunity(opportunity=deal, changes={"amount": Decimal(number)}, seen=None, actor=company.rep)
        record(deal, company.rep, 1 + number % 6)
    pages = [timeline_of(deal, number=number) for number in (1, 2, 3)]
    events = [(event.at, event.kind, event.level) for page in pages for event in page.events]
    assert [page.has_next for page in pages] == [True, True, False]
    assert len(events) == len(set(events)) == 2 * EVENTS + 1
    assert events == sorted(events, key=lambda event: event[0], reverse=True)


def test_the_api_answers_the_same(company, full, client):
    client.force_login(company.rep)
    rows = client.get(f"/api/v1/opportunities/{full.pk}/timeline/").json()["results"]
    by_kind = {row["kind"]: row for row in rows}
    assert [row["kind"] for row in rows] == [event.kind for event in timeline_of(full).events]
    added = by_kind["added"]
    assert (added["factor"], added["level"], added["grade"], added["text"]) == ("power", 5, "E2", "Board minutes")
    assert (by_kind["withdrawn"]["reason"], by_kind["withdrawn"]["text"]) == ("Misheard", "")
    assert (by_kind["decision"]["decision"], by_kind["decision"]["reason"]) == ("go", "Worth it")
    assert by_kind["activity"]["text"] == "They showed us the hall"
    assert (rows[-1]["created"], rows[-1]["actor"]) == (True, "rep")
