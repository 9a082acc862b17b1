"""Customers in an import: their normalised names, who else they may be, and the keys of those merged away."""

from customers.duplicates import EXACT
from customers.models import Customer, CustomerTier, Merge
from customers.rules.names import is_sign, normalised_name
from pipeline.interchange import staging
from pipeline.interchange.columns import File
from pipeline.interchange.layout import CUSTOMERS, FILES
from pipeline.interchange.report import Alike, Report
from pipeline.interchange.staging import SIGNS

TABLE = Customer._meta.db_table
MERGED = f"{TABLE} m JOIN {TABLE} v ON v.id = m.merged_into_id"
MOST_ALIKE = 200
NEW = f"NOT EXISTS (SELECT 1 FROM {TABLE} k WHERE k.key = n.key)"


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
    """Note by what the customers of the file are known, page by page, before anything is locked."""
    if CUSTOMERS.name not in report.present:
        return
    writer = staging.Writer(staging.NAMED, staging.NAMED_COLUMNS)
    said = f"SELECT csv_line, key, name, credit_code, phone, domain FROM {CUSTOMERS.table} WHERE {{page}}"
    for page in staging.pages(said, "csv_line"):
        for line, key, name, *signs in page:
            known = dict(zip(SIGNS, [normalised_name(name), *signs], strict=True))
            writer.add(
                [line, key, name, *(value if is_sign(sign, value or "") else "" for sign, value in known.items())]
            )
    writer.flush()
    for sign in SIGNS:
        staging.execute(f"CREATE INDEX {staging.NAMED}_{sign} ON {staging.NAMED} ({sign}, csv_line) WHERE {sign} <> ''")
    staging.analyze(staging.NAMED)


def note_alike(report: Report) -> None:
    """Warn of new customers who share a sign with one that is there, or with a line above. One query."""
    parts = [part for sign in SIGNS for part in (_with_known(sign), _with_line_above(sign))]
    found: dict[tuple[int, str, str, str], list[str]] = {}
    for line, key, name, other, sign in staging.fetch(
        f"{' UNION ALL '.join(parts)} ORDER BY 1, 4 LIMIT {MOST_ALIKE * len(SIGNS)}"
    ):
        found.setdefault((line, key, name, other), []).append(sign)
    for row, shared in list(found.items())[:MOST_ALIKE]:
        report.alike.append(Alike(CUSTOMERS.name, *row, tuple(sign for sign in SIGNS if sign in shared)))


def _with_known(sign: str) -> str:
    named = f"SELECT {sign} FROM {staging.NAMED} WHERE {sign} <> ''"
    rows = f"SELECT {sign}, key FROM {TABLE} WHERE archived_at IS NULL AND {sign} IN ({named})"
    if sign in EXACT:
        rows += f" UNION ALL SELECT m.{sign}, v.key FROM {MERGED} WHERE v.archived_at IS NULL AND m.{sign} IN ({named})"
    known = f"SELECT {sign}, MIN(key) AS key FROM ({rows}) k GROUP BY {sign}"
    return f"{_new(sign)} JOIN ({known}) o ON o.{sign} = n.{sign} WHERE {NEW}"


def _with_line_above(sign: str) -> str:
    """The first line of a sign stands for all: among many alike, pairs would be without number."""
    first = f"SELECT {sign}, MIN(csv_line) AS line FROM {staging.NAMED} WHERE {sign} <> '' GROUP BY {sign}"
    above = f"{_new(sign)} JOIN ({first}) f ON f.{sign} = n.{sign} AND f.line < n.csv_line"
    return f"{above} JOIN {staging.NAMED} o ON o.csv_line = f.line WHERE {NEW}"


def _new(sign: str) -> str:
    return f"SELECT n.csv_line, n.key, n.name, o.key, '{sign}' FROM {staging.NAMED} n"


def write_names() -> None:
    """The normalised names of the rows that the file has named; one renamed meanwhile has its own already."""
    staging.execute(
        f"UPDATE {TABLE} SET normalised_name = n.normalised_name FROM {staging.NAMED} n WHERE {TABLE}.key = n.key"
        f" AND {TABLE}.name = n.name AND {TABLE}.normalised_name <> n.normalised_name"
    )
