"""The customer's people on an opportunity as the page and the API show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts import visibility
from accounts.models import User
from accounts.selectors import calendar
from customers.rules.attention import FACE_TO_FACE
from opportunities.models import Activity, Opportunity, Stakeholder
from opportunities.rules import people as rules


@dataclass(frozen=True, slots=True)
class Stake:
    """Somebody with a say. `met_days` ago they were met face to face (None: never); `note` for its readers alone.

    `owner_left`: whoever owns the plan about them is not here any more, so that it is none.
    """

    row: Stakeholder
    met_days: int | None
    note: str
    owner_left: bool

    @property
    def name(self) -> str:
        """The person, or the post whose person is not known."""
        return self.row.contact.name if self.row.contact else self.row.role_title

    @property
    def known(self) -> bool:
        return self.row.contact is not None and self.row.contact.archived_at is None

    def as_person(self) -> rules.Person:
        """For the rules."""
        row = self.row
        return rules.Person(
            id=row.pk,
            role=row.buying_role,
            known=self.known,
            stance=row.stance,
            opposed=row.may_veto and row.veto_state == Stakeholder.VetoState.OPPOSED,
            planned=bool(row.veto_plan and row.veto_plan_owner_id) and not self.owner_left,
            met=self.met_days is not None,
        )


def with_last_met(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Stakeholders with `last_met_at`: face to face, for this opportunity or for none in particular."""
    done = Activity.objects.done().filter(contacts=OuterRef("contact"), kind__base__in=FACE_TO_FACE)
    of_this = Q(opportunity=OuterRef("opportunity")) | Q(opportunity__isnull=True)
    return rows.annotate(last_met_at=Subquery(done.filter(of_this).order_by("-done_at").values("done_at")[:1]))


def stakes_of(opportunity: Opportunity, user: User, day: date) -> list[Stake]:
    """Everybody with a say, archived ones too, the most influential first. One query."""
    rows = Stakeholder.objects.filter(opportunity=opportunity).select_related("contact", "veto_plan_owner")
    return [_stake(row, opportunity, user, day) for row in with_last_met(rows).order_by("-influence", "-stance", "id")]


def _stake(row: Any, opportunity: Opportunity, user: User, day: date) -> Stake:
    met = None if row.last_met_at is None else (day - calendar().local_date(row.last_met_at)).days
    reads = visibility.reads_sensitive(user, opportunity.owner, row.sensitive_by_id)
    owner = row.veto_plan_owner
    left = owner is not None and not owner.active_on(day)
    return Stake(row, met, row.sensitive_note if reads else "", left)


def gaps_among(stakes: Sequence[Stake], opportunity: Opportunity, third: int | None) -> list[rules.Gap]:
    """What the map lacks; `third` is the position of the third open stage, from which contacts matter."""
    matter = opportunity.is_open and third is not None and opportunity.stage.position >= third
    return rules.gaps_of([stake.as_person() for stake in stakes], contacts_matter=matter)
