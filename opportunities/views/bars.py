"""The five verified heights as small bars, and the rates that stand beside the declared one: ready HTML."""

from decimal import Decimal
from functools import cache
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.web.html import fill, joined
from config.web.templatetags.formats import percent
from config.web.templatetags.ui import icon
from opportunities.models import Stage
from opportunities.rules.evidence import Heights, floors_of
from opportunities.rules.historical import Historical, of_stage
from opportunities.rules.readings import Reading, read
from opportunities.selectors.heights import floors_now
from opportunities.selectors.historical import historical_rates
from opportunities.selectors.stages import all_stages, factor_names

BARS = '<ul class="asc-ff{}" aria-label="{}">{}</ul>'
BAR = '<li data-h="{0}"{1}>{2}<b>{0}</b></li>'
NOBODY = '<div class="asc-ff-none t-12 c-3">{}{}</div>'
FLAG = '<span class="asc-flag {} bare" title="{}">{}{}</span>'
PROVEN = '<span class="c-3 t-12 nw">{}</span>'
HISTORICAL = '<span class="asc-hist c-3 t-12 nw" title="{}">{}</span>'


class EvidenceDrawer:
    """Draws heights and readings in the active language; what rows have in common is worked out once."""

    def __init__(self, css: str = "") -> None:
        self.css = css
        self.names = factor_names()
        self.floors = floors_now(all_stages())
        self.rates = historical_rates()
        self.came: dict[Historical, SafeString] = {}
        self.drawn: dict[tuple[tuple[int, ...], tuple[int, ...]], SafeString] = {}
        self.bar, self.supported = cache(self._bar), cache(self._supported)
        self.words = _words()
        self.icons = {name: icon(name, 14) for name in ("alert-triangle", "eye-off", "check", "shield-off")}
        unproven = self.words["unproven"]
        self.unproven = fill(FLAG, "warn", unproven, self.icons["shield-off"], unproven)
        hidden = fill('<span class="visually-hidden">{}</span>', unproven)
        self.unproven_mark = fill(FLAG, "warn", unproven, self.icons["shield-off"], hidden)
        self.none = fill(NOBODY, self.icons["eye-off"], self.words["none"])

    def reading(self, stage: Stage, declared: Decimal, heights: Heights | None) -> Reading:
        """What the evidence says of one in this stage."""
        return read(is_open=stage.is_open, declared=declared, heights=heights, floors=self.floors)

    def bars(self, stage: Stage, heights: Heights | None) -> SafeString:
        """Five bars, those below the stage's floor marked; words while unassessed."""
        if heights is None:
            return self.none
        floors = floors_of(stage.floor, stage.floors) if stage.is_open else (0,) * len(heights.verified)
        key = (heights.verified, floors)
        if key not in self.drawn:
            self.drawn[key] = self._bars(*key)
        return self.drawn[key]

    def _bars(self, verified: tuple[int, ...], floors: tuple[int, ...]) -> SafeString:
        levels = list(zip(self.names, verified, floors, strict=True))
        bars = joined(self.bar(name[:1], height, height < floor) for name, height, floor in levels)
        label = self.words["heights"] % {"heights": _(", ").join(f"{name} {height}" for name, height, _floor in levels)}
        return fill(BARS, self.css, label, bars)

    def _bar(self, initial: str, height: int, is_low: bool) -> SafeString:
        return fill(BAR, height, SafeString(' class="low"' if is_low else ""), initial)

    def flag(self, reading: Reading) -> SafeString:
        """The rate that the evidence supports, a warning where it is lower than the declared one; none once closed."""
        if reading.unassessed or not reading.is_open:
            return SafeString("")
        return self.supported(reading.evidenced, reading.inflated)

    def _supported(self, evidenced: Decimal, inflated: bool) -> SafeString:
        rate = self.words["supports"] % {"rate": percent(evidenced)}
        if not inflated:
            return fill(PROVEN, rate)
        return fill(FLAG, "bad", self.words["inflated"], self.icons["alert-triangle"], rate)

    def evidenced(self, reading: Reading) -> SafeString:
        """The evidenced rate beside the declared one."""
        if reading.evidenced is None:
            return fill('<span class="c-3">–</span>')
        if reading.inflated:
            return fill(FLAG, "bad", self.words["inflated"], self.icons["alert-triangle"], percent(reading.evidenced))
        return fill('<span class="c-2">{}</span>{}', percent(reading.evidenced), self.icons["check"])

    def historical(self, stage: Stage, days: int) -> SafeString:
        """What came of those that stood so long in this stage, or how few they are; nothing of a closed one."""
        if not stage.is_open:
            return SafeString("")
        known = of_stage(self.rates, stage.pk, days)
        if known not in self.came:
            self.came[known] = self._came(known)
        return self.came[known]

    def historical_words(self, stage: Stage, days: int) -> str:
        """Likewise as bare words."""
        return self._came_words(of_stage(self.rates, stage.pk, days)) if stage.is_open else ""

    def _came(self, known: Historical) -> SafeString:
        values = {"n": known.n, "low": percent(known.low), "high": percent(known.high)}
        title = self.words["few" if known.rate is None else "like this"] % values
        return fill(HISTORICAL, title, self._came_words(known))

    def _came_words(self, known: Historical) -> str:
        if known.rate is None:
            return self.words["came of few"] % {"n": known.n}
        return self.words["came"] % {"rate": percent(known.rate)}


def _words() -> dict[str, Any]:
    return {
        "none": _("No evidence yet"),
        "heights": _("Verified heights: %(heights)s"),
        "unproven": _("moved without proof"),
        "supports": _("evidence %(rate)s"),
        "inflated": _("Declared higher than the evidence supports"),
        "came": _("hist. %(rate)s"),
        "came of few": _("hist.: %(n)s closed"),
        "like this": _("Historical win rate: %(n)s like this, %(low)s–%(high)s"),
        "few": _("Historical win rate: not calibrated, n = %(n)s closed ones like this"),
    }
