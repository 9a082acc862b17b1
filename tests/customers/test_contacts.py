"""Contacts: added, edited, archived by whoever may work with the customer."""

import pytest

from accounts.models import AuditEntry
from customers.actions import edit_contact
from customers.models import Contact
from opportunities.actions import add_collaborator
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def own(company):
    return factories.customer(company.rep, "Own")


@pytest.fixture
def li(company, own):
    return factories.contact(company.rep, own, "Li Wei", phone="138 0000", title="CFO")


@pytest.fixture
def collaborator(company, own):
    deal = factories.opportunity(company.rep, customer=own)
    add_collaborator(opportunity=deal, user=company.mate, actor=company.rep)
    return company.mate


def new(customer):
    return f"/customers/{customer.pk}/contacts/new/"


def act(contact, name):
    return f"/contacts/{contact.pk}/{name}/"


def test_list_is_of_visible_customers(company, signed_in, li):
    far = factories.customer(company.stranger, "Far")
    factories.contact(company.stranger, far, "Hidden Person")

    def found(who, query=""):
        response = signed_in(getattr(company, who)).get(f"/contacts/{query}")
        return [contact.name for contact in response.context["page"]]

    assert found("rep") == ["Li Wei"]
    assert found("mate") == []
    assert found("stranger") == ["Hidden Person"]
    assert found("admin") == ["Hidden Person", "Li Wei"]
    assert found("admin", "?q=cfo") == ["Li Wei"]
    assert found("admin", "?q=FAR") == ["Hidden Person"]
    assert found("rep", "?q=hidden") == []
    assert found("rep", f"?customer={far.key}") == []
    assert found("admin", "?buying_role=coach") == []
    assert found("admin", "?q=%00") == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("yhqc", ["Li Wei", "尹红"]), ("yuanhang", ["Li Wei", "尹红"]), ("yinh", ["尹红"]), ("yh", ["Li Wei", "尹红"]),
        ("li", ["Li Wei"]), ("zz", []), ("y", []),
    ],
)  # fmt: skip
def test_somebody_is_found_by_initials_and_pinyin_in_list_and_api(company, signed_in, typed, found):
    far = factories.customer(company.rep, "远航汽车")
    factories.contact(company.rep, far, "Li Wei")
    factories.contact(company.rep, far, "尹红")
    factories.contact(company.stranger, factories.customer(company.stranger, "远海汽车"), "尹洪")
    client = signed_in(company.rep)
    assert [contact.name for contact in client.get("/contacts/", {"q": typed}).context["page"]] == found
    for asked in ("q", "search"):
        rows = client.get("/api/v1/contacts/", {asked: typed}).json()["results"]
        assert [row["name"] for row in rows] == found, asked


def test_create(company, signed_in, own):
    data = {
        "name": " Wang ", "title": "Head of plant", "department": "Plant", "buying_role": "user", "influence": "5",
        "stance": "0", "phone": "+86 1", "email": "w@example.com",
    }  # fmt: skip
    response = signed_in(company.rep).post(new(own), data, headers=HTMX)
    assert response["HX-Redirect"] == f"/customers/{own.pk}/"
    made = Contact.objects.get()
    assert (made.name, made.customer, made.influence, made.stance, made.buying_role) == ("Wang", own, 5, 0, "user")


def test_a_collaborator_adds_and_edits(company, signed_in, own, li, collaborator):
    client = signed_in(collaborator)
    assert client.post(new(own), {"name": "Evidence needs them"}).status_code == 302
    assert client.post(act(li, "edit"), {"name": "Li Wei 2", "version": 1}).status_code == 302
    li.refresh_from_db()
    assert li.name == "Li Wei 2"


@pytest.mark.parametrize("name", ["edit", "archive", "restore"])
@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("mate", 404), ("executive", 403), ("admin", 403)])
def test_who_may_not(company, signed_in, li, who, status, name):
    client = signed_in(getattr(company, who))
    assert client.get(act(li, name)).status_code == status
    assert client.post(act(li, name), {"name": "X", "version": 1}).status_code == status
    li.refresh_from_db()
    assert (li.name, li.version) == ("Li Wei", 1)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"name": "a", "email": "nobody"}, "email"),
        ({"name": "a", "influence": "6"}, "influence"),
        ({"name": "a", "stance": "-3"}, "stance"),
        ({"name": "a", "stance": "x"}, "stance"),
        ({"name": "a", "buying_role": "king"}, "buying_role"),
        ({"name": "a", "phone": "1" * 51}, "phone"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_input(company, signed_in, own, data, field):
    response = signed_in(company.rep).post(new(own), data, headers=HTMX)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not Contact.objects.exists()


def test_emoji_and_markup_are_text(company, signed_in, own):
    signed_in(company.rep).post(new(own), {"name": "<i>王</i> 🏔"})
    text = signed_in(company.rep).get("/contacts/").content.decode()
    assert "&lt;i&gt;王&lt;/i&gt; 🏔" in text


def test_a_stale_edit_is_a_conflict_and_the_audit_names_no_values(company, signed_in, li):
    edit_contact(contact=li, changes={"phone": "139 1111"}, seen=1, actor=company.manager)
    data = {"name": "Li Wei", "phone": "137 2222", "version": 1, "initial-phone": "138 0000", "initial-name": "Li Wei"}
    response = signed_in(company.rep).post(act(li, "edit"), data)
    text = response.content.decode()
    assert response.status_code == 409
    assert "139 1111" in text
    assert "137 2222" in text
    entries = AuditEntry.objects.filter(model="contact")
    assert "139" not in str([(entry.changes, entry.label) for entry in entries])


def test_archive_and_restore(company, signed_in, li):
    client = signed_in(company.rep)
    client.post(act(li, "archive"), {"version": 1})
    li.refresh_from_db()
    assert li.archived_at is not None
    assert list(client.get("/contacts/").context["page"]) == []
    assert list(client.get("/contacts/?archived=true").context["page"]) == [li]
    edited = client.post(act(li, "edit"), {"name": "X", "version": li.version})
    assert edited.status_code == 422
    assert "This is archived" in edited.content.decode()
    client.post(act(li, "restore"), {"version": li.version})
    li.refresh_from_db()
    assert li.archived_at is None
