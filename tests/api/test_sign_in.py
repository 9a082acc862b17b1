"""How one comes to a token, and how often one may try."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from accounts.api import throttling
from accounts.models import AccessToken, User
from accounts.tokens import create_token, find_token
from tests.api.conftest import client_of
from tests.factories import PASSWORD


def sign_in(client, username="rep", password=PASSWORD, **more):
    return client.post("auth/token/", {"username": username, "password": password, **more})


def test_a_token_for_name_and_password(company, api):
    answer = sign_in(api())
    assert answer.status_code == 201
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['token']}")
    assert client.get("me/").json()["username"] == "rep"
    assert client.patch("me/", {"name": "X", "version": 1}).status_code == 403
    token = find_token(sign_in(api(), scope="write").json()["token"])
    assert token.scope == "write"


def test_the_same_words_for_every_reason(company, api):
    User.objects.filter(pk=company.mate.pk).update(active_until=timezone.now().date() - timedelta(days=3))
    User.objects.filter(pk=company.manager.pk).update(password="!")
    answers = [
        sign_in(api(), "nobody"), sign_in(api(), "rep", "wrong"), sign_in(api(), "mate"), sign_in(api(), "manager"),
        sign_in(api(), "rep\u0000", "wrong"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [401, 401, 401, 401, 400]
    assert len({answer.content for answer in answers[:4]}) == 1
    assert AccessToken.objects.count() == 0


def test_a_body_that_lacks_something(company, api):
    assert api().post("auth/token/", {}).json().keys() == {"username", "password"}
    assert sign_in(api(), scope="everything").json().keys() == {"scope"}
    assert sign_in(api(), username=["rep"]).status_code == 400


def test_guessing_is_throttled_by_name_and_by_address(company, api):
    codes = [
        api().post(
            "auth/token/", {"username": "rep", "password": "x"}, REMOTE_ADDR=f"10.0.0.{n}",
            HTTP_X_FORWARDED_FOR=f"1.2.3.{n}",
        ).status_code
        for n in range(12)
    ]  # fmt: skip
    assert codes == [401] * 10 + [429] * 2
    codes = [
        api().post(
            "auth/token/", {"username": f"n{n}", "password": "x"}, REMOTE_ADDR="10.9.9.9",
            HTTP_X_FORWARDED_FOR=f"1.2.3.{n}",
        ).status_code
        for n in range(12)
    ]  # fmt: skip
    assert codes == [401] * 10 + [429] * 2


def test_a_token_is_throttled(company, api, monkeypatch):
    monkeypatch.setattr(throttling.TokenThrottle, "THROTTLE_RATES", {"token": "3/min"})
    client = api(company.rep)
    answers = [client.get("me/") for _n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3]["Retry-After"]) > 0
    assert api(company.rep).get("me/").status_code == 200


def test_tokens_end_with_their_person_and_their_date(company, api):
    client = api(company.rep)
    User.objects.filter(pk=company.rep.pk).update(active_until=timezone.now().date() - timedelta(days=3))
    assert client.get("me/").status_code == 401
    _token, secret = create_token(user=company.mate, name="old")
    AccessToken.objects.filter(name="old").update(expires_at=timezone.now() - timedelta(seconds=1))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert client.get("me/").status_code == 401


def command(*args):
    out = StringIO()
    call_command("create_token", *args, stdout=out)
    return out.getvalue().splitlines()[-1].split()[-1]


def test_the_command_prints_a_token(company, api):
    User.objects.filter(pk=company.rep.pk).update(password="!")
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {command('rep', '--scope', 'write', '--name', 'robot')}")
    assert client.patch("me/", {"name": "X", "version": 1}).status_code == 200
    assert AccessToken.objects.get().name == "robot"
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {command('rep')}")
    assert client.patch("me/", {"name": "Y", "version": 2}).status_code == 403


def test_the_command_refuses_whom_it_does_not_know(company):
    with pytest.raises(CommandError, match="nobody"):
        call_command("create_token", "nobody")
    User.objects.filter(pk=company.rep.pk).update(active_until=timezone.now().date() - timedelta(days=3))
    with pytest.raises(CommandError, match="not active"):
        call_command("create_token", "rep")
    assert AccessToken.objects.count() == 0


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
def test_a_sign_in_has_a_limited_size(company, api):
    assert sign_in(api(), password="x" * 1000).status_code == 413


def test_answers_are_in_the_language_of_the_person(company):
    User.objects.filter(pk=company.rep.pk).update(language="zh-hans")
    assert client_of(company.rep).get("me/")["Content-Language"]
