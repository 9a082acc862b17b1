"""What others changed in a person's open opportunities since they last looked."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, NullIf
from django.utils import timezone

from accounts import trail
from accounts.models import AuditEntry, User
from config.web.composed import prepared
from config.web.lookups import Among
from config.web.templatetags.formats import MISSING
from opportunities.models import (
    Activity,
    Checkpoint,
    Decision,
    GradeChange,
    Look,
    Opportunity,
    OpportunityVersion,
    Stakeholder,
)
from opportunities.rules import WITHOUT_PAST
from opportunities.selectors.page import Entry, entry_between
from opportunities.selectors.stages import all_stages

HAPPENED = (  # what may happen to a record, its moment, its actor
    ("added", "recorded_at", "recorded_by"),
    ("confirmed", "confirmed_at", "confirmed_by"),
    ("withdrawn", "withdrawn_at", "withdrawn_by"),
)
CHANGED, RECORDED, LOWERED, DECIDED, ACTED, PART = range(6)  # kinds of news, in the order of those of one moment
HANGS_ON_IT = ("add_file", "remove_file", "add_collaborator", "remove_collaborator")  # acts on it that no version has
OF_THE_GATE = ("ask_waiver", "waiver_refused")  # one that was granted is a move
MADE_WITH_ITS_FIRST_WORDS = Q(model="strategysheet", action="create")
DONE = Q(model="activity") & (Q(action="debrief") | Q(action="create", changes__done_at__isnull=False))
KNOWN = (
    "opportunity",
    "customer",
    "created_by",
    "coached_by",
    "coached_at",
    "cancelled_at",
)  # of itself, or by its verb
AT_FIRST = timedelta(days=7)  # how far back for somebody who has never looked


@dataclass(frozen=True, slots=True)
class Found:
    """A row that makes news: a version, a record of evidence (also one that was lowered), a decision, an activity.

    Or what the audit trail says: of a part, which are its people, joint plan, strategy sheet, competitors and
    activities, of its files and of who works on it, of waivers, and of a field that no version keeps.
    """

    kind: int
    row: int
    at: datetime
    opportunity: int
    actor: int | None
    how: str


@dataclass(frozen=True, slots=True)
class News:
    """Something that somebody else did in an opportunity: `entry` is a change of it.

    Else `how` says what became of `checkpoint` (added, confirmed, lowered, withdrawn), or is a decision (go, no_go);
    `act` is what came of an activity; `part` what else happened to the opportunity or to something that hangs on it.
    """

    at: datetime
    opportunity: Opportunity
    actor: User | None
    entry: Entry | None = None
    checkpoint: Checkpoint | None = None
    how: str = ""
    act: str = ""
    part: trail.Line | None = None


def looked_at(user: User) -> datetime:
    """Up to when the person has looked. One query."""
    return next(iter(_looks(user=user.pk)), None) or timezone.now() - AT_FIRST


@prepared
def _looks(*, user: int) -> QuerySet[Any]:
    return Look.objects.filter(user=user).values_list("looked_at", flat=True)


def news_for(user: User, since: datetime, *, most: int | None = None) -> list[News]:
    """The latest of what others did in the person's own opportunities, at most `most`; None: all of it.

    One query where there is nothing, at most seven: names are read of what is shown alone.
    """
    found = [Found(*values) for values in _latest(most, user=user.pk, since=since)]
    if not found:
        return []
    records = _records({each.row for each in found if each.kind in (RECORDED, LOWERED)})
    happened = [news for each in found for news in _happened(each, records.get(each.row), user, since)]
    people = User.objects.in_bulk({each.actor for each in happened if each.actor})
    deals = Opportunity.objects.select_related("customer").only("title", "customer__name")
    named = deals.in_bulk({each.opportunity for each in found})
    entries = _entries([each for each in found if each.kind == CHANGED], people)
    parts = _acts_on_parts({each.row for each in found if each.kind == PART}, user)
    news = [
        News(
            each.at, named[each.opportunity], people.get(each.actor or 0),
            entries.get(each.row) if each.kind == CHANGED else None,
            records[each.row] if each.kind in (RECORDED, LOWERED) else None,
            part=parts[each.row] if each.kind == PART else None,
            **{"act" if each.kind == ACTED else "how": each.how},
        )
        for each in happened
    ]  # fmt: skip
    return sorted(news, key=lambda each: each.at, reverse=True)[:most]


@prepared
def _latest(most: int | None, *, user: int, since: datetime) -> QuerySet[Any]:
    """Values of Found, the latest `most`, the latest first, of every kind in one statement."""
    mine = Opportunity.objects.filter(**_of("", user)).order_by()
    own = Q(Among(F("opportunity_id"), mine.values("pk").query))
    versions = OpportunityVersion.objects.filter(own, valid_from__gt=since).exclude(actor=user).exclude(actor=None)
    deal, actor = F("opportunity_id"), F("actor_id")
    lowered = GradeChange.objects.filter(at__gt=since, **_of("checkpoint__opportunity", user)).exclude(actor=user)
    decisions = Decision.objects.filter(own, decided_at__gt=since).exclude(decided_by=user)
    moments = [_by_others(user, since, at, by) for _how, at, by in HAPPENED]
    happened = Q(*(_others(user, since, at, by) for _how, at, by in HAPPENED), _connector=Q.OR)
    records = Checkpoint.objects.filter(own & happened)
    acted = Activity.objects.filter(own, debriefed_at__gt=since).exclude(owner=user)
    outcome = Coalesce(NullIf("outcome", Value("")), NullIf("objective", Value("")), Value("…"))
    written = AuditEntry.objects.filter(at__gt=since).exclude(actor=user).exclude(actor=None)
    edited = written.filter(Among(F("part_of"), mine.values("pk").query)).exclude(MADE_WITH_ITS_FIRST_WORDS)
    edited = edited.exclude(DONE & Exists(acted.filter(pk=OuterRef("object_id"))))  # told as what came of it
    itself = written.filter(Among(F("object_id"), mine.values("pk").query), model="opportunity")
    itself = itself.exclude(Q(action="edit") & Exists(_undone()))
    hung = Q(action__in=(*HANGS_ON_IT, *OF_THE_GATE)) | Q(action="edit", changes__has_any_keys=WITHOUT_PAST)
    parts = (
        _part(CHANGED, versions, "pk", F("valid_from"), deal, actor),
        _part(RECORDED, records, "pk", Greatest(*moments), deal, None),
        _part(LOWERED, lowered, "checkpoint_id", F("at"), F("checkpoint__opportunity_id"), actor),
        _part(DECIDED, decisions, "pk", F("decided_at"), deal, F("decided_by_id"), F("decision")),
        _part(ACTED, acted, "pk", F("debriefed_at"), deal, F("owner_id"), outcome),
        _part(PART, edited, "pk", F("at"), F("part_of"), actor),
        _part(PART, itself.filter(hung), "pk", F("at"), F("object_id"), actor),
    )
    first, *others = parts
    return first.union(*others, all=True).order_by("-moment", "of_kind")[:most]


def _undone() -> QuerySet[Any]:
    """What took back the change of which an outer entry tells: an undo makes the very next version."""
    undos = AuditEntry.objects.filter(model="opportunity", action="undo").order_by()
    return undos.filter(object_id=OuterRef("object_id"), object_version=OuterRef("object_version") + 1)


def _of(path: str, user: int) -> dict[str, Any]:
    """Whether the opportunity to which `path` leads is this person's own."""
    prefix = f"{path}__" if path else ""
    return {f"{prefix}owner": user, f"{prefix}archived_at": None}


