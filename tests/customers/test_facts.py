"""Orders, contracts, NPS answers: entered, changed, renewed, counted; by whom; what is due."""

import csv
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from accounts.calendar import t12m
from accounts.models import AuditEntry
from accounts.selectors import today
from customers.actions import (
    archive_contract,
    assign_customer,
    create_contract,
    create_nps_response,
    create_order,
    edit_contract,
    edit_nps_response,
    edit_order,
    renew_contract,
    restore_contract,
)
from customers.models import Contract, NpsResponse, Order, Product
from customers.selectors.facts import nps, renewals_due
from customers.selectors.page import for_page
from customers.selectors.renewals import to_remind_of
from pipeline.interchange import import_workspace
from tests import factories
from tests.pipeline.interchange.workspaces import shared, wipe

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Own")


def contract(customer, actor, ends_on, **fields):
    fields.setdefault("starts_on", ends_on - timedelta(days=364))
    return create_contract(actor=actor, customer=customer, ends_on=ends_on, **fields)


def test_an_order_is_the_sellers_who_enters_it(company, customer):
    row = create_order(actor=company.rep, customer=customer, amount=Decimal("12.50"), booked_on=today())
    assert (row.owner, row.amount) == (company.rep, Decimal("12.50"))
    other = create_order(actor=company.manager, customer=customer, amount=1, booked_on=today(), owner=company.mate)
    assert edit_order(order=other, changes={"amount": Decimal(3)}, seen=1, actor=company.rep).amount == 3


def test_who_only_reads_the_customer_enters_nothing(company, customer):
    rows = [
        lambda who: create_order(actor=who, customer=customer, amount=1, booked_on=today()),
        lambda who: contract(customer, who, today()),
        lambda who: create_nps_response(actor=who, customer=customer, score=9, answered_on=today()),
    ]
    for make in rows:
        with pytest.raises(PermissionDenied):
            make(company.executive)
        with pytest.raises(Http404):
            make(company.stranger)
        make(company.admin)  # brings another system's rows in
        row = make(company.rep)
        with pytest.raises((PermissionDenied, Http404)):
            edit_order(order=row, changes={"amount": 2}, seen=1, actor=company.admin)


def test_a_contract_ends_after_it_starts(company, customer):
    with pytest.raises(ValidationError) as caught:
        contract(customer, company.rep, today(), starts_on=today() + timedelta(days=1))
    assert set(caught.value.message_dict) == {"ends_on"}
    row = contract(customer, company.rep, today())
    with pytest.raises(ValidationError):
        edit_contract(contract=row, changes={"ends_on": date(2000, 1, 1)}, seen=1, actor=company.rep)


def test_a_contract_is_renewed_by_one_that_follows(company, customer):
    row = contract(customer, company.rep, date(2026, 12, 31), title="Service", amount=Decimal(100))
    made = renew_contract(contract=row, ends_on=date(2027, 12, 31), amount=Decimal(110), actor=company.rep, seen=1)
    row.refresh_from_db()
    assert (row.renewed_by, made.title, made.starts_on) == (made, "Service", date(2027, 1, 1))
    assert AuditEntry.objects.filter(action="renew").count() == 1
    with pytest.raises(ValidationError):
        renew_contract(contract=row, ends_on=date(2028, 12, 31), amount=None, actor=company.rep)
    assert Contract.objects.count() == 2


def test_the_form_of_a_contract_says_which_one_follows(company, customer, signed_in):
    row = contract(customer, company.rep, date(2026, 12, 31), starts_on=date(2026, 1, 1), title="Service")
    client, form = signed_in(company.rep), reverse("contract_edit", args=[row.pk])
    assert "renewed_by" not in client.get(form).context["form"].fields, "there is no other"
    follows = contract(customer, company.rep, date(2027, 12, 31), starts_on=date(2027, 1, 1), title="Service")
    gone = contract(customer, company.rep, date(2028, 12, 31))
    archive_contract(contract=gone, seen=None, actor=company.rep)
    foreign = contract(factories.customer(company.rep), company.rep, date(2027, 12, 31))
    choices = [text for _value, text in client.get(form).context["form"].fields["renewed_by"].choices]
    assert choices == ["—", "Service · 1 Jan 2027 – 31 Dec 2027"]
    typed = {"title": "Service", "starts_on": "2026-01-01", "ends_on": "2026-12-31", "version": row.version}
    for wrong in (foreign.pk, gone.pk, row.pk, "x"):
        assert client.post(form, {**typed, "renewed_by": wrong}).status_code == 422
    assert client.post(form, {**typed, "renewed_by": follows.pk}).status_code == 302
    row.refresh_from_db()
    assert row.renewed_by == follows
    circle = reverse("contract_edit", args=[follows.pk])
    typed |= {"starts_on": "2027-01-01", "ends_on": "2027-12-31", "version": follows.version}
    answer = client.post(circle, {**typed, "renewed_by": row.pk})
    assert (answer.status_code, "A contract cannot renew itself." in answer.content.decode()) == (422, True)


