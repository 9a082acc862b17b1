"""Every file of what hangs on customers: round, updated, refused; tiers with their moments."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from customers.models import Contract, Customer, CustomerTier, TierRules
from pipeline.interchange import export_workspace, import_workspace
from pipeline.interchange.circles import on_a_circle
from tests.pipeline.interchange.workspaces import BASE, changed, facts, load, wipe, write

pytestmark = pytest.mark.django_db

CUSTOMERS = (
    "key,name,owner,tier,annual_spend,credit_code,phone,domain\n"
    "acme,Acme,ann,3A,1000,91310000132221478C,0215555,acme.example\nbolt,Bolt,bob,,,,,\n"
)
LATER_WEIGHTS = "sales:30 margin:15 growth:10 potential:15 credit:15 goals:15 openness:0"
SCORES = "sales:4 margin:3 growth:3 potential:4 credit:4 goals:3 openness:3"
RICH = {
    "customers.csv": CUSTOMERS,
    "contacts.csv": f"{BASE['contacts.csv'].strip()}\nc2,bolt,Bea,,,\n",
    "tier_rules.csv": "at,weights,thresholds,cadence_days,plan_required,review_depth,accounts_per_rep,"
    "assess_every_days,decision_maker_days\n"
    ",sales:20 margin:15 growth:10 potential:15 credit:15 goals:15 openness:10,5A:85 4A:70 3A:55 2A:25,"
    "5A:7 4A:14 3A:30 2A:90 1A:0,5A 4A,5A:weekly 4A:weekly 3A:monthly 2A:quarterly 1A:none,"
    "5A:3 4A:8 3A:20 2A:40 1A:0,90,90\n"
    f"2026-03-01T00:00:00+08:00,{LATER_WEIGHTS},"
    "5A:90 4A:70 3A:55 2A:25,5A:7 4A:14 3A:30 2A:90 1A:0,5A,5A:weekly 4A:weekly 3A:monthly 2A:none 1A:none,"
    "5A:2 4A:8 3A:20 2A:40 1A:0,60,30\n",
    "customer_tiers.csv": "customer,at,tier\nacme,2026-02-01T09:00:00+08:00,4A\nacme,2026-04-01T09:00:00+08:00,3A\n",
    "customer_assessments.csv": "customer,assessed_at,assessed_by,scores,notes,negative_margin,payment_days_late,tier,"
    "override_reason,overridden_by,overridden_at\n"
    f'acme,2026-04-01T09:00:00+08:00,ann,{SCORES},"{{""margin"": ""薄""}}",false,20,3A,Too early,boss,'
    "2026-04-02T09:00:00+08:00\n",
    "contracts.csv": "key,customer,amount,starts_on,ends_on,renewed_by,title\n"
    "k1,acme,100.50,2025-01-01,2025-12-31,k2,Service\nk2,acme,,2026-01-01,2026-12-31,,\n",
    "nps.csv": "key,customer,contact,score,answered_on,comment\nn1,acme,c1,9,2026-03-01,Good\nn2,bolt,,0,2026-03-02,\n",
    "suppliers.csv": "key,customer,name,annual_amount\ns1,acme,Rapid,300\n",
    "customer_units.csv": "key,customer,name\nu1,acme,Nanjing\n",
    "coverage.csv": "unit,product,state,supplier\nu1,pump,ours,\nu1,valve,others,Rapid\n",
    "account_plans.csv": "key,customer,year,strategy_now,strategy_later,our_match,goals_short,goals_long,risks,"
    "our_leader,their_leader,share_now,share_aimed,confirmed_on\n"
    "p1,acme,2026,Zero stock,Growth,Lines,Save,Lead,Price,ann,c1,30,50,2026-02-02\n",
    "account_plan_lines.csv": "key,plan,strategy,our_match,revenue,revenue_next,revenue_third,milestone,"
    "milestone_due,state\nl1,p1,Zero stock,Warehouse,100,200,,Signing,2026-12-18,at_risk\n",
    "joint_actions.csv": "key,plan,action,owner,contact,due_on,state,their_state,result\n"
    "j1,p1,Workshop,ann,c1,2026-05-01,done,open,Agreed\n",
    "ideal_profiles.csv": "key,name,line\ni1,Car makers,Warehouses\n",
    "profile_criteria.csv": "profile,position,kind,value,weight\ni1,0,industry,Cars,60\ni1,1,spend,1000,40\n",
    "target_customers.csv": "profile,customer,owner,next_step,next_step_due,state\ni1,bolt,bob,Call,2026-06-01,open\n",
}


def test_every_file_goes_round(tmp_path):
    load(write(tmp_path / "in", RICH))
    first = facts()
    assert all(first[name] for name in RICH if name not in ("customers.csv", "contacts.csv"))
    assert changed(load(tmp_path / "in")) == {}
    export_workspace(tmp_path / "out")
    assert changed(load(tmp_path / "out")) == {}
    wipe()
    load(tmp_path / "out")
    assert facts() == first


@pytest.mark.anywhere
@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("customers.csv", "0215555", "0216666"),
        ("tier_rules.csv", "60,30", "61,30"),
        ("customer_tiers.csv", ",4A", ",5A"),
        ("customer_assessments.csv", "薄", "厚"),
        ("contracts.csv", "2025-12-31", "2025-12-30"),
        ("nps.csv", "Good", "Very good"),
        ("suppliers.csv", "300", "301"),
        ("customer_units.csv", "Nanjing", "南京"),
        ("coverage.csv", "ours", "pursued"),
        ("account_plans.csv", "30,50", "30,55"),
        ("account_plan_lines.csv", "at_risk", "on_track"),
        ("joint_actions.csv", "Agreed", "All agreed"),
        ("ideal_profiles.csv", "Car makers", "Cars"),
        ("profile_criteria.csv", "1000,40", "2000,40"),
        ("target_customers.csv", "Call", "Visit"),
    ],
)
def test_a_changed_row_of_every_file_updates(tmp_path, file, before, after):
    load(write(tmp_path / "in", RICH))
    write(tmp_path / "in", {file: RICH[file].replace(before, after, 1)}, base=False)
    assert changed(load(tmp_path / "in")) == {file: (0, 1)}
    assert changed(load(tmp_path / "in")) == {}


def held(key):
    rows = CustomerTier.objects.filter(customer__key=key).order_by("valid_from")
    return list(rows.values_list("tier", flat=True))


def test_the_tier_is_the_latest_and_the_first_one_holds_for_all_the_past(tmp_path):
    load(write(tmp_path / "in", RICH))
    assert held("acme") == ["3A", "4A", "3A"]
    assert held("bolt") == [""]
    acme = Customer.objects.get(key="acme")
    assert acme.tier == "3A"
    linked = CustomerTier.objects.get(customer=acme, assessment__isnull=False)
    assert linked.valid_from == datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
    assert linked.assessment.rules == TierRules.objects.latest("valid_from")


def without_lines(tier):
    return {"customers.csv": f"key,name,owner,tier\nacme,Acme,ann,{tier}\n"}


def test_another_tier_of_a_known_customer_counts_from_the_import_on(tmp_path):
    before = timezone.now()
    load(write(tmp_path / "in", without_lines("2A")))
    report = load(write(tmp_path / "in", without_lines("4A")))
    assert changed(report) == {"customers.csv": (0, 1)}
    assert held("acme") == ["2A", "4A"]
    assert CustomerTier.objects.get(tier="4A").valid_from >= before
    assert Customer.objects.get(key="acme").tier == "4A"


def test_while_there_is_no_opportunity_it_replaces_what_was_said(tmp_path):
    empty = {"opportunities.csv": None, "opportunity_events.csv": None, "collaborators.csv": None}
    load(write(tmp_path / "in", {**without_lines("2A"), **empty}))
    load(write(tmp_path / "in", {**without_lines("4A"), **empty}))
    assert held("acme") == ["4A"]


def test_an_assessed_customer_keeps_its_tier_whatever_the_source_says(tmp_path):
    load(write(tmp_path / "in", RICH))
    files = {"customers.csv": CUSTOMERS.replace("Acme,ann,3A", "Acme Works,ann,5A"), "customer_tiers.csv": None}
    assert changed(load(write(tmp_path / "again", {**RICH, **files}))) == {"customers.csv": (0, 1)}
    assert Customer.objects.get(key="acme").tier == "3A"
    assert held("acme") == ["3A", "4A", "3A"]


def test_the_first_tier_is_repeated_where_later_ones_follow(tmp_path):
    load(write(tmp_path / "in", RICH))
    write(tmp_path / "in", {"customers.csv": CUSTOMERS.replace("ann,3A", "ann,2A")}, base=False)
    [bad] = import_workspace(tmp_path / "in").bad_rows
    assert (bad.file, bad.line, bad.column, bad.value) == ("customers.csv", 2, "tier", "2A")


@pytest.mark.anywhere
@pytest.mark.parametrize(
    ("file", "before", "after", "column"),
    [
        ("contracts.csv", "2025-12-31", "2024-12-31", "ends_on"),
        ("contracts.csv", ",k2,Service", ",k1,Service", "renewed_by"),
        ("contracts.csv", "k2,acme", "k2,bolt", "renewed_by"),
        ("contracts.csv", "2026-12-31,,", "2026-12-31,k1,", "renewed_by"),
        ("nps.csv", ",c1,9", ",c2,9", "contact"),
        ("nps.csv", ",9,", ",11,", "score"),
        ("account_plans.csv", "ann,c1", "ann,c2", "their_leader"),
        ("joint_actions.csv", "ann,c1", "ann,c2", "contact"),
        ("account_plans.csv", "2026-02-02\n", "2026-02-02\np2,acme,2026" + "," * 11 + "\n", "year"),
        ("suppliers.csv", "300\n", "300\ns2,acme,Rapid,4\n", "name"),
        ("customer_units.csv", "Nanjing\n", "Nanjing\nu2,acme,Nanjing\n", "name"),
        ("tier_rules.csv", "sales:20", "sales:21", "weights"),
        ("tier_rules.csv", "sales:20 margin", "sale:20 margin", "weights"),
        ("tier_rules.csv", LATER_WEIGHTS, "sales:100", "weights"),
        ("tier_rules.csv", "5A:85 4A:70 3A:55 2A:25", "5A:85", "thresholds"),
        ("tier_rules.csv", "5A:85 4A:70 3A:55 2A:25", "5A:85 4A:70 3A:55 2A:25 1A:3", "thresholds"),
        ("tier_rules.csv", "5A:85 4A:70", "5A:70 4A:85", "thresholds"),
        ("tier_rules.csv", "5A:7 4A:14 3A:30 2A:90 1A:0", "5A:7", "cadence_days"),
        ("tier_rules.csv", " 2A:quarterly 1A:none", "", "review_depth"),
        ("tier_rules.csv", "5A:3 4A:8 3A:20 2A:40 1A:0", "5A:3", "accounts_per_rep"),
        ("tier_rules.csv", "2026-03-01T00:00:00+08:00", "some day", "at"),
        ("customer_assessments.csv", "Too early", "", "override_reason"),
        ("customer_assessments.csv", " openness:3", "", "scores"),
        ("customer_assessments.csv", "openness:3", "openness:6", "scores"),
        ("customer_tiers.csv", ",4A", ",6A", "tier"),
        ("coverage.csv", "ours", "mine", "state"),
        ("target_customers.csv", "i1,bolt", "i1,nobody", "customer"),
    ],
)
def test_a_bad_row_is_refused_with_its_place(tmp_path, file, before, after, column):
    assert before in RICH[file]
    report = import_workspace(write(tmp_path / "in", {**RICH, file: RICH[file].replace(before, after, 1)}))
    assert {(bad.file, bad.column) for bad in report.bad_rows} == {(file, column)}
    assert not Contract.objects.exists()


THREE = (
    "key,customer,starts_on,ends_on,renewed_by\n{}k2,acme,2026-01-01,2026-12-31,{}\nk3,acme,2027-01-01,2027-12-31,{}\n"
)


def test_a_circle_of_renewals_is_refused_also_over_what_is_known(tmp_path):
    load(write(tmp_path / "in", RICH))  # k1 is renewed by k2
    write(tmp_path / "in", {"contracts.csv": THREE.format("", "k3", "k1")}, base=False)
    report = import_workspace(tmp_path / "in")
    assert [(bad.line, bad.column, bad.value) for bad in report.bad_rows] == [
        (2, "renewed_by", "k3"),
        (3, "renewed_by", "k1"),
    ]
    assert "circle" in str(report.bad_rows[0].wrong)
    first = "k1,acme,2025-01-01,2025-12-31,{}\n"
    write(tmp_path / "in", {"contracts.csv": THREE.format(first.format(""), "k3", "k1")}, base=False)
    load(tmp_path / "in")
    assert dict(Contract.objects.values_list("key", "renewed_by__key")) == {"k1": None, "k2": "k3", "k3": "k1"}
    write(tmp_path / "in", {"contracts.csv": THREE.format("", "", "k2")}, base=False)
    load(tmp_path / "in")
    assert dict(Contract.objects.values_list("key", "renewed_by__key")) == {"k1": None, "k2": None, "k3": "k2"}


def test_a_file_without_the_column_is_no_circle(tmp_path):
    load(write(tmp_path / "in", RICH))
    write(
        tmp_path / "in",
        {"contracts.csv": "key,customer,starts_on,ends_on\nk2,acme,2026-01-01,2026-12-30\n"},
        base=False,
    )
    assert changed(load(tmp_path / "in")) == {"contracts.csv": (0, 1)}


@pytest.mark.parametrize(
    ("follows", "circular"),
    [
        ({}, set()), ({"a": None, "b": "a"}, set()), ({"a": "a"}, {"a"}), ({"a": "b", "b": "a", "c": "a"}, {"a", "b"}),
        ({"c": "a", "a": "b", "b": "a", "d": "c"}, {"a", "b"}), ({"a": "b", "b": "c", "d": "e", "e": "d"}, {"d", "e"}),
        ({"a": "x", "x": None, "b": "x", "c": "b"}, set()),
    ],
)  # fmt: skip
def test_what_leads_back_to_itself(follows, circular):
    assert on_a_circle(follows) == circular


def test_a_long_chain_is_walked_once():
    follows = {str(number): str(number + 1) for number in range(200_000)}
    assert on_a_circle(follows) == set()
    assert len(on_a_circle({**follows, "200000": "0"})) == 200_001
