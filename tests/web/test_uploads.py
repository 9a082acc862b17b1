"""How large a request may be is known before its body is read, and what comes is kept on the disk."""

import errno
import io
import tracemalloc

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client, RequestFactory

from accounts.tokens import create_token
from config.web import uploads
from config.web.uploads import MEGABYTE, DiskFull, SpooledUploadHandler
from pipeline.models import ImportRun
from pipeline.runs import storage
from tests.api.conftest import client_of
from tests.pipeline.runs.doors import FOLDER_DOOR, ZIP_DOOR, packed

pytestmark = pytest.mark.django_db
TWO_GIGABYTES = 2 * 1024 * MEGABYTE
MULTIPART = "multipart/form-data; boundary=B"
HEAD = b'--B\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n\r\n'


class Unread:
    """A body that must not be read."""

    def read(self, *_args):
        raise AssertionError("the body was read")

    readline = read


def declared(client, path, length, body=None, **headers):
    """A request that says it holds so many bytes."""
    given = {"CONTENT_TYPE": MULTIPART, "CONTENT_LENGTH": str(length), "wsgi.input": body or Unread(), **headers}
    return client.generic("POST", path, **given)


@pytest.fixture
def admin(company, signed_in):
    return signed_in(company.admin)


def test_two_gigabytes_are_refused_at_once(admin):
    answer = declared(admin, ZIP_DOOR, TWO_GIGABYTES)
    assert answer.status_code == 413
    assert "too large" in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_two_gigabytes_are_refused_at_once_in_the_api(admin):
    for more in ({}, {"CONTENT_TYPE": "application/zip"}):
        answer = declared(admin, "/api/v1/imports/", TWO_GIGABYTES, **more)
        assert answer.status_code == 413
        assert answer.json() == {"detail": "This is too large. Nothing was saved."}


def test_a_folder_may_be_as_large_as_it_may_unpack_to(admin, settings):
    settings.IMPORT_UNPACKED_MEGABYTES = 1024
    assert declared(admin, FOLDER_DOOR, TWO_GIGABYTES).status_code == 413
    settings.IMPORT_UNPACKED_MEGABYTES = 4096
    with pytest.raises(AssertionError, match="the body was read"):
        declared(admin, FOLDER_DOOR, TWO_GIGABYTES)


@pytest.mark.parametrize("path", ["/profile/", "/settings/organisation/", "/customers/new/", "/api/v1/customers/"])
def test_no_other_door_takes_uploads(admin, path):
    assert declared(admin, path, 6 * MEGABYTE).status_code == 413


@pytest.mark.parametrize("role", ["rep", "manager", "executive"])
def test_who_may_not_import_sends_no_more_than_a_form(company, signed_in, role):
    client = signed_in(getattr(company, role))
    assert declared(client, ZIP_DOOR, 6 * MEGABYTE).status_code == 413
    assert declared(client, "/api/v1/imports/", 6 * MEGABYTE).status_code == 413


def test_nor_does_who_is_not_signed_in(client):
    assert declared(client, ZIP_DOOR, 6 * MEGABYTE).status_code == 413
    assert declared(client, "/accounts/login/", 6 * MEGABYTE).status_code == 413


def with_token(user):
    _token, secret = create_token(user=user, name="test", scope="write")
    return Client(HTTP_AUTHORIZATION=f"Bearer {secret}")


@pytest.mark.parametrize("content_type", [MULTIPART, "application/zip"])
def test_without_an_administrators_token_nothing_is_read(company, client, content_type):
    for asking, status in ((with_token(company.rep), 403), (client, 401)):
        answer = declared(asking, "/api/v1/imports/", 100 * MEGABYTE, CONTENT_TYPE=content_type)
        assert answer.status_code == status


def test_with_an_administrators_token_more_than_a_form_is_taken(company):
    size = 8 * MEGABYTE
    answer = declared(with_token(company.admin), "/api/v1/imports/", size, body=Made(size))
    assert answer.status_code == 201, answer.content
    run = ImportRun.objects.get()
    assert run.files[0]["size"] > size - MEGABYTE
    storage.remove(run)


