"""An import in the browser: upload, check, confirm, write; every step noted, nothing written before it is confirmed."""

import csv
import errno
import io
import os
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.translation import override
from kombu.exceptions import OperationalError as BrokerDown

from accounts.models import AuditEntry, Organisation, OutboxMessage, User
from accounts.sending import sweep
from customers.models import Contact, Customer, Product
from opportunities.actions import deactivate_person, edit_person, edit_stage
from opportunities.models import Opportunity, Stage
from pipeline import runs
from pipeline.interchange import settling
from pipeline.models import ExportRun, ImportRun
from pipeline.runs import imports, reports, storage
from pipeline.tasks import nudge, workspace_tick
from tests import factories
from tests.api.test_schema_and_counts import queries
from tests.pipeline.runs.doors import FILES, checked, packed, send, send_folder, step, uploaded

pytestmark = pytest.mark.django_db
State = ImportRun.State
BAD = {"customers.csv": "key,name,tier\nacme,=HYPERLINK(1),1A\nbolt,Bolt,9A\n"}


@pytest.fixture
def client(company, signed_in):
    return signed_in(company.admin)


def page(client, run):
    return client.get(f"/settings/workspace/imports/{run.key}/").content.decode()


def audited():
    return list(AuditEntry.objects.filter(model="importrun").order_by("id").values_list("action", "door"))


def told():
    return list(OutboxMessage.objects.order_by("id").values_list("kind", "channel", "params"))


def test_from_upload_to_end(client, company):
    run = checked(client)
    assert run.state == State.CHECKED
    assert (run.report["created"], run.report["bad_count"]) == (16, 0)
    assert not Opportunity.objects.exists()
    assert "opportunity_events.csv" in page(client, run)
    run = step(client, run, "confirm")
    assert (run.state, run.claim, run.leased_until) == (State.FINISHED, "", None)
    assert run.report["written"]
    assert Opportunity.objects.get().key == "o1"
    assert not storage.folder_of(run).exists()
    assert audited() == [("upload", "browser"), ("confirm", "browser")]
    of_files = AuditEntry.objects.filter(action="import", model="opportunity").get(label="opportunities.csv")
    assert of_files.actor == company.admin
    assert told() == [("import_ended", channel, {"state": "finished"}) for channel in ("bell", "mail")]
    assert OutboxMessage.objects.first().recipient == company.admin


def test_who_confirms_another_ones_upload_is_the_actor_and_both_are_told(client, company, signed_in):
    run = checked(client)
    other = signed_in(factories.person("second", name="Second", role="admin"))
    run = step(other, run, "confirm")
    assert (run.state, run.requested_by, run.confirmed_by.username) == (State.FINISHED, company.admin, "second")
    writers = AuditEntry.objects.filter(action="import").values_list("actor__username", flat=True)
    assert set(writers) == {"second"}
    bells = OutboxMessage.objects.filter(channel="bell")
    assert set(bells.values_list("recipient__username", flat=True)) == {"admin", "second"}
    sweep()
    assert "confirmed by Second" in page(client, run)
    for reader in (client, other):
        assert "Your import: Imported" in reader.get("/notifications/").content.decode()


def test_a_new_check_waits_for_a_new_confirmation(client, company):
    run = checked(client)
    ImportRun.objects.filter(pk=run.pk).update(state=State.FAILED, confirmed_by=company.admin)
    assert step(client, run, "check").confirmed_by is None


def test_an_upload_of_somebody_who_left_is_written_for_the_one_who_confirms_it(company, client):
    leaver = factories.person("leaver", role="admin")
    file = SimpleUploadedFile("products.csv", b"key,name\np9,Nine\n")
    run = imports.upload(files=[file], keep_edits=False, actor=leaver)
    imports.run_due()
    deactivate_person(person=leaver, seen=None, actor=company.admin)
    assert step(client, run, "confirm").state == State.FINISHED
    assert Product.objects.filter(key="p9").exists()


