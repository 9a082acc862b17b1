"""Moving and undoing from the board: what the server asks for, refuses, answers; for everybody and without script."""

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.selectors import today
from opportunities.actions import add_collaborator, archive_opportunity, assign, edit_opportunity, move_to_stage
from opportunities.models import Opportunity, OpportunityVersion, Stage
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/opportunities/"}


def stage(key):
    return Stage.objects.get(key=key)


def move(client, row, key, *, htmx=True, version=None, **fields):
    data = {"stage": key, "version": version or row.version, **fields}
    return client.post(f"/opportunities/{row.pk}/move/", data, **(HTMX if htmx else {}))


def undo(client, row, version=None):
    return client.post(f"/opportunities/{row.pk}/undo/", {"version": version or row.version}, **HTMX)


def now(row):
    return Opportunity.objects.select_related("stage").get(pk=row.pk)


def events(response):
    return json.loads(response["HX-Trigger"])


@pytest.fixture
def row(company):
    return factories.opportunity(company.rep, "Shuttle store", stage="validate", amount=Decimal("640.00"))


# --- Moves that go through


def test_a_forward_move_answers_with_the_card_the_heads_and_a_toast_with_undo(signed_in, company, row):
    response = move(signed_in(company.rep), row, "cocreate")
    html = response.content.decode()
    assert response.status_code == 200
    assert now(row).stage.key == "cocreate"
    assert f'data-landed="{row.pk}" data-stage="{stage("cocreate").pk}"' in html
    assert f'id="card-{row.pk}"' in html
    assert f'data-version="{now(row).version}"' in html
    for key in ("validate", "cocreate", "won"):
        assert f'hx-target="#head-{stage(key).pk}"' in html
    assert "#board-sums" in html
    toast = events(response)["asc:toast"]
    assert toast["undoUrl"] == f"/opportunities/{row.pk}/undo/"
    assert toast["version"] == now(row).version
    assert "Shuttle store" in toast["text"]


def test_the_heads_keep_to_the_filters_of_the_page_that_asked(signed_in, company, row):
    factories.opportunity(company.rep, "Another", stage="cocreate", amount=Decimal(99))
    url = "http://testserver/opportunities/?q=shuttle"
    response = signed_in(company.rep).post(
        f"/opportunities/{row.pk}/move/", {"stage": "cocreate", "version": row.version},
        HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL=url,
    )  # fmt: skip
    head = re.search(
        rf'<header class="asc-col-h" id="head-{stage("cocreate").pk}".*?</header>', response.content.decode(), re.S
    )
    assert "1 deal" in head[0]
    assert "¥640" in head[0]


def test_from_another_page_it_sends_events_alone(signed_in, company, row):
    response = signed_in(company.rep).post(
        f"/opportunities/{row.pk}/move/", {"stage": "cocreate", "version": row.version},
        HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL=f"http://testserver/opportunities/{row.pk}/",
    )  # fmt: skip
    assert response.content == b""
    assert events(response)["asc:changed"] == {"id": row.pk}


def test_without_script_it_leads_to_the_opportunity(signed_in, company, row):
    client = signed_in(company.rep)
    assert move(client, row, "cocreate", htmx=False)["Location"] == f"/opportunities/{row.pk}/"
    assert now(row).stage.key == "cocreate"


def test_the_menu_without_script_is_a_page_with_every_stage(signed_in, company, row):
    html = signed_in(company.rep).get(f"/opportunities/{row.pk}/move/").content.decode()
    for key in Stage.objects.in_use().values_list("key", flat=True):
        assert f'name="stage" value="{key}"' in html
    assert f'name="version" value="{row.version}"' in html
    assert "<html" in html


def test_to_the_stage_it_has_nothing_happens(signed_in, company, row):
    response = move(signed_in(company.rep), row, "validate")
    assert response.status_code == 200
    assert now(row).version == row.version
    assert "asc:toast" not in events(response)


# --- Moves that need more


ASKS = [
    ("discover", {"why", "reason"}),
    ("won", {"amount", "signed_on"}),
    ("lost", {"reason", "competitor"}),
    ("no_decision", {"reason"}),
    ("no_go", {"reason"}),
]


