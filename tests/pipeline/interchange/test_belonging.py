"""A contact belongs to the row's customer, an activity to its opportunity's."""

import pytest

from opportunities.models import Activity, Opportunity
from pipeline.interchange import import_workspace
from tests.pipeline.interchange.workspaces import BASE, changed, load, write

pytestmark = pytest.mark.django_db

TWO = {
    "customers.csv": f"{BASE['customers.csv']}bolt,Bolt,,,bob,,,,,\n",
    "contacts.csv": "key,customer,name\nc1,acme,Cy\nc2,bolt,Bea\n",
}
AT = "2026-02-02T09:00:00+08:00"
FILES = {
    "checkpoints.csv": "opportunity,factor,level,recorded_at,evidence,grade,contact\n"
    f"o1,power,1,{AT},Told,E1,CONTACT\n",
    "stakeholders.csv": "key,opportunity,contact\ns1,o1,CONTACT\n",
    "joint_plan.csv": "key,opportunity,side,title,contact\nj1,o1,theirs,Sign,CONTACT\n",
    "activities.csv": f"key,kind,customer,opportunity,owner,done_at\na1,visit,acme,o1,ann,{AT}\n",
    "activity_contacts.csv": "activity,contact\na1,CONTACT\n",
}


def with_contact(name, contact):
    files = {"activities.csv": FILES["activities.csv"]} if name == "activity_contacts.csv" else {}
    return {**TWO, **files, name: FILES[name].replace("CONTACT", contact)}


@pytest.mark.parametrize("name", [name for name in FILES if name != "activities.csv"])
def test_a_contact_of_another_customer_is_a_bad_row(tmp_path, name):
    [bad] = import_workspace(write(tmp_path / "bad", with_contact(name, "c2"))).bad_rows
    assert (bad.file, bad.line, bad.column, bad.value) == (name, 2, "contact", "c2")
    load(write(tmp_path / "good", with_contact(name, "c1")))
    [bad] = import_workspace(
        write(tmp_path / "later", {name: FILES[name].replace("CONTACT", "c2")}, base=False)
    ).bad_rows
    assert (bad.file, bad.column) == (name, "contact")


def test_an_activity_names_the_customer_of_its_opportunity_or_none(tmp_path):
    rows = FILES["activities.csv"]
    [bad] = import_workspace(write(tmp_path / "bad", {**TWO, "activities.csv": rows.replace("acme", "bolt")})).bad_rows
    assert (bad.file, bad.line, bad.column, bad.value) == ("activities.csv", 2, "customer", "bolt")
    load(write(tmp_path / "good", {**TWO, "activities.csv": rows.replace("acme", "")}))


def moved(tmp_path):
    rows = BASE["opportunities.csv"].replace("o1,acme", "o1,bolt")
    return write(tmp_path / "moved", {"opportunities.csv": rows}, base=False)


def test_an_opportunity_takes_its_activities_to_another_customer(tmp_path):
    load(write(tmp_path / "in", {**TWO, "activities.csv": FILES["activities.csv"]}))
    report = load(moved(tmp_path))
    assert changed(report)["opportunities.csv"] == (0, 1)
    assert Opportunity.objects.get().customer.key == Activity.objects.get().customer.key == "bolt"


@pytest.mark.parametrize("name", ["checkpoints.csv", "stakeholders.csv", "joint_plan.csv"])
def test_one_whose_people_are_named_stays_with_its_customer(tmp_path, name):
    load(write(tmp_path / "in", with_contact(name, "c1")))
    [bad] = import_workspace(moved(tmp_path)).bad_rows
    assert (bad.file, bad.column, bad.value) == ("opportunities.csv", "customer", "bolt")


def test_an_activity_about_an_opportunity_is_one_with_its_customer(tmp_path):
    unsaid = {"activities.csv": FILES["activities.csv"].replace("visit,acme", "visit,")}
    load(write(tmp_path / "first", {**TWO, **unsaid}))
    assert Activity.objects.get().customer.key == "acme"
    assert changed(load(write(tmp_path / "again", unsaid, base=False))) == {}
    assert Activity.objects.get().customer.key == "acme"
