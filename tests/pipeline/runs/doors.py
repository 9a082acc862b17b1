"""Uploads through the browser's door and the API's, for the tests of imports and exports."""

import io
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from pipeline import runs
from pipeline.models import ImportRun
from tests.pipeline.interchange.workspaces import BASE

ZIP_DOOR, FOLDER_DOOR = "/settings/workspace/upload/zip/", "/settings/workspace/upload/folder/"
FILES = {**BASE, "users.csv": BASE["users.csv"].replace("boss@example.com", "")}


def packed(files: dict[str, Any] | None = None) -> bytes:
    """A zip of a small workspace, with these files instead (None: left out)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**FILES, **(files or {})}.items():
            if content is not None:
                archive.writestr(name, content)
    return stream.getvalue()


def send(client: Any, content: bytes, name: str = "company.zip", **more: str) -> Any:
    """Upload a zip as the page's form does."""
    return client.post(ZIP_DOOR, {"files": SimpleUploadedFile(name, content), **more})


def send_folder(client: Any, files: dict[str, bytes | str], **more: str) -> Any:
    """Upload several files."""
    uploads = [SimpleUploadedFile(n, c if isinstance(c, bytes) else c.encode()) for n, c in files.items()]
    return client.post(FOLDER_DOOR, {"files": uploads, **more})


def uploaded(client: Any, files: dict[str, Any] | None = None, **more: str) -> ImportRun:
    """An import that was uploaded just now."""
    answer = send(client, packed(files), **more)
    assert answer.status_code == 302, answer.content.decode()
    return ImportRun.objects.latest("id")


def checked(client: Any, files: dict[str, Any] | None = None, **more: str) -> ImportRun:
    """An import that was uploaded and checked."""
    run = uploaded(client, files, **more)
    runs.run_due()
    run.refresh_from_db()
    return run


def step(client: Any, run: ImportRun, name: str, **data: str) -> ImportRun:
    """Press a button of the import's page, and let the worker do what is due."""
    answer = client.post(f"/settings/workspace/imports/{run.key}/{name}/", data)
    assert answer.status_code == 302
    runs.run_due()
    run.refresh_from_db()
    return run
