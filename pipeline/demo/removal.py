"""The one true deletion: the demo company and all that was done in it go, and the installation is as on its first day.

Only while the organisation is the demo's, and only while nothing else was imported into it. Real people stay, with
their tokens, invitations and preferences. Settings and the playbook are the shipped ones again, whoever changed them.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts import audit
from accounts.actions import BEGINNING, refuse_unless_admin
from accounts.models import (
    AuditEntry,
    IdempotencyRecord,
    Invitation,
    Notification,
    Organisation,
    OutboxMessage,
    SavedView,
    SavedViewPlace,
    SearchToken,
    Team,
    User,
    UserTeam,
)
from accounts.selectors import forget_organisation, organisation, today
from customers.actions.tiers import ship_tier_rules
from customers.models import (
    AccountPlan,
    Assessment,
    Contact,
    Contract,
    Coverage,
    Customer,
    CustomerTier,
    Erasure,
    IdealProfile,
    JointAction,
    Merge,
    NpsResponse,
    Order,
    PlanLine,
    Product,
    ProfileCriterion,
    Supplier,
    TargetCustomer,
    TierRules,
    Unit,
)
from opportunities.actions.method import ship_method
from opportunities.actions.playbook import ship_playbook
from opportunities.actions.stages import ship_stages
from opportunities.models import (
    Activity,
    ActivityKind,
    Attachment,
    CalendarFeed,
    Checkpoint,
    Collaborator,
    Competitor,
    Decision,
    Factor,
    GradeChange,
    HeightsVersion,
    JointTask,
    Look,
    MethodSetting,
    Opportunity,
    OpportunityVersion,
    PlaybookEntry,
    PlaybookVersion,
    Rung,
    Stakeholder,
    StrategySheet,
    Waiver,
)
from opportunities.models.files import attachment_storage
from pipeline.models import DailyTotal, ExportRun, ImportRun, NightlyRun
from pipeline.runs import storage

# In this order; what is named here is emptied, and what is SHIPPED (the stages too) then filled again. Models that keep
# rows: people with their teams, tokens, invitations and preferences, and the audit trail of those who stay.
LINKS = (Activity.contacts.through, PlaybookEntry.products.through, PlaybookEntry.stages.through)
OF_CUSTOMERS: tuple[type[models.Model], ...] = (
    CustomerTier, Assessment, JointAction, PlanLine, AccountPlan, Coverage, Unit, Supplier, NpsResponse, Contract,
    TargetCustomer, ProfileCriterion, IdealProfile, Merge, Erasure,
)  # fmt: skip
SHIPPED = (TierRules, PlaybookVersion, PlaybookEntry, ActivityKind, MethodSetting, Rung, Factor)
EMPTIED: tuple[type[models.Model], ...] = (
    DailyTotal, NightlyRun, Waiver, GradeChange, Checkpoint, HeightsVersion, Attachment, Activity, Decision, JointTask,
    Stakeholder, Competitor, StrategySheet, CalendarFeed, Look, Collaborator, OpportunityVersion, Opportunity, Order,
    *OF_CUSTOMERS, Contact, Customer, Product, SavedViewPlace, SavedView, Notification, OutboxMessage,
    IdempotencyRecord, ImportRun, ExportRun, SearchToken, *SHIPPED,
)  # fmt: skip
LABELS = {
    Opportunity: pgettext_lazy("rows", "Deals"), Customer: gettext_lazy("Customers"), Contact: gettext_lazy("Contacts"),
    Order: gettext_lazy("Orders"), Product: gettext_lazy("Products"),
}  # fmt: skip
BUSINESS = tuple(LABELS)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a removal deletes: (kind, rows, of these made by hand since the demo was loaded), and whom it spares."""

    lines: list[tuple[str, int, int]]
    people: int
    stays: int


