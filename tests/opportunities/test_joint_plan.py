"""The joint plan: its tasks through actions and pages, its share on time, the sheet to print."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.selectors import today
from config.web.revisions import StaleWrite
from opportunities import actions
from opportunities.models import JointTask
from opportunities.rules.plan import OnTime, on_time
from opportunities.selectors.joint_plan import plan_of
from tests import factories

DAY = date(2026, 11, 25)


def days(number):
    return DAY + timedelta(days=number)


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([], OnTime(0, 0)),
        ([(days(-1), days(-1))], OnTime(1, 1)),
        ([(days(-1), days(0))], OnTime(0, 1)),
        ([(days(-1), None)], OnTime(0, 1)),
        ([(days(0), None)], OnTime(0, 0)),  # may yet be in time
        ([(days(0), days(-5))], OnTime(1, 1)),
        ([(days(-29), days(-29))], OnTime(1, 1)),
        ([(days(-30), days(-30))], OnTime(0, 0)),  # outside: the last 30 days are D-29 ... D
        ([(days(1), days(0))], OnTime(0, 0)),
        ([(None, days(0)), (None, None)], OnTime(0, 0)),
    ],
)
def test_on_time(tasks, expected):
    assert on_time(tasks, DAY) == expected


def test_four_of_five_are_enough():
    assert OnTime(4, 5).is_enough and not OnTime(3, 4).is_enough
    assert OnTime(0, 0).share is None and OnTime(4, 5).share == Decimal("0.8")


DATES = st.one_of(st.none(), st.integers(-60, 20).map(days))


@given(st.lists(st.tuples(DATES, DATES), max_size=12))
def test_never_more_kept_than_due(tasks):
    found = on_time(tasks, DAY)
    assert 0 <= found.kept <= found.due <= len(tasks)
    finished = [(due, due if due and due <= DAY else done) for due, done in tasks]
    assert on_time(finished, DAY).kept >= found.kept


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Crane")


def task(company, deal, title="Visit", **fields):
    return actions.add_task(opportunity=deal, actor=company.rep, title=title, **fields)


def test_each_side_has_its_own_owner(company, deal):
    contact = factories.contact(company.rep, deal.customer)
    ours = task(company, deal, side="ours", owner=company.mate, contact=contact)
    assert (ours.owner, ours.contact) == (company.mate, None)
    theirs = actions.edit_task(
        task=ours, changes={"side": "theirs", "contact": contact, "owner": company.mate}, seen=1, actor=company.rep
    )
    assert (theirs.owner, theirs.contact) == (None, contact)


def test_no_side_gets_the_owner_of_the_other(company, deal):
    contact = factories.contact(company.rep, deal.customer)
    assert task(company, deal, contact=contact).contact is None  # one of ours, unless another side is named
    theirs = task(company, deal, side="theirs", contact=contact)
    for row, changes in [(theirs, {"owner": company.mate}), (task(company, deal), {"contact": contact})]:
        saved = actions.edit_task(task=row, changes=changes, seen=1, actor=company.rep)
        assert (saved.owner, saved.contact) == (row.owner, row.contact)


def test_what_is_not_accepted(company, deal):
    foreign = factories.contact(company.rep, factories.customer(company.rep))
    for field, value in [
        ("title", " "), ("title", "x" * 301), ("title", "a\x00"), ("side", "both"), ("owner", company.admin),
        ("contact", foreign), ("done_on", today() + timedelta(days=1)),
    ]:  # fmt: skip
        with pytest.raises(ValidationError) as error:
            task(company, deal, **{"side": "theirs" if field == "contact" else "ours", field: value})
        assert set(error.value.message_dict) == {field}
    assert not JointTask.objects.exists()


def test_done_and_open_again(company, deal):
    row = task(company, deal, due_on=today())
    done = actions.finish_task(task=row, done_on=today(), seen=1, actor=company.rep)
    assert plan_of(deal, today()).on_time == OnTime(1, 1)
    with pytest.raises(StaleWrite):
        actions.finish_task(task=row, done_on=None, seen=1, actor=company.manager)
    again = actions.finish_task(task=done, done_on=None, seen=2, actor=company.rep)
    assert again.done_on is None and plan_of(deal, today()).done == 0
    actions.archive_task(task=again, seen=None, actor=company.rep)
    assert plan_of(deal, today()).tasks == []
    assert [each.pk for each in plan_of(deal, today()).archived] == [row.pk]


def test_the_order_of_a_side(company, deal):
    for title, due, done in [("late", 5, None), ("never", None, None), ("done", 1, today()), ("soon", 2, None)]:
        task(company, deal, title, due_on=due and today() + timedelta(days=due), done_on=done)
    assert [each.title for each in plan_of(deal, today()).sides[0].tasks] == ["soon", "late", "never", "done"]


def test_a_plan_takes_as_many_queries_for_two_as_for_twenty(company, deal):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            found = plan_of(deal, today())
            assert all(str(each.owner) for each in found.tasks)
        return len(captured)

    for _number in range(2):
        task(company, deal, owner=company.mate)
    few = queries()
    for _number in range(18):
        task(company, deal, owner=company.mate)
    assert queries() == few <= 2


def post(client, path, **body):
    return client.post(path, body, headers={"HX-Request": "true"})


def test_through_the_pages(company, deal, signed_in):
    client = signed_in(company.rep)
    path = f"/opportunities/{deal.pk}/plan/new/"
    assert client.get(path).status_code == 200
    answer = post(client, path, title="Visit", side="ours", owner="mate", due_on=today().isoformat())
    assert answer.status_code == 200 and "asc:changed" in answer["HX-Trigger"]
    row = JointTask.objects.get()
    assert (row.owner, row.due_on, row.side) == (company.mate, today(), "ours")
    assert post(client, path, title="", side="ours").status_code == 422
    assert post(client, path, title="x", side="ours", owner="admin").status_code == 422
    assert post(client, path, title="x", side="ours", due_on="soon").status_code == 422
    done = f"/joint-tasks/{row.pk}/done/"
    assert client.get(done).status_code == 200
    assert post(client, done, done_on="2999-01-01", version=1).status_code == 422
    assert post(client, done, done_on=today().isoformat(), version=1).status_code == 200
    assert post(client, done, done_on="", version=1).status_code == 409
    assert post(client, done, done_on="", version=2).status_code == 200
    assert JointTask.objects.get().done_on is None
    edit = f"/joint-tasks/{row.pk}/edit/"
    assert "mate" in client.get(edit).content.decode()
    assert client.post(edit, {"title": "Visit us", "side": "ours", "version": 3}).status_code == 302
    for act in ("archive", "restore"):
        assert client.get(f"/joint-tasks/{row.pk}/{act}/").status_code == 200
        version = JointTask.objects.get().version
        assert post(client, f"/joint-tasks/{row.pk}/{act}/", version=version).status_code == 200
        shown = client.get(f"/opportunities/{deal.pk}/").content.decode()
        assert (f"/joint-tasks/{row.pk}/restore/" in shown) == (act == "archive")


def test_the_sheet_to_print_shows_both_sides(company, deal, signed_in):
    task(company, deal, "Our visit", owner=company.mate)
    task(company, deal, "Their data", side="theirs", contact=factories.contact(company.rep, deal.customer, "Li Wei"))
    shown = signed_in(company.executive).get(f"/opportunities/{deal.pk}/plan/print/").content.decode()
    assert all(word in shown for word in ("Our visit", "Mate", "Their data", "Li Wei", deal.customer.name))
