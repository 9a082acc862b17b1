"""What is kept about a person is shown, exported, and erased on request, everywhere, for good."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts import notifications, sending
from accounts.models import AuditEntry, IdempotencyRecord, Kind, Notification, OutboxMessage, User
from accounts.selectors import today
from customers.actions import add_joint_action, create_nps_response, create_plan, edit_contact
from customers.models import ERASED, Contact, Erasure
from opportunities.actions import Evidence, add_checkpoints, add_stakeholder, add_task, edit_stakeholder
from opportunities.models import Activity, Factor, Stakeholder
from pipeline.contacts_kept import remind
from pipeline.interchange import export_workspace, import_workspace
from pipeline.models import ImportRun
from pipeline.privacy import erase_contact
from pipeline.runs import reports, storage
from pipeline.runs.reports import BAD_ROWS
from pipeline.selectors.privacy import dossier, no_longer_met
from pipeline.selectors.searching import search_everything
from pipeline.tasks import remind_of_contacts
from tests import factories
from tests.api.conftest import client_of
from tests.pipeline.interchange.workspaces import write

pytestmark = pytest.mark.django_db
SECRETS = ("李维秘", "13800005678", "li@example.com", "喜欢钓鱼")


@pytest.fixture
def contact(company):
    customer = factories.customer(company.rep, "远航")
    row = factories.contact(
        company.rep, customer, SECRETS[0], phone=SECRETS[1], email=SECRETS[2], notes=SECRETS[3], title="副总裁",
        buying_role="decision_maker",
    )  # fmt: skip
    deal = factories.opportunity(company.rep, "立库", customer=customer)
    add_stakeholder(opportunity=deal, contact=row, sensitive_note="私下说的", actor=company.rep)
    factories.activity(company.rep, opportunity=deal, contacts=[row], objective="谈节拍")
    return row


def erase(contact, actor, reason="Letter of 3 May"):
    return erase_contact(contact=contact, reason=reason, actor=actor)


def test_everything_that_names_a_person_is_shown_within_ones_sight(company, contact, signed_in):
    page = signed_in(company.rep).get(f"/contacts/{contact.pk}/privacy/").content.decode()
    for text in (*SECRETS, "立库", "谈节拍"):
        assert text in page
    found = json.loads(signed_in(company.rep).get(f"/contacts/{contact.pk}/privacy/?format=json").content)
    assert found["contact"]["phone"] == SECRETS[1]
    assert {each["kind"] for each in found["mentioned_in"]} >= {"stakeholder", "activity"}
    assert signed_in(company.stranger).get(f"/contacts/{contact.pk}/privacy/").status_code == 404


def kept(user, contact):
    """{kind: texts} of what is kept about the person, within the user's sight."""
    return {each.model: each.texts for each in dossier(contact, user).mentions}


def record(company, contact, level, evidence="x"):
    said = [Evidence("demand", level, "E1", evidence=evidence, contact=contact, said_on=today())]
    add_checkpoints(opportunity=contact.stakes.first().opportunity, records=said, actor=company.rep)


def test_what_each_row_says_of_the_person_is_shown(company, contact):
    stake = contact.stakes.get()
    deal = stake.opportunity
    Stakeholder.objects.filter(pk=stake.pk).update(
        decision_style="driving", goal="少停机", gains="升职", threats="被替代", stance=-1
    )
    contact.activities.update(said="预算批了")
    record(company, contact, 1, "周三当面说的")
    add_task(opportunity=deal, actor=company.rep, side="theirs", title="交图纸", contact=contact)
    plan = create_plan(actor=company.rep, customer=contact.customer, year=2026, their_leader=contact)
    add_joint_action(actor=company.rep, plan=plan, action="零库存研讨", contact=contact)
    create_nps_response(
        actor=company.rep, customer=contact.customer, contact=contact, score=3, answered_on=today(), comment="交期太长"
    )
    found = kept(company.rep, contact)
    said = {"stakeholder": ("少停机", "升职", "被替代", "Driving", "私下说的"), "checkpoint": ("周三当面说的", "立库"),
            "activity": ("预算批了",), "jointtask": ("交图纸",), "jointaction": ("零库存研讨",),
            "npsresponse": ("交期太长",), "accountplan": ("2026",)}  # fmt: skip
    assert {kind: [text for text in texts if text not in found[kind][0]] for kind, texts in said.items()} == (
        dict.fromkeys(said, [])
    )
    assert "私下说的" in str(kept(company.manager, contact))
    assert "私下说的" not in str(kept(company.executive, contact)), "a sensitive note is not everybody's"
    with CaptureQueriesContext(connection) as few:
        kept(company.rep, contact)
    for level in (2, 3, 4):
        record(company, contact, level)
        factories.activity(company.rep, opportunity=deal, contacts=[contact])
        add_task(opportunity=deal, actor=company.rep, side="theirs", title="x", contact=contact)
        add_joint_action(actor=company.rep, plan=plan, action="x", contact=contact)
        other = factories.opportunity(company.rep, customer=contact.customer)
        add_stakeholder(opportunity=other, contact=contact, actor=company.rep)
    with CaptureQueriesContext(connection) as many:
        kept(company.rep, contact)
    assert len(many) == len(few)


