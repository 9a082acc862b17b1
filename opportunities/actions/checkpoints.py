"""Records of evidence: added, confirmed, lowered, withdrawn (METHOD.md §3, FINE-PRINT 10-12)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, visibility
from accounts.models import User
from accounts.selectors import calendar, today
from config.web.templatetags.ui import sentences
from customers.models import Contact
from opportunities.actions.files import save_attachment
from opportunities.actions.gate import settle_proof
from opportunities.actions.heights import record_of, settle_heights
from opportunities.actions.of_opportunity import refuse_foreign_contact
from opportunities.actions.writing import TICK, lock_editable, lock_visible, refuse_if_archived
from opportunities.models import Activity, Attachment, Checkpoint, GradeChange, Opportunity
from opportunities.rules import LONGEST_REASON
from opportunities.rules.evidence import FACTORS, GRADES, TOP
from opportunities.selectors.gate import needs_on, standing_on, with_needs, with_standing
from opportunities.selectors.ladders import ladders

MOST = 200  # records that are confirmed at once


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is recorded of one level; a file is stored before (actions.files)."""

    factor: str
    level: int
    grade: str
    evidence: str = ""
    contact: Contact | None = None
    said_on: date | None = None
    link: str = ""
    file: Attachment | None = None
    activity: Activity | None = None

    @property
    def has_trace(self) -> bool:
        """A file or a link; for E2 a joint visit that took place does as well."""
        return bool(self.link or self.file or self.rests_on_visit)

    @property
    def rests_on_visit(self) -> bool:
        """Whether a joint visit that took place is the only trace; who said so must have been there, on that day."""
        met = self.activity is not None and self.activity.is_joint_visit and self.activity.done_at is not None
        return self.grade == "E2" and met and not (self.link or self.file)


