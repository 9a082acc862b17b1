"""The bell, the list behind it, what is read, how one wants to be told; in pages and in the API."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.context_processors import unread
from accounts.models import AuditEntry, Kind, Notification, NotificationPreference, User
from accounts.notifications import unread_count
from customers.actions import assign_customer
from opportunities.actions import assign
from pipeline.models import ExportRun, ImportRun, NightlyRun
from tests import factories
from tests.api.conftest import Api, api, client_of

pytestmark = pytest.mark.django_db

__all__ = ["api"]  # a fixture
LIST = "/notifications/"
HTMX = {"HX-Request": "true"}


def tell(user, row=None, kind=Kind.HANDED_OVER, **fields):
    about = {"model": row._meta.model_name, "object_id": row.pk} if row else {}
    fields.setdefault("params", {"by": user.pk, "opportunities": 2})
    return Notification.objects.create(recipient=user, kind=kind, **about, **fields)


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Press line")


def text_of(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def badge(text):
    _before, found, rest = text.partition('<span class="asc-bell-n" aria-hidden="true">')
    return rest.partition("<")[0] if found else None


# --- The bell


def test_the_bell_counts_what_is_unread(company, signed_in, deal):
    client = signed_in(company.rep)
    assert badge(text_of(client.get("/opportunities/"))) is None
    for _number in range(2):
        tell(company.rep, deal)
    tell(company.rep, deal, read_at=timezone.now())
    tell(company.mate)
    assert badge(text_of(client.get("/opportunities/"))) == "2"


def test_the_bell_stops_counting_at_a_hundred(company):
    Notification.objects.bulk_create(Notification(recipient=company.rep, kind=Kind.HANDED_OVER) for _n in range(99))
    assert unread(company.rep) == "99"
    Notification.objects.bulk_create(Notification(recipient=company.rep, kind=Kind.HANDED_OVER) for _n in range(300))
    assert unread(company.rep) == "99+"


@pytest.mark.parametrize("part", ["rep", "manager", "executive", "admin"])
def test_the_bell_costs_one_query_when_there_is_something_and_none_else(company, signed_in, deal, part):
    user = getattr(company, part)
    client = signed_in(user)
    client.get("/products/")

    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get("/products/")
        return len(captured)

    nothing = count()
    for _number in range(120):
        tell(user, deal)
    assert count() == nothing + 1


def test_it_is_not_counted_or_listed_when_its_row_is_out_of_sight(company, signed_in, deal):
    customer = factories.customer(company.rep, "Rail Works")
    tell(company.rep, deal)
    tell(company.rep, customer)
    assign(opportunity=deal, owner=company.stranger, seen=1, actor=company.director)
    assign_customer(customer=customer, owner=company.stranger, seen=1, actor=company.director)

    client = signed_in(company.rep)
    text = text_of(client.get(LIST))
    assert badge(text) is None and "Press line" not in text and "Rail Works" not in text
    assert client_of(company.rep).get("notifications/").json()["count"] == 0


def test_what_is_for_administrators_goes_with_the_role(company):
    run = ImportRun.objects.create(requested_by=company.admin)
    tell(company.admin, run, Kind.IMPORT_ENDED, params={"state": "finished"})
    assert unread_count(company.admin) == 1
    company.admin.role = User.Role.REP
    assert unread_count(company.admin) == 0


# --- The list


def test_the_list_says_what_happened_when_and_leads_there(company, signed_in, deal):
    note = tell(company.rep, deal, params={"by": company.manager.pk})
    client = signed_in(company.rep)
    text = text_of(client.get(LIST))
    assert f"Manager handed the deal Press line of {deal.customer.name} over to you" in text
    assert f'href="/notifications/{note.pk}/"' in text

    answer = client.get(f"/notifications/{note.pk}/")
    assert answer.status_code == 302 and answer.url == f"/opportunities/{deal.pk}/"
    assert unread_count(company.rep) == 0


def test_looking_ahead_marks_nothing_read(company, signed_in, deal):
    note = tell(company.rep, deal)
    signed_in(company.rep).head(f"/notifications/{note.pk}/")
    assert unread_count(company.rep) == 1


def test_every_kind_has_words_that_lead_somewhere(company, signed_in, deal):
    admin, run = company.admin, ImportRun.objects.create(requested_by=company.admin)
    night = NightlyRun.objects.create(day="2026-11-20", state="failed")
    tell(admin, deal)
    tell(admin, kind=Kind.OVERDUE, params={"count": 3, "day": "2026-11-25"})
    tell(admin, run, Kind.IMPORT_ENDED, params={"state": "refused"})
    tell(admin, ExportRun.objects.create(requested_by=admin), Kind.IMPORT_ENDED, params={"state": "finished"})
    tell(admin, night, Kind.NIGHTLY_FAILED, params={"day": "2026-11-20", "step": "totals"})

    client = signed_in(admin)
    text = text_of(client.get(LIST))
    for words in ("3 next steps of yours are overdue (25 Nov)", "Your import: Has bad rows", "Your export: Ready",
                  "The nightly run of 20 Nov 2026 failed: Totals of the day"):  # fmt: skip
        assert words in text
    urls = {client.get(f"/notifications/{note.pk}/").url for note in Notification.objects.all()}
    assert {f"/settings/workspace/imports/{run.key}/", "/settings/workspace/", "/settings/nightly/"} < urls
    assert all(client.get(url).status_code == 200 for url in urls)


def test_the_dialog_has_the_newest_ten_and_the_count(company, signed_in, deal):
    for _number in range(12):
        tell(company.rep, deal)
    text = text_of(signed_in(company.rep).get(LIST, headers=HTMX))
    assert "<html" not in text and text.count('href="/notifications/') == 10 + 1
    assert badge(text) == "12" and 'hx-swap-oob="true"' in text


def test_older_ones_are_a_page_further(company, signed_in, deal):
    notes = [tell(company.rep, deal) for _number in range(60)]
    client = signed_in(company.rep)
    first = text_of(client.get(LIST))
    assert f'href="/notifications/{notes[10].pk}/"' in first and f'href="/notifications/{notes[9].pk}/"' not in first
    assert f"?before={notes[10].pk}" in first
    second = text_of(client.get(f"{LIST}?before={notes[10].pk}"))
    assert f'href="/notifications/{notes[9].pk}/"' in second and 'rel="next"' not in second


def test_one_is_marked_read_without_going_there(company, signed_in, deal):
    first, second = tell(company.rep, deal), tell(company.rep, deal)
    client = signed_in(company.rep)
    assert client.post(f"/notifications/{first.pk}/read/").url == LIST
    assert badge(text_of(client.post(f"/notifications/{second.pk}/read/", headers=HTMX))) is None
    assert client.get(f"/notifications/{first.pk}/read/").status_code == 405


def test_all_that_were_shown_are_marked_read_and_what_came_since_is_not(company, signed_in, deal):
    shown, later, others = tell(company.rep, deal), tell(company.rep, deal), tell(company.mate)
    client = signed_in(company.rep)
    client.post("/notifications/read/", {"until": shown.pk})
    assert list(Notification.objects.filter(read_at=None).order_by("pk")) == [later, others]
    client.post("/notifications/read/")
    assert list(Notification.objects.filter(read_at=None)) == [others]


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 30, "0" * 5000, "\x00", "1.5", "９"])
def test_odd_numbers_are_taken_for_none(company, signed_in, deal, value):
    tell(company.rep, deal)
    client = signed_in(company.rep)
    assert "Press line" in text_of(client.get(LIST, {"before": value}))
    assert client.post("/notifications/read/", {"until": value}).status_code == 302


def test_names_are_text_and_never_markup(company, signed_in):
    tell(company.rep, factories.opportunity(company.rep, "<script>alert(1)</script>"))
    text = text_of(signed_in(company.rep).get(LIST))
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


@pytest.mark.parametrize("part", ["rep", "manager"])
def test_as_many_queries_for_two_as_for_two_hundred(company, signed_in, part):
    user = getattr(company, part)

    def more(count):
        for _number in range(count):
            tell(user, factories.opportunity(company.rep), params={"by": company.admin.pk})
            tell(user, factories.customer(company.rep), params={"by": company.mate.pk})

    def counted(**headers):
        with CaptureQueriesContext(connection) as captured:
            text_of(client.get(LIST, headers=headers))
        return len(captured)

    client = signed_in(user)
    client.get(LIST)
    more(2)
    few = counted(), counted(**HTMX)
    more(60)
    assert (counted(), counted(**HTMX)) == few
    assert max(few) <= 8


# --- Preferences


def test_a_person_chooses_what_they_are_told_and_the_trail_has_it(company, signed_in):
    client, url = signed_in(company.rep), reverse("notification_preferences")
    both_ways = (
        "waiver_decided_bell",
        "waiver_decided_mail",
        "renewal_due_bell",
        "renewal_due_mail",
        "coached_bell",
        "coached_mail",
    )
    decided = dict.fromkeys(both_ways, "on")
    assert text_of(client.get(url)).count(" checked") == 10  # five kinds, two ways; administrators have eight kinds
    answer = client.post(url, {"sent": "1", "handed_over_bell": "on", "overdue_mail": "on", **decided})
    assert answer.status_code == 302
    kept = {each.kind: (each.bell, each.mail) for each in NotificationPreference.objects.all()}
    assert kept.items() >= {"handed_over": (True, False), "overdue": (False, True)}.items()
    entry = AuditEntry.objects.filter(action="notification_preferences").get()
    assert entry.actor == company.rep
    assert entry.changes == {"handed_over.mail": [True, False], "overdue.bell": [True, False]}
    assert text_of(client.get(url)).count(" checked") == 8

    client.post(url, {"sent": "1", "handed_over_bell": "on", "overdue_mail": "on", **decided})
    assert AuditEntry.objects.filter(action="notification_preferences").count() == 1


def test_administrators_have_more_to_be_told(company, signed_in):
    text = text_of(signed_in(company.admin).get(reverse("notification_preferences")))
    assert text.count(' type="checkbox"') == 18


def test_who_has_no_address_is_told_so(company, signed_in):
    text = text_of(signed_in(company.rep).get(reverse("notification_preferences")))
    assert "You have no mail address" in text


# --- API


def test_the_api_lists_ones_own(company, api, deal):
    note, read = tell(company.rep, deal, params={"by": company.manager.pk}), tell(company.rep, deal)
    Notification.objects.filter(pk=read.pk).update(read_at=timezone.now(), created_at=timezone.now() - timedelta(1))
    tell(company.mate)
    client: Api = api(company.rep)
    assert [row["id"] for row in client.get("notifications/").json()["results"]] == [read.pk, note.pk]
    (row,) = client.get("notifications/?unread=true").json()["results"]
    assert row["id"] == note.pk and row["kind"] == "handed_over" and row["read_at"] is None
    assert row["text"].startswith("Manager handed the deal Press line")
    assert row["url"] == f"/opportunities/{deal.pk}/" and row["created_at"].endswith("+08:00")
    assert [row["id"] for row in client.get("notifications/?unread=false").json()["results"]] == [read.pk]
    assert client.get("notifications/?kind=overdue").json()["count"] == 0
    assert client.get("notifications/?kind=x").status_code == 400


def test_the_api_marks_read(company, api, deal):
    first, _second, other = tell(company.rep, deal), tell(company.rep, deal), tell(company.mate)
    client = api(company.rep)
    assert client.post(f"notifications/{first.pk}/read/").json()["read_at"]
    assert client.post(f"notifications/{other.pk}/read/").status_code == 404
    assert client.post("notifications/read-all/").status_code == 204
    assert list(Notification.objects.filter(read_at=None)) == [other]
    assert api(company.rep, scope="read").post("notifications/read-all/").status_code == 403


def test_the_api_has_the_preferences(company, api):
    client = api(company.rep)
    both = {"bell": True, "mail": True}
    wants = {"handed_over": both, "overdue": both, "renewal_due": both, "waiver_decided": both, "coached": both}
    assert client.get("notification-preferences/").json() == wants
    answer = client.patch("notification-preferences/", {"overdue": {"mail": False}})
    assert answer.json() == {**wants, "overdue": {"bell": True, "mail": False}}
    assert client.get("notification-preferences/").json() == answer.json()


@pytest.mark.parametrize(
    "body", [{"x": {"bell": True}}, {"overdue": {"push": True}}, {"overdue": True}, {"overdue": {"bell": "?"}}, [], 1,
             {"nightly_failed": {"bell": False}}, {"overdue": {"bell": None}}]
)  # fmt: skip
def test_odd_preferences_are_refused(company, api, body):
    answer = api(company.rep).patch("notification-preferences/", body)
    assert answer.status_code == 400, answer.content
    assert not NotificationPreference.objects.exists()


def test_the_api_costs_as_much_for_two_as_for_two_hundred(company, api):
    client = api(company.manager)

    def counted():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("notifications/?page_size=500").status_code == 200
        return len(captured)

    tell(company.manager, factories.opportunity(company.rep))
    counted()
    few = counted()
    for _number in range(40):
        tell(company.manager, factories.opportunity(company.rep), params={"by": company.rep.pk})
    assert counted() == few <= 8
