"""The strategy sheet, competitors, and Go / No-Go: when it is asked again."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from accounts.selectors import today
from config.web.revisions import StaleWrite
from config.web.templatetags.formats import money
from opportunities import actions
from opportunities.models import Competitor, Decision, Opportunity, StrategySheet, SuccessFactor
from opportunities.rules.decisions import asked_again
from opportunities.selectors.page import beside
from opportunities.selectors.strategy import brief_of, with_brief
from opportunities.views.panels import strategy as panel
from tests import factories

DAY = date(2026, 11, 25)


# --- Rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "decided_after", "pushes", "look", "expected"),
    [
        (45, None, 0, None, ()),
        (46, None, 0, None, ("too_long",)),
        (46, -20, 0, None, ("too_long",)),  # decided in a stage before
        (46, 45, 0, None, ("too_long",)),  # decided when it was not too long yet
        (90, 46, 0, None, ()),  # that question has been answered
        (0, None, 1, None, ()),
        (0, None, 2, None, ("pushed",)),
        (90, 80, 2, None, ("pushed",)),
        (90, 80, 0, DAY, ("due",)),
        (90, 80, 0, DAY + timedelta(days=1), ()),
        (90, None, 3, None, ("too_long", "pushed")),
    ],
)
def test_asked_again(days, decided_after, pushes, look, expected):
    found = asked_again(days=days, expected=30, decided_after=decided_after, pushes=pushes, look_again_on=look, day=DAY)
    assert found == expected


@pytest.mark.parametrize(("days", "expected", "asked"), [(1, 1, False), (2, 1, True), (7, 5, False), (8, 5, True)])
def test_one_and_a_half_is_exact(days, expected, asked):
    found = asked_again(days=days, expected=expected, decided_after=None, pushes=0, look_again_on=None, day=DAY)
    assert bool(found) == asked


# --- The sheet --------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Crane")


def brief(deal, user):
    rows = with_brief(Opportunity.objects.select_related("stage", "owner__team"))
    return brief_of(rows.get(pk=deal.pk), user, today())


def write(company, deal, seen=None, actor=None, **changes):
    return actions.edit_strategy(opportunity=deal, changes=changes, seen=seen, actor=actor or company.rep)


def test_the_sheet_is_made_when_it_is_first_written_to(company, deal):
    assert not brief(deal, company.rep).sheet.exists
    sheet = write(company, deal, 1, sales_theme=" On time ", price=Decimal(500))
    assert (sheet.sales_theme, sheet.price, sheet.version, sheet.updated_by) == ("On time", 500, 2, company.rep)
    with pytest.raises(StaleWrite):
        write(company, deal, 1, actor=company.manager, sales_theme="Cheap")
    assert write(company, deal, 1, actor=company.manager, resources="Chairman").version == 3
    assert StrategySheet.objects.get().updated_by == company.manager


def test_nine_factors_each_with_a_fact(company, deal):
    assert len(SuccessFactor.choices) == 9
    red = {"rating": "red", "fact": " 8 % cheaper "}
    sheet = write(company, deal, success_factors={"pricing": red, "power_map": {"rating": "green", "fact": "Met"}})
    assert sheet.success_factors["pricing"] == {"rating": "red", "fact": "8 % cheaper"}
    sheet = write(company, deal, success_factors={"power_map": None})
    assert set(sheet.success_factors) == {"pricing"}
    found = brief(deal, company.rep).sheet
    assert found.ratings == {"red": 1, "amber": 0, "green": 0} and len(found.factors) == 9
    for wrong in (
        {"luck": red}, {"pricing": {"rating": "blue", "fact": "x"}}, {"pricing": {"rating": "red", "fact": " "}},
        {"pricing": {"rating": "red"}}, {"pricing": "red"}, {"pricing": {"rating": "red", "fact": "a\x00"}},
        {"pricing": {"rating": "red", "fact": "x" * 501}}, {"pricing": {"rating": "red", "fact": ["x"]}},
    ):  # fmt: skip
        with pytest.raises(ValidationError) as error:
            write(company, deal, success_factors=wrong)
        assert set(error.value.message_dict) == {"success_factors"}


def test_what_is_not_accepted(company, deal):
    for field, value in [
        ("sales_theme", "x" * 501), ("buying_factors", "a\x00"), ("price", Decimal(-1)), ("price_note", "x" * 501),
    ]:  # fmt: skip
        with pytest.raises(ValidationError) as error:
            write(company, deal, **{field: value})
        assert set(error.value.message_dict) == {field}
    assert not StrategySheet.objects.exists()


def test_who_may_write(company, deal):
    for reader in (company.executive, company.admin):
        with pytest.raises(PermissionDenied):
            write(company, deal, actor=reader, sales_theme="x")
    with pytest.raises(Http404):
        write(company, deal, actor=company.stranger, sales_theme="x")


def test_the_price_floor_is_for_its_readers(company, deal):
    actions.add_collaborator(opportunity=deal, user=company.mate, actor=company.rep)
    write(company, deal, price_floor=Decimal(400))
    readers = {name for name, user in company.people().items() if brief(deal, user).sheet.reads_floor}
    assert readers == {"rep", "manager", "director"}
    for floor in (Decimal(400), Decimal(1), None):  # the same answer, whatever it is now
        with pytest.raises(PermissionDenied):
            write(company, deal, actor=company.mate, price_floor=floor)
    assert write(company, deal, actor=company.manager, price_floor=Decimal(450)).floor_by == company.manager
    assert write(company, deal, price_floor=None).floor_by is None


def test_the_author_reads_the_floor_while_the_row_is_theirs_to_see(company, deal):
    actions.add_collaborator(opportunity=deal, user=company.mate, actor=company.rep)
    assert write(company, deal, actor=company.mate, price_floor=Decimal(400)).floor_by == company.mate
    assert brief(deal, company.mate).sheet.reads_floor
    write(company, deal, price_floor=Decimal(401))
    assert not brief(deal, company.mate).sheet.reads_floor


def test_competitors(company, deal):
    row = actions.add_competitor(opportunity=deal, actor=company.rep, name=" Rival ", strength="Price")
    assert row.name == "Rival"
    row = actions.edit_competitor(competitor=row, changes={"counter": "Total cost"}, seen=1, actor=company.rep)
    with pytest.raises(StaleWrite):
        actions.edit_competitor(competitor=row, changes={"counter": "x"}, seen=1, actor=company.manager)
    gone = actions.archive_competitor(competitor=row, seen=2, actor=company.rep)
    assert beside(deal)["rivals"] == []
    with pytest.raises(ValidationError):
        actions.edit_competitor(competitor=gone, changes={"counter": "x"}, seen=None, actor=company.rep)
    actions.restore_competitor(competitor=gone, seen=None, actor=company.rep)
    assert beside(deal)["rivals"] == ["Rival"]
    with pytest.raises(ValidationError):
        actions.add_competitor(opportunity=deal, actor=company.rep, name=" ")


# --- Go / No-Go -------------------------------------------------------------------------------


def at(number):
    return time_machine.travel(datetime.fromisoformat("2026-03-01T02:00+00:00") + timedelta(days=number), tick=False)


def test_the_question_over_time(company):
    with at(0):
        deal = factories.opportunity(company.rep, expected_close_date=date(2026, 9, 1))

    def asked(number):
        with at(number):
            return brief(deal, company.rep).question.asked

    def push(number, to):
        with at(number):
            actions.edit_opportunity(
                opportunity=deal, changes={"expected_close_date": to}, seen=None, actor=company.rep
            )

    def decide(number, **more):
        with at(number):
            actions.record_decision(opportunity=deal, actor=company.rep, decision="go", reason="Real", **more)

    assert asked(45) == () and asked(46) == ("too_long",)
    decide(47, look_again_on=date(2026, 6, 1))
    assert asked(48) == ()
    push(49, date(2026, 10, 1))
    push(50, date(2026, 9, 15))  # earlier is no push
    assert asked(51) == ()
    push(52, date(2026, 11, 1))
    assert asked(53) == ("pushed",)
    assert asked(92) == ("pushed", "due")  # 1 June
    decide(93)
    assert asked(94) == ()
    with at(95):
        Opportunity.objects.filter(pk=deal.pk).update(outcome="lost")
    assert asked(300) == ()


def test_since_what_it_is_asked_again(company, deal, signed_in):
    """Without a decision there is nothing since which the date could have been pushed."""

    def pushed(*months):
        for month in months:
            changes = {"expected_close_date": date(2027, month, 1)}
            actions.edit_opportunity(opportunity=deal, changes=changes, seen=None, actor=company.rep)
        return signed_in(company.rep).get(f"/opportunities/{deal.pk}/strategy/").content.decode()

    page = pushed(1, 2, 3)
    assert "Go / No-Go is asked for:" in page and "The expected close was pushed 2 times." in page
    actions.record_decision(opportunity=deal, actor=company.rep, decision="go", reason="Real")
    page = pushed(4, 5)
    assert "Go / No-Go is asked again:" in page and "The expected close was pushed 2 times since." in page


def test_a_panel_takes_as_many_queries_for_two_as_for_twenty(company, deal):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            row = with_brief(Opportunity.objects.select_related("stage", "owner__team")).get(pk=deal.pk)
            panel.context(row, company.rep)
        return len([each for each in captured if "accounts_organisation" not in each["sql"]])

    def grow(number):
        for each in range(number):
            actions.add_competitor(opportunity=deal, actor=company.rep, name=f"Rival {each}")
            actions.record_decision(opportunity=deal, actor=company.rep, decision="go", reason="Real")

    write(company, deal, sales_theme="x")
    grow(2)
    few = queries()
    grow(18)
    assert queries() == few == 1


# --- Pages ------------------------------------------------------------------------------------


def post(client, path, **body):
    return client.post(path, body, headers={"HX-Request": "true"})


def test_the_form_writes_what_was_touched_alone(company, deal, signed_in):
    client, path = signed_in(company.rep), f"/opportunities/{deal.pk}/strategy/edit/"
    assert client.get(path).status_code == 200
    answer = client.post(path, {"sales_theme": "On time", "rating_pricing": "red", "fact_pricing": "8 %", "version": 1})
    assert answer.status_code == 302 and answer.url == f"/opportunities/{deal.pk}/strategy/"
    write(company, deal, actor=company.manager, success_factors={"power_map": {"rating": "red", "fact": "Not met"}})
    body = {"sales_theme": "On time", "initial-sales_theme": "On time", "version": 2}
    for name in SuccessFactor.values:
        for part in ("rating", "fact"):
            body[f"initial-{part}_{name}"] = body[f"{part}_{name}"] = ""
    drawn = {"rating_pricing": "red", "fact_pricing": "8 %"}
    body |= drawn | {f"initial-{name}": value for name, value in drawn.items()}
    assert client.post(path, {**body, "resources": "Chairman"}).status_code == 302
    clash = client.post(path, {**body, "fact_pricing": "9 %", "version": 2})
    assert clash.status_code == 409
    text = clash.content.decode()
    assert "Decision power map: Red, Not met" in text and "9 %" in text
    kept = client.post(path, {**body, "fact_pricing": "9 %", "keep": "mine", "current_version": 4})
    assert kept.status_code == 302
    sheet = StrategySheet.objects.get()
    assert sheet.success_factors["pricing"]["fact"] == "9 %"
    assert sheet.success_factors["power_map"]["fact"] == "Not met"  # what the other one wrote beside it stays


def test_a_colour_needs_a_fact_and_a_fact_a_colour(company, deal, signed_in):
    path = f"/opportunities/{deal.pk}/strategy/edit/"
    answer = post(signed_in(company.rep), path, rating_pricing="red", fact_negotiation="Tough", version=1)
    assert answer.status_code == 422
    assert {"fact_pricing", "rating_negotiation"} == set(answer.context["form"].errors)
    assert "Tough" in answer.content.decode()


def test_competitors_and_decisions_through_the_pages(company, deal, signed_in):
    client, base = signed_in(company.rep), f"/opportunities/{deal.pk}"
    assert client.get(f"{base}/competitors/new/").status_code == 200
    assert post(client, f"{base}/competitors/new/", name="Rival", strength="Price").status_code == 200
    assert post(client, f"{base}/competitors/new/", name="").status_code == 422
    row = Competitor.objects.get()
    assert post(client, f"/competitors/{row.pk}/edit/", name="Rival", counter="Cost", version=1).status_code == 200
    assert post(client, f"/competitors/{row.pk}/edit/", name="Rivals", counter="x", version=1).status_code == 409
    assert client.get(f"/competitors/{row.pk}/edit/").status_code == 200
    for act in ("archive", "restore"):
        assert post(client, f"/competitors/{row.pk}/{act}/", version=9).status_code == 200
    assert client.get(f"{base}/decisions/new/").status_code == 200
    assert post(client, f"{base}/decisions/new/", decision="go", reason=" ").status_code == 422
    assert post(client, f"{base}/decisions/new/", decision="perhaps", reason="x").status_code == 422
    asked = client.get(f"{base}/decisions/new/").content.decode()
    assert re.search(r"<legend[^>]*>Decision <span class=\"asc-req\"", asked)
    again = {"look_again_if": "A budget is named", "look_again_on": "2027-01-01"}
    body = {"decision": "no_go", "reason": "No budget", "is_real": "No", **again}
    assert post(client, f"{base}/decisions/new/", **body).status_code == 200
    assert Decision.objects.get().look_again_on == date(2027, 1, 1)
    shown = client.get(f"{base}/strategy/").content.decode()
    assert all(word in shown for word in ("Rival", "Cost", "No-Go", "No budget"))
    actions.record_decision(opportunity=deal, actor=company.rep, decision="go", reason="Named")
    kept = client.get(f"{base}/strategy/").content.decode()  # of an earlier decision too
    assert "A budget is named" in kept and "1 Jan 2027" in kept


def test_who_sees_the_floor_on_the_pages(company, deal, signed_in):
    actions.add_collaborator(opportunity=deal, user=company.mate, actor=company.rep)
    write(company, deal, price=Decimal(5_000_000), price_floor=Decimal(4_321_000))
    for who, reads in (("rep", True), ("manager", True), ("mate", False), ("executive", False), ("admin", False)):
        client = signed_in(getattr(company, who))
        for path in (f"/opportunities/{deal.pk}/", f"/opportunities/{deal.pk}/strategy/"):
            shown = client.get(path).content.decode()
            assert (money(Decimal(4_321_000)) in shown) == ("Price floor" in shown) == reads, (who, path)
    form = signed_in(company.mate).get(f"/opportunities/{deal.pk}/strategy/edit/").content.decode()
    assert "price_floor" not in form and "price" in form