def _part(kind: int, rows: Any, row: str, at: Any, opportunity: F, actor: F | None, how: Any = None) -> Any:
    nobody, nothing = Value(None, IntegerField()), Value("", CharField())
    columns = {"of_kind": Value(kind, IntegerField()), "about": F(row), "moment": at, "deal": opportunity}
    named = rows.order_by().annotate(**columns, by=actor or nobody, in_words=how or nothing)
    return named.values_list(*columns, "by", "in_words")


def _others(user: int, since: datetime, at: str, by: str) -> Q:
    """Whether somebody else did after `since` what the column `at` is the moment of."""
    return Q(**{f"{at}__gt": since, f"{by}__isnull": False}) & ~Q(**{by: user})


def _by_others(user: int, since: datetime, at: str, by: str) -> Case:
    """That moment, where it is none of others `since`."""
    never = Value(since, DateTimeField())
    return Case(When(_others(user, since, at, by), then=F(at)), default=never, output_field=DateTimeField())


def _records(ids: Collection[int]) -> dict[int, Checkpoint]:
    """The records with what is told of them. At most one query."""
    moments = [name for _how, at, by in HAPPENED for name in (at, by)]
    told = ("rung__checkpoint_zh", "rung__checkpoint_en")
    return Checkpoint.objects.select_related("rung").only(*moments, *told).in_bulk(ids) if ids else {}


