"""The demo company: believable, the same every time, and found again by whoever looks for trouble."""

from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Kind, Notification, Organisation, SavedView, SavedViewPlace, User
from accounts.notifications import told
from accounts.selectors import calendar, today
from customers.models import AccountPlan, Assessment, Customer
from customers.selectors.group import group_of
from customers.selectors.merges import duplicate_pairs
from customers.selectors.share import computed_share
from opportunities.filters import OpportunityFilter
from opportunities.models import (
    Activity,
    Attachment,
    Checkpoint,
    Competitor,
    Decision,
    GradeChange,
    HeightsVersion,
    JointTask,
    Opportunity,
    OpportunityVersion,
    Stakeholder,
    StrategySheet,
)
from opportunities.selectors.gate import missing_between, standing_on, with_standing
from opportunities.selectors.heights import evidenced_rate, floors_now
from opportunities.selectors.stages import all_stages
from pipeline.demo import story
from pipeline.demo.loading import load_demo
from pipeline.demo.workspace import write_workspace

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
DAY = date(2026, 11, 23)


def test_the_same_day_gives_the_same_workspace(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_workspace(tmp_path / name, DAY)
    written = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(written) == 34
    for name in written:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_every_life_is_told_in_order_and_nothing_happens_today_or_later():
    for life in story.lives(DAY):
        assert [at for at, *_rest in life.events] == sorted(at for at, *_rest in life.events)
    moments = [at for life in story.lives(DAY) for at, *_rest in life.events]
    assert max(moments).date() < DAY
    assert (DAY - min(moments).date()).days > 700


@pytest.fixture
def demo(settings):
    settings.DEBUG = True
    said = StringIO()
    call_command("demo", "--no-history", stdout=said)
    return said.getvalue()


def test_the_company_and_its_troubles(demo):
    assert Organisation.objects.get().is_demo
    roles = User.objects.values_list("role").annotate(n=Count("pk"))
    assert dict(roles) == {"rep": 8, "manager": 2, "executive": 1, "admin": 1}
    rows = Opportunity.objects.all()
    assert rows.count() == story.OPPORTUNITIES
    assert set(rows.values_list("outcome", flat=True)) == {"open", "won", "lost", "no_decision", "no_go"}
    still_open = rows.filter(outcome="open")
    assert 50 <= still_open.count() <= 120
    assert still_open.filter(expected_close_date__lt=today()).exists()
    assert still_open.filter(next_step_due__lt=today()).exists()
    assert still_open.filter(next_step="").exists()
    assert still_open.filter(amount=None).exists()
    versions = OpportunityVersion.objects
    assert versions.exclude(reason="").filter(outcome="open").exists(), "steps back and reopenings"
    assert versions.values("opportunity").annotate(owners=Count("owner", distinct=True)).filter(owners__gt=1).exists()
    assert Customer.objects.filter(tier="5A").exists()


def test_its_people_have_saved_views_and_something_under_the_bell(demo, signed_in):
    lin, shen = (User.objects.get(username=name) for name in ("lin", "shen"))
    for person in (lin, shen):
        client = signed_in(person)
        views = SavedView.objects.filter(owner=person)
        assert set(views.values_list("page", flat=True)) == {"board", "table"}
        for view in views:
            filters = OpportunityFilter(QueryDict(view.query), queryset=Opportunity.objects.visible_to(person))
            assert filters.is_valid() and filters.qs.filter(outcome="open").exists(), view.name
            page = "board" if view.page == "board" else "opportunity_table"
            assert client.get(f"{reverse(page)}?{view.query}").status_code == 200
        assert SavedViewPlace.objects.filter(user=person, is_default=True).values_list("page", flat=True)[0] == "table"
    assert SavedView.objects.filter(owner=shen, scope="team", team=shen.team).count() == 2
    notes = Notification.objects
    assert set(notes.values_list("kind", flat=True)) == {Kind.HANDED_OVER, Kind.COACHED, Kind.OVERDUE}
    assert notes.filter(read_at=None).exists() and notes.exclude(read_at=None).exists()
    for person in User.objects.filter(role="rep"):
        seen = list(notes.visible_to(person).filter(recipient=person))
        assert len(told(seen, person)) == len(seen) == notes.filter(recipient=person).count(), "each has its words"


def test_its_evidence_and_its_troubles(demo):
    stages = all_stages()
    rows = with_standing(Opportunity.objects.filter(outcome="open")).annotate(
        evidenced=evidenced_rate(floors_now(stages))
    )
    shown = list(rows.select_related("stage", "unproven_from"))
    assessed = [row for row in shown if row.evidenced is not None]
    inflated = [row for row in assessed if row.evidenced < row.win_rate]
    assert 3 <= len(shown) - len(assessed) <= len(shown) / 4, "unassessed"
    assert 5 <= len(inflated) <= len(assessed) / 3
    unproven = [row for row in shown if row.unproven_from]
    assert 3 <= len(unproven) <= len(inflated)
    assert all(missing_between(standing_on(row), row.unproven_from, row.stage, stages) for row in unproven)
    heights = [row.heights for row in HeightsVersion.objects.current().filter(opportunity__outcome="open")]
    assert sum(bool(each.contradictions) for each in heights) >= 3
    assert Checkpoint.objects.awaiting_confirmation().filter(opportunity__outcome="open").count() >= 3
    assert GradeChange.objects.exists() and Checkpoint.objects.filter(withdrawn_at__isnull=False).exists()
    visits = Checkpoint.objects.exclude(activity=None)
    assert visits.filter(grade="E2").count() > 100 and set(visits.values_list("link", flat=True)) == {""}
    assert not visits.filter(Q(activity__done_at=None) | Q(recorded_at__lt=F("activity__done_at"))).exists()
    for each in visits.select_related("activity").prefetch_related("activity__contacts"):
        assert each.contact in each.activity.contacts.all()
        assert each.said_on == calendar().local_date(each.activity.done_at)
    assert Checkpoint.objects.latest("recorded_at").recorded_at < timezone.now()


def on_the_disk():
    return {path for path in (Path(settings.MEDIA_ROOT) / "attachments").rglob("*") if path.is_file()}


def test_some_of_its_evidence_is_a_file(demo, signed_in):
    shown = Checkpoint.objects.exclude(file=None).select_related("file", "opportunity")
    assert len(shown) == Attachment.objects.count() > 20
    assert {each.file.content_type for each in shown} == {"application/pdf", "image/png", "text/plain"}
    assert all(each.file.opportunity_id == each.opportunity_id and each.link == "" for each in shown)
    assert {each.file.content_type for each in shown if each.grade == "E3"} <= {"application/pdf", "image/png"}
    of_lin = shown.filter(opportunity__owner__username="lin", withdrawn_at=None).latest("recorded_at")
    client = signed_in(User.objects.get(username="lin"))
    assert of_lin.file.name in client.get(f"/opportunities/{of_lin.opportunity_id}/").content.decode()
    content = b"".join(client.get(f"/files/{of_lin.file.key}/").streaming_content)
    assert len(content) == of_lin.file.size < 5_000


def test_what_could_not_be_loaded_leaves_no_file(monkeypatch):
    monkeypatch.setattr(Checkpoint.objects, "bulk_update", Mock(side_effect=OSError("disk")))
    before = on_the_disk()
    with pytest.raises(OSError, match="disk"):
        load_demo(actor=None)
    assert on_the_disk() == before
    assert not Attachment.objects.exists() and not Opportunity.objects.exists()


def test_its_people_plans_and_behaviour_sheets(demo):
    people = Stakeholder.objects.in_use()
    assert set(people.filter(may_veto=True).values_list("veto_state", flat=True)) == set(Stakeholder.VetoState.values)
    assert people.filter(contact=None).exists(), "a decision maker who is not known yet"
    assert set(Decision.objects.values_list("decision", flat=True)) == {"go", "no_go"}
    assert JointTask.objects.filter(done_on=None, due_on__lt=today()).exists()
    assert StrategySheet.objects.exclude(success_factors={}).exists() and Competitor.objects.exists()
    planned = Activity.objects.planned()
    assert planned.filter(planned_at__date__range=(today(), today() + timedelta(days=7))).count() > 10
    assert planned.filter(planned_at__date__lt=today()).exists(), "not done when it was due"
    assert Activity.objects.done().exclude(promised="").exclude(coaching="").exists()
    assert not Activity.objects.done().filter(done_at__gte=timezone.now()).exists()


def test_its_manager_has_lifted_a_customer(demo):
    lifted = Assessment.objects.get(overridden_at__isnull=False)
    assert (lifted.computed_tier, lifted.tier, lifted.customer.tier) == ("3A", "4A", "4A")


def test_its_customers_are_not_taken_for_one_another(demo):
    assert duplicate_pairs(User.objects.get(username="shen")) == []


def test_its_plans_aim_above_the_share_that_orders_tell(demo):
    plans = AccountPlan.objects.select_related("customer")
    shares = [(computed_share(plan.customer, today()), plan.share_aimed) for plan in plans]
    assert sum(share is not None for share, _aimed in shares) > 5
    assert all(100 * (share or 0) < aimed <= 100 for share, aimed in shares)


def test_one_of_its_customers_is_a_group_that_their_manager_sees(demo):
    parent = Customer.objects.get(name="澜海食品")
    group = group_of(parent, User.objects.get(username="shen"))
    assert [(each.customer.name, each.level) for each in group.companies] == [
        ("澜海食品", 0), ("云麓茶业", 1), ("川谷乳业", 1)
    ]  # fmt: skip
    assert group.revenue > group.companies[0].revenue > 0
    assert group.open_count > 0


def test_its_logins_are_printed_and_made_once(demo):
    assert all(login in demo for login in ("admin", "gu", "shen", "lin"))
    assert User.objects.get(username="admin").has_usable_password()
    again = StringIO()
    call_command("demo", stdout=again)
    assert again.getvalue() == demo
    assert Opportunity.objects.count() == story.OPPORTUNITIES


def test_without_debug_nobody_has_a_password(settings):
    settings.DEBUG = False
    said = StringIO()
    call_command("demo", "--no-history", stdout=said)
    assert "password" not in said.getvalue()
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_a_real_company_is_left_alone(company):
    with pytest.raises(CommandError, match="already holds a company"):
        call_command("demo")
