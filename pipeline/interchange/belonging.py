"""Whose people and activities rows name: a contact belongs to the row's customer, an activity to its opportunity's."""

from django.utils.translation import gettext_lazy as _

from customers.models import Contact, Customer
from opportunities.models import Activity, Checkpoint, JointTask, Opportunity, Stakeholder
from pipeline.interchange import staging
from pipeline.interchange.columns import File
from pipeline.interchange.files_of_customers import ACCOUNT_PLANS, JOINT_ACTIONS, NPS
from pipeline.interchange.files_of_evidence import (
    ACTIVITIES,
    ACTIVITY_CONTACTS,
    CHECKPOINTS,
    JOINT_PLAN,
    STAKEHOLDERS,
)
from pipeline.interchange.layout import CONTACTS, OPPORTUNITIES
from pipeline.interchange.report import Bad, Report

CUSTOMER, OPPORTUNITY, ACTIVITY = (model._meta.db_table for model in (Customer, Opportunity, Activity))


def check_belonging(report: Report) -> None:
    """Refuse contacts of another customer, and activities of another customer than their opportunity's."""
    of_opportunity, of_activity = _customer_of(OPPORTUNITIES, "s.opportunity"), _customer_of(ACTIVITIES, "s.activity")
    for file, column, customer in (
        (CHECKPOINTS, "contact", of_opportunity),
        (STAKEHOLDERS, "contact", of_opportunity),
        (JOINT_PLAN, "contact", of_opportunity),
        (ACTIVITY_CONTACTS, "contact", of_activity),
        (NPS, "contact", "s.customer"),
        (ACCOUNT_PLANS, "their_leader", "s.customer"),
        (JOINT_ACTIONS, "contact", _customer_of(ACCOUNT_PLANS, "s.plan")),
    ):
        _contacts(report, file, column, customer)
    _activities(report, of_opportunity)
    _left_behind(report)


def _customer_of(file: File, key: str) -> str:
    """SQL: the key of the customer of the row of `file` that `key` names, as the files say it, else as it is known."""
    said = f"SELECT x.customer FROM {file.table} x WHERE x.key = {key}"
    known = f"SELECT c.key FROM {file.model._meta.db_table} m JOIN {CUSTOMER} c ON c.id = m.customer_id"
    return f"COALESCE(({said}), ({known} WHERE m.key = {key}))"


def _contacts(report: Report, file: File, column: str, customer: str) -> None:
    if file.name not in report.present:
        return
    theirs = _customer_of(CONTACTS, f"s.{column}")
    sql = (
        f"SELECT s.csv_line, s.{column} FROM {file.table} s WHERE s.{column} IS NOT NULL AND {theirs} <> {customer}"
        " ORDER BY s.csv_line"
    )
    for line, value in staging.fetch(sql):
        bad = Bad(_("The contact belongs to another customer."), _("a contact of the customer"))
        report.refuse(file.name, line, column, value, bad)


def _activities(report: Report, of_opportunity: str) -> None:
    sql = (
        f"SELECT s.csv_line, s.customer FROM {ACTIVITIES.table} s WHERE s.customer IS NOT NULL"
        f" AND s.opportunity IS NOT NULL AND s.customer <> {of_opportunity} ORDER BY s.csv_line"
    )
    for line, value in staging.fetch(sql):
        bad = Bad(_("The opportunity is another customer's."), _("the customer of the opportunity, or none"))
        report.refuse(ACTIVITIES.name, line, "customer", value, bad)


def _left_behind(report: Report) -> None:
    """An opportunity whose people, evidence or plan name contacts stays with their customer, as in the form."""
    if "customer" not in report.present.get(OPPORTUNITIES.name, ()):
        return
    named = " UNION ALL ".join(
        f"SELECT m.opportunity_id, m.contact_id FROM {model._meta.db_table} m WHERE m.contact_id IS NOT NULL"
        for model in (Checkpoint, Stakeholder, JointTask)
    )
    sql = (
        f"SELECT DISTINCT s.csv_line, s.customer FROM {OPPORTUNITIES.table} s JOIN {OPPORTUNITY} o ON o.key = s.key"
        f" JOIN {CUSTOMER} c ON c.id = o.customer_id AND c.key <> s.customer"
        f" JOIN ({named}) n ON n.opportunity_id = o.id JOIN {Contact._meta.db_table} k ON k.id = n.contact_id"
        f" AND k.customer_id = c.id ORDER BY s.csv_line"
    )
    for line, value in staging.fetch(sql):
        wrong = _("People of its present customer stand on it, in its evidence or plan.")
        report.refuse(OPPORTUNITIES.name, line, "customer", value, Bad(wrong, _("the customer that it has")))


def move_activities() -> None:
    """The customer of an opportunity's activities is its own; called when the opportunities are written."""
    theirs = f"(SELECT o.customer_id FROM {OPPORTUNITY} o WHERE o.id = {ACTIVITY}.opportunity_id)"
    changed = f"SELECT m.id FROM {OPPORTUNITY} m JOIN {staging.OUT} o ON o.key = m.key WHERE o.seen IS NOT NULL"
    staging.execute(
        f"UPDATE {ACTIVITY} SET customer_id = {theirs} WHERE opportunity_id IN ({changed}) AND customer_id <> {theirs}"
    )
