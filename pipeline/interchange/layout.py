"""The files of a workspace and their columns (docs/interchange.md)."""

from accounts.models import Organisation, Team, User, UserTeam
from customers.models import Assessment, Contact, Customer, CustomerTier, Order, Product
from opportunities.models import Collaborator, ForecastCategory, Opportunity, Outcome, Stage, StageSetting
from opportunities.rules.evidence import FACTORS
from pipeline.interchange import cells
from pipeline.interchange.columns import ARCHIVED, CREATED_AT, KEY, NAME, Column, File, reference, text, words
from pipeline.interchange.files_of_customers import CUSTOMER_FILES
from pipeline.interchange.files_of_evidence import EVIDENCE_FILES
from pipeline.interchange.files_of_method import METHOD_FILES

EVENT_FIELDS = ("stage", "amount", "expected_close", "owner", "product", "next_step", "next_step_due")


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
# customers.csv says the first tier where there are later ones in customer_tiers.csv, else the present one; that of an
# assessed customer follows from its assessments whatever the file says.
_LINES = "SELECT 1 FROM interchange_customer_tiers t WHERE t.customer = m.key"
TIER_SAID = (
    f"CASE WHEN EXISTS ({_LINES}) THEN (SELECT f.tier FROM {CustomerTier._meta.db_table} f"
    " WHERE f.customer_id = m.id ORDER BY f.valid_from LIMIT 1)"
    f" WHEN EXISTS (SELECT 1 FROM {Assessment._meta.db_table} a WHERE a.customer_id = m.id) THEN s.tier"
    " ELSE m.tier END"
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
        Column("tier", words(Customer.Tier), empty="", absent="", ours=TIER_SAID),
        reference("team", "teams.csv"),
        ARCHIVED,
        Column("credit_code", cells.credit_code, empty="", absent=""),
        Column("phone", cells.phone, empty="", absent=""),
        Column("domain", cells.domain, empty="", absent=""),
        reference("merged_into", "customers.csv", keeps=True),
        CREATED_AT,
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
        text("notes", 2000),
        Column("erased_at", cells.moment, "moment", keeps=True),
        CREATED_AT,
    ),
)
SETTINGS = (
    Column("win_rate", cells.rate, "int", special=True),
    Column("floor", cells.whole(0, 6), "int", special=True),
    Column("expected_days", cells.whole(1, 3650), "int", special=True, empty=30, absent=30),
    *(Column(f"floor_{name}", cells.floor, "int", aside=True) for name in FACTORS),
    Column("milestones", cells.conditions, aside=True),
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
        *SETTINGS[1:3],
        Column("retired_at", cells.moment, "moment"),
        *SETTINGS[3:],
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
        reference("unproven_from", "stages.csv"),
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
        reference("added_by", "users.csv", keeps=True),
        Column("added_at", cells.moment, "moment", keeps=True),
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

# In the order in which they are read and written: what is referred to stands before what refers to it.
FILES = (
    ORGANISATION, STAGES, TEAMS, USERS, PRODUCTS, *METHOD_FILES, STAGE_SETTINGS, USER_TEAMS, CUSTOMERS, CONTACTS,
    OPPORTUNITIES, EVENTS, COLLABORATORS, ORDERS, *EVIDENCE_FILES, *CUSTOMER_FILES,
)  # fmt: skip
BY_NAME = {file.name: file for file in FILES}
NEEDED_AT_FIRST = (ORGANISATION, USERS, STAGES)
# Copied into their tables as they are: before the opportunities, and after them.
COPIED = (STAGES, TEAMS, USERS, PRODUCTS, *METHOD_FILES, CUSTOMERS, CONTACTS, ORDERS, *CUSTOMER_FILES)
COPIED_AFTERWARDS = (COLLABORATORS, *EVIDENCE_FILES)
