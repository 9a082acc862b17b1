"""What the check of the translations finds."""

import pytest
from babel.messages.catalog import Catalog

from scripts.check_translations import compare


def catalog(*entries: dict) -> Catalog:
    made = Catalog(locale="zh_Hans")
    for entry in entries:
        made.add(**entry)
    return made


USED = {"id": "Closed on %(day)s", "locations": [("templates/a.html", 7)], "flags": ["python-format"]}


def test_a_finished_translation_is_no_problem():
    plural = {"id": ("%(count)s row", "%(count)s rows"), "flags": ["python-format"]}
    used = catalog(USED, plural, {"id": "Won", "context": "stage"})
    translated = catalog(
        {"id": "Closed on %(day)s", "string": "%(day)s 关闭"},
        {"id": plural["id"], "string": ("%(count)s 行",)},
        {"id": "Won", "context": "stage", "string": "赢单"},
    )
    assert compare(used, translated) == []


@pytest.mark.parametrize(
    ("translated", "fault"),
    [
        ([], "not translated"),
        ([{"id": USED["id"], "string": ""}], "translation is empty"),
        ([{"id": USED["id"], "string": "%(day)s 关闭", "flags": ["fuzzy"]}], "fuzzy"),
        ([{"id": USED["id"], "string": "%(date)s 关闭"}], "placeholder"),
    ],
)
def test_a_problem_is_named_with_its_place(translated, fault):
    problems = compare(catalog(USED), catalog(*translated))
    assert len(problems) == 1
    assert problems[0].startswith("templates/a.html:7: ")
    assert fault in problems[0]
    assert USED["id"] in problems[0]


def test_a_text_of_another_context_is_neither_translated_nor_used():
    translated = catalog({"id": USED["id"], "string": "%(day)s 关闭", "context": "another"})
    missing, unused = compare(catalog(USED), translated)
    assert missing == f"templates/a.html:7: not translated: {USED['id']!r}"
    assert unused.endswith(f"not used: {USED['id']!r}")
