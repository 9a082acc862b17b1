"""The target list: who is put on it by whom, who is named to pursue it, and what becomes of it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.selectors import today
from config.web.revisions import StaleWrite
from customers import actions
from customers.models import TargetCustomer
from customers.selectors import targets as selectors
from customers.selectors.plans import due_of
from pipeline.selectors.my_day import my_day
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def profile(company):
    criteria = [{"kind": "decision_maker", "weight": 1}]
    return actions.create_profile(actor=company.manager, name="Car makers", criteria=criteria)


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Far Voyage Cars")


@pytest.fixture
def target(company, profile, customer):
    return actions.add_target(
        actor=company.rep, profile=profile, customer=customer, next_step="Ask for a visit", next_step_due=today()
    )


def rows(user, show=""):
    return list(selectors.rows_of(selectors.shown(selectors.targets_of(user), show, today()), user, ""))


# --- Who is put on it ---------------------------------------------------------------------------


def test_a_rep_pursues_it_alone(company, target):
    assert (target.owner, target.state, target.next_step) == (company.rep, "open", "Ask for a visit")
    assert AuditEntry.objects.get(model="targetcustomer").label == "Far Voyage Cars"


def test_a_manager_gives_it_to_the_owner_of_the_customer(company, profile, customer):
    assert actions.add_target(actor=company.manager, profile=profile, customer=customer).owner == company.rep


@pytest.mark.parametrize(
    ("actor", "owner"),
    [("rep", "manager"), ("rep", "mate"), ("manager", "mate"), ("manager", "stranger"), ("manager", "executive")],
)
def test_only_somebody_who_looks_after_the_customer_is_named(company, profile, customer, actor, owner):
    """And to whom the actor may give a row: a rep nobody else."""
    with pytest.raises(ValidationError) as refused:
        actions.add_target(
            actor=getattr(company, actor), profile=profile, customer=customer, owner=getattr(company, owner)
        )
    assert list(refused.value.message_dict) == ["owner"]


@pytest.mark.parametrize(
    ("who", "error"), [("executive", PermissionDenied), ("admin", PermissionDenied), ("stranger", Http404)]
)
def test_only_those_who_edit_the_customer_write(company, profile, customer, target, who, error):
    actor = getattr(company, who)
    for write in (
        lambda: actions.add_target(actor=actor, profile=profile, customer=customer),
        lambda: actions.edit_target(target=target, changes={"next_step": "x"}, seen=None, actor=actor),
        lambda: actions.settle_target(target=target, seen=None, actor=actor),
        lambda: actions.drop_target(target=target, seen=None, actor=actor),
        lambda: actions.reopen_target(target=target, seen=None, actor=actor),
    ):
        with pytest.raises(error):
            write()
    target.refresh_from_db()
    assert target.version == 1


def test_who_only_reads_the_customer_reads_its_target(company, customer, target):
    factories.opportunity(company.rep, customer=customer)
    row = factories.opportunity(company.rep, customer=customer)
    type(row).objects.filter(pk=row.pk).update(owner=company.stranger)
    assert [each.editable for each in rows(company.stranger)] == [False]
    with pytest.raises(PermissionDenied):
        actions.drop_target(target=target, seen=None, actor=company.stranger)


def test_once_a_profile(company, profile, customer, target):
    with pytest.raises(ValidationError) as refused:
        actions.add_target(actor=company.rep, profile=profile, customer=customer)
    assert list(refused.value.message_dict) == ["customer"]
    with pytest.raises(IntegrityError), transaction.atomic():
        TargetCustomer.objects.create(profile=profile, customer=customer, owner=company.rep)


def test_added_again_after_it_was_dropped_it_is_the_same_row(company, profile, customer, target):
    actions.drop_target(target=target, seen=1, actor=company.rep)
    again = actions.add_target(actor=company.manager, profile=profile, customer=customer, next_step="Try the fair")
    assert (again.pk, again.state, again.next_step) == (target.pk, "open", "Try the fair")
    assert AuditEntry.objects.filter(model="targetcustomer").first().action == "reopen"


def test_neither_archived_customers_nor_archived_profiles(company, profile, customer):
    other = factories.customer(company.rep)
    actions.archive_profile(profile=profile, seen=None, actor=company.manager)
    profile.refresh_from_db()
    with pytest.raises(ValidationError):
        actions.add_target(actor=company.rep, profile=profile, customer=other)
    actions.restore_profile(profile=profile, seen=None, actor=company.manager)
    profile.refresh_from_db()
    actions.archive_customer(customer=other, seen=None, actor=company.rep)
    other.refresh_from_db()
    with pytest.raises(ValidationError):
        actions.add_target(actor=company.rep, profile=profile, customer=other)


# --- What becomes of it -------------------------------------------------------------------------


def test_a_stale_edit_is_refused(company, target):
    actions.edit_target(target=target, changes={"next_step": "Call"}, seen=1, actor=company.manager)
    with pytest.raises(StaleWrite):
        actions.edit_target(target=target, changes={"next_step": "Write"}, seen=1, actor=company.rep)
    row = actions.edit_target(target=target, changes={"next_step_due": None}, seen=1, actor=company.rep)
    assert (row.next_step, row.next_step_due) == ("Call", None)


def test_a_rep_hands_nothing_over_and_a_manager_does(company, customer, target):
    with pytest.raises(ValidationError):
        actions.edit_target(target=target, changes={"owner": company.manager}, seen=1, actor=company.rep)
    row = actions.edit_target(target=target, changes={"owner": company.manager}, seen=1, actor=company.manager)
    assert row.owner == company.manager
    with pytest.raises(ValidationError):  # nor takes it from the manager
        actions.edit_target(target=row, changes={"owner": company.rep}, seen=None, actor=company.rep)


def test_a_state_is_left_by_its_verbs_and_a_settled_one_is_not_edited(company, target):
    done = actions.settle_target(target=target, seen=1, actor=company.rep)
    assert done.state == "won_over"
    with pytest.raises(ValidationError):
        actions.edit_target(target=done, changes={"next_step": "x"}, seen=None, actor=company.rep)
    with pytest.raises(StaleWrite):
        actions.drop_target(target=target, seen=1, actor=company.rep)
    assert actions.reopen_target(target=done, seen=2, actor=company.rep).state == "open"
    said = AuditEntry.objects.filter(model="targetcustomer").order_by("id").values_list("action", flat=True)
    assert list(said) == ["create", "finish", "reopen"]


# --- The list -----------------------------------------------------------------------------------


def test_the_list_and_its_counts_are_within_sight(company, profile, target):
    assert [row.pk for row in rows(company.manager)] == [target.pk]
    assert rows(company.stranger) == rows(company.other_manager) == []
    for user, n in ((company.rep, 1), (company.mate, 0), (company.executive, 1)):
        assert selectors.counts_of(selectors.targets_of(user), today()).open == n


def test_what_is_overdue_and_what_has_no_next_step(company, profile, target):
    late = actions.add_target(
        actor=company.rep, profile=profile, customer=factories.customer(company.rep), next_step="Call",
        next_step_due=today() - timedelta(days=1),
    )  # fmt: skip
    bare = actions.add_target(actor=company.rep, profile=profile, customer=factories.customer(company.rep))
    gone = actions.add_target(actor=company.rep, profile=profile, customer=factories.customer(company.rep))
    actions.drop_target(target=gone, seen=1, actor=company.rep)
    shown = {show: [row.pk for row in rows(company.rep, show)] for show in ("", "overdue", "without", "settled")}
    assert shown[""] == [late.pk, target.pk, bare.pk]
    assert (shown["overdue"], shown["without"], shown["settled"]) == ([late.pk], [bare.pk], [gone.pk])
    counts = selectors.counts_of(selectors.targets_of(company.rep), today())
    assert (counts.open, counts.overdue, counts.without, counts.settled) == (3, 1, 1, 1)


def test_deals_are_those_that_the_reader_sees(company, customer, target):
    row = factories.opportunity(company.rep, customer=customer)
    type(row).objects.filter(pk=row.pk).update(owner=company.stranger)
    assert [each.deals for each in rows(company.rep)] == [0]
    assert [each.deals for each in rows(company.director)] == [1]


def test_targets_of_an_archived_customer_are_not_shown(company, customer, target):
    actions.archive_customer(customer=customer, seen=None, actor=company.rep)
    assert rows(company.rep) == []


# --- My day -------------------------------------------------------------------------------------


def due(user, **asked):
    return [(each.kind, each.what, each.row) for each in due_of(user, today(), **asked)]


def test_my_day_says_what_is_overdue_and_due_today(company, profile, target, django_assert_num_queries):
    def add(step, days, actor=company.rep, **fields):
        return actions.add_target(
            actor=actor, profile=profile, customer=factories.customer(company.rep, **fields), next_step=step,
            next_step_due=today() + timedelta(days=days),
        )  # fmt: skip

    late = add("Call", -3, tier="4A")
    add("Tomorrow's", 1)
    actions.drop_target(target=add("Given up", -3), seen=1, actor=company.rep)
    of_manager = add("Write", -1, actor=company.manager)
    actions.edit_target(target=of_manager, changes={"owner": company.manager}, seen=1, actor=company.manager)
    gone = add("Archived", -1)
    type(gone.customer).objects.filter(pk=gone.customer_id).update(archived_at=timezone.now())
    day = today()
    with django_assert_num_queries(1):
        found = due_of(company.rep, day)
    assert [(each.kind, each.what, each.row) for each in found] == [
        ("target", "Call", late.pk), ("target", "Ask for a visit", target.pk),
    ]  # fmt: skip
    assert due(company.rep, key_only=True) == [("target", "Call", late.pk)]
    assert due(company.manager) == [("target", "Write", of_manager.pk)]
    shown = my_day(company.rep)
    assert (len(shown.targets), shown.overdue, shown.to_do) == (2, 1, 2)


def test_what_one_no_longer_looks_after_is_not_due(company, customer, target):
    type(customer).objects.filter(pk=customer.pk).update(owner=company.stranger, team=company.stranger.team)
    assert due(company.rep) == []


def test_done_on_my_day_asks_for_the_next_step(company, signed_in, target):
    client, url = signed_in(company.rep), reverse("target_edit", args=[target.pk]) + "?done=1"
    assert url in client.get(reverse("my_day")).content.decode()
    asked = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Ask for a visit" in asked and 'value="Ask for a visit"' not in asked and f'action="{url}"' in asked
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver/day/?key=1"}
    answer = client.post(url, {"version": 1, "next_step": "Send the paper", "next_step_due": ""}, headers=here)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/day/?key=1")
    target.refresh_from_db()
    assert (target.next_step, target.next_step_due) == ("Send the paper", None)
    stale = client.post(url, {"version": 1, "next_step": "Other", "next_step_due": ""})
    assert stale.status_code == 409 and "Send the paper" in stale.content.decode()
    assert client.post(url, {"version": 2, "next_step": "", "next_step_due": ""}).status_code == 302
    target.refresh_from_db()
    assert target.next_step == ""
