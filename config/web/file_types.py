"""What an uploaded file is by its bytes, whatever its name and the browser say; and the name it is kept under."""

import codecs
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from config.web import office_files

HEAD = 4096
CHUNK = 64 * 1024
LONGEST_NAME = 120
NAMELESS = "file"
MARKUP = re.compile(rb"<[?%]|<\s*(!doctype|html|head|body|script|svg|iframe|object|embed|meta|link|style|img|math)")
HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:[ \t]?")
BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
NOT_IN_A_NAME = re.compile(r'[<>:"|?*]')


@dataclass(frozen=True, slots=True)
class FileType:
    """A type that is accepted: what it is served as, and the endings that a name of it may have, the usual first."""

    content_type: str
    endings: tuple[str, ...]
    is_picture: bool = False  # re-encoded before it is kept

    def named(self, name: str) -> str:
        """The name with an ending of this type."""
        return name if name.lower().endswith(self.endings) else f"{name}{self.endings[0]}"


PDF = FileType("application/pdf", (".pdf",))
PNG = FileType("image/png", (".png",), is_picture=True)
JPEG = FileType("image/jpeg", (".jpg", ".jpeg"), is_picture=True)
WEBP = FileType("image/webp", (".webp",), is_picture=True)
HEIC = FileType("image/heic", (".heic", ".heif"), is_picture=True)
MSG = FileType("application/vnd.ms-outlook", (".msg",))
EML = FileType("message/rfc822", (".eml",))
CSV = FileType("text/csv", (".csv",))
TEXT = FileType("text/plain", (".txt", ".md", ".log"))
OFFICE = {
    office_files.WORD: FileType("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)),
    office_files.EXCEL: FileType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)),
    office_files.POWERPOINT: FileType(
        "application/vnd.openxmlformats-officedocument.presentationml.presentation", (".pptx",)
    ),
}
PREVIEWED = frozenset(each.content_type for each in (PNG, JPEG, WEBP))


def type_of(file: IO[bytes], name: str) -> FileType | None:
    """The type of a file by its bytes, None when it is none that is accepted. Reads it in pieces, ends at its begin.

    `name` tells CSV from other text, and refuses text that a machine would run.
    """
    file.seek(0)
    head = file.read(HEAD)
    found = next((kind for begins, kind in BEGINNINGS if begins(head)), None)
    if head.startswith(b"PK\x03\x04"):
        found = OFFICE.get(office_files.kind_of(file) or "")
    elif head.startswith(office_files.OLE):
        found = MSG if office_files.is_message(file) else None
    elif found is None:
        found = _text_type(file, head, name)
    file.seek(0)
    return found


def _begins(*words: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(words)


BEGINNINGS: tuple[tuple[Callable[[bytes], bool], FileType], ...] = (
    (_begins(b"%PDF-"), PDF),
    (_begins(b"\x89PNG\r\n\x1a\n"), PNG),
    (_begins(b"\xff\xd8\xff"), JPEG),
    (lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP", WEBP),
    (lambda head: head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS, HEIC),
)


# --- Text -------------------------------------------------------------------------------------


def _text_type(file: IO[bytes], head: bytes, name: str) -> FileType | None:
    if not head or not _is_text(file):
        return None
    if _is_mail(head):
        return EML
    ending = name.lower().rpartition(".")[2] if "." in name else ""
    if head.startswith(b"#!") or (ending and f".{ending}" not in CSV.endings + TEXT.endings) or _has_markup(file):
        return None
    return CSV if ending == "csv" else TEXT


def _chunks(file: IO[bytes]) -> Any:
    file.seek(0)
    return iter(lambda: file.read(CHUNK), b"")


def _is_text(file: IO[bytes]) -> bool:
    """Whether it is UTF-8 or GB 18030 without control characters."""
    return not any(BINARY.search(chunk) for chunk in _chunks(file)) and any(
        _decodes(file, encoding) for encoding in ("utf-8", "gb18030")
    )


def _decodes(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(file):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _has_markup(file: IO[bytes]) -> bool:
    """Whether a browser could take it for a page, a drawing or a script."""
    before = b""
    for chunk in _chunks(file):
        if MARKUP.search((before + chunk).lower()):
            return True
        before = chunk[-32:]
    return False


def _is_mail(head: bytes) -> bool:
    """Whether it begins with the headers of a message: its sender, and one that other text has not."""
    lines = head.lstrip(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n\n")[0].split(b"\n")
    names = {line.partition(b":")[0].lower() for line in lines if HEADER.match(line)}
    folded = all(HEADER.match(line) or line[:1] in (b" ", b"\t") for line in lines[:-1])
    return folded and b"from" in names and bool(names & {b"message-id", b"received", b"mime-version", b"date"})


# --- Names ------------------------------------------------------------------------------------


def clean_name(name: str, kind: FileType) -> str:
    """What a file is called to people: no folders, no control characters, not long, with an ending of its type."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(each for each in last if unicodedata.category(each)[0] != "C" and each not in "\u2028\u2029")
    plain = NOT_IN_A_NAME.sub("_", kept).strip(" .") or NAMELESS
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 10:
        return kind.named(plain[:LONGEST_NAME])
    return kind.named(f"{stem[: LONGEST_NAME - len(ending)].rstrip(' .') or NAMELESS}.{ending}")
