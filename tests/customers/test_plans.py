"""Account plans: what may be written, by whom, and what the pages and the list say of them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from accounts.selectors import calendar, today
from config.web.revisions import StaleWrite
from customers import actions
from customers.models import AccountPlan, Customer, Order
from customers.selectors import plans as selectors
from customers.selectors.share import computed_share
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def year(company):
    return calendar().fiscal_year_of(today())


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Far Voyage Cars", tier="5A", annual_spend=Decimal("1000000.00"))


@pytest.fixture
def plan(company, customer, year):
    return actions.create_plan(actor=company.rep, customer=customer, year=year, risks="Prices", share_now=30)


def line(company, plan, **fields):
    return actions.add_plan_line(actor=company.rep, plan=plan, strategy=fields.pop("strategy", "Zero stock"), **fields)


def joint(company, plan, **fields):
    return actions.add_joint_action(actor=company.rep, plan=plan, action=fields.pop("action", "Visit"), **fields)


def order(customer, amount, day, **fields):
    return Order.objects.create(customer=customer, amount=Decimal(amount), booked_on=day, **fields)


# --- Writes -------------------------------------------------------------------------------------


def test_one_plan_a_year(company, customer, plan, year):
    with pytest.raises(ValidationError) as refused:
        actions.create_plan(actor=company.rep, customer=customer, year=year)
    assert "year" in refused.value.message_dict
    assert actions.create_plan(actor=company.rep, customer=customer, year=year + 1).year == year + 1


def test_restoring_is_refused_when_the_year_has_another(company, customer, plan, year):
    old = actions.archive_plan(plan=plan, seen=1, actor=company.rep)
    new = actions.create_plan(actor=company.rep, customer=customer, year=year)
    with pytest.raises(ValidationError):
        actions.restore_plan(plan=old, seen=None, actor=company.rep)
    actions.archive_plan(plan=new, seen=None, actor=company.rep)
    assert actions.restore_plan(plan=old, seen=None, actor=company.rep).archived_at is None


@pytest.mark.parametrize(
    ("who", "error"), [("executive", PermissionDenied), ("admin", PermissionDenied), ("stranger", Http404)]
)
def test_only_those_who_edit_the_customer_write(company, customer, plan, year, who, error):
    actor = getattr(company, who)
    row = joint(company, plan)
    with pytest.raises(error):
        actions.create_plan(actor=actor, customer=customer, year=year + 1)
    with pytest.raises(error):
        actions.edit_plan(plan=plan, changes={"risks": "x"}, seen=None, actor=actor)
    with pytest.raises(error):
        actions.finish_joint_action(joint_action=row, side="ours", seen=None, actor=actor)
    with pytest.raises(error):
        actions.copy_plan_forward(plan=plan, actor=actor)


def test_leaders_are_people_who_sell_and_contacts_of_the_customer(company, plan):
    foreign = factories.contact(company.rep, factories.customer(company.rep))
    for changes in ({"our_leader": company.executive}, {"their_leader": foreign}):
        with pytest.raises(ValidationError) as refused:
            actions.edit_plan(plan=plan, changes=changes, seen=None, actor=company.rep)
        assert set(refused.value.message_dict) == set(changes)


def test_a_leader_who_has_left_may_stay(company, plan):
    plan = actions.edit_plan(plan=plan, changes={"our_leader": company.mate}, seen=1, actor=company.rep)
    type(company.mate).objects.filter(pk=company.mate.pk).update(active_until=today() - timedelta(days=3))
    plan.refresh_from_db()
    changes = {"our_leader": plan.our_leader, "risks": "New"}
    assert actions.edit_plan(plan=plan, changes=changes, seen=None, actor=company.rep).risks == "New"


def test_a_stale_write_is_a_conflict(company, plan):
    actions.edit_plan(plan=plan, changes={"risks": "Theirs"}, seen=1, actor=company.manager)
    with pytest.raises(StaleWrite):
        actions.edit_plan(plan=plan, changes={"risks": "Mine"}, seen=1, actor=company.rep)
    assert actions.edit_plan(plan=plan, changes={"share_aimed": 40}, seen=1, actor=company.rep).share_aimed == 40


def test_nothing_is_written_into_an_archived_plan(company, plan):
    row, item = joint(company, plan), line(company, plan)
    plan = actions.archive_plan(plan=plan, seen=None, actor=company.rep)
    row.refresh_from_db()
    item.refresh_from_db()
    with pytest.raises(ValidationError):
        line(company, plan)
    with pytest.raises(ValidationError):
        actions.finish_joint_action(joint_action=row, side="ours", seen=None, actor=company.rep)
    with pytest.raises(ValidationError):
        actions.edit_plan_line(line=item, changes={"state": "done"}, seen=None, actor=company.rep)


def test_each_side_of_a_joint_action_has_its_state(company, plan):
    row = joint(company, plan)
    row = actions.finish_joint_action(joint_action=row, side="ours", result="Seen", seen=1, actor=company.rep)
    row = actions.drop_joint_action(joint_action=row, side="theirs", seen=2, actor=company.rep)
    assert (row.state, row.their_state, row.result) == ("done", "dropped", "Seen")
    row = actions.reopen_joint_action(joint_action=row, side="ours", seen=3, actor=company.rep)
    assert (row.state, row.their_state) == ("open", "dropped")
    with pytest.raises(ValidationError):
        actions.drop_joint_action(joint_action=row, side="nobody", seen=None, actor=company.rep)
    verbs = AuditEntry.objects.filter(model="jointaction").order_by("id").values_list("action", flat=True)
    assert list(verbs) == ["create", "finish", "drop", "reopen"]


def test_copying_forward_moves_revenue_by_a_year_and_open_actions(company, plan, year):
    line(company, plan, revenue=Decimal(1), revenue_next=Decimal(2), revenue_third=Decimal(3))
    gone = line(company, plan, strategy="Given up")
    actions.archive_plan_line(line=gone, seen=None, actor=company.rep)
    first = joint(company, plan, action="Open one", owner=company.rep)
    half, whole = joint(company, plan, action="Theirs to do"), joint(company, plan, action="Settled")
    for row, side in ((half, "ours"), (whole, "ours"), (whole, "theirs")):
        actions.finish_joint_action(joint_action=row, side=side, seen=None, actor=company.rep)
    copy = actions.copy_plan_forward(plan=plan, actor=company.rep)
    assert (copy.year, copy.risks, copy.share_now, copy.confirmed_on) == (year + 1, "Prices", 30, None)
    (moved,) = copy.lines.all()
    assert (moved.revenue, moved.revenue_next, moved.revenue_third) == (Decimal(2), Decimal(3), None)
    taken = copy.joint_actions.order_by("id").values_list("pk", "owner", "state", "their_state")
    assert list(taken) == [(first.pk, company.rep.pk, "open", "open"), (half.pk, None, "done", "open")]
    assert list(plan.joint_actions.all()) == [whole]
    trail = AuditEntry.objects.filter(action="carry_over", model="jointaction")
    assert [entry.changes["plan"] for entry in trail] == [[plan.key, copy.key]] * 2
    with pytest.raises(ValidationError):
        actions.copy_plan_forward(plan=plan, actor=company.rep)


def test_who_has_left_is_not_carried_forward(company, plan, year):
    row = joint(company, plan, action="Open one", owner=company.mate)
    User.objects.filter(pk=company.mate.pk).update(deactivated_at=timezone.now())
    copy = actions.copy_plan_forward(plan=plan, actor=company.rep)
    row.refresh_from_db()
    assert (row.plan, row.owner) == (copy, None)


def test_what_is_open_stands_once_after_copying_forward(company, signed_in, plan, year):
    """What was due in the plan's year stays in its plan and on My day, what is due later or without a day goes over."""
    late, last = today() - timedelta(days=2), calendar().parse_period(str(year)).last
    ahead = last + timedelta(days=1)
    for name, due in (("Late one", late), ("On the last day", last), ("Ahead", ahead), ("Without a day", None)):
        joint(company, plan, action=name, owner=company.rep, due_on=due)
    line(company, plan, strategy="Stays", milestone="Pilot", milestone_due=late, state="at_risk")
    line(company, plan, strategy="Goes", milestone="Roll-out", milestone_due=ahead, state="at_risk")
    line(company, plan, strategy="Done", milestone="Reached", milestone_due=late, state="done", revenue_next=Decimal(5))
    line(company, plan, strategy="Plain", state="on_track")

    def asked():
        return [(each.what, each.year) for each in selectors.due_of(company.rep, today())]

    assert asked()[:2] == [("Late one", year), ("Pilot", year)]
    copy = actions.copy_plan_forward(plan=plan, actor=company.rep)
    assert asked()[:2] == [("Late one", year), ("Pilot", year)]
    assert [each.action for each in plan.joint_actions.order_by("pk")] == ["Late one", "On the last day"]
    assert [each.action for each in copy.joint_actions.order_by("pk")] == ["Ahead", "Without a day"]
    assert list(plan.lines.values_list("milestone", "milestone_due", "state")) == [
        ("Pilot", late, "at_risk"), ("", None, "at_risk"), ("Reached", late, "done"), ("", None, "on_track"),
    ]  # fmt: skip
    assert list(copy.lines.values_list("milestone", "milestone_due", "state", "revenue")) == [
        ("", None, "waiting", None), ("Roll-out", ahead, "at_risk", None), ("", None, "waiting", Decimal(5)),
        ("", None, "on_track", None),
    ]  # fmt: skip
    told = f"Carried over to the plan of {year + 1}: 2 joint actions, 1 milestone."
    pages = [
        signed_in(company.rep).get(reverse("account_plan", args=[plan.customer_id, each])).content.decode()
        for each in (year, year + 1)
    ]
    assert [told in page for page in pages] == [True, False]
    assert ["1 joint action is overdue." in page for page in pages] == [True, False]
    assert [f"2 joint actions of the plan of {year} are still open." in page for page in pages] == [False, True]
    trail = signed_in(company.rep).get(reverse("customer_audit", args=[plan.customer_id])).context["page"].lines
    joint_actions = [each for each in trail if each.kind == "Joint action"]
    moved = [change for each in joint_actions for change in each.changes if change.before]
    years = [(each.before, each.after) for each in moved if each.label == "Account plan"]
    assert years == [(str(year), str(year + 1))] * 2


