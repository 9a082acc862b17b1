"""Files of opportunities and of the playbook: checked by their bytes, kept under random names, removed by a mark."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from config.web.file_types import HEIC, JPEG, FileType, clean_name, type_of
from config.web.pictures import NotAPicture, redrawn
from config.web.uploads import MEGABYTE, disk_errors
from opportunities.actions.writing import lock_editable, refuse_if_archived
from opportunities.models import Attachment, Checkpoint, Opportunity, PlaybookEntry
from opportunities.models.files import attachment_storage

TOO_LARGE = gettext_lazy("This file is larger than %(limit)s MB.")
EMPTY = gettext_lazy("This file is empty.")
OF_ANOTHER_KIND = gettext_lazy("This kind of file is not accepted. %(accepted)s")
NO_PICTURE = gettext_lazy("This picture cannot be read, or is too large.")
ACCEPTED_IN_WORDS = gettext_lazy(
    "Accepted are PDF; pictures (JPEG, PNG, WebP, HEIC); Word, Excel and PowerPoint (docx, xlsx, pptx, without "
    "macros); mails (eml, msg); plain text and CSV."
)


@dataclass(frozen=True, slots=True)
class Checked:
    """An upload that may be kept: its bytes as they will be, what it is, what it is called."""

    content: Any
    kind: FileType
    name: str


def store_attachment(*, opportunity: Opportunity, upload: Any, actor: User) -> Attachment:
    """Keep an uploaded file with an opportunity. ValidationError {"file": why} for what is not accepted.

    `upload` is a file of a request, or any of django.core.files with a name. DiskFull when there is no room.
    """
    with stored(checked(upload)) as fields:
        return attach(opportunity=opportunity, fields=fields, actor=actor)


@transaction.atomic
def attach(*, opportunity: Opportunity, fields: dict[str, Any], actor: User) -> Attachment:
    """Keep a file that is in the storage already (`stored`) with an opportunity."""
    row = lock_editable(opportunity, actor)
    refuse_if_archived(row)
    return _add(Attachment(opportunity=row, uploaded_by=actor, **fields), row, actor)


def store_playbook_attachment(*, entry: PlaybookEntry, upload: Any, actor: User) -> Attachment:
    """Likewise with an entry of the playbook: managers and administrators."""
    refuse_unless_author(actor)
    with stored(checked(upload)) as fields, transaction.atomic():
        row = get_object_or_404(PlaybookEntry.objects.select_for_update(), pk=entry.pk)
        return _add(Attachment(playbook_entry=row, uploaded_by=actor, **fields), row, actor)


@transaction.atomic
def remove_attachment(*, attachment: Attachment, actor: User) -> Attachment:
    """Take a file out of sight for good; not while evidence that stands points to it. Twice changes nothing."""
    of = _lock_what_has(attachment, actor)
    row = Attachment.objects.select_for_update().get(pk=attachment.pk)
    if row.removed_at is not None:
        return row
    if _is_evidence(row):
        raise ValidationError(_("Evidence rests on this file. Withdraw the record first."))
    row.removed_at = timezone.now()
    row.save(update_fields=["removed_at"])
    audit.record("remove_file", row=of, actor=actor, changes={"file": (row.name, None)})
    return row


def refuse_unless_author(actor: User) -> None:
    """The playbook is everybody's to read, and written by managers and administrators."""
    if not (actor.is_manager or actor.is_admin):
        raise PermissionDenied(_("Only managers and administrators change the playbook."))


def _add(row: Attachment, of: Opportunity | PlaybookEntry, actor: User) -> Attachment:
    save_attachment(row)
    audit.record("add_file", row=of, actor=actor, changes={"file": (None, row.name)})
    return row


def save_attachment(row: Attachment) -> None:
    """Check and save a new row; its key is random, so nobody is asked whether another has it."""
    row.full_clean(exclude=["key", "opportunity", "playbook_entry", "uploaded_by"])
    row.save(force_insert=True)


def _lock_what_has(attachment: Attachment, actor: User) -> Opportunity | PlaybookEntry:
    if attachment.opportunity is not None:
        row = lock_editable(attachment.opportunity, actor)
        refuse_if_archived(row)
        return row
    refuse_unless_author(actor)
    return PlaybookEntry.objects.select_for_update().get(pk=attachment.playbook_entry_id)


def _is_evidence(row: Attachment) -> bool:
    return Checkpoint.objects.standing().filter(file=row).exists()


# --- What is accepted, and how it is kept -----------------------------------------------------


def checked(upload: Any) -> Checked:
    """The upload as it will be kept; ValidationError {"file": why}. Pictures are drawn anew, without their place."""
    refuse_size(upload.size)
    name = upload.name or ""
    kind = type_of(upload, name)
    if kind is None:
        raise _refused(OF_ANOTHER_KIND, accepted=ACCEPTED_IN_WORDS)
    kept = JPEG if kind is HEIC else kind
    return Checked(content=_without_place(upload, kind), kind=kept, name=clean_name(name, kept))


def refuse_size(size: int) -> None:
    """ValidationError for an empty file and for one of more bytes than are accepted."""
    if size > settings.ATTACHMENT_MEGABYTES * MEGABYTE:
        raise _refused(TOO_LARGE, limit=settings.ATTACHMENT_MEGABYTES)
    if not size:
        raise _refused(EMPTY)


def too_large() -> str:
    """How large a file may be, said of one that is larger."""
    return str(TOO_LARGE) % {"limit": settings.ATTACHMENT_MEGABYTES}


def _refused(text: Any, **params: Any) -> ValidationError:
    """In no language yet: an import says it to whoever reads its report."""
    return ValidationError({"file": ValidationError(text, params=params or None)})


def _without_place(upload: IO[bytes], kind: FileType) -> IO[bytes]:
    """Pictures without where they were taken; everything else as it came."""
    try:
        return redrawn(upload, kind.content_type) if kind.is_picture else upload
    except NotAPicture as error:
        raise _refused(NO_PICTURE) from error


@contextmanager
def stored(found: Checked) -> Iterator[dict[str, Any]]:
    """The fields of a file that is in the storage under a random name; taken out again when the block fails."""
    fields = keep(found)
    try:
        yield fields
    except BaseException:
        attachment_storage().delete(fields["stored"])
        raise


def keep(found: Checked) -> dict[str, Any]:
    """Put a file into the storage under a random name: the fields of its row. DiskFull when there is no room."""
    storage = attachment_storage()
    name = secrets.token_hex(16)
    with disk_errors():
        kept = storage.save(f"{name[:2]}/{name}", found.content)
    content_type, size = found.kind.content_type, storage.size(kept)
    return {"stored": kept, "name": found.name, "content_type": content_type, "size": size}
