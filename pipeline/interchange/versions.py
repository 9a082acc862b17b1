"""The histories of the touched opportunities, computed page by page into staging."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.calendar import OrgCalendar
from opportunities import rules
from opportunities.models import Opportunity
from opportunities.querysets import FOREVER
from pipeline.interchange import staging
from pipeline.interchange.contents import cell
from pipeline.interchange.history import Change, Timelines, Version, derive, merged, walk
from pipeline.interchange.known import STATE_ORDER, known_versions
from pipeline.interchange.layout import EVENTS, OPPORTUNITIES
from pipeline.interchange.report import Bad, Overwritten, Report, Said
from pipeline.interchange.revising import pending_edits, revised

PAGE_EVENTS = 5_000
PAGE_ROWS = 500
EVERY = 2_000  # opportunities between two words of progress
LATER_COLUMNS = ("created_by", "forecast_category", "signed_on", "competitor", "archived_at", "unproven_from")
PLAIN = [column for column in OPPORTUNITIES.plain if column.name != "created_at"]


class Historian:
    """Computes versions; `compute` may be called again for those that somebody changed meanwhile."""

    def __init__(self, report: Report, timelines: Timelines, calendar: OrgCalendar, keep: bool) -> None:
        self.report, self.timelines, self.calendar, self.keep = report, timelines, calendar, keep
        present = report.present.get(OPPORTUNITIES.name, set())
        self.plain = [column for column in PLAIN if column.name in present]
        self.events = report.file(EVENTS.name) if EVENTS.name in report.present else None
        self.earliest: datetime | None = None
        self.counting = True

    def compute(self, progress: Any = None) -> None:
        """All opportunities of the table of touched keys."""
        self.versions = staging.Writer(staging.VERSION, staging.VERSION_COLUMNS)
        self.out = staging.Writer(staging.OUT, staging.OUT_COLUMNS)
        done = 0
        for keys in _pages_of_keys():
            self._page(keys)
            done += len(keys)
            if progress and done % EVERY < len(keys):
                progress("opportunities", done)
        self.versions.flush()
        self.out.flush()

    def _page(self, keys: list[str]) -> None:
        lines = _staged_events(keys)
        known = known_versions(keys)
        for row in _rows(keys):
            self._one(row, known.get(row["key"], []), lines.get(row["key"], []))

    def _one(self, row: dict[str, Any], known: list[Version], lines: list[tuple[Any, ...]]) -> None:
        ours, theirs = derive(known), self._told(row, lines)
        created_at = row["s_created_at"] or row["m_created_at"]
        wrong: Any
        if known and created_at > known[0].at:
            wrong = Said(
                _("The opportunity has a change before this moment, at %(at)s."), at=cell(known[0].at, self.calendar.tz)
            )
            return self._refuse(row, "created_at", created_at, wrong)
        changes = self._with_product(row, merged(ours, theirs), theirs, created_at, known)
        first = changes.get(created_at)
        if first is None or not {"stage", "owner"} <= first.values.keys() or min(changes) < created_at:
            wrong = _("The first change must set stage and owner at this moment.")
            return self._refuse(row, "created_at", created_at, wrong)
        versions = walk(changes, self.timelines, self.calendar.local_date)
        if self.counting and self.events is not None:
            self._count(ours, theirs, versions, known)
        return self._keep(row, created_at, known, versions)

    def _refuse(self, row: dict[str, Any], column: str, value: datetime, wrong: Any) -> None:
        accepted = _("the moment of the first change")
        self.report.refuse(
            OPPORTUNITIES.name, row["line"] or 0, column, cell(value, self.calendar.tz), Bad(wrong, accepted)
        )

    def _told(self, row: dict[str, Any], lines: list[tuple[Any, ...]]) -> dict[datetime, Change]:
        """What the file says, by instant."""
        told: dict[datetime, Change] = {}
        for _key, at, actor, name, value, reason in lines:
            change = told.setdefault(at, Change())
            change.values[name] = value
            change.actor = change.actor or actor
            if reason and (name == "stage" or not change.reason):
                change.reason = reason
        return told

    def _with_product(
        self, row: dict[str, Any], changes: dict[datetime, Change], theirs: dict[datetime, Change],
        created_at: datetime, known: list[Version],
    ) -> dict[datetime, Change]:  # fmt: skip
        """`product` of opportunities.csv is the one at created_at, unless the first change has a line for it."""
        product = row["s_product"]
        if product and "product" not in theirs.get(created_at, Change()).values:
            changes.setdefault(created_at, Change()).values["product"] = product
        return changes

    def _count(
        self,
        ours: dict[datetime, Change],
        theirs: dict[datetime, Change],
        versions: list[Version],
        known: list[Version],
    ) -> None:
        assert self.events is not None
        effective = derive(versions) if known else {}
        for at, change in theirs.items():
            before = ours[at].values if at in ours else {}
            now = effective[at].values if at in effective else {}
            for name, value in change.values.items():
                if not known:
                    self.events.created += 1
                elif name in before and before[name] != value:
                    self.events.updated += 1
                elif name not in before and name in now:
                    self.events.created += 1
                else:
                    self.events.unchanged += 1

    def _keep(self, row: dict[str, Any], created_at: datetime, known: list[Version], versions: list[Version]) -> None:
        rewritten = known != versions
        plain, changed = self._plain(row)
        if row["id"] is not None:
            if row["m_created_at"] != created_at:
                changed.append("created_at")
            if rewritten and known:
                changed += rules.changed_fields(known[-1].state, versions[-1].state)
        self._count_row(row, changed, rewritten)
        if row["id"] is not None and not changed and not rewritten:
            return
        if rewritten:
            self._note_earliest(known, versions)
            self._write_versions(row["key"], versions)
        version, changed_in, imported = revised(row, changed)
        self.out.add([
            row["key"], row["version"], *(plain[name] for name in ("customer", "title", "source")), created_at,
            self.calendar.local_date(created_at),
            *(plain[name] for name in LATER_COLUMNS),
            versions[-1].at, version, changed_in, imported, rewritten,
        ])  # fmt: skip

    def _plain(self, row: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The columns without a past as they will be, and those that change."""
        if row["id"] is None:
            return {column.name: row[f"s_{column.name}"] for column in PLAIN}, []
        values = {column.name: row[f"m_{column.name}"] for column in PLAIN}
        if row["line"] is None:
            return values, []
        changed = []
        edited = pending_edits(row)
        for column in self.plain:
            ours, said = values[column.name], row[f"s_{column.name}"]
            if ours == said:
                continue
            if column.name in edited:
                shown = (cell(value, self.calendar.tz) for value in (ours, said))
                self.report.overwritten.append(Overwritten(OPPORTUNITIES.name, row["key"], column.name, *shown))
                if self.keep:
                    continue
            values[column.name] = said
            changed.append(column.name)
        return values, changed

    def _count_row(self, row: dict[str, Any], changed: list[str], rewritten: bool) -> None:
        if row["line"] is None or not self.counting:
            return
        count = self.report.file(OPPORTUNITIES.name)
        own = [name for name in changed if name == "created_at" or name in {column.name for column in PLAIN}]
        if row["id"] is None:
            count.created += 1
        elif own:
            count.updated += 1
        else:
            count.unchanged += 1

    def _note_earliest(self, known: list[Version], versions: list[Version]) -> None:
        """The first moment at which the two histories part."""
        ways = [min((v.at for v in set_), default=None) for set_ in (_minus(versions, known), _minus(known, versions))]
        for at in ways:
            if at is not None and (self.earliest is None or at < self.earliest):
                self.earliest = at

    def _write_versions(self, key: str, versions: list[Version]) -> None:
        ends = [version.at for version in versions[1:]] + [FOREVER]
        for version, end in zip(versions, ends, strict=True):
            state = version.state
            self.versions.add(
                [key, version.at, end, version.actor, version.reason, *(getattr(state, name) for name in STATE_ORDER)]
            )