def test_a_plan_that_is_copied_again_has_what_the_archived_copy_took_along(company, signed_in, plan, year):
    ahead = calendar().parse_period(str(year)).last + timedelta(days=1)
    joint(company, plan, action="Ahead", owner=company.rep, due_on=ahead)
    line(company, plan, milestone="Roll-out", milestone_due=ahead, state="at_risk")
    copy = actions.copy_plan_forward(plan=plan, actor=company.rep)
    line(company, copy, strategy="Thought of later", milestone="Else")
    actions.archive_plan(plan=copy, seen=None, actor=company.rep)
    again = actions.copy_plan_forward(plan=plan, actor=company.rep)
    assert [each.action for each in again.joint_actions.all()] == ["Ahead"], "not left behind in the archived plan"
    assert list(again.lines.values_list("milestone", "milestone_due", "state")) == [("Roll-out", ahead, "at_risk")]
    assert list(copy.lines.values_list("milestone", flat=True)) == ["", "Else"]
    page = signed_in(company.rep).get(reverse("account_plan", args=[plan.customer_id, year])).content.decode()
    assert f"Carried over to the plan of {year + 1}: 1 joint action, 1 milestone." in page, "each told of once"


# --- Reads --------------------------------------------------------------------------------------


def test_expected_against_orders_of_the_fiscal_year():
    company = factories.company(fiscal_year_start_month=4)
    customer = factories.customer(company.rep)
    plan = actions.create_plan(actor=company.rep, customer=customer, year=2026)
    rows = [line(company, plan, revenue=Decimal(100), revenue_next=Decimal(50)), line(company, plan)]
    for amount, day in (("7", "2026-03-31"), ("10", "2026-04-01"), ("20", "2027-03-31"), ("40", "2027-04-01")):
        order(customer, amount, day)
    first, second, third = selectors.years_of(customer, 2026, rows, date(2027, 4, 1))
    assert (first.expected, first.actual, first.reached) == (Decimal(100), Decimal(30), 0.3)
    assert (second.expected, second.actual) == (Decimal(50), Decimal(40))
    assert (third.expected, third.actual, third.reached) == (Decimal(0), None, None)


