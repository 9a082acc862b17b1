"""Stages in Settings: read by everybody, set by administrators; what a change does to deals and to the past."""

from decimal import Decimal

import pytest

from opportunities.actions import edit_stage
from opportunities.models import Opportunity, OpportunityVersion, Stage, StageSetting
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/settings/stages/"
ORDER = f"{URL}order/"


def stage(key):
    return Stage.objects.get(key=key)


def url(key, act):
    return f"{URL}{stage(key).pk}/{act}/"


def sent(key, **changed):
    row = stage(key)
    shown = {
        "name_zh": row.name_zh, "name_en": row.name_en, "win_rate": f"{row.win_rate * 100:g}".rstrip("0").rstrip("."),
        "expected_days": row.expected_days,
    }  # fmt: skip
    return {**shown, **{f"initial-{k}": v for k, v in shown.items()}, "version": row.version, **changed}


def keys():
    return [row.key for row in Stage.objects.in_use()]


def seen():
    return ",".join(str(row.pk) for row in Stage.objects.in_use())


@pytest.mark.parametrize("who", ["rep", "manager", "director", "executive"])
def test_everybody_reads_only_administrators_change(company, signed_in, who):
    client = signed_in(getattr(company, who))
    text = client.get(URL).content.decode()
    assert "Co-create solution" in text
    assert "方案共创" in text
    assert "75%" in text
    assert "/edit/" not in text
    doors = [f"{URL}new/", url("discover", "edit"), url("discover", "retire")]
    for door in doors:
        assert client.get(door).status_code == 403, door
        assert client.post(door, sent("discover", name_en="X")).status_code == 403, door
    assert client.post(ORDER, {"seen": seen(), "move": f"down:{stage('discover').pk}"}).status_code == 403
    assert stage("discover").version == 1


def test_rename_in_both_languages(company, signed_in):
    data = sent("cocreate", name_zh="共创", name_en="Create")
    assert signed_in(company.admin).post(url("cocreate", "edit"), data)["Location"] == URL
    assert (stage("cocreate").name_zh, stage("cocreate").name_en) == ("共创", "Create")
    assert not StageSetting.objects.filter(stage__key="cocreate").count() > 1, "a name is no setting with a date"


@pytest.mark.parametrize(("typed", "rate"), [("30", "0.3"), ("12.5%", "0.125"), ("0", "0"), ("100", "1")])
def test_a_win_rate_counts_from_now_on_and_writes_versions(company, signed_in, typed, rate):
    deal = factories.opportunity(company.rep)
    signed_in(company.admin).post(url("discover", "edit"), sent("discover", win_rate=typed))
    deal.refresh_from_db()
    assert deal.win_rate == Decimal(rate)
    rates = (
        OpportunityVersion.objects.filter(opportunity=deal).order_by("valid_from").values_list("win_rate", flat=True)
    )
    assert list(rates) == [Decimal("0.1"), Decimal(rate)]


