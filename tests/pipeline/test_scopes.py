"""Whose numbers somebody may ask for (METHOD.md §10)."""

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404

from accounts.models import User
from pipeline.scopes import narrowed, scope_for
from tests import factories

KINDS = {
    "rep": "owner", "manager": "manager", "director": "manager", "executive": "all", "admin": "all",
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_the_whole_scope_of_a_role(name, company):
    scope = scope_for(company.people()[name])
    assert scope.kind == KINDS[name]
    assert scope.params == {}


def test_a_managers_whole_scope_is_the_team_and_all_below_with_the_managers_own(company):
    scope = scope_for(company.director)
    assert set(scope.team_ids) == {company.head.pk, company.east.pk, company.west.pk}
    assert scope.owner_id == company.director.pk


def test_a_manager_without_a_team_has_their_own(company):
    scope = scope_for(factories.person("roving", role="manager"))
    assert (scope.kind, scope.team_ids) == ("owner", ())


ASKED = [
    ("rep", {"owner": "rep"}, True),
    ("rep", {"owner": "mate"}, False),
    ("rep", {"team": "east"}, False),
    ("rep", {"owner": "nobody"}, False),
    ("manager", {"owner": "rep"}, True),
    ("manager", {"owner": "manager"}, True),
    ("manager", {"owner": "stranger"}, False),
    ("manager", {"owner": "director"}, False),
    ("manager", {"team": "east"}, True),
    ("manager", {"team": "west"}, False),
    ("manager", {"team": "head"}, False),
    ("director", {"team": "west"}, True),
    ("director", {"owner": "stranger"}, True),
    ("executive", {"owner": "rep"}, True),
    ("executive", {"team": "head"}, True),
    ("executive", {"team": "nowhere"}, False),
    ("admin", {"owner": "\x00"}, False),
]


@pytest.mark.parametrize(("name", "asked", "given"), ASKED)
def test_a_named_scope(name, asked, given, company):
    user = company.people()[name]
    if not given:
        with pytest.raises(Http404):
            scope_for(user, **asked)
        return
    scope = scope_for(user, **asked)
    assert scope.params == asked
    assert scope.kind == next(iter(asked))


def test_a_team_holds_all_below_it_and_not_its_manager_from_elsewhere(company):
    assert set(scope_for(company.executive, team="head").team_ids) == {
        company.head.pk, company.east.pk, company.west.pk,
    }  # fmt: skip
    assert scope_for(company.executive, team="east").owner_id is None


def test_a_person_and_a_team_at_once_are_refused(company):
    with pytest.raises(ValidationError, match="not for both"):
        scope_for(company.executive, owner="rep", team="east")


def test_empty_parameters_are_none_at_all(company):
    assert scope_for(company.rep, owner="", team="").kind == "owner"


def test_narrowed_to_a_line_of_the_table(company):
    whole = scope_for(company.director)
    assert narrowed(whole, "rep", "east").member == (company.rep.pk, company.east.pk)
    assert narrowed(whole, "rep", "").member == (company.rep.pk, None)
    for member, of in (("nobody", "east"), ("rep", "nowhere")):
        with pytest.raises(Http404):
            narrowed(whole, member, of)


@pytest.mark.parametrize("kind", ["all", "team", "owner", "manager"])
def test_both_forms_of_the_condition_hold_the_same_rows(kind, company):
    from django.db import connection

    from opportunities.models import OpportunityVersion

    loner = factories.person("loner", role="manager")
    for owner in (company.rep, company.stranger, company.director, loner):
        factories.opportunity(owner)
    asked = {
        "all": scope_for(company.executive), "team": scope_for(company.executive, team="east"),
        "owner": scope_for(loner), "manager": scope_for(company.manager),
    }[kind]  # fmt: skip
    for scope in (asked, narrowed(asked, "rep", "east"), narrowed(asked, "loner", "")):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT v.id FROM opportunities_opportunityversion v WHERE {scope.sql('v')}")
            by_text = {pk for (pk,) in cursor.fetchall()}
            cursor.execute(f"SELECT v.id FROM opportunities_opportunityversion v WHERE NOT {scope.sql('v')}")
            others = {pk for (pk,) in cursor.fetchall()}
        assert by_text == set(OpportunityVersion.objects.filter(scope.q()).values_list("pk", flat=True))
        assert len(by_text) + len(others) == 4
    assert User.objects.filter(pk=loner.pk, team=None).exists()
