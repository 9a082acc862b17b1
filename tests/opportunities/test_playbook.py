"""The playbook: who writes it, what is kept of it, where it is offered, and that its Markdown does no harm."""

from html.parser import HTMLParser
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry
from config.web.markdown import rendered
from config.web.revisions import StaleWrite
from customers.actions import archive_product
from opportunities import actions
from opportunities.actions.playbook import RUNGS, ship_playbook
from opportunities.forms.playbook import PlaybookForm
from opportunities.models import Attachment, PlaybookEntry, PlaybookVersion, Stage
from opportunities.selectors.playbook import entries_for
from tests import factories
from tests.opportunities.browser_door import HTMX, as_drawn, queries_of, text_of
from tests.web import uploads

pytestmark = pytest.mark.django_db
shipped = import_module("opportunities.migrations.0009_shipped_playbook")


def create(company, **fields):
    given = {"kind": "script", "title_en": "Opening", "body_en": "Say **hello**", "rungs": ["power:1"], **fields}
    return actions.create_entry(actor=company.manager, **given)


def edit(entry, actor, seen=None, **changes):
    return actions.edit_entry(entry=entry, changes=changes, seen=seen, actor=actor)


# --- What is shipped --------------------------------------------------------------------------


def test_twenty_entries_and_more_in_both_languages():
    entries = list(PlaybookEntry.objects.prefetch_related("stages"))
    assert len(entries) >= 20
    assert {entry.kind for entry in entries} == set(PlaybookEntry.Kind.values)
    assert {rung for entry in entries for rung in entry.rungs} == set(RUNGS), "every rung has something that helps"
    assert {stage.key for entry in entries for stage in entry.stages.all()} == {
        "discover", "validate", "cocreate", "decide", "lock",
    }  # fmt: skip
    for entry in entries:
        assert entry.title_zh and entry.title_en and len(entry.body_zh) > 150 and len(entry.body_en) > 400
        assert entry.stages.all()
        entry.full_clean()
        for body in (entry.body_zh, entry.body_en):
            assert "<h2>" in rendered(body) and "&lt;" not in rendered(body)
    assert PlaybookVersion.objects.count() == len(entries)


def test_shipping_twice_changes_nothing_and_ties_what_was_untied():
    entry = PlaybookEntry.objects.get(key="veto-list")
    PlaybookEntry.objects.filter(pk=entry.pk).update(title_en="Ours")
    entry.stages.clear()
    PlaybookEntry.objects.get(key="joint-plan").versions.all().delete()
    PlaybookEntry.objects.get(key="joint-plan").delete()
    count = PlaybookEntry.objects.count()
    for _time in range(2):
        ship_playbook()
    assert PlaybookEntry.objects.count() == count + 1
    entry.refresh_from_db()
    assert entry.title_en == "Ours" and set(entry.stages.values_list("key", flat=True)) == {"cocreate", "decide"}
    shipped.ship_playbook(apps, None)
    assert PlaybookVersion.objects.count() == count + 1


# --- Writing ----------------------------------------------------------------------------------


def test_every_save_keeps_a_version(company):
    product, stage = factories.product(company.admin, "Rack"), Stage.objects.get(key="discover")
    entry = create(company, stages=[stage], products=[product], rungs=["value:2", "power:1", "power:1"])
    assert entry.rungs == ["power:1", "value:2"]
    entry = edit(entry, company.admin, title_zh="开场", products=[])
    assert (entry.version, list(entry.products.all()), list(entry.stages.all())) == (2, [], [stage])
    kept = list(entry.versions.values_list("number", "title_zh", "saved_by__username"))
    assert kept == [(2, "开场", "admin"), (1, "", "manager")]
    changes = AuditEntry.objects.latest("id").changes
    assert changes == {"title_zh": ["", "开场"], "products": [[product.key], []]}
    edit(entry, company.admin, title_zh="开场", stages=[stage])
    assert PlaybookVersion.objects.filter(entry=entry).count() == 2


