"""An account plan: written, a joint action goes overdue and is settled from My day, copied forward, on paper."""

from datetime import timedelta

from playwright.sync_api import expect

from accounts.selectors import calendar, today
from customers.models import AccountPlan, JointAction
from tests import factories
from tests.browser import steps
from tests.browser.steps import dialog, say


@steps.IN_TWO_CORNERS
def test_a_plan_whose_joint_action_goes_overdue(company, open_page, language, viewport):
    customer = factories.customer(company.rep, "Big Works", tier="5A")
    year, day = calendar().fiscal_year_of(today()), today()
    window = open_page(company.rep, "/customers/", language=language, viewport=viewport)
    page = window.page
    if not window.phone:  # there they stand above the list
        page.locator(f"summary[aria-label='{say(window, 'Lists of customers')}']").click()
    steps.link(window, "Account plans").click()
    expect(page.locator("main tbody tr")).to_contain_text(say(window, "missing"))
    steps.sound(window, "account plans")
    page.locator("main tbody").get_by_role("link", name=say(window, "missing")).click()

    write(window, day)
    plan = AccountPlan.objects.get()
    assert (plan.customer, plan.year, plan.our_leader, plan.share_aimed) == (customer, year, company.rep, 35)
    JointAction.objects.update(due_on=day - timedelta(days=4))  # days go by
    settle(window)
    copy_forward(window, f"/customers/{customer.pk}/plans/", year)


def write(window, day):
    """The plan, a line of it, a joint action that is due on this day."""
    page, form = window.page, dialog(window)
    steps.link(window, "Write the plan").click()
    form.locator("[name=strategy_now]").fill("Half the stock")
    form.locator("[name=share_aimed]").fill("35")
    steps.save(window)
    expect(page.locator("main")).to_contain_text("Half the stock")

    steps.link(window, "Add a line").click()
    form.locator("[name=strategy]").fill("Zero stock")
    form.locator("[name=revenue]").fill(steps.typed(window, 600_000))
    form.locator("[name=revenue_next]").fill(steps.typed(window, 900_000))
    steps.save(window)
    expect(page.locator("main")).to_contain_text(steps.money(window, 600_000))

    steps.link(window, "Add an action").click()
    form.locator("[name=action]").fill("Workshop on stock")
    form.locator("[name=due_on]").fill(day.isoformat())
    steps.look_up(window, "owner", "rep", "[data-value='rep']")
    steps.save(window)
    expect(page.locator("main")).to_contain_text("Workshop on stock")
    steps.sound(window, "account plan")


def settle(window):
    """The joint action that is overdue, from My day on, side by side."""
    page, form = window.page, dialog(window)
    page.goto("/day/")
    line = page.locator("main li", has_text="Workshop on stock")
    expect(line.locator(".asc-due.over")).to_be_visible()
    steps.sound(window, "my day with a plan")
    line.get_by_role("link", name="Workshop on stock").click()
    overdue = steps.count(window, "%(n)s joint action is overdue.", "%(n)s joint actions are overdue.", 1, n=1)
    expect(page.locator("main")).to_contain_text(overdue)
    for side, result in (("ours", "They will send the drawings"), ("theirs", "Drawings are here")):
        page.locator(f"main a[href$='/{side}/finish/']").click()
        form.locator("[name=result]").fill(result)
        steps.save(window)
        expect(page.locator("main")).to_contain_text(result)
    expect(page.locator("main")).not_to_contain_text(overdue)
    page.goto("/day/")
    expect(page.locator("main")).not_to_contain_text("Workshop on stock")


def copy_forward(window, plans, year):
    """Into the next year; and this year's on paper."""
    page = window.page
    page.goto(f"{plans}{year}/")
    steps.link(window, "Copy forward").click()
    steps.send(window)
    page.wait_for_url(f"**{plans}{year + 1}/")
    expect(page.locator("main")).to_contain_text("Half the stock")
    expect(page.locator("main")).to_contain_text(steps.money(window, 900_000))
    expect(page.locator("main")).not_to_contain_text("Workshop on stock")
    page.goto(f"{plans}{year}/")
    steps.link(window, "Print view").click()
    expect(page.locator(".asc-paper")).to_contain_text("Drawings are here")
    steps.sound(window, "account plan on paper")
