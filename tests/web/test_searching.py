"""Tokens of names, and how what was typed is read: no database."""

from itertools import product

import pytest

from config.web.searching import Texts, rank_of, tokens_of, wanted


def texts(name="", code="", phone=""):
    return Texts((name,), (code,), (phone,))


def found(texts_of_row, typed):
    """Whether the index offers the row for what was typed, and the row then really answers."""
    tokens = set(tokens_of(texts_of_row))
    offered = any(set(way.leading) & tokens and set(way.others) <= tokens for way in wanted(typed))
    return offered and rank_of(texts_of_row, typed) is not None


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        *(("远航汽车", typed) for typed in ("远航", "航汽", "汽车", "远", "yhqc", "YHQC", "yh", "hq", "y", "yuanhang")),
        *(("远航汽车", typed) for typed in ("yuanha", "yua", "qiche", "yuanhangqiche", "远 航")),
        ("西安重工", "xian"), ("西安重工", "xazg"), ("重庆机电", "chongqing"), ("重庆机电", "cqjd"),
        ("重庆机电", "zqjd"), ("远航银行", "yhyh"), ("远航银行", "yhyx"), ("远航银行", "yinhang"), ("行云", "x"),
        ("行云", "h"), ("绿源", "lvyuan"), ("3M 中国", "3m"),
        ("ＡＢＣ Works (上海)", "abc"), ("ＡＢＣ Works (上海)", "works上"), ("ABC 上海", "abcsh"), ("A", "a"),
        ("Harbour line", "rbour"), ("Åkerlund", "kerl"),
    ],
)  # fmt: skip
def test_a_name_is_found(name, typed):
    assert found(texts(name), typed)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("远航汽车", "航远"), ("远航汽车", "yhcq"), ("远航汽车", "汽航"), ("远航汽车", "yuanqi"), ("远航汽车", "航"),
        ("abab cdcd", "bacd"), ("Harbour line", "hl"), ("远航汽车", "  "), ("远航汽车", "!?"),
    ],
)  # fmt: skip
def test_another_name_is_not(name, typed):
    assert not found(texts(name), typed)


@pytest.mark.parametrize("typed", ["5678", "13800005678", "0000 5678", "+86 138-0000-5678"])
def test_a_phone_is_found_by_its_end(typed):
    assert found(texts(phone="+86 138 0000 5678"), typed)
    assert not found(texts(phone="138 0000 5670"), typed)


MOBILE = ("13881837232", "+86 138 8183 7232", "86-13881837232", "0086 13881837232")
LANDLINE = (
    "021-5888 1234",
    "+86 21 5888 1234",
    "0086-21-58881234",
    "(+86) 021 58881234",
    "86 21 5888 1234",
    "2158881234",
)


@pytest.mark.parametrize("phones", [MOBILE, LANDLINE])
def test_a_phone_is_found_however_it_is_dialled(phones):
    for kept, typed in product(phones, (*phones, "＋８６" + phones[0])):
        assert found(texts(phone=kept), typed), (kept, typed)
        assert not found(texts(phone=kept[:-1] + "9"), typed), (kept, typed)


@pytest.mark.parametrize("typed", ["86138818", "00861234", "861234567890", "0138", "+8612"])
def test_the_end_of_a_phone_is_not_taken_for_a_country(typed):
    end = typed.removeprefix("+")
    assert found(texts(phone=f"139{end}"), typed)
    assert not found(texts(phone=f"1397{end[1:]}"), typed)


def test_three_digits_are_not_enough_of_a_phone():
    assert not found(texts(phone="13800005678"), "678")


@pytest.mark.parametrize("typed", ["C00014", "c000", "C0001"])
def test_a_code_is_found_by_its_beginning(typed):
    assert found(texts(code="C00014"), typed)
    assert not found(texts(code="D00014"), typed)


def test_what_stands_first_in_a_short_name_comes_first():
    short, long, late = (tokens_of(texts(name))["远航"] for name in ("远航", "远航汽车工业", "江苏远航"))
    assert short < long < late


@pytest.mark.parametrize("typed", ["远航", "yh", "yuanhang"])
def test_what_answers_is_ranked_alike(typed):
    short, long, late = (rank_of(texts(name), typed) for name in ("远航", "远航汽车工业", "江苏远航"))
    assert short < long < late


def test_a_rare_reading_is_ranked_behind_the_common_ones():
    assert rank_of(texts("重庆机电工业集团"), "zq") < rank_of(texts("重庆机电工业集团"), "jd") < 10_000
    assert rank_of(texts("重庆机电工业集团"), "cq") > 10_000


@pytest.mark.parametrize("name", ["二〇〇八", "二〇〇重工", "𠮷𠮷公司", "㐀〇𠮷", "ー々〆", "\u3400", "\u9fff"])
def test_rare_characters_are_taken_as_they_are(name):
    assert found(texts(name), name)


@pytest.mark.parametrize("typed", ["an" * 60 + "iii", "a" * 200, "xian" * 50, "yuan" * 30 + "v", "n" * 200])
def test_what_can_be_cut_in_many_ways_is_read_at_once(typed):
    assert len(wanted(typed)) <= 8
    assert rank_of(texts("安" * 100), "an" * 60) is not None
    assert rank_of(texts("安" * 100), "an" * 60 + "iii") is None


def test_codes_and_phones_of_a_long_name_are_kept():
    name = "".join(chr(0x4E00 + 7 * i) for i in range(100))
    row = Texts((name,), ("91310115MA1K4XYZ7Q",), ("021-6888 1234",))
    assert all(found(row, typed) for typed in ("91310115ma1k4xyz7q", "02168881234", "1234", name[:2]))


def test_a_longer_end_or_beginning_is_asked_for_by_more_of_it():
    for typed, token in (("13800555678", "#13800555678"), ("00555678", "#00555678"), ("5555678", "#5678")):
        assert token in {each for way in wanted(typed) for each in way.leading}
    assert "@91310115ma1" in {each for way in wanted("91310115MA1K4XYZ7Q") for each in way.leading}


def test_the_commonest_way_to_say_a_character_comes_before_the_others():
    tokens = tokens_of(texts("重庆机电工业集团"))
    assert tokens["zq"] < tokens["jd"] < tokens["cq"]
    assert tokens["~gong"] < tokens["~chong"]


@pytest.mark.parametrize("typed", ["2000", "200", "12000", "120", "0台", "2026", "２０２６"])
def test_numbers_in_a_name_are_found_by_a_part(typed):
    assert found(texts("2026年远航12000台发动机"), typed)


def test_four_digits_are_asked_for_at_a_time():
    assert [each.leading + each.others for each in wanted("12000")][0] == ("=2000", "=1200")
    assert wanted("200")[0].leading == ("00",)


def test_a_row_has_few_tokens_however_long_its_name():
    assert len(tokens_of(texts("".join(chr(0x4E00 + 7 * i) for i in range(200))))) <= 120
