"""Saved views: the filters, order and columns of a page under a name."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Team, User
from accounts.querysets import SavedViewQuerySet
from config.web.revisions import Revised, random_key


class SavedView(Revised):
    """A page's query under a name. It holds no rows: whoever opens it sees what they may see."""

    class Page(models.TextChoices):
        BOARD = "board", _("Board")
        TABLE = "table", _("Table")

    class Scope(models.TextChoices):
        MINE = "mine", _("Mine alone")
        TEAM = "team", _("My team")

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    owner = models.ForeignKey(User, models.PROTECT, related_name="saved_views", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=80)
    page = models.CharField(_("page"), max_length=10, choices=Page)
    query = models.CharField(_("filters"), max_length=2000, blank=True)  # as in the address, without `?`
    scope = models.CharField(_("for whom"), max_length=4, choices=Scope, default=Scope.MINE)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["team", "page"], name="saved_view_of_team")]
        constraints = [
            models.CheckConstraint(
                name="saved_view_of_a_team_has_one",
                condition=models.Q(scope="mine", team__isnull=True) | models.Q(scope="team", team__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SavedViewPlace(models.Model):
    """Where a view stands among those that a person sees, and whether the page opens with it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="places")
    position = models.PositiveSmallIntegerField(default=0)
    is_default = models.BooleanField(default=False)
    page = models.CharField(max_length=10, choices=SavedView.Page)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "view"], name="saved_view_place_once"),
            models.UniqueConstraint(
                fields=["user", "page"], condition=models.Q(is_default=True), name="saved_view_one_default_a_page"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.view_id} at {self.position}"
