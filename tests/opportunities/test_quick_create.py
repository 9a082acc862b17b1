"""The quick create: an opportunity within a minute, with a customer that is there or a new one, both or none."""

import json
import re

import pytest

from accounts.models import AuditEntry
from customers.models import Customer
from opportunities.models import Opportunity, Stage
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/opportunities/new/"
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/opportunities/"}
TYPED = {"title": "Shuttle store", "amount": "320", "amount_unit": "万", "expected_close_date": "2027-03-31"}


def create(client, *, htmx=True, url=URL, **fields):
    return client.post(url, {**TYPED, **fields}, **(HTMX if htmx else {}))


def test_the_dialog_asks_for_four_things(signed_in, company):
    html = signed_in(company.rep).get(URL, **HTMX).content.decode()
    assert html.count("asc-req") == 4
    assert "<html" not in html
    assert "<html" in signed_in(company.rep).get(URL).content.decode()


def test_for_a_customer_that_is_there(signed_in, company):
    of = factories.customer(company.rep, "Far Voyage")
    response = create(signed_in(company.rep), customer=of.key)
    row = Opportunity.objects.get()
    assert response.status_code == 200
    assert (row.customer, row.title, row.amount, row.owner) == (of, "Shuttle store", 3_200_000, company.rep)
    assert (row.stage.key, str(row.expected_close_date)) == ("discover", "2027-03-31")
    html = response.content.decode()
    assert f'id="card-{row.pk}"' in html
    assert f'data-stage="{row.stage_id}"' in html
    told = json.loads(response["HX-Trigger"])
    assert told["asc:created"]["url"] == f"/opportunities/{row.pk}/"
    assert "asc:close-dialog" in told


def test_with_a_new_customer_in_the_same_act(signed_in, company):
    response = create(signed_in(company.rep), customer="  Brand New Works ")
    row = Opportunity.objects.get()
    assert response.status_code == 200
    assert (row.customer.name, row.customer.owner) == ("Brand New Works", company.rep)
    assert AuditEntry.objects.filter(action="create", model="customer", object_id=row.customer_id).exists()


def test_both_or_none(signed_in, company):
    refused = create(signed_in(company.rep), customer="Brand New Works", title="")
    too_long = create(signed_in(company.rep), customer="Brand New Works", title="x" * 10_000)
    assert refused.status_code == too_long.status_code == 422
    assert not Customer.objects.exists()
    assert not Opportunity.objects.exists()


def test_when_the_second_write_fails_the_first_is_taken_back(signed_in, company):
    Stage.objects.update(retired_at="2026-01-01T00:00Z")
    response = create(signed_in(company.rep), customer="Brand New Works")
    assert response.status_code == 422
    assert "There is no open stage" in response.content.decode()
    assert not Customer.objects.exists()


def test_one_that_the_person_sees_is_offered_instead(signed_in, company):
    mine = factories.customer(company.rep, "Far Voyage")
    client = signed_in(company.rep)
    response = create(client, customer="far  VOYAGE")
    html = response.content.decode()
    assert response.status_code == 422
    assert f'<option value="{mine.key}" selected>Far Voyage</option>' in html
    assert "already among your customers" in html
    assert Customer.objects.count() == 1
    assert create(client, customer=mine.key).status_code == 200


def test_one_much_like_another_asks_to_be_sure(signed_in, company):
    near = factories.customer(company.rep, "Far Voyage")
    factories.customer(company.stranger, "Far Voyage Trading")
    client = signed_in(company.rep)
    asked = create(client, customer="Far Voyage Motors")
    html = asked.content.decode()
    assert asked.status_code == 422
    page = f'class="text-decoration-underline" href="/customers/{near.pk}/" target="_blank" rel="noopener"'
    assert f"It may be here already: <a {page}>Far Voyage (similar name)</a>" in html
    assert 'type="checkbox" name="another"' in html
    assert '<option value="Far Voyage Motors" selected>' in html
    assert "Trading" not in html
    assert not Opportunity.objects.exists()
    assert create(client, customer="Far Voyage Motors", another="on").status_code == 200
    assert Opportunity.objects.get().customer.name == "Far Voyage Motors"


