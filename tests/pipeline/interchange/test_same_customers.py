"""Customers in an import: normalised names, likely duplicates, keys of those merged away."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.actions import merge_customers, undo_merge
from customers.models import Contact, Customer
from pipeline.interchange import import_workspace, same_customers
from tests import factories

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


def test_names_are_normalised_and_follow_a_new_name(company, tmp_path):
    load(tmp_path / "w", customers="key,name\nc1,远航汽车有限公司\nc2,Acme Inc.\n")
    assert dict(Customer.objects.values_list("key", "normalised_name")) == {"c1": "远航汽车", "c2": "acme"}
    load(tmp_path / "w", customers="key,name\nc1,Far Sail Ltd\n")
    assert Customer.objects.get(key="c1").normalised_name == "farsail"


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
