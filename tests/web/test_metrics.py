"""`/metrics`: who gets it, and numbers that really rise."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import Kind, OutboxMessage
from accounts.outbox import announce
from pipeline import nightly
from pipeline.models import ExportRun, ImportRun
from tests import factories

TOKEN = "scrape-me-0123456789"


@pytest.fixture(autouse=True)
def token(settings):
    settings.METRICS_TOKEN = TOKEN


def scraped() -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    answer = Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}", "host": "10.1.2.3"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert "no-store" in answer["Cache-Control"] and not answer.cookies
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (each.name, *(value for _name, value in sorted(each.labels.items()))): each.value
        for family in families
        for each in family.samples
    }


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer wrong", f"Token {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer é"]
)
def test_only_for_the_token(client, db, sent):
    answer = client.get("/metrics", headers={} if sent is None else {"authorization": sent})
    assert (answer.status_code, answer.content, answer["WWW-Authenticate"]) == (401, b"", "Bearer")


def test_an_administrator_is_not_the_token(company, signed_in):
    assert signed_in(company.admin).get("/metrics").status_code == 401


def test_without_a_token_set_there_is_nothing(client, settings):
    settings.METRICS_TOKEN = ""
    for sent in ("Bearer ", "Bearer", ""):
        assert client.get("/metrics", headers={"authorization": sent}).status_code == 404


def test_requests_are_counted_and_timed_by_the_name_of_their_route(company, signed_in, settings):
    client = signed_in(company.rep)
    row = factories.opportunity(company.rep)
    before = scraped()

    def rise(*key: str) -> float:
        return after.get(key, 0) - before.get(key, 0)

    for _time in range(3):
        assert client.get(f"/opportunities/{row.pk}/").status_code == 200
    assert client.get("/opportunities/999999/").status_code == 404
    assert client.get("/secret-9f8e7d/typed/").status_code == 404
    assert client.generic("BREW", "/opportunities/").status_code in (200, 405)
    assert client.get("/healthz").status_code == 200
    after = scraped()
    assert rise("ascent_requests_total", "GET", "opportunity", "2xx") == 3
    assert rise("ascent_requests_total", "GET", "opportunity", "4xx") == 1
    assert rise("ascent_requests_total", "GET", "none", "4xx") == 1
    assert rise("ascent_request_duration_seconds_count", "GET", "opportunity") == 4
    assert rise("ascent_request_duration_seconds_bucket", "20.0", "GET", "opportunity") == 4
    assert rise("ascent_request_duration_seconds_sum", "GET", "opportunity") > 0
    assert any(key[:2] == ("ascent_requests_total", "other") for key in after)
    labels = {value for key in after for value in key[1:]}
    assert not any("/" in value or "9f8e7d" in value or value in ("BREW", "healthz") for value in labels)


def test_a_failure_of_the_application_is_a_5xx(company, signed_in, monkeypatch):
    client = signed_in(company.rep)
    client.raise_request_exception = False
    before = scraped()
    monkeypatch.setattr("opportunities.views.board.render", lambda *_args, **_more: 1 / 0)
    assert client.get("/opportunities/").status_code == 500
    key = ("ascent_requests_total", "GET", "board", "5xx")
    assert scraped()[key] - before.get(key, 0) == 1


def test_what_runs_in_the_background_is_told(company):
    with time_machine.travel(timezone.now() - timedelta(days=4), tick=True):
        factories.opportunity(company.rep)
    before = scraped()
    assert before["ascent_nightly_due_days",] >= 3
    assert ("ascent_nightly_age_seconds",) not in before
    assert before["ascent_jobs", "import", "failed"] == before["ascent_jobs", "nightly", "finished"] == 0
    nightly.run_due()
    ImportRun.objects.create(requested_by=company.admin, state=ImportRun.State.FAILED)
    ExportRun.objects.create(requested_by=company.admin)
    after = scraped()
    assert after["ascent_nightly_due_days",] == 0
    assert 0 <= after["ascent_nightly_age_seconds",] < 60
    assert after["ascent_jobs", "nightly", "finished"] == before["ascent_nightly_due_days",]
    assert after["ascent_jobs", "import", "failed"] == after["ascent_jobs", "export", "waiting"] == 1


def test_what_waits_to_be_sent_is_told(company):
    OutboxMessage.objects.all().delete()
    assert scraped()["ascent_outbox_oldest_seconds",] == 0
    announce(Kind.OVERDUE, to=[company.rep, company.mate], hold=False)
    now = timezone.now()
    ids = list(OutboxMessage.objects.order_by("pk").values_list("pk", flat=True))
    for pk, change in zip(
        ids,
        [{"sent_at": now}, {"failed_at": now}, {"due_at": now - timedelta(hours=2)}, {"due_at": now + timedelta(1)}],
        strict=True,
    ):
        OutboxMessage.objects.filter(pk=pk).update(**change)
    told = scraped()
    counts = [told["ascent_outbox_messages", state] for state in ("waiting", "overdue", "failed")]
    assert counts == [2, 1, 1]
    assert 7190 < told["ascent_outbox_oldest_seconds",] < 7300


def test_the_queries_do_not_grow(company):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            scraped()
        return len(queries)

    factories.opportunity(company.rep)
    few = asked()
    ImportRun.objects.bulk_create(ImportRun(requested_by=company.admin) for _n in range(200))
    announce(Kind.OVERDUE, to=list(company.people().values()) * 20, hold=False)
    assert asked() == few <= 8


def test_what_cannot_be_read_does_not_hide_the_rest(company, monkeypatch):
    def broken():
        raise OperationalError("secret-host does not answer")

    monkeypatch.setattr("pipeline.metrics.collect", broken)
    told = scraped()
    assert told["ascent_collector_up", "pipeline.metrics.collect"] == 0
    assert told["ascent_collector_up", "accounts.metrics.collect"] == 1
    assert ("ascent_outbox_messages", "waiting") in told
    assert not any("secret-host" in value for key in told for value in key)