def test_the_computed_share(customer):
    day = date(2026, 11, 25)
    order(customer, "380000", day)
    order(customer, "1", date(2025, 11, 25))
    assert computed_share(customer, day) == Decimal("0.38")
    customer.annual_spend = None
    assert computed_share(customer, day) is None


@pytest.mark.parametrize(
    ("spend", "bought", "share", "shown"),
    [
        (1000, 380, Decimal("0.38"), "38%"), (1000, 0, Decimal(0), "0%"), (1000, 1500, Decimal(1), "100%"),
        (None, 380, None, "30%"), (0, 380, None, "30%"),
    ],
)  # fmt: skip
def test_every_page_has_one_share(company, customer, plan, year, signed_in, spend, bought, share, shown):
    Customer.objects.filter(pk=customer.pk).update(annual_spend=spend)
    if bought:
        order(customer, bought, today())
    client, of = signed_in(company.rep), [customer.pk]

    def read(name, *args):
        answer = client.get(reverse(name, args=args))
        return answer.context, answer.content.decode()

    listed, customers = read("account_plans"), read("customers")
    page, paper = (read(name, customer.pk, year) for name in ("account_plan", "account_plan_print"))
    panel = read("customer_share", *of)
    shares = [
        listed[0]["page"].object_list[0].share, customers[0]["page"].object_list[0].share, page[0]["found"].share,
        paper[0]["found"].share, panel[0]["share"].now, read("customer", *of)[0]["share"],
    ]  # fmt: skip
    assert shares == [share] * 6
    for _context, text in (listed, page, paper):
        assert shown in text
        assert ("typed: yearly spend not known" in text) == (share is None)
    if share is not None:
        assert panel[0]["share"].slices[0].ratio == share
        assert ("are more than the yearly spend" in panel[1]) == (bought > spend)


