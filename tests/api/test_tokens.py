"""A person's own tokens: shown once, no wider than what makes them, ended at once by a revocation."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AccessToken, AuditEntry, User
from accounts.selectors import calendar, today
from accounts.tokens import create_token, digest, find_token, revoke_token
from tests.api.conftest import Api, client_of

pytestmark = pytest.mark.django_db


def bearer(secret):
    client = Api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_a_token_is_made_in_the_profile_and_shown_once(company, signed_in):
    browser, last = signed_in(company.rep), today() + timedelta(days=30)
    page = browser.post("/profile/tokens/new/", {"name": "Report", "scope": "write", "last_day": last.isoformat()})
    assert page.status_code == 201
    assert "no-store" in page["Cache-Control"]
    secret = page.context["secret"]
    assert f'value="{secret}"' in page.content.decode()
    token = AccessToken.objects.get()
    assert (token.name, token.scope, token.digest) == ("Report", "write", digest(secret))
    assert token.expires_at == calendar().end_of_day(last)
    assert bearer(secret).get("me/").json()["username"] == "rep"
    listed = browser.get("/profile/tokens/").content.decode()
    assert "Report" in listed and secret not in listed
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_token_without_an_end_is_not_called_unused_in_chinese(company, signed_in):
    create_token(user=company.rep, name="Reports")
    User.objects.update(language="zh-hans")
    text = signed_in(company.rep).get("/profile/tokens/").content.decode()
    assert text.count("长期有效") == 1 and text.count("从未") == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 101}, "name"), ({"name": "a\x00b"}, "name"),
        ({"scope": "all"}, "scope"),
        ({"last_day": "2020-01-01"}, "last_day"), ({"last_day": "9999-12-31"}, "last_day"),
    ],
)  # fmt: skip
def test_a_form_that_is_wrong_keeps_what_was_typed(company, signed_in, sent, field):
    page = signed_in(company.rep).post("/profile/tokens/new/", {"name": "Report", "scope": "read", **sent})
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert AccessToken.objects.count() == 0


def test_revoking_asks_first_and_ends_it_at_once(company, signed_in):
    token, secret = create_token(user=company.rep, name="Report", scope="write")
    browser, path = signed_in(company.rep), f"/profile/tokens/{token.pk}/revoke/"
    assert b"Report" in browser.get(path).content
    assert bearer(secret).get("me/").status_code == 200
    assert browser.post(path).status_code == 302
    assert bearer(secret).get("me/").status_code == 401
    assert browser.post(path).status_code == 404
    entry = AuditEntry.objects.get(action="revoke_token")
    assert (entry.actor, entry.changes, entry.door) == (company.rep, {"token": ["Report", None]}, "browser")


def test_the_trail_tells_of_a_token_in_words(company, signed_in):
    ends = timezone.now() + timedelta(days=7)
    token, _secret = create_token(user=company.rep, name="Reports", scope="write", expires_at=ends)
    revoke_token(token=token, actor=company.rep)
    text = " ".join(signed_in(company.admin).get("/settings/audit/").content.decode().split())
    assert "Token" in text and "It may" in text and "Expires" in text
    assert "Read and write" in text and ends.isoformat() not in text
    assert [entry.changes for entry in AuditEntry.objects.filter(action="revoke_token")] == [
        {"token": ["Reports", None]}
    ]


def test_nobody_of_the_demo_comes_in_by_a_token_either(company, api):
    client = api(company.rep)
    assert client.get("me/").status_code == 200
    User.objects.filter(pk=company.rep.pk).update(is_demo=True)
    assert client.get("me/").status_code == 401


def test_nobody_meets_the_tokens_of_others(company, signed_in, api):
    token, _secret = create_token(user=company.rep, name="EASTERN")
    for person in (company.admin, company.manager):
        assert b"EASTERN" not in signed_in(person).get("/profile/tokens/").content
        assert signed_in(person).post(f"/profile/tokens/{token.pk}/revoke/").status_code == 404
        assert [row["name"] for row in api(person).get("tokens/").json()["results"]] == ["test"]
        assert api(person).delete(f"tokens/{token.pk}/").status_code == 404
    assert AccessToken.objects.filter(pk=token.pk).exists()


def test_the_api_makes_lists_and_revokes(company, api):
    client = api(company.rep)
    answer = client.post("tokens/", {"name": "Child", "scope": "write"})
    assert answer.status_code == 201
    made = answer.json()
    assert made.keys() == {"id", "name", "scope", "created_at", "expires_at", "last_used_at", "token"}
    assert bearer(made["token"]).get("me/").status_code == 200
    listed = client.get("tokens/").json()["results"]
    assert [row["name"] for row in listed] == ["Child", "test"]
    assert "token" not in listed[0]
    assert listed[0]["last_used_at"] is not None
    assert client.delete(f"tokens/{made['id']}/").status_code == 204
    assert bearer(made["token"]).get("me/").status_code == 401


def test_a_read_token_makes_and_revokes_none(company, api):
    client = api(company.rep, "read")
    own = AccessToken.objects.get()
    assert client.post("tokens/", {"name": "Child"}).status_code == 403
    assert client.delete(f"tokens/{own.pk}/").status_code == 403
    assert client.get("tokens/").json()["count"] == 1


def test_a_token_makes_none_that_outlives_it(company):
    soon = timezone.now() + timedelta(hours=1)
    _token, secret = create_token(user=company.rep, name="short", scope="write", expires_at=soon)
    client = bearer(secret)
    for expires_at in (None, (soon + timedelta(seconds=1)).isoformat()):
        answer = client.post("tokens/", {"name": "Child", "expires_at": expires_at})
        assert (answer.status_code, list(answer.json())) == (400, ["expires_at"])
    answer = client.post("tokens/", {"name": "Child", "expires_at": soon.isoformat()})
    assert answer.status_code == 201


def test_what_a_new_token_may_not_say(company, api):
    client = api(company.rep)
    past = (timezone.now() - timedelta(seconds=5)).isoformat()
    for body, field in [
        ({}, "name"), ({"name": ""}, "name"), ({"name": "N", "scope": "all"}, "scope"), ({"name": "N\x00"}, "name"),
        ({"name": "N", "expires_at": past}, "expires_at"), ({"name": "N", "expires_at": "soon"}, "expires_at"),
        ({"name": "N", "user": "admin"}, "user"), ({"name": "N", "token": "asc_x"}, "token"),
    ]:  # fmt: skip
        answer = client.post("tokens/", body)
        assert (answer.status_code, list(answer.json())) == (400, [field]), body
    assert AccessToken.objects.count() == 1


def test_the_secret_of_a_repeated_request_is_kept_nowhere(company):
    client = client_of(company.rep)
    answers = [client.post("tokens/", {"name": "N"}, headers={"Idempotency-Key": "k"}) for _n in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["token"] != answers[1].json()["token"]
    assert find_token(answers[0].json()["token"]) is not None