def test_who_writes_too_late_is_told(company):
    entry = create(company)
    edit(entry, company.admin, title_en="Theirs", stages=[Stage.objects.get(key="lock")])
    with pytest.raises(StaleWrite):
        edit(entry, company.manager, seen=1, title_en="Mine")
    with pytest.raises(StaleWrite):
        edit(entry, company.manager, seen=1, stages=[])
    assert edit(entry, company.manager, seen=1, body_en="Other").version == 3


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"title_en": " "}, "title_zh"),
        ({"body_en": ""}, "body_zh"),
        ({"rungs": ["power:7"]}, "rungs"),
        ({"rungs": ["x"]}, "rungs"),
        ({"kind": "song"}, "kind"),
        ({"title_en": "x" * 201}, "title_en"),
        ({"body_en": "x" * 20_001}, "body_en"),
        ({"title_en": "a\x00b"}, "title_en"),
    ],
)
def test_what_is_refused(company, fields, name):
    count = PlaybookEntry.objects.count()
    with pytest.raises(ValidationError) as error:
        create(company, **fields)
    assert set(error.value.message_dict) == {name}
    entry = create(company)
    with pytest.raises(ValidationError) as error:
        edit(entry, company.manager, **fields)
    assert set(error.value.message_dict) == {name}
    assert PlaybookEntry.objects.count() == count + 1


def test_reps_and_executives_read(company):
    entry = create(company)
    for person in (company.rep, company.executive):
        for act in (
            lambda person=person: actions.create_entry(actor=person, kind="script", title_en="x", body_en="x"),
            lambda person=person: edit(entry, person, title_en="x"),
            lambda person=person: actions.archive_entry(entry=entry, seen=None, actor=person),
            lambda person=person: actions.restore_entry(entry=entry, seen=None, actor=person),
            lambda person=person: actions.store_playbook_attachment(
                entry=entry, upload=SimpleUploadedFile("a.txt", b"x"), actor=person
            ),
        ):
            with pytest.raises(PermissionDenied):
                act()


def test_archived_entries_are_offered_no_more(company):
    entry = create(company, rungs=["power:1"])
    deal = factories.opportunity(company.rep)
    assert entry.pk in {offer.id for offer in entries_for(deal, ["power:1"], most=99)}
    entry = actions.archive_entry(entry=entry, seen=None, actor=company.manager)
    assert actions.archive_entry(entry=entry, seen=None, actor=company.manager).archived_at == entry.archived_at
    assert entry.pk not in {offer.id for offer in entries_for(deal, ["power:1"], most=99)}
    with pytest.raises(ValidationError, match="archived"):
        edit(entry, company.manager, title_en="x")
    entry = actions.restore_entry(entry=entry, seen=None, actor=company.manager)
    assert entry.archived_at is None


# --- Offers -----------------------------------------------------------------------------------


def test_the_weakest_factor_comes_first_then_stage_and_product(company):
    PlaybookEntry.objects.update(archived_at="2026-01-01T00:00Z")
    rack, belt = factories.product(company.admin, "Rack"), factories.product(company.admin, "Belt")
    discover = Stage.objects.get(key="discover")
    deal = factories.opportunity(company.rep, product=rack)
    later = create(company, title_en="later", rungs=["goal:1"])
    plain = create(company, title_en="plain", rungs=["power:1", "goal:1"])
    here = create(company, title_en="here", rungs=["power:1"], stages=[discover])
    exact = create(company, title_en="exact", rungs=["power:1"], stages=[discover], products=[rack])
    create(company, title_en="other product", rungs=["power:1"], products=[belt])
    create(company, title_en="other rung", rungs=["power:2"])
    offers = entries_for(deal, ["power:1", "goal:1"], most=9)
    assert [offer.id for offer in offers] == [exact.pk, here.pk, plain.pk, later.pk]
    assert [offer.rung for offer in offers] == ["power:1", "power:1", "power:1", "goal:1"]
    assert [offer.id for offer in entries_for(deal, ["power:1", "goal:1"])] == [exact.pk, here.pk, plain.pk]
    assert entries_for(deal, []) == []


