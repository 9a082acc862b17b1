"""What is kept about a contact, and its erasure."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import refuse_unless_admin
from accounts.api.fields import MomentField
from accounts.api.permissions import TokenScope
from accounts.models import User
from accounts.selectors import today
from config.web.api import ReferenceField, Resource
from customers.models import Contact
from pipeline.privacy import erase_contact
from pipeline.selectors.privacy import dossier, no_longer_met


class MentionSerializer(serializers.Serializer[Any]):
    """`label` and `rows` are words, in the caller's language."""

    kind = serializers.CharField()
    label = serializers.CharField()
    rows = serializers.ListField(child=serializers.CharField())


class DossierSerializer(serializers.Serializer[Any]):
    contact = serializers.DictField()
    mentioned_in = MentionSerializer(many=True)


class ErasureSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


def _contact(request: Request, pk: int) -> Any:
    return get_object_or_404(Contact.objects.visible_to(request.user), pk=pk)


@extend_schema(operation_id="contacts_privacy_retrieve", responses=DossierSerializer)
@api_view(["GET"])
@permission_classes([permissions.IsAuthenticated, TokenScope])
def privacy_view(request: Request, pk: int) -> Response:
    """Everything kept about a person, as far as the caller may see it."""
    return Response(dossier(_contact(request, pk), request.user, most=None).as_json())


@extend_schema(operation_id="contacts_erase_create", request=ErasureSerializer, responses=DossierSerializer)
@api_view(["POST"])
@permission_classes([permissions.IsAuthenticated, TokenScope])
def erase_view(request: Request, pk: int) -> Response:
    """Erase a person's name, phone, mail and notes for good (administrators)."""
    contact, user = _contact(request, pk), request.user
    assert isinstance(user, User)
    if not user.is_admin:
        raise PermissionDenied(_("Only administrators may change this."))
    given = ErasureSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    row = erase_contact(contact=contact, actor=user, **given.validated_data)
    return Response(dossier(row, user, most=None).as_json())


class KeptContactSerializer(serializers.ModelSerializer[Any]):
    """`created_at`: since when the contact is known."""

    customer = ReferenceField()
    created_at = MomentField()
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Contact
        fields = ("id", "key", "name", "customer", "created_at", "archived_at")


class KeptContacts(Resource):
    """Contacts with whom nothing was done for three years, archived ones too (administrators): are they needed?"""

    queryset = Contact.objects.all()
    serializer_class = KeptContactSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope)
    orderings = {"id": "id", "created_at": "created_at"}  # noqa: RUF012
    default_ordering = "created_at"

    def visible(self) -> QuerySet[Any]:
        refuse_unless_admin(self.request.user)  # type: ignore[arg-type]
        return no_longer_met(today()).select_related("customer")
