"""The index behind the search."""

from django.db import models


class SearchToken(models.Model):
    """A token by which a row is found (config.web.searching); small ranks come first."""

    class Kind(models.IntegerChoices):
        CUSTOMER = 1
        OPPORTUNITY = 2
        CONTACT = 3
        PLAYBOOKENTRY = 4

    kind = models.PositiveSmallIntegerField(choices=Kind)
    object_id = models.BigIntegerField()
    token = models.CharField(max_length=12)
    rank = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [  # with the id: a search that unites several ways asks for nothing else
            models.Index(fields=["token", "kind", "rank", "object_id"], include=["id"], name="search_token_by_rank")
        ]
        constraints = [models.UniqueConstraint(fields=["kind", "object_id", "token"], name="search_token_once_a_row")]

    def __str__(self) -> str:
        return self.token
