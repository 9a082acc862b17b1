"""Settings of the method: read by everybody, set by administrators, from now on and never backwards."""

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.models import AuditEntry
from accounts.selectors import today
from opportunities import actions
from opportunities.actions import Evidence
from opportunities.models import Factor, HeightsVersion, MethodSetting, Rung, Stage, StageSetting
from opportunities.rules.evidence import FACTORS
from opportunities.selectors.gate import method_now
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/settings/method/"


@pytest.fixture
def company():
    return factories.company(gated=True)


def stage(key="cocreate"):
    return Stage.objects.get(key=key)


def demands(row, **changed):
    """What the form posts for the stage as it is, but for what is changed."""
    floors = {f"floor_{factor}": row.floors.get(factor, row.floor) for factor in FACTORS}
    return {**floors, "leave_power": "4", "go": "on", "version": row.version, **changed}


@pytest.mark.parametrize("who", ["rep", "manager", "executive"])
def test_everybody_reads_only_administrators_change(company, signed_in, who):
    client = signed_in(getattr(company, who))
    text = client.get(URL).content.decode()
    assert "accepts our ability and proposal" in text
    assert "Power ≥ 4" in text and "Go decision recorded" in text
    assert "/edit/" not in text and f"{URL}gate/" not in text
    for door in (f"{URL}gate/", f"{URL}stages/{stage().pk}/", f"{URL}power/4/", f"{URL}power/"):
        assert client.get(door).status_code == 403
        assert client.post(door, {}).status_code == 403


def test_floors_by_factor_are_kept_with_their_moment(company, signed_in):
    client, before = signed_in(company.admin), StageSetting.objects.filter(stage=stage()).count()
    data = demands(stage(), floor_power="5", leave_goal="2", go="")
    assert client.post(f"{URL}stages/{stage().pk}/", data)["Location"] == URL
    row = stage()
    assert (row.floor, row.floors, row.milestones) == (3, {"power": 5}, ["power>=4", "goal>=2"])
    kept = StageSetting.objects.filter(stage=row).order_by("valid_from")
    assert kept.count() == before + 1
    assert (kept.first().floors, kept.last().floors) == ({}, {"power": 5})


def test_the_page_says_since_when_a_demand_holds_and_what_held_before(company, signed_in):
    client = signed_in(company.admin)
    page = client.get(URL).context
    assert {row.since.year for row in page["stages"]} == {1900} and page["before"] == []
    client.post(f"{URL}stages/{stage().pk}/", demands(stage(), floor_power="5"))
    actions.edit_stage(stage=stage(), changes={"expected_days": 44}, seen=None, actor=company.admin)
    answer = client.get(URL)
    now = next(row for row in answer.context["stages"] if row.stage == stage())
    changed = StageSetting.objects.filter(stage=stage(), floors={"power": 5}).earliest("valid_from").valid_from
    assert (now.since, now.floors) == (changed, (3, 5, 3, 3, 3))
    assert [(row.stage, row.floors) for row in answer.context["before"]] == [(stage(), (3, 3, 3, 3, 3))]
    assert "3 3 3 3 3 · Power ≥ 4 · Go decision recorded" in answer.content.decode()
    assert signed_in(company.rep).get(URL).context["before"] == []


@pytest.mark.parametrize("wrong", [{"floor_value": "7"}, {"floor_goal": ""}, {"leave_power": "9"}])
def test_what_is_no_height_is_refused_and_stays_typed(company, signed_in, wrong):
    answer = signed_in(company.admin).post(f"{URL}stages/{stage().pk}/", demands(stage(), floor_demand="6", **wrong))
    assert answer.status_code == 422
    assert 'value="6"' in answer.content.decode()
    assert stage().version == 1


def test_somebody_elses_floors_are_not_overwritten(company, signed_in):
    seen = demands(stage(), floor_power="5")
    actions.edit_stage(stage=stage(), changes={"floor": 1}, seen=None, actor=company.admin)
    answer = signed_in(company.admin).post(f"{URL}stages/{stage().pk}/", {**seen, "floor_demand": "2"})
    assert answer.status_code == 409
    assert stage().floor == 1


