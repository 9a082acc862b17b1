"""Customers in an import: normalised names, likely duplicates, keys of those merged away."""

import pytest

from customers.actions import merge_customers, undo_merge
from customers.models import Contact, Customer
from pipeline.interchange import import_workspace
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
    found = [(each.line, each.key, each.name, each.other) for each in report.alike]
    assert found == [(2, "c1", "远航汽车", known.key), (4, "c3", "ACME Ltd", "c2")]
    assert Customer.objects.count() == 5
    assert load(tmp_path / "w", customers="key,name\nc1,远航汽车\nc3,ACME Ltd\n").alike == []


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
