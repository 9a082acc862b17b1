"""The set-based writes of opportunities and their versions."""

from datetime import datetime

from django.db import connection
from django.db.models.expressions import RawSQL

from accounts.models import User
from customers.models import Customer, Product
from opportunities import rules
from opportunities.models import Opportunity, OpportunityVersion, Stage
from opportunities.querysets import FOREVER
from opportunities.selectors.gate import missing_between, standing_on, with_standing
from opportunities.selectors.stages import stages_in_use
from pipeline.interchange import staging
from pipeline.interchange.layout import EVENTS, OPPORTUNITIES
from pipeline.interchange.report import Report
from pipeline.interchange.timelines import Plan

CHUNK = 500
OPPORTUNITY = Opportunity._meta.db_table
VERSIONS = OpportunityVersion._meta.db_table
STAGE, USER, PRODUCT, CUSTOMER = (model._meta.db_table for model in (Stage, User, Product, Customer))
TEAM = "accounts_team"
REFERENCES = {"stage_id": "st.id", "owner_id": "ow.id", "team_id": "te.id", "product_id": "pr.id"}
JOINS = (
    f" JOIN {STAGE} st ON st.key = v.stage JOIN {USER} ow ON ow.username = v.owner"
    f" LEFT JOIN {TEAM} te ON te.key = v.team LEFT JOIN {PRODUCT} pr ON pr.key = v.product"
)
HELD = ", ".join(rules.HELD)
HELD_VALUES = ", ".join(REFERENCES.get(name, f"v.{name}") for name in rules.HELD)
OWN = ("title", "source", "created_at", "created_on", "forecast_category", "signed_on", "competitor", "archived_at",
       "changed_at", "version", "imported_version")  # fmt: skip

MOVED = (  # those that people changed or created between two moments
    f"SELECT m.key FROM {OPPORTUNITY} m LEFT JOIN {staging.OUT} o ON o.key = m.key"
    f" LEFT JOIN {staging.TOUCHED} t ON t.key = m.key WHERE COALESCE(o.seen, t.seen, 0) <> m.version"
    " AND (t.key IS NOT NULL OR m.changed_at BETWEEN %s AND %s)"
)


def touch(plan: Plan, *, everything: bool) -> None:
    """Note whose history has to be computed: those the files name, and those a changed setting touches."""
    wanted = [f"SELECT key FROM {OPPORTUNITIES.table}", f"SELECT opportunity FROM {EVENTS.table}"]
    params: list[str] = []
    versions = f"SELECT o.key FROM {VERSIONS} v JOIN {OPPORTUNITY} o ON o.id = v.opportunity_id"
    if everything:
        wanted.append(f"SELECT key FROM {OPPORTUNITY}")
    if plan.changed_teams:
        marks = ", ".join(["%s"] * len(plan.changed_teams))
        wanted.append(f"{versions} JOIN {USER} u ON u.id = v.owner_id WHERE u.username IN ({marks})")
        params += sorted(plan.changed_teams)
    if plan.changed_rates:
        marks = ", ".join(["%s"] * len(plan.changed_rates))
        wanted.append(f"{versions} JOIN {STAGE} s ON s.id = v.stage_id WHERE s.key IN ({marks})")
        params += sorted(plan.changed_rates)
    staging.execute(
        f"INSERT INTO {staging.TOUCHED} (key, events, seen) SELECT w.key, COALESCE(e.n, 0), m.version"
        f" FROM ({' UNION '.join(wanted)}) w LEFT JOIN {OPPORTUNITY} m ON m.key = w.key"
        f" LEFT JOIN (SELECT opportunity, COUNT(*) AS n FROM {EVENTS.table} GROUP BY opportunity) e"
        f" ON e.opportunity = w.key",
        params,
    )


def touch_moved(since: datetime, now: datetime) -> bool:
    """Note only those that people changed or created since the histories were computed.

    What was computed for them is forgotten; they are locked until the transaction ends (`locking`).
    """
    adapt = connection.ops.adapt_datetimefield_value
    moved = [key for (key,) in staging.fetch(MOVED, [adapt(since), adapt(now)])]
    staging.execute(f"DELETE FROM {staging.TOUCHED}")
    writer = staging.Writer(staging.TOUCHED, staging.TOUCHED_COLUMNS)
    for key in moved:
        staging.execute(f"DELETE FROM {staging.OUT} WHERE key = %s", [key])
        staging.execute(f"DELETE FROM {staging.VERSION} WHERE opportunity = %s", [key])
        writer.add([key, 0, 0])
    writer.flush()
    return bool(moved)


