"""One field at a time, where it stands: what is saved, what is refused, who may."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from accounts.actions import edit_profile
from accounts.models import AuditEntry
from opportunities.actions import add_collaborator, archive_opportunity, move_to_stage
from opportunities.models import Opportunity, OpportunityVersion, Stage
from tests import factories
from tests.opportunities.browser_door import HTMX, events_of, post, queries_of, text_of


def url(row: Opportunity, name: str) -> str:
    return f"/opportunities/{row.pk}/field/{name}/"


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Sorting line")


@pytest.fixture
def rep(company, signed_in):
    return signed_in(company.rep)


def save(client, row, name, value, **more):
    more.setdefault("version", row.version)
    return post(client, url(row, name), {name: value, **more})


INJECTION = "<b>bold</b>'; DROP TABLE opportunities_opportunity; --"
GOOD = [
    ("amount", "640", Decimal("640000.00")),
    ("amount", "0.12345", Decimal("123.45")),
    ("amount", "1,234.5", Decimal("1234500.00")),
    ("amount", "¥3M", Decimal("3000000.00")),
    ("amount", "64万", Decimal("640000.00")),
    ("amount", "", None),
    ("expected_close_date", "2026-12-31", date(2026, 12, 31)),
    ("expected_close_date", "", None),
    ("next_step", "  Call 李维 🚀 ", "Call 李维 🚀"),
    ("next_step", INJECTION, INJECTION),
    ("next_step", "x" * 500, "x" * 500),
    ("next_step_due", "2026-12-01", date(2026, 12, 1)),
    ("source", "Fair", "Fair"),
    ("forecast_category", "commit", "commit"),
    ("title", "Sorting line II", "Sorting line II"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "typed", "kept"), GOOD)
def test_a_field_is_saved_and_its_cell_comes_back(rep, deal, name, typed, kept):
    response = save(rep, deal, name, typed, **{"in": "page"})
    assert response.status_code == 200
    deal.refresh_from_db()
    assert getattr(deal, name) == kept
    assert response.headers["HX-Retarget"] == f"#cell-{deal.pk}-{name}"
    offer = events_of(response)["asc:toast"]
    assert offer["undoUrl"] == f"/opportunities/{deal.pk}/undo/"
    assert offer["version"] == deal.version == 2
    assert "asc:saved" in events_of(response)
    assert AuditEntry.objects.latest("id").door == "browser"


BAD = [
    ("amount", "abc"),
    ("amount", "-5"),
    ("amount", "1e20"),
    ("amount", "1" + "0" * 20),
    ("amount", "9" * 40),
    ("amount", "0.0000001"),
    ("amount", "NaN"),
    ("amount", "5\x00"),
    ("expected_close_date", "9999-12-31"),
    ("expected_close_date", "0001-01-01"),
    ("expected_close_date", "2026-02-30"),
    ("expected_close_date", "tomorrow"),
    ("expected_close_date", "\x00"),
    ("next_step", "x" * 501),
    ("next_step", "x" * 10_000),
    ("next_step", "NUL \x00 inside"),
    ("next_step_due", "31.12.2026"),
    ("forecast_category", "certain"),
    ("product", "no-such-product"),
    ("product", "\x00"),
    ("source", "x" * 201),
    ("title", ""),
    ("title", "   "),
    ("title", "x" * 10_000),
    ("stage", "no-such-stage"),
    ("stage", ""),
    ("stage", "\x00"),
]


@pytest.mark.parametrize(("name", "typed"), BAD)
def test_what_is_not_accepted_stays_open_with_its_message_and_nothing_is_written(rep, deal, name, typed):
    before = Opportunity.objects.filter(pk=deal.pk).values().get()
    response = save(rep, deal, name, typed, **{"in": "page"})
    page = text_of(response)
    assert response.status_code == 422
    assert 'role="alert"' in page
    assert f'data-edit="{name}"' in page
    assert f'name="version" value="{deal.version}"' in page
    assert Opportunity.objects.filter(pk=deal.pk).values().get() == before
    assert OpportunityVersion.objects.filter(opportunity=deal).count() == 1


def test_what_was_typed_stands_in_the_refused_editor(rep, deal):
    assert 'value="12x"' in text_of(save(rep, deal, "amount", "12x"))
    assert "&lt;script&gt;" in text_of(save(rep, deal, "next_step", "<script>" + "x" * 600))


def test_the_unit_is_that_of_the_language_in_which_the_editor_was_drawn(company, rep, deal):
    assert 'name="amount_unit" value="K"' in text_of(rep.get(url(deal, "amount"), headers=HTMX))
    edit_profile(user=company.rep, changes={"language": "zh-hans"})
    editor = text_of(rep.get(url(deal, "amount"), headers=HTMX))
    assert 'name="amount_unit" value="万"' in editor
    assert 'value="10"' in editor
    save(rep, deal, "amount", "640", amount_unit="K")
    deal.refresh_from_db()
    assert deal.amount == Decimal("640000.00")
    save(rep, deal, "amount", "640", amount_unit="万")
    deal.refresh_from_db()
    assert deal.amount == Decimal("6400000.00")


def test_the_editor_shows_what_stands_now_with_the_present_version(rep, deal):
    save(rep, deal, "amount", "250")
    editor = text_of(rep.get(url(deal, "amount"), headers=HTMX))
    assert 'value="250"' in editor
    assert 'name="version" value="2"' in editor
    assert rep.get(url(deal, "amount"), headers=HTMX).headers["HX-Reswap"] == "innerHTML"


def test_nothing_changed_writes_nothing_and_offers_no_undo(rep, deal):
    response = save(rep, deal, "amount", "100")
    assert response.status_code == 200
    assert "asc:toast" not in events_of(response)
    assert AuditEntry.objects.filter(model="opportunity", action="edit").count() == 0


def test_leaving_the_editor_brings_the_cell_back(rep, deal):
    for place in ("table", "page"):
        cell = text_of(rep.get(f"{url(deal, 'amount')}?show=1&in={place}", headers=HTMX))
        assert "¥100K" in cell
        assert "<form" not in cell


def test_a_cell_of_the_table_renews_what_its_row_is_chosen_by(rep, deal):
    answer = text_of(save(rep, deal, "amount", "250", **{"in": "table"}))
    assert f'value="{deal.pk}-2"' in answer
    assert "¥250K" in answer


def test_a_product_is_chosen_among_those_on_sale_and_the_present_one_may_stay(company, rep, deal):
    old = factories.product(company.admin, "Old shuttle")
    save(rep, deal, "product", old.key, **{"in": "page"})
    type(old).objects.filter(pk=old.pk).update(active=False)
    other = factories.product(company.admin, "Other old", active=False)
    deal.refresh_from_db()
    assert deal.product == old
    assert save(rep, deal, "product", other.key).status_code == 422
    assert save(rep, deal, "product", old.key).status_code == 200
    assert "Other old" not in text_of(rep.get(url(deal, "product"), headers=HTMX))


def test_a_customer_out_of_sight_is_refused_like_one_that_is_not_there(company, rep, deal):
    hidden = factories.customer(company.stranger, "Hidden Works")
    seen, made_up = (text_of(save(rep, deal, "customer", key)) for key in (hidden.key, "nowhere"))
    assert "Hidden Works" not in seen
    assert seen.replace(hidden.key, "") == made_up.replace("nowhere", "")
    deal.refresh_from_db()
    assert deal.customer != hidden


# --- The stage --------------------------------------------------------------------------------


def test_a_step_forward_is_taken_at_once(rep, deal):
    response = save(rep, deal, "stage", "cocreate", **{"in": "table"})
    deal.refresh_from_db()
    assert deal.stage.key == "cocreate"
    assert "asc:changed" in events_of(response)
    assert "Co-create" in text_of(response)


@pytest.mark.parametrize("target", ["discover", "lost", "no_go"])
def test_what_needs_more_opens_the_dialog_and_moves_nothing(rep, deal, target):
    save(rep, deal, "stage", "validate")
    deal.refresh_from_db()
    response = save(rep, deal, "stage", target, **{"in": "table"})
    assert events_of(response)["asc:ask"] == {"url": f"/opportunities/{deal.pk}/move/?stage={target}"}
    assert "asc:toast" not in events_of(response)
    deal.refresh_from_db()
    assert deal.stage.key == "validate"


def test_without_script_a_move_that_needs_more_leads_to_its_page(rep, deal):
    response = post(rep, url(deal, "stage"), {"stage": "lost", "version": 1}, htmx=False)
    assert response.headers["Location"] == f"/opportunities/{deal.pk}/move/?stage=lost"


def test_a_rep_does_not_reopen_by_the_cell(company, rep, deal):
    move_to_stage(opportunity=deal, stage=Stage.objects.get(key="lost"), seen=1, actor=company.rep, reason="price")
    response = save(rep, deal, "stage", "validate", version=2)
    assert response.status_code == 422
    assert "Only a manager above the owner" in text_of(response)
    deal.refresh_from_db()
    assert deal.stage.key == "lost"


# --- Who, and with what -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "status"),
    [
        ("rep", 200), ("manager", 200), ("director", 200), ("mate", 404), ("stranger", 404), ("other_manager", 404),
        ("executive", 403), ("admin", 403),
    ],
)  # fmt: skip
def test_who_may_edit(company, deal, signed_in, part, status):
    client = signed_in(getattr(company, part))
    assert client.get(url(deal, "amount"), headers=HTMX).status_code == status
    assert save(client, deal, "amount", "7").status_code == status
    deal.refresh_from_db()
    assert (deal.amount == Decimal(7000)) == (status == 200)


def test_a_collaborator_edits_too(company, deal, signed_in):
    add_collaborator(opportunity=deal, user=company.stranger, actor=company.rep)
    assert save(signed_in(company.stranger), deal, "next_step", "help").status_code == 200


@pytest.mark.parametrize("name", ["owner", "team", "version", "win_rate", "archived_at", "signed_on", "nothing"])
def test_other_fields_have_no_editor(rep, deal, name):
    assert rep.get(url(deal, name), headers=HTMX).status_code == 404
    assert save(rep, deal, name, "1").status_code == 404


def test_an_archived_one_is_not_edited(company, rep, deal):
    archive_opportunity(opportunity=deal, seen=1, actor=company.rep)
    response = save(rep, deal, "amount", "7", version=2)
    assert response.status_code == 422
    assert "archived" in text_of(response)


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 30, None])
def test_a_write_without_a_version_that_makes_sense_takes_nobodys_change_away(rep, deal, version):
    save(rep, deal, "amount", "7")
    data = {} if version is None else {"version": version}
    assert post(rep, url(deal, "amount"), {"amount": "8", **data}).status_code == 409
    deal.refresh_from_db()
    assert deal.amount == Decimal(7000)


def test_without_script_the_whole_form_and_then_the_page(rep, deal):
    assert rep.get(url(deal, "amount")).headers["Location"] == f"/opportunities/{deal.pk}/edit/#id_amount"
    saved = post(rep, url(deal, "amount"), {"amount": "7", "version": 1}, htmx=False)
    assert saved.headers["Location"] == f"/opportunities/{deal.pk}/"
    refused = post(rep, url(deal, "amount"), {"amount": "x", "version": 1}, htmx=False)
    assert refused.status_code == 422
    assert "<html" in text_of(refused)
    assert 'value="x"' in text_of(refused)


def test_on_a_phone_the_next_step_and_its_day_are_asked_for_in_one_dialog(rep, deal):
    dialog = text_of(rep.get(f"{url(deal, 'next_step')}?in=dialog", headers=HTMX))
    assert 'name="next_step"' in dialog
    assert 'name="next_step_due"' in dialog
    data = {"next_step": "visit", "next_step_due": "2026-12-01", "version": 1, "in": "dialog"}
    response = post(rep, url(deal, "next_step"), data)
    deal.refresh_from_db()
    assert (deal.next_step, deal.next_step_due) == ("visit", date(2026, 12, 1))
    assert {"asc:toast", "asc:close-dialog", "asc:changed"} <= set(events_of(response))
    refused = post(rep, url(deal, "next_step"), {**data, "next_step_due": "x"})
    assert refused.status_code == 422
    assert 'value="visit"' in text_of(refused)


def test_a_write_stays_within_the_budget(company, deal, signed_in):
    client = signed_in(company.manager)
    asked = SimpleNamespace(version=1)

    def write(name, value):
        asked.version = Opportunity.objects.get(pk=deal.pk).version
        return save(client, deal, name, value, version=asked.version, **{"in": "table"})

    assert queries_of(lambda: write("amount", "7")) - 1 <= 12
    assert queries_of(lambda: write("next_step", "call")) - 1 <= 12
    assert queries_of(lambda: write("stage", "cocreate")) - 1 <= 12
