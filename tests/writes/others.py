"""How each action of accounts and pipeline is carried out."""

from collections.abc import Callable
from typing import Any

from accounts import actions, invitations, people, saved_views, teams, tokens
from pipeline import actions as pipeline
from pipeline import privacy
from pipeline.runs import exports, imports
from tests.writes.world import World, begin, checked, uploaded

# {action: (who, what, of which kind of row, how)}
OTHERS: dict[str, tuple[str, str, str, Callable[[World], Any]]] = {
    "accounts.actions.create_person": (
        "admin", "create", "user", lambda w: actions.create_person(username="new", actor=w.admin)
    ),
    "accounts.actions.create_team": (
        "admin", "create", "team", lambda w: actions.create_team(name="New", parent=None, actor=w.admin)
    ),
    "pipeline.actions.edit_organisation": (
        "admin", "edit", "organisation",
        lambda w: pipeline.edit_organisation(changes={"name": "Other"}, seen=None, actor=w.admin),
    ),
    "pipeline.actions.start_empty": ("admin", "start", "organisation", lambda w: begin(w.admin)),
    "accounts.people.edit_person": (
        "admin", "edit", "user",
        lambda w: people.edit_person(person=w.rep, changes={"name": "Other"}, seen=None, actor=w.admin),
    ),
    "accounts.people.end_access": (
        "admin", "deactivate", "user", lambda w: people.end_access(person=w.rep, seen=None, actor=w.admin)
    ),
    "accounts.people.invite_person": ("admin", "invite", "user", lambda w: w.invited()),
    "accounts.people.new_person": (
        "admin", "create", "user", lambda w: people.new_person(actor=w.admin, username="new", name="New", role="rep")
    ),
    "accounts.people.reactivate_person": (
        "admin", "reactivate", "user",
        lambda w: people.reactivate_person(
            person=people.end_access(person=w.rep, seen=None, actor=w.admin), seen=None, actor=w.admin
        ),
    ),
    "accounts.teams.new_team": (
        "admin", "create", "team", lambda w: teams.new_team(name="New", parent=None, actor=w.admin)
    ),
    "accounts.teams.edit_team": (
        "admin", "edit", "team",
        lambda w: teams.edit_team(team=w.company.east, changes={"name": "Other"}, seen=None, actor=w.admin),
    ),
    "accounts.teams.archive_team": (
        "admin", "archive", "team",
        lambda w: teams.archive_team(
            team=teams.new_team(name="New", parent=None, actor=w.admin), seen=None, actor=w.admin
        ),
    ),
    "accounts.teams.restore_team": (
        "admin", "restore", "team",
        lambda w: teams.restore_team(
            team=teams.archive_team(
                team=teams.new_team(name="New", parent=None, actor=w.admin), seen=None, actor=w.admin
            ),
            seen=None, actor=w.admin,
        ),
    ),
    "accounts.invitations.invite": (
        "admin", "invite", "user",
        lambda w: invitations.invite(
            person=people.new_person(actor=w.admin, username="new", name="New"), actor=w.admin, base="https://x.example"
        ),
    ),
    "accounts.invitations.revoke": (
        "admin", "revoke_invitation", "user", lambda w: invitations.revoke(invitation=w.invited(), actor=w.admin)
    ),
    "accounts.saved_views.save_view": ("rep", "create", "savedview", lambda w: w.view()),
    "accounts.saved_views.edit_view": (
        "rep", "edit", "savedview",
        lambda w: saved_views.edit_view(view=w.view(), changes={"name": "Other"}, seen=None, actor=w.rep),
    ),
    "accounts.saved_views.delete_view": (
        "manager", "delete", "savedview", lambda w: saved_views.delete_view(view=w.view(), actor=w.manager)
    ),
    "accounts.saved_views.reorder_views": (
        "rep", "reorder_views", "user", lambda w: saved_views.reorder_views(order=[w.view()], actor=w.rep)
    ),
    "accounts.saved_views.choose_default_view": (
        "rep", "choose_default_view", "savedview",
        lambda w: saved_views.choose_default_view(view=w.view(), chosen=True, actor=w.rep),
    ),
    "accounts.tokens.create_token": (
        "rep", "create_token", "user", lambda w: tokens.create_token(user=w.rep, name="x", actor=w.rep)
    ),
    "accounts.tokens.revoke_token": (
        "rep", "revoke_token", "user",
        lambda w: tokens.revoke_token(token=tokens.create_token(user=w.rep, name="x")[0], actor=w.rep),
    ),
    "pipeline.privacy.erase_contact": (
        "admin", "erase", "contact",
        lambda w: privacy.erase_contact(contact=w.contact(), reason="Asked for it", actor=w.admin),
    ),
    "pipeline.runs.imports.upload": ("admin", "upload", "importrun", uploaded),
    "pipeline.runs.imports.check_again": (
        "admin", "check_again", "importrun",
        lambda w: imports.check_again(run=checked(w), keep_edits=True, actor=w.admin),
    ),
    "pipeline.runs.imports.confirm": (
        "admin", "confirm", "importrun", lambda w: imports.confirm(run=checked(w), actor=w.admin)
    ),
    "pipeline.runs.imports.cancel": (
        "admin", "cancel", "importrun", lambda w: imports.cancel(run=uploaded(w), actor=w.admin)
    ),
    "pipeline.runs.exports.request_export": (
        "admin", "request", "exportrun", lambda w: exports.request_export(actor=w.admin)
    ),
    "pipeline.runs.exports.note_download": (
        "admin", "download", "exportrun",
        lambda w: exports.note_download(run=exports.request_export(actor=w.admin), actor=w.admin),
    ),
}  # fmt: skip