@pytest.mark.parametrize(("key", "fields"), ASKS)
@pytest.mark.parametrize("htmx", [True, False])
def test_a_move_that_needs_more_asks_for_just_that(signed_in, company, row, key, fields, htmx):
    client = signed_in(company.rep)
    extra = HTMX if htmx else {}
    shown = client.get(f"/opportunities/{row.pk}/move/?stage={key}&version={row.version}", **extra)
    asked = move(client, row, key, htmx=htmx)
    assert (shown.status_code, asked.status_code) == (200, 422)
    for response in (shown, asked):
        html = response.content.decode()
        named = set(re.findall(r'name="(\w+)"', html)) & {"why", "reason", "amount", "signed_on", "competitor"}
        assert named == fields
        assert "invalid-feedback" not in html  # nobody has been wrong yet
        assert ("<html" in html) is not htmx
    assert now(row).stage.key == "validate"
    assert OpportunityVersion.objects.filter(opportunity=row).count() == 1


def future():
    return str(today() + timedelta(days=1))


REFUSED = [
    ("discover", {"why": "", "reason": "  "}, "Say why"),
    ("discover", {"why": "weather", "reason": ""}, "Select a valid choice"),
    ("discover", {"reason": "x" * 501}, "500"),
    ("lost", {"reason": "", "competitor": "Rival"}, "Say why"),
    ("lost", {"reason": "price", "competitor": "x" * 201}, "200"),
    ("no_go", {"reason": ""}, "Say why"),
    ("no_decision", {"reason": "\x00"}, "Null characters"),
    ("won", {"amount": "0", "signed_on": "2026-01-05"}, "at least 0.01"),
    ("won", {"amount": "nothing", "signed_on": "2026-01-05"}, "Enter an amount"),
    ("won", {"amount": "-5", "signed_on": "2026-01-05"}, "lies between"),
    ("won", {"amount": "1" + "0" * 20, "signed_on": "2026-01-05"}, "lies between"),
    ("won", {"amount": "5", "signed_on": ""}, "Give the day"),
    ("won", {"amount": "5", "signed_on": "soon"}, "Enter a date"),
    ("won", {"amount": "5", "signed_on": "9999-12-31"}, "between 1970 and 2199"),
    ("won", {"amount": "5", "signed_on": None}, "must not lie in the future"),
]


@pytest.mark.parametrize(("key", "typed", "message"), REFUSED)
def test_what_is_missing_or_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    signed_in, company, row, key, typed, message
):
    typed = {name: future() if value is None else value for name, value in typed.items()}
    response = move(signed_in(company.rep), row, key, **typed)
    html = response.content.decode()
    assert response.status_code == 422
    assert message in html
    assert 'aria-invalid="true"' in html
    for value in typed.values():
        if value.strip() and "\x00" not in value and value != "weather":
            assert value in html
    assert now(row).version == row.version


def test_a_won_one_without_amount_needs_one(signed_in, company):
    row = factories.opportunity(company.rep, amount=None)
    response = move(signed_in(company.rep), row, "won", amount="", signed_on=str(today()))
    assert response.status_code == 422
    assert "at least 0.01" in response.content.decode()


def test_won_keeps_amount_and_signing_date(signed_in, company, row):
    response = move(signed_in(company.rep), row, "won", amount="1.2M", signed_on="2026-01-05")
    assert response.status_code == 200
    assert (now(row).outcome, now(row).amount, str(now(row).signed_on)) == ("won", Decimal(1_200_000), "2026-01-05")


def test_a_plain_number_is_in_the_unit_beside_the_field(signed_in, company, row):
    move(signed_in(company.rep), row, "won", amount="12", amount_unit="万", signed_on="2026-01-05")
    assert now(row).amount == Decimal(120_000)


def test_a_signature_in_another_month_is_pointed_out(signed_in, company, row):
    html = move(signed_in(company.rep), row, "won", amount="0", signed_on="2020-01-05").content.decode()
    assert re.search(r"data-signing-note data-month=\"\d{4}-\d\d\">", html)
    html = move(signed_in(company.rep), row, "won", amount="0", signed_on=str(today())).content.decode()
    assert re.search(r"data-signing-note data-month=\"\d{4}-\d\d\" hidden>", html)


