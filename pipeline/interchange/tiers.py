"""The tiers that customers have had (FINE-PRINT 6), inside the writing transaction.

The first tier of customers.csv holds for all the past, customer_tiers.csv carries the later ones. Without such lines
for a customer that is known already, another tier in customers.csv is a change from the moment of the import on;
while there is no opportunity yet, it replaces what was said before.
"""

from datetime import datetime

from django.db import connection

from accounts.actions import BEGINNING
from customers.models import Assessment, Customer, CustomerTier
from pipeline.interchange import staging
from pipeline.interchange.files_of_customers import ASSESSMENTS, CUSTOMER_TIERS
from pipeline.interchange.layout import CUSTOMERS
from pipeline.interchange.report import Report

CUSTOMER, HELD, ASSESSED = (model._meta.db_table for model in (Customer, CustomerTier, Assessment))
STAGED = f"EXISTS (SELECT 1 FROM {CUSTOMERS.table} s WHERE s.key = m.key)"
LINES = f"EXISTS (SELECT 1 FROM {CUSTOMER_TIERS.table} t WHERE t.customer = m.key)"
LATEST = f"(SELECT h.tier FROM {HELD} h WHERE h.customer_id = m.id ORDER BY h.valid_from DESC LIMIT 1)"
# Another tier than the latest, said by customers.csv alone of a customer that nobody has assessed.
CHANGED = (
    f"SELECT m.id FROM {CUSTOMER} m WHERE {STAGED} AND NOT {LINES} AND m.tier <> {LATEST}"
    f" AND NOT EXISTS (SELECT 1 FROM {ASSESSED} a WHERE a.customer_id = m.id)"
)


def write_first_tiers(report: Report, *, fresh: bool, now: datetime) -> None:
    """Begin the history of new customers, and note what customers.csv says of known ones."""
    if fresh:
        staging.execute(f"DELETE FROM {HELD} WHERE customer_id IN ({CHANGED})")
        if "tier" in report.present.get(CUSTOMERS.name, ()):
            _replace_first()
    else:
        _add(f"m.id IN ({CHANGED})", now)
    _add(f"NOT EXISTS (SELECT 1 FROM {HELD} h WHERE h.customer_id = m.id)", BEGINNING)


def _add(condition: str, at: datetime) -> None:
    staging.execute(
        f"INSERT INTO {HELD} (customer_id, valid_from, tier) SELECT m.id, {_moment()}, m.tier FROM {CUSTOMER} m"
        f" WHERE {condition}",
        [connection.ops.adapt_datetimefield_value(at)],
    )


def _moment() -> str:
    return "%s" if connection.vendor == "sqlite" else "CAST(%s AS timestamptz)"


def _replace_first() -> None:
    staging.execute(
        f"UPDATE {HELD} SET tier = s.tier FROM {CUSTOMERS.table} s JOIN {CUSTOMER} m ON m.key = s.key"
        f" WHERE {HELD}.customer_id = m.id AND {LINES}"
        f" AND {HELD}.valid_from = (SELECT MIN(h.valid_from) FROM {HELD} h WHERE h.customer_id = m.id)"
    )


def write_present_tiers(now: datetime) -> None:
    """When all files are copied: which assessment each tier comes from, and the tier that each customer has now."""
    at = connection.ops.adapt_datetimefield_value(now)
    named = f"({STAGED} OR {LINES} OR EXISTS (SELECT 1 FROM {ASSESSMENTS.table} a WHERE a.customer = m.key))"
    staging.execute(
        f"UPDATE {HELD} SET assessment_id = (SELECT a.id FROM {ASSESSED} a WHERE a.customer_id = {HELD}.customer_id"
        f" AND (a.assessed_at = {HELD}.valid_from OR a.overridden_at = {HELD}.valid_from))"
        f" WHERE assessment_id IS NULL AND customer_id IN (SELECT m.id FROM {CUSTOMER} m WHERE {named})"
    )
    present = (
        f"(SELECT h.tier FROM {HELD} h WHERE h.customer_id = {CUSTOMER}.id AND (h.valid_from <= {_moment()}"
        f" OR h.valid_from = (SELECT MIN(f.valid_from) FROM {HELD} f WHERE f.customer_id = {CUSTOMER}.id))"
        " ORDER BY h.valid_from DESC LIMIT 1)"
    )
    staging.execute(
        f"UPDATE {CUSTOMER} SET tier = {present} WHERE tier <> {present}"
        f" AND id IN (SELECT m.id FROM {CUSTOMER} m WHERE {named})",
        [at, at],
    )
