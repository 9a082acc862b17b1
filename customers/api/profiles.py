"""Ideal customers with whom they fit, and the target list."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import KeyedSerializer, MomentField, person
from accounts.api.permissions import SalesRecord, TokenScope
from accounts.models import User
from config.web.api import ReferenceField, Resource, SeenSerializer, StrictSerializer
from config.web.filters import ArchivedFilter, ChoicesFilter, ReferenceFilter
from customers import actions
from customers.actions.profiles import may_write_profiles
from customers.api.serializers import CustomerField, customers_of
from customers.filters import CustomerKeyFilter, containing
from customers.models import IdealProfile, ProfileCriterion, TargetCustomer
from customers.selectors import profiles as selectors

SHOW = ("all", "fits", "new")
ORDERING = [sign + name for name in selectors.ORDERINGS for sign in ("", "-")]


class AuthorsWrite(permissions.BasePermission):
    """Everybody reads, managers and administrators change."""

    message = _("Only managers and administrators say what an ideal customer looks like.")

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in permissions.SAFE_METHODS or may_write_profiles(request.user)  # type: ignore[arg-type]


# --- Profiles -----------------------------------------------------------------------------------


class ProfileFilter(filters.FilterSet):
    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    line = filters.CharFilter(label=_("Product line"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = IdealProfile
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return containing(queryset, value, "name", "line")


class CriterionSerializer(StrictSerializer):
    """`value`: words with commas, a tier, an amount, a product line, or nothing, as `kind` needs."""

    class Meta:
        model = ProfileCriterion
        fields = ("kind", "value", "weight")


class ProfileSerializer(KeyedSerializer):
    """`criteria` are written as a whole."""

    criteria = CriterionSerializer(many=True)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = IdealProfile
        fields = ("id", "key", "name", "line", "criteria", "archived_at", "version")
        read_only_fields = ("version",)
        create_only = ("key",)


class CriterionFoundSerializer(serializers.Serializer[Any]):
    """A criterion and a customer: what was found (an amount, a day, a name), null where nothing is known."""

    kind = serializers.ChoiceField(choices=ProfileCriterion.Kind.choices)
    value = serializers.CharField(source="wanted")
    weight = serializers.IntegerField()
    holds = serializers.BooleanField()
    found = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["string", "null"]})
    def get_found(self, finding: Any) -> str | None:
        return None if finding.found is None else str(finding.found)


class FitSerializer(serializers.Serializer[Any]):
    """A customer without an open deal: `fit` 0-1, and `target`, the id of its open target, if it is pursued."""

    customer = serializers.CharField(source="key")
    name = serializers.CharField()
    owner = person(read_only=True, allow_null=True)
    fit = serializers.FloatField(source="ratio")
    fits = serializers.BooleanField()
    criteria = CriterionFoundSerializer(source="findings", many=True)
    target = serializers.IntegerField(allow_null=True)


class FitAskedSerializer(serializers.Serializer[Any]):
    """What the fit may be asked: `show` those that fit, or that fit and are not pursued either (`new`)."""

    show = serializers.ChoiceField(choices=SHOW, default="all")
    search = serializers.CharField(max_length=200, default="", allow_blank=True)
    ordering = serializers.ChoiceField(choices=ORDERING, default=selectors.BEST_FIRST)


class IdealProfiles(Resource):
    """Who gains most from a product line, by weighted criteria."""

    queryset = IdealProfile.objects.all()
    serializer_class = ProfileSerializer
    filterset_class = ProfileFilter
    permission_classes = (permissions.IsAuthenticated, TokenScope, AuthorsWrite)
    search_fields = ("name", "line", "=key")
    orderings = {"id": "id", "key": "key", "name": "name"}  # noqa: RUF012
    default_ordering = "name"

    def visible(self) -> QuerySet[Any]:
        return selectors.profiles_with_criteria()  # type: ignore[no-any-return]

    def create(self, request: Request) -> Response:
        """A new profile with one to eight criteria."""
        return self.reread(actions.create_profile(actor=request.user, **self.parsed()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields; `criteria` replaces all of them."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_profile(profile=row, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive."""
        row = self.get_object()
        actions.archive_profile(profile=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived profile back."""
        row = self.get_object()
        return self.reread(actions.restore_profile(profile=row, seen=self.seen_if_said(row), actor=request.user))

    @extend_schema(
        parameters=[
            FitAskedSerializer,
            OpenApiParameter("page", OpenApiTypes.INT),
            OpenApiParameter("page_size", OpenApiTypes.INT),
        ],
        responses=FitSerializer(many=True), filters=False,
    )  # fmt: skip
    @action(detail=True, methods=["get"], filter_backends=[])
    def fit(self, request: Request, pk: str) -> Response:
        """Customers in sight without an open deal, the best fit first, each opened to its criteria."""
        profile = self.get_object()
        asked = FitAskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        said, user = asked.validated_data, request.user
        found = selectors.scored(profile, user, said["search"])  # type: ignore[arg-type]
        ids = selectors.sorted_fits(selectors.narrowed_to(found, profile, said["show"]), said["ordering"])
        page = self.paginate_queryset(ids)
        rows = selectors.fit_rows(page, profile, user, said["ordering"])  # type: ignore[arg-type]
        return self.get_paginated_response(FitSerializer(rows, many=True).data)


# --- Target customers ---------------------------------------------------------------------------


def _profiles_in_use(_user: User) -> QuerySet[Any]:
    return IdealProfile.objects.in_use()


class TargetFilter(filters.FilterSet):
    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    profile = ReferenceFilter(to_field_name="key", queryset=IdealProfile.objects.all(), label=_("Ideal customer"))
    customer = CustomerKeyFilter()
    owner = ReferenceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Owner"))
    state = ChoicesFilter(choices=TargetCustomer.State, label=_("State"))
    due_from = filters.DateFilter(field_name="next_step_due", lookup_expr="gte", label=_("Due from"))
    due_to = filters.DateFilter(field_name="next_step_due", lookup_expr="lte", label=_("Due to"))

    class Meta:
        model = TargetCustomer
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return containing(queryset, value, "customer__name", "profile__name", "next_step")


class TargetSerializer(StrictSerializer):
    """Without an `owner` it is the customer's, if the caller may give it to them, else the caller."""

    profile = ReferenceField(among=_profiles_in_use)
    customer = CustomerField(among=customers_of)
    owner = person(required=False)
    created_at = MomentField()

    class Meta:
        model = TargetCustomer
        fields = (
            "id", "profile", "customer", "owner", "next_step", "next_step_due", "state", "created_at", "version",
        )  # fmt: skip
        read_only_fields = ("state", "version")
        create_only = ("profile", "customer")
        validators = ()  # once a profile: the action says so


class TargetCustomers(Resource):
    """Whom we have set out to win, by whom, with the next step; each of `settle`, `drop`, `reopen` sets the state."""

    queryset = TargetCustomer.objects.all()
    serializer_class = TargetSerializer
    filterset_class = TargetFilter
    permission_classes = (permissions.IsAuthenticated, TokenScope, SalesRecord)
    search_fields = ("customer__name", "profile__name", "next_step")
    orderings = {"id": "id", "next_step_due": "next_step_due", "created_at": "created_at"}  # noqa: RUF012
    default_ordering = "next_step_due"

    def visible(self) -> QuerySet[Any]:
        found = TargetCustomer.objects.visible_to(self.request.user)
        return found.select_related("profile", "customer", "owner__team")

    def create(self, request: Request) -> Response:
        """Put a customer on the target list of a profile; one that was settled or dropped is pursued again."""
        return self.reread(actions.add_target(actor=request.user, **self.parsed()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields of one that is pursued."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_target(target=row, changes=changes, seen=seen, actor=request.user))

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        """A deal came of it."""
        row = self.get_object()
        return self.reread(actions.settle_target(target=row, seen=self.seen_if_said(row), actor=request.user))

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, pk: str) -> Response:
        """It is no longer pursued."""
        row = self.get_object()
        return self.reread(actions.drop_target(target=row, seen=self.seen_if_said(row), actor=request.user))

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """It is pursued again."""
        row = self.get_object()
        return self.reread(actions.reopen_target(target=row, seen=self.seen_if_said(row), actor=request.user))
