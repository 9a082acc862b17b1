"""Customers in an import: normalised names, likely duplicates, keys of those merged away."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customers import duplicates
from customers.actions import archive_contact, merge_customers, undo_merge
from customers.bearers import MANY
from customers.models import Contact, Customer, IdealProfile, Merge, Order, Supplier, TargetCustomer
from opportunities.models import Opportunity
from pipeline.interchange import checks, export_workspace, import_workspace, same_customers
from pipeline.interchange.report import SourceError
from pipeline.selectors.searching import search_everything
from tests import factories
from tests.pipeline.interchange.workspaces import BASE, changed, facts, wipe, write
from tests.pipeline.interchange.workspaces import load as load_from

pytestmark = pytest.mark.django_db


def load(folder, **files):
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    report = import_workspace(folder)
    assert report.ok, report.bad_rows
    return report


def test_what_names_a_customer_that_is_merged_while_the_file_is_read_is_not_left_behind(company, tmp_path):
    kept, gone = factories.customer(company.rep), factories.customer(company.rep)
    both = {"survivor": kept, "other": gone, "actor": company.admin}
    (tmp_path / "orders.csv").write_text(f"key,customer,amount,booked_on\no1,{gone.key},5.00,2026-10-01\n", "utf-8")

    def merge(what, _count):
        if what == "writing":
            merge_customers(**both)

    with pytest.raises(SourceError):
        import_workspace(tmp_path, progress=merge)
    assert not Order.objects.exists()
    assert import_workspace(tmp_path).written
    assert Order.objects.get().customer == kept


def test_names_are_normalised_and_follow_a_new_name(company, tmp_path):
    load(tmp_path / "w", customers="key,name\nc1,远航汽车有限公司\nc2,Acme Inc.\n")
    assert dict(Customer.objects.values_list("key", "normalised_name")) == {"c1": "远航汽车", "c2": "acme"}
    load(tmp_path / "w", customers="key,name\nc1,Far Sail Ltd\n")
    assert Customer.objects.get(key="c1").normalised_name == "farsail"


def test_contacts_of_a_file_tell_their_company(company, tmp_path):
    files = {"customers": "key,name\nc1,Acme\n"}
    load(tmp_path / "w", **files, contacts="key,customer,name,phone,email\np1,c1,Li,+86 138-0013-8000,li@Acme.com\n")
    signs = duplicates.signs_of(phone="13800138000", domain="acme.com")
    assert [each.reasons for each in duplicates.certain(signs, company.admin)] == [("phone", "domain")]
    load(tmp_path / "w", contacts="key,customer,name,phone\np1,c1,Li,\n")
    assert [each.reasons for each in duplicates.certain(signs, company.admin)] == [("domain",)]
    load(tmp_path / "w", contacts="key,customer,name,phone,email\np1,c1,Li,110,li@qq.com\n")
    assert duplicates.certain(signs, company.admin) == []


def test_likely_duplicates_are_warnings(company, tmp_path):
    known = factories.customer(company.rep, "远航汽车有限公司")
    report = load(tmp_path / "w", customers="key,name\nc1,远航汽车\nc2,Acme\nc3,ACME Ltd\nc4,Other\n")
    found = [(each.line, each.key, each.name, each.other, each.reasons) for each in report.alike]
    assert found == [
        (2, "c1", "远航汽车", known.key, ("normalised_name",)), (4, "c3", "ACME Ltd", "c2", ("normalised_name",)),
    ]  # fmt: skip
    assert Customer.objects.count() == 5
    assert load(tmp_path / "w", customers="key,name\nc1,远航汽车\nc3,ACME Ltd\n").alike == []


def test_every_sign_of_a_duplicate_is_a_warning(company, tmp_path):
    code = "91110000600037341L"
    factories.customer(company.rep, "One", key="one", credit_code=code, phone="13800138000", domain="sail.cn")
    factories.customer(company.rep, "Two", key="two", domain="qq.com", phone="12345")
    report = load(
        tmp_path / "w",
        customers="key,name,credit_code,phone,domain\n"
        f"c1,Uno,{code.lower()},+86 138-0013-8000,\n"
        "c2,Due,,,info@sail.cn\nc3,Tre,,12345,qq.com\nc4,Quattro,,0086 13900139000,\nc5,Cinque,,13900139000,\n"
        "c6,Uno Ltd,,139 0013 9000,\n",
    )
    assert [(each.key, each.other, each.reasons) for each in report.alike] == [
        ("c1", "one", ("credit_code", "phone")), ("c2", "one", ("domain",)), ("c5", "c4", ("phone",)),
        ("c6", "c1", ("normalised_name",)), ("c6", "c4", ("phone",)),
    ]  # fmt: skip
    row = Customer.objects.get(key="c1")
    assert (row.credit_code, row.phone, Customer.objects.get(key="c2").domain) == (code, "13800138000", "sail.cn")


def test_signs_of_contacts_are_warnings_like_those_of_customers(company, tmp_path):
    """On either side, those of the file and those that are here; not what is archived or everybody's."""
    reached = factories.customer(company.rep, "Reached", key="reached")
    factories.contact(company.rep, reached, "Li", phone="+86 21 6888 1234", email="li@sail.cn")
    factories.contact(company.rep, reached, "Wu", phone="110", email="wu@qq.com")
    archive_contact(
        contact=factories.contact(company.rep, reached, "Gone", phone="13900139000"), seen=None, actor=company.rep
    )
    factories.customer(company.rep, "Own", key="own", phone="13800138000", domain="oak.cn")
    report = load(
        tmp_path / "w",
        customers="key,name,phone,domain\nc1,Uno,021-68881234,\nc2,Due,,sail.cn\nc3,Tre,,\nc4,Quattro,13900139000,qq.com\n"
        "c5,Cinque,,\nc6,Sei,13700137000,\nc7,Sette,13600136000,\n",
        contacts="key,customer,name,phone,email,archived_at\np3,c3,Zhao,138 0013 8000,zhao@oak.cn,\n"
        "p5,c5,Qian,13700137000,q@gmail.com,\np6,c6,Sun,13600136000,,2026-01-01T00:00:00Z\n"
        "p0,reached,Zhou,13600136000,,\n",
    )
    assert [(each.key, each.other, each.reasons) for each in report.alike] == [
        ("c1", "reached", ("phone",)), ("c2", "reached", ("domain",)), ("c3", "own", ("phone", "domain")),
        ("c6", "c5", ("phone",)),
    ]  # fmt: skip