def test_bad_rows_are_shown_and_fetched_and_a_mended_upload_replaces_them(client, company):
    run = checked(client, {"customers.csv": BAD["customers.csv"].replace("acme,=HYPERLINK(1)", "=1+1,Acme")})
    assert run.state == State.REFUSED
    shown = page(client, run)
    assert "9A" in shown and "This word is not known here." in shown and "mistakes; nothing was written" in shown
    counted = {file["name"]: (file["rows"], file["bad"]) for file in run.report["files"]}
    assert (counted["customers.csv"], counted["orders.csv"]) == ((2, 1), (1, 1))
    assert '<th class="num" scope="col">Mistakes</th>' in shown
    assert '<td class="num">0</td>' in shown and '<td class="num">—</td>' not in shown
    answer = client.get(f"/settings/workspace/imports/{run.key}/bad-rows/")
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[0] == ["File", "Line", "Column", "Value", "What is wrong", "What is accepted"]
    assert rows[1] == ["customers.csv", "3", "tier", "9A", "This word is not known here.", "5A, 4A, 3A, 2A, 1A"]
    assert answer["Content-Disposition"].startswith("attachment")
    assert not Opportunity.objects.exists()
    again = checked(client)
    assert again.state == State.CHECKED
    assert not storage.has_upload(run)
    assert client.get(f"/settings/workspace/imports/{run.key}/bad-rows/").status_code == 200


def test_how_many_mistakes_a_file_has_is_not_known_of_an_older_run(client, company):
    run = checked(client, BAD)
    for file in run.report["files"]:
        del file["bad"]
    run.save(update_fields=["report"])
    shown = page(client, run)
    assert shown.count('<td class="num">—</td>') == len(run.report["files"]) and '<td class="num"></td>' not in shown


def test_a_cell_that_looks_like_a_formula_is_text_in_the_file_for_people(client):
    run = checked(client, {"customers.csv": "key,name,tier\nacme,Acme,=1+1\n"})
    lines = b"".join(client.get(f"/settings/workspace/imports/{run.key}/bad-rows/")).decode()
    assert ",'=1+1," in lines
    fine = checked(client, {"customers.csv": "key,name\nacme,=1+1\n"})
    step(client, fine, "confirm")
    assert Customer.objects.get(key="acme").name == "=1+1"


def test_a_report_is_read_in_the_readers_language(client, company):
    run = checked(client, {"contacts.csv": "key,customer,name,influence\nc,acme,Cy,6\n"})
    assert "a whole number from 1 to 5" in page(client, run)
    company.admin.language = "zh-hans"
    company.admin.save(update_fields=["language"])
    assert "1 至 5" in page(client, run)
    assert "1 至 5" in b"".join(client.get(f"/settings/workspace/imports/{run.key}/bad-rows/")).decode()


def test_edits_made_in_ascent_are_shown_before_and_kept_on_demand(client, company):
    step(client, checked(client), "confirm")
    contact = Contact.objects.get(key="c1")
    contact.name, contact.changed_in = "Cyrus", {"name": contact.version + 1}
    contact.version += 1
    contact.save()
    run = checked(client)
    shown = page(client, run)
    assert "1 field will be overwritten" in shown and "Cyrus" in shown and "Keep them instead" in shown
    run = step(client, run, "check", keep_edits="on")
    assert (run.state, run.keep_edits) == (State.CHECKED, True)
    assert "stays as it is in Ascent" in page(client, run)
    run = step(client, run, "check")
    step(client, run, "confirm")
    contact.refresh_from_db()
    assert contact.name == "Cy"
    assert [action for action, _door in audited()].count("check_again") == 2


