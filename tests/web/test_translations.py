"""The Chinese catalogue is finished and typeset, and no page shows the English words behind it."""

import html
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext, pgettext

from accounts.models import Notification
from accounts.saved_views import save_view
from accounts.tokens import create_token
from customers.actions import (
    add_joint_action,
    add_plan_line,
    add_target,
    assess_customer,
    create_contract,
    create_nps_response,
    create_order,
    create_plan,
    create_supplier,
    create_unit,
)
from customers.models import IdealProfile, Product
from customers.rules.tiers import CRITERIA
from customers.selectors import merges
from opportunities.actions import Evidence, add_checkpoints, ask_waiver
from opportunities.models import (
    Activity,
    ActivityKind,
    Competitor,
    JointTask,
    MethodSetting,
    Opportunity,
    PlaybookEntry,
    Stage,
    Stakeholder,
    Waiver,
)
from pipeline.models import ExportRun, ImportRun
from pipeline.selectors import searching
from scripts.check_translations import CATALOG, ROOT
from tests import factories

pytestmark = pytest.mark.anywhere

HAN = "\u3400-\u9fff"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%\(\w+\)r|\{\w+\}")
MARKUP = re.compile(r"<[^>]*>")
# A Han character beside a Latin letter, a digit or a half-width mark; a placeholder may bring either script.
CRAMPED = re.compile(rf"[{HAN}][A-Za-z0-9]|[A-Za-z0-9%][{HAN}]")
HALF_WIDTH = re.compile(rf"[{HAN}][,;:!?()\"']|[,;:!?()\"'][{HAN}]|[{HAN}]\.|\.\.\.|“|”")
LONG_ENOUGH = 12
# Pages whose address needs more than a row: a figure, a key of a mail, a format.
ARGUMENTS = {
    "board_column": {"key": "discover"},
    "opportunity_field": {"name": "next_step"},
    "dashboard_rows": {"figure": "open"},
    "invitation": {"token": "forged"},
    "calendar_ics": {"token": "forged"},
    "factor_edit": {"factor": "power"},
    "rung_edit": {"factor": "power", "level": 4},
    "playbook_version": {"number": 1},
    "account_plan": {"year": 2026},
    "coverage_set": {"product": 900_001},
    "account_plan_print": {"year": 2026},
    "account_plan_edit": {"section": "share"},
    "joint_action_settle": {"side": "ours", "verb": "finish"},
    "target_settle": {"verb": "drop"},
}
OF_ROUTE = {  # of which kind the row is that an address names, where its name does not begin so
    "opportunities/": "opportunity", "waivers/": "waiver", "evidence/": "checkpoint", "activities/": "activity",
    "settings/activity-kinds/": "kind", "playbook/": "entry", "stakeholders/": "stakeholder", "joint-tasks/": "task",
    "competitors/": "competitor", "settings/method/stages/": "stage", "customers/": "customer", "contacts/": "contact",
    "orders/": "order", "suppliers/": "supplier", "units/": "unit", "contracts/": "contract", "nps/": "nps",
    "plans/": "plan", "plan-lines/": "plan_line", "joint-actions/": "joint_action", "assessments/": "assessment",
    "profiles/": "profile", "targets/": "target",
}  # fmt: skip
NO_PAGE = {
    "account_reset_password_from_key", "account_confirm_email", "opportunity_export", "export_download",
    "import_bad_rows", "audit_export", "dashboard_rows_export",
}  # fmt: skip


def catalogue() -> Catalog:
    with Path(ROOT / CATALOG).open(encoding="utf-8") as file:
        return read_po(file)


def messages() -> list[Message]:
    return [message for message in catalogue() if message.id]


def first(text) -> str:
    return text if isinstance(text, str) else text[0]


def test_every_text_is_translated():
    found = messages()
    assert len(found) > 800
    assert [message.id for message in found if message.fuzzy or not first(message.string).strip()] == []


def test_chinese_has_one_plural():
    assert catalogue().num_plurals == 1
    assert [m.id for m in messages() if not isinstance(m.string, str) and len(m.string) != 1] == []


def test_placeholders_and_markup_are_those_of_the_english():
    wrong = []
    for message in messages():
        english = message.id if isinstance(message.id, str) else message.id[-1]
        chinese = first(message.string)
        for pattern in (PLACEHOLDER, MARKUP):
            if sorted(pattern.findall(english)) != sorted(pattern.findall(chinese)):
                wrong.append((english, chinese))
    assert wrong == []


def test_a_deal_has_one_word_and_a_name_no_blank_before_what_it_owns():
    texts = [first(message.string) for message in messages()]
    assert [text for text in texts if "商机" in text] == []
    owner = re.compile(r"%\((person|name|customer|title|unit)\)s 的")
    assert [text for text in texts if owner.search(text)] == []


