"""The kinds of activity as administrators set them."""

from accounts.form_pages import RevisedForm
from opportunities.models import ActivityKind


class ActivityKindForm(RevisedForm):
    """A kind's names, what it counts as, and its place in the choice."""

    class Meta:
        model = ActivityKind
        fields = ("name_zh", "name_en", "base", "position")