def test_a_share_that_orders_tell_is_not_asked_for(company, customer, plan, signed_in):
    client = signed_in(company.rep)
    urls = (reverse("account_plan_new", args=[customer.pk]), reverse("account_plan_edit", args=[plan.pk, "share"]))
    assert [b"share_now" in client.get(url).content for url in urls] == [False, False]
    client.post(urls[1], {"share_aimed": "40", "version": plan.version})
    plan.refresh_from_db()
    assert (plan.share_now, plan.share_aimed) == (30, 40)
    Customer.objects.filter(pk=customer.pk).update(annual_spend=None)
    assert [b"share_now" in client.get(url).content for url in urls] == [True, True]


@pytest.mark.parametrize(("tier", "required"), [("5A", True), ("4A", True), ("3A", False), ("", False)])
def test_a_missing_plan_is_said_for_key_accounts(company, signed_in, tier, required):
    customer = factories.customer(company.rep, tier=tier)
    page = signed_in(company.rep).get(reverse("account_plan", args=[customer.pk, 2026])).content.decode()
    assert ("A plan is required" in page) == required
    summary = selectors.plan_summary(customer, company.rep, today())
    assert (summary.plan, summary.required, summary.may_edit) == (None, required, True)


def test_which_tiers_need_a_plan_is_for_the_rules_to_say(company, signed_in):
    rows = {tier: factories.customer(company.rep, f"Of {tier}", tier=tier) for tier in ("5A", "3A")}
    actions.edit_tier_rules(changes={"plan_required": ["3A"]}, seen=None, actor=company.admin)
    client = signed_in(company.rep)
    for tier, required in (("5A", False), ("3A", True)):
        assert selectors.plan_summary(rows[tier], company.rep, today()).required is required
        page = client.get(reverse("account_plan", args=[rows[tier].pk, 2026])).content.decode()
        assert ("A plan is required" in page) is required
    listed = client.get(reverse("account_plans") + "?show=missing").context["page"].object_list
    assert [row.name for row in listed] == ["Of 3A"]


def test_the_list_has_missing_plans_first(company, signed_in, customer, plan, year):
    line(company, plan, revenue=Decimal(500000))
    order(customer, "250000", today())
    joint(company, plan, due_on=today() - timedelta(days=1))
    factories.customer(company.rep, "Without", tier="4A")
    factories.customer(company.rep, "Small one", tier="2A")
    factories.customer(company.stranger, "Hidden", tier="5A")
    answer = signed_in(company.rep).get(reverse("account_plans"))
    rows = answer.context["page"].object_list
    assert [row.name for row in rows] == ["Without", "Far Voyage Cars"]
    assert (rows[1].expected, rows[1].actual, rows[1].overdue) == (Decimal(500000), Decimal(250000), 1)
    client = signed_in(company.rep)
    for query, names in (
        ("show=missing", ["Without"]), ("show=overdue", ["Far Voyage Cars"]), ("tier=4A", ["Without"]),
        ("q=far", ["Far Voyage Cars"]), (f"year={year + 1}", ["Far Voyage Cars", "Without"]),
    ):  # fmt: skip
        found = client.get(reverse("account_plans") + "?" + query).context["page"].object_list
        assert [row.name for row in found] == names, query


