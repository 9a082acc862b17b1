"""Signing in and out, forgotten passwords, closed doors: in both languages, for those who may."""

import re
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from accounts.selectors import today
from tests import factories
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"
CHINESE = {"accept-language": "zh-hans"}
ENGLISH = {"accept-language": "en"}


def sign_in(client, login="rep", password=PASSWORD, **extra):
    return client.post(LOGIN, {"login": login, "password": password}, **extra)


def signed(client):
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("login", ["rep", "REP@example.com", "rep@example.com"])
def test_by_login_name_or_address(company, login):
    User.objects.filter(pk=company.rep.pk).update(email="rep@example.com")
    client = Client()
    response = sign_in(client, login)
    assert response["Location"] == "/"
    assert signed(client)


def test_executives_land_on_the_dashboard_reps_on_their_day_everybody_else_on_the_board(company, signed_in):
    assert signed_in(company.executive).get("/")["Location"] == reverse("dashboard")
    assert signed_in(company.rep).get("/")["Location"] == reverse("my_day")
    for who in ("manager", "admin"):
        assert signed_in(getattr(company, who)).get("/")["Location"] == reverse("board")


def test_the_page_asked_for_comes_after_sign_in_but_no_foreign_one(company):
    response = Client().post(LOGIN, {"login": "rep", "password": PASSWORD, "next": "/customers/?tier=5A"})
    assert response["Location"] == "/customers/?tier=5A"
    response = Client().post(LOGIN, {"login": "rep", "password": PASSWORD, "next": "https://example.com/"})
    assert response["Location"] == "/"


@pytest.mark.parametrize(("login", "password"), [("rep", "wrong"), ("nobody", PASSWORD), ("rep", ""), ("\x00", "x")])
def test_a_wrong_sign_in_says_neither_which(company, login, password):
    client = Client()
    response = sign_in(client, login, password)
    assert not signed(client)
    assert response.status_code == 200
    if "\x00" not in login and password:
        (text,) = response.context["form"].non_field_errors()
        other = sign_in(Client(), "nobody-else", "wrong").context["form"].non_field_errors()
        assert [text] == list(other)


def test_somebody_without_a_password_cannot_sign_in(company):
    factories.person("imported")
    user = User.objects.get(username="imported")
    user.set_password(None)
    user.save()
    for password in ("", "!", PASSWORD):
        client = Client()
        sign_in(client, "imported", password)
        assert not signed(client)


@pytest.mark.parametrize(
    ("dates", "may"),
    [
        ({"active_until": -1}, False),
        ({"active_from": 1}, False),
        ({"active_until": 0}, True),
        ({"active_from": 0}, True),
        ({"active_from": -5, "active_until": 5}, True),
    ],
)
def test_only_within_the_active_dates(company, dates, may):
    User.objects.filter(pk=company.rep.pk).update(**{k: today() + timedelta(days=v) for k, v in dates.items()})
    client = Client()
    sign_in(client)
    assert signed(client) == may


def test_a_running_session_ends_with_the_active_dates(company):
    client = Client()
    sign_in(client)
    assert client.get("/customers/").status_code == 200
    User.objects.filter(pk=company.rep.pk).update(active_until=date(2000, 1, 1))
    response = client.get("/customers/")
    assert response["Location"] == f"{LOGIN}?next=/customers/"


@pytest.mark.parametrize("debug", [True, False])
def test_demo_people_exist_only_while_debug_is_on(company, settings, debug):
    User.objects.filter(pk=company.rep.pk).update(is_demo=True)
    settings.DEBUG = debug
    client = Client()
    sign_in(client)
    assert signed(client) == debug


def test_signing_out_asks_and_ends_the_session(company, signed_in):
    client = signed_in(company.rep)
    assert client.get("/accounts/logout/").status_code == 200
    assert signed(client)
    assert client.post("/accounts/logout/")["Location"] == LOGIN
    assert not signed(client)


# --- Brute force


@pytest.mark.parametrize(("headers", "words"), [(ENGLISH, "Too many"), (CHINESE, "")])
def test_guessing_is_throttled_also_for_the_right_password(company, headers, words):
    for _attempt in range(6):
        sign_in(Client(), password="wrong", headers=headers)
    client = Client()
    response = sign_in(client, headers=headers)
    assert not signed(client)
    assert words in response.content.decode()
    assert response.context["form"].non_field_errors() or response.status_code == 429


def test_asking_for_many_resets_is_throttled(company):
    for _attempt in range(5):
        Client().post(RESET, {"email": "a@example.com"})
    response = Client().post(RESET, {"email": "a@example.com"}, headers=ENGLISH)
    assert response.status_code == 429
    assert "Too many attempts" in response.content.decode()


# --- Forgotten password


@pytest.fixture
def with_mail(company):
    User.objects.filter(pk=company.rep.pk).update(email="rep@example.com")
    return company.rep


def link_in(message):
    return re.search(r"https?://[^/\s]+(/\S+)", message.body)[1]


