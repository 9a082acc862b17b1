"""Every address with every role: who gets in, who is refused, for whom there is nothing; and that nothing leaks.

An address that is missing from MATRIX fails the test. The rows belong to the rep of the east; the west has its own.
"""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from accounts.models import AuditEntry, Kind, Notification
from accounts.saved_views import save_view
from accounts.tokens import create_token
from customers.models import Order
from opportunities.actions import archive_opportunity
from opportunities.models import Stage
from pipeline.models import ExportRun, ImportRun, WorkspaceRun
from pipeline.runs.storage import ZIP, folder_of
from tests import factories

pytestmark = pytest.mark.django_db

ROLES = ["rep", "mate", "manager", "other_manager", "executive", "admin", "anonymous"]
HIDDEN = {  # words that a role must not meet anywhere
    "rep": ["WESTERN", "8123456", "8,123,456"],
    "mate": ["WESTERN", "EASTERN", "8123456", "8,123,456", "7654321", "7,654,321"],
    "manager": ["WESTERN", "8123456", "8,123,456"],
    "other_manager": ["EASTERN", "7654321", "7,654,321"],
    "executive": [],
    "admin": [],
    "anonymous": ["WESTERN", "EASTERN", "8123456", "8,123,456", "7654321", "7,654,321"],
}

# One letter a role, in the order of ROLES: i gets in (also when the input is refused), r refused (403), h hidden
# (404), s is sent to the sign-in (or 401).
ANYBODY = "iiiiiii"
EVERYBODY = "iiiiiis"
OWNED = "ihihiis"  # those who may see the rep's row
EDITED = "ihihrrs"  # of these, those who may change it
ADMINS = "rrrrris"
SELLERS, SELLERS_AND_ADMINS = "iiiirrs", "iiiiris"
NOBODY = "hhhhhhh"


@dataclass(frozen=True)
class Door:
    """One request: expected letters, the row in the address (`of`), method, body, query."""

    who: str
    of: str = ""
    method: str = "get"
    body: Any = None
    query: str = ""
    kwargs: tuple[tuple[str, Any], ...] = ()


def post(who: str, of: str = "", **body: Any) -> Door:
    return Door(who, of, "post", body)


def patch(who: str, of: str = "", **body: Any) -> Door:
    return Door(who, of, "patch", {"version": 1, **body})


def delete(who: str, of: str = "") -> Door:
    return Door(who, of, "delete", {"version": 1})


