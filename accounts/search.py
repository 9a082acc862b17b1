"""Finding rows by a part of a name, pinyin, initials, the end of a phone, a code, within what the reader may see.

A model that is searched says by what: `searched = Searched(…)`. The actions keep the index (`index`); what an import or
a lost worker leaves behind is caught up by `index_missing`.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, reduce
from itertools import chain, islice, product
from math import ceil, log
from operator import and_, itemgetter, or_
from typing import Any, Literal

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts import visibility
from accounts.models import SearchToken, User
from config.web.composed import composed, prepared
from config.web.lookups import Among
from config.web.searching import Wanted, rank_of, squeeze, tokens_of, wanted

BATCH = 500
FEWEST_LETTERS = 2  # of initials
SPELLINGS = 4  # of what was typed that a list tries: initials, then syllables cut in the likeliest ways
SPARE = 8  # candidates for each row that is shown: some only have the tokens

Rows = Callable[[User], QuerySet[Any]]
# How what one sees meets the ways to read what was typed.
Plan = Literal["seen by each", "seen once", "row by row", "best of each"]


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


def found(rows: Rows, user: User, typed: str, most: int, *fields: str) -> list[dict[str, Any]]:
    """At most so many of the rows of `rows(user)` that answer to what was typed, the best first: {"pk", the fields}.

    `rows` is a function of its module: it asks of a person only what `visibility.sight` tells. One query.
    """
    ways = _alike(wanted(typed))
    if not ways:
        return []
    shape = tuple((len(way.leading), len(way.others)) for way in ways)
    tokens = enumerate(chain.from_iterable((*way.leading, *way.others) for way in ways))
    named = {f"token_{place}": token for place, token in tokens}
    who = visibility.beholder(user)
    plan = _plan(user, typed, len(ways))
    candidates = _of_many if plan.startswith("seen") else _of_few
    values = candidates(rows, visibility.sight(user), shape, most * SPARE, fields, plan, **who, **named)
    searched = _model_of(rows).searched
    ranked = ((rank_of(searched.texts(row), typed), row["pk"], row) for row in values)
    good = sorted((each for each in ranked if each[0] is not None), key=itemgetter(0, 1))
    return [row for _rank, _pk, row in good[:most]]


def is_spelt(typed: str, **by: Any) -> Q | None:
    """Rows that have the tokens of Latin letters, initials or pinyin; a few have them in another order.

    By the names of which rows: `pk=` the model itself, `customer_id=` the model that this column names. None where
    anything else was typed, or too little.
    """
    text = squeeze(typed)
    if len(text) < FEWEST_LETTERS or not (text.isascii() and text.isalpha()):
        return None
    named = [SearchToken.objects.filter(kind=kind_of(by[each]), object_id=OuterRef(each)).order_by() for each in by]
    ways = [way for way in wanted(typed) if not way.leading[0].startswith("@")]
    return reduce(or_, (_has_all(tokens, way) for tokens, way in product(named, ways[:SPELLINGS])))


def _has_all(tokens: QuerySet[SearchToken], way: Wanted) -> Q:
    """Each token by itself: PostgreSQL looks them up for few rows, and gathers the bearers of each for many."""
    have = [Q(Exists(tokens.filter(token=token))) for token in way.others]
    return reduce(and_, [*have, Q(Exists(tokens.filter(token__in=way.leading)))])


def _alike(ways: list[Wanted]) -> list[Wanted]:
    """In one order, with 1, 4, 16 … leading tokens, the last one again and again: few shapes have to be composed."""
    sizes = [4 ** ceil(log(len(way.leading), 4)) for way in ways]
    padded = [
        Wanted((*way.leading, *way.leading[-1:] * (size - len(way.leading))), way.others)
        for way, size in zip(ways, sizes, strict=True)
    ]
    return sorted(padded, key=lambda way: (len(way.others), len(way.leading)))


@cache
def _model_of(rows: Rows) -> Any:
    return rows(visibility.somebody((User.Role.REP, False), 0, "")).model


def _candidates(
    rows: Rows, sight: Any, shape: Sequence[tuple[int, int]], most: int, fields: Sequence[str], plan: Plan,
    *, user: int, path: str, **named: str,
) -> QuerySet[Any]:  # fmt: skip
    """What is said by the rows that have the tokens of one way, those with the best ranks."""
    seen = rows(visibility.somebody(sight, user, path))
    model: Any = seen.model
    tokens = iter(named.values())
    taken = [Wanted(tuple(islice(tokens, leading)), tuple(islice(tokens, others))) for leading, others in shape]
    answering = _of_ways(kind_of(model), taken, seen.order_by().values("pk"), plan, most)
    best = _best(answering, most).values("object_id")
    of_these = model._base_manager.filter(pk__in=best).order_by()
    return of_these.values(*dict.fromkeys(("pk", *model.searched.fields, *fields)))  # type: ignore[no-any-return]


_of_many = composed(_candidates)
_of_few = prepared(_candidates)  # of what a manager sees one plan for all would be the wrong one for most


def _plan(user: User, typed: str, ways: int) -> Plan:
    if user.sees_everything:
        return "best of each"
    if ways > 1 and not visibility.has_charge(user):
        return "row by row"
    return "seen once" if typed.strip().isdecimal() else "seen by each"


def _of_ways(kind: int, wanted: list[Wanted], seen: QuerySet[Any], plan: Plan, most: int) -> Any:
    """The tokens of one of these ways on rows that are seen; docs/performance.md tells what each plan is for."""
    of_kind = SearchToken.objects.filter(kind=kind)
    answers = [_answers(of_kind, way) for way in wanted]
    if plan == "row by row":
        leading = list(chain.from_iterable(way.leading for way in wanted))
        return of_kind.filter(Among(F("object_id"), seen.query), reduce(or_, answers), token__in=leading)
    ways = [of_kind.filter(each) for each in answers]
    if plan != "seen once":
        ways = [way.filter(object_id__in=seen) for way in ways]
    if plan == "best of each":
        ways = [SearchToken.objects.filter(pk__in=_best(way, most).values("pk")) for way in ways]
    first, *more = (way.values("pk") for way in ways)
    found = SearchToken.objects.filter(pk__in=first.union(*more)) if more else ways[0]
    return found.filter(object_id__in=seen) if plan == "seen once" else found


def _best(tokens: QuerySet[SearchToken], most: int) -> QuerySet[SearchToken]:
    return tokens.order_by("rank", "object_id")[:most]


def _answers(of_kind: QuerySet[SearchToken], way: Wanted) -> Q:
    """Whether a token is a leading one of this way, on a row that has all the others."""
    asked = Q(token__in=way.leading)
    for token in way.others:
        asked &= Q(Exists(of_kind.filter(object_id=OuterRef("object_id"), token=token)))
    return asked
