"""The demo company: believable, the same every time, and found again by whoever looks for trouble."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from accounts.models import Organisation, User
from accounts.selectors import today
from customers.models import Customer
from opportunities.models import Opportunity, OpportunityVersion
from pipeline.demo import story
from pipeline.demo.workspace import write_workspace

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)


def test_the_same_day_gives_the_same_workspace(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_workspace(tmp_path / name, DAY)
    written = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(written) == 12
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
