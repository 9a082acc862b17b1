"""`manage.py backup` and `restore`, on an installation of their own: what was lost comes back, or nothing changes."""

import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from config.web.backup import BackupError, backup, check, files
from tests.factories import PASSWORD
from tests.tooling.installation import ON_POSTGRESQL, Installation, database, installed, rows

DATABASE = "database.dump" if ON_POSTGRESQL else "database.sqlite3"
UPLOADS = {
    "imports/a1/customers.csv": "key,name\nc1,登顶\n", "imports/a1/empty.csv": "", "exports/b2.zip": "PK" * 5000,
    "attachments/0f/0f3a": "minutes",
}  # fmt: skip
STORY = f"""
import django; django.setup()
from django.test import Client
from accounts.tokens import create_token
from opportunities.actions import move_to_stage
from opportunities.models import Stage
from tests import factories
company = factories.company()
for number in range(5):
    opportunity = factories.opportunity(company.rep, title=f"第 {{number}} 座山峰", stage=Stage.objects.first())
    move_to_stage(opportunity=opportunity, stage=Stage.objects.all()[1], actor=company.rep, reason="爬", seen=1)
create_token(user=company.rep, name="laptop", scope="write")
assert Client().login(username="rep", password="{PASSWORD}")
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Installation]:
    """A company with people, moves, a token, a session and files. Each test that changes it puts it back."""
    with installed(tmp_path_factory.mktemp("var"), STORY) as found:
        found.upload(UPLOADS)
        yield found


@pytest.fixture(scope="module")
def saved(installation, tmp_path_factory) -> Path:
    """A backup of it."""
    folder = tmp_path_factory.mktemp("backups") / "of" / "today"
    installation.manage("backup", folder)
    return folder


@pytest.fixture
def damaged(saved, tmp_path) -> Path:
    """A copy of the backup, for a test to damage."""
    return Path(shutil.copytree(saved, tmp_path / "damaged"))


@pytest.fixture
def as_before(installation, saved):
    """The installation is put back after the test."""
    yield
    installation.manage("restore", saved, "--replace")


def vouch(folder: Path, **changes: Any) -> None:
    """Has the manifest say what the files are now, and other things."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in (DATABASE, "files.tar"):
        data = (folder / name).read_bytes()
        manifest["parts"][name] = {"size": len(data), "sha256": sha256(data).hexdigest()}
    path.write_text(json.dumps(manifest | changes))


# --- What was lost ----------------------------------------------------------------------------


@pytest.mark.slow
def test_what_was_lost_comes_back(installation, saved, as_before):
    tables, uploads = installation.holds()
    assert uploads == UPLOADS
    assert all(
        tables[f"{name}"]
        for name in (
            "accounts_accesstoken",
            "accounts_auditentry",
            "django_session",
            "opportunities_opportunityversion",
        )
    )
    installation.lose()
    assert installation.tables() == {}
    said = installation.manage("restore", saved)
    assert "manage.py migrate" in said
    assert installation.holds() == (tables, uploads)
    installation.manage("migrate", "--check")


@pytest.mark.slow
def test_the_restored_installation_goes_on(installation, saved, as_before):
    """New rows get numbers that no other has."""
    installation.lose()
    installation.manage("restore", saved)
    more = "import django; django.setup()\nfrom accounts.models import User\nfrom tests import factories\n"
    done = installation.run("-c", more + "factories.opportunity(User.objects.get(username='rep'))")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_something_is_given_up_only_when_it_is_said(installation, saved, as_before):
    before = installation.holds()
    installation.execute("UPDATE accounts_user SET name = 'Somebody Else'")
    installation.upload({"imports/later.csv": "x", "exports/b2.zip": "changed"})
    assert "--replace" in installation.refuses("restore", saved)
    with installation.connection() as connection:
        rows(connection, "SELECT name FROM accounts_user")
        installation.manage("restore", saved, "--replace")
        assert ("Rep",) in rows(connection, "SELECT name FROM accounts_user")
    assert installation.holds() == before
    assert [path.name for path in installation.media.iterdir() if path.name.startswith(".")] == []


