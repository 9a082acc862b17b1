"""The part of the audit trail that belongs to a row, for whoever sees the row."""

from customers.actions import create_contact, edit_customer
from opportunities.actions import assign, edit_opportunity
from tests import factories
from tests.opportunities.browser_door import queries_of


def test_of_an_opportunity_without_names_that_are_not_the_callers(company, api):
    secret = factories.customer(company.mate, "Secret Works")
    deal = factories.opportunity(company.mate, "Joint deal", customer=secret)
    changed = {"customer": factories.customer(company.mate, "Open Works")}
    deal = edit_opportunity(opportunity=deal, changes=changed, seen=1, actor=company.mate)
    assign(opportunity=deal, owner=company.rep, seen=None, actor=company.manager)
    url = f"opportunities/{deal.pk}/changes/"
    answer = api(company.rep).get(url)
    assert [(row["action"], row["actor"]) for row in answer.json()["results"]] == [
        ("assign", "manager"), ("edit", "mate"), ("create", "mate"),
    ]  # fmt: skip
    assert answer.json()["results"][1]["changes"] == [{"label": "Customer", "before": "—", "after": "Open Works"}]
    assert "Secret Works" not in answer.content.decode() and secret.key not in answer.content.decode()
    assert "Secret Works" in api(company.manager).get(url).content.decode()
    assert api(company.stranger).get(url).status_code == 404
    assert api(company.rep).get(f"{url}?page_size=1&page=3").json()["results"][0]["action"] == "create"
    assert api(company.rep).get(f"{url}?page=9").status_code == 404


def test_of_a_customer_without_what_contacts_held(company, api):
    customer = factories.customer(company.rep, "Acme")
    create_contact(actor=company.rep, customer=customer, name="Ms Secret")
    client, url = api(company.rep), f"customers/{customer.pk}/changes/"
    told, _made = client.get(url).json()["results"]
    assert (told["model"], told["name"], told["changes"][0]["label"]) == ("contact", "", "Customer")
    assert {(change["before"], change["after"]) for change in told["changes"]} == {("", "")}
    few = queries_of(lambda: client.get(url))
    for number in range(60):
        edit_customer(customer=customer, changes={"region": f"R{number}"}, seen=None, actor=company.rep)
    assert queries_of(lambda: client.get(url)) == few <= 8