@pytest.mark.parametrize("pattern", [CRAMPED, HALF_WIDTH], ids=["space between scripts", "full-width marks"])
def test_chinese_is_typeset(pattern):
    texts = [MARKUP.sub("", PLACEHOLDER.sub("", first(message.string))) for message in messages()]
    assert [text for text in texts if pattern.search(text)] == []


def test_an_end_of_a_sentence_stays_one():
    closed = {".": "。", "?": "？", ":": "："}
    pairs = [(first(message.id), first(message.string)) for message in messages()]
    wrong = [
        (english, chinese)
        for english, chinese in pairs
        if english[-1] in closed and re.search(f"[{HAN}]", chinese) and chinese[-1] != closed[english[-1]]
    ]
    assert wrong == []


@pytest.mark.parametrize("english", [r"\btiers?\b", r"\bassess(?:ments?|ed)?\b", r"\bjoint actions?\b"])
def test_customers_are_spoken_of_in_the_words_of_the_method(english):
    """客户分级, 评分, 共同行动: one word each. A deal is unassessed, 未评估, where its evidence counts as declared."""
    others = re.compile("级别|等级|评估|复评|联合行动")
    said = [(first(m.id), first(m.string)) for m in messages() if re.search(english, first(m.id), re.IGNORECASE)]
    of_deals = {"not assessed: counts as declared", "Not assessed yet."}
    assert len(said) > 3
    assert [text for wording, text in said if wording not in of_deals and others.search(text)] == []


def test_rows_of_a_kind_are_not_called_a_board():
    with translation.override("zh-hans"):
        assert str(merges.NAMES["opportunity"]) == "机会"
        assert [str(kind.label) for kind in searching.KINDS][:3] == ["客户", "机会", "联系人"]


def test_the_compiled_catalogue_is_the_committed_one():
    with translation.override("zh-hans"):
        wrong = [message.id for message in messages() if spoken(message) != first(message.string)]
    assert wrong == [], "run make setup"


def spoken(message: Message) -> str:
    if message.context:
        return pgettext(message.context, first(message.id))
    if isinstance(message.id, str):
        return gettext(message.id)
    return ngettext(message.id[0], message.id[1], 2)


# --- Pages ------------------------------------------------------------------------------------


def addresses(resolver=None, prefix="") -> dict[str, str]:
    """{name: route} of every named address outside of the API."""
    found: dict[str, str] = {}
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if not isinstance(entry, URLPattern):
            found |= addresses(entry, route)
        elif entry.name and not route.startswith("api/"):
            found[entry.name] = route
    return {name: route for name, route in found.items() if name not in NO_PAGE}


def english_texts() -> list[str]:
    """What stands between the placeholders of the English texts, where it is long enough to be no name."""
    texts = [message.id for message in messages() if first(message.string) != first(message.id)]
    variants = [variant for text in texts for variant in ((text,) if isinstance(text, str) else text)]
    pieces = [piece.strip() for text in variants for piece in MARKUP.sub("\n", PLACEHOLDER.sub("\n", text)).split("\n")]
    return sorted({piece for piece in pieces if len(piece) > LONG_ENOUGH})


def visible(page: str) -> str:
    """What a person sees or is read: text, and the attributes that carry words."""
    page = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    spoken_attributes = re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"', page)
    return html.unescape(re.sub(r"\s+", " ", " ".join([MARKUP.sub(" ", page), *spoken_attributes])))


@pytest.fixture
def rows(company):
    """A row for every kind of address, owned by the rep, and somebody else's, closed."""
    customer = factories.customer(company.rep, "北辰航空")
    contact = factories.contact(company.rep, customer, "于慧")
    deal: Opportunity = factories.opportunity(company.rep, "一期立库", customer=customer, amount="1200000.00")
    factories.opportunity(company.mate, "二期立库")
    stage, product = Stage.objects.get(key="discover"), factories.product(company.admin, "立体库")
    bad = {"refused": {"en": "The zip file is damaged.", "zh-hans": "zip 文件已损坏。"}, "bad_count": 1}
    ImportRun.objects.create(requested_by=company.admin, state="refused", report=bad)
    ExportRun.objects.create(requested_by=company.admin)
    run = ImportRun.objects.create(requested_by=company.admin, state="checking", step="users.csv", rows=5)
    told = Notification.objects.create(
        recipient=company.rep, kind="handed_over", model="opportunity", object_id=deal.pk,
        params={"by": company.admin.pk},
    )  # fmt: skip
    Product.objects.create(pk=ARGUMENTS["coverage_set"]["product"], name="输送线")
    return {
        **work_on(deal, company.rep), **planned(customer, company.rep),
        "order": create_order(actor=company.rep, customer=customer, amount=5, booked_on=date(2026, 1, 1)),
        "contract": create_contract(
            actor=company.rep, customer=customer, title="维保", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31)
        ),
        "supplier": create_supplier(actor=company.rep, customer=customer, name="快捷", annual_amount=5),
        "unit": create_unit(actor=company.rep, customer=customer, name="一厂"),
        "nps": create_nps_response(
            actor=company.rep, customer=customer, score=9, answered_on=date(2026, 1, 1), comment="好"
        ),
        "customer": customer, "contact": contact, "opportunity": deal, "product": product, "stage": stage,
        "person": company.mate, "team": company.east, "notification": told,
        "invitation": factories.invitation(company.admin, "lina@example.com", name="李娜", language="zh-hans"),
        "import": run,
        "token": create_token(user=company.rep, name="报表")[0],
        "saved": save_view(actor=company.rep, name="大单", page="board", query="owner=rep", scope="team"),
    }  # fmt: skip


