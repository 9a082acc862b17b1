"""Imports and exports of the workspace, for administrators: the same steps as in the browser."""

from functools import partial
from typing import Any, ClassVar

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.utils.datastructures import MultiValueDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import parsers, permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField, person
from accounts.api.permissions import AdminsOnly, TokenScope
from accounts.models import User
from config.web.api import AnyAccept, Resource
from config.web.parsers import JSONParser, TooLarge
from config.web.uploads import disk_errors
from pipeline.models import ExportRun, ImportRun
from pipeline.runs import exports, imports, reports
from pipeline.tasks import nudge, workspace_tick
from pipeline.views.workspace import bad_rows_file, export_file, import_rows, largest_zip

CHUNK = 1024 * 1024
RUN = ("id", "key", "state", "requested_by", "step", "rows", "error", "created_at", "started_at", "ended_at")


class ZipParser(parsers.BaseParser):
    """A body that is the zip itself, written to the disk as it comes; `keep_edits` stands in the query."""

    media_type = "application/zip"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        request = parser_context["request"]
        left = getattr(request, "largest_upload", 0)
        with disk_errors():
            file = TemporaryUploadedFile("workspace.zip", self.media_type, 0, None)
            while chunk := stream.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise TooLarge
                file.write(chunk)
            file.size = file.tell()
            file.flush()
        return parsers.DataAndFiles(QueryDict(), MultiValueDict({"files": [file]}))


class CountsSerializer(serializers.Serializer[Any]):
    """What an import does with the rows of one file."""

    name = serializers.CharField()
    rows = serializers.IntegerField()
    bad = serializers.IntegerField(required=False, help_text="Mistakes in them; with one in any file nothing counts.")
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class BadRowSerializer(serializers.Serializer[Any]):
    """A row that is refused; `line` as an editor counts it, 0 for the file as a whole."""

    file = serializers.CharField()
    line = serializers.IntegerField()
    column = serializers.CharField()
    value = serializers.CharField()
    wrong = serializers.CharField()
    accepted = serializers.CharField()


class OverwrittenSerializer(serializers.Serializer[Any]):
    """A field that was changed in Ascent since the last import and for which the file says something else."""

    file = serializers.CharField()
    key = serializers.CharField()
    field = serializers.CharField()  # type: ignore[assignment]
    ours = serializers.CharField()
    theirs = serializers.CharField()


class AlikeSerializer(serializers.Serializer[Any]):
    """A new customer that may be the one whose key is `other`, and why (columns). Only a warning."""

    file = serializers.CharField()
    line = serializers.IntegerField()
    key = serializers.CharField()
    name = serializers.CharField()
    other = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())


class RewrittenSerializer(serializers.Serializer[Any]):
    """A field of the organisation whose change rewrites the past, and what it does there. Only a warning."""

    field = serializers.CharField()  # type: ignore[assignment]
    ours = serializers.CharField()
    theirs = serializers.CharField()
    told = serializers.ListField(child=serializers.CharField())


class ReportSerializer(serializers.Serializer[Any]):
    """What a check has found, or an import has done: the first 1,000 bad rows, the rest in bad-rows/."""

    refused = serializers.CharField(help_text="Why the source could not be read at all; else empty.")
    written = serializers.BooleanField(required=False)
    bad_count = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    files = CountsSerializer(many=True, required=False)
    bad_rows = BadRowSerializer(many=True)
    unknown_columns = serializers.ListField(child=serializers.ListField(child=serializers.CharField()), required=False)
    not_read = serializers.ListField(child=serializers.CharField(), required=False)
    without_contents = serializers.IntegerField(
        required=False, help_text="Attached files that came without their contents and are left out."
    )
    overwritten_count = serializers.IntegerField(required=False)
    overwritten = OverwrittenSerializer(many=True, required=False)
    alike = AlikeSerializer(many=True, required=False)
    rewritten = RewrittenSerializer(many=True, required=False)


class UploadedFileSerializer(serializers.Serializer[Any]):
    """A file as it was sent; `size` in bytes."""

    example: ClassVar[dict[str, Any]] = {"name": "workspace.zip"}
    name = serializers.CharField()
    size = serializers.IntegerField()


class RunSerializer(serializers.ModelSerializer[Any]):
    """What imports and exports say alike: who asked for it, and when what happened."""

    requested_by = person(read_only=True)
    created_at = MomentField()
    started_at = MomentField(allow_null=True)
    ended_at = MomentField(allow_null=True)


class ImportSerializer(RunSerializer):
    """An import in a list."""

    confirmed_at = MomentField(allow_null=True)
    confirmed_by = person(read_only=True, allow_null=True)
    files = UploadedFileSerializer(many=True)
    created = serializers.IntegerField(allow_null=True)
    updated = serializers.IntegerField(allow_null=True)
    unchanged = serializers.IntegerField(allow_null=True)
    bad_count = serializers.IntegerField(allow_null=True)

    class Meta:
        model = ImportRun
        own = ("files", "keep_edits", "confirmed_at", "confirmed_by", "created", "updated", "unchanged", "bad_count")
        fields = (*RUN, *own)
        read_only_fields = fields


