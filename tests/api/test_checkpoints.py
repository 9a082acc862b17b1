"""Evidence through the API: the ladders, adding, confirming, lowering, withdrawing."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.selectors import today
from opportunities.actions import debrief_activity
from opportunities.models import Attachment, Checkpoint
from tests import factories
from tests.api.test_schema_and_counts import queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Sorting line")


@pytest.fixture
def contact(company, deal):
    return factories.contact(company.rep, deal.customer, "Li Wei", key="c-li-wei")


def body(said_by, **fields):
    told = {"contact": said_by.key, "said_on": today().isoformat(), "link": "https://example.com/minutes"}
    return {"factor": "power", "level": 1, "grade": "E2", "evidence": "Minutes", **told, **fields}


def add(client, deal, given, **options):
    return client.post(f"opportunities/{deal.pk}/checkpoints/", given, **{"format": "json", **options})


def test_the_ladders(company, api):
    rows = api(company.rep).get("factors/").json()["results"]
    assert [row["key"] for row in rows] == ["demand", "power", "goal", "value", "coordination"]
    power = rows[1]
    assert [rung["level"] for rung in power["rungs"]] == list(range(7))
    assert power["rungs"][3]["checkpoint_en"] == "We met and talked with the decision maker"
    assert api(company.rep).get(f"factors/{power['id']}/").json() == power


def test_a_record_is_added_read_and_listed(company, api, deal, contact):
    client = api(company.rep)
    made = add(client, deal, body(contact))
    assert made.status_code == 201
    row = made.json()
    assert row.items() >= {
        "opportunity": deal.key, "factor": "power", "level": 1, "grade": "E2", "contact": "c-li-wei",
        "verified": True, "recorded_by": "rep", "confirmed_by": None, "withdrawn_at": None, "grade_changes": [],
    }.items()  # fmt: skip
    assert client.get(f"checkpoints/{row['id']}/").json() == row
    assert client.get(f"opportunities/{deal.pk}/checkpoints/").json()["results"] == [row]
    assert client.get("checkpoints/?factor=power&verified=true&withdrawn=false").json()["count"] == 1
    assert client.get("checkpoints/?factor=goal").json()["count"] == 0
    told = client.get(f"opportunities/{deal.pk}/").json()
    assert (told["heights"]["power"], told["unassessed"]) == ({"claimed": 1, "verified": 1}, False)


def test_a_file_comes_with_a_form_and_leaves_no_trace_when_it_is_refused(company, api, deal, contact):
    client = api(company.rep)
    given = {**body(contact, link=""), "file": SimpleUploadedFile("minutes.txt", b"They agree")}
    made = add(client, deal, given, format="multipart")
    assert made.status_code == 201
    assert made.json()["file"] == Attachment.objects.get().key
    given = {**body(contact, link=""), "said_on": "", "file": SimpleUploadedFile("minutes.txt", b"They agree")}
    assert set(add(client, deal, given, format="multipart").json()) == {"said_on"}
    assert Attachment.objects.in_use().count() == 1
    wrong = {**body(contact), "file": SimpleUploadedFile("a.png", b"<html><script>")}
    assert "Accepted are PDF" in add(client, deal, wrong, format="multipart").json()["file"][0]


WANTS = {
    "contact": {"contact": None}, "said_on": {"said_on": None}, "link": {"link": ""},
    "level": {"level": 7}, "factor": {"factor": "luck"}, "grade": {"grade": "E4"},
}  # fmt: skip


@pytest.mark.parametrize("field", WANTS)
def test_what_is_missing_is_named_at_its_field(company, api, deal, contact, field):
    answer = add(api(company.rep), deal, body(contact, **WANTS[field]))
    assert answer.status_code == 400
    assert set(answer.json()) == {field}
    assert not Checkpoint.objects.exists()


def test_a_joint_visit_shows_what_those_said_who_were_there(company, api, deal, contact):
    visit = factories.activity(company.rep, opportunity=deal)
    visit = debrief_activity(activity=visit, done_at=timezone.now(), seen=None, actor=company.rep)
    given = body(contact, link="", activity=visit.key, said_on=str(today() - timedelta(days=1)))
    assert set(add(api(company.rep), deal, given).json()) == {"contact", "said_on"}
    visit.contacts.add(contact)
    assert add(api(company.rep), deal, {**given, "said_on": str(today())}).status_code == 201


def test_somebody_elses_contact_and_one_of_another_customer_are_no_choice(company, api, deal, contact):
    hidden = factories.contact(company.stranger, factories.customer(company.stranger), key="c-hidden")
    other = factories.contact(company.rep, factories.customer(company.rep), key="c-other")
    texts = {
        str(add(api(company.rep), deal, body(contact, contact=key)).json()["contact"])
        for key in (hidden.key, other.key, "c-nobody")
    }
    assert texts == {"['There is no such choice.']"}


def test_confirm_lower_withdraw(company, api, deal, contact):
    client, manager = api(company.rep), api(company.manager)
    row = add(client, deal, body(contact, level=5)).json()
    door = f"checkpoints/{row['id']}/"
    assert row["verified"] is False
    assert client.post(f"{door}confirm/").status_code == 403
    assert api(company.stranger).post(f"{door}confirm/").status_code == 404
    confirmed = manager.post(f"{door}confirm/").json()
    assert (confirmed["verified"], confirmed["confirmed_by"]) == (True, "manager")
    assert set(manager.post(f"{door}grade/", {"grade": "E3", "reason": "x"}).json()) == {"grade"}
    assert set(manager.post(f"{door}grade/", {"grade": "E1"}).json()) == {"reason"}
    lowered = manager.post(f"{door}grade/", {"grade": "E1", "reason": "Hearsay"}).json()
    assert (lowered["grade"], lowered["verified"]) == ("E1", False)
    assert lowered["grade_changes"][0].items() >= {"before": "E2", "after": "E1", "actor": "manager"}.items()
    gone = client.post(f"{door}withdraw/", {"reason": "Misheard"}).json()
    assert (gone["withdrawn_by"], gone["withdrawn_reason"]) == ("rep", "Misheard")


READERS = {"executive": 403, "admin": 403, "stranger": 404, "mate": 404}


@pytest.mark.parametrize("part", READERS)
def test_who_does_not_write(company, api, deal, contact, part):
    client = api(getattr(company, part))
    assert add(client, deal, body(contact)).status_code == READERS[part]
    assert client.get(f"opportunities/{deal.pk}/checkpoints/").status_code == {403: 200, 404: 404}[READERS[part]]
    assert add(api(company.rep, scope="read"), deal, body(contact)).status_code == 403


def test_a_repeated_request_records_once(company, api, deal, contact):
    client = api(company.rep)
    answers = [add(client, deal, body(contact), headers={"Idempotency-Key": "k1"}).json() for _twice in range(2)]
    assert answers[0] == answers[1]
    assert Checkpoint.objects.count() == 1


def test_the_list_asks_no_more_for_more_records(company, api, deal, contact):
    client = api(company.rep)

    def asked():
        return len(queries(lambda: client.get(f"opportunities/{deal.pk}/checkpoints/")))

    add(client, deal, body(contact))
    few = asked()
    for level in range(1, 7):
        add(client, deal, body(contact, level=level))
    assert asked() == few <= 8


def test_a_record_without_a_link_says_so_as_the_schema_does(company, api, deal):
    client = api(company.rep)
    row = add(client, deal, {"factor": "demand", "level": 1, "grade": "E0", "evidence": "Heard"}).json()
    assert row["link"] == ""
    said = client.get("schema/").json()["components"]["schemas"]["Checkpoint"]["properties"]["link"]
    assert said["type"] == "string" and "format" not in said, "empty is no address"
