"""The result as a table."""

from scripts.bench.targets import Target

HEAD = ("", "best ms", "p50 ms", "p95 ms", "queries", "of best", "ratio", "at most", "")


def table(targets: list[Target]) -> str:
    """A line a target; the ratio is that of the medians, `of best` that of the best times, which load disturbs less."""
    medians = {target.name: quantile(target.times, 0.5) for target in targets}
    best = {target.name: min(target.times) for target in targets}
    rows = [HEAD, *(_row(target, medians, best) for target in targets)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def missed(targets: list[Target]) -> list[str]:
    """The names of those that are over their limit."""
    medians = {target.name: quantile(target.times, 0.5) for target in targets}
    return [target.name for target in targets if _is_missed(target, medians)]


def quantile(times: list[float], share: float) -> float:
    """The value below which this share of them lies, one that was measured."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def _is_missed(target: Target, medians: dict[str, float]) -> bool:
    return target.limit is not None and medians[target.name] > target.limit * medians[target.yardstick]


def _row(target: Target, medians: dict[str, float], best: dict[str, float]) -> tuple[str, ...]:
    ratio, of_best = (
        f"{times[target.name] / times[target.yardstick]:.2f}" if target.yardstick else "" for times in (medians, best)
    )
    limit = f"{target.limit:g} ×" if target.limit else ""
    verdict = "" if target.limit is None else "MISSED" if _is_missed(target, medians) else "met"
    return (
        target.name, f"{best[target.name]:.1f}", f"{medians[target.name]:.1f}", f"{quantile(target.times, 0.95):.1f}",
        ", ".join(map(str, sorted(target.queries))), of_best, ratio, limit, verdict,
    )  # fmt: skip


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join([first.strip().ljust(widths[0]), *rest]).rstrip()
