"""Between two sentences stands `{% gap %}` in a template: a blank, and nothing in Chinese."""

import re

import pytest
from django.conf import settings

SENTENCE = re.compile(
    r"""(?:translate\ "[^"]*[.!?:]"\ %\}|[.!?:]\{%\ endblocktranslate\ %\})  # ends one
    (?:</\w+>|\{%\ endif\ %\})*\ (?:<(?:a|b|span)\b[^>]*>)?  # a blank
    (?:\{\{|\{%\ (?:if|translate|blocktranslate)\b)  # begins another""",
    re.VERBOSE,
)
TEMPLATES = settings.BASE_DIR / "templates"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{% translate "Not yet." %}</b> {% translate "Go on." %}', True),
        ('{% translate "Not yet." %} <a href="x">{% translate "Go on." %}</a>', True),
        ("{% blocktranslate %}It is late.{% endblocktranslate %} {{ reason }}", True),
        ('{% translate "Not yet." %}</b>{% gap %}{% translate "Go on." %}', False),
        ('{% translate "Not yet" %} {{ day }}', False),
    ],
)
def test_what_is_looked_for(text, found):
    assert bool(SENTENCE.search(text)) == found


def test_no_template_puts_a_blank_between_sentences():
    found = [
        f"{path.relative_to(TEMPLATES)}: …{match[0][-60:]}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for match in SENTENCE.finditer(path.read_text())
    ]
    assert found == []
