"""Likely duplicates: asked about on create and edit, listed for managers; merges in the browser and the API."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from customers import duplicates
from customers.actions import archive_contact, edit_contact, edit_customer, merge_customers, undo_merge
from customers.bearers import MANY
from customers.duplicates import candidates, certain, signs_of
from customers.models import Customer, Merge
from customers.selectors.merges import duplicate_pairs
from opportunities.forms.create import QuickCreateForm
from opportunities.models import Opportunity
from pipeline.privacy import erase_contact
from tests import factories

pytestmark = pytest.mark.django_db
CODE = "91110000600037341L"
NEW = "/customers/new/"


def names(found):
    return {each.name: each.reasons for each in found}


def test_candidates_say_why_and_only_those_in_sight(company):
    factories.customer(
        company.rep, "远航汽车有限公司", credit_code=CODE, phone="+86 138 0013 8000", domain="a@sail.com"
    )
    factories.customer(company.rep, "杭州远航汽车集团", phone="13800138000")
    factories.customer(company.rep, "Mail", domain="sail.com")
    hidden = factories.customer(company.stranger, "Hidden")
    Customer.objects.filter(pk=hidden.pk).update(name="远航汽车", normalised_name="远航汽车")
    signs = signs_of(name="远航汽车", credit_code=CODE.lower(), phone="008613800138000", domain="www.sail.com")
    assert names(candidates(signs, company.rep)) == {
        "远航汽车有限公司": ("normalised_name", "credit_code", "phone", "domain"), "杭州远航汽车集团": ("phone",),
        "Mail": ("domain",),
    }  # fmt: skip
    assert names(candidates(signs_of(name="远航汽车"), company.rep))["杭州远航汽车集团"] == ("near",)
    assert names(candidates(signs_of(name="上海远航汽车有限公司"), company.rep))["远航汽车有限公司"] == ("near",)
    assert names(candidates(signs_of(domain="sail.com"), company.rep))["Mail"] == ("domain",)
    assert candidates(signs_of(domain="qq.com"), company.rep) == []


def test_a_phone_of_signs_that_are_several_fits_its_column(company):
    person = factories.contact(company.rep, factories.customer(company.rep), phone="\u3251" * 40)
    person.refresh_from_db()
    assert person.normalised_phone == "21" * 30


def test_a_customer_is_found_by_its_contacts(company, django_assert_num_queries):
    own = factories.customer(company.rep, "Far Sail")
    person = factories.contact(company.rep, own, phone="+86 21 6888-1234", email="Li@Sail.com")
    factories.contact(company.rep, own, phone="110", email="li@qq.com")
    hidden = factories.customer(company.stranger, "Hidden")
    factories.contact(company.stranger, hidden, phone="021 68881234", email="wu@sail.com")
    assert (person.normalised_phone, person.mail_domain) == ("02168881234", "sail.com")
    by = signs_of(name="Quite another", phone="021-6888 1234", domain="sail.com")
    with django_assert_num_queries(1):
        assert names(certain(by, company.rep)) == {"Far Sail": ("phone", "domain")}
    assert names(candidates(by, company.rep)) == {"Far Sail": ("phone", "domain")}
    assert candidates(signs_of(phone="110", domain="qq.com"), company.rep) == []
    person = edit_contact(contact=person, changes={"phone": "13800138000"}, seen=None, actor=company.rep)
    assert names(certain(by, company.rep)) == {"Far Sail": ("domain",)}
    archive_contact(contact=person, seen=None, actor=company.rep)
    assert certain(by, company.rep) == []


def test_what_is_erased_of_a_contact_finds_nothing(company):
    person = factories.contact(company.rep, factories.customer(company.rep, "Own"), phone="13800138000", email="a@b.cn")
    erase_contact(contact=person, reason="Asked to", actor=company.admin)
    person.refresh_from_db()
    assert (person.normalised_phone, person.mail_domain) == ("", "")
    assert certain(signs_of(phone="13800138000", domain="b.cn"), company.rep) == []


def test_an_exact_one_is_found_among_many_that_share_less(company):
    for number in range(MANY - 1):
        factories.customer(company.rep, f"Alley {number}", phone="021-6888 1234")
    factories.customer(company.rep, "Zenith Motors", credit_code=CODE, phone="021-6888 1234")
    signs = signs_of(name="Zenith Motors, Inc.", phone="021-6888 1234")
    by_code = signs_of(name="Other", credit_code=CODE, phone="021-6888 1234")
    for found in (candidates(signs, company.rep), certain(signs, company.rep), certain(by_code, company.rep)):
        assert found[0].name == "Zenith Motors" and found[0].is_exact
        assert len(found) == 8


def test_a_likely_one_asks_to_be_sure(company, signed_in):
    factories.customer(company.rep, "Far Sail Motors", phone="021-6888 1234")
    client = signed_in(company.rep)
    typed = {"name": "Quite another", "phone": "+86 21 6888 1234", "another": "False"}
    asked = client.post(NEW, typed)
    assert asked.status_code == 422
    assert "Far Sail Motors (same phone)</a>" in asked.content.decode()
    assert 'type="checkbox" name="another"' in asked.content.decode()
    assert client.post(NEW, {**typed, "another": "on"}).status_code == 302
    assert Customer.objects.count() == 2
    refused = client.post(NEW, {"name": "FAR SAIL motors, Inc.", "another": "on"})
    assert (refused.status_code, "is already among your customers" in refused.content.decode()) == (422, True)


def link(row, text):
    return f'<a class="text-decoration-underline" href="/customers/{row.pk}/" target="_blank" rel="noopener">{text}</a>'


def test_what_may_be_the_same_opens_beside_what_was_typed(company, signed_in):
    first = factories.customer(company.rep, "Far <Sail> & Motors", phone="021-6888 1234")
    second = factories.customer(company.rep, "Nearby", phone="021-6888 1234")
    hidden = factories.customer(company.stranger, "Hidden Works", phone="021-6888 1234")
    client = signed_in(company.rep)
    asked = client.post(NEW, {"name": "Quite another", "phone": "021 6888 1234", "industry": "Sails"}).content.decode()
    assert link(first, "Far &lt;Sail&gt; &amp; Motors (same phone)") in asked
    assert link(second, "Nearby (same phone)") in asked
    assert f"/customers/{hidden.pk}/" not in asked and "Hidden Works" not in asked
    assert 'value="Quite another"' in asked and 'value="Sails"' in asked
    same = client.post(NEW, {"name": "NEARBY"}).content.decode()
    assert f"“{link(second, 'Nearby')}” is already among your customers." in same
    edited = client.post(f"/customers/{second.pk}/edit/", {"name": "Far Sail Motors", "version": 1}).content.decode()
    assert link(first, "Far &lt;Sail&gt; &amp; Motors (same name)") in edited
    served = client.post(NEW, {"name": "hidden works"}).content.decode()
    assert "already served" in served and f"/customers/{hidden.pk}/" not in served
    gone = factories.customer(company.rep, "Gone Works")
    merge_customers(survivor=second, other=gone, actor=company.manager, seen=None, seen_other=None)
    formerly = client.post(NEW, {"name": "gone works"}).content.decode()
    assert link(second, "Nearby (formerly Gone Works)") in formerly


def test_whoever_has_nobody_above_says_so_of_a_namesake(company, signed_in):
    factories.customer(company.rep, "Far Sail Motors", credit_code=CODE)
    typed = {"name": "Far Sail Motors Group", "another": "on"}
    assert signed_in(company.manager).post(NEW, typed).status_code == 422  # the head of all is above
    for person in (company.director, company.admin):
        client = signed_in(person)
        asked = client.post(NEW, {**typed, "another": ""})
        assert (asked.status_code, 'type="checkbox" name="another"' in asked.content.decode()) == (422, True)
        assert client.post(NEW, typed).status_code == 302
        same = client.post(NEW, {**typed, "credit_code": CODE})
        assert "is already among your customers" in same.content.decode()
    assert signed_in(company.manager).post(NEW, typed).status_code == 422
    assert Customer.objects.count() == 3


def test_who_has_no_manager_is_sent_to_an_administrator(company, signed_in):
    factories.customer(company.stranger, "Far Sail Motors")
    asked = signed_in(company.rep).post(NEW, {"name": "far sail motors"}).content.decode()
    assert "ask your manager" in asked
    User.objects.filter(role="manager").update(role="rep")
    asked = signed_in(company.rep).post(NEW, {"name": "far sail motors"}).content.decode()
    assert "ask an administrator" in asked


def test_a_namesake_in_sight_says_whom_to_ask_and_a_credit_code_asks_nobody(company, signed_in):
    factories.customer(company.rep, "Far Sail Motors", credit_code=CODE)
    client = signed_in(company.rep)
    assert "another company, ask your manager" in client.post(NEW, {"name": "far sail motors"}).content.decode()
    same = client.post(NEW, {"name": "Other", "credit_code": CODE}).content.decode()
    assert "is already among your customers" in same and "another company" not in same
    User.objects.filter(role="manager").update(role="rep")
    assert "another company, ask an administrator" in client.post(NEW, {"name": "far sail motors"}).content.decode()


def test_an_edit_follows_with_the_normalised_name(company):
    row = factories.customer(company.rep, "One Ltd")
    edit_customer(customer=row, changes={"name": "Two GmbH"}, seen=None, actor=company.rep)
    row.refresh_from_db()
    assert row.normalised_name == "two"


def test_the_page_lists_pairs_in_sight(company, signed_in, django_assert_max_num_queries):
    for name in ("Acme Ltd", "ACME Inc."):
        Customer.objects.filter(pk=factories.customer(company.rep, name + "x").pk).update(
            normalised_name="acme", name=name
        )
    hidden = factories.customer(company.stranger, "Hidden GmbH")
    Customer.objects.filter(pk=hidden.pk).update(normalised_name="acme")
    client = signed_in(company.manager)
    with django_assert_max_num_queries(15):
        text = client.get("/customers/duplicates/").content.decode()
    assert "Acme Ltd" in text
    assert "ACME Inc." in text
    assert "GmbH" not in text


def pairs_of(user):
    return [(pair.one.name, pair.two.name, pair.reasons) for pair in duplicate_pairs(user)]


def test_pairs_share_signs_by_their_contacts_and_by_whom_was_merged(company, django_assert_num_queries):
    one, two, three, four = (factories.customer(company.rep, name) for name in ("One", "Two", "Three", "Four"))
    Customer.objects.filter(pk=one.pk).update(phone="02168881234")
    factories.contact(company.rep, two, phone="021 6888 1234", email="wu@sail.cn")
    person = factories.contact(company.rep, three, phone="110", email="li@sail.cn")
    factories.contact(company.rep, four, phone="110", email="li@qq.com")
    hidden = factories.customer(company.stranger, "Hidden")
    factories.contact(company.stranger, hidden, phone="02168881234", email="a@sail.cn")
    gone = factories.customer(company.rep, "Gone Ltd")
    merge_customers(survivor=four, other=gone, actor=company.manager)
    Customer.objects.filter(pk=three.pk).update(normalised_name="gone")
    wanted = [("One", "Two", ("phone",)), ("Two", "Three", ("domain",)), ("Three", "Four", ("normalised_name",))]
    with django_assert_num_queries(2):
        assert pairs_of(company.manager) == wanted
    archive_contact(contact=person, seen=None, actor=company.rep)
    assert pairs_of(company.manager) == [wanted[0], wanted[2]]
    assert pairs_of(company.other_manager) == []


def test_of_a_pair_every_shared_sign_is_told_and_the_most_alike_come_first(company):
    for name, phone in (("A", "02168881234"), ("B", "02168881234"), ("C", "13800138000"), ("D", "13800138000")):
        row = factories.customer(company.rep, name, phone=phone)
        Customer.objects.filter(pk=row.pk).update(normalised_name="one" if name in "CD" else name)
    assert pairs_of(company.manager) == [("C", "D", ("normalised_name", "phone")), ("A", "B", ("phone",))]


def test_what_very_many_share_tells_nothing(company):
    """A switchboard, a provider's domain: not on the page of pairs, not when a customer is created; a name does."""
    rows = [factories.customer(company.rep, f"Tenant {number}") for number in range(MANY + 1)]
    for row in rows:
        factories.contact(company.rep, row, phone="02168881234", email="a@park.cn")
    by = signs_of(name="Newcomer", phone="02168881234", domain="park.cn")
    assert (pairs_of(company.manager), candidates(by, company.rep), certain(by, company.rep)) == ([], [], [])
    near = candidates(signs_of(name="Tenant 7 Works", domain="park.cn"), company.rep)
    assert names(near)["Tenant 7"] == ("near",)
    archive_contact(contact=rows[0].contacts.get(), seen=None, actor=company.rep)
    assert len(pairs_of(company.manager)) == MANY - 1
    assert certain(by, company.rep)[0].reasons == ("phone", "domain")
    Customer.objects.update(normalised_name="tenant")
    told = [reasons for _one, _two, reasons in pairs_of(company.manager)]
    assert (told.count(("normalised_name", "phone", "domain")), told.count(("normalised_name",))) == (MANY - 1, MANY)


