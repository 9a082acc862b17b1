"""Stored files that no row names: whoever uploaded them was cut off before the row was written."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from django.core.files.storage import Storage
from django.utils import timezone

from opportunities.models import Attachment
from opportunities.models.files import attachment_storage

ONE_DAY = timedelta(days=1)
OURS = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")  # what actions/files.py calls them; anything else is somebody else's


def remove_strays() -> int:
    """Delete them when they are older than a day; how many they were."""
    storage = attachment_storage()
    known = set(Attachment.objects.values_list("stored", flat=True))
    limit = timezone.now() - ONE_DAY
    strange = (name for name in _stored(storage) if OURS.fullmatch(name) and name not in known)
    found = [name for name in strange if storage.get_modified_time(name) < limit]
    for name in found:
        storage.delete(name)
    return len(found)


def _stored(storage: Storage) -> Iterator[str]:
    with suppress(FileNotFoundError):  # nothing was ever stored
        for folder in storage.listdir("")[0]:
            yield from (f"{folder}/{name}" for name in storage.listdir(folder)[1])
