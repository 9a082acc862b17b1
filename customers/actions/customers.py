"""Writes about customers."""

from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits, outbox, visibility
from accounts.models import Kind, User
from accounts.selectors import today
from customers import duplicates
from customers.actions.shared import above, hold_in_use, only, refuse_unless_editable, set_archived
from customers.actions.tiers import begin_tiers, hold_tier, refuse_tier_by_hand
from customers.models import Customer
from customers.rules import names

CUSTOMER_FIELDS = (
    "name", "industry", "region", "parent", "annual_spend", "tier", "created_on", "credit_code", "phone", "domain",
)  # fmt: skip


def create_customer(
    *, actor: User, name: str, owner: User | None = None, another: bool | None = None, **fields: Any
) -> Customer:
    """A new customer; its owner is the actor unless they name somebody whom they may give it to.

    A name or credit code that is served already, out of the actor's sight, is refused (code `already_served`), and one
    in sight (Alike) as `another` says: whether it was said to be another company; None for a row of another system. Of
    two alike at the same moment the second meets the first.
    """
    if actor.role == User.Role.EXECUTIVE:
        raise PermissionDenied(_("Executives read customers; they do not write them."))
    owner = owner or (actor if actor.sells else None)
    if owner is not None and owner.pk != actor.pk:
        _refuse_new_owner(actor, owner)
    fields = _tidied(fields)
    signs = {"name": name, "credit_code": fields.get("credit_code", "")}
    fields.setdefault("created_on", today())
    customer = Customer(name=name.strip(), owner=owner, **fields)
    customer.normalised_name = names.normalised_name(name)
    with transaction.atomic():
        team = duplicates.take_turn(actor, owner, **signs)
        if owner is not None:
            customer.team = edits.in_team(owner, team).team
        if another is not None:
            told = duplicates.signs_of(**signs, phone=customer.phone, domain=customer.domain)
            duplicates.refuse_alike(duplicates.certain(told, actor), actor=actor, sure=another)
        hidden = duplicates.served(actor=actor, **signs)
        if hidden is None:
            return _insert(customer, actor, made_up=() if "key" in fields else ("key",))
    return _refuse_served(name, hidden, actor)


def _insert(customer: Customer, actor: User, made_up: tuple[str, ...]) -> Customer:
    if customer.parent is not None:
        hold_in_use(customer.parent)
    row = edits.create(customer, actor=actor, made_up=made_up)
    begin_tiers(row)
    _tell_new_owner(row, None, actor)
    return row


def _tidied(fields: dict[str, Any]) -> dict[str, Any]:
    """The signs of a customer as they are compared; a credit code that cannot be is refused."""
    tidy = {"credit_code": names.normalised_code, "phone": names.normalised_phone, "domain": names.normalised_domain}
    found = {name: tidy[name](value) if name in tidy else value for name, value in fields.items()}
    code = found.get("credit_code", "")
    wrong = names.wrong_in_credit_code(code) if code else None
    if wrong is not None:
        raise ValidationError({"credit_code": wrong})
    return found


def _refuse_served(name: str, hidden: Customer, actor: User) -> NoReturn:
    try:
        duplicates.refuse_served(name, hidden, actor)
    except ValidationError as error:
        raise ValidationError({"name": error}) from error


def _refuse_new_owner(actor: User, owner: User) -> None:
    if not visibility.may_give_to(actor, owner):
        raise ValidationError({"owner": _("Choose a person from the list.")})
    if not owner.active_on(today()):
        raise ValidationError({"owner": _("This person is no longer active.")})


