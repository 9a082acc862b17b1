"""What no form would take is refused by an import too, with line, column, value and what is accepted."""

import pytest

from customers.models import IdealProfile
from opportunities.models import PlaybookEntry, Stakeholder, Waiver
from pipeline.interchange import import_workspace
from tests.pipeline.interchange.workspaces import load, write

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]

PEOPLE = "key,opportunity,contact,role_title\n"
ENTRY = "key,kind,title_zh,title_en,body_zh,body_en\n"
WAIVED = "opportunity,asked_at,asked_by,source,stage,reason,state,decided_by,decided_at,answer\n"
ASKED = "o1,2026-01-06T09:00:00,ann,lead,offer,Please"
GRANTED = f"{ASKED},granted,boss,2026-01-07T09:00:00,\n"
LATER = "2026-01-07T09:00:00"
CRITERIA = "profile,position,kind,value,weight\n"
PROFILE = {"ideal_profiles.csv": "key,name,line\ni1,Car makers,\n"}


def places(report, file):
    return [(bad.line, bad.column) for bad in report.bad_rows if bad.file == file]


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("stakeholders.csv", f"{PEOPLE}s1,o1,,\ns2,o1,c1,\ns3,o1,,Buyer\ns4,o1,, \n", [(2, "contact"), (5, "contact")]),
        ("stakeholders.csv", "key,opportunity\ns1,o1\n", [(2, "contact")]),
        ("playbook.csv", f"{ENTRY}p1,script,,,Text,\np2,script, ,T,Text,\n", [(2, "title_zh")]),
        ("playbook.csv", f"{ENTRY}p1,script,T,,, \n", [(2, "body_zh")]),
        ("playbook.csv", "key,kind\np1,script\n", [(2, "title_zh"), (2, "body_zh")]),
        ("waivers.csv", f"{WAIVED}{ASKED},granted,,{LATER},\n", [(2, "decided_by")]),
        ("waivers.csv", f"{WAIVED}{ASKED},granted,ann,{LATER},\n", [(2, "decided_by")]),
        ("waivers.csv", f"{WAIVED}{ASKED},granted,boss,,\n", [(2, "decided_at")]),
        ("waivers.csv", f"{WAIVED}{ASKED},granted,boss,soon,\n", [(2, "decided_at")]),
        ("waivers.csv", f"{WAIVED}{ASKED},refused,boss,{LATER},\n", [(2, "answer")]),
        ("waivers.csv", f"{WAIVED}{ASKED},asked,,,\n", []),
        ("waivers.csv", WAIVED + GRANTED, []),
    ],
)
def test_what_only_makes_sense_together_is_demanded(tmp_path, file, content, expected):
    assert places(import_workspace(write(tmp_path, {file: content})), file) == expected


@pytest.mark.parametrize(
    ("kind", "value", "good"),
    [
        ("industry", ";，", False),
        ("region", "East, West", True),
        ("spend", "0", False),
        ("spend", "1,000", False),
        ("spend", "1000.50", True),
        ("tier", "6A", False),
        ("tier", "4A", True),
        ("bought_line", "", False),
        ("bought_line", "Pumps", True),
        ("decision_maker", "", True),
    ],
)
def test_a_criterion_asks_for_something(tmp_path, kind, value, good):
    criteria = f'{CRITERIA}i1,0,{kind},"{value}",50\n'
    report = import_workspace(write(tmp_path, PROFILE | {"profile_criteria.csv": criteria}))
    assert [(bad.line, bad.column, bad.value) for bad in report.bad_rows] == ([] if good else [(2, "value", value)])
    assert all(str(bad.wrong) and str(bad.accepted) for bad in report.bad_rows)


def test_the_line_of_the_profile_is_the_one_that_was_bought(tmp_path):
    profile = {"ideal_profiles.csv": "key,name,line\ni1,Car makers,Pumps\n"}
    load(write(tmp_path, profile | {"profile_criteria.csv": f"{CRITERIA}i1,0,bought_line,,50\n"}))
    bad = import_workspace(write(tmp_path, PROFILE))
    assert places(bad, "profile_criteria.csv") == [(2, "value")]


