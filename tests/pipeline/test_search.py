"""The search over everything: what is found, by whom, and that every write keeps the index."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import translation

from accounts import search
from accounts.models import SearchToken, User
from customers.actions import archive_customer, edit_contact, edit_customer
from opportunities.actions import create_entry, edit_entry, edit_opportunity, undo
from opportunities.models import Opportunity
from pipeline.interchange import import_workspace
from pipeline.interchange.found import catch_up
from pipeline.selectors.searching import INDEXED, search_everything
from tests import factories
from tests.pipeline.interchange.workspaces import BASE, load, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def far(company):
    """远航汽车 of the rep, with a contact and a deal."""
    row = factories.customer(company.rep, "远航汽车有限公司", phone="021-5888 1234", credit_code="91310000132221478C")
    factories.contact(company.rep, row, "李维", phone="13800005678", title="副总裁")
    factories.opportunity(company.rep, "南京基地智能立库", customer=row)
    return row


def texts(user, typed, only=""):
    return {part.kind: [hit.text for hit in part.hits] for part in search_everything(user, typed, only)}


@pytest.mark.parametrize(
    "typed", ["远航", "yhqc", "yuanhang", "YHQC", "1234", "9131", "91310000132221478c", "远航汽车有限公司"]
)
def test_a_customer_is_found_in_every_way(company, far, typed):
    assert texts(company.rep, typed)["customers"] == ["远航汽车有限公司"]


def test_deals_contacts_and_the_playbook_are_found_too(company, far):
    create_entry(
        actor=company.admin, kind="checklist", title_zh="立库价值案例", title_en="Warehouse case", body_en="Text"
    )
    assert texts(company.rep, "znlk") == {"opportunities": ["南京基地智能立库"]}
    assert texts(company.rep, "lw") == {"contacts": ["李维"]}
    assert texts(company.rep, "5678") == {"contacts": ["李维"]}
    for language, title in (("en", "Warehouse case"), ("zh-hans", "立库价值案例")):
        with translation.override(language):
            assert texts(company.rep, "立库价值") == texts(company.rep, "wareh") == {"playbook": [title]}


@pytest.mark.parametrize("typed", ["远航", "yhqc", "lw", "5678", "znlk", "9131", "1234"])
def test_a_stranger_learns_nothing(company, far, typed):
    for person in (company.stranger, company.other_manager, company.mate):
        assert texts(person, typed) == {}
    for person in (company.rep, company.manager, company.director, company.executive, company.admin):
        assert texts(person, typed)


def test_a_hidden_row_takes_no_place_of_one_that_is_seen(company):
    for number in range(40):
        factories.customer(company.stranger, f"远航{number}")
    mine = factories.customer(company.rep, "江苏省南京市远航汽车")
    assert texts(company.rep, "远航") == {"customers": [mine.name]}


@pytest.mark.parametrize("typed", ["5678", "2000", "138000", "zhong", "zhongche", "zc", "中车"])
def test_who_sees_the_same_finds_the_same_whatever_the_plan(company, typed):
    for number in range(60):  # more than one plan takes of one way
        name = ("中车 2000 第{}厂", "种植 138000 {}", "Zhong Che {}", "Works {}")[number % 4].format(number)
        row = factories.customer(company.rep, name, phone=f"1380{number:03}5678")
        factories.contact(company.rep, row, f"中车 {number}", phone=f"1380{number:03}2000")
    found = [search_everything(company.people()[who], typed) for who in ("rep", "manager", "executive", "admin")]
    assert found[0] and all(other == found[0] for other in found[1:])


def test_the_best_come_first_and_more_are_said_to_be_there(company):
    for name in ("江苏远航", "远航汽车工业", "远航"):
        factories.customer(company.rep, name)
    assert texts(company.rep, "yh")["customers"] == ["远航", "远航汽车工业", "江苏远航"]
    for number in range(6):
        factories.customer(company.rep, f"远航{number}厂")
    [part] = search_everything(company.rep, "远航")
    assert (len(part.hits), part.more) == (6, True)
    [part] = search_everything(company.rep, "远航", "customers")
    assert (len(part.hits), part.more) == (9, False)


def test_another_name_is_found_and_the_old_one_no_longer(company, far):
    edit_customer(customer=far, changes={"name": "近海船舶"}, seen=None, actor=company.rep)
    assert texts(company.rep, "yhqc") == {}
    assert texts(company.rep, "jhcb") == {"customers": ["近海船舶"]}
    contact = far.contacts.get()
    edit_contact(contact=contact, changes={"phone": "13900009999"}, seen=None, actor=company.rep)
    assert texts(company.rep, "5678") == {}
    assert texts(company.rep, "9999") == {"contacts": ["李维"]}


def test_a_deal_is_found_by_its_title_as_it_is_after_an_undo(company, far):
    deal = Opportunity.objects.get()
    deal = edit_opportunity(opportunity=deal, changes={"title": "襄阳"}, seen=deal.version, actor=company.rep)
    assert texts(company.rep, "xiangyang") == {"opportunities": ["襄阳"]}
    undo(opportunity=deal, actor=company.rep, seen=deal.version)
    assert texts(company.rep, "xiangyang") == {}
    assert texts(company.rep, "nanjing") == {"opportunities": ["南京基地智能立库"]}


def test_an_entry_of_the_playbook_is_found_by_its_new_title(company):
    entry = create_entry(actor=company.admin, kind="checklist", title_zh="老清单", title_en="", body_zh="文")
    edit_entry(entry=entry, changes={"title_zh": "新清单"}, seen=None, actor=company.admin)
    assert texts(company.rep, "xqd") == {"playbook": ["新清单"]}
    assert texts(company.rep, "lqd") == {}


def test_what_is_archived_is_not_found(company):
    row = factories.customer(company.rep, "远航汽车")
    archive_customer(customer=row, seen=None, actor=company.rep)
    assert texts(company.rep, "yhqc") == {}


def test_contacts_of_an_archived_customer_are_not_found(company, far):
    row = factories.customer(company.rep, "近海船舶")
    factories.contact(company.rep, row, "王川", phone="13900007777")
    assert texts(company.rep, "7777")
    archive_customer(customer=row, seen=None, actor=company.rep)
    assert texts(company.rep, "7777") == texts(company.rep, "wc") == {}
    assert texts(company.rep, "5678")


def test_one_is_found_among_many_that_begin_or_end_alike(company):
    customer = factories.customer(company.rep, "Works")
    for number in range(70):
        factories.contact(company.rep, customer, f"Li {number}", key=f"CUST-{number:05}", phone=f"138{number:04}5678")
    assert texts(company.rep, "13800555678")["contacts"] == ["Li 55"]
    assert texts(company.rep, "CUST-00055")["contacts"] == ["Li 55"]


def test_an_import_is_found_also_where_it_changes_a_name(company, tmp_path):
    SearchToken.objects.all().delete()
    load(write(tmp_path / "in", {"organisation.csv": None, "stages.csv": None, **_deal_in("discover")}))
    assert texts(company.admin, "acme") == {"customers": ["Acme"]}
    assert texts(company.admin, "one")["opportunities"] == ["One"]
    renamed = {
        "customers.csv": "key,name\nacme,远航\n",
        "opportunities.csv": BASE["opportunities.csv"].replace("One", "二期"),
    }
    assert import_workspace(write(tmp_path / "later", renamed, base=False)).ok
    assert texts(company.admin, "acme") == {"customers": ["远航"]}  # by its key
    assert texts(company.admin, "yh")["customers"] == ["远航"]
    assert "opportunities" not in texts(company.admin, "one")
    assert texts(company.admin, "erqi") == {"opportunities": ["二期"]}


def _deal_in(stage):
    events = (
        BASE["opportunity_events.csv"]
        .replace(",stage,lead", f",stage,{stage}")
        .replace(",stage,offer", ",stage,validate")
    )
    return {"opportunity_events.csv": events}


def test_what_was_left_to_be_indexed_is_caught_up(company, far):
    SearchToken.objects.all().delete()
    assert texts(company.rep, "yhqc") == {}
    catch_up()
    assert texts(company.rep, "yhqc")
    assert [search.index_missing(model) for model in INDEXED[:3]] == [0, 0, 0]


def test_every_row_is_indexed_as_the_actions_do(company, far):
    told = set(SearchToken.objects.values_list("kind", "object_id", "token", "rank"))
    SearchToken.objects.all().delete()
    catch_up()
    entries = SearchToken.Kind.PLAYBOOKENTRY
    assert set(SearchToken.objects.exclude(kind=entries).values_list("kind", "object_id", "token", "rank")) == told


@pytest.mark.parametrize("rows", [2, 60])
def test_it_takes_the_same_queries_however_many_rows_there_are(company, signed_in, django_assert_max_num_queries, rows):
    client = signed_in(company.manager)
    for number in range(rows):
        of = factories.customer(company.rep, f"远航{number}")
        factories.contact(company.rep, of, f"远航{number}")
        factories.opportunity(company.rep, f"远航{number}", customer=of)
    with django_assert_max_num_queries(8):
        assert client.get("/search/", {"q": "yuanhang"}).status_code == 200
    with django_assert_max_num_queries(8):
        found = client.get("/api/v1/search/", {"q": "yh"}).json()
    assert [part["kind"] for part in found] == ["customers", "opportunities", "contacts"]


def test_the_page_the_dialog_and_the_list(company, far, signed_in):
    client = signed_in(company.rep)
    assert "<html" in client.get("/search/", {"q": "yhqc"}).content.decode()
    dialog = client.get("/search/", headers={"HX-Request": "true", "HX-Target": "div#dialog-body"}).content.decode()
    assert "data-finding" in dialog
    listed = client.get(
        "/search/", {"q": "yhqc"}, headers={"HX-Request": "true", "HX-Target": "div#find-results"}
    ).content.decode()
    assert "<form" not in listed
    assert f'href="/customers/{far.pk}/"' in listed


@pytest.mark.parametrize("query", ["", "q=", "q=%00", "q=+", f"q={'x' * 201}", "q=yh&kind=people"])
def test_bad_input_is_named(company, far, signed_in, query):
    answer = signed_in(company.rep).get(f"/api/v1/search/?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) <= {"q", "kind"}
    assert signed_in(company.rep).get(f"/search/?{query}").status_code == 200


def test_the_demo_is_found(settings):
    settings.DEBUG = True
    call_command("demo", "--no-history", stdout=StringIO())
    admin = User.objects.get(username="admin")
    assert texts(admin, "yhqc")["customers"] == ["远航汽车"]
