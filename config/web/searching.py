"""What makes a name findable by a part of it, by pinyin and its initials, a phone by its end, a code by its beginning.

A token is two characters of a name or of its initials, or marked: `~` a syllable, `#` the last digits of a phone, `@`
the beginning of a code. A search asks for the tokens of what was typed; what it finds is compared whole (`says`).
Pure: no ORM, no request, no clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any
from unicodedata import combining, normalize

LONGEST = 12  # of a token
MOST_TOKENS = 120  # of a row
DIGITS, CODE = 4, 4
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
    return "".join(char for char in normalize("NFKC", text).casefold() if char.isalnum())


def is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _syllables(text: str) -> list[str]:
    """The pinyin of each Han character, other characters as they are: 远航A1 → yuan hang a 1."""
    from pypinyin import lazy_pinyin  # only here: its words take 57 MB and a third of a second

    parts: list[str] = []
    for part, each in zip(lazy_pinyin(text), _chunks(text), strict=True):
        parts += [part] if is_han(each[0]) else list(each)
    return parts


def _chunks(text: str) -> Iterator[str]:
    """As lazy_pinyin cuts a text: every Han character alone, what lies between them whole."""
    chunk = ""
    for char in text:
        if is_han(char):
            if chunk:
                yield chunk
            chunk = ""
            yield char
        else:
            chunk += char
    if chunk:
        yield chunk


def _readings(name: str) -> tuple[str, str, list[str]]:
    """A name squeezed, its initials, its syllables; the last two empty where nothing in it is Han."""
    text = squeeze(name)
    if not any(map(is_han, text)):
        return text, "", []
    syllables = _syllables(text)
    return text, "".join(part[0] for part in syllables), [part for part in syllables if len(part) > 1]


def grams(text: str) -> list[str]:
    """Every two neighbouring characters, each once; of one character the character."""
    return list(dict.fromkeys(text[i : i + 2] for i in range(max(len(text) - 1, 1)))) if text else []


def tokens_of(texts: Texts) -> dict[str, int]:
    """{token: rank}, at most MOST_TOKENS: a small rank stands near the beginning of a short name."""
    found: dict[str, int] = {}
    for name in texts.names:
        text, initials, syllables = _readings(name)
        size = min(len(text), 99)
        for reading in filter(None, (text, initials)):
            found.setdefault(reading[0], size)
            for place, gram in enumerate(grams(reading)):
                found.setdefault(gram, min(place, 99) * 100 + size)
        for place, syllable in enumerate(syllables):
            found.setdefault(f"~{syllable}"[:LONGEST], min(place, 99) * 100 + size)
    for code in filter(None, map(squeeze, texts.codes)):
        found.setdefault(f"@{code[:CODE]}", len(code))
    for phone in filter(None, map(digits, texts.phones)):
        found.setdefault(f"#{phone[-DIGITS:]}", len(phone))
    return dict(islice(found.items(), MOST_TOKENS))


def digits(text: str) -> str:
    return "".join(char for char in normalize("NFKC", text) if char.isdecimal() and char.isascii())


def wanted(typed: str) -> list[Wanted]:
    """The ways to read what was typed; none where it holds no letter and no digit."""
    text = squeeze(typed)
    if not text:
        return []
    pairs = grams(text)
    ways = [Wanted((pairs[-1],), tuple(pairs[:-1]))]
    if len(text) > 2 and text.isascii() and text.isalpha():
        ways += [_by_syllables(parts) for parts in islice(_splits(text), SPLITS)]
    if len(text) >= CODE and text.isascii():
        ways.append(Wanted((f"@{text[:CODE]}",)))
    if text.isdecimal() and len(text) >= DIGITS:
        ways.append(Wanted((f"#{text[-DIGITS:]}",)))
    return ways


def _by_syllables(parts: Sequence[str]) -> Wanted:
    """The last one may be unfinished: then it is any that begins so."""
    leading = tuple(f"~{syllable}" for syllable in sorted(_spoken()) if syllable.startswith(parts[-1]))
    return Wanted(leading, tuple(dict.fromkeys(f"~{part}" for part in parts[:-1])))


def _splits(text: str) -> Iterator[list[str]]:
    """Ways to cut letters into syllables, the longest first; the last one may be the beginning of one."""
    for size in range(min(len(text), 6), 0, -1):
        head, rest = text[:size], text[size:]
        if not rest:
            if head in _beginnings():
                yield [head]
        elif head in _spoken():
            for parts in _splits(rest):
                yield [head, *parts]


@cache
def _spoken() -> frozenset[str]:
    """Every syllable of Chinese, without tones, ü written v."""
    from pypinyin.pinyin_dict import pinyin_dict

    said = {each for said in pinyin_dict.values() for each in said.split(",")}
    return frozenset(_plain(each) for each in said)


def _plain(syllable: str) -> str:
    text = normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(char for char in text if not combining(char))


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(syllable[:size] for syllable in _spoken() for size in range(1, len(syllable) + 1))


def says(texts: Texts, typed: str) -> bool:
    """Whether a row with these texts really answers to what was typed."""
    text = squeeze(typed)
    named = any(text in reading for name in texts.names for reading in _whole(name))
    number = digits(typed)
    called = len(number) >= DIGITS and number == text and any(digits(each).endswith(number) for each in texts.phones)
    return named or called or any(squeeze(code).startswith(text) for code in texts.codes if len(text) >= CODE)


def _whole(name: str) -> Iterable[str]:
    text, initials, _parts = _readings(name)
    return (text, initials, "".join(_syllables(text))) if initials else (text,)
