"""What makes a name findable by a part of it, by pinyin and its initials, a phone by its end, a code by its beginning.

A token is two characters of a name or of its initials, or marked: `~` a syllable, `=` four digits of a number in a
name, `#` the last digits of a phone, `@` the beginning of a code. A search asks for the tokens of what was typed; what
it finds is compared whole (`rank_of`).
Pure: no ORM, no request, no clock.
"""

import json
import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import chain, islice, product
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

LONGEST = 12  # of a token
MOST_TOKENS = 120  # of a row
ENDS = (4, 8, 11)  # how much of the end of a phone, and of the beginning of a code, is one token
DIGITS = CODE = ENDS[0]
OTHERWISE = 10_000  # added to the rank of a reading that is not the commonest
SYLLABLE = 6  # letters of the longest: zhuang
NEITHER = re.compile(r"[\W_]+")  # letter nor digit
FOUR_DIGITS = re.compile(r"(?=([0-9]{4}))")  # at each place where they stand
NO_DIGIT = re.compile(r"[^0-9]+")
NO_PHONE = re.compile(r"[^0-9+]+")
# The code of China, and the 0 of an area, where what follows is a whole number or only it can be meant.
DIALLED_FIRST = re.compile(
    r"^(?:(?:\+86|0086(?=[0-9]{10})|86(?=(?:1[0-9]{10}|0?(?:10|[2-9][0-9])[0-9]{8,9})$))0?|0(?=[1-9][0-9]{9,10}$))"
)
SPLITS = 6  # ways to cut what was typed into syllables that are tried


@dataclass(frozen=True, slots=True)
class Searched:
    """Which fields of a row it is found by."""

    names: tuple[str, ...]
    codes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.names, *self.codes, *self.phones)

    def texts(self, row: Any) -> "Texts":
        """What a row, or a dictionary of its values, says in these fields."""
        get = row.get if isinstance(row, dict) else lambda name: getattr(row, name)
        named = (tuple(str(get(name) or "") for name in names) for names in (self.names, self.codes, self.phones))
        return Texts(*named)


