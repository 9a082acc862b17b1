"""Statements that are composed once give what their querysets give, with the values of each time."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.db.models import DateTimeField, F, Q, Value
from django.db.models.functions import Coalesce
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import visibility
from accounts.selectors import today
from config.web import prepared as preparing
from config.web.composed import composed, prepared
from opportunities.models import Opportunity
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return factories.company()


@pytest.fixture(params=[composed, prepared], ids=["composed", "prepared"])
def way(request):
    return request.param


def test_it_is_composed_once_a_shape_and_carried_out_with_each_value(company, way):
    made = {name: factories.opportunity(getattr(company, name), f"Of {name}") for name in ("rep", "mate")}
    asked = []

    @way
    def titles(start, *, owner):
        asked.append(start)
        return Opportunity.objects.filter(owner=owner, title__startswith=start).values_list("title", flat=True)

    assert titles("Of", owner=company.rep.pk) == ["Of rep"]
    assert titles("Of", owner=company.mate.pk) == ["Of mate"]
    Opportunity.objects.filter(pk=made["mate"].pk).update(title="Of nobody")
    assert titles("Of", owner=company.mate.pk) == ["Of nobody"], "rows are read each time"
    assert titles("No", owner=company.rep.pk) == []
    assert asked == ["Of", "Of", "No", "No"], "twice each, to see what the values make different"


def test_rows_are_what_the_queryset_gives(company, way):
    row = factories.opportunity(company.rep, amount="12.34", expected_close_date=today())

    def asked(day, *, since, owner):
        either = Q(expected_close_date=day) | Q(created_at__gt=since)
        mine = Opportunity.objects.filter(either, owner=owner).select_related("customer", "stage")
        return mine.annotate(either=Coalesce("archived_at", Value(since, DateTimeField())), again=F("amount"))

    values = {"since": timezone.now(), "owner": company.rep.pk}
    (plain,), (found,) = asked(today(), **values), way(asked)(today(), **values)
    assert found == plain == row
    assert (found.customer.name, found.stage, found.amount) == (plain.customer.name, plain.stage, plain.amount)
    assert (found.either, found.again) == (plain.either, plain.again)
    named = way(lambda **given: asked(today(), **given).values("title", "either"))
    assert named(**values) == list(asked(today(), **values).values("title", "either"))


def test_days_and_unions(company, way):
    late, soon = (
        factories.opportunity(company.rep, name, expected_close_date=today() + timedelta(days=days))
        for name, days in (("late", -3), ("soon", 3))
    )

    @way
    def around(*, first, second):
        rows = Opportunity.objects.order_by()
        before = rows.filter(expected_close_date__lt=first).values_list("pk", "expected_close_date")
        return before.union(rows.filter(expected_close_date__gt=second).values_list("pk", "expected_close_date"))

    assert set(around(first=today(), second=today())) == {
        (late.pk, late.expected_close_date), (soon.pk, soon.expected_close_date),
    }  # fmt: skip
    assert around(first=late.expected_close_date, second=today()) == [(soon.pk, soon.expected_close_date)]


@pytest.mark.parametrize("role", ["rep", "mate", "manager", "director", "other_manager", "executive", "admin"])
def test_a_stand_in_sees_what_the_person_sees(company, role, way):
    for owner in (company.rep, company.mate, company.manager):
        factories.opportunity(owner, f"Of {owner}")
    person = getattr(company, role)

    @way
    def seen(sight, *, user, path):
        return Opportunity.objects.visible_to(visibility.somebody(sight, user, path)).order_by("pk")

    found = seen(visibility.sight(person), **visibility.beholder(person))
    assert found == list(Opportunity.objects.visible_to(person).order_by("pk"))


def test_texts_also_where_they_are_the_beginning_of_something(company, way):
    for title in ("50 lamps", "50% of it", "Lamps"):
        factories.opportunity(company.rep, title)

    @way
    def named(*, text, start):
        rows = Opportunity.objects.order_by("pk").values_list("title", flat=True)
        return rows.filter(title__in=[text, start]) | rows.filter(title__startswith=start)

    assert named(text="Lamps", start="50") == ["50 lamps", "50% of it", "Lamps"]
    assert named(text="Lamps", start="50%") == ["50% of it", "Lamps"]


def test_a_value_that_does_not_reach_the_statement_is_refused(way):
    lost = way(lambda *, owner: Opportunity.objects.filter(owner=owner + 1))
    with pytest.raises(ValueError, match="owner"):
        lost(owner=1)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_each_thread_asks_over_its_own_connection(company, way):
    factories.opportunity(company.rep, "Mine")
    titles = way(lambda *, owner: Opportunity.objects.filter(owner=owner).values_list("title", flat=True))
    found = [titles(owner=company.rep.pk)]

    def ask():
        from django.db import connection

        found.append(titles(owner=company.rep.pk))
        connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [["Mine"], ["Mine"]]


def test_what_locks_is_refused_outside_of_a_transaction(company, monkeypatch, way):
    row = factories.opportunity(company.rep)
    locked = way(lambda *, pk: Opportunity.objects.filter(pk=pk).select_for_update())
    assert locked(pk=row.pk) == [row]
    monkeypatch.setattr(connection, "get_autocommit", lambda: True)
    with pytest.raises(transaction.TransactionManagementError):
        locked(pk=row.pk)


def _titles(*, owner):
    return Opportunity.objects.filter(owner=owner, outcome="open").values_list("title", flat=True)


def _sent(company, way=prepared):
    """What two calls of a statement send to the database; that they give the right rows."""
    titles = way(_titles)
    with CaptureQueriesContext(connection) as sent:
        found = [titles(owner=company.rep.pk), titles(owner=company.mate.pk)]
    assert found == [["Mine"], ["Yours"]]
    return [query["sql"] for query in sent.captured_queries]


@pytest.fixture
def two(company):
    factories.opportunity(company.rep, "Mine")
    factories.opportunity(company.mate, "Yours")
    return company


def test_postgresql_reads_a_prepared_statement_once(two):
    calls = [each.startswith("EXECUTE composed_") for each in _sent(two)]
    assert calls == [connection.vendor == "postgresql"] * 2
    assert not any(each.startswith("EXECUTE") for each in _sent(two, composed))


def test_nothing_is_prepared_where_a_pool_hands_connections_round(two, monkeypatch):
    for name, value in (("DISABLE_SERVER_SIDE_CURSORS", True), ("CONN_MAX_AGE", 0)):
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, name, value)
            assert not any(each.startswith("EXECUTE") for each in _sent(two))


def test_a_connection_keeps_a_number_of_statements(two, monkeypatch):
    monkeypatch.setattr(preparing, "MOST", 2)
    titles = prepared(lambda most, *, owner: _titles(owner=owner)[:most])
    for _round in range(2):
        assert [titles(most, owner=two.rep.pk) for most in range(1, 6)] == [["Mine"]] * 5
    assert all(len(kept) <= 2 for kept in preparing.names_of.values())


def test_a_statement_outlives_a_transaction_that_was_rolled_back(two):
    titles = prepared(_titles)
    with transaction.atomic():
        titles(owner=two.rep.pk)
        transaction.set_rollback(True)
    assert titles(owner=two.rep.pk) == ["Mine"]


def test_a_statement_is_called_by_what_it_is(two):
    """By whatever process: behind a pool another one's statement of that name gives the same rows."""
    calls = [{sql.partition(" (")[0] for sql in _sent(two) if sql.startswith("EXECUTE")} for _process in range(2)]
    assert calls[0] == calls[1]
    others = prepared(lambda *, owner: _titles(owner=owner).order_by("-title"))
    with CaptureQueriesContext(connection) as sent:
        others(owner=two.rep.pk)
    assert not any(sent.captured_queries[0]["sql"].startswith(call) for call in calls[0])