def _minus(some: list[Version], others: list[Version]) -> list[Version]:
    have = set(others)
    return [version for version in some if version not in have]


def _pages_of_keys() -> Iterator[list[str]]:
    """Keys of touched opportunities, so many that their events fit into memory."""
    sql = f"SELECT key, events FROM {staging.TOUCHED} WHERE {{page}}"
    keys: list[str] = []
    events = 0
    for page in staging.pages(sql, "key", size=PAGE_ROWS * 4):
        for key, count in page:
            keys.append(key)
            events += count
            if events >= PAGE_EVENTS or len(keys) >= PAGE_ROWS:
                yield keys
                keys, events = [], 0
    if keys:
        yield keys


def _marks(keys: list[str]) -> str:
    return ", ".join(["%s"] * len(keys))


def _staged_events(keys: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    sql = (
        f"SELECT opportunity, at, actor, field, value, reason FROM {EVENTS.table}"
        f" WHERE opportunity IN ({_marks(keys)}) ORDER BY opportunity, csv_line"
    )
    found: dict[str, list[tuple[Any, ...]]] = {}
    for key, at, actor, name, value, reason in staging.fetch(sql, keys):
        line = (key, staging.as_moment(at), actor, name, _typed(name, value), reason or "")
        found.setdefault(key, []).append(line)
    return found


def _typed(name: str, value: str | None) -> Any:
    if value is None:
        return None
    if name == "amount":
        return int(value)
    return date.fromisoformat(value) if name in ("expected_close", "next_step_due") else value


def _rows(keys: list[str]) -> Iterator[dict[str, Any]]:
    """Each key with what is staged (s_…) and what stands there (m_…)."""
    staged = [f's."{column.name}"' for column in PLAIN]
    main = [
        staging.key_of_reference(column.ref, f'm."{column.name}_id"') if column.ref else f'm."{column.name}"'
        for column in PLAIN
    ]
    sql = (
        "SELECT t.key, s.csv_line, m.id, m.version, m.imported_version, m.changed_in, s.created_at, m.created_at,"
        f" s.product, {', '.join(staged)}, {', '.join(main)} FROM {staging.TOUCHED} t"
        f" LEFT JOIN {OPPORTUNITIES.table} s ON s.key = t.key"
        f" LEFT JOIN {Opportunity._meta.db_table} m ON m.key = t.key WHERE t.key IN ({_marks(keys)})"
    )
    names = ["key", "line", "id", "version", "imported_version", "changed_in", "s_created_at", "m_created_at"]
    names += ["s_product", *(f"s_{column.name}" for column in PLAIN), *(f"m_{column.name}" for column in PLAIN)]
    for values in staging.fetch(sql, keys):
        row = dict(zip(names, values, strict=True))
        for name in ("s_created_at", "m_created_at", "s_archived_at", "m_archived_at"):
            row[name] = staging.as_moment(row[name])
        for name in ("s_signed_on", "m_signed_on"):
            row[name] = staging.as_day(row[name])
        row["changed_in"] = json.loads(row["changed_in"]) if isinstance(row["changed_in"], str) else row["changed_in"]
        yield row
