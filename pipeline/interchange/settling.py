"""Writes of rows that have rules of their own: organisation, teams, people's teams, stages, what is done by now.

Called inside the writing transaction, after the rows themselves are there.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from accounts import edits
from accounts.invitations import revoke_all
from accounts.models import Invitation, Organisation, Team, User, UserTeam
from accounts.selectors import forget_organisation
from config.web.sorting import sort_key
from opportunities.models import Activity, Stage, StageSetting
from pipeline.interchange import staging
from pipeline.interchange.files_of_evidence import ACTIVITIES
from pipeline.interchange.layout import ORGANISATION, USERS
from pipeline.interchange.report import Overwritten, Report, Rewritten
from pipeline.interchange.revising import pending_edits, revised
from pipeline.interchange.stage_timelines import Setting
from pipeline.interchange.timelines import Plan
from pipeline.selectors.rewriting import REWRITING, facts, in_words


def organisation_as_said(report: Report) -> Organisation:
    """The organisation as it will be, not saved; `changed` of the report's file says whether it differs."""
    row = Organisation.objects.filter(pk=1).first() or Organisation(pk=1, version=0)
    present = report.present.get(ORGANISATION.name, set())
    names = [column.name for column in ORGANISATION.columns if column.name in present or row.version == 0]
    sql = f"SELECT {', '.join(names) or '1'} FROM {ORGANISATION.table} ORDER BY csv_line LIMIT 1"
    for values in staging.fetch(sql):
        for name, value in zip(names, values, strict=True):
            if value is not None:  # a refused cell
                setattr(row, name, [int(day) for day in value.split()] if name == "working_days" else value)
    return row


def plan_organisation(report: Report, keep: bool) -> dict[str, Any]:
    """{field: value} of what changes; counts and overwritten edits go into the report."""
    if ORGANISATION.name not in report.present:
        return {}
    said, have = organisation_as_said(report), Organisation.objects.filter(pk=1).first()
    names = [column.name for column in ORGANISATION.columns if column.name in report.present[ORGANISATION.name]]
    count = report.file(ORGANISATION.name)
    if have is None:
        count.created += 1
        return {column.name: getattr(said, column.name) for column in ORGANISATION.columns}
    edited = pending_edits(vars(have))
    changes = {}
    for name in names:
        ours, theirs = getattr(have, name), getattr(said, name)
        if ours != theirs and name in edited:
            report.overwritten.append(Overwritten(ORGANISATION.name, "", name, str(ours), str(theirs)))
        if ours != theirs and not (keep and name in edited):
            changes[name] = theirs
    count.updated += bool(changes)
    count.unchanged += not changes
    report.rewritten = _rewritten(have, changes)
    return changes


def _rewritten(have: Organisation, changes: dict[str, Any]) -> list[Rewritten]:
    """What these changes do to the past, told in every language; nothing while there is no past."""
    pairs = {name: (getattr(have, name), changes[name]) for name in REWRITING if name in changes}
    found, told = facts(pairs), {name: dict[str, list[str]]() for name in pairs}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            for name, sentences in in_words(found).items():
                told[name][code] = sentences
    return [Rewritten(name, str(old), str(new), told[name]) for name, (old, new) in pairs.items() if told[name]]


