"""What changes of people mean for their customers and opportunities: a new team, a portfolio handed over, an end."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import audit, edits, outbox
from accounts import people as accounts_people
from accounts.actions import refuse_unless_admin
from accounts.models import Kind, Team, User, UserTeam
from accounts.selectors import today
from config.web.revisions import Noted
from customers.models import Customer
from opportunities import rules
from opportunities.actions.spread import begin_versions, moment_for_all, touch
from opportunities.actions.unfinished import give_unfinished
from opportunities.models import Opportunity
from opportunities.selectors.portfolio import Portfolio, portfolio_of


class PortfolioChanged(ValidationError):
    """It is not the portfolio that was looked at any more: nothing was handed over."""


@transaction.atomic
def edit_person(*, person: User, changes: dict[str, Any], seen: int | None, actor: User) -> User:
    """Set fields of a person; into a new team their customers and open opportunities follow them from now on.

    Each of these opportunities gets a new version (FINE-PRINT 6), which is what the transfer bars are made of.
    """
    if "team" not in changes or changes["team"] == person.team:
        return accounts_people.edit_person(person=person, changes=changes, seen=seen, actor=actor)
    _hold([person])
    accounts_people.refuse_archived_team(changes["team"])  # locked before the opportunities
    rows = edits.hold(Opportunity.objects.filter(owner=person).open())
    at = moment_for_all()
    saved = accounts_people.edit_person(person=person, changes=changes, seen=seen, actor=actor, at=at)
    if UserTeam.objects.filter(user=saved, valid_from=at).exists():
        touch(rows.all(), at, team=saved.team)
        begin_versions(at, actor, "")
        said = {"team": (person.team, saved.team)}
        followed = Opportunity.objects.filter(changed_at=at)
        audit.record_rows("follow_team", rows=followed, label="title", actor=actor, changes=said)
        _customers_follow(Customer.objects.filter(owner=saved), saved.team, actor, said)
    return saved


def _hold(people: Iterable[User]) -> dict[int, User]:
    """These people as they are now: nobody ends them, moves them or hands them anything until the transaction ends.

    People before opportunities, in one order, so that no two wait for each other; rows that name them are not held up.
    """
    rows = User.objects.select_related("team").select_for_update(of=("self",), no_key=True).order_by("pk")
    held = rows.in_bulk({person.pk for person in people})
    for person in held.values():
        if person.team is None and person.team_id is not None:  # PostgreSQL joins what was there before it waited
            person.team = Team.objects.get(pk=person.team_id)
    return held


def _customers_follow(customers: Any, team: Team | None, actor: User, said: dict[str, tuple[Any, Any]]) -> None:
    customers = edits.hold(customers)
    customers.update(team=team, changed_in=Noted("team"), version=F("version") + 1)
    audit.record_rows("follow_team", rows=customers.all(), label="name", actor=actor, changes=said)


# --- Hand-over


@transaction.atomic
def hand_over_portfolio(
    *, person: User, shares: Mapping[int, User], seen: str | None, actor: User, reason: str = ""
) -> Portfolio:
    """Give all open opportunities and customers of somebody to others, in one act, with what is still to be done.

    `shares` says for each customer (by id) of the portfolio who gets it, with the opportunities of it; `seen` is the
    fingerprint of the portfolio that was looked at. Raises PortfolioChanged when it is another one by now.
    """
    refuse_unless_admin(actor)
    now = _hold([person, *shares.values()])
    shares = {customer: now[receiver.pk] for customer, receiver in shares.items()}
    _refuse_receivers(person, set(shares.values()))
    if len(reason) > rules.LONGEST_REASON:
        raise ValidationError({"reason": _("A reason has at most 500 characters.")})
    edits.hold(Opportunity.objects.filter(owner=person).open())
    edits.hold(Customer.objects.filter(owner=person).in_use())
    found = portfolio_of(person)
    if (seen is not None and seen != found.fingerprint) or {share.customer_id for share in found.shares} != set(shares):
        raise PortfolioChanged(_("The portfolio has changed meanwhile. This is how it stands now."))
    for receiver in sorted(set(shares.values()), key=lambda user: user.pk):
        mine = [share for share in found.shares if shares[share.customer_id].pk == receiver.pk]
        _give_opportunities(person, receiver, [share.customer_id for share in mine], actor, reason)
        _give_customers(person, receiver, [share.customer_id for share in mine if share.owned], actor, reason)
        give_unfinished(person, receiver, [share.customer_id for share in mine], actor, reason)
        params = {
            "opportunities": sum(share.count for share in mine), "customers": sum(share.owned for share in mine)
        }  # fmt: skip
        outbox.announce(Kind.HANDED_OVER, to=[receiver], row=person, params=params, hold=False)
    return found


def _refuse_receivers(person: User, receivers: set[User]) -> None:
    day = today()
    for receiver in receivers:
        if receiver.pk == person.pk or not receiver.sells or not receiver.active_on(day):
            raise ValidationError({"to": _("Choose active sales reps or managers other than this person.")})


def _give_opportunities(person: User, receiver: User, customers: list[int], actor: User, reason: str) -> None:
    """Owner and team, a version, a row of the trail: one statement each, however many there are."""
    at = moment_for_all()
    rows = Opportunity.objects.filter(owner=person, customer_id__in=customers).open()
    touch(rows, at, owner=receiver, team=receiver.team, changed_in=Noted("owner"))
    begin_versions(at, actor, reason)
    given = Opportunity.objects.filter(changed_at=at)
    audit.record_rows("assign", rows=given, label="title", actor=actor, changes=_said(person, receiver, reason))


def _give_customers(person: User, receiver: User, customers: list[int], actor: User, reason: str) -> None:
    rows = Customer.objects.filter(pk__in=customers)
    rows.update(owner=receiver, team=receiver.team, changed_in=Noted("owner"), version=F("version") + 1)
    audit.record_rows("assign", rows=rows.all(), label="name", actor=actor, changes=_said(person, receiver, reason))


def _said(person: User, receiver: User, reason: str) -> dict[str, tuple[Any, Any]]:
    changes: dict[str, tuple[Any, Any]] = {"owner": (person, receiver)}
    return {**changes, "reason": (None, reason)} if reason else changes


@transaction.atomic
def deactivate_person(
    *, person: User, seen: int | None, actor: User, shares: Mapping[int, User] | None = None,
    portfolio_seen: str | None = None, reason: str = "",
) -> User:  # fmt: skip
    """Hand the portfolio over (with `shares`; else it stays with them and is still counted), and end the access."""
    if shares is not None:
        hand_over_portfolio(person=person, shares=shares, seen=portfolio_seen, actor=actor, reason=reason)
    return accounts_people.end_access(person=person, seen=seen, actor=actor)
