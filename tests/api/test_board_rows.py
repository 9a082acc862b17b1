"""The board's plain rows say what the serializer says, of every kind of opportunity."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.selectors import today
from opportunities.actions import add_collaborator, archive_opportunity, edit_opportunity, move_to_stage
from opportunities.api.rows import plain, plain_rows
from opportunities.api.serializers import OpportunitySerializer
from opportunities.models import Opportunity, Stage
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_plain_row_is_what_the_serializer_gives(company):
    every_kind(company)
    rows = Opportunity.objects.order_by("pk")
    assert plain_rows(plain(rows)) == [dict(OpportunitySerializer(row).data) for row in rows]
    assert [list(row) for row in plain_rows(plain(rows))] == [list(OpportunitySerializer(row).data) for row in rows]


def test_the_rows_of_the_board_are_those_of_the_list(company, api):
    every_kind(company)
    client = api(company.executive)
    columns = client.get("opportunities/board/").json()["columns"]
    shown = {row["id"]: row for column in columns for row in column["results"]}
    listed = {row["id"]: row for row in client.get("opportunities/?page_size=100").json()["results"]}
    assert shown == {pk: row for pk, row in listed.items() if row["outcome"] in ("open", "won")}
    assert all(row["stage"] == column["stage"] for column in columns for row in column["results"])


@pytest.mark.parametrize("role", ["rep", "mate", "manager", "executive"])
def test_without_filters_it_is_the_same_as_with_one_that_lets_everything_through(company, api, role):
    every_kind(company)
    client = api(getattr(company, role))
    bare = client.get("opportunities/board/").json()
    assert bare == client.get("opportunities/board/?archived=false").json()
    assert any(column["results"] for column in bare["columns"])


def every_kind(company):
    """Bare, full, won, lost and archived ones."""
    factories.opportunity(company.rep, amount=None)
    full = factories.opportunity(
        company.rep, "Full", amount=Decimal("1234.50"), product=factories.product(company.admin)
    )
    for user in (company.stranger, company.mate):
        add_collaborator(opportunity=full, user=user, actor=company.rep)
    given = {"next_step": "Call", "next_step_due": date(2026, 12, 1), "source": "fair", "forecast_category": "commit"}
    edit_opportunity(opportunity=full, changes=given, seen=None, actor=company.rep)
    move_to_stage(
        opportunity=factories.opportunity(company.rep, amount=Decimal("7")), stage=Stage.objects.get(key="won"), seen=1,
        actor=company.rep, signed_on=today(),
    )  # fmt: skip
    move_to_stage(
        opportunity=factories.opportunity(company.mate), stage=Stage.objects.get(key="lost"), seen=1,
        actor=company.mate, reason="price", competitor="Others",
    )  # fmt: skip
    archive_opportunity(opportunity=factories.opportunity(company.stranger), seen=1, actor=company.stranger)
