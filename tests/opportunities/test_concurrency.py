"""Two people change the same opportunity at once: nothing is lost, and the versions neither gap nor overlap."""

import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import pairwise
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404

from accounts.models import AuditEntry
from config.web.revisions import StaleWrite
from opportunities import rules
from opportunities.actions import assign, edit_opportunity, move_to_stage, undo
from opportunities.actions.undo import TooLate
from opportunities.models import Opportunity, OpportunityVersion, Stage
from opportunities.querysets import FOREVER
from tests import factories

ROUNDS = {"postgresql": 200, "sqlite": 50}
REFUSED = (StaleWrite, TooLate, PermissionDenied, ValidationError, Http404)


def acts(company, stages, chance):
    """One random write of one of two people, as a browser would send it with the version that it saw."""

    def move(row, actor):
        return move_to_stage(
            opportunity=row, stage=chance.choice(stages), seen=row.version, actor=actor, reason="Need changed"
        )

    def edit(row, actor):
        changes = {"amount": Decimal(chance.randrange(1, 10**6)), "next_step": f"Step {chance.random()}"}
        return edit_opportunity(opportunity=row, changes=changes, seen=row.version, actor=actor)

    def hand_over(row, actor):
        owner = chance.choice([company.rep, company.mate])
        return assign(opportunity=row, owner=owner, seen=row.version, actor=company.manager)

    def take_back(row, actor):
        return undo(opportunity=row, actor=actor, seen=row.version)

    return chance.choice([move, move, edit, edit, hand_over, take_back])


def write_at_once(barrier, act, row, actor):
    """True when the write was taken, False when it was refused; anything else is raised."""
    try:
        barrier.wait(timeout=30)
        before = row.version
        return act(row, actor).version > before
    except REFUSED:
        return False
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_no_lost_update_and_versions_without_gaps_or_overlaps():
    company = factories.company()
    opportunity = factories.opportunity(company.rep)
    stages = list(Stage.objects.open())
    chance = random.Random(4)
    with ThreadPoolExecutor(2) as pool:
        for _round in range(ROUNDS[connection.vendor]):
            seen = seen_by(opportunity)
            barrier = Barrier(2)
            futures = [
                pool.submit(write_at_once, barrier, acts(company, stages, chance), seen_by(seen), person)
                for person in (seen.owner, company.manager)
            ]
            for future in futures:
                future.result()
    check_row(opportunity.pk)


def seen_by(row):
    return Opportunity.objects.get(pk=row.pk)


def check_row(pk):
    row = Opportunity.objects.get(pk=pk)
    versions = list(OpportunityVersion.objects.filter(opportunity=pk).order_by("valid_from"))
    trail = AuditEntry.objects.filter(model="opportunity", object_id=pk).order_by("object_version")
    written = list(trail.values_list("object_version", flat=True))
    assert written == list(range(1, row.version + 1)), "every write has a version and a line of its own"
    assert len(written) > ROUNDS[connection.vendor] // 2
    assert versions[0].valid_from == row.created_at
    assert versions[-1].valid_to == FOREVER
    assert all(one.valid_to == two.valid_from for one, two in pairwise(versions))
    held = {name: getattr(row, name) for name in rules.HELD}
    assert held == {name: getattr(versions[-1], name) for name in rules.HELD}
    assert row.changed_at == versions[-1].valid_from


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("same_field", [True, False])
def test_of_two_writes_with_the_same_version_one_wins_or_both_are_kept(same_field):
    company = factories.company()
    row = factories.opportunity(company.rep)

    def amount(opportunity, actor):
        return edit_opportunity(opportunity=opportunity, changes={"amount": Decimal(1)}, seen=1, actor=actor)

    def other(opportunity, actor):
        changes = {"amount": Decimal(2)} if same_field else {"next_step": "Call"}
        return edit_opportunity(opportunity=opportunity, changes=changes, seen=1, actor=actor)

    barrier = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        futures = [
            pool.submit(write_at_once, barrier, act, seen_by(row), actor)
            for act, actor in ((amount, company.rep), (other, company.manager))
        ]
        taken = [future.result() for future in futures]
    assert sum(taken) == (1 if same_field else 2)
    stored = Opportunity.objects.get(pk=row.pk)
    if same_field:
        assert stored.amount == (1 if taken[0] else 2)
    else:
        assert (stored.amount, stored.next_step) == (1, "Call")


@pytest.mark.django_db
class TestTheDatabaseRefuses:
    """ARCHITECTURE.md rule 4: what must never be."""

    def refuses(self, name, write):
        with pytest.raises(IntegrityError, match=name or None):
            self.checked(write)

    @transaction.atomic
    def checked(self, write):
        """Write, and let what is deferred be checked at once."""
        write()
        connection.check_constraints()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def copy(self, version, **changed):
        version.pk = None
        for name, value in changed.items():
            setattr(version, name, value)
        version.save(force_insert=True)

    @pytest.fixture
    def version(self, company):
        return factories.opportunity(company.rep).versions.get()

    def test_two_open_ends(self, version):
        later = version.valid_from.replace(year=version.valid_from.year + 1)
        self.refuses("", lambda: self.copy(version, valid_from=later))

    def test_two_begins_at_a_moment(self, version):
        end = version.valid_from.replace(year=version.valid_from.year + 1)
        self.refuses("", lambda: self.copy(version, valid_to=end))

    def test_an_end_before_the_begin(self, version):
        early = version.valid_from.replace(year=version.valid_from.year - 1)
        self.refuses("version_begins_before_it_ends", lambda: self.copy(version, valid_to=early))

    def test_an_overlap_on_postgresql(self, version):
        begin = version.valid_from.replace(year=version.valid_from.year + 1)
        end = version.valid_from.replace(year=version.valid_from.year + 2)
        if connection.vendor == "postgresql":
            self.refuses("version_never_overlaps", lambda: self.copy(version, valid_from=begin, valid_to=end))
        else:  # SQLite has no such constraint: the rounds above show that the actions keep versions apart
            self.copy(version, valid_from=begin, valid_to=end)
            assert OpportunityVersion.objects.count() == 2

    def test_a_negative_amount(self, company):
        row = factories.opportunity(company.rep)
        with connection.cursor() as cursor:
            self.refuses(
                "amount",
                lambda: cursor.execute("UPDATE opportunities_opportunity SET amount = -1 WHERE id = %s", [row.pk]),
            )

    def test_a_customer_with_opportunities_is_not_deleted(self, company):
        row = factories.opportunity(company.rep)
        with pytest.raises(Exception, match="protected"):
            row.customer.delete()
