"""The contents of attached files: out, in through the checks of an upload, never a stray on the disk."""

import io
import shutil
import stat
import tracemalloc
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as conf
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone, translation
from PIL import Image

from accounts.models import User
from config.web.uploads import DiskFull
from opportunities import actions
from opportunities.actions.files import checked, keep
from opportunities.models import Attachment, Checkpoint, Opportunity
from opportunities.models.files import attachment_storage
from pipeline.interchange import SourceError, export_workspace, import_workspace, lost_contents
from tests.pipeline.interchange.workspaces import BASE, changed, facts, load, wipe, write
from tests.web import uploads

pytestmark = pytest.mark.django_db
AT = "2026-02-03T04:05:06+08:00"
HEAD = "key,opportunity,entry,name,content,uploaded_by,uploaded_at\n"
RECORDS = "opportunity,factor,level,recorded_at,evidence,grade,attachment\n"
PLAYBOOK = {"playbook.csv": "key,kind,title_en,body_en\np1,checklist,List,One\n"}
BOTH = HEAD + f"f1,o1,,Minutes.txt,attachments/a.txt,ann,{AT}\nf2,,p1,Map.jpg,attachments/map.bin,,\n"
MEGABYTE = 1024 * 1024


def stored():
    return {path for path in (Path(conf.MEDIA_ROOT) / "attachments").rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def nothing_else_is_stored():
    for path in stored():
        path.unlink()


def folder(path, files=None, contents=None):
    """A workspace with attached files: `contents` are what lies in the folder of them."""
    given = {"a.txt": b"What was said", "map.bin": uploads.photo()} if contents is None else contents
    write(path, {**PLAYBOOK, "attachments.csv": BOTH, **(files or {})})
    (path / "attachments").mkdir(exist_ok=True)
    for name, content in given.items():
        (path / "attachments" / name).write_bytes(content)
    return path


def one_row(path, *, name="Minutes.txt", content="attachments/a.txt", contents=None, key="f1", of="o1,"):
    return folder(path, {"attachments.csv": f"{HEAD}{key},{of},{name},{content},ann,{AT}\n"}, contents)


def zip_of(source):
    target = source.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(source.rglob("*")):
            archive.write(path, Path("company") / path.relative_to(source))
    return target


def kept():
    rows = Attachment.objects.order_by("key")
    return [
        (row.key, row.name, row.content_type, row.opportunity and row.opportunity.key,
         row.playbook_entry and row.playbook_entry.key, row.uploaded_by and row.uploaded_by.username, row.stored.read())
        for row in rows
    ]  # fmt: skip


def refusals(report, name="attachments.csv"):
    return [(bad.line, bad.column, bad.value) for bad in report.bad_rows if bad.file == name]


# --- There and back -------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_files_come_in_as_an_upload_would(tmp_path, packed):
    source = folder(tmp_path / "in")
    report = load(zip_of(source) if packed else source)
    assert report.files["attachments.csv"].created == 2
    minutes, drawn = kept()
    assert minutes == ("f1", "Minutes.txt", "text/plain", "o1", None, "ann", b"What was said")
    assert drawn[:6] == ("f2", "Map.jpg", "image/jpeg", None, "p1", None)
    assert b"PHONEMAKER" not in drawn[6] and not Image.open(io.BytesIO(drawn[6])).getexif()
    row = Attachment.objects.get(key="f1")
    assert row.uploaded_at.isoformat() == "2026-02-02T20:05:06+00:00"
    path = Path(row.stored.path)
    assert len(path.name) == 32 and path.name.isalnum() and row.size == 13
    assert len(stored()) == 2


def test_the_same_twice_doubles_nothing_and_changes_nothing(tmp_path):
    source = folder(tmp_path / "in")
    load(source)
    before = stored(), kept()
    (source / "attachments" / "a.txt").write_bytes(b"Something else")
    report = load(folder(source, {"attachments.csv": BOTH.replace("Minutes.txt", "Other.txt")}, {}))
    assert changed(report) == {} and report.files["attachments.csv"].unchanged == 2
    shutil.rmtree(source / "attachments")  # what is known needs no contents
    assert changed(load(source)) == {}
    assert (stored(), kept()) == before


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_an_export_holds_them_and_evidence_rests_on_them_again(tmp_path, packed):
    load(folder(tmp_path / "in"))
    deal = Opportunity.objects.get()
    actions.add_checkpoints(
        opportunity=deal, actor=deal.owner, records=[actions.Evidence(factor="demand", level=1, grade="E0")],
        file=keep(checked(SimpleUploadedFile("Proof.csv", b"a,b\n1,2\n"))),
    )  # fmt: skip
    before, rows = facts(), kept()
    target = tmp_path / ("out.zip" if packed else "out")
    counts = export_workspace(target)
    assert (counts["attachments.csv"], counts["attachments"], lost_contents(counts)) == (3, 3, 0)
    assert changed(load(target)) == {}
    wipe()
    for path in stored():
        path.unlink()
    load(target)
    assert facts() == before
    assert [row[:6] for row in kept()] == [row[:6] for row in rows]
    assert [row[6] for row in kept() if row[2] != "image/jpeg"] == [row[6] for row in rows if row[2] != "image/jpeg"]
    record = Checkpoint.objects.get()
    assert (record.evidence, record.file.name, record.file.stored.read()) == ("", "Proof.csv", b"a,b\n1,2\n")
    assert len(stored()) == 3


def test_one_that_was_removed_is_named_and_not_handed_out(tmp_path):
    load(folder(tmp_path / "in", {
        "checkpoints.csv": RECORDS.replace("attachment", "withdrawn_at,attachment") + f"o1,demand,1,{AT},,E0,{AT},f1\n",
    }))  # fmt: skip
    row = Attachment.objects.get(key="f1")
    actions.remove_attachment(attachment=row, actor=row.opportunity.owner)
    counts = export_workspace(tmp_path / "out")
    assert (counts["attachments.csv"], counts["attachments"]) == (1, 1)
    assert not any(b"What was said" in path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert "Minutes.txt" in (tmp_path / "out" / "checkpoints.csv").read_text()
    assert changed(load(tmp_path / "out")) == {}
    row.refresh_from_db()
    assert row.removed_at is not None
    wipe()
    load(tmp_path / "out")
    assert (Checkpoint.objects.get().evidence, Checkpoint.objects.get().file) == ("Minutes.txt", None)


def test_contents_that_the_storage_has_lost_are_said_out_and_in(tmp_path):
    record = RECORDS + f"o1,demand,1,{AT},,E0,f1\n"
    load(folder(tmp_path / "in", {"checkpoints.csv": record}))
    attachment_storage().delete(Attachment.objects.get(key="f1").stored.name)
    said = StringIO()
    call_command("export_workspace", str(tmp_path / "out.zip"), verbosity=0, stdout=said)
    assert "has lost 1 attached file: its contents are not in the export" in said.getvalue()
    assert {"attachments.csv: 2 rows", "attachments: 1 file", "checkpoints.csv: 1 row"} <= {
        *said.getvalue().splitlines()
    }
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        rows = archive.read("attachments.csv").decode().splitlines()
        assert [name for name in archive.namelist() if name.startswith("attachments/")] == ["attachments/000002.jpg"]
    assert rows[1].startswith("f1,o1,,Minutes.txt,,ann,")
    assert changed(load(tmp_path / "out.zip")) == {}
    assert Checkpoint.objects.get().file.key == "f1"
    wipe()
    said = StringIO()
    call_command("import_workspace", str(tmp_path / "out.zip"), verbosity=0, stdout=said)
    assert "1 attached file came without its contents and is left out." in said.getvalue()
    assert [row[0] for row in kept()] == ["f2"]
    assert (Checkpoint.objects.get().evidence, Checkpoint.objects.get().file) == ("Minutes.txt", None)


# --- What is refused ------------------------------------------------------------------------------

HTML = b"<html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("photo.png", HTML, "This kind of file is not accepted"),
        ("drawing.svg", b"<svg onload=alert(1)>", "This kind of file is not accepted"),
        ("run.exe", b"MZ\x90\x00", "This kind of file is not accepted"),
        ("photo.png", b"\x89PNG\r\n\x1a\nxx", "This picture cannot be read"),
        ("empty.txt", b"", "This file is empty"),
        ("large.txt", b"x" * (MEGABYTE + 1), "This file is larger than 1 MB"),
    ],
)
def test_what_no_upload_would_be_is_a_bad_row(tmp_path, settings, name, content, wrong):
    settings.ATTACHMENT_MEGABYTES = 1
    report = import_workspace(one_row(tmp_path / "in", name=name, contents={"a.txt": content}))
    assert refusals(report) == [(2, "content", "attachments/a.txt")]
    [bad] = report.bad_rows
    assert str(bad.wrong).startswith(wrong) and "at most 1 MB" in str(bad.accepted)
    with translation.override("zh-hans"):
        assert wrong not in str(bad.wrong) and "%(" not in str(bad.wrong)
    assert not Attachment.objects.exists() and not Opportunity.objects.exists() and stored() == set()


