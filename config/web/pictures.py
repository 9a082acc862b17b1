"""Pictures drawn anew: upright, and without what a camera or somebody else has written into the file."""

import struct
import tempfile
import threading
import zlib
from typing import IO

from django.conf import settings
from PIL import Image, ImageOps

from config.web.uploads import disk_errors

MOST_PIXELS = 50_000_000
QUALITY = 88
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/heic": "HEIF"}
DRAWN_AS = {"HEIF": "JPEG"}  # every browser shows that; who reads HEIF can rarely write it
one_at_a_time = threading.Lock()  # a picture of 50 million pixels takes 400 MB while it is drawn


class NotAPicture(Exception):
    """It can't be read, or is larger than any camera's."""


REFUSED = (
    NotAPicture, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError, OverflowError, RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip


def redrawn(file: IO[bytes], content_type: str) -> IO[bytes]:
    """The first frame as a new file of the same type, on the disk; NotAPicture when there is none to draw.

    A photo of an iPhone (image/heic) becomes a JPEG.
    """
    known = FORMATS[content_type]
    if known == "HEIF":
        _learn_heif()
    name = DRAWN_AS.get(known, known)
    out = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - whoever asked for it closes it
    try:
        with disk_errors(), one_at_a_time, Image.open(file, formats=[known]) as picture:
            _draw(picture, name).save(out, name, quality=QUALITY)
    except REFUSED as error:
        out.close()
        raise NotAPicture from error
    out.seek(0)
    return out


def _learn_heif() -> None:
    """Pillow reads it by a library of its own, which is loaded by whoever needs it."""
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def _draw(picture: Image.Image, name: str) -> Image.Image:
    if _pixels(picture) > MOST_PIXELS:
        picture.draft("RGB", (picture.width // 2, picture.height // 2))  # JPEG alone is read smaller at no cost
    if _pixels(picture) > MOST_PIXELS:
        raise NotAPicture
    clear = name != "JPEG" and picture.has_transparency_data
    upright = ImageOps.exif_transpose(picture).convert("RGBA" if clear else "RGB")
    upright.info.clear()
    return upright


def _pixels(picture: Image.Image) -> int:
    return picture.width * picture.height
