"""Imports and exports that people ask for: uploaded, checked, confirmed and written by a worker under a lease."""

from django.db import OperationalError

from config.web.busy import is_busy
from pipeline.runs import exports, imports


def run_due() -> None:
    """Carry out imports and exports that are due. While somebody else holds SQLite's lock, the next tick does it."""
    try:
        exports.expire_exports()
        imports.run_due()
        exports.run_due()
    except OperationalError as error:
        if not is_busy(error):
            raise