TRICKS = [
    "../users.csv", "attachments/../users.csv", "users.csv", "a.txt", "/etc/passwd", "attachments//a.txt",
    "attachments/A.TXT", "./attachments/a.txt", "attachments\\a.txt", "file:///etc/passwd", "attachments",
]  # fmt: skip


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("path", TRICKS)
def test_a_path_leads_to_nothing_but_an_attached_file(tmp_path, path, packed):
    source = one_row(tmp_path / "in", content=path)
    report = import_workspace(zip_of(source) if packed else source)
    assert refusals(report) == [(2, "content", path)]
    assert str(report.bad_rows[0].wrong) == "There is no such file." and stored() == set()


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [
        ("../../etc/passwd.txt", "passwd.txt"), ("C:\\temp\\a.txt", "a.txt"), ("a\u202etxt.exe.txt", "atxt.exe.txt"),
        ("...", "file.txt"), ("x" * 190 + ".txt", "x" * 117 + ".txt"), ("Minutes", "Minutes.txt"),
    ],
)  # fmt: skip
def test_a_name_is_cleaned_and_is_no_path(tmp_path, name, kept_as):
    load(one_row(tmp_path / "in", name=name))
    row = Attachment.objects.get()
    assert row.name == kept_as
    assert Path(row.stored.path).is_relative_to(Path(conf.MEDIA_ROOT) / "attachments")


