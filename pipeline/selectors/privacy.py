"""What is kept about a contact, within what the reader may see."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.calendar import add_months
from accounts.conflicts import in_words
from accounts.models import User
from accounts.selectors import calendar
from accounts.visibility import reads_sensitive
from customers.models import Contact
from opportunities.models import Activity

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
}  # fmt: skip
MOST = 200
KEPT_YEARS = 3  # without anything done, after which somebody is asked whether a contact is still needed


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

    fields: list[tuple[str, str, Any]]  # name, label, value
    mentions: list[Mention]

    def as_json(self) -> dict[str, Any]:
        return {
            "contact": {name: value for name, _label, value in self.fields},
            "mentioned_in": [{"kind": each.model, "rows": each.texts} for each in self.mentions],
        }


def dossier(contact: Contact, user: User, *, most: int | None = MOST) -> Dossier:
    """Of each kind of row that can name a contact the first `most`, None for all; at most two queries a kind.

    The kinds are found from the models, those without a way back too, so that none is forgotten.
    """
    labels = {field.name: str(field.verbose_name) for field in Contact._meta.fields}
    fields = [(name, labels[name], getattr(contact, name)) for name in FIELDS]
    return Dossier(fields, [each for each in _mentions(contact, user, most) if each.texts])


def _mentions(contact: Contact, user: User, most: int | None) -> list[Mention]:
    found = []
    for relation in _relations():
        model: Any = relation.related_model
        rows: Any = model._default_manager.filter(**{relation.field.name: contact.pk})
        if hasattr(rows, "visible_to"):
            rows = rows.visible_to(user)
        elif not user.is_admin:
            continue
        rows = rows.select_related(*_named_by(model)).order_by("pk")
        texts = [_text(row, user) for row in (rows if most is None else rows[: most + 1])]
        cut = most is not None and len(texts) > most
        found.append(Mention(str(model._meta.model_name), str(model._meta.verbose_name), texts[:most], cut))
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


def _text(row: Any, user: User) -> str:
    """What the row is, of which deal, and what it says of the person."""
    names = (str(each) for each in (row, getattr(row, "opportunity", None)) if each is not None)
    named = dict.fromkeys(name for name in names if name != str(row.pk))
    told = [*TOLD.get(row._meta.model_name, ()), *_sensitive(row, user)]
    return " · ".join([*named, *(_told(row, name) for name in told if getattr(row, name) not in (None, ""))])


def _sensitive(row: Any, user: User) -> list[str]:
    """The sensitive note of a stakeholder, for whoever may read it (METHOD.md §4)."""
    if not hasattr(row, "sensitive_note"):
        return []
    return ["sensitive_note"] if reads_sensitive(user, row.opportunity.owner, row.sensitive_by_id) else []


def _told(row: Any, name: str) -> str:
    field = row._meta.get_field(name)
    return f"{field.verbose_name}: {in_words(field, getattr(row, name))}"


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
