"""Whether a container is an Office document or an Outlook message, without unpacking what somebody else has packed."""

import os
import zipfile
import zlib
from typing import IO

WORD, EXCEL, POWERPOINT = "word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"
CONTENTS = "[Content_Types].xml"
MACROS = ("vbaproject.bin", "vbadata.xml")
MEGABYTE = 1024 * 1024
MOST_UNPACKED, MOST_RATIO = 1024 * MEGABYTE, 100
RATIO_MATTERS_FROM = 50 * MEGABYTE
LARGEST_DIRECTORY = MEGABYTE
LARGEST_CONTENTS = MEGABYTE
END, END_SIZE, ZIP64 = b"PK\x05\x06", 22, b"PK\x06\x07"
LONGEST_COMMENT = 65535

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MESSAGE_CLASS = bytes.fromhex("0b0d020000000000c000000000000046")


def kind_of(file: IO[bytes]) -> str | None:
    """WORD, EXCEL or POWERPOINT of a zip; None for another zip, one with macros, one that unpacks to too much."""
    try:
        if not _has_small_directory(file):
            return None
        with zipfile.ZipFile(file) as packed:
            return _kind(packed, _size(file))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        return None


def _kind(packed: zipfile.ZipFile, size: int) -> str | None:
    entries = packed.infolist()
    names = {entry.filename for entry in entries}
    found = [main for main in (WORD, EXCEL, POWERPOINT) if main in names]
    if CONTENTS not in names or len(found) != 1 or len(names) < len(entries):
        return None
    if any(name.lower().endswith(MACROS) for name in names) or _is_bomb(entries, size):
        return None
    return found[0] if _declares(packed, found[0]) else None


def _is_bomb(entries: list[zipfile.ZipInfo], size: int) -> bool:
    """Whether the entries lie over one another, or unpack to what no document does."""
    unpacked = sum(entry.file_size for entry in entries)
    return (
        sum(entry.compress_size for entry in entries) > size
        or unpacked > MOST_UNPACKED
        or (unpacked > RATIO_MATTERS_FROM and unpacked > MOST_RATIO * size)
    )


def _declares(packed: zipfile.ZipFile, main: str) -> bool:
    """Whether the list of contents says the main part is a document's, and nothing in it has macros."""
    with packed.open(CONTENTS) as part:
        text = part.read(LARGEST_CONTENTS).decode("utf-8", "replace").lower()
    return f"/{main}" in text and "main+xml" in text and "macroenabled" not in text


def _size(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)


def _has_small_directory(file: IO[bytes]) -> bool:
    """zipfile reads the whole directory at once, as large as it says it is; documents of 4 GB are none of ours."""
    file.seek(max(0, _size(file) - LONGEST_COMMENT - END_SIZE))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or ZIP64 in tail[max(0, at - 20) : at]:
        return False
    return int.from_bytes(tail[at + 12 : at + 16], "little") <= LARGEST_DIRECTORY


def is_message(file: IO[bytes]) -> bool:
    """Whether an OLE container is a message of Outlook: the class of its root entry says so."""
    file.seek(0)
    header = file.read(512)
    if len(header) < 512:
        return False
    sector = 1 << min(int.from_bytes(header[30:32], "little"), 16)
    file.seek((int.from_bytes(header[48:52], "little") + 1) * sector)
    root = file.read(128)
    return root.startswith("Root Entry".encode("utf-16-le")) and root[80:96] == MESSAGE_CLASS