def test_all_of_it_is_told_in_the_readers_language(company, contact, signed_in):
    Contact.objects.filter(pk=contact.pk).update(influence=5, stance=0)
    Stakeholder.objects.update(buying_role="technical_veto", influence=2, stance=-1)
    record(company, contact, 1, "当面说的")
    plan = create_plan(actor=company.rep, customer=contact.customer, year=2026, their_leader=contact)
    add_joint_action(actor=company.rep, plan=plan, action="研讨", contact=contact)
    create_nps_response(actor=company.rep, customer=contact.customer, contact=contact, score=3, answered_on=today())
    Factor.objects.filter(key="demand").update(name_zh="真需求")
    User.objects.filter(pk=company.rep.pk).update(language="zh-hans")
    client = signed_in(User.objects.get(pk=company.rep.pk))
    page = client.get(f"/contacts/{contact.pk}/privacy/").content.decode()
    english = (
        "Decision maker",
        "5 decides",
        "0 neutral",
        "−1 against us",
        "Account plan",
        "Joint action",
        "NPS answer",
    )
    with translation.override("zh-hans"):
        for words in (*map(translation.gettext, english), "真需求 1 · "):
            assert words in page, words
        answered, against = translation.gettext("NPS answer"), translation.gettext("−1 against us")
    told = re.findall(r"<(?:h2|dt|dd|li)[^>]*>([^<]*)<", page[page.index("<dl") :])
    codes = re.findall("[a-z_]{3,}", " ".join(told).replace(SECRETS[2], "").replace(contact.key, ""))
    assert not codes
    answers = [client.get(f"/contacts/{contact.pk}/privacy/?format=json"),
               client.get(f"/api/v1/contacts/{contact.pk}/privacy/")]  # fmt: skip
    for answer in answers:
        told = {each["kind"]: each for each in answer.json()["mentioned_in"]}
        assert told["npsresponse"]["label"] == answered
        assert told["checkpoint"]["rows"][0].startswith("真需求 1 · ")
        assert against in told["stakeholder"]["rows"][0]
        assert answer.json()["contact"]["buying_role"] == "decision_maker"


def test_an_export_of_what_is_kept_is_whole(company, contact, signed_in, monkeypatch):
    monkeypatch.setattr(dossier, "__kwdefaults__", {"most": 1})
    factories.activity(company.rep, customer=contact.customer, contacts=[contact], objective="第二次")
    address = f"/contacts/{contact.pk}/privacy/"
    page = signed_in(company.rep).get(address).content.decode()
    assert "第二次" not in page and "Only the first is shown here." in page
    monkeypatch.setattr(dossier, "__kwdefaults__", {"most": 2})
    page = signed_in(company.rep).get(address).content.decode()
    assert "第二次" in page and "Only the first" not in page
    for answer in (signed_in(company.rep).get(f"{address}?format=json"), client_of(company.rep).get(address[1:])):
        assert "第二次" in json.dumps(answer.json(), ensure_ascii=False)


def test_an_erasure_takes_what_is_personal_and_leaves_role_and_history(company, contact, signed_in):
    row = erase(contact, company.admin)
    assert (row.name, row.phone, row.email, row.notes) == (ERASED, "", "", "")
    assert (row.title, row.buying_role, row.stakes.count(), row.activities.count()) == (
        "副总裁",
        "decision_maker",
        1,
        1,
    )
    assert row.stakes.get().sensitive_note == ""
    record = Erasure.objects.get()
    assert (record.contact, record.erased_by, record.reason) == (row, company.admin, "Letter of 3 May")
    trail = json.dumps(list(AuditEntry.objects.values_list("changes", "label")), ensure_ascii=False)
    assert not any(secret in trail for secret in SECRETS)
    entry = AuditEntry.objects.get(action="erase", model="contact")
    assert entry.changes == dict.fromkeys(["name", "email", "phone", "notes"])
    for typed in ("李维秘", "lwm", "5678"):
        assert search_everything(company.rep, typed) == []
    page = signed_in(company.admin).get(f"/contacts/{row.pk}/privacy/").content.decode()
    assert not any(secret in page for secret in SECRETS)
    assert "Letter of 3 May" in page
    assert erase(row, company.admin, "Again") == row
    assert Erasure.objects.count() == 1