def test_a_body_without_a_length_is_not_read(admin):
    """Chunked: the server hands over no length, and Django no body."""
    answer = declared(admin, ZIP_DOOR, "", body=io.BytesIO(HEAD + packed() + b"\r\n--B--\r\n"))
    assert answer.status_code == 422
    assert not ImportRun.objects.exists()


def test_a_body_is_not_read_beyond_its_length(admin):
    """A length that lies cuts the body off there."""
    body = io.BytesIO(HEAD + packed() + b"x" * MEGABYTE)
    answer = declared(admin, ZIP_DOOR, 100, body=body)
    assert answer.status_code in (302, 400, 422)
    assert body.tell() <= 100


def handler(most):
    request = RequestFactory().post("/")
    request.largest_upload = most
    made = SpooledUploadHandler(request)
    made.handle_raw_input(None, {}, 0, b"B")
    made.new_file("files", "a.zip", "application/zip", None)
    return made


def test_what_is_more_than_it_may_be_is_cut_while_it_comes():
    made = handler(100_000)
    made.receive_data_chunk(b"x" * 65_536, 0)
    with pytest.raises(RequestDataTooBig):
        made.receive_data_chunk(b"x" * 65_536, 65_536)
    made.file.close()


def test_a_full_disk_is_known_as_such(monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    made = handler(100_000)
    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", full)
    with pytest.raises(DiskFull):
        made.receive_data_chunk(b"x", 0)
    made.file.close()


@pytest.mark.parametrize("error", [DiskFull, RequestDataTooBig])
def test_what_goes_wrong_while_it_comes_is_said_in_words(admin, monkeypatch, error):
    def fail(*_args):
        raise error

    monkeypatch.setattr(SpooledUploadHandler, "receive_data_chunk", fail)
    answer = admin.post(ZIP_DOOR, {"files": io.BytesIO(packed())})
    assert answer.status_code == {DiskFull: 507, RequestDataTooBig: 413}[error]
    assert "Nothing was saved" in answer.content.decode()


@pytest.mark.parametrize("error", [DiskFull, RequestDataTooBig])
def test_likewise_with_a_token(company, monkeypatch, error):
    def fail(*_args):
        raise error

    monkeypatch.setattr(SpooledUploadHandler, "receive_data_chunk", fail)
    answer = client_of(company.admin).post("imports/", {"files": io.BytesIO(packed())}, format="multipart")
    assert answer.status_code == {DiskFull: 507, RequestDataTooBig: 413}[error]
    assert answer.json()["detail"]


def test_too_many_files_are_refused_in_words(admin):
    files = [io.BytesIO(b"x") for _number in range(150)]
    answer = admin.post(FOLDER_DOOR, {"files": files})
    assert answer.status_code == 413
    assert "too many files" in answer.content.decode()


class Made:
    """A multipart body of so many bytes that is made while it is read."""

    def __init__(self, size):
        self.head, self.tail = HEAD, b"\r\n--B--\r\n"
        self.left = size - len(self.head) - len(self.tail)

    def read(self, size=-1):
        if self.head:
            head, self.head = self.head, b""
            return head
        if not self.left:
            tail, self.tail = self.tail, b""
            return tail
        some = min(size if size >= 0 else 65_536, self.left)
        self.left -= some
        return b"x" * some

    readline = read


def test_an_upload_of_80_megabytes_is_kept_in_bounded_memory(admin):
    size = 80 * MEGABYTE
    tracemalloc.start()
    declared(admin, ZIP_DOOR, size, body=Made(size))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    run = ImportRun.objects.get()
    assert run.files[0]["size"] > size - MEGABYTE
    assert most < 12 * MEGABYTE
    storage.remove(run)


def test_uploads_are_kept_where_they_are_only_moved(settings):
    file = TemporaryUploadedFile("a.zip", "application/zip", 0, None)
    assert file.temporary_file_path().startswith(str(settings.FILE_UPLOAD_TEMP_DIR))
    assert str(settings.FILE_UPLOAD_TEMP_DIR).startswith(str(settings.MEDIA_ROOT))
    file.close()


def test_the_way_back_leads_nowhere_else(admin):
    answer = declared(admin, ZIP_DOOR, TWO_GIGABYTES, HTTP_REFERER="https://evil.example/")
    assert "evil" not in answer.content.decode()
    assert uploads.page_before(answer.wsgi_request) == "/"
