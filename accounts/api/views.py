"""The caller, people, teams, the organisation, tokens."""

from typing import Any

from allauth.account.forms import ChangePasswordForm
from django.contrib.auth import authenticate, update_session_auth_hash
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import actions, teams
from accounts.api.authentication import TokenAuthentication
from accounts.api.permissions import AdminsWrite, TokenScope
from accounts.api.serializers import (
    AccessTokenSerializer,
    MeSerializer,
    NewTokenSerializer,
    PasswordSerializer,
    SignInSerializer,
    TeamSerializer,
    TokenSerializer,
    UserSerializer,
)
from accounts.api.throttling import AddressThrottle, NameThrottle, PasswordThrottle, TokenThrottle
from accounts.filters import TeamFilter, UserFilter
from accounts.models import AccessToken, Team, User
from accounts.tokens import create_token, revoke_token
from config.web.api import Resource, SeenSerializer


class One(Resource):
    """A resource that is one row, the same address for everybody."""

    filter_backends = ()
    pagination_class = None

    def get_object(self) -> Any:
        return self.visible().get()

    def retrieve(self, request: Request) -> Response:  # type: ignore[override]
        return self.shown(self.get_object())


class Me(One):
    """The person whose token or session this is."""

    queryset = User.objects.all()
    serializer_class = MeSerializer

    def visible(self) -> QuerySet[Any]:
        return User.objects.select_related("team").filter(pk=self.request.user.pk)

    def partial_update(self, request: Request) -> Response:
        """Change your own name, address, language, appearance."""
        row = self.get_object()
        user = actions.edit_profile(user=row, changes=self.parsed(row), seen=self.seen(row))
        return self.reread(user)


class Users(Resource):
    """People, by name, role and team; what changes them stands above (opportunities/api/people.py)."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    filterset_class = UserFilter
    search_fields = ("username", "name")
    orderings = {"id": "id", "username": "username", "name": "name"}  # noqa: RUF012
    default_ordering = "username"

    def visible(self) -> QuerySet[Any]:
        return User.objects.select_related("team")


class Teams(Resource):
    """The team tree: everybody reads it, administrators change it."""

    queryset = Team.objects.all()
    serializer_class = TeamSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsWrite)
    filterset_class = TeamFilter
    search_fields = ("key", "name")
    orderings = {"id": "id", "key": "key", "name": "name"}  # noqa: RUF012
    default_ordering = "key"

    def visible(self) -> QuerySet[Any]:
        return Team.objects.select_related("parent")

    def create(self, request: Request) -> Response:
        """A new team below `parent`, or at the top."""
        row = teams.new_team(actor=request.user, **{"parent": None, **self.parsed()})
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename, or move with all below it: another `parent`."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(teams.edit_team(team=row, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive; refused while people or teams are in it."""
        row = self.get_object()
        teams.archive_team(team=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived team back."""
        row = self.get_object()
        return self.reread(teams.restore_team(team=row, seen=self.seen_if_said(row), actor=request.user))


class Tokens(Resource):
    """The caller's own tokens."""

    queryset = AccessToken.objects.all()
    serializer_class = AccessTokenSerializer
    answered_once = False  # the secret is kept nowhere
    filterset_fields = ("scope",)
    orderings = {"id": "id", "name": "name", "created_at": "created_at"}  # noqa: RUF012
    default_ordering = "-created_at"

    def visible(self) -> QuerySet[Any]:
        return AccessToken.objects.of(self.request.user)

    def shown(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code)

    @extend_schema(responses={201: NewTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token. `token` is told here and never again. A token makes none of wider scope or longer life."""
        by = request.auth if isinstance(request.auth, AccessToken) else None
        row, secret = create_token(user=request.user, by=by, **self.parsed())
        return Response({**self.get_serializer(row).data, "token": secret}, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a token; it ends at once."""
        revoke_token(token=self.get_object(), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SignIn(APIView):
    """A token for a login name and a password; the same words whatever was wrong."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (permissions.AllowAny,)
    throttle_classes = (AddressThrottle, NameThrottle)

    @extend_schema(request=SignInSerializer, responses={201: TokenSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        serializer = SignInSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        user = authenticate(request._request, username=given["username"], password=given["password"])
        if not isinstance(user, User):
            raise AuthenticationFailed(_("These credentials are not valid."))
        _token, secret = create_token(user=user, name=_("Signed in through the API"), scope=given["scope"])
        return Response({"token": secret}, status=status.HTTP_201_CREATED)


class Password(APIView):
    """The caller's password."""

    throttle_classes = (TokenThrottle, PasswordThrottle)
    names = {"oldpassword": "current", "password1": "new", "password2": "new"}  # noqa: RUF012

    @extend_schema(operation_id="me_password", request=PasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Change it. Other sessions end; tokens stay until they are revoked."""
        body = PasswordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = {form_name: body.validated_data[name] for form_name, name in self.names.items()}
        form = ChangePasswordForm(data=given, user=request.user)
        if not form.is_valid():
            raise serializers.ValidationError({self.names[name]: errors for name, errors in form.errors.items()})
        form.save()
        if request.auth is None:  # who asks with a session keeps it, as in the browser
            update_session_auth_hash(request._request, form.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