def test_it_is_the_administrators_and_has_a_reason(company, contact):
    for person in (company.rep, company.manager, company.executive):
        with pytest.raises(PermissionDenied):
            erase(contact, person)
    with pytest.raises(ValidationError):
        erase(contact, company.admin, " ")
    assert Contact.objects.get(pk=contact.pk).name == SECRETS[0]


def test_what_was_erased_is_not_entered_again_by_hand_or_by_an_import(company, contact, tmp_path):
    export_workspace(tmp_path / "before")
    row = erase(contact, company.admin)
    with pytest.raises(ValidationError) as caught:
        edit_contact(contact=row, changes={"name": "李维秘"}, seen=None, actor=company.rep)
    assert set(caught.value.message_dict) == {"name"}
    edit_contact(contact=row, changes={"title": "总裁"}, seen=None, actor=company.rep)
    said = f"key,customer,name,phone,email,notes\n{row.key},{row.customer.key},{','.join(SECRETS)}\n"
    assert import_workspace(write(tmp_path / "again", {"contacts.csv": said}, base=False)).ok
    assert import_workspace(tmp_path / "before").ok
    row.refresh_from_db()
    assert (row.name, row.phone, row.email, row.notes) == (ERASED, "", "", "")


def test_a_form_that_was_open_before_writes_nothing_back(company):
    before = factories.contact(company.rep, factories.customer(company.rep), "王川")
    erase(Contact.objects.get(pk=before.pk), company.admin)
    changes = {"email": "wang@example.com", "notes": "喜欢钓鱼"}
    with pytest.raises(ValidationError):
        edit_contact(contact=before, changes=changes, seen=before.version, actor=company.rep)
    before.refresh_from_db()
    assert (before.email, before.notes) == ("", "")


def test_a_sensitive_note_does_not_come_back(company, contact):
    note = contact.stakes.get()
    row = erase(contact, company.admin)
    for again in ({"sensitive_note": "又来"}, {"sensitive_note": "又来", "contact": row}):
        with pytest.raises(ValidationError) as caught:
            edit_stakeholder(stakeholder=note, changes=again, seen=note.version, actor=company.rep)
        assert set(caught.value.message_dict) == {"sensitive_note"}
    deal = factories.opportunity(company.rep, "另一单", customer=row.customer)
    with pytest.raises(ValidationError):
        add_stakeholder(opportunity=deal, contact=row, sensitive_note="又来", actor=company.rep)
    add_stakeholder(opportunity=deal, contact=row, goal="升职", actor=company.rep)
    edit_stakeholder(stakeholder=note, changes={"stance": 2}, seen=None, actor=company.rep)
    assert set(row.stakes.values_list("sensitive_note", "sensitive_by")) == {("", None)}
    entry = AuditEntry.objects.get(action="erase", model="stakeholder")
    assert (entry.object_id, entry.changes, entry.actor) == (note.pk, {"sensitive_note": None}, company.admin)
    assert entry.object_version == note.version + 1


def test_somebody_with_a_sensitive_note_is_not_changed_into_who_was_erased(company, contact):
    deal = factories.opportunity(company.rep, "另一单", customer=contact.customer)
    post = add_stakeholder(opportunity=deal, role_title="财务", sensitive_note="私下说的", actor=company.rep)
    erased = erase(contact, company.admin)
    with pytest.raises(ValidationError):
        edit_stakeholder(stakeholder=post, changes={"contact": erased}, seen=None, actor=company.rep)


