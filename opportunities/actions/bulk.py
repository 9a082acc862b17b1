"""One action on many opportunities, each answered on its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from config.web.revisions import StaleWrite
from opportunities.actions.gate import GateClosed
from opportunities.models import Opportunity

MOST = 200


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one row: `errors` is {field: [messages]}, empty when it succeeded."""

    id: int
    ok: bool
    status: int
    errors: dict[str, list[str]]
    opportunity: Opportunity | None = None
    gate: GateClosed | None = None


def in_bulk(ids: Iterable[int], *, actor: User, act: Callable[[Opportunity], Opportunity]) -> list[BulkResult]:
    """Run `act` on each visible opportunity of `ids` (at most 200), in its own transaction, in the order given."""
    wanted = list(dict.fromkeys(ids))
    if not 1 <= len(wanted) <= MOST:
        raise ValidationError({"ids": _("Choose between 1 and 200 opportunities.")})
    found = Opportunity.objects.visible_to(actor).in_use().with_names().in_bulk(wanted)
    return [_one(pk, found.get(pk), act) for pk in wanted]


def _one(pk: int, opportunity: Opportunity | None, act: Callable[[Opportunity], Any]) -> BulkResult:
    if opportunity is None:
        return _not_there(pk)
    try:
        return BulkResult(pk, True, 200, {}, act(opportunity))
    except Http404:  # it went out of sight meanwhile
        return _not_there(pk)
    except ValidationError as error:
        return BulkResult(pk, False, 400, as_lists(error))
    except PermissionDenied as error:
        return BulkResult(pk, False, 403, {"__all__": [str(error)]})
    except GateClosed as error:
        return BulkResult(pk, False, 422, {"stage": [_("The evidence does not reach this stage.")]}, gate=error)
    except StaleWrite as error:
        return BulkResult(pk, False, 409, {name: [_("Somebody changed this meanwhile.")] for name in error.conflicts})


def _not_there(pk: int) -> BulkResult:
    return BulkResult(pk, False, 404, {"id": [_("There is no such opportunity.")]})


def as_lists(error: ValidationError) -> dict[str, list[str]]:
    """{field: [messages]}; what belongs to no field stands under `__all__`."""
    return error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