@pytest.mark.slow
def test_a_newer_database_is_replaced_by_an_older_backup(installation, saved, as_before):
    installation.execute(
        "CREATE TABLE accounts_later (id integer PRIMARY KEY, user_id bigint REFERENCES accounts_user (id))",
        "INSERT INTO accounts_later SELECT 1, id FROM accounts_user WHERE username = 'rep'",
    )
    assert "--replace" in installation.refuses("restore", saved)
    installation.manage("restore", saved, "--replace")
    assert "accounts_later" not in installation.tables()


@pytest.mark.slow
def test_files_alone_are_something_too(installation, saved, as_before):
    installation.lose()
    installation.upload({"imports/orphan.csv": "x"})
    assert "--replace" in installation.refuses("restore", saved)


# --- What is refused --------------------------------------------------------------------------


def test_a_whole_backup_passes_the_check(installation, saved):
    assert "The backup is whole" in installation.manage("restore", saved, "--check")


def flip_a_byte(folder: Path) -> None:
    data = bytearray((folder / DATABASE).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / DATABASE).write_bytes(data)


def cut_the_files(folder: Path) -> None:
    with (folder / "files.tar").open("r+b") as file:
        file.truncate(512)


def lose_the_files(folder: Path) -> None:
    (folder / "files.tar").unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def cut_the_manifest(folder: Path) -> None:
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text[: len(text) // 2])


def of_another_format(folder: Path) -> None:
    vouch(folder, format=2)


def of_another_kind_of_database(folder: Path) -> None:
    vouch(folder, vendor="oracle")


def of_a_newer_version(folder: Path) -> None:
    vouch(folder, migrations=["accounts.0001_initial", "accounts.0099_later"])


def names_another_file(folder: Path) -> None:
    vouch(folder, parts={DATABASE: {"size": 0, "sha256": ""}, "../files.tar": {"size": 0, "sha256": ""}})


def is_a_list(folder: Path) -> None:
    (folder / "manifest.json").write_text("[1]")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flip_a_byte, f"damaged: {DATABASE}"),
        (cut_the_files, "damaged: files.tar"),
        (lose_the_files, "not whole"),
        (lose_the_manifest, "no manifest.json"),
        (cut_the_manifest, "cannot be read"),
        (is_a_list, "cannot be read"),
        (of_another_format, "format 2"),
        (of_another_kind_of_database, "oracle database"),
        (of_a_newer_version, "newer version of Ascent: it has accounts.0099_later"),
        (names_another_file, "names ['../files.tar'"),
    ],
)
def test_a_backup_that_is_not_whole_or_does_not_fit_fails_the_check(damaged, damage, reason):
    damage(damaged)
    with pytest.raises(BackupError, match=re.escape(reason)):
        check(damaged)


@pytest.mark.slow
def test_a_backup_that_fails_the_check_is_not_restored(installation, damaged):
    flip_a_byte(damaged)
    assert "damaged" in installation.refuses("restore", damaged, "--replace")