def write_organisation(changes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """{field: (from, to)} of what was another before."""
    row = Organisation.objects.filter(pk=1).first()
    if row is None:
        Organisation.objects.create(pk=1, imported_version=1, set_up_at=timezone.now(), **changes)
        forget_organisation()
        return {}
    found = edits.differences(row, changes)
    if found:
        for name, value in changes.items():
            setattr(row, name, value)
        revise(row, list(changes))
        forget_organisation()
    return found


def revise(row: Any, changed: list[str]) -> None:
    """Save these fields of a row as the import's word."""
    import json

    version, changed_in, row.imported_version = revised(vars(row), changed)
    row.version, row.changed_in = version, json.loads(changed_in)
    row.save(update_fields=[*changed, "version", "changed_in", "imported_version"])


def revoke_invitations() -> None:
    """Of people who get another address, before they get it: a link mailed to the old one opens nothing any more."""
    sql = (
        f"SELECT m.id FROM {User._meta.db_table} m JOIN {staging.changes_of(USERS)} c ON c.id = m.id"
        f" JOIN {USERS.table} s ON s.csv_line = c.csv_line WHERE s.email <> m.email"
    )
    moved = User.objects.filter(pk__in=[pk for (pk,) in staging.fetch(sql)])
    revoke_all(*moved.filter(invitations__in=Invitation.objects.usable()).distinct())


def write_paths() -> None:
    """The path of every team from the root; the tree is small."""
    teams = {team.pk: team for team in Team.objects.all()}
    moved = []
    for team in teams.values():
        ids, above = [team.pk], team
        while above.parent_id is not None:
            above = teams[above.parent_id]
            ids.append(above.pk)
        path = "/" + "".join(f"{pk}/" for pk in reversed(ids))
        if path != team.path:
            team.path = path
            moved.append(team)
    Team.objects.bulk_update(moved, ["path"], batch_size=500)


def write_teams_of_people(plan: Plan) -> None:
    """The rows of UserTeam, and the team that each person is in now."""
    ids = dict(Team.objects.values_list("key", "pk"))
    known = set(UserTeam.objects.values_list("user__username", flat=True))
    wanted = [key for key in plan.teams if key not in known or key in plan.changed_teams]
    people = {user.username: user for user in User.objects.filter(username__in=wanted)}
    UserTeam.objects.filter(user__in=people.values()).delete()
    rows = []
    for key, user in people.items():
        line = plan.teams[key]
        rows += [UserTeam(user=user, team_id=ids.get(team or ""), valid_from=at) for at, team in line.items()]
        _set_team(user, ids.get(line[max(line)] or ""), is_new=key in plan.new_people)
    UserTeam.objects.bulk_create(rows, batch_size=500)


def write_sort_keys() -> None:
    """By what lists sort the people of the file: an import writes columns, and this one follows from another."""
    stale = [user for user in User.objects.only("name", "username", "sort_key") if user.sort_key != sort_key(str(user))]
    for user in stale:
        user.sort_key = sort_key(str(user))
    User.objects.bulk_update(stale, ["sort_key"], batch_size=500)


def _set_team(user: User, team_id: int | None, *, is_new: bool) -> None:
    if user.team_id == team_id:
        return
    user.team_id = team_id
    if is_new:
        user.save(update_fields=["team"])
    else:
        revise(user, ["team"])


def drop_replaced_stages(plan: Plan) -> None:
    """Shipped stages that stages.csv replaces: there is no opportunity yet that could stand in them."""
    gone = Stage.objects.filter(key__in=plan.dropped_stages)
    StageSetting.objects.filter(stage__in=gone).delete()
    gone.delete()


def write_settings_of_stages(plan: Plan) -> None:
    """The rows of StageSetting, the present setting of each stage, and the place of those that went to the end."""
    known = set(StageSetting.objects.values_list("stage__key", flat=True))
    rows = []
    for stage in Stage.objects.all():
        line, info = plan.settings.get(stage.key), plan.stages.get(stage.key)
        if line is None or info is None:
            continue
        if stage.key not in known or stage.key in plan.changed_settings:
            StageSetting.objects.filter(stage=stage).delete()
            rows += [_setting(stage, at, value) for at, value in line.items()]
        _set_present(stage, line[max(line)], info.position)
    StageSetting.objects.bulk_create(rows)


def _setting(stage: Stage, at: datetime, value: Setting) -> StageSetting:
    return StageSetting(stage=stage, valid_from=at, **value.fields())


def _set_present(stage: Stage, value: Setting, position: int) -> None:
    wanted = {**value.fields(), "position": position}
    changed = [name for name, new in wanted.items() if getattr(stage, name) != new]
    for name in changed:
        setattr(stage, name, wanted[name])
    if changed:
        revise(stage, changed)


def date_debriefs() -> None:
    """Of known activities: one that is done by now was said to be when it was, one that is not was never."""
    staging.execute(
        f"UPDATE {Activity._meta.db_table} SET debriefed_at = done_at WHERE (done_at IS NULL) <> (debriefed_at IS NULL)"
        f" AND id IN (SELECT c.id FROM {staging.changes_of(ACTIVITIES)} c)"
    )
