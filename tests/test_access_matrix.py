"""Every address with every role: who gets in, who is refused, for whom there is nothing; and that nothing leaks.

An address that is missing from MATRIX fails the test. The rows belong to the rep of the east; the west has its own.
"""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from accounts.models import AuditEntry, Kind, Notification
from accounts.saved_views import save_view
from accounts.tokens import create_token
from customers.actions import (
    add_joint_action,
    add_plan_line,
    add_target,
    assess_customer,
    create_contract,
    create_nps_response,
    create_plan,
    create_profile,
    create_supplier,
    create_unit,
    merge_customers,
)
from customers.models import Order, Product
from customers.rules.tiers import CRITERIA
from opportunities import actions
from opportunities.actions import Evidence, add_checkpoints, archive_opportunity, remove_attachment
from opportunities.models import ActivityKind, Attachment, Factor, PlaybookEntry, Stage
from pipeline.models import ExportRun, ImportRun, WorkspaceRun
from pipeline.runs.storage import ZIP, folder_of
from tests import factories

pytestmark = pytest.mark.django_db

ROLES = ["rep", "mate", "manager", "other_manager", "executive", "admin", "anonymous"]
# Who may do what is the same on both databases: PostgreSQL answers every other role, SQLite all of them.
ASKED = ROLES[1::2] if connection.vendor == "postgresql" else ROLES
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
ABOVE = "rhihrrs"  # managers above the owner, in their charge
ADMINS = "rrrrris"
SELLERS, SELLERS_AND_ADMINS = "iiiirrs", "iiiiris"
AUTHORS = "rriiris"  # of the playbook
NOBODY = "hhhhhhh"
SCORES = dict.fromkeys(CRITERIA, 3)
LIFT = 900_001  # the id of a product


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
    "picker_customers": [Door(EVERYBODY), Door(EVERYBODY, query="?q=ERN"), Door(EVERYBODY, query="?only=editable")],
    "picker_contacts": [Door(EVERYBODY), Door(EVERYBODY, query="?q=ERN"), Door(EVERYBODY, query="?customer=%00")],
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
    "customers": [
        Door(EVERYBODY),
        Door(EVERYBODY, query="?q=ERN&sort=-open"),
        Door(EVERYBODY, query="?neglected=true&low_share=true&sort=-met"),
    ],
    "pyramid": [Door(EVERYBODY), Door(EVERYBODY, query="?tier=5A")],
    "capacity": [Door(EVERYBODY)],
    "customers_waiting": [Door(EVERYBODY)],
    "customer_new": [Door(SELLERS_AND_ADMINS)],
    "customer": [Door(OWNED, "customer")],
    "customer_share": [Door(OWNED, "customer")],
    "customer_revenue": [Door(OWNED, "customer")],
    "customer_white_space": [Door(OWNED, "customer")],
    "customer_facts": [Door(OWNED, "customer")],
    "customer_people": [Door(OWNED, "customer")],
    "customer_plan": [Door(OWNED, "customer")],
    "customer_group": [Door(OWNED, "customer")],
    "customer_edit": [Door(EDITED, "customer"), post(EDITED, "customer", name="x", version=1)],
    "customer_assign": [Door("rhihris", "customer"), post("rhihris", "customer", owner="mate", version=1)],
    "customer_archive": [post(EDITED, "customer", version=1)],
    "customer_restore": [post(EDITED, "customer", version=1)],
    "orders": [Door(EVERYBODY)],
    "order_new": [Door(EDITED, "customer"), post(EDITED, "customer", amount="x")],
    "order_edit": [Door(EDITED, "order"), post(EDITED, "order", amount="x")],
    "order_archive": [Door(EDITED, "order"), post(EDITED, "order")],
    "order_restore": [Door(EDITED, "order"), post(EDITED, "order")],
    "contracts": [Door(EVERYBODY), Door(EVERYBODY, query="?due=true&q=ern")],
    "contract_new": [Door(EDITED, "customer"), post(EDITED, "customer", ends_on="x")],
    "contract_edit": [Door(EDITED, "contract"), post(EDITED, "contract", ends_on="x")],
    "contract_renew": [Door(EDITED, "contract"), post(EDITED, "contract", ends_on="x")],
    "contract_archive": [Door(EDITED, "contract"), post(EDITED, "contract")],
    "contract_restore": [Door(EDITED, "contract"), post(EDITED, "contract")],
    "supplier_new": [Door(EDITED, "customer"), post(EDITED, "customer", name="x", annual_amount="x")],
    "supplier_edit": [Door(EDITED, "supplier"), post(EDITED, "supplier", annual_amount="x")],
    "supplier_archive": [Door(EDITED, "supplier"), post(EDITED, "supplier")],
    "unit_new": [Door(EDITED, "customer"), post(EDITED, "customer", name="x")],
    "unit_edit": [Door(EDITED, "unit"), post(EDITED, "unit", name="x", version=1)],
    "unit_archive": [Door(EDITED, "unit"), post(EDITED, "unit", version=1)],
    "coverage_set": [
        Door(EDITED, "unit", kwargs=(("product", LIFT),)),
        Door(EDITED, "unit", "post", {"state": "ours", "version": 0}, kwargs=(("product", LIFT),)),
    ],
    "nps_responses": [Door(EVERYBODY), Door(EVERYBODY, query="?q=ern")],
    "nps_new": [Door(EDITED, "customer"), post(EDITED, "customer", score="x")],
    "nps_edit": [Door(EDITED, "nps"), post(EDITED, "nps", score="x")],
    "nps_archive": [Door(EDITED, "nps"), post(EDITED, "nps")],
    "nps_restore": [Door(EDITED, "nps"), post(EDITED, "nps")],
    "customer_merge": [Door("rhihris", "customer"), post("rhihris", "customer", other="x")],
    "customer_duplicates": [Door("rriiris")],
    "merges": [Door("rriiris")],
    "merge_undo": [Door("rhihris", "merge"), post("rhihris", "merge")],
    "customer_assess": [Door(EDITED, "customer"), post(EDITED, "customer", sales="9")],
    "customer_assess_preview": [post(OWNED, "customer", sales="9")],
    "assess_grid": [Door(SELLERS), Door(SELLERS, query="?whose=team&tier=5A&due=true")],
    "assess_row": [post(EDITED, "customer", sales="9")],
    "customer_assessments": [Door(OWNED, "customer")],
    "assessment_override": [Door(ABOVE, "assessment"), post(ABOVE, "assessment", tier="9A")],
    "contact_new": [Door("ihihrrs", "customer"), post("ihihrrs", "customer", name="x")],
    "account_plans": [Door(EVERYBODY), Door(EVERYBODY, query="?year=x&tier=%00&q=%00&show=missing")],
    "account_plan_new": [
        Door(EDITED, "customer"),
        post(EDITED, "customer", year=2030),
        post(EDITED, "customer", year="x"),
    ],
    "account_plan": [Door(OWNED, "customer", kwargs=(("year", 2026),))],
    "account_plan_print": [Door(OWNED, "customer", kwargs=(("year", 2026),))],
    "account_plan_edit": [
        Door(EDITED, "plan", kwargs=(("section", "share"),)),
        Door(EDITED, "plan", "post", {"risks": "x", "version": 1}, kwargs=(("section", "risks"),)),
    ],
    "account_plan_archive": [post(EDITED, "plan", version=1)],
    "account_plan_restore": [post(EDITED, "plan", version=1)],
    "account_plan_forward": [post(EDITED, "plan", version=1)],
    "plan_line_new": [Door(EDITED, "plan"), post(EDITED, "plan", strategy="x", state="waiting")],
    "plan_line_edit": [Door(EDITED, "plan_line"), post(EDITED, "plan_line", strategy="x", state="done", version=1)],
    "plan_line_archive": [post(EDITED, "plan_line", version=1)],
    "joint_action_new": [Door(EDITED, "plan"), post(EDITED, "plan", action="x")],
    "joint_action_edit": [Door(EDITED, "joint_action"), post(EDITED, "joint_action", action="x", version=1)],
    "joint_action_archive": [post(EDITED, "joint_action", version=1)],
    "joint_action_settle": [
        Door(EDITED, "joint_action", "post", {"version": 1}, kwargs=(("side", "ours"), ("verb", "finish"))),
    ],
    # --- ideal customers and the target list
    "profiles": [Door(EVERYBODY), Door(EVERYBODY, query="?archived=true&page=9")],
    "profile_new": [Door(AUTHORS), post(AUTHORS, name="x", kind_0="tier", value_0="3A", weight_0=1)],
    "profile_page": [
        Door(EVERYBODY, "profile"),
        Door(EVERYBODY, "profile", query="?show=all&q=ERN&sort=-owner&page=9"),
        Door(EVERYBODY, "profile", query="?show=x&q=%00&sort=x"),
    ],
    "profile_edit": [Door(AUTHORS, "profile"), post(AUTHORS, "profile", name="x", version=1)],
    "profile_archive": [Door(AUTHORS, "profile"), post(AUTHORS, "profile", version=1)],
    "profile_restore": [Door(AUTHORS, "profile"), post(AUTHORS, "profile", version=1)],
    "target_new": [
        Door(SELLERS, "profile"),
        Door(SELLERS, "profile", query="?customer=%00"),
        post(SELLERS, "profile", customer="x", next_step="x"),
    ],
    "targets": [Door(EVERYBODY), Door(EVERYBODY, query="?whose=all&show=overdue&q=ERN&sort=-owner&page=9")],
    "target_edit": [Door(EDITED, "target"), post(EDITED, "target", next_step="x", version=1)],
    "target_settle": [
        Door(EDITED, "target", kwargs=(("verb", "finish"),)),
        Door(EDITED, "target", "post", {"version": 1}, kwargs=(("verb", "drop"),)),
        Door("hhhhrrs", "target", kwargs=(("verb", "x"),)),
    ],
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
    "waiver_ask": [post(EDITED, "opportunity", stage="validate", version=1, reason="Chairman")],
    "waiver": [Door(ABOVE, "waiver"), post(ABOVE, "waiver", decision="grant")],
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
    "checkpoints": [Door(OWNED, "opportunity"), Door(OWNED, "opportunity", query="?factor=power")],
    "checkpoint_add": [
        Door(EDITED, "opportunity", query="?factor=power&level=9"),
        post(EDITED, "opportunity", levels="1", grade="E0", day="today", evidence_1="x"),
    ],
    "confirmations_count": [Door("rriiris")],
    "confirmations": [Door("rriiris"), post("rriiris", ids=["1", "2", "x"])],
    "checkpoint_withdraw": [Door(EDITED, "checkpoint"), post(EDITED, "checkpoint", reason="x")],
    "checkpoint_confirm": [Door("rhihrrs", "checkpoint"), post("rhihrrs", "checkpoint")],
    "checkpoint_lower": [Door("rhihrrs", "checkpoint"), post("rhihrrs", "checkpoint", grade="E0", reason="x")],
    "opportunity_archive": [post(EDITED, "opportunity", version=1)],
    "opportunity_restore": [post(EDITED, "archived", version=2)],
    "file_add": [Door(EDITED, "opportunity"), post(EDITED, "opportunity")],
    "file_remove": [Door(EDITED, "file"), post(EDITED, "file"), Door(AUTHORS, "playbook_file")],
    "playbook": [Door(EVERYBODY), Door(EVERYBODY, query="?q=x&kind=script&stage=lock&rung=power:1&archived=true")],
    "playbook_new": [Door(AUTHORS), post(AUTHORS, kind="script", title_en="x", body_en="x")],
    "playbook_entry": [Door(EVERYBODY, "playbook")],
    "playbook_edit": [Door(AUTHORS, "playbook"), post(AUTHORS, "playbook", title_en="x", version=1)],
    "playbook_archive": [Door(AUTHORS, "playbook"), post(AUTHORS, "playbook", version=1)],
    "playbook_restore": [Door(AUTHORS, "playbook"), post(AUTHORS, "playbook", version=1)],
    "playbook_file": [Door(AUTHORS, "playbook"), post(AUTHORS, "playbook")],
    "playbook_version": [
        Door(EVERYBODY, "playbook", kwargs=(("number", 1),)),
        Door("hhhhhhs", "playbook", kwargs=(("number", 9),)),
    ],
    "file": [Door(OWNED, "file"), Door("hhhhhhs", kwargs=(("key", "x"),)), Door("hhhhhhs", "removed_file")],
    "file_preview": [Door("hhhhhhs", "file"), Door(OWNED, "picture")],
    # --- people, joint plan, strategy of an opportunity
    "stakeholder_new": [Door(EDITED, "opportunity"), post(EDITED, "opportunity", role_title="x")],
    "stakeholder_edit": [Door(EDITED, "stakeholder"), post(EDITED, "stakeholder", role_title="x", version=1)],
    "stakeholder_place": [
        Door(EDITED, "stakeholder"),
        post(EDITED, "stakeholder", column="neutral", row_name="low", version=1),
    ],
    "stakeholder_archive": [Door(EDITED, "stakeholder"), post(EDITED, "stakeholder", version=1)],
    "stakeholder_restore": [Door(EDITED, "stakeholder"), post(EDITED, "stakeholder", version=1)],
    "joint_task_new": [Door(EDITED, "opportunity"), post(EDITED, "opportunity", title="x", side="ours")],
    "plan_sheet": [Door(OWNED, "opportunity"), Door(OWNED, "archived")],
    "joint_task_edit": [Door(EDITED, "task"), post(EDITED, "task", title="x", side="theirs", version=1)],
    "joint_task_done": [Door(EDITED, "task"), post(EDITED, "task", done_on="2026-01-01", version=1)],
    "joint_task_archive": [Door(EDITED, "task"), post(EDITED, "task", version=1)],
    "joint_task_restore": [Door(EDITED, "task"), post(EDITED, "task", version=1)],
    "opportunity_strategy": [Door(OWNED, "opportunity"), Door(OWNED, "archived")],
    "opportunity_strategy_edit": [
        Door(EDITED, "opportunity"),
        post(EDITED, "opportunity", sales_theme="x", version=1),
    ],
    "decision_new": [Door(EDITED, "opportunity"), post(EDITED, "opportunity", decision="go", reason="x")],
    "competitor_new": [Door(EDITED, "opportunity"), post(EDITED, "opportunity", name="x")],
    "competitor_edit": [Door(EDITED, "competitor"), post(EDITED, "competitor", name="x", version=1)],
    "competitor_archive": [Door(EDITED, "competitor"), post(EDITED, "competitor", version=1)],
    "competitor_restore": [Door(EDITED, "competitor"), post(EDITED, "competitor", version=1)],
    # --- activities
    "activities": [Door(EVERYBODY), Door(EVERYBODY, query="?whose=all&q=ERN&state=planned&kind=visit&page=9")],
    "activity_calendar": [Door(EVERYBODY), Door(EVERYBODY, query="?view=month&whose=all&day=2026-13-01")],
    "activity_new": [Door(SELLERS, query="?about=deal:x&day=x"), post(SELLERS, kind="visit", when="now")],
    "activity": [Door(OWNED, "activity")],
    "activity_debrief": [Door(EDITED, "activity"), post(EDITED, "activity", done_at="2026-10-01T10:00", version=1)],
    "activity_edit": [Door(EDITED, "activity"), post(EDITED, "activity", kind="call", version=1)],
    "activity_reschedule": [Door(EDITED, "activity"), post(EDITED, "activity", planned_at="2027-01-05T10:00")],
    "activity_cancel": [Door(EDITED, "activity"), post(EDITED, "activity", reason="x", version=1)],
    "activity_coach": [Door("rhihrrs", "activity"), post("rhihrrs", "activity", note="x", version=1)],
    "customer_activities": [Door(OWNED, "customer")],
    "picker_activity_subjects": [Door(EVERYBODY), Door(EVERYBODY, query="?q=ERN")],
    "calendar_ics": [Door("h" * 7, kwargs=(("token", "x"),))],
    "calendar_feed": [Door(EVERYBODY)],
    "calendar_feed_new": [Door(EVERYBODY), post(EVERYBODY)],
    "calendar_feed_revoke": [Door(EVERYBODY), post(EVERYBODY)],
    "activity_kinds": [Door(EVERYBODY)],
    "activity_kind_new": [Door(ADMINS), post(ADMINS, name_en="x")],
    "activity_kind_edit": [Door(ADMINS, "kind"), post(ADMINS, "kind", name_en="x", version=1)],
    "activity_kind_archive": [Door(ADMINS, "kind"), post(ADMINS, "kind", version=1)],
    "activity_kind_restore": [post(ADMINS, "kind", version=1)],
    "api-activity-list": [
        Door(EVERYBODY),
        Door(EVERYBODY, query="?search=ERN&state=planned&planned_from=2026-01-01"),
        post(SELLERS, kind="visit"),
    ],
    "api-activity-detail": [Door(OWNED, "activity"), patch(EDITED, "activity", objective="x")],
    "api-activity-debrief": [post(EDITED, "activity", done_at="2026-10-01T10:00:00+08:00", version=1)],
    "api-activity-cancel": [post(EDITED, "activity", reason="x", version=1)],
    "api-activity-coach": [post("rhihrrs", "activity", note="x", version=1)],
    "api-activity-kind-list": [Door(EVERYBODY), post(ADMINS, name_en="x")],
    "api-activity-kind-detail": [Door(EVERYBODY, "kind"), patch(ADMINS, "kind", name_en="x"), delete(ADMINS, "kind")],
    "api-activity-kind-restore": [post(ADMINS, "kind", version=1)],
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
    "tier_rules": [Door(ADMINS)],
    "tier_rules_edit": [Door(ADMINS), post(ADMINS, weights_sales="9")],
    "settings_method": [Door(EVERYBODY)],
    "method_gate": [Door(ADMINS), post(ADMINS, gate_mode="enforce")],
    "stage_evidence": [Door(ADMINS, "stage"), post(ADMINS, "stage", floor_demand="9")],
    "factor_edit": [Door(ADMINS, kwargs=(("factor", "power"),)), Door("hhhhhhs", kwargs=(("factor", "luck"),))],
    "rung_edit": [
        Door(ADMINS, kwargs=(("factor", "power"), ("level", 4))),
        Door("hhhhhhs", kwargs=(("factor", "power"), ("level", 7))),
    ],
    "api-method": [Door(EVERYBODY), Door(ADMINS, method="patch", body={"gate_mode": "advise"})],
    "api-rung": [
        Door(EVERYBODY, kwargs=(("factor", "power"), ("level", 4))),
        Door(ADMINS, method="patch", body={"question_en": "Who?"}, kwargs=(("factor", "power"), ("level", 4))),
    ],
    "settings_stages": [Door(EVERYBODY)],
    "stage_new": [Door(ADMINS), post(ADMINS, name_en="x")],
    "stage_order": [post(ADMINS, order="1")],
    "stage_edit": [Door(ADMINS, "stage"), post(ADMINS, "stage", name_en="x", version=1)],
    "stage_retire": [Door(ADMINS, "stage"), post(ADMINS, "stage", target="lock", version=1)],
    "contacts_kept": [Door(ADMINS)],
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
    "my_day": [Door(EVERYBODY)],
    "my_day_looked": [Door(EVERYBODY, method="post")],
    "opportunity_step_done": [Door(EDITED, of="opportunity"), Door(EDITED, of="opportunity", method="post")],
    "contact_privacy": [Door(OWNED, "contact"), Door(OWNED, "contact", query="?format=json")],
    "contact_erase": [Door("rhrhris", "contact"), post("rhrhris", "contact")],
    "api-contacts-kept": [Door(ADMINS)],
    "api-contact-privacy": [Door(OWNED, "contact")],
    "api-contact-erase": [post("rhrhris", "contact")],
    "search": [Door(EVERYBODY, query="?q=ac")],
    "api-search": [Door(EVERYBODY, query="?q=ac")],
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
    "api-customer-account-plans": [
        Door(OWNED, "customer"),
        post(EDITED, "customer", year=2031, lines=[{"strategy": "x"}]),
    ],
    "api-profile-list": [
        Door(EVERYBODY, query="?q=x&archived=true"),
        post(AUTHORS, name="x", criteria=[{"kind": "decision_maker", "weight": 1}]),
    ],
    "api-profile-detail": [Door(EVERYBODY, "profile"), patch(AUTHORS, "profile", name="x"), delete(AUTHORS, "profile")],
    "api-profile-restore": [post(AUTHORS, "profile")],
    "api-profile-fit": [Door(EVERYBODY, "profile"), Door(EVERYBODY, "profile", query="?search=ERN&ordering=-owner")],
    "api-target-customer-list": [
        Door(EVERYBODY, query="?q=ERN&ordering=-next_step_due"),
        Door(EVERYBODY, query="?owner=stranger"),
        post(SELLERS_AND_ADMINS, next_step="x"),
    ],
    "api-target-customer-detail": [Door(OWNED, "target"), patch(EDITED, "target", next_step="x")],
    "api-target-customer-settle": [post(EDITED, "target", version=1)],
    "api-target-customer-drop": [post(EDITED, "target", version=1)],
    "api-target-customer-reopen": [post(EDITED, "target", version=1)],
    "api-account-plan-list": [Door(EVERYBODY)],
    "api-account-plan-detail": [Door(OWNED, "plan"), patch(EDITED, "plan", risks="x"), delete(EDITED, "plan")],
    "api-account-plan-forward": [post(EDITED, "plan")],
    "api-account-plan-restore": [post(EDITED, "plan", version=1)],
    "api-plan-line-list": [Door(EVERYBODY, query="?archived=true"), post(SELLERS_AND_ADMINS, strategy="x")],
    "api-plan-line-detail": [
        Door(OWNED, "plan_line"),
        patch(EDITED, "plan_line", strategy="x"),
        delete(EDITED, "plan_line"),
    ],
    "api-plan-line-restore": [post(EDITED, "plan_line", version=1)],
    "api-joint-action-list": [Door(EVERYBODY, query="?archived=true"), post(SELLERS_AND_ADMINS, action="x")],
    "api-joint-action-detail": [
        Door(OWNED, "joint_action"),
        patch(EDITED, "joint_action", action="x"),
        delete(EDITED, "joint_action"),
    ],
    "api-joint-action-restore": [post(EDITED, "joint_action", version=1)],
    "api-customer-list": [Door(EVERYBODY), Door(EVERYBODY, query="?search=ERN"), post(SELLERS_AND_ADMINS, name="x")],
    "api-customer-pyramid": [Door(EVERYBODY)],
    "api-customer-detail": [Door(OWNED, "customer"), patch(EDITED, "customer", name="x"), delete(EDITED, "customer")],
    "api-customer-assessments": [Door(OWNED, "customer"), post(EDITED, "customer", scores=SCORES)],
    "api-customer-suggested": [Door(OWNED, "customer")],
    "api-tier-rules": [Door(EVERYBODY), patch(ADMINS, assess_every_days=60)],
    "api-customer-override": [post(ABOVE, "customer", tier="2A", reason="Plant")],
    "api-customer-restore": [post(EDITED, "customer", version=1)],
    "api-customer-merge": [post("rhihris", "customer", other="merge-target")],
    "api-customer-duplicates": [Door(EVERYBODY, query="?name=ERN"), Door(EVERYBODY, query="?name=WESTERN%20Works")],
    "api-merge-list": [Door(EVERYBODY)],
    "api-merge-detail": [Door(OWNED, "merge")],
    "api-merge-undo": [post("rhihris", "merge")],
    "api-contact-list": [Door(EVERYBODY), Door(EVERYBODY, query="?search=ERN")],
    "api-contact-detail": [Door(OWNED, "contact"), patch(EDITED, "contact", name="x"), delete(EDITED, "contact")],
    "api-contact-restore": [post(EDITED, "contact", version=1)],
    "api-product-list": [Door(EVERYBODY), post(ADMINS, name="x")],
    "api-product-detail": [Door(EVERYBODY, "product"), patch(ADMINS, "product", name="x"), delete(ADMINS, "product")],
    "api-product-restore": [post(ADMINS, "product", version=1)],
    "api-order-list": [
        Door(EVERYBODY),
        Door(EVERYBODY, query="?search=ERN"),
        Door(EVERYBODY, query="?q=ern"),
        post(SELLERS_AND_ADMINS, amount="x"),
    ],
    "api-order-detail": [Door(OWNED, "order"), patch(EDITED, "order", amount="2"), delete(EDITED, "order")],
    "api-order-restore": [post(EDITED, "order", version=1)],
    "api-contract-list": [Door(EVERYBODY), Door(EVERYBODY, query="?search=ERN"), post(SELLERS_AND_ADMINS, amount="x")],
    "api-contract-detail": [Door(OWNED, "contract"), patch(EDITED, "contract", title="x"), delete(EDITED, "contract")],
    "api-contract-restore": [post(EDITED, "contract", version=1)],
    "api-contract-renew": [post(EDITED, "contract", ends_on="x")],
    "api-supplier-list": [
        Door(EVERYBODY),
        Door(EVERYBODY, query="?search=ERN"),
        post(SELLERS_AND_ADMINS, name="x"),
    ],
    "api-supplier-detail": [
        Door(OWNED, "supplier"),
        patch(EDITED, "supplier", name="x"),
        delete(EDITED, "supplier"),
    ],
    "api-supplier-restore": [post(EDITED, "supplier", version=1)],
    "api-unit-list": [Door(EVERYBODY), Door(EVERYBODY, query="?search=ERN"), post(SELLERS_AND_ADMINS, amount="x")],
    "api-unit-detail": [Door(OWNED, "unit"), patch(EDITED, "unit", name="x"), delete(EDITED, "unit")],
    "api-unit-restore": [post(EDITED, "unit", version=1)],
    "api-customer-white-space": [Door(OWNED, "customer"), post(EDITED, "customer", unit="EASTERN-UNIT", state="x")],
    "api-nps-response-list": [
        Door(EVERYBODY),
        Door(EVERYBODY, query="?search=ERN"),
        post(SELLERS_AND_ADMINS, score="x"),
    ],
    "api-nps-response-detail": [Door(OWNED, "nps"), patch(EDITED, "nps", score=7), delete(EDITED, "nps")],
    "api-nps-response-restore": [post(EDITED, "nps", version=1)],
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
    "api-opportunity-waivers": [Door(OWNED, "opportunity"), post(EDITED, "opportunity", stage="decide", reason="Why")],
    "api-waiver-list": [Door(EVERYBODY), Door(EVERYBODY, query="?state=asked")],
    "api-waiver-detail": [Door(OWNED, "waiver")],
    "api-waiver-grant": [post(ABOVE, "waiver")],
    "api-waiver-refuse": [post(ABOVE, "waiver", reason="Too early")],
    "api-opportunity-restore": [post(EDITED, "archived", version=2)],
    "api-opportunity-checkpoints": [
        Door(OWNED, "opportunity"),
        post(EDITED, "opportunity", factor="power", level=1, grade="E0", evidence="x"),
    ],
    "api-checkpoint-list": [Door(EVERYBODY)],
    "api-checkpoint-detail": [Door(OWNED, "checkpoint")],
    "api-checkpoint-confirm": [post("rhihrrs", "checkpoint")],
    "api-checkpoint-grade": [post("rhihrrs", "checkpoint", grade="E0", reason="x")],
    "api-checkpoint-withdraw": [post(EDITED, "checkpoint", reason="x")],
    "api-factor-list": [Door(EVERYBODY)],
    "api-factor-detail": [Door(EVERYBODY, "factor")],
    "api-opportunity-timeline": [Door(OWNED, "opportunity")],
    "api-opportunity-files": [Door(OWNED, "opportunity"), post(EDITED, "opportunity")],
    "api-playbook-list": [
        Door(EVERYBODY, query="?search=x&rung=power:1"),
        post(AUTHORS, kind="script", title_en="x", body_en="x"),
    ],
    "api-playbook-detail": [
        Door(EVERYBODY, "playbook"),
        patch(AUTHORS, "playbook", title_en="x"),
        delete(AUTHORS, "playbook"),
    ],
    "api-playbook-restore": [post(AUTHORS, "playbook")],
    "api-playbook-versions": [Door(EVERYBODY, "playbook")],
    "api-playbook-files": [Door(EVERYBODY, "playbook"), post(AUTHORS, "playbook")],
    "api-file-list": [Door(EVERYBODY), Door(EVERYBODY, query="?ordering=name")],
    "api-file-detail": [Door(OWNED, "file"), delete(EDITED, "file"), Door("hhhhhhs", "removed_file")],
    "api-file-download": [Door(OWNED, "file"), Door("hhhhhhs", "removed_file")],
    "api-stakeholder-list": [Door(EVERYBODY), Door(EVERYBODY, query="?opportunity=x&archived=true")],
    "api-stakeholder-detail": [
        Door(OWNED, "stakeholder"),
        patch(EDITED, "stakeholder", stance=1),
        delete(EDITED, "stakeholder"),
    ],
    "api-stakeholder-restore": [post(EDITED, "stakeholder")],
    "api-opportunity-stakeholders": [Door(OWNED, "opportunity"), post(EDITED, "opportunity", role_title="x")],
    "api-joint-task-list": [Door(EVERYBODY)],
    "api-joint-task-detail": [Door(OWNED, "task"), patch(EDITED, "task", title="x"), delete(EDITED, "task")],
    "api-joint-task-restore": [post(EDITED, "task")],
    "api-opportunity-joint-plan": [Door(OWNED, "opportunity"), post(EDITED, "opportunity", title="x")],
    "api-competitor-list": [Door(EVERYBODY)],
    "api-competitor-detail": [
        Door(OWNED, "competitor"),
        patch(EDITED, "competitor", name="x"),
        delete(EDITED, "competitor"),
    ],
    "api-competitor-restore": [post(EDITED, "competitor")],
    "api-opportunity-competitors": [Door(OWNED, "opportunity"), post(EDITED, "opportunity", name="x")],
    "api-opportunity-strategy": [Door(OWNED, "opportunity"), patch(EDITED, "opportunity", sales_theme="x")],
    "api-opportunity-decisions": [
        Door(OWNED, "opportunity"),
        post(EDITED, "opportunity", decision="go", reason="x"),
    ],
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
    profile = create_profile(actor=company.admin, name="Ideal", criteria=[{"kind": "decision_maker", "weight": 1}])
    for person, word, amount in (
        (company.stranger, "WESTERN", Decimal("8123456.07")),
        (company.rep, "EASTERN", Decimal("7654321.09")),
    ):
        customer = factories.customer(person, f"{word} Works", annual_spend=amount)
        contact = factories.contact(person, customer, f"{word} Contact", email=f"{word}@example.com")
        opportunity = factories.opportunity(
            person, f"{word} Deal", customer=customer, amount=amount, next_step=f"{word} step", source=word
        )
        evidence = Evidence(
            factor="power", level=5, grade="E2", evidence=f"{word} minutes", contact=contact,
            said_on=opportunity.created_on, link=f"https://example.com/{word}",
        )  # fmt: skip
        checkpoint = add_checkpoints(opportunity=opportunity, records=[evidence], actor=person)[0]
        Stage.objects.filter(key__in=["validate", "decide"]).update(floor=1)
        waiver = factories.waiver(opportunity, person, reason=f"{word} wish")
        archived = factories.opportunity(person, f"{word} Mistake", customer=customer, amount=amount)
        archived = archive_opportunity(opportunity=archived, seen=1, actor=person)
        order = Order.objects.create(
            key=f"{word}-ORDER", customer=customer, owner=person, amount=amount, booked_on="2026-10-01"
        )
        made = {
            "file": factories.attachment(opportunity, f"{word}.txt"), "removed_file": removed_file(opportunity),
            "picture": factories.attachment(opportunity, f"{word}.png", factories.PIXEL),
            "activity": factories.activity(
                person, opportunity=opportunity, contacts=[contact], objective=f"{word} objective"
            ),
            "merge": merge_customers(
                survivor=customer, other=factories.customer(person, f"{word} Twin"), actor=company.admin
            ),
            "customer": customer, "contact": contact, "opportunity": opportunity, "archived": archived, "order": order,
            "contract": create_contract(
                actor=person, customer=customer, title=f"{word} contract", amount=amount, starts_on=date(2026, 1, 1),
                ends_on=date(2026, 12, 31),
            ),
            "supplier": create_supplier(
                actor=person, customer=customer, name=f"{word} rival", annual_amount=amount
            ),
            "unit": create_unit(actor=person, customer=customer, key=f"{word}-UNIT", name=f"{word} plant"),
            "nps": create_nps_response(
                actor=person, customer=customer, contact=contact, score=9, answered_on=date(2026, 10, 1), comment=word
            ),
            "checkpoint": checkpoint,
            "waiver": waiver,
            **around(person, opportunity, contact, word, amount),
            **planned(person, customer, contact, word, amount),
            "target": add_target(
                actor=person, profile=profile, customer=customer, next_step=f"{word} visit", owner=person
            ),
            "notification": Notification.objects.create(
                recipient=person, kind=Kind.HANDED_OVER, model="opportunity", object_id=opportunity.pk,
                params={"by": company.admin.pk},
            ),
        }  # fmt: skip
    made["profile"] = profile
    made["view"] = save_view(actor=company.rep, name="Ours", page="board", query="", scope="team")
    made["token"] = create_token(user=company.rep, name="Nightly")[0]
    made["entry"] = AuditEntry.objects.latest("id")
    made["playbook"] = PlaybookEntry.objects.first()
    made["playbook_file"] = actions.store_playbook_attachment(
        entry=made["playbook"], upload=SimpleUploadedFile("a.txt", b"x"), actor=company.admin
    )
    made["product"] = factories.product(company.admin, "Rack")
    Product.objects.create(pk=LIFT, name="Lift")
    made["kind"] = ActivityKind.objects.get(key="visit")
    made["stage"] = Stage.objects.get(key="discover")
    made["factor"] = Factor.objects.get(key="power")
    made["user"], made["team"] = company.rep, company.east
    made["invitation"] = factories.invitation(company.admin, "guest@example.com")
    made["import"] = ImportRun.objects.create(requested_by=company.admin, state="checked")
    made["export"] = finished_export(company.admin)
    made["export_of_another"] = finished_export(company.executive)
    made["sessions"] = {role: session_of(getattr(company, role)) for role in ROLES if role != "anonymous"}
    return made


