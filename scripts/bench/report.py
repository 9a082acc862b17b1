"""The result as a table."""

from scripts.bench.targets import Target
from scripts.bench.workspace import Taken

HEAD = ("", "best ms", "p50 ms", "p95 ms", "queries", "of best", "ratio", "at most", "")


def table(targets: list[Target]) -> str:
    """A line a target; the ratio is that of the medians, or of p95 where that is asked for, `of best` that of the best
    times, which load disturbs less.
    """
    by_name = {target.name: target for target in targets}
    rows = [HEAD, *(_row(target, by_name) for target in targets)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def imports(events: int, taken: list[Taken]) -> str:
    """A line on some imports of as many events."""
    whole, writing = [each.whole for each in taken], [each.writing for each in taken]
    queries = ", ".join(f"{each:,}" for each in sorted({each.queries for each in taken}))
    return (
        f"Import of {events:,} events, {len(taken)} times: p50 {quantile(whole, 0.5):.1f} s, p95 "
        f"{quantile(whole, 0.95):.1f} s, of which the writing transaction {quantile(writing, 0.5):.1f} s and "
        f"{quantile(writing, 0.95):.1f} s; queries {queries}"
    )


def missed(targets: list[Target]) -> list[str]:
    """The names of those that are over their limit."""
    by_name = {target.name: target for target in targets}
    return [target.name for target in targets if _is_missed(target, by_name)]


def quantile(times: list[float], share: float) -> float:
    """The value below which this share of them lies, one that was measured."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def _is_missed(target: Target, by_name: dict[str, Target]) -> bool:
    return target.limit is not None and _ratio(target, by_name) > target.limit


def _ratio(target: Target, by_name: dict[str, Target]) -> float:
    yardstick = by_name[target.yardstick]
    return quantile(target.times, target.share) / quantile(yardstick.times, target.share)


def _row(target: Target, by_name: dict[str, Target]) -> tuple[str, ...]:
    ratio = of_best = ""
    if target.yardstick:
        ratio = f"{_ratio(target, by_name):.2f}"
        of_best = f"{min(target.times) / min(by_name[target.yardstick].times):.2f}"
    limit = f"{target.limit:g} ×" if target.limit else ""
    verdict = "" if target.limit is None else "MISSED" if _is_missed(target, by_name) else "met"
    times = (min(target.times), quantile(target.times, 0.5), quantile(target.times, 0.95))
    queries = ", ".join(map(str, sorted(target.queries)))
    return (target.name, *(f"{each:.1f}" for each in times), queries, of_best, ratio, limit, verdict)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join([first.strip().ljust(widths[0]), *rest]).rstrip()
