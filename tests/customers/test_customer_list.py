"""The list of customers: what it shows to whom, its filters, its order, its pages."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions import archive_customer
from opportunities.actions import add_collaborator
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/customers/"


def names(response):
    return [row.name for row in response.context["page"].object_list]


@pytest.fixture
def own(company):
    return factories.customer(company.rep, "Own", industry="Motors", region="North", tier="5A")


@pytest.fixture
def far(company):
    return factories.customer(company.stranger, "Far", industry="Food", tier="3A")


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("rep", ["Own"]),
        ("mate", []),
        ("manager", ["Own"]),
        ("other_manager", ["Far"]),
        ("stranger", ["Far"]),
        ("director", ["Own", "Far"]),
        ("executive", ["Own", "Far"]),
        ("admin", ["Own", "Far"]),
    ],
)
def test_each_sees_their_own(company, signed_in, own, far, who, seen):
    response = signed_in(getattr(company, who)).get(URL)
    assert names(response) == seen
    text = response.content.decode()
    assert (">Own</a>" in text) == ("Own" in seen)
    assert (">Far</a>" in text) == ("Far" in seen)
    assert response.context["page"].paginator.count == len(seen)


def test_figures_are_over_what_the_reader_may_see(company, signed_in, own):
    factories.opportunity(company.rep, "A", customer=own, amount=Decimal(100))
    shared = factories.opportunity(company.rep, "B", customer=own, amount=Decimal("0.50"))
    factories.contact(company.rep, own, "Li")
    add_collaborator(opportunity=shared, user=company.mate, actor=company.rep)
    (row,) = signed_in(company.rep).get(URL).context["page"].object_list
    assert (row.open_count, row.open_amount, row.contact_count, row.owner) == (2, Decimal("100.50"), 1, "Rep")
    (row,) = signed_in(company.mate).get(URL).context["page"].object_list
    assert (row.open_count, row.open_amount) == (1, Decimal("0.50"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("yhqc", ["远航汽车"]), ("YHQ", ["远航汽车"]), ("yuanhang", ["远航汽车"]), ("yuanh", ["远航汽车"]),
        ("xian", ["西安重工"]), ("xazg", ["西安重工"]), ("远航", ["远航汽车"]), ("motor", ["Own"]),
        ("y", []), ("hcqy", []), ("yh qc", ["远航汽车"]), ("yhqc1", []),
    ],
)  # fmt: skip
def test_a_name_is_found_by_initials_and_pinyin_in_list_and_api(company, signed_in, own, typed, found):
    for name in ("远航汽车", "西安重工"):
        factories.customer(company.rep, name, key=f"key-{name}")
    factories.customer(company.stranger, "远航汽车西厂")
    client = signed_in(company.rep)
    assert names(client.get(URL, {"q": typed})) == found
    for asked in ("q", "search"):
        rows = client.get("/api/v1/customers/", {asked: typed}).json()["results"]
        assert [row["name"] for row in rows] == found, asked


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tier=5A", ["Own"]),
        ("tier=5A&tier=3A", ["Own", "Far"]),
        ("q=motor", ["Own"]),
        ("q=FAR", ["Far"]),
        ("industry=food", ["Far"]),
        ("owner=stranger", ["Far"]),
        ("team=east", ["Own"]),
        ("team=head", ["Own", "Far"]),
        ("q=%25", []),
        ("owner=nobody", []),
        ("tier=9A", []),
        ("team=%00", []),
        ("q=" + "x" * 500, []),
        ("sort=name", ["Far", "Own"]),
        ("sort=-name", ["Own", "Far"]),
        ("sort=tier", ["Far", "Own"]),
        ("sort=nonsense", ["Own", "Far"]),
        ("page=99", ["Own", "Far"]),
        ("page=x", ["Own", "Far"]),
    ],
)
def test_filters_order_and_pages_come_from_the_address(company, signed_in, own, far, query, found):
    assert names(signed_in(company.director).get(f"{URL}?{query}")) == found


def test_sorted_by_what_is_open(company, signed_in, own, far):
    factories.opportunity(company.stranger, customer=far, amount=Decimal(1))
    assert names(signed_in(company.director).get(f"{URL}?sort=-open")) == ["Far", "Own"]
    assert names(signed_in(company.director).get(f"{URL}?sort=open")) == ["Far", "Own"], "empty values stay last"


def test_archived_ones_are_left_out_unless_asked_for(company, signed_in, own):
    archive_customer(customer=own, seen=own.version, actor=company.rep)
    client = signed_in(company.rep)
    assert names(client.get(URL)) == []
    assert names(client.get(f"{URL}?archived=true")) == ["Own"]


def test_empty_states(company, signed_in, own):
    assert "No customers yet" in signed_in(company.mate).get(URL).content.decode()
    filtered = signed_in(company.rep).get(f"{URL}?q=zzz").content.decode()
    assert "No customer matches these filters" in filtered
    assert "Clear filters" in filtered


def test_a_pyramid_without_customers_says_so_in_place_of_rows_of_zeros(company, signed_in):
    empty = signed_in(company.rep).get("/customers/pyramid/").content.decode()
    assert ("No customers yet" in empty, reverse("customer_new") in empty, "asc-pyr-table" in empty) == (
        True,
        True,
        False,
    )
    assert reverse("customer_new") not in signed_in(company.executive).get("/customers/pyramid/").content.decode()
    factories.customer(company.rep, "First")
    some = signed_in(company.rep).get("/customers/pyramid/").content.decode()
    assert ("No customers yet" in some, "asc-pyr-table" in some) == (False, True)


def test_an_executive_is_offered_no_new_customer(company, signed_in):
    assert reverse("customer_new") not in signed_in(company.executive).get(URL).content.decode()
    assert reverse("customer_new") in signed_in(company.rep).get(URL).content.decode()


def counted(client, url):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len([q for q in caught.captured_queries if not q["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])


def test_as_many_queries_for_two_rows_as_for_two_hundred(company, signed_in):
    narrowed = [f"{URL}?tier=5A&owner=rep&sort=-open&q={text}" for text in ("c", "cu", "zz")]
    urls = [URL, *narrowed, "/contacts/?q=c", "/contacts/?q=zz", "/products/"]

    def more(count):
        for _number in range(count):
            customer = factories.customer(company.rep, tier="5A")
            factories.contact(company.rep, customer)
            factories.product(company.admin)
        factories.opportunity(company.rep, customer=customer)

    client = signed_in(company.manager)
    more(2)
    few = [counted(client, url) for url in urls]
    more(198)
    assert [counted(client, url) for url in urls] == few
    assert max(few) <= 8


def test_names_are_text_and_never_markup(company, signed_in):
    name = "<script>alert(1)</script>'\"; DROP TABLE 🏔"
    customer = factories.customer(company.rep, name)
    for url in (URL, reverse("customer", args=[customer.pk])):
        text = signed_in(company.rep).get(url).content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text
