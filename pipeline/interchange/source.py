"""A workspace as a folder or as a zip, read within limits."""

import io
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from pipeline.interchange.report import Said, SourceError

MEGABYTE = 1024 * 1024
DIRECTORY_ENTRY = 64 * 1024  # bytes of one file in the directory of a zip, far more than any has


class Source:
    """The files of a workspace by name (`users.csv`); `open` gives their bytes."""

    def __init__(self, paths: dict[str, Path] | dict[str, zipfile.ZipInfo], archive: zipfile.ZipFile | None) -> None:
        self.paths, self.archive = paths, archive

    @property
    def names(self) -> list[str]:
        return sorted(self.paths)

    def open(self, name: str) -> BinaryIO:
        """A stream of the file's bytes."""
        path = self.paths[name]
        if isinstance(path, Path):
            return path.open("rb")
        assert self.archive is not None
        return io.BufferedReader(_Limited(self.archive.open(path), path.file_size))  # type: ignore[arg-type]


class _Limited(io.RawIOBase):
    """Bytes of a zip member; one that unpacks to more than it declares is refused, as is a broken one."""

    def __init__(self, stream: BinaryIO, size: int) -> None:  # type: ignore[override]
        self.stream, self.left = stream, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        try:
            data = self.stream.read(len(buffer))
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise SourceError(_("The zip file is damaged.")) from error
        except Exception as error:  # zlib.error, lzma.LZMAError: whatever the decompressor says
            raise SourceError(_("The zip file is damaged.")) from error
        self.left -= len(data)
        if self.left < 0:
            raise SourceError(_("The zip file is damaged."))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def open_source(path: str | Path) -> Iterator[Source]:
    """The workspace at `path`. Raises SourceError with a message for people."""
    path = Path(path)
    if path.is_dir():
        yield Source(_folder(path), None)
        return
    if not path.is_file():
        raise SourceError(Said(_("There is no folder or zip file at %(path)s."), path=path))
    if path.stat().st_size > settings.IMPORT_ZIP_MEGABYTES * MEGABYTE:
        raise SourceError(Said(_("The zip file is larger than %(limit)s MB."), limit=settings.IMPORT_ZIP_MEGABYTES))
    try:
        _refuse_a_long_directory(path)
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SourceError(_("This is neither a folder nor a zip file.")) from error
    with archive:
        yield Source(_members(archive), archive)


def _folder(path: Path) -> dict[str, Path]:
    found = {}
    for entry in sorted(path.iterdir()):
        if entry.name.startswith(".") or not entry.name.lower().endswith(".csv"):
            continue
        if entry.is_symlink() or not entry.is_file():
            raise SourceError(Said(_("%(name)s is not an ordinary file."), name=entry.name))
        found[entry.name] = entry
    return found


def _refuse_a_long_directory(path: Path) -> None:
    """`zipfile` holds the whole directory of an archive in memory before anybody can count its files."""
    with path.open("rb") as stream:
        end = zipfile._EndRecData(stream)  # type: ignore[attr-defined]  # the very record that ZipFile goes by
    if end is not None and end[zipfile._ECD_SIZE] > DIRECTORY_ENTRY * settings.IMPORT_ZIP_FILES:  # type: ignore[attr-defined]
        raise _too_many()


def _too_many() -> SourceError:
    return SourceError(Said(_("The zip file holds more than %(limit)s files."), limit=settings.IMPORT_ZIP_FILES))


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")]
    _refuse_too_much(infos)
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        _refuse_dangerous(info)
        name = _path(info).name
        if name.startswith(".") or not name.lower().endswith(".csv"):
            continue
        if name.lower() in map(str.lower, found):
            raise SourceError(Said(_("The zip file holds %(name)s twice."), name=name))
        found[name] = info
    if len({_path(info).parent for info in found.values()}) > 1:
        raise SourceError(_("The CSV files of a workspace stand in one folder of the zip file."))
    return found


def _refuse_too_much(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > settings.IMPORT_ZIP_FILES:
        raise _too_many()
    size, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if size > settings.IMPORT_UNPACKED_MEGABYTES * MEGABYTE:
        limit = settings.IMPORT_UNPACKED_MEGABYTES
        raise SourceError(Said(_("The zip file unpacks to more than %(limit)s MB."), limit=limit))
    if size > MEGABYTE and size > settings.IMPORT_ZIP_RATIO * max(packed, 1):
        ratio = settings.IMPORT_ZIP_RATIO
        raise SourceError(Said(_("The zip file unpacks to more than %(limit)s times its size."), limit=ratio))


def _path(info: zipfile.ZipInfo) -> PurePosixPath:
    """Where the file lies in the zip, also when it was packed with backslashes."""
    return PurePosixPath(info.filename.replace("\\", "/"))


def _refuse_dangerous(info: zipfile.ZipInfo) -> None:
    path = _path(info)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]) or kind not in (0, stat.S_IFREG):
        wrong = _("The zip file holds a path outside of it, or a link: %(name)s.")
        raise SourceError(Said(wrong, name=info.filename))
    if info.flag_bits & 0x1:
        raise SourceError(_("The zip file is encrypted."))
