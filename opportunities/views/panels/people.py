"""The decision-power map: who has a say, where they stand, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.selectors import today
from opportunities.forms.stakeholders import COLUMNS, ROWS
from opportunities.models import Opportunity
from opportunities.rules import people as rules
from opportunities.selectors.stages import stages_in_use
from opportunities.selectors.stakeholders import Stake, gaps_among, stakes_of

ICONS = {
    "decision_maker": "crown",
    "approver": "rubber-stamp",
    "technical_veto": "hand-stop",
    "user": "user",
    "coach": "compass",
    "gatekeeper": "lock",
}
GAPS = {
    "opponent_without_plan": gettext_lazy("%(name)s is against us, and there is no plan with an owner."),
    "no_decision_maker": gettext_lazy("The decision maker is not on the map."),
    "decision_maker_not_met": gettext_lazy("%(name)s decides, and nobody has met them yet."),
    "unknown_person": gettext_lazy("%(name)s: we do not know who that is."),
    "gone": gettext_lazy("%(name)s is archived among the customer's contacts."),
    "thin_contacts": gettext_lazy("Fewer than three live contacts: with one person gone, we are out."),
}


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody on the map, in words: `look` is dm, veto or miss."""

    stake: Stake
    icon: str
    look: str
    role: str

    @property
    def blocks(self) -> bool:
        return self.stake.as_person().blocks


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of the map, and who stands there."""

    column: str
    label: str
    cards: list[Card]


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    label: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Map:
    """The map, its table, what was taken off, and its gaps in words."""

    columns: list[str]
    rows: list[Row]
    cards: list[Card]
    archived: list[Stake]
    gaps: list[str]
    contacts: int

    @property
    def vetoes(self) -> list[Card]:
        """The veto list: who can say no."""
        return [card for card in self.cards if card.stake.row.may_veto]

    @property
    def enough(self) -> bool:
        return self.contacts >= rules.FEWEST

    @property
    def many(self) -> bool:
        """More than the rule asks for: no fault, and nothing that it praises."""
        return self.contacts > rules.MOST


def context(opportunity: Opportunity, user: User) -> dict[str, Any]:
    """`people`: the map."""
    stakes = stakes_of(opportunity, user, today())
    live = [stake for stake in stakes if stake.row.archived_at is None]
    cards = [_card(stake) for stake in live]
    found = Map(
        columns=[str(label) for label in COLUMNS.values()],
        rows=[Row(key, str(label), _cells(key, cards)) for key, label in ROWS.items()],
        cards=cards,
        archived=[stake for stake in stakes if stake.row.archived_at is not None],
        gaps=_gaps(live, opportunity),
        contacts=sum(stake.known for stake in live),
    )
    return {"people": found}


def _cells(row: str, cards: Sequence[Card]) -> list[Cell]:
    there = [card for card in cards if rules.row_of(card.stake.row.influence) == row]
    return [
        Cell(key, str(label), [card for card in there if rules.column_of(card.stake.row.stance) == key])
        for key, label in COLUMNS.items()
    ]


def _card(stake: Stake) -> Card:
    row = stake.row
    look = "miss" if row.contact is None else "veto" if row.may_veto else ""
    if row.buying_role == "decision_maker":
        look = f"{look} dm".strip()
    icon = "hand-stop" if row.may_veto and "dm" not in look else ICONS.get(row.buying_role, "user")
    return Card(stake, icon, look, str(row.get_buying_role_display()) if row.buying_role else "")


def _gaps(live: Sequence[Stake], opportunity: Opportunity) -> list[str]:
    in_use = [stage.position for stage in stages_in_use() if stage.is_open]
    third = in_use[2] if len(in_use) > 2 else None
    stakes = {stake.row.pk: stake for stake in live}
    return [_words(gap, stakes.get(gap.about)) for gap in gaps_among(live, opportunity, third)]


def _words(gap: rules.Gap, stake: Stake | None) -> str:
    kind = "gone" if gap.kind == "unknown_person" and stake and stake.row.contact else gap.kind
    return str(GAPS[kind]) % {"name": stake.name if stake else ""}
