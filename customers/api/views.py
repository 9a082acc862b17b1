"""Customers, contacts, products, orders."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.audit import ToldEntrySerializer, part_of_trail
from accounts.api.permissions import AdminsWrite, SalesRecord, TokenScope
from accounts.models import User
from config.web.api import Filters, Ordering, Resource, SeenSerializer
from customers import actions
from customers.actions.merge import may_merge
from customers.api import serializers
from customers.api.assessments import Assessing
from customers.api.pyramid import Pyramids
from customers.api.search import ContactSearch, CustomerSearch
from customers.duplicates import Alike, candidates, signs_of
from customers.filters import ContactFilter, CustomerFilter, ProductFilter
from customers.models import Contact, Customer, Merge, Product
from customers.selectors.assessments import latest_points
from customers.selectors.changes import WITH_VALUES, entries_about
from customers.selectors.merges import in_sight, merges_of, rows_in_sight
from customers.selectors.tiers import how_treated

BASIC = (permissions.IsAuthenticated, TokenScope)


class Customers(Assessing, Pyramids):
    """Companies that buy or may buy from us."""

    queryset = Customer.objects.all()
    serializer_class = serializers.CustomerSerializer
    filterset_class = CustomerFilter
    permission_classes = (*BASIC, SalesRecord)
    filter_backends = (Filters, CustomerSearch, Ordering)
    search_fields = ("name", "industry", "region", "=key")
    orderings = {  # noqa: RUF012
        "id": "id", "key": "key", "name": "name", "tier": "-tier", "owner": "owner__sort_key",
        "annual_spend": "annual_spend", "created_at": "created_at",
    }  # fmt: skip
    default_ordering = "name"

    def visible(self) -> QuerySet[Any]:
        seen = Customer.objects.visible_to(self.request.user)
        return (
            seen.annotate(points=latest_points(), **how_treated())
            .select_related("owner", "team")
            .prefetch_related(
                Prefetch("parent", queryset=seen.only("id", "key")),  # one out of sight is null
                Prefetch("merged_into", queryset=seen.only("id", "key")),
            )
        )

    @extend_schema(responses={201: serializers.CustomerSerializer, 400: serializers.NotCreatedSerializer})
    def create(self, request: Request) -> Response:
        """400 with `candidates` in sight where name, credit code, phone or mail domain is theirs already.

        `another` true goes on, save for one that is certainly the same. A similar name alone is for a person to judge,
        no reason to refuse a program. Rows of another system, with a `key`, are not held up, as in an import.
        """
        fields = self.parsed()
        sure = fields.pop("another", False)
        try:
            row = actions.create_customer(actor=request.user, another=None if "key" in fields else sure, **fields)
        except Alike as error:
            return Response(serializers.refused_as_alike(error, request), status=status.HTTP_400_BAD_REQUEST)
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields; another `owner` is a hand-over."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(_change(row, changes, seen, request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive; refused while it has open opportunities."""
        row = self.get_object()
        actions.archive_customer(customer=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived customer back."""
        row = self.get_object()
        return self.reread(actions.restore_customer(customer=row, seen=self.seen_if_said(row), actor=request.user))

    @extend_schema(responses=ToldEntrySerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def changes(self, request: Request, pk: str) -> Response:
        """Every write about it and what hangs on it, the newest first; of contacts which fields, not what they held."""
        row = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
        return part_of_trail(self, entries_about(row), values_of=WITH_VALUES)

    @extend_schema(request=serializers.MergeOtherSerializer, responses={201: serializers.MergeSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Merge `other` into this customer: a manager who may edit both, or an administrator."""
        row = self.get_object()
        if not may_merge(request.user, row):
            raise PermissionDenied(_("A manager who may edit both customers merges them, or an administrator."))
        body = serializers.MergeOtherSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        seen = {"seen": self.seen_if_said(row), "seen_other": body.validated_data.get("other_version")}
        merge = actions.merge_customers(survivor=row, other=body.validated_data["other"], actor=request.user, **seen)
        [shown] = in_sight([merge], request.user)  # type: ignore[arg-type]
        return Response(serializers.MergeSerializer(shown).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=[serializers.SignsSerializer], responses=serializers.CandidateSerializer(many=True))
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=[])
    def duplicates(self, request: Request) -> Response:
        """At most 8 customers in sight that may be the one of this name, credit code, phone, mail domain."""
        signs = serializers.SignsSerializer(data=request.query_params)
        signs.is_valid(raise_exception=True)
        found = candidates(signs_of(**signs.validated_data), request.user)
        return Response(serializers.CandidateSerializer(found, many=True, context={"request": request}).data)


