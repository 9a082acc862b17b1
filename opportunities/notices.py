"""What people are told about customers and opportunities, in words (accounts/notifications.py)."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Notification, User
from accounts.notifications import Words
from accounts.selectors import today
from config.web.templatetags.formats import day
from customers.models import Customer
from opportunities.models import Activity, Opportunity, Waiver

LONGEST_LIST = 20  # rows that a mail names


def handed_over(notes: list[Notification], reader: User) -> list[Words | None]:
    """One row is named; of several a mail names the first ones, the bell says how many. At most three queries."""
    opportunities = _opportunities(_ids(notes, "opportunity"))
    customers = Customer.objects.in_bulk(_ids(notes, "customer"))
    people = User.objects.in_bulk({*_ids(notes, "user"), *(note.params.get("by") for note in notes)} - {None})
    rows = {"opportunity": opportunities, "customer": customers}
    return [_handed_over(note, reader, rows, people) for note in notes]


def _ids(notes: list[Notification], model: str) -> set[int]:
    own = {note.object_id for note in notes if note.model == model and note.object_id is not None}
    return own.union(pk for note in notes for name, pk in note.params.get("rows", ()) if name == model)


def _opportunities(ids: Iterable[int]) -> dict[int, Opportunity]:
    return Opportunity.objects.select_related("customer").in_bulk(ids) if ids else {}


def _handed_over(note: Notification, reader: User, rows: dict[str, Any], people: dict[int, User]) -> Words | None:
    by = people.get(note.params.get("by", 0))
    if note.model == "user":
        return _portfolio(note.params, people.get(note.object_id or 0), reader)
    if note.model:
        row = rows[note.model].get(note.object_id)
        return _one(row, by, added=bool(note.params.get("added"))) if row else None
    named = [rows[model].get(pk) for model, pk in note.params.get("rows", ())]
    return _several(note.params, by, [row for row in named if row], reader)


def _one(row: Opportunity | Customer, by: User | None, *, added: bool) -> Words:
    if isinstance(row, Customer):
        title = _("%(person)s handed the customer %(customer)s over to you") % {"person": by, "customer": row.name}
        return Words(title, reverse("customer", args=[row.pk]))
    words = {"person": by, "title": row.title, "customer": row.customer.name}
    title = (
        _("%(person)s added you to the deal %(title)s of %(customer)s") % words
        if added
        else _("%(person)s handed the deal %(title)s of %(customer)s over to you") % words
    )
    return Words(title, reverse("opportunity", args=[row.pk]))


def _several(params: dict[str, Any], by: User | None, rows: list[Opportunity | Customer], reader: User) -> Words:
    kinds = [model for model, _pk in params.get("rows", ())]
    deals = params.get("opportunities", kinds.count("opportunity"))
    customers = params.get("customers", kinds.count("customer"))
    words = {"person": by, "what": _counted(deals, customers)}
    title = (
        _("%(person)s added you to %(what)s") % words
        if params.get("added")
        else _("%(person)s handed %(what)s over to you") % words
    )
    return Words(title, _theirs(deals, reader, added=bool(params.get("added"))), _named(rows))


def _portfolio(params: dict[str, Any], person: User | None, reader: User) -> Words:
    deals, customers = params.get("opportunities", 0), params.get("customers", 0)
    title = _("%(what)s of %(person)s are yours now") % {"person": person, "what": _counted(deals, customers)}
    return Words(title, _theirs(deals, reader))


def _counted(deals: int, customers: int) -> str:
    """Such as `3 deals and 1 customer`."""
    several_deals = ngettext("%(count)d deal", "%(count)d deals", deals) % {"count": deals}
    several_customers = ngettext("%(count)d customer", "%(count)d customers", customers) % {"count": customers}
    if deals and customers:
        return _("%(deals)s and %(customers)s") % {"deals": several_deals, "customers": several_customers}
    return several_deals if deals else several_customers


def _theirs(deals: int, reader: User, *, added: bool = False) -> str:
    """The table of what is this person's, the newest first."""
    if not deals:
        return f"{reverse('customers')}?{urlencode({'owner': reader.username})}"
    owner = {} if added else {"owner": reader.username}
    return f"{reverse('opportunity_table')}?{urlencode({**owner, 'sort': '-created_at'})}"


def _named(rows: list[Opportunity | Customer]) -> tuple[str, ...]:
    names = [f"{row.title} · {row.customer.name}" if isinstance(row, Opportunity) else row.name for row in rows]
    return _shortened(names)