def test_what_very_many_share_warns_of_nobody(company, tmp_path):
    for number in range(MANY):
        row = factories.customer(company.rep, f"Tenant {number}")
        factories.contact(company.rep, row, phone=f"1380013{number:04}", email=f"{number}@park.cn")
    assert load(tmp_path / "w", customers="key,name,domain\nc1,Another,park.cn\n").alike == []
    archive_contact(contact=Contact.objects.first(), seen=None, actor=company.rep)
    Customer.objects.filter(key="c1").update(domain="")
    report = load(tmp_path / "w", customers="key,name,domain\nc2,Third,park.cn\n")
    assert [(each.key, each.reasons) for each in report.alike] == [("c2", ("domain",))]


def test_name_and_code_of_one_merged_away_warn_of_its_survivor(company, tmp_path):
    code = "91110000600037341L"
    one = factories.customer(company.rep, "One", key="one", credit_code="91330100799655058B")
    two = factories.customer(company.rep, "Two Ltd", key="two", credit_code=code, phone="13800138000")
    merge_customers(survivor=one, other=two, actor=company.manager)
    Customer.objects.filter(pk=one.pk).update(phone="")
    report = load(
        tmp_path / "w",
        customers=f"key,name,credit_code,phone\nc1,two,,\nc2,Other,{code},\nc3,Third,,13800138000\n",
    )
    assert [(each.key, each.other, each.reasons) for each in report.alike] == [
        ("c1", "one", ("normalised_name",)), ("c2", "one", ("credit_code",)),
    ]  # fmt: skip


def test_a_wrong_credit_code_is_a_bad_row(company, tmp_path):
    (tmp_path / "customers.csv").write_text("key,name,credit_code\nc1,One,91110000600037341M\n")
    [bad] = import_workspace(tmp_path).bad_rows
    assert (bad.line, bad.column) == (2, "credit_code")
    assert not Customer.objects.exists()