def test_offers_ask_once(company, django_assert_num_queries):
    deal = factories.opportunity(company.rep)
    with django_assert_num_queries(1):
        entries_for(deal, ["power:1", "goal:1"])


# --- Pages ------------------------------------------------------------------------------------


def test_the_list_is_searched_and_filtered(company, signed_in):
    entry = create(
        company, title_zh="独一无二", body_en="zebra", rungs=["value:6"], stages=Stage.objects.filter(key="lock")
    )
    client = signed_in(company.rep)
    for query in ("q=独一", "q=ZEBRA", "q=zebra&kind=script&stage=lock&rung=value:6"):
        shown = [found.pk for found, _rungs in client.get(f"/playbook/?{query}").context["entries"]]
        assert shown == [entry.pk]
    for query in ("q=zebra&kind=checklist", "q=zebra&stage=discover", "q=zebra&rung=value:5", "stage=nowhere"):
        answer = client.get(f"/playbook/?{query}")
        assert answer.context["entries"] == [] and "No entry matches" in text_of(answer)
    assert "New entry" not in text_of(client.get("/playbook/"))


def test_the_pages_ask_no_more_for_more_entries(company, signed_in):
    client = signed_in(company.rep)
    few = queries_of(lambda: client.get("/playbook/?q=Opening"))
    for number in range(20):
        create(company, title_en=f"Opening {number}", stages=Stage.objects.open())
    assert queries_of(lambda: client.get("/playbook/?q=Opening")) <= few + 1 <= 9
    entry = PlaybookEntry.objects.get(key="veto-list")
    assert queries_of(lambda: client.get(reverse("playbook_entry", args=[entry.pk]))) <= 9


def test_an_entry_is_written_in_the_browser(company, signed_in):
    client = signed_in(company.manager)
    assert 'name="rungs"' in text_of(client.get("/playbook/new/"))
    body = {"kind": "checklist", "title_zh": "清单", "body_zh": "- [ ] 一", "rungs": ["goal:1"], "stages": ["discover"]}
    entry = PlaybookEntry.objects.get(pk=client.post("/playbook/new/", body).url.strip("/").rpartition("/")[2])
    assert (entry.rungs, [stage.key for stage in entry.stages.all()]) == (["goal:1"], ["discover"])
    text = text_of(client.get(f"/playbook/{entry.pk}/"))
    assert "☐ 一" in text
    answer = client.post(f"/playbook/{entry.pk}/edit/", {**body, "title_zh": "新", "version": "1", "stages": []})
    assert answer.status_code == 302
    entry.refresh_from_db()
    assert (entry.title_zh, entry.version, entry.stages.count()) == ("新", 2, 0)
    assert "清单" in text_of(client.get(f"/playbook/{entry.pk}/versions/1/"))
    stale = client.post(f"/playbook/{entry.pk}/edit/", {**body, "title_zh": "我", "version": "1"})
    assert stale.status_code == 409 and "新" in text_of(stale)
    wrong = client.post(f"/playbook/{entry.pk}/edit/", {**body, "title_zh": "", "rungs": ["x"], "version": "2"})
    assert wrong.status_code == 422
    assert client.post(f"/playbook/{entry.pk}/archive/", {"version": "2"}).status_code == 302
    assert client.post(f"/playbook/{entry.pk}/restore/", {"version": "3"}).status_code == 302


def test_what_an_entry_is_tied_to_stays_when_it_is_in_use_no_more(company, signed_in):
    product = factories.product(company.admin)
    entry = create(company, stages=Stage.objects.filter(key__in=["discover", "decide"]), products=[product])
    actions.retire_stage(stage=Stage.objects.get(key="decide"), target=None, actor=company.admin)
    archive_product(product=product, seen=None, actor=company.admin)
    address = f"/playbook/{entry.pk}/edit/"
    answer = as_drawn(signed_in(company.manager), address, title_en="Overture")
    assert answer.status_code in (200, 204, 302), text_of(answer)
    entry.refresh_from_db()
    assert (entry.title_en, entry.products.get()) == ("Overture", product)
    assert [stage.key for stage in entry.stages.all()] == ["discover", "decide"]
    as_drawn(signed_in(company.manager), address, stages=["discover"])  # what was untied is offered no more
    assert "decide" not in [stage.key for stage in PlaybookForm(row=entry).fields["stages"].queryset]


