"""A write that waited for the lock of its deal finds everything as it is then, not as it was before (ARCHITECTURE)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from config.web.revisions import StaleWrite
from opportunities import actions
from opportunities.actions.gate import GateClosed
from opportunities.actions.undo import TooLate
from opportunities.models import Activity, Opportunity, Stage
from tests import factories
from tests.opportunities.test_gate import climb, enforce

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def one_after_the_other(first, second):
    """What `second` raised, which began while the transaction of `first` was open; SQLite lets it begin later."""
    written = Event()

    def act():
        try:
            with transaction.atomic():
                first()
                written.set()
                sleep(0.3 if connection.vendor == "postgresql" else 0)
        finally:
            written.set()
            connection.close()

    def wait():
        try:
            assert written.wait(timeout=30)
            second()
        except (StaleWrite, GateClosed, TooLate, ValidationError) as refusal:
            return type(refusal)
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(2) as pool:
        done, refused = pool.submit(act), pool.submit(wait)
        done.result()
        return refused.result()


def test_a_write_that_waited_meets_the_change_and_not_a_deal_that_is_gone():
    company = factories.company(gated=True)
    deal = factories.opportunity(company.rep)
    seen, stages = deal.version, list(Stage.objects.open().order_by("position"))

    def as_read():
        return Opportunity.objects.get(pk=deal.pk)

    def move(stage, version, actor=company.manager):
        actions.move_to_stage(
            opportunity=as_read(), stage=stage, seen=version, actor=actor, override=True, reason="Now"
        )

    def step():
        actions.edit_opportunity(opportunity=as_read(), changes={"next_step": "Call"}, seen=seen, actor=company.rep)

    assert one_after_the_other(lambda: move(stages[1], seen), step) is None
    assert (as_read().stage, as_read().next_step) == (stages[1], "Call")
    now = as_read().version
    assert one_after_the_other(lambda: move(stages[2], now), lambda: move(stages[3], now)) is StaleWrite
    now = as_read().version

    def give(owner):
        actions.assign(opportunity=as_read(), owner=owner, seen=now, actor=company.manager)

    assert one_after_the_other(lambda: give(company.mate), lambda: give(company.manager)) is StaleWrite
    assert as_read().owner == company.mate


def test_an_activity_without_a_deal_that_waited():
    company = factories.company()
    customer = factories.opportunity(company.rep).customer
    row = factories.activity(company.rep, customer=customer)
    kind = factories.activity(company.rep, kind="call").kind

    def edit(**changes):
        one = Activity.objects.get(pk=row.pk)
        actions.edit_activity(activity=one, changes=changes, seen=1, actor=company.rep)

    assert kind != row.kind
    assert one_after_the_other(lambda: edit(kind=kind), lambda: edit(objective="Trial")) is None
    stored = Activity.objects.get(pk=row.pk)
    assert (stored.kind, stored.objective) == (kind, "Trial")


def test_evidence_that_goes_while_a_move_waits_or_comes_while_an_undo_waits():
    company = factories.company()
    enforce()
    Stage.objects.filter(key="lock").update(floors={"demand": 1})
    lock, deal = Stage.objects.get(key="lock"), factories.opportunity(company.rep)
    [record] = climb(deal, company.rep, demand=1)

    def as_read():
        return Opportunity.objects.get(pk=deal.pk)

    def withdraw():
        actions.withdraw_checkpoint(checkpoint=record, reason="Not theirs", actor=company.rep)

    def move():
        actions.move_to_stage(opportunity=as_read(), stage=lock, seen=1, actor=company.rep)

    assert one_after_the_other(withdraw, move) is GateClosed
    actions.edit_opportunity(opportunity=as_read(), changes={"next_step": "Call"}, seen=1, actor=company.rep)
    row = as_read()

    def undo():
        actions.undo(opportunity=row, actor=company.rep, seen=row.version)

    assert one_after_the_other(lambda: climb(deal, company.manager, demand=1), undo) is TooLate
    assert as_read().next_step == "Call"