def session_of(person):
    """The key of a session that is begun before the requests, whose writes are undone."""
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def removed_file(opportunity):
    return remove_attachment(attachment=factories.attachment(opportunity), actor=opportunity.owner)


def around(person, opportunity, contact, word, amount):
    """What hangs on an opportunity: its people, plan, strategy."""
    of_it = {"opportunity": opportunity, "actor": person}
    sheet = {"sales_theme": f"{word} theme", "price": amount, "price_floor": amount}
    actions.edit_strategy(changes=sheet, seen=None, **of_it)
    actions.record_decision(decision="go", reason=f"{word} reason", **of_it)
    return {
        "stakeholder": actions.add_stakeholder(contact=contact, goal=f"{word} goal", **of_it),
        "task": actions.add_task(title=f"{word} task", **of_it),
        "competitor": actions.add_competitor(name=f"{word} rival", **of_it),
    }


def planned(person, customer, contact, word, amount):
    """The customer's account plan."""
    plan = create_plan(actor=person, customer=customer, year=2026, risks=f"{word} risk", their_leader=contact)
    notes = {"sales": f"{word} note"}
    return {
        "plan": plan,
        "assessment": assess_customer(customer=customer, scores=SCORES, notes=notes, actor=person),
        "plan_line": add_plan_line(actor=person, plan=plan, strategy=f"{word} strategy", revenue=amount),
        "joint_action": add_joint_action(actor=person, plan=plan, action=f"{word} action", owner=person),
    }


def finished_export(person):
    now = timezone.now()
    run = ExportRun.objects.create(
        requested_by=person, state="finished", ended_at=now, expires_at=now + timedelta(hours=1)
    )
    folder_of(run).mkdir(parents=True)
    (folder_of(run) / ZIP).write_bytes(b"PK")
    return run


@pytest.mark.parametrize("role", ASKED)
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
        client.cookies[settings.SESSION_COOKIE_NAME] = rows["sessions"][role]
    kwargs = dict(door.kwargs)
    if door.of:
        by_key = isinstance(rows[door.of], WorkspaceRun | Attachment) and not name.startswith("api-")
        kwargs |= {"key": rows[door.of].key} if by_key else {"pk": rows[door.of].pk}
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
