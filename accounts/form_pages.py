"""A form that writes one row: the same address is a page and, for htmx, a dialog."""

from collections.abc import Callable
from copy import copy
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from accounts.conflicts import conflict_of, settled, version_in
from config.web.revisions import Revised, StaleWrite
from config.web.templatetags.formats import MISSING

Back = str | Callable[[Any], str]


class VersionField(forms.Field):
    """The version that the editor saw, hidden; read by `conflicts.version_in`, which takes whatever was posted."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)


class ConfirmForm(forms.Form):
    """Nothing to fill in: the row's version alone."""

    version = VersionField()

    def __init__(self, data: Any = None, *, row: Revised) -> None:
        super().__init__(data, initial={"version": row.version})

    @property
    def seen(self) -> int:
        return version_in(self.data)


class RevisedForm(forms.ModelForm):  # type: ignore[type-arg]
    """The fields of a row with its version. It parses and checks; an action writes.

    What each field held when the form was drawn is posted with it (`hidden_initials`), so that only what the person
    really changed is written, and nobody is asked about a field that they left alone.
    """

    version = VersionField()

    def __init__(self, data: Any = None, *, row: Any = None, **options: Any) -> None:
        self.row = row
        initial = {"version": row.version if row else 0, **options.pop("initial", {})}
        super().__init__(data, instance=copy(row) if row else None, initial=initial, **options)
        for name, field in self.fields.items():
            field.show_hidden_initial = row is not None and name != "version"
            if isinstance(field, forms.TypedChoiceField):
                choices: Any = field.choices
                field.choices = [(value, MISSING if value == "" else text) for value, text in choices]

    def hidden_initials(self) -> list[Any]:
        """What the fields held when the form was first drawn, as hidden inputs."""
        return [bound.as_hidden(only_initial=True) for bound in self if bound.field.show_hidden_initial]

    def changes(self) -> dict[str, Any]:
        """The values of the fields that were changed by hand; of a new row all."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version" and self._touched(name)}

    def _touched(self, name: str) -> bool:
        return self[name].html_initial_name not in self.data or name in self.changed_data

    def settled(self) -> dict[str, Any]:
        """`changes` and `seen` for an edit action."""
        return settled(self.row, self.changes(), self.data)


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for the dialog; else a whole page is wanted."""
    return bool(request.headers.get("HX-Request"))


def form_page(
    request: HttpRequest,
    form: Any,
    write: Callable[[], Any],
    *,
    title: str,
    back: Back,
    said: str,
    done: Callable[[], HttpResponse] | None = None,
    **context: Any,
) -> HttpResponse:
    """Show the form; when it is sent and right, `write()` and go `back` (an address, or one made of what was written).

    422 with the messages and everything typed, 409 with theirs and mine. `done` answers a dialog whose change was taken
    in place of going back. `context`: `text` below the title, `submit`, `danger`, `parent` ((address, name) of the page
    above), `template` in place of layouts/form.html.
    """
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            written = write()
        except StaleWrite as error:
            conflict = conflict_of(error, request.user)
        except ValidationError as error:
            take(form, error)
        else:
            if done is not None and is_fragment(request):
                return done()
            messages.success(request, said)
            return gone_to(request, back(written) if callable(back) else back)
    cancel = "" if callable(back) else back
    context = {"form": form, "title": title, "cancel": cancel, "conflict": conflict, **context}
    context.setdefault("url", request.get_full_path())  # what was asked for is known when it is opened again
    status = 409 if conflict else 422 if form.is_bound else 200
    return drawn(request, context, status)


def confirm_page(request: HttpRequest, row: Revised, write: Callable[..., Any], **page: Any) -> HttpResponse:
    """Ask before `write(seen=…, actor=…)`, which takes nothing but the row's version; `page` as in `form_page`."""
    form = ConfirmForm(request.POST or None, row=row)
    return form_page(request, form, lambda: write(seen=form.seen, actor=request.user), **page)


def drawn(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    """The form as a page, or as the dialog for htmx."""
    context["layout"] = "layouts/dialog_form.html" if is_fragment(request) else "layouts/form_page.html"
    response = render(request, context.pop("template", "layouts/form.html"), context, status=status)
    patch_vary_headers(response, ("HX-Request",))
    return response


def gone_to(request: HttpRequest, url: str) -> HttpResponse:
    """Another page, for a browser and for htmx."""
    if not is_fragment(request):
        return redirect(url)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = url
    return response


def take(form: Any, error: ValidationError) -> None:
    """Show what an action refused beside the fields it is about."""
    found = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, texts in found.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