def test_the_gate_and_what_grades_need(company, signed_in):
    client, first = signed_in(company.admin), method_now()
    data = {"seen": first.pk, "gate_mode": "enforce", "E1": ["contact"], "E2": ["contact", "trace"], "E3": ["trace"]}
    assert client.post(f"{URL}gate/", data)["Location"] == URL
    now = method_now()
    assert now.gate_mode == "enforce"
    assert now.grade_needs == {"E1": ["contact"], "E2": ["contact", "trace"], "E3": ["trace"]}
    assert MethodSetting.objects.filter(pk=first.pk).exists(), "the earlier one is kept"
    assert client.post(f"{URL}gate/", data).status_code == 422, "it is no longer the one that was seen"
    assert client.post(f"{URL}gate/", {**data, "seen": now.pk, "gate_mode": "never"}).status_code == 422


@time_machine.travel("2026-11-26T17:30:00Z", tick=False)
def test_the_trail_names_a_setting_by_its_local_day(company):
    now = method_now()
    actions.edit_method(gate_mode="enforce", grade_needs=now.grade_needs, seen=now.pk, actor=company.admin)
    assert AuditEntry.objects.get(model="methodsetting").label == "2026-11-27"


def test_the_same_setting_again_writes_nothing(company):
    now = method_now()
    again = actions.edit_method(gate_mode=now.gate_mode, grade_needs=now.grade_needs, seen=now.pk, actor=company.admin)
    assert again == now
    with pytest.raises(ValidationError):
        actions.edit_method(gate_mode="advise", grade_needs={"E1": ["luck"]}, seen=None, actor=company.admin)


def test_needs_hold_for_what_is_recorded_from_then_on(company):
    row = factories.opportunity(company.rep)
    record = Evidence(factor="demand", level=1, grade="E1", evidence="They said so")
    with pytest.raises(ValidationError) as refused:
        actions.add_checkpoints(opportunity=row, records=[record], actor=company.rep)
    assert set(refused.value.message_dict) == {"contact", "said_on"}
    actions.edit_method(gate_mode="advise", grade_needs={}, seen=None, actor=company.admin)
    actions.add_checkpoints(opportunity=row, records=[record], actor=company.rep)
    assert HeightsVersion.objects.current().get(opportunity=row).demand == 1


def test_a_new_wording_leaves_old_records_readable_as_they_were(company, signed_in):
    row = factories.opportunity(company.rep)
    contact = factories.contact(company.rep, row.customer)
    record = Evidence(factor="power", level=1, grade="E1", evidence="x", contact=contact, said_on=today())
    (old,) = actions.add_checkpoints(opportunity=row, records=[record], actor=company.rep)
    client = signed_in(company.admin)
    shown = client.get(f"{URL}power/1/").context["form"]
    data = {**{name: shown[name].value() for name in shown.fields}, "checkpoint_en": "The boss knows us"}
    assert client.post(f"{URL}power/1/", data)["Location"] == URL
    old.refresh_from_db()
    assert old.rung.checkpoint_en == "The contact told the decision maker that we take part"
    assert Rung.objects.current().get(factor="power", level=1).checkpoint_en == "The boss knows us"
    told = signed_in(company.rep).get(f"/api/v1/checkpoints/{old.pk}/").json()
    assert told["checkpoint_en"] == old.rung.checkpoint_en and told["checkpoint_zh"] == old.rung.checkpoint_zh
    assert client.post(f"{URL}power/1/", data).status_code == 422, "another wording stands meanwhile"
    assert client.post(f"{URL}power/1/", {**data, "checkpoint_zh": ""}).status_code == 422


def test_a_factor_is_renamed_everywhere(company, signed_in):
    factor = Factor.objects.get(key="goal")
    data = {"name_zh": "目的", "name_en": "Aim", "version": factor.version}
    assert signed_in(company.admin).post(f"{URL}goal/", data)["Location"] == URL
    assert "Aim" in signed_in(company.rep).get(URL).content.decode()