def test_a_contract_is_not_renewed_in_a_circle_nor_by_a_stranger(company, customer):
    first = contract(customer, company.rep, date(2026, 12, 31))
    second = renew_contract(contract=first, ends_on=date(2027, 12, 31), amount=None, actor=company.rep)
    other = contract(factories.customer(company.rep), company.rep, date(2027, 12, 31))
    for renewed_by in (first, second, other):
        with pytest.raises(ValidationError) as caught:
            edit_contract(contract=second, changes={"renewed_by": renewed_by}, seen=None, actor=company.rep)
        assert set(caught.value.message_dict) == {"renewed_by"}


def test_what_an_archived_contract_renews_is_not_renewed(company, customer, signed_in):
    row = contract(customer, company.rep, today() + timedelta(days=30), title="Service")
    made = renew_contract(contract=row, ends_on=today() + timedelta(days=395), amount=None, actor=company.rep)
    client, page, panel = signed_in(company.rep), reverse("contracts"), reverse("customer_facts", args=[customer.pk])

    def said():
        row.refresh_from_db()
        made.refresh_from_db()
        told = [*to_remind_of(today())], [*renewals_due(company.rep, today())]
        listed = [*client.get(f"{page}?due=true").context["page"].object_list]
        api = client.get("/api/v1/contracts/?due=true").json()["results"]
        shown = b"renewal due in 30 days" in client.get(panel, headers=HTMX).content
        day = for_page(company.rep).get(pk=customer.pk).renewal_on
        return row.is_renewed, *map(len, (*told, listed, api)), shown, day == row.ends_on

    assert said() == (True, 0, 0, 0, 0, False, False)
    assert f"/contracts/{row.pk}/renew/" not in client.get(page).content.decode()
    archive_contract(contract=made, seen=None, actor=company.rep)
    assert said() == (False, 1, 1, 1, 1, True, True)
    assert f"/contracts/{row.pk}/renew/" in client.get(page).content.decode()
    restore_contract(contract=made, seen=None, actor=company.rep)
    assert said() == (True, 0, 0, 0, 0, False, False)
    archive_contract(contract=made, seen=None, actor=company.rep)
    other = renew_contract(contract=row, ends_on=today() + timedelta(days=395), amount=None, actor=company.rep)
    row.refresh_from_db()
    assert (row.renewed_by, row.is_renewed) == (other, True)


@pytest.mark.parametrize(("language", "words"), [("en", "not renewed"), ("zh-hans", "未续签")])
def test_a_contract_that_ended_and_that_none_follows_is_said(company, customer, signed_in, language, words):
    client, day, page = signed_in(company.rep), today(), reverse("customer", args=[customer.pk])
    company.rep.language = language
    company.rep.save(update_fields=["language"])
    row = contract(customer, company.rep, day, starts_on=day - timedelta(days=700), title="Service")
    places = (page, reverse("customer_facts", args=[customer.pk]), reverse("contracts"))

    def said(ends_on=None):
        if ends_on:
            Contract.objects.filter(pk=row.pk).update(ends_on=ends_on)
        shown = for_page(company.rep).get(pk=customer.pk)
        row.refresh_from_db()
        assert shown.lapsed_on in (None, row.ends_on)
        told = {words in client.get(place).content.decode() for place in places}
        assert told == {shown.lapsed_on is not None} == {row.has_lapsed(day)}
        return told.pop()

    year = t12m(day).first
    days = (day - timedelta(days=1), year, year - timedelta(days=1), day)
    assert [said(each) for each in days] == [True, True, False, False]
    assert said(day - timedelta(days=1)) and not renewals_due(company.rep, day).exists()
    other = contract(customer, company.rep, day + timedelta(days=30))  # of another line, it follows nothing
    assert said() and for_page(company.rep).get(pk=customer.pk).renewal_on == other.ends_on
    made = renew_contract(contract=row, ends_on=day + timedelta(days=365), amount=None, actor=company.rep)
    assert not said()
    archive_contract(contract=made, seen=None, actor=company.rep)
    assert said()
    archive_contract(contract=row, seen=None, actor=company.rep)
    assert for_page(company.rep).get(pk=customer.pk).lapsed_on is None


