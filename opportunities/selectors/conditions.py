"""A milestone's conditions in words."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from opportunities.rules import gate
from opportunities.rules.evidence import FACTORS
from opportunities.selectors.stages import factor_names


def in_words(milestones: Iterable[str]) -> list[str]:
    """Each condition in the active language."""
    return [_condition(each) for each in milestones]


def _condition(condition: str) -> str:
    height = gate.height_of(condition)
    if height is not None:
        factor, level = height
        return _("%(factor)s ≥ %(level)s") % {"factor": factor_names()[FACTORS.index(factor)], "level": level}
    return _("Go decision recorded") if condition == gate.GO else _("veto list clear")