def test_closed_without_signature_the_card_leaves_the_board(signed_in, company, row):
    response = move(signed_in(company.rep), row, "lost", reason="price", competitor="Rival")
    assert response.status_code == 200
    assert f'data-landed="{row.pk}" data-stage=""' in response.content.decode()
    assert f'id="card-{row.pk}"' not in response.content.decode()
    assert (now(row).outcome, now(row).competitor) == ("lost", "Rival")
    assert OpportunityVersion.objects.filter(opportunity=row).last().reason == "price"


@pytest.mark.parametrize(
    ("why", "reason", "kept"),
    [("budget", "", "Budget"), ("", "they stopped", "they stopped"), ("need", "smaller", "Need changed: smaller")],
)
def test_a_step_back_keeps_the_reason_chosen_and_the_words(signed_in, company, row, why, reason, kept):
    assert move(signed_in(company.rep), row, "discover", why=why, reason=reason).status_code == 200
    assert OpportunityVersion.objects.filter(opportunity=row).last().reason == kept


# --- Moves that are refused


def test_a_closed_one_is_reopened_by_a_manager_above_with_a_reason(signed_in, company, row):
    move(signed_in(company.rep), row, "no_go", reason="too small")
    closed = now(row)
    response = move(signed_in(company.rep), closed, "validate", reason="again")
    assert response.status_code == 403
    assert events(response)["asc:toast"]["tone"] == "bad"
    assert response["HX-Reswap"] == "none"
    assert signed_in(company.rep).get(f"/opportunities/{row.pk}/move/?stage=validate").status_code == 403
    assert move(signed_in(company.manager), closed, "validate").status_code == 422
    assert move(signed_in(company.manager), closed, "validate", why="need", reason="").status_code == 200
    assert now(row).stage.key == "validate"


@pytest.mark.parametrize("part", ["executive", "admin"])
def test_readers_are_refused(signed_in, company, row, part):
    client = signed_in(getattr(company, part))
    assert move(client, row, "cocreate").status_code == 403
    assert move(client, row, "cocreate", htmx=False).status_code == 403
    assert client.get(f"/opportunities/{row.pk}/move/").status_code == 403
    assert now(row).version == row.version


@pytest.mark.parametrize("part", ["mate", "stranger", "other_manager"])
def test_who_may_not_see_it_gets_404_as_for_what_is_not_there(signed_in, company, row, part):
    client = signed_in(getattr(company, part))
    assert move(client, row, "cocreate").status_code == 404
    assert undo(client, row).status_code == 404
    for url in (f"/opportunities/{row.pk}/move/?stage=won", "/opportunities/999999/move/?stage=won"):
        assert client.get(url).status_code == 404


def test_a_collaborator_moves_it_like_the_owner(signed_in, company, row):
    add_collaborator(opportunity=row, user=company.stranger, actor=company.rep)
    assert move(signed_in(company.stranger), row, "cocreate").status_code == 200


def test_an_archived_one_is_not_moved(signed_in, company, row):
    archive_opportunity(opportunity=row, seen=row.version, actor=company.rep)
    assert move(signed_in(company.rep), row, "cocreate").status_code == 404


@pytest.mark.parametrize("key", ["", "nothing", "\x00", "x" * 500, "<b>"])
def test_a_stage_that_is_not_there_is_answered_with_the_choice(signed_in, company, row, key):
    response = move(signed_in(company.rep), row, key)
    assert response.status_code == 422
    assert "no longer in use" in response.content.decode()


@pytest.mark.parametrize("version", ["x", "-1", "0", "9" * 30])
def test_a_version_that_is_none_writes_nothing(signed_in, company, row, version):
    response = move(signed_in(company.rep), row, "cocreate", version=version)
    assert response.status_code == 422
    assert "load the page again" in response.content.decode()
    assert now(row).version == row.version


def test_a_write_carries_its_version(signed_in, company, row):
    response = signed_in(company.rep).post(f"/opportunities/{row.pk}/move/", {"stage": "cocreate"}, **HTMX)
    assert response.status_code == 422
    assert now(row).version == row.version


# --- Stale


def test_a_stale_move_is_409_with_who_changed_it_and_what_was_typed(signed_in, company, row):
    move_to_stage(opportunity=row, stage=stage("cocreate"), seen=row.version, actor=company.manager)
    for fields in ({}, {"reason": "rival was cheaper", "competitor": "Rival"}):
        response = move(signed_in(company.rep), row, "lost", **fields)
        html = response.content.decode()
        assert response.status_code == 409
        assert "Manager" in html
        assert "Co-create" in html
        assert all(value in html for value in fields.values())
    assert now(row).stage.key == "cocreate"


