"""What an import's writing locks before it writes, in the order of all acts (accounts.edits)."""

from datetime import datetime

from django.db import connection
from django.utils import timezone

from accounts.models import User
from opportunities.models import Opportunity
from pipeline.interchange import rows, staging, writing
from pipeline.interchange.layout import COPIED_AFTERWARDS, OPPORTUNITIES, USERS
from pipeline.interchange.report import Report

USER, OPPORTUNITY = User._meta.db_table, Opportunity._meta.db_table


def hold_people() -> None:
    """Those whom the import changes, and the administrators, of whom one stays."""
    sql = f"SELECT id FROM {staging.changes_of(USERS)} UNION SELECT id FROM {USER} WHERE role = %s"
    _hold(USER, f"m.id IN ({sql})", [User.Role.ADMIN], "NO KEY UPDATE")


def hold_opportunities(report: Report, since: datetime) -> None:
    """Those that the import writes, and those on which it hangs or changes something; and those that people changed
    since it was computed, which are computed anew.
    """
    wanted = [f"SELECT key FROM {staging.OUT}", f"SELECT key FROM {staging.PROVEN}", writing.MOVED]
    wanted += [
        rows.named_by_changes(file, column)
        for file in COPIED_AFTERWARDS if file.name in report.present
        for column in file.columns if column.ref == OPPORTUNITIES.name
    ]  # fmt: skip
    adapt = connection.ops.adapt_datetimefield_value
    _hold(OPPORTUNITY, f"m.key IN ({' UNION '.join(wanted)})", [adapt(since), adapt(timezone.now())], "UPDATE")


def _hold(table: str, condition: str, params: list[object], mode: str) -> None:
    if connection.features.has_select_for_update:
        staging.fetch(f"SELECT m.id FROM {table} m WHERE {condition} ORDER BY m.id FOR {mode} OF m", params)
