"""Evidence in and out: the same heights as in the actions, the work of people kept, every file round."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from accounts.models import User
from customers.models import Contact
from opportunities.actions import Evidence, add_checkpoints, confirm_checkpoint, lower_grade, withdraw_checkpoint
from opportunities.models import Activity, Checkpoint, HeightsVersion, Opportunity, Rung
from opportunities.rules.evidence import FACTORS
from pipeline.interchange import export_workspace
from pipeline.interchange.contents import ROWS
from tests.copies import held_copies
from tests.pipeline.interchange.workspaces import BASE, changed, heights, load, proofs, shared, wipe, write

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 1, 10, 1, 0, tzinfo=UTC)
PEOPLE = {"users.csv": BASE["users.csv"] + "mia,Mia,,manager,head,,\n"}
HEADER = (
    "opportunity,factor,level,recorded_at,evidence,grade,contact,recorded_by,manager_confirmed,manager_confirmed_at,"
    "withdrawn_at,said_on,link,confirmed_by,withdrawn_by,withdrawn_reason\n"
)
MINUTES = "https://example.com/minutes"


def day(number):
    return (BEGIN + timedelta(days=number)).isoformat()


def person(key):
    return User.objects.get(username=key)


def one():
    return Opportunity.objects.get(key="o1")


def held(*names):
    """The heights of o1: (day since the beginning, verified height of each factor named)."""
    rows = HeightsVersion.objects.filter(opportunity__key="o1").order_by("valid_from")
    return [((row.valid_from - BEGIN).days, *(getattr(row, name) for name in names)) for row in rows]


@pytest.mark.parametrize("case", ["case-a", "case-b"])
def test_the_golden_heights(case):
    load(shared(f"golden/{case}/workspace"))
    assert held_copies()
    everything = json.loads(shared(f"golden/{case}/expected.json").read_text(encoding="utf-8"))
    questions = [each for each in everything if each["endpoint"] == "opportunities/{id}/"]
    now = {row.opportunity.key: row.heights for row in HeightsVersion.objects.current().select_related("opportunity")}
    for question in questions:
        response = question["response"]
        wanted = [(response["heights"][name]["claimed"], response["heights"][name]["verified"]) for name in FACTORS]
        found = now.get(question["params"]["key"])
        assert (list(zip(found.claimed, found.verified, strict=True)) if found else [(0, 0)] * 5) == wanted
        assert (found is None) == (question["note"] == "unassessed")


# --- The same story twice -------------------------------------------------------------------------


def told_by_actions():
    contact = Contact.objects.get(key="c1")

    def add(number, *records):
        with time_machine.travel(BEGIN + timedelta(days=number), tick=False):
            made = [
                Evidence(factor, level, grade, f"{factor} {level}", contact, date(2026, 1, 9), MINUTES)
                for factor, level, grade in records
            ]
            return add_checkpoints(opportunity=one(), records=made, actor=person("ann"))

    def later(number, action, *, by, **options):
        with time_machine.travel(BEGIN + timedelta(days=number), tick=False):
            action(actor=person(by), **options)

    add(0, *(("power", level, "E2") for level in (1, 2, 3, 4, 5)), ("demand", 1, "E1"), ("demand", 2, "E0"))
    [again] = add(1, ("demand", 2, "E3"))
    [document] = add(2, ("power", 4, "E3"))
    fifth = Checkpoint.objects.get(factor="power", level=5)
    later(3, confirm_checkpoint, by="mia", checkpoint=fifth)
    later(4, lower_grade, by="mia", checkpoint=again, grade="E1", reason="A note of ours")
    later(5, lower_grade, by="mia", checkpoint=again, grade="E0", reason="Nobody remembers")
    later(6, withdraw_checkpoint, by="ann", checkpoint=document, reason="Another project")
    later(7, withdraw_checkpoint, by="ann", checkpoint=fifth, reason="They changed their mind")


def told_by_an_import(folder):
    lines = [
        f"o1,power,{level},{day(0)},power {level},E2,c1,ann,,,,2026-01-09,{MINUTES},,,\n" for level in (1, 2, 3, 4)
    ]
    lines += [
        f"o1,power,5,{day(0)},power 5,E2,c1,ann,true,{day(3)},{day(7)},2026-01-09,{MINUTES},mia,ann,"
        "They changed their mind\n",
        f"o1,demand,1,{day(0)},demand 1,E1,c1,ann,,,,2026-01-09,{MINUTES},,,\n",
        f"o1,demand,2,{day(0)},demand 2,E0,c1,ann,,,,2026-01-09,{MINUTES},,,\n",
        f"o1,demand,2,{day(1)},demand 2,E3,c1,ann,,,,2026-01-09,{MINUTES},,,\n",
        f"o1,power,4,{day(2)},power 4,E3,c1,ann,,,{day(6)},2026-01-09,{MINUTES},,ann,Another project\n",
    ]
    lowered = (
        f"o1,demand,2,{day(1)},{day(5)},E0,Nobody remembers,mia\no1,demand,2,{day(1)},{day(4)},E1,A note of ours,mia\n"
    )
    return load(write(folder, {
        **PEOPLE,
        "checkpoints.csv": HEADER + "".join(lines),
        "grade_changes.csv": "opportunity,factor,level,recorded_at,at,grade,reason,actor\n" + lowered,
    }))  # fmt: skip


def told():
    lines = {name: sorted(map(str, map(tuple, ROWS[name]()))) for name in ("checkpoints.csv", "grade_changes.csv")}
    return lines, heights(), proofs()


def test_the_same_story_leaves_equal_rows(tmp_path):
    load(write(tmp_path / "people", PEOPLE))
    told_by_actions()
    acted = told()
    assert held("demand", "power") == [(0, 1, 4), (1, 2, 4), (3, 2, 5), (5, 1, 5), (7, 1, 4)]
    wipe()

    told_by_an_import(tmp_path / "story")

    assert told() == acted


def test_an_import_of_what_was_done_changes_nothing(tmp_path):
    load(write(tmp_path / "people", PEOPLE))
    told_by_actions()
    acted = told()
    ids = set(HeightsVersion.objects.values_list("pk", flat=True))
    assert changed(told_by_an_import(tmp_path / "story")) == {}
    assert told() == acted
    assert set(HeightsVersion.objects.values_list("pk", flat=True)) == ids


# --- Later imports --------------------------------------------------------------------------------


def records(*lines, header="opportunity,factor,level,recorded_at,evidence,grade\n"):
    return {"checkpoints.csv": header + "".join(f"o1,{line}\n" for line in lines)}


def test_records_come_in_their_place_and_what_people_judged_stays(tmp_path):
    first = f"demand,1,{day(0)},Said so,E1"
    works = write(tmp_path, {**PEOPLE, **records(first, f"power,1,{day(0)},Told,E1")})
    load(works)
    row = Checkpoint.objects.get(factor="power")
    with time_machine.travel(BEGIN + timedelta(days=30), tick=False):
        withdraw_checkpoint(checkpoint=row, reason="Not so", actor=person("ann"))
        lower_grade(checkpoint=Checkpoint.objects.get(factor="demand"), grade="E0", reason="?", actor=person("mia"))
    report = load(write(works, records(first, f"power,1,{day(0)},Told,E1", f"demand,2,{day(9)},Wrote,E1")))
    assert changed(report) == {"checkpoints.csv": (1, 0)}
    assert held("demand", "power") == [(0, 1, 1), (9, 2, 1), (30, 0, 0)]
    assert changed(load(works)) == {}


def test_another_first_grade_is_the_word_of_the_source(tmp_path):
    works = write(tmp_path, {**PEOPLE, **records(f"power,3,{day(0)},Told,E1", f"power,1,{day(0)},Told,E1")})
    load(works)
    with time_machine.travel(BEGIN + timedelta(days=5), tick=False):
        lower_grade(checkpoint=Checkpoint.objects.get(level=1), grade="E0", reason="?", actor=person("mia"))
    load(write(works, records(f"power,3,{day(0)},Told,E1", f"power,1,{day(0)},Told more,E3")))
    assert held("power") == [(0, 1), (5, 0)]
    row = Checkpoint.objects.get(level=1)
    assert (row.grade, row.evidence, row.grade_changes.get().before) == ("E0", "Told more", "E3")


def test_confirmed_without_a_moment_is_since_the_record(tmp_path):
    header = "opportunity,factor,level,recorded_at,evidence,grade,manager_confirmed\n"
    lines = [f"goal,{level},{day(level)},x,E2,{'true' if level < 6 else 'false'}" for level in range(1, 7)]
    load(write(tmp_path, records(*lines, header=header)))
    assert held("goal", "claimed_goal")[-2:] == [(5, 5, 5), (6, 5, 6)]
    assert Checkpoint.objects.get(level=5).verified_at == BEGIN + timedelta(days=5)
    assert Checkpoint.objects.get(level=6).awaits_confirmation


def test_withdrawn_before_it_was_recorded_never_counts_and_is_assessed(tmp_path):
    header = "opportunity,factor,level,recorded_at,evidence,grade,withdrawn_at\n"
    load(write(tmp_path, records(f"demand,1,{day(3)},x,E1,{day(1)}", header=header)))
    assert held("demand", "claimed_demand") == [(3, 0, 0)]


def test_what_people_record_while_the_import_computes_is_not_lost(tmp_path, monkeypatch):
    from pipeline.interchange import load as loading

    load(write(tmp_path, PEOPLE))
    real = loading.Surveyor.compute

    def meanwhile(self):
        real(self)
        record = Evidence("demand", 2, "E1", "x", Contact.objects.get(key="c1"), date(2026, 1, 9))
        add_checkpoints(opportunity=one(), records=[record], actor=person("ann"))

    monkeypatch.setattr(loading.Surveyor, "compute", meanwhile)
    load(write(tmp_path, records(f"demand,1,{day(0)},Said so,E1")))
    assert [height for _day, height in held("demand")] == [1, 2]


def test_a_record_has_the_wording_of_its_time(tmp_path):
    wording = "factor,level,at,checkpoint_zh,checkpoint_en\n"
    texts = f"demand,1,,旧,Old\ndemand,1,{day(5)},新,New\n"
    load(write(tmp_path, {
        "rungs.csv": wording + texts,
        **records(f"demand,1,{day(1)},x,E1", f"demand,1,{day(6)},x,E1"),
    }))  # fmt: skip
    assert [row.rung.checkpoint_en for row in Checkpoint.objects.order_by("recorded_at")] == ["Old", "New"]
    assert Rung.objects.current().get(factor="demand", level=1).checkpoint_zh == "新"
    assert Rung.objects.filter(factor="demand", level=1).count() == 2


def test_an_activity_of_the_companys_own_kind(tmp_path):
    kinds = "key,name_zh,name_en,base\nplant,参观,Plant tour,visit\n"
    header = "key,kind,customer,opportunity,owner,done_at,kind_key\n"
    works = write(tmp_path, {
        "activity_kinds.csv": kinds,
        "activities.csv": header + f"a,visit,acme,o1,ann,{day(1)},plant\nb,visit,acme,,bob,,\n",
        "activity_contacts.csv": "activity,contact\na,c1\na,c1\n",
    })  # fmt: skip
    load(works)
    assert [(row.key, row.kind.key) for row in Activity.objects.order_by("key")] == [("a", "plant"), ("b", "visit")]
    assert Activity.objects.get(key="a").contacts.get().key == "c1"
    without = "key,kind,customer,opportunity,owner,done_at\n" + f"a,visit,acme,o1,ann,{day(1)}\n"
    assert changed(load(write(works, {"activities.csv": without, "activity_contacts.csv": None}))) == {}
    report = load(write(works, {"activities.csv": without.replace("visit", "call")}))
    assert changed(report) == {"activities.csv": (0, 1)}
    assert Activity.objects.get(key="a").kind.key == "call"


# --- What follows elsewhere ----------------------------------------------------------------------

UNPROVEN = (
    BASE["opportunities.csv"].replace("created_by\n", "created_by,unproven_from\n").replace(",ann\n", ",ann,lead\n")
)
PROOF = [f"{name},{level},{day(0)},x,E3" for name in FACTORS for level in (1, 2, 3)]


def test_moved_without_proof_goes_round(tmp_path):
    load(write(tmp_path / "in", {"opportunities.csv": UNPROVEN}))
    assert one().unproven_from.key == "lead"
    export_workspace(tmp_path / "out")
    assert changed(load(tmp_path / "out")) == {}
    wipe()
    load(tmp_path / "out")
    assert one().unproven_from.key == "lead"


def test_imported_evidence_takes_the_mark_away(tmp_path):
    works = write(tmp_path, {"opportunities.csv": UNPROVEN})
    load(works)
    part = {"opportunities.csv": None, **records(*PROOF[1:])}
    load(write(works, part))
    assert one().unproven_from is not None
    load(write(works, {**part, **records(*PROOF)}))
    assert one().unproven_from is None


def test_days_from_the_first_changed_height_on_are_due_again(tmp_path):
    from pipeline.models import NightlyRun

    works = write(tmp_path, PEOPLE)
    load(works)
    NightlyRun.objects.all().delete()
    load(write(works, records(f"demand,1,{day(20)},x,E1", f"demand,2,{day(30)},x,E0")))
    assert NightlyRun.objects.order_by("day").first().day == (BEGIN + timedelta(days=20)).date()
    NightlyRun.objects.all().delete()
    load(write(works, {"stage_settings.csv": f"stage,at,floor\noffer,{day(25)},4\n"}))
    assert NightlyRun.objects.order_by("day").first().day == (BEGIN + timedelta(days=25)).date()
    NightlyRun.objects.all().delete()
    load(write(works, records("power,1,1950-01-01T00:00:00Z,x,E1")))
    assert NightlyRun.objects.order_by("day").first().day == one().created_on
