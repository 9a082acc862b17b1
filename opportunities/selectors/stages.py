"""The stages, and how the factors are called, read once a request in one query."""

from functools import cache

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
    return list(Stage.objects.raw(_statement()))


@cache
def _statement() -> str:
    """The stages, and the factors' names as columns of each: boards and tables need both, and queries are few.

    Written out: to compose ten subqueries took longer than to carry them out, and almost every page asks.
    """
    names = ", ".join(f"of_{key}.name_{language} AS {key}_{language}" for key in FACTORS for language in ("zh", "en"))
    factors = " ".join(f"LEFT JOIN {Factor._meta.db_table} of_{key} ON of_{key}.key = '{key}'" for key in FACTORS)
    return f"SELECT stage.*, {names} FROM {Stage._meta.db_table} stage {factors} ORDER BY stage.position, stage.id"


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
