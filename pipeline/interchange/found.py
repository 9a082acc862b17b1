"""What an import changes of the search index: it forgets the rows that are called otherwise now.

They and the new ones are indexed after the writing transaction, batch by batch, so that nobody waits for it.
"""

from accounts import search
from accounts.models import SearchToken
from customers.models import Contact, Customer
from opportunities.models import Opportunity, PlaybookEntry
from pipeline.interchange import staging
from pipeline.interchange.columns import File
from pipeline.selectors.searching import INDEXED

TOKENS = SearchToken._meta.db_table
OPPORTUNITY = Opportunity._meta.db_table


def forget_changed(file: File) -> None:
    """Of a file that is copied: the rows that it changes."""
    if file.model in (Customer, Contact, PlaybookEntry):
        changed = f"SELECT c.id FROM {staging.changes_of(file)} c"
        staging.execute(f"DELETE FROM {TOKENS} WHERE kind = {search.kind_of(file.model)} AND object_id IN ({changed})")


def forget_retitled() -> None:
    """Opportunities that get another title, before they get it."""
    retitled = f"SELECT m.id FROM {OPPORTUNITY} m JOIN {staging.OUT} o ON o.key = m.key WHERE o.title <> m.title"
    staging.execute(f"DELETE FROM {TOKENS} WHERE kind = {search.kind_of(Opportunity)} AND object_id IN ({retitled})")


def catch_up() -> None:
    """Index whatever is not yet."""
    for model in INDEXED:
        search.index_missing(model)
