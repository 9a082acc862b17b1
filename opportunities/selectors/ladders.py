"""The five ladders as they are worded now, read once a request."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from accounts.selectors import drawer
from opportunities.models import Factor, Rung
from opportunities.models.evidence import in_language
from opportunities.rules.evidence import FACTORS, TOP

KEPT = "ladders"


@dataclass(frozen=True, slots=True)
class Ladder:
    """A factor, as the company calls it, with the wordings of its levels 0 to 6."""

    factor: str
    name_zh: str
    name_en: str
    rungs: tuple[Rung, ...]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return in_language(self, "name")

    def rung(self, level: int) -> Rung:
        return self.rungs[level]

    def above(self, height: int) -> Rung | None:
        """The rung after this height; None at the top."""
        return self.rungs[height + 1] if height < TOP else None


def ladders() -> Mapping[str, Ladder]:
    """{factor: its ladder} in the order of FACTORS. One query, none when this request has read them."""
    kept = drawer.get()
    if kept is None:
        return _read()
    if KEPT not in kept:
        kept[KEPT] = _read()
    found: Mapping[str, Ladder] = kept[KEPT]
    return found


def forget_ladders() -> None:
    """Let this request read the ladders anew: they have just been changed."""
    kept = drawer.get()
    if kept is not None:
        kept.pop(KEPT, None)


def _read() -> Mapping[str, Ladder]:
    names = Factor.objects.filter(key=OuterRef("factor"))
    rungs = Rung.objects.current().annotate(
        factor_zh=Subquery(names.values("name_zh")[:1]), factor_en=Subquery(names.values("name_en")[:1])
    )
    held: dict[str, dict[int, Rung]] = {factor: {} for factor in FACTORS}
    for rung in rungs:
        held[rung.factor][rung.level] = rung
    return {factor: _ladder(factor, levels) for factor, levels in held.items()}


def _ladder(factor: str, levels: dict[int, Rung]) -> Ladder:
    rungs = tuple(levels.get(level) or Rung(factor=factor, level=level) for level in range(TOP + 1))
    some = next(iter(levels.values()), None)
    named = getattr(some, "factor_zh", None) or factor, getattr(some, "factor_en", None) or factor
    return Ladder(factor, *named, rungs)
