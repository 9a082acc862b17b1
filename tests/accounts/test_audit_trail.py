"""Rows of the audit trail are only added."""

import pytest

from accounts.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(action="nothing"),
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
    ],
    ids=["save", "delete", "update", "delete many"],
)
def test_a_row_of_the_trail_stays_as_it_was_written(company, change):
    entry = AuditEntry.objects.latest("id")
    before = AuditEntry.objects.filter(pk=entry.pk).values().get()

    with pytest.raises(TypeError):
        change(entry)

    assert AuditEntry.objects.filter(pk=entry.pk).values().get() == before
