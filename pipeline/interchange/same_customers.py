"""Customers in an import: their normalised names, who else they may be, and the keys of those merged away."""

from customers.models import Customer, CustomerTier, Merge
from customers.rules.names import normalised_name
from pipeline.interchange import staging
from pipeline.interchange.columns import File
from pipeline.interchange.layout import CUSTOMERS, FILES
from pipeline.interchange.report import Alike, Report

TABLE = Customer._meta.db_table
MERGED = f"{TABLE} m JOIN {TABLE} v ON v.id = m.merged_into_id"
MOST_ALIKE = 200


def lead_to_survivors(report: Report) -> None:
    """Whatever names a customer that was merged away means the survivor; its own row changes nothing any more."""
    if not Customer.objects.filter(merged_into__isnull=False).exists():
        return
    for file in FILES:
        for column in file.columns:
            if column.ref == CUSTOMERS.name and file.name in report.present and file.model is not CustomerTier:
                _lead(file, f'"{column.name}"')
    _leave_archived(report)
    if CUSTOMERS.name in report.present:
        mine = f"UPDATE {CUSTOMERS.table} SET parent = NULL WHERE parent = key"
        gone = f"DELETE FROM {CUSTOMERS.table} WHERE key IN (SELECT m.key FROM {MERGED})"
        staging.execute(mine)
        report.file(CUSTOMERS.name).unchanged += staging.execute(gone)


def _lead(file: File, column: str) -> None:
    survivor = f"SELECT v.key FROM {MERGED} WHERE m.key = {file.table}.{column}"
    merged = f"SELECT m.key FROM {MERGED}"
    staging.execute(f"UPDATE {file.table} SET {column} = ({survivor}) WHERE {column} IN ({merged})")


def _leave_archived(report: Report) -> None:
    """What a merge archived, as the survivor has it already, is not brought back by its own line."""
    for merge in Merge.objects.filter(undone_at=None).exclude(archived={}):
        for file in FILES:
            ids = merge.archived.get(file.model._meta.label_lower, [])
            if ids and file.key == ("key",) and file.name in report.present:
                rows = file.model._base_manager.filter(pk__in=ids, archived_at=merge.merged_at)
                for key in rows.values_list(file.match, flat=True):
                    gone = staging.execute(f"DELETE FROM {file.table} WHERE key = %s", [key])
                    report.file(file.name).unchanged += gone


def stage_names(report: Report) -> None:
    """Normalise the names of the file, page by page, before anything is locked."""
    if CUSTOMERS.name not in report.present:
        return
    writer = staging.Writer(staging.NAMED, staging.NAMED_COLUMNS)
    for page in staging.pages(f"SELECT csv_line, key, name FROM {CUSTOMERS.table} WHERE {{page}}", "csv_line"):
        for line, key, name in page:
            writer.add([line, key, name, normalised_name(name)])
    writer.flush()
    staging.execute(f"CREATE INDEX {staging.NAMED}_names ON {staging.NAMED} (normalised_name, csv_line)")
    staging.analyze(staging.NAMED)


def note_alike(report: Report) -> None:
    """Warn of new customers who have the name of one that is there, or of a line above. Two queries."""
    new = f"NOT EXISTS (SELECT 1 FROM {TABLE} k WHERE k.key = n.key) AND n.normalised_name <> ''"
    there = (
        f"SELECT n.csv_line, n.key, n.name, MIN(m.key), COUNT(*) FROM {staging.NAMED} n JOIN {TABLE} m"
        f" ON m.normalised_name = n.normalised_name AND m.archived_at IS NULL WHERE {new}"
        " GROUP BY n.csv_line, n.key, n.name"
    )
    above = (
        f"SELECT n.csv_line, n.key, n.name, MIN(o.key), COUNT(*) FROM {staging.NAMED} n JOIN {staging.NAMED} o"
        f" ON o.normalised_name = n.normalised_name AND o.csv_line < n.csv_line WHERE {new}"
        " GROUP BY n.csv_line, n.key, n.name"
    )
    rows = staging.fetch(f"{there} UNION ALL {above} ORDER BY 1 LIMIT {MOST_ALIKE}")
    report.alike = [Alike(CUSTOMERS.name, line, key, name, other) for line, key, name, other, _count in rows]


def write_names() -> None:
    """The normalised names of the rows that the file has named; one renamed meanwhile has its own already."""
    staging.execute(
        f"UPDATE {TABLE} SET normalised_name = n.normalised_name FROM {staging.NAMED} n WHERE {TABLE}.key = n.key"
        f" AND {TABLE}.name = n.name AND {TABLE}.normalised_name <> n.normalised_name"
    )
