"""Files as people upload them."""

import io
import struct
import zipfile

from PIL import Image

from config.web.office_files import MESSAGE_CLASS, OLE

GPS, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F
CONTENTS = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/{part}" ContentType="{kind}+xml"/></Types>'
)
KINDS = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main",
    "ppt/presentation.xml": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main",
}


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 20), **options) -> bytes:
    """A picture, red on its left half."""
    drawn = Image.new("RGB", size, "white")
    drawn.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    drawn.save(out, form, **options)
    return out.getvalue()


def photo(**options) -> bytes:
    """A photo of a phone that lay on its side, and says where it was taken."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "PHONEMAKER"
    place = exif.get_ifd(GPS)
    place[1], place[2], place[29] = "N", (31.0, 13.0, 49.0), "2026:11:25"
    return picture("JPEG", exif=exif, comment=b"SECRETCOMMENT", **options)


def office(part: str, contents: str = "", **more) -> bytes:
    """A document of Office whose main part is `part`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", contents or CONTENTS.format(part=part, kind=KINDS[part]))
        archive.writestr(part, "<document/>")
        for name, content in more.items():
            archive.writestr(name, content)
    return packed.getvalue()


def outlook_message() -> bytes:
    """The begin of a message as Outlook saves it: the header, and the root of its directory in sector 0."""
    header = bytearray(512)
    header[:8] = OLE
    header[30:32] = (9).to_bytes(2, "little")
    root = bytearray(128)
    name = "Root Entry".encode("utf-16-le")
    root[: len(name)], root[80:96] = name, MESSAGE_CLASS
    return bytes(header + root + bytes(384))


def heic(exif: bytes, points: bytes = b"POINTS") -> bytes:
    """What is looked at of a HEIC file: its begin, and the metadata somewhere in it."""
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(40) + exif + points


def exif_with_place(order: str) -> bytes:
    """Metadata in either order of bytes: who made the phone, and a directory with day and latitude of the photo."""
    entry = struct.Struct(order + "HHII")
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(order + "I", 8)
    first = struct.pack(order + "H", 2) + entry.pack(MAKE, 2, 11, 80) + entry.pack(GPS, 4, 1, 38) + bytes(4)
    place = struct.pack(order + "H", 2) + entry.pack(2, 5, 3, 92) + entry.pack(29, 2, 11, 116) + bytes(4)
    values = b"PHONEMAKER\x00\x00" + struct.pack(order + "6I", 31, 1, 13, 1, 49, 1) + b"2026:11:25\x00"
    return b"Exif\x00\x00" + (head + first + place).ljust(80, b"\x00") + values