def test_merge_and_take_back_in_the_browser(company, signed_in):
    one, two = factories.customer(company.rep, "One"), factories.customer(company.rep, "Two", industry="Steel")
    contact = factories.contact(company.rep, two)
    client = signed_in(company.manager)
    url = f"/customers/{one.pk}/merge/"
    assert two.key in client.get(url, {"other": two.key}).content.decode()
    Customer.objects.filter(pk=two.pk).update(annual_spend=30_000_000, created_on=date(2026, 3, 29))
    seen = client.post(url, {"other": two.key}).content.decode()
    assert "is filled" in seen and "¥30,000,000" in seen and "29 Mar 2026" in seen
    assert not Merge.objects.exists()
    assert client.post(url, {"other": two.key, "sure": "true"}).status_code == 302
    contact.refresh_from_db()
    merge = Merge.objects.get()
    assert contact.customer == one
    assert client.get(f"/customers/{two.pk}/")["Location"] == f"/customers/{one.pk}/"
    Merge.objects.update(merged_at=datetime(2026, 3, 29, 18, tzinfo=UTC))
    assert "30 Mar 02:00" in client.get("/customers/merges/").content.decode()
    Merge.objects.update(merged_at=timezone.now())
    assert "Two" in client.get("/customers/merges/").content.decode()
    assert client.get(f"/customers/merges/{merge.pk}/undo/").status_code == 200
    assert client.post(f"/customers/merges/{merge.pk}/undo/").status_code == 302
    contact.refresh_from_db()
    assert contact.customer == two


