"""What is kept about a contact, within what the reader may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy

from accounts.calendar import add_months
from accounts.conflicts import in_words
from accounts.models import User
from accounts.selectors import calendar
from accounts.trail_words import KINDS
from accounts.visibility import reads_sensitive
from config.web.templatetags.formats import moment
from customers.forms import INFLUENCES, STANCES
from customers.models import Contact
from opportunities.models import Activity
from opportunities.selectors.ladders import Ladder, ladders

Ladders = Mapping[str, Ladder]

FIELDS = ("key", "name", "title", "department", "email", "phone", "buying_role", "influence", "stance", "notes")
TOLD = {  # what rows that name a contact say of the person, or of what the person said
    "stakeholder": (
        "buying_role", "influence", "stance", "decision_style", "goal", "goal_value", "goal_on", "gains", "threats",
        "veto_state", "veto_plan",
    ),
    "checkpoint": ("evidence", "said_on"),
    "activity": ("outcome", "said", "promised"),
    "npsresponse": ("score", "comment", "answered_on"),
    "jointaction": ("due_on", "their_state", "result"),
    "jointtask": ("due_on", "done_on"),
    "erasure": ("reason",),
}  # fmt: skip
HEADINGS = {**KINDS, "erasure": gettext_lazy("Erasure of the personal data")}
SCALES = {"stance": dict(STANCES), "influence": dict(INFLUENCES)}  # whose numbers have words
UNNAMED = ("stakeholder", "npsresponse")  # kinds that what they say of the person tells whole
MOST = 200
KEPT_YEARS = 3  # without anything done, after which somebody is asked whether a contact is still needed


@dataclass(frozen=True, slots=True)
class Kept:
    """A field of the contact: what it is called, its value, the same in words."""

    name: str
    label: str
    value: Any
    words: str


@dataclass(frozen=True, slots=True)
class Mention:
    """The rows of one kind that name the contact: their texts; `cut`: there are more of them."""

    model: str
    label: str
    texts: list[str]
    cut: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything kept about a person, as far as the reader may see it."""

    fields: list[Kept]
    mentions: list[Mention]

    def as_json(self) -> dict[str, Any]:
        return {
            "contact": {each.name: each.value for each in self.fields},
            "mentioned_in": [{"kind": each.model, "label": each.label, "rows": each.texts} for each in self.mentions],
        }


def dossier(contact: Contact, user: User, *, most: int | None = MOST) -> Dossier:
    """Of each kind of row that can name a contact the first `most`, None for all; at most two queries a kind.

    The kinds are found from the models, those without a way back too, so that none is forgotten.
    """
    return Dossier(
        [_kept(contact, name) for name in FIELDS], [each for each in _mentions(contact, user, most) if each.texts]
    )


def _kept(contact: Contact, name: str) -> Kept:
    field: Any = Contact._meta.get_field(name)
    value = getattr(contact, name)
    return Kept(name, str(field.verbose_name), value, _words(field, value))


def _mentions(contact: Contact, user: User, most: int | None) -> list[Mention]:
    found, named = [], ladders()
    for relation in _relations():
        model: Any = relation.related_model
        rows: Any = model._default_manager.filter(**{relation.field.name: contact.pk})
        if hasattr(rows, "visible_to"):
            rows = rows.visible_to(user)
        elif not user.is_admin:
            continue
        rows = rows.select_related(*_named_by(model)).order_by("pk")
        texts = [_text(row, user, named) for row in (rows if most is None else rows[: most + 1])]
        cut = most is not None and len(texts) > most
        name = model._meta.model_name
        found.append(Mention(name, str(HEADINGS.get(name, model._meta.verbose_name)), texts[:most], cut))
    return found


def _relations() -> list[Any]:
    fields: Any = Contact._meta.get_fields(include_hidden=True)
    back = [field for field in fields if field.auto_created and not field.concrete]
    return [field for field in back if not field.related_model._meta.auto_created]


def _named_by(model: Any) -> list[str]:
    """References whose names stand in a row's text."""
    fields = {field.name for field in model._meta.fields}
    ways = {"opportunity": "opportunity__owner__team", "kind": "kind", "customer": "customer", "plan": "plan__customer"}
    return [way for name, way in ways.items() if name in fields]


def _text(row: Any, user: User, named: Ladders) -> str:
    """What the row is, of which deal, and what it says of the person."""
    names = [_name(row, named), str(getattr(row, "opportunity", None) or "")]
    told = [*TOLD.get(row._meta.model_name, ()), *_sensitive(row, user)]
    told = [_told(row, name) for name in told if getattr(row, name) not in (None, "")]
    return " · ".join([*filter(None, names), *told])


def _name(row: Any, named: Ladders) -> str:
    kind = row._meta.model_name
    if kind == "checkpoint":
        return f"{named[row.factor]} {row.level}"
    if kind == "erasure":
        return moment(row.erased_at)
    return "" if kind in UNNAMED else str(row)


def _sensitive(row: Any, user: User) -> list[str]:
    """The sensitive note of a stakeholder, for whoever may read it (METHOD.md §4)."""
    if not hasattr(row, "sensitive_note"):
        return []
    return ["sensitive_note"] if reads_sensitive(user, row.opportunity.owner, row.sensitive_by_id) else []


def _told(row: Any, name: str) -> str:
    field = row._meta.get_field(name)
    return f"{field.verbose_name}: {_words(field, getattr(row, name))}"


def _words(field: Any, value: Any) -> str:
    scale: dict[Any, Any] = SCALES.get(field.name, {})
    return str(scale[value]) if value in scale else in_words(field, value)


def kept_since(day: date) -> datetime:
    """The moment before which a contact must have been known, and met, to be asked about."""
    return calendar().start_of_day(add_months(day, -12 * KEPT_YEARS))


def no_longer_met(day: date) -> QuerySet[Any]:
    """Contacts known for years with whom nothing was done or planned in these years: are they still needed?

    Archived ones too, whose data is kept all the same; the longest known first.
    """
    since = kept_since(day)
    met = Activity.objects.filter(contacts=OuterRef("pk")).filter(Q(done_at__gte=since) | Q(planned_at__gte=since))
    return Contact.objects.filter(~Exists(met), created_at__lt=since, erased_at=None).order_by("created_at", "pk")
