"""What is measured, and what each figure is held against."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlencode

from django.db import connection

from accounts.models import User
from customers.models import Customer
from opportunities.models import Opportunity, Stage
from pipeline import nightly
from scripts.bench import bare_board, company, plain
from scripts.bench.browser import Browser
from scripts.bench.counting import Counter

AGO = 300
WINDOW = 28
EXPORTED = 10_000
Once = Callable[[], tuple[float, int | None]]


@dataclass
class Target:
    """One line of the result: `once` gives milliseconds and queries; at most `limit` times `yardstick`.

    Their medians are compared, or what a `share` of them lies below.
    """

    name: str
    once: Once
    yardstick: str = ""
    limit: float | None = None
    rounds: int | None = None  # fewer than the others
    share: float = 0.5
    times: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)

    def take(self) -> None:
        spent, queries = self.once()
        self.times.append(spent)
        if queries is not None:
            self.queries.add(queries)


PAGE, ENDPOINT = "Yardstick: a page of one row", "Yardstick: one row as JSON"
SQL_NOW, SQL_AGO = "Yardstick: funnel now, plain SQL", f"Yardstick: funnel {AGO} days ago, plain SQL"
SQL_WATERFALL, SQL_NIGHT = f"Yardstick: waterfall of {WINDOW} days, plain SQL", "Yardstick: totals of a day, plain SQL"


def targets(port: int) -> list[Target]:
    """All of them; the yardsticks stand among what is measured by them."""
    rep, manager, everything = (_browser(port, name) for name in ("rep-1", "manager-1", "executive"))
    pages = [*_pages(rep, manager, everything), *_evidence(port), *_searches(rep, everything)]
    return [*_yardsticks(rep), *pages, *_statements(), *_moves(rep), *_aggregates(everything)]


def _browser(port: int, username: str) -> Browser:
    return Browser(port, User.objects.get(username=username))


def _got(browser: Browser, path: str) -> Once:
    def once() -> tuple[float, int]:
        answer = browser.get(path)
        return answer.milliseconds, answer.queries

    return once


def _run(timed: Callable[[], float]) -> Once:
    return lambda: (timed(), None)


def _job(timed: Callable[[], float]) -> Once:
    """With the queries that it took in this process."""

    def once() -> tuple[float, int]:
        counter = Counter()
        with connection.execute_wrapper(counter):
            return timed(), counter.number

    return once


def _yardsticks(rep: Browser) -> list[Target]:
    ago, last = plain.days_ago(AGO), plain.days_ago(1)
    return [
        Target(PAGE, _got(rep, "/bench/page/")),
        Target(ENDPOINT, _got(rep, "/api/v1/bench/")),
        Target(SQL_NOW, _run(lambda: plain.funnel(None))),
        Target(SQL_AGO, _run(lambda: plain.funnel(ago))),
        Target(SQL_WATERFALL, _run(lambda: plain.waterfall(plain.days_ago(WINDOW + 1), last))),
        Target(SQL_NIGHT, _run(lambda: plain.nightly(last))),
    ]


def _pages(rep: Browser, manager: Browser, everything: Browser) -> list[Target]:
    board, board_json, table = "/opportunities/", "/api/v1/opportunities/board/", "/opportunities/table/"
    filtered, export = f"{table}?tier=5A&tier=4A&sort=-amount", "/opportunities/export.%s?team=region-1"
    row = Opportunity.objects.filter(owner__username="rep-1", outcome="open").latest("pk")
    return [
        Target("Board of a rep, HTML", _got(rep, board), PAGE, 4),
        Target("Board of a rep, JSON", _got(rep, board_json), ENDPOINT, 3),
        Target("Board of a manager of 50, HTML", _got(manager, board)),
        Target("Board of a manager of 50, JSON", _got(manager, board_json)),
        Target("Board of everything, HTML", _got(everything, board), PAGE, 6),
        Target("Board of everything, JSON", _got(everything, board_json), ENDPOINT, 6),
        Target("Table of a rep, filter and sort", _got(rep, filtered), PAGE, 4),
        Target("Table of a manager of 50, filter and sort", _got(manager, filtered), PAGE, 4),
        Target("Table of everything, filter and sort", _got(everything, filtered), PAGE, 4),
        Target("Page of an opportunity", _got(rep, f"{board}{row.pk}/")),
        Target("Search by name, table of everything", _got(everything, f"{table}?q=1234")),
        Target("Search by name, customers", _got(everything, "/customers/?q=1234")),
        Target("Search as one types, customers", _got(everything, "/pickers/customers/?q=1234")),
        Target(f"Export of {EXPORTED:,} rows, CSV", _got(everything, export % "csv"), rounds=3),
        Target(f"Export of {EXPORTED:,} rows, XLSX", _got(everything, export % "xlsx"), rounds=3),
    ]  # fmt: skip


def _searches(rep: Browser, everything: Browser) -> Iterator[Target]:
    """A name of two characters, the initials of four, the end of a phone; and whether a customer is there already."""
    asked = (("two characters", "远航"), ("initials", "thny"), ("end of a phone", phone_end()))
    for who, browser in (("a rep", rep), ("everything", everything)):
        for what, typed in asked:
            path = f"/api/v1/search/?{urlencode({'q': typed})}"
            yield Target(f"Search of {who}, {what}, p95", _got(browser, path), ENDPOINT, 5, share=0.95)
        signs = urlencode({"name": "上海远航汽车有限公司", "phone": "02110000007"})
        path = f"/api/v1/customers/duplicates/?{signs}"
        yield Target(f"Duplicates of {who}, p95", _got(browser, path), ENDPOINT, 5, share=0.95)


def phone_end() -> str:
    return str(Customer.objects.filter(owner__username="rep-1").latest("pk").phone[-4:])


def _evidence(port: int) -> list[Target]:
    """What evidence adds most to: a day with many opportunities, an opportunity with much of everything."""
    row = Opportunity.objects.select_related("owner").get(key=company.MOST_TOLD)
    busy = _browser(port, f"rep-{User.objects.filter(role=User.Role.REP).count()}")
    owner, path = Browser(port, row.owner), f"/opportunities/{row.pk}/"
    return [
        Target(f"My day with {company.BUSY} open opportunities", _got(busy, "/day/"), PAGE, 4),
        Target("Page of one with 200 records, 500 activities, 2,000 versions", _got(owner, path)),
    ]


def _statements() -> list[Target]:
    """The board's statement with heights and counted sums, beside the same without."""
    return [
        target
        for who, username in (("a rep", "rep-1"), ("everything", "executive"))
        for target in _with_and_without(who, User.objects.get(username=username))
    ]