@pytest.mark.parametrize("key", ["a/b", "/", ".", ".."])
def test_a_key_that_no_address_can_hold_is_a_bad_row(tmp_path, key):
    assert refusals(import_workspace(one_row(tmp_path / "in", key=key))) == [(2, "key", key)]
    assert stored() == set()


@pytest.mark.parametrize("key", ["a b", "a\\b", "%2e", "ä?x=1#", "..."])
def test_a_file_is_handed_out_by_any_other_key(tmp_path, signed_in, key):
    load(one_row(tmp_path / "in", key=key))
    ann = signed_in(User.objects.get(username="ann"))
    assert b"".join(ann.get(reverse("file", args=[key])).streaming_content) == b"What was said"
    assert reverse("file", args=[key]) in ann.get(f"/opportunities/{Opportunity.objects.get().pk}/").content.decode()


def test_each_belongs_to_one_thing_and_has_its_own_contents(tmp_path):
    report = import_workspace(folder(tmp_path / "in", {
        "attachments.csv": HEAD + "f1,o1,p1,a.txt,attachments/a.txt,,\nf2,,,a.txt,attachments/a.txt,,\n"
        "f3,nobody,,a.txt,attachments/map.bin,,\nf3,o1,,a.txt,attachments/b.txt,,\n",
        "checkpoints.csv": RECORDS + f"o1,demand,1,{AT},Said,E0,f9\n",
    }, {"a.txt": b"A", "map.bin": b"B", "b.txt": b"C"}))  # fmt: skip
    assert sorted(refusals(report)) == [
        (2, "entry", "p1"), (3, "content", "attachments/a.txt"), (3, "opportunity", ""), (4, "opportunity", "nobody"),
        (5, "key", "f3"),
    ]  # fmt: skip
    assert refusals(report, "checkpoints.csv") == [(2, "attachment", "f9")]
    assert stored() == set()