@pytest.mark.parametrize("count", [2, 30])
def test_the_list_takes_as_many_queries_whatever_there_is(
    company, signed_in, year, django_assert_max_num_queries, count
):
    for _n in range(count):
        customer = factories.customer(company.rep, tier="5A")
        joint(company, actions.create_plan(actor=company.rep, customer=customer, year=year), due_on=date(2020, 1, 1))
    client = signed_in(company.rep)
    with django_assert_max_num_queries(8):
        client.get(reverse("account_plans"))


@pytest.mark.parametrize("count", [2, 30])
def test_the_page_takes_as_many_queries_whatever_there_is(
    company, signed_in, plan, django_assert_max_num_queries, count
):
    their = factories.contact(company.rep, plan.customer)
    for _n in range(count):
        line(company, plan)
        joint(company, plan, owner=company.rep, contact=their)
    client = signed_in(company.rep)
    for name in ("account_plan", "account_plan_print"):
        with django_assert_max_num_queries(15):
            client.get(reverse(name, args=[plan.customer_id, plan.year]))
    with django_assert_max_num_queries(8):  # the calendar and the teams, which a request has, among them
        selectors.plan_summary(plan.customer, company.rep, today())


# --- Pages --------------------------------------------------------------------------------------


def test_a_plan_is_written_on_its_page(company, signed_in, customer, year):
    client = signed_in(company.rep)
    new = reverse("account_plan_new", args=[customer.pk])
    assert f'value="{year + 1}"' in client.get(f"{new}?year={year + 1}").content.decode()
    answer = client.post(new, {"year": year, "strategy_now": "Grow", "share_aimed": "200"})
    assert answer.status_code == 422
    assert "Grow" in answer.content.decode()
    answer = client.post(new, {"year": year, "strategy_now": "Grow", "our_leader": "rep"})
    plan = AccountPlan.objects.get()
    assert answer.url == reverse("account_plan", args=[customer.pk, year])
    assert (plan.strategy_now, plan.our_leader) == ("Grow", company.rep)
    client.post(
        reverse("plan_line_new", args=[plan.pk]), {"strategy": "Zero stock", "revenue": "50", "state": "at_risk"}
    )
    client.post(reverse("joint_action_new", args=[plan.pk]), {"action": "Visit", "due_on": "2026-01-05"})
    page = client.get(answer.url).content.decode()
    assert "Zero stock" in page
    assert plan.lines.get().revenue == Decimal(50000)
    assert "1 joint action is overdue." in page
    row = plan.joint_actions.get()
    client.post(
        reverse("joint_action_settle", args=[row.pk, "ours", "finish"]), {"version": row.version, "result": "Fine"}
    )
    row.refresh_from_db()
    assert (row.state, row.result) == ("done", "Fine")


def test_sections_keep_what_somebody_else_changed(company, signed_in, plan):
    client = signed_in(company.rep)
    address = reverse("account_plan_edit", args=[plan.pk, "risks"])
    actions.edit_plan(plan=plan, changes={"risks": "Theirs"}, seen=1, actor=company.manager)
    answer = client.post(address, {"risks": "Mine", "initial-risks": "Prices", "version": 1})
    assert answer.status_code == 409
    assert "Mine" in answer.content.decode()
    assert client.get(reverse("account_plan_edit", args=[plan.pk, "nothing"])).status_code == 404


def test_an_archived_plan_is_shown_and_restored(company, signed_in, plan):
    client = signed_in(company.rep)
    client.post(reverse("account_plan_archive", args=[plan.pk]), {"version": 1})
    page = client.get(reverse("account_plan", args=[plan.customer_id, plan.year])).content.decode()
    assert "This plan is archived." in page
    client.post(reverse("account_plan_restore", args=[plan.pk]), {"version": 2})
    plan.refresh_from_db()
    assert plan.archived_at is None


