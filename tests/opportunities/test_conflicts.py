"""Two people at one opportunity: who changed what, theirs or mine, and nothing typed is lost."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone
from django.utils.translation import override

from accounts.models import AuditEntry
from opportunities.actions import assign, edit_opportunity, move_to_stage, retire_stage
from opportunities.models import Opportunity, Stage
from opportunities.views.conflicts import shown, typed
from tests import factories
from tests.opportunities.browser_door import HTMX, events_of, post, text_of


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Sorting line", next_step="call")


@pytest.fixture
def rep(company, signed_in):
    return signed_in(company.rep)


def field(row, name):
    return f"/opportunities/{row.pk}/field/{name}/"


def change(row, actor, **changes):
    return edit_opportunity(opportunity=row, changes=changes, seen=None, actor=actor)


def posted_by(fragment: str, button: str) -> dict[str, list[str]]:
    """What the form of a conflict posts when this button is pressed."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', fragment):
        found.setdefault(name, []).append(value)
    match = re.search(rf'<button[^>]*name="([^"]+)" value="([^"]*)">{button}</button>', fragment)
    assert match, fragment
    found[match[1]] = [match[2]]
    found.pop("csrfmiddlewaretoken", None)
    return {name: [unescape(value) for value in values] for name, values in found.items()}


@pytest.mark.parametrize(
    ("name", "theirs", "mine", "theirs_text", "mine_text"),
    [
        ("amount", Decimal(500000), "600", "¥500,000", "¥600,000"),
        ("expected_close_date", date(2027, 1, 1), "2027-02-02", "1 Jan 2027", "2 Feb 2027"),
        ("next_step", "their <b>step</b>", "my “step”", "their &lt;b&gt;step&lt;/b&gt;", "my “step”"),
        ("next_step", "", "mine", "—", "mine"),
        ("forecast_category", "commit", "omitted", "Commit", "Omitted"),
    ],
)
@pytest.mark.parametrize("button", ["Take theirs", "Keep mine"])
def test_one_field_theirs_or_mine(company, rep, deal, name, theirs, mine, theirs_text, mine_text, button):
    change(deal, company.manager, **{name: theirs})
    stale = post(rep, field(deal, name), {name: mine, "version": 1, "in": "page"})
    page = text_of(stale)
    assert stale.status_code == 409
    assert (stale.headers["HX-Retarget"], stale.headers["HX-Reswap"]) == ("#dialog-body", "innerHTML")
    assert "Manager changed this on" in page
    assert theirs_text in page
    assert mine_text in page
    row = Opportunity.objects.get(pk=deal.pk)
    assert getattr(row, name) == theirs
    answer = post(rep, field(deal, name), posted_by(page, button))
    assert answer.status_code == 200
    assert answer.headers["HX-Retarget"] == f"#cell-{deal.pk}-{name}"
    assert "asc:close-dialog" in events_of(answer)
    row.refresh_from_db()
    with override("en"):
        now, wanted = shown(name, getattr(row, name)), shown(name, theirs)
    assert now == (wanted if button == "Take theirs" else mine_text)


def test_another_field_changed_meanwhile_is_no_conflict(company, rep, deal):
    change(deal, company.manager, next_step="theirs")
    assert post(rep, field(deal, "amount"), {"amount": "600", "version": 1}).status_code == 200
    deal.refresh_from_db()
    assert (deal.amount, deal.next_step) == (Decimal(600000), "theirs")


def test_a_third_change_while_one_chooses_is_a_conflict_again(company, rep, deal):
    change(deal, company.manager, amount=Decimal(500000))
    page = text_of(post(rep, field(deal, "amount"), {"amount": "600", "version": 1}))
    change(deal, company.director, amount=Decimal(700000))
    again = post(rep, field(deal, "amount"), posted_by(page, "Keep mine"))
    assert again.status_code == 409
    assert "Director changed this on" in text_of(again)
    assert "¥700,000" in text_of(again)
    assert "¥600,000" in text_of(again)


# --- The whole form ---------------------------------------------------------------------------


def whole(row, **changes):
    data = {
        "customer": row.customer.key, "title": row.title, "amount": "100", "expected_close_date": "2027-03-31",
        "product": "", "next_step": "call", "next_step_due": "", "source": "", "forecast_category": "pipeline",
        "version": 1,
    }  # fmt: skip
    return {**data, **changes}


def test_the_whole_form_keeps_all_that_was_typed(company, rep, deal):
    change(deal, company.manager, amount=Decimal(500000), next_step="their step")
    url = f"/opportunities/{deal.pk}/edit/"
    typed_in = whole(deal, amount="600", next_step="my step", source='My "source"', title="My title")
    response = post(rep, url, typed_in, htmx=False)
    page = text_of(response)
    assert response.status_code == 409
    assert "<html" in page
    for words in ("their step", "my step", "¥500,000", "¥600,000", "My &quot;source&quot;", "My title"):
        assert words in page
    assert page.count("Manager changed this on") == 2
    assert Opportunity.objects.get(pk=deal.pk).title == "Sorting line"
    chosen = {**typed_in, "version": 2, "amount": "600K", "next_step": "their step"}
    assert f'name="amount" value="{chosen["amount"]}" checked' in page
    assert 'name="next_step" value="their step"' in page
    assert 'name="version" value="2"' in page
    assert post(rep, url, chosen, htmx=False).status_code == 302
    deal.refresh_from_db()
    assert (deal.amount, deal.next_step, deal.source) == (Decimal(600000), "their step", 'My "source"')


