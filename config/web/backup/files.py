"""The uploaded files in a backup: a tar of the regular files and folders below MEDIA_ROOT."""

import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from django.conf import settings

from config.web.backup.manifest import BackupError

FILE = "files.tar"
WORK = ".restore-"  # folders in which a restore keeps what it is about to swap
NOT_OURS = "lost+found"  # where MEDIA_ROOT is a disk of its own


def save(archive: Path) -> None:
    """Write the tar. Links and the like are left out; what disappears meanwhile is too."""
    with tarfile.open(archive, "w") as tar:
        for path in _walk():
            with suppress(FileNotFoundError):
                tar.add(path, arcname=str(path.relative_to(_root())), recursive=False)


def present() -> bool:
    """Whether there is any uploaded file."""
    return any(path.is_file() for path in _walk())


@contextmanager
def replaced_by(archive: Path) -> Iterator[None]:
    """Put the files of the tar in the place of those that are there; when the block fails, the old ones come back.

    Everything is unpacked before anything is moved, within MEDIA_ROOT: then moving is renaming.
    """
    root = _root()
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=WORK, dir=root) as work, ExitStack() as undo:
        new, old = Path(work, "new"), Path(work, "old")
        new.mkdir()
        old.mkdir()
        _unpack(archive, new)
        for path in [each for each in root.iterdir() if each.name not in (Path(work).name, NOT_OURS)]:
            _move(path, old, undo)
        for path in list(new.iterdir()):
            _move(path, root, undo)
        yield
        undo.pop_all()


def _root() -> Path:
    return Path(settings.MEDIA_ROOT)


def _walk() -> Iterator[Path]:
    """The folders and regular files below MEDIA_ROOT, each folder before what is in it. OSError if one is closed."""
    for folder, folders, names in os.walk(_root(), onerror=_refuse_unless_gone):
        if Path(folder) == _root():
            folders[:] = [name for name in folders if name != NOT_OURS and not name.startswith(WORK)]
        for name in sorted(folders) + sorted(names):
            path = Path(folder, name)
            if not path.is_symlink() and (path.is_dir() or path.is_file()):
                yield path


def _refuse_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter=_plain)
    except tarfile.TarError as error:
        raise BackupError(f"{archive} was not unpacked: {error}") from error


def _plain(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """tarfile's own filter keeps members below the folder; and links and devices are none of ours."""
    if not (member.isreg() or member.isdir()):
        raise BackupError(f"The backup was tampered with: {member.name} is neither a file nor a folder.")
    return tarfile.data_filter(member, folder)


def _move(path: Path, folder: Path, undo: ExitStack) -> None:
    target = folder / path.name
    path.rename(target)
    undo.callback(target.rename, path)
