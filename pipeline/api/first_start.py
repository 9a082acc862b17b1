"""The first start of an empty installation, and the demo in and out again: the same steps as in the browser."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import AdminsOnly, TokenScope
from accounts.api.serializers import OrganisationSerializer
from pipeline.actions import start_empty
from pipeline.api.organisation import OrganisationView
from pipeline.demo.loading import load_demo
from pipeline.demo.removal import remove_demo
from pipeline.tasks import nudge, run_nightly_now


class RemovalSerializer(serializers.Serializer[Any]):
    """The company's name, which confirms that all of it goes."""

    name = serializers.CharField(max_length=200)


class FirstStart(OrganisationView):
    """For administrators."""

    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsOnly)
    answered_once = False  # the removal deletes the kept answers; each of them is refused or the same a second time

    @extend_schema(operation_id="start_empty", request=None, responses=OrganisationSerializer)
    def empty(self, request: Request) -> Response:
        """Begin with an empty pipeline, once the organisation has a name."""
        return self.shown(start_empty(actor=request.user))  # type: ignore[arg-type]

    @extend_schema(operation_id="start_demo", request=None, responses=OrganisationSerializer)
    def demo(self, request: Request) -> Response:
        """Load the demo company; 400 once there is a customer. Its past nights are computed in the background."""
        row = load_demo(actor=request.user)  # type: ignore[arg-type]
        nudge(run_nightly_now)
        return self.shown(row)

    @extend_schema(operation_id="demo_remove", request=RemovalSerializer, responses={204: None})
    def remove(self, request: Request) -> Response:
        """Delete the demo company, and all that was done in it, for good; 400 says why it cannot go."""
        given = RemovalSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        remove_demo(name=given.validated_data["name"], actor=request.user)  # type: ignore[arg-type]
        return Response(status=status.HTTP_204_NO_CONTENT)
