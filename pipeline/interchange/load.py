"""The workspace import: everything is checked and computed in staging, then written in one short transaction."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.calendar import OrgCalendar
from accounts.models import Organisation, User
from accounts.people import administration
from config.web import context
from opportunities.models import HeightsVersion, Opportunity, OpportunityVersion
from pipeline import nightly
from pipeline.interchange import (
    archiving,
    attached,
    belonging,
    checks,
    found,
    layout,
    locking,
    retirement,
    rows,
    same_customers,
    settling,
    staging,
    tiers,
    writing,
)
from pipeline.interchange.columns import File
from pipeline.interchange.filling import fill_in
from pipeline.interchange.heights import Surveyor
from pipeline.interchange.intake import Intake
from pipeline.interchange.layout import COPIED, COPIED_AFTERWARDS, FILES, ORGANISATION
from pipeline.interchange.report import Report, SourceError
from pipeline.interchange.source import Source, open_source
from pipeline.interchange.stage_timelines import plan
from pipeline.interchange.timelines import Plan
from pipeline.interchange.versions import Historian

LARGE = 10_000  # rows written from which on the planner is told about them


def nothing_said(_what: str, _count: int) -> None:
    """No progress."""


def nothing_follows(_report: Report) -> None:
    """Nothing else belongs to the writing."""


def import_workspace(
    source: str | Path,
    *,
    dry_run: bool = False,
    keep_edits: bool = False,
    actor: User | None = None,
    progress: Callable[[str, int], None] = nothing_said,
    written: Callable[[Report], None] = nothing_follows,
) -> Report:
    """Load a workspace from a folder or zip; all or nothing. Raises SourceError when it cannot be opened at all.

    `progress` is told (file or step, rows so far). The report's `ok` says whether all rows were good; with a bad
    row, and in a dry run, nothing is written. `written` is called at the end of the writing transaction and belongs to
    it: what it raises undoes the import.
    """
    report = Report(dry_run=dry_run, kept=keep_edits)
    door = context.door.set("import")
    try:
        with open_source(source) as opened:
            _Import(opened, report, keep_edits, actor, progress, written).run()
    finally:
        context.door.reset(door)
    order = {file.name: number for number, file in enumerate(FILES)}
    report.bad_rows.sort(key=lambda bad: (order.get(bad.file, 0), bad.line))
    return report


class _Import:
    """One run: its report, its plan, its clock."""

    def __init__(
        self, source: Source, report: Report, keep: bool, actor: User | None, progress: Callable[[str, int], None],
        written: Callable[[Report], None],
    ) -> None:  # fmt: skip
        self.report, self.keep, self.actor, self.progress, self.written = report, keep, actor, progress, written
        self.intake = Intake(source, report, progress)
        self.contents = attached.Contents(source, report, progress)
        self.started: datetime = timezone.now()
        self.fresh = not Opportunity.objects.exists()

    def run(self) -> None:
        staging.create_tables()
        try:
            with self.contents:
                self._check()
                if self.report.ok:
                    self._prepare()
                if self.report.ok and not self.report.dry_run and self._changes_anything():
                    self.progress("writing", 0)
                    self._write()
                    self.contents.written()
        finally:
            with suppress(Exception):
                staging.drop_tables()
        self._afterwards()

    def _check(self) -> None:
        self._read()
        self.progress("checking", 0)
        fill_in(self.report)
        same_customers.lead_to_survivors(self.report)
        attached.leave_out(self.report)
        staging.analyze(*(file.table for file in FILES if self.intake.has(file)))
        checks.check_all(self.report, self.calendar, fresh=self.fresh, now=self.started)
        self.contents.take_in()

    def _read(self) -> None:
        self.intake.take_stock(nothing_set_up=not Organisation.objects.filter(pk=1).exists())
        self.intake.read(ORGANISATION, _calendar(Organisation()))
        self.calendar = _calendar(settling.organisation_as_said(self.report))
        for file in FILES:
            if file is not ORGANISATION:
                self.intake.read(file, self.calendar)

    def _prepare(self) -> None:
        """Work out all that changes."""
        self.organisation = settling.plan_organisation(self.report, self.keep)
        if self.organisation and "timezone" not in self.organisation:
            self.calendar = _calendar(Organisation.objects.filter(pk=1).first() or self._said())
        for file in (*COPIED, *COPIED_AFTERWARDS):
            if self.intake.has(file):
                rows.compare(file, self.report.present[file.name], self.report, keep=self.keep)
        same_customers.stage_names(self.report)
        same_customers.stage_signs_of_contacts(self.report)
        same_customers.note_alike(self.report)
        self.plan: Plan = plan(self.report, fresh=self.fresh, keep=self.keep, now=self.started)
        if not self.report.ok:
            return
        everything = self.plan.reordered or ("timezone" in self.organisation and not self.fresh)
        writing.touch(self.plan, everything=everything)
        staging.analyze(staging.TOUCHED)
        self.historian = Historian(self.report, self.plan.timelines(), self.calendar, self.keep)
        self.historian.compute(self.progress)
        retirement.check_retirements(self.report, self.calendar.tz)
        today = self.calendar.local_date(self.started)
        self.checked = archiving.check_archiving(self.report, self.plan, today, self.calendar.tz)
        staging.analyze(staging.OUT, staging.VERSION, *map(staging.changes_of, (*COPIED, *COPIED_AFTERWARDS)))
        self.surveyor = Surveyor()
        self.surveyor.compute()

    def _said(self) -> Organisation:
        return settling.organisation_as_said(self.report)

    def _changes_anything(self) -> bool:
        counts = any(file.created or file.updated for file in self.report.files.values())
        return counts or bool(staging.fetch(f"SELECT 1 FROM {staging.OUT} LIMIT 1"))

    @transaction.atomic
    def _write(self) -> None:
        locking.hold_people()
        self.organisation_was = settling.write_organisation(self.organisation)
        settling.drop_replaced_stages(self.plan)
        administered = self._administration()
        for file in COPIED:
            if file is layout.CUSTOMERS:
                locking.hold_opportunities(self.report, self.started)
                same_customers.refuse_merged_meanwhile(self.report, self.started)
            self._write_rows(file)
            self._settle(file)
        if self._administration() < administered:  # edits that are kept, or made since the check
            raise SourceError(gettext_lazy("The last active administrator stays one."))
        self._recompute_what_moved()
        found.forget_retitled()
        writing.write_opportunities()
        retirement.refuse_moved_meanwhile()
        archiving.refuse_filled_meanwhile(self.checked, self.started)
        belonging.move_activities()
        self.surveyor.look_for_moved()
        for file in COPIED_AFTERWARDS:
            self._write_rows(file)
        settling.date_debriefs()
        self.surveyor.write()
        writing.settle_marks(self.report)
        self._forget_days()
        self._audit()
        self.report.written = True
        self.written(self.report)

    def _administration(self) -> tuple[bool, bool, bool]:
        people = User.objects.select_for_update(no_key=True).filter(role=User.Role.ADMIN).order_by("pk")
        return administration(people, self.calendar.local_date(self.started))

    def _write_rows(self, file: File) -> None:
        if not self.intake.has(file):
            return
        present = self.report.present[file.name]
        if not rows.lock_changed(file):
            rows.compare(file, present, self.report, keep=self.keep, counting=False)
        found.forget_changed(file)
        if file is layout.USERS and "email" in present:
            settling.revoke_invitations()
        rows.write(file, present)

    def _settle(self, file: File) -> None:
        if file is layout.STAGES:
            settling.write_settings_of_stages(self.plan)
        elif file is layout.TEAMS:
            settling.write_paths()
        elif file is layout.USERS:
            settling.write_teams_of_people(self.plan)
            settling.write_sort_keys()
        elif file is layout.CUSTOMERS:
            same_customers.write_names()
            tiers.write_first_tiers(self.report, fresh=self.fresh, now=self.started)
        elif file is layout.CONTACTS:
            same_customers.write_signs_of_contacts()
        elif file is layout.CUSTOMER_FILES[-1]:
            tiers.write_present_tiers(self.started)

    def _recompute_what_moved(self) -> None:
        """Somebody worked while the histories were computed: take what they did into account."""
        if writing.touch_moved(self.started, timezone.now()):
            self.historian.counting = False
            self.historian.compute()

    def _audit(self) -> None:
        """One row a file; that of the organisation's says from what to what."""
        if self.organisation_was:
            row = Organisation.objects.get(pk=1)
            audit.record("import", row=row, actor=self.actor, changes=self.organisation_was)
        for file in self.report.files.values():
            if (file.created or file.updated) and not (file.name == ORGANISATION.name and self.organisation_was):
                changes = {"created": [None, file.created], "updated": [None, file.updated]}
                model = layout.BY_NAME[file.name].model
                audit.record_many("import", model=model, label=file.name, actor=self.actor, changes=changes)

    def _forget_days(self) -> None:
        """The stored totals are due again from the first day on whose past is another now."""
        if "timezone" in self.organisation and not self.fresh:
            nightly.forget_every_night()
            return
        moments = (self.historian.earliest, self.surveyor.earliest, self.plan.earliest)
        first = Opportunity.objects.aggregate(first=Min("created_on"))["first"]
        days = [max(self.calendar.local_date(at), first) for at in moments if at is not None and first is not None]
        if days:
            nightly.forget_from(min(days))

    def _afterwards(self) -> None:
        if self.report.written and sum(file.created + file.updated for file in self.report.files.values()) >= LARGE:
            _tell_the_planner()
        if self.report.written:
            found.catch_up()


def _calendar(organisation: Organisation) -> OrgCalendar:
    return OrgCalendar(ZoneInfo(organisation.timezone), organisation.fiscal_year_start_month)


_DERIVED = [model._meta.db_table for model in (OpportunityVersion, HeightsVersion)]


def _tell_the_planner() -> None:
    """Fresh statistics and visibility map after a large import, else index-only scans fall back to the heap."""
    if connection.in_atomic_block:
        return
    tables: Sequence[Any] = [model._meta.db_table for model in {file.model for file in FILES}]
    for table in [*sorted(tables), *_DERIVED]:
        staging.execute(f"VACUUM ANALYZE {table}" if connection.vendor == "postgresql" else f"ANALYZE {table}")
