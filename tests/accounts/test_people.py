"""People: made, changed, ended and begun again; and that an administrator stays."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import AccessToken, AuditEntry, Invitation, User, UserTeam
from accounts.people import edit_person, end_access, invite_person, new_person, reactivate_person, suggested_username
from accounts.selectors import today
from accounts.teams import archive_team
from accounts.tokens import create_token
from config.web.revisions import StaleWrite
from tests import factories
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
BASE = "https://ascent.example"


def new(company, **fields):
    given = {"email": "li.na@example.com", "name": "Li Na", "team": company.east, "language": "en", **fields}
    return invite_person(actor=company.admin, base=BASE, **given).user


def test_a_person_is_invited_without_a_password_in_their_team_since_before_all_time(company):
    person = new(company)
    assert (person.username, person.role, person.has_usable_password()) == ("li.na", "rep", False)
    assert UserTeam.objects.get(user=person).team == company.east
    assert set(AuditEntry.objects.filter(object_id=person.pk, model="user").values_list("action", flat=True)) == {
        "create", "invite",
    }  # fmt: skip


def test_a_login_name_is_made_of_the_address_and_is_free(company):
    assert suggested_username("REP@example.com") == "rep2"
    assert suggested_username("Wang.Fang+deals@example.com") == "wang.fangdeals"
    assert suggested_username("+@example.com") == "person"
    assert len(suggested_username("a" * 64 + "@example.com")) <= 64


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"username": "rep"}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "x" * 65}, "username"),
        ({"email": "TAKEN@example.com"}, "email"),
        ({"email": "no address"}, "email"),
        ({"name": "\x00"}, "name"),
        ({"name": ""}, "name"),
        ({"role": "emperor"}, "role"),
        ({"language": "xx"}, "language"),
        ({"active_from": today, "active_until": lambda: today() - timedelta(1)}, "active_until"),
    ],
)
def test_what_is_wrong_with_a_new_person_is_named(company, given, field):
    User.objects.filter(pk=company.mate.pk).update(email="taken@example.com")
    given = {name: value() if callable(value) else value for name, value in given.items()}
    with pytest.raises(ValidationError) as refused:
        new_person(actor=company.admin, **{"username": "new", "name": "New", "team": company.east, **given})
    assert set(refused.value.message_dict) == {field}
    assert not User.objects.filter(username="new").exists()


def test_a_person_is_changed_and_the_trail_says_what(company):
    edit_person(person=company.rep, changes={"name": "R", "role": "manager"}, seen=1, actor=company.admin)
    row = User.objects.get(pk=company.rep.pk)
    assert (row.name, row.role, row.version) == ("R", "manager", 2)
    entry = AuditEntry.objects.get(action="edit", model="user")
    assert entry.changes == {"name": ["Rep", "R"], "role": ["rep", "manager"]}


def test_a_stale_edit_is_refused_with_nothing_written(company):
    edit_person(person=company.rep, changes={"name": "First"}, seen=1, actor=company.admin)
    with pytest.raises(StaleWrite):
        edit_person(person=company.rep, changes={"name": "Second", "role": "manager"}, seen=1, actor=company.admin)
    assert User.objects.get(pk=company.rep.pk).role == "rep"


def test_an_archived_team_is_no_choice_and_dates_have_an_order(company):
    type(company.west).objects.filter(pk=company.west.pk).update(archived_at=timezone.now())
    for changes, field in (
        ({"team": company.west}, "team"),
        ({"active_from": today(), "active_until": today() - timedelta(1)}, "active_until"),
    ):
        with pytest.raises(ValidationError) as refused:
            edit_person(person=company.rep, changes=changes, seen=1, actor=company.admin)
        assert set(refused.value.message_dict) == {field}


@pytest.mark.parametrize("changes", [{"role": "rep"}, {"active_until": today}, {"active_from": today}])
def test_nobody_changes_their_own_role_or_dates(company, changes):
    factories.person("second_admin", role="admin")
    changes = {name: value() if callable(value) else value for name, value in changes.items()}
    with pytest.raises(ValidationError):
        edit_person(person=company.admin, changes=changes, seen=1, actor=company.admin)
    with pytest.raises(ValidationError):
        end_access(person=company.admin, seen=1, actor=company.admin)
    assert User.objects.get(pk=company.admin.pk).is_active


def test_somebody_without_an_end_date_stays_administrator(company):
    """Two administrators who end each other on a future day would lock everybody out on the day after."""
    other = factories.person("other", role="admin")
    soon = today() + timedelta(days=30)
    edit_person(person=company.admin, changes={"active_until": soon}, seen=None, actor=other)

    with pytest.raises(ValidationError, match="last active administrator"):
        edit_person(person=other, changes={"active_until": soon}, seen=None, actor=company.admin)


def test_an_address_that_is_taken_in_the_same_moment_is_an_error_of_the_form(company, monkeypatch):
    User.objects.filter(pk=company.mate.pk).update(email="taken@example.com")
    monkeypatch.setattr("accounts.people.is_taken", lambda email, person: False)

    with pytest.raises(ValidationError, match="just been taken"):
        new(company, email="taken@example.com", username="second")

    assert not User.objects.filter(username="second").exists()


def test_the_last_active_administrator_stays_one(company):
    """Whoever acts: here somebody who was an administrator when their page was opened."""
    actor = factories.person("second_admin", role="admin")
    User.objects.filter(pk=actor.pk).update(role="rep")
    yesterday = today() - timedelta(1)
    for changes in ({"role": "manager"}, {"active_until": yesterday}, {"active_from": today() + timedelta(1)}):
        with pytest.raises(ValidationError):
            edit_person(person=company.admin, changes=changes, seen=1, actor=actor)
    with pytest.raises(ValidationError):
        end_access(person=company.admin, seen=1, actor=actor)
    row = User.objects.get(pk=company.admin.pk)
    assert row.is_admin and row.is_active
    edit_person(person=company.admin, changes={"name": "Still"}, seen=1, actor=actor)


def test_an_ended_access_ends_session_and_token_at_once(company, signed_in):
    browser, other = signed_in(company.rep), signed_in(company.mate)
    token, secret = create_token(user=company.rep, name="x", scope="write")
    client = bearer(secret)
    assert browser.get("/profile/").status_code == 200
    assert client.get("/api/v1/me/").status_code == 200
    end_access(person=company.rep, seen=1, actor=company.admin)
    assert browser.get("/profile/").status_code == 302
    assert client.get("/api/v1/me/").status_code == 401
    assert other.get("/profile/").status_code == 200
    row = User.objects.get(pk=company.rep.pk)
    assert (row.is_active, row.active_until) == (False, today())
    reactivate_person(person=row, seen=row.version, actor=company.admin)
    row = User.objects.get(pk=company.rep.pk)
    assert (row.is_active, row.active_until, row.check_password(PASSWORD)) == (True, None, True)
    assert browser.get("/profile/").status_code == 302, "an ended session does not come back"
    assert client.get("/api/v1/me/").status_code == 401
    assert not AccessToken.objects.usable().filter(pk=token.pk).exists()
    actions = AuditEntry.objects.filter(model="user", object_id=row.pk).values_list("action", flat=True)
    assert {"deactivate", "reactivate"} <= set(actions)


AHEAD = timedelta(days=40)


@pytest.mark.parametrize(
    ("until", "passed", "set_meanwhile", "after"),
    [
        (AHEAD, timedelta(0), None, AHEAD),  # what was agreed holds again
        (AHEAD, timedelta(days=40), None, AHEAD),  # on its last day
        (AHEAD, timedelta(days=41), None, None),  # it has passed: whoever is let in again can sign in
        (AHEAD, timedelta(days=3), timedelta(days=90), timedelta(days=90)),
        (AHEAD, timedelta(days=3), timedelta(days=1), None),
        (timedelta(0), timedelta(days=1), None, None),
        (None, timedelta(days=1), None, None),
    ],
)
def test_an_end_that_was_agreed_outlives_a_deactivation(company, until, passed, set_meanwhile, after):
    begin = today()

    def day(distance):
        return None if distance is None else begin + distance

    def fresh():
        return User.objects.get(pk=company.rep.pk)

    edit_person(person=company.rep, changes={"active_until": day(until)}, seen=None, actor=company.admin)
    end_access(person=fresh(), seen=None, actor=company.admin)
    assert fresh().active_until == begin
    if set_meanwhile is not None:
        edit_person(person=fresh(), changes={"active_until": day(set_meanwhile)}, seen=None, actor=company.admin)
    with time_machine.travel(timezone.now() + passed, tick=False):
        reactivate_person(person=fresh(), seen=None, actor=company.admin)
        row = fresh()
        assert (row.is_active, row.active_until, row.agreed_until) == (True, day(after), None)
    # A second time the first agreement is forgotten.
    end_access(person=fresh(), seen=None, actor=company.admin)
    assert fresh().agreed_until == (day(after) if after and after > timedelta(0) else None)


def bearer(secret):
    return Client(headers={"authorization": f"Bearer {secret}"})


@pytest.mark.parametrize("who", ["rep", "manager", "director", "executive"])
def test_only_administrators(company, who):
    actor = getattr(company, who)
    for act in (
        lambda: edit_person(person=company.mate, changes={"name": "x"}, seen=1, actor=actor),
        lambda: end_access(person=company.mate, seen=1, actor=actor),
        lambda: reactivate_person(person=company.mate, seen=1, actor=actor),
        lambda: new_person(actor=actor, username="x", name="x"),
        lambda: invite_person(actor=actor, email="x@example.com", base=BASE, name="x"),
    ):
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.parametrize("username", ["", "ANNA"])
def test_no_two_login_names_differ_in_case_alone(company, username):
    """Sign-in does not tell them apart, so both would be locked out."""
    factories.person("Anna")
    if username:
        with pytest.raises(ValidationError, match="taken"):
            new(company, email="other@example.com", username=username)
    else:
        assert new(company, email="anna@example.com").username == "anna2"


def test_a_new_address_ends_the_link_that_the_old_one_got(company):
    invitation = invite_person(actor=company.admin, email="wrong@example.com", base=BASE, name="Li Na")
    edit_person(person=invitation.user, changes={"email": "right@example.com"}, seen=None, actor=company.admin)
    assert not Invitation.objects.usable().filter(pk=invitation.pk).exists()


def test_nobody_begins_again_in_an_archived_team(company):
    team = factories.team("Gone")
    person = factories.person("leaver", team=team)
    end_access(person=person, seen=None, actor=company.admin)
    archive_team(team=team, seen=None, actor=company.admin)
    with pytest.raises(ValidationError, match="archived"):
        reactivate_person(person=person, seen=None, actor=company.admin)


def test_an_administrator_who_cannot_sign_in_does_not_stand_in_for_one_who_can(company, settings):
    settings.DEBUG = False
    invited = invite_person(actor=company.admin, email="new@example.com", base=BASE, name="New", role="admin").user
    assert not invited.has_usable_password()
    with pytest.raises(ValidationError, match="last active administrator"):
        edit_person(person=company.admin, changes={"role": "rep"}, seen=None, actor=invited)
