"""The export: what is filtered, as a spreadsheet reads it."""

import csv
import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from accounts.actions import edit_profile
from opportunities.actions import archive_opportunity
from tests import factories
from tests.opportunities.browser_door import many, queries_of, text_of

CSV, XLSX = "/opportunities/export.csv", "/opportunities/export.xlsx"
NASTY = ["=1+1", "+49", "-5", "@SUM(A1)", "\tTab", "＝1+1", "＠SUM(A1)", '=cmd|"/c calc"!A1', '=HYPERLINK("http://x")']


def csv_rows(response) -> list[dict[str, str]]:
    text = text_of(response)
    assert text.startswith("\N{BYTE ORDER MARK}")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def sheet_of(response):
    return openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active


def xlsx_rows(response) -> list[dict]:
    heads, *rows = sheet_of(response).iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


@pytest.fixture
def full(company):
    belt = factories.product(company.admin, "Sorting belt")
    of = factories.customer(company.rep, "Acme Works", tier="5A")
    return factories.opportunity(
        company.rep, "Sorting line", customer=of, amount=Decimal("1234567.89"), product=belt, next_step="call",
        next_step_due=date(2026, 12, 1), stage="validate", source="Fair", key="deal-1",
    )  # fmt: skip


def test_every_column_of_a_row(company, full, signed_in):
    client = signed_in(company.rep)
    (row,) = csv_rows(client.get(CSV))
    assert {
        "Key": "deal-1", "Title": "Sorting line", "Customer": "Acme Works", "Tier": "5A", "Stage": "Validate need",
        "Outcome": "Open", "Declared win rate": "0.2500", "Amount": "1234567.89", "Weighted amount": "308641.97",
        "Evidenced win rate": "", "Historical win rate": "",
        "Counted amount": "308641.97", "Demand": "", "Power": "", "Goal": "", "Value": "",
        "Coordination": "", "Moved without proof": "",
        "Expected close": "2027-03-31", "Next step": "call", "Next step due": "2026-12-01", "Owner": "Rep",
        "Team": "East", "Product": "Sorting belt", "Source": "Fair", "Forecast category": "Pipeline",
        "Created on": full.created_on.isoformat(), "Days in stage": "0", "Competitor": "", "Signing date": "",
        "In stage since": full.entered_on.isoformat(),
    } == row  # fmt: skip


def test_numbers_and_dates_are_typed_in_the_workbook(company, full, signed_in):
    (row,) = xlsx_rows(signed_in(company.rep).get(XLSX))
    assert row["Amount"] == 1234567.89
    assert row["Weighted amount"] == 308641.97
    assert row["Expected close"].date() == date(2027, 3, 31)
    assert row["Declared win rate"] == 0.25
    assert row["Title"] == "Sorting line"


@pytest.mark.parametrize("text", NASTY)
def test_what_looks_like_a_formula_is_text(company, signed_in, text):
    factories.opportunity(company.rep, f"{text}!", next_step=text)
    client = signed_in(company.rep)
    (row,) = csv_rows(client.get(CSV))
    assert row["Next step"] == f"'{text}"
    sheet = sheet_of(client.get(XLSX))
    cell = next(cell for cell in sheet[2] if cell.value == text)
    assert cell.data_type == "s"


def test_a_carriage_return_at_the_beginning_is_text_too(company, full, signed_in):
    type(full).objects.filter(pk=full.pk).update(next_step="\r=1+1", source="bell \x07 rings")
    client = signed_in(company.rep)
    assert csv_rows(client.get(CSV))[0]["Next step"] == "'\r=1+1"
    (row,) = xlsx_rows(client.get(XLSX))
    assert row["Source"] == "bell  rings"


def test_an_empty_amount_stays_empty_and_a_zero_is_zero(company, signed_in):
    factories.opportunity(company.rep, "none", amount=None)
    factories.opportunity(company.rep, "zero", amount=Decimal(0))
    rows = {row["Title"]: row for row in csv_rows(signed_in(company.rep).get(CSV))}
    assert (rows["none"]["Amount"], rows["none"]["Weighted amount"]) == ("", "")
    assert (rows["zero"]["Amount"], rows["zero"]["Weighted amount"]) == ("0.00", "0.00")


@pytest.mark.parametrize("url", [CSV, XLSX])
@pytest.mark.parametrize(
    ("part", "sees"),
    [
        ("rep", {"of rep"}), ("mate", set()), ("manager", {"of rep"}), ("other_manager", {"of stranger"}),
        ("executive", {"of rep", "of stranger"}), ("admin", {"of rep", "of stranger"}),
    ],
)  # fmt: skip
def test_it_holds_what_the_person_may_see(company, signed_in, url, part, sees):
    factories.opportunity(company.rep, "of rep")
    factories.opportunity(company.stranger, "of stranger")
    response = signed_in(getattr(company, part)).get(url)
    rows = csv_rows(response) if url == CSV else xlsx_rows(response)
    assert {row["Title"] for row in rows} == sees


def test_it_holds_what_is_filtered_in_the_tables_order(company, signed_in):
    for title, amount in (("b", 2), ("a", 1), ("c", 3)):
        factories.opportunity(company.rep, title, amount=Decimal(amount))
    factories.opportunity(company.rep, "lost", stage="lost", reason="x")
    row = factories.opportunity(company.rep, "archived")
    archive_opportunity(opportunity=row, seen=1, actor=company.rep)
    client = signed_in(company.rep)

    def titles(**query):
        return [row["Title"] for row in csv_rows(client.get(CSV, query))]

    assert titles() == ["c", "b", "a"]
    assert titles(sort="title") == ["a", "b", "c"]
    assert titles(amount_min="2") == ["c", "b"]
    assert titles(outcome="lost") == ["lost"]
    assert titles(customer="nowhere") == []
    assert titles(page="7") == ["c", "b", "a"]


def test_heads_and_names_are_in_the_readers_language(company, full, signed_in):
    edit_profile(user=company.rep, changes={"language": "zh-hans"})
    client = signed_in(company.rep)
    text = text_of(client.get(CSV))
    assert "需求确认" in text
    assert "需求确认" in [cell.value for cell in sheet_of(client.get(XLSX))[2]]


def test_other_kinds_of_file_are_not_found(company, signed_in):
    for kind in ("pdf", "json", "CSV"):
        assert signed_in(company.rep).get(f"/opportunities/export.{kind}").status_code == 404


def test_it_is_a_file_that_no_cache_keeps(company, full, signed_in):
    for url, kind in ((CSV, "text/csv"), (XLSX, "spreadsheetml")):
        response = signed_in(company.rep).get(url)
        assert kind in response.headers["Content-Type"]
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert "no-store" in response.headers["Cache-Control"]


def test_a_visitor_gets_nothing(client, db):
    assert client.get(CSV).status_code == 302


@pytest.mark.parametrize("url", [CSV, XLSX])
def test_two_and_two_hundred_rows_ask_the_database_equally(company, signed_in, url):
    client = signed_in(company.manager)
    many(company.rep, 2)
    client.get(url)  # the historical rates are read once a day
    few = queries_of(lambda: b"".join(client.get(url).streaming_content))
    many(company.rep, 198)
    assert queries_of(lambda: b"".join(client.get(url).streaming_content)) == few <= 8