def test_an_archived_contract_is_not_renewed(company, customer, signed_in):
    row = contract(customer, company.rep, today())
    archive_contract(contract=row, seen=None, actor=company.rep)
    client, end = signed_in(company.rep), (today() + timedelta(days=365)).isoformat()
    said = {"starts_on": today().isoformat(), "ends_on": end, "version": 2}
    assert b"Restore it first" in client.post(reverse("contract_renew", args=[row.pk]), said, headers=HTMX).content
    api = client.post(f"/api/v1/contracts/{row.pk}/renew/", {"ends_on": end}, content_type="application/json")
    assert api.status_code == 400, api.content
    assert Contract.objects.count() == 1


def test_the_days_of_a_contract_are_those_of_a_calendar(company, customer, signed_in):
    client, far = signed_in(company.rep), date(9999, 12, 31)
    for starts, ends in (("2026-01-01", "9999-12-31"), ("0001-01-01", "2026-12-31")):
        said = {"customer": customer.key, "title": "Service", "starts_on": starts, "ends_on": ends}
        answer = client.post("/api/v1/contracts/", said, content_type="application/json")
        assert (answer.status_code, "between 1970 and 2199" in answer.content.decode()) == (400, True)
    row = Contract.objects.create(customer=customer, starts_on=today(), ends_on=far)  # as an import may bring it
    assert client.get(reverse("contract_renew", args=[row.pk]), headers=HTMX).status_code == 200
    api = client.post(f"/api/v1/contracts/{row.pk}/renew/", {"ends_on": "9999-12-31"}, content_type="application/json")
    assert api.status_code == 400
    assert edit_contract(contract=row, changes={"title": "Old"}, seen=1, actor=company.rep).ends_on == far
    assert Contract.objects.count() == 1


def test_a_circle_that_is_there_already_holds_nobody_up(company, customer):
    first, second, third = (contract(customer, company.rep, date(2026, 12, 31)) for _n in range(3))
    Contract.objects.filter(pk=first.pk).update(renewed_by=second)
    Contract.objects.filter(pk=second.pk).update(renewed_by=first)
    changed = edit_contract(contract=third, changes={"renewed_by": first}, seen=1, actor=company.rep)
    assert changed.renewed_by == first


@pytest.mark.parametrize(("days", "due"), [(-1, False), (0, True), (90, True), (91, False)])
def test_a_renewal_is_due_within_ninety_days(company, customer, days, due):
    row = contract(customer, company.rep, today() + timedelta(days=days))
    assert list(renewals_due(company.rep, today())) == ([row] if due else [])
    assert list(renewals_due(company.stranger, today())) == []
    archive_contract(contract=row, seen=1, actor=company.rep)
    assert list(renewals_due(company.rep, today())) == []


def test_the_answers_contact_is_the_customers(company, customer):
    stranger = factories.contact(company.rep, factories.customer(company.rep))
    with pytest.raises(ValidationError) as caught:
        create_nps_response(actor=company.rep, customer=customer, score=9, answered_on=today(), contact=stranger)
    assert set(caught.value.message_dict) == {"contact"}
    row = create_nps_response(actor=company.rep, customer=customer, score=9, answered_on=today())
    with pytest.raises(ValidationError):
        edit_nps_response(response=row, changes={"contact": stranger}, seen=1, actor=company.rep)
    with pytest.raises(ValidationError):
        edit_nps_response(response=row, changes={"score": 11}, seen=1, actor=company.rep)


def test_what_was_ordered_or_answered_does_not_lie_in_the_future(company, customer, signed_in):
    client, tomorrow = signed_in(company.rep), today() + timedelta(days=1)
    sent = {"orders": ("booked_on", {"amount": "5"}), "nps": ("answered_on", {"score": "9"})}
    for path, (name, values) in sent.items():
        page = client.post(f"/customers/{customer.pk}/{path}/new/", {**values, name: tomorrow.isoformat()})
        assert page.status_code == 422
        assert page.context["form"].errors == {name: ["This day must not lie in the future."]}
        resource = {"orders": "orders", "nps": "nps-responses"}[path]
        body = {**values, "customer": customer.key, name: tomorrow.isoformat()}
        answer = client.post(f"/api/v1/{resource}/", body, content_type="application/json")
        assert (answer.status_code, list(answer.json())) == (400, [name])
    assert not Order.objects.exists() and not NpsResponse.objects.exists()


