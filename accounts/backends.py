"""Who may be signed in: people within their active dates."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from config.web.composed import prepared


class ActivePersonBackend(AuthenticationBackend):
    """allauth's sign-in by login name or address; somebody outside their dates loses a running session at once."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Active today; people of the demo company, whose password is public, only while DEBUG is on."""
        return user.is_active and (settings.DEBUG or not user.is_demo)

    def get_user(self, user_id: Any) -> User | None:
        user = next(iter(_people(pk=int(user_id))), None)
        return user if user is not None and self.user_can_authenticate(user) else None


@prepared
def _people(*, pk: int) -> QuerySet[Any]:
    return User.objects.select_related("team").with_unread().filter(pk=pk)  # type: ignore[no-any-return]
