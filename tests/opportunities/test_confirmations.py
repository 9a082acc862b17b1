"""The queue of what waits for somebody's confirmation: who has what in it, and confirming in batch."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.selectors import today
from opportunities.actions import (
    Evidence,
    add_checkpoints,
    add_task,
    archive_task,
    confirm_each,
    withdraw_checkpoint,
)
from opportunities.actions.checkpoints import MOST, may_judge
from opportunities.models import Checkpoint, Waiver
from opportunities.selectors.records import to_be_confirmed
from tests import factories
from tests.opportunities.browser_door import HTMX, events_of, post, queries_of, text_of

DOOR = "/confirmations/"


def record(deal, actor, level=5, grade="E2", factor="power", **fields):
    told = {"contact": deal.customer.contacts.first() or factories.contact(actor, deal.customer), "said_on": today()}
    evidence = Evidence(factor=factor, level=level, grade=grade, link="https://example.com/x", **told, **fields)
    return add_checkpoints(opportunity=deal, records=[evidence], actor=actor)[0]


@pytest.fixture
def deals(company):
    """A deal of everybody who sells, each with one record of theirs that waits."""
    company.adviser = factories.person("adviser", role="rep")  # without a team: nobody is above
    names = ("rep", "mate", "manager", "director", "stranger", "adviser")
    made = {name: factories.opportunity(getattr(company, name), f"Deal of {name}") for name in names}
    for name, deal in made.items():
        record(deal, getattr(company, name), evidence=f"Words of {name}")
    return made


QUEUES = {
    "rep": set(), "mate": set(), "stranger": set(), "executive": set(),
    "manager": {"rep", "mate"},
    "director": {"rep", "mate", "manager", "stranger"},
    "other_manager": {"stranger"},
    "admin": {"director", "adviser"},
}  # fmt: skip


@pytest.mark.parametrize("part", QUEUES)
def test_who_has_what_in_the_queue(company, deals, part):
    person = getattr(company, part)
    queue = to_be_confirmed(person)
    assert {row.opportunity.owner.username for row in queue} == QUEUES[part]
    rows = Checkpoint.objects.select_related("opportunity__owner__team", "recorded_by")
    assert {row.pk for row in queue} == {row.pk for row in rows if may_judge(person, row.opportunity, row.recorded_by)}


def test_what_rests_on_tasks_in_time_is_shown_with_their_share(company, deals, signed_in):
    deal = deals["rep"]
    record(deal, company.rep, factor="coordination", level=4)
    client, share = signed_in(company.manager), "on time in 30 days"
    assert share not in text_of(client.get(DOOR)) and "no task was due" not in text_of(client.get(DOOR))
    made = record(deal, company.rep, factor="coordination", level=5)
    dialog = f"/evidence/{made.pk}/confirm/"
    assert "no task was due in 30 days" in text_of(client.get(DOOR))
    assert "no task was due in 30 days" in text_of(client.get(dialog))
    for ago, late in ((3, 0), (4, 0), (5, 1), (40, 1)):
        due = today() - timedelta(days=ago)
        done = due + timedelta(days=late)
        add_task(opportunity=deal, actor=company.rep, title="Task", due_on=due, done_on=done)
    gone = add_task(opportunity=deal, actor=company.rep, title="Gone", due_on=today() - timedelta(days=2))
    archive_task(task=gone, seen=None, actor=company.rep)
    assert f"67% {share} (2 of 3)" in text_of(client.get(DOOR))
    assert f"67% {share} (2 of 3)" in text_of(client.get(dialog))


def test_what_somebody_else_recorded_for_them_goes_to_the_next_above(company, deals):
    made = record(deals["rep"], company.manager)  # the manager's own record on the rep's deal
    assert made not in to_be_confirmed(company.manager)
    assert made in to_be_confirmed(company.director)
    type(company.director).objects.filter(pk=company.director.pk).update(deactivated_at=made.recorded_at)
    assert made in to_be_confirmed(company.admin)


def test_only_what_waits(company, deals):
    deal = deals["rep"]
    waiting = set(to_be_confirmed(company.manager))
    record(deal, company.rep, 5, "E3")
    record(deal, company.rep, 4, "E2")
    withdraw_checkpoint(checkpoint=record(deal, company.rep, 6), reason="x", actor=company.rep)
    assert set(to_be_confirmed(company.manager)) == waiting


def test_confirming_several_answers_each_on_its_own(company, deals, signed_in):
    mine, hidden = list(to_be_confirmed(company.manager)), to_be_confirmed(company.other_manager).get()
    gone = record(deals["rep"], company.rep, 6)
    withdraw_checkpoint(checkpoint=gone, reason="x", actor=company.rep)
    answer = post(signed_in(company.manager), DOOR, {"ids": [*(row.pk for row in mine), hidden.pk, gone.pk, "x"]})
    page = text_of(answer)
    assert "2 records were confirmed." in page
    assert "There is no such record." in page
    assert "This record has been withdrawn." in page
    assert "Nothing waits for you." in page
    assert "Words of stranger" not in page
    assert Checkpoint.objects.filter(confirmed_by=company.manager).count() == 2


def test_nothing_and_too_many_are_refused(company, deals, signed_in):
    client = signed_in(company.manager)
    for ids in ([], list(range(1, MOST + 2))):
        answer = post(client, DOOR, {"ids": ids})
        assert answer.status_code == 422
        assert "Choose between 1 and 200 records." in text_of(answer)
    assert not Checkpoint.objects.filter(confirmed_at__isnull=False).exists()


def test_a_record_that_may_be_seen_but_not_judged(company, deals):
    own = Checkpoint.objects.get(opportunity=deals["manager"])
    result = confirm_each(ids=[own.pk], actor=company.manager)[0]
    assert (result.checkpoint, result.problem[:14]) == (own, "Only a manager")


@pytest.mark.parametrize(("part", "status"), [("rep", 403), ("executive", 403), ("manager", 200), ("admin", 200)])
def test_who_opens_the_page(company, deals, signed_in, part, status):
    client = signed_in(getattr(company, part))
    assert client.get(DOOR).status_code == status
    assert client.post(DOOR, {"ids": ["1"]}).status_code == status
    assert (f'href="{DOOR}"' in text_of(client.get("/customers/"))) == (status == 200)


def test_waivers_wait_there_too(company, deals, signed_in):
    factories.waiver(deals["rep"], company.rep, reason="Green channel")
    assert "Green channel" in text_of(signed_in(company.manager).get(DOOR))


def test_it_asks_the_database_equally_often_for_more(company, deals, signed_in):
    for person in (company.manager, company.admin):
        client = signed_in(person)
        few = queries_of(lambda client=client: client.get(DOOR, headers=HTMX))
        for name in ("rep", "director"):
            for level in (5, 6):
                record(deals[name], getattr(company, name), level)
        assert queries_of(lambda client=client: client.get(DOOR, headers=HTMX)) == few <= 8


COUNT = "/confirmations/count/"


def test_the_navigation_says_how_much_waits(company, deals, signed_in):
    factories.waiver(deals["rep"], company.rep, reason="Green channel")
    client = signed_in(company.manager)
    assert f'hx-get="{COUNT}"' in text_of(client.get("/customers/"))
    answer = client.get(COUNT)
    assert text_of(answer).startswith("3<span")  # two records and the waiver
    few = queries_of(lambda: client.get(COUNT))
    ids = Checkpoint.objects.filter(opportunity__owner__in=[company.rep, company.mate]).values_list("pk", flat=True)
    assert "asc:judged" in events_of(post(client, DOOR, {"ids": list(ids)}))
    assert text_of(client.get(COUNT)).startswith("1<span")
    for level in (5, 6):
        record(deals["mate"], company.mate, level, factor="demand")
    assert queries_of(lambda: client.get(COUNT)) == few <= 5
    Waiver.objects.all().delete()
    Checkpoint.objects.update(confirmed_at=timezone.now())
    assert text_of(client.get(COUNT)).strip() == ""


@pytest.mark.parametrize("part", ["rep", "executive", "admin", "lone"])
def test_who_has_nobody_below_has_no_such_entry(company, deals, signed_in, part):
    company.lone = factories.person("lone", role="manager")
    client = signed_in(getattr(company, part))
    assert COUNT not in text_of(client.get("/customers/"))
    assert client.get(COUNT).status_code == (200 if part in ("lone", "admin") else 403)
