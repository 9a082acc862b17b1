"""Forms of saved views."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_pages import ConfirmForm, RevisedForm
from accounts.models import SavedView, User


class SavedViewForm(RevisedForm):
    """Name and for whom; whoever is in no team keeps it for themselves."""

    scope = forms.TypedChoiceField(
        label=_("For whom"), choices=SavedView.Scope, initial=SavedView.Scope.MINE,
        help_text=_("Everybody who opens it sees the deals that are theirs to see."),
    )  # fmt: skip

    class Meta:
        model = SavedView
        fields = ["name", "scope"]

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        if user.team_id is None:
            self.fields["scope"].choices = [SavedView.Scope.choices[0]]  # type: ignore[attr-defined]


class NewViewForm(SavedViewForm):
    """Likewise, with the page and the query that are saved."""

    page = forms.ChoiceField(choices=SavedView.Page, widget=forms.HiddenInput)
    query = forms.CharField(widget=forms.HiddenInput, required=False)


class UpdateForm(ConfirmForm):
    """The query that a view takes over."""

    query = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, row: SavedView, query: str) -> None:
        super().__init__(data, row=row)
        self.initial["query"] = query