@pytest.mark.parametrize("known", [False, True], ids=["in the files", "known"])
def test_evidence_rests_on_files_of_its_opportunity(tmp_path, known):
    if known:
        load(folder(tmp_path / "in"))
    two = "o2,acme,Two,,2026-01-05T09:00:00,ann\n"
    events = "o2,2026-01-05T09:00:00,ann,stage,lead,\no2,2026-01-05T09:00:00,ann,owner,ann,\n"
    records = f"o1,demand,1,{AT},,E0,f1\no2,demand,1,{AT},Said,E0,f1\no1,power,1,{AT},Said,E0,f2\n"
    report = import_workspace(folder(tmp_path / "in", {
        "opportunities.csv": BASE["opportunities.csv"] + two, "checkpoints.csv": RECORDS + records,
        "opportunity_events.csv": BASE["opportunity_events.csv"] + events,
    }))  # fmt: skip
    assert refusals(report, "checkpoints.csv") == [(3, "attachment", "f1"), (4, "attachment", "f2")]


def test_evidence_that_names_a_file_removed_here_keeps_the_name_alone(tmp_path):
    load(folder(tmp_path / "in"))
    Attachment.objects.filter(key="f1").update(removed_at=timezone.now())
    records = RECORDS.replace("attachment", "file,attachment") + f"o1,demand,1,{AT},,E0,Minutes.txt,f1\n"
    source = folder(tmp_path / "in", {"checkpoints.csv": records})
    load(source)
    assert Checkpoint.objects.values_list("evidence", "file").get() == ("Minutes.txt", None)
    assert changed(load(source)) == {}
    bare = import_workspace(folder(tmp_path / "in", {"checkpoints.csv": RECORDS + f"o1,power,1,{AT},,E0,f1\n"}))
    assert refusals(bare, "checkpoints.csv") == [(2, "evidence", "")]


def zipped(target, *more):
    given = {**BASE, **PLAYBOOK, "attachments.csv": BOTH}
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in given.items():
            archive.writestr(name, content)
        for name, content in more:
            archive.writestr(name, content)
    return target


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("attachments/../../a.txt", "x")], "outside"),
        ([("attachments\\..\\..\\a.txt", "x")], "outside"),
        ([(link("attachments/a.txt"), "/etc/passwd")], "outside"),
        ([("attachments/a.txt", "x"), ("attachments/A.txt", "y")], "twice"),
        ([(f"attachments/{number}.txt", "x") for number in range(4)], "more than 3 attached files"),
        ([("attachments/a.txt", b"\0" * 9 * MEGABYTE)], "more than 8 MB"),
    ],
)
def test_an_archive_that_is_not_to_be_trusted_is_refused(tmp_path, settings, members, said):
    settings.IMPORT_ZIP_ATTACHMENTS, settings.IMPORT_UNPACKED_MEGABYTES = 3, 8
    with pytest.raises(SourceError, match=said):
        import_workspace(zipped(tmp_path / "in.zip", *members))
    assert stored() == set()


