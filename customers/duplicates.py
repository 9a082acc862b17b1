"""Whether a customer is there already, and METHOD.md §10's one case in which something hidden answers.

One that was merged away is there still: by its name and its credit code it leads to its survivor (FINE-PRINT 55).
"""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Case, Count, Exists, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit, edits, search, visibility
from accounts.models import AuditEntry, User
from accounts.selectors import today
from config.web.composed import composed
from config.web.errors import TooManyAttempts
from customers.bearers import EXACT, MANY, OF_CONTACTS, bearers
from customers.models import Customer
from customers.rules import names

ANSWERS_AN_HOUR = 20
MOST = 8
READ = MOST + 2 * len(OF_CONTACTS) * (
    MANY + 1
)  # by either way to bear it, enough to see that a sign is borne by too many
NORMALISE = {
    "normalised_name": names.normalised_name,
    "credit_code": names.normalised_code,
    "phone": names.normalised_phone,
    "domain": names.normalised_domain,
}
REASONS = {
    "normalised_name": gettext_lazy("same name"),
    "credit_code": gettext_lazy("same credit code"),
    "phone": gettext_lazy("same phone"),
    "domain": gettext_lazy("same mail domain"),
    "near": gettext_lazy("similar name"),
}
SHOWN = ("pk", "key", "name", *NORMALISE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer in sight that may be the same, and why: names of REASONS; `formerly`: as whom it bore the sign."""

    pk: int
    key: str
    name: str
    reasons: tuple[str, ...]
    formerly: str = ""

    @property
    def is_exact(self) -> bool:
        return any(kind in EXACT for kind in self.reasons)

    @property
    def why(self) -> str:
        """The reasons in words."""
        return _(", ").join(str(REASONS[reason]) for reason in self.reasons)

    @property
    def known_as(self) -> str:
        """Its name, with the one that it is found by."""
        if not self.formerly:
            return self.name
        return _("%(name)s (formerly %(formerly)s)") % {"name": self.name, "formerly": self.formerly}

    @property
    def told(self) -> str:
        """Likewise, and why."""
        values = {"name": self.name, "formerly": self.formerly, "why": self.why}
        return (_("%(name)s (formerly %(formerly)s, %(why)s)") if self.formerly else _("%(name)s (%(why)s)")) % values


class Alike(ValidationError):
    """It may be here already. `candidates` are in sight; one `may_go_on` by saying that it is another company."""

    def __init__(self, field: str, message: str, found: "list[Candidate]", *, may_go_on: bool) -> None:
        said = _(", ").join(each.told for each in found)
        params = {"customers": said, "name": found[0].known_as}
        super().__init__({field: ValidationError(message, code="duplicate", params=params)})
        self.field, self.message, self.candidates, self.may_go_on = field, message, found, may_go_on


def signs_of(*, name: str = "", credit_code: str = "", phone: str = "", domain: str = "") -> dict[str, str]:
    """What tells a customer from others, normalised, without what says nothing."""
    given = {"normalised_name": name, "credit_code": credit_code, "phone": phone, "domain": domain}
    found = {kind: NORMALISE[kind](value or "") for kind, value in given.items()}
    return {kind: value for kind, value in found.items() if names.is_sign(kind, value)}


def candidates(signs: dict[str, str], user: User, *, but: Customer | None = None) -> list[Candidate]:
    """The customers in use and in sight that share a sign or have a similar name, exact ones first. Two queries."""
    if not signs:
        return []
    name = signs.get("normalised_name", "")
    parts = _parts(name)
    rows = _asked(user, signs, parts)
    near = search.found(_seen, user, name, MOST + 1, *SHOWN)
    found = {row["pk"]: row for row in (*near, *rows)}
    if but is not None:
        found.pop(but.pk, None)
    alike = {row["pk"] for row in near} | {pk for pk, row in found.items() if row["normalised_name"] in parts}
    return _ranked(found, signs, alike)


def _seen(user: User) -> QuerySet[Any]:
    return Customer.objects.visible_to(user).in_use()  # type: ignore[no-any-return]


def certain(signs: dict[str, str], user: User) -> list[Candidate]:
    """Those of the candidates that share a sign, not a mere part of the name. One query."""
    if not signs:
        return []
    return _ranked({row["pk"]: row for row in _asked(user, signs, [])}, signs)


def _asked(user: User, signs: dict[str, str], parts: list[str]) -> list[dict[str, Any]]:
    """Names have parts in any number; the last one again and again makes statements few."""
    places = 1 << len(parts).bit_length() if parts else 0
    named = {f"part_{place}": parts[min(place, len(parts) - 1)] for place in range(places)}
    return _sharing(visibility.sight(user), **visibility.beholder(user), **signs, **named)


@composed
def _sharing(sight: Any, *, user: int, path: str, **values: str) -> Any:
    """Rows that share one of the signs, themselves, by a contact or as whom they were merged, or that have a part of a
    name for theirs.

    A union, as an OR would read all customers. Planned each time: how many share a sign decides how it is best read.
    """
    seen = _seen(visibility.somebody(sight, user, path))
    signs = {kind: values[kind] for kind in NORMALISE if kind in values}
    parts = [value for name, value in values.items() if name not in signs]
    others = [_ids(normalised_name__in=parts)] if parts else []
    exact = {kind: signs[kind] for kind in EXACT if kind in signs}
    borne: list[Any] = [
        _few(seen, rows.filter(sign=value).values("bearer")) if kind in OF_CONTACTS
        else rows.filter(sign=value).values("bearer")
        for kind, value in signs.items() for rows in bearers(kind)
    ]  # fmt: skip
    first, *rest = [*others, *borne]
    found = seen.filter(pk__in=first.union(*rest))
    former = Customer.objects.filter(_any_of(exact), merged_into=OuterRef("pk")).order_by("pk")
    formers = {"formerly": "name", **{f"former_{kind}": kind for kind in EXACT}}
    found = found.annotate(**{name: Subquery(former.values(column)[:1]) for name, column in formers.items()})
    theirs = {
        f"contact_{kind}": Exists(bearers(kind)[1].filter(sign=value, bearer=OuterRef("pk")))
        for kind, value in signs.items() if kind in OF_CONTACTS
    }  # fmt: skip
    found = found.annotate(**theirs).order_by(_nearest(signs, exact), "name", "pk")
    return found.values(*SHOWN, *formers, *theirs)[:READ]


def _few(seen: QuerySet[Any], borne: QuerySet[Any]) -> QuerySet[Any]:
    """So many of those that one sees that they tell nothing, at most: a provider's domain is borne by thousands.

    In a subquery of its own, as SQLite takes no limit in a union.
    """
    return _ids(pk__in=seen.filter(pk__in=borne).order_by().values("pk")[: MANY + 1])


def _nearest(signs: dict[str, str], exact: dict[str, str]) -> Case:
    """The same by name or code, then by phone, then a similar name, then only in one mail domain."""
    by = {kind: Q(**{kind: signs[kind]}) | Q(**{f"contact_{kind}": True}) for kind in OF_CONTACTS if kind in signs}
    same = (When(_any_of(exact), then=0), When(formerly__isnull=False, then=0))
    places = {"phone": 1, "domain": 3}
    return Case(*same, *(When(met, then=places[kind]) for kind, met in by.items()), default=2)


def _any_of(signs: dict[str, str]) -> Q:
    """Rows with one of the signs; none where there is no sign."""
    return reduce(or_, (Q(**{kind: value}) for kind, value in signs.items()), Q(pk__in=()))


def _ranked(
    rows: dict[int, dict[str, Any]], signs: dict[str, str], near: Container[int] = frozenset()
) -> list[Candidate]:
    """Without those that share only what too many share, and are not near."""
    shared = {pk: _shared(row, signs) for pk, row in rows.items()}
    borne = Counter(chain.from_iterable(shared.values()))
    many = {kind for kind in OF_CONTACTS if borne[kind] > MANY}
    reasons = {pk: tuple(kind for kind in kinds if kind not in many) for pk, kinds in shared.items()}
    found = [_candidate(rows[pk], signs, each) for pk, each in reasons.items() if each or pk in near]
    return sorted(found, key=lambda each: (not each.is_exact, -len(each.reasons), each.pk))[:MOST]


def _shared(row: dict[str, Any], signs: dict[str, str]) -> list[str]:
    """Which of the signs it bears."""
    return [
        kind for kind, value in signs.items()
        if row[kind] == value or row.get(f"contact_{kind}") or row.get(f"former_{kind}") == value
    ]  # fmt: skip


def _candidate(row: dict[str, Any], signs: dict[str, str], shared: tuple[str, ...]) -> Candidate:
    former = any(row.get(f"former_{kind}") == signs.get(kind) != row[kind] for kind in EXACT if kind in signs)
    return Candidate(row["pk"], row["key"], row["name"], shared or ("near",), row["formerly"] if former else "")


def _ids(**condition: Any) -> Any:
    return Customer.objects.filter(**condition).order_by().values("pk")


def _parts(name: str) -> list[str]:
    """The beginnings and ends of a name that another name may consist of: the greater part of it."""
    shortest = max(len(name) // 2 + 1, 2)
    return sorted({part for size in range(shortest, len(name)) for part in (name[:size], name[-size:])})


def refuse_alike(found: list[Candidate], *, actor: User, sure: bool, is_new: bool = True) -> None:
    """Raise Alike while it is not said to be another company, and always for a new one that is certainly the same.

    Two companies may bear one name but for the legal ending, a group and its factory; the one to say so is somebody
    who has nobody above to ask. A credit code is one company's alone.
    """
    if not found:
        return
    same = [each for each in found if "credit_code" in each.reasons] or [each for each in found[:1] if each.is_exact]
    if is_new and same and ("credit_code" in same[0].reasons or not _is_topmost(actor)):
        raise Alike("name", _already(actor, "credit_code" in same[0].reasons), same, may_go_on=False)
    if not sure:
        error = _("It may be here already: %(customers)s. If it is another company, tick the box and save again.")
        raise Alike("another", error, found, may_go_on=True)


def _already(actor: User, by_code: bool) -> str:
    """What a namesake is refused with: who may say that it is another company."""
    if by_code:
        return _("“%(name)s” is already among your customers.")
    if _has_manager(actor):
        return _("“%(name)s” is already among your customers. If yours is another company, ask your manager.")
    return _("“%(name)s” is already among your customers. If yours is another company, ask an administrator.")


def _is_topmost(user: User) -> bool:
    return user.is_admin or (user.is_manager and not _has_manager(user))


def _has_manager(user: User) -> bool:
    return bool(visibility.managers_above(user).active_on(today()).exists())


def namesakes(name: str) -> QuerySet[Customer]:
    """The customers in use whose name is this one but for width, case, spaces, punctuation and legal ending, or that of
    one merged into them.
    """
    return bearing("normalised_name", names.normalised_name(name))


def bearing(kind: str, value: str) -> QuerySet[Customer]:
    """The customers in use with this sign, or into which one with it was merged."""
    rows: QuerySet[Customer] = Customer.objects.in_use()
    if not value:
        return rows.none()
    return rows.filter(pk__in=_bearers(kind, value)).order_by("id")


def _bearers(kind: str, value: str) -> QuerySet[Any]:
    own, gone = (rows.filter(sign=value).values("bearer") for rows in bearers(kind))
    return own.union(gone)


def visible_namesake(name: str, user: User) -> Customer | None:
    """The customer of this name that the person may see."""
    return namesakes(name).visible_to(user).first()  # type: ignore[attr-defined, no-any-return]


def refuse_if_served(*, name: str, actor: User, credit_code: str = "") -> None:
    """Raise ValidationError (code `already_served`) when a customer of this name or code is there, out of sight.

    As `refuse_served`, outside of a transaction.
    """
    hidden = served(name=name, actor=actor, credit_code=credit_code)
    if hidden is not None:
        refuse_served(name, hidden, actor)


def take_turn(actor: User, owner: User | None, *, name: str, credit_code: str = "") -> int | None:
    """Let nobody else create a customer of this name or code until the transaction ends: on SQLite nobody writes.

    The team of its owner, which stays theirs so long. Names before codes, so that no two wait for each other.
    """
    turns = [f"name {names.normalised_name(name)}"]
    if credit_code:
        turns.append(f"code {names.normalised_code(credit_code)}")
    waits = [_turn(sign) for sign in turns] if connection.vendor == "postgresql" else []
    whose = edits.kept(owner.pk) if owner is not None else User.objects.filter(pk=actor.pk)
    team, *_waited = whose.values_list("team", *waits).get()
    return team if owner is not None else None


def _turn(sign: str) -> Func:
    """A lock that is given back when the transaction ends."""
    number = Func(Value(sign), Value(0), function="hashtextextended")
    return Func(number, function="pg_advisory_xact_lock", output_field=TextField())


def served(*, name: str, actor: User, credit_code: str = "") -> Customer | None:
    """The customer of this name or code that is there, out of sight; TooManyAttempts when told of too often.

    One query, and another to read the one that is found.
    """
    if actor.sees_everything:
        return None
    asked = User.objects.filter(pk=actor.pk).values_list(_told_lately(actor), _hidden(name, credit_code, actor))
    told, hidden = asked.get()
    if (told or 0) >= ANSWERS_AN_HOUR:
        raise TooManyAttempts(_("Too many attempts. Please wait a moment."), code="throttled")
    return Customer.objects.get(pk=hidden) if hidden else None


def _told_lately(actor: User) -> Subquery:
    """How often within the hour."""
    told = AuditEntry.objects.filter(
        model="user", object_id=actor.pk, action="already_served", at__gt=timezone.now() - timedelta(hours=1)
    )
    return Subquery(told.order_by().values("object_id").annotate(times=Count("pk")).values("times"))


def _hidden(name: str, credit_code: str, actor: User) -> Subquery:
    """The id of one that has this name or code."""
    signs = {"normalised_name": names.normalised_name(name), "credit_code": names.normalised_code(credit_code)}
    borne = [_bearers(kind, value) for kind, value in signs.items() if value]
    among = Customer.objects.in_use().filter(pk__in=borne[0].union(*borne[1:])) if borne else Customer.objects.none()
    seen = Customer.objects.visible_to(actor).filter(pk=OuterRef("pk"))
    return Subquery(among.filter(~Exists(seen)).order_by("pk").values("pk")[:1])


def refuse_served(name: str, hidden: Customer, actor: User) -> NoReturn:
    """Say that it is there and nothing of its owner or tier.

    Each such answer is audited, and only so many an hour are given, then TooManyAttempts for any name. Call it outside
    of a transaction: the audit stays when the creation is refused.
    """
    audit.record("already_served", row=actor, actor=actor, changes={"name": (None, name), "customer": (None, hidden)})
    raise ValidationError(_whom_to_ask(actor), code="already_served")


def _whom_to_ask(actor: User) -> str:
    if _has_manager(actor):
        return _("This customer is already served, ask your manager.")
    return _("This customer is already served, ask an administrator.")