MATRIX: dict[str, list[Door]] = {
    # --- open to all
    "healthz": [Door(ANYBODY)],
    "readyz": [Door(ANYBODY)],
    "metrics": [Door(NOBODY)],  # without METRICS_TOKEN; with one: tests/web/test_metrics.py
    "language": [post(ANYBODY, language="en")],
    "account_login": [Door(ANYBODY)],
    "account_signup": [Door(ANYBODY), post(ANYBODY, username="x", password1="y", password2="y")],
    "account_reset_password": [Door(ANYBODY)],
    "account_reset_password_done": [Door(ANYBODY)],
    "account_reset_password_from_key": [Door(ANYBODY, kwargs=(("uidb36", "1"), ("key", "set-password")))],
    "account_reset_password_from_key_done": [Door(ANYBODY)],
    "account_inactive": [Door(ANYBODY)],
    "account_email": [Door("hhhhhhs")],
    "account_email_verification_sent": [Door("hhhhhhs")],
    "account_confirm_email": [Door("hhhhhhs", kwargs=(("key", "a"),))],
    "account_confirm_login_code": [Door("hhhhhhs")],
    "account_set_password": [Door("hhhhhhs")],
    "account_logout": [Door(EVERYBODY)],
    "account_reauthenticate": [Door(EVERYBODY)],
    "account_change_password": [Door(EVERYBODY)],
    # --- one's own
    "home": [Door(EVERYBODY)],
    "preferences": [post(EVERYBODY, theme="dark")],
    "profile": [Door(EVERYBODY)],
    "picker_people": [Door(EVERYBODY)],
    "picker_teams": [Door(EVERYBODY)],
    "picker_customers": [Door(EVERYBODY), Door(EVERYBODY, query="?q=ERN")],
    "picker_products": [Door(EVERYBODY)],
    # --- API tokens
    "tokens": [Door(EVERYBODY)],
    "token_new": [Door(EVERYBODY), post(EVERYBODY, name="x", scope="read")],
    "token_revoke": [Door("ihhhhhs", "token"), post("ihhhhhs", "token")],
    "api-token-list": [Door(EVERYBODY), post(EVERYBODY, name="x")],
    "api-token-detail": [Door("ihhhhhs", "token"), delete("ihhhhhs", "token")],
    # --- notifications
    "notifications": [Door(EVERYBODY), Door(EVERYBODY, query="?before=x")],
    "notifications_read": [post(EVERYBODY, until="1")],
    "notification": [Door("ihhhhhs", "notification")],
    "notification_read": [post("ihhhhhs", "notification")],
    "notification_preferences": [Door(EVERYBODY), post(EVERYBODY, sent="1")],
    "api-notification-list": [Door(EVERYBODY), Door(EVERYBODY, query="?unread=true")],
    "api-notification-detail": [Door("ihhhhhs", "notification")],
    "api-notification-read": [post("ihhhhhs", "notification")],
    "api-notification-read-all": [post(EVERYBODY)],
    "api-notification-preferences": [
        Door(EVERYBODY),
        Door(EVERYBODY, method="patch", body={"overdue": {"mail": False}}),
    ],
    # --- customers, contacts, products
    "customers": [Door(EVERYBODY), Door(EVERYBODY, query="?q=ERN&sort=-open")],
    "customer_new": [Door(SELLERS_AND_ADMINS)],
    "customer": [Door(OWNED, "customer")],
    "customer_edit": [Door(EDITED, "customer"), post(EDITED, "customer", name="x", version=1)],
    "customer_assign": [Door("rhihris", "customer"), post("rhihris", "customer", owner="mate", version=1)],
    "customer_archive": [post(EDITED, "customer", version=1)],
    "customer_restore": [post(EDITED, "customer", version=1)],
    "contact_new": [Door("ihihrrs", "customer"), post("ihihrrs", "customer", name="x")],
    "contacts": [Door(EVERYBODY), Door(EVERYBODY, query="?q=ERN")],
    "contact_edit": [Door(EDITED, "contact"), post(EDITED, "contact", name="x", version=1)],
    "contact_archive": [post(EDITED, "contact", version=1)],
    "contact_restore": [post(EDITED, "contact", version=1)],
    "products": [Door(EVERYBODY)],
    "product_new": [Door(ADMINS), post(ADMINS, name="x")],
    "product_edit": [Door(ADMINS, "product"), post(ADMINS, "product", name="x", version=1)],
    "product_archive": [post(ADMINS, "product", version=1)],
    "product_restore": [post(ADMINS, "product", version=1)],
    # --- opportunities
    "board": [Door(EVERYBODY), Door(EVERYBODY, query="?q=ERN"), Door(EVERYBODY, query="?owner=stranger&team=west")],
    "board_column": [Door(EVERYBODY, kwargs=(("key", "discover"),)), Door(NOBODY[:-1] + "s", kwargs=(("key", "x"),))],
    "opportunity_new": [Door("iiiirrs")],
    "opportunity_move": [
        Door(EDITED, "opportunity", query="?stage=lost"),
        post(EDITED, "opportunity", stage="validate", version=1),
    ],
    "opportunity_undo": [post(OWNED, "opportunity", version=1)],
    "opportunity_table": [Door(EVERYBODY), Door(EVERYBODY, query="?q=ERN&sort=-amount&page=9")],
    "opportunity_export": [
        Door(EVERYBODY, kwargs=(("format", "csv"),)),
        Door(EVERYBODY, kwargs=(("format", "xlsx"),)),
        Door(NOBODY[:-1] + "s", kwargs=(("format", "pdf"),)),
    ],
    "opportunity_bulk": [
        post(SELLERS, act="move", stage="validate", confirmed="1", ids=["1-1", "2-1", "3-1", "4-1"]),
        post("rriiris", act="assign", owner="mate", confirmed="1", ids=["1-1", "2-1"]),
    ],
    "opportunity": [Door(OWNED, "opportunity"), Door(OWNED, "archived")],
    "opportunity_edit": [Door(EDITED, "opportunity"), post(EDITED, "opportunity", title="x", version=1)],
    "opportunity_field": [
        Door(EDITED, "opportunity", kwargs=(("name", "amount"),)),
        Door(EDITED, "opportunity", "post", {"amount": "5", "version": 1}, kwargs=(("name", "amount"),)),
        Door("hhhhrrs", "opportunity", kwargs=(("name", "version"),)),
    ],
    "opportunity_assign": [Door("rhihris", "opportunity"), post("rhihris", "opportunity", owner="mate", version=1)],
    "opportunity_collaborators": [post("ihihrrs", "opportunity", add="mate")],
    "opportunity_archive": [post(EDITED, "opportunity", version=1)],
    "opportunity_restore": [post(EDITED, "archived", version=2)],
    # --- saved views
    "saved_views": [Door(EVERYBODY)],
    "saved_view_bar": [Door(EVERYBODY), Door(EVERYBODY, query="?on=table&q=ERN")],
    "saved_view_new": [Door(EVERYBODY), post(EVERYBODY, name="x", scope="mine", page="board", query="owner=rep")],
    "saved_view_order": [post(EVERYBODY, order="1")],
    "saved_view_edit": [Door("irrhhhs", "view"), post("irrhhhs", "view", name="x", scope="mine", version=1)],
    "saved_view_update": [Door("irrhhhs", "view"), post("irrhhhs", "view", query="", version=1)],
    "saved_view_delete": [Door("irihhis", "view"), post("irihhis", "view", version=1)],
    "saved_view_default": [post("iiihhhs", "view", chosen="1")],
    "api-view-list": [Door(EVERYBODY), post(EVERYBODY, name="x", page="board", query="owner=rep")],
    "api-view-detail": [
        Door("iiihhhs", "view"),
        patch("irrhhhs", "view", name="x"),
        delete("irihhis", "view"),
    ],
    "api-view-default": [post("iiihhhs", "view", default=True)],
    "api-view-reorder": [post(EVERYBODY, order=[])],
    # --- settings
    "settings": [Door(ADMINS)],
    # --- people and teams
    "people": [Door(ADMINS), Door(ADMINS, query="?q=rep&role=rep&team=east&state=active&sort=-open&page=9")],
    "person_new": [Door(ADMINS), post(ADMINS, name="x", email="x@example.com", role="rep", language="en")],
    "person_edit": [Door(ADMINS, "user"), post(ADMINS, "user", name="x", version=1)],
    "person_hand_over": [Door(ADMINS, "user"), post(ADMINS, "user", act="preview", to=["mate"])],
    "person_deactivate": [Door(ADMINS, "user"), post(ADMINS, "user", act="leave")],
    "person_reactivate": [Door(ADMINS, "user"), post(ADMINS, "user", version=1)],
    "people_invite": [post(ADMINS, people=["1"])],
    "invitations": [Door(ADMINS)],
    "invitation_revoke": [post("rrrrris", "invitation")],
    "invitation": [
        Door(NOBODY, kwargs=(("token", "forged"),)),
        Door(NOBODY, "", "post", {"password1": "x", "password2": "x"}, kwargs=(("token", "WyJhIl0:x:y"),)),
    ],
    "team_tree": [Door(ADMINS)],
    "team_new": [Door(ADMINS), post(ADMINS, name="x")],
    "team_edit": [Door(ADMINS, "team"), post(ADMINS, "team", name="x", parent="", version=1)],
    "team_archive": [Door(ADMINS, "team"), post(ADMINS, "team", version=1)],
    "team_restore": [post(ADMINS, "team")],
    # --- first start
    "first_start": [Door(ADMINS), post(ADMINS, name="x", version=1)],
    "first_start_empty": [post(ADMINS)],
    "first_start_demo": [post(ADMINS)],
    "demo_remove": [Door(ADMINS), post(ADMINS, name="Test Works")],
    "settings_organisation": [Door(ADMINS), post(ADMINS, name="x", version=1)],
    # --- workspace import and export
    "workspace": [Door(ADMINS)],
    "import_zip": [post(ADMINS)],
    "import_folder": [post(ADMINS)],
    "import_run": [Door(ADMINS, "import"), Door("rrrrrhs", kwargs=(("key", "x"),))],
    "import_confirm": [post(ADMINS, "import")],
    "import_check": [post(ADMINS, "import")],
    "import_cancel": [post(ADMINS, "import")],
    "import_bad_rows": [Door(ADMINS, "import")],
    "export_new": [post(ADMINS)],
    "export_download": [Door(ADMINS, "export"), Door("rrrrrhs", "export_of_another")],
    "api-import-list": [Door(ADMINS), post(ADMINS, keep_edits=True)],
    "api-import-detail": [Door(ADMINS, "import")],
    "api-import-confirm": [post(ADMINS, "import")],
    "api-import-check": [post(ADMINS, "import")],
    "api-import-cancel": [post(ADMINS, "import")],
    "api-import-bad-rows": [Door(ADMINS, "import")],
    "api-export-list": [Door(ADMINS), post(ADMINS)],
    "api-export-detail": [Door(ADMINS, "export")],
    "api-export-download": [Door(ADMINS, "export"), Door("rrrrrhs", "export_of_another")],
    "settings_stages": [Door(EVERYBODY)],
    "stage_new": [Door(ADMINS), post(ADMINS, name_en="x")],
    "stage_order": [post(ADMINS, order="1")],
    "stage_edit": [Door(ADMINS, "stage"), post(ADMINS, "stage", name_en="x", version=1)],
    "stage_retire": [Door(ADMINS, "stage"), post(ADMINS, "stage", target="lock", version=1)],
    "nightly": [Door(ADMINS)],
    "nightly_run": [post(ADMINS)],
    # --- audit trail
    "audit": [Door(ADMINS), Door(ADMINS, query="?row=ERN&actor=rep&since=2026-01-01")],
    "audit_export": [
        Door(ADMINS, kwargs=(("format", "csv"),)),
        Door(ADMINS, kwargs=(("format", "xlsx"),)),
        Door("rrrrrhs", kwargs=(("format", "pdf"),)),
    ],
    "opportunity_audit": [Door(OWNED, "opportunity"), Door(OWNED, "archived")],
    "customer_audit": [Door(OWNED, "customer")],
    "api-audit-list": [Door(ADMINS)],
    "api-audit-detail": [Door(ADMINS, "entry")],
    # --- computed
    "dashboard": [Door(EVERYBODY), Door("hhhiiis", query="?team=west"), Door("hiihiis", query="?owner=mate")],
    "dashboard_rows": [
        Door(EVERYBODY, kwargs=(("figure", "open"),)),
        Door(EVERYBODY, query="?period=2026-Q4", kwargs=(("figure", "booked"),)),
        Door(EVERYBODY, query="?bar=new&since=2026-01-01&until=2026-11-22", kwargs=(("figure", "bar"),)),
        Door("hhhiiis", query="?owner=stranger", kwargs=(("figure", "open"),)),
        Door(EVERYBODY, query="?member=stranger&of=west", kwargs=(("figure", "open"),)),
    ],
    "api-funnel": [Door(EVERYBODY), Door("hhhiiis", query="?team=west"), Door("hhhiiis", query="?owner=stranger")],
    "api-waterfall": [Door(EVERYBODY, query="?from=2026-01-01&to=2026-11-30")],
    "api-waterfall-items": [Door(EVERYBODY, query="?bar=new&from=2026-01-01&to=2026-11-30")],
    "api-dashboard": [Door(EVERYBODY)],
    # --- API
    "api-schema": [Door(EVERYBODY)],
    "api-docs": [Door(EVERYBODY)],
    "api-sign-in": [post("sssssss", username="rep", password="wrong")],
    "api-not-found": [Door("hhhhhhs")],
    "api-me": [Door(EVERYBODY)],
    "api-organisation": [Door(EVERYBODY), patch(ADMINS, name="x")],
    "api-user-list": [Door(EVERYBODY), post(ADMINS, username="x", name="x")],
    "api-user-detail": [Door(EVERYBODY, "user"), patch(ADMINS, "user", name="x")],
    "api-user-hand-over": [post(ADMINS, "user", to=["mate"])],
    "api-user-deactivate": [post(ADMINS, "user")],
    "api-user-reactivate": [post(ADMINS, "user")],
    "api-user-invite": [post(ADMINS, "user")],
    "api-team-list": [Door(EVERYBODY), post(ADMINS, name="x")],
    "api-team-detail": [Door(EVERYBODY, "team"), patch(ADMINS, "team", name="x"), delete(ADMINS, "team")],
    "api-team-restore": [post(ADMINS, "team")],
    "api-customer-list": [Door(EVERYBODY), Door(EVERYBODY, query="?search=ERN"), post(SELLERS_AND_ADMINS, name="x")],
    "api-customer-detail": [Door(OWNED, "customer"), patch(EDITED, "customer", name="x"), delete(EDITED, "customer")],
    "api-customer-restore": [post(EDITED, "customer", version=1)],
    "api-contact-list": [Door(EVERYBODY), Door(EVERYBODY, query="?search=ERN")],
    "api-contact-detail": [Door(OWNED, "contact"), patch(EDITED, "contact", name="x"), delete(EDITED, "contact")],
    "api-contact-restore": [post(EDITED, "contact", version=1)],
    "api-product-list": [Door(EVERYBODY), post(ADMINS, name="x")],
    "api-product-detail": [Door(EVERYBODY, "product"), patch(ADMINS, "product", name="x"), delete(ADMINS, "product")],
    "api-product-restore": [post(ADMINS, "product", version=1)],
    "api-order-list": [Door(EVERYBODY), Door(EVERYBODY, query="?search=ERN")],
    "api-order-detail": [Door(OWNED, "order")],
    "api-stage-list": [Door(EVERYBODY), post(ADMINS, name_en="x")],
    "api-stage-detail": [Door(EVERYBODY, "stage"), patch(ADMINS, "stage", name_en="x")],
    "api-stage-reorder": [post(ADMINS, order=["discover"])],
    "api-stage-retire": [post(ADMINS, "stage", target="lock", version=1)],
    "api-opportunity-list": [
        Door(EVERYBODY),
        Door(EVERYBODY, query="?search=ERN&ordering=-amount&archived=true"),
        Door(EVERYBODY, query="?owner=stranger"),
        post(SELLERS_AND_ADMINS, title="x"),
    ],
    "api-opportunity-board": [Door(EVERYBODY)],
    "api-opportunity-bulk": [post(SELLERS_AND_ADMINS, ids=[1, 2, 3, 4], action="move", stage="validate")],
    "api-opportunity-detail": [
        Door(OWNED, "opportunity"),
        patch(EDITED, "opportunity", title="x"),
        delete(EDITED, "opportunity"),
    ],
    "api-opportunity-collaborators": [
        post("ihihrrs", "opportunity", user="mate"),
    ],
    "api-opportunity-remove-collaborator": [
        Door("hhhhrhs", "opportunity", "delete", kwargs=(("username", "mate"),)),
    ],
    "api-opportunity-move": [post(EDITED, "opportunity", stage="validate", version=1)],
    "api-opportunity-undo": [post("ihihris", "opportunity", version=1)],
    "api-opportunity-restore": [post(EDITED, "archived", version=2)],
    "api-opportunity-timeline": [Door(OWNED, "opportunity")],
    "api-opportunity-versions": [Door(OWNED, "opportunity")],
}


