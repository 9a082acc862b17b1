"""The fields that search as one types: what each finds, and for whom."""

import pytest

from customers.actions import archive_customer
from tests import factories

pytestmark = pytest.mark.django_db


def found(client, url):
    response = client.get(url)
    assert response.status_code == 200
    assert all(set(row) == {"value", "text", "hint"} for row in response.json()["results"])
    return {row["value"]: (row["text"], row["hint"]) for row in response.json()["results"]}


def test_people_by_name_or_login_with_their_team(signed_in, company):
    client = signed_in(company.rep)
    assert found(client, "/pickers/people/?q=strang") == {"stranger": ("Stranger", "West")}
    assert len(found(client, "/pickers/people/")) == len(company.people())
    assert found(client, "/pickers/people/?q=nobody") == {}


def test_people_to_whom_one_may_hand_a_row(signed_in, company):
    url = "/pickers/people/?only=assignable"
    assert set(found(signed_in(company.rep), url)) == {"rep"}
    assert set(found(signed_in(company.manager), url)) == {"manager", "rep", "mate"}
    assert len(found(signed_in(company.admin), url)) == len(company.people())


def test_teams_with_the_one_above(signed_in, company):
    assert found(signed_in(company.rep), "/pickers/teams/?q=ea") == {"east": ("East", "Head"), "head": ("Head", "")}


def test_customers_are_those_that_one_may_see(signed_in, company):
    mine = factories.customer(company.rep, "Acme North", tier="4A")
    factories.customer(company.stranger, "Acme South")
    gone = factories.customer(company.rep, "Acme Old")
    archive_customer(customer=gone, seen=None, actor=company.rep)
    assert found(signed_in(company.rep), "/pickers/customers/?q=acme") == {mine.key: ("Acme North", "4A")}
    assert len(found(signed_in(company.executive), "/pickers/customers/?q=acme")) == 2
    assert found(signed_in(company.other_manager), "/pickers/customers/?q=north") == {}


def test_customers_that_one_may_edit(signed_in, company):
    mine = factories.customer(company.rep, "Acme North", tier="4A")
    url = "/pickers/customers/?q=acme&only=editable"
    assert set(found(signed_in(company.rep), url)) == set(found(signed_in(company.manager), url)) == {mine.key}
    for watching in (company.executive, company.stranger):
        assert found(signed_in(watching), url) == {}


def test_contacts_of_one_customer_are_those_that_one_may_see(signed_in, company):
    mine = factories.customer(company.rep)
    factories.contact(company.rep, mine, "Li Wei", key="li", title="Vice president")
    factories.contact(company.rep, factories.customer(company.rep), "Li Na", key="na")
    factories.contact(company.stranger, factories.customer(company.stranger), "Li Hidden")
    client = signed_in(company.rep)
    assert set(found(client, "/pickers/contacts/?q=li")) == {"li", "na"}
    assert found(client, f"/pickers/contacts/?q=li&customer={mine.key}") == {"li": ("Li Wei", "Vice president")}


@pytest.fixture
def far(company):
    """远航汽车 of the rep with a contact and a deal, another customer, and one like it that is hidden."""
    row = factories.customer(company.rep, "远航汽车有限公司", key="far", phone="021-5888 1234")
    factories.contact(company.rep, row, "李维", key="li", phone="13800005678")
    factories.opportunity(company.rep, "南京基地智能立库", customer=row, key="deal")
    factories.customer(company.rep, "松江印务")
    hidden = factories.customer(company.stranger, "远航汽配厂")
    factories.contact(company.stranger, hidden, "李伟", phone="13900005678")
    factories.opportunity(company.stranger, "南京基地改造", customer=hidden)
    return row


@pytest.mark.parametrize("typed", ["远航", "汽", "yhqc", "yuanhang", "1234"])
def test_a_customer_is_found_in_a_field_as_in_the_search(signed_in, company, far, typed):
    client = signed_in(company.rep)
    for only in ("", "&only=editable"):
        assert set(found(client, f"/pickers/customers/?q={typed}{only}")) == {"far"}
    assert set(found(client, f"/pickers/activity-subjects/?q={typed}")) == {"deal:deal", "customer:far"}