def test_however_many_are_alike_they_are_found_in_one_query(company, tmp_path, monkeypatch):
    counts = []

    def counted(report, note=same_customers.note_alike):
        with CaptureQueriesContext(connection) as queries:
            note(report)
        counts.append(len(queries))

    monkeypatch.setattr(same_customers, "note_alike", counted)
    for number, found in ((2, 1), (300, 200)):
        lines = "".join(f"n{number}-{each},Name,,1380013{number:04},\n" for each in range(number))
        report = load(tmp_path / "w", customers=f"key,name,credit_code,phone,domain\n{lines}")
        assert len(report.alike) == found
        assert report.alike[-1].reasons
    assert counts == [1, 1]


def test_the_key_of_one_merged_away_leads_to_the_survivor(company, tmp_path):
    one, two = factories.customer(company.rep, "One", key="one"), factories.customer(company.rep, "Two", key="two")
    child = factories.customer(company.rep, "Child", key="child")
    merge = merge_customers(survivor=one, other=two, actor=company.manager)
    report = load(
        tmp_path / "w", customers="key,name,industry,parent\ntwo,Two again,Steel,\none,One,,two\nchild,Child,,two\n",
        contacts="key,customer,name\nk1,two,Wang\n",
    )  # fmt: skip
    for row in (one, two, child):
        row.refresh_from_db()
    assert (two.name, two.archived_at is None, two.merged_into, one.parent, child.parent) == (
        "Two", False, one, None, one
    )  # fmt: skip
    assert (one.industry, Contact.objects.get().customer) == ("", one)
    assert report.files["customers.csv"].rows == 3
    undo_merge(merge=merge, actor=company.manager)
    assert Contact.objects.get().customer == one


# --- Merges in an export --------------------------------------------------------------------------

CODE = "91110000600037341L"


@pytest.fixture
def merged(company):
    """Two into One, with what a merge moves, archives, and leaves where it is."""
    one = factories.customer(company.rep, "One", key="one", credit_code="91330100799655058B")
    two = factories.customer(company.rep, "Two Ltd", key="two", credit_code=CODE)
    factories.customer(company.rep, "Child", key="child", parent=two)
    factories.opportunity(company.rep, "Airport", customer=two)
    profile = IdealProfile.objects.create(name="Line", key="line")
    profile.criteria.create(position=0, kind="region", value="North", weight=1)
    for row in (one, two):
        TargetCustomer.objects.create(customer=row, profile=profile, owner=company.rep, next_step=row.name)
        Supplier.objects.create(customer=row, name="Rapid", annual_amount=row.pk)
    return merge_customers(survivor=one, other=two, actor=company.manager)


def test_a_merge_goes_round_and_old_names_and_codes_lead_to_the_survivor(company, merged, signed_in, tmp_path):
    export_workspace(tmp_path / "out.zip")
    assert changed(load_from(tmp_path / "out.zip")) == {}
    before = facts()
    wipe()
    assert not Customer.objects.exists()
    load_from(tmp_path / "out.zip")
    assert facts() == before
    assert changed(load_from(tmp_path / "out.zip")) == {}
    export_workspace(tmp_path / "again.zip")
    assert changed(load_from(tmp_path / "again.zip")) == {} and facts() == before
    one, two = Customer.objects.get(key="one"), Customer.objects.get(key="two")
    assert (two.merged_into, two.archived_at, Merge.objects.count()) == (one, merged.merged_at, 0)
    boss = type(company.admin).objects.get(username=company.admin.username)
    found = [hit for part in search_everything(boss, "Two", only="customers") for hit in part.hits]
    assert [hit.url for hit in found] == [reverse("customer", args=[one.pk])]
    for sign in ({"name": "two"}, {"credit_code": CODE}):
        [same] = duplicates.candidates(duplicates.signs_of(**sign), boss)
        assert (same.key, same.formerly) == ("one", "Two Ltd")
    client = signed_in(boss)
    assert client.get(reverse("customer", args=[two.pk])).url == reverse("customer", args=[one.pk])
    assert [row["key"] for row in client.get("/api/v1/customers/?key=two").json()["results"]] == ["one"]


