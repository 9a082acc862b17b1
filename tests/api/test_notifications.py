"""A person's own notifications through the API."""

import pytest

from accounts.models import Kind, Notification

pytestmark = pytest.mark.django_db


def test_a_note_whose_row_is_gone_is_not_there(company, api):
    note = Notification.objects.create(
        recipient=company.admin, kind=Kind.IMPORT_ENDED, model="importrun", object_id=987654
    )
    assert api(company.admin).get(f"notifications/{note.pk}/").status_code == 404
    assert api(company.admin).post(f"notifications/{note.pk}/read/", {}).status_code == 404
    note.refresh_from_db()
    assert note.read_at is None
