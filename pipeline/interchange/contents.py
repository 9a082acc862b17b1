"""What stands in each exported file: its rows, in the order of the file's columns."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Case, OuterRef, Subquery, When
from django.db.models.functions import Coalesce

from accounts.models import Organisation, Team, User, UserTeam
from customers.models import Contact, Customer, CustomerTier, Order, Product
from opportunities.models import (
    Activity,
    Attachment,
    Checkpoint,
    Collaborator,
    GradeChange,
    Opportunity,
    OpportunityVersion,
    Stage,
    StageSetting,
)
from opportunities.rules.evidence import FACTORS
from pipeline.interchange.cells import CLEARED
from pipeline.interchange.columns import Column, File
from pipeline.interchange.files_of_customers import CUSTOMER_FILES
from pipeline.interchange.files_of_evidence import (
    ACTIVITIES,
    ATTACHMENTS,
    CHECKPOINTS,
    EVIDENCE_FILES,
    GRADE_CHANGES,
)
from pipeline.interchange.files_of_method import METHOD_FILES
from pipeline.interchange.history import HELD_NAMES, derive
from pipeline.interchange.known import VERSION_KEYS, as_version
from pipeline.interchange.layout import BY_NAME, COLLABORATORS, EVENT_FIELDS, OPPORTUNITIES
from pipeline.interchange.source import FOLDER

CHUNK = 2_000
Row = tuple[Any, ...] | list[Any]


class Cents(int):
    """An amount in cents, to be written with two places."""


def as_amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def cell(value: Any, zone: ZoneInfo) -> str:
    """A value as it stands in a workspace file; exact, whatever a spreadsheet would make of it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Cents):
        return as_amount(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        return " ".join(str(part) for part in value)
    return str(value)


def _organisation() -> Iterator[Row]:
    yield from Organisation.objects.values_list(*(column.name for column in BY_NAME["organisation.csv"].columns))


def _copied(file: File, model: Any, order: str = "key") -> Callable[[], Iterator[Row]]:
    """Rows of a file whose columns are fields of one model."""

    def rows() -> Iterator[Row]:
        names = [_lookup(file, column) for column in file.columns]
        found = model._default_manager.order_by(*order.split()).values_list(*names).iterator(CHUNK)
        shows = [column.show for column in file.columns]
        if not any(shows):
            return iter(found)
        return ([show(cell) if show else cell for show, cell in zip(shows, row, strict=True)] for row in found)

    return rows


def _lookup(file: File, column: Column) -> str:
    if column.name == "key":
        return file.match
    return f"{column.field_name}__{BY_NAME[column.ref].match}" if column.ref else column.field_name


def _users() -> Iterator[Row]:
    """The team is the first one; later ones stand in user_teams.csv."""
    first: dict[int, str | None] = {}
    for user, team in UserTeam.objects.order_by("user", "valid_from").values_list("user", "team__key"):
        first.setdefault(user, team)
    for user in User.objects.order_by("username").select_related("team"):
        first_team = first.get(user.pk, user.team.key if user.team else None)
        yield user.username, user.name, user.email, user.role, first_team, user.active_from, user.active_until


def _user_teams() -> Iterator[Row]:
    rows = UserTeam.objects.order_by("user__username", "valid_from")
    yield from _later(rows.values_list("user__username", "valid_from", "team__key"))


def _later(rows: Any) -> Iterator[Row]:
    """All but the first of each group of rows with the same first value."""
    before = None
    for row in rows:
        if row[0] == before:
            yield row
        before = row[0]


def _customers() -> Iterator[Row]:
    """The tier is the first one; later ones stand in customer_tiers.csv."""
    file = BY_NAME["customers.csv"]
    names = ["first_tier" if name == "tier" else name for name in _lookups(file)]
    first = CustomerTier.objects.filter(customer=OuterRef("pk")).order_by("valid_from").values("tier")[:1]
    rows = Customer.objects.annotate(first_tier=Coalesce(Subquery(first), "tier"))
    yield from rows.order_by("key").values_list(*names).iterator(CHUNK)


def _customer_tiers() -> Iterator[Row]:
    rows = CustomerTier.objects.order_by("customer__key", "valid_from")
    yield from _later(rows.values_list("customer__key", "valid_from", "tier").iterator(CHUNK))


def _stages() -> Iterator[Row]:
    first: dict[int, StageSetting] = {}
    for setting in StageSetting.objects.order_by("stage", "valid_from"):
        first.setdefault(setting.stage_id, setting)
    for stage in Stage.objects.order_by("position", "id"):
        held = first.get(stage.pk, stage)
        yield (
            stage.key, stage.name_zh, stage.name_en, stage.position, held.win_rate, stage.outcome, held.floor,
            held.expected_days, stage.retired_at, *(held.floors.get(name) for name in FACTORS), held.milestones,
        )  # fmt: skip


def _stage_settings() -> Iterator[Row]:
    """An empty floor after a set one is written as 0, which means the same: an empty cell keeps what held before.

    Of the columns that came later, what is not set is written as such.
    """
    before, held = None, None
    for row in StageSetting.objects.select_related("stage").order_by("stage__position", "stage__key", "valid_from"):
        is_first = row.stage_id != before
        held = 0 if row.floor is None and held is not None and not is_first else row.floor
        before = row.stage_id
        if not is_first:
            heights = (row.floors.get(name, CLEARED) for name in FACTORS)
            milestones = row.milestones or CLEARED
            yield row.stage.key, row.valid_from, row.win_rate, held, row.expected_days, *heights, milestones


def _opportunities() -> Iterator[Row]:
    names = [_lookup(OPPORTUNITIES, column) for column in OPPORTUNITIES.columns]
    names[names.index("product__key")] = "pk"  # what it had in the beginning is looked up page by page
    page: list[list[Any]] = []
    for row in Opportunity.objects.order_by("key").values_list(*names).iterator(CHUNK):
        page.append(list(row))
        if len(page) >= CHUNK:
            yield from _with_first_product(page)
            page = []
    yield from _with_first_product(page)


def _with_first_product(page: list[list[Any]]) -> list[list[Any]]:
    place = [column.name for column in OPPORTUNITIES.columns].index("product")
    first: dict[int, str | None] = {}
    rows = OpportunityVersion.objects.filter(opportunity__in=[row[place] for row in page])
    for pk, key in rows.order_by("opportunity", "valid_from").values_list("opportunity", "product__key"):
        first.setdefault(pk, key)
    for row in page:
        row[place] = first.get(row[place])
    return page


def _events() -> Iterator[Row]:
    """One line for each field that a change set; what only followed from a setting has no line."""
    rows = OpportunityVersion.objects.order_by("opportunity__key", "valid_from").values_list(*VERSION_KEYS)
    for key, versions in groupby(rows.iterator(CHUNK), itemgetter(0)):
        for number, (at, change) in enumerate(derive(map(as_version, versions)).items()):
            values = dict(change.values)
            if number == 0:
                values.pop("product", None)  # stands in opportunities.csv
            explained = "stage" if "stage" in values else next((name for name in EVENT_FIELDS if name in values), "")
            for name in EVENT_FIELDS:
                if name in values:
                    value = Cents(values[name]) if name == "amount" and values[name] is not None else values[name]
                    yield key, at, change.actor, name, value, change.reason if name == explained else ""


def _checkpoints() -> Iterator[Row]:
    """The grade is the first one; later ones stand in grade_changes.csv. A file that was removed is only named."""
    names = [OF_RECORD.get(name, name) for name in _lookups(CHECKPOINTS)]
    first = GradeChange.objects.filter(checkpoint=OuterRef("pk")).order_by("at", "pk").values("before")[:1]
    rows = Checkpoint.objects.annotate(
        first_grade=Coalesce(Subquery(first), "grade"),
        confirmed=Case(When(confirmed_at__isnull=False, then=True), default=None, output_field=BooleanField()),
        file_in_use=Case(When(file__removed_at=None, then="file__key")),
    )
    yield from rows.order_by(*_lookups(CHECKPOINTS)[:4]).values_list(*names).iterator(CHUNK)


OF_RECORD = {
    "grade": "first_grade", "manager_confirmed": "confirmed", "file": "file__name", "file__key": "file_in_use"
}  # fmt: skip


CONTENT = [column.name for column in ATTACHMENTS.columns].index("content")


def attachments() -> Iterator[tuple[list[Any], str]]:
    """Each file in use: its row, in which its contents have a number for a name, and its name in the storage."""
    names = ["stored" if name == "content" else name for name in _lookups(ATTACHMENTS)]
    rows = Attachment.objects.in_use().order_by("key").values_list(*names)
    for number, row in enumerate(map(list, rows.iterator(CHUNK)), 1):
        stored, ending = row[CONTENT], PurePath(row[names.index("name")]).suffix.lower()
        row[CONTENT] = f"{FOLDER}/{number:06}{ending}"
        yield row, stored


def _attachments() -> Iterator[Row]:
    return (row for row, _stored in attachments())


def _grade_changes() -> Iterator[Row]:
    names = [f"checkpoint__{name}" for name in _lookups(GRADE_CHANGES)[:4]]
    rows = GradeChange.objects.order_by(*names, "at")
    yield from rows.values_list(*names, *_lookups(GRADE_CHANGES)[4:]).iterator(CHUNK)


def _activities() -> Iterator[Row]:
    names = ["kind__base" if name == "kind" else name for name in _lookups(ACTIVITIES)]
    yield from Activity.objects.order_by("key").values_list(*names).iterator(CHUNK)


def _lookups(file: File) -> list[str]:
    return [_lookup(file, column) for column in file.columns]


assert set(EVENT_FIELDS) == set(HELD_NAMES)


def _order(file: File) -> str:
    return " ".join(_lookup(file, file.column(name)) for name in file.key)


ROWS: dict[str, Callable[[], Iterator[Row]]] = {
    "organisation.csv": _organisation,
    "stages.csv": _stages,
    "stage_settings.csv": _stage_settings,
    "teams.csv": _copied(BY_NAME["teams.csv"], Team),
    "users.csv": _users,
    "user_teams.csv": _user_teams,
    "products.csv": _copied(BY_NAME["products.csv"], Product),
    "customers.csv": _customers,
    "contacts.csv": _copied(BY_NAME["contacts.csv"], Contact),
    "opportunities.csv": _opportunities,
    "opportunity_events.csv": _events,
    "collaborators.csv": _copied(COLLABORATORS, Collaborator, _order(COLLABORATORS)),
    "orders.csv": _copied(BY_NAME["orders.csv"], Order),
    **{
        file.name: _copied(file, file.model, _order(file)) for file in (*METHOD_FILES, *EVIDENCE_FILES, *CUSTOMER_FILES)
    },
    "customer_tiers.csv": _customer_tiers,
    "activities.csv": _activities,
    "attachments.csv": _attachments,
    "checkpoints.csv": _checkpoints,
    "grade_changes.csv": _grade_changes,
}
