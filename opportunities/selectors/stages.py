"""The stages, and how the factors are called, read once a request in one query."""

from django.db.models import Subquery

from accounts.selectors import drawer
from opportunities.models import Factor, Stage
from opportunities.models.evidence import in_language
from opportunities.rules.evidence import FACTORS

KEPT = "stages"


def all_stages() -> list[Stage]:
    """Every stage in order, retired ones too. One query, none when this request has read them."""
    kept = drawer.get()
    if kept is None:
        return _read()
    if KEPT not in kept:
        kept[KEPT] = _read()
    found: list[Stage] = kept[KEPT]
    return found


def _read() -> list[Stage]:
    return list(Stage.objects.order_by("position", "id").annotate(**_names()))


def _names() -> dict[str, Subquery]:
    """The factors' names as columns of every stage: boards and tables need both, and queries are few."""
    return {
        f"{factor}_{language}": Subquery(Factor.objects.filter(key=factor).values(f"name_{language}")[:1])
        for factor in FACTORS
        for language in ("zh", "en")
    }


def factor_names() -> list[str]:
    """The names of the five factors in the active language, in the order of FACTORS."""
    stages = all_stages()
    return [in_language(stages[0], factor) or factor for factor in FACTORS] if stages else list(FACTORS)


def stages_in_use() -> list[Stage]:
    """Likewise without the retired ones."""
    return [stage for stage in all_stages() if stage.retired_at is None]


def forget_stages() -> None:
    """Let this request read the stages anew: they have just been changed."""
    kept = drawer.get()
    if kept is not None:
        kept.pop(KEPT, None)