def _acts_on_parts(ids: Collection[int], reader: User) -> dict[int, trail.Line]:
    """{entry of the audit trail: it in words}, a person on the map by name or post. At most two queries."""
    if not ids:
        return {}
    person = Stakeholder.objects.filter(pk=OuterRef("object_id")).order_by()
    named = person.values_list(Coalesce(NullIf("contact__name", Value("")), NullIf("role_title", Value("")), Value("")))
    name = Case(When(model="stakeholder", then=Subquery(named)))
    found = AuditEntry.objects.filter(pk__in=ids).annotate(person=name)
    for entry in found:
        entry.changes = {name: pair for name, pair in entry.changes.items() if _is_told(entry, name)}
    lines: Any = trail.lines_of(found, reader)
    return {line.entry.pk: _as_news(line, line.entry.person) for line in lines}


def _is_told(entry: AuditEntry, name: str) -> bool:
    """Whether a change of this field is news below the name of the opportunity."""
    if entry.model == "opportunity":
        return entry.action != "edit" or name in WITHOUT_PAST
    if entry.model == "activity" and entry.action == "create":
        return name == "planned_at"
    return name not in KNOWN


def _as_news(line: trail.Line, person: str | None) -> trail.Line:
    """The line below the name of its opportunity: what hangs on that is called by its own name."""
    if line.entry.action in HANGS_ON_IT:
        (change,) = line.changes
        return replace(line, kind="", name=change.before if change.after == MISSING else change.after, changes=[])
    changes = [replace(each, before="") if each.before == MISSING else each for each in line.changes]
    if line.entry.model == "opportunity":
        return replace(line, kind="", name="", changes=changes)
    return replace(line, name=person or line.name, changes=changes)


def _happened(found: Found, record: Checkpoint | None, user: User, since: datetime) -> Iterator[Found]:
    """What `found` tells: of a record each thing that others did to it."""
    if found.kind != RECORDED:
        if found.kind == LOWERED:
            found = replace(found, how="lowered")
        yield found
        return
    for how, at, by in HAPPENED:
        moment, actor = getattr(record, at), getattr(record, f"{by}_id")
        if moment and moment > since and actor not in (None, user.pk):
            yield replace(found, at=moment, actor=actor, how=how)


def _entries(found: list[Found], people: dict[int, User]) -> dict[int, Entry]:
    """{version: what it changed}. At most one query."""
    if not found:
        return {}
    before = Q(opportunity__in={each.opportunity for each in found}, valid_to__in={each.at for each in found})
    rows = OpportunityVersion.objects.filter(Q(pk__in=[each.row for each in found]) | before)
    stages = {stage.pk: stage for stage in all_stages()}
    versions = list(rows.select_related("owner", "team", "product").order_by())
    for version in versions:
        version.stage, version.actor = stages[version.stage_id], people.get(version.actor_id or 0)
    ended = {(row.opportunity_id, row.valid_to): row for row in versions}
    by_id = {row.pk: row for row in versions}
    return {each.row: entry_between(by_id[each.row], ended.get((each.opportunity, each.at))) for each in found}