def test_a_bomb_among_them_is_refused_before_it_is_unpacked(tmp_path):
    source = one_row(tmp_path / "in", contents={"a.txt": b"0" * 60 * MEGABYTE})
    with pytest.raises(SourceError, match="times its size"):
        import_workspace(zip_of(source))


def test_a_link_in_a_folder_is_refused(tmp_path):
    source = one_row(tmp_path / "in", contents={})
    (source / "attachments" / "a.txt").symlink_to("/etc/passwd")
    with pytest.raises(SourceError, match="not an ordinary file"):
        import_workspace(source)
    shutil.rmtree(source / "attachments")
    (source / "attachments").symlink_to("/etc")
    with pytest.raises(SourceError, match="not an ordinary file"):
        import_workspace(source)


def test_an_attached_csv_file_is_no_file_of_the_workspace(tmp_path):
    load(zip_of(one_row(tmp_path / "in", content="attachments/users.csv", contents={"users.csv": b"key\nx\n"})))
    assert [row[1] for row in kept()] == ["Minutes.txt"]


def test_a_damaged_one_leaves_nothing_of_those_before_it(tmp_path):
    source = zipped(tmp_path / "in.zip", ("attachments/a.txt", "Good"), ("attachments/map.bin", "Some words"))
    source.write_bytes(source.read_bytes().replace(b"Some words", b"Same words"))
    with pytest.raises(SourceError, match="damaged"):
        import_workspace(source)
    assert stored() == set() and not Opportunity.objects.exists()


# --- Nothing is left behind -----------------------------------------------------------------------


def test_a_dry_run_stores_nothing(tmp_path):
    report = import_workspace(folder(tmp_path / "in"), dry_run=True)
    assert report.ok and report.files["attachments.csv"].created == 2 and stored() == set()


def test_one_bad_file_among_good_ones_leaves_nothing(tmp_path):
    rows = "".join(f"f{n},o1,,a.txt,attachments/{n}.txt,,\n" for n in range(5))
    contents = {f"{n}.txt": HTML if n in (2, 3) else b"Good" for n in range(5)}
    report = import_workspace(folder(tmp_path / "in", {"attachments.csv": HEAD + rows}, contents))
    assert refusals(report) == [(4, "content", "attachments/2.txt"), (5, "content", "attachments/3.txt")]
    assert stored() == set()


def test_an_import_that_fails_at_its_end_leaves_nothing(tmp_path):
    def fails(_report):
        assert len(stored()) == 2
        raise RuntimeError

    with pytest.raises(RuntimeError):
        import_workspace(folder(tmp_path / "in"), written=fails)
    assert stored() == set() and not Attachment.objects.exists()


def test_a_full_disk_leaves_nothing_and_is_said(tmp_path, monkeypatch):
    storage = attachment_storage()
    save = storage.save

    def full(name, content):
        if stored():
            raise OSError(28, "No space left on device")
        return save(name, content)

    monkeypatch.setattr(storage, "save", full)
    with pytest.raises(DiskFull):
        import_workspace(folder(tmp_path / "in"))
    assert stored() == set() and not Opportunity.objects.exists()
    with pytest.raises(CommandError, match="disk of the server is full"):
        call_command("import_workspace", str(tmp_path / "in"), verbosity=0, stdout=StringIO())


def test_memory_does_not_grow_with_the_files(tmp_path, settings):
    settings.IMPORT_ZIP_RATIO = 100_000
    rows = "".join(f"f{n:02},o1,,a.txt,attachments/{n}.txt,,\n" for n in range(8))
    contents = {f"{n}.txt": b"x" * 8 * MEGABYTE for n in range(8)}
    source = zip_of(folder(tmp_path / "in", {"attachments.csv": HEAD + rows}, contents))
    tracemalloc.start()
    load(source)
    export_workspace(tmp_path / "out.zip")
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * MEGABYTE
    settings.IMPORT_ZIP_RATIO = 100
    assert changed(load(tmp_path / "out.zip")) == {}  # they are not packed: no archive of ours is taken for a bomb
