"""What every resource of the API shares: references, order, versions, conflicts. Knows no app."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import F, Model, QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import resolve
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import BooleanFilter
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers, status, viewsets
from rest_framework.decorators import api_view
from rest_framework.filters import BaseFilterBackend, SearchFilter
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from config.web.revisions import StaleWrite

BOOLEANS = ("", "true", "false", "1", "0")
IF_MATCH = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')


# --- What comes in ----------------------------------------------------------------------------


def seen_version(request: Request, first: int = 1) -> int:
    """The version that the caller saw: `version` in the body, or `If-Match`. 400 naming `version` without one.

    `first`: the lowest that a row of this kind can have.
    """
    given = request.data.get("version") if isinstance(request.data, Mapping) else None
    if given is None:
        given = _if_match(request.headers.get("If-Match", ""))
    if given is None:
        raise serializers.ValidationError({"version": [_("Send the version that you saw, or If-Match.")]})
    try:
        return serializers.IntegerField(min_value=first, max_value=2**31 - 1).run_validation(given)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"version": error.detail}) from error


def _if_match(header: str) -> str | None:
    match = IF_MATCH.fullmatch(header.strip())
    return match[1] if match else None


# --- Fields -----------------------------------------------------------------------------------


@extend_schema_field({"type": "string", "examples": ["c-1007"]})
class ReferenceField(serializers.SlugRelatedField):
    """A row by its key (people: by login name), among those that `among(user)` gives.

    One that is unknown and one that is out of sight are refused with the same words. What the row names already may be
    sent back as it was read, also when it could not be chosen anew.
    """

    default_error_messages: ClassVar[dict[str, Any]] = {
        "does_not_exist": gettext_lazy("There is no such choice."),
        "invalid": gettext_lazy("There is no such choice."),
    }

    def __init__(
        self, *, among: Callable[[Any], QuerySet[Any]] | None = None, slug_field: str = "key", **kwargs: Any
    ) -> None:
        self.among = among
        super().__init__(slug_field=slug_field, read_only=among is None, **kwargs)

    def get_queryset(self) -> Any:
        assert self.among is not None
        return self.among(self.context["request"].user)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError:
            if self._reads(data):
                return self.get_attribute(self.parent.instance)
            raise

    def _reads(self, data: str) -> bool:
        """Whether the caller reads this value of the row that is being changed."""
        now = getattr(self.parent, "instance", None)
        return isinstance(now, Model) and self.parent.to_representation(now).get(self.field_name) == data


class StrictSerializer(serializers.ModelSerializer[Any]):
    """Refuses what it would not take: names that it has not, and another value for a field that is only read.

    So a row can be sent back as it was read, and a wish that would be lost is answered with 400.
    `create_only` of Meta names fields that are set on create alone.
    """

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if self.instance is not None:
            for name in getattr(self.Meta, "create_only", ()):
                fields[name].read_only = True
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            self._refuse_unsettable(data)
        return super().to_internal_value(data)

    def _refuse_unsettable(self, data: Mapping[str, Any]) -> None:
        known = self.fields
        errors = {name: [_("There is no such field.")] for name in data if name not in known and name != "version"}
        fixed = [name for name in data if name in known and known[name].read_only and name != "version"]
        now = self.to_representation(self.instance) if fixed and self.instance is not None else {}
        for name in fixed:
            if data[name] != now.get(name):
                errors[name] = [_("This field cannot be set here.")]
        if errors:
            raise serializers.ValidationError(errors)


class SeenSerializer(serializers.Serializer[Any]):
    """The version that the caller saw; `If-Match` does as well."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


# --- Lists ------------------------------------------------------------------------------------


class Filters(DjangoFilterBackend):
    """Each filter is understood, or refused: of another word for true or false django-filter would make no wish."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        known = self.get_filterset_class(view, queryset)
        booleans = (
            [name for name, each in known.base_filters.items() if isinstance(each, BooleanFilter)] if known else []
        )
        wrong = [name for name in booleans if request.query_params.get(name, "").lower() not in BOOLEANS]
        if wrong:
            said = serializers.BooleanField.default_error_messages["invalid"]
            raise serializers.ValidationError({name: [said] for name in wrong})
        return super().filter_queryset(request, queryset, view)


class Search(SearchFilter):
    """`search=`: every word in one of the view's `search_fields`."""

    def get_search_terms(self, request: Request) -> Any:
        try:
            return super().get_search_terms(request)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({self.search_param: error.detail}) from error