class ImportDetailSerializer(ImportSerializer):
    """An import with its report."""

    report = serializers.SerializerMethodField()

    class Meta(ImportSerializer.Meta):
        fields = (*ImportSerializer.Meta.fields, "report")
        read_only_fields = fields

    @extend_schema_field(ReportSerializer(allow_null=True))
    def get_report(self, run: ImportRun) -> Any:
        return reports.shown(run.report) if run.report else None


class UploadSerializer(serializers.Serializer[Any]):
    """A zip, or the CSV files of a workspace."""

    files = serializers.ListField(child=serializers.FileField())
    keep_edits = serializers.BooleanField(default=False)


class KeepEditsSerializer(serializers.Serializer[Any]):
    """Whether fields that were changed in Ascent since the last import stay."""

    keep_edits = serializers.BooleanField(default=False)


class ExportSerializer(RunSerializer):
    """An export; `counts` is {file: rows} and, under `attachments`, how many files' contents; `size` in bytes."""

    expires_at = MomentField(allow_null=True)

    class Meta:
        model = ExportRun
        fields = (*RUN, "counts", "size", "expires_at")
        read_only_fields = fields


class Runs(Resource):
    """What imports and exports share."""

    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsOnly)
    orderings = {"id": "id", "created_at": "created_at"}  # noqa: RUF012
    default_ordering = "-id"

    @property
    def admin(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def shown(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code)

    def begun(self, run: Any, code: int = status.HTTP_200_OK) -> Response:
        """The answer, and a nudge to the worker once what it has to find is written."""
        transaction.on_commit(partial(nudge, workspace_tick))
        return self.reread(run, code)


class Imports(Runs):
    """Imports of the workspace."""

    queryset = ImportRun.objects.all()
    serializer_class = ImportSerializer
    filterset_fields = ("state", "key")
    largest_upload = staticmethod(largest_zip)

    def visible(self) -> QuerySet[Any]:
        return import_rows() if self.action == "list" else import_rows().defer(None)

    def get_serializer_class(self) -> Any:
        return ImportSerializer if self.action == "list" else ImportDetailSerializer

    def get_parsers(self) -> list[Any]:
        """Files are taken where they are uploaded, and nowhere else."""
        return [JSONParser()] if self.detail else [parsers.MultiPartParser(), ZipParser()]

    @extend_schema(responses=ImportDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """How far it is, and its report."""
        return super().retrieve(request, pk)

    @extend_schema(
        request={"multipart/form-data": UploadSerializer, "application/zip": OpenApiTypes.BINARY},
        responses={201: ImportDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Upload a zip, or CSV files, as `files`; or a zip as the body. It is checked, and waits to be confirmed."""
        sent: Any = request.data
        given = KeepEditsSerializer(data={**request.query_params.dict(), **dict(sent.items())})
        given.is_valid(raise_exception=True)
        keep = given.validated_data["keep_edits"]
        run = imports.upload(files=request.FILES.getlist("files"), keep_edits=keep, actor=self.admin)
        return self.begun(run, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=ImportDetailSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Have what was checked written."""
        return self.begun(imports.confirm(run=self.get_object(), actor=self.admin))

    @extend_schema(request=None, responses=ImportDetailSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Drop it and its files, before it is confirmed."""
        return self.begun(imports.cancel(run=self.get_object(), actor=self.admin))

    @extend_schema(request=KeepEditsSerializer, responses=ImportDetailSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Check the same files again, keeping what was changed in Ascent or not."""
        given = KeepEditsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self.begun(imports.check_again(run=self.get_object(), actor=self.admin, **given.validated_data))

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}, filters=False)
    @action(detail=True, methods=["get"], url_path="bad-rows", pagination_class=None, filter_backends=[],
            content_negotiation_class=AnyAccept)  # fmt: skip
    def bad_rows(self, request: Request, pk: str) -> HttpResponseBase:
        """Every bad row as CSV for people: texts in the caller's language, no cell a formula."""
        return bad_rows_file(self.get_object())


class Exports(Runs):
    """Exports of the workspace."""

    queryset = ExportRun.objects.all()
    serializer_class = ExportSerializer
    filterset_fields = ("state", "key")

    def visible(self) -> QuerySet[Any]:
        return ExportRun.objects.select_related("requested_by")

    @extend_schema(request=None, responses={201: ExportSerializer})
    def create(self, request: Request) -> Response:
        """Ask for an export; it is written in the background."""
        return self.begun(exports.request_export(actor=self.admin), status.HTTP_201_CREATED)

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[],
            content_negotiation_class=AnyAccept)  # fmt: skip
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """The zip, for the person who asked for it, until it expires."""
        return export_file(self.get_object(), self.admin)