class Merges(Resource):
    """Merges of customers, of which the caller sees both."""

    queryset = Merge.objects.all()
    serializer_class = serializers.MergeSerializer
    permission_classes = (*BASIC, SalesRecord)
    filter_backends = ()

    def visible(self) -> QuerySet[Any]:
        return merges_of(self.request.user)

    def paginate_queryset(self, queryset: Any) -> Any:
        return in_sight(super().paginate_queryset(queryset) or [], self.request.user)  # type: ignore[arg-type]

    def retrieve(self, request: Request, pk: str) -> Response:
        [shown] = in_sight([self.get_object()], request.user)  # type: ignore[arg-type]
        return Response(self.get_serializer(shown).data)

    @extend_schema(request=None, responses=serializers.UndoneSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Give back what was moved and is still there, within 30 days."""
        undone = actions.undo_merge(merge=self.get_object(), actor=request.user)
        [undone.merge] = in_sight([undone.merge], request.user)  # type: ignore[arg-type]
        [undone.elsewhere] = rows_in_sight([undone.elsewhere], request.user)  # type: ignore[arg-type]
        return Response(serializers.UndoneSerializer(undone).data)


@transaction.atomic
def _change(row: Customer, changes: dict[str, Any], seen: int, actor: User) -> Customer:
    """The hand-over and the other changes of one PATCH, all or nothing."""
    changed = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if "owner" in changed:
        row = actions.assign_customer(customer=row, owner=changed.pop("owner"), seen=seen, actor=actor)
        if not changed:
            return row
    return actions.edit_customer(customer=row, changes=changed, seen=seen, actor=actor)


class Contacts(Resource):
    """People on the customers' side."""

    queryset = Contact.objects.all()
    serializer_class = serializers.ContactSerializer
    filterset_class = ContactFilter
    permission_classes = (*BASIC, SalesRecord)
    filter_backends = (Filters, ContactSearch, Ordering)
    search_fields = ("name", "=key", "title", "email", "phone")
    orderings = {"id": "id", "key": "key", "name": "name", "customer": "customer__name"}  # noqa: RUF012
    default_ordering = "name"

    def visible(self) -> QuerySet[Any]:
        return Contact.objects.visible_to(self.request.user).select_related("customer")

    def create(self, request: Request) -> Response:
        row = actions.create_contact(actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_contact(contact=row, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive."""
        row = self.get_object()
        actions.archive_contact(contact=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived contact back."""
        row = self.get_object()
        return self.reread(actions.restore_contact(contact=row, seen=self.seen_if_said(row), actor=request.user))


class Products(Resource):
    """What we sell; administrators change it."""

    queryset = Product.objects.all()
    serializer_class = serializers.ProductSerializer
    filterset_class = ProductFilter
    permission_classes = (*BASIC, AdminsWrite)
    search_fields = ("name", "=key", "line")
    orderings = {"id": "id", "key": "key", "name": "name", "line": "line"}  # noqa: RUF012
    default_ordering = "name"

    def visible(self) -> QuerySet[Any]:
        return Product.objects.all()

    def create(self, request: Request) -> Response:
        row = actions.create_product(actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_product(product=row, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive."""
        row = self.get_object()
        actions.archive_product(product=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived product back."""
        row = self.get_object()
        return self.reread(actions.restore_product(product=row, seen=self.seen_if_said(row), actor=request.user))
