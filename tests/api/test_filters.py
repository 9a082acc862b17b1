"""What a list is narrowed by: every resource by its key, archived rows on demand, no wish passed over."""

from decimal import Decimal
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from customers import actions
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]


supplier = partial(actions.create_supplier, annual_amount=Decimal(5))


def keys(answer):
    assert answer.status_code == 200, answer.content
    return [row["key"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("path", "make", "archive", "fields"),
    [
        ("suppliers/", supplier, "supplier", [{"name": "Rival"}, {"name": "Other"}]),
        ("units/", actions.create_unit, "unit", [{"name": "Plant"}, {"name": "Branch"}]),
        ("account-plans/", actions.create_plan, "plan", [{"year": 2026}, {"year": 2027}]),
    ],
)  # fmt: skip
def test_what_hangs_on_a_customer(company, api, path, make, archive, fields):
    client, customer = api(company.rep), factories.customer(company.rep)
    one, two = (make(actor=company.rep, customer=customer, **each) for each in fields)
    make(actor=company.rep, customer=factories.customer(company.rep), **fields[0])
    assert keys(client.get(path, {"key": one.key})) == [one.key]
    assert set(keys(client.get(path, {"customer": customer.key}))) == {one.key, two.key}
    getattr(actions, f"archive_{archive}")(**{archive: one}, seen=None, actor=company.rep)
    assert keys(client.get(path, {"customer": customer.key})) == [two.key]
    assert keys(client.get(path, {"key": one.key})) == []
    assert keys(client.get(path, {"key": one.key, "archived": "true"})) == [one.key]
    assert client.get(path, {"customer": "nowhere"}).json().keys() == {"customer"}
    assert client.post(f"{path}{one.pk}/restore/", {}).status_code == 200
    assert keys(client.get(path, {"key": one.key})) == [one.key]


def test_plans_of_a_year(company, api):
    for year in (2026, 2027):
        actions.create_plan(actor=company.rep, customer=factories.customer(company.rep), year=year)
    found = api(company.rep).get("account-plans/", {"year": 2027}).json()["results"]
    assert [plan["year"] for plan in found] == [2027]
    assert api(company.rep).get("account-plans/", {"year": "x"}).json().keys() == {"year"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("opportunities/", "archived"), ("customers/", "archived"), ("customers/", "neglected"),
        ("products/", "is_core"), ("contracts/", "due"), ("checkpoints/", "verified"),
        ("activities/", "serves_cadence"), ("notifications/", "unread"), ("opportunities/board/", "archived"),
    ],
)  # fmt: skip
def test_what_is_neither_true_nor_false_is_refused(company, api, path, name):
    client = api(company.rep)
    for word in ("yes please", "2", "null", "-"):
        answer = client.get(path, {name: word})
        assert (answer.status_code, list(answer.json())) == (400, [name]), word
    for word in ("true", "false", "True", "1", "0", ""):
        assert client.get(path, {name: word}).status_code == 200, word


def test_saved_views_have_pages_of_their_own(company, api):
    client = api(company.rep)
    for number in range(3):
        client.post("views/", {"name": f"View {number}", "page": "table" if number else "board"})
    first = client.get("views/", {"page_size": 2}).json()
    second = client.get(first["next"]).json()
    assert [len(page["results"]) for page in (first, second)] == [2, 1]
    assert [row["name"] for row in client.get("views/", {"for_page": "board"}).json()["results"]] == ["View 0"]
    assert client.get("views/", {"for_page": "wall"}).json().keys() == {"for_page"}


def test_the_answer_says_in_which_language_it_is(company, api):
    for language in ("en", "zh-hans"):
        User.objects.filter(pk=company.rep.pk).update(language=language)
        answer = api(company.rep).get("me/", headers={"Accept-Language": "zh-hans" if language == "en" else "en"})
        assert answer["Content-Language"] == language


def test_no_day_is_too_far_away_for_a_filter(company, api):
    client = api(company.admin)
    paths = client.get("schema/").json()["paths"]
    filters = [
        (path, each["name"])
        for path, methods in paths.items() if "{" not in path
        for each in methods.get("get", {}).get("parameters", ()) if each["schema"].get("format") == "date"
    ]  # fmt: skip
    assert ("/api/v1/orders/", "quarters_to") in filters
    for path, name in filters:
        for day in ("0001-01-01", "9999-12-31"):
            assert client.get(path, {name: day}).status_code in (200, 400), (path, name, day)


@pytest.mark.parametrize("path", ["checkpoints/", "files/", "waivers/"])
def test_what_hangs_on_an_opportunity_is_found_by_its_key(company, api, path):
    client = api(company.rep)
    deal, other = factories.opportunity(company.rep), factories.opportunity(company.rep)
    hidden = factories.opportunity(company.stranger)
    evidence = {"factor": "demand", "level": 1, "grade": "E0", "evidence": "Said so"}
    for each in (deal, other):
        client.post(f"opportunities/{each.pk}/checkpoints/", evidence)
        file = SimpleUploadedFile("a.txt", b"Minutes")
        client.post(f"opportunities/{each.pk}/files/", {"file": file}, format="multipart")
        factories.waiver(each, company.rep)
    assert client.get(path).json()["count"] == 2
    assert [row["opportunity"] for row in client.get(path, {"opportunity": deal.key}).json()["results"]] == [deal.key]
    said = [client.get(path, {"opportunity": key}) for key in (hidden.key, "nothing")]
    assert [(answer.status_code, list(answer.json())) for answer in said] == [(400, ["opportunity"])] * 2
