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
ATTACHMENT_ENTRY = 256  # bytes of an attached one: there are many of them, with short names
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others let a file say how much memory unpacking it takes
OTHERWISE_PACKED = _("The zip file is packed in another way than “Deflate”. Pack it so, or upload the CSV files.")
FOLDER = "attachments"  # beside the CSV files: the contents of attached files


Paths = dict[str, Path] | dict[str, zipfile.ZipInfo]


class Source:
    """The files of a workspace by name (`users.csv`), `contents` those of attached files (`attachments/offer.pdf`)."""

    def __init__(self, paths: Paths, contents: Paths, archive: zipfile.ZipFile | None) -> None:
        self.paths, self.contents, self.archive = paths, contents, archive

    @property
    def names(self) -> list[str]:
        return sorted(self.paths)

    def size(self, name: str) -> int:
        """The bytes of the contents of an attached file, unpacked."""
        path = self.contents[name]
        return path.stat().st_size if isinstance(path, Path) else path.file_size

    def open(self, name: str) -> BinaryIO:
        """A stream of the bytes of either."""
        path = self.paths[name] if name in self.paths else self.contents[name]
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
        yield Source(_folder(path), _contents(path / FOLDER), None)
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
        yield Source(*_members(archive), archive)


def _folder(path: Path) -> dict[str, Path]:
    found = {}
    for entry in sorted(path.iterdir()):
        if entry.name.startswith(".") or not entry.name.lower().endswith(".csv"):
            continue
        _refuse_unless_ordinary(entry, entry.is_file())
        found[entry.name] = entry
    return found


def _contents(path: Path) -> dict[str, Path]:
    if not path.exists():
        return {}
    _refuse_unless_ordinary(path, path.is_dir())
    found = {}
    for entry in path.iterdir():
        _refuse_unless_ordinary(entry, entry.is_file())
        found[f"{FOLDER}/{entry.name}"] = entry
    return found


def _refuse_unless_ordinary(path: Path, is_right: bool) -> None:
    if path.is_symlink() or not is_right:
        raise SourceError(Said(_("%(name)s is not an ordinary file."), name=path.name))


def _refuse_a_long_directory(path: Path) -> None:
    """`zipfile` holds the whole directory of an archive in memory before anybody can count its files."""
    with path.open("rb") as stream:
        end = zipfile._EndRecData(stream)  # type: ignore[attr-defined]  # the very record that ZipFile goes by
    most = DIRECTORY_ENTRY * settings.IMPORT_ZIP_FILES + ATTACHMENT_ENTRY * settings.IMPORT_ZIP_ATTACHMENTS
    if end is not None and end[zipfile._ECD_SIZE] > most:  # type: ignore[attr-defined]
        raise _too_many()


def _too_many() -> SourceError:
    return SourceError(Said(_("The zip file holds more than %(limit)s files."), limit=settings.IMPORT_ZIP_FILES))


Members = dict[str, zipfile.ZipInfo]


def _members(archive: zipfile.ZipFile) -> tuple[Members, Members]:
    """The CSV files, and what lies in the folder of attached files beside them."""
    infos = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")]
    _refuse_too_much(infos)
    for info in infos:
        _refuse_dangerous(info)
    tables = [info for info in infos if _is_table(_path(info))]
    top = min((_path(info).parent for info in tables), key=lambda path: len(path.parts), default=PurePosixPath())
    attached = [info for info in infos if _path(info).parent == top / FOLDER]
    _refuse_too_many(infos, attached)
    tables = [info for info in tables if _path(info).parent != top / FOLDER]
    if {_path(info).parent for info in tables} - {top}:
        raise SourceError(_("The CSV files of a workspace stand in one folder of the zip file."))
    return _by_name(tables), {f"{FOLDER}/{name}": info for name, info in _by_name(attached).items()}


def _is_table(path: PurePosixPath) -> bool:
    return path.name.lower().endswith(".csv") and not path.name.startswith(".")


def _by_name(infos: list[zipfile.ZipInfo]) -> Members:
    """Each name once, whatever its case."""
    found: Members = {}
    taken = set()
    for info in infos:
        name = _path(info).name
        if name.lower() in taken:
            raise SourceError(Said(_("The zip file holds %(name)s twice."), name=name))
        taken.add(name.lower())
        found[name] = info
    return found


def _refuse_too_many(infos: list[zipfile.ZipInfo], attached: list[zipfile.ZipInfo]) -> None:
    if len(infos) - len(attached) > settings.IMPORT_ZIP_FILES:
        raise _too_many()
    if len(attached) > settings.IMPORT_ZIP_ATTACHMENTS:
        limit = settings.IMPORT_ZIP_ATTACHMENTS
        raise SourceError(Said(_("The zip file holds more than %(limit)s attached files."), limit=limit))


def _refuse_too_much(infos: list[zipfile.ZipInfo]) -> None:
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
    if info.compress_type not in PACKED:
        raise SourceError(OTHERWISE_PACKED)
