"""Pictures are drawn anew: what a camera or somebody else wrote into the file does not survive."""

import io
import struct
import zlib

import pytest
from PIL import Image

from config.web import pictures
from config.web.pictures import NotAPicture, redrawn
from tests.web import uploads


def drawn(content, content_type="image/jpeg"):
    with redrawn(io.BytesIO(content), content_type) as out:
        return out.read()


def test_the_place_goes_and_the_picture_stands_upright():
    before = uploads.photo()
    assert b"PHONEMAKER" in before and Image.open(io.BytesIO(before)).getexif().get_ifd(uploads.GPS)
    after = drawn(before)
    shown = Image.open(io.BytesIO(after))
    assert shown.size == (20, 40)  # it lay on its side
    assert not shown.getexif()
    assert not any(word in after for word in (b"PHONEMAKER", b"SECRETCOMMENT", b"Exif", b"2026:11:25"))


@pytest.mark.parametrize(("form", "content_type"), [("PNG", "image/png"), ("WEBP", "image/webp")])
def test_other_pictures_lose_it_too(form, content_type):
    exif = Image.Exif()
    exif[uploads.MAKE] = "PHONEMAKER"
    before = uploads.picture(form, exif=exif)
    assert b"PHONEMAKER" in before
    after = drawn(before, content_type)
    assert b"PHONEMAKER" not in after and Image.open(io.BytesIO(after)).size == (40, 20)


@pytest.mark.parametrize(
    ("form", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_what_hangs_on_a_picture_goes(form, content_type):
    after = drawn(uploads.picture(form) + b"<script>alert(1)</script>PK\x03\x04", content_type)
    assert b"<script>" not in after and b"PK\x03\x04" not in after


def test_what_is_clear_stays_clear():
    out = io.BytesIO()
    Image.new("RGBA", (3, 3), (255, 0, 0, 0)).save(out, "PNG")
    assert Image.open(io.BytesIO(drawn(out.getvalue(), "image/png"))).mode == "RGBA"


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "I;16"])
def test_every_kind_of_colour(mode):
    form = "JPEG" if mode in ("L", "CMYK") else "PNG"
    out = io.BytesIO()
    Image.new(mode, (5, 4)).save(out, form)
    assert Image.open(io.BytesIO(drawn(out.getvalue(), f"image/{form.lower()}"))).size == (5, 4)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xd8\xff", uploads.picture()[:200], b"\xff\xd8\xff" + b"<html>" * 50, uploads.picture("PNG")],
)
def test_what_is_no_picture_of_this_type(content):
    with pytest.raises(NotAPicture):
        drawn(content)


def png_bomb(side):
    """A PNG of a few bytes that says it is `side` points high and wide."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [8_000, 12_000, 65_000])
def test_a_bomb_is_not_drawn(side):
    with pytest.raises(NotAPicture):
        drawn(png_bomb(side), "image/png")


def test_a_photo_beyond_the_limit_is_read_at_half_its_size(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100_000)
    assert Image.open(io.BytesIO(drawn(uploads.picture(size=(600, 400))))).size == (300, 200)
    with pytest.raises(NotAPicture):
        drawn(uploads.picture("PNG", size=(600, 400)), "image/png")


def test_a_photo_of_an_iphone_is_drawn_as_a_jpeg_without_its_place():
    before = uploads.heic()
    assert all(word in before for word in (b"PHONEMAKER", b"2026:11:25", b"SECRETCOMMENT"))
    after = drawn(before, "image/heic")
    shown = Image.open(io.BytesIO(after))
    assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (20, 40), {})  # it lay on its side
    (red, green, _blue), below = (shown.getpixel((10, y)) for y in (5, 35))
    assert red > 200 and green < 50 and min(below) > 200
    assert not any(word in after for word in (b"PHONEMAKER", b"SECRETCOMMENT", b"2026:11:25"))


@pytest.mark.parametrize("content", [uploads.heic()[:40], uploads.heic()[:-60], uploads.heic()[:24] + bytes(900)])
def test_what_only_begins_like_a_photo_of_an_iphone(content):
    with pytest.raises(NotAPicture):
        drawn(content, "image/heic")


def test_a_photo_of_an_iphone_beyond_the_limit_is_not_drawn(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100)
    with pytest.raises(NotAPicture):
        drawn(uploads.heic(), "image/heic")
