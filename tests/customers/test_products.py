"""Products: read by everybody, kept by administrators."""

import pytest

from customers.actions import edit_product
from customers.models import Product
from tests import factories

pytestmark = pytest.mark.django_db
EVERYBODY = ["rep", "mate", "manager", "director", "executive", "admin"]


@pytest.fixture
def crane(company):
    return factories.product(company.admin, "Crane", line="Lifting")


@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_reads_administrators_write(company, signed_in, crane, who):
    client = signed_in(getattr(company, who))
    text = client.get("/products/").content.decode()
    assert "Crane" in text
    may = who == "admin"
    assert ("/products/new/" in text) == may
    doors = ["/products/new/", *(f"/products/{crane.pk}/{act}/" for act in ("edit", "archive", "restore"))]
    for door in doors:
        assert client.get(door).status_code == (200 if may else 403), door
        if not may:
            assert client.post(door, {"name": "X", "version": 1}).status_code == 403, door
    assert Product.objects.get().name == "Crane"


def test_create_edit_archive_restore(company, signed_in):
    client = signed_in(company.admin)
    assert client.post("/products/new/", {"name": "Shuttle", "active": "on"})["Location"] == "/products/"
    made = Product.objects.get()
    assert (made.name, made.active, made.is_core) == ("Shuttle", True, False)
    client.post(f"/products/{made.pk}/edit/", {"name": "Shuttle", "line": "AGV", "is_core": "on", "version": 1})
    made.refresh_from_db()
    assert (made.line, made.is_core, made.active) == ("AGV", True, False)
    client.post(f"/products/{made.pk}/archive/", {"version": made.version})
    assert list(client.get("/products/").context["page"]) == []
    assert list(client.get("/products/?archived=true").context["page"]) == [made]
    client.post(f"/products/{made.pk}/restore/", {"version": made.version + 1})
    assert list(client.get("/products/").context["page"]) == [made]


def test_stale(company, signed_in, crane):
    edit_product(product=crane, changes={"line": "Theirs"}, seen=1, actor=company.admin)
    data = {"name": "Crane", "line": "Mine", "active": "on", "version": 1}
    response = signed_in(company.admin).post(f"/products/{crane.pk}/edit/", data)
    assert response.status_code == 409
    assert "Theirs" in response.content.decode()


@pytest.mark.parametrize("name", ["", " ", "x" * 10_000, "nul\x00"])
def test_bad_names(company, signed_in, name):
    response = signed_in(company.admin).post("/products/new/", {"name": name})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["name"]
    assert not Product.objects.exists()


def test_empty(company, signed_in):
    assert "No products yet" in signed_in(company.rep).get("/products/").content.decode()
    assert "No product matches these filters" in signed_in(company.rep).get("/products/?q=zzz").content.decode()