def contents() -> Contents:
    """Counts for the confirmation. Two queries."""
    found = {kind: (n, own) for kind, n, own in _counted(BUSINESS[0]).union(*map(_counted, BUSINESS[1:]), all=True)}
    people = User.objects.aggregate(
        demo=models.Count("pk", filter=models.Q(is_demo=True)), real=models.Count("pk", filter=models.Q(is_demo=False))
    )  # fmt: skip
    lines = [(str(LABELS[model]), *found.get(model.__name__, (0, 0))) for model in BUSINESS]
    return Contents(lines, people["demo"], people["real"])


def _counted(model: type[models.Model]) -> Any:
    own = models.Count("pk", filter=models.Q(imported_version__isnull=True))
    named = model._default_manager.order_by().annotate(kind=models.Value(model.__name__)).values("kind")
    return named.annotate(n=models.Count("pk"), own=own).values_list("kind", "n", "own")


def hindrance() -> str:
    """Why the demo cannot be removed now, in words; empty when it can."""
    row = organisation()
    if not row.is_demo:
        return _("This is not the demo company. What a company has entered is never deleted.")
    imports = AuditEntry.objects.filter(action="import", at__gt=row.set_up_at) if row.set_up_at else None
    if imports is not None and imports.exists():
        return _("A workspace was imported since: this is no longer the demo alone, and nothing of it is deleted.")
    real = User.objects.active_on(today()).filter(role=User.Role.ADMIN, is_demo=False)
    if not real.exclude(password__startswith="!").exists():
        return _("Invite an administrator of your own first, who has signed in: nobody else could set this up again.")
    return ""


@transaction.atomic
def remove_demo(*, name: str, actor: User) -> None:
    """Delete the demo company; `name` is what the actor typed. ValidationError when it may not go."""
    refuse_unless_admin(actor)
    forget_organisation()
    row = Organisation.objects.select_for_update().filter(pk=1).first()
    if found := hindrance():
        raise ValidationError(found)
    assert row is not None
    if name.strip() != row.name:
        raise ValidationError({"name": _("Type the company's name exactly as it stands above.")})
    gone = contents()
    _empty()
    _let_people_go()
    ship_method()
    ship_stages()
    ship_tier_rules()
    ship_playbook()
    Organisation.objects.all().delete()
    forget_organisation()
    audit.record_many(
        "remove_demo", model=Organisation, label=row.name, actor=None if actor.is_demo else actor,
        changes={"rows": [sum(count for _kind, count, _own in gone.lines), 0], "by": [None, actor.username]},
    )  # fmt: skip


def _empty() -> None:
    for kind in (ImportRun, ExportRun):
        for run in kind.objects.all():
            transaction.on_commit(partial(storage.remove, run), robust=True)
    for stored in Attachment.objects.values_list("stored", flat=True):
        transaction.on_commit(partial(attachment_storage().delete, stored), robust=True)
    Customer.objects.update(parent=None, merged_into=None)
    Contract.objects.update(renewed_by=None)
    for model in (*LINKS, *EMPTIED):
        _delete(model._base_manager.all())


def _delete(rows: Any) -> None:
    rows._raw_delete(rows.db)


def _let_people_go() -> None:
    """The demo's people go, with the trail of what they did; the others stay, without a team."""
    gone, stay = User.objects.filter(is_demo=True), User.objects.filter(is_demo=False)
    trail = AuditEntry._base_manager.all()  # this one place forgets what is on record
    about_people = models.Q(model="user", object_id__in=stay.values("pk"))
    _delete(trail.exclude(about_people))
    trail.filter(actor__in=gone).update(actor=None)
    Invitation.objects.filter(created_by__in=gone).update(created_by=None)
    _delete(Invitation.objects.filter(user__in=gone))
    kept = list(stay.filter(team_history__isnull=False).distinct())
    _delete(UserTeam.objects.all())
    User.objects.update(team=None)
    gone.delete()
    UserTeam.objects.bulk_create([UserTeam(user=user, team=None, valid_from=BEGINNING) for user in kept])
    Team.objects.update(parent=None)
    _delete(Team.objects.all())