BOUGHT = f"{CRITERIA}i1,0,bought_line,,50\n"


@pytest.mark.parametrize(
    ("criteria", "later", "refused"),
    [
        (BOUGHT, "key,name,line\ni1,Car makers,Robots\ni2,Ports,\n", []),
        (BOUGHT, "key,name\ni1,Makers\n", []),
        (BOUGHT, "key,name,line\ni1,Car makers,\n", [(2, "line", "")]),
        (BOUGHT, "key,name,line\ni2,Ports,Cranes\ni1,Car makers,  \n", [(3, "line", "  ")]),
        (f"{CRITERIA}i1,0,bought_line,Robots,50\n", "key,name,line\ni1,Car makers,\n", []),
        (f"{CRITERIA}i1,0,decision_maker,,50\n", "key,name,line\ni1,Car makers,\n", []),
    ],
)
def test_a_profile_keeps_the_line_that_its_criteria_ask_for(tmp_path, criteria, later, refused):
    both = "key,name,line\ni1,Car makers,Pumps\ni2,Ports,\n"
    others = "i2,0,region,East,10\n"
    load(write(tmp_path, {"ideal_profiles.csv": both, "profile_criteria.csv": criteria + others}))
    write(tmp_path, {"ideal_profiles.csv": later})
    (tmp_path / "profile_criteria.csv").unlink()
    report = import_workspace(tmp_path)
    assert [(bad.line, bad.column, bad.value or "") for bad in report.bad_rows] == refused
    assert all(bad.file == "ideal_profiles.csv" and str(bad.wrong) and str(bad.accepted) for bad in report.bad_rows)
    assert IdealProfile.objects.filter(key="i1", line="Pumps").exists() == (bool(refused) or "line" not in later)


def test_a_profile_may_lose_its_line_with_the_criterion_that_asks_for_it(tmp_path):
    load(
        write(tmp_path, {"ideal_profiles.csv": "key,name,line\ni1,Car makers,Pumps\n", "profile_criteria.csv": BOUGHT})
    )
    load(write(tmp_path, PROFILE | {"profile_criteria.csv": f"{CRITERIA}i1,0,region,East,50\n"}))
    assert IdealProfile.objects.get().line == ""


def test_a_profile_has_as_many_criteria_as_its_form(tmp_path):
    assert places(import_workspace(write(tmp_path / "none", PROFILE)), "ideal_profiles.csv") == [(2, "key")]
    lines = [f"i1,{place},region,East,10\n" for place in range(9)]
    full = PROFILE | {"profile_criteria.csv": CRITERIA + "".join(lines[:8])}
    load(write(tmp_path / "in", full))
    load(write(tmp_path / "in", {**PROFILE, "profile_criteria.csv": None}))
    more = import_workspace(write(tmp_path / "in", {"profile_criteria.csv": CRITERIA + lines[8]}))
    assert places(more, "profile_criteria.csv") == [(2, "position")]


def test_what_a_later_file_does_not_say_is_known(tmp_path):
    load(write(tmp_path, {
        "stakeholders.csv": f"{PEOPLE}s1,o1,c1,\ns2,o1,,Buyer\n",
        "playbook.csv": f"{ENTRY}p1,script,T,,Text,\n",
        "waivers.csv": WAIVED + GRANTED,
    }))  # fmt: skip
    later = {
        "stakeholders.csv": "key,opportunity,influence\ns1,o1,5\ns2,o1,5\n",
        "playbook.csv": "key,kind,body_en\np1,checklist,Words\n",
        "waivers.csv": f"{WAIVED.removesuffix(',decided_by,decided_at,answer' + chr(10))}\n{ASKED}!,granted\n",
    }
    load(write(tmp_path, later))
    assert set(Stakeholder.objects.values_list("influence", flat=True)) == {5}
    assert PlaybookEntry.objects.get(key="p1").kind == "checklist"
    assert Waiver.objects.get().reason == "Please!"
