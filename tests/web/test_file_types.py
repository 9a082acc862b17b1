"""What an uploaded file is, is read from its bytes; what it is called can do no harm."""

import io
import zipfile

import pytest

from config.web import office_files
from config.web.file_types import CSV, EML, HEIC, JPEG, MSG, OFFICE, PDF, PNG, TEXT, WEBP, clean_name, type_of
from tests.web import uploads

pytestmark = pytest.mark.anywhere

MAIL = b"From: Ms Chen <chen@example.com>\r\nDate: Mon, 2 Nov 2026 09:00:00 +0800\r\n\r\nHello"


def read(content, name="x"):
    return type_of(io.BytesIO(content), name)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n...", PDF),
        (uploads.picture("PNG"), PNG),
        (uploads.picture("JPEG"), JPEG),
        (uploads.picture("WEBP"), WEBP),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", HEIC),
        (uploads.office("word/document.xml"), OFFICE[office_files.WORD]),
        (uploads.office("xl/workbook.xml"), OFFICE[office_files.EXCEL]),
        (uploads.office("ppt/presentation.xml"), OFFICE[office_files.POWERPOINT]),
        (uploads.outlook_message(), MSG),
        (MAIL, EML),
        ("会议纪要：客户确认 a < b".encode(), TEXT),
        ("会议纪要".encode("gb18030"), TEXT),
        ("\ufeff会议".encode(), TEXT),
    ],
)
def test_what_is_accepted(content, kind):
    assert read(content) == kind


def test_csv_is_told_by_its_ending():
    assert read(b"a,b\n1,2\n", "Rows.CSV") == CSV
    assert read(b"a,b\n1,2\n", "rows.txt") == TEXT


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><p>x",
        b"\xef\xbb\xbf  \n<HTML>",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<svg><script>alert(1)</script></svg>",
        b"hello " * 20_000 + b"<script>alert(1)</script>",
        b"x" * (64 * 1024 - 4) + b"<script>alert(1)</script>",  # across the pieces in which it is read
        b"<?php system($_GET[0]);",
        b"#!/bin/sh\nrm -rf /",
        b"MZ\x90\x00\x03",
        b"\x7fELF\x02\x01\x01\x00",
        b"GIF89a\x01\x00",
        b"II*\x00\x08\x00\x00\x00",  # TIFF, in which a camera writes the place
        b"MM\x00*\x00\x00\x00\x08",
        b"",
        b"\x00\x01\x02",
        b"\xff\xfeh\x00i\x00",
        b"Rar!\x1a\x07\x00",
    ],
)
def test_what_is_refused(content):
    assert read(content) is None


@pytest.mark.parametrize("name", ["a.js", "a.bat", "a.html", "a.svg", "a.ps1", "a.vbs", "a.py", "a.txt.hta"])
def test_text_that_a_machine_would_run(name):
    assert read(b"alert(1)", name) is None


def test_a_page_disguised_as_a_picture():
    assert read(b"<html><script>alert(1)</script>", "photo.png") is None
    assert read(b"GIF89a/*<script>*/=1", "photo.png") is None


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_a_zip_that_is_no_document():
    assert read(zipped(a="x"), "a.docx") is None
    assert read(zipped(**{"word/document.xml": "x"}), "a.docx") is None
    assert read(uploads.office("word/document.xml", contents="<Types/>")) is None
    assert read(b"junk in front" + uploads.office("word/document.xml")) is None
    assert read(uploads.office("word/document.xml")[:-30]) is None


def test_documents_with_macros():
    assert read(uploads.office("word/document.xml", **{"word/vbaProject.bin": b"x"})) is None
    macro = uploads.CONTENTS.format(part="word/document.xml", kind="application/vnd.ms-word.document.macroEnabled.main")
    assert read(uploads.office("word/document.xml", contents=macro)) is None


def test_zip_bombs():
    assert read(uploads.office("word/document.xml", **{"word/media/a": bytes(60 * 1024 * 1024)})) is None
    many = {f"word/{number}.xml": b"" for number in range(20_000)}
    assert read(uploads.office("word/document.xml", **many)) is None


def test_other_containers_of_microsoft():
    assert read(office_files.OLE + bytes(2000)) is None
    assert read(office_files.OLE) is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("会议纪要 (终稿).pdf", "会议纪要 (终稿).pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\windows\\evil.pdf", "evil.pdf"),
        ("/abs/olute/", "file.pdf"),
        ("a\x00b\r\nSet-Cookie: x.pdf", "abSet-Cookie_ x.pdf"),
        ("gnp\u202eexe.pdf", "gnpexe.pdf"),
        ("photo.exe", "photo.exe.pdf"),
        ("..", "file.pdf"),
        ("", "file.pdf"),
        ("...hidden", "hidden.pdf"),
        ("A.PDF", "A.PDF"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("长" * 300 + ".pdf", "长" * 117 + ".pdf"),
        ("x" * 300, "x" * 120 + ".pdf"),
    ],
)
def test_names(given, kept):
    assert clean_name(given, PDF) == kept