def test_files_of_an_entry(company, signed_in):
    entry, client = create(company), signed_in(company.manager)
    url = f"/playbook/{entry.pk}/files/"
    assert "multipart/form-data" in text_of(client.get(url, headers=HTMX))
    assert client.post(url, {"file": SimpleUploadedFile("x.png", b"<html>")}).status_code == 422
    assert client.post(url, {"file": SimpleUploadedFile("x.png", uploads.picture("PNG"))}).status_code == 302
    row = Attachment.objects.get(playbook_entry=entry)
    reader = signed_in(company.stranger)
    assert f"/files/{row.key}/preview/" in text_of(reader.get(f"/playbook/{entry.pk}/"))
    assert reader.get(f"/files/{row.key}/").status_code == 200
    assert reader.post(f"/files/{row.key}/remove/").status_code == 403
    assert client.post(f"/files/{row.key}/remove/").status_code == 302
    assert reader.get(f"/files/{row.key}/").status_code == 404


def test_removing_a_file_locks_its_entry_alone_and_then_itself(company):
    upload = SimpleUploadedFile("list.txt", b"Ask")
    row = actions.store_playbook_attachment(entry=create(company), upload=upload, actor=company.manager)
    with CaptureQueriesContext(connection) as captured:
        actions.remove_attachment(attachment=row, actor=company.manager)
    reads = [each["sql"] for each in captured if each["sql"].startswith("SELECT") and "_playbookentry" in each["sql"]]
    assert len(reads) == 1 and "JOIN" not in reads[0]
    assert Attachment.objects.get(pk=row.pk).removed_at is not None


def test_what_helps_stands_on_the_page_of_the_opportunity(company, signed_in):
    deal = factories.opportunity(company.rep)
    text = text_of(signed_in(company.rep).get(f"/opportunities/{deal.pk}/"))
    assert "What helps on" in text and "/playbook/" in text


# --- Markdown ---------------------------------------------------------------------------------

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "![x](https://tracker.example.com/a.png)",
    "![x](javascript:alert(1))",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example"onmouseover="alert(1))',
    "<a href='javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    "```<script>\nalert(1)\n```",
    '```" onload="x\ncode\n```',
    "| a |\n|:-:|\n| <script>alert(1)</script> |",
    "[a]: javascript:alert(1)\n\n[a]",
    "<!-- --><style>*{display:none}</style>",
    "<details open ontoggle=alert(1)>",
    "</div></main><h1>Sign in</h1>",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_markdown_does_no_harm(text):
    allowed = {
        "a": {"href", "rel", "title"}, "code": {"class"}, "div": {"class", "tabindex"}, "ol": {"start"},
    }  # fmt: skip
    plain = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "li", "strong", "em", "s", "pre", "blockquote", "hr", "br",
             "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip

    class Checker(HTMLParser):
        def handle_starttag(self, tag, attrs):
            assert tag in plain or tag in allowed, tag
            assert {name for name, _value in attrs} <= allowed.get(tag, set()), attrs
            href = dict(attrs).get("href")
            assert href is None or href.startswith(("https://", "http://", "mailto:")), href

    Checker().feed(rendered(text))


def test_what_markdown_is_good_for():
    html = rendered("# One\n\n- [ ] a\n- [x] b\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n[x](https://a.example) ~~no~~")
    assert "<h2>One</h2>" in html and "☐ a" in html and "☑ b" in html and "<s>no</s>" in html
    assert '<div class="asc-md-table" tabindex="0"><table>' in html and "style=" not in html
    assert '<a href="https://a.example" rel="noopener noreferrer nofollow">x</a>' in html
