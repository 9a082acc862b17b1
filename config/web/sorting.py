"""By what lists sort the names of people."""

from unicodedata import combining, normalize

from config.web.searching import is_han, said_of, squeeze

LONGEST = 200
SYLLABLE = 6  # letters of the longest one, zhuang
SURNAMES = {  # said in another way as surnames
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "盖": "ge", "朴": "piao",
    "翟": "zhai", "覃": "qin", "缪": "miao", "种": "chong", "员": "yun", "乐": "yue", "逄": "pang", "隗": "wei",
    "折": "she", "卜": "bu",
}  # fmt: skip


def sort_key(name: str) -> str:
    """Pinyin, and of what is said alike the characters themselves: every database sorts it so, whatever its collation.

    Letters and digits alone, at most LONGEST of them; a character takes ten, so that 李思 stands before 林.
    """
    text = squeeze(name)
    first = SURNAMES.get(text[:1])
    parts = [_part(char, first if place == 0 and first else said_of(char)[0]) for place, char in enumerate(text)]
    return "".join(parts)[:LONGEST]


def _part(char: str, said: str) -> str:
    if is_han(char):
        return f"{said:0<{SYLLABLE}}{ord(char):04x}"
    return "".join(letter for letter in normalize("NFD", char) if not combining(letter))
