"""The pages of ideal customers and of the target list: what they show, what their forms take and refuse."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.selectors import today
from customers import actions
from customers.models import IdealProfile, TargetCustomer
from tests import factories

pytestmark = pytest.mark.django_db

CARS = {"kind": "industry", "value": "Cars", "weight": 40}
RICH = {"kind": "spend", "value": "8000000", "weight": 30}


@pytest.fixture
def profile(company):
    return actions.create_profile(actor=company.manager, name="Car makers", line="Robots", criteria=[CARS, RICH])


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Far Voyage Cars", industry="Cars", annual_spend=Decimal(10**7))


@pytest.fixture
def target(company, profile, customer):
    return actions.add_target(actor=company.rep, profile=profile, customer=customer, next_step="Ask for a visit")


def posted(html):
    """What the form on a page posts when nothing is touched."""
    from django.test.html import parse_html

    fields = {}

    def walk(element):
        if isinstance(element, str):
            return
        attrs = dict(element.attributes)
        if element.name == "input" and attrs.get("name") and attrs["name"] != "csrfmiddlewaretoken":
            fields[attrs["name"]] = attrs.get("value", "")
        if element.name == "select":
            options = [dict(child.attributes) for child in element.children if getattr(child, "name", "") == "option"]
            fields[attrs["name"]] = next((each["value"] for each in options if "selected" in each), "")
        for child in element.children:
            walk(child)

    walk(parse_html(html[html.index("<main") : html.index("</main>") + 7]))
    return fields


# --- The form of a profile ----------------------------------------------------------------------


def test_a_profile_is_written_in_rows(company, signed_in):
    page = signed_in(company.manager).post(
        reverse("profile_new"),
        {
            "name": "Car makers", "line": "", "kind_0": "spend", "value_0": "800万", "weight_0": "30",
            "kind_3": "tier", "value_3": "3a", "weight_3": "5",
        },
    )  # fmt: skip
    row = IdealProfile.objects.get()
    assert page.url == reverse("profile_page", args=[row.pk])
    assert list(row.criteria.values_list("kind", "value", "weight")) == [("spend", "8000000", 30), ("tier", "3A", 5)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"value_0": "x"}, "Choose what is asked."),
        ({"kind_0": "tier", "value_0": "3A"}, "Enter a weight between 1 and 100."),
        ({"kind_0": "spend", "value_0": "a lot", "weight_0": "1"}, "Enter an amount"),
        ({"kind_0": "industry", "value_0": ",", "weight_0": "1"}, "Name at least one"),
        ({"kind_0": "bought_line", "weight_0": "1"}, "Name the product line."),
        ({}, "between one and 8 criteria"),
    ],
)
def test_a_row_that_is_wrong_says_so(company, signed_in, row, said):
    page = signed_in(company.manager).post(reverse("profile_new"), {"name": "x", "line": "", **row})
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not IdealProfile.objects.exists()


def test_a_value_that_is_too_long_is_told_of_once(company, signed_in):
    row = {"name": "Makers", "kind_0": "tier", "value_0": "5" * 500, "weight_0": "1"}
    answer = signed_in(company.manager).post(reverse("profile_new"), row)
    assert answer.status_code == 422
    assert len(answer.context["form"].errors["value_0"]) == 1


def test_a_form_that_is_left_alone_changes_nothing(company, signed_in, profile):
    client, url = signed_in(company.manager), reverse("profile_edit", args=[profile.pk])
    fields = posted(client.get(url).content.decode())
    assert fields["value_1"] == "8000K"
    assert client.post(url, fields).status_code == 302
    profile.refresh_from_db()
    assert profile.version == 1


def test_a_criterion_that_somebody_changed_meanwhile_asks_which_holds(company, signed_in, profile):
    client, url = signed_in(company.manager), reverse("profile_edit", args=[profile.pk])
    fields = posted(client.get(url).content.decode())
    actions.edit_profile(profile=profile, changes={"criteria": [RICH]}, seen=1, actor=company.admin)
    page = client.post(url, {**fields, "weight_0": "50"})
    assert page.status_code == 409
    assert "Criteria: theirs" in page.content.decode()
    assert "Industry is one of Cars · 50" in page.content.decode()
    client.post(url, {**fields, "weight_0": "50", "keep": "mine", "current_version": "2"})
    assert list(profile.criteria.values_list("kind", "weight")) == [("industry", 50), ("spend", 30)]


def test_the_name_alone_is_taken_beside_a_change_of_criteria(company, signed_in, profile):
    client, url = signed_in(company.manager), reverse("profile_edit", args=[profile.pk])
    fields = posted(client.get(url).content.decode())
    actions.edit_profile(profile=profile, changes={"criteria": [RICH]}, seen=1, actor=company.admin)
    assert client.post(url, {**fields, "name": "New"}).status_code == 302
    profile.refresh_from_db()
    assert (profile.name, profile.criteria.count()) == ("New", 1)


def test_archived_and_restored(company, signed_in, profile):
    client = signed_in(company.manager)
    client.post(reverse("profile_archive", args=[profile.pk]), {"version": 1})
    assert "Car makers" not in client.get(reverse("profiles")).content.decode()
    assert "Car makers" in client.get(reverse("profiles"), {"archived": "true"}).content.decode()
    assert "is archived" in client.get(reverse("profile_page", args=[profile.pk])).content.decode()
    assert client.get(reverse("target_new", args=[profile.pk])).status_code == 404
    client.post(reverse("profile_restore", args=[profile.pk]), {"version": 2})
    assert "Car makers" in client.get(reverse("profiles")).content.decode()


# --- The fit ------------------------------------------------------------------------------------


def test_the_page_opens_each_fit_to_its_criteria(company, signed_in, profile, customer):
    page = signed_in(company.rep).get(reverse("profile_page", args=[profile.pk])).content.decode()
    for text in ("Far Voyage Cars", "100%", "2 of 2", "¥10.0M", "wanted: ≥ ¥8.0M", "Add to the target list"):
        assert text in page
    assert reverse("profile_edit", args=[profile.pk]) not in page


def test_an_executive_is_offered_no_writing(company, signed_in, profile, customer):
    page = signed_in(company.executive).get(reverse("profile_page", args=[profile.pk])).content.decode()
    assert "Far Voyage Cars" in page
    assert "Add to the target list" not in page


def test_what_a_page_shows_is_narrowed(company, signed_in, profile, customer, target):
    client, url = signed_in(company.rep), reverse("profile_page", args=[profile.pk])
    factories.customer(company.rep, "Bakery")
    shown = {show: client.get(url, {"show": show}).content.decode() for show in ("fits", "new", "all")}
    assert ["Bakery" in page for page in shown.values()] == [False, False, True]
    assert ["Far Voyage Cars" in page for page in shown.values()] == [True, False, True]
    assert "pursued by Rep" in shown["fits"]
    assert "Everybody who fits is on the target list" in shown["new"]
    assert "Far Voyage" not in client.get(url, {"show": "all", "q": "Bak"}).content.decode()


# --- The target list ----------------------------------------------------------------------------


def test_a_customer_is_put_on_the_list_from_where_one_stood(company, signed_in, profile, customer):
    client, url = signed_in(company.rep), reverse("target_new", args=[profile.pk])
    form = client.get(url, {"customer": customer.key}).content.decode()
    assert f'value="{customer.key}" selected' in form
    assert 'name="owner"' not in form  # a rep pursues it alone
    there = f"http://testserver{reverse('profile_page', args=[profile.pk])}?show=all&page=2"
    headers = {"HX-Request": "true", "HX-Current-URL": there}
    typed = {"customer": customer.key, "next_step": "Call", "next_step_due": "2026-12-24"}
    answer = client.post(url, typed, headers=headers)
    assert answer["HX-Redirect"] == there.removeprefix("http://testserver")
    row = TargetCustomer.objects.get()
    assert (row.owner, row.next_step, str(row.next_step_due)) == (company.rep, "Call", "2026-12-24")


def test_nobody_is_sent_to_a_page_that_is_not_ours(company, signed_in, profile, customer):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://evil.example//evil.example/"}
    answer = signed_in(company.rep).post(
        reverse("target_new", args=[profile.pk]), {"customer": customer.key}, headers=headers
    )
    assert answer["HX-Redirect"] == reverse("profile_page", args=[profile.pk])


def test_a_hidden_customer_is_no_choice(company, signed_in, profile, customer):
    client, url = signed_in(company.stranger), reverse("target_new", args=[profile.pk])
    assert "Far Voyage" not in client.get(url, {"customer": customer.key}).content.decode()
    assert client.post(url, {"customer": customer.key}).status_code == 422
    assert not TargetCustomer.objects.exists()


def test_a_manager_begins_with_everybodys_and_a_rep_with_their_own(company, signed_in, profile, customer, target):
    url = reverse("targets")
    assert "Far Voyage" in signed_in(company.manager).get(url).content.decode()
    assert "Far Voyage" not in signed_in(company.manager).get(url, {"whose": "mine"}).content.decode()
    assert "Far Voyage" in signed_in(company.rep).get(url).content.decode()
    assert "Far Voyage" not in signed_in(company.stranger).get(url, {"whose": "all"}).content.decode()
    other = factories.customer(company.mate, "Bakery")
    actions.add_target(actor=company.mate, profile=profile, customer=other)
    assert "Bakery" not in signed_in(company.rep).get(url).content.decode()


def test_a_target_leads_to_a_new_deal_and_then_says_that_there_is_one(company, signed_in, customer, target):
    client, url = signed_in(company.rep), reverse("targets")
    page = client.get(url).content.decode()
    assert f"{reverse('opportunity_new')}?customer={customer.key}" in page
    factories.opportunity(company.rep, customer=customer)
    page = client.get(url).content.decode()
    assert "1 open deal" in page
    assert reverse("target_settle", args=[target.pk, "finish"]) in page


def test_settled_dropped_and_pursued_again(company, signed_in, target):
    client = signed_in(company.rep)
    client.post(reverse("target_settle", args=[target.pk, "drop"]), {"version": 1})
    assert "Far Voyage" not in client.get(reverse("targets")).content.decode()
    assert "Dropped" in client.get(reverse("targets"), {"show": "settled"}).content.decode()
    client.post(reverse("target_settle", args=[target.pk, "reopen"]), {"version": 2})
    client.post(reverse("target_settle", args=[target.pk, "finish"]), {"version": 3})
    target.refresh_from_db()
    assert target.state == "won_over"


def test_a_rep_edits_the_step_and_a_manager_the_owner_too(company, signed_in, target):
    url = reverse("target_edit", args=[target.pk])
    assert 'name="owner"' not in signed_in(company.rep).get(url).content.decode()
    client = signed_in(company.manager)
    fields = posted(client.get(url).content.decode())
    assert client.post(url, {**fields, "owner": "manager", "next_step": "Call"}).status_code == 302
    target.refresh_from_db()
    assert (target.owner, target.next_step) == (company.manager, "Call")
    refused = client.post(url, {**fields, "version": 2, "owner": "mate"})
    assert refused.status_code == 422
    assert "looks after this customer" in refused.content.decode()


def test_an_owner_who_has_left_stays_until_there_is_another(company, signed_in, target):
    company.rep.deactivated_at = timezone.now()
    company.rep.save(update_fields=["deactivated_at"])
    url, client = reverse("target_edit", args=[target.pk]), signed_in(company.manager)
    fields = posted(client.get(url).content.decode())
    assert fields["owner"] == "rep"
    assert client.post(url, {**fields, "next_step": "Call"}).status_code == 302
    target.refresh_from_db()
    assert (target.owner, target.next_step) == (company.rep, "Call")


def test_the_page_of_the_customer_names_its_target(company, signed_in, customer, target):
    page = signed_in(company.rep).get(reverse("customer", args=[customer.pk])).content.decode()
    assert "On the target list" in page
    assert "Ask for a visit" in page
    actions.drop_target(target=target, seen=1, actor=company.rep)
    assert "Ask for a visit" not in signed_in(company.rep).get(reverse("customer", args=[customer.pk])).content.decode()


def test_the_changes_of_a_customer_tell_of_its_target(company, signed_in, customer, target):
    actions.edit_target(target=target, changes={"next_step": "Call"}, seen=1, actor=company.manager)
    page = signed_in(company.rep).get(reverse("customer_audit", args=[customer.pk])).content.decode()
    for text in ("Target customer", "Ask for a visit", "Call"):
        assert text in page


# --- Budget -------------------------------------------------------------------------------------


def test_the_lists_take_as_many_queries_for_many_as_for_two_and_at_most_eight(company, signed_in, profile):
    client = signed_in(company.manager)
    urls = [
        reverse("profiles"), reverse("profile_page", args=[profile.pk]) + "?show=all", reverse("targets"),
    ]  # fmt: skip
    _more(company, profile, 2)
    few = [_counted(client, url) for url in urls]
    _more(company, profile, 22)
    assert [_counted(client, url) for url in urls] == few
    assert max(few) <= 8


def _more(company, profile, n):
    for _ in range(n):
        customer = factories.customer(company.rep, industry="Cars")
        factories.opportunity(company.rep, customer=factories.customer(company.rep))
        due = today() - timedelta(days=1)
        actions.add_target(actor=company.rep, profile=profile, customer=customer, next_step="x", next_step_due=due)
        actions.create_profile(actor=company.manager, name="Another", criteria=[CARS, RICH])


def _counted(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len([q for q in caught.captured_queries if not q["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])
