"""The lines of My day as ready HTML: a template only puts them in their places.

A line is a few filled strings because there are up to thirty (docs/performance.md).
"""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.web.html import fill, joined
from config.web.templatetags.formats import clock, due_label, moment, money, percent
from config.web.templatetags.ui import TIERS, icon, ramp, tier
from opportunities.models import Activity
from opportunities.selectors.climbs import Climb
from pipeline.selectors.my_day import Line, Section

LINE = """<li class="asc-task{hot}">{lead}
<div><div class="fw-semibold wrap-any">{what}</div>
<div class="asc-row t-12 c-2 asc-wrap">{about}
{why}</div>
{rung}</div>
<span class="asc-day-flags">{flags}</span>
<span class="acts">{acts}</span></li>"""
LINK = '<a href="{}">{} · {}</a>'
BARE = '<a href="{}">{}</a>'
DEAL = '{}{}<span class="c-3 nw">{}</span><span class="asc-wr" data-r="{}">{}</span>'
SAID = '<span class="{}">{}</span>'
RUNG = '<div class="t-12 c-3 wrap-any">{}</div>'
FLAG = '<span class="asc-flag {}">{}{}</span>'
DUE = '<span class="asc-due{}">{}{}</span>'
PLAYBOOK = '<a class="btn btn-quiet btn-sm" href="{}?rung={}:{}">{}</a>'
ACT = '<a class="btn btn-{}" href="{}" hx-get="{}{}" hx-target="#dialog-body">{}</a>'
EVIDENCE = "{}?factor={}&amp;level={}"
DUES = ("overdue", "today")
LEADS = {
    "activity": ("user-check", "lead"),
    "unassessed": ("eye-off", "lead c-warn"),
    "losing": ("trending-down", "lead c-warn"),
    "next": ("stairs-up", "lead c-acc"),
    "step": ("arrow-right", "lead c-3"),
}
ICONS = ("arrow-down-right", "alert-triangle", "hourglass", "clock-exclamation", "calendar-due", "help-circle")
ADDRESSES = (
    "activity",
    "activity_debrief",
    "activity_reschedule",
    "opportunity",
    "opportunity_step_done",
    "decision_new",
)


