"""Import and export of the workspace, for administrators."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import IntegerField, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actions import refuse_unless_admin
from accounts.form_pages import is_fragment
from accounts.models import User
from accounts.selectors import calendar
from config.web.templatetags.ui import sentences
from config.web.uploads import DISK_FULL, MEGABYTE, DiskFull, largest_form, takes_uploads
from pipeline.interchange import LEFT_OUT, lost_contents
from pipeline.models import ExportRun, ImportRun
from pipeline.runs import exports, imports, reports, storage
from pipeline.tasks import nudge, workspace_tick
from pipeline.views.organisation import label_of

PAGE_SIZE = 20
MOST_ALIKE = 100  # shown
BAD_ROWS_A_PAGE = 50
ROOM_FOR_THE_FORM = MEGABYTE
COUNTS = ("created", "updated", "unchanged", "bad_count")


def _admin(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    refuse_unless_admin(request.user)
    return request.user


def largest_zip(request: HttpRequest) -> int:
    """The bytes that a request with a zip may hold; who may not import sends no more than a form."""
    return _largest(request, settings.IMPORT_ZIP_MEGABYTES)


def largest_folder(request: HttpRequest) -> int:
    """Likewise with the files of a folder."""
    return _largest(request, settings.IMPORT_UNPACKED_MEGABYTES)


def _largest(request: HttpRequest, megabytes: int) -> int:
    user = request.user
    # The API looks at a token before it reads a body, and reads none without.
    allowed = user.is_admin if isinstance(user, User) else request.path.startswith("/api/")
    return megabytes * MEGABYTE + ROOM_FOR_THE_FORM if allowed else largest_form(request)


def import_rows() -> QuerySet[ImportRun]:
    """Imports with the sums of their reports, without the reports."""
    sums: dict[str, Any] = {name: Cast(KT(f"report__{name}"), IntegerField()) for name in COUNTS}
    return ImportRun.objects.select_related("requested_by", "confirmed_by").defer("report").annotate(**sums)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Upload, past imports, exports."""
    return _page(request, _admin(request))


def _page(request: HttpRequest, user: User, *, error: str = "", status: int = 200) -> HttpResponse:
    listed = ExportRun.objects.select_related("requested_by")[:PAGE_SIZE]
    context = {
        "page": Paginator(import_rows(), PAGE_SIZE).get_page(request.GET.get("page")),
        "exports": [(run, exports.fetchable(run, user) is not None, lost_contents(run.counts or {})) for run in listed],
        "error": error,
        "zip_limit": settings.IMPORT_ZIP_MEGABYTES,
        "zip_bytes": settings.IMPORT_ZIP_MEGABYTES * MEGABYTE,
        "folder_limit": settings.IMPORT_UNPACKED_MEGABYTES,
        "hours": settings.EXPORT_HOURS,
        "left_out": LEFT_OUT,
        "keep_edits": request.POST.get("keep_edits") == "on",
    }
    context["waiting"] = any(run.state in exports.UNDER_WAY for run, *_more in context["exports"])
    name = "pipeline/workspace.html#exports" if is_fragment(request) else "pipeline/workspace.html"
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ("HX-Request",))
    return response


def _upload(request: HttpRequest) -> HttpResponse:
    user = _admin(request)
    try:
        files, keep = request.FILES.getlist("files"), request.POST.get("keep_edits") == "on"
        run = imports.upload(files=files, keep_edits=keep, actor=user)
    except ValidationError as error:
        return _page(request, user, error=sentences(error.messages), status=422)
    except DiskFull:
        return _page(request, user, error=str(DISK_FULL), status=507)
    nudge(workspace_tick)
    return redirect("import_run", run.key)


upload_zip = takes_uploads(largest_zip)(require_POST(_upload))
upload_folder = takes_uploads(largest_folder)(require_POST(_upload))


