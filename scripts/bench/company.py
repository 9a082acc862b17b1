"""The company that is measured: generated in SQL, the same rows for the same size and day.

A team has 50 reps and a manager, a region five teams. Each rep has as many opportunities as any other, one in five of
them open, each with six versions: five steps on its way, then where it stands now. One in ten was handed over. Most
open ones and half of the closed ones have evidence. The last rep has BUSY open ones; the one with the key MOST_TOLD has
2,000 versions, some 200 records of evidence and 500 activities.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.models import F

from accounts.models import Organisation, Team, User, UserTeam
from opportunities.actions.heights import COPIED, records_of, versions_of
from opportunities.models import Opportunity
from pipeline.interchange.found import catch_up
from scripts.bench import places
from scripts.bench.places import Size

SQL = Path(__file__).with_name("company.sql")
TEAM, REGION = 50, 5  # reps in a team, teams in a region
BUSY, MOST_TOLD = 200, "opportunity-2"
LARGE = [f"opportunities_{name}" for name in ("opportunityversion", "checkpoint", "heightsversion", "activity")]
CHECKED = 200  # opportunities whose generated evidence is held against the rules
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


def prepare(name: str, size: Size) -> None:
    """Make sure that the database holds the company, with every migration."""
    kept = places.label_of(name) == size.label
    if not kept:
        places.create(name)
    call_command("migrate", verbosity=0)
    if not kept:
        generate(size)
        connection.close()
        places.finish(name, size.label)


def generate(size: Size) -> None:
    """Fill an empty database, some minutes at full size."""
    Organisation.objects.create(pk=1, name="Bench")
    _people(size)
    kept = [statement for table in LARGE for statement in _take_off(table)]
    busy = max(BUSY - size.opportunities // size.reps // 5, 0)
    with connection.cursor() as cursor:
        for statement in SQL.read_text().split(";\n"):
            cursor.execute(statement, asdict(size) | {"busy": busy})
        for statement in kept:
            cursor.execute(statement)
        catch_up()
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("REINDEX TABLE opportunities_opportunity")  # every row was written twice: leaves 38 % full
    _agree()


def _agree() -> None:
    """Whether the heights are what the records give, of every n-th opportunity."""
    every = max(Opportunity.objects.count() // CHECKED, 1)
    for row in Opportunity.objects.annotate(place=F("pk") % every).filter(place=0):
        wanted = [(each.valid_from, each.valid_to, each.heights) for each in versions_of(row.pk, records_of(row))]
        if wanted != [(each.valid_from, each.valid_to, each.heights) for each in row.heights.order_by("valid_from")]:
            raise SystemExit(f"ascent: the generated evidence of opportunity {row.pk} gives other heights.")
        if wanted and tuple(getattr(row, name) for name in COPIED) != wanted[-1][-1].verified:
            raise SystemExit(f"ascent: opportunity {row.pk} does not hold its heights of now.")


def _people(size: Size) -> None:
    """Teams with reps 1 … n in the order of their ids, a manager each; above them regions and the company."""
    company = _team("company", None)
    _person("executive", User.Role.EXECUTIVE, company)
    _person("admin", User.Role.ADMIN, None)
    region = company
    for number in range(-(-size.reps // TEAM)):
        if number % REGION == 0:
            region = _team(f"region-{number // REGION + 1}", company)
        team = _team(f"team-{number + 1}", region)
        _person(f"manager-{number + 1}", User.Role.MANAGER, team)
        names = [f"rep-{each + 1}" for each in range(number * TEAM, min((number + 1) * TEAM, size.reps))]
        User.objects.bulk_create([_user(name, User.Role.REP, team) for name in names])
    UserTeam.objects.bulk_create(
        UserTeam(user=user, team_id=user.team_id, valid_from=BEGINNING) for user in User.objects.all()
    )


def _team(key: str, parent: Team | None) -> Team:
    team = Team.objects.create(key=key, name=key, parent=parent, path="")
    team.path = f"{parent.path if parent else '/'}{team.pk}/"
    team.save()
    return team


def _user(name: str, role: str, team: Team | None) -> User:
    return User(username=name, name=name, role=role, team=team, password="!")


def _person(name: str, role: str, team: Team | None) -> None:
    _user(name, role, team).save()


def _take_off(table: str) -> list[str]:
    """Drop what makes inserting slow; gives the statements that put it back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype IN ('f', 'x', 'u')",
            [table],
        )
        constraints = cursor.fetchall()
        for name, _definition in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = %s::regclass AND NOT indisprimary",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
    added = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}" for name, definition in constraints]
    return [*(definition for _name, definition in indexes), *added]