def row_for(name: str, route: str, rows):
    kind = next((kind for begin, kind in OF_ROUTE.items() if route.startswith(begin)), name.partition("_")[0])
    return rows[kind]


def work_on(deal: Opportunity, owner) -> dict[str, Any]:
    """What stands around a deal: evidence, people, plans, activities."""
    contact = factories.contact(owner, deal.customer, "沈立")
    told = {"evidence": "会议纪要", "contact": contact, "said_on": deal.created_on, "link": "https://x.example"}
    record = Evidence(factor="power", level=5, grade="E2", **told)
    kind = ActivityKind.objects.get(key="visit")
    MethodSetting.objects.update(gate_mode="enforce")
    Stage.objects.filter(key="decide").update(floor=4)
    ask_waiver(opportunity=deal, stage=Stage.objects.get(key="decide"), reason="年底前定", actor=owner)
    return {
        "checkpoint": add_checkpoints(opportunity=deal, records=[record], actor=owner)[0],
        "waiver": Waiver.objects.get(),
        "activity": Activity.objects.create(
            kind=kind,
            owner=owner,
            opportunity=deal,
            customer=deal.customer,
            planned_at=timezone.now(),
            objective="拜访",
        ),
        "kind": kind,
        "entry": PlaybookEntry.objects.order_by("pk")[0],
        "stakeholder": Stakeholder.objects.create(opportunity=deal, contact=contact),
        "task": JointTask.objects.create(opportunity=deal, title="试用"),
        "competitor": Competitor.objects.create(opportunity=deal, name="快捷"),
    }


def planned(customer, owner) -> dict[str, Any]:
    """An account plan with a line and a joint action, an assessment."""
    plan = create_plan(actor=owner, customer=customer, year=2026, our_leader=owner)
    kinds = [{"kind": "decision_maker", "weight": 1}, {"kind": "bought_line", "weight": 2}]
    profile = IdealProfile.objects.create(name="高周转制造", line="仓储系统")
    for place, each in enumerate(kinds):
        profile.criteria.create(position=place, **each)
    return {
        "profile": profile,
        "target": add_target(actor=owner, profile=profile, customer=customer, next_step="约见"),
        "plan": plan,
        "assessment": assess_customer(customer=customer, scores=dict.fromkeys(CRITERIA, 3), actor=owner),
        "plan_line": add_plan_line(actor=owner, plan=plan, strategy="零库存", revenue="1200000.00"),
        "joint_action": add_joint_action(actor=owner, plan=plan, action="参观工厂", owner=owner),
    }


@pytest.mark.parametrize("role", ["admin", "rep"])
def test_no_page_in_chinese_shows_english(company, rows, signed_in, role):
    person = getattr(company, role)
    person.language = "zh-hans"
    person.save(update_fields=["language"])
    client, texts = signed_in(person), english_texts()
    seen, wrong = 0, []
    assert len(texts) > 300
    for name, route in addresses().items():
        kwargs = dict(ARGUMENTS.get(name, {}))
        if "<int:pk>" in route:
            kwargs["pk"] = row_for(name, route, rows).pk
        if "<str:key>" in route and name not in ARGUMENTS:
            continue  # a file has no page
        if name.startswith("import_") and "<slug:key>" in route:
            kwargs["key"] = rows["import"].key
        answer = client.get(reverse(name, kwargs=kwargs))
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            shown = visible(answer.content.decode())
            seen += 1
            wrong += [(name, text) for text in texts if text in shown]
    assert seen > 30
    assert wrong == []


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/", "/nowhere/"])
def test_no_page_before_sign_in_shows_english(db, client, address):
    answer = client.get(address, headers={"accept-language": "zh-CN,zh;q=0.9"}, follow=True)
    shown = visible(answer.content.decode())
    assert re.search(f"[{HAN}]", shown)
    assert [text for text in english_texts() if text in shown] == []