def named_addresses() -> set[str]:
    def walk(resolver):
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                yield entry.name
            else:
                yield from walk(entry)

    return set(walk(get_resolver())) - {None}  # without a name: addresses of allauth that are closed (closed_urls)


@pytest.fixture
def rows(company):
    """Rows of the east's rep by kind, and the same of the west, whose words and amounts nobody else may meet."""
    made: dict[str, Any] = {}
    for person, word, amount in (
        (company.stranger, "WESTERN", Decimal("8123456.07")),
        (company.rep, "EASTERN", Decimal("7654321.09")),
    ):
        customer = factories.customer(person, f"{word} Works", annual_spend=amount)
        contact = factories.contact(person, customer, f"{word} Contact", email=f"{word}@example.com")
        opportunity = factories.opportunity(
            person, f"{word} Deal", customer=customer, amount=amount, next_step=f"{word} step", source=word
        )
        archived = factories.opportunity(person, f"{word} Mistake", customer=customer, amount=amount)
        archived = archive_opportunity(opportunity=archived, seen=1, actor=person)
        order = Order.objects.create(
            key=f"{word}-ORDER", customer=customer, owner=person, amount=amount, booked_on="2026-10-01"
        )
        made = {
            "customer": customer, "contact": contact, "opportunity": opportunity, "archived": archived, "order": order,
            "notification": Notification.objects.create(
                recipient=person, kind=Kind.HANDED_OVER, model="opportunity", object_id=opportunity.pk,
                params={"by": company.admin.pk},
            ),
        }  # fmt: skip
    made["view"] = save_view(actor=company.rep, name="Ours", page="board", query="", scope="team")
    made["token"] = create_token(user=company.rep, name="Nightly")[0]
    made["entry"] = AuditEntry.objects.latest("id")
    made["product"] = factories.product(company.admin, "Rack")
    made["stage"] = Stage.objects.get(key="discover")
    made["user"], made["team"] = company.rep, company.east
    made["invitation"] = factories.invitation(company.admin, "guest@example.com")
    made["import"] = ImportRun.objects.create(requested_by=company.admin, state="checked")
    made["export"] = finished_export(company.admin)
    made["export_of_another"] = finished_export(company.executive)
    return made


