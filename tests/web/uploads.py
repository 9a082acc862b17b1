"""Files as people upload them."""

import io
import zipfile
from base64 import b64decode

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


def heic() -> bytes:
    """A photo of an iPhone, 40 × 20 and red on its left half, that lay on its side and says where it was taken."""
    return b64decode(IPHONE)


IPHONE = (
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAhFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAEZpbG9jAA"
    "AAAERAAAMAAQAAAAACNQABAAAAAAAAAGkAAgAAAAACngABAAAAAAAAAJYAAwAAAAADNAABAAAAAAAAACQAAABiaWluZgAAAAAAAwAAABVpbmZl"
    "AgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAACppbmZlAgAAAQADAABtaW1lAGFwcGxpY2F0aW9uL3JkZit4bWwAAAAAAA5waX"
    "RtAAAAAAABAAABBmlwcnAAAADlaXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroC"
    "QGEAAQApQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqrprm4CGgwIAAAAyAAAADAIRiAAEABkQBwXPBiQAAABNjb2xybmNseAABAA0ABoAAAAAUaX"
    "NwZQAAAAAAAABAAAAAQAAAAChjbGFwAAAAKAAAAAEAAAAUAAAAAf///+gAAAAC////1AAAAAIAAAAQcGl4aQAAAAADCAgIAAAACWlyb3QDAAAA"
    "GWlwbWEAAAAAAAAAAQABBoECAwWEhgAAAChpcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAADmNkc2MAAwABAAEAAAErbWRhdAAAAGUoAa8TIbFAqP"
    "gQ92f/67wV/5VrP/M3QBACBM9Dg4Vzf5Enud83MFhylRKO0GEbzAObPUU0TP+1K06A3beguAABQMaqow6EpPPCt2jc6RNTnhD2qRr9QKhElxCd"
    "84n0GoxebEzu8AAAAAZFeGlmAABNTQAqAAAACAADAQ8AAgAAAAsAAAAyARIAAwAAAAEABgAAiCUABAAAAAEAAAA+AAAAAFBIT05FTUFLRVIAAA"
    "ADAAEAAgAAAAJOAAAAAAIABQAAAAMAAABoAB0AAgAAAAsAAACAAAAAAAAAAB8AAAABAAAADQAAAAEAAAAxAAAAATIwMjY6MTE6MjUAADx4Onht"
    "cG1ldGE+U0VDUkVUQ09NTUVOVDwveDp4bXBtZXRhPg=="
)
