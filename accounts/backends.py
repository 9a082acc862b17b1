"""Who may be signed in: people within their active dates."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from accounts.models import User


class ActivePersonBackend(AuthenticationBackend):
    """allauth's sign-in by login name or address; somebody outside their dates loses a running session at once."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Active today; people of the demo company, whose password is public, only while DEBUG is on."""
        return user.is_active and (settings.DEBUG or not user.is_demo)

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("team").with_unread().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