def test_import_reports_forget_the_person(company, contact, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    bad = {"file": "contacts.csv", "line": 2, "column": "phone", "value": SECRETS[1]}
    other = {"file": "contacts.csv", "line": 3, "column": "phone", "value": "13900000000", "key": "another"}
    edited = {
        "file": "contacts.csv",
        "key": contact.key,
        "field": "email",
        "ours": "old@x.example",
        "theirs": SECRETS[2],
    }
    run = ImportRun.objects.create(
        requested_by=company.admin, state="refused", report={"bad_rows": [bad, other], "overwritten": [edited]}
    )
    folder = storage.folder_of(run)
    folder.mkdir(parents=True)
    (folder / BAD_ROWS).write_text(json.dumps(bad) + "\n" + json.dumps(other) + "\n")
    erase(contact, company.admin)
    run.refresh_from_db()
    assert [row["value"] for row in run.report["bad_rows"]] == ["", "13900000000"]
    assert (run.report["overwritten"][0]["ours"], run.report["overwritten"][0]["theirs"]) == ("", "")
    kept = [json.loads(line)["value"] for line in (folder / BAD_ROWS).read_text().splitlines()]
    assert kept == ["", "13900000000"]


@pytest.mark.parametrize("key", ["theirs", None])
def test_a_refused_cell_is_forgotten_although_the_contact_never_had_it(company, contact, settings, tmp_path, key):
    settings.MEDIA_ROOT = tmp_path / "media"
    said = f"key,customer,name,email\n{contact.key if key else ''},{contact.customer.key},李,li@@secret.example\n"
    report = import_workspace(write(tmp_path / "in", {"contacts.csv": said}, base=False))
    run = ImportRun.objects.create(requested_by=company.admin, state="refused", report=reports.as_json(report, []))
    assert "li@@secret" in json.dumps(reports.shown(run.report))
    assert not any("key" in row for row in reports.shown(run.report)["bad_rows"])
    erase(contact, company.admin)
    run.refresh_from_db()
    assert "li@@secret" not in json.dumps(run.report)


def test_kept_answers_of_the_api_forget_the_person(company, contact):
    client, key = client_of(company.rep), {"Idempotency-Key": "one"}
    body = {"customer": contact.customer.key, "name": "李维秘密", "phone": "13800001111"}
    other = {**body, "name": "Other", "phone": ""}
    made = client.post("contacts/", body, headers=key).json()
    client.post("contacts/", other, headers={"Idempotency-Key": "two"})
    erase(Contact.objects.get(pk=made["id"]), company.admin)
    assert "李维秘密" not in "".join(body or "" for body in IdempotencyRecord.objects.values_list("body", flat=True))
    again = client.post("contacts/", body, headers=key)
    assert (again.status_code, again["Idempotent-Replayed"], again.content) == (201, "true", b"")
    assert not Contact.objects.filter(name="李维秘密").exists()
    assert client.post("contacts/", other, headers={"Idempotency-Key": "two"}).json()["name"]


def test_through_the_api(company, contact):
    assert client_of(company.rep).get(f"contacts/{contact.pk}/privacy/").json()["contact"]["name"] == SECRETS[0]
    assert client_of(company.rep).post(f"contacts/{contact.pk}/erase/", {"reason": "x"}).status_code == 403
    assert client_of(company.admin).post(f"contacts/{contact.pk}/erase/", {}).status_code == 400
    answer = client_of(company.admin).post(f"contacts/{contact.pk}/erase/", {"reason": "Letter"})
    assert answer.json()["contact"]["name"] == ERASED


# --- Contacts that nobody meets any more ------------------------------------------------------------

FIRST_OF_QUARTER = datetime(2026, 10, 8, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


def known_since(contact, moment):
    Contact.objects.filter(pk=contact.pk).update(created_at=moment)


def met(company, contact, moment, **fields):
    activity = factories.activity(company.rep, "visit", customer=contact.customer, contacts=[contact])
    Activity.objects.filter(pk=activity.pk).update(**{"done_at": None, "planned_at": None, **fields})
    return activity


@pytest.fixture
def old(company):
    """Five contacts known for more than three years, as of 8 October 2026: only two of them are met no more."""
    edge = datetime(2023, 10, 7, 16, 0, tzinfo=UTC)  # 8 October 2023, 00:00 in Shanghai
    customer = factories.customer(company.rep, "Old Works")
    names = ("Forgotten", "Archived", "Seen", "Planned", "Erased", "New")
    rows = {name: factories.contact(company.rep, customer, name) for name in names}
    for row in rows.values():
        known_since(row, edge - timedelta(seconds=1))
    known_since(rows["New"], edge)
    Contact.objects.filter(pk=rows["Archived"].pk).update(archived_at=edge)
    met(company, rows["Forgotten"], edge, done_at=edge - timedelta(seconds=1))
    met(company, rows["Seen"], edge, done_at=edge)
    met(company, rows["Planned"], edge, planned_at=edge + timedelta(days=2000))
    erase(rows["Erased"], company.admin)
    return rows


def test_who_was_not_met_for_three_years_is_asked_about(company, old):
    assert {row.name for row in no_longer_met(date(2026, 10, 8))} == {"Forgotten", "Archived"}
    assert {row.name for row in no_longer_met(date(2026, 10, 9))} == {"Forgotten", "Archived", "New", "Seen"}
    assert {row.name for row in no_longer_met(date(2026, 10, 7))} == set()


def test_administrators_find_them_with_a_way_to_what_is_kept(company, old, signed_in):
    with time_machine.travel(FIRST_OF_QUARTER, tick=False):
        page = signed_in(company.admin).get("/settings/contacts/")
        assert signed_in(company.executive).get("/settings/contacts/").status_code == 403
    text = page.content.decode()
    assert page.context["page"].paginator.count == 2
    assert f"/contacts/{old['Forgotten'].pk}/privacy/" in text
    assert "2 contacts known before 8 Oct 2023" in text
    assert "Seen" not in text
    assert "/settings/contacts/" in signed_in(company.admin).get("/settings/").content.decode()


def test_administrators_read_them_over_the_api(company, old, client):
    Contact.objects.filter(name="Seen").update(created_at=FIRST_OF_QUARTER)
    with time_machine.travel(FIRST_OF_QUARTER, tick=False):
        client.force_login(company.admin)
        found = client.get("/api/v1/contacts/kept/?ordering=id").json()
        assert [row["name"] for row in found["results"]] == ["Forgotten", "Archived"]
        first = found["results"][0]
        assert (first["id"], first["customer"]) == (old["Forgotten"].pk, old["Forgotten"].customer.key)
        assert (first["created_at"], first["archived_at"]) == ("2023-10-07T23:59:59+08:00", None)
        assert found["results"][1]["archived_at"] is not None
        for who in (company.executive, company.manager, company.rep):
            client.force_login(who)
            assert client.get("/api/v1/contacts/kept/").status_code == 403


def test_nobody_to_ask_about(company, signed_in):
    assert b"Nobody is kept longer than needed" in signed_in(company.admin).get("/settings/contacts/").content


def test_the_list_costs_the_same_for_many(company, old, signed_in):
    client = signed_in(company.admin)

    def counted():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/settings/contacts/").status_code == 200
        return len(captured)

    few = counted()
    for _number in range(30):
        known_since(
            factories.contact(company.rep, factories.customer(company.rep)), FIRST_OF_QUARTER.replace(year=2020)
        )
    assert counted() == few <= 8


def test_administrators_are_told_once_a_quarter(company, old, signed_in):
    later = [timedelta(hours=-1), timedelta(), timedelta(hours=1), timedelta(days=6), timedelta(days=90)]
    assert [remind(FIRST_OF_QUARTER + each) for each in later] == [0, 1, 0, 0, 1]
    assert set(OutboxMessage.objects.values_list("kind", "recipient")) == {(Kind.CONTACTS_KEPT, company.admin.pk)}
    first = OutboxMessage.objects.order_by("id").first()
    assert first.params == {"count": 2, "years": 3, "day": "2026-10-08"}


def test_a_late_worker_makes_up_for_it_and_one_that_was_away_for_long_waits(company, old):
    assert remind(FIRST_OF_QUARTER + timedelta(days=30)) == 0
    assert remind(FIRST_OF_QUARTER + timedelta(days=5)) == 1


def test_nothing_is_said_when_everybody_is_met(company):
    assert remind(FIRST_OF_QUARTER) == 0
    remind_of_contacts()
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(("language", "words"), [("en", "2 contacts are kept"), ("zh-hans", "2 位联系人")])
def test_the_word_leads_to_the_list(company, old, signed_in, language, words):
    User.objects.filter(pk=company.admin.pk).update(language=language, email="admin@example.com")
    with time_machine.travel(FIRST_OF_QUARTER, tick=False):
        remind()
        sending.sweep()
    note = Notification.objects.get()
    with translation.override(language):
        [told] = notifications.told([note], company.admin)
    assert words in told.words.title
    assert told.words.url == "/settings/contacts/"
    assert "/settings/contacts/" in mail.outbox[0].body
