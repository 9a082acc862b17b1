"""Imports after people have worked: the past is put in its place, what people did stays (FINE-PRINT 6)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from accounts.invitations import invite
from accounts.models import Invitation, Team, User, UserTeam
from accounts.teams import archive_team, edit_team
from customers.actions import edit_customer, edit_product
from customers.models import Contact, Customer, Product
from opportunities.actions import edit_opportunity, edit_person, edit_stage, move_to_stage
from opportunities.models import Opportunity, OpportunityVersion, Stage, StageSetting
from pipeline.interchange import SourceError, export_workspace, import_workspace
from tests import factories
from tests.pipeline.interchange.workspaces import BASE, changed, facts, load, versions, wipe, write

pytestmark = pytest.mark.django_db

WORK = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
LATER = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)
EVENTS = BASE["opportunity_events.csv"]


def story(*columns, key="o1"):
    """The versions of one opportunity: (moment of the organisation, columns…)."""
    rows = OpportunityVersion.objects.filter(opportunity__key=key).order_by("valid_from")
    return [
        ((row.valid_from + timedelta(hours=8)).strftime("%m-%d %H"), *(getattr(row, name) for name in columns))
        for row in rows.select_related("stage", "owner", "team")
    ]


def rates():
    return [(at, float(rate), stage.key) for at, rate, stage in story("win_rate", "stage")]


def amounts():
    return [(at, int(amount)) for at, amount in story("amount")]


@pytest.fixture
def works(tmp_path):
    """The base workspace, in."""
    load(write(tmp_path / "works"))
    return tmp_path / "works"


def person(key):
    return User.objects.get(username=key)


def test_imported_people_are_sorted_by_pinyin(works, tmp_path):
    users = BASE["users.csv"].replace("ann,Ann", "ann,张伟").replace("bob,Bob", "bob,陈一")
    assert [row.username for row in User.objects.all()] == ["ann", "bob", "boss"]
    load(write(tmp_path / "renamed", {"users.csv": users}))
    assert [row.username for row in User.objects.all()] == ["boss", "bob", "ann"]


def one():
    return Opportunity.objects.get(key="o1")


def test_events_come_in_their_place_and_the_work_of_people_stays(works):
    with time_machine.travel(WORK, tick=False):
        edit_opportunity(opportunity=one(), changes={"amount": Decimal("3000")}, seen=None, actor=person("ann"))
    more = EVENTS + "o1,2026-02-10T10:00:00,,amount,2000,\no1,2026-03-20T10:00:00,,stage,won,\n"
    report = load(write(works, {"opportunity_events.csv": more}))
    assert changed(report) == {"opportunity_events.csv": (2, 0)}
    assert [(at, int(amount), stage.key) for at, amount, stage in story("amount", "stage")] == [
        ("01-05 09", 1000, "lead"), ("02-01 10", 1000, "offer"), ("02-10 10", 2000, "offer"),
        ("03-01 10", 3000, "offer"), ("03-20 10", 3000, "won"),
    ]  # fmt: skip
    row = one()
    assert (row.stage.key, row.version, row.changed_in["stage"]) == ("won", 4, 3)
    assert row.last_change is None
    assert changed(load(works)) == {}


def test_where_both_set_a_field_at_one_instant_the_source_is_right(works):
    report = load(write(works, {"opportunity_events.csv": EVENTS.replace("amount,1000", "amount,1100")}))
    assert changed(report) == {"opportunity_events.csv": (0, 1)}
    assert amounts() == [("01-05 09", 1100), ("02-01 10", 1100)]


def test_a_line_that_changes_nothing_writes_nothing(works):
    ids = set(OpportunityVersion.objects.values_list("id", flat=True))
    more = EVENTS + "o1,2026-02-10T10:00:00,,stage,offer,\no1,2026-02-10T10:00:00,,amount,1000.00,\n"
    assert not load(write(works, {"opportunity_events.csv": more})).written
    assert set(OpportunityVersion.objects.values_list("id", flat=True)) == ids


def test_only_the_touched_opportunities_are_written_again(works, tmp_path):
    more = {
        "opportunities.csv": BASE["opportunities.csv"] + "o2,acme,Two,,2026-01-06T09:00:00,\n",
        "opportunity_events.csv": EVENTS + "o2,2026-01-06T09:00:00,,stage,lead,\no2,2026-01-06T09:00:00,,owner,bob,\n",
    }
    ids = set(OpportunityVersion.objects.values_list("id", flat=True))
    report = load(write(works, more))
    assert changed(report) == {"opportunities.csv": (1, 0), "opportunity_events.csv": (2, 0)}
    assert ids < set(OpportunityVersion.objects.values_list("id", flat=True))
    assert one().version == 1


def test_a_moved_person_takes_the_open_ones_along_from_that_moment_on(tmp_path):
    teams = {"user_teams.csv": "user,at,team\nann,2026-01-20T00:00:00,west\n"}
    load(write(tmp_path, teams))
    assert [(at, team.key) for at, team in story("team")] == [
        ("01-05 09", "east"), ("01-20 00", "west"), ("02-01 10", "west")
    ]  # fmt: skip
    assert person("ann").team.key == "west"
    assert changed(load(tmp_path)) == {}


def test_a_team_that_the_next_import_changes_counts_from_then_on(works):
    users = BASE["users.csv"].replace("rep,east", "rep,west")
    with time_machine.travel(LATER, tick=False):
        report = load(write(works, {"users.csv": users}))
    assert changed(report) == {"users.csv": (0, 1)}
    assert [(at, team.key) for at, team in story("team")] == [
        ("01-05 09", "east"), ("02-01 10", "east"), ("04-01 10", "west")
    ]  # fmt: skip
    assert UserTeam.objects.filter(user=person("ann")).count() == 2
    assert one().team.key == person("ann").team.key == "west"
    with time_machine.travel(LATER + timedelta(days=1), tick=False):
        assert changed(load(works)) == {}


def test_a_win_rate_that_the_next_import_changes_counts_from_then_on(works):
    with time_machine.travel(LATER, tick=False):
        report = load(write(works, {"stages.csv": BASE["stages.csv"].replace(",0.5,", ",0.6,")}))
    assert changed(report) == {"stages.csv": (0, 1)}
    assert rates() == [("01-05 09", 0.1, "lead"), ("02-01 10", 0.5, "offer"), ("04-01 10", 0.6, "offer")]
    assert float(Stage.objects.get(key="offer").win_rate) == float(one().win_rate) == 0.6
    with time_machine.travel(LATER + timedelta(days=1), tick=False):
        assert changed(load(works)) == {}


def test_a_dated_setting_counts_in_the_past_and_an_empty_cell_keeps_what_held(works):
    settings = "stage,at,win_rate,floor,expected_days\noffer,2026-02-15T00:00:00,0.7,,\noffer,2026-02-20T00:00:00,,4,\n"
    report = load(write(works, {"stage_settings.csv": settings}))
    assert changed(report) == {"stage_settings.csv": (2, 0)}
    assert rates() == [("01-05 09", 0.1, "lead"), ("02-01 10", 0.5, "offer"), ("02-15 00", 0.7, "offer")]
    rows = StageSetting.objects.filter(stage__key="offer").order_by("valid_from")
    assert [(float(row.win_rate), row.floor, row.expected_days) for row in rows] == [
        (0.5, 3, 30), (0.7, 3, 30), (0.7, 4, 30)
    ]  # fmt: skip
    assert changed(load(works)) == {}


def test_settings_made_in_ascent_survive_and_go_round(works, tmp_path):
    with time_machine.travel(WORK, tick=False):
        stage = Stage.objects.get(key="offer")
        edit_stage(stage=stage, changes={"win_rate": Decimal("0.55")}, seen=None, actor=person("boss"))
    export_workspace(tmp_path / "out")
    before = facts()
    assert changed(load(tmp_path / "out")) == {}
    assert facts() == before
    wipe()
    load(tmp_path / "out")
    assert [row[:1] + row[2:] for row in [(*v[:2], *v[3:]) for v in facts()["versions"]]] == [
        row[:1] + row[2:] for row in [(*v[:2], *v[3:]) for v in before["versions"]]
    ]
    assert facts()["settings"] == before["settings"]


def test_a_reordered_stage_changes_what_was_furthest(works):
    load(write(works, {"opportunity_events.csv": EVENTS + "o1,2026-02-10T10:00:00,,stage,lead,\n"}))
    assert one().furthest == 2
    stages = BASE["stages.csv"].replace("Lead,1,", "Lead,5,")
    load(write(works, {"stages.csv": stages}))
    assert one().furthest == 5
    assert [furthest for _at, furthest in story("furthest")] == [5, 5, 5]


def test_another_time_zone_dates_the_entries_anew(tmp_path):
    late = {
        "opportunities.csv": "key,customer,title,created_at\no1,acme,One,2026-01-05T23:00:00+08:00\n",
        "opportunity_events.csv": "opportunity,at,field,value\n"
        "o1,2026-01-05T23:00:00+08:00,stage,lead\no1,2026-01-05T23:00:00+08:00,owner,ann\n",
    }
    load(write(tmp_path, late))
    organisation = BASE["organisation.csv"].replace("Asia/Shanghai", "Pacific/Auckland")
    load(write(tmp_path, {**late, "organisation.csv": organisation}))
    assert str(one().created_on) == str(one().entered_on) == "2026-01-06"


def test_a_column_that_the_file_lacks_stays_as_it_is(works):
    Customer.objects.filter(key="acme").update(region="North")
    load(write(works, {"customers.csv": "key,name\nacme,Acme & Sons\n"}))
    row = Customer.objects.get(key="acme")
    assert (row.name, row.region, row.owner.username) == ("Acme & Sons", "North", "ann")
    assert (row.version, row.imported_version, row.changed_in) == (2, 2, {"name": 2})


def edited(works):
    """A customer whose region somebody set in Ascent, and a file that says another region and another name."""
    customer = Customer.objects.get(key="acme")
    edit_customer(customer=customer, changes={"region": "North"}, seen=None, actor=person("ann"))
    return write(works, {"customers.csv": "key,name,region\nacme,Acme & Sons,South\n"})


def test_the_dry_run_lists_what_would_be_overwritten(works):
    report = load(edited(works), dry_run=True)
    [edit] = report.overwritten
    assert (edit.file, edit.key, edit.field, edit.ours, edit.theirs) == (
        "customers.csv", "acme", "region", "North", "South"
    )  # fmt: skip
    assert Customer.objects.get(key="acme").region == "North"


def test_an_import_is_the_word_of_the_source(works):
    load(edited(works))
    row = Customer.objects.get(key="acme")
    assert (row.name, row.region) == ("Acme & Sons", "South")
    assert load(works, dry_run=True).overwritten == []


def test_edits_are_kept_on_demand_again_and_again(works):
    source = edited(works)
    load(source, keep_edits=True)
    row = Customer.objects.get(key="acme")
    assert (row.name, row.region) == ("Acme & Sons", "North")
    again = load(source, keep_edits=True)
    assert not again.written
    assert [edit.field for edit in again.overwritten] == ["region"]


def test_edited_columns_of_an_opportunity_are_kept_on_demand(works):
    edit_opportunity(opportunity=one(), changes={"title": "Ours"}, seen=None, actor=person("ann"))
    report = load(works, keep_edits=True)
    assert [(edit.file, edit.field) for edit in report.overwritten] == [("opportunities.csv", "title")]
    assert one().title == "Ours"
    load(works)
    assert one().title == "One"


def test_the_creation_does_not_move_past_the_first_change(works):
    later = BASE["opportunities.csv"].replace("01-05", "01-06")
    report = import_workspace(write(works, {"opportunities.csv": later, "opportunity_events.csv": None}))
    assert [(bad.file, bad.line, bad.column) for bad in report.bad_rows] == [("opportunities.csv", 2, "created_at")]


def test_a_creation_that_moves_back_needs_its_first_change(works):
    earlier = {"opportunities.csv": BASE["opportunities.csv"].replace("01-05", "01-04")}
    assert not import_workspace(write(works, {**earlier, "opportunity_events.csv": None})).ok
    begins = "o1,2026-01-04T09:00:00,,stage,lead,\no1,2026-01-04T09:00:00,,owner,bob,\n"
    load(write(works, {**earlier, "opportunity_events.csv": EVENTS + begins}))
    assert [(at, owner.username) for at, owner in story("owner")] == [
        ("01-04 09", "bob"), ("01-05 09", "ann"), ("02-01 10", "ann")
    ]  # fmt: skip
    assert str(one().created_on) == "2026-01-04"


def test_what_people_do_while_the_import_computes_is_not_lost(works, monkeypatch):
    from pipeline.interchange import load as loading

    real = loading.settling.write_organisation

    def meanwhile(changes):
        edit_opportunity(opportunity=one(), changes={"amount": Decimal("7000")}, seen=None, actor=person("ann"))
        customer = Customer.objects.get(key="acme")
        edit_customer(customer=customer, changes={"region": "North"}, seen=None, actor=person("ann"))
        real(changes)

    monkeypatch.setattr(loading.settling, "write_organisation", meanwhile)
    source = write(works, {
        "opportunity_events.csv": EVENTS + "o1,2026-02-10T10:00:00,,amount,2000,\n",
        "customers.csv": "key,name\nacme,Acme & Sons\n",
    })  # fmt: skip
    load(source)
    assert [amount for _at, amount in amounts()] == [1000, 1000, 2000, 7000]
    assert one().amount == 7000
    row = Customer.objects.get(key="acme")
    assert (row.name, row.region, row.version) == ("Acme & Sons", "North", 4)
    monkeypatch.undo()
    assert changed(load(source)) == {}


def test_a_reopened_one_joins_the_team_of_its_owner(works):
    more = EVENTS + "o1,2026-02-05T10:00:00,,stage,lost,\no1,2026-02-20T10:00:00,,stage,lead,\n"
    teams = "user,at,team\nann,2026-02-10T00:00:00,west\n"
    load(write(works, {"opportunity_events.csv": more, "user_teams.csv": teams}))
    assert [(at, team.key) for at, team in story("team")][-2:] == [("02-05 10", "east"), ("02-20 10", "west")]


def test_shipped_stages_are_replaced_and_a_missing_outcome_keeps_its_own(works):
    keys = list(Stage.objects.order_by("position").values_list("key", "position"))
    assert keys == [("lead", 1), ("offer", 2), ("won", 3), ("lost", 4), ("no_decision", 5), ("no_go", 6)]


def test_an_import_moves_nothing_that_was_closed_in_ascent(works):
    with time_machine.travel(WORK, tick=False):
        move_to_stage(
            opportunity=one(), stage=Stage.objects.get(key="lost"), seen=None, actor=person("ann"), reason="Price"
        )
    before = versions()
    assert changed(load(works)) == {}
    assert versions() == before


def test_an_address_goes_from_one_person_to_another(works):
    users = BASE["users.csv"].replace("ann@example.com", "").replace("bob,Bob,", "bob,Bob,Ann@example.com")
    load(write(works, {"users.csv": users}))
    assert (person("ann").email, person("bob").email) == ("", "Ann@example.com")


def test_nobody_has_the_address_of_somebody_the_file_does_not_name(works):
    source = write(works, {"users.csv": "key,name,email,role\ncat,Cat,BOSS@example.com,rep\n"})
    [bad] = import_workspace(source).bad_rows
    assert (bad.line, bad.column) == (2, "email")


def test_what_is_new_was_created_just_now(works):
    for row in (*User.objects.all(), *Contact.objects.all(), *Customer.objects.all()):
        assert timezone.now() - row.created_at < timedelta(minutes=5)


def test_who_is_new_cannot_sign_in_and_has_been_in_their_team_for_ever(works):
    assert not person("ann").has_usable_password()
    [row] = UserTeam.objects.filter(user=person("ann"))
    assert (row.team.key, row.valid_from.year) == ("east", 1900)


def retired(key):
    """stages.csv in which this stage is out of use since March."""
    [head, *rows] = BASE["stages.csv"].splitlines()
    rows = [f"{row},2026-03-01T09:00:00" if row.startswith(key) else f"{row}," for row in rows]
    return "\n".join([f"{head},retired_at", *rows, ""])


def places(report):
    return [(bad.file, bad.line, bad.column, bad.value) for bad in report.bad_rows]


def test_a_stage_is_not_retired_while_open_ones_stand_in_it(works):
    report = import_workspace(write(works, {"stages.csv": retired("offer")}))
    assert places(report) == [("stages.csv", 3, "retired_at", "2026-03-01T09:00:00+08:00")]
    assert Stage.objects.get(key="offer").retired_at is None
    wipe()
    assert places(import_workspace(works)) == places(report)


def test_a_stage_is_retired_with_its_open_ones_moved_and_goes_round(works, tmp_path):
    moved = EVENTS + "o1,2026-03-01T09:00:00,,stage,lead,\n"
    load(write(works, {"stages.csv": retired("offer"), "opportunity_events.csv": moved}))
    assert (one().stage.key, Stage.objects.get(key="offer").retired_at is None) == ("lead", False)
    export_workspace(tmp_path / "out")
    assert changed(load(tmp_path / "out")) == {}
    wipe()
    load(tmp_path / "out")


def test_no_event_leaves_an_open_one_in_a_stage_that_was_retired_before(works):
    moved = EVENTS + "o1,2026-03-01T09:00:00,,stage,lead,\n"
    load(write(works, {"stages.csv": retired("offer"), "opportunity_events.csv": moved}))
    back = moved + "o1,2026-03-02T09:00:00,,stage,offer,\n"
    report = import_workspace(write(works, {"stages.csv": None, "opportunity_events.csv": back}))
    assert ("opportunity_events.csv", 7, "value", "offer") in places(report)


def test_a_stage_is_not_retired_when_somebody_moves_one_into_it_meanwhile(works, monkeypatch):
    from pipeline.interchange import load as loading

    real = loading.settling.write_organisation

    def meanwhile(changes):
        lead = Stage.objects.get(key="lead")
        move_to_stage(opportunity=one(), stage=lead, seen=None, actor=person("ann"), reason="Too early")
        return real(changes)

    monkeypatch.setattr(loading.settling, "write_organisation", meanwhile)
    with pytest.raises(SourceError):
        import_workspace(write(works, {"stages.csv": retired("lead")}))
    assert Stage.objects.get(key="lead").retired_at is None


GONE = "2026-03-01T09:00:00"
TREE = (
    "key,name,parent,archived_at\neast,East,head,{east}\nhead,Head,,{head}\nwest,West,head,{west}\nnew,New,head,{new}\n"
)
ENDED = BASE["users.csv"].replace("rep,west,,", "rep,west,,2026-02-01")


def tree(**gone):
    return TREE.format(**{"east": "", "head": "", "west": "", "new": "", **gone})


@pytest.mark.parametrize(
    ("files", "bad"),
    [
        ({"teams.csv": tree(east=GONE)}, [("teams.csv", 2, "archived_at")]),
        ({"teams.csv": tree(west=GONE), "users.csv": ENDED}, []),
        ({"teams.csv": tree(head=GONE)}, [("teams.csv", 3, "archived_at")]),
        (
            {"teams.csv": tree(new=GONE), "users.csv": BASE["users.csv"].replace("rep,east", "rep,new")},
            [("users.csv", 3, "team")],
        ),
        ({"customers.csv": f"key,name,archived_at\nacme,Acme,{GONE}\n"}, [("customers.csv", 2, "archived_at")]),
        (
            {
                "customers.csv": f"key,name,archived_at\nacme,Acme,{GONE}\n",
                "opportunity_events.csv": EVENTS + "o1,2026-02-20T10:00:00,,stage,lost,\n",
            },
            [],
        ),
    ],
)
def test_an_import_archives_by_the_rules_of_the_other_doors(works, files, bad):
    report = import_workspace(write(works, files))
    assert [place[:3] for place in places(report)] == bad
    assert report.written is not bool(bad)


def team(key):
    return Team.objects.get(key=key)


def into_west(boss):
    edit_person(person=person("ann"), changes={"team": team("west")}, seen=None, actor=boss)


def below_west(boss):
    edit_team(team=team("new"), changes={"parent": team("west")}, seen=None, actor=boss)


def archive_new(boss):
    archive_team(team=team("new"), seen=None, actor=boss)


def open_a_deal(_boss):
    factories.opportunity(person("ann"), customer=Customer.objects.get(key="acme"))


@pytest.mark.parametrize(
    ("files", "act", "key"),
    [
        ({"teams.csv": tree(west=GONE), "users.csv": ENDED}, into_west, "west"),
        ({"teams.csv": tree(west=GONE), "users.csv": ENDED}, below_west, "west"),
        ({"users.csv": BASE["users.csv"].replace("rep,east", "rep,new")}, archive_new, "new"),
        (
            {
                "customers.csv": f"key,name,archived_at\nacme,Acme,{GONE}\n",
                "opportunity_events.csv": EVENTS + "o1,2026-02-20T10:00:00,,stage,lost,\n",
            },
            open_a_deal, "acme",
        ),
    ],
    ids=["somebody joins", "a team is moved below", "a team is archived", "a deal is opened"],
)  # fmt: skip
def test_what_somebody_fills_meanwhile_is_not_archived(works, monkeypatch, files, act, key):
    from pipeline.interchange import load as loading

    load(write(works, {"teams.csv": tree()}))
    boss, real = person("boss"), loading.settling.write_organisation
    monkeypatch.setattr(loading.settling, "write_organisation", lambda changes: (act(boss), real(changes))[1])
    with pytest.raises(SourceError, match=key):
        import_workspace(write(works, files))
    assert not Team.objects.exclude(archived_at=None).exists()
    assert Customer.objects.get(key="acme").archived_at is None


def test_nothing_is_put_into_a_team_that_is_archived(works):
    load(write(works, {"teams.csv": tree(west=GONE), "users.csv": ENDED}))
    wrong = {
        "teams.csv": tree(west=GONE).replace("new,New,head", "new,New,west"),
        "users.csv": ENDED.replace("rep,east", "rep,west") + "cat,Cat,,rep,west,,\n",
    }
    report = import_workspace(write(works, wrong))
    assert [place[:3] for place in places(report)] == [
        ("teams.csv", 5, "parent"), ("users.csv", 3, "team"), ("users.csv", 5, "team")
    ]  # fmt: skip


def test_an_export_with_archived_rows_comes_in_again(works, tmp_path):
    closed = EVENTS + "o1,2026-02-20T10:00:00,,stage,lost,\n"
    gone = {"customers.csv": f"key,name,archived_at\nacme,Acme,{GONE}\n", "opportunity_events.csv": closed}
    load(write(works, {**gone, "teams.csv": tree(west=GONE), "users.csv": ENDED}))
    export_workspace(tmp_path / "out")
    assert changed(load(tmp_path / "out")) == {}
    wipe()
    load(tmp_path / "out")


def test_a_link_that_was_mailed_to_the_old_address_opens_nothing_any_more(works):
    for key in ("ann", "bob"):
        User.objects.filter(username=key).update(email=f"{key}@example.com")
        invite(person=person(key), actor=person("boss"), base="https://ascent.example")
    users = BASE["users.csv"].replace("ann@", "new@").replace("bob,Bob,", "bob,Robert,bob@example.com")
    load(write(works, {"users.csv": users}))
    assert [row.user.username for row in Invitation.objects.usable()] == ["bob"]


def test_a_report_shows_values_as_they_stand_in_a_file(works):
    acme, pump = Customer.objects.get(key="acme"), Product.objects.get(key="pump")
    edit_customer(customer=acme, changes={"annual_spend": Decimal("200.50")}, seen=None, actor=person("ann"))
    edit_product(product=pump, changes={"is_core": False}, seen=None, actor=person("boss"))
    said = BASE["customers.csv"].replace("ann,,,,", "ann,,,1000,")
    report = load(write(works, {"customers.csv": said}), dry_run=True)
    assert [(edit.field, edit.ours, edit.theirs) for edit in report.overwritten] == [
        ("is_core", "false", "true"), ("annual_spend", "200.50", "1000.00")
    ]  # fmt: skip
    wrong = ("02-10T10:00:00,,amount,100,", "02-10T10:00:00,,amount,200.50,", "01-04T09:00:00,,amount,1,")
    lines = "".join(f"o1,2026-{line}\n" for line in wrong)
    report = import_workspace(write(works, {"opportunity_events.csv": EVENTS + lines}))
    assert [place[1:] for place in places(report)] == [
        (7, "value", "200.50"), (8, "at", "2026-01-04T09:00:00+08:00")
    ]  # fmt: skip
