"""The same request under the same key is carried out once, and leaves nothing half."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import idempotency
from accounts.models import AuditEntry, IdempotencyRecord
from customers.models import Contact, Customer
from opportunities.models import Opportunity
from tests import factories
from tests.api.conftest import client_of


def post(client, path, body, key="order-66", **more):
    return client.post(path, body, headers={"Idempotency-Key": key}, **more)


def test_the_same_request_is_carried_out_once(company, api):
    client = api(company.rep)
    first = post(client, "customers/", {"name": "Summit Works"})
    again = post(client, "customers/", {"name": "Summit Works"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again["Idempotent-Replayed"] == "true"
    assert first["ETag"] == again["ETag"] == '"1"'
    assert Customer.objects.filter(name="Summit Works").count() == 1
    assert AuditEntry.objects.filter(model="customer", action="create").count() == 1


def test_without_a_key_every_request_counts(company, api):
    client = api(company.rep)
    assert [client.post("customers/", {"name": f"C{n}"}).status_code for n in range(2)] == [201, 201]
    assert IdempotencyRecord.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "body"), [("customers/", {"name": "B"}), ("contacts/", {"name": "A"}), ("customers/?x=1", {"name": "A"})]
)
def test_another_request_under_the_key_is_refused(company, api, path, body):
    client = api(company.rep)
    assert post(client, "customers/", {"name": "A"}).status_code == 201
    answer = post(client, path, body)
    assert answer.status_code == 422
    assert answer.json().keys() == {"detail"}
    assert Customer.objects.count() == 1


def test_a_key_is_one_persons(company, api):
    assert post(api(company.rep), "customers/", {"name": "A"}).status_code == 201
    answer = post(api(company.stranger), "customers/", {"name": "B"})
    assert (answer.status_code, answer.json()["owner"]) == (201, "stranger")


def test_moves_and_bulk(company, api):
    row = factories.opportunity(company.rep)
    client, path = api(company.rep), f"opportunities/{row.pk}/move/"
    answers = [post(client, path, {"stage": "validate", "version": 1}) for _n in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    body = {"ids": [row.pk], "action": "shift_close_date", "days": 10}
    before = Opportunity.objects.get(pk=row.pk).expected_close_date
    answers = [post(client, "opportunities/bulk/", body, key="shift") for _n in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Opportunity.objects.get(pk=row.pk).expected_close_date == before + timedelta(days=10)


def test_a_refused_request_leaves_its_key_free(company, api):
    client = api(company.rep)
    assert post(client, "customers/", {"name": ""}).status_code == 400
    assert IdempotencyRecord.objects.count() == 0
    assert post(client, "customers/", {"name": "Right now"}).status_code == 201
    row = factories.opportunity(company.rep)
    stale = {"stage": "validate", "version": 1}
    client.patch(f"opportunities/{row.pk}/", {"title": "T", "version": 1})
    client.post(f"opportunities/{row.pk}/move/", {"stage": "lock", "version": 2})
    for _n in range(2):  # the answers 409 are not kept either: each is of its moment
        answer = post(client, f"opportunities/{row.pk}/move/", stale, key="m")
        assert answer.status_code == 409
    assert not IdempotencyRecord.objects.filter(key="m").exists()
    assert post(client, f"opportunities/{row.pk}/undo/", {"version": 2}, key="u").status_code == 409


def test_a_refusal_that_is_audited_stays_audited(company, api):
    factories.customer(company.stranger, "Hidden Works")
    client = api(company.rep)
    for number in (1, 2):
        answer = post(client, "customers/", {"name": "Hidden Works"})
        assert (answer.status_code, answer.json()["code"]) == (400, "already_served")
        assert AuditEntry.objects.filter(action="already_served").count() == number


def test_a_crash_leaves_neither_the_write_nor_the_key(company, api, monkeypatch):
    client = api(company.rep)
    client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "Answer", None)

        def crash(*_args):
            raise RuntimeError("the machine lost its power")

        patch.setattr("accounts.api.idempotency._plain", crash)
        assert post(client, "customers/", {"name": "Half"}).status_code == 500
    assert not Customer.objects.filter(name="Half").exists()
    assert IdempotencyRecord.objects.count() == 0
    assert post(client, "customers/", {"name": "Half"}).status_code == 201


def test_it_is_kept_for_a_day(company, api):
    client, body = api(company.rep), {"name": "A", "customer": factories.customer(company.rep).key}
    post(client, "contacts/", body)
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert post(client, "contacts/", body)["Idempotent-Replayed"] == "true"
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    again = post(client, "contacts/", body)
    assert (again.status_code, "Idempotent-Replayed" in again.headers) == (201, False)
    assert Contact.objects.filter(name="A").count() == 2


def test_it_stays_within_the_budget_of_a_write(company, api):
    row, client = factories.opportunity(company.rep), api(company.rep)
    client.get("me/")
    for path, body in [
        ("opportunities/", {"title": "T", "customer": row.customer.key}),
        (f"opportunities/{row.pk}/move/", {"stage": "validate", "version": 1}),
    ]:
        with CaptureQueriesContext(connection) as captured:
            assert post(client, path, body, key=path.replace("/", "-")).status_code < 300
        made = [each["sql"] for each in captured if not each["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
        assert len(made) <= 14, (path, len(made))  # the 12 of a write, the claim on the key and the answer


@pytest.mark.parametrize("key", ["", " ", "a b", "ключ", "x" * 256, "a\tb"])
def test_keys_that_are_none(company, api, key):
    answer = post(api(company.rep), "customers/", {"name": "A"}, key=key)
    assert answer.status_code == 400
    assert answer.json().keys() == {"Idempotency-Key"}
    assert Customer.objects.count() == 0


def test_what_a_token_may_not_do_is_not_repeated_for_it(company, api):
    assert post(api(company.rep), "customers/", {"name": "A"}).status_code == 201
    assert post(api(company.rep, "read"), "customers/", {"name": "A"}).status_code == 403
    assert post(api(), "customers/", {"name": "A"}).status_code == 401
    assert post(api(company.rep), "me/", {"name": "A"}).status_code == 405


def test_bodies_that_are_no_json(company, api):
    client = api(company.rep)
    for body, kind, status in ((b"{", "application/json", 400), (b"name=A", "text/plain", 415)):
        answer = client.post("customers/", body, content_type=kind, headers={"Idempotency-Key": "k"})
        assert answer.status_code == status
    huge = b'{"name": "' + b"x" * 6_000_000 + b'"}'
    answer = client.post("customers/", huge, content_type="application/json", headers={"Idempotency-Key": "k"})
    assert answer.status_code == 413


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_at_the_same_time_one_is_carried_out(transactional_db, monkeypatch):
    company = factories.company()
    clients = [client_of(company.rep) for _n in range(4)]
    together, answers = threading.Barrier(4), []

    def send(client):
        together.wait()
        try:
            answers.append(post(client, "customers/", {"name": "Race"}))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert sorted("Idempotent-Replayed" in answer.headers for answer in answers) == [False, True, True, True]
    assert Customer.objects.filter(name="Race").count() == 1