def test_a_field_left_as_it_was_drawn_takes_nobodys_change_away(company, rep, deal):
    url = f"/opportunities/{deal.pk}/edit/"
    drawn = text_of(rep.get(url))
    initials = dict(re.findall(r'<input type="hidden" name="(initial-[^"]+)" value="([^"]*)"', drawn))
    assert initials["initial-amount"] == "100K"
    change(deal, company.manager, next_step="their step")
    typed_in = {**whole(deal, source="Fair"), **initials}
    assert post(rep, url, typed_in, htmx=False).status_code == 302
    deal.refresh_from_db()
    assert (deal.source, deal.next_step, deal.amount) == ("Fair", "their step", Decimal(100000))
    assert AuditEntry.objects.latest("id").changes == {"source": ["", "Fair"]}


def test_a_form_that_does_not_say_what_it_was_drawn_with_sets_all_its_fields(company, rep, deal):
    change(deal, company.manager, next_step="their step")
    response = post(rep, f"/opportunities/{deal.pk}/edit/", whole(deal, amount="600"), htmx=False)
    assert response.status_code == 409
    assert "their step" in text_of(response)
    deal.refresh_from_db()
    assert (deal.amount, deal.next_step) == (Decimal(100000), "their step")


# --- Moves, hand-overs, undo ------------------------------------------------------------------


def test_a_move_after_a_move_shows_both_stages(company, rep, deal):
    move_to_stage(opportunity=deal, stage=Stage.objects.get(key="decide"), seen=1, actor=company.manager)
    response = post(rep, field(deal, "stage"), {"stage": "validate", "version": 1, "in": "table"})
    page = text_of(response)
    assert response.status_code == 409
    assert "Win the decision" in page
    assert "Validate need" in page
    answer = post(rep, field(deal, "stage"), posted_by(page, "Take theirs"))
    assert answer.status_code == 200
    deal.refresh_from_db()
    assert deal.stage.key == "decide"


def test_a_move_after_a_hand_over_says_who_has_it_now(company, signed_in, deal):
    assign(opportunity=deal, owner=company.mate, seen=1, actor=company.director)
    client = signed_in(company.manager)
    response = post(client, field(deal, "stage"), {"stage": "validate", "version": 1})
    page = text_of(response)
    assert response.status_code == 409
    assert "Director changed this on" in page
    assert "Mate" in page
    assert "Go on all the same" in page or "Keep mine" in page


def test_a_hand_over_after_a_hand_over(company, signed_in, deal):
    assign(opportunity=deal, owner=company.mate, seen=1, actor=company.director)
    client, url = signed_in(company.manager), f"/opportunities/{deal.pk}/assign/"
    stale = post(client, url, {"owner": "manager", "reason": "holidays", "version": 1})
    page = text_of(stale)
    assert stale.status_code == 409
    assert "Mate" in page
    again = posted_by(page, "Keep mine")
    assert (again["owner"], again["reason"]) == (["manager"], ["holidays"])
    assert post(client, url, again).status_code == 200
    deal.refresh_from_db()
    assert deal.owner == company.manager


def test_a_change_by_a_setting_names_no_person(company, rep, deal):
    retire_stage(stage=Stage.objects.get(key="discover"), target=Stage.objects.get(key="validate"), actor=company.admin)
    page = text_of(post(rep, field(deal, "stage"), {"stage": "decide", "version": 1}))
    assert "An import or a change of settings changed this" in page


def test_an_import_is_named_as_one(company, rep, deal):
    change(deal, company.manager, amount=Decimal(500000))
    AuditEntry._base_manager.filter(object_id=deal.pk, object_version=2).update(door="import", actor=company.admin)
    page = text_of(post(rep, field(deal, "amount"), {"amount": "600", "version": 1}))
    assert "An import by Admin changed this on" in page


def test_an_undo_that_comes_too_late_says_so(company, rep, deal):
    post(rep, field(deal, "amount"), {"amount": "600", "version": 1})
    row = Opportunity.objects.get(pk=deal.pk)
    earlier = {**row.last_change, "at": (timezone.now() - timedelta(seconds=16)).isoformat()}
    Opportunity.objects.filter(pk=row.pk).update(last_change=earlier)
    response = rep.post(f"/opportunities/{row.pk}/undo/", {"version": 2}, headers=HTMX)
    assert response.status_code == 409
    assert "It is too late to undo this change." in text_of(response)
    assert response.headers["HX-Retarget"] == "#dialog-body"
    row.refresh_from_db()
    assert row.amount == Decimal(600000)


def test_somebody_who_no_longer_sees_it_learns_nothing(company, rep, deal):
    change(deal, company.manager, next_step="secret plan")
    assign(opportunity=deal, owner=company.mate, seen=2, actor=company.manager)
    response = post(rep, field(deal, "next_step"), {"next_step": "mine", "version": 1})
    assert response.status_code == 404
    assert "secret plan" not in text_of(response)


def test_values_are_posted_again_in_a_form_that_means_the_same(company, deal):
    with override("en"):
        assert typed("amount", Decimal("1234.50")) == "1.2345K"
    with override("zh-hans"):
        assert typed("amount", Decimal("1234.50")) == "0.12345万"
    assert typed("amount", None) == ""
    assert typed("expected_close_date", date(2027, 1, 2)) == "2027-01-02"
    assert typed("owner", company.rep) == "rep"
    assert typed("stage", deal.stage) == "discover"
