"""Customers in an import: their normalised names, who else they may be, and the keys of those merged away."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from customers.actions.merge import relations
from customers.bearers import OF_CONTACTS, SIGNS, borne_sql, not_too_many
from customers.models import Contact, Customer, CustomerTier, Merge
from customers.rules.names import is_sign, normalised_name, signs_of_contact
from pipeline.interchange import staging
from pipeline.interchange.columns import File
from pipeline.interchange.layout import CONTACTS, CUSTOMERS, FILES
from pipeline.interchange.report import Alike, Bad, Report, SourceError

TABLE = Customer._meta.db_table
MERGED = f"{TABLE} m JOIN {TABLE} v ON v.id = m.merged_into_id"
SAID = f"{CUSTOMERS.table} WHERE merged_into IS NOT NULL"  # by the file
MOST_ALIKE = 200


def lead_to_survivors(report: Report) -> None:
    """Whatever names a customer that was merged away means the survivor.

    The row of one that was merged in Ascent changes nothing any more.
    """
    if Customer.objects.filter(merged_into__isnull=False).exists():
        _lead_all(report, f"SELECT m.key AS gone, v.key AS survivor FROM {MERGED}")
        _leave_archived(report)
        if CUSTOMERS.name in report.present:
            gone = f"DELETE FROM {CUSTOMERS.table} WHERE key IN (SELECT m.key FROM {MERGED})"
            report.file(CUSTOMERS.name).unchanged += staging.execute(gone)
    if staging.fetch(f"SELECT 1 FROM {SAID} LIMIT 1"):
        _lead_all(report, f"SELECT key AS gone, merged_into AS survivor FROM {SAID}", but="merged_into")


def refuse_merged_meanwhile(report: Report, since: datetime) -> None:
    """SourceError when a customer that the import names was merged since then: it means the survivor now.

    The others are held until the transaction ends, so that nobody merges them while rows are hung on them; those that
    the import changes with them, in one order.
    """
    naming = _naming_customers(report)
    if CUSTOMERS.name in report.present:
        naming.append((CUSTOMERS, "key"))
    named = " UNION ".join(f"SELECT {column} FROM {file.table}" for file, column in naming)
    if not named:
        return
    lock = " FOR KEY SHARE OF m" if connection.features.has_select_for_update else ""
    merged = "m.merged_into_id IS NOT NULL AND m.archived_at >= %s"
    held = f"SELECT {merged} FROM {TABLE} m WHERE m.key IN ({named}) ORDER BY m.id{lock}"
    if any(gone for (gone,) in staging.fetch(held, [connection.ops.adapt_datetimefield_value(since)])):
        raise SourceError(_("A customer of these files was merged meanwhile. Check the files again."))


def _naming_customers(report: Report) -> list[tuple[File, str]]:
    """The columns that name a customer by its key."""
    return [
        (file, column.name)
        for file in FILES if file.name in report.present and file.model is not CustomerTier
        for column in file.columns if column.ref == CUSTOMERS.name
    ]  # fmt: skip


def _lead_all(report: Report, pairs: str, *, but: str = "") -> None:
    for file, column in _naming_customers(report):
        if column != but:
            _lead(file, column, pairs)
    staging.execute(f"UPDATE {CUSTOMERS.table} SET parent = NULL WHERE parent = key")


def _lead(file: File, column: str, pairs: str) -> None:
    """A row that the survivor has already stays with the customer that was merged away, as in a merge."""
    survivor = f"(SELECT MIN(p.survivor) FROM ({pairs}) p WHERE p.gone = s.{column})"
    gone = f"SELECT p.gone FROM ({pairs}) p"
    sql = f"SELECT s.csv_line, {survivor} AS survivor FROM {file.table} s WHERE s.{column} IN ({gone})"
    if column in file.key:
        same = " AND ".join(f's."{name}" = o."{name}"' for name in file.key if name != column)
        sql += f" AND NOT EXISTS (SELECT 1 FROM {file.table} o WHERE o.{column} = {survivor} AND {same})"
    staging.execute(
        f"UPDATE {file.table} SET {column} = l.survivor FROM ({sql}) l WHERE {file.table}.csv_line = l.csv_line"
    )


def check_merges(report: Report) -> None:
    """A survivor was not merged away; what was is archived, and new here or without anything that hangs on it."""
    said = staging.fetch(f"SELECT csv_line, key, merged_into, archived_at FROM {SAID} ORDER BY csv_line")
    gone, busy = {key for _line, key, *_more in said}, _busy() if said else set()
    no_moment = {bad.line for bad in report.bad_rows if (bad.file, bad.column) == (CUSTOMERS.name, "archived_at")}
    for line, key, survivor, archived_at in said:
        if survivor in gone:
            _refuse(
                report, line, "merged_into", survivor, _("This customer was merged away itself."), _("the survivor")
            )
        elif key in busy:
            wrong = _("Rows hang on this customer here.")
            _refuse(report, line, "merged_into", survivor, wrong, _("an empty cell, once the two are merged in Ascent"))
        elif archived_at is None and line not in no_moment:
            _refuse(report, line, "archived_at", "", _("The cell is empty."), _("when it was merged"))


def _refuse(report: Report, line: int, column: str, value: str, wrong: Any, accepted: Any) -> None:
    report.refuse(CUSTOMERS.name, line, column, value, Bad(wrong, accepted))


def _busy() -> set[str]:
    """The keys of those said to be merged away on which something hangs, whatever it is."""
    said = RawSQL(f"SELECT key FROM {SAID}", [])  # noqa: S611 - no value in it
    known = Customer.objects.filter(key__in=said).order_by().values("pk")
    found: set[str] = set()
    for relation in relations():
        rows = relation.model._base_manager.filter(**{f"{relation.field}__in": known}).order_by()
        found.update(rows.values_list(f"{relation.field}__key", flat=True).distinct())
    return found


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
    said = f"SELECT csv_line, key, merged_into, name, credit_code, phone, domain FROM {CUSTOMERS.table} WHERE {{page}}"
    for page in staging.pages(said, "csv_line"):
        for line, key, merged_into, name, *signs in page:
            known = dict(zip(SIGNS, [normalised_name(name), *signs], strict=True))
            shown = (value if is_sign(sign, value or "") else "" for sign, value in known.items())
            writer.add([line, key, name, *shown, merged_into is not None])
    writer.flush()
    for sign in SIGNS:
        staging.execute(f"CREATE INDEX {staging.NAMED}_{sign} ON {staging.NAMED} ({sign}, csv_line) WHERE {sign} <> ''")
    staging.analyze(staging.NAMED)


def stage_signs_of_contacts(report: Report) -> None:
    """Likewise of which company the contacts of the file tell."""
    if CONTACTS.name not in report.present:
        return
    writer = staging.Writer(staging.REACHED, staging.REACHED_COLUMNS)
    said = f"SELECT csv_line, key, customer, phone, email, archived_at FROM {CONTACTS.table} WHERE {{page}}"
    for page in staging.pages(said, "csv_line"):
        for _line, key, customer, phone, email, archived_at in page:
            signs = signs_of_contact(phone or "", email or "")
            writer.add([key, customer, phone, email, *signs.values(), archived_at is not None])
    writer.flush()
    staging.analyze(staging.REACHED)


def note_alike(report: Report) -> None:
    """Warn of new customers who bear a sign with one that is there, or with a line above. One query."""
    known, params = borne_sql()
    found: dict[tuple[int, str, str, str], list[str]] = {}
    for line, key, name, other, sign in staging.fetch(ALIKE.format(known=known), params):
        found.setdefault((line, key, name, other), []).append(sign)
    for row, shared in list(found.items())[:MOST_ALIKE]:
        report.alike.append(Alike(CUSTOMERS.name, *row, tuple(sign for sign in SIGNS if sign in shared)))


def _said_by_file() -> str:
    """(kind, sign, key) of the customers of the file, their own and by its contacts."""
    own = [f"SELECT '{kind}' AS kind, {kind} AS sign, key FROM {staging.NAMED} WHERE NOT gone" for kind in SIGNS]
    met = [
        f"SELECT '{kind}', {column}, customer FROM {staging.REACHED} WHERE NOT gone"
        for kind, column in OF_CONTACTS.items()
    ]
    return " UNION ".join((*own, *met))


# The first line of a sign stands for all: among many alike, pairs would be without number.
ALIKE = f"""
WITH said AS (SELECT kind, sign, key FROM ({_said_by_file()}) s WHERE sign <> ''),
named AS (
  SELECT s.kind, s.sign, n.key, n.csv_line, n.name FROM said s JOIN {staging.NAMED} n ON n.key = s.key WHERE NOT n.gone
),
fresh AS (SELECT * FROM named n WHERE NOT EXISTS (SELECT 1 FROM {TABLE} k WHERE k.key = n.key)),
known AS (
  SELECT DISTINCT b.kind, b.sign, c.key FROM ({{known}}) b JOIN {TABLE} c ON c.id = b.bearer
  WHERE c.archived_at IS NULL AND b.sign IN (SELECT sign FROM fresh)
),
telling AS (
  SELECT kind, sign FROM (SELECT kind, sign, key FROM known UNION SELECT kind, sign, key FROM said) e
  GROUP BY kind, sign HAVING COUNT(*) > 1 AND {not_too_many("kind")}
),
there AS (SELECT kind, sign, MIN(key) AS key FROM known GROUP BY kind, sign),
above AS (SELECT kind, sign, MIN(csv_line) AS csv_line FROM named GROUP BY kind, sign)
SELECT f.csv_line, f.key, f.name, o.key, f.kind FROM fresh f
JOIN telling t ON t.kind = f.kind AND t.sign = f.sign
JOIN there o ON o.kind = f.kind AND o.sign = f.sign
UNION ALL
SELECT f.csv_line, f.key, f.name, n.key, f.kind FROM fresh f
JOIN telling t ON t.kind = f.kind AND t.sign = f.sign
JOIN above a ON a.kind = f.kind AND a.sign = f.sign AND a.csv_line < f.csv_line
JOIN {staging.NAMED} n ON n.csv_line = a.csv_line
ORDER BY 1, 4 LIMIT {MOST_ALIKE * len(SIGNS)}
"""


def write_signs_of_contacts() -> None:
    """What tells of which company the contacts of the file are; one changed meanwhile has its own already."""
    for column, said in (("normalised_phone", "phone"), ("mail_domain", "email")):
        of, sign, cell = Contact._meta.db_table, f"n.{column}", f"n.{said}"
        staging.execute(
            f"UPDATE {of} SET {column} = {sign} FROM {staging.REACHED} n"
            f" WHERE {of}.key = n.key AND {of}.{said} = {cell} AND {of}.{column} <> {sign}"
        )


def write_names() -> None:
    """The normalised names of the rows that the file has named; one renamed meanwhile has its own already."""
    staging.execute(
        f"UPDATE {TABLE} SET normalised_name = n.normalised_name FROM {staging.NAMED} n WHERE {TABLE}.key = n.key"
        f" AND {TABLE}.name = n.name AND {TABLE}.normalised_name <> n.normalised_name"
    )
