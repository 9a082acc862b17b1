"""Finding rows by a part of a name, pinyin, initials, the end of a phone, a code, within what the reader may see.

A model that is searched says by what: `searched = Searched(…)`. The actions keep the index (`index`); what an import or
a lost worker leaves behind is caught up by `index_missing`.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import SearchToken
from config.web.searching import Wanted, says, tokens_of, wanted

BATCH = 500
SPARE = 4  # candidates for each row that is shown: some only have the tokens


def kind_of(model: Any) -> int:
    return SearchToken.Kind[model._meta.model_name.upper()]


def is_searched(row: Any, changed: Iterable[str]) -> bool:
    """Whether a change of these fields changes by what the row is found."""
    searched = getattr(row, "searched", None)
    return searched is not None and bool(set(searched.fields) & set(changed))


def index(row: Any, *, is_new: bool = False) -> None:
    """Note by what a saved row is found, in the transaction of the write. A model that is not searched is left out."""
    if getattr(row, "searched", None) is None:
        return
    if not is_new:
        SearchToken.objects.filter(kind=kind_of(type(row)), object_id=row.pk).delete()
    SearchToken.objects.bulk_create(_tokens(type(row), row.pk, row), ignore_conflicts=True)


def _tokens(model: Any, pk: int, row: Any) -> list[SearchToken]:
    kind = kind_of(model)
    found = tokens_of(model.searched.texts(row))
    return [SearchToken(kind=kind, object_id=pk, token=token, rank=rank) for token, rank in found.items()]


def index_missing(model: Any) -> int:
    """Index the rows of a model that are not yet, batch by batch; how many there were."""
    known = SearchToken.objects.filter(kind=kind_of(model), object_id=OuterRef("pk"))
    missing = model._base_manager.filter(~Exists(known)).order_by("pk").values("pk", *model.searched.fields)
    count, last = 0, 0
    while rows := list(missing.filter(pk__gt=last)[:BATCH]):
        with transaction.atomic():
            tokens = [token for row in rows for token in _tokens(model, row["pk"], row)]
            SearchToken.objects.bulk_create(tokens, batch_size=5_000, ignore_conflicts=True)
        count, last = count + len(rows), rows[-1]["pk"]
    return count


def found(rows: QuerySet[Any], typed: str, most: int, *fields: str) -> list[dict[str, Any]]:
    """At most so many of `rows` that answer to what was typed, the best first, as {"pk", the fields}. One query."""
    model: Any = rows.model
    ways = wanted(typed)
    if not ways:
        return []
    candidates = _candidates(kind_of(model), ways, rows)[: most * SPARE]
    names = {"pk", *model.searched.fields, *fields}
    values = rows.filter(pk__in=candidates.values("object_id")).order_by().values(*names)
    good = [(texts, row) for row in values if says(texts := model.searched.texts(row), typed)]
    good.sort(key=lambda pair: (_best_rank(pair[0], ways), pair[1]["pk"]))
    return [row for _texts, row in good[:most]]


def _candidates(kind: int, ways: list[Wanted], rows: QuerySet[Any]) -> QuerySet[SearchToken]:
    """The tokens of the rows that have those of one way, the best ranks first."""
    first, *others = [_having(kind, way, rows) for way in ways]
    if not others:
        return first.order_by("rank", "object_id")
    return SearchToken.objects.filter(pk__in=_ids(first.union(*others))).order_by("rank", "object_id")


def _ids(tokens: Any) -> Any:
    return tokens.values("pk")


def _having(kind: int, way: Wanted, rows: QuerySet[Any]) -> QuerySet[SearchToken]:
    of_kind = SearchToken.objects.filter(kind=kind)
    leading = of_kind.filter(token__in=way.leading, object_id__in=rows.order_by().values("pk"))
    for token in way.others:
        leading = leading.filter(Exists(of_kind.filter(object_id=OuterRef("object_id"), token=token)))
    return leading


def _best_rank(texts: Any, ways: list[Wanted]) -> int:
    ranks = tokens_of(texts)
    named = {token for way in ways for token in (*way.leading, *way.others)}
    return min((rank for token, rank in ranks.items() if token in named), default=0)
