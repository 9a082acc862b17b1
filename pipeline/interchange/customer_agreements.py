"""What rows that hang on customers must be to one another and to what is known."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.models import Contract, Customer, CustomerTier
from pipeline.interchange import staging
from pipeline.interchange.circles import on_a_circle
from pipeline.interchange.columns import File
from pipeline.interchange.files_of_customers import (
    ACCOUNT_PLANS,
    ASSESSMENTS,
    CONTRACTS,
    CUSTOMER_TIERS,
    SUPPLIERS,
    UNITS,
)
from pipeline.interchange.report import Bad, Report, Said
from pipeline.interchange.tier_rules import check_tier_rules

CUSTOMERS_TABLE = Customer._meta.db_table
ONCE = ((ACCOUNT_PLANS, ("customer", "year")), (SUPPLIERS, ("customer", "name")), (UNITS, ("customer", "name")))


def check_customers(report: Report, fresh: bool) -> None:
    """Every check of the files that hang on customers."""
    _contracts(report)
    _renewals(report)
    for file, names in ONCE:
        _once_in_use(report, file, names)
    check_tier_rules(report)
    _overrides(report)
    if not fresh:
        _first_tiers(report)


def _refuse(report: Report, file: File, column: str, sql: str, wrong: Any, accepted: Any) -> None:
    """Refuse the lines that a query gives as (line, value)."""
    for line, value in staging.fetch(sql + " ORDER BY s.csv_line"):
        report.refuse(file.name, line, column, value, Bad(wrong, accepted))


def _contracts(report: Report) -> None:
    """A term has an end, and the contract that renews is another one of the same customer."""
    table = CONTRACTS.table
    sql = f"SELECT s.csv_line, s.ends_on FROM {table} s WHERE s.ends_on < s.starts_on"
    _refuse(report, CONTRACTS, "ends_on", sql, _("It ends before it starts."), _("a day on or after starts_on"))
    theirs = (
        f"COALESCE((SELECT r.customer FROM {table} r WHERE r.key = s.renewed_by),"
        f" (SELECT c.key FROM {CONTRACTS.model._meta.db_table} m JOIN {CUSTOMERS_TABLE} c ON c.id = m.customer_id"
        " WHERE m.key = s.renewed_by))"
    )
    sql = (
        f"SELECT s.csv_line, s.renewed_by FROM {table} s"
        f" WHERE s.renewed_by IS NOT NULL AND (s.renewed_by = s.key OR {theirs} <> s.customer)"
    )
    wrong, accepted = _("This contract cannot renew it."), _("another contract of the same customer")
    _refuse(report, CONTRACTS, "renewed_by", sql, wrong, accepted)


def _renewals(report: Report) -> None:
    """No contract is renewed, one after the other, by itself."""
    if "renewed_by" not in report.present.get(CONTRACTS.name, ()):
        return
    table = CONTRACTS.table
    sql = f"SELECT csv_line, key, renewed_by FROM {table} WHERE renewed_by <> key ORDER BY csv_line"
    renewing = staging.fetch(sql)
    if not renewing:
        return
    follows = dict(Contract.objects.filter(renewed_by__isnull=False).values_list("key", "renewed_by__key"))
    follows.update(staging.fetch(f"SELECT key, NULL FROM {table} WHERE renewed_by IS NULL"))
    follows.update({key: renewed_by for _line, key, renewed_by in renewing})
    circular = on_a_circle(follows)
    for line, key, renewed_by in renewing:
        if key in circular:
            bad = Bad(_("The contract renews itself in a circle."), _("a contract that does not lead back to this one"))
            report.refuse(CONTRACTS.name, line, "renewed_by", renewed_by, bad)


def _once_in_use(report: Report, file: File, names: tuple[str, ...]) -> None:
    """Of the rows that are not archived, each stands once at a customer."""
    other = names[1]
    above = (
        f"SELECT 1 FROM {file.table} o WHERE o.customer = s.customer AND o.{other} = s.{other}"
        " AND o.archived_at IS NULL AND o.csv_line < s.csv_line"
    )
    known = (
        f"SELECT 1 FROM {file.model._meta.db_table} m JOIN {CUSTOMERS_TABLE} c ON c.id = m.customer_id"
        f" WHERE c.key = s.customer AND m.{other} = s.{other} AND m.archived_at IS NULL AND m.key <> s.key"
        f" AND NOT EXISTS (SELECT 1 FROM {file.table} o WHERE o.key = m.key)"
    )
    sql = (
        f"SELECT s.csv_line, s.{other} FROM {file.table} s WHERE s.archived_at IS NULL"
        f" AND (EXISTS ({above}) OR EXISTS ({known}))"
    )
    _refuse(report, file, other, sql, _("The customer has this already."), _("each once at a customer"))


def _overrides(report: Report) -> None:
    sql = (
        f"SELECT s.csv_line, s.override_reason FROM {ASSESSMENTS.table} s"
        " WHERE s.overridden_at IS NOT NULL AND s.override_reason = ''"
    )
    _refuse(report, ASSESSMENTS, "override_reason", sql, _("The cell is empty."), _("why the tier was overridden"))


def _first_tiers(report: Report) -> None:
    """Where customer_tiers.csv has later tiers, customers.csv repeats the first one that is known."""
    if "tier" not in report.present.get("customers.csv", ()):
        return
    first = (
        f"(SELECT h.tier FROM {CustomerTier._meta.db_table} h JOIN {CUSTOMERS_TABLE} m ON m.id = h.customer_id"
        " WHERE m.key = s.key ORDER BY h.valid_from LIMIT 1)"
    )
    sql = (
        f"SELECT s.csv_line, s.tier, {first} FROM interchange_customers s WHERE s.tier <> {first}"
        f" AND EXISTS (SELECT 1 FROM {CUSTOMER_TIERS.table} t WHERE t.customer = s.key) ORDER BY s.csv_line"
    )
    for line, value, known in staging.fetch(sql):
        wrong = _("Until the first line of %(file)s something else is known already: %(known)s.")
        bad = Bad(Said(wrong, file=CUSTOMER_TIERS.name, known=known), _("the same, or no such lines"))
        report.refuse("customers.csv", line, "tier", value, bad)