def test_a_forgotten_password_is_set_anew(with_mail):
    client = Client(headers=ENGLISH)
    assert client.post(RESET, {"email": "REP@example.com"})["Location"] == reverse("account_reset_password_done")
    (message,) = mail.outbox
    assert message.to == ["rep@example.com"]
    assert "A new password for Ascent" in message.subject
    assert "Your login name is rep." in message.body
    form = client.get(link_in(message), follow=True)
    fresh = "an-ice-axe-and-a-rope"
    client.post(form.redirect_chain[-1][0], {"password1": fresh, "password2": fresh})
    assert signed(client) or sign_in(client, password=fresh)["Location"] == "/"
    old = Client()
    sign_in(old)
    assert not signed(old)
    again = Client(headers=ENGLISH).get(link_in(message), follow=True)
    assert "This link no longer works" in again.content.decode()


def test_an_unknown_address_gets_the_same_answer(with_mail):
    known = Client(headers=ENGLISH).post(RESET, {"email": "rep@example.com"}, follow=True)
    unknown = Client(headers=ENGLISH).post(RESET, {"email": "who@example.com"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert [message.to for message in mail.outbox] == [["rep@example.com"], ["who@example.com"]]
    assert "no account has it" in mail.outbox[1].body


def test_a_weak_new_password_is_refused(company, signed_in):
    data = {"oldpassword": PASSWORD, "password1": "12345678901", "password2": "12345678901"}
    response = signed_in(company.rep).post("/accounts/password/change/", data)
    assert response.context["form"].errors["password1"]
    company.rep.refresh_from_db()
    assert company.rep.check_password(PASSWORD)


def test_change_of_password_in_the_profile(company, signed_in):
    fresh = "an-ice-axe-and-a-rope"
    client = signed_in(company.rep)
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh})
    company.rep.refresh_from_db()
    assert company.rep.check_password(fresh)
    assert client.get("/customers/").status_code == 200


# --- Closed doors


def test_sign_up_is_closed(company):
    response = Client(headers=ENGLISH).get("/accounts/signup/")
    assert "Accounts are by invitation" in response.content.decode()
    people = User.objects.count()
    Client().post("/accounts/signup/", {"username": "intruder", "password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.count() == people


@pytest.mark.parametrize(
    "url", ["email/", "confirm-email/", "confirm-email/x:1/", "login/code/confirm/", "password/set/", "social/"]
)
def test_pages_that_are_not_ours_are_not_there(company, signed_in, url):
    assert signed_in(company.rep).get(f"/accounts/{url}").status_code == 404
    assert Client().get(f"/accounts/{url}").status_code in (302, 404)


PUBLIC = {
    "healthz", "readyz", "metrics", "language", "account_login", "account_signup", "account_inactive",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "account_logout", "auth-token",
}  # fmt: skip
SAMPLES = {"pk": "1", "id": "1", "key": "x", "name": "amount", "format": "csv", "figure": "open", "uidb36": "1"}


def addresses(patterns, prefix=""):
    """(name, an address of it) of every pattern of the URL conf."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield pattern.name, "/" + filled(route)


def filled(route):
    route = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: SAMPLES.get(match[1], "1"), route)
    route = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda match: SAMPLES.get(match[1], "1"), route)
    return re.sub(r"\\?\.\(\?P.*|[\^$\\?]|/\?$", "", route)


def test_no_cache_between_keeps_a_page_and_the_browser_asks_anew(company, signed_in):
    for url in ("/opportunities/", "/customers/", "/api/v1/opportunities/", "/no-such-page/"):
        answer = signed_in(company.rep).get(url)
        assert answer["Cache-Control"] == "private, no-cache", url
        assert "Cookie" in answer["Vary"], f"{url}: after a sign-out the browser takes it for somebody else's"


def test_every_address_is_private_by_default(company):
    found = dict(addresses(get_resolver().url_patterns))
    assert len(found) > 40
    for name, address in found.items():
        if name in PUBLIC:
            continue
        response = Client().get(address)
        private = response.status_code in (401, 403, 404, 405) or (
            response.status_code == 302 and response["Location"].startswith(LOGIN)
        )
        assert private, (name, address, response.status_code)


# --- The first administrator


def test_createsuperuser_makes_the_first_administrator(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "first")
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "first@example.com")
    call_command("createsuperuser", interactive=False, stdout=StringIO())
    user = User.objects.get()
    assert (user.role, user.name, user.email) == ("admin", "first", "first@example.com")
    client = Client()
    sign_in(client, "first")
    assert signed(client)
    assert client.get("/settings/").status_code == 200


def guesses(client, forwarded):
    """Statuses of eleven wrong passwords for eleven login names, from what the proxy calls `forwarded`."""
    return [
        sign_in(client, f"n{n}", "x", HTTP_X_FORWARDED_FOR=f"10.0.0.{n}, {forwarded}").status_code for n in range(11)
    ]


def test_behind_a_proxy_one_who_guesses_locks_nobody_else_out(company, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    guesses(Client(), "203.0.113.5")
    other, same = Client(), Client()
    assert sign_in(other, HTTP_X_FORWARDED_FOR="203.0.113.6").status_code == 302
    sign_in(same, HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.5")
    assert not signed(same)


def test_without_a_proxy_nobody_says_from_where_they_guess(company):
    guesses(Client(), "203.0.113.5")
    client = Client()
    sign_in(client, HTTP_X_FORWARDED_FOR="203.0.113.6")
    assert not signed(client)
