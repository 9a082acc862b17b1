"""Writes about tiers: assessments, overrides, the tier that is held, the rules (METHOD.md §4)."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits, visibility
from accounts.actions import BEGINNING, refuse_unless_admin
from accounts.models import User
from customers.actions.shared import refuse_if_archived, refuse_unless_editable
from customers.models import Assessment, Customer, CustomerTier, TierRules
from customers.rules import tiers as rules
from customers.selectors.tiers import rules_at

TICK = timedelta(microseconds=1)
LONGEST_NOTE = 500


class TierMeanwhile(ValidationError):
    """The tier of an `assessment` is no longer the one that the actor saw. Nothing was written."""

    def __init__(self, assessment: Assessment) -> None:
        super().__init__({"tier": set_meanwhile(assessment.tier)})
        self.assessment = assessment


def begin_tiers(customer: Customer) -> None:
    """The first tier of a new customer, which holds for all the past."""
    CustomerTier.objects.create(customer=customer, valid_from=BEGINNING, tier=customer.tier)


def refuse_tier_by_hand(customer: Customer, tier: str) -> None:
    """A tier that somebody typed holds until the first assessment."""
    if tier != customer.tier and Assessment.objects.filter(customer=customer).exists():
        raise ValidationError({"tier": _("It follows from the assessment: assess the customer again, or override it.")})


def hold_tier(customer: Customer, at: datetime, assessment: Assessment | None = None) -> None:
    """Note the tier that a saved customer has from now on."""
    CustomerTier.objects.create(customer=customer, valid_from=at, tier=customer.tier, assessment=assessment)


@transaction.atomic
def assess_customer(
    *,
    customer: Customer,
    scores: dict[str, int],
    actor: User,
    notes: dict[str, str] | None = None,
    negative_margin: bool = False,
    payment_days_late: int | None = None,
    seen: int | None = None,
) -> Assessment:
    """A new scorecard: the tier follows from the rules in force. ValidationError names the criterion that is wrong.

    `seen`: the id of the latest assessment that the assessor saw, 0 for none; code stale when there is a later one.
    """
    refuse_unless_editable(customer, actor)
    row = edits.locked(customer)
    refuse_if_archived(row)
    _refuse_if_later(row, seen)
    at = _moment_after(row)
    held = rules_at(at)
    said = {name: text.strip() for name, text in (notes or {}).items() if text.strip()}
    _refuse_unfit(scores, said)
    judged = rules.judge(
        scores, weights=held.weights, thresholds=held.thresholds, negative_margin=negative_margin,
        payment_days_late=payment_days_late,
    )  # fmt: skip
    assessment = Assessment(
        customer=row, rules=held, assessed_at=at, assessed_by=actor, scores=scores, notes=said,
        negative_margin=negative_margin, payment_days_late=payment_days_late, points=judged.points,
        computed_tier=judged.tier, tier=judged.tier,
    )  # fmt: skip
    assessment.full_clean(exclude=["customer", "rules", "assessed_by"], validate_constraints=False)
    assessment.save(force_insert=True)
    audit.record(
        "assess", row=row, actor=actor, changes={"total": (None, judged.total), "tier": (row.tier, judged.tier)}
    )
    _take_tier(row, judged.tier, at, assessment, actor)
    return assessment


def _refuse_if_later(row: Customer, seen: int | None) -> None:
    last = row.assessments.select_related("assessed_by").first()  # type: ignore[attr-defined]
    if seen is None or last is None or seen == last.pk:
        return
    raise ValidationError(
        _("%(name)s has assessed this customer meanwhile: %(tier)s, %(total)s points. Save again if yours shall hold.")
        % {"name": last.assessed_by or _("Somebody"), "tier": last.tier, "total": f"{last.total:g}"},
        code="stale",
    )


def _moment_after(customer: Customer) -> datetime:
    """Now, and in any case after the tiers that the customer has had."""
    last = customer.tiers.order_by("-valid_from").values_list("valid_from", flat=True).first()
    return max(timezone.now(), last + TICK if last else BEGINNING)


def _refuse_unfit(scores: dict[str, int], notes: dict[str, str]) -> None:
    errors: dict[str, Any] = {}
    for name in rules.CRITERIA:
        score = scores.get(name)
        if not isinstance(score, int) or isinstance(score, bool) or not 0 <= score <= rules.FULL:
            errors[name] = _("Give a score from 0 to 5.")
        if len(notes.get(name, "")) > LONGEST_NOTE:
            errors[name] = _("At most %(limit)s characters.") % {"limit": LONGEST_NOTE}
    for name in {*scores, *notes} - set(rules.CRITERIA):
        errors[name] = _("There is no such criterion.")
    if errors:
        raise ValidationError(errors)


def _take_tier(row: Customer, tier: str, at: datetime, assessment: Assessment, actor: User) -> None:
    """Also an unchanged tier is held anew: it comes from this assessment now."""
    edits.edit(row, changes={"tier": tier}, seen=None, actor=actor, action="set_tier")
    row.tier = tier
    hold_tier(row, at, assessment)


@transaction.atomic
def override_tier(
    *, assessment: Assessment, tier: str, reason: str, actor: User, seen: str | None = None
) -> Assessment:
    """Another tier than the rules give, by a manager above the owner, of the latest assessment.

    `seen` is the tier that the actor saw: TierMeanwhile when it is another one by now. Nobody signs off what they
    recorded themselves (METHOD.md §10): not their own assessment either.
    """
    customer = edits.locked(assessment.customer)
    refuse_unless_editable(customer, actor)
    refuse_if_archived(customer)
    if not may_override(actor, customer, assessment):
        raise PermissionDenied(_("A manager above the owner overrides the tier, and not of their own assessment."))
    latest = customer.assessments.first()  # type: ignore[attr-defined]
    if latest != assessment:
        raise ValidationError(_("There is a later assessment."))
    assessment = latest
    if seen is not None and assessment.tier != seen:
        raise TierMeanwhile(assessment)
    if tier not in rules.TIERS:
        raise ValidationError({"tier": _("Choose a tier.")})
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    at = _moment_after(customer)
    before = assessment.tier
    assessment.tier, assessment.override_reason = tier, reason.strip()
    assessment.overridden_by, assessment.overridden_at = actor, at
    assessment.clean_fields(exclude=["customer", "rules", "assessed_by", "overridden_by", "scores", "notes"])
    assessment.save(update_fields=["tier", "override_reason", "overridden_by", "overridden_at"])
    audit.record(
        "override_tier", row=customer, actor=actor, changes={"tier": (before, tier), "reason": (None, reason.strip())}
    )
    _take_tier(customer, tier, at, assessment, actor)
    return assessment


def set_meanwhile(tier: str) -> str:
    """What somebody is told who saw another tier."""
    return _("Somebody has set it to %(tier)s meanwhile. Save again if yours shall hold.") % {"tier": tier}


def may_override(user: User, customer: Customer, assessment: Assessment) -> bool:
    """Whether this person may set another tier than the rules give; the customer's owner and team must be loaded."""
    if not user.is_manager or assessment.assessed_by_id == user.pk:
        return False
    return customer.owner is None or visibility.is_above(user, customer.owner)


