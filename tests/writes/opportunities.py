"""How each action of opportunities is carried out."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from opportunities import actions as opportunities
from opportunities.models import ActivityKind, Factor, Rung, Stage
from tests import factories
from tests.writes.world import (
    World,
    archived_kind,
    debriefed,
    evidence,
    forgotten,
    handed_over,
    stage,
    undone,
    visit,
    waiver,
)

# {action: (who, what, of which kind of row, how)}
OPPORTUNITIES: dict[str, tuple[str, str, str, Callable[[World], Any]]] = {
    "opportunities.actions.playbook.create_entry": ("manager", "create", "playbookentry", lambda w: w.entry()),
    "opportunities.actions.playbook.edit_entry": (
        "admin", "edit", "playbookentry",
        lambda w: opportunities.edit_entry(entry=w.entry(), changes={"title_zh": "x"}, seen=None, actor=w.admin),
    ),
    "opportunities.actions.playbook.archive_entry": (
        "manager", "archive", "playbookentry",
        lambda w: opportunities.archive_entry(entry=w.entry(), seen=None, actor=w.manager),
    ),
    "opportunities.actions.playbook.restore_entry": (
        "manager", "restore", "playbookentry",
        lambda w: opportunities.restore_entry(
            entry=opportunities.archive_entry(entry=w.entry(), seen=None, actor=w.manager), seen=None, actor=w.manager
        ),
    ),
    "opportunities.actions.files.store_attachment": (
        "rep", "add_file", "opportunity", lambda w: factories.attachment(w.deal())
    ),
    "opportunities.actions.files.store_playbook_attachment": (
        "manager", "add_file", "playbookentry",
        lambda w: opportunities.store_playbook_attachment(
            entry=w.entry(), upload=SimpleUploadedFile("n.txt", b"x"), actor=w.manager,
        ),
    ),
    "opportunities.actions.files.remove_attachment": (
        "rep", "remove_file", "opportunity",
        lambda w: opportunities.remove_attachment(attachment=factories.attachment(w.deal()), actor=w.rep),
    ),
    "opportunities.actions.create.create_opportunity": (
        "rep", "create", "opportunity",
        lambda w: opportunities.create_opportunity(
            actor=w.rep, customer=w.customer(), title="New", amount=None, expected_close_date=None
        ),
    ),
    "opportunities.actions.edit.edit_opportunity": (
        "rep", "edit", "opportunity",
        lambda w: opportunities.edit_opportunity(
            opportunity=w.deal(), changes={"amount": Decimal(5)}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.edit.edit_and_assign": (
        "manager", "edit", "opportunity",
        lambda w: opportunities.edit_and_assign(
            opportunity=w.deal(), changes={"title": "x"}, owner=w.company.mate, seen=None, actor=w.manager
        ),
    ),
    "opportunities.actions.edit.assign": (
        "manager", "assign", "opportunity",
        lambda w: opportunities.assign(opportunity=w.deal(), owner=w.company.mate, seen=None, actor=w.manager),
    ),
    "opportunities.actions.move.move_to_stage": (
        "rep", "move", "opportunity",
        lambda w: opportunities.move_to_stage(opportunity=w.deal(), stage=stage("validate"), seen=None, actor=w.rep),
    ),
    "opportunities.actions.checkpoints.add_checkpoints": (
        "rep", "add_checkpoint", "opportunity", lambda w: evidence(w)
    ),
    "opportunities.actions.checkpoints.confirm_checkpoint": (
        "manager", "confirm_checkpoint", "opportunity",
        lambda w: opportunities.confirm_checkpoint(checkpoint=evidence(w), actor=w.manager),
    ),
    "opportunities.actions.checkpoints.lower_grade": (
        "manager", "lower_grade", "opportunity",
        lambda w: opportunities.lower_grade(checkpoint=evidence(w), grade="E0", reason="No trace", actor=w.manager),
    ),
    "opportunities.actions.checkpoints.withdraw_checkpoint": (
        "rep", "withdraw_checkpoint", "opportunity",
        lambda w: opportunities.withdraw_checkpoint(checkpoint=evidence(w), reason="Mistaken", actor=w.rep),
    ),
    "opportunities.actions.activities.plan_activity": ("rep", "create", "activity", visit),
    "opportunities.actions.activities.edit_activity": (
        "rep", "edit", "activity",
        lambda w: opportunities.edit_activity(
            activity=visit(w), changes={"objective": "x"}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.activities.reschedule_activity": (
        "rep", "reschedule", "activity",
        lambda w: opportunities.reschedule_activity(
            activity=visit(w), planned_at=timezone.now(), seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.activities.cancel_activity": (
        "rep", "cancel_activity", "activity",
        lambda w: opportunities.cancel_activity(activity=visit(w), reason="Ill", seen=None, actor=w.rep),
    ),
    "opportunities.actions.activities.coach_activity": (
        "manager", "coach", "activity",
        lambda w: opportunities.coach_activity(activity=debriefed(w), note="Ask why", seen=None, actor=w.manager),
    ),
    "opportunities.actions.debriefs.debrief_activity": ("rep", "debrief", "activity", debriefed),
    "opportunities.actions.debriefs.log_activity": (
        "rep", "create", "activity",
        lambda w: opportunities.log_activity(
            actor=w.rep, kind=ActivityKind.objects.get(key="call"), done_at=timezone.now()
        ),
    ),
    "opportunities.actions.activity_kinds.create_activity_kind": (
        "admin", "create", "activitykind",
        lambda w: opportunities.create_activity_kind(actor=w.admin, name_zh="晚餐", name_en="Dinner", base="meeting"),
    ),
    "opportunities.actions.activity_kinds.edit_activity_kind": (
        "admin", "edit", "activitykind",
        lambda w: opportunities.edit_activity_kind(
            kind=ActivityKind.objects.get(key="demo"), changes={"name_en": "Trial"}, seen=None, actor=w.admin
        ),
    ),
    "opportunities.actions.activity_kinds.archive_activity_kind": (
        "admin", "archive", "activitykind", archived_kind
    ),
    "opportunities.actions.activity_kinds.restore_activity_kind": (
        "admin", "restore", "activitykind",
        lambda w: opportunities.restore_activity_kind(kind=archived_kind(w), seen=None, actor=w.admin),
    ),
    "opportunities.actions.calendar_feeds.make_calendar_feed": (
        "rep", "make_calendar_feed", "user", lambda w: opportunities.make_calendar_feed(actor=w.rep)
    ),
    "opportunities.actions.calendar_feeds.revoke_calendar_feed": (
        "rep", "revoke_calendar_feed", "user",
        lambda w: [act(actor=w.rep) for act in (opportunities.make_calendar_feed, opportunities.revoke_calendar_feed)],
    ),
    "opportunities.actions.decisions.record_decision": (
        "rep", "decide", "opportunity",
        lambda w: opportunities.record_decision(opportunity=w.deal(), decision="go", reason="Real", actor=w.rep),
    ),
    "opportunities.actions.waivers.ask_waiver": ("rep", "ask_waiver", "opportunity", lambda w: waiver(w)),
    "opportunities.actions.waivers.grant_waiver": (
        "manager", "waiver_granted", "opportunity",
        lambda w: opportunities.grant_waiver(waiver=waiver(w), actor=w.manager),
    ),
    "opportunities.actions.waivers.refuse_waiver": (
        "manager", "waiver_refused", "opportunity",
        lambda w: opportunities.refuse_waiver(waiver=waiver(w), reason="Too early", actor=w.manager),
    ),
    "opportunities.actions.stakeholders.add_stakeholder": ("rep", "create", "stakeholder", lambda w: w.stakeholder()),
    "opportunities.actions.stakeholders.edit_stakeholder": (
        "rep", "edit", "stakeholder",
        lambda w: opportunities.edit_stakeholder(
            stakeholder=w.stakeholder(), changes={"stance": 1}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.stakeholders.archive_stakeholder": (
        "rep", "archive", "stakeholder",
        lambda w: w.archived(w.stakeholder(), opportunities.archive_stakeholder, "stakeholder"),
    ),
    "opportunities.actions.stakeholders.restore_stakeholder": (
        "rep", "restore", "stakeholder",
        lambda w: opportunities.restore_stakeholder(
            stakeholder=w.archived(w.stakeholder(), opportunities.archive_stakeholder, "stakeholder"),
            seen=None, actor=w.rep,
        ),
    ),
    "opportunities.actions.joint_plan.add_task": ("rep", "create", "jointtask", lambda w: w.task()),
    "opportunities.actions.joint_plan.edit_task": (
        "rep", "edit", "jointtask",
        lambda w: opportunities.edit_task(task=w.task(), changes={"title": "x"}, seen=None, actor=w.rep),
    ),
    "opportunities.actions.joint_plan.finish_task": (
        "rep", "edit", "jointtask",
        lambda w: opportunities.finish_task(task=w.task(), done_on=date(2026, 1, 1), seen=None, actor=w.rep),
    ),
    "opportunities.actions.joint_plan.archive_task": (
        "rep", "archive", "jointtask", lambda w: w.archived(w.task(), opportunities.archive_task, "task")
    ),
    "opportunities.actions.joint_plan.restore_task": (
        "rep", "restore", "jointtask",
        lambda w: opportunities.restore_task(
            task=w.archived(w.task(), opportunities.archive_task, "task"), seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.strategy.edit_strategy": (
        "rep", "edit", "strategysheet",
        lambda w: opportunities.edit_strategy(
            opportunity=w.deal(), changes={"sales_theme": "x"}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.strategy.add_competitor": ("rep", "create", "competitor", lambda w: w.competitor()),
    "opportunities.actions.strategy.edit_competitor": (
        "rep", "edit", "competitor",
        lambda w: opportunities.edit_competitor(
            competitor=w.competitor(), changes={"counter": "x"}, seen=None, actor=w.rep
        ),
    ),
    "opportunities.actions.strategy.archive_competitor": (
        "rep", "archive", "competitor",
        lambda w: w.archived(w.competitor(), opportunities.archive_competitor, "competitor"),
    ),
    "opportunities.actions.strategy.restore_competitor": (
        "rep", "restore", "competitor",
        lambda w: opportunities.restore_competitor(
            competitor=w.archived(w.competitor(), opportunities.archive_competitor, "competitor"),
            seen=None, actor=w.rep,
        ),
    ),
    "opportunities.actions.method.edit_method": (
        "admin", "edit", "methodsetting",
        lambda w: opportunities.edit_method(gate_mode="enforce", grade_needs={}, seen=None, actor=w.admin),
    ),
    "opportunities.actions.method.edit_rung": (
        "admin", "edit", "rung",
        lambda w: opportunities.edit_rung(
            rung=Rung.objects.current()[0], changes={"question_en": "Who?"}, actor=w.admin
        ),
    ),
    "opportunities.actions.method.rename_factor": (
        "admin", "edit", "factor",
        lambda w: opportunities.rename_factor(
            factor=Factor.objects.all()[0], changes={"name_en": "Need"}, seen=None, actor=w.admin
        ),
    ),
    "opportunities.actions.stakeholders.forget_sensitive_notes": ("admin", "erase", "stakeholder", forgotten),
    "opportunities.actions.undo.undo": ("rep", "undo", "opportunity", undone),
    "opportunities.actions.archive.archive_opportunity": (
        "rep", "archive", "opportunity",
        lambda w: opportunities.archive_opportunity(opportunity=w.deal(), seen=None, actor=w.rep),
    ),
    "opportunities.actions.archive.restore_opportunity": (
        "rep", "restore", "opportunity",
        lambda w: opportunities.restore_opportunity(
            opportunity=opportunities.archive_opportunity(opportunity=w.deal(), seen=None, actor=w.rep),
            seen=None, actor=w.rep,
        ),
    ),
    "opportunities.actions.collaborators.add_collaborator": (
        "rep", "add_collaborator", "opportunity",
        lambda w: opportunities.add_collaborator(opportunity=w.deal(), user=w.company.mate, actor=w.rep),
    ),
    "opportunities.actions.collaborators.remove_collaborator": (
        "rep", "remove_collaborator", "opportunity",
        lambda w: [
            act(opportunity=deal, user=w.company.mate, actor=w.rep)
            for deal in [w.deal()]
            for act in (opportunities.add_collaborator, opportunities.remove_collaborator)
        ],
    ),
    "opportunities.actions.people.edit_person": (
        "admin", "edit", "user",
        lambda w: opportunities.edit_person(person=w.rep, changes={"team": w.company.west}, seen=None, actor=w.admin),
    ),
    "opportunities.actions.people.hand_over_portfolio": ("admin", "assign", "opportunity", handed_over),
    "opportunities.actions.people.deactivate_person": (
        "admin", "deactivate", "user",
        lambda w: opportunities.deactivate_person(person=w.rep, seen=None, actor=w.admin),
    ),
    "opportunities.actions.stages.create_stage": (
        "admin", "create", "stage",
        lambda w: opportunities.create_stage(actor=w.admin, name_zh="新", name_en="New", win_rate=Decimal("0.3")),
    ),
    "opportunities.actions.stages.edit_stage": (
        "admin", "edit", "stage",
        lambda w: opportunities.edit_stage(
            stage=stage("discover"), changes={"win_rate": Decimal("0.2")}, seen=None, actor=w.admin
        ),
    ),
    "opportunities.actions.stages.reorder_stages": (
        "admin", "reorder", "stage",
        lambda w: opportunities.reorder_stages(
            order=[row.pk for row in Stage.objects.in_use().order_by("-position")], actor=w.admin
        ),
    ),
    "opportunities.actions.stages.retire_stage": (
        "admin", "retire", "stage",
        lambda w: opportunities.retire_stage(stage=stage("lock"), target=stage("discover"), actor=w.admin),
    ),
}  # fmt: skip
