"""Hostile uploads through the browser's door: refused, or taken as the format says, in bounded memory, with words."""

import io
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from customers.models import Customer
from pipeline import runs
from pipeline.interchange import SourceError, import_workspace
from pipeline.models import ImportRun
from pipeline.runs import storage
from tests.pipeline.interchange.workspaces import BASE, write
from tests.pipeline.runs.doors import FILES, checked, packed, send, send_folder, step

pytestmark = pytest.mark.django_db
State = ImportRun.State
MEGABYTE = 1024 * 1024
HEAD = "key,name\n"


@pytest.fixture
def client(company, signed_in):
    return signed_in(company.admin)


def outcome(client, content, name="company.zip"):
    """Upload and check: the run, and what its page says."""
    assert send(client, content, name).status_code == 302
    runs.run_due()
    run = ImportRun.objects.latest("id")
    return run, client.get(f"/settings/workspace/imports/{run.key}/").content.decode()


def zipped(*members, compression=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for info, content in members:
            archive.writestr(info, content)
    return stream.getvalue()


def linked():
    info = zipfile.ZipInfo("users.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped((info, "/etc/passwd"))


def nested():
    """A zip of a zip of zeros."""
    inner = zipped(("zeros.bin", b"\0" * 20 * MEGABYTE))
    return zipped(*((f"{number}.zip", inner) for number in range(3)), ("users.csv", "key\n"))


def lying():
    """The header says 10 bytes, the member holds 20 MB."""
    content = bytearray(zipped(("users.csv", b"k" * 20 * MEGABYTE)))
    size = struct.pack("<I", 20 * MEGABYTE)
    for _each in range(2):
        at = content.index(size)
        content[at : at + 4] = struct.pack("<I", 10)
    return bytes(content)


def encrypted():
    content = bytearray(packed())
    content[6] |= 1
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    return bytes(content)


ZIPS = {
    "bomb": (lambda: zipped(("users.csv", b"\0" * 50 * MEGABYTE)), "times its size"),
    "lying header": (lying, "damaged"),
    "many files": (lambda: zipped(*((f"{n}.csv", "x") for n in range(51))), "more than 50 files"),
    "an endless directory": (
        lambda: zipped(*((f"{n:06}" + "x" * 200, "") for n in range(20_000)), compression=zipfile.ZIP_STORED),
        "more than 50 files",
    ),
    "out by dots": (lambda: zipped(("../users.csv", "x")), "outside"),
    "absolute": (lambda: zipped(("/etc/users.csv", "x")), "outside"),
    "drive letter": (lambda: zipped(("C:/users.csv", "x")), "outside"),
    "backslashes": (lambda: zipped(("a\\..\\..\\users.csv", "x")), "outside"),
    "a link": (linked, "outside"),
    "a name of nothing": (lambda: zipped(("./.", "x"), ("users.csv", "key\n")), ""),
    "two cases": (lambda: zipped(("users.csv", "x"), ("Users.csv", "x")), "twice"),
    "two folders": (lambda: zipped(("a/users.csv", "x"), ("b/teams.csv", "x")), "one folder"),
    "encrypted": (encrypted, "encrypted"),
    "no zip": (lambda: b"GIF89a" + b"x" * 5000, "neither a folder nor a zip"),
    "nothing": (lambda: b"PK\x05\x06" + b"\0" * 18, ""),
    "cut off": (lambda: packed()[:-40], "neither a folder nor a zip"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_that_is_not_to_be_trusted_is_refused_in_words(client, name):
    made, said = ZIPS[name]
    run, page = outcome(client, made())
    assert run.state == (State.REFUSED if said else run.state)
    assert run.state in (State.REFUSED, State.CHECKED)
    assert said in page
    assert str(storage.folder_of(run)) not in page
    assert not Customer.objects.exists()


def test_an_empty_file_is_no_upload(client):
    answer = send(client, b"")
    assert answer.status_code in (302, 422)
    runs.run_due()
    assert not ImportRun.objects.exclude(state=State.REFUSED).exists()


def test_zips_in_a_zip_are_not_opened(client):
    tracemalloc.start()
    run, _page = outcome(client, nested())
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert run.report["bad_count"] > 0  # users.csv lacks its columns
    assert most < 30 * MEGABYTE


FILES_THAT_ARE_ODD = {
    "semicolons": (b"key;name\nacme;Acme\n", "The cells stand between semicolons."),
    "tabs": (b"key\tname\nacme\tAcme\n", "The cells stand between tabs."),
    "bars": (b"key|name\nacme|Acme\n", "The cells stand between vertical bars."),
    "NUL": (b"key,name\nacme,A\x00cme\n", "NUL"),
    "UTF-16": ("key,name\nacme,Acme\n".encode("utf-16"), "neither UTF-8 nor GB18030"),
    "a cell without end": (b"key,name\nacme," + b"x" * 300_000 + b"\n", "A cell is too long"),
    "a line without end": (b"key,name\nacme," + b"x," * 1_500_000 + b"\n", "The row is too long."),
    "a row without end": (b'key,name\nacme,"' + (b"x" * 50_000 + b'\n","') * 45 + b"\n", "The row is too long."),
    "empty": (b"", "The file is empty."),
}


@pytest.mark.parametrize("name", FILES_THAT_ARE_ODD)
def test_an_odd_file_is_refused_in_words(client, name):
    content, said = FILES_THAT_ARE_ODD[name]
    send_folder(client, {**FILES, "customers.csv": content})
    runs.run_due()
    run = ImportRun.objects.get()
    page = client.get(f"/settings/workspace/imports/{run.key}/").content.decode()
    assert run.state == State.REFUSED
    assert said in page
    assert not Customer.objects.exists()


def test_a_wrong_delimiter_is_said_once(client):
    run, _page = outcome(client, packed({"customers.csv": "key;name\n" + "acme;Acme\n" * 500}))
    assert [bad["wrong"]["en"] for bad in run.report["bad_rows"] if bad["file"] == "customers.csv"] == [
        "The cells stand between semicolons."
    ]
    assert run.report["bad_rows"][0]["wrong"]["zh-hans"]


def test_gb18030_and_formulas_are_taken_as_they_stand(client):
    run = checked(client, {"customers.csv": "key,name,industry\nacme,=cmd|'/c calc'!A1,汽车零部件\n".encode("gb18030")})
    assert step(client, run, "confirm").state == State.FINISHED
    made = Customer.objects.get(key="acme")
    assert (made.name, made.industry) == ("=cmd|'/c calc'!A1", "汽车零部件")


def test_backslashes_of_another_system_are_a_folder(client):
    members = [(f"company\\{name}", content) for name, content in FILES.items()]
    run, _page = outcome(client, zipped(*members))
    assert (run.state, run.report["created"]) == (State.CHECKED, 16)


def test_a_file_sent_as_csv_that_is_a_zip_is_refused(client):
    send_folder(client, {**FILES, "customers.csv": packed()})
    runs.run_due()
    assert ImportRun.objects.get().state == State.REFUSED


class Stream(io.RawIOBase):
    """So many bytes, made while they are read."""

    def __init__(self, size):
        self.left, self.head = size, b"key,name\n"

    def read(self, size=-1):
        if self.head:
            head, self.head = self.head, b""
            return head
        some = min(size if size > 0 else MEGABYTE, self.left)
        self.left -= some
        return b"x" * some


@pytest.mark.parametrize("folder", [True, False], ids=["folder", "zip"])
def test_a_line_of_200_megabytes_is_read_in_bounded_memory(tmp_path, settings, folder):
    settings.IMPORT_ZIP_RATIO = 100_000
    source = write(tmp_path / "company", {**BASE})
    with (source / "customers.csv").open("wb") as file:
        stream = Stream(200 * MEGABYTE)
        while chunk := stream.read(MEGABYTE):
            file.write(chunk)
    if not folder:
        source = zip_of(source)
    tracemalloc.start()
    report = import_workspace(source, dry_run=True)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [bad.line for bad in report.bad_rows if bad.file == "customers.csv"] == [2]
    assert most < 60 * MEGABYTE


def zip_of(source: Path) -> Path:
    target = source.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in source.iterdir():
            archive.write(path, path.name)
    return target


def test_a_directory_of_many_megabytes_is_not_even_read(tmp_path):
    path = tmp_path / "many.zip"
    path.write_bytes(zipped(*((f"{n:06}" + "x" * 400, "") for n in range(20_000)), compression=zipfile.ZIP_STORED))
    tracemalloc.start()
    with pytest.raises(SourceError, match="more than 50 files"):
        import_workspace(path)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * MEGABYTE


@pytest.mark.parametrize("is_folder", [False, True])
def test_an_upload_without_a_file_of_a_workspace_is_refused_with_the_names_expected(client, is_folder):
    if is_folder:
        send_folder(client, {"Customers.CSV": "key,name\nacme,Acme\n"})
    else:
        send(client, zipped(("x.zip", zipped(("customers.csv", "key,name\nacme,Acme\n")))))
    runs.run_due()
    run = ImportRun.objects.get()
    assert run.state == State.REFUSED
    said = client.get(f"/settings/workspace/imports/{run.key}/").content.decode()
    assert "There is nothing to import" in said and "customers.csv" in said


def test_files_without_rows_are_called_so(client):
    run, page = outcome(client, zipped(("customers.csv", "key,name\n")))
    assert run.state == State.CHECKED
    assert "The files hold no rows" in page and "Everything is in order" not in page