def test_name_and_code_of_one_merged_away_lead_to_its_survivor(company, signed_in):
    one = factories.customer(company.rep, "One", phone="021-6888 1234")
    two = factories.customer(company.rep, "Two Ltd", credit_code=CODE)
    Customer.objects.filter(pk=one.pk).update(credit_code="91330100799655058B")
    merge = merge_customers(survivor=one, other=two, actor=company.manager)
    for signs in (signs_of(name="two"), signs_of(name="Other", credit_code=CODE)):
        for look in (candidates, certain):
            [found] = look(signs, company.rep)
            assert (found.pk, found.key, found.name, found.formerly, found.is_exact) == (
                one.pk, one.key, "One", "Two Ltd", True
            )  # fmt: skip
            assert look(signs, company.stranger) == []
    [found] = certain(signs_of(name="Two", phone="021-6888 1234"), company.rep)
    assert found.reasons == ("normalised_name", "phone")
    refused = signed_in(company.rep).post(NEW, {"name": "TWO"})
    assert (refused.status_code, "One (formerly Two Ltd)</a>” is already among" in refused.content.decode()) == (
        422,
        True,
    )
    stranger = signed_in(company.stranger)
    for typed in ({"name": "TWO"}, {"name": "Other", "credit_code": CODE}):
        assert "already served" in stranger.post(NEW, typed).content.decode()
    third = factories.customer(company.rep, "Third")
    with pytest.raises(ValidationError, match="One"):
        edit_customer(customer=third, changes={"credit_code": CODE}, seen=None, actor=company.rep)
    edit_customer(customer=one, changes={"credit_code": CODE}, seen=None, actor=company.rep)
    undo_merge(merge=merge, actor=company.manager)
    assert names(certain(signs_of(name="Two"), company.rep)) == {"Two Ltd": ("normalised_name",)}


