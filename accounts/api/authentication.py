"""`Authorization: Bearer <token>`."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from accounts.invitations import may_sign_in
from accounts.models import AccessToken, User
from accounts.tokens import find_token


class TokenAuthentication(authentication.BaseAuthentication):
    """A personal token; the answer is in its person's language."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        words = authentication.get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        token = find_token(words[1].decode("latin-1")) if len(words) == 2 else None
        if token is None or not may_sign_in(token.user):
            raise exceptions.AuthenticationFailed(_("This token is not valid."))
        translation.activate(token.user.language)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword
