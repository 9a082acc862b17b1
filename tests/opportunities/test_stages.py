"""Settings of the stages, and from when their changes count."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.selectors import today
from opportunities import rules
from opportunities.actions import create_stage, edit_stage, move_to_stage, reorder_stages, retire_stage
from opportunities.models import Opportunity, OpportunityVersion, Stage, StageSetting
from tests import factories

pytestmark = pytest.mark.django_db


def stage(key):
    return Stage.objects.get(key=key)


def test_the_shipped_stages():
    rows = Stage.objects.order_by("position").values_list("key", "win_rate", "outcome", "floor", "expected_days")
    assert list(rows) == [
        ("discover", Decimal("0.10"), "open", 0, 30),
        ("validate", Decimal("0.25"), "open", 2, 30),
        ("cocreate", Decimal("0.50"), "open", 3, 30),
        ("decide", Decimal("0.75"), "open", 4, 30),
        ("lock", Decimal("0.90"), "open", 5, 30),
        ("won", Decimal(1), "won", None, 30),
        ("lost", Decimal(0), "lost", None, 30),
        ("no_decision", Decimal(0), "no_decision", None, 30),
        ("no_go", Decimal(0), "no_go", None, 30),
    ]


def test_a_new_win_rate_counts_from_now_on_in_a_new_version_of_each_open_opportunity_there(company):
    here = factories.opportunity(company.rep, stage="validate")
    elsewhere = factories.opportunity(company.rep)
    edit_stage(stage=stage("validate"), changes={"win_rate": Decimal("0.3")}, seen=1, actor=company.admin)
    first, second = OpportunityVersion.objects.filter(opportunity=here).order_by("valid_from")
    assert (first.win_rate, second.win_rate) == (Decimal("0.25"), Decimal("0.3"))
    assert first.valid_to == second.valid_from
    assert (second.entered_at, second.amount, second.team) == (first.entered_at, first.amount, first.team)
    row = Opportunity.objects.get(pk=here.pk)
    assert (row.win_rate, row.version, row.changed_at) == (Decimal("0.3"), 2, second.valid_from)
    assert OpportunityVersion.objects.filter(opportunity=elsewhere).count() == 1
    assert list(StageSetting.objects.filter(stage__key="validate").values_list("win_rate", flat=True)) == [
        Decimal("0.25"),
        Decimal("0.3"),
    ]


def test_renaming_writes_no_version(company):
    here = factories.opportunity(company.rep, stage="validate")
    edit_stage(stage=stage("validate"), changes={"name_en": "Check"}, seen=1, actor=company.admin)
    assert stage("validate").name_en == "Check"
    assert OpportunityVersion.objects.filter(opportunity=here).count() == 1


def test_the_win_rate_of_a_closed_stage_is_fixed(company):
    with pytest.raises(ValidationError):
        edit_stage(stage=stage("lost"), changes={"win_rate": Decimal("0.1")}, seen=1, actor=company.admin)


def test_retiring_moves_the_opportunities_in_the_same_act(company):
    here = factories.opportunity(company.rep, stage="decide")
    with pytest.raises(ValidationError):
        retire_stage(stage=stage("decide"), target=None, actor=company.admin)
    with pytest.raises(ValidationError):
        retire_stage(stage=stage("decide"), target=stage("won"), actor=company.admin)
    retire_stage(stage=stage("decide"), target=stage("lock"), actor=company.admin)
    row = Opportunity.objects.get(pk=here.pk)
    last = OpportunityVersion.objects.get(opportunity=here, valid_to__year=9999)
    assert (row.stage.key, row.win_rate, row.furthest) == ("lock", Decimal("0.9"), 5)
    assert (last.stage.key, last.entered_at, last.valid_from) == ("lock", row.entered_at, row.changed_at)
    assert row.changed_since(1, ["stage"]) == {"stage"}
    assert not Stage.objects.in_use().filter(key="decide").exists()


def test_the_last_of_its_kind_stays(company):
    with pytest.raises(ValidationError):
        retire_stage(stage=stage("won"), target=None, actor=company.admin)


def test_another_order_changes_what_was_furthest(company):
    one = factories.opportunity(company.rep, stage="cocreate")
    won = factories.opportunity(company.rep, stage="won", signed_on=one.created_on)
    back = move_to_stage(opportunity=one, stage=stage("discover"), seen=1, actor=company.rep, reason="Misjudged")
    assert back.furthest == 3
    keys = ["cocreate", "discover", "validate", "decide", "lock", "won", "lost", "no_decision", "no_go"]
    reorder_stages(order=[stage(key).pk for key in keys], actor=company.admin)
    first, second = OpportunityVersion.objects.filter(opportunity=one).order_by("valid_from")
    assert (first.furthest, second.furthest) == (1, 2)
    assert Opportunity.objects.get(pk=one.pk).furthest == 2
    assert Opportunity.objects.get(pk=won.pk).furthest == rules.WON


def test_every_stage_in_use_is_named_once(company):
    with pytest.raises(ValidationError):
        reorder_stages(order=[stage("discover").pk], actor=company.admin)


@pytest.mark.parametrize("person", ["rep", "manager", "director", "executive"])
def test_only_administrators(company, person):
    actor = getattr(company, person)
    with pytest.raises(PermissionDenied):
        edit_stage(stage=stage("discover"), changes={"name_en": "X"}, seen=1, actor=actor)
    with pytest.raises(PermissionDenied):
        create_stage(actor=actor, name_zh="一", name_en="One", win_rate=Decimal("0.2"))
    with pytest.raises(PermissionDenied):
        retire_stage(stage=stage("discover"), target=stage("lock"), actor=actor)
    with pytest.raises(PermissionDenied):
        reorder_stages(order=[], actor=actor)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"outcome": "lost", "win_rate": Decimal("0.3")}, "win_rate"),
        ({"outcome": "won", "win_rate": Decimal(0)}, "win_rate"),
        ({"position": 2, "win_rate": Decimal("0.3")}, "position"),
    ],
)
def test_a_new_stage_is_one_that_an_import_would_take(company, wrong, field):
    with pytest.raises(ValidationError) as refused:
        create_stage(actor=company.admin, name_zh="一", name_en="One", **wrong)
    assert list(refused.value.message_dict) == [field]
    assert not Stage.objects.filter(name_en="One").exists()
    made = create_stage(actor=company.admin, name_zh="二", name_en="Two", outcome="won", win_rate=Decimal(1))
    assert (made.position, made.outcome) == (10, "won")


def test_retiring_a_closed_stage_leaves_what_was_closed_in_it(company):
    won = factories.opportunity(company.rep, stage="won", signed_on=today())
    other = create_stage(
        actor=company.admin, name_zh="续约", name_en="Renewed", outcome="won", win_rate=Decimal(1), position=20
    )
    retire_stage(stage=stage("won"), target=other, actor=company.admin)
    row = Opportunity.objects.get(pk=won.pk)
    assert (row.stage.key, row.entered_at) == ("won", won.entered_at)
    assert OpportunityVersion.objects.filter(opportunity=won).count() == 1