@transaction.atomic
def edit_customer(*, customer: Customer, changes: dict[str, Any], seen: int | None, actor: User) -> Customer:
    """Set fields of CUSTOMER_FIELDS."""
    refuse_unless_editable(customer, actor)
    wanted = _tidied(only(changes, CUSTOMER_FIELDS))
    parent = wanted.get("parent")
    hold_in_use(customer, *([parent] if parent and parent.pk != customer.parent_id else []))
    _refuse_circle(customer, parent, actor)
    _refuse_taken_code(customer, wanted.get("credit_code", ""), actor)
    if "tier" in wanted:
        refuse_tier_by_hand(customer, wanted["tier"])
    before = customer.tier
    row = edits.edit(customer, changes=wanted, seen=seen, actor=actor)
    if row.tier != before:
        hold_tier(row, timezone.now())
    if "name" in wanted:
        row.normalised_name = names.normalised_name(row.name)
        row.save(update_fields=["normalised_name"])
    return row


def _refuse_taken_code(customer: Customer, code: str, actor: User) -> None:
    """A credit code is one company's alone."""
    if not code or code == customer.credit_code:
        return
    others: Any = duplicates.bearing("credit_code", code)
    other = others.visible_to(actor).exclude(pk=customer.pk).first()
    if other is not None:
        said = _("“%(name)s” is already among your customers.") % {"name": other.name}
        raise ValidationError({"credit_code": said}, code="duplicate")


def _refuse_circle(customer: Customer, parent: Customer | None, actor: User) -> None:
    """In the words for an unknown parent where the circle goes through a company that the actor does not see."""
    line = [] if parent is None else [parent.pk, *above(parent)]
    if customer.pk not in line:
        return
    between = line[: line.index(customer.pk)]
    if Customer.objects.visible_to(actor).filter(pk__in=between).count() < len(between):
        raise ValidationError({"parent": _("There is no such choice.")})
    raise ValidationError({"parent": _("A company cannot belong to itself.")})


@transaction.atomic
def assign_customer(*, customer: Customer, owner: User | None, seen: int | None, actor: User) -> Customer:
    """Give the customer to somebody; its team follows the owner. Without an owner its team stays."""
    if not visibility.may_assign(actor, customer.owner) and not (
        customer.owner is None and Customer.objects.editable_by(actor).filter(pk=customer.pk).exists()
    ):
        raise PermissionDenied(_("Only a manager above the owner, or an administrator, hands customers over."))
    if owner is not None:
        edits.in_team(owner, edits.kept(owner.pk).values_list("team", flat=True).get())
        _refuse_new_owner(actor, owner)
    changes = {"owner": owner, "team": owner.team} if owner else {"owner": None}
    before = customer.owner_id
    row = edits.edit(customer, changes=changes, seen=seen, actor=actor, action="assign")
    _tell_new_owner(row, before, actor)
    return row


def _tell_new_owner(customer: Customer, before: int | None, actor: User) -> None:
    if customer.owner is not None and customer.owner_id not in (before, actor.pk):
        outbox.announce(Kind.HANDED_OVER, to=[customer.owner], row=customer, params={"by": actor.pk})


@transaction.atomic
def archive_customer(*, customer: Customer, seen: int | None, actor: User) -> Customer:
    """Out of lists and choices, kept in the past; refused while it has open opportunities."""
    refuse_unless_editable(customer, actor)
    edits.locked(customer)  # nobody adds an opportunity meanwhile
    _refuse_open_opportunities(customer, actor)
    return set_archived(customer, True, seen, actor)


def _refuse_open_opportunities(customer: Customer, actor: User) -> None:
    opportunities: Any = customer.opportunities  # type: ignore[attr-defined]
    still_open = opportunities.filter(outcome="open")
    if not still_open.exists():
        return
    titles = list(still_open.visible_to(actor).values_list("title", flat=True)[:5])
    if titles:
        raise ValidationError(
            _("Close or move these open opportunities first: %(titles)s") % {"titles": _(", ").join(titles)}
        )
    raise ValidationError(_("This customer cannot be archived now."))


def restore_customer(*, customer: Customer, seen: int | None, actor: User) -> Customer:
    refuse_unless_editable(customer, actor)
    if customer.merged_into_id is not None:
        raise ValidationError(
            _("This customer was merged into another one. Take the merge back instead."), code="merged"
        )
    return set_archived(customer, False, seen, actor)
