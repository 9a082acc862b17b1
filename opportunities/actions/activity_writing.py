"""What every action on an activity shares: whose it may be, what it may be about, lock, save, trail."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits, visibility
from accounts.models import User
from accounts.selectors import today
from customers.actions.shared import held, hold_in_use
from customers.models import Contact, Customer
from opportunities.actions.writing import lock_editable, refuse_if_archived
from opportunities.models import Activity, ActivityKind, Opportunity


def build(
    actor: User, *, kind: ActivityKind, owner: User | None, customer: Customer | None, opportunity: Opportunity | None,
    **fields: Any,
) -> Activity:  # fmt: skip
    """An activity that is not saved yet, of somebody who may have it and about what the actor may edit."""
    if not actor.sells:
        raise PermissionDenied(_("Executives and administrators read activities; they do not write them."))
    owner = owner or actor
    if not visibility.may_give_to(actor, owner):
        raise ValidationError({"owner": _("Choose a person from the list.")})
    if not owner.active_on(today()):
        raise ValidationError({"owner": _("This person is no longer active.")})
    refuse_kind(kind, None)
    about: dict[str, Any] = {"customer": customer, "opportunity": opportunity}
    _check_about(about, None, actor)
    return Activity(kind=kind, owner=owner, created_by=actor, **about, **fields)


def begin(row: Activity, contacts: Iterable[Contact], actor: User) -> Activity:
    """Check and save a new activity with those whom it is with."""
    people = list(contacts)
    _refuse_strangers(people, row.customer)
    _refuse_odd_moments(row)
    row.debriefed_at = timezone.now() if row.done_at else None
    row = edits.create(row, actor=actor, made_up=["key"], besides={"contacts": _keys(people)})
    row.contacts.add(*people)
    return row


def lock_activity(activity: Activity, actor: User, *, about: dict[str, Any] | None = None) -> Activity:
    """The activity as it is now, locked, its opportunity before it; 403 for a reader, 404 when it is out of sight.

    `about`: the opportunity or the customer that it will be about, locked before it too.
    """
    if not actor.sells:
        raise PermissionDenied(_("You may read this activity but not change it."))
    _hold_both(activity, about or {})
    if activity.opportunity_id is not None:
        refuse_if_archived(lock_editable(Opportunity(pk=activity.opportunity_id), actor))
    rows = Activity.objects.editable_by(actor).select_related("kind", "customer", "opportunity", "owner__team")
    row = rows.select_for_update(of=("self",), skip_locked=True).filter(pk=activity.pk).first()
    if row is None:  # somebody holds it: the bare row is waited for, and then all is read, as in `writing`
        list(Activity.objects.filter(pk=activity.pk).values_list("pk").select_for_update())
        row = rows.filter(pk=activity.pk).first()
    if row is None:
        if Activity.objects.visible_to(actor).filter(pk=activity.pk).exists():
            raise PermissionDenied(_("You may read this activity but not change it."))
        raise Http404
    return row


def _hold_both(activity: Activity, about: dict[str, Any]) -> None:
    """Where it moves, what it leaves and what it comes to, before the activity itself (accounts.edits)."""
    deal, customer = about.get("opportunity"), about.get("customer")
    if deal is not None and deal.pk != activity.opportunity_id:
        edits.hold(Opportunity.objects.filter(pk__in=[deal.pk, activity.opportunity_id]))
    if deal is None and customer is not None and (customer.pk, None) != (activity.customer_id, activity.opportunity_id):
        list(held(Customer.objects.filter(pk=customer.pk)))


def refuse_unless_planned(row: Activity) -> None:
    refuse_if_cancelled(row)
    if row.done_at is not None:
        raise ValidationError(_("This has been done already."))


def refuse_if_cancelled(row: Activity) -> None:
    if row.cancelled_at is not None:
        raise ValidationError(_("This activity was cancelled."))


def refuse_kind(kind: ActivityKind | None, present: ActivityKind | None) -> None:
    """Archived kinds are not chosen anew."""
    if kind is not None and kind.archived_at is not None and kind != present:
        raise ValidationError({"kind": _("This kind of activity is no longer in use.")})


def save(
    row: Activity, changes: dict[str, Any], actor: User, *, seen: int | None, action: str, watched: Iterable[str] = ()
) -> Activity:
    """Set fields of a locked activity, those whom it is with too; StaleWrite, and ValidationError for a bad value."""
    found = edits.differences(row, {name: value for name, value in changes.items() if name != "contacts"})
    people = changes.get("contacts")
    before = list(row.contacts.all()) if people is not None else []
    if people is not None and {one.pk for one in people} != {one.pk for one in before}:
        found["contacts"] = (before, list(people))
    row.refuse_if_stale(seen, {name: changes[name] for name in found}, watched)
    if not found:
        return row
    for name, (_old, new) in found.items():
        if name != "contacts":
            setattr(row, name, new)
    _refuse_strangers(people if people is not None else [], row.customer)
    _refuse_odd_moments(row)
    row.mark_changed(found)
    row.clean_fields(exclude=[each.name for each in row._meta.fields if each.name not in found or each.is_relation])
    if "done_at" in found:
        row.debriefed_at = timezone.now()
    row.save(update_fields=[*(set(found) - {"contacts"}), "debriefed_at", "version", "changed_in"])
    if "contacts" in found:
        row.contacts.set(found["contacts"][1])
    audit.record(action, row=row, actor=actor, changes={name: _told(pair) for name, pair in found.items()})
    return row


def _told(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    old, new = pair
    return (_keys(old), _keys(new)) if isinstance(new, list) else pair


def _keys(contacts: list[Contact]) -> str:
    return ", ".join(sorted(contact.key for contact in contacts))


def follow_opportunity(row: Activity, wanted: dict[str, Any], actor: User) -> None:
    """Check what the activity is about from now on; whoever it was with at another customer is with it no more."""
    if "opportunity" not in wanted and "customer" not in wanted:
        return
    about = {name: wanted.get(name, getattr(row, name)) for name in ("opportunity", "customer")}
    if about["opportunity"] != row.opportunity and row.checkpoints.exists():  # type: ignore[attr-defined]
        raise ValidationError({"opportunity": _("Evidence was recorded of it: it stays with its deal.")})
    _check_about(about, row, actor)
    wanted |= about
    if about["customer"] != row.customer:
        wanted.setdefault("contacts", [])


def _check_about(about: dict[str, Any], before: Activity | None, actor: User) -> None:
    """The actor may edit the opportunity, or the customer where there is none; the customer is the opportunity's."""
    opportunity, customer = about["opportunity"], about["customer"]
    if opportunity is not None:
        if before is None or before.opportunity != opportunity:
            opportunity = about["opportunity"] = _open_to(opportunity, actor)
        about["customer"] = opportunity.customer
    elif customer is not None and (before is None or before.customer != customer or before.opportunity is not None):
        _refuse_customer(customer, actor)


def _open_to(opportunity: Opportunity, actor: User) -> Opportunity:
    try:
        row = lock_editable(opportunity, actor)
    except Http404 as error:
        raise ValidationError({"opportunity": _("There is no such choice.")}) from error
    refuse_if_archived(row)
    return row


def _refuse_customer(customer: Customer, actor: User) -> None:
    if Customer.objects.editable_by(actor).in_use().filter(pk=customer.pk).exists():
        hold_in_use(customer)
        return
    if Customer.objects.visible_to(actor).in_use().filter(pk=customer.pk).exists():
        raise ValidationError({"customer": _("This customer is another person's: choose your deal with them.")})
    raise ValidationError({"customer": _("There is no such choice.")})


def _refuse_strangers(contacts: Iterable[Contact], customer: Customer | None) -> None:
    if any(customer is None or contact.customer_id != customer.pk for contact in contacts):
        raise ValidationError({"contacts": _("Choose people of this customer.")})


def _refuse_odd_moments(row: Activity) -> None:
    if row.done_at is not None and row.done_at > timezone.now():
        raise ValidationError({"done_at": _("What is done must not lie in the future.")})