def test_a_merge_of_a_source_is_taken_over_with_what_names_the_one_that_is_gone(tmp_path):
    customers = "key,name,parent,merged_into,archived_at\n" + (
        "acme,Acme,,,\nold,Old Acme,,acme,2026-02-01\nsub,Sub,old,,\nkin,Acme Ltd,,,\n"
    ).replace("2026-02-01", "2026-02-01T00:00:00Z")
    source = write(tmp_path / "in", {
        "customers.csv": customers, "opportunities.csv": BASE["opportunities.csv"].replace("o1,acme", "o1,old"),
        "suppliers.csv": "key,customer,name,annual_amount\ns1,old,Rapid,5\n",
    })  # fmt: skip
    report = load_from(source)
    assert [(each.key, each.other) for each in report.alike] == [("kin", "acme")]
    rows = {row.key: row for row in Customer.objects.all()}
    assert (rows["old"].merged_into, rows["sub"].parent) == (rows["acme"], rows["acme"])
    assert {Opportunity.objects.get().customer, Supplier.objects.get().customer} == {rows["acme"]}
    assert changed(load_from(source)) == {}


def test_a_merge_that_cannot_be_is_a_bad_row(company, tmp_path):
    """Into one that is gone itself, of one that was never archived, of one on which rows hang here."""
    busy, idle = (
        factories.customer(company.rep, "Busy", key="busy"),
        factories.customer(company.rep, "Idle", key="idle"),
    )
    factories.contact(company.rep, busy)
    now = timezone.now().isoformat()
    rows = [f"a,A,b,{now}", f"b,B,c,{now}", "c,C,,", f"d,D,d,{now}", f"e,E,nobody,{now}", "f,F,c,"]
    rows += [f"busy,Busy,c,{now}", f"idle,Idle,c,{now}", f"a,A,c,{now}", "g,G,c,soon"]
    (tmp_path / "customers.csv").write_text("key,name,merged_into,archived_at\n" + "\n".join(rows))
    (tmp_path / "contacts.csv").write_text("key,customer,name\nk1,a,Wang\n")
    found = [(bad.line, bad.column, bad.value, str(bad.wrong)) for bad in import_workspace(tmp_path).bad_rows]
    assert sorted(found) == [
        (2, "merged_into", "b", "This customer was merged away itself."),
        (5, "merged_into", "d", "This customer was merged away itself."),
        (6, "merged_into", "nobody", "There is no such row."),
        (7, "archived_at", "", "The cell is empty."),
        (8, "merged_into", "c", "Rows hang on this customer here."),
        (10, "key", "a", "The same key stands in line 2 already."),
        (11, "archived_at", "soon", "This is not a moment."),
    ]
    (tmp_path / "contacts.csv").unlink()
    good = [row for row in rows if row[0] in "ci"]
    (tmp_path / "customers.csv").write_text("key,name,merged_into,archived_at\n" + "\n".join(good))
    assert import_workspace(tmp_path).ok
    idle.refresh_from_db()
    assert idle.merged_into.key == "c"


def test_a_file_without_the_column_takes_no_merge_back(company, merged, tmp_path):
    load(tmp_path / "w", customers="key,name,archived_at\ntwo,Two,\n")
    load(tmp_path / "w", customers="key,name,merged_into,archived_at\ntwo,Two,,\n")
    assert Customer.objects.get(key="two").merged_into.key == "one"


def test_what_hangs_on_those_merged_away_is_asked_in_so_many_queries(company, tmp_path, monkeypatch):
    counts = []

    def counted(report, check=same_customers.check_merges):
        with CaptureQueriesContext(connection) as queries:
            check(report)
        counts.append(len(queries))

    monkeypatch.setattr(checks, "check_merges", counted)
    for number in (2, 200):
        moment = timezone.now().isoformat()
        rows = "".join(f"n{number}-{each},N{each},c{number},{moment}\n" for each in range(number))
        load(tmp_path / "w", customers=f"key,name,merged_into,archived_at\nc{number},Survivor {number},,\n{rows}")
    assert counts[0] == counts[1] < 30
    assert Customer.objects.filter(merged_into__isnull=False).count() == 202
