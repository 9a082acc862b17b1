"""Staged cells that follow from others of their row."""

from customers.models import ERASED, PERSONAL, Contact, Customer, TierRules
from customers.rules.tiers import judge, problems
from opportunities.models import Activity, ActivityKind, Opportunity
from pipeline.interchange import staging
from pipeline.interchange.files_of_customers import ASSESSMENTS
from pipeline.interchange.files_of_evidence import ACTIVITIES, CHECKPOINTS
from pipeline.interchange.layout import CONTACTS, OPPORTUNITIES
from pipeline.interchange.report import Report
from pipeline.interchange.tier_rules import staged_rules

KIND = ActivityKind._meta.db_table


def fill_in(report: Report) -> None:
    """Whatever the files leave to be understood."""
    if CHECKPOINTS.name in report.present:
        _confirmed_since(report.present[CHECKPOINTS.name])
    if ACTIVITIES.name in report.present:
        _kinds(report.present[ACTIVITIES.name])
        _customers()
    if CONTACTS.name in report.present:
        _erased()
    if ASSESSMENTS.name in report.present:
        _judge(report.present[ASSESSMENTS.name])


def _confirmed_since(present: set[str]) -> None:
    """Confirmed without a moment: since the record was made (FINE-PRINT 11)."""
    table = CHECKPOINTS.table
    staging.execute(f"UPDATE {table} SET manager_confirmed_at = NULL WHERE NOT manager_confirmed")
    unknown = "manager_confirmed AND manager_confirmed_at IS NULL"
    staging.execute(f"UPDATE {table} SET manager_confirmed_at = recorded_at WHERE {unknown}")
    if "manager_confirmed" in present:
        present.add("manager_confirmed_at")


def _kinds(present: set[str]) -> None:
    """Without the company's own kind: the one that a known activity has while it counts as this, else the shipped."""
    known = (
        f"SELECT k.key FROM {Activity._meta.db_table} m JOIN {KIND} k ON k.id = m.kind_id"
        f" WHERE m.key = {ACTIVITIES.table}.key AND k.base = {ACTIVITIES.table}.kind"
    )
    staging.execute(f"UPDATE {ACTIVITIES.table} SET kind_key = COALESCE(({known}), kind) WHERE kind_key IS NULL")
    present.add("kind_key")


def _customers() -> None:
    """An activity about an opportunity is one with its customer."""
    theirs = (
        f"SELECT o.customer FROM {OPPORTUNITIES.table} o WHERE o.key = {ACTIVITIES.table}.opportunity",
        f"SELECT c.key FROM {Opportunity._meta.db_table} m JOIN {Customer._meta.db_table} c ON c.id = m.customer_id"
        f" WHERE m.key = {ACTIVITIES.table}.opportunity",
    )
    staging.execute(
        f"UPDATE {ACTIVITIES.table} SET customer = COALESCE(({theirs[0]}), ({theirs[1]}))"
        " WHERE customer IS NULL AND opportunity IS NOT NULL"
    )


def _erased() -> None:
    """A contact whose personal data was erased stays erased, whatever the source still says (FINE-PRINT 54)."""
    sets = ", ".join(f"{name} = '{ERASED if name == 'name' else ''}'" for name in PERSONAL)
    erased = f"SELECT m.key FROM {Contact._meta.db_table} m WHERE m.erased_at IS NOT NULL"
    staging.execute(f"UPDATE {CONTACTS.table} SET {sets} WHERE key IN ({erased})")


def _judge(present: set[str]) -> None:
    """Points and tier by the rules follow from the scores and the rules that held then."""
    known = list(TierRules.objects.values_list("valid_from", "weights", "thresholds"))
    held = {at: (weights, thresholds) for at, weights, thresholds in known}
    for _line, at, values in staged_rules():
        if not problems(values):  # else the line is refused
            held[at] = (values["weights"], values["thresholds"])
    sql = (
        f"SELECT csv_line, assessed_at, scores, negative_margin, payment_days_late FROM {ASSESSMENTS.table}"
        " WHERE {page} AND scores IS NOT NULL AND assessed_at IS NOT NULL"
    )
    for page in staging.pages(sql, "csv_line"):
        for line, at, scores, negative, late in page:
            weights, thresholds = held[max(since for since in held if since <= staging.as_moment(at))]
            judged = judge(
                staging.as_json(scores), weights=weights, thresholds=thresholds, negative_margin=bool(negative),
                payment_days_late=late,
            )  # fmt: skip
            staging.execute(
                f"UPDATE {ASSESSMENTS.table} SET points = %s, computed_tier = %s, tier = COALESCE(tier, %s)"
                " WHERE csv_line = %s",
                [judged.points, judged.tier, judged.tier, line],
            )
    present |= {"points", "computed_tier"}
