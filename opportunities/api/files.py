"""Files of opportunities and of the playbook."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField, person
from accounts.api.permissions import SalesRecord, TokenScope
from config.web.api import AnyAccept, ReferenceField, Resource
from config.web.uploads import takes_files
from opportunities import actions
from opportunities.actions.files import refuse_unless_author
from opportunities.api.filters import FileFilter
from opportunities.models import Attachment, Opportunity, PlaybookEntry
from opportunities.views.answers import refuse_readers
from opportunities.views.files import handed_out

BASIC = (permissions.IsAuthenticated, TokenScope)


class FileSerializer(serializers.ModelSerializer[Attachment]):
    """A file: what it is called, what its bytes are (`content_type`), `size` in bytes; of what it is."""

    opportunity = ReferenceField(allow_null=True)
    playbook_entry = ReferenceField(allow_null=True)
    example: ClassVar[dict[str, Any]] = {"name": "minutes.pdf", "content_type": "application/pdf"}
    uploaded_by = person(read_only=True, allow_null=True)
    uploaded_at = MomentField()

    class Meta:
        model = Attachment
        fields = (
            "id", "key", "name", "content_type", "size", "opportunity", "playbook_entry", "uploaded_by", "uploaded_at",
        )  # fmt: skip
        read_only_fields = fields


class FileUploadSerializer(serializers.Serializer[Any]):
    """PDF, pictures, docx, xlsx, pptx, mails, plain text, CSV, up to ATTACHMENT_MEGABYTES."""

    file = serializers.FileField()


UPLOAD = extend_schema(request={"multipart/form-data": FileUploadSerializer}, responses={201: FileSerializer})


class Files(Resource):
    """Files that the caller may see."""

    queryset = Attachment.objects.all()
    serializer_class = FileSerializer
    permission_classes = BASIC
    filterset_class = FileFilter
    orderings = {"id": "id", "name": "name", "size": "size", "uploaded_at": "uploaded_at"}  # noqa: RUF012
    default_ordering = "-id"

    def visible(self) -> QuerySet[Any]:
        rows = Attachment.objects.visible_to(self.request.user).in_use()
        return rows.select_related("opportunity", "playbook_entry", "uploaded_by")

    def shown(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code)

    @extend_schema(responses={(200, "*/*"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[],
            content_negotiation_class=AnyAccept)  # fmt: skip
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """The file itself."""
        return handed_out(self.get_object())

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take it out of sight for good; 400 while evidence that stands rests on it."""
        actions.remove_attachment(attachment=self.get_object(), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@takes_files()
class FilesOf(Files):
    """The files of one thing: listed, and uploaded as `file` of a form."""

    parser_classes = (parsers.MultiPartParser,)

    def uploaded(self) -> Any:
        """The file that was sent; 400 when there is none."""
        found = self.request.FILES.get("file")
        if found is None:
            raise serializers.ValidationError({"file": [_("Choose a file.")]})
        return found


class FilesOfOpportunity(FilesOf):
    """The files of an opportunity."""

    permission_classes = (*BASIC, SalesRecord)

    def opportunity(self) -> Opportunity:
        """The opportunity of the address; 404 when it is not visible."""
        rows = Opportunity.objects.visible_to(self.request.user)
        found: Opportunity = get_object_or_404(rows, pk=self.kwargs["pk"])
        return found

    @extend_schema(operation_id="opportunities_files_list")
    def list(self, request: Request, pk: str) -> Response:  # type: ignore[override]
        """The files of an opportunity."""
        page = self.paginate_queryset(self.filter_queryset(self.visible().filter(opportunity=self.opportunity())))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @UPLOAD
    def create(self, request: Request, pk: str) -> Response:
        """Add a file, sent as `file`."""
        opportunity = self.opportunity()
        refuse_readers(request.user)
        row = actions.store_attachment(opportunity=opportunity, upload=self.uploaded(), actor=request.user)
        return self.shown(row, status.HTTP_201_CREATED)


class FilesOfPlaybookEntry(FilesOf):
    """The files of an entry of the playbook."""

    @extend_schema(operation_id="playbook_files_list")
    def list(self, request: Request, pk: str) -> Response:  # type: ignore[override]
        """The files of an entry."""
        entry = get_object_or_404(PlaybookEntry, pk=pk)
        page = self.paginate_queryset(self.filter_queryset(self.visible().filter(playbook_entry=entry)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @UPLOAD
    def create(self, request: Request, pk: str) -> Response:
        """Add a file, sent as `file`: managers and administrators."""
        entry = get_object_or_404(PlaybookEntry, pk=pk)
        refuse_unless_author(request.user)
        row = actions.store_playbook_attachment(entry=entry, upload=self.uploaded(), actor=request.user)
        return self.shown(row, status.HTTP_201_CREATED)