def cut_the_database(folder: Path) -> None:
    """Whoever wrote this vouches for a file that ends in the middle of a table."""
    with (folder / DATABASE).open("r+b") as file:
        file.truncate((folder / DATABASE).stat().st_size * 2 // 3)
    vouch(folder)


def other_counts(folder: Path) -> None:
    counts = json.loads((folder / "manifest.json").read_text())["rows"]
    vouch(folder, rows=counts | {"accounts_user": counts["accounts_user"] + 1})


@pytest.mark.slow
@pytest.mark.parametrize("damage", [cut_the_database, other_counts])
def test_a_restore_that_fails_half_way_leaves_everything_as_it_was(installation, damaged, damage):
    """The files had been swapped already."""
    damage(damaged)
    installation.upload({"imports/since.csv": "since"})
    assert "CommandError" in installation.refuses("restore", damaged, "--replace")
    (installation.media / "imports/since.csv").unlink()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


@pytest.mark.anywhere
@pytest.mark.parametrize(
    "members",
    [
        [member("../outside.txt")],
        [member("imports/../../../outside.txt")],
        [member("link", tarfile.SYMTYPE, "/tmp"), member("link/outside.txt")],
        [member("imports/passwd", tarfile.LNKTYPE, "/etc/passwd")],
        [member("device", tarfile.CHRTYPE)],
    ],
)
def test_files_stay_in_their_folder(settings, tmp_path, members):
    media = tmp_path / "var" / "media"
    settings.MEDIA_ROOT = str(media)
    media.mkdir(parents=True)
    (media / "here.txt").write_text("here")
    with tarfile.open(tmp_path / "files.tar", "w") as tar:
        for each in members:
            tar.addfile(each, io.BytesIO())
    with pytest.raises(BackupError), files.replaced_by(tmp_path / "files.tar"):
        pass
    assert [path.name for path in (tmp_path / "var").rglob("*")] == ["media", "here.txt"]


# --- What a backup is -------------------------------------------------------------------------


@pytest.mark.slow
def test_a_backup_holds_what_is_committed_while_people_write(installation, tmp_path):
    with installation.connection() as connection:
        connection.cursor().execute("BEGIN")
        connection.cursor().execute("UPDATE accounts_user SET name = 'Not yet'")
        installation.manage("backup", tmp_path / "backup")
        connection.cursor().execute("ROLLBACK")
    kept = json.loads((tmp_path / "backup/manifest.json").read_text())
    counted = {table: len(rows) for table, rows in installation.tables().items() if table in kept["rows"]}
    assert kept["rows"] == counted
    assert b"Not yet" not in (tmp_path / "backup" / DATABASE).read_bytes()
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0


def test_a_backup_gets_a_folder_of_its_own(installation, saved, tmp_path, settings):
    settings.MEDIA_ROOT = str(installation.media)
    before = {path: path.read_bytes() for path in saved.iterdir()}
    assert "is there already" in installation.refuses("backup", saved)
    assert {path: path.read_bytes() for path in saved.iterdir()} == before
    with pytest.raises(BackupError, match="lies among"):
        backup(installation.media / "backup")
    (tmp_path / "empty").mkdir()
    installation.manage("backup", tmp_path / "empty")
    check(tmp_path / "empty")


def test_of_a_backup_that_fails_nothing_is_left(tmp_path):
    with database(tmp_path) as url:
        never_migrated = Installation(url, tmp_path / "var")
        assert "could not be read" in never_migrated.refuses("backup", tmp_path / "backups" / "first")
    assert list((tmp_path / "backups").iterdir()) == []


@pytest.mark.anywhere
def test_links_are_left_out_of_a_backup(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    (tmp_path / "media").mkdir()
    (tmp_path / "media/here.txt").write_text("here")
    (tmp_path / "media/passwd").symlink_to("/etc/passwd")
    (tmp_path / "media/etc").symlink_to("/etc")
    files.save(tmp_path / "files.tar")
    with tarfile.open(tmp_path / "files.tar") as tar:
        assert {each.name for each in tar if each.isreg()} == {"here.txt"}
        assert not any(each.issym() for each in tar)


if ON_POSTGRESQL:

    def test_the_password_is_on_no_command_line(installation, saved, tmp_path):
        """Programs that write down how they were started, in the place of the client's."""
        for name in ("pg_dump", "pg_restore", "psql"):
            real = shutil.which(name)
            script = (
                f'#!/bin/sh\necho "$0 $@" >>{tmp_path}/said\necho "$PGPASSWORD" >>{tmp_path}/told\nexec {real} "$@"\n'
            )
            (tmp_path / name).write_text(script)
            (tmp_path / name).chmod(0o755)
        parts = urlsplit(installation.url)
        host = f"{parts.hostname}:{parts.port or 5432}"
        with_password = f"postgres://{parts.username}:{parts.password or 'pa55word'}@{host}{parts.path}"
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DATABASE_URL": with_password}
        installation.manage("backup", tmp_path / "backup", **environment)
        installation.manage("restore", tmp_path / "backup", "--replace", **environment)
        said, told = (tmp_path / "said").read_text(), (tmp_path / "told").read_text()
        password = urlsplit(with_password).password
        assert said.count("\n") == 3 and password not in said
        assert password in told

    def test_without_the_client_it_says_what_to_install(installation, tmp_path):
        assert "postgresql-client" in installation.refuses("backup", tmp_path / "backup", PATH=str(tmp_path))
        assert not (tmp_path / "backup").exists()
