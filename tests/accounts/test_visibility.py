"""Who sees and who edits what: the table of METHOD.md §10 over one company."""

import pytest

from accounts import visibility
from customers.models import Contact, Customer, Order
from opportunities.actions import add_collaborator
from opportunities.models import Activity, ActivityKind, Opportunity
from tests import factories

pytestmark = pytest.mark.django_db

EVERYBODY = ["admin", "executive", "director", "manager", "rep", "mate", "other_manager", "stranger"]


@pytest.fixture
def rows(company):
    """The rep's customer and opportunity, the stranger's, one without owner in the east, one without anything."""
    made = {
        "own": factories.customer(company.rep, "Own"),
        "far": factories.customer(company.stranger, "Far"),
        "east": Customer.objects.create(name="East", team=company.east),
        "nobody": Customer.objects.create(name="Nobody"),
    }
    factories.opportunity(company.rep, "Deal", customer=made["own"])
    factories.opportunity(company.stranger, "Remote", customer=made["far"])
    return made


def seen_by(user, model, name="name"):
    return set(model.objects.visible_to(user).values_list(name, flat=True))


def edited_by(user, model, name="name"):
    return set(model.objects.editable_by(user).values_list(name, flat=True))


def test_opportunities(company, rows):
    expected = {
        "admin": {"Deal", "Remote"},
        "executive": {"Deal", "Remote"},
        "director": {"Deal", "Remote"},
        "manager": {"Deal"},
        "rep": {"Deal"},
        "mate": set(),
        "other_manager": {"Remote"},
        "stranger": {"Remote"},
    }
    people = company.people()
    assert {name: seen_by(people[name], Opportunity, "title") for name in EVERYBODY} == expected
    expected |= {"admin": set(), "executive": set()}
    assert {name: edited_by(people[name], Opportunity, "title") for name in EVERYBODY} == expected


def test_customers(company, rows):
    everything = {"Own", "Far", "East", "Nobody"}
    expected = {
        "admin": everything,
        "executive": everything,
        "director": {"Own", "Far", "East"},
        "manager": {"Own", "East"},
        "rep": {"Own"},
        "mate": set(),
        "other_manager": {"Far"},
        "stranger": {"Far"},
    }
    people = company.people()
    assert {name: seen_by(people[name], Customer) for name in EVERYBODY} == expected
    expected |= {"admin": set(), "executive": set()}
    assert {name: edited_by(people[name], Customer) for name in EVERYBODY} == expected


def test_a_collaborator_sees_the_opportunity_reads_its_customer_and_edits_its_contacts(company, rows):
    contact = factories.contact(company.rep, rows["own"], "Li")
    add_collaborator(opportunity=Opportunity.objects.get(title="Deal"), user=company.mate, actor=company.rep)
    assert seen_by(company.mate, Opportunity, "title") == edited_by(company.mate, Opportunity, "title") == {"Deal"}
    assert seen_by(company.mate, Customer) == {"Own"}
    assert edited_by(company.mate, Customer) == set()
    assert list(Contact.objects.editable_by(company.mate)) == [contact]


def test_orders_are_also_the_sellers(company, rows):
    Order.objects.create(key="A", customer=rows["far"], owner=company.rep, amount=1, booked_on="2026-01-01")
    Order.objects.create(key="B", customer=rows["own"], owner=company.stranger, amount=1, booked_on="2026-01-01")
    people = company.people()
    found = {name: seen_by(people[name], Order, "key") for name in EVERYBODY}
    assert found == {
        "admin": {"A", "B"},
        "executive": {"A", "B"},
        "director": {"A", "B"},
        "manager": {"A", "B"},
        "rep": {"A", "B"},
        "mate": set(),
        "other_manager": {"A", "B"},
        "stranger": {"A", "B"},
    }


@pytest.mark.parametrize("name", EVERYBODY)
def test_of_few_activities_the_same_are_seen(company, rows, name):
    kind = ActivityKind.objects.get(key="visit")
    about = [{}, {"customer": rows["own"]}, {"customer": rows["nobody"]}]
    about += [{"opportunity": deal, "customer": deal.customer} for deal in Opportunity.objects.all()]
    people = company.people()
    owners = [people[each] for each in EVERYBODY]
    Activity.objects.bulk_create(Activity(kind=kind, owner=owner, **fields) for owner in owners for fields in about)
    seen = set(Activity.objects.visible_among_few(people[name]))
    assert seen == set(Activity.objects.visible_to(people[name])) and seen


def test_nobody_is_above_themselves_and_a_manager_without_a_team_above_nobody(company):
    assert visibility.is_above(company.manager, company.rep)
    assert visibility.is_above(company.director, company.manager)
    assert not visibility.is_above(company.manager, company.manager)
    assert not visibility.is_above(company.manager, company.stranger)
    assert not visibility.is_above(company.executive, company.rep)
    lonely = factories.person("lonely", role="manager")
    assert not visibility.is_above(lonely, company.rep)
    assert set(visibility.portfolio(lonely)) == {lonely}


def test_scopes_of_computed_answers(company):
    assert set(visibility.teams_in_scope(company.manager)) == {company.east}
    assert set(visibility.teams_in_scope(company.rep)) == set()
    assert set(visibility.teams_in_scope(company.executive)) == {company.head, company.east, company.west}
    assert set(visibility.people_in_scope(company.rep)) == {company.rep}
    assert set(visibility.people_in_scope(company.manager)) == {company.manager, company.rep, company.mate}
