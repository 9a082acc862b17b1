"""What the forms demand of a row beyond its single cells: an import takes nothing that they would refuse."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.actions.profiles import checked_value
from customers.models import IdealProfile, ProfileCriterion
from customers.rules.profiles import MOST_CRITERIA
from opportunities.models import PlaybookEntry, Stakeholder, Waiver
from pipeline.interchange import staging
from pipeline.interchange.columns import File
from pipeline.interchange.files_of_customers import IDEAL_PROFILES, PROFILE_CRITERIA
from pipeline.interchange.files_of_evidence import OPPORTUNITY_TABLE, STAKEHOLDERS, WAIVERS
from pipeline.interchange.files_of_method import PLAYBOOK
from pipeline.interchange.report import Bad, Report, Said

PROFILE, CRITERION = IdealProfile._meta.db_table, ProfileCriterion._meta.db_table
EMPTY = _("The cell is empty.")
Kind = ProfileCriterion.Kind
ASKED_FOR = {
    Kind.INDUSTRY: _("names with commas between them"),
    Kind.REGION: _("names with commas between them"),
    Kind.SPEND: _("an amount above 0"),
    Kind.TIER: "5A, 4A, 3A, 2A, 1A",
    Kind.BOUGHT_LINE: _("a product line, else one of the profile"),
}


def check_demands(report: Report) -> None:
    """Every check of what only makes sense together with other cells of its row."""
    _person_or_post(report)
    _wording(report)
    _judged(report)
    _criteria(report)
    _line_asked_for(report)
    _number_of_criteria(report)


def _refuse(report: Report, file: File, column: str, sql: str, wrong: Any, accepted: Any) -> None:
    """Refuse the lines that a query gives as (line, value), unless their cell is refused already."""
    found = staging.fetch(sql + " ORDER BY s.csv_line")
    already = {(bad.line, bad.column) for bad in report.bad_rows if bad.file == file.name} if found else set()
    for line, value in found:
        if (line, column) not in already:
            report.refuse(file.name, line, column, value, Bad(wrong, accepted))


def _after(report: Report, file: File, name: str, known: str) -> str:
    """SQL: what a row has of a column after the import; where the file lacks the column that is what is `known`."""
    return f's."{name}"' if name in report.present.get(file.name, ()) else f"({known})"


def _person_or_post(report: Report) -> None:
    known = f"FROM {Stakeholder._meta.db_table} m WHERE m.key = s.key"
    contact = _after(report, STAKEHOLDERS, "contact", f"SELECT CAST(m.contact_id AS varchar(20)) {known}")
    post = _after(report, STAKEHOLDERS, "role_title", f"SELECT m.role_title {known}")
    sql = f"SELECT s.csv_line, NULL FROM {STAKEHOLDERS.table} s WHERE {contact} IS NULL AND {_blank(post)}"
    _refuse(report, STAKEHOLDERS, "contact", sql, EMPTY, _("a contact, else a role_title"))


def _blank(expression: str) -> str:
    return f"TRIM(COALESCE({expression}, '')) = ''"


def _wording(report: Report) -> None:
    """A title and a text, each in one language at least."""
    for part, accepted in (
        ("title", _("a title in one language at least")),
        ("body", _("a text in one language at least")),
    ):
        names = (f"{part}_zh", f"{part}_en")
        known = f"FROM {PlaybookEntry._meta.db_table} m WHERE m.key = s.key"
        blank = " AND ".join(_blank(_after(report, PLAYBOOK, name, f"SELECT m.{name} {known}")) for name in names)
        sql = f"SELECT s.csv_line, NULL FROM {PLAYBOOK.table} s WHERE {blank}"
        _refuse(report, PLAYBOOK, names[0], sql, EMPTY, accepted)


def _judged(report: Report) -> None:
    """Who decided a question to the managers, and when; nobody their own, and a refusal says why."""
    known = (
        f"FROM {Waiver._meta.db_table} m JOIN {OPPORTUNITY_TABLE} o ON o.id = m.opportunity_id"
        " JOIN accounts_user u ON u.id = m.decided_by_id WHERE o.key = s.opportunity AND m.asked_at = s.asked_at"
    )
    judge = _after(report, WAIVERS, "decided_by", f"SELECT u.username {known}")
    moment = _after(report, WAIVERS, "decided_at", f"SELECT m.decided_at {known}")
    answer = _after(report, WAIVERS, "answer", f"SELECT m.answer {known}")
    decided = f"FROM {WAIVERS.table} s WHERE s.state IN ('granted', 'refused')"
    demands = (
        ("decided_by", "NULL", f"{judge} IS NULL", EMPTY, _("who granted or refused it")),
        ("decided_by", judge, f"{judge} = s.asked_by", _("Nobody decides what they asked for."), _("somebody else")),
        ("decided_at", "NULL", f"{moment} IS NULL", EMPTY, _("when it was granted or refused")),
        ("answer", "NULL", f"s.state = 'refused' AND {_blank(answer)}", EMPTY, _("why it was refused")),
    )
    for column, value, condition, wrong, accepted in demands:
        _refuse(report, WAIVERS, column, f"SELECT s.csv_line, {value} {decided} AND {condition}", wrong, accepted)


def _criteria(report: Report) -> None:
    """Each says something that can be asked of a customer, as in the form."""
    same = f"FROM {CRITERION} m JOIN {PROFILE} p ON p.id = m.profile_id WHERE p.key = s.profile"
    value = _after(report, PROFILE_CRITERIA, "value", f"SELECT m.value {same} AND m.position = s.position")
    sql = f"SELECT s.csv_line, s.kind, {value}, s.profile FROM {PROFILE_CRITERIA.table} s WHERE s.kind IS NOT NULL"
    rows = staging.fetch(sql + " ORDER BY s.csv_line")
    lines = _product_lines(report) if rows else {}
    for number, kind, said, profile in rows:
        try:
            checked_value(kind, said or "", lines.get(profile, ""))
        except ValidationError as error:
            bad = Bad(error.message, ASKED_FOR[kind])
            report.refuse(PROFILE_CRITERIA.name, number, "value", said, bad)


def _product_lines(report: Report) -> dict[str, str]:
    """The product line of each profile, as it is after the import."""
    lines = dict(IdealProfile.objects.values_list("key", "line"))
    if "line" in report.present.get(IDEAL_PROFILES.name, ()):
        lines |= dict(staging.fetch(f"SELECT key, COALESCE(line, '') FROM {IDEAL_PROFILES.table}"))
    return lines


def _line_asked_for(report: Report) -> None:
    """A profile keeps its product line while a criterion that the import leaves as it is asks for it."""
    if "line" not in report.present.get(IDEAL_PROFILES.name, ()):
        return
    asking = (
        f"SELECT 1 FROM {CRITERION} m JOIN {PROFILE} p ON p.id = m.profile_id WHERE p.key = s.key"
        f" AND m.kind = '{Kind.BOUGHT_LINE}' AND {_blank('m.value')} AND NOT EXISTS (SELECT 1 FROM"
        f" {PROFILE_CRITERIA.table} c WHERE c.profile = s.key AND c.position = m.position)"
    )
    sql = f"SELECT s.csv_line, s.line FROM {IDEAL_PROFILES.table} s WHERE {_blank('s.line')} AND EXISTS ({asking})"
    _refuse(report, IDEAL_PROFILES, "line", sql, EMPTY, _("a product line: a criterion of the profile asks for it"))


def _number_of_criteria(report: Report) -> None:
    """A profile has at least one, and not more than fit on its form."""
    if PROFILE_CRITERIA.name in report.broken:
        return
    places = _places(ProfileCriterion.objects.values_list("profile__key", "position"))
    bad = Bad(
        Said(_("An ideal customer has between one and %(most)s criteria."), most=MOST_CRITERIA),
        Said(_("one to %(most)s criteria"), most=MOST_CRITERIA),
    )
    sql = f"SELECT csv_line, profile, position FROM {PROFILE_CRITERIA.table} ORDER BY csv_line"
    for line, profile, position in staging.fetch(sql):
        taken = places.setdefault(profile, set())
        taken.add(position)
        if len(taken) > MOST_CRITERIA:
            report.refuse(PROFILE_CRITERIA.name, line, "position", position, bad)
    for line, key in staging.fetch(f"SELECT csv_line, key FROM {IDEAL_PROFILES.table} ORDER BY csv_line"):
        if key not in places:
            report.refuse(IDEAL_PROFILES.name, line, "key", key, bad)


def _places(rows: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
    places: dict[str, set[int]] = {}
    for profile, position in rows:
        places.setdefault(profile, set()).add(position)
    return places
