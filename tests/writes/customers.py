"""How each action of customers is carried out."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from customers import actions as customers
from tests import factories
from tests.writes.world import World, merged

# {action: (who, what, of which kind of row, how)}
CUSTOMERS: dict[str, tuple[str, str, str, Callable[[World], Any]]] = {
    "customers.actions.merge.merge_customers": ("manager", "merge", "customer", merged),
    "customers.actions.merge.undo_merge": (
        "manager", "undo_merge", "customer", lambda w: customers.undo_merge(merge=merged(w), actor=w.manager)
    ),
    "customers.actions.customers.create_customer": (
        "rep", "create", "customer", lambda w: customers.create_customer(actor=w.rep, name="New")
    ),
    "customers.actions.customers.edit_customer": (
        "rep", "edit", "customer",
        lambda w: customers.edit_customer(customer=w.customer(), changes={"region": "x"}, seen=None, actor=w.rep),
    ),
    "customers.actions.customers.assign_customer": (
        "manager", "assign", "customer",
        lambda w: customers.assign_customer(
            customer=w.customer(), owner=w.company.mate, seen=None, actor=w.manager
        ),
    ),
    "customers.actions.customers.archive_customer": (
        "rep", "archive", "customer", lambda w: w.archived(w.customer(), customers.archive_customer, "customer")
    ),
    "customers.actions.customers.restore_customer": (
        "rep", "restore", "customer",
        lambda w: customers.restore_customer(
            customer=w.archived(w.customer(), customers.archive_customer, "customer"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.create_plan": ("rep", "create", "accountplan", lambda w: w.plan()),
    "customers.actions.plans.edit_plan": (
        "rep", "edit", "accountplan",
        lambda w: customers.edit_plan(plan=w.plan(), changes={"risks": "Prices"}, seen=None, actor=w.rep),
    ),
    "customers.actions.plans.archive_plan": (
        "rep", "archive", "accountplan", lambda w: w.archived(w.plan(), customers.archive_plan, "plan")
    ),
    "customers.actions.plans.restore_plan": (
        "rep", "restore", "accountplan",
        lambda w: customers.restore_plan(
            plan=w.archived(w.plan(), customers.archive_plan, "plan"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.copy_plan_forward": (
        "rep", "create", "accountplan", lambda w: customers.copy_plan_forward(plan=w.plan(), actor=w.rep)
    ),
    "customers.actions.plans.add_plan_line": ("rep", "create", "planline", lambda w: w.plan_line()),
    "customers.actions.plans.edit_plan_line": (
        "rep", "edit", "planline",
        lambda w: customers.edit_plan_line(
            line=w.plan_line(), changes={"state": "done"}, seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.archive_plan_line": (
        "rep", "archive", "planline", lambda w: w.archived(w.plan_line(), customers.archive_plan_line, "line")
    ),
    "customers.actions.plans.restore_plan_line": (
        "rep", "restore", "planline",
        lambda w: customers.restore_plan_line(
            line=w.archived(w.plan_line(), customers.archive_plan_line, "line"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.add_joint_action": ("rep", "create", "jointaction", lambda w: w.joint_action()),
    "customers.actions.plans.edit_joint_action": (
        "rep", "edit", "jointaction",
        lambda w: customers.edit_joint_action(
            joint_action=w.joint_action(), changes={"result": "Seen"}, seen=None, actor=w.rep
        ),
    ),
    "customers.actions.plans.archive_joint_action": (
        "rep", "archive", "jointaction",
        lambda w: w.archived(w.joint_action(), customers.archive_joint_action, "joint_action"),
    ),
    "customers.actions.plans.restore_joint_action": (
        "rep", "restore", "jointaction",
        lambda w: customers.restore_joint_action(
            joint_action=w.archived(w.joint_action(), customers.archive_joint_action, "joint_action"), seen=None,
            actor=w.rep,
        ),
    ),
    "customers.actions.plans.finish_joint_action": (
        "rep", "finish", "jointaction",
        lambda w: customers.finish_joint_action(joint_action=w.joint_action(), side="ours", seen=None, actor=w.rep),
    ),
    "customers.actions.plans.reopen_joint_action": (
        "rep", "reopen", "jointaction",
        lambda w: customers.reopen_joint_action(
            joint_action=customers.drop_joint_action(
                joint_action=w.joint_action(), side="theirs", seen=None, actor=w.rep
            ),
            side="theirs", seen=None, actor=w.rep,
        ),
    ),
    "customers.actions.plans.drop_joint_action": (
        "rep", "drop", "jointaction",
        lambda w: customers.drop_joint_action(joint_action=w.joint_action(), side="theirs", seen=None, actor=w.rep),
    ),
    "customers.actions.profiles.create_profile": ("admin", "create", "idealprofile", lambda w: w.profile()),
    "customers.actions.profiles.edit_profile": (
        "admin", "edit", "idealprofile",
        lambda w: customers.edit_profile(
            profile=w.profile(), changes={"criteria": [{"kind": "tier", "value": "3A", "weight": 2}]}, seen=None,
            actor=w.admin,
        ),
    ),
    "customers.actions.profiles.archive_profile": (
        "admin", "archive", "idealprofile", lambda w: w.archived(w.profile(), customers.archive_profile, "profile")
    ),
    "customers.actions.profiles.restore_profile": (
        "admin", "restore", "idealprofile",
        lambda w: customers.restore_profile(
            profile=w.archived(w.profile(), customers.archive_profile, "profile"), seen=None, actor=w.admin
        ),
    ),
    "customers.actions.targets.add_target": ("rep", "create", "targetcustomer", lambda w: w.target()),
    "customers.actions.targets.edit_target": (
        "rep", "edit", "targetcustomer",
        lambda w: customers.edit_target(
            target=w.target(), changes={"next_step": "Call"}, seen=None, actor=w.rep
        ),
    ),
    "customers.actions.targets.settle_target": (
        "rep", "finish", "targetcustomer",
        lambda w: customers.settle_target(target=w.target(), seen=None, actor=w.rep),
    ),
    "customers.actions.targets.drop_target": (
        "rep", "drop", "targetcustomer", lambda w: customers.drop_target(target=w.target(), seen=None, actor=w.rep)
    ),
    "customers.actions.targets.reopen_target": (
        "rep", "reopen", "targetcustomer",
        lambda w: customers.reopen_target(
            target=customers.drop_target(target=w.target(), seen=None, actor=w.rep), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.facts.create_order": ("rep", "create", "order", lambda w: w.order()),
    "customers.actions.facts.edit_order": (
        "rep", "edit", "order",
        lambda w: customers.edit_order(order=w.order(), changes={"amount": Decimal(7)}, seen=None, actor=w.rep),
    ),
    "customers.actions.facts.archive_order": (
        "rep", "archive", "order",
        lambda w: w.archived(w.order(), customers.archive_order, "order"),
    ),
    "customers.actions.facts.restore_order": (
        "rep", "restore", "order",
        lambda w: customers.restore_order(
            order=w.archived(w.order(), customers.archive_order, "order"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.facts.create_contract": ("rep", "create", "contract", lambda w: w.contract()),
    "customers.actions.facts.edit_contract": (
        "rep", "edit", "contract",
        lambda w: customers.edit_contract(contract=w.contract(), changes={"title": "x"}, seen=None, actor=w.rep),
    ),
    "customers.actions.facts.archive_contract": (
        "rep", "archive", "contract",
        lambda w: w.archived(w.contract(), customers.archive_contract, "contract"),
    ),
    "customers.actions.facts.restore_contract": (
        "rep", "restore", "contract",
        lambda w: customers.restore_contract(
            contract=w.archived(w.contract(), customers.archive_contract, "contract"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.facts.create_nps_response": ("rep", "create", "npsresponse", lambda w: w.nps_response()),
    "customers.actions.facts.edit_nps_response": (
        "rep", "edit", "npsresponse",
        lambda w: customers.edit_nps_response(response=w.nps_response(), changes={"score": 3}, seen=None, actor=w.rep),
    ),
    "customers.actions.facts.archive_nps_response": (
        "rep", "archive", "npsresponse",
        lambda w: w.archived(w.nps_response(), customers.archive_nps_response, "response"),
    ),
    "customers.actions.facts.restore_nps_response": (
        "rep", "restore", "npsresponse",
        lambda w: customers.restore_nps_response(
            response=w.archived(w.nps_response(), customers.archive_nps_response, "response"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.facts.renew_contract": (
        "rep", "renew", "contract",
        lambda w: customers.renew_contract(
            contract=w.contract(), ends_on=date(2027, 12, 31), amount=None, actor=w.rep
        ),
    ),
    "customers.actions.suppliers.create_supplier": ("rep", "create", "supplier", lambda w: w.supplier()),
    "customers.actions.suppliers.edit_supplier": (
        "rep", "edit", "supplier",
        lambda w: customers.edit_supplier(supplier=w.supplier(), changes={"name": "x"}, seen=None, actor=w.rep),
    ),
    "customers.actions.suppliers.archive_supplier": (
        "rep", "archive", "supplier",
        lambda w: w.archived(w.supplier(), customers.archive_supplier, "supplier"),
    ),
    "customers.actions.suppliers.restore_supplier": (
        "rep", "restore", "supplier",
        lambda w: customers.restore_supplier(
            supplier=w.archived(w.supplier(), customers.archive_supplier, "supplier"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.units.create_unit": ("rep", "create", "unit", lambda w: w.unit()),
    "customers.actions.units.edit_unit": (
        "rep", "edit", "unit",
        lambda w: customers.edit_unit(unit=w.unit(), changes={"name": "x"}, seen=None, actor=w.rep),
    ),
    "customers.actions.units.archive_unit": (
        "rep", "archive", "unit", lambda w: w.archived(w.unit(), customers.archive_unit, "unit")
    ),
    "customers.actions.units.restore_unit": (
        "rep", "restore", "unit",
        lambda w: customers.restore_unit(
            unit=w.archived(w.unit(), customers.archive_unit, "unit"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.units.set_coverage": (
        "rep", "create", "coverage",
        lambda w: customers.set_coverage(
            unit=w.unit(), product=factories.product(w.admin), state="ours", actor=w.rep
        ),
    ),
    "customers.actions.tiers.assess_customer": ("rep", "assess", "customer", lambda w: w.assessed()),
    "customers.actions.tiers.override_tier": (
        "manager", "override_tier", "customer",
        lambda w: customers.override_tier(assessment=w.assessed(), tier="5A", reason="Two plants", actor=w.manager),
    ),
    "customers.actions.tiers.edit_tier_rules": (
        "admin", "edit", "tierrules",
        lambda w: customers.edit_tier_rules(changes={"assess_every_days": 60}, seen=None, actor=w.admin),
    ),
    "customers.actions.contacts.create_contact": (
        "rep", "create", "contact",
        lambda w: customers.create_contact(actor=w.rep, customer=w.customer(), name="Ms Secret"),
    ),
    "customers.actions.contacts.edit_contact": (
        "rep", "edit", "contact",
        lambda w: customers.edit_contact(
            contact=w.contact(), changes={"phone": "12345", "title": "CEO"}, seen=None, actor=w.rep
        ),
    ),
    "customers.actions.contacts.archive_contact": (
        "rep", "archive", "contact", lambda w: w.archived(w.contact(), customers.archive_contact, "contact")
    ),
    "customers.actions.contacts.restore_contact": (
        "rep", "restore", "contact",
        lambda w: customers.restore_contact(
            contact=w.archived(w.contact(), customers.archive_contact, "contact"), seen=None, actor=w.rep
        ),
    ),
    "customers.actions.products.create_product": ("admin", "create", "product", lambda w: w.product()),
    "customers.actions.products.edit_product": (
        "admin", "edit", "product",
        lambda w: customers.edit_product(product=w.product(), changes={"line": "x"}, seen=None, actor=w.admin),
    ),
    "customers.actions.products.archive_product": (
        "admin", "archive", "product", lambda w: w.archived(w.product(), customers.archive_product, "product")
    ),
    "customers.actions.products.restore_product": (
        "admin", "restore", "product",
        lambda w: customers.restore_product(
            product=w.archived(w.product(), customers.archive_product, "product"), seen=None, actor=w.admin
        ),
    ),
}  # fmt: skip
