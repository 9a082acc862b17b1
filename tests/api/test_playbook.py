"""The playbook through the API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from opportunities.models import PlaybookEntry
from tests import factories
from tests.api.test_schema_and_counts import queries

pytestmark = pytest.mark.django_db
BODY = {"kind": "script", "title_en": "Opening", "body_en": "Say **hello**", "rungs": ["power:2"], "stages": ["lock"]}


def test_write_read_change_archive(company, api):
    client = api(company.manager)
    product = factories.product(company.admin, "Rack")
    made = client.post("playbook/", {**BODY, "products": [product.key]}).json()
    assert made.items() >= {**BODY, "products": [product.key], "version": 1, "archived_at": None}.items()
    path = f"playbook/{made['id']}/"
    changed = client.patch(path, {"title_zh": "开场", "products": [], "version": 1})
    assert (changed.status_code, changed.json()["products"], changed.json()["version"]) == (200, [], 2)
    stale = client.patch(path, {"title_zh": "别的", "version": 1})
    assert stale.status_code == 409 and stale.json()["conflicts"] == ["title_zh"]
    versions = client.get(f"{path}versions/").json()["results"]
    assert [(each["number"], each["title_zh"], each["saved_by"]) for each in versions] == [
        (2, "开场", "manager"), (1, "", "manager"),
    ]  # fmt: skip
    assert client.delete(path).status_code == 204
    assert client.get("playbook/", {"key": made["key"]}).json()["count"] == 0
    assert client.post(f"{path}restore/").json()["archived_at"] is None


def test_it_is_searched(company, api):
    client = api(company.rep)
    assert client.get("playbook/").json()["count"] == PlaybookEntry.objects.count()
    found = client.get("playbook/", {"q": "否决权", "rung": "power:5", "stage": "decide"}).json()["results"]
    assert "veto-list" in [row["key"] for row in found]
    assert client.get("playbook/", {"rung": "power:9"}).status_code == 400


def test_what_is_refused(company, api):
    client = api(company.admin)
    for field, value in (
        ("kind", "song"), ("rungs", ["x"]), ("rungs", "power:1"), ("stages", ["nowhere"]), ("products", [1]),
        ("title_en", "x" * 201), ("body_en", "x" * 20_001), ("body_en", "a\x00"), ("versions", []),
    ):  # fmt: skip
        answer = client.post("playbook/", {**BODY, field: value})
        assert (answer.status_code, set(answer.json())) == (400, {field}), (field, answer.json())
    assert set(client.post("playbook/", {"kind": "script"}).json()) == {"title_zh", "body_zh"}
    assert api(company.rep).post("playbook/", BODY).status_code == 403
    assert api(company.manager).post("playbook/", {**BODY, "key": "ours"}).status_code == 400


def test_files(company, api):
    entry = PlaybookEntry.objects.get(key="veto-list")
    path = f"playbook/{entry.pk}/files/"
    body = {"file": SimpleUploadedFile("清单.txt", b"x")}
    made = api(company.manager).post(path, body, format="multipart")
    assert made.status_code == 201 and made.json()["playbook_entry"] == "veto-list"
    reader = api(company.stranger)
    assert reader.get(path).json()["results"] == [made.json()]
    assert reader.get(f"files/{made.json()['id']}/download/").status_code == 200
    assert reader.delete(f"files/{made.json()['id']}/").status_code == 403
    refused = reader.post(path, {"file": SimpleUploadedFile("a.txt", b"x")}, format="multipart")
    assert refused.status_code == 403


def test_the_list_asks_no_more_for_more(company, api):
    client = api(company.rep)
    client.get("playbook/")
    asked = len(queries(lambda: client.get("playbook/?page_size=2")))
    assert len(queries(lambda: client.get("playbook/?page_size=20"))) == asked <= 8