def witness(grade: str, contact: Contact | None, said_on: date | None) -> dict[str, Any]:
    """Who said it and on which day, for the forms; our own word was said by nobody on any day."""
    return {"contact": None, "said_on": None} if grade == GRADES[0] else {"contact": contact, "said_on": said_on}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What became of one of several: `problem` says why it was not confirmed."""

    id: int
    checkpoint: Checkpoint | None
    problem: str = ""


@transaction.atomic
def add_checkpoints(
    *, opportunity: Opportunity, records: Sequence[Evidence], actor: User, file: dict[str, Any] | None = None
) -> list[Checkpoint]:
    """Record one or several levels at once; all or none. Their opportunity shows the heights that it has by them.

    `file` is one in the storage (`actions.files.stored`) that shows them all and is kept with them. Raises
    ValidationError: {field: message} for a single record, for several the fields begin with its index and "-".
    """
    row = lock_editable(opportunity, actor, among=with_needs(with_standing(Opportunity.objects.all())))
    refuse_if_archived(row)
    new = Attachment(opportunity=row, uploaded_by=actor, **file) if file else None
    return _add(row, [replace(each, file=new) for each in records] if new else records, actor, new)


def _add(row: Opportunity, records: Sequence[Evidence], actor: User, new: Attachment | None) -> list[Checkpoint]:
    """Write the records on a locked opportunity; `new` is their file when it is not saved yet."""
    refuse_incomplete(row, records, needs_on(row))
    _refuse_gone(row, records)
    if new is not None:
        save_attachment(new)
    at = timezone.now()
    worded = ladders()
    common = {"opportunity": row, "recorded_at": at, "recorded_by": actor}
    made = [Checkpoint(rung=worded[each.factor].rung(each.level), **common, **_fields(each)) for each in records]
    for checkpoint in made:
        _check(checkpoint)
        checkpoint.verified_at = record_of(checkpoint).verified_since()
    Checkpoint.objects.bulk_create(made)
    told = [_named(checkpoint, None, checkpoint.grade) for checkpoint in made]
    audit.record_acts(
        [*([("add_file", {"file": (None, new.name)})] if new else []), *(("add_checkpoint", each) for each in told)],
        row=row, actor=actor,
    )  # fmt: skip
    settle_heights(row)
    settle_proof(row, standing_on(row))
    return made


def _fields(each: Evidence) -> dict[str, Any]:
    return {name: getattr(each, name) for name in Evidence.__slots__}


def _named(checkpoint: Checkpoint, before: Any, after: Any) -> dict[str, tuple[Any, Any]]:
    """What the trail of an opportunity keeps of a record: which rung, and how good it was and is."""
    return {f"{checkpoint.factor}_{checkpoint.level}": (before, after)}


def _check(checkpoint: Checkpoint) -> None:
    references = [field.name for field in checkpoint._meta.fields if field.is_relation]
    checkpoint.clean_fields(exclude=references)


def refuse_incomplete(row: Opportunity, records: Sequence[Evidence], needs: Mapping[str, Sequence[str]]) -> None:
    """Raises, as add_checkpoints does, what these records lack by what grades need."""
    if not records:
        raise ValidationError(_("Record at least one level."))
    if len({(each.factor, each.level) for each in records}) < len(records):
        raise ValidationError(_("Record each level once."))
    visits = {each.activity for each in records if each.activity is not None and each.rests_on_visit}
    prefetch_related_objects(list(visits), "contacts")
    found = {index: problems_of(each, row, needs) for index, each in enumerate(records)}
    errors = {
        (name if len(records) == 1 else f"{index}-{name}"): text
        for index, problems in found.items()
        for name, text in problems.items()
    }
    if errors:
        raise ValidationError(errors)


def _refuse_gone(row: Opportunity, records: Sequence[Evidence]) -> None:
    """Files are read again under the lock: a colleague may have removed one meanwhile. Contacts must be in use.

    A file that is saved with the records has no number yet.
    """
    for contact in {each.contact for each in records}:
        refuse_foreign_contact(contact, row)
    files = {each.file.pk for each in records if each.file is not None and each.file.pk is not None}
    if files and row.attachments.filter(pk__in=files, removed_at=None).count() < len(files):  # type: ignore[attr-defined]
        raise ValidationError({"file": _("There is no such choice.")})


def problems_of(each: Evidence, row: Opportunity, needs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """{field: message} of what this record still lacks (METHOD.md §3: what a grade needs)."""
    if each.factor not in FACTORS or not 1 <= each.level <= TOP or each.grade not in GRADES:
        return {"level": _("There is no such level.")}
    asked = needs.get(each.grade, ())
    found = {
        "evidence": not (each.evidence.strip() or each.link or each.file)
        and _("Say what proves it, or add a file or a link."),
        "contact": ("contact" in asked and each.contact is None and _("Say who on the customer's side said so."))
        or (each.contact is not None and each.contact.customer_id != row.customer_id and _("There is no such choice."))
        or ({"trace", "contact"} <= set(asked) and _not_there(each)),
        "said_on": ("said_on" in asked and each.said_on is None and _("Say on which day they said so."))
        or (each.said_on is not None and each.said_on > today() and _("This day must not lie in the future."))
        or ({"trace", "said_on"} <= set(asked) and _another_day(each)),
        "link": "trace" in asked and not each.has_trace and _trace_wanted(each.grade),
        "activity": _elsewhere(each.activity, row)
        or (each.activity is not None and each.activity.done_at is None and _("This has not been done yet.")),
        "file": _elsewhere(each.file, row)
        or (each.file is not None and each.file.removed_at is not None and _("There is no such choice.")),
    }
    return {name: str(text) for name, text in found.items() if text}


def _elsewhere(thing: Activity | Attachment | None, row: Opportunity) -> str:
    return _("There is no such choice.") if thing is not None and thing.opportunity_id != row.pk else ""


def _not_there(each: Evidence) -> str:
    """A visit is the trace of those whom it was with."""
    visit = each.activity
    if visit is None or not each.rests_on_visit or each.contact in visit.contacts.all():
        return ""
    return _("The visit was not with this person: say who was there, or add a file or a link.")


def _another_day(each: Evidence) -> str:
    """What was said at a visit was said on its day."""
    at = each.activity.done_at if each.activity is not None else None
    if at is None or not each.rests_on_visit or each.said_on == calendar().local_date(at):
        return ""
    return _("The visit was on another day: correct the day, or add a file or a link.")


def _trace_wanted(grade: str) -> str:
    if grade == "E2":
        return _("E2 needs the customer's own trace: a file, a link, or the activity of a joint visit.")
    return _("E3 needs the customer's document: a file or a link.")


# --- What managers do ----------------------------------------------------------------------------


def may_judge(actor: User, opportunity: Opportunity, recorded_by: User | None) -> bool:
    """Whether somebody may confirm or lower what `recorded_by` recorded: a manager above the owner, never oneself.

    An administrator does where there is no such manager.
    """
    return Judge(actor, opportunity).may(recorded_by.pk if recorded_by else None)


class Judge:
    """What somebody may judge of one opportunity's records; asks the database at most once, however many they are."""

    def __init__(self, actor: User, opportunity: Opportunity) -> None:
        self.actor, self.is_above = actor, visibility.is_above(actor, opportunity.owner)
        self.managers: set[int] | None = None
        if actor.is_admin:
            above = visibility.managers_above(opportunity.owner).active_on(today())
            self.managers = set(above.values_list("pk", flat=True))

    def may(self, recorded_by: int | None) -> bool:
        """Likewise for the records of the person with this id."""
        if recorded_by == self.actor.pk:
            return False
        return self.is_above or (self.managers is not None and not self.managers - {recorded_by})