def test_the_dialog_of_a_stale_board_is_the_conflict(signed_in, company, row):
    move_to_stage(opportunity=row, stage=stage("cocreate"), seen=row.version, actor=company.manager)
    response = signed_in(company.rep).get(f"/opportunities/{row.pk}/move/?stage=won&version={row.version}", **HTMX)
    assert response.status_code == 409


def test_another_field_changed_meanwhile_is_no_conflict(signed_in, company, row):
    edit_opportunity(opportunity=row, changes={"next_step": "Call"}, seen=None, actor=company.manager)
    assert move(signed_in(company.rep), row, "cocreate").status_code == 200
    assert (now(row).stage.key, now(row).next_step) == ("cocreate", "Call")


def test_a_hand_over_meanwhile_is_one(signed_in, company, row):
    assign(opportunity=row, owner=company.mate, seen=None, actor=company.manager)
    assert move(signed_in(company.manager), row, "cocreate").status_code == 409


# --- Undo


def test_undo_brings_everything_back(signed_in, company, row):
    client = signed_in(company.rep)
    before = OpportunityVersion.objects.filter(opportunity=row).values().get()
    move(client, row, "won", amount="5M", signed_on="2026-01-05")
    response = undo(client, now(row))
    after = now(row)
    assert response.status_code == 200
    assert f'data-landed="{row.pk}" data-stage="{stage("validate").pk}"' in response.content.decode()
    assert (after.stage.key, after.amount, after.signed_on) == ("validate", Decimal("640.00"), None)
    assert OpportunityVersion.objects.filter(opportunity=row).values().get() == before
    assert "undoUrl" not in events(response)["asc:toast"]


def test_undo_of_a_loss_brings_the_card_back(signed_in, company, row):
    client = signed_in(company.rep)
    move(client, row, "lost", reason="price")
    assert f'id="card-{row.pk}"' in undo(client, now(row)).content.decode()


def test_undo_is_too_late_after_fifteen_seconds(signed_in, company, row):
    client = signed_in(company.rep)
    move(client, row, "cocreate")
    moved = now(row)
    moved.last_change["at"] = (timezone.now() - timedelta(seconds=16)).isoformat()
    Opportunity.objects.filter(pk=row.pk).update(last_change=moved.last_change)
    response = undo(client, moved)
    assert response.status_code == 409
    assert "too late" in response.content.decode()
    assert now(row).stage.key == "cocreate"


def test_undo_is_the_persons_own_and_ends_with_the_next_change(signed_in, company, row):
    move(signed_in(company.rep), row, "cocreate")
    assert undo(signed_in(company.manager), now(row)).status_code == 409
    edit_opportunity(opportunity=row, changes={"next_step": "Call"}, seen=None, actor=company.manager)
    assert undo(signed_in(company.rep), now(row)).status_code == 409
    assert now(row).stage.key == "cocreate"


@pytest.mark.parametrize("version", ["", "x", "-3", "9" * 30])
def test_a_strange_version_undoes_nothing(signed_in, company, row, version):
    client = signed_in(company.rep)
    move(client, row, "cocreate")
    assert client.post(f"/opportunities/{row.pk}/undo/", {"version": version}, **HTMX).status_code == 409
    assert now(row).stage.key == "cocreate"


def test_undo_is_a_write(signed_in, company, row):
    assert signed_in(company.rep).get(f"/opportunities/{row.pk}/undo/").status_code == 405


# --- Price


@pytest.mark.parametrize("part", ["rep", "manager"])
def test_a_move_and_its_undo_cost_at_most_twelve_queries(signed_in, company, row, part):
    client = signed_in(getattr(company, part))
    client.get("/opportunities/")
    for act in (lambda: move(client, row, "cocreate"), lambda: undo(client, row, version=row.version + 1)):
        with CaptureQueriesContext(connection) as captured:
            assert act().status_code == 200
        sql = [query["sql"] for query in captured if not re.match(r"BEGIN|SAVEPOINT|RELEASE|COMMIT", query["sql"])]
        assert len(sql) <= 12, sql