@require_safe
def import_run(request: HttpRequest, key: str) -> HttpResponse:
    """One import: how far it is, what its check has found, what it has done."""
    user = _admin(request)
    run = get_object_or_404(ImportRun.objects.select_related("requested_by", "confirmed_by"), key=key)
    report = reports.shown(run.report)
    context = {
        "run": run,
        "report": report,
        "page": Paginator(report.get("bad_rows", []), BAD_ROWS_A_PAGE).get_page(request.GET.get("page")),
        "alike": [{**row, "why": reports.in_words(row["reasons"])} for row in report.get("alike", [])[:MOST_ALIKE]],
        "rewritten": [{**row, "label": label_of(row["field"])} for row in report.get("rewritten", [])],
        "under_way": run.state in imports.UNDER_WAY,
        "may_cancel": run.state in imports.CANCELLABLE,
        "may_check": run.state in imports.CHECKABLE and storage.has_upload(run),
        "is_own": run.requested_by_id == user.pk,
        "rows": sum(file["rows"] for file in report.get("files", [])),
        "changes": report.get("created", 0) + report.get("updated", 0),
    }
    name = "pipeline/import_run.html#run" if is_fragment(request) else "pipeline/import_run.html"
    response = render(request, name, context)
    patch_vary_headers(response, ("HX-Request",))
    return response


def _step(request: HttpRequest, key: str, act: Callable[[ImportRun, User], Any]) -> HttpResponse:
    user = _admin(request)
    run = get_object_or_404(ImportRun.objects.defer("report"), key=key)
    try:
        act(run, user)
    except ValidationError as error:
        messages.error(request, sentences(error.messages))
    else:
        nudge(workspace_tick)
    return redirect("import_run", key)


@require_POST
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Have it written."""
    return _step(request, key, lambda run, user: imports.confirm(run=run, actor=user))


@require_POST
def check_again(request: HttpRequest, key: str) -> HttpResponse:
    """Check the same files again, keeping what was changed in Ascent or not."""
    keep = request.POST.get("keep_edits") == "on"
    return _step(request, key, lambda run, user: imports.check_again(run=run, keep_edits=keep, actor=user))


@require_POST
def cancel(request: HttpRequest, key: str) -> HttpResponse:
    """Drop it and its files."""
    return _step(request, key, lambda run, user: imports.cancel(run=run, actor=user))


@require_safe
def bad_rows(request: HttpRequest, key: str) -> HttpResponseBase:
    """Every bad row, as a CSV file for people."""
    _admin(request)
    return bad_rows_file(get_object_or_404(ImportRun, key=key))


def bad_rows_file(run: ImportRun) -> HttpResponseBase:
    """All bad rows of an import in the reader's language, streamed."""
    rows = reports.bad_rows(storage.folder_of(run), run.report)
    lines = reports.bad_rows_csv(rows, get_language() or "en")
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    return _attached(response, f"bad-rows-{run.key}.csv")


def _attached(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def new_export(request: HttpRequest) -> HttpResponse:
    """Have the workspace written into a zip."""
    exports.request_export(actor=_admin(request))
    if not nudge(workspace_tick):
        messages.warning(request, _("The broker does not answer. The export starts by itself within a moment."))
    return redirect("workspace")


@require_safe
def download(request: HttpRequest, key: str) -> HttpResponseBase:
    """The file of an export, for the person who asked for it, until it expires."""
    user = _admin(request)
    return export_file(get_object_or_404(ExportRun, key=key), user)


def export_file(run: ExportRun, user: User) -> HttpResponseBase:
    """The zip, streamed; 404 when it has expired or is somebody else's."""
    path = exports.fetchable(run, user)
    if path is None:
        raise Http404
    exports.note_download(run=run, actor=user)
    assert run.ended_at is not None
    name = f"ascent-{calendar().local_date(run.ended_at).isoformat()}.zip"
    return _attached(FileResponse(path.open("rb"), content_type="application/zip"), name)