def test_expected_days(company, signed_in):
    signed_in(company.admin).post(url("discover", "edit"), sent("discover", expected_days="45"))
    assert stage("discover").expected_days == 45


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name_zh": ""}, "name_zh"),
        ({"name_en": "x" * 10_000}, "name_en"),
        ({"name_en": "nul\x00"}, "name_en"),
        ({"win_rate": "101"}, "win_rate"),
        ({"win_rate": "-1"}, "win_rate"),
        ({"win_rate": "much"}, "win_rate"),
        ({"win_rate": ""}, "win_rate"),
        ({"win_rate": "1" + "0" * 20}, "win_rate"),
        ({"expected_days": "0"}, "expected_days"),
        ({"expected_days": "1" + "0" * 20}, "expected_days"),
        ({"expected_days": "x"}, "expected_days"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input(company, signed_in, changed, field):
    response = signed_in(company.admin).post(url("discover", "edit"), sent("discover", **changed))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert stage("discover").version == 1


def test_a_closed_stage_has_names_alone(company, signed_in):
    client = signed_in(company.admin)
    assert list(client.get(url("won", "edit")).context["form"].fields) == ["name_zh", "name_en", "version"]
    client.post(url("won", "edit"), {"name_zh": "赢", "name_en": "Won", "win_rate": "50", "version": 1})
    assert (stage("won").name_en, stage("won").win_rate) == ("Won", Decimal(1))


def test_stale(company, signed_in):
    data = sent("discover", name_en="Mine", expected_days="60")
    edit_stage(stage=stage("discover"), changes={"name_en": "Theirs"}, seen=1, actor=company.admin)
    client = signed_in(company.admin)
    response = client.post(url("discover", "edit"), data)
    assert response.status_code == 409
    assert "Theirs" in response.content.decode()
    assert stage("discover").expected_days == 30
    kept = {**data, "keep": "theirs", "current_version": response.context["conflict"].version}
    assert client.post(url("discover", "edit"), kept).status_code == 302
    assert (stage("discover").name_en, stage("discover").expected_days) == ("Theirs", 60)


def test_a_new_stage_is_the_last_open_one(company, signed_in):
    data = {"name_zh": "谈判", "name_en": "Negotiate", "win_rate": "95", "expected_days": "10"}
    assert signed_in(company.admin).post(f"{URL}new/", data)["Location"] == URL
    made = Stage.objects.get(name_en="Negotiate")
    assert keys()[5] == made.key
    assert keys()[6] == "won"
    assert (made.outcome, made.win_rate, made.expected_days) == ("open", Decimal("0.95"), 10)


def test_buttons_move_a_stage_within_its_kind(company, signed_in):
    client = signed_in(company.admin)
    before = keys()
    client.post(ORDER, {"seen": seen(), "move": f"down:{stage('discover').pk}"})
    assert keys()[:3] == ["validate", "discover", "cocreate"]
    client.post(ORDER, {"seen": seen(), "move": f"up:{stage('discover').pk}"})
    assert keys() == before
    for move in (f"up:{stage('discover').pk}", f"down:{stage('lock').pk}", f"up:{stage('won').pk}", "up:x", "up:0"):
        assert client.post(ORDER, {"seen": seen(), "move": move}).status_code == 302
        assert keys() == before, move


def test_a_dragged_order_and_what_counts_as_furthest(company, signed_in):
    deal = factories.opportunity(company.rep)
    assert deal.furthest == 1
    rows = list(Stage.objects.in_use())
    order = [rows[1], rows[0], *rows[2:]]
    signed_in(company.admin).post(ORDER, {"seen": seen(), "order": ",".join(str(row.pk) for row in order)})
    assert keys()[:2] == ["validate", "discover"]
    assert Opportunity.objects.get(pk=deal.pk).furthest == 2, "Discover is now the second"


@pytest.mark.parametrize("order", ["", "1", "x,y", "1,1,1", "9" * 40])
def test_an_order_names_every_stage_once(company, signed_in, order):
    before = keys()
    response = signed_in(company.admin).post(ORDER, {"seen": seen(), "order": order})
    assert response.status_code == 422
    assert "Name every stage in use exactly once." in response.content.decode()
    assert keys() == before


def test_an_order_of_another_screen_is_stale(company, signed_in):
    old = seen()
    client = signed_in(company.admin)
    client.post(ORDER, {"seen": old, "move": f"down:{stage('discover').pk}"})
    now = keys()
    response = client.post(ORDER, {"seen": old, "move": f"down:{stage('discover').pk}"})
    assert response.status_code == 409
    assert "Somebody has changed the stages" in response.content.decode()
    assert keys() == now


def test_retire_says_how_many_move_and_moves_them(company, signed_in):
    deals = [factories.opportunity(company.rep, stage="validate") for _number in range(2)]
    client = signed_in(company.admin)
    assert "2 deals stand in this stage" in client.get(url("validate", "retire")).content.decode()
    door = url("validate", "retire")
    refused = client.post(door, {"version": 1})
    assert refused.status_code == 422
    assert "target" in refused.context["form"].errors
    for bad in ("validate", "won", "nothing"):
        assert client.post(door, {"version": 1, "target": bad}).status_code == 422
    assert client.post(door, {"version": 1, "target": "cocreate"}).status_code == 302
    assert "validate" not in keys()
    assert {Opportunity.objects.get(pk=deal.pk).stage.key for deal in deals} == {"cocreate"}
    assert "Retired stages" in client.get(URL).content.decode()
    assert client.get(door).status_code == 404


def test_an_unused_stage_is_retired_without_a_target(company, signed_in):
    client = signed_in(company.admin)
    assert "No deal stands in this stage." in client.get(url("validate", "retire")).content.decode()
    assert client.post(url("validate", "retire"), {"version": 1}).status_code == 302
    assert "validate" not in keys()


def test_the_last_of_its_kind_stays(company, signed_in):
    response = signed_in(company.admin).post(url("won", "retire"), {"version": 1})
    assert response.status_code == 422
    assert "won" in keys()