@pytest.mark.parametrize(("days", "late"), [(1, False), (0, False), (-1, True)])
def test_an_action_is_overdue_from_the_day_after(company, plan, days, late):
    row = joint(company, plan, due_on=today() + timedelta(days=days))
    assert selectors.is_overdue(row, today()) == late
    assert selectors.plan_page(plan, today()).overdue == late
    for side in ("ours", "theirs"):
        row = actions.finish_joint_action(joint_action=row, side=side, seen=None, actor=company.rep)
    assert not selectors.is_overdue(row, today())


def test_what_was_removed_is_put_back_on_the_page(company, signed_in, plan):
    line = actions.add_plan_line(actor=company.rep, plan=plan, strategy="Zero stock", revenue=Decimal(7))
    row = joint(company, plan, action="Visit")
    client, page = signed_in(company.rep), reverse("account_plan", args=[plan.customer_id, plan.year])
    assert "Removed" not in client.get(page).content.decode()
    for each, name in ((line, "plan_line"), (row, "joint_action")):
        archive = reverse(f"{name}_archive", args=[each.pk])
        assert "it can be put back" in client.get(archive).content.decode()
        client.post(archive, {"version": 1})
        restore = reverse(f"{name}_restore", args=[each.pk])
        assert restore in client.get(page).content.decode()
        assert restore not in signed_in(company.executive).get(page).content.decode()
        client = signed_in(company.rep)
        assert client.get(restore).status_code == 200
        assert client.post(restore, {"version": 1}).status_code == 409
        assert client.post(restore, {"version": 2}).status_code == 302
        each.refresh_from_db()
        assert each.archived_at is None
    assert client.get(page).context["found"].years[0].expected == 7


def test_readers_have_no_buttons(company, signed_in, plan):
    page = (
        signed_in(company.executive).get(reverse("account_plan", args=[plan.customer_id, plan.year])).content.decode()
    )
    assert "Copy forward" not in page
    assert "Print view" in page


# --- My day -------------------------------------------------------------------------------------


def test_my_day_says_what_plans_ask(company, signed_in, plan, django_assert_num_queries):
    day = today()
    sunday = day + timedelta(days=6 - day.weekday())
    joint(company, plan, action="Late one", owner=company.rep, due_on=day - timedelta(days=2))
    joint(company, plan, action="This week", owner=company.rep, due_on=sunday)
    joint(company, plan, action="Next week", owner=company.rep, due_on=sunday + timedelta(days=1))
    joint(company, plan, action="Of another", owner=company.mate, due_on=day - timedelta(days=2))
    done = joint(company, plan, action="Done one", owner=company.rep, due_on=day - timedelta(days=2))
    actions.finish_joint_action(joint_action=done, side="ours", seen=None, actor=company.rep)
    line(company, plan, milestone="Pilot", milestone_due=day - timedelta(days=1))
    line(company, plan, milestone="Later", milestone_due=day)
    line(company, plan, milestone="Reached", milestone_due=day - timedelta(days=1), state="done")
    with django_assert_num_queries(1):
        found = selectors.due_of(company.rep, day)
    assert [(each.kind, each.what) for each in found] == [
        ("joint_action", "Late one"), ("milestone", "Pilot"), ("joint_action", "This week"),
    ]  # fmt: skip
    assert selectors.due_of(company.mate, day) == []  # out of their sight
    page = signed_in(company.rep).get(reverse("my_day")).content.decode()
    assert "Late one" in page
    assert "Next week" not in page
    actions.archive_plan(plan=plan, seen=None, actor=company.rep)
    assert selectors.due_of(company.rep, day) == []


def test_the_list_of_plans_leaves_out_who_was_archived(company, customer, plan, year):
    def listed():
        rows = selectors.plan_rows(Customer.objects.all(), year=year, today=today())
        return [selectors.row_of(row).name for row in rows]

    assert listed() == [customer.name]
    actions.archive_customer(customer=customer, seen=None, actor=company.rep)
    assert listed() == []


def test_what_a_plan_reached_is_orders_not_booked_wins(signed_in, company, customer, plan, year):
    """METHOD keeps "booked" 已签 for opportunities that were won."""
    client = signed_in(company.rep)
    shown = (reverse("account_plan", args=[customer.pk, year]), reverse("account_plans"))
    for page in (client.get(address).content.decode() for address in shown):
        assert ">Orders</th>" in page
        assert "Booked" not in page