def finished_export(person):
    now = timezone.now()
    run = ExportRun.objects.create(
        requested_by=person, state="finished", ended_at=now, expires_at=now + timedelta(hours=1)
    )
    folder_of(run).mkdir(parents=True)
    (folder_of(run) / ZIP).write_bytes(b"PK")
    return run


@pytest.mark.parametrize("role", ROLES)
def test_matrix(company, rows, role):
    """Each request in a savepoint of its own, so that no door sees what another has written."""
    wrong = []
    for name, doors in MATRIX.items():
        for door in doors:
            with undone():
                wrong += problems(request(company, rows, role, name, door), role, f"{name} {door}", door)
    assert wrong == []


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def problems(answer, role, said, door):
    """What is wrong with an answer: not the letter of the matrix, or a word that this role must not meet."""
    expected, got = door.who[ROLES.index(role)], letter(answer)
    text = body_of(answer)
    if got != expected:
        yield f"{said}: {got} ({answer.status_code}) instead of {expected}: {text[-200:]}"
    if leaked := [word for word in HIDDEN[role] if word in text]:
        yield f"{said}: leaks {leaked}"


def test_every_address_stands_in_the_matrix():
    assert named_addresses() == set(MATRIX)


def request(company, rows, role, name, door):
    client = Client()
    if role != "anonymous":
        client.force_login(getattr(company, role))
    kwargs = dict(door.kwargs)
    if door.of:
        is_run = isinstance(rows[door.of], WorkspaceRun) and not name.startswith("api-")
        kwargs |= {"key": rows[door.of].key} if is_run else {"pk": rows[door.of].pk}
    url = reverse(name, kwargs=kwargs) + door.query
    if door.method == "get":
        return client.get(url)
    if url.startswith("/api/"):
        return client.generic(door.method.upper(), url, data=json.dumps(door.body), content_type="application/json")
    return client.post(url, door.body)


def letter(answer):
    status = answer.status_code
    if status == 401 or (status == 302 and answer.url.startswith(reverse("account_login"))):
        return "s"
    if status in (403, 404):
        return {403: "r", 404: "h"}[status]
    return "i" if status in (200, 201, 204, 302, 400, 405, 409, 415, 422) else str(status)


def body_of(answer):
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", errors="replace")
