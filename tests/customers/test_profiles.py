"""Ideal customers: who writes them, what a criterion may ask, how well customers fit, and within whose sight."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from accounts.selectors import today
from config.web.revisions import StaleWrite
from customers import actions
from customers.models import Customer, IdealProfile, Order, ProfileCriterion
from customers.rules import profiles as rules
from customers.selectors import profiles as selectors
from tests import factories

pytestmark = pytest.mark.django_db

CARS = {"kind": "industry", "value": "Cars， Trucks", "weight": 40}
RICH = {"kind": "spend", "value": "1000000", "weight": 30}
MET = {"kind": "decision_maker", "weight": 30}


@pytest.fixture
def profile(company):
    return actions.create_profile(
        actor=company.manager, name="Car makers", line="Warehouses", criteria=[CARS, RICH, MET]
    )


def kinds(profile):
    return list(profile.criteria.values_list("kind", "value", "weight"))


def fits(profile, user, show="", sort=""):
    profile = selectors.profiles_with_criteria().get(pk=profile.pk)
    found = selectors.narrowed_to(selectors.scored(profile, user), profile, show)
    return selectors.fit_rows(selectors.sorted_fits(found, sort), profile, user, sort)


def fit_of(profile, user, customer):
    return next(row for row in fits(profile, user) if row.pk == customer.pk)


# --- Rules --------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [1, 3, 99, 100, 101, 333])
@pytest.mark.parametrize("limit", [1, 40, 70, 100])
def test_the_fewest_points_of_a_percentage_are_its_edge(weights, limit):
    fewest = rules.points_for(limit, weights)
    assert rules.percent(fewest, weights) >= limit
    assert fewest == 0 or rules.percent(fewest - 1, weights) < limit


def test_words_of_a_list_are_read_with_either_comma():
    assert rules.words_of(" 汽车，新能源, Cars、Cars ;") == ["汽车", "新能源", "Cars"]


@pytest.mark.parametrize(
    ("value", "tiers"), [("4A", ("5A", "4A")), ("1A", ("5A", "4A", "3A", "2A", "1A")), ("6A", ()), ("", ())]
)
def test_tiers_from_one_on(value, tiers):
    assert rules.tiers_from(value) == tiers


# --- Writes -------------------------------------------------------------------------------------


def test_a_profile_keeps_its_criteria_in_order(company, profile):
    assert kinds(profile) == [
        ("industry", "Cars, Trucks", 40), ("spend", "1000000", 30), ("decision_maker", "", 30),
    ]  # fmt: skip
    assert AuditEntry.objects.get(model="idealprofile").action == "create"


@pytest.mark.parametrize("who", ["rep", "executive"])
def test_reps_and_executives_only_read(company, profile, who):
    actor = getattr(company, who)
    for write in (
        lambda: actions.create_profile(actor=actor, name="x", criteria=[CARS]),
        lambda: actions.edit_profile(profile=profile, changes={"name": "x"}, seen=1, actor=actor),
        lambda: actions.archive_profile(profile=profile, seen=1, actor=actor),
        lambda: actions.restore_profile(profile=profile, seen=1, actor=actor),
    ):
        with pytest.raises(PermissionDenied):
            write()
    profile.refresh_from_db()
    assert (IdealProfile.objects.count(), profile.version) == (1, 1)


def test_an_administrator_writes_too(company, profile):
    assert (
        actions.edit_profile(profile=profile, changes={"line": "Robots"}, seen=1, actor=company.admin).line == "Robots"
    )


@pytest.mark.parametrize(
    "criteria",
    [
        [],
        [CARS] * (rules.MOST_CRITERIA + 1),
        [{"kind": "industry", "value": " ,，", "weight": 1}],
        [{"kind": "spend", "value": "a lot", "weight": 1}],
        [{"kind": "spend", "value": "0", "weight": 1}],
        [{"kind": "tier", "value": "6A", "weight": 1}],
        [{"kind": "bought_line", "value": "", "weight": 1}],
        [{"kind": "shoe_size", "value": "43", "weight": 1}],
        [{"kind": "decision_maker", "weight": 0}],
        [{"kind": "decision_maker", "weight": 101}],
        [{"kind": "decision_maker", "weight": None}],
    ],
)
def test_criteria_that_ask_nothing_are_refused(company, criteria):
    with pytest.raises(ValidationError) as refused:
        actions.create_profile(actor=company.manager, name="x", criteria=criteria)
    assert list(refused.value.message_dict) == ["criteria"]
    assert not IdealProfile.objects.exists()


def test_an_edit_is_one_version_and_one_line_of_the_trail(company, profile):
    changes = {"name": " Trucks ", "criteria": [MET]}
    row = actions.edit_profile(profile=profile, changes=changes, seen=1, actor=company.manager)
    assert (row.name, row.version, kinds(row)) == ("Trucks", 2, [("decision_maker", "", 30)])
    entry = AuditEntry.objects.get(model="idealprofile", action="edit")
    assert entry.changes["name"] == ["Car makers", "Trucks"]
    assert entry.changes["criteria"][1] == "decision_maker  (30)"


def test_the_same_again_changes_nothing(company, profile):
    same = {"name": "Car makers", "criteria": [CARS, RICH, MET]}
    assert actions.edit_profile(profile=profile, changes=same, seen=1, actor=company.manager).version == 1
    assert not AuditEntry.objects.filter(action="edit", model="idealprofile").exists()


def test_a_stale_edit_of_criteria_is_refused_and_one_of_the_name_taken(company, profile):
    actions.edit_profile(profile=profile, changes={"criteria": [MET]}, seen=1, actor=company.manager)
    with pytest.raises(StaleWrite) as stale:
        actions.edit_profile(profile=profile, changes={"criteria": [RICH]}, seen=1, actor=company.admin)
    assert stale.value.conflicts == ["criteria"]
    row = actions.edit_profile(profile=profile, changes={"name": "New"}, seen=1, actor=company.admin)
    assert (row.name, kinds(row)) == ("New", [("decision_maker", "", 30)])


def test_a_line_that_a_criterion_needs_stays(company):
    bought = {"kind": "bought_line", "weight": 10}
    row = actions.create_profile(actor=company.manager, name="x", line="Robots", criteria=[bought])
    with pytest.raises(ValidationError):
        actions.edit_profile(profile=row, changes={"line": ""}, seen=1, actor=company.manager)


def test_archived_ones_are_restored_before_they_are_edited(company, profile):
    row = actions.archive_profile(profile=profile, seen=1, actor=company.manager)
    assert not IdealProfile.objects.in_use().exists()
    with pytest.raises(ValidationError):
        actions.edit_profile(profile=row, changes={"name": "x"}, seen=None, actor=company.manager)
    assert actions.restore_profile(profile=row, seen=2, actor=company.manager).archived_at is None


# --- Fit ----------------------------------------------------------------------------------------


def test_the_fit_is_the_weight_of_what_holds_with_what_was_found(company, profile):
    customer = factories.customer(company.rep, industry="cars", annual_spend=Decimal("999999.99"))
    factories.contact(company.rep, customer, "Ms Lu", buying_role="decision_maker")
    row = fit_of(profile, company.rep, customer)
    assert (row.fit, row.fits, row.holding) == (70, True, 2)
    assert [(each.kind, each.holds, each.found) for each in row.findings] == [
        ("industry", True, "cars"), ("spend", False, Decimal("999999.99")), ("decision_maker", True, "Ms Lu"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("criterion", "yes", "no"),
    [
        ({"kind": "industry", "value": "Cars"}, {"industry": "CARS"}, {"industry": "Cars and more"}),
        ({"kind": "region", "value": "江苏，浙江"}, {"region": "浙江"}, {"region": ""}),
        ({"kind": "spend", "value": "500"}, {"annual_spend": Decimal(500)}, {"annual_spend": Decimal("499.99")}),
        ({"kind": "spend", "value": "500"}, {"annual_spend": Decimal(501)}, {"annual_spend": None}),
        ({"kind": "tier", "value": "3A"}, {"tier": "4A"}, {"tier": "2A"}),
        ({"kind": "tier", "value": "1A"}, {"tier": "1A"}, {"tier": ""}),
    ],
)
def test_what_a_criterion_asks_of_a_customer(company, criterion, yes, no):
    profile = actions.create_profile(actor=company.manager, name="x", criteria=[{**criterion, "weight": 7}])
    holds, misses = factories.customer(company.rep, **yes), factories.customer(company.rep, **no)
    assert fit_of(profile, company.rep, holds).fit == 100
    assert fit_of(profile, company.rep, misses).fit == 0


def test_who_has_bought_from_the_line(company):
    profile = actions.create_profile(
        actor=company.manager, name="x", line="Robots", criteria=[{"kind": "bought_line", "weight": 5}]
    )
    robot = factories.product(company.admin, line="Robots")
    buyer, other, once = (factories.customer(company.rep) for _ in range(3))
    for customer, product, archived in ((buyer, robot, None), (other, None, None), (once, robot, "2026-01-01T00:00Z")):
        Order.objects.create(
            customer=customer, product=product, amount=Decimal(1), booked_on=date(2026, 3, 1), archived_at=archived
        )
    assert fit_of(profile, company.rep, buyer).findings[0].found == date(2026, 3, 1)
    assert [fit_of(profile, company.rep, each).fit for each in (buyer, other, once)] == [100, 0, 0]


def test_a_decision_maker_who_is_archived_is_not_known(company):
    profile = actions.create_profile(actor=company.manager, name="x", criteria=[MET])
    customer = factories.customer(company.rep)
    contact = factories.contact(company.rep, customer, buying_role="decision_maker")
    actions.archive_contact(contact=contact, seen=None, actor=company.rep)
    factories.contact(company.rep, customer, buying_role="user")
    assert fit_of(profile, company.rep, customer).fit == 0


def test_values_that_an_import_brought_and_that_say_nothing_hold_nowhere(company):
    profile = IdealProfile.objects.create(name="x")
    for place, (kind, value) in enumerate([("spend", "much"), ("tier", "9"), ("industry", ""), ("bought_line", "")]):
        ProfileCriterion.objects.create(profile=profile, kind=kind, value=value, weight=1, position=place)
    customer = factories.customer(company.rep)
    Order.objects.create(
        customer=customer, product=factories.product(company.admin), amount=Decimal(1), booked_on=today()
    )
    assert fit_of(profile, company.rep, customer).fit == 0


def test_only_customers_without_a_deal_that_is_open(company, profile):
    busy, done = factories.customer(company.rep), factories.customer(company.rep)
    factories.opportunity(company.rep, customer=busy)
    factories.opportunity(company.rep, customer=done, stage="won", signed_on=today() - timedelta(days=1))
    assert [row.pk for row in fits(profile, company.rep)] == [done.pk]


def test_a_hidden_deal_takes_no_customer_out(company, profile):
    """Its absence would say that somebody else has a deal there."""
    customer = factories.customer(company.rep)
    row = factories.opportunity(company.rep, customer=customer)
    type(row).objects.filter(pk=row.pk).update(owner=company.stranger)
    assert [each.pk for each in fits(profile, company.rep)] == [customer.pk]
    assert fits(profile, company.director) == []


def test_only_customers_in_sight_and_in_use(company, profile):
    mine, theirs = factories.customer(company.rep), factories.customer(company.stranger)
    gone = factories.customer(company.rep)
    actions.archive_customer(customer=gone, seen=None, actor=company.rep)
    assert [row.pk for row in fits(profile, company.rep)] == [mine.pk]
    assert {row.pk for row in fits(profile, company.executive)} == {mine.pk, theirs.pk}
    assert [row.editable for row in fits(profile, company.executive)] == [False, False]


def test_counts_and_what_is_not_pursued_yet(company, profile):
    good, pursued = (factories.customer(company.rep, industry="Cars", annual_spend=Decimal(10**7)) for _ in range(2))
    factories.customer(company.rep, "No fit")
    actions.add_target(actor=company.rep, profile=profile, customer=pursued)
    loaded = selectors.profiles_with_criteria().get(pk=profile.pk)
    counts = selectors.counts_of(selectors.scored(loaded, company.rep), loaded)
    assert (counts.all, counts.fits, counts.new) == (3, 2, 1)
    assert [row.pk for row in fits(profile, company.rep, "new")] == [good.pk]
    assert [row.target is not None for row in fits(profile, company.rep, "fits")] == [False, True]
    (listed,) = selectors.profile_rows(
        list(selectors.with_pursued(selectors.profiles_with_criteria(), company.rep)), company.rep
    )
    assert (listed.fitting, listed.pursued, len(listed.criteria)) == (2, 1, 3)


def test_a_profile_without_criteria_fits_nobody(company):
    profile = IdealProfile.objects.create(name="Empty")
    factories.customer(company.rep)
    assert fits(profile, company.rep, "fits") == []
    assert [row.fit for row in fits(profile, company.rep)] == [0]


def test_sorted_by_any_column(company, profile):
    best = factories.customer(company.rep, "A best", industry="Cars", annual_spend=Decimal(10**7))
    rich = factories.customer(company.rep, "B rich", annual_spend=Decimal(10**8))
    poor = factories.customer(company.rep, "C poor", tier="5A")
    order = {
        sort: [row.pk for row in fits(profile, company.rep, sort=sort)] for sort in ("", "-name", "-spend", "tier")
    }
    assert order[""] == [best.pk, rich.pk, poor.pk]
    assert order["-name"] == [poor.pk, rich.pk, best.pk]
    assert order["-spend"] == [rich.pk, best.pk, poor.pk]
    assert order["tier"][-1] == poor.pk
    assert fits(profile, company.rep, sort="shoe_size") == fits(profile, company.rep)


def test_as_many_queries_for_many_as_for_two(company):
    for n in range(2):
        _another(company, n)
    few = _queries(company)
    for n in range(30):
        _another(company, n)
    assert _queries(company) == few


def _another(company, n):
    actions.create_profile(actor=company.manager, name=f"P{n}", criteria=[CARS, RICH, MET])
    factories.contact(company.rep, factories.customer(company.rep, industry="Cars"), buying_role="decision_maker")


def _queries(company):
    with CaptureQueriesContext(
        connection,
    ) as caught:
        profiles = list(selectors.with_pursued(selectors.profiles_with_criteria(), company.rep)[:25])
        selectors.profile_rows(profiles, company.rep)
        found = selectors.scored(profiles[0], company.rep)
        selectors.counts_of(found, profiles[0])
        rows = selectors.fit_rows(list(selectors.sorted_fits(found, "")), profiles[0], company.rep, "")
    assert len(rows) == Customer.objects.count()
    return len(caught)