@dataclass(frozen=True, slots=True)
class Texts:
    """The names, codes and phones of a row."""

    names: tuple[str, ...]
    codes: tuple[str, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One way to read what was typed: rows with one of `leading` and all the others."""

    leading: tuple[str, ...]
    others: tuple[str, ...] = ()


def squeeze(text: str) -> str:
    """Letters and digits alone, without width and case: `ＡＢＣ （上海）` is `abc上海`."""
    return NEITHER.sub("", normalize("NFKC", text).casefold())


def is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def said_of(char: str) -> tuple[str, ...]:
    """Every way to say a character, the commonest first: 重 → zhong, chong, tong; another character is itself."""
    return _dictionary().get(char) or (char,)


@cache
def _dictionary() -> dict[str, tuple[str, ...]]:
    """{character: ways to say it} of pypinyin's table, read as a file: its words and its code take 50 MB a process."""
    spec = find_spec("pypinyin")
    assert spec is not None and spec.origin is not None
    table = json.loads(Path(spec.origin).with_name("pinyin_dict.json").read_text("utf-8"))
    same: dict[tuple[str, ...], tuple[str, ...]] = {}
    found = {}
    for code, said in table.items():
        if is_han(char := chr(int(code))):
            ways = tuple(dict.fromkeys(_plain(each) for each in said.split(",") if each))
            found[char] = same.setdefault(ways, ways)
    return found


def _readings(name: str) -> tuple[str, list[tuple[str, ...]]]:
    """A name squeezed, and how each of its characters is said; nothing of a name in which nothing is Han."""
    text = squeeze(name)
    return text, [said_of(char) for char in text] if any(map(is_han, text)) else []


def grams(text: str) -> list[str]:
    """Every two neighbouring characters, each once; of one character the character."""
    return list(dict.fromkeys(text[i : i + 2] for i in range(max(len(text) - 1, 1)))) if text else []


def tokens_of(texts: Texts) -> dict[str, int]:
    """{token: rank}, at most MOST_TOKENS: a small rank stands near the beginning of a short name."""
    found: dict[str, int] = {}
    for code in filter(None, map(squeeze, texts.codes)):
        found |= {f"@{code[:size]}": len(code) for size in ENDS if size <= len(code)}
    for phone in filter(None, map(digits, texts.phones)):
        found |= {f"#{phone[-size:]}": len(phone) for size in ENDS if size <= len(phone)}
    for name in texts.names:
        for token, rank in chain(_written(name), _numbers(name), _spoken_first(name), _spoken_otherwise(name)):
            found.setdefault(token[:LONGEST], rank)
    return dict(islice(found.items(), MOST_TOKENS))


def _rank(place: int, size: int) -> int:
    return min(place, 99) * 100 + min(size, 99)


def _written(text: str) -> Iterator[tuple[str, int]]:
    text = squeeze(text)
    if text:
        yield text[0], min(len(text), 99)
    for place, gram in enumerate(grams(text)):
        yield gram, _rank(place, len(text))


def _numbers(text: str) -> Iterator[tuple[str, int]]:
    """Four digits at a time: two of them stand in too many names."""
    text = squeeze(text)
    for found in FOUR_DIGITS.finditer(text):
        yield f"={found[1]}", _rank(found.start(), len(text))


def _spoken_first(name: str) -> Iterator[tuple[str, int]]:
    """Initials and syllables as each character is mostly said."""
    text, said = _readings(name)
    yield from _written("".join(ways[0][0] for ways in said))
    for place, ways in enumerate(said):
        if len(ways[0]) > 1:
            yield f"~{ways[0]}", _rank(place, len(text))


def _spoken_otherwise(name: str) -> Iterator[tuple[str, int]]:
    """The same by every other way to say one, behind all others: 重庆 is cq, 银行 yx or yh."""
    text, said = _readings(name)
    for place, ways in enumerate(said):
        rank = OTHERWISE + _rank(place, len(text))
        if place == 0:
            yield from ((way[0], rank) for way in ways[1:])
        following = said[place + 1] if place + 1 < len(said) else ()
        yield from ((one[0] + two[0], rank) for one, two in product(ways, following))
        yield from ((f"~{way}", rank) for way in ways[1:] if len(way) > 1)


def digits(text: str) -> str:
    return NO_DIGIT.sub("", normalize("NFKC", text))


def wanted(typed: str) -> list[Wanted]:
    """The ways to read what was typed; none where it holds no letter and no digit."""
    text = squeeze(typed)
    if not text:
        return []
    parts = list(dict.fromkeys(f"={four}" for four in FOUR_DIGITS.findall(text))) if text.isdecimal() else []
    parts = parts or grams(text)
    ways = [Wanted((parts[-1],), tuple(parts[:-1]))]
    if len(text) > 2 and text.isascii() and text.isalpha():
        ways += [_by_syllables(parts) for parts in islice(_splits(text, _ends_well(text)), SPLITS)]
    if len(text) >= CODE and text.isascii():
        ways.append(Wanted((f"@{text[: _longest(text)]}",)))
    if number := _number(typed):
        ways.append(Wanted((f"#{number[-_longest(number) :]}",)))
    return ways


def _number(typed: str) -> str:
    """The end of a phone as it was typed, without what is dialled first: `+86 21 58…` and `021-58…` are both `2158…`.

    Nothing where anything but a number was typed, or too little.
    """
    number = digits(typed)
    if len(number) < DIGITS or number != squeeze(typed):
        return ""
    ended = DIALLED_FIRST.sub("", NO_PHONE.sub("", normalize("NFKC", typed))).replace("+", "")
    return ended if len(ended) >= DIGITS else number


def _longest(text: str) -> int:
    return max(size for size in ENDS if size <= len(text))


def _by_syllables(parts: Sequence[str]) -> Wanted:
    """The last one may be unfinished: then it is any that begins so."""
    leading = tuple(f"~{syllable}" for syllable in sorted(_spoken()) if syllable.startswith(parts[-1]))
    return Wanted(leading, tuple(dict.fromkeys(f"~{part}" for part in parts[:-1])))


def _splits(text: str, good: Container[str]) -> Iterator[list[str]]:
    """Ways to cut letters into syllables, the longest first; the last one may be the beginning of one."""
    for size in range(min(len(text), SYLLABLE), 0, -1):
        head, rest = text[:size], text[size:]
        if not rest:
            if head in _beginnings():
                yield [head]
        elif rest in good and head in _spoken():
            for parts in _splits(rest, good):
                yield [head, *parts]


def _ends_well(text: str) -> set[str]:
    """The ends of a text that can be cut so: without it a text that cannot would be tried for ever."""
    good: set[str] = set()
    for place in range(len(text) - 1, -1, -1):
        rest = text[place:]
        heads = (size for size in range(1, SYLLABLE + 1) if rest[:size] in _spoken() and rest[size:] in good)
        if rest in _beginnings() or any(heads):
            good.add(rest)
    return good


@cache
def _spoken() -> frozenset[str]:
    """Every syllable of Chinese, without tones, ü written v."""
    return frozenset(chain(*_dictionary().values()))


def _plain(syllable: str) -> str:
    text = normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(char for char in text if not combining(char))


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(syllable[:size] for syllable in _spoken() for size in range(1, len(syllable) + 1))


def rank_of(texts: Texts, typed: str) -> int | None:
    """How well a row with these texts answers to what was typed, the smallest the best as in `tokens_of`; None: not."""
    text, number = squeeze(typed), _number(typed)
    ranks = chain.from_iterable(_named(text, squeeze(name)) for name in texts.names)
    coded = (len(code) for code in map(squeeze, texts.codes) if len(text) >= CODE and code.startswith(text))
    phones = map(digits, texts.phones) if number else ()
    called = (len(phone) for phone in phones if phone.endswith(number))
    return min(chain(ranks, coded, called), default=None)


def _named(typed: str, name: str) -> Iterator[int]:
    """The rank of a name that is so written, or that is said so from one of its characters on."""
    if (place := name.find(typed)) >= 0:
        yield _rank(place, len(name))
    elif any(map(_is_letter, typed)) and any(map(is_han, name)):
        said = [said_of(char) for char in name]
        if (place := _heard(typed, [ways[:1] for ways in said])) >= 0:
            yield _rank(place, len(name))
        elif (place := _heard(typed, said)) >= 0:
            yield OTHERWISE + _rank(place, len(name))


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z"


def _heard(typed: str, said: Sequence[tuple[str, ...]]) -> int:
    """From which character on it is said so, by initials or by syllables; -1: from none."""
    for place, ways in enumerate(said):
        begins = any(way[0] == typed[0] for way in ways)
        if begins and (_by_initials(typed, said[place:]) or _aloud(typed, said[place:])):
            return place
    return -1


def _by_initials(typed: str, said: Sequence[tuple[str, ...]]) -> bool:
    return len(typed) <= len(said) and all(
        any(way[0] == char for way in ways) for char, ways in zip(typed, said, strict=False)
    )


def _aloud(typed: str, said: Sequence[tuple[str, ...]]) -> bool:
    """Syllable by syllable; the last one may be unfinished."""
    if not said:
        return False
    return any(
        way.startswith(typed) or (typed.startswith(way) and _aloud(typed[len(way) :], said[1:])) for way in said[0]
    )