@pytest.mark.parametrize(
    ("typed", "found"), [("works", ["One"]), ("old-2", ["One"]), ("zgj", ["One"]), ("two", ["Twofold"]), ("zw", [])]
)
def test_the_list_finds_the_survivor_by_name_and_key_of_the_other(company, signed_in, typed, found):
    one, other = (
        factories.customer(company.rep, "One"),
        factories.customer(company.rep, "Two Works 重工机械", key="old-2"),
    )
    factories.customer(company.rep, "Twofold")
    merge = merge_customers(survivor=one, other=other, actor=company.manager)
    hidden = factories.customer(company.stranger, "Far"), factories.customer(company.stranger, "Far Works")
    merge_customers(survivor=hidden[0], other=hidden[1], actor=company.admin)
    client = signed_in(company.rep)

    def named(typed):
        page = [row.name for row in client.get("/customers/", {"q": typed}).context["page"].object_list]
        api = [client.get("/api/v1/customers/", {name: typed}).json()["results"] for name in ("q", "search")]
        assert all([row["name"] for row in rows] == page for rows in api)
        return page

    assert named(typed) == found
    undo_merge(merge=merge, actor=company.manager)
    assert named("works") == ["Two Works 重工机械"]


def test_the_quick_create_chooses_the_survivor(company):
    one, two = factories.customer(company.rep, "One"), factories.customer(company.rep, "Two")
    merge_customers(survivor=one, other=two, actor=company.manager)
    form = QuickCreateForm(company.rep, QueryDict("customer=two"))
    assert (form.is_valid(), form.chosen) == (False, one)