@transaction.atomic
def edit_tier_rules(*, changes: dict[str, Any], seen: int | None, actor: User) -> TierRules:
    """Other rules from now on (administrators): RULE_FIELDS. Assessments made before keep theirs.

    `seen` is the id of the rules that the editor saw; ValidationError (code stale) when they are no longer the latest.
    """
    refuse_unless_admin(actor)
    latest = TierRules.objects.select_for_update().latest("valid_from")
    if seen is not None and seen != latest.pk:
        raise ValidationError(
            _("Somebody has changed this meanwhile. Open it again to see how it stands now."), code="stale"
        )
    found = edits.differences(latest, {name: value for name, value in changes.items() if name in rules.RULE_FIELDS})
    if not found:
        return latest
    values = {name: getattr(latest, name) for name in rules.RULE_FIELDS} | {
        name: new for name, (_old, new) in found.items()
    }
    problems = rules.problems(values)
    if problems:
        raise ValidationError({name: _words(code, values[name]) for name, code in problems.items()})
    row = TierRules(valid_from=max(timezone.now(), latest.valid_from + TICK), **values)
    row.full_clean()
    row.save(force_insert=True)
    audit.record("edit", row=row, actor=actor, changes=found)
    return row


def ship_tier_rules() -> None:
    """The shipped tier rules, as on the first day; only where none are left."""
    TierRules.objects.create(valid_from=BEGINNING)


def _words(code: str, value: Any) -> str:
    if code == "hundred":
        return _("The weights make a hundred in all, not %(sum)s.") % {"sum": sum(value.values())}
    return {
        "falling": _("A higher tier needs more points: 5A above 4A above 3A."),
        "range": _("A whole number in the range is needed for each."),
        "unknown": _("There is no such word."),
    }[code]
