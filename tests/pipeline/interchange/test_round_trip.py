"""Whole companies in, out, and in again."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.models import AuditEntry, User
from customers.actions import merge_customers
from customers.models import Contact, Contract, Customer
from opportunities.models import Attachment, Opportunity, OpportunityVersion, PlaybookEntry
from pipeline.demo.loading import load_demo
from pipeline.interchange import export_workspace
from tests import factories
from tests.pipeline.interchange.workspaces import MINI, changed, facts, load, shared, wipe, write

pytestmark = pytest.mark.django_db

COMPANIES = ["mini", "golden/case-a/workspace", "golden/case-b/workspace"]


def company_at(path: str) -> Path:
    return MINI if path == "mini" else shared(path)


@pytest.mark.parametrize("path", COMPANIES)
def test_a_company_comes_in_once_and_goes_round(path, tmp_path):
    source = company_at(path)
    assert load(source).written
    first = facts()
    trail = AuditEntry.objects.count()
    ids = list(OpportunityVersion.objects.order_by("id").values_list("id", flat=True))

    again = load(source)

    assert not again.written
    assert changed(again) == {}
    assert AuditEntry.objects.count() == trail
    assert list(OpportunityVersion.objects.order_by("id").values_list("id", flat=True)) == ids
    assert facts() == first

    export_workspace(tmp_path / "out.zip")
    assert changed(load(tmp_path / "out.zip")) == {}
    wipe()
    assert load(tmp_path / "out.zip").written
    assert facts() == first
    export_workspace(tmp_path / "folder")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        for name in archive.namelist():
            assert (tmp_path / "folder" / name).read_bytes() == archive.read(name)


@pytest.mark.slow
def test_the_demo_company_goes_round_with_its_files_and_merges(tmp_path):
    load_demo(actor=None)
    boss = User.objects.filter(role=User.Role.ADMIN).first()
    deal = Opportunity.objects.in_use().order_by("key").first()
    factories.attachment(deal, content=b"What was said")
    other, survivor = Customer.objects.in_use().exclude(pk=deal.customer_id)[:2]
    merge_customers(survivor=survivor, other=other, actor=boss)
    before, files = facts(), dict(Attachment.objects.values_list("key", "size"))

    export_workspace(tmp_path / "out.zip")
    assert changed(load(tmp_path / "out.zip")) == {}
    wipe()
    load(tmp_path / "out.zip")

    assert facts() == before
    assert dict(Attachment.objects.values_list("key", "size")) == files
    assert Customer.objects.get(key=other.key).merged_into.key == survivor.key


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "count"), [("data/maven/workspace", 7635), pytest.param("data/bpi2012", 7455, marks=pytest.mark.anywhere)]
)
def test_public_data_comes_in_without_an_error(path, count):
    assert load(company_at(path)).written
    assert Opportunity.objects.count() == count
    assert changed(load(company_at(path))) == {}


def test_the_columns_of_an_opportunity_follow_from_its_last_version(tmp_path):
    load(MINI)
    for row in Opportunity.objects.all():
        last = row.versions.latest("valid_from")
        first = row.versions.earliest("valid_from")
        assert row.changed_at == last.valid_from
        assert row.created_at == first.valid_from
        assert (row.stage_id, row.amount, row.owner_id, row.team_id) == (
            last.stage_id, last.amount, last.owner_id, last.team_id
        )  # fmt: skip
        assert (row.version, row.imported_version) == (1, 1)


def test_every_byte_stands_as_it_is(tmp_path):
    titles = ["=1+1", "+cmd", "-2", "@sum", "\ttab", 'a "quote", a comma', "two\r\nlines", "one\nline", "🙂 名 ", " x"]
    lines = "".join(
        f'o{number},acme,"{title.replace(chr(34), chr(34) * 2)}",2026-01-05T09:00:00\r\n'
        for number, title in enumerate(titles)
    )
    events = "".join(
        f"o{number},2026-01-05T09:00:00,{field},{value}\n"
        for number in range(len(titles))
        for field, value in (("stage", "lead"), ("owner", "ann"))
    )
    source = write(tmp_path / "in", {
        "opportunities.csv": "key,customer,title,created_at\n" + lines,
        "opportunity_events.csv": "opportunity,at,field,value\n" + events,
        "collaborators.csv": None,
    })  # fmt: skip
    load(source)
    assert list(Opportunity.objects.order_by("key").values_list("title", flat=True)) == titles
    export_workspace(tmp_path / "out")
    before = facts()
    wipe()
    load(tmp_path / "out")
    assert facts() == before


def test_gb18030_and_a_byte_order_mark_are_read(tmp_path):
    customers = "key,name\nacme,登顶“重工”\n"
    load(write(tmp_path / "a", {"customers.csv": customers.encode("gb18030")}))
    first = facts()["customers"]
    assert first[0][1] == "登顶“重工”"
    assert changed(load(write(tmp_path / "b", {"customers.csv": b"\xef\xbb\xbf" + customers.encode()}))) == {}


def test_an_export_writes_one_line_into_the_trail(tmp_path):
    load(write(tmp_path / "in"))
    export_workspace(tmp_path / "out")
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.model) == ("export", "organisation")


def test_an_import_writes_one_line_a_file(tmp_path):
    load(write(tmp_path / "in"))
    entries = AuditEntry.objects.filter(door="import")
    assert entries.get(label="opportunity_events.csv").changes == {"created": [None, 4], "updated": [None, 0]}
    assert entries.count() == 11


def test_since_when_a_row_is_known_goes_round(tmp_path):
    load(write(tmp_path / "in", {
        "contracts.csv": "key,customer,starts_on,ends_on\nk1,acme,2026-01-01,2026-12-31\n",
        "playbook.csv": "key,kind,title_en,body_en\np1,script,T,B\n",
    }))  # fmt: skip
    models, long_ago = (Customer, Contact, Contract, PlaybookEntry), datetime(2020, 2, 29, 4, 0, tzinfo=UTC)
    for model in models:
        assert model.objects.update(created_at=long_ago)
    export_workspace(tmp_path / "out")
    assert changed(load(tmp_path / "out")) == {}
    wipe()
    load(tmp_path / "out")
    for model in models:
        assert set(model.objects.values_list("created_at", flat=True)) == {long_ago}
    load(tmp_path / "in")  # which says nothing of it
    assert set(Contact.objects.values_list("created_at", flat=True)) == {long_ago}


def test_who_added_a_collaborator_and_when_goes_round(tmp_path):
    head, row = "opportunity,user,added_by,added_at\n", "o1,bob,ann,2020-02-29T12:00:00+08:00\n"
    load(write(tmp_path / "in", {"collaborators.csv": head + row + row}))
    before = facts()["collaborators"]
    assert before == [("o1", "bob", "ann", datetime(2020, 2, 29, 4, 0, tzinfo=UTC))]
    export_workspace(tmp_path / "out")
    wipe()
    load(tmp_path / "out")
    assert facts()["collaborators"] == before
    assert changed(load(write(tmp_path / "in", {"collaborators.csv": "opportunity,user\no1,bob\n"}))) == {}
    assert changed(load(write(tmp_path / "in", {"collaborators.csv": f"{head}o1,bob,,\n"}))) == {}
    assert facts()["collaborators"] == before
