"""The organisation is changed: what rewrites the past is said first, and a new time zone works every day out again."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.calendar import OrgCalendar
from accounts.models import AuditEntry, Organisation
from opportunities.actions.days import recompute_days
from opportunities.models import Opportunity, OpportunityVersion
from pipeline import nightly
from pipeline.actions import RewritesPast, edit_organisation
from pipeline.interchange import export_workspace, import_workspace
from pipeline.models import DailyTotal, NightlyRun
from tests import factories
from tests.pipeline.interchange import workspaces

pytestmark = pytest.mark.django_db
PAGE, API = "/settings/organisation/", "/api/v1/organisation/"
SENT = {
    "name": "Test Works", "industry": "manufacturing", "currency": "CNY", "timezone": "Asia/Shanghai",
    "fiscal_year_start_month": "1", "working_days": ["1", "2", "3", "4", "5"], "version": 1,
}  # fmt: skip
REWRITING = [
    ("currency", "EUR", "No amount is converted"),
    ("timezone", "America/New_York", "Every day begins at another moment"),
    ("fiscal_year_start_month", 4, "begin in April instead of January"),
]


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Airport line", amount=Decimal("100.00"))


def test_all_fields_are_saved_and_told_in_words(company, signed_in):
    client = signed_in(company.admin)
    data = SENT | {"industry": "services", "working_days": ["7", "1", "2"], "fiscal_year_start_month": "4"}
    assert client.post(PAGE, data)["Location"] == "/settings/"
    row = Organisation.objects.get()
    assert (row.industry, row.working_days, row.fiscal_year_start_month) == ("services", [1, 2, 7], 4)
    page = client.get(PAGE)
    told = {(change.field, change.before, change.after, change.who) for change in page.context["changes"]}
    assert told == {
        ("Industry", "Manufacturing", "Services", company.admin),
        ("Working days", "Mon Tue Wed Thu Fri", "Mon Tue Sun", company.admin),
        ("First month of the fiscal year", "January", "April", company.admin),
    }
    assert "Mon Tue Sun" in page.content.decode()


@pytest.mark.parametrize("name", ["rep", "manager", "executive"])
def test_everybody_reads_it_and_administrators_change_it(company, signed_in, name):
    edit_organisation(changes={"fiscal_year_start_month": 4}, seen=None, actor=company.admin)
    client = signed_in(getattr(company, name))
    text = client.get(PAGE).content.decode()
    for said in ("Test Works", "Asia/Shanghai", "Mon Tue Wed Thu Fri", "April", str(company.admin)):
        assert said in text
    assert "<form" not in text[text.index("<main") : text.index("</main>")]
    assert client.post(PAGE, SENT).status_code == 403
    links = client.get("/settings/").content.decode()
    for there in (PAGE, "/settings/stages/", "/settings/method/", "/settings/tiers/", "/settings/activity-kinds/"):
        assert f'href="{there}"' in links
        assert client.get(there).status_code == 200
    assert "/settings/people/" not in links and "/settings/audit/" not in links


@pytest.mark.parametrize(("field", "value", "said"), REWRITING)
def test_the_page_says_what_happens_to_the_past_before_it_does(company, deal, signed_in, field, value, said):
    client, data = signed_in(company.admin), SENT | {field: str(value), "name": "Renamed"}
    asked = client.post(PAGE, data)
    assert asked.status_code == 422
    assert said in asked.content.decode()
    assert Organisation.objects.get().name == "Test Works"
    again = client.post(PAGE, data | {"back": "1"})
    assert again.status_code == 200
    assert 'value="Renamed"' in again.content.decode()
    confirmed = {name: value for name, value in asked.context["sent"] if name != "working_days"}
    confirmed |= {"working_days": SENT["working_days"], "confirmed": asked.context["signature"]}
    assert client.post(PAGE, confirmed)["Location"] == "/settings/"
    row = Organisation.objects.get()
    assert (getattr(row, field), row.name) == (value, "Renamed")


def test_only_what_was_confirmed_is_taken(company, deal, signed_in):
    client = signed_in(company.admin)
    signature = client.post(PAGE, SENT | {"currency": "EUR"}).context["signature"]
    assert client.post(PAGE, SENT | {"currency": "USD", "confirmed": signature}).status_code == 422
    assert Organisation.objects.get().currency == "CNY"


def test_without_a_customer_there_is_no_past_to_speak_of(company, signed_in):
    assert signed_in(company.admin).post(PAGE, SENT | {"currency": "EUR", "timezone": "UTC"}).status_code == 302
    row = Organisation.objects.get()
    assert (row.currency, row.timezone) == ("EUR", "UTC")


@pytest.mark.parametrize(("field", "value", "said"), REWRITING)
def test_the_api_asks_for_no_less_than_the_page(company, deal, signed_in, field, value, said):
    client = signed_in(company.admin)
    refused = client.patch(API, {field: value, "version": 1}, content_type="application/json")
    assert refused.status_code == 400
    assert said in " ".join(refused.json()[field])
    taken = client.patch(API, {field: value, "version": 1, "rewrites_past": True}, content_type="application/json")
    assert (taken.status_code, taken.json()[field]) == (200, value)
    assert "rewrites_past" not in taken.json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "ABC"), ("currency", ""), ("currency", "cny"), ("timezone", "Mars/Base"), ("timezone", "../etc"),
        ("timezone", "Asia/Shanghai\x00"), ("fiscal_year_start_month", 13), ("working_days", []),
        ("working_days", [0]), ("working_days", [8]), ("working_days", "12345"), ("name", ""),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_both_doors(company, signed_in, field, value):
    client = signed_in(company.admin)
    answer = client.patch(API, {field: value, "version": 1}, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert list(answer.json()) == [field]
    page = client.post(PAGE, SENT | {field: value if value != [] else [], "version": 1})
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert Organisation.objects.get().version == 1


def test_the_write_and_the_page_ask_few_questions(company, deal, signed_in):
    client = signed_in(company.admin)
    for number in range(60):
        edit_organisation(changes={"name": f"Works {number}"}, seen=None, actor=company.admin)
    with CaptureQueriesContext(
        connection,
    ) as page:
        client.get(PAGE)
    data = SENT | {"currency": "EUR", "name": "Works 59", "version": 61}
    data["confirmed"] = client.post(PAGE, data).context["signature"]
    with CaptureQueriesContext(connection) as write:
        assert client.post(PAGE, data).status_code == 302
    assert len(page) <= 8
    assert len([query for query in write if "SAVEPOINT" not in query["sql"]]) <= 12


# --- Time zone


def test_a_new_time_zone_gives_what_an_import_with_it_gives(signed_in, tmp_path):
    """The small golden company: all of its history, and the stored totals of every day."""
    told = []
    with time_machine.travel(datetime(2026, 11, 2, 3, tzinfo=UTC), tick=False):
        with transaction.atomic():
            workspaces.load(workspaces.MINI)
            export_workspace(tmp_path)
            before = workspaces.facts()
            nightly.run_due()
            row = Organisation.objects.get()
            admin = factories.person("boss", role="admin")
            with pytest.raises(RewritesPast):
                edit_organisation(changes={"timezone": "Asia/Shanghai"}, seen=None, actor=admin)
            changes = {"timezone": "Asia/Shanghai"}
            edit_organisation(changes=changes, seen=row.version, actor=admin, rewrites_past=True)
            AuditEntry.objects.get(action="edit", model="organisation")
            told.append(without(workspaces.facts(), "boss") | {"nights": nights()})
            transaction.set_rollback(True)
        said = (tmp_path / "organisation.csv").read_text()
        assert "America/Los_Angeles" in said
        (tmp_path / "organisation.csv").write_text(said.replace("America/Los_Angeles", "Asia/Shanghai"))
        workspaces.load(tmp_path)
        told.append(workspaces.facts() | {"nights": nights()})
    assert told[0] == told[1]
    assert told[0]["versions"] != before["versions"], "some day has moved"


def without(facts, username):
    return {name: [row for row in rows if row[0] != username] for name, rows in facts.items()}


def nights():
    nightly.run_due()
    names = ("day", "owner__username", "team__key", "stage__key", "product__key", "count", "amount", "weighted")
    return [list(DailyTotal.objects.order_by(*names).values_list(*names))]


def test_an_import_with_another_zone_makes_every_night_due(tmp_path):
    workspaces.load(workspaces.write(tmp_path / "w"))
    nightly.run_due()
    last = NightlyRun.objects.filter(state="finished").count()
    assert last > 30
    zone = workspaces.BASE["organisation.csv"].replace("Asia/Shanghai", "Europe/Berlin")
    workspaces.load(workspaces.write(tmp_path / "z", {"organisation.csv": zone}, base=False))
    assert not NightlyRun.objects.filter(state="finished").exists()
    entry = AuditEntry.objects.get(action="import", model="organisation", object_id=1)
    assert entry.changes == {"timezone": ["Asia/Shanghai", "Europe/Berlin"]}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "UTC"])
def test_every_day_is_what_python_says(company, deal, zone):
    """Moments about every hour of changes of the clock, on both databases."""
    chance, shanghai, days = random.Random(7), ZoneInfo("Asia/Shanghai"), OrgCalendar(ZoneInfo(zone))
    rows, begin = [], datetime(2011, 1, 1, tzinfo=UTC)
    held = OpportunityVersion.objects.get()
    for number in range(300):
        at = begin + timedelta(days=17 * number, seconds=chance.randrange(86_400), microseconds=chance.randrange(3))
        held.pk, held.valid_from, held.valid_to = None, at, at + timedelta(seconds=1)
        held.entered_at, held.entered_on = at, at.astimezone(shanghai).date()
        rows.append(OpportunityVersion(**{f.attname: getattr(held, f.attname) for f in held._meta.concrete_fields}))
    OpportunityVersion.objects.bulk_create(rows)
    recompute_days(days)
    wrong = [v for v in OpportunityVersion.objects.all() if v.entered_on != days.local_date(v.entered_at)]
    assert wrong == []
    assert Opportunity.objects.get().created_on == days.local_date(deal.created_at)
    assert recompute_days(days) == 0, "the second time there is nothing left"


def test_nights_are_due_again_and_an_undo_is_over(company, signed_in):
    with time_machine.travel(datetime(2026, 10, 1, 16, 30, tzinfo=UTC)):  # half past midnight in Shanghai
        factories.opportunity(company.rep, "Airport line")
    with time_machine.travel(datetime(2026, 10, 9, 4, tzinfo=UTC)):
        young = factories.opportunity(company.rep, "Young")
        nightly.run_due()
        first = NightlyRun.objects.order_by("day").first()
        assert (first.day.isoformat(), first.state) == ("2026-10-02", "finished")
        edit_organisation(changes={"timezone": "UTC"}, seen=1, actor=company.admin, rewrites_past=True)
        assert set(NightlyRun.objects.values_list("state", flat=True)) == {"due"}
        assert nightly.due_days()[-1].isoformat() == "2026-10-01"
    assert Opportunity.objects.get(pk=young.pk).last_change is None


def test_what_a_request_with_the_old_zone_wrote_meanwhile_is_mended(company, django_capture_on_commit_callbacks):
    with time_machine.travel(datetime(2026, 10, 9, 17, tzinfo=UTC)):  # the tenth in Shanghai, the ninth in UTC
        factories.opportunity(company.rep, "Before")
        with django_capture_on_commit_callbacks(execute=True):
            edit_organisation(changes={"timezone": "UTC"}, seen=1, actor=company.admin, rewrites_past=True)
            late = factories.opportunity(company.rep, "Late")
            for model in (Opportunity.objects.filter(pk=late.pk), late.versions.all()):
                model.update(entered_on="2026-10-10")
    assert Opportunity.objects.get(pk=late.pk).entered_on.isoformat() == "2026-10-09"
    assert late.versions.get().entered_on.isoformat() == "2026-10-09"


def test_the_working_week_goes_out_and_in(company, tmp_path):
    edit_organisation(changes={"working_days": [1, 2, 3, 4, 6]}, seen=1, actor=company.admin)
    export_workspace(tmp_path)
    assert "1 2 3 4 6" in (tmp_path / "organisation.csv").read_text()
    with transaction.atomic():
        workspaces.wipe()
        workspaces.load(tmp_path)
        assert Organisation.objects.get().working_days == [1, 2, 3, 4, 6]
        assert workspaces.changed(workspaces.load(tmp_path)) == {}


@pytest.mark.parametrize("cell", ["0", "1 8", "Mon", "1,2"])
def test_a_wrong_working_week_is_a_bad_row(tmp_path, cell):
    said = f'name,industry,currency,timezone,working_days\nWorks,services,CNY,Asia/Shanghai,"{cell}"\n'
    report = import_workspace(workspaces.write(tmp_path, {"organisation.csv": said}))
    assert [(bad.line, bad.column) for bad in report.bad_rows] == [(2, "working_days")]
