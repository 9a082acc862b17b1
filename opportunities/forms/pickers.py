"""Fields that search as one types; without script a line to type the name or key into."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.html import format_html


class PickerInput(forms.Select):
    """A <select> that `pickers.js` turns into a search; `chosen` are the (value, text) that it shows at first."""

    def __init__(self, url_name: str, *, query: str = "", create: bool = False) -> None:
        self.url = reverse_lazy(url_name)
        self.query = query
        super().__init__(attrs={"data-create": "yes"} if create else {})

    def choose(self, chosen: Iterable[tuple[str, str]]) -> None:
        """Let the field begin with these choices."""
        self.choices = [("", ""), *chosen]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        address = f"{self.url}?{self.query}" if self.query else str(self.url)
        return super().get_context(name, value, {**(attrs or {}), "data-picker": address})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The first that isn't empty: a fragment brings the line without script along, as a field that is posted."""
        return next((value for value in data.getlist(name) if value.strip()), "")

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        drawn = super().render(name, value, attrs, renderer)
        line = '{}<noscript><input class="form-control" type="text" name="{}" value="{}" maxlength="200"></noscript>'
        return format_html(line, drawn, name, value or "")
