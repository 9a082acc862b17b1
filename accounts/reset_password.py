"""A new password by mail is for those who have one already and may sign in."""

from allauth.account import forms

from accounts.invitations import may_sign_in
from accounts.models import User


class ResetPasswordForm(forms.ResetPasswordForm):
    """allauth's own, whose link would let somebody in who has not been invited."""

    users: list[User]

    def clean_email(self) -> str:
        email = super().clean_email()
        self.users = [user for user in self.users if user.has_usable_password() and may_sign_in(user)]
        return email
