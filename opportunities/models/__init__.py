"""Stages and opportunities; evidence, people, plans, activities, files and the playbook around them."""

from opportunities.models.activities import Activity, ActivityKind, CalendarFeed, Look
from opportunities.models.evidence import (
    Checkpoint,
    Factor,
    FactorKey,
    Grade,
    GradeChange,
    HeightsVersion,
    MethodSetting,
    Rung,
    Waiver,
)
from opportunities.models.files import Attachment
from opportunities.models.opportunities import (
    Collaborator,
    ForecastCategory,
    Held,
    Opportunity,
    OpportunityVersion,
)
from opportunities.models.playbook import PlaybookEntry, PlaybookVersion
from opportunities.models.stages import Outcome, Stage, StageSetting
from opportunities.models.stakeholders import JointTask, Stakeholder
from opportunities.models.strategy import Competitor, Decision, Rating, StrategySheet, SuccessFactor

__all__ = [
    "Activity",
    "ActivityKind",
    "Attachment",
    "CalendarFeed",
    "Checkpoint",
    "Collaborator",
    "Competitor",
    "Decision",
    "Factor",
    "FactorKey",
    "ForecastCategory",
    "Grade",
    "GradeChange",
    "HeightsVersion",
    "Held",
    "JointTask",
    "Look",
    "MethodSetting",
    "Opportunity",
    "OpportunityVersion",
    "Outcome",
    "PlaybookEntry",
    "PlaybookVersion",
    "Rating",
    "Rung",
    "Stage",
    "StageSetting",
    "Stakeholder",
    "StrategySheet",
    "SuccessFactor",
    "Waiver",
]