def write_opportunities() -> None:
    """Rows and versions of everything that was computed."""
    _update_rows()
    _update_held()
    _insert_rows()
    _replace_versions()


def _customer() -> str:
    return staging.reference_key("customers.csv", "o.customer")


def _created_by() -> str:
    return staging.reference_key("users.csv", "o.created_by")


def _unproven_from() -> str:
    return staging.reference_key("stages.csv", "o.unproven_from")


def _json(expression: str) -> str:
    return f"CAST({expression} AS {Opportunity._meta.get_field('changed_in').db_type(connection)})"


def _insert_rows() -> None:
    own = ", ".join(OWN)
    said = ", ".join(f"o.{name}" for name in OWN)
    staging.execute(
        f"INSERT INTO {OPPORTUNITY} (key, customer_id, created_by_id, unproven_from_id, changed_in, {own}, {HELD})"
        f" SELECT o.key, {_customer()}, {_created_by()}, {_unproven_from()}, {_json('o.changed_in')}, {said},"
        f" {HELD_VALUES}"
        f" FROM {staging.OUT} o JOIN {staging.VERSION} v ON v.opportunity = o.key AND v.valid_to = %s{JOINS}"
        f" WHERE o.seen IS NULL ORDER BY o.key",
        [connection.ops.adapt_datetimefield_value(FOREVER)],
    )


def _update_rows() -> None:
    sets = ", ".join(f"{name} = o.{name}" for name in OWN)
    staging.execute(
        f"UPDATE {OPPORTUNITY} SET {sets}, changed_in = {_json('o.changed_in')}, last_change = NULL,"
        f" customer_id = {_customer()}, created_by_id = {_created_by()}, unproven_from_id = {_unproven_from()}"
        f" FROM {staging.OUT} o WHERE o.key = {OPPORTUNITY}.key AND o.seen IS NOT NULL"
    )


def _update_held() -> None:
    values = [REFERENCES.get(name, f"v.{name}") for name in rules.HELD]
    sets = ", ".join(f"{name} = {value}" for name, value in zip(rules.HELD, values, strict=True))
    staging.execute(
        f"UPDATE {OPPORTUNITY} SET {sets} FROM {staging.OUT} o JOIN {staging.VERSION} v"
        f" ON v.opportunity = o.key AND v.valid_to = %s{JOINS}"
        f" WHERE o.key = {OPPORTUNITY}.key AND o.seen IS NOT NULL",
        [connection.ops.adapt_datetimefield_value(FOREVER)],
    )


def _replace_versions() -> None:
    staging.execute(
        f"DELETE FROM {VERSIONS} WHERE opportunity_id IN (SELECT m.id FROM {OPPORTUNITY} m"
        f" JOIN {staging.OUT} o ON o.key = m.key WHERE o.rewritten AND o.seen IS NOT NULL)"
    )
    staging.execute(
        f"INSERT INTO {VERSIONS} (opportunity_id, valid_from, valid_to, actor_id, reason, {HELD})"
        f" SELECT m.id, v.valid_from, v.valid_to, ac.id, v.reason, {HELD_VALUES}"
        f" FROM {staging.VERSION} v JOIN {OPPORTUNITY} m ON m.key = v.opportunity{JOINS}"
        f" LEFT JOIN {USER} ac ON ac.username = v.actor"
    )


def settle_marks(report: Report) -> None:
    """Take the mark *moved without proof* away where the evidence has reached the stage, unless the file says so."""
    stages = stages_in_use()
    marked = with_standing(Opportunity.objects.filter(unproven_from__isnull=False))
    if "unproven_from" in report.present.get(OPPORTUNITIES.name, ()):
        said = RawSQL(f"SELECT key FROM {OPPORTUNITIES.table}", [])  # noqa: S611 - no value in it
        marked = marked.exclude(key__in=said)
    proven = [
        row.pk
        for row in marked.select_related("stage", "unproven_from").order_by("pk").iterator(CHUNK)
        if row.is_open and not missing_between(standing_on(row), row.unproven_from, row.stage, stages)
    ]
    for start in range(0, len(proven), CHUNK):
        Opportunity.objects.filter(pk__in=proven[start : start + CHUNK]).update(unproven_from=None)