def test_what_one_only_reads_crowds_out_nothing_that_one_edits(signed_in, company):
    for number in range(25):
        of_others = factories.customer(company.mate, f"远航{number}")
        factories.opportunity(company.rep, customer=of_others)
    own = factories.customer(company.rep, "远航汽车配件")
    client = signed_in(company.rep)
    for url in ("/pickers/customers/?only=editable&q=yh", "/pickers/activity-subjects/?q=yh"):
        assert own.name in {text for text, _hint in found(client, url).values()}, url
    for url in ("/pickers/customers/?only=editable&q=yh", "/pickers/activity-subjects/?q=yh"):
        assert found(signed_in(company.executive), url) == {}


@pytest.mark.parametrize("typed", ["李", "lw", "liwei", "5678"])
def test_a_contact_is_found_in_a_field_as_in_the_search(signed_in, company, far, typed):
    client = signed_in(company.rep)
    assert set(found(client, f"/pickers/contacts/?q={typed}")) == {"li"}
    assert set(found(client, f"/pickers/contacts/?q={typed}&customer=far")) == {"li"}
    assert found(client, f"/pickers/contacts/?q={typed}x&customer=far") == {}


def test_what_an_activity_is_about_is_found_by_the_deal_too(signed_in, company, far):
    assert set(found(signed_in(company.rep), "/pickers/activity-subjects/?q=njjd")) == {"deal:deal"}
    assert found(signed_in(company.mate), "/pickers/activity-subjects/?q=njjd") == {}


def test_products_on_sale_or_all_in_use(signed_in, company):
    factories.product(company.admin, "Shuttle", line="Storage", key="shuttle")
    factories.product(company.admin, "Retired", key="retired", active=False)
    client = signed_in(company.rep)
    assert found(client, "/pickers/products/") == {"shuttle": ("Shuttle", "Storage"), "retired": ("Retired", "")}
    assert set(found(client, "/pickers/products/?only=on_sale")) == {"shuttle"}


def test_one_customer_s_contacts_are_at_most_twenty_as_well(signed_in, company):
    mine = factories.customer(company.rep)
    for number in range(25):
        factories.contact(company.rep, mine, f"Person {number:02}")
    assert len(found(signed_in(company.rep), f"/pickers/contacts/?customer={mine.key}")) == 20


def test_at_most_twenty(signed_in, company):
    for number in range(25):
        factories.customer(company.rep, f"Works {number:02}")
    assert len(found(signed_in(company.rep), "/pickers/customers/?q=works")) == 20


@pytest.mark.parametrize("name", ["people", "teams", "customers", "contacts", "products", "activity-subjects"])
@pytest.mark.parametrize("typed", ["%00", "x" * 5000, "%25", "'; DROP", "%F0%9F%98%80"])
def test_strange_text_finds_nothing_and_does_no_harm(signed_in, company, name, typed):
    client = signed_in(company.rep)
    assert client.get(f"/pickers/{name}/?q={typed}").status_code == 200
    assert client.post(f"/pickers/{name}/").status_code == 405


@pytest.mark.parametrize("name", ["people", "teams", "customers", "contacts", "products", "activity-subjects"])
def test_nobody_searches_without_signing_in(client, company, name):
    assert client.get(f"/pickers/{name}/").status_code == 302


@pytest.mark.parametrize("name", ["people", "teams", "customers", "contacts", "products", "activity-subjects"])
def test_a_search_costs_few_queries(signed_in, company, name, django_assert_max_num_queries):
    client = signed_in(company.manager)
    client.get(f"/pickers/{name}/")
    with django_assert_max_num_queries(8 if name == "activity-subjects" else 5):
        client.get(f"/pickers/{name}/?q=a")