def _lock_for_judgement(checkpoint: Checkpoint, actor: User) -> Checkpoint:
    lock_visible(checkpoint.opportunity, actor)
    row = Checkpoint.objects.select_related("opportunity__owner__team", "opportunity__stage", "recorded_by").get(
        pk=checkpoint.pk
    )
    refuse_if_archived(row.opportunity)
    if not may_judge(actor, row.opportunity, row.recorded_by):
        raise PermissionDenied(_("Only a manager above the owner may do this, and nobody for their own record."))
    if row.withdrawn_at is not None:
        raise ValidationError(_("This record has been withdrawn."))
    return row


@transaction.atomic
def confirm_checkpoint(*, checkpoint: Checkpoint, actor: User) -> Checkpoint:
    """A manager confirms E2 on level 5 or 6, which verifies it from now on; confirming twice changes nothing."""
    row = _lock_for_judgement(checkpoint, actor)
    if row.confirmed_at is not None:
        return row
    if not row.awaits_confirmation:
        raise ValidationError(_("Only E2 on level 5 or 6 is confirmed."))
    row.confirmed_at, row.confirmed_by = moment_after(row), actor
    return _judged(row, "confirm_checkpoint", actor, (None, "confirmed"), ["confirmed_at", "confirmed_by"])


def confirm_each(*, ids: Iterable[int], actor: User) -> list[Confirmation]:
    """Confirm these records, at most 200, each in its own transaction and answered on its own, in the order given."""
    wanted = list(dict.fromkeys(ids))
    if not 1 <= len(wanted) <= MOST:
        raise ValidationError(_("Choose between 1 and 200 records."))
    rows = Checkpoint.objects.visible_to(actor).select_related("opportunity__owner__team", "recorded_by")
    found = rows.in_bulk(wanted)
    return [_confirmed(pk, found.get(pk), actor) for pk in wanted]


def _confirmed(pk: int, checkpoint: Checkpoint | None, actor: User) -> Confirmation:
    if checkpoint is None:
        return Confirmation(pk, None, _("There is no such record."))
    try:
        return Confirmation(pk, confirm_checkpoint(checkpoint=checkpoint, actor=actor))
    except ValidationError as error:
        return Confirmation(pk, checkpoint, sentences(error.messages))
    except PermissionDenied as error:
        return Confirmation(pk, checkpoint, str(error))
    except Http404:  # it went out of sight meanwhile
        return Confirmation(pk, None, _("There is no such record."))


@transaction.atomic
def lower_grade(*, checkpoint: Checkpoint, grade: str, reason: str, actor: User) -> Checkpoint:
    """A manager lowers a grade, from now on."""
    row = _lock_for_judgement(checkpoint, actor)
    if grade not in GRADES or grade >= row.grade:
        raise ValidationError({"grade": _("Choose a lower grade than the present one.")})
    before, row.grade = row.grade, grade
    GradeChange.objects.create(
        checkpoint=row, at=moment_after(row), before=before, after=grade, reason=checked_reason(reason), actor=actor
    )
    return _judged(row, "lower_grade", actor, (before, grade), ["grade"])


def _judged(row: Checkpoint, action: str, actor: User, change: tuple[Any, Any], fields: list[str]) -> Checkpoint:
    row.verified_at = record_of(row).verified_since()
    row.save(update_fields=[*fields, "verified_at"])
    audit.record(action, row=row.opportunity, actor=actor, changes=_named(row, *change))
    settle_heights(row.opportunity)
    settle_proof(row.opportunity)
    return row


@transaction.atomic
def withdraw_checkpoint(*, checkpoint: Checkpoint, reason: str, actor: User) -> Checkpoint:
    """Take a record back, with a reason; heights drop from now on, the days before keep it. Twice changes nothing."""
    opportunity = lock_editable(checkpoint.opportunity, actor)
    refuse_if_archived(opportunity)
    row = Checkpoint.objects.select_related("opportunity__stage").get(pk=checkpoint.pk)
    if row.withdrawn_at is not None:
        return row
    row.withdrawn_reason = checked_reason(reason)
    row.withdrawn_at, row.withdrawn_by = moment_after(row), actor
    fields = ["withdrawn_at", "withdrawn_by", "withdrawn_reason"]
    return _judged(row, "withdraw_checkpoint", actor, (row.grade, "withdrawn"), fields)


def moment_after(row: Checkpoint) -> Any:
    """Now, and in any case after the record was made or confirmed."""
    last = max(at for at in (row.recorded_at, row.confirmed_at) if at is not None)
    return max(timezone.now(), last + TICK)


def checked_reason(reason: str) -> str:
    """A reason without blanks around it; ValidationError when there is none or it is too long."""
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say why.")})
    if len(reason) > LONGEST_REASON:
        raise ValidationError({"reason": _("A reason has at most 500 characters.")})
    return reason
