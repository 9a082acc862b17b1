"""Creating, editing, handing over, archiving: every door of a customer in the browser."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import AuditEntry
from customers.actions import edit_customer
from customers.models import Customer
from pipeline.interchange import import_workspace
from tests import factories
from tests.api.conftest import client_of

pytestmark = pytest.mark.django_db
NEW = "/customers/new/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def own(company):
    return factories.customer(company.rep, "Own", industry="Motors")


def url(customer, act):
    return f"/customers/{customer.pk}/{act}/"


def posted(customer, **changed):
    """What the edit form posts, with what it showed at first beside it."""
    shown = {
        "name": customer.name, "tier": customer.tier, "industry": customer.industry, "region": customer.region,
        "annual_spend": "", "created_on": customer.created_on.isoformat(), "parent": "",
    }  # fmt: skip
    first = {f"initial-{name}": value for name, value in shown.items()}
    return {**shown, **first, "version": customer.version, **changed}


# --- Create


def test_a_page_without_script_and_a_dialog_with(company, signed_in):
    client = signed_in(company.rep)
    assert "<html" in client.get(NEW).content.decode()
    fragment = client.get(NEW, headers=HTMX)
    assert "<html" not in fragment.content.decode()
    assert 'hx-post="/customers/new/"' in fragment.content.decode()
    assert "HX-Request" in fragment["Vary"]


def test_create_by_name_alone(company, signed_in):
    response = signed_in(company.rep).post(NEW, {"name": "  New Works "})
    made = Customer.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/customers/{made.pk}/"
    assert (made.name, made.owner, made.team) == ("New Works", company.rep, company.east)
    assert made.created_on is not None


def test_create_with_everything(company, signed_in, own):
    data = {
        "name": "All", "tier": "4A", "industry": "Steel", "region": "West", "annual_spend": "640",
        "annual_spend_unit": "K", "created_on": "2024-02-29", "parent": own.key, "owner": "mate",
    }  # fmt: skip
    response = signed_in(company.manager).post(NEW, data, headers=HTMX)
    made = Customer.objects.get(name="All")
    assert response.status_code == 204
    assert response["HX-Redirect"] == f"/customers/{made.pk}/"
    assert (made.tier, made.annual_spend, made.created_on) == ("4A", Decimal("640000.00"), date(2024, 2, 29))
    assert (made.parent, made.owner) == (own, company.mate)


def test_an_administrator_creates_one_without_an_owner(company, signed_in):
    signed_in(company.admin).post(NEW, {"name": "Nobody's"})
    assert Customer.objects.get().owner is None


def test_a_rep_cannot_name_an_owner(company, signed_in):
    signed_in(company.rep).post(NEW, {"name": "Mine", "owner": "mate"})
    assert Customer.objects.get().owner == company.rep


def test_a_manager_cannot_give_it_to_somebody_elses_people(company, signed_in):
    response = signed_in(company.manager).post(NEW, {"name": "Mine", "owner": "stranger"})
    assert response.status_code == 422
    assert "owner" in response.context["form"].errors
    assert not Customer.objects.exists()


def test_executives_create_nothing(company, signed_in):
    client = signed_in(company.executive)
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, {"name": "X"}).status_code == 403
    assert not Customer.objects.exists()


def test_a_hidden_namesake_answers_served_already_and_nothing_else(company, signed_in, own):
    response = signed_in(company.stranger).post(NEW, {"name": " OWN "})
    assert response.status_code == 422
    errors = response.context["form"].errors.as_data()["name"]
    assert [error.messages for error in errors] == [["This customer is already served, ask your manager."]]
    assert Customer.objects.count() == 1
    assert AuditEntry.objects.filter(action="already_served").count() == 1
    assert "Motors" not in response.content.decode()
    assert "Rep" not in response.content.decode().replace("Replace", "")


def test_a_visible_namesake_is_named(company, signed_in, own):
    response = signed_in(company.rep).post(NEW, {"name": "own"})
    assert response.status_code == 422
    link = f'<a class="text-decoration-underline" href="/customers/{own.pk}/" target="_blank" rel="noopener">Own</a>'
    text = f"“{link}” is already among your customers. If yours is another company, ask your manager."
    assert text in response.context["form"].errors["name"]


BAD = [
    ({"name": ""}, "name"),
    ({"name": "   "}, "name"),
    ({"name": "x" * 10_000}, "name"),
    ({"name": "nul\x00"}, "name"),
    ({"name": "a", "tier": "6A"}, "tier"),
    ({"name": "a", "industry": "x" * 10_000}, "industry"),
    ({"name": "a", "region": "\x00"}, "region"),
    ({"name": "a", "annual_spend": "1" + "0" * 20}, "annual_spend"),
    ({"name": "a", "annual_spend": "-1"}, "annual_spend"),
    ({"name": "a", "annual_spend": "much"}, "annual_spend"),
    ({"name": "a", "annual_spend": "NaN"}, "annual_spend"),
    ({"name": "a", "created_on": "9999-12-31"}, "created_on"),
    ({"name": "a", "created_on": "2026-02-30"}, "created_on"),
    ({"name": "a", "parent": "nothing"}, "parent"),
    ({"name": "a", "parent": "\x00"}, "parent"),
]


@pytest.mark.parametrize(("data", "field"), BAD, ids=lambda value: str(value)[:40])
def test_bad_input_is_answered_at_its_field_and_nothing_is_written(company, signed_in, data, field):
    response = signed_in(company.rep).post(NEW, data, headers=HTMX)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert "invalid-feedback" in response.content.decode()
    assert not Customer.objects.exists()


def test_what_was_typed_comes_back(company, signed_in):
    data = {"name": "Kept <b>🏔", "annual_spend": "-7", "annual_spend_unit": "K", "industry": "Kept industry"}
    text = signed_in(company.rep).post(NEW, data).content.decode()
    assert 'value="Kept &lt;b&gt;🏔"' in text
    assert 'value="Kept industry"' in text
    assert 'value="-7"' in text


def test_the_key_of_a_hidden_parent_is_answered_like_one_that_is_not_there(company, signed_in, own):
    client = signed_in(company.stranger)
    hidden = client.post(NEW, {"name": "a", "parent": own.key}).context["form"].errors["parent"]
    missing = client.post(NEW, {"name": "a", "parent": "nothing"}).context["form"].errors["parent"]
    assert hidden == missing


# --- Edit


def test_edit_writes_what_was_changed(company, signed_in, own):
    data = posted(own, name="Own Works", annual_spend="1.5M")
    response = signed_in(company.rep).post(url(own, "edit"), data)
    assert response.status_code == 302
    own.refresh_from_db()
    assert (own.name, own.annual_spend, own.industry) == ("Own Works", Decimal("1500000.00"), "Motors")
    entry = AuditEntry.objects.filter(model="customer", action="edit").get()
    assert set(entry.changes) == {"name", "annual_spend"}
    assert entry.door == "browser"


def test_a_field_that_was_left_alone_is_no_conflict(company, signed_in, own):
    data = posted(own, name="Mine")
    edit_customer(customer=own, changes={"industry": "Theirs"}, seen=own.version, actor=company.manager)
    assert signed_in(company.rep).post(url(own, "edit"), data).status_code == 302
    own.refresh_from_db()
    assert (own.name, own.industry) == ("Mine", "Theirs")


@pytest.fixture
def conflict(company, signed_in, own):
    data = posted(own, name="Mine", region="Typed region")
    edit_customer(customer=own, changes={"name": "Theirs"}, seen=own.version, actor=company.manager)
    return signed_in(company.rep), data


def test_a_stale_write_shows_who_theirs_and_mine_and_loses_nothing(company, own, conflict):
    client, data = conflict
    response = client.post(url(own, "edit"), data, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 409
    assert "Manager changed this" in text
    assert "Theirs" in text
    assert 'value="Typed region"' in text
    assert 'value="Mine"' in text
    own.refresh_from_db()
    assert (own.name, own.region) == ("Theirs", "")


@pytest.mark.parametrize(("keep", "name"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_mine_or_theirs(own, conflict, keep, name):
    client, data = conflict
    shown = client.post(url(own, "edit"), data).context["conflict"].version
    response = client.post(url(own, "edit"), {**data, "keep": keep, "current_version": shown})
    assert response.status_code == 302
    own.refresh_from_db()
    assert (own.name, own.region) == (name, "Typed region")


def test_a_write_without_a_version_is_as_old_as_can_be(company, signed_in, own):
    edit_customer(customer=own, changes={"name": "Theirs"}, seen=own.version, actor=company.manager)
    own.refresh_from_db()
    for version in ("", "x", "-1", "9" * 30):
        data = {**posted(own, name="Mine"), "initial-name": "Own", "version": version}
        assert signed_in(company.rep).post(url(own, "edit"), data).status_code == 409


def test_a_hidden_parent_survives_an_edit(company, signed_in, own):
    hidden = factories.customer(company.stranger, "Hidden parent")
    own.parent = hidden
    own.save()
    client = signed_in(company.rep)
    assert "Hidden parent" not in client.get(url(own, "edit")).content.decode()
    assert client.post(url(own, "edit"), posted(own, name="Renamed")).status_code == 302
    own.refresh_from_db()
    assert (own.name, own.parent) == ("Renamed", hidden)


def test_a_company_cannot_belong_to_itself(company, signed_in, own):
    child = factories.customer(company.rep, "Child", parent=own)
    response = signed_in(company.rep).post(url(own, "edit"), posted(own, parent=child.key))
    assert response.status_code == 422
    assert response.context["form"].errors["parent"] == ["A company cannot belong to itself."]


def test_a_circle_through_a_hidden_company_reads_like_an_unknown_parent(company, signed_in, own):
    hidden = factories.customer(company.stranger, "Hidden company", parent=own)
    below = factories.customer(company.rep, "Below", parent=hidden)

    def said(who, parent):
        form = signed_in(who).post(url(own, "edit"), posted(own, parent=parent)).context["form"].errors
        api = client_of(who).patch(f"customers/{own.pk}/", {"parent": parent, "version": own.version})
        assert api.status_code == 400
        return form, api.json()

    unknown = said(company.rep, "unknown")
    assert unknown == said(company.rep, below.key) == ({"parent": ["There is no such choice."]},) * 2
    Customer.objects.filter(pk=hidden.pk).update(owner=company.rep)
    assert said(company.rep, below.key) == ({"parent": ["A company cannot belong to itself."]},) * 2


# --- Who may


ACTS = ["edit", "assign", "archive", "restore", "contacts/new"]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["mate", "other_manager", "stranger"])
def test_hidden_ones_are_not_there_for_any_act(company, signed_in, own, who, act):
    client = signed_in(getattr(company, who))
    assert client.get(url(own, act)).status_code == 404
    assert client.post(url(own, act), {"name": "X", "version": 1}).status_code == 404


@pytest.mark.parametrize(
    ("who", "refused"),
    [
        ("executive", ACTS),
        ("admin", ["edit", "archive", "restore", "contacts/new"]),
        ("rep", ["assign"]),
    ],
)
def test_readers_are_refused(company, signed_in, own, who, refused):
    client = signed_in(getattr(company, who))
    for act in ACTS:
        expected = 403 if act in refused else 200
        assert client.get(url(own, act)).status_code == expected, act
        if act in refused:
            assert client.post(url(own, act), {"name": "X", "version": 1}).status_code == 403, act
    own.refresh_from_db()
    assert (own.version, own.name) == (1, "Own")


def test_a_collaborators_own_customer_is_read_but_not_edited(company, signed_in, own):
    from opportunities.actions import add_collaborator

    deal = factories.opportunity(company.rep, customer=own)
    add_collaborator(opportunity=deal, user=company.mate, actor=company.rep)
    client = signed_in(company.mate)
    assert client.get(f"/customers/{own.pk}/").status_code == 200
    assert client.get(url(own, "edit")).status_code == 403
    assert client.get(url(own, "contacts/new")).status_code == 200


def test_anonymous_people_are_asked_to_sign_in(company, own):
    for act in ACTS:
        assert Client().get(url(own, act))["Location"].startswith("/accounts/login/")
    fragment = Client().get(NEW, headers=HTMX)
    assert fragment["HX-Redirect"].startswith("/accounts/login/")


# --- Hand over, archive, restore


def test_a_manager_hands_over_within_their_charge(company, signed_in, own):
    client = signed_in(company.manager)
    assert client.post(url(own, "assign"), {"owner": "stranger", "version": own.version}).status_code == 422
    response = client.post(url(own, "assign"), {"owner": "mate", "version": own.version})
    assert response["Location"] == f"/customers/{own.pk}/"
    own.refresh_from_db()
    assert (own.owner, own.team) == (company.mate, company.east)
    assert signed_in(company.rep).get(f"/customers/{own.pk}/").status_code == 404


def test_an_administrator_hands_over_anywhere(company, signed_in, own):
    signed_in(company.admin).post(url(own, "assign"), {"owner": "stranger", "version": own.version})
    own.refresh_from_db()
    assert (own.owner, own.team) == (company.stranger, company.west)


def test_two_handovers_at_once_conflict(company, signed_in, own):
    seen = own.version
    signed_in(company.admin).post(url(own, "assign"), {"owner": "stranger", "version": seen})
    response = signed_in(company.director).post(url(own, "assign"), {"owner": "mate", "version": seen})
    assert response.status_code == 409
    assert "Stranger" in response.content.decode()


def test_archive_and_restore(company, signed_in, own):
    client = signed_in(company.rep)
    assert "Archive Own?" in client.get(url(own, "archive")).content.decode()
    client.post(url(own, "archive"), {"version": own.version})
    own.refresh_from_db()
    assert own.archived_at is not None
    client.post(url(own, "restore"), {"version": own.version})
    own.refresh_from_db()
    assert own.archived_at is None


def test_open_opportunities_stand_against_archiving(company, signed_in, own):
    factories.opportunity(company.rep, "In the way", customer=own)
    response = signed_in(company.rep).post(url(own, "archive"), {"version": own.version})
    assert response.status_code == 422
    assert "In the way" in response.content.decode()
    own.refresh_from_db()
    assert own.archived_at is None


def test_only_get_and_post(company, signed_in, own):
    client = signed_in(company.rep)
    assert client.delete(url(own, "edit")).status_code == 405
    assert client.post("/customers/").status_code == 405


def test_a_conflict_about_the_parent_names_no_hidden_one(company, signed_in, own):
    hidden, seen = factories.customer(company.stranger, "WESTERN Holding"), factories.customer(company.rep, "Mine")
    edit_customer(customer=own, changes={"parent": hidden}, seen=own.version, actor=company.director)
    answer = signed_in(company.rep).post(url(own, "edit"), posted(own, parent=seen.key))
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Mine" in text and "WESTERN" not in text


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("110000 010203040", "This is the old registration number of 15 digits.", "这是旧的 15 位注册号。"),
        ("9111000060003734", "A unified social credit code has 18 characters.", "统一社会信用代码应为 18 位。"),
        ("91110000600037341M", "its check character is wrong.", "校验码不对"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_is_wrong_with_a_credit_code(company, signed_in, tmp_path, code, english, chinese, language):
    said = english if language == "en" else chinese
    company.rep.language = language
    company.rep.save()
    client, typed = signed_in(company.rep), {"name": "Sail", "credit_code": code}
    assert said in client.post(NEW, typed).content.decode()
    answer = client.post("/api/v1/customers/", typed, content_type="application/json")
    assert (answer.status_code, said in answer.json()["credit_code"][0]) == (400, True)
    (tmp_path / "customers.csv").write_text(f"key,name,credit_code\nsail,Sail,{code}\n", encoding="utf-8")
    [bad] = import_workspace(tmp_path, dry_run=True).bad_rows
    with translation.override(language):
        assert (bad.column, said in str(bad.wrong)) == ("credit_code", True)
