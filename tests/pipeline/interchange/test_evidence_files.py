"""Every file of the method and of evidence: round, updated, kept, without what is sensitive."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from opportunities.models import Activity, Opportunity, Stage, StageSetting
from pipeline.interchange import LEFT_OUT, export_workspace, import_workspace
from tests.pipeline.interchange.workspaces import BASE, changed, facts, load, wipe, write

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 1, 10, 1, 0, tzinfo=UTC)


def day(number):
    return (BEGIN + timedelta(days=number)).isoformat()


def one():
    return Opportunity.objects.get(key="o1")


RICH = {
    "users.csv": BASE["users.csv"] + "mia,Mia,,manager,head,,\n",
    "checkpoints.csv": "opportunity,factor,level,recorded_at,evidence,grade\n"
    f"o1,demand,1,{day(0)},Said so,E1\no1,power,1,{day(1)},Told,E2\n",
    "grade_changes.csv": "opportunity,factor,level,recorded_at,at,grade,reason,actor\n"
    f"o1,power,1,{day(1)},{day(2)},E1,No trace,mia\n",
    "activities.csv": "key,kind,customer,opportunity,owner,planned_at,done_at,objective,outcome,said,promised,"
    "promised_by,skill,coaching,coached_by,coached_at,created_by,customer_needs,line_of_talk,advantage\n"
    f"a1,visit,acme,o1,ann,{day(3)},{day(3)},Why,Because,So,A letter,2026-02-01,Listening,Good,mia,{day(4)},ann,N,L,A\n"
    f"a2,call,,,bob,{day(9)},,,,,,,,,,,,,,\n",
    "activity_contacts.csv": "activity,contact\na1,c1\n",
    "stakeholders.csv": "key,opportunity,contact,role_title,buying_role,influence,stance,decision_style,goal,"
    "goal_value,goal_on,gains,threats,may_veto,veto_state,veto_plan,veto_plan_owner,archived_at\n"
    "s1,o1,c1,,decision_maker,5,-2,driving,Less waste,2 %,2026-12-31,Fame,Us,true,opposed,Visit,ann,\n"
    f"s2,o1,,Head of IT,technical_veto,,,,,,,,,,,,,{day(9)}\n",
    "decisions.csv": "key,opportunity,decision,is_real,can_win,worth_it,cost_of_losing,reason,look_again_if,"
    f"look_again_on,decided_by,decided_at\nd1,o1,go,Yes,Yes,Yes,Much,All good,Budget goes,2026-06-01,mia,{day(5)}\n",
    "strategy.csv": "opportunity,sales_theme,buying_factors,price,price_note,success_factors,missing_information,"
    "resources,updated_at,updated_by\n"
    'o1,Safe,Price,12.50,Net,"{""pricing"": {""rating"": ""red"", ""fact"": ""超预算""}}",Budget,'
    f"A demo,{day(6)},ann\n",
    "competitors.csv": "key,opportunity,name,strength,counter\nk1,o1,Rapid,Cheap,Service\n",
    "joint_plan.csv": "key,opportunity,side,title,owner,contact,due_on,done_on\n"
    "j1,o1,ours,Send,ann,,2026-02-01,2026-02-02\nj2,o1,theirs,Sign,,c1,2026-03-01,\n",
    "waivers.csv": "opportunity,asked_at,asked_by,source,stage,reason,state,decided_by,decided_at,answer\n"
    f"o1,{day(7)},ann,lead,offer,Please,refused,mia,{day(8)},No\no1,{day(9)},ann,lead,offer,Please!,asked,,,\n",
    "factors.csv": "key,position,name_zh,name_en\ndemand,1,需要,Need\n",
    "rungs.csv": f"factor,level,at,checkpoint_zh,checkpoint_en,question_en\ndemand,1,{day(5)},新,New,Who?\n",
    "method_settings.csv": f"at,gate_mode,grade_needs\n,advise,\n{day(5)},enforce,E1:contact E2:contact E2:trace\n",
    "activity_kinds.csv": "key,name_zh,name_en,base,position\nplant,参观,Plant tour,visit,9\n",
    "playbook.csv": 'key,kind,title_zh,title_en,body_en,rungs\np1,checklist,清单,List,"# One\n- two",power:4 goal:2\n',
    "playbook_stages.csv": "entry,stage\np1,offer\n",
    "playbook_products.csv": "entry,product\np1,pump\n",
    "playbook_versions.csv": f"entry,number,title_en,saved_at,saved_by\np1,1,List,{day(1)},boss\n",
}


def test_every_file_goes_round(tmp_path):
    load(write(tmp_path / "in", RICH))
    first = facts()
    assert all(first[name] for name in RICH if name.endswith(".csv") and name != "users.csv")
    assert changed(load(tmp_path / "in")) == {}
    export_workspace(tmp_path / "out")
    assert changed(load(tmp_path / "out")) == {}
    wipe()
    load(tmp_path / "out")
    second = facts()
    assert {name: second[name] for name in first} == first


def test_when_an_activity_was_debriefed_goes_round(tmp_path):
    load(write(tmp_path / "in", RICH))
    done, planned = Activity.objects.order_by("key")
    assert (done.debriefed_at, planned.debriefed_at) == (done.done_at, None), "imported without it"
    later = done.done_at + timedelta(days=9)
    Activity.objects.filter(pk=done.pk).update(debriefed_at=later)
    export_workspace(tmp_path / "out")
    wipe()
    load(tmp_path / "out")
    assert list(Activity.objects.order_by("key").values_list("debriefed_at", flat=True)) == [later, None]


def test_a_known_activity_is_debriefed_when_it_is_done_and_only_then(tmp_path):
    load(write(tmp_path / "in", RICH))
    told = Activity.objects.get(key="a1").debriefed_at + timedelta(days=9)
    Activity.objects.filter(key="a1").update(debriefed_at=told)
    rows = "key,kind,customer,opportunity,owner,done_at\na1,visit,acme,o1,ann,{}\na2,call,,,bob,{}\n"
    for one, two in ((day(4), day(9)), (day(5), "")):  # a1 is put right, a2 done and then not done after all
        load(write(tmp_path / "later", {"activities.csv": rows.format(one, two)}))
        first, second = Activity.objects.order_by("key")
        assert (first.debriefed_at, second.debriefed_at) == (told, second.done_at)
        assert (second.done_at is None) == (two == "")


def test_a_changed_row_of_every_file_updates(tmp_path):
    works = write(tmp_path / "in", RICH)
    load(works)
    edits = {
        "decisions.csv": ("All good", "All very good"),
        "strategy.csv": ("red", "green"),
        "competitors.csv": ("Cheap", "Fast"),
        "joint_plan.csv": ("2026-02-02", "2026-02-03"),
        "waivers.csv": (",No\n", ",Not now\n"),
        "factors.csv": ("Need", "Pain"),
        "rungs.csv": ("Who?", "Which?"),
        "method_settings.csv": ("E2:trace", "E3:trace"),
        "playbook.csv": ("goal:2", "goal:3"),
        "stakeholders.csv": ("Fame", "Peace"),
        "activities.csv": ("A letter", "A list"),
        "activity_kinds.csv": (",9\n", ",8\n"),
        "playbook_versions.csv": ("List", "A list"),
        "grade_changes.csv": ("No trace", "No trace of it"),
    }
    source = {name: RICH[name].replace(*edit) for name, edit in edits.items()}
    assert changed(load(write(works, source))) == dict.fromkeys(edits, (0, 1))
    assert changed(load(works)) == {}


def test_an_edit_of_an_activity_is_kept_on_demand(tmp_path):
    works = write(tmp_path / "in", RICH)
    load(works)
    row = Activity.objects.get(key="a1")
    row.outcome = "Ours"
    row.mark_changed(["outcome"])
    row.save()
    report = load(works, keep_edits=True)
    assert [(edit.file, edit.key, edit.field) for edit in report.overwritten] == [("activities.csv", "a1", "outcome")]
    assert Activity.objects.get(key="a1").outcome == "Ours"
    load(works)
    assert Activity.objects.get(key="a1").outcome == "Because"


def test_sensitive_fields_stay_inside(tmp_path):
    load(write(tmp_path / "in", RICH))
    one().stakeholders.filter(key="s1").update(sensitive_note="planted-word")
    sheet = one().strategy
    sheet.price_floor = 777777
    sheet.save()
    said = StringIO()
    call_command("export_workspace", str(tmp_path / "out"), verbosity=0, stdout=said)
    assert str(LEFT_OUT) in said.getvalue()
    written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir())
    assert "planted-word" not in written
    assert "777777" not in written
    assert changed(import_workspace(tmp_path / "out")) == {}
    assert one().stakeholders.get(key="s1").sensitive_note == "planted-word"


# --- Settings of stages ---------------------------------------------------------------------------

STAGES = "key,name_zh,name_en,position,win_rate,outcome,floor,expected_days"
CLOSED = "won,赢单,Won,3,1,won,,\nlost,输单,Lost,4,0,lost,,\n"


def test_floors_by_factor_and_milestones_go_round(tmp_path):
    source = write(tmp_path / "in", {
        "stages.csv": f"{STAGES},floor_power,floor_value,milestones\nlead,线索,Lead,1,0.1,open,0,30,2,,demand>=1 go\n"
        "offer,方案,Offer,2,0.5,open,3,30,,,\n" + CLOSED.replace("\n", ",,,\n"),
        "stage_settings.csv": "stage,at,floor_power,floor_value,milestones\n"
        f"lead,{day(1)},-,4,\nlead,{day(2)},,,-\noffer,{day(3)},5,,veto_clear\n",
    })  # fmt: skip
    load(source)
    rows = StageSetting.objects.filter(stage__outcome="open").order_by("stage__position", "valid_from")
    assert [(row.stage.key, row.floors, row.milestones) for row in rows] == [
        ("lead", {"power": 2}, ["demand>=1", "go"]), ("lead", {"value": 4}, ["demand>=1", "go"]),
        ("lead", {"value": 4}, []), ("offer", {}, []), ("offer", {"power": 5}, ["veto_clear"]),
    ]  # fmt: skip
    assert Stage.objects.get(key="offer").milestones == ["veto_clear"]
    first = facts()
    assert changed(load(source)) == {}
    export_workspace(tmp_path / "out")
    assert changed(load(tmp_path / "out")) == {}
    wipe()
    load(tmp_path / "out")
    assert facts() == first


def test_a_shipped_stage_has_the_shipped_milestones(tmp_path):
    stages = f"{STAGES}\ncocreate,方案,Offer,1,0.5,open,3,30\nlead,线索,Lead,2,0.6,open,3,30\n" + CLOSED
    load(write(tmp_path, {"stages.csv": stages, "opportunities.csv": None, "opportunity_events.csv": None,
                          "collaborators.csv": None}))  # fmt: skip
    assert Stage.objects.get(key="cocreate").milestones == ["power>=4", "go"]
    assert Stage.objects.get(key="lead").milestones == []


def test_a_milestone_that_is_no_condition_is_refused(tmp_path):
    settings = f"stage,at,milestones,floor_goal\noffer,{day(1)},charm>=3,7\n"
    bad = import_workspace(write(tmp_path, {"stage_settings.csv": settings})).bad_rows
    assert {each.column for each in bad} == {"milestones", "floor_goal"}
