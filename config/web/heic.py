"""Where a HEIC photo was taken, blanked out in place: Pillow does not draw this type anew, so it is kept as it is."""

import io
import re
import struct
from collections.abc import Iterator
from typing import IO

from config.web.pictures import NotAPicture

# Metadata begin after their name, or after an offset of 0 alone; in the picture itself such a beginning is no accident.
TIFF = re.compile(
    rb"(?:(?<=Exif\x00\x00)|(?<=\x00{4}))(?:II\*\x00|MM\x00\*)|II\*\x00\x08\x00\x00\x00|MM\x00\*\x00\x00\x00\x08"
)
WORDS = ("<x:xmpmeta", "</x:xmpmeta>"), ("<rdf:RDF", "</rdf:RDF>")  # what XMP, which may say the place, stands between
XMP = [[between.join(map(str.encode, word)) for word in pair] for pair in WORDS for between in (b"", b"\x00")]  # UTF-16
PLACE = 0x8825  # the tag whose value is the offset of the directory with the place
ENTRY = struct.Struct("HHII")  # tag, kind, count, value or the offset of it
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes of a value of a kind


def without_place(file: IO[bytes]) -> IO[bytes]:
    """The same photo without the place; NotAPicture when what says it cannot be read."""
    content = bytearray(file.read())
    try:
        for found in TIFF.finditer(bytes(content)):
            _Metadata(content, found.start()).blank_place()
        for begin, end in XMP:
            _blank_between(content, begin, end)
    except struct.error as error:
        raise NotAPicture from error
    return io.BytesIO(content)


def _blank_between(content: bytearray, begin: bytes, end: bytes) -> None:
    """Blank each stretch between these words, both included; NotAPicture when one has no end."""
    start = content.find(begin)
    while start >= 0:
        last = content.find(end, start)
        if last < 0:
            raise NotAPicture
        stop = last + len(end)
        content[start:stop] = b" " * (stop - start)
        start = content.find(begin, stop)


class _Metadata:
    """The directories of entries that begin at `start`; offsets count from there."""

    def __init__(self, content: bytearray, start: int) -> None:
        self.content, self.start = content, start
        self.order = "<" if content[start : start + 2] == b"II" else ">"

    def blank_place(self) -> None:
        (first,) = self._read("I", 4)
        for at in self._entries(first):
            tag, _kind, _count, value = self._read("HHII", at)
            if tag == PLACE:
                self._blank_directory(value)
                self._zero(at, ENTRY.size)

    def _blank_directory(self, offset: int) -> None:
        entries = list(self._entries(offset))
        for at in entries:
            _tag, kind, count, value = self._read("HHII", at)
            size = SIZES.get(kind, 1) * count
            if size > 4:
                self._zero(value, size)
        self._zero(offset, 2 + ENTRY.size * len(entries))

    def _entries(self, offset: int) -> Iterator[int]:
        (count,) = self._read("H", offset)
        return (offset + 2 + ENTRY.size * number for number in range(count))

    def _read(self, form: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self.order + form, self.content, self.start + at)

    def _zero(self, at: int, size: int) -> None:
        begin = self.start + at
        end = min(begin + size, len(self.content))
        self.content[begin:end] = bytes(max(end - begin, 0))