def test_a_merge_tells_of_no_row_that_is_hidden(company, signed_in):
    above = factories.customer(company.stranger, "WESTERN Holding")
    one, two = factories.customer(company.rep, "One"), factories.customer(company.rep, "Two", industry="Steel")
    Customer.objects.filter(pk=two.pk).update(parent=above)
    child = factories.customer(company.stranger, "WESTERN Works", parent=two)
    mine, theirs = (factories.opportunity(company.rep, customer=two) for _each in range(2))
    Opportunity.objects.filter(pk=theirs.pk).update(owner=company.stranger)
    client = signed_in(company.manager)
    url = f"/customers/{one.pk}/merge/"
    asked = client.post(url, {"other": two.key})
    text = asked.content.decode()
    assert "Steel" in text and "WESTERN" not in text
    assert [count for _name, count in asked.context["moving"]] == [1], "the deal of their own alone"
    whole = signed_in(company.admin).post(url, {"other": two.key})
    assert "WESTERN Holding" in whole.content.decode()
    assert sorted(count for _name, count in whole.context["moving"]) == [1, 2]
    api = f"/api/v1/customers/{one.pk}/merge/"
    made = client.post(api, {"other": two.key}, content_type="application/json").json()
    assert made["moved"] == {"opportunities.opportunity.customer": [mine.pk]}
    assert client.get("/api/v1/merges/").json()["results"][0]["moved"] == made["moved"]
    assert client.get(f"/api/v1/merges/{made['id']}/").json()["moved"] == made["moved"]
    assert client.get("/customers/merges/").context["page"].object_list[0].rows == 1
    seen = signed_in(company.executive).get("/api/v1/merges/").json()["results"][0]["moved"]
    assert (len(seen["opportunities.opportunity.customer"]), seen["customers.customer.parent"]) == (2, [child.pk])
    trail = client.get(f"/customers/{one.pk}/changes/").content.decode()
    assert "WESTERN" not in trail and "Rows" not in trail
    Opportunity.objects.filter(pk=theirs.pk).update(customer=above)
    undone = client.post(f"/api/v1/merges/{made['id']}/undo/", {}, content_type="application/json").json()
    assert (undone["merge"]["moved"], undone["elsewhere"]) == (made["moved"], {})
    mine.refresh_from_db()
    theirs.refresh_from_db()
    child.refresh_from_db()
    assert (mine.customer, theirs.customer, child.parent) == (two, above, two), "what is hidden went back as well"


@pytest.mark.parametrize("of", ["customers", "contacts"])
def test_of_a_sign_that_too_many_share_only_as_many_are_read_as_show_it(company, of):
    for number in range(3 * MANY):
        domain = "giant.com" if of == "customers" else ""
        customer = factories.customer(company.rep, f"Works {number}", domain=domain)
        if of == "contacts":
            factories.contact(company.rep, customer, email="li@giant.com")
    factories.customer(company.rep, "Far Sail Ltd")
    signs = signs_of(name="Far Sail", domain="giant.com")
    read = duplicates._asked(company.admin, signs, [])
    assert len(read) == MANY + 2
    assert names(candidates(signs, company.admin)) == {"Far Sail Ltd": ("normalised_name",)}
