"""The administrators' list of people, and the page on which a portfolio is handed over."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.selectors import today
from customers.models import Customer
from opportunities import actions
from opportunities.models import Opportunity
from tests import factories
from tests.opportunities.browser_door import text_of

pytestmark = pytest.mark.django_db
LIST = "/settings/people/"


@pytest.fixture
def admin(company, signed_in):
    return signed_in(company.admin)


def names(client, query=""):
    return [person.username for person in client.get(f"{LIST}{query}").context["page"].object_list]


def test_the_list_says_who_where_and_in_what_state(company, admin):
    factories.opportunity(company.rep)
    User.objects.filter(pk=company.mate.pk).update(deactivated_at=timezone.now())
    User.objects.filter(pk=company.stranger.pk).update(active_from=today() + timedelta(9))
    User.objects.filter(pk=company.manager.pk).update(password="!imported")
    factories.invitation(company.admin)
    rows = {person.username: person for person in admin.get(LIST).context["page"].object_list}
    states = {name: row.state for name, row in rows.items()}
    assert states == {
        "admin": "active", "executive": "active", "director": "active", "other_manager": "active", "rep": "active",
        "manager": "not_invited", "mate": "deactivated", "stranger": "outside", "guest": "invited",
    }  # fmt: skip
    assert (rows["rep"].open_count, rows["mate"].open_count) == (1, 0)
    assert names(admin, "?state=deactivated") == ["mate"]
    assert names(admin, "?state=invited") == ["guest"]
    assert names(admin, "?q=GUEST@") == ["guest"]
    assert names(admin, "?team=west") == ["other_manager", "stranger"]
    assert set(names(admin, "?team=head&role=manager")) == {"director", "manager", "other_manager"}
    assert names(admin, "?sort=-open")[0] == "rep"
    assert names(admin, "?role=emperor") == []
    assert names(admin, "?q=%00") == []


def test_names_are_sorted_whatever_the_case_of_their_letters(company, admin):
    renamed(company, mate="de Vries", stranger="Adams", manager="Zhang")
    found = [name for name in names(admin) if name in ("mate", "stranger", "manager")]
    assert found == ["stranger", "mate", "manager"]
    assert names(admin, "?sort=-name") == names(admin)[::-1]


def test_chinese_names_are_sorted_by_pinyin_in_the_list_and_the_pickers(company, admin):
    renamed(company, mate="张伟", stranger="曾红", manager="李思", rep="林一")
    expected = ["李思", "林一", "曾红", "张伟"]
    listed = [person.name for person in admin.get(LIST).context["page"].object_list]
    picked = [row["text"] for row in admin.get("/pickers/people/?only=selling").json()["results"]]
    for found in (listed, picked, [str(person) for person in User.objects.all()]):
        assert [name for name in found if name in expected] == expected


def test_lists_sorted_by_owner_sort_them_by_pinyin(company, admin):
    renamed(company, mate="张伟", stranger="曾红", manager="李思")
    for owner in (company.mate, company.stranger, company.manager):
        factories.opportunity(owner)
    expected = ["李思", "曾红", "张伟"]
    table = text_of(admin.get(reverse("opportunity_export", args=["csv"]), {"sort": "owner"}))
    assert re.findall("|".join(expected), table) == expected
    customers = admin.get("/customers/?sort=owner").context["page"].object_list
    assert [row.owner for row in customers] == expected
    answer = admin.get("/api/v1/customers/?ordering=-owner").json()
    assert [row["owner"] for row in answer["results"]] == ["mate", "stranger", "manager"]


def renamed(company, **people):
    """Each of these people under another name."""
    for username, name in people.items():
        person = getattr(company, username)
        actions.edit_person(person=person, changes={"name": name}, seen=None, actor=company.admin)


def test_as_many_queries_for_two_people_as_for_two_hundred(company, admin):
    def counted(path):
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(path).status_code == 200
        return len([query for query in captured if not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])

    paths = [LIST, f"{LIST}?q=e&team=head&sort=-open", "/settings/teams/", f"{LIST}invitations/"]
    first = factories.opportunity(company.rep)
    factories.invitation(company.admin)
    [counted(path) for path in paths]
    few = [counted(path) for path in paths]
    for number in range(60):
        factories.team(f"T{number}", parent=company.east)
        factories.invitation(company.admin, f"p{number}@example.com", team=company.east)
        factories.opportunity(company.rep, customer=first.customer)
    assert [counted(path) for path in paths] == few
    assert max(few) <= 8


def test_a_person_is_edited(company, admin):
    url = f"{LIST}{company.rep.pk}/edit/"
    given = {"name": "New Name", "email": "", "role": "manager", "team": "west", "language": "zh-hans", "version": 1}
    assert admin.post(url, given).status_code == 302
    row = User.objects.get(pk=company.rep.pk)
    assert (row.name, row.role, row.team, row.language) == ("New Name", "manager", company.west, "zh-hans")
    assert admin.post(url, {**given, "name": "Stale"}).status_code == 409
    late = {**given, "version": 2, "active_from": "2026-02-01", "active_until": "2026-01-01"}
    answer = admin.post(url, late)
    assert answer.status_code == 422 and set(answer.context["form"].errors) == {"active_until"}
    own = admin.post(f"{LIST}{company.admin.pk}/edit/", {"name": "A", "role": "rep", "language": "en", "version": 1})
    assert own.status_code == 422 and set(own.context["form"].errors) == {"role"}


@pytest.fixture
def book(company):
    big, small = factories.customer(company.rep, "Big"), factories.customer(company.rep, "Small")
    factories.opportunity(company.rep, "Big one", customer=big, amount=Decimal(900))
    factories.opportunity(company.rep, "Small one", customer=small, amount=Decimal(300))
    return {"big": big, "small": small}


def test_a_hand_over_is_previewed_changed_and_taken(company, admin, book):
    url = f"{LIST}{company.rep.pk}/hand-over/"
    page = admin.post(url, {"act": "preview", "to": ["mate", "stranger"], "reason": "Territories"})
    said = {part.receiver.username: (part.customers, part.count, part.amount) for part in page.context["portions"]}
    assert said == {"mate": (1, 1, Decimal(900)), "stranger": (1, 1, Decimal(300))}
    assert Opportunity.objects.filter(owner=company.rep).count() == 2
    chosen = {f"customer-{book['small'].pk}": "mate", f"customer-{book['big'].pk}": "mate"}
    page = admin.post(url, {"act": "preview", "to": ["mate", "stranger"], **chosen})
    assert [part.receiver.username for part in page.context["portions"]] == ["mate"]
    page = admin.post(url, {"act": "spread", "to": ["mate", "stranger"], **chosen})
    assert len(page.context["portions"]) == 2
    confirm = {"act": "confirm", "to": ["mate", "stranger"], "seen": page.context["portfolio"].fingerprint, **chosen}
    assert admin.post(url, {**confirm, "seen": "old"}).status_code == 409
    assert Opportunity.objects.filter(owner=company.rep).count() == 2
    assert admin.post(url, confirm).status_code == 302
    assert Opportunity.objects.filter(owner=company.mate).count() == 2
    assert User.objects.get(pk=company.rep.pk).is_active


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Not invited yet", "Invited", "(Not invited yet)")), ("zh-hans", ("尚未邀请", "已邀请", "(尚未邀请)"))],
)
def test_receivers_who_cannot_sign_in_yet_are_marked_and_ended_ones_are_not_offered(
    company, signed_in, book, language, words
):
    company.admin.language = language
    company.admin.save(update_fields=["language"])
    admin, url = signed_in(company.admin), f"{LIST}{company.rep.pk}/hand-over/"
    User.objects.filter(pk=company.mate.pk).update(password="!imported")
    factories.invitation(company.admin, "guest@example.com", role="rep", team=company.west)
    User.objects.filter(pk=company.stranger.pk).update(deactivated_at=timezone.now())
    picked = admin.get("/pickers/people/?only=selling").json()["results"]
    hints = {row["value"]: row["hint"] for row in picked}
    assert (hints["mate"], hints["guest"], hints["rep"]) == (f"East · {words[0]}", f"West · {words[1]}", "East")
    assert "stranger" not in hints
    page = admin.post(url, {"act": "preview", "to": ["mate", "guest"]}).content.decode()
    rows = {name: page.partition(f'<tr data-portion="{name}">')[2].partition("</tr>")[0] for name in ("mate", "guest")}
    assert words[0] in rows["mate"] and words[1] in rows["guest"]
    assert f"Mate {words[2]}</option>" in page
    assert admin.post(url, {"act": "preview", "to": ["stranger"]}).status_code == 422


def test_who_hands_over_is_not_offered_as_a_receiver(company, admin, book):
    page = admin.get(f"{LIST}{company.rep.pk}/hand-over/").content.decode()
    asked = html.unescape(re.search(r'data-picker="([^"]+)"', page)[1])
    offered = [row["value"] for row in admin.get(asked).json()["results"]]
    assert "mate" in offered and "rep" not in offered


def test_a_deactivation_with_and_without_a_hand_over(company, admin, book):
    url = f"{LIST}{company.rep.pk}/deactivate/"
    assert admin.get(url).status_code == 200
    for wrong in ([], ["nobody"], ["rep"], ["admin"], ["\x00"]):
        assert admin.post(url, {"act": "confirm", "to": wrong}).status_code == 422
    page = admin.post(url, {"act": "preview", "to": "mate"})
    seen = page.context["portfolio"].fingerprint
    assert admin.post(url, {"act": "confirm", "to": "mate", "seen": seen}).status_code == 302
    assert set(Customer.objects.values_list("owner__username", flat=True)) == {"mate"}
    assert not User.objects.get(pk=company.rep.pk).is_active
    assert admin.post(f"{LIST}{company.mate.pk}/deactivate/", {"act": "leave"}).status_code == 302
    assert set(Customer.objects.values_list("owner__username", flat=True)) == {"mate"}
    assert not User.objects.get(pk=company.mate.pk).is_active
    assert admin.post(f"{LIST}{company.admin.pk}/deactivate/", {"act": "leave"}).status_code == 422
    assert User.objects.get(pk=company.admin.pk).is_active
    version = User.objects.get(pk=company.rep.pk).version
    assert admin.post(f"{LIST}{company.rep.pk}/reactivate/", {"version": version}).status_code == 302
    assert User.objects.get(pk=company.rep.pk).is_active


def test_the_page_of_a_big_portfolio_asks_as_much_as_that_of_a_small_one(company, admin, book):
    def counted():
        with CaptureQueriesContext(connection) as captured:
            given = {"act": "preview", "to": ["mate", "stranger"]}
            assert admin.post(f"{LIST}{company.rep.pk}/hand-over/", given).status_code == 200
        return len([query for query in captured if not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])

    few = counted()
    for number in range(200):
        customer = factories.customer(company.rep, f"More {number}")
        factories.opportunity(company.rep, customer=customer, amount=Decimal(number))
    assert counted() == few
    assert few <= 8


def test_receivers_typed_without_script_stand_in_one_line(company, admin, book):
    page = admin.post(f"{LIST}{company.rep.pk}/hand-over/", {"act": "preview", "to": "mate, stranger"})
    assert {part.receiver.username for part in page.context["portions"]} == {"mate", "stranger"}
