"""The playbook 项目真经: what helped before, offered where it helps (METHOD.md §6)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from config.web.revisions import Revised, random_key
from config.web.searching import Searched
from customers.models import Product
from opportunities.models.evidence import in_language
from opportunities.models.stages import Stage
from opportunities.querysets import PlaybookQuerySet


class Wording(models.Model):
    """Title and Markdown body in both languages; an empty one falls back to the other."""

    title_zh = models.CharField(_("title in Chinese"), max_length=200, blank=True)
    title_en = models.CharField(_("title in English"), max_length=200, blank=True)
    body_zh = models.TextField(_("text in Chinese"), max_length=20000, blank=True)
    body_en = models.TextField(_("text in English"), max_length=20000, blank=True)

    class Meta:
        abstract = True

    @property
    def title(self) -> str:
        """In the active language, else in the other."""
        return in_language(self, "title") or self.title_zh or self.title_en

    @property
    def body(self) -> str:
        """Markdown in the active language, else in the other."""
        return in_language(self, "body") or self.body_zh or self.body_en


class PlaybookEntry(Wording, Revised):
    """An entry as it is now; `rungs` are texts such as `power:4`."""

    class Kind(models.TextChoices):
        VALUE_CASE = "value_case", _("Value case")
        OBJECTION = "objection", _("Objection answer")
        PAIN_CHAIN = "pain_chain", _("Pain chain")
        SCRIPT = "script", _("Talk script")
        REFERENCE = "reference", _("Reference case")
        CHECKLIST = "checklist", _("Checklist")

    searched = Searched(names=("title_zh", "title_en"))

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    stages = models.ManyToManyField(Stage, blank=True, related_name="+", verbose_name=_("stages"))
    rungs = models.JSONField(_("rungs"), default=list, blank=True)
    products = models.ManyToManyField(Product, blank=True, related_name="+", verbose_name=_("products"))
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PlaybookQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "id"]
        verbose_name_plural = "playbook entries"

    def __str__(self) -> str:
        return self.title


class PlaybookVersion(Wording):
    """An entry's wording as it was saved at a moment."""

    entry = models.ForeignKey(PlaybookEntry, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["entry", "-number"]
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="playbook_version_once")]

    def __str__(self) -> str:
        return f"{self.entry_id} v{self.number}"