def _with_and_without(who: str, user: User) -> Iterator[Target]:
    bare = f"Yardstick: board of {who} without heights, statement"
    yield Target(bare, _run(lambda: bare_board.milliseconds(user, heights=False)))
    name = f"Board of {who} with heights, statement"
    yield Target(name, _run(lambda: bare_board.milliseconds(user, heights=True)), bare, 1.3)


def _moves(rep: Browser) -> list[Target]:
    rows = Opportunity.objects.filter(owner__username="rep-1", outcome="open").order_by("pk")
    return [Target("A move on the board", _mover(rep, cycle(rows.values_list("pk", flat=True))), PAGE, 3)]


def _mover(rep: Browser, ids: Iterator[int]) -> Once:
    """Each goes one stage on, from the last one back to the first, as the gate's form sends it: without proof."""
    stages = list(Stage.objects.open())

    def once() -> tuple[float, int]:
        row = Opportunity.objects.select_related("stage").get(pk=next(ids))
        target = stages[(stages.index(row.stage) + 1) % len(stages)]
        form = {"stage": target.key, "version": str(row.version), "override": "yes", "reason": "bench"}
        answer = rep.post(f"/opportunities/{row.pk}/move/", form, page="/opportunities/")
        if b"data-landed" not in answer.body:
            raise SystemExit(f"ascent: opportunity {row.pk} did not move.")
        return answer.milliseconds, answer.queries

    return once


def _aggregates(everything: Browser) -> list[Target]:
    ago, first, last = plain.days_ago(AGO), plain.days_ago(WINDOW + 1), plain.days_ago(1)
    funnel, window = "/api/v1/pipeline/funnel/", f"/api/v1/pipeline/waterfall/?from={first}&to={last}"
    return [
        Target("Funnel of everything, now", _got(everything, funnel), SQL_NOW, 1.5),
        Target(f"Funnel of everything, {AGO} days ago", _got(everything, f"{funnel}?as_of={ago}"), SQL_AGO, 1.5),
        Target(f"Waterfall of everything, {WINDOW} days", _got(everything, window), SQL_WATERFALL, 1.5),
        Target("Nightly run of a day", _job(_night), SQL_NIGHT, rounds=10),
    ]


def _night() -> float:
    begun = time.perf_counter()
    outcome = nightly.run_day(plain.days_ago(1), again=True)
    if not outcome.rows:
        raise SystemExit(f"ascent: the nightly run gave {outcome}.")
    return (time.perf_counter() - begun) * 1000
