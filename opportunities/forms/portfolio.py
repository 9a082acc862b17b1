"""To whom a portfolio goes."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import today
from accounts.states import with_state
from config.web.fields import PickManyField
from opportunities import rules
from opportunities.selectors.portfolio import Portfolio, spread_evenly


class HandOverForm(forms.Form):
    """One or several receivers, why; and for each customer `customer-ID`, the login name of who gets it."""

    to = PickManyField(
        url="picker_people", queryset=User.objects.none(), to_field_name="username",
        label=_("Receivers"),
        help_text=_("One gets everything. Among several it is spread evenly by amount, customer by customer."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=rules.LONGEST_REASON, required=False,
        help_text=_("It stands in the history of each deal."),
    )  # fmt: skip

    refused: list[str] | None = None  # what an act without a form was refused with

    def __init__(self, data: Any = None, *, person: User) -> None:
        super().__init__(data)
        field = self.fields["to"]
        assert isinstance(field, PickManyField)
        selling = User.objects.filter(role__in=[User.Role.REP, User.Role.MANAGER]).active_on(today())
        field.search_in("picker_people", urlencode({"only": "selling", "except": person.username}))
        field.queryset = with_state(selling.exclude(pk=person.pk).select_related("team"), today())
        field.offer_posted(self["to"].value() if data is not None else None)

    def split(self, portfolio: Portfolio, *, evenly: bool = False) -> dict[int, User]:
        """Who gets which customer (by id): as chosen, else spread evenly among the receivers."""
        receivers = sorted(self.cleaned_data["to"], key=lambda user: (user.sort_key, user.pk))
        named = {user.username: user for user in receivers}
        found = spread_evenly(portfolio.shares, receivers)
        if evenly:
            return found
        chosen = {pk: named.get(self.data.get(f"customer-{pk}", "")) for pk in found}
        return {pk: chosen[pk] or receiver for pk, receiver in found.items()}
