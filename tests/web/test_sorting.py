"""By what names of people are sorted, in every database."""

import pytest
from django.db import connection

from config.web.sorting import LONGEST, sort_key

IN_ORDER = ["陈安", "单伟", "沈红", "Sun Li", "王", "王安", "王伟明", "王卫", "吴", "Åberg", "曾一", "张安", "章安"]


def test_pinyin_first_surnames_as_they_are_said_and_one_surname_together():
    expected = ["Åberg", "陈安", "单伟", "沈红", "Sun Li", "王", "王安", "王伟明", "王卫", "吴", "曾一", "张安", "章安"]
    assert sorted(IN_ORDER, key=sort_key) == expected
    assert sort_key("李思") < sort_key("林一")
    assert sort_key("de Vries") == sort_key("DE VRIES")
    assert len(sort_key("王" * 150)) == LONGEST


@pytest.mark.django_db
def test_the_database_sorts_as_we_do():
    """Whatever its collation: keys are letters and digits alone."""
    keys = [sort_key(name) for name in IN_ORDER]
    assert all(key.isascii() and key.isalnum() for key in keys)
    rows = " UNION ALL ".join(["SELECT %s AS key"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key FROM ({rows}) AS of ORDER BY key", keys)
        assert [row[0] for row in cursor.fetchall()] == sorted(keys)