def test_a_day_to_come_that_an_import_brought_stays_but_none_is_set(company, customer):
    tomorrow, later = today() + timedelta(days=1), today() + timedelta(days=2)
    order = Order.objects.create(customer=customer, amount=5, booked_on=tomorrow)
    answer = NpsResponse.objects.create(customer=customer, score=9, answered_on=tomorrow)
    for changes in ({"amount": Decimal(6)}, {"amount": Decimal(7), "booked_on": tomorrow}):
        edit_order(order=order, changes=changes, seen=None, actor=company.rep)
    edit_nps_response(response=answer, changes={"score": 8}, seen=None, actor=company.rep)
    with pytest.raises(ValidationError) as of_order:
        edit_order(order=order, changes={"booked_on": later}, seen=None, actor=company.rep)
    with pytest.raises(ValidationError) as of_answer:
        edit_nps_response(response=answer, changes={"answered_on": later}, seen=None, actor=company.rep)
    assert (set(of_order.value.message_dict), set(of_answer.value.message_dict)) == ({"booked_on"}, {"answered_on"})


def test_the_latest_answer_of_each_person_counts_and_the_lowest_of_a_day(company, customer):
    one, two = factories.contact(company.rep, customer), factories.contact(company.rep, customer)
    day = today()
    for score, days, contact in [
        (2, 40, one), (10, 3, one), (9, 3, one), (10, 3, two), (6, 3, two), (9, 9, None), (8, 1, None), (0, 400, two),
    ]:  # fmt: skip
        create_nps_response(
            actor=company.rep, customer=customer, score=score, answered_on=day - timedelta(days=days), contact=contact
        )
    found = nps(NpsResponse.objects.all(), day)
    assert (found.promoters, found.detractors, found.people, found.value) == (1, 1, 3, 0)
    assert nps(NpsResponse.objects.none(), day).value is None


@pytest.mark.parametrize("case", ["a", "b"])
def test_renewals_and_nps_of_a_golden_company_are_those_of_its_files(case):
    wipe()
    folder = shared(f"golden/case-{case}/workspace")
    assert import_workspace(folder).ok
    day = date(2026, 10, 31)
    executive = factories.person("sees_all", role="executive")
    rows = list(csv.DictReader((folder / "contracts.csv").open(encoding="utf-8-sig")))
    until = (day + timedelta(days=90)).isoformat()
    due = {row["key"] for row in rows if not row["renewed_by"] and day.isoformat() <= row["ends_on"] <= until}
    assert {row.key for row in renewals_due(executive, day)} == due
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT SUM(CASE WHEN s >= 9 THEN 1 ELSE 0 END), SUM(CASE WHEN s <= 6 THEN 1 ELSE 0 END), COUNT(*) FROM ("
            "SELECT (SELECT MIN(x.score) FROM customers_npsresponse x WHERE x.customer_id = n.customer_id"
            " AND COALESCE(x.contact_id, 0) = COALESCE(n.contact_id, 0) AND x.answered_on = MAX(n.answered_on)) AS s"
            " FROM customers_npsresponse n WHERE n.answered_on > %s AND n.answered_on <= %s"
            " GROUP BY n.customer_id, COALESCE(n.contact_id, 0), n.contact_id) latest",
            [date(2025, 10, 31), day],
        )
        plain = cursor.fetchone()
    found = nps(NpsResponse.objects.all(), day)
    assert (found.promoters, found.detractors, found.people) == tuple(plain)
    assert found.people > 5


def test_an_order_of_an_archived_product_is_corrected(company, customer, signed_in):
    product = factories.product(company.admin, "Shuttle")
    order = create_order(
        actor=company.rep, customer=customer, amount=Decimal(5), booked_on=date(2026, 1, 1), product=product
    )
    Product.objects.update(archived_at=timezone.now())
    typed = {"amount": "6", "booked_on": "2026-01-01", "product": product.key, "owner": "rep", "version": order.version}
    assert signed_in(company.rep).post(f"/orders/{order.pk}/edit/", typed).status_code == 302
    order.refresh_from_db()
    assert (order.amount, order.product) == (6000, product)


def test_an_answers_contact_is_looked_for_among_the_customers(company, customer, signed_in):
    page = signed_in(company.rep).get(f"/customers/{customer.pk}/nps/new/").content.decode()
    assert f"/pickers/contacts/?customer={customer.key}" in page


