"""What rows of evidence must be to one another and to what is known: each once, each of a record that is there."""

from django.utils.translation import gettext_lazy as _

from opportunities.models import ActivityKind, Stakeholder, Waiver
from pipeline.interchange import staging
from pipeline.interchange.columns import File
from pipeline.interchange.files_of_evidence import (
    ACTIVITIES,
    CHECKPOINTS,
    GRADE_CHANGES,
    OPPORTUNITY_TABLE,
    RECORD,
    STAKEHOLDERS,
    WAIVERS,
)
from pipeline.interchange.layout import COPIED, COPIED_AFTERWARDS
from pipeline.interchange.report import Bad, Report, Said


def check_agreements(report: Report) -> None:
    """Every check of the files that are copied into their tables as they are."""
    for file in (*COPIED, *COPIED_AFTERWARDS):
        if file.key != ("key",) and file.name in report.present:
            _once(report, file)
    _something_proves(report)
    _kinds(report)
    _records_of_changes(report)
    _once_on_an_opportunity(report)
    _asked_once(report)


def _once(report: Report, file: File) -> None:
    """The same row twice is one; with other values it is refused."""
    same = " AND ".join(f'o."{name}" = s."{name}"' for name in file.key)
    others = [column.name for column in file.columns if column.name not in file.key]
    alike = " AND ".join([f'o."{name}" IS NOT DISTINCT FROM s."{name}"' for name in others] or ["1 = 1"])
    sql = (
        f'SELECT s.csv_line, s."{file.key[0]}", MIN(o.csv_line), MIN(CASE WHEN {alike} THEN 1 ELSE 0 END)'
        f" FROM {file.table} s JOIN {file.table} o ON {same} AND o.csv_line < s.csv_line"
        f' GROUP BY s.csv_line, s."{file.key[0]}" ORDER BY s.csv_line'
    )
    for line, value, first, is_alike in staging.fetch(sql):
        if is_alike:
            staging.execute(f"DELETE FROM {file.table} WHERE csv_line = %s", [line])
        else:
            wrong = Said(_("Line %(line)s says something else of the same row."), line=first)
            report.refuse(file.name, line, file.key[0], value, Bad(wrong, _("each row once")))


def _something_proves(report: Report) -> None:
    """As in the form: a text, a link or a file."""
    sql = (
        f"SELECT csv_line FROM {CHECKPOINTS.table} WHERE evidence = '' AND COALESCE(link, '') = ''"
        " AND COALESCE(file, '') = '' AND attachment IS NULL ORDER BY csv_line"
    )
    for (line,) in staging.fetch(sql):
        bad = Bad(_("The cell is empty."), _("a text, else a link or the name of a file"))
        report.refuse(CHECKPOINTS.name, line, "evidence", "", bad)


def _kinds(report: Report) -> None:
    """A company's own kind counts as what the column `kind` says."""
    base = (
        "COALESCE((SELECT k.base FROM interchange_activity_kinds k WHERE k.key = s.kind_key),"
        f" (SELECT k.base FROM {ActivityKind._meta.db_table} k WHERE k.key = s.kind_key))"
    )
    sql = f"SELECT csv_line, kind_key, {base} FROM {ACTIVITIES.table} s WHERE {base} <> s.kind ORDER BY csv_line"
    for line, value, counts_as in staging.fetch(sql):
        wrong, accepted = _("This kind counts as another one."), Said(_("kind %(kind)s"), kind=counts_as)
        report.refuse(ACTIVITIES.name, line, "kind_key", value, Bad(wrong, accepted))


def _records_of_changes(report: Report) -> None:
    """A grade is lowered of a record that is there."""
    if CHECKPOINTS.name in report.broken:
        return
    same = " AND ".join(f's."{name}" = k."{name}"' for name in CHECKPOINTS.key)
    sql = (
        f"SELECT s.csv_line, s.opportunity FROM {GRADE_CHANGES.table} s WHERE {RECORD} IS NULL"
        f" AND NOT EXISTS (SELECT 1 FROM {CHECKPOINTS.table} k WHERE {same}) ORDER BY s.csv_line"
    )
    for line, value in staging.fetch(sql):
        bad = Bad(_("There is no such record."), Said(_("a row of %(file)s"), file=CHECKPOINTS.name))
        report.refuse(GRADE_CHANGES.name, line, "opportunity", value, bad)


def _once_on_an_opportunity(report: Report) -> None:
    """A contact stands once among the people of an opportunity that are not archived."""
    known = (
        f"SELECT m.key FROM {Stakeholder._meta.db_table} m JOIN {OPPORTUNITY_TABLE} o ON o.id = m.opportunity_id"
        " JOIN customers_contact c ON c.id = m.contact_id"
        " WHERE o.key = s.opportunity AND c.key = s.contact AND m.archived_at IS NULL"
        f" AND m.key NOT IN (SELECT x.key FROM {STAKEHOLDERS.table} x WHERE x.key IS NOT NULL)"
    )
    above = (
        f"SELECT x.key FROM {STAKEHOLDERS.table} x WHERE x.opportunity = s.opportunity AND x.contact = s.contact"
        " AND x.archived_at IS NULL AND x.csv_line < s.csv_line"
    )
    sql = (
        f"SELECT csv_line, contact FROM {STAKEHOLDERS.table} s WHERE archived_at IS NULL AND contact IS NOT NULL"
        f" AND (EXISTS ({known}) OR EXISTS ({above})) ORDER BY csv_line"
    )
    for line, value in staging.fetch(sql):
        wrong = _("This contact is among the people of the opportunity already.")
        report.refuse(STAKEHOLDERS.name, line, "contact", value, Bad(wrong, _("each contact once")))


def _asked_once(report: Report) -> None:
    """One question to the managers is open at a time."""
    known = (
        f"SELECT 1 FROM {Waiver._meta.db_table} m JOIN {OPPORTUNITY_TABLE} o ON o.id = m.opportunity_id"
        " WHERE o.key = s.opportunity AND m.state = 'asked' AND m.asked_at <> s.asked_at"
        f" AND NOT EXISTS (SELECT 1 FROM {WAIVERS.table} x WHERE x.opportunity = s.opportunity"
        " AND x.asked_at = m.asked_at)"
    )
    above = (
        f"SELECT 1 FROM {WAIVERS.table} x WHERE x.opportunity = s.opportunity AND x.state = 'asked'"
        " AND x.csv_line < s.csv_line"
    )
    sql = (
        f"SELECT csv_line, opportunity FROM {WAIVERS.table} s WHERE state = 'asked'"
        f" AND (EXISTS ({known}) OR EXISTS ({above})) ORDER BY csv_line"
    )
    for line, value in staging.fetch(sql):
        wrong = _("Another waiver of this opportunity is asked for already.")
        report.refuse(WAIVERS.name, line, "state", value, Bad(wrong, _("one that is open at a time")))
