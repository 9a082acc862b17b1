"""One's own password and calendar address through the API: the same rules as in the browser."""

import pytest

from accounts.models import AccessToken, AuditEntry, User
from opportunities.models import CalendarFeed
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
NEW = "another-summit-10"


def change(client, current=factories.PASSWORD, new=NEW):
    return client.post("me/password/", {"current": current, "new": new})


def test_the_password_is_changed(company, api):
    client = api(company.rep)
    assert change(client).status_code == 204
    person = User.objects.get(pk=company.rep.pk)
    assert person.check_password(NEW)
    entry = AuditEntry.objects.get(action="set_password")
    assert (entry.actor, entry.door, entry.object_id) == (person, "api", person.pk)
    assert NEW not in str(list(AuditEntry.objects.values()))
    signed = client.post("auth/token/", {"username": "rep", "password": NEW})
    assert signed.status_code == 201
    assert client.get("me/").status_code == 200  # the token is another way in


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"current": "wrong"}, "current"), ({"current": f" {factories.PASSWORD}"}, "current"),
        ({"current": "x" * 1001}, "current"), ({"new": "short"}, "new"), ({"new": "1234567890"}, "new"),
        ({"new": ""}, "new"), ({"new": None}, "new"), ({"new": "a\x00bcdefghij"}, "new"), ({"new": ["x"]}, "new"),
    ],
)  # fmt: skip
def test_what_is_no_password(company, api, sent, field):
    answer = api(company.rep).post("me/password/", {"current": factories.PASSWORD, "new": NEW, **sent})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert User.objects.get(pk=company.rep.pk).check_password(factories.PASSWORD)


def test_guessing_is_throttled_whatever_the_token(company, api):
    for _n in range(10):
        assert change(api(company.rep), current="wrong").status_code == 400
    answer = change(api(company.rep))
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert change(api(company.mate)).status_code == 204


def test_a_session_outlives_its_own_change_and_ends_others(company, signed_in):
    browser, other = signed_in(company.rep), signed_in(company.rep)
    body = {"current": factories.PASSWORD, "new": NEW}
    assert browser.post("/api/v1/me/password/", body, content_type="application/json").status_code == 204
    assert browser.get("/api/v1/me/").status_code == 200
    assert other.get("/api/v1/me/").status_code == 401


def test_a_token_that_reads_changes_neither(company, api):
    client = api(company.rep, "read")
    assert change(client).status_code == 403
    assert client.post("calendar-address/").status_code == 403
    assert client.delete("calendar-address/").status_code == 403
    assert client.get("calendar-address/").json() == {"created_at": None}


def test_a_calendar_address(company, api, client):
    mine = api(company.rep)
    first = mine.post("calendar-address/")
    assert first.status_code == 201
    address = first.json()["address"]
    assert client.get(address).status_code == 200
    assert mine.get("calendar-address/").json()["created_at"] is not None
    assert api(company.mate).get("calendar-address/").json() == {"created_at": None}
    second = mine.post("calendar-address/").json()["address"]
    assert (client.get(address).status_code, client.get(second).status_code) == (404, 200)
    for _n in range(2):
        assert mine.delete("calendar-address/").status_code == 204
    assert client.get(second).status_code == 404
    assert not CalendarFeed.objects.exists()
    done = AuditEntry.objects.filter(model="user", action__contains="calendar").order_by("id")
    assert [(row.action, row.door) for row in done] == [
        ("make_calendar_feed", "api"), ("make_calendar_feed", "api"), ("revoke_calendar_feed", "api"),
    ]  # fmt: skip
    assert AccessToken.objects.filter(user=company.rep).count() == 1
