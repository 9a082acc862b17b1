"""People as administrators change them: with what that means for their customers and opportunities."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import invitations
from accounts import people as accounts_people
from accounts.api.fields import person
from accounts.api.permissions import AdminsWrite, TokenScope
from accounts.api.serializers import InvitationSerializer
from accounts.api.views import Users
from accounts.models import User
from config.web.api import ReferenceField, SeenSerializer
from customers.models import Customer
from opportunities import actions
from opportunities.rules import LONGEST_REASON
from opportunities.selectors.portfolio import portfolio_of, spread_evenly

MOST_RECEIVERS = 50


class ChosenSerializer(serializers.Serializer[Any]):
    """Who gets one customer, with the opportunities that the person has there."""

    customer = ReferenceField(among=lambda user: Customer.objects.visible_to(user))
    to = person()


class HandOverSerializer(serializers.Serializer[Any]):
    """To whom a portfolio goes: everything to one, or spread evenly among several, but for the customers named."""

    to = serializers.ListField(child=person(), min_length=1, max_length=MOST_RECEIVERS)
    customers = ChosenSerializer(many=True, required=False)
    reason = serializers.CharField(max_length=LONGEST_REASON, required=False, allow_blank=True, default="")


class DeactivateSerializer(SeenSerializer):
    """Without `hand_over` what the person owns stays with them, and is still counted."""

    hand_over = HandOverSerializer(required=False, allow_null=True)


class HandedOverSerializer(serializers.Serializer[Any]):
    """How much was handed over."""

    customers = serializers.IntegerField(read_only=True)
    opportunities = serializers.IntegerField(read_only=True)


class People(Users):
    """People, by name, role and team; administrators change them."""

    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsWrite)

    @property
    def answered_once(self) -> bool:  # type: ignore[override]
        """An invitation's link is not kept for a repeated request."""
        return self.action != "invite"

    def create(self, request: Request) -> Response:
        """A new person, who has no password until they are invited."""
        row = accounts_people.new_person(actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields; into a new team their customers and open opportunities follow from now on."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_person(person=row, changes=changes, seen=seen, actor=request.user))

    @extend_schema(request=HandOverSerializer, responses=HandedOverSerializer)
    @action(detail=True, methods=["post"])
    def hand_over(self, request: Request, pk: str) -> Response:
        """Give all customers and open opportunities of this person to others, in one act."""
        row = self.get_object()
        shares, reason = self._shares(row, self._body(HandOverSerializer))
        given = actions.hand_over_portfolio(person=row, shares=shares, seen=None, actor=request.user, reason=reason)
        return Response({"customers": given.customers, "opportunities": given.count})

    @extend_schema(request=DeactivateSerializer)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, pk: str) -> Response:
        """End sign-in, sessions and tokens at once; `hand_over` gives the portfolio away in the same act."""
        row = self.get_object()
        given: dict[str, Any] = {}
        if wanted := self._body(DeactivateSerializer).get("hand_over"):
            given["shares"], given["reason"] = self._shares(row, wanted)
        seen = self.seen_if_said(row)
        return self.reread(actions.deactivate_person(person=row, seen=seen, actor=request.user, **given))

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, pk: str) -> Response:
        """Let somebody sign in again."""
        row = self.get_object()
        seen = self.seen_if_said(row)
        return self.reread(accounts_people.reactivate_person(person=row, seen=seen, actor=request.user))

    @extend_schema(request=None, responses={201: InvitationSerializer})
    @action(detail=True, methods=["post"])
    def invite(self, request: Request, pk: str) -> Response:
        """A new link by which this person sets their first password, mailed too; older links end."""
        base = invitations.base_of(request._request)
        made = invitations.invite(person=self.get_object(), actor=request.user, base=base)
        answer = {"link": invitations.link_to(made, base), "expires_at": made.expires_at}
        return Response(InvitationSerializer(answer).data, status=status.HTTP_201_CREATED)

    def _body(self, kind: Any) -> dict[str, Any]:
        body = kind(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return body.validated_data

    def _shares(self, row: User, wanted: dict[str, Any]) -> tuple[dict[int, User], str]:
        found = portfolio_of(row).shares
        shares = spread_evenly(found, list(dict.fromkeys(wanted["to"])))
        for chosen in wanted.get("customers", []):
            if chosen["customer"].pk not in shares:
                raise serializers.ValidationError({"customers": [_("There is no such choice.")]})
            shares[chosen["customer"].pk] = chosen["to"]
        return shares, wanted["reason"]
