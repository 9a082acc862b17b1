"""`fill` escapes as `format_html` does."""

import pytest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy

from config.web.html import fill

VALUES = ["<b> & \"quoted\" 'single'", mark_safe("<b>bold</b>"), 5, None, gettext_lazy("A & B"), "{0} {name}", "产线"]


@pytest.mark.parametrize("value", VALUES)
def test_it_escapes_what_is_not_safe(value):
    filled = fill('<a title="{}">{name}</a>', value, name=value)
    assert filled == format_html('<a title="{}">{name}</a>', value, name=value)
    assert isinstance(filled, SafeString)
