"""The organisation in the API."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework import permissions
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import AdminsWrite, TokenScope
from accounts.api.serializers import OrganisationSerializer
from accounts.api.views import One
from accounts.models import Organisation, User
from accounts.selectors import organisation
from pipeline.actions import RewritesPast, edit_organisation


class OrganisationView(One):
    """The organisation; administrators change it."""

    queryset = Organisation.objects.all()
    serializer_class = OrganisationSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsWrite)
    first_version = 0  # while nothing has been set up

    def get_object(self) -> Organisation:
        return organisation()

    def visible(self) -> QuerySet[Any]:
        return Organisation.objects.filter(pk=1)

    def partial_update(self, request: Request) -> Response:
        """Change the organisation.

        Another currency, time zone or first month of the fiscal year gives the past another look: without
        `"rewrites_past": true` the answer is 400, which names the field and says what would happen.
        """
        row = self.get_object()
        changes = self.parsed(row)
        confirmed = changes.pop("rewrites_past", False)
        assert isinstance(request.user, User)
        try:
            row = edit_organisation(
                changes=changes, seen=self.seen(row), actor=request.user, rewrites_past=confirmed
            )  # fmt: skip
        except RewritesPast as error:
            raise ValidationError(dict(error.consequences)) from error
        return self.reread(row)