def test_what_an_upload_changes_is_asked_again_when_it_is_written(client, company):
    """Between check and confirm an address was taken: nothing is written, and the page says why."""
    run = checked(client, {"users.csv": FILES["users.csv"].replace("ann@example.com", "new@example.com")})
    company.mate.email = "new@example.com"
    company.mate.save(update_fields=["email"])
    run = step(client, run, "confirm")
    assert run.state == State.REFUSED
    assert "Somebody else has this address." in page(client, run)
    assert not Opportunity.objects.exists()
    assert told()[-1] == ("import_ended", "mail", {"state": "refused"})


def test_an_import_of_what_is_there_has_nothing_to_confirm(client):
    step(client, checked(client), "confirm")
    run = checked(client)
    assert "there is nothing to write" in page(client, run)
    assert "/confirm/" not in page(client, run)
    assert step(client, run, "confirm").state == State.FINISHED


def test_it_is_cancelled_before_it_is_confirmed_and_not_after(client, company):
    run = step(client, checked(client), "cancel")
    assert run.state == State.CANCELLED
    assert not storage.folder_of(run).exists()
    run = step(client, run, "confirm")
    assert run.state == State.CANCELLED
    finished = step(client, checked(client), "confirm")
    assert step(client, finished, "cancel").state == State.FINISHED


def test_a_check_that_was_cancelled_meanwhile_leaves_it_cancelled(client, company, monkeypatch):
    run = uploaded(client)
    real = imports.import_workspace

    def cancelled_meanwhile(*args, **options):
        imports.cancel(run=run, actor=company.admin)
        return real(*args, **options)

    monkeypatch.setattr(imports, "import_workspace", cancelled_meanwhile)
    runs.run_due()
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_the_files_of_a_folder(client):
    answer = send_folder(client, {**FILES, "notes.txt": "x", "Kunden.csv": "a,b\n", ".hidden.csv": "x"})
    run = ImportRun.objects.get()
    assert answer.url.endswith(f"/imports/{run.key}/")
    assert sorted(file["name"] for file in run.files) == sorted([*FILES, "Kunden.csv"])
    assert sorted(path.name for path in storage.source_of(run).iterdir()) == sorted(FILES)
    runs.run_due()
    run.refresh_from_db()
    assert (run.state, run.report["not_read"]) == (State.CHECKED, ["Kunden.csv"])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["notes.txt"], "Choose a zip file"),
        ([], "Choose a zip file"),
        (["a.zip", "b.zip"], "Choose one zip file"),
        (["a.zip", "users.csv"], "Choose one zip file"),
        (["users.csv", "Users.CSV"], "was sent twice"),
        ([f"{number}.csv" for number in range(51)], "more than 50 files"),
    ],
)
def test_what_is_no_workspace_is_refused_at_once(client, names, said):
    uploads = [SimpleUploadedFile(name, b"key\n") for name in names]
    answer = client.post("/settings/workspace/upload/folder/", {"files": uploads})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    "name",
    ["../../evil.zip", "/etc/evil.zip", "C:\\evil.zip", "..\\..\\evil.zip", "évil\u202egpj.zip", "x" * 300 + ".zip"],
)
def test_a_file_name_leads_nowhere(client, name):
    body = (
        b'--B\r\nContent-Disposition: form-data; name="files"; filename="' + name.encode()
        + b'"\r\nContent-Type: application/zip\r\n\r\n' + packed() + b"\r\n--B--\r\n"
    )  # fmt: skip
    answer = client.generic(
        "POST", "/settings/workspace/upload/zip/", body, content_type="multipart/form-data; boundary=B"
    )
    assert answer.status_code == 302
    run = ImportRun.objects.get()
    assert "/" not in run.files[0]["name"] and "\\" not in run.files[0]["name"]
    assert [path.name for path in storage.folder_of(run).iterdir() if path.is_file()] == ["workspace.zip"]


def test_a_broker_that_is_down_is_no_error(client, company, monkeypatch):
    monkeypatch.setattr(workspace_tick, "apply_async", broken)
    assert nudge(workspace_tick) is False
    assert uploaded(client).state == State.UPLOADED


