"""The tier rules that a workspace brings, as the settings take them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.rules.tiers import RULE_FIELDS, TABLES, TIERS, problems
from pipeline.interchange import staging
from pipeline.interchange.files_of_customers import TIER_RULES
from pipeline.interchange.report import Bad, Report, Said

WRONG = {
    "hundred": _("The weights do not make a hundred."),
    "falling": _("A higher tier needs more points: 5A above 4A above 3A."),
    "range": _("A whole number in the range is needed for each."),
    "unknown": _("A word is needed for each tier."),
}
ACCEPTED = {
    "weights": _("seven weights, 100 in all"),
    "thresholds": "5A:85 4A:70 3A:55 2A:25",
}


def staged_rules() -> Iterator[tuple[int, datetime, dict[str, Any]]]:
    """(line, moment, {field: value}) of every line of which no cell was refused."""
    columns = ", ".join(RULE_FIELDS)
    for line, at, *cells in staging.fetch(f"SELECT csv_line, at, {columns} FROM {TIER_RULES.table} ORDER BY csv_line"):
        if at is not None and None not in cells:
            values = dict(zip(RULE_FIELDS, map(staging.as_json, cells), strict=True))
            yield line, staging.as_moment(at), values


def check_tier_rules(report: Report) -> None:
    """Whatever the settings would refuse."""
    for line, _at, values in staged_rules():
        for name, code in problems(values).items():
            names = " ".join(TABLES[name][0] if name in TABLES else TIERS)
            accepted = ACCEPTED.get(name) or Said(_("each once: %(names)s"), names=names)
            show = TIER_RULES.column(name).show or str
            report.refuse(TIER_RULES.name, line, name, show(values[name]), Bad(WRONG[code], accepted))