class LineDrawer:
    """Draws lines on the local day `today`, in the active language; `editable`: with what can be done about them.

    What all lines have in common, words, icons and addresses, is looked up once.
    """

    def __init__(self, today: date, *, editable: bool) -> None:
        self.today, self.editable = today, editable
        self.leads = {name: icon(drawn, 18, css) for name, (drawn, css) in LEADS.items()}
        self.icons = {name: icon(name, 14) for name in ICONS}
        self.tiers = {name: tier(name) for name in ("", *TIERS)}
        self.words = _words()
        self.addresses = {name: reverse(name, args=[0]) for name in (*ADDRESSES, "checkpoint_add")}
        self.addresses["next_step"] = reverse("opportunity_field", args=[0, "next_step"])
        self.playbook = reverse("playbook")

    def section(self, section: Section) -> SafeString:
        """The lines of a section."""
        return joined(self._line(line, section.key) for line in section.lines)

    def _line(self, line: Line, kind: str) -> SafeString:
        lead = "activity" if line.activity else "step" if kind in DUES else kind
        return fill(
            LINE,
            hot=" hot" if kind == "overdue" else "",
            lead=self.leads[lead],
            what=self._what(line, kind),
            about=self._about(line, kind),
            why=joined(self._why(line.climb, kind)) if line.climb else "",
            rung=self._rung(line, kind),
            flags=joined(self._flags(line, kind)),
            acts=joined(self._acts(line, kind)),
        )

    def _address(self, name: str, pk: int) -> str:
        return self.addresses[name].replace("/0/", f"/{pk}/", 1)

    def _deal(self, climb: Climb) -> SafeString:
        return fill(LINK, self._address("opportunity", climb.id), climb.customer, climb.title)

    def _what(self, line: Line, kind: str) -> str:
        if line.activity:
            activity, address = line.activity, self._address("activity", line.activity.pk)
            if not activity.said_of_it:
                return fill(BARE, address, activity.kind)
            return fill(LINK, address, activity.kind, activity.said_of_it)
        assert line.climb is not None
        if kind in DUES:
            return line.climb.next_step
        if kind == "next":
            return line.rung.checkpoint if line.rung else ""
        return self._deal(line.climb)

    def _about(self, line: Line, kind: str) -> SafeString:
        climb, activity = line.climb, line.activity
        if climb is None:
            return fill("<span>{}</span>", activity.customer) if activity and activity.customer else SafeString("")
        named = self._deal(climb) if activity or kind in DUES or kind == "next" else ""
        badge = self.tiers.get(climb.tier) or tier(climb.tier)
        return fill(DEAL, badge, named, money(climb.amount), ramp(climb.win_rate), percent(climb.win_rate))

    def _why(self, climb: Climb, kind: str) -> Iterator[SafeString]:
        if kind == "unassessed":
            yield fill(SAID, "c-3", self.words["unassessed"])
        if kind != "losing":
            return
        if climb.inflated:
            rates = {"declared": percent(climb.win_rate), "evidenced": percent(climb.evidenced)}
            yield fill("<span>{}</span>", self.words["declared"] % rates)
        if climb.has_fallen and climb.total_before is not None and climb.heights:
            yield fill(
                SAID, "c-warn", self.words["fallen"] % {"before": climb.total_before, "now": climb.heights.total}
            )

    def _rung(self, line: Line, kind: str) -> SafeString:
        if line.rung is None or line.climb is None:
            return SafeString("")
        values = {"factor": line.factor, "level": line.climb.next_level}
        if kind == "next":
            return fill(RUNG, self.words["question"] % {**values, "question": line.rung.question})
        asked = {"rung": line.rung.checkpoint, "asked": line.rung.question}
        return fill(RUNG, self.words["next"] % {**values, **asked})

    def _flags(self, line: Line, kind: str) -> Iterator[SafeString]:
        if line.climb and line.climb.asks_to_decide and kind not in DUES:
            yield fill(FLAG, "warn", self.icons["help-circle"], self.words["asked again"])
        if kind == "losing" and line.climb:
            yield from self._troubles(line.climb)
        elif line.activity:
            yield self._planned(line.activity, kind)
        elif line.due:
            drawn, state = ("clock-exclamation", " over") if kind == "overdue" else ("calendar-due", " today")
            yield fill(DUE, state, self.icons[drawn], due_label(line.due, self.today))

    def _troubles(self, climb: Climb) -> Iterator[SafeString]:
        if climb.regressed:
            yield fill(FLAG, "warn", self.icons["arrow-down-right"], self.words["regressed"])
        if climb.inflated:
            yield fill(FLAG, "bad", self.icons["alert-triangle"], self.words["inflated"])
        if climb.stagnant:
            said = self.words["still"] % {"days": climb.days_without_progress, "limit": climb.stage.expected_days}
            yield fill(FLAG, "bad" if climb.stagnant == "red" else "warn", self.icons["hourglass"], said)

    def _planned(self, activity: Activity, kind: str) -> SafeString:
        if kind == "overdue":
            return fill(DUE, " over", self.icons["clock-exclamation"], moment(activity.planned_at))
        return fill(DUE, "", "", clock(activity.planned_at))

    def _acts(self, line: Line, kind: str) -> Iterator[SafeString]:
        climb = line.climb
        if line.rung and climb:
            yield fill(PLAYBOOK, self.playbook, climb.weakest, climb.next_level, self.words["playbook"])
        if not self.editable:
            return
        if line.activity:
            yield self._act("line", self._address("activity_debrief", line.activity.pk), "debrief")
            yield self._act("quiet", self._address("activity_reschedule", line.activity.pk), "reschedule")
        elif climb and kind in DUES:
            yield self._act("line", self._address("opportunity_step_done", climb.id), "done")
            yield self._act("quiet", self._address("next_step", climb.id), "reschedule", "?in=dialog")
        elif climb:
            add = fill(EVIDENCE, self._address("checkpoint_add", climb.id), climb.weakest, climb.next_level)
            yield self._act("line", add, "evidence")
            if climb.asks_to_decide:
                yield self._act("quiet", self._address("decision_new", climb.id), "decide")
            if kind == "losing":
                yield self._act("quiet", self._address("next_step", climb.id), "next step", "?in=dialog")

    def _act(self, look: str, url: str, word: str, asked: str = "") -> SafeString:
        return fill(ACT, f"{look} btn-sm", url, url, asked, self.words[word])


def _words() -> dict[str, str]:
    """What lines say, in the active language."""
    return {
        "unassessed": _("counts as declared until the first record"),
        "declared": _("declared %(declared)s, the evidence supports %(evidenced)s"),
        "fallen": _("height %(before)s → %(now)s"),
        "next": _("Next: %(factor)s %(level)s · %(rung)s · %(asked)s"),
        "question": _("%(factor)s %(level)s · %(question)s"),
        "regressed": _("regressed"),
        "inflated": _("inflated"),
        "still": _("still for %(days)s of %(limit)s d"),
        "asked again": _("Go / No-Go asked again"),
        "decide": _("Decide"),
        "playbook": _("Playbook"),
        "debrief": _("Debrief"),
        "reschedule": _("Reschedule"),
        "done": _("Done"),
        "evidence": _("Add evidence"),
        "next step": _("Next step"),
    }
