"""Every write about opportunities and stages, one verb each; each is one transaction."""

from opportunities.actions.archive import archive_opportunity, restore_opportunity
from opportunities.actions.bulk import BulkResult, in_bulk
from opportunities.actions.collaborators import add_collaborator, remove_collaborator
from opportunities.actions.create import create_opportunity
from opportunities.actions.edit import assign, edit_and_assign, edit_opportunity
from opportunities.actions.move import move_to_stage
from opportunities.actions.people import PortfolioChanged, deactivate_person, edit_person, hand_over_portfolio
from opportunities.actions.stages import create_stage, edit_stage, reorder_stages, retire_stage
from opportunities.actions.undo import undo

__all__ = [
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