class Ordering(BaseFilterBackend):
    """`ordering=name` or `-name`, one of the view's `orderings` {name: column}: empty values last, ties by id."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        names: dict[str, str] = getattr(view, "orderings", {})
        wanted = str(request.query_params.get("ordering") or getattr(view, "default_ordering", "-id"))
        name = wanted.removeprefix("-")
        if name not in names:
            raise serializers.ValidationError({"ordering": [_("There is no such choice.")]})
        column = F(names[name].removeprefix("-"))
        down = wanted.startswith("-") != names[name].startswith("-")
        return queryset.order_by(column.desc(nulls_last=True) if down else column.asc(nulls_last=True), "-id")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = [sign + name for name in getattr(view, "orderings", {}) for sign in ("", "-")]
        said = "Column; `-` in front: downwards. Empty values come last, ties by id."
        schema = {"type": "string", "enum": names}
        return [{"name": "ordering", "in": "query", "required": False, "schema": schema, "description": said}]


class AnyAccept(BaseContentNegotiation):
    """Files come as they are, errors as JSON, whatever the caller would rather have."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class Resource(viewsets.GenericViewSet[Any]):
    """Rows of one kind that the caller may see; a subclass says which in `visible()` and adds its writes.

    `queryset` only names the model; `serializer_class` is the row as it is answered.
    """

    lookup_value_regex = "[0-9]{1,18}"
    answered_once = True  # POST takes `Idempotency-Key`; not where an answer must not be kept
    first_version = 1
    filter_backends = (Filters, Search, Ordering)
    orderings: ClassVar[dict[str, str]] = {"id": "id"}
    default_ordering = "id"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Have a POST with an `Idempotency-Key` carried out once (API_ANSWERED_ONCE), when all checks are passed."""
        super().initial(request, *args, **kwargs)
        handler = getattr(self, "post", None)
        if request.method == "POST" and handler and self.answered_once and "Idempotency-Key" in request.headers:
            once = import_string(settings.API_ANSWERED_ONCE)
            self.post = lambda *given, **named: once(request, lambda: handler(*given, **named))

    def visible(self) -> QuerySet[Any]:
        """The rows that the caller may see, with what their answers need."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            assert self.queryset is not None
            return self.queryset.none()
        return self.visible()

    def get_object(self) -> Any:
        """One row, whatever filters a list would take; 404 when it is not visible."""
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    def parsed(self, row: Any = None) -> dict[str, Any]:
        """The checked body: of a new row, or the fields that change on `row`."""
        serializer = self.get_serializer(row, data=self.request.data, partial=row is not None)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def seen(self, row: Any) -> int:
        """The version of `row` that the caller saw."""
        seen = seen_version(self.request, self.first_version)
        if seen > row.version:
            raise serializers.ValidationError({"version": [_("There is no such version yet.")]})
        return seen

    def seen_if_said(self, row: Any) -> int | None:
        """Likewise, None when the caller did not say: archiving and bringing back need no version."""
        said = isinstance(self.request.data, Mapping) and self.request.data.get("version") is not None
        return self.seen(row) if said or "If-Match" in self.request.headers else None

    def shown(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code, headers={"ETag": f'"{row.version}"'})

    def reread(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        """The row as the caller may see it after a write; 204 when it has left their sight."""
        found = self.get_queryset().filter(pk=row.pk).first()
        return self.shown(found, code) if found else Response(status=status.HTTP_204_NO_CONTENT)

    def conflict_body(self, error: StaleWrite) -> dict[str, Any]:
        """What a 409 says: the row as it is for the caller, what the caller sent, the fields in conflict."""
        row = get_object_or_404(self.get_queryset(), pk=error.row.pk)
        sent = {name: self.request.data[name] for name in error.yours if name in self.request.data}
        return {"current": self.get_serializer(row).data, "yours": sent, "conflicts": error.conflicts}


@extend_schema(exclude=True)
@api_view(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def not_found(request: Request) -> HttpResponseBase:
    """404 in JSON for an address that the API does not have; 401 for somebody who is not signed in.

    What is only read is found without its last slash too: to redirect a write would make it a read.
    """
    slashed = f"{request.path}/"
    if request.method in ("GET", "HEAD") and resolve(slashed).func is not resolve(request.path).func:
        return redirect(request.get_full_path(force_append_slash=True), permanent=True)
    raise exceptions.NotFound(None if request.path.endswith("/") else _("Not found. Addresses end with a slash."))
