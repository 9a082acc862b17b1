"""Every write about opportunities and stages, one verb each; each is one transaction."""

from opportunities.actions.activities import (
    cancel_activity,
    coach_activity,
    edit_activity,
    plan_activity,
    reschedule_activity,
)
from opportunities.actions.activity_kinds import (
    archive_activity_kind,
    create_activity_kind,
    edit_activity_kind,
    restore_activity_kind,
)
from opportunities.actions.archive import archive_opportunity, restore_opportunity
from opportunities.actions.bulk import BulkResult, in_bulk
from opportunities.actions.calendar_feeds import make_calendar_feed, revoke_calendar_feed
from opportunities.actions.checkpoints import (
    Evidence,
    add_checkpoints,
    confirm_checkpoint,
    confirm_each,
    lower_grade,
    withdraw_checkpoint,
)
from opportunities.actions.collaborators import add_collaborator, remove_collaborator
from opportunities.actions.create import create_opportunity
from opportunities.actions.debriefs import NextStep, debrief_activity, log_activity
from opportunities.actions.decisions import record_decision
from opportunities.actions.edit import assign, edit_and_assign, edit_opportunity
from opportunities.actions.files import remove_attachment, store_attachment, store_playbook_attachment
from opportunities.actions.gate import GateClosed
from opportunities.actions.joint_plan import add_task, archive_task, edit_task, finish_task, restore_task
from opportunities.actions.looks import look_until
from opportunities.actions.method import edit_method, edit_rung, rename_factor
from opportunities.actions.move import move_to_stage
from opportunities.actions.people import PortfolioChanged, deactivate_person, edit_person, hand_over_portfolio
from opportunities.actions.playbook import archive_entry, create_entry, edit_entry, restore_entry
from opportunities.actions.stages import create_stage, edit_stage, reorder_stages, retire_stage
from opportunities.actions.stakeholders import (
    add_stakeholder,
    archive_stakeholder,
    edit_stakeholder,
    forget_sensitive_notes,
    restore_stakeholder,
)
from opportunities.actions.strategy import (
    add_competitor,
    archive_competitor,
    edit_competitor,
    edit_strategy,
    restore_competitor,
)
from opportunities.actions.undo import undo
from opportunities.actions.waivers import ask_waiver, grant_waiver, refuse_waiver

__all__ = [
    "rename_factor",
    "edit_rung",
    "edit_method",
    "NextStep",
    "cancel_activity",
    "coach_activity",
    "edit_activity",
    "plan_activity",
    "reschedule_activity",
    "archive_activity_kind",
    "create_activity_kind",
    "edit_activity_kind",
    "restore_activity_kind",
    "make_calendar_feed",
    "revoke_calendar_feed",
    "debrief_activity",
    "log_activity",
    "archive_entry",
    "create_entry",
    "edit_entry",
    "restore_entry",
    "remove_attachment",
    "store_attachment",
    "store_playbook_attachment",
    "add_competitor",
    "add_stakeholder",
    "add_task",
    "archive_competitor",
    "archive_stakeholder",
    "archive_task",
    "edit_competitor",
    "edit_stakeholder",
    "forget_sensitive_notes",
    "edit_strategy",
    "edit_task",
    "finish_task",
    "restore_competitor",
    "restore_stakeholder",
    "restore_task",
    "refuse_waiver",
    "grant_waiver",
    "ask_waiver",
    "record_decision",
    "withdraw_checkpoint",
    "look_until",
    "lower_grade",
    "confirm_checkpoint",
    "confirm_each",
    "add_checkpoints",
    "GateClosed",
    "Evidence",
    "BulkResult",
    "PortfolioChanged",
    "add_collaborator",
    "archive_opportunity",
    "assign",
    "create_opportunity",
    "create_stage",
    "deactivate_person",
    "edit_and_assign",
    "edit_opportunity",
    "edit_person",
    "edit_stage",
    "hand_over_portfolio",
    "in_bulk",
    "move_to_stage",
    "remove_collaborator",
    "reorder_stages",
    "restore_opportunity",
    "retire_stage",
    "undo",
]