def _shortened(names: list[str]) -> tuple[str, ...]:
    rest = len(names) - LONGEST_LIST
    more = [ngettext("and %(count)d more", "and %(count)d more", rest) % {"count": rest}] if rest > 0 else []
    return (*names[:LONGEST_LIST], *more)


def waiver_asked(notes: list[Notification], reader: User) -> list[Words | None]:
    """Who asks for what; nothing of one that was asked anew since. At most one query."""
    waivers = _waivers(notes)
    return [_waiver_asked(waivers.get(note.params["waiver"])) for note in notes]


def _waivers(notes: list[Notification]) -> dict[int, Waiver]:
    named = Waiver.objects.select_related("opportunity__customer", "stage", "asked_by", "decided_by")
    return named.in_bulk({note.params["waiver"] for note in notes})


def _about(waiver: Waiver, person: User | None) -> dict[str, Any]:
    row = waiver.opportunity
    return {"person": person, "title": row.title, "customer": row.customer.name, "stage": waiver.stage.name}


def _waiver_asked(waiver: Waiver | None) -> Words | None:
    if waiver is None:
        return None
    words = _about(waiver, waiver.asked_by)
    title = _("%(person)s asks for a waiver: %(title)s of %(customer)s to “%(stage)s” without the evidence") % words
    return Words(title, reverse("opportunity", args=[waiver.opportunity_id]), (waiver.reason,))


def waiver_decided(notes: list[Notification], reader: User) -> list[Words | None]:
    """Whether it was granted, by whom; nothing of one whose granting was undone. At most one query."""
    waivers = _waivers(notes)
    return [_waiver_decided(waivers.get(note.params["waiver"])) for note in notes]


def coached(notes: list[Notification], reader: User) -> list[Words | None]:
    """Whose note on which debrief; nothing of one that was taken back, or that stands elsewhere by now. One query."""
    named = Activity.objects.select_related("kind", "customer", "opportunity__customer", "coached_by")
    activities = named.filter(owner=reader).in_bulk({note.params["activity"] for note in notes})
    return [_coached(activities.get(note.params["activity"]), note) for note in notes]


def _coached(activity: Activity | None, note: Notification) -> Words | None:
    if activity is None or not activity.coaching:
        return None
    row = activity.about
    if (note.model, note.object_id) != (row._meta.model_name if row else "", row.pk if row else None):
        return None  # what it is about by now the reader may not see
    about = _named([row])[0] if row else activity.objective or activity.outcome
    words = {"person": activity.coached_by, "kind": activity.kind.name, "about": about}
    title = _("%(person)s left you a coaching note: %(kind)s, %(about)s") % words
    return Words(title, reverse("activity", args=[activity.pk]), (activity.coaching,))


def _waiver_decided(waiver: Waiver | None) -> Words | None:
    if waiver is None or waiver.state == Waiver.State.ASKED:
        return None
    words = _about(waiver, waiver.decided_by)
    if waiver.state == Waiver.State.GRANTED:
        title = _("%(person)s granted the waiver: %(title)s of %(customer)s has moved to “%(stage)s”") % words
    else:
        title = _("%(person)s refused the waiver: %(title)s of %(customer)s does not move to “%(stage)s”") % words
    return Words(title, reverse("opportunity", args=[waiver.opportunity_id]), (waiver.answer,) if waiver.answer else ())


def overdue(notes: list[Notification], reader: User) -> list[Words | None]:
    """As many as there were that morning; a mail that is being written names them. At most one query."""
    lines: tuple[str, ...] = ()
    if any(note.pk is None for note in notes):  # being sent just now
        lines = _shortened(_overdue_steps(reader, today()))
        if not lines:
            return [None] * len(notes)
    query = urlencode({"owner": reader.username, "outcome": "open", "sort": "next_step_due"})
    url = f"{reverse('opportunity_table')}?{query}"
    return [Words(_overdue(note.params["count"], note.params["day"]), url, lines) for note in notes]


def _overdue(count: int, on: str) -> str:
    words = {"count": count, "day": day(date.fromisoformat(on))}
    return (
        ngettext(
            "%(count)d next step of yours is overdue (%(day)s)",
            "%(count)d next steps of yours are overdue (%(day)s)",
            count,
        )
        % words
    )


def _overdue_steps(reader: User, on: date) -> list[str]:
    rows = Opportunity.objects.overdue(on).filter(owner=reader).select_related("customer")
    return [
        _("%(step)s (%(day)s): %(title)s, %(customer)s")
        % {"step": row.next_step, "day": day(row.next_step_due), "title": row.title, "customer": row.customer.name}
        for row in rows.order_by("next_step_due", "pk")
    ]
