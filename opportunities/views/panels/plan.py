"""The joint plan of both sides."""

from typing import Any

from accounts.models import User
from accounts.selectors import today
from opportunities.models import Opportunity
from opportunities.selectors.joint_plan import plan_of


def context(opportunity: Opportunity, user: User) -> dict[str, Any]:
    """`plan`, and `plan_day`, the day it is as of."""
    day = today()
    return {"plan": plan_of(opportunity, day), "plan_day": day}