def test_the_lists_and_their_forms(company, customer, signed_in):
    client = signed_in(company.rep)
    home = f"/customers/{customer.pk}/"
    answer = client.post(f"{home}orders/new/", {"amount": "5", "booked_on": "2026-10-01"}, headers=HTMX)
    assert answer["HX-Redirect"] == home
    assert client.post(f"{home}orders/new/", {"amount": "x", "booked_on": "2026-13-01"}).status_code == 422
    assert client.post(f"{home}contracts/new/", {"starts_on": "2026-01-01", "ends_on": "2025-01-01"}).status_code == 422
    said = {"title": "Service", "starts_on": "2026-01-01", "ends_on": today().isoformat()}
    client.post(f"{home}contracts/new/", said)
    row = Contract.objects.get()
    assert list(client.get("/contracts/?due=true").context["page"].object_list) == [row]
    client.post(f"/contracts/{row.pk}/renew/", {"starts_on": "2027-01-01", "ends_on": "2027-12-31", "version": 1})
    assert Contract.objects.count() == 2
    assert list(client.get("/contracts/?due=true").context["page"].object_list) == []
    client.post(f"{home}nps/new/", {"score": "9", "answered_on": today().isoformat(), "comment": "Fine"})
    page = client.get("/nps/").content.decode()
    assert "NPS 100 of 1 person" in page
    assert Order.objects.get().owner == company.rep


def test_a_seller_sees_an_order_without_its_hidden_customer(company, customer, signed_in):
    create_order(actor=company.rep, customer=customer, amount=Decimal(5), booked_on=today())
    assign_customer(customer=customer, owner=company.stranger, seen=None, actor=company.admin)
    page = signed_in(company.rep).get("/orders/").content.decode()
    assert "Own" not in page.partition("<tbody>")[2]
    assert "Handed over" in page
    assert signed_in(company.rep).get("/orders/?q=Own").context["page"].paginator.count == 0


@pytest.mark.parametrize("name", ["Aardvark", "Zebra"])
def test_the_order_of_the_list_does_not_tell_the_name_of_a_hidden_customer(company, customer, signed_in, name):
    create_order(actor=company.rep, customer=customer, amount=5, booked_on=today())
    hidden = factories.customer(company.stranger, name)
    Order.objects.create(customer=hidden, owner=company.rep, amount=7, booked_on=today())
    for sort in ("customer", "-customer"):
        rows = signed_in(company.rep).get("/orders/", {"sort": sort}).context["page"].object_list
        assert [row.amount for row in rows] == [5, 7], "what has no name comes last"


@pytest.mark.parametrize("path", ["orders", "contracts", "nps_responses"])
def test_a_list_costs_the_same_whatever_there_is(company, customer, signed_in, django_assert_num_queries, path):
    client = signed_in(company.manager)

    def fill(number):
        for n in range(number):
            create_order(actor=company.rep, customer=customer, amount=n, booked_on=today())
            contract(customer, company.rep, today() + timedelta(days=n))
            of = factories.contact(company.rep, customer)
            create_nps_response(actor=company.rep, customer=customer, score=9, answered_on=today(), contact=of)

    fill(2)
    url = reverse(path)
    client.get(url)
    with connection.execute_wrapper(counter := Counter()):
        client.get(url)
    assert counter.n <= 8
    fill(28)
    with connection.execute_wrapper(again := Counter()):
        client.get(url)
    assert again.n == counter.n


class Counter:
    """How many statements ran."""

    n = 0

    def __call__(self, execute, *args):
        self.n += 1
        return execute(*args)


def test_every_list_is_a_step_from_the_customers_and_from_each_other(company, customer, signed_in):
    contract(customer, company.rep, today())
    create_order(actor=company.rep, customer=customer, amount=1, booked_on=today())
    create_nps_response(actor=company.rep, customer=customer, score=9, answered_on=today())
    client = signed_in(company.rep)
    lists = ["contacts", "account_plans", "orders", "contracts", "nps_responses"]
    for name in ("customers", *lists):
        page = client.get(reverse(name)).content.decode()
        assert all(f'href="{reverse(other)}"' in page for other in lists), name
    panel = client.get(reverse("customer_facts", args=[customer.pk]), headers=HTMX).content.decode()
    for name in ("orders", "contracts", "nps_responses"):
        url = f"{reverse(name)}?customer={customer.key}"
        assert url in panel
        assert [row.customer for row in client.get(url).context["page"].object_list] == [customer]
    day = client.get("/day/").content.decode()
    assert f"{reverse('contracts')}?due=true" in day
