"""Merging customers: nothing is lost or doubled, and taking it back restores every row (FINE-PRINT 55)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Sum
from django.http import Http404
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry
from accounts.selectors import today
from customers.actions import (
    add_joint_action,
    archive_customer,
    assess_customer,
    create_plan,
    drop_target,
    edit_customer,
    edit_target,
    merge_customers,
    restore_customer,
    undo_merge,
)
from customers.actions.merge import STAYING, relations
from customers.models import (
    AccountPlan,
    Contact,
    Contract,
    Customer,
    CustomerTier,
    IdealProfile,
    Merge,
    NpsResponse,
    Order,
    Supplier,
    TargetCustomer,
    Unit,
)
from customers.rules.tiers import CRITERIA
from customers.selectors.pyramid import pyramid
from customers.selectors.scorecard import scorecard
from customers.selectors.tiers import rules_now
from opportunities.actions import Evidence, add_checkpoints, add_stakeholder, add_task, edit_activity
from opportunities.models import Activity, Opportunity, OpportunityVersion
from pipeline.nightly import due_days, run_due
from pipeline.scopes import Scope
from pipeline.selectors.funnel import funnel
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


@pytest.fixture
def pair(company):
    one = factories.customer(company.rep, "Far Sail Motors")
    return one, factories.customer(
        company.mate, "Far Sail Motors Works", industry="Motors", annual_spend=Decimal("5.50")
    )


def furnish(owner, customer, counts=(1, 1, 1, 1, 1, 1)):
    """So many opportunities, activities, orders, contracts, NPS answers, contacts; suppliers, units, plans, of which
    both customers may have the same.
    """
    deals, visits, orders, contracts, answers, contacts, *twice = counts
    for _n in range(deals):
        factories.opportunity(owner, customer=customer)
    for _n in range(visits):
        factories.activity(owner, customer=customer)
    for _n in range(orders):
        Order.objects.create(customer=customer, owner=owner, amount=Decimal("7.25"), booked_on=DAY)
    for _n in range(contracts):
        Contract.objects.create(customer=customer, starts_on=DAY, ends_on=DAY)
    for _n in range(answers):
        NpsResponse.objects.create(customer=customer, score=9, answered_on=DAY)
    for _n in range(contacts):
        factories.contact(owner, customer)
    for model, number in zip((Supplier, Unit, AccountPlan), twice, strict=False):
        for n in range(number):
            named = {"year": 2026 + n} if model is AccountPlan else {"name": f"Same {n}"}
            more = {"annual_amount": Decimal("1.00")} if model is Supplier else {}
            model.objects.create(customer=customer, **named, **more)


def standing():
    """Where every row stands."""
    return {each.name: dict(each.model._base_manager.values_list("pk", f"{each.field}_id")) for each in relations()}


COUNTERS = ("version", "changed_in")  # rise with every write


def contents():
    """Every column of the customers, of all that hangs on them and of the versions, counters aside."""
    models = {Customer, OpportunityVersion, *(each.model for each in relations())}
    return {
        model: {
            row["id"]: {name: value for name, value in row.items() if name not in COUNTERS}
            for row in model._base_manager.values()
        }
        for model in models
    }


def totals():
    """What is added up over them, by the product too: open pipeline, revenue of a year."""
    open_ones, year = funnel(Scope("all")).open, pyramid(Customer.objects.all(), DAY, rules_now()).total.now
    return (
        Opportunity.objects.aggregate(a=Sum("amount")), Order.objects.aggregate(a=Sum("amount")),
        OpportunityVersion.objects.count(), Activity.objects.count(), open_ones, year.revenue,
    )  # fmt: skip


def test_every_model_that_hangs_on_a_customer_is_known():
    """A new model is moved without a word; one that must not be is named in STAYING."""
    models = {each.related_model._meta.model_name for each in Customer._meta.related_objects}
    assert models - {each.model._meta.model_name for each in relations()} == set(STAYING)


counts = st.tuples(*[st.integers(0, 2)] * 9)


@settings(max_examples=8)
@given(mine=counts, theirs=counts)
def test_no_row_is_lost_or_doubled_and_taking_back_restores_all(company, mine, theirs):
    one, two = factories.customer(company.rep), factories.customer(company.mate, industry="Motors", annual_spend=5)
    furnish(company.rep, one, mine)
    furnish(company.mate, two, theirs)
    before, sums, was = standing(), totals(), contents()
    assert sums[-1] >= Decimal("7.25") * (mine[2] + theirs[2]), "the totals say something"
    merge = merge_customers(survivor=one, other=two, actor=company.manager)
    merged = standing()
    for name, rows in before.items():
        hanging = {pk: one.pk if of == two.pk else of for pk, of in rows.items()}
        if name != "customers.customer.merged_into":
            assert merged[name] == hanging
    assert totals() == sums
    undone = undo_merge(merge=merge, actor=company.manager)
    assert (undone.elsewhere, undone.edited) == ({}, [])
    assert (standing(), totals(), contents()) == (before, sums, was)


def test_filled_fields_stay_and_empty_ones_are_filled(company, pair):
    one, two = pair
    edit_customer(customer=one, changes={"region": "East"}, seen=None, actor=company.rep)
    edit_customer(customer=two, changes={"region": "West", "tier": "4A"}, seen=None, actor=company.mate)
    merge = merge_customers(survivor=one, other=two, actor=company.manager)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.region, one.industry, one.annual_spend, one.tier) == ("East", "Motors", Decimal("5.50"), "4A")
    assert (two.merged_into, two.archived_at, one.owner) == (one, merge.merged_at, company.rep)
    assert CustomerTier.objects.filter(customer=one).latest("valid_from").tier == "4A"
    edit_customer(customer=one, changes={"industry": "Steel"}, seen=None, actor=company.rep)
    undone = undo_merge(merge=merge, actor=company.manager)
    one.refresh_from_db()
    two.refresh_from_db()
    assert undone.edited == ["industry"]
    assert (one.industry, one.annual_spend, one.tier) == ("Steel", None, "")
    assert (two.merged_into, two.archived_at, two.tier) == (None, None, "4A")


HIGH, LOW = (dict.fromkeys(CRITERIA, score) for score in (5, 1))


def tier_shown(customer):
    """The tier that a customer has, if its scorecard and its history say the same."""
    customer.refresh_from_db()
    card, held = scorecard(customer), CustomerTier.objects.filter(customer=customer).latest("valid_from")
    assert (card and card.assessment.tier) in (None, customer.tier)
    assert (held.tier, held.assessment) == (customer.tier, card and card.assessment)
    return customer.tier


def test_the_tier_is_that_of_the_latest_assessment_of_both(company, pair):
    one, other = pair
    assess_customer(customer=one, scores=HIGH, actor=company.rep)
    assess_customer(customer=other, scores=LOW, actor=company.mate)
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    assert tier_shown(one) == "1A"
    undo_merge(merge=merge, actor=company.manager)
    assert (tier_shown(one), tier_shown(other)) == ("5A", "1A")
    assess_customer(customer=one, scores=HIGH, actor=company.rep)
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    assert (one.refresh_from_db(), one.tier, list(merge.filled)) == (None, "5A", ["industry", "annual_spend"])


def test_a_typed_tier_gives_way_to_an_assessment_and_comes_back(company, pair):
    one, other = pair
    edit_customer(customer=one, changes={"tier": "3A"}, seen=None, actor=company.rep)
    assess_customer(customer=other, scores=HIGH, actor=company.mate)
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    assert tier_shown(one) == "5A"
    undo_merge(merge=merge, actor=company.manager)
    assert (tier_shown(one), tier_shown(other)) == ("3A", "5A")


@pytest.mark.parametrize(("scores", "tier"), [(HIGH, "5A"), (LOW, "1A")])
def test_an_assessment_made_meanwhile_holds_after_taking_back(company, pair, scores, tier):
    one, other = pair
    edit_customer(customer=one, changes={"tier": "3A"}, seen=None, actor=company.rep)
    assess_customer(customer=other, scores=HIGH, actor=company.mate)
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    assess_customer(customer=one, scores=scores, actor=company.rep)
    undo_merge(merge=merge, actor=company.manager)
    assert tier_shown(one) == tier


def test_what_both_have(company, pair):
    one, two = pair
    profile = IdealProfile.objects.create(name="Line")
    for customer in pair:
        AccountPlan.objects.create(customer=customer, year=2026)
        Supplier.objects.create(customer=customer, name="Rival", annual_amount=Decimal("1.00"))
        Unit.objects.create(customer=customer, name="Plant")
        TargetCustomer.objects.create(customer=customer, profile=profile, owner=company.rep)
    before = standing()
    merge = merge_customers(survivor=one, other=two, actor=company.manager)
    for model in (AccountPlan, Supplier, Unit):
        assert model.objects.filter(customer=one).count() == 2
        assert model.objects.filter(customer=one, archived_at=None).count() == 1
    assert TargetCustomer.objects.filter(customer=two).count() == 1
    undo_merge(merge=merge, actor=company.manager)
    assert standing() == before
    assert not AccountPlan.objects.exclude(archived_at=None).exists()


def test_what_came_later_stays_and_what_went_elsewhere_is_listed(company, pair):
    one, two = pair
    furnish(company.mate, two)
    third = factories.customer(company.rep)
    merge = merge_customers(survivor=one, other=two, actor=company.manager)
    later = factories.contact(company.rep, one)
    order = Order.objects.get()
    Order.objects.update(customer=third)
    undone = undo_merge(merge=merge, actor=company.manager)
    later.refresh_from_db()
    assert undone.elsewhere == {"customers.order.customer": [order.pk]}
    assert (later.customer, Order.objects.get().customer) == (one, third)


def test_what_was_tied_together_meanwhile_is_parted(company, pair):
    one, other = pair
    theirs = NpsResponse.objects.create(customer=other, score=9, answered_on=DAY)
    old = Contract.objects.create(customer=other, starts_on=DAY, ends_on=DAY)
    plan = create_plan(actor=company.mate, customer=other, year=2026)
    kept = factories.contact(company.mate, other, "Of the other")
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    hidden = factories.contact(company.rep, one, "Hidden Person")
    action = add_joint_action(actor=company.rep, plan=plan, action="Call", contact=kept)
    NpsResponse.objects.update(contact=hidden)
    AccountPlan.objects.update(their_leader=hidden)
    Contract.objects.filter(pk=old.pk).update(
        renewed_by=Contract.objects.create(customer=one, starts_on=DAY, ends_on=DAY)
    )
    undone = undo_merge(merge=merge, actor=company.manager)
    assert undone.elsewhere == {
        "customers.npsresponse.contact": [theirs.pk], "customers.accountplan.their_leader": [plan.pk],
        "customers.contract.renewed_by": [old.pk],
    }  # fmt: skip
    for row in (theirs, old, plan, action):
        row.refresh_from_db()
    assert (theirs.contact, plan.their_leader, old.renewed_by, action.contact) == (None, None, None, kept)
    assert (theirs.customer, theirs.version) == (other, 4)


def test_people_tied_to_deals_meanwhile_are_parted(company, pair, signed_in):
    one, other = pair
    deal = factories.opportunity(company.mate, customer=other)
    visit = factories.activity(company.mate, opportunity=deal, customer=other)
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    hidden = factories.contact(company.rep, one, "Hidden Person")
    Contact.objects.filter(pk=hidden.pk).update(title="Head of plant")
    hidden.refresh_from_db()
    who = add_stakeholder(opportunity=deal, actor=company.mate, contact=hidden)
    task = add_task(opportunity=deal, actor=company.mate, title="Trial", side="theirs", contact=hidden)
    evidence = Evidence("demand", 1, "E1", "Yes", contact=hidden, said_on=today())
    [said] = add_checkpoints(opportunity=deal, records=[evidence], actor=company.mate)
    edit_activity(activity=visit, changes={"contacts": [hidden]}, seen=None, actor=company.mate)
    deal.refresh_from_db()
    later = factories.activity(company.mate, opportunity=deal, customer=one, contacts=[hidden])
    undone = undo_merge(merge=merge, actor=company.manager)
    assert undone.elsewhere == {
        "opportunities.stakeholder.contact": [who.pk], "opportunities.jointtask.contact": [task.pk],
        "opportunities.checkpoint.contact": [said.pk], "opportunities.activity.contacts": [visit.pk, later.pk],
        "opportunities.activity.customer": [later.pk],
    }  # fmt: skip
    for row in (who, task, said, later):
        row.refresh_from_db()
    assert (who.contact, who.role_title, task.contact, said.contact) == (None, "Head of plant", None, None)
    assert (said.is_verified, later.customer, later.contacts.count(), visit.contacts.count()) == (True, other, 0, 0)
    for address in (f"/opportunities/{deal.pk}/", f"/customers/{other.pk}/people/", f"/activities/{later.pk}/"):
        page = signed_in(company.mate).get(address)
        assert (page.status_code, "Hidden" in page.content.decode()) == (200, False)


def test_what_was_tied_to_a_deal_before_stays_so(company, pair):
    one, other = pair
    contact, deal = factories.contact(company.mate, other), factories.opportunity(company.mate, customer=other)
    add_stakeholder(opportunity=deal, actor=company.mate, contact=contact)
    factories.activity(company.mate, opportunity=deal, customer=other, contacts=[contact])
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    assert undo_merge(merge=merge, actor=company.manager).elsewhere == {}


@pytest.fixture
def targets(company, pair):
    """The survivor's target of a profile, dropped, and the other's, which is pursued."""
    profile = IdealProfile.objects.create(name="Line")
    rows = [
        TargetCustomer.objects.create(customer=each, profile=profile, owner=each.owner, next_step=f"Of {each.pk}")
        for each in pair
    ]
    drop_target(target=rows[0], seen=None, actor=company.rep)
    return rows


def test_whom_the_other_pursues_is_pursued(company, pair, targets):
    mine, theirs = targets
    merge = merge_customers(survivor=pair[0], other=pair[1], actor=company.manager)
    mine.refresh_from_db()
    assert (mine.state, mine.owner, mine.next_step) == ("open", company.mate, theirs.next_step)
    assert undo_merge(merge=merge, actor=company.manager).elsewhere == {}
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, mine.owner, mine.next_step) == ("dropped", company.rep, f"Of {pair[0].pk}")
    assert (theirs.customer, theirs.state) == (pair[1], "open")


def test_a_target_that_was_worked_on_meanwhile_stays_and_is_told(company, pair, targets):
    mine, _theirs = targets
    merge = merge_customers(survivor=pair[0], other=pair[1], actor=company.manager)
    mine.refresh_from_db()
    edit_target(target=mine, changes={"next_step": "Call"}, seen=None, actor=company.manager)
    undone = undo_merge(merge=merge, actor=company.manager)
    mine.refresh_from_db()
    assert undone.elsewhere == {"customers.targetcustomer.state": [mine.pk]}
    assert (mine.state, mine.next_step) == ("open", "Call")


def test_taking_back_closes_no_circle(company, pair, signed_in):
    one, other = pair
    top, above = factories.customer(company.rep, "Top"), factories.customer(company.rep, "Above")
    child = factories.customer(company.rep, "Child", parent=other)
    for row, parent in ((other, top), (one, above)):
        row.parent = parent
        row.save(update_fields=["parent"])
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    child.refresh_from_db()
    edit_customer(customer=top, changes={"parent": child}, seen=None, actor=company.manager)
    assert "parent" in undo_merge(merge=merge, actor=company.manager).edited
    other.refresh_from_db()
    assert other.parent is None
    page = signed_in(company.manager).get(f"/customers/{child.pk}/group/")
    assert page.status_code == 200


def test_a_circle_that_is_there_already_ends_no_edit(company, pair, signed_in):
    one, other = pair
    Customer.objects.filter(pk=one.pk).update(parent=other)
    Customer.objects.filter(pk=other.pk).update(parent=one)
    third = factories.customer(company.manager, "Third")
    row = edit_customer(customer=third, changes={"parent": one}, seen=None, actor=company.manager)
    assert row.parent == one
    assert signed_in(company.manager).get(f"/customers/{one.pk}/group/").status_code == 200


def test_what_has_lost_its_place_meanwhile_stays_archived_and_is_told(company, pair):
    one, other = pair
    for customer, name in ((one, "Plant"), (other, "Plant"), (other, "Yard")):
        Unit.objects.create(customer=customer, name=name)
    twin = Unit.objects.get(customer=other, name="Plant")
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    Unit.objects.filter(customer=one, name="Plant", archived_at=None).update(archived_at=timezone.now())
    Unit.objects.filter(name="Yard").update(name="Plant")
    undone = undo_merge(merge=merge, actor=company.manager)
    assert undone.elsewhere == {"customers.unit.archived_at": [twin.pk]}
    twin.refresh_from_db()
    assert (twin.customer, twin.archived_at) == (other, merge.merged_at)


def test_companies_above_and_below(company):
    top = factories.customer(company.rep, "Top")
    middle = factories.customer(company.rep, "Middle", parent=top)
    low = factories.customer(company.rep, "Low", parent=middle)
    merge = merge_customers(survivor=low, other=middle, actor=company.manager)
    low.refresh_from_db()
    assert low.parent == top
    undo_merge(merge=merge, actor=company.manager)
    low.refresh_from_db()
    assert low.parent == middle
    merge_customers(survivor=low, other=top, actor=company.manager)
    low.refresh_from_db()
    middle.refresh_from_db()
    assert (low.parent, middle.parent) == (None, low)


def test_merges_of_merges_are_taken_back_from_the_last(company, pair):
    one, two = pair
    third = factories.customer(company.rep)
    furnish(company.mate, two)
    first = merge_customers(survivor=one, other=two, actor=company.manager)
    second = merge_customers(survivor=third, other=one, actor=company.manager)
    two.refresh_from_db()
    assert two.merged_into == third
    with pytest.raises(ValidationError, match="the later merge back first"):
        undo_merge(merge=first, actor=company.manager)
    undo_merge(merge=second, actor=company.manager)
    undo_merge(merge=first, actor=company.manager)
    assert Order.objects.get().customer == two


def test_who_may(company, pair):
    one, two = pair
    foreign = factories.customer(company.stranger)
    for actor in (company.rep, company.executive):
        hidden = actor == company.rep
        with pytest.raises(Http404 if hidden else PermissionDenied):
            merge_customers(survivor=one, other=two, actor=actor)
    with pytest.raises(Http404):
        merge_customers(survivor=one, other=foreign, actor=company.manager)
    own = factories.customer(company.rep)
    with pytest.raises(PermissionDenied):
        merge_customers(survivor=one, other=own, actor=company.rep)
    merge = merge_customers(survivor=foreign, other=two, actor=company.admin)
    with pytest.raises(Http404):
        undo_merge(merge=merge, actor=company.manager)
    assert AuditEntry.objects.filter(action="merge", actor=company.admin).count() >= 2


def test_what_is_refused(company, pair):
    one, two = pair
    with pytest.raises(ValidationError):
        merge_customers(survivor=one, other=one, actor=company.manager)
    merge = merge_customers(survivor=one, other=two, actor=company.manager)
    two.refresh_from_db()
    with pytest.raises(ValidationError):
        merge_customers(survivor=one, other=two, actor=company.manager)
    with pytest.raises(ValidationError, match="merged into another"):
        restore_customer(customer=two, seen=None, actor=company.manager)
    Merge.objects.update(merged_at=timezone.now() - timedelta(days=31))
    with pytest.raises(ValidationError, match="30 days"):
        undo_merge(merge=merge, actor=company.manager)
    Merge.objects.update(merged_at=timezone.now())
    undo_merge(merge=merge, actor=company.manager)
    with pytest.raises(ValidationError, match="already"):
        undo_merge(merge=merge, actor=company.manager)
    two.refresh_from_db()
    two = archive_customer(customer=two, seen=None, actor=company.manager)
    with pytest.raises(ValidationError, match="archived"):
        merge_customers(survivor=one, other=two, actor=company.manager)


def test_days_from_the_earliest_event_on_are_due_again(company, pair):
    one, two = pair
    deal = factories.opportunity(company.mate, customer=two)
    Opportunity.objects.filter(pk=deal.pk).update(created_on=deal.created_on - timedelta(days=5))
    older = factories.opportunity(company.rep, customer=one)
    Opportunity.objects.filter(pk=older.pk).update(created_on=deal.created_on - timedelta(days=9))
    later = datetime.now(UTC) + timedelta(hours=30)
    days = len(due_days(later))
    run_due(at_once=True)
    standing_still = due_days(at_once=True)
    merge = merge_customers(survivor=one, other=two, actor=company.manager)
    assert (days >= 9, standing_still, len(due_days(at_once=True))) == (True, [], 5)
    run_due(at_once=True)
    assert due_days(at_once=True) == []
    undo_merge(merge=merge, actor=company.manager)
    assert len(due_days(at_once=True)) == 5


def test_queries_do_not_grow(company, django_assert_max_num_queries):
    found = []
    for many in (2, 50):
        one, two = factories.customer(company.rep), factories.customer(company.mate)
        furnish(company.mate, two, (many, many, many, many, many, many))
        with django_assert_max_num_queries(200) as captured:
            merge_customers(survivor=one, other=two, actor=company.manager)
        found.append(len(captured))
    assert found[0] == found[1]
