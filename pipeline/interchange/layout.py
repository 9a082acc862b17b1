"""The files of a workspace and their columns (docs/interchange.md)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from accounts.models import Organisation, Team, User, UserTeam
from customers.models import Contact, Customer, Order, Product
from opportunities.models import Collaborator, ForecastCategory, Opportunity, Outcome, Stage, StageSetting
from pipeline.interchange import cells

EVENT_FIELDS = ("stage", "amount", "expected_close", "owner", "product", "next_step", "next_step_due")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `store` is its type in staging, `ref` the file whose keys it holds, `field` the model's field.

    `empty` is what an empty cell holds, `absent` what a new row holds where the file lacks the column.
    A `special` column is none that is simply copied into its model's field.
    """

    name: str
    parse: cells.Parse = cells.key
    store: str = "text"
    required: bool = False
    ref: str = ""
    field: str = ""
    empty: Any = None
    absent: Any = None
    special: bool = False

    @property
    def field_name(self) -> str:
        return self.field or self.name


@dataclass(frozen=True, slots=True)
class File:
    """A file: `key` are the columns that name a row; `match` the model's field that holds a key."""

    name: str
    model: type[models.Model]
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("key",)
    match: str = "key"

    @property
    def table(self) -> str:
        """The staging table."""
        return "interchange_" + self.name.removesuffix(".csv")

    @property
    def plain(self) -> list[Column]:
        """Columns that are copied into the model as they are, the key left out."""
        return [column for column in self.columns if not column.special and column.name not in self.key]

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def words(choices: type[models.TextChoices] | Iterable[str]) -> cells.Parse:
    return cells.choice(*(choices.values if isinstance(choices, type) else choices))  # type: ignore[attr-defined]


def text(name: str, longest: int, **options: Any) -> Column:
    return Column(name, cells.text(longest), **{"empty": "", "absent": "", **options})


def reference(name: str, ref: str, **options: Any) -> Column:
    return Column(name, ref=ref, **options)


KEY = Column("key", required=True)
NAME = text("name", 200, required=True)
ARCHIVED = Column("archived_at", cells.moment, "moment")


