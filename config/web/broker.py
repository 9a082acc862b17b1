"""The broker where no Redis is: kombu's messages in a folder, each of which is there whole or not at all.

kombu makes a message's file before it fills it; a worker that looks in between takes an empty one and ends
(https://github.com/celery/kombu/issues/1551).
"""

from pathlib import Path
from time import monotonic_ns
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):  # type: ignore[misc]
    """Writes a message under a name that no queue has, and then gives it its own."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{monotonic_ns() // 1_000_000}_{uuid4()}.{queue}.msg"
        unfinished = Path(self.data_folder_out) / f".{name}"
        unfinished.write_text(dumps(payload), encoding="utf-8")
        unfinished.rename(unfinished.with_name(name))


class Transport(filesystem.Transport):  # type: ignore[misc]
    Channel = Channel
