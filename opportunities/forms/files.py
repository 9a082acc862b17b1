"""A file in a form: one that is too large is told at its field before it is sent, one that is taken stays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from accounts.models import User
from config.web.uploads import MEGABYTE
from opportunities.actions import Evidence
from opportunities.actions.checkpoints import refuse_incomplete
from opportunities.actions.files import attach, checked, stored, too_large
from opportunities.models import Attachment
from opportunities.selectors.gate import method_now

ACCEPTED = ".pdf,.jpg,.jpeg,.png,.webp,.heic,.docx,.xlsx,.pptx,.eml,.msg,.txt,.csv,.md,image/*"


class OneFile(forms.FileInput):
    """The choice of a file; static/src/js/files.js refuses one that the server would."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        most = settings.ATTACHMENT_MEGABYTES * MEGABYTE
        told = {"accept": ACCEPTED, "data-most": most, "data-too-large": too_large()}
        return super().get_context(name, value, {**told, **(attrs or {})})


class FileKeeping(forms.Form):
    """A form about an opportunity with a file that is kept when the rest is refused, so that it comes back with it."""

    user: User
    opportunity: Any  # an Opportunity; None while it is not known
    stored: dict[str, Any] | None = None  # the file that was sent, in the storage
    attachment: Attachment | None = None  # one that was kept before
    refused_file: ValidationError | None = None

    file = forms.FileField(label=gettext_lazy("File or photo"), required=False, widget=OneFile)
    kept = forms.CharField(required=False, widget=forms.HiddenInput)

    @contextmanager
    def file_at_hand(self) -> Iterator[None]:
        """Has the file that was sent looked at and in the storage while the form is checked and saved."""
        upload = self.files.get("file")
        if self.opportunity is None or upload is None:
            self.attachment = self._kept()
            yield
            return
        try:
            found = checked(upload)
        except ValidationError as error:
            self.refused_file = error
            yield
            return
        with stored(found) as self.stored:
            yield

    def keep_file(self) -> None:
        """Keep the file for the form that comes back; of one that was taken the save has kept it."""
        if self.stored is None or self.opportunity is None:
            return
        try:
            self.attachment = attach(opportunity=self.opportunity, fields=self.stored, actor=self.user)
        except ValidationError as error:  # nothing is kept with this opportunity any more: the form says so
            self.refused_file = error
            return
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["kept"] = self.attachment.key  # type: ignore[index]

    def _kept(self) -> Attachment | None:
        key = self.data.get("kept", "").replace("\x00", "")
        if not key or self.opportunity is None:
            return None
        mine = Attachment.objects.filter(opportunity=self.opportunity, uploaded_by=self.user).in_use()
        return mine.filter(key=key).first()

    def tell_lacking(self, records: Callable[[], list[Evidence]]) -> None:
        """When the file is refused, tell at once what these records lack besides, as if they had it."""
        if self.refused_file is None or set(self.errors) != {"file"}:
            return
        shown = Attachment(opportunity=self.opportunity)
        given = [replace(each, file=shown) for each in records()]
        try:
            if given:
                refuse_incomplete(self.opportunity, given, method_now().grade_needs)
        except ValidationError as error:
            self.take(error)

    def take(self, error: ValidationError) -> None:
        """Show what an action refused at the fields it is about."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.refused_file is not None:
            self.add_error(None, self.refused_file)
        return cleaned
