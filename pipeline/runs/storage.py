"""Where uploads and exports lie: a folder of its own for each run, below MEDIA_ROOT, which no address serves."""

import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from config.web.uploads import MEGABYTE, disk_errors
from pipeline.interchange.layout import FILES
from pipeline.interchange.source import FOLDER
from pipeline.models import ExportRun, ImportRun

ZIP = "workspace.zip"
CSV_FILES = "files"
LONGEST_NAME = 100
ONE_DAY = 24 * 3600
READ = {file.name for file in FILES}
NUMBERED = re.compile(r"\d{6,12}(\.[a-z0-9]{1,5})?", re.ASCII)  # what an export calls the contents of an attached file


def folder_of(run: ImportRun | ExportRun) -> Path:
    """The folder of a run; its name is the run's random key."""
    return Path(settings.MEDIA_ROOT) / ("imports" if isinstance(run, ImportRun) else "exports") / run.key


def source_of(run: ImportRun) -> Path:
    """The zip or the folder that was uploaded."""
    packed = folder_of(run) / ZIP
    return packed if packed.exists() else folder_of(run) / CSV_FILES


def has_upload(run: ImportRun) -> bool:
    return source_of(run).exists()


def is_table(name: str) -> bool:
    """Whether a file of a folder is one of its CSV files, and not the contents of an attached one."""
    return name.lower().endswith(".csv") and not NUMBERED.fullmatch(name)


def chosen(files: Iterable[Any]) -> list[Any]:
    """The uploaded files that make a workspace: one zip, or CSV files with what an export puts beside them.

    ValidationError when they are neither.
    """
    given = [file for file in files if file.name and not file.name.startswith(".")]
    packed = [file for file in given if file.name.lower().endswith(".zip")]
    tables = [file for file in given if is_table(file.name)]
    if packed:
        return _one_zip(packed, tables)
    if not tables:
        raise ValidationError({"files": _("Choose a zip file, or the CSV files of a workspace.")})
    attached = [file for file in given if NUMBERED.fullmatch(file.name)]
    _refuse_too_many(tables, attached)
    return tables + attached


def _one_zip(packed: list[Any], tables: list[Any]) -> list[Any]:
    if len(packed) > 1 or tables:
        raise ValidationError({"files": _("Choose one zip file, or CSV files, not both.")})
    if packed[0].size > settings.IMPORT_ZIP_MEGABYTES * MEGABYTE:
        text = _("The zip file is larger than %(limit)s MB.") % {"limit": settings.IMPORT_ZIP_MEGABYTES}
        raise ValidationError({"files": text})
    return packed


def _refuse_too_many(tables: list[Any], attached: list[Any]) -> None:
    files = tables + attached
    names = [file.name.lower() for file in files]
    twice = sorted({file.name for file in files if names.count(file.name.lower()) > 1})
    if twice:
        raise ValidationError({"files": _("%(name)s was sent twice.") % {"name": twice[0]}})
    if len(tables) > settings.IMPORT_ZIP_FILES:
        raise ValidationError(
            {"files": _("These are more than %(limit)s files.") % {"limit": settings.IMPORT_ZIP_FILES}}
        )
    if sum(file.size for file in files) > settings.IMPORT_UNPACKED_MEGABYTES * MEGABYTE:
        text = _("The files are larger than %(limit)s MB together.") % {"limit": settings.IMPORT_UNPACKED_MEGABYTES}
        raise ValidationError({"files": text})


def keep(run: ImportRun, files: list[Any]) -> None:
    """Move what was uploaded into the run's folder: only names that an import reads. DiskFull when there is no room."""
    is_zip = files[0].name.lower().endswith(".zip")
    with disk_errors():
        try:
            (folder_of(run) / CSV_FILES).mkdir(parents=True)
            for file in files:
                if place := ZIP if is_zip else _place(file.name):
                    _move(file, folder_of(run) / place)
        except OSError:
            remove(run)
            raise


def _place(name: str) -> str:
    if NUMBERED.fullmatch(name):
        return f"{CSV_FILES}/{FOLDER}/{name}"
    return f"{CSV_FILES}/{name}" if name in READ else ""


def _move(file: Any, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if hasattr(file, "temporary_file_path"):
        shutil.move(file.temporary_file_path(), target)
        file.close()
        return
    with target.open("wb") as stream:
        for chunk in file.chunks():
            stream.write(chunk)


def remove_upload(run: ImportRun) -> None:
    """Remove what was uploaded; the list of bad rows stays."""
    (folder_of(run) / ZIP).unlink(missing_ok=True)
    shutil.rmtree(folder_of(run) / CSV_FILES, ignore_errors=True)


def remove(run: ImportRun | ExportRun) -> None:
    """Remove all files of a run."""
    shutil.rmtree(folder_of(run), ignore_errors=True)


def import_keys() -> list[str]:
    """The keys of the imports that have files."""
    folder = Path(settings.MEDIA_ROOT) / "imports"
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def remove_strays() -> None:
    """Remove folders that belong to no run and uploads that never became one: their process was killed a day ago."""
    root = Path(settings.MEDIA_ROOT)
    for name, model in (("imports", ImportRun), ("exports", ExportRun)):
        known = set(model._default_manager.values_list("key", flat=True))
        for folder in _old(root / name):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
    for path in _old(settings.FILE_UPLOAD_TEMP_DIR):
        path.unlink(missing_ok=True)


def _old(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    return [path for path in folder.iterdir() if path.stat().st_mtime < time.time() - ONE_DAY]
