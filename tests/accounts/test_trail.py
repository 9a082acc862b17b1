"""The audit trail as people read it: its page, its export, its resource, and the own part of a row."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.utils.translation import override

from accounts import trail, trail_words
from accounts.models import AuditEntry
from accounts.people import new_person
from accounts.saved_views import save_view
from accounts.teams import new_team
from accounts.tokens import create_token
from customers.actions import (
    add_joint_action,
    add_plan_line,
    archive_nps_response,
    create_contact,
    create_contract,
    create_nps_response,
    create_order,
    create_plan,
    edit_contact,
    edit_customer,
    edit_order,
    edit_plan,
    edit_plan_line,
    edit_tier_rules,
    finish_joint_action,
    renew_contract,
)
from opportunities.actions import (
    assign,
    create_entry,
    create_opportunity,
    edit_entry,
    edit_method,
    edit_opportunity,
    edit_rung,
    move_to_stage,
    plan_activity,
    rename_factor,
)
from opportunities.models import ActivityKind, Factor, Opportunity, Rung, Stage
from tests import factories
from tests.opportunities.browser_door import queries_of, text_of

URL = "/settings/audit/"


def entry(company, *, at=None, **fields):
    """An entry as it may stand there."""
    values = {"actor": company.rep, "door": "browser", "action": "edit", "model": "customer", "label": "Acme", **fields}
    return AuditEntry.objects.create(**values, **({"at": at} if at else {}))


def shown(response) -> list[int]:
    return [line.entry.pk for line in response.context["page"].lines]


def in_words(line) -> list[tuple[str, str, str]]:
    return [(change.label, change.before, change.after) for change in line.changes]


def fresh(row):
    return Opportunity.objects.get(pk=row.pk)


# --- The page


@pytest.mark.parametrize("part", ["rep", "manager", "director", "executive"])
def test_the_trail_as_a_whole_is_the_administrators(company, signed_in, part):
    client = signed_in(getattr(company, part))
    for url in (URL, f"{URL}export.csv", f"{URL}export.xlsx", "/api/v1/audit/"):
        assert client.get(url).status_code == 403


def test_a_file_is_called_one_in_chinese_too(company):
    deal = factories.opportunity(company.rep)
    made = entry(
        company, model="opportunity", object_id=deal.pk, action="add_file", changes={"file": [None, "纪要.txt"]}
    )
    with override("zh-hans"):
        (line,) = trail.lines_of([made], company.admin)
        assert [change.label for change in line.changes] == ["文件"]


def test_an_entry_reads_in_words_with_names_and_a_link(company, signed_in):
    deal = factories.opportunity(company.rep, "Airport line")
    move_to_stage(opportunity=deal, stage=Stage.objects.get(key="validate"), seen=1, actor=company.rep)
    edit_opportunity(
        opportunity=fresh(deal), changes={"amount": Decimal("200000.50"), "next_step": ""}, seen=2, actor=company.rep
    )
    assign(opportunity=fresh(deal), owner=company.mate, seen=3, actor=company.manager, reason="Holiday")
    page = signed_in(company.admin).get(URL)
    handed, changed, moved = page.context["page"].lines[:3]
    assert (handed.verb, handed.kind, handed.name, handed.url) == (
        "Handed over", "Opportunity", "Airport line", f"/opportunities/{deal.pk}/",
    )  # fmt: skip
    assert in_words(handed) == [("Owner", "Rep", "Mate"), ("Reason", "—", "Holiday")]
    assert ("Amount", "¥100,000", "¥200,000.50") in in_words(changed)
    stages = Stage.objects.in_bulk(["discover", "validate"], field_name="key")
    assert ("Stage", stages["discover"].name_en, stages["validate"].name_en) in in_words(moved)
    text = text_of(page)
    assert "Handed over" in text
    assert f'href="/opportunities/{deal.pk}/"' in text


def test_a_creation_says_what_was_set(company, signed_in):
    customer = factories.customer(company.rep, "Acme", annual_spend=Decimal(2_000_000))
    deal = create_opportunity(
        actor=company.rep, customer=customer, title="Airport line", amount=Decimal("100000.50"),
        expected_close_date=date(2026, 9, 30),
    )  # fmt: skip
    plan = create_plan(actor=company.rep, customer=customer, year=2026)
    add_plan_line(actor=company.rep, plan=plan, strategy="Zero stock")
    buyer = create_contact(actor=company.rep, customer=customer, name="Ms Secret", title="Buyer")
    plan_activity(
        actor=company.rep, kind=ActivityKind.objects.get(key="visit"), opportunity=deal, customer=None,
        planned_at=datetime(2026, 9, 1, tzinfo=UTC), contacts=[buyer],
    )  # fmt: skip
    new_team(name="South", parent=company.east, actor=company.admin)
    new_person(actor=company.admin, username="new", name="Newcomer", role="rep", team=company.east)
    page = signed_in(company.admin).get(URL)
    person, team, visit, contact, line, account_plan, made, first = page.context["page"].lines[:8]
    east = company.east.name
    assert in_words(person) == [
        ("Login name", "", "new"), ("Full name", "", "Newcomer"), ("Role", "", "Sales rep"), ("Team", "", east),
        ("Language", "", "简体中文"),
    ]  # fmt: skip
    assert in_words(team) == [("Name", "", "South"), ("Parent", "", east)]
    assert ("With whom", "", "Ms Secret") in in_words(visit) and ("Opportunity", "", "Airport line") in in_words(visit)
    assert ("Customer", "", "Acme") in in_words(contact)
    assert [(change.label, change.shown) for change in contact.changes if change.label == "Full name"] == [
        ("Full name", False)
    ]
    assert ("Account plan", "", "2026") in in_words(line) and ("Year", "", "2026") in in_words(account_plan)
    assert {("Amount", "", "¥100,000.50"), ("Owner", "", "Rep"), ("Customer", "", "Acme")} <= set(in_words(made))
    assert ("Stage", "", deal.stage.name_en) in in_words(made)
    assert ("Yearly spend", "", "¥2,000,000") in in_words(first)
    sheet = signed_in(company.admin).get(f"{URL}export.csv?model=team&row=South").getvalue().decode("utf-8-sig")
    assert f"Name: South; Parent: {east}" in sheet


def test_the_rows_that_an_entry_of_the_playbook_is_tied_to_have_their_names(company, signed_in):
    stages = list(Stage.objects.in_use()[:2])
    wording = {"kind": "checklist", "title_en": "First call", "body_en": "Listen."}
    row = create_entry(actor=company.admin, stages=stages, **wording)
    edit_entry(entry=row, changes={"stages": stages[:1]}, seen=None, actor=company.admin)
    edited, made = signed_in(company.admin).get(URL).context["page"].lines[:2]
    told = {label: after for label, _nothing, after in in_words(made)}
    assert told["Title in English"] == "First call"
    assert set(told["Stages"].split(", ")) == {stage.name_en for stage in stages}
    assert [(label, after) for label, _before, after in in_words(edited)] == [("Stages", stages[0].name_en)]


def test_what_has_no_name_of_its_own_is_told_of_too(company, signed_in):
    needs = {"E1": ["contact", "said_on"]}
    edit_method(gate_mode="enforce", grade_needs=needs, seen=None, actor=company.admin)
    edit_rung(rung=Rung.objects.first(), changes={"question_en": "Who says so?"}, actor=company.admin)
    rename_factor(factor=Factor.objects.get(key="power"), changes={"name_en": "Might"}, seen=1, actor=company.admin)
    edit_tier_rules(
        changes={"accounts_per_rep": dict.fromkeys(("5A", "4A", "3A", "2A", "1A"), 7)}, seen=None, actor=company.admin
    )
    page = signed_in(company.admin).get(URL)
    tiers, factor, rung, method = page.context["page"].lines[:4]
    assert [line.url for line in (factor, rung, method)] == ["/settings/method/"] * 3
    said = [(label, after) for label, _, after in in_words(method)]
    assert ("What grades need", "E1 who on the customer's side said so/the day they said it") in said
    with override("zh-hans"):
        (spoken,) = trail.lines_of([method.entry], company.admin)
        assert ("各级证据的要求", "E1 客户方谁说的/说的日期") in [
            (label, after) for label, _, after in in_words(spoken)
        ]
    assert in_words(tiers)[0][2] == "1A 7, 2A 7, 3A 7, 4A 7, 5A 7"


def test_for_whom_a_view_is_and_what_a_token_may_are_not_called_alike(company, signed_in):
    save_view(actor=company.rep, name="Large", page="board", query="", scope="team")
    create_token(user=company.rep, name="Reports", scope="write")
    token, view = signed_in(company.admin).get(URL).context["page"].lines[:2]
    assert ("For whom", "", "My team") in in_words(view)
    assert [label for label, _before, after in in_words(token) if after == "Read and write"] == ["It may"]


def test_every_action_and_every_kind_that_is_written_has_its_words(company, signed_in):
    factories.contact(company.rep, factories.customer(company.rep))
    factories.product(company.admin)
    written = AuditEntry.objects.values_list("action", "model").distinct()
    assert {action for action, _model in written} <= set(trail_words.ACTIONS)
    assert {model for _action, model in written} <= set(trail_words.KINDS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("actor=rep", "ab"),
        ("actor=rep&actor=mate", "abc"),
        ("door=api", "b"),
        ("action=move", "c"),
        ("model=opportunity", "cd"),
        ("row=acme", "a"),
        ("row=77", "d"),
        ("row=%25", ""),
        ("request_id=number-1", "b"),
        ("since=2026-03-02", "bcd"),
        ("until=2026-03-02", "ab"),
        ("since=2026-03-02&until=2026-03-02", "b"),
        ("since=nonsense", ""),
        ("actor=nobody", ""),
        ("door=window", ""),
        ("row=%00", ""),
        ("row=99999999999999999999999999", ""),
        ("until=9999-12-31&since=0001-01-01", "abcd"),
        ("before=nonsense&after=-1", "abcd"),
        ("actor=&door=&action=&model=&row=&since=&until=&request_id=", "abcd"),
        ("actor=&door=api&action=&model=&row=", "b"),
    ],
)
def test_filters_and_dates_in_the_organisations_zone(company, signed_in, query, expected):
    AuditEntry._base_manager.all()._raw_delete("default")
    made = {
        "a": entry(company, at=datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)),  # the last second of 1 March in Shanghai
        "b": entry(
            company, label="Bolt", door="api", request_id="number-1", at=datetime(2026, 3, 1, 16, tzinfo=UTC)
        ),
        "c": entry(
            company, label="Crane", actor=company.mate, action="move", model="opportunity",
            at=datetime(2026, 3, 2, 16, tzinfo=UTC),
        ),
        "d": entry(
            company, label="Drill", actor=None, model="opportunity", object_id=77, door="worker",
            at=datetime(2026, 3, 5, tzinfo=UTC),
        ),
    }  # fmt: skip
    page = signed_in(company.admin).get(f"{URL}?{query}")
    assert page.status_code == 200
    assert shown(page) == [made[name].pk for name in reversed(expected)]


def test_pages_go_both_ways_and_read_one_page_each(company, signed_in):
    AuditEntry._base_manager.all()._raw_delete("default")
    ids = [entry(company, label=f"Row {number}").pk for number in range(trail.ROWS * 2 + 3)][::-1]
    client = signed_in(company.admin)
    first = client.get(URL)
    assert (shown(first), first.context["page"].newer) == (ids[:50], None)
    second = client.get(URL, {"before": first.context["page"].older})
    assert shown(second) == ids[50:100]
    last = client.get(URL, {"before": second.context["page"].older})
    assert (shown(last), last.context["page"].older) == (ids[100:], None)
    back = client.get(URL, {"after": last.context["page"].newer})
    assert shown(back) == ids[50:100]
    top = client.get(URL, {"after": back.context["page"].newer})
    assert (shown(top), top.context["page"].newer) == (ids[:50], None)
    assert client.get(URL, {"before": "1"}).status_code == 200


def test_the_price_of_a_page_does_not_follow_what_is_on_it(company, signed_in):
    client = signed_in(company.admin)
    AuditEntry._base_manager.all()._raw_delete("default")
    entry(company)
    client.get(URL)
    deal = factories.opportunity(company.rep, product=factories.product(company.admin))
    assign(opportunity=deal, owner=company.mate, seen=1, actor=company.manager)
    few = queries_of(lambda: client.get(URL))
    for number in range(30):
        other = factories.opportunity(company.rep, f"Deal {number}")
        assign(opportunity=other, owner=company.mate, seen=1, actor=company.manager)
        edit_customer(customer=other.customer, changes={"parent": deal.customer}, seen=None, actor=company.rep)
    assert queries_of(lambda: client.get(URL)) == few <= 8
    assert queries_of(lambda: client.get(URL, {"actor": "rep", "row": "Deal"})) <= 8


def test_what_a_value_holds_is_shown_as_text(company, signed_in):
    nasty = "<img src=x onerror=alert(1)>"
    entry(company, label=nasty, changes={"name": [nasty, nasty], "strange": {"a": 1}, "owner": ["nobody", None]})
    page = text_of(signed_in(company.admin).get(URL))
    assert nasty not in page
    assert "&lt;img src=x" in page
    assert "nobody" in page


# --- The export


def csv_rows(response):
    text = text_of(response)
    assert text.startswith("\N{BYTE ORDER MARK}")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_the_export_holds_what_is_filtered(company, signed_in):
    entry(company, label="=1+1", changes={"name": ["=2", "+3"]}, request_id="r-1")
    entry(company, label="Other", door="api")
    client = signed_in(company.admin)
    rows = csv_rows(client.get(f"{URL}export.csv?request_id=r-1"))
    assert len(rows) == 1
    assert rows[0]["Row"] == "'=1+1"
    assert (rows[0]["Login name"], rows[0]["Door"], rows[0]["Changes"]) == ("rep", "Browser", "Name: =2 → +3")
    assert rows[0]["When"].endswith("+08:00")
    sheet = openpyxl.load_workbook(
        io.BytesIO(b"".join(client.get(f"{URL}export.xlsx?request_id=r-1").streaming_content))
    ).active
    cells = list(sheet.iter_rows(min_row=2))
    assert (len(cells), cells[0][8].value, cells[0][8].data_type) == (1, "=1+1", "s")
    assert client.get(f"{URL}export.csv?since=nonsense").status_code == 200
    assert csv_rows(client.get(f"{URL}export.csv?since=nonsense")) == []


def test_the_export_costs_the_same_for_many(company, signed_in):
    client = signed_in(company.admin)
    entry(company)
    few = queries_of(lambda: csv_rows(client.get(f"{URL}export.csv")))
    for number in range(100):
        entry(company, label=f"Row {number}", changes={"owner": ["rep", "mate"]})
    assert queries_of(lambda: csv_rows(client.get(f"{URL}export.csv"))) == few


def test_a_sheet_has_an_end_and_says_so(company, signed_in, monkeypatch):
    monkeypatch.setattr("accounts.audit_views.MOST_IN_A_SHEET", 2)
    for _number in range(3):
        entry(company, door="worker")
    client = signed_in(company.admin)
    answer = client.get(f"{URL}export.xlsx?door=worker", follow=True)
    assert answer.redirect_chain == [(f"{URL}?door=worker", 302)]
    assert "take the CSV file" in text_of(answer)
    assert client.get(f"{URL}export.csv?door=worker").status_code == 200


# --- Own parts


def test_whoever_sees_an_opportunity_sees_its_changes_and_names_that_are_theirs(company, signed_in):
    secret = factories.customer(company.mate, "Secret Works")
    deal = factories.opportunity(company.mate, "Joint deal", customer=secret)
    deal = edit_opportunity(
        opportunity=deal, changes={"customer": factories.customer(company.mate, "Open Works")}, seen=1,
        actor=company.mate,
    )  # fmt: skip
    assign(opportunity=deal, owner=company.rep, seen=None, actor=company.manager)
    url = f"/opportunities/{deal.pk}/changes/"
    theirs = signed_in(company.rep).get(url)
    assert [line.verb for line in theirs.context["page"].lines] == ["Handed over", "Changed", "Created"]
    change = theirs.context["page"].lines[1].changes[0]
    assert (change.label, change.before, change.after) == ("Customer", "—", "Open Works")
    assert "Secret Works" not in text_of(theirs)
    assert secret.key not in text_of(theirs)
    assert "Secret Works" in text_of(signed_in(company.manager).get(url))
    assert signed_in(company.stranger).get(url).status_code == 404
    assert url in text_of(signed_in(company.rep).get(f"/opportunities/{deal.pk}/"))


def test_what_was_imported_and_never_changed_says_where_it_stands(company, signed_in):
    """An import writes one entry a file."""
    deal = factories.opportunity(company.rep, "Joint deal")
    AuditEntry.objects.all()._raw_delete("default")
    for url in (f"/opportunities/{deal.pk}/changes/", f"/customers/{deal.customer_id}/changes/"):
        assert "What an import brought stands in its report" in text_of(signed_in(company.rep).get(url))


def test_a_customers_part_names_fields_of_contacts_and_never_their_values(company, signed_in):
    customer = factories.customer(company.rep, "Acme")
    contact = create_contact(actor=company.rep, customer=customer, name="Ms Secret")
    edit_contact(contact=contact, changes={"phone": "555-0199", "title": "Chief Buyer"}, seen=None, actor=company.rep)
    edit_customer(customer=customer, changes={"region": "North"}, seen=None, actor=company.rep)
    factories.contact(company.rep, factories.customer(company.rep, "Another"))
    url = f"/customers/{customer.pk}/changes/"
    page = signed_in(company.manager).get(url)
    lines = page.context["page"].lines
    assert [(line.kind, line.verb) for line in lines] == [
        ("Customer", "Changed"), ("Contact", "Changed"), ("Contact", "Created"), ("Customer", "Created"),
    ]  # fmt: skip
    assert [(c.label, c.before, c.after) for c in lines[0].changes] == [("Region", "—", "North")]
    assert [(c.label, c.before, c.after, c.shown) for c in lines[1].changes] == [
        ("Job title", "", "", False), ("Phone", "", "", False),
    ]  # fmt: skip
    for text in ("555-0199", "Chief Buyer", "Ms Secret"):
        assert text not in text_of(page)
    assert signed_in(company.stranger).get(url).status_code == 404
    assert url in text_of(signed_in(company.rep).get(f"/customers/{customer.pk}/"))


def test_a_customers_part_has_its_facts_and_plans_with_what_they_held(company, signed_in):
    customer = factories.customer(company.rep, "Acme")
    plan = create_plan(actor=company.rep, customer=customer, year=2026)
    edit_plan(plan=plan, changes={"share_aimed": 40}, seen=None, actor=company.rep)
    line = add_plan_line(actor=company.rep, plan=plan, strategy="Zero stock")
    edit_plan_line(line=line, changes={"state": "at_risk"}, seen=None, actor=company.rep)
    step = add_joint_action(actor=company.rep, plan=plan, action="Workshop")
    finish_joint_action(joint_action=step, side="theirs", seen=None, actor=company.rep)
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
    contract = create_contract(actor=company.rep, customer=customer, title="Service", **days)
    renew_contract(contract=contract, ends_on=date(2027, 12, 31), amount=None, actor=company.rep)
    order = create_order(actor=company.rep, customer=customer, amount=Decimal(5), booked_on=date(2026, 2, 1))
    edit_order(order=order, changes={"amount": Decimal(7)}, seen=None, actor=company.rep)
    archive_nps_response(
        response=create_nps_response(actor=company.rep, customer=customer, score=9, answered_on=date(2026, 3, 1)),
        seen=None, actor=company.rep,
    )  # fmt: skip
    other = factories.customer(company.rep, "Another")
    create_order(actor=company.rep, customer=other, amount=Decimal(99), booked_on=date(2026, 2, 1))
    add_joint_action(actor=company.rep, plan=create_plan(actor=company.rep, customer=other, year=2026), action="No")
    page = signed_in(company.rep).get(f"/customers/{customer.pk}/changes/")
    told = [(line.kind, line.verb, [(c.before, c.after) for c in line.changes]) for line in page.context["page"].lines]
    assert [(kind, verb) for kind, verb, _changes in told] == [
        ("NPS answer", "Archived"), ("NPS answer", "Created"), ("Order", "Changed"), ("Order", "Created"),
        ("Contract", "Renewed the contract"), ("Contract", "Created"), ("Contract", "Created"),
        ("Joint action", "Finished it"), ("Joint action", "Created"), ("Line of an account plan", "Changed"),
        ("Line of an account plan", "Created"), ("Account plan", "Changed"), ("Account plan", "Created"),
        ("Customer", "Created"),
    ]  # fmt: skip
    held = {(kind, verb): changes for kind, verb, changes in told}
    assert held["Joint action", "Finished it"] == [("Open", "Done")]
    assert held["Line of an account plan", "Changed"] == [("To start", "At risk")]
    assert held["Account plan", "Changed"] == [("—", "40")]
    assert len(held["Order", "Changed"]) == 1 and held["Order", "Changed"][0][0] != "—"


def test_the_changes_of_a_customer_cost_as_much_for_many_facts(company, signed_in):
    customer = factories.customer(company.rep)
    client, url = signed_in(company.rep), f"/customers/{customer.pk}/changes/"

    def more(count):
        for _number in range(count):
            create_order(actor=company.rep, customer=customer, amount=Decimal(1), booked_on=date(2026, 2, 1))

    more(2)
    client.get(url)
    few = queries_of(lambda: client.get(url))
    more(40)
    assert queries_of(lambda: client.get(url)) == few <= 8


def test_a_part_of_a_row_costs_as_much_for_many_changes(company, signed_in):
    deal = factories.opportunity(company.rep)
    client = signed_in(company.rep)
    url = f"/opportunities/{deal.pk}/changes/"
    assign(opportunity=deal, owner=company.mate, seen=None, actor=company.manager)
    assign(opportunity=fresh(deal), owner=company.rep, seen=None, actor=company.manager)
    client.get(url)
    few = queries_of(lambda: client.get(url))
    for number in range(60):
        edit_opportunity(opportunity=fresh(deal), changes={"amount": Decimal(number)}, seen=None, actor=company.rep)
    assert queries_of(lambda: client.get(url)) == few <= 8
    assert len(client.get(url).context["page"].lines) == 50


# --- The resource


def test_the_api_lists_and_filters(company, signed_in):
    made = entry(company, label="Acme", changes={"phone": None, "name": ["a", "b"]}, request_id="r-9")
    client = signed_in(company.admin)
    answer = client.get("/api/v1/audit/?request_id=r-9").json()
    assert answer["count"] == 1
    row = answer["results"][0]
    assert (row["id"], row["actor"], row["changes"]) == (made.pk, "rep", {"phone": None, "name": ["a", "b"]})
    assert client.get(f"/api/v1/audit/{made.pk}/").json() == row
    newest = client.get("/api/v1/audit/?page_size=2").json()["results"]
    assert newest[0]["id"] > newest[1]["id"]
    assert client.get("/api/v1/audit/?since=nonsense").status_code == 400
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(f"/api/v1/audit/{made.pk}/").status_code == 405


def test_a_customer_that_is_served_already_is_told_of_in_the_readers_language(company, signed_in):
    type(company.admin).objects.update(language="zh-hans")
    made = entry(
        company, action="already_served", model="user", object_id=company.rep.pk, changes={"customer": [None, "c-1"]}
    )
    line = signed_in(company.admin).get("/settings/audit/").context["page"].lines[0]
    assert (line.entry.pk, [label for label, _before, _after in in_words(line)]) == (made.pk, ["客户"])
