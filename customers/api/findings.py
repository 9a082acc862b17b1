"""What is found in the customers of many people: capacity, likely duplicates."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import person
from accounts.api.permissions import TokenScope
from accounts.models import User
from accounts.selectors import today
from config.web.api import ReferenceField, Resource
from customers.actions.merge import refuse_unless_above
from customers.models import Customer
from customers.selectors.capacity import loads, people_with_accounts
from customers.selectors.merges import duplicate_pairs
from customers.selectors.tiers import rules_now


class HeldSerializer(serializers.Serializer[Any]):
    """Accounts of a tier; `limit` is how many one can do justice to, 0 for no limit."""

    tier = serializers.CharField()
    accounts = serializers.IntegerField()
    limit = serializers.IntegerField()


class LoadSerializer(serializers.Serializer[Any]):
    """A person: contacts with their accounts that are needed in 30 days, planned for the next, done in the last."""

    person = person(read_only=True)
    team = ReferenceField(source="person.team", allow_null=True)
    accounts = HeldSerializer(many=True)
    needed = serializers.IntegerField()
    planned = serializers.IntegerField()
    short = serializers.IntegerField()
    done = serializers.IntegerField()


class Found(Resource):
    """A list that is worked out for its reader."""

    permission_classes = (permissions.IsAuthenticated, TokenScope)
    filter_backends = ()


class Capacity(Found):
    """The accounts of people who sell against what they can serve: oneself, those in one's charge, or everybody."""

    queryset = User.objects.all()
    serializer_class = LoadSerializer

    def visible(self) -> QuerySet[Any]:
        return people_with_accounts(self.request.user, today())  # type: ignore[arg-type]

    def list(self, request: Request) -> Response:
        """By name."""
        people: Any = self.paginate_queryset(self.get_queryset())
        found = loads(people, request.user, today(), rules_now())  # type: ignore[arg-type]
        return self.get_paginated_response(self.get_serializer(found, many=True).data)


class PairSerializer(serializers.Serializer[Any]):
    """Two customers and what they share: same name, code, phone, domain."""

    one = ReferenceField()
    one_name = serializers.CharField(source="one.name")
    two = ReferenceField()
    two_name = serializers.CharField(source="two.name")
    reasons = serializers.ListField(child=serializers.CharField())


class DuplicatePairs(Found):
    """Pairs of customers in sight that may be the same."""

    queryset = Customer.objects.all()
    serializer_class = PairSerializer

    @extend_schema(operation_id="customers_duplicate_pairs_list")
    def list(self, request: Request) -> Response:
        """At most 200, for managers and administrators, those that share most first."""
        refuse_unless_above(request.user)  # type: ignore[arg-type]
        page: Any = self.paginate_queryset(duplicate_pairs(request.user))  # type: ignore[arg-type]
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
