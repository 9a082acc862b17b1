"""Settings of the method: the gate, what grades need, how factors and rungs are worded (METHOD.md §2, §3).

Each change is kept with its moment; what was recorded before keeps the wording and the needs of its time.
"""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits
from accounts.actions import refuse_unless_admin
from accounts.models import User
from opportunities.models import Factor, MethodSetting, Rung
from opportunities.rules.evidence import GRADES
from opportunities.selectors.ladders import forget_ladders
from opportunities.selectors.stages import forget_stages

TEXTS = ("checkpoint_zh", "checkpoint_en", "evidence_zh", "evidence_en", "question_zh", "question_en")


@transaction.atomic
def edit_method(*, gate_mode: str, grade_needs: dict[str, list[str]], seen: int | None, actor: User) -> MethodSetting:
    """Set the gate and the needs of grades from now on; `seen` is the id of the setting that the editor saw."""
    refuse_unless_admin(actor)
    last = MethodSetting.objects.select_for_update().order_by("-valid_from").first() or MethodSetting()
    _refuse_if_other(seen, last.pk)
    _refuse_needs(grade_needs)
    after = MethodSetting(valid_from=timezone.now(), gate_mode=gate_mode, grade_needs=grade_needs)
    changes = edits.differences(last, {"gate_mode": gate_mode, "grade_needs": grade_needs})
    if not changes:
        return last
    after.full_clean(exclude=["grade_needs"])
    after.save(force_insert=True)
    audit.record("edit", row=after, actor=actor, changes=changes)
    return after


def _refuse_needs(needs: dict[str, list[str]]) -> None:
    known = set(MethodSetting.NEEDS)
    if not set(needs) <= set(GRADES) or any(not set(names) <= known for names in needs.values()):
        raise ValidationError({"grade_needs": _("A grade may need a contact, a day, a trace; nothing else.")})


def _refuse_if_other(seen: int | None, now: int | None) -> None:
    if seen is not None and seen != now:
        raise ValidationError(
            _("Somebody has changed this meanwhile. Open it again to see how it stands now."), code="stale"
        )


@transaction.atomic
def edit_rung(*, rung: Rung, changes: dict[str, str], actor: User) -> Rung:
    """Word a level anew from now on: a new row, so that records keep the wording that they were made under.

    `rung` is the wording that the editor saw; ValidationError (code stale) when it is no longer the latest.
    """
    refuse_unless_admin(actor)
    now = Rung.objects.select_for_update().filter(factor=rung.factor, level=rung.level).latest("valid_from")
    _refuse_if_other(rung.pk, now.pk)
    found = edits.differences(now, {name: text for name, text in changes.items() if name in TEXTS})
    if not found:
        return now
    texts = {name: found[name][1] if name in found else getattr(now, name) for name in TEXTS}
    after = Rung(factor=now.factor, level=now.level, valid_from=timezone.now(), **texts)
    after.full_clean(validate_constraints=False)
    after.save(force_insert=True)
    forget_ladders()
    audit.record("edit", row=after, actor=actor, changes=found)
    return after


@transaction.atomic
def rename_factor(*, factor: Factor, changes: dict[str, Any], seen: int | None, actor: User) -> Factor:
    """Call a factor otherwise, everywhere at once."""
    refuse_unless_admin(actor)
    wanted = {name: value for name, value in changes.items() if name in ("name_zh", "name_en")}
    row = edits.edit(factor, changes=wanted, seen=seen, actor=actor)
    forget_ladders()
    forget_stages()
    return row


def ship_method() -> None:
    """The shipped ladders, gate, needs of grades and kinds of activity, as on the first day; only where none are."""
    import_module("opportunities.migrations.0006_shipped_method").ship_method(apps, None)
    forget_ladders()