@pytest.mark.parametrize("typed", ["Far Voyage", "far voyage", "FAR  VOYAGE", " Far Voyage "])
def test_a_hidden_one_of_the_same_name_answers_that_it_is_served(signed_in, company, typed):
    factories.customer(company.stranger, "Far Voyage", tier="5A")
    response = create(signed_in(company.rep), customer=typed)
    html = re.sub(r"\b[A-Za-z0-9]{64}\b", "TOKEN", response.content.decode())
    assert response.status_code == 422
    assert "already served" in html
    assert "Stranger" not in html
    assert "5A" not in html
    assert Customer.objects.count() == 1
    assert AuditEntry.objects.filter(action="already_served", actor=company.rep).exists()


def test_a_name_that_only_begins_alike_is_free(signed_in, company):
    factories.customer(company.stranger, "Far Voyage")
    assert create(signed_in(company.rep), customer="Far Voyage Motors").status_code == 200


def test_the_key_of_a_hidden_customer_finds_nothing(signed_in, company):
    hidden = factories.customer(company.stranger, "Far Voyage")
    html = signed_in(company.rep).get(f"{URL}?customer={hidden.key}").content.decode()
    assert "Far Voyage" not in html
    create(signed_in(company.rep), customer=hidden.key)
    assert not Opportunity.objects.filter(customer=hidden).exists()


def test_the_page_of_a_customer_leads_here_with_it_chosen(signed_in, company):
    mine = factories.customer(company.rep, "Far Voyage")
    html = signed_in(company.rep).get(f"{URL}?customer={mine.key}").content.decode()
    assert f'<option value="{mine.key}" selected>Far Voyage</option>' in html
    assert signed_in(company.rep).get(f"{URL}?customer=%00").status_code == 200


def test_the_empty_line_for_those_without_script_changes_nothing(signed_in, company):
    of = factories.customer(company.rep)
    assert create(signed_in(company.rep), customer=[of.key, ""]).status_code == 200
    assert create(signed_in(company.rep), customer=["", "Typed Works"]).status_code == 200
    assert set(Opportunity.objects.values_list("customer__name", flat=True)) == {of.name, "Typed Works"}


WRONG = [
    ("customer", "", "Choose the customer"),
    ("customer", "x" * 201, "at most 200"),
    ("customer", "A\x00B", "Null characters"),
    ("title", "", "required"),
    ("title", "  ", "required"),
    ("title", "A\x00B", "Null characters"),
    ("amount", "", "required"),
    ("amount", "much", "Enter an amount"),
    ("amount", "-1", "lies between"),
    ("amount", "1" + "0" * 20, "lies between"),
    ("expected_close_date", "", "required"),
    ("expected_close_date", "2027-02-30", "Enter a date"),
    ("expected_close_date", "9999-12-31", "between 1970 and 2199"),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(signed_in, company, name, value, message):
    of = factories.customer(company.rep, "Far Voyage")
    response = create(signed_in(company.rep), **{"customer": of.key, name: value})
    html = response.content.decode()
    assert response.status_code == 422
    assert message in html
    assert not Opportunity.objects.exists()
    kept = {"title": "Shuttle store", "expected_close_date": "2027-03-31"}
    assert all(text in html for field, text in kept.items() if field != name)
    assert name == "customer" or f'<option value="{of.key}" selected>' in html


@pytest.mark.parametrize("title", ["🚀 深海仓", "<script>alert(1)</script>", "'; DROP TABLE x; --"])
def test_odd_titles_are_kept_as_they_are(signed_in, company, title):
    of = factories.customer(company.rep)
    html = create(signed_in(company.rep), customer=of.key, title=title).content.decode()
    assert Opportunity.objects.get().title == title
    assert "<script>alert" not in html


@pytest.mark.parametrize(("part", "status"), [("rep", 200), ("manager", 200), ("executive", 403), ("admin", 403)])
def test_who_may_create(signed_in, company, part, status):
    client = signed_in(getattr(company, part))
    assert client.get(URL, **HTMX).status_code == status
    assert client.get(URL).status_code == status
    assert create(client, customer="Brand New Works").status_code == status
    assert Opportunity.objects.exists() is (status == 200)


def test_without_script_and_from_other_pages_it_leads_to_the_new_one(signed_in, company):
    client = signed_in(company.rep)
    assert (
        create(client, htmx=False, customer="First Works")["Location"]
        == f"/opportunities/{Opportunity.objects.get().pk}/"
    )
    response = client.post(
        URL, {**TYPED, "customer": "Second Works"}, HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://testserver/customers/",
    )  # fmt: skip
    assert response["HX-Redirect"] == f"/opportunities/{Opportunity.objects.latest('pk').pk}/"
