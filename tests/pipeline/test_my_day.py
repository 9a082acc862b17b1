"""My day: what waits for a person, in the order of urgency, and nobody else's."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import User
from accounts.selectors import today
from opportunities import actions
from opportunities.actions import Evidence
from opportunities.models import (
    Activity,
    ActivityKind,
    Look,
    MethodSetting,
    Opportunity,
    OpportunityVersion,
    Rung,
    Stage,
)
from opportunities.rules.evidence import FACTORS
from opportunities.rules.progress import days_without_progress, has_fallen, stagnation
from opportunities.selectors.news import looked_at, news_for
from pipeline.scopes import Scope
from pipeline.selectors.my_day import SHOWN, my_day
from pipeline.views.my_day import NEWS_ON_PAGE, NEWS_SHOWN
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return factories.company(gated=True)


def lines(user, key, **asked):
    found = [section for section in my_day(user, **asked).sections if section.key == key]
    return found[0].lines if found else []


def titles(user, key, **asked):
    return [line.climb.title for line in lines(user, key, **asked)]


def words(user, key):
    return [line.activity.objective if line.activity else line.climb.title for line in lines(user, key)]


def news_of(user):
    return news_for(user, looked_at(user))


def climb(row, heights, actor, grade="E3"):
    """Record every level up to these heights, in the order of FACTORS."""
    contact = factories.contact(actor, row.customer)
    about = {"grade": grade, "evidence": "Minutes", "contact": contact, "said_on": today(), "link": "https://x.example"}
    records = [
        Evidence(factor=factor, level=level, **about)
        for factor, height in zip(FACTORS, heights, strict=True)
        for level in range(1, height + 1)
    ]
    return actions.add_checkpoints(opportunity=row, records=records, actor=actor)


def move(row, key, actor):
    row.refresh_from_db()
    return actions.move_to_stage(
        opportunity=row, stage=Stage.objects.get(key=key), seen=None, actor=actor, override=True, reason="Sure"
    )


@pytest.mark.parametrize(
    ("days", "expected", "state"), [(30, 30, ""), (31, 30, "amber"), (45, 30, "amber"), (46, 30, "red"), (2, 1, "red")]
)
def test_stagnation_is_strict(days, expected, state):
    assert stagnation(days, expected) == state


def test_days_without_progress_begin_with_the_stage_where_there_was_none():
    day = today()
    assert days_without_progress(None, day - timedelta(days=9), day) == 9
    assert days_without_progress(day - timedelta(days=2), day - timedelta(days=9), day) == 2


@pytest.mark.parametrize(
    ("now", "before", "fell"),
    [((1, 1, 1, 1, 1), (1, 1, 1, 1, 1), False), ((6, 0, 1, 1, 1), (1, 1, 1, 1, 1), True), ((2,) * 5, (1,) * 5, False)],
)
def test_one_factor_lower_is_a_fall(now, before, fell):
    assert has_fallen(now, before) is fell


def test_unassessed_ones_come_first_with_their_first_rung(company):
    factories.opportunity(company.rep, "New")
    found = my_day(company.rep)
    assert [section.key for section in found.sections] == ["unassessed"]
    (line,) = found.sections[0].lines
    assert (line.climb.weakest, line.climb.next_level, line.rung.level) == ("demand", 1, 1)
    assert found.to_do == 1


def test_a_next_checkpoint_comes_with_its_question_and_playbook(company, signed_in):
    new, climbing = factories.opportunity(company.rep), factories.opportunity(company.rep)
    climb(climbing, (2, 1, 1, 1, 1), company.rep)
    for row, rung in ((new, "demand:1"), (climbing, "power:2")):
        factor, level = rung.split(":")
        asked = Rung.objects.current().get(factor=factor, level=level)
        page = html.unescape(signed_in(company.rep).get("/day/").content.decode())
        for text in (asked.checkpoint_en, asked.question_en, f"/playbook/?rung={rung}"):
            assert text in page, (row, text)


def test_dues_of_today_and_before(company):
    day = today()
    for title, due in (("Late", day - timedelta(days=1)), ("Now", day), ("Later", day + timedelta(days=1))):
        row = factories.opportunity(company.rep, title)
        actions.edit_opportunity(
            opportunity=row, changes={"next_step": f"Call {title}", "next_step_due": due}, seen=None, actor=company.rep
        )
    kind = ActivityKind.objects.get(key="visit")
    for text, at in (("Yesterday", -1), ("Today", 0), ("Tomorrow", 1)):
        Activity.objects.create(
            kind=kind, owner=company.rep, objective=text, planned_at=timezone.now() + timedelta(days=at)
        )
    assert words(company.rep, "overdue") == ["Late", "Yesterday"]
    assert sorted(words(company.rep, "today")) == ["Now", "Today"]
    assert [each.objective for each in my_day(company.rep).schedule] == ["Today"]


@pytest.mark.parametrize(("language", "named"), [("en", "Visit"), ("zh-hans", "拜访")])
def test_what_is_planned_without_words_says_its_kind_once(company, signed_in, language, named):
    for customer in (None, factories.customer(company.rep, "Silent Works")):
        at = timezone.now() - timedelta(minutes=1)
        Activity.objects.create(
            kind=ActivityKind.objects.get(key="visit"), owner=company.rep, customer=customer, planned_at=at
        )
    client = signed_in(company.rep)
    debrief = f"/activities/{Activity.objects.first().pk}/debrief/"
    User.objects.filter(pk=company.rep.pk).update(language=language)
    for url in ("/day/", "/activities/", "/activities/calendar/", debrief):
        page = client.get(url, headers={"Accept-Language": language}).content.decode()
        assert named in page
        assert f"{named} · {named}" not in page and f"{named} · <" not in page
    assert f"{named} · Silent Works" in client.get("/day/").content.decode()


def test_done_and_cancelled_activities_wait_for_nobody(company):
    kind = ActivityKind.objects.get(key="visit")
    now = timezone.now()
    Activity.objects.create(kind=kind, owner=company.rep, planned_at=now, done_at=now)
    Activity.objects.create(kind=kind, owner=company.rep, planned_at=now, cancelled_at=now)
    assert my_day(company.rep).sections == []


def test_inflated_regressed_and_still_ones_lose_height(company):
    inflated = factories.opportunity(company.rep, "Inflated", amount=Decimal(100))
    climb(inflated, (1, 0, 0, 0, 0), company.rep)
    move(inflated, "decide", company.rep)
    still = factories.opportunity(company.rep, "Still", amount=Decimal(50))
    climb(still, (1, 1, 1, 1, 1), company.rep)
    still.checkpoints.update(verified_at=timezone.now() - timedelta(days=40))
    fine = factories.opportunity(company.rep, "Fine", amount=Decimal(10))
    climb(fine, (1, 1, 1, 1, 1), company.rep)
    back = factories.opportunity(company.rep, "Back", amount=Decimal(5))
    climb(back, (2, 2, 2, 2, 2), company.rep)
    move(back, "validate", company.rep)
    move(back, "discover", company.rep)
    found = {line.climb.title: line.climb for line in lines(company.rep, "losing")}
    assert list(found) == ["Inflated", "Still", "Back"]
    assert (found["Inflated"].inflated, found["Inflated"].evidenced) == (True, Decimal("0.1"))
    assert (found["Still"].stagnant, found["Still"].days_without_progress) == ("amber", 40)
    assert (found["Back"].went_back, found["Back"].has_fallen) == (True, False)
    assert titles(company.rep, "next") == ["Fine"]


def test_a_line_says_that_go_or_no_go_is_asked_again(company, signed_in):
    def asked():
        answer = signed_in(company.rep).get("/day/").content.decode()
        return answer.count("Go / No-Go asked again"), answer.count("/decisions/new/")

    row = factories.opportunity(company.rep)
    stage = Stage.objects.get(key="discover")
    entered = {"entered_on": today() - timedelta(days=stage.expected_days * 3 // 2)}
    Opportunity.objects.filter(pk=row.pk).update(**entered)
    assert asked() == (0, 0)
    entered["entered_on"] -= timedelta(days=1)
    Opportunity.objects.filter(pk=row.pk).update(**entered)
    assert asked() == (1, 2)  # the link, and where it opens
    climb(row, (1, 1, 1, 1, 1), company.rep)
    assert asked() == (1, 2)
    actions.record_decision(opportunity=row, decision="go", reason="Worth it", actor=company.rep)
    assert asked() == (0, 0)
    fields = {"decision": "go", "reason": "Not yet", "look_again_on": today()}
    actions.record_decision(opportunity=row, actor=company.rep, **fields)
    assert asked() == (1, 2)


def test_go_or_no_go_is_asked_again_after_two_pushes_since_the_decision(company, signed_in):
    def asked():
        return signed_in(company.rep).get("/day/").content.decode().count("Go / No-Go asked again")

    def close(days):
        day = today() + timedelta(days=days)
        changes = {"expected_close_date": day}
        actions.edit_opportunity(opportunity=row, changes=changes, seen=None, actor=company.rep)

    row = factories.opportunity(company.rep)
    for days, number in ((30, 0), (60, 0), (20, 0), (90, 1), (10, 1)):  # set, pushed, pulled, pushed, pulled
        close(days)
        assert asked() == number
    actions.record_decision(opportunity=row, decision="go", reason="Worth it", actor=company.rep)
    for days, number in ((20, 0), (30, 1)):
        assert asked() == 0
        close(days)
        assert asked() == number


def test_a_height_that_fell_is_told_with_both_heights(company):
    row = factories.opportunity(company.rep, "Fallen")
    made = climb(row, (2, 1, 1, 1, 1), company.rep)
    long_ago = timezone.now() - timedelta(days=60)
    row.checkpoints.update(recorded_at=long_ago)
    actions.withdraw_checkpoint(checkpoint=made[0], reason="Misheard", actor=company.rep)
    (line,) = lines(company.rep, "losing")
    assert (line.climb.has_fallen, line.climb.total_before, line.climb.heights.total) == (True, 6, 4)


def test_a_step_back_is_no_progress_and_a_reopening_is(company):
    row = factories.opportunity(company.rep)
    climb(row, (1, 1, 1, 1, 1), company.rep)
    row.checkpoints.update(verified_at=timezone.now() - timedelta(days=90))
    OpportunityVersion.objects.filter(opportunity=row).update(valid_from=timezone.now() - timedelta(days=100))
    Opportunity.objects.filter(pk=row.pk).update(entered_on=today() - timedelta(days=100))
    assert lines(company.rep, "losing")[0].climb.days_without_progress == 90
    actions.move_to_stage(
        opportunity=row, stage=Stage.objects.get(key="lost"), seen=None, actor=company.rep, reason="Price"
    )
    row.refresh_from_db()
    move(row, "discover", company.manager)
    assert titles(company.rep, "next") == [row.title], "reopened today: it moves again"


def test_only_key_accounts_when_asked(company):
    for tier in ("5A", "4A", "3A", ""):
        customer = factories.customer(company.rep, tier=tier)
        factories.opportunity(company.rep, f"Of {tier}", customer=customer)
    assert sorted(titles(company.rep, "unassessed", key_only=True)) == ["Of 4A", "Of 5A"]
    assert my_day(company.rep, key_only=True).figures.count == 4, "the figures are over everything"


def test_nobody_elses(company):
    factories.opportunity(company.mate, "Of a colleague")
    shared = factories.opportunity(company.mate, "Shared")
    actions.add_collaborator(opportunity=shared, user=company.rep, actor=company.mate)
    assert my_day(company.rep).sections == []
    assert my_day(company.manager).sections == []


def test_a_visit_of_what_was_handed_over_goes_out_of_sight(company, signed_in):
    row = factories.opportunity(company.rep, "Handed on", customer=factories.customer(company.rep, "Secret Works"))
    kind = ActivityKind.objects.get(key="visit")
    Activity.objects.create(
        kind=kind, owner=company.rep, opportunity=row, customer=row.customer, objective="Ask the chairman",
        planned_at=timezone.now(),
    )  # fmt: skip
    assert len(my_day(company.rep).schedule) == 1
    actions.assign(opportunity=row, owner=company.mate, seen=None, actor=company.manager)
    row.customer.owner = company.mate
    row.customer.save()
    found = my_day(company.rep)
    assert (found.schedule, found.sections) == ([], [])
    page = signed_in(company.rep).get("/day/").content.decode()
    assert "Secret Works" not in page and "Ask the chairman" not in page


def test_figures_equal_those_of_the_own_pipeline(company):
    from pipeline.selectors.funnel import funnel

    one = factories.opportunity(company.rep, amount=Decimal("1234.50"))
    climb(one, (2, 2, 2, 2, 2), company.rep)
    move(one, "validate", company.rep)
    factories.opportunity(company.rep, amount=Decimal("333.33"))
    figures, whole = my_day(company.rep).figures, funnel(Scope("owner", owner_id=company.rep.pk)).open
    assert (figures.count, figures.amount, figures.weighted) == (whole.count, whole.amount, whole.weighted)
    assert figures.counted == Decimal("308.63") + Decimal("33.33")
    assert (figures.unassessed, figures.height) == (Decimal("333.33"), 10)


def test_what_others_changed_since_one_looked(company):
    row = factories.opportunity(company.rep, "Watched")
    (record, *_) = climb(row, (0, 5, 0, 0, 0), company.rep, grade="E2")[-1:]
    actions.edit_opportunity(opportunity=row, changes={"amount": Decimal(7)}, seen=None, actor=company.manager)
    actions.confirm_checkpoint(checkpoint=record, actor=company.manager)
    actions.lower_grade(checkpoint=record, grade="E1", reason="No trace", actor=company.manager)
    found = news_of(company.rep)
    assert [(each.how, each.entry and each.entry.changes[0].kind) for each in found] == [
        ("lowered", None), ("confirmed", None), ("", "amount"),
    ]  # fmt: skip
    assert {each.actor for each in found} == {company.manager}


def test_what_others_do_with_evidence_is_news_too(company):
    row = factories.opportunity(company.rep, "Watched")
    actions.add_collaborator(opportunity=row, user=company.mate, actor=company.rep)
    (record, *_) = climb(row, (1, 0, 0, 0, 0), company.mate)
    actions.withdraw_checkpoint(checkpoint=record, reason="Misheard", actor=company.mate)
    actions.record_decision(opportunity=row, decision="no_go", reason="Too small", actor=company.mate)
    assert {each.how for each in news_of(company.rep)} == {"added", "withdrawn", "no_go"}
    assert news_of(company.mate) == []


def test_what_others_did_with_the_customer_is_news_too(company, signed_in):
    row, now = factories.opportunity(company.rep, "Watched"), timezone.now()
    visit = ActivityKind.objects.get(key="visit")
    actions.add_collaborator(opportunity=row, user=company.mate, actor=company.rep)
    for who, outcome in ((company.mate, "They <b>agree</b>"), (company.rep, "Mine")):
        at = now - timedelta(days=1)
        actions.log_activity(actor=who, kind=visit, opportunity=row, done_at=at, outcome=outcome, objective="Meet")
    assert [(each.act, each.actor, each.opportunity) for each in news_of(company.rep)] == [
        ("They <b>agree</b>", company.mate, row)
    ]
    page = signed_in(company.rep).get("/day/news/").content.decode()
    assert "Done with the customer: They &lt;b&gt;agree&lt;/b&gt;" in page
    assert news_of(company.mate) == []


def test_what_others_did_is_news_when_they_say_so_however_long_ago_it_was(company, signed_in):
    row, visit = factories.opportunity(company.rep, "Watched"), ActivityKind.objects.get(key="visit")
    actions.add_collaborator(opportunity=row, user=company.mate, actor=company.rep)
    at = timezone.now() - timedelta(days=40)
    planned = factories.activity(company.mate, opportunity=row, planned_at=at)
    about = {"actor": company.mate, "kind": visit, "opportunity": row, "done_at": at}
    known = actions.log_activity(**about, outcome="Said before one looked")
    signed_in(company.rep).post("/day/looked/")
    assert news_of(company.rep) == []
    actions.log_activity(**about, outcome="Entered late")
    actions.debrief_activity(activity=planned, done_at=at, seen=None, actor=company.mate, outcome="Told late")
    actions.edit_activity(activity=known, changes={"outcome": "Put right"}, seen=None, actor=company.mate)
    corrected, *news = news_of(company.rep)
    assert (corrected.act, str(corrected.part.changes[0])) == ("", "Outcome: Said before one looked → Put right")
    assert [each.act for each in news] == ["Told late", "Entered late"]
    assert all(each.at > at + timedelta(days=39) for each in news)


def test_what_others_did_to_people_plan_and_strategy_is_news_too(company, signed_in):
    row, unseen = factories.opportunity(company.rep, "Watched"), factories.opportunity(company.mate, "Not mine")
    wang = factories.contact(company.rep, row.customer, name="Wang <i>Wei</i>")
    mine = actions.add_stakeholder(opportunity=row, actor=company.rep, contact=wang)
    signed_in(company.rep).post("/day/looked/")
    edited = {"changes": {"stance": -2, "influence": 5}, "seen": None, "actor": company.manager}
    actions.edit_stakeholder(stakeholder=mine, **edited)
    post = actions.add_stakeholder(opportunity=row, actor=company.manager, role_title="Chief buyer")
    actions.archive_stakeholder(stakeholder=post, seen=None, actor=company.manager)
    actions.edit_strategy(
        opportunity=row, seen=None, actor=company.manager,
        changes={
            "sales_theme": "Fewer stops", "price_floor": Decimal(4321),
            "success_factors": {"pricing": {"rating": "red", "fact": "Too dear"}},
        },
    )  # fmt: skip
    for deal, title in ((row, "Send the plan"), (unseen, "Hidden task")):
        actions.add_task(opportunity=deal, actor=company.manager, title=title)
    rival = actions.add_competitor(opportunity=row, actor=company.manager, name="Rival Works")
    actions.edit_competitor(competitor=rival, changes={"counter": "Trial"}, seen=None, actor=company.rep)
    news = news_of(company.rep)
    assert [(each.part.entry.model, each.part.entry.action, each.part.name) for each in reversed(news)] == [
        ("stakeholder", "edit", "Wang <i>Wei</i>"), ("stakeholder", "create", "Chief buyer"),
        ("stakeholder", "archive", "Chief buyer"), ("strategysheet", "edit", ""),
        ("jointtask", "create", "Send the plan"), ("competitor", "create", "Rival Works"),
    ]  # fmt: skip
    assert {(each.opportunity, each.actor) for each in news} == {(row, company.manager)}
    assert {(each.label, each.after) for each in news[-1].part.changes} == {("Stance", "-2"), ("Influence", "5")}
    page = signed_in(company.rep).get("/day/news/").content.decode()
    assert "Wang &lt;i&gt;Wei&lt;/i&gt;" in page and "Somebody on the power map" in page
    assert "</span>  <span aria-label" not in page, "a new part became nothing before"
    assert "Fewer stops" in page and "4321" not in page and "Hidden task" not in page
    assert news_of(company.manager) == []
    with translation.override("zh-hans"):
        labels = {change.label for each in news_of(company.rep) for change in each.part.changes}
    assert labels and not any(label.isascii() for label in labels)


def test_what_others_plan_move_cancel_and_coach_is_news_too(company, signed_in):
    row, hidden = factories.opportunity(company.rep, "Watched"), factories.opportunity(company.mate, "Not mine")
    about = {"kind": ActivityKind.objects.get(key="visit"), "done_at": timezone.now(), "outcome": "Done"}
    mine = actions.log_activity(actor=company.rep, opportunity=row, **about)
    planned = factories.activity(company.rep, opportunity=row, objective="Mine to do")
    signed_in(company.rep).post("/day/looked/")
    factories.activity(company.manager, opportunity=hidden, objective="Hidden visit")
    visit = factories.activity(company.manager, opportunity=row, objective="See <b>her</b>")
    later = {"planned_at": timezone.now() + timedelta(days=9), "seen": None, "actor": company.manager}
    visit = actions.reschedule_activity(activity=visit, **later)
    actions.cancel_activity(activity=visit, reason="She is away", seen=None, actor=company.manager)
    actions.coach_activity(activity=mine, note="Ask for the date", seen=None, actor=company.manager)
    told = {"done_at": timezone.now(), "outcome": "Done for you", "seen": None}
    actions.debrief_activity(activity=planned, actor=company.manager, **told)
    news = news_of(company.rep)
    assert [(each.part.entry.action, each.part.name) for each in reversed(news)] == [
        ("create", "See <b>her</b>"), ("reschedule", "See <b>her</b>"), ("cancel_activity", "See <b>her</b>"),
        ("coach", "Done"), ("debrief", "Mine to do"),
    ]  # fmt: skip
    assert {each.actor for each in news} == {company.manager}
    assert [[change.label for change in each.part.changes] for each in news[1:]] == [
        ["Coaching note"], ["Reason"], ["Planned"], ["Planned"],
    ]  # fmt: skip
    page = signed_in(company.rep).get("/day/news/").content.decode()
    for text in ("Ask for the date", "She is away", "See &lt;b&gt;her&lt;/b&gt;", "Done for you"):
        assert text in page, text
    assert "Hidden visit" not in page
    assert news_of(company.manager) == []


def test_what_no_version_keeps_and_a_refused_waiver_are_news_too(company, signed_in):
    MethodSetting.objects.update(gate_mode=MethodSetting.GateMode.ENFORCE)
    row, other = factories.opportunity(company.rep, "Watched"), factories.customer(company.rep, "Another one")
    waiver = actions.ask_waiver(opportunity=row, stage=Stage.objects.get(key="validate"), reason="x", actor=company.rep)
    changes = {"title": "Crane", "customer": other, "amount": Decimal(7)}
    actions.edit_opportunity(opportunity=row, changes=changes, seen=None, actor=company.manager)
    actions.refuse_waiver(waiver=waiver, reason="See the director first", actor=company.manager)
    refused, *edited = news_of(company.rep)
    assert (refused.part.entry.action, str(refused.part.changes[-1])) == (
        "waiver_refused", "Reason: See the director first",
    )  # fmt: skip
    told = {change.label for each in edited if each.part for change in each.part.changes}
    assert told == {"Title", "Customer"} and [each.entry.changes[0].kind for each in edited if each.entry] == ["amount"]
    page = signed_in(company.rep).get("/day/news/").content.decode()
    assert "See the director first" in page and "Another one" in page


def test_an_undone_edit_is_as_if_it_had_not_been(company):
    row, other = factories.opportunity(company.rep, "Watched"), factories.opportunity(company.rep, "Other")
    changes = {"title": "Crane", "amount": Decimal(7)}
    changed = actions.edit_opportunity(opportunity=row, changes=changes, seen=None, actor=company.manager)
    actions.edit_opportunity(opportunity=other, changes={"title": "Kept"}, seen=None, actor=company.manager)
    assert len(news_of(company.rep)) == 3
    undone = actions.undo(opportunity=changed, actor=company.manager, seen=changed.version)
    assert [str(each.opportunity) for each in news_of(company.rep)] == ["Kept"]
    actions.edit_opportunity(opportunity=undone, changes={"title": "Again"}, seen=None, actor=company.manager)
    assert [str(each.opportunity) for each in news_of(company.rep)] == ["Again", "Kept"]


def test_more_news_than_my_day_shows_are_on_their_page(company, signed_in):
    row = factories.opportunity(company.rep, "Watched")
    for number in range(NEWS_SHOWN + 1):
        actions.add_competitor(opportunity=row, actor=company.manager, name=f"Rival {number:02}")
    client, link = signed_in(company.rep), "Show all</a>"
    panel, page = (client.get("/day/news/", headers=told).content.decode() for told in ({"HX-Request": "true"}, {}))
    named = 'fw-normal">Rival'
    assert panel.count(named) == NEWS_SHOWN and link in panel
    assert page.count(named) == NEWS_SHOWN + 1 and link not in page
    assert "Seen</button>" in page and "Seen</button>" not in panel


def test_news_are_marked_as_seen_where_all_of_them_are_shown(company, signed_in):
    row, client = factories.opportunity(company.rep, "Watched"), signed_in(company.rep)
    more = "are shown; there are more."
    for number in range(NEWS_ON_PAGE + 1):
        if number == NEWS_ON_PAGE:
            page = client.get("/day/news/").content.decode()
            assert more not in page and "Seen</button>" in page
        actions.add_competitor(opportunity=row, actor=company.manager, name=f"Rival {number:03}")
    page, whole = (client.get(url).content.decode() for url in ("/day/news/", "/day/news/?all=1"))
    assert page.count('fw-normal">Rival') == NEWS_ON_PAGE and "Rival 000" not in page
    assert f"The latest {NEWS_ON_PAGE} {more}" in page and "/day/news/?all=1" in page and "Seen</button>" not in page
    assert whole.count('fw-normal">Rival') == NEWS_ON_PAGE + 1 and more not in whole and "Seen</button>" in whole
    client.post("/day/looked/", {"until": re.search('name="until" value="([^"]+)"', whole)[1]})
    assert news_of(company.rep) == []


def test_files_and_who_works_on_it_are_news_too(company, signed_in):
    row, unseen = factories.opportunity(company.rep, "Watched"), factories.opportunity(company.mate, "Not mine")
    mine, theirs = (SimpleUploadedFile(name, b"words") for name in ("mine.txt", "plan & price.txt"))
    actions.store_attachment(opportunity=row, upload=mine, actor=company.rep)
    kept = actions.store_attachment(opportunity=row, upload=theirs, actor=company.manager)
    actions.remove_attachment(attachment=kept, actor=company.manager)
    for deal, user in ((row, company.mate), (unseen, company.rep)):
        actions.add_collaborator(opportunity=deal, user=user, actor=company.manager)
    actions.remove_collaborator(opportunity=row, user=company.mate, actor=company.manager)
    news = news_of(company.rep)
    assert [(each.part.entry.action, each.part.name) for each in reversed(news)] == [
        ("add_file", "plan & price.txt"), ("remove_file", "plan & price.txt"),
        ("add_collaborator", "Mate"), ("remove_collaborator", "Mate"),
    ]  # fmt: skip
    assert {(each.opportunity, each.actor) for each in news} == {(row, company.manager)}
    page = signed_in(company.rep).get("/day/news/").content.decode()
    assert 'Added a file · <span class="fw-normal">plan &amp; price.txt</span>' in page
    assert 'Removed somebody who worked on it · <span class="fw-normal">Mate</span>' in page
    assert "mine.txt" not in page and "Not mine" not in page
    assert news_of(company.manager) == []


def test_what_came_after_the_page_was_drawn_stays_news(company, signed_in):
    client = signed_in(company.rep)
    drawn = timezone.now()
    row = factories.opportunity(company.rep)
    actions.edit_opportunity(opportunity=row, changes={"amount": Decimal(7)}, seen=None, actor=company.manager)
    client.post("/day/looked/", {"until": drawn.isoformat()})
    assert len(news_of(company.rep)) == 1
    client.post("/day/looked/", {"until": (timezone.now() + timedelta(days=9)).isoformat()})
    assert Look.objects.get().looked_at <= timezone.now()
    for odd in ("soon", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00", "2026-03-01T09:00:00"):
        assert client.post("/day/looked/", {"until": odd})["Location"] == "/day/"


def test_looked_at_is_remembered(company, signed_in):
    row = factories.opportunity(company.rep)
    actions.edit_opportunity(opportunity=row, changes={"amount": Decimal(7)}, seen=None, actor=company.manager)
    client = signed_in(company.rep)
    assert "Seen" in client.get("/day/news/").content.decode()
    assert client.post("/day/looked/")["Location"] == "/day/"
    assert Look.objects.get().user == company.rep
    assert news_of(company.rep) == []


def test_a_section_shows_its_first_lines_and_on_request_all(company, signed_in):
    for _number in range(SHOWN + 2):
        factories.opportunity(company.rep)
    (section,) = my_day(company.rep).sections
    assert (section.count, len(section.lines), section.rest) == (SHOWN + 2, SHOWN, 2)
    assert len(lines(company.rep, "unassessed", whole="unassessed")) == SHOWN + 2
    page = signed_in(company.rep).get("/day/").content.decode()
    assert "?all=unassessed#day-unassessed" in page


def test_what_was_typed_is_escaped_in_every_kind_of_line(company, signed_in):
    typed = "<b>'&\"</b>"
    for due in (None, today(), today() - timedelta(days=1)):
        row = factories.opportunity(company.rep, typed, customer=factories.customer(company.rep, typed))
        changes = {"next_step": typed, "next_step_due": due}
        actions.edit_opportunity(opportunity=row, changes=changes, seen=None, actor=company.rep)
        climb(row, (1, 0, 0, 0, 0), company.rep)
        factories.activity(company.rep, opportunity=row, objective=typed, planned_at=timezone.now())
    move(row, "lock", company.rep)
    page = signed_in(company.rep).get("/day/").content.decode()
    assert typed not in page and "<b>'" not in page
    assert page.count("&lt;b&gt;&#x27;&amp;&quot;&lt;/b&gt; · &lt;b&gt;") >= 6


@pytest.mark.parametrize("number", [2, 40])
def test_as_many_queries_however_many_deals(company, signed_in, number):
    for each in range(number):
        row = factories.opportunity(company.rep)
        if each % 2:
            climb(row, (1, 0, 0, 0, 0), company.rep)
            actions.edit_opportunity(
                opportunity=row, changes={"next_step": "x", "next_step_due": today()}, seen=None, actor=company.manager
            )
            task = actions.add_task(opportunity=row, actor=company.manager, title="Task", owner=company.rep)
            actions.edit_task(task=task, changes={"owner": company.mate}, seen=None, actor=company.manager)
            actions.add_collaborator(opportunity=row, user=company.mate, actor=company.manager)
    client = signed_in(company.rep)
    for url, most in (("/day/", 12), ("/day/news/", 11)):
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        assert len(queries) <= most


def test_the_news_are_a_panel_and_a_page(company, signed_in):
    row = factories.opportunity(company.rep, "Watched")
    actions.edit_opportunity(opportunity=row, changes={"amount": Decimal(7)}, seen=None, actor=company.manager)
    client = signed_in(company.rep)
    page, panel = (client.get("/day/news/", headers=told) for told in ({}, {"HX-Request": "true"}))
    assert "Watched" in page.content.decode() and "<html" in page.content.decode()
    assert "Watched" in panel.content.decode() and "<html" not in panel.content.decode()
    assert 'hx-get="/day/news/"' in client.get("/day/").content.decode()
    assert "Watched" not in signed_in(company.mate).get("/day/news/").content.decode()


def test_done_asks_for_the_next_step_and_keeps_what_was_typed(company, signed_in):
    row = factories.opportunity(company.rep)
    row = actions.edit_opportunity(opportunity=row, changes={"next_step": "Call"}, seen=None, actor=company.rep)
    client, url = signed_in(company.rep), f"/opportunities/{row.pk}/next-step/done/"
    asked = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Call" in asked and 'value="Call"' not in asked
    refused = client.post(url, {"version": row.version, "next_step": "Visit", "next_step_due": "soon"})
    assert refused.status_code == 422 and 'value="Visit"' in refused.content.decode()
    assert client.post(url, {"version": row.version, "next_step": "Visit", "next_step_due": ""}).status_code == 302
    row.refresh_from_db()
    assert (row.next_step, row.next_step_due) == ("Visit", None)
    stale = client.post(url, {"version": row.version - 1, "next_step": "Other"})
    assert stale.status_code == 409


def test_a_manager_without_a_deal_of_their_own_starts_from_the_team(company, signed_in):
    row = factories.opportunity(company.rep, "Of the team")
    climb(row, (0, 0, 0, 0, 5), company.rep, grade="E2")
    client = signed_in(company.manager)
    page = client.get("/day/").content.decode()
    assert "asc-kpis" not in page and "Nothing waits for you" not in page
    queue, count = "/confirmations/", "/confirmations/count/"
    for url in (queue, count, "/opportunities/", "/customers/?neglected=true", "/dashboard/"):
        assert f'"{url}"' in page[page.index('id="day-team"') :], url
        assert client.get(url).status_code == 200
    assert "1<span" in client.get(count).content.decode()
    assert 'id="day-team"' not in signed_in(company.rep).get("/day/").content.decode()
    factories.opportunity(company.manager, "Of their own")
    page = signed_in(company.manager).get("/day/").content.decode()
    assert 'id="day-team"' not in page and "asc-kpis" in page


def test_reps_land_here(company, signed_in):
    assert signed_in(company.rep).get("/")["Location"] == "/day/"
    assert signed_in(company.manager).get("/")["Location"] == "/opportunities/"
    assert User.objects.get(pk=company.rep.pk).role == "rep"


def test_what_was_planned_for_an_archived_deal_or_customer_is_not_due(company):
    deal = factories.opportunity(company.rep)
    of_customer = factories.customer(company.rep, "Gone")
    factories.activity(company.rep, opportunity=deal, planned_at=timezone.now())
    factories.activity(company.rep, customer=of_customer, planned_at=timezone.now())
    factories.activity(company.rep, planned_at=timezone.now(), objective="Stays")
    Opportunity.objects.filter(pk=deal.pk).update(archived_at=timezone.now())
    type(of_customer).objects.filter(pk=of_customer.pk).update(archived_at=timezone.now())
    assert words(company.rep, "today") == ["Stays"]
