"""The tree of teams: new, renamed, moved, archived, restored; who sees what follows at once."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import AuditEntry, Team
from accounts.people import end_access
from accounts.teams import archive_team, edit_team, new_team, restore_team
from config.web.revisions import StaleWrite
from opportunities.models import Opportunity, OpportunityVersion
from tests import factories

pytestmark = pytest.mark.django_db


def paths():
    return {team.key: team.path for team in Team.objects.all()}


def test_a_team_moves_with_all_below_it(company):
    south = new_team(name="South", parent=company.east, actor=company.admin, key="south")
    deep = new_team(name="Deep", parent=south, actor=company.admin, key="deep")
    saved = edit_team(team=south, changes={"parent": company.west}, seen=1, actor=company.admin)
    head, west = company.head.pk, company.west.pk
    assert saved.path == f"/{head}/{west}/{south.pk}/"
    assert paths()["deep"] == f"/{head}/{west}/{south.pk}/{deep.pk}/"
    edit_team(team=saved, changes={"parent": None, "name": "Far south"}, seen=2, actor=company.admin)
    assert (paths()["south"], paths()["deep"]) == (f"/{south.pk}/", f"/{south.pk}/{deep.pk}/")
    assert AuditEntry.objects.filter(model="team", action="edit").count() == 2


def test_who_sees_what_follows_at_once_and_versions_keep_their_team(company):
    deal = factories.opportunity(company.rep)
    assert not Opportunity.objects.visible_to(company.other_manager).exists()
    edit_team(team=company.east, changes={"parent": company.west}, seen=1, actor=company.admin)
    manager = type(company.other_manager).objects.select_related("team").get(pk=company.other_manager.pk)
    assert Opportunity.objects.visible_to(manager).exists()
    assert OpportunityVersion.objects.get(opportunity=deal).team == company.east


@pytest.mark.parametrize("below", ["itself", "child", "grandchild"])
def test_no_circle(company, below):
    south = new_team(name="South", parent=company.east, actor=company.admin)
    target = {"itself": company.head, "child": company.east, "grandchild": south}[below]
    before = paths()
    with pytest.raises(ValidationError) as refused:
        edit_team(team=company.head, changes={"parent": target}, seen=1, actor=company.admin)
    assert set(refused.value.message_dict) == {"parent"}
    assert paths() == before


def test_the_tree_has_an_end(company):
    team = company.head
    Team.objects.filter(pk=team.pk).update(path="/" + "123456789/" * 48)
    with pytest.raises(ValidationError):
        new_team(name="Deeper", parent=Team.objects.get(pk=team.pk), actor=company.admin)


def test_a_team_is_archived_only_when_it_is_empty(company, signed_in):
    with pytest.raises(ValidationError):
        archive_team(team=company.head, seen=1, actor=company.admin)
    with pytest.raises(ValidationError):
        archive_team(team=company.west, seen=1, actor=company.admin)
    for person in (company.other_manager, company.stranger):
        end_access(person=person, seen=None, actor=company.admin)
    west = archive_team(team=company.west, seen=1, actor=company.admin)
    assert west.archived_at is not None
    assert archive_team(team=company.west, seen=1, actor=company.admin).version == west.version
    with pytest.raises(ValidationError):
        edit_team(team=west, changes={"name": "x"}, seen=2, actor=company.admin)
    for act in (
        lambda: new_team(name="Below", parent=west, actor=company.admin),
        lambda: edit_team(team=company.east, changes={"parent": west}, seen=1, actor=company.admin),
    ):
        with pytest.raises(ValidationError) as refused:
            act()
        assert set(refused.value.message_dict) == {"parent"}
    names = [row["value"] for row in signed_in(company.admin).get("/pickers/teams/?q=").json()["results"]]
    assert "west" not in names
    assert restore_team(team=west, seen=None, actor=company.admin).archived_at is None


def test_a_team_is_restored_below_one_that_is_in_use(company):
    south = new_team(name="South", parent=company.east, actor=company.admin)
    archive_team(team=south, seen=1, actor=company.admin)
    for person in (company.manager, company.rep, company.mate):
        end_access(person=person, seen=None, actor=company.admin)
    archive_team(team=company.east, seen=1, actor=company.admin)
    with pytest.raises(ValidationError):
        restore_team(team=south, seen=None, actor=company.admin)


def test_a_stale_move_is_refused(company):
    edit_team(team=company.east, changes={"parent": None}, seen=1, actor=company.admin)
    with pytest.raises(StaleWrite):
        edit_team(team=company.east, changes={"parent": company.west}, seen=1, actor=company.admin)
    assert paths()["east"] == f"/{company.east.pk}/"


@pytest.mark.parametrize("who", ["rep", "manager", "director", "executive"])
def test_only_administrators(company, who):
    actor = getattr(company, who)
    for act in (
        lambda: new_team(name="x", parent=None, actor=actor),
        lambda: edit_team(team=company.east, changes={"name": "x"}, seen=1, actor=actor),
        lambda: archive_team(team=company.east, seen=1, actor=actor),
        lambda: restore_team(team=company.east, seen=1, actor=actor),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_the_page_shows_the_tree_with_people_and_open_deals(company, signed_in):
    factories.opportunity(company.rep)
    client = signed_in(company.admin)
    nodes = client.get("/settings/teams/").context["nodes"]
    assert [(node.team.key, node.depth, node.people, node.open_count) for node in nodes] == [
        ("head", 0, 1, 0),
        ("east", 1, 3, 1),
        ("west", 1, 2, 0),
    ]
    assert 'value="east" selected' in client.get("/settings/teams/new/?parent=east").content.decode()
    assert client.post("/settings/teams/new/", {"name": "South", "parent": "east"}).status_code == 302
    south = Team.objects.get(name="South")
    answer = client.post(f"/settings/teams/{company.east.pk}/edit/", {"name": "E", "parent": south.key, "version": 1})
    assert answer.status_code == 422 and set(answer.context["form"].errors) == {"parent"}
    assert client.post(f"/settings/teams/{south.pk}/archive/", {"version": 1}).status_code == 302
    assert "South" in client.get("/settings/teams/").content.decode()
    client.post(f"/settings/teams/{south.pk}/restore/")
    assert Team.objects.in_use().filter(name="South").exists()


def test_a_new_team_stands_where_its_parent_stands_now(company):
    """The page was drawn before somebody moved the parent."""
    seen = Team.objects.get(pk=company.east.pk)
    edit_team(team=company.east, changes={"parent": company.west}, seen=None, actor=company.admin)
    made = new_team(name="New", parent=seen, actor=company.admin)
    assert made.path == f"{Team.objects.get(pk=company.east.pk).path}{made.pk}/"
