"""The profile, the preferences, and the settings of the organisation."""

import pytest
from django.test import Client

from accounts.actions import edit_profile
from accounts.models import Organisation, User
from pipeline.actions import edit_organisation
from tests import factories

pytestmark = pytest.mark.django_db
PROFILE = "/profile/"
ORGANISATION = "/settings/organisation/"
SAVED = {
    "name": "Works", "industry": "manufacturing", "currency": "CNY", "timezone": "Asia/Shanghai",
    "fiscal_year_start_month": "1", "working_days": ["1", "2", "3", "4", "5"], "version": 1,
}  # fmt: skip


def sent(**changed):
    return {"name": "Rep", "email": "", "language": "en", "theme": "auto", "shortcuts": "on", "version": 1, **changed}


def test_save(company, signed_in):
    client = signed_in(company.rep)
    data = sent(name="Rep Two", email="rep@example.com", language="zh-hans", theme="dark")
    del data["shortcuts"]
    response = client.post(PROFILE, data)
    assert response["Location"] == PROFILE
    user = User.objects.get(username="rep")
    assert (user.name, user.email, user.language, user.theme, user.shortcuts) == (
        "Rep Two", "rep@example.com", "zh-hans", "dark", False,
    )  # fmt: skip
    page = client.get(PROFILE)
    assert page.headers["Content-Language"] == "zh-hans"
    assert 'data-shortcuts="off"' in page.content.decode()


def test_nobody_promotes_themselves(company, signed_in):
    signed_in(company.rep).post(PROFILE, sent(role="admin", team=company.west.pk, username="boss", active_until=""))
    user = User.objects.get(pk=company.rep.pk)
    assert (user.role, user.team, user.username) == ("rep", company.east, "rep")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "x" * 300 + "@example.com"}, "email"),
        ({"language": "fr"}, "language"),
        ({"theme": "pink"}, "theme"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input(company, signed_in, changed, field):
    response = signed_in(company.rep).post(PROFILE, sent(**changed))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert User.objects.get(pk=company.rep.pk).version == 1


def test_an_address_belongs_to_one_person(company, signed_in):
    edit_profile(user=company.mate, changes={"email": "mine@example.com"})
    response = signed_in(company.rep).post(PROFILE, sent(email="MINE@example.com"))
    assert response.status_code == 422
    assert "Somebody else has this address." in response.content.decode()


def test_two_windows(company, signed_in):
    edit_profile(user=company.rep, changes={"name": "Other window"})
    response = signed_in(company.rep).post(PROFILE, sent(name="This window"))
    assert response.status_code == 409
    assert "Other window" in response.content.decode()
    assert 'value="This window"' in response.content.decode()


def test_preferences_from_anywhere(company, signed_in):
    client = signed_in(company.rep)
    assert client.post("/preferences/", {"theme": "dark", "next": "/customers/?q=1"})["Location"] == "/customers/?q=1"
    assert client.post("/preferences/", {"theme": "dark", "next": "//evil.example/"})["Location"] == "/"
    assert client.post("/preferences/", {"language": "zh-hans"}, headers={"HX-Request": "true"}).status_code == 204
    assert client.post("/preferences/", {"language": "klingon"}).status_code == 302
    user = User.objects.get(pk=company.rep.pk)
    assert (user.theme, user.language) == ("dark", "zh-hans")
    assert client.get("/preferences/").status_code == 405


# --- Settings


@pytest.mark.parametrize("who", ["rep", "manager", "director", "executive"])
def test_settings_that_explain_a_figure_are_read_by_everybody_and_set_by_administrators(company, signed_in, who):
    client = signed_in(getattr(company, who))
    index = client.get("/settings/").content.decode()
    assert f'href="{ORGANISATION}"' in index and 'href="/settings/people/"' not in index
    assert 'name="timezone"' not in client.get(ORGANISATION).content.decode()
    assert client.post(ORGANISATION, {"name": "Mine now"}).status_code == 403
    assert 'href="/settings/"' in client.get(PROFILE).content.decode()
    assert Organisation.objects.get().name == "Test Works"


def test_administrators_find_them_in_the_navigation(company, signed_in):
    client = signed_in(company.admin)
    assert 'href="/settings/"' in client.get(PROFILE).content.decode()
    index = client.get("/settings/").content.decode()
    for url in (ORGANISATION, "/settings/stages/", "/products/"):
        assert f'href="{url}"' in index


def test_the_organisation_stale(company, signed_in):
    edit_organisation(changes={"name": "Theirs"}, seen=1, actor=company.admin)
    data = {**SAVED, "name": "Mine", "industry": "services"}
    response = signed_in(company.admin).post(ORGANISATION, data)
    assert response.status_code == 409
    assert Organisation.objects.get().industry == "manufacturing"


@pytest.mark.parametrize("month", ["0", "13", "x", ""])
def test_a_fiscal_year_starts_in_a_month(company, signed_in, month):
    data = {**SAVED, "fiscal_year_start_month": month}
    response = signed_in(company.admin).post(ORGANISATION, data)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["fiscal_year_start_month"]


# --- An empty installation


def test_the_first_administrator_can_look_around_and_name_the_organisation(db):
    client = Client()
    client.force_login(factories.person("first", role="admin"))
    for url in (
        "/customers/", "/contacts/", "/products/", "/settings/", "/settings/stages/", ORGANISATION, PROFILE,
        "/customers/new/", "/opportunities/",
    ):  # fmt: skip
        assert client.get(url).status_code == 200, url
    assert "import a workspace" in client.get(ORGANISATION).content.decode()
    assert 'href="/start/"' in client.get("/opportunities/").content.decode()
    data = {**SAVED, "name": "First Works", "version": 0}
    assert client.post(ORGANISATION, data).status_code == 302
    assert Organisation.objects.get().name == "First Works"


def test_an_address_that_somebody_took_since_it_was_checked_is_an_error_of_the_form(company, signed_in, monkeypatch):
    User.objects.filter(pk=company.mate.pk).update(email="taken@example.com")
    monkeypatch.setattr(User, "full_clean", lambda self, *args, **options: None)
    monkeypatch.setattr("django.forms.ModelForm._post_clean", lambda self: None)

    answer = signed_in(company.rep).post(PROFILE, sent(email="taken@example.com"))

    assert answer.status_code == 422
    assert "Somebody has just taken this value." in answer.content.decode()
    assert User.objects.get(pk=company.rep.pk).email == ""