ORGANISATION = File(
    "organisation.csv",
    Organisation,
    (
        NAME,
        Column("industry", words(Organisation.Industry), required=True),
        Column("currency", cells.currency, required=True),
        Column("timezone", cells.timezone, required=True),
        Column("fiscal_year_start_month", cells.whole(1, 12), "int", empty=1, absent=1),
        Column("working_days", cells.weekdays, empty="1 2 3 4 5", absent="1 2 3 4 5"),
    ),
    key=(),
)
TEAMS = File("teams.csv", Team, (KEY, NAME, reference("parent", "teams.csv"), ARCHIVED))
USERS = File(
    "users.csv",
    User,
    (
        Column("key", cells.login, required=True),
        text("name", 150, required=True),
        Column("email", cells.email, empty="", absent=""),
        Column("role", words(User.Role), required=True),
        reference("team", "teams.csv", special=True),
        Column("active_from", cells.day, "day"),
        Column("active_until", cells.day, "day"),
    ),
    match="username",
)
USER_TEAMS = File(
    "user_teams.csv",
    UserTeam,
    (
        reference("user", "users.csv", required=True),
        Column("at", cells.moment, "moment", required=True),
        reference("team", "teams.csv"),
    ),
    key=("user", "at"),
)
PRODUCTS = File(
    "products.csv",
    Product,
    (
        KEY,
        NAME,
        text("line", 200),
        Column("is_core", cells.flag, "flag", empty=False, absent=False),
        Column("active", cells.flag, "flag", empty=True, absent=True),
        ARCHIVED,
    ),
)
CUSTOMERS = File(
    "customers.csv",
    Customer,
    (
        KEY,
        NAME,
        text("industry", 200),
        text("region", 200),
        reference("owner", "users.csv"),
        Column("created_on", cells.day, "day"),
        reference("parent", "customers.csv"),
        Column("annual_spend", cells.amount, "int"),
        Column("tier", words(Customer.Tier), empty="", absent=""),
        reference("team", "teams.csv"),
        ARCHIVED,
    ),
)
CONTACTS = File(
    "contacts.csv",
    Contact,
    (
        KEY,
        reference("customer", "customers.csv", required=True),
        NAME,
        text("title", 200),
        text("department", 200),
        Column("email", cells.email, empty="", absent=""),
        text("phone", 50),
        Column("buying_role", words(Contact.BuyingRole), empty="", absent=""),
        Column("influence", cells.whole(1, 5), "int"),
        Column("stance", cells.whole(-2, 2), "int"),
        ARCHIVED,
    ),
)
SETTINGS = (
    Column("win_rate", cells.rate, "int", special=True),
    Column("floor", cells.whole(0, 6), "int", special=True),
    Column("expected_days", cells.whole(1, 3650), "int", special=True, empty=30, absent=30),
)
STAGES = File(
    "stages.csv",
    Stage,
    (
        KEY,
        text("name_zh", 100, required=True),
        text("name_en", 100, required=True),
        Column("position", cells.whole(1, 1000), "int", required=True),
        Column("win_rate", cells.rate, "int", required=True, special=True),
        Column("outcome", words(Outcome), required=True),
        *SETTINGS[1:],
        Column("retired_at", cells.moment, "moment"),
    ),
)
STAGE_SETTINGS = File(
    "stage_settings.csv",
    StageSetting,
    (
        reference("stage", "stages.csv", required=True),
        Column("at", cells.moment, "moment", required=True),
        *(Column(column.name, column.parse, column.store) for column in SETTINGS),
    ),
    key=("stage", "at"),
)
OPPORTUNITIES = File(
    "opportunities.csv",
    Opportunity,
    (
        KEY,
        reference("customer", "customers.csv", required=True),
        text("title", 200, required=True),
        reference("product", "products.csv", special=True),
        text("source", 200),
        Column("created_at", cells.moment, "moment", required=True),
        reference("created_by", "users.csv"),
        Column("forecast_category", words(ForecastCategory), empty="", absent=ForecastCategory.PIPELINE.value),
        Column("signed_on", cells.day, "day"),
        text("competitor", 200),
        ARCHIVED,
    ),
)
EVENTS = File(
    "opportunity_events.csv",
    Opportunity,
    (
        reference("opportunity", "opportunities.csv", required=True),
        Column("at", cells.moment, "moment", required=True),
        reference("actor", "users.csv"),
        Column("field", words(EVENT_FIELDS), required=True),
        Column("value", cells.text(500), empty=None),
        text("reason", 500),
    ),
    key=("opportunity", "at", "field"),
)
COLLABORATORS = File(
    "collaborators.csv",
    Collaborator,
    (
        reference("opportunity", "opportunities.csv", required=True),
        reference("user", "users.csv", required=True),
    ),
    key=("opportunity", "user"),
)
ORDERS = File(
    "orders.csv",
    Order,
    (
        KEY,
        reference("customer", "customers.csv", required=True),
        reference("product", "products.csv"),
        reference("owner", "users.csv"),
        Column("amount", cells.amount, "int", required=True),
        Column("booked_on", cells.day, "day", required=True),
        ARCHIVED,
    ),
)

# In the order in which they are read: what is referred to stands before what refers to it.
FILES = (
    ORGANISATION, STAGES, TEAMS, USERS, PRODUCTS, STAGE_SETTINGS, USER_TEAMS, CUSTOMERS, CONTACTS, OPPORTUNITIES,
    EVENTS, COLLABORATORS, ORDERS,
)  # fmt: skip
BY_NAME = {file.name: file for file in FILES}
KNOWN_BUT_NOT_READ = (
    "headcount.csv", "activities.csv", "checkpoints.csv", "contracts.csv", "nps.csv", "targets.csv",
    "customer_tiers.csv",
)  # fmt: skip
NEEDED_AT_FIRST = (ORGANISATION, USERS, STAGES)