def broken(**_options):
    raise BrokerDown("down")


def test_a_full_disk_is_said(client, monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    folders = settings.FILE_UPLOAD_TEMP_DIR.parent / "imports"
    folders.mkdir(exist_ok=True)
    before = set(folders.iterdir())
    monkeypatch.setattr(storage.shutil, "move", full)
    answer = send(client, packed())
    assert answer.status_code == 507
    assert "disk of the server is full" in answer.content.decode()
    assert not ImportRun.objects.exists()
    assert set(folders.iterdir()) == before


def test_something_unforeseen_fails_with_its_reason_and_can_be_tried_again(client, monkeypatch):
    def broken_import(*_args, **_options):
        raise RuntimeError("no such luck")

    with monkeypatch.context() as patched:
        patched.setattr(imports, "import_workspace", broken_import)
        run = checked(client)
    assert (run.state, run.error) == (State.FAILED, "RuntimeError: no such luck")
    assert "no such luck" in page(client, run)
    assert step(client, run, "check").state == State.CHECKED


def test_a_locked_database_is_tried_again_and_given_up_in_the_end(client, monkeypatch):
    tries = []

    def locked(*_args, **_options):
        tries.append(1)
        raise imports.OperationalError("database is locked")

    monkeypatch.setattr(imports, "import_workspace", locked)
    run = checked(client)
    assert (run.state, len(tries)) == (State.FAILED, 5)


def test_uploads_that_nobody_wants_go(client, company, settings):
    refused, waiting, fresh = checked(client, BAD), checked(client), checked(client)
    folder = storage.folder_of(refused)
    stray = folder.parent / "0123456789abcdef"
    stray.mkdir()
    os.utime(stray, (0, 0))
    left = settings.FILE_UPLOAD_TEMP_DIR / "left.upload"
    left.write_text("x")
    os.utime(left, (0, 0))
    old = timezone.now() - timedelta(days=settings.IMPORT_DAYS, hours=1)
    ImportRun.objects.filter(pk__in=[refused.pk, waiting.pk]).update(created_at=old)
    imports.expire_imports()
    assert [storage.folder_of(run).exists() for run in (refused, waiting, fresh)] == [False, False, True]
    assert not stray.exists() and not left.exists()
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    dropped = AuditEntry.objects.filter(model="importrun", action="cancel").get()
    assert (dropped.object_id, dropped.actor) == (waiting.pk, None)
    assert dropped.changes == {"state": ["checked", "cancelled"]}


def test_the_list_says_who_when_and_how_many(client, django_assert_max_num_queries):
    checked(client, BAD)
    step(client, checked(client), "confirm")
    with django_assert_max_num_queries(8):
        shown = client.get("/settings/workspace/").content.decode()
    assert "Has bad rows" in shown and "Imported" in shown and ">16</td>" in shown


def test_the_pages_ask_as_many_questions_for_two_hundred_runs_as_for_two(client, company):
    paths = ["/settings/workspace/", "/api/v1/imports/?page_size=500", "/api/v1/exports/?page_size=500"]

    def fill(number):
        ImportRun.objects.bulk_create(
            ImportRun(requested_by=company.admin, state=State.REFUSED, report={"bad_count": 3})
            for _each in range(number)
        )
        ExportRun.objects.bulk_create(ExportRun(requested_by=company.admin, state="expired") for _each in range(number))

    def counted():
        return [len(queries(lambda path=path: client.get(path))) for path in paths]

    fill(2)
    counted()
    few = counted()
    fill(200)
    assert counted() == few
    assert max(few) <= 8


def test_every_step_stays_within_its_budget(client):
    run = checked(client)
    path = f"/settings/workspace/imports/{run.key}/"
    for name, most in (("", 8), ("check/", 12)):
        act = client.get if not name else client.post
        assert len(queries(lambda act=act, name=name: act(path + name))) <= most
    runs.run_due()
    for name in ("confirm/", "cancel/"):
        assert len(queries(lambda name=name: client.post(path + name))) <= 12
    content = packed()
    assert len(queries(lambda: send(client, content))) <= 12
    assert len(queries(lambda: client.post("/settings/workspace/exports/new/"))) <= 12


def test_what_somebody_confirmed_who_was_deactivated_is_not_written(company, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    leaver = factories.person("leaver", role="admin")
    file = SimpleUploadedFile("products.csv", b"key,name\np9,Nine\n")
    run = imports.upload(files=[file], keep_edits=False, actor=leaver)
    imports.run_due()
    run.refresh_from_db()
    imports.confirm(run=run, actor=leaver)
    deactivate_person(person=leaver, seen=None, actor=company.admin)

    imports.run_due()

    run.refresh_from_db()
    assert (run.state, Product.objects.filter(key="p9").exists()) == ("refused", False)


def test_a_team_and_a_stage_that_were_changed_in_ascent_are_shown_as_files_have_them(client, company):
    step(client, checked(client), "confirm")
    ann, offer = User.objects.get(username="ann"), Stage.objects.get(key="offer")
    edit_person(person=ann, changes={"team": None}, seen=None, actor=company.admin)
    changes = {"floor": 4, "expected_days": 45, "floors": {"power": 2}}
    edit_stage(stage=offer, changes=changes, seen=None, actor=company.admin)
    run = checked(client, {"stages.csv": FILES["stages.csv"].replace(",0.5,", ",0.55,")})
    assert (run.state, run.error) == (State.CHECKED, "")
    shown = [
        tuple(edit[name] for name in ("file", "key", "field", "ours", "theirs")) for edit in run.report["overwritten"]
    ]
    assert shown == [
        ("users.csv", "ann", "team", "", "east"),
        ("stages.csv", "offer", "floor", "4", "3"),
        ("stages.csv", "offer", "expected_days", "45", "30"),
    ]
    run = step(client, run, "check", keep_edits="on")
    step(client, run, "confirm")
    offer.refresh_from_db()
    assert (float(offer.win_rate), offer.floor, offer.expected_days) == (0.55, 4, 45)
    assert User.objects.get(username="ann").team is None


def test_what_an_import_does_to_the_past_is_said_before_it_is_confirmed(client, company):
    files = {"organisation.csv": FILES["organisation.csv"].replace("CNY", "EUR").replace(",1\n", ",4\n")}
    Customer.objects.all().delete()
    assert checked(client, files).report["rewritten"] == []  # no customer, no past
    step(client, ImportRun.objects.latest("id"), "cancel")
    step(client, checked(client), "confirm")
    run = checked(client, files)
    assert [(each["field"], each["ours"], each["theirs"]) for each in run.report["rewritten"]] == [
        ("currency", "CNY", "EUR"), ("fiscal_year_start_month", "1", "4"),
    ]  # fmt: skip
    shown = page(client, run)
    said = "No amount is converted, only its unit changes"
    assert shown.index(said) < shown.index("/confirm/")
    assert "Fiscal years and quarters begin in April" in shown
    answer = client.get(f"/api/v1/imports/{run.pk}/").json()
    assert said in answer["report"]["rewritten"][0]["told"][0]
    with override("zh-hans"):
        assert "换算" in reports.shown(run.report)["rewritten"][0]["told"][0]
    assert "rewritten" in step(client, run, "confirm").report


def test_what_it_does_to_the_past_is_counted_once_for_all_languages(company, django_assert_num_queries):
    factories.customer(company.rep)
    have = Organisation.objects.get()
    with django_assert_num_queries(1 + 4 + 2 + 1):  # the last for today's year
        told = settling._rewritten(have, {"currency": "EUR", "fiscal_year_start_month": 4})
    assert [set(each.told) for each in told] == [{"en", "zh-hans"}] * 2
