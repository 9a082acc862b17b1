"""Parts of the interface that templates draw: icons, badges, fields, small pictures, pages of a list. A builtin."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms, template
from django.forms.utils import flatatt
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config.web.html import fill

register = template.Library()

RAMP = (100, 90, 75, 50, 25, 10)
TIERS = {"5A": 5, "4A": 4, "3A": 3, "2A": 2, "1A": 1}
HAN = range(0x3400, 0x9FFF + 1)


@register.simple_tag
def gap() -> str:
    """What stands between two sentences: a blank, and nothing in Chinese."""
    return "" if (get_language() or "").startswith("zh") else " "


@register.filter
def sentences(texts: Iterable[Any]) -> str:
    """Sentences one after the other, such as what is wrong with a field; a link in one of them stays a link."""
    said = [str(text) for text in texts]
    if any(isinstance(text, SafeString) for text in said):
        return format_html_join(gap(), "{}", ((text,) for text in said))
    return gap().join(said)


# --- Icons and badges -------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "", label: str = "") -> SafeString:
    """A Tabler icon of `static/src/icons.txt`: 14 in flags, 16 in buttons, 18-20 in lists.

    It is hidden from screen readers unless it carries a `label` of its own.
    """
    said = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="ti {}" width="{}" height="{}" {}><use href="{}#{}"/></svg>',
        css, size, size, said, static("icons.svg"), name,
    )  # fmt: skip


@register.filter
def initials(name: Any) -> str:
    """The last character of a Chinese name, else the first letters of the first and last word."""
    words = str(name).split()
    if not words:
        return "?"
    if any(ord(letter) in HAN for word in words for letter in word):
        return words[-1][-1]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.simple_tag
def avatar(name: Any, size: str = "", css: str = "", bare: bool = False) -> SafeString:
    """A round mark with a person's initials. `size="lg"` is 32 px; `bare` where the name stands beside it."""
    full = str(name)
    short = initials(full)
    classes = f"{'is-lg ' if size == 'lg' else ''}{'is-two ' if len(short) > 1 else ''}{css}"
    mark = fill('<span class="asc-av {}" title="{}" aria-hidden="true">{}</span>', classes, full, short)
    return mark if bare else fill('{}<span class="visually-hidden">{}</span>', mark, full)


@register.simple_tag
def tier(value: str | None) -> SafeString | str:
    """The badge of a customer's tier, 5A to 1A; nothing while there is none."""
    if not value:
        return ""
    return format_html('<span class="asc-tier t{}">{}</span>', TIERS.get(value, 3), value)


@register.filter
def ramp(rate: Any) -> int:
    """The step of the colour ramp (10, 25, 50, 75, 90, 100) for a win rate between 0 and 1: `data-r`."""
    percent = round(float(rate or 0) * 100)
    return next((step for step in RAMP if percent >= step), RAMP[-1])


@register.simple_tag
def flag(text: str, tone: str = "", icon_name: str = "", bare: bool = False) -> SafeString:
    """Icon and words: the one status chip. `tone` is ok, warn, bad, acc or empty."""
    drawn = icon(icon_name, 14) if icon_name else ""
    return format_html('<span class="asc-flag {}{}">{}{}</span>', tone, " bare" if bare else "", drawn, text)


# --- Small pictures: SVG attributes, because the policy forbids style attributes --------------


@register.simple_tag
def meter(value: Any, whole: Any = 1, pace: Any = None, tone: str = "", label: str = "") -> SafeString:
    """A bar of `value` out of `whole`, with a tick where the pace would be. `label` says the finding in words."""
    tick = "" if pace is None else _pace_tick(_share(pace, whole))
    return format_html(
        '<svg class="asc-meter" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="trk" width="100" height="6" rx="1"/><rect class="val {}" width="{}" height="6" rx="1"/>{}</svg>',
        label, tone, _share(value, whole), tick,
    )  # fmt: skip


def _pace_tick(at: str) -> SafeString:
    return format_html('<rect class="pace" x="{}" y="-3" width="0.8" height="12"/>', at)


def _share(value: Any, whole: Any) -> str:
    ratio = float(value or 0) / float(whole) if whole else 0.0
    return f"{100 * min(max(ratio, 0.0), 1.0):.1f}"


@register.simple_tag
def spark(values: Sequence[Any], threshold: Any = None, label: str = "") -> SafeString:
    """A line through the values, oldest first, with a dashed threshold."""
    numbers = [float(value) for value in values if value is not None]
    known = numbers + ([float(threshold)] if threshold is not None else [])
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    line = _spark_path(numbers, low, high)
    dashed = "" if threshold is None else format_html('<path class="th" d="M0 {0}H100"/>', _y(threshold, low, high))
    return format_html(
        '<svg class="asc-spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label="{}">'
        '{}<path d="{}"/></svg>', label, dashed, line,
    )  # fmt: skip


def _y(value: Any, low: float, high: float) -> str:
    return f"{22 - 20 * (float(value) - low) / ((high - low) or 1):.1f}"


def _spark_path(numbers: list[float], low: float, high: float) -> str:
    step = 100 / max(len(numbers) - 1, 1)
    points = [f"{index * step:.1f} {_y(value, low, high)}" for index, value in enumerate(numbers)]
    return "M" + "L".join(points) if points else ""


# --- Forms ------------------------------------------------------------------------------------

WIDGET_CLASS = {
    forms.CheckboxInput: "form-check-input",
    forms.RadioSelect: "form-check-input",
    forms.SelectMultiple: "form-select",
    forms.Select: "form-select",
}


@register.inclusion_tag("components/field.html")
def field(bound: forms.BoundField, full: bool = False, unit: str = "", hint: str = "") -> dict[str, Any]:
    """A form field: label above, control, hint, errors in words. `full` spans the form's grid; `unit` stands beside."""
    widget = bound.field.widget
    group = isinstance(widget, forms.RadioSelect)  # of which the group of checkboxes is one
    if group:
        widget.attrs.setdefault("class", WIDGET_CLASS[forms.RadioSelect])
    return {
        "field": bound,
        "control": bound.as_widget(attrs=_attributes(bound)),
        "check": isinstance(widget, forms.CheckboxInput),
        "group": group,
        "full": full,
        "unit": unit,
        "hint": hint or bound.help_text,
        "hidden": bound.is_hidden,
    }


def _attributes(bound: forms.BoundField) -> dict[str, str | bool]:
    widget = bound.field.widget
    css = next((name for kind, name in WIDGET_CLASS.items() if isinstance(widget, kind)), "form-control")
    given = widget.attrs.get("class", "")
    return {"class": f"{given} {css}{' is-invalid' if bound.errors else ''}".strip()}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: forms.BaseForm) -> dict[str, Any]:
    """What is wrong with the form as a whole."""
    return {"errors": form.non_field_errors()}


# --- Lists ------------------------------------------------------------------------------------


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Any, parameter: str = "page") -> dict[str, Any]:
    """Where this page of a list stands, and the way to its neighbours; every other part of the URL is kept."""
    return {"page": page, "parameter": parameter, "request": context["request"]}


@register.inclusion_tag("components/sort_th.html", takes_context=True)
def sort_th(
    context: template.Context, name: str, label: str, css: str = "", descending_first: bool = False,
    parameter: str = "sort",
) -> dict[str, Any]:  # fmt: skip
    """A column head that sorts: `?sort=name`, again `?sort=-name`. The URL's other parts stay, the page does not."""
    request = context["request"]
    now = context.get("sort") or request.GET.get(parameter, "")
    first, second = (f"-{name}", name) if descending_first else (name, f"-{name}")
    query = request.GET.copy()
    query.pop("page", None)
    query[parameter] = second if now == first else first
    order = {name: "ascending", f"-{name}": "descending"}.get(now, "")
    return {"label": label, "css": css, "order": order, "query": query.urlencode()}


@register.simple_tag(takes_context=True)
def current(context: template.Context, *names: str) -> SafeString | str:
    """`aria-current="page"` when the page's URL name is one of these, else nothing."""
    match = getattr(context["request"], "resolver_match", None)
    return mark_safe('aria-current="page"') if match and match.view_name in names else ""


# --- Blocks -----------------------------------------------------------------------------------


@register.simple_block_tag
def card(content: str, title: str, icon_name: str = "", hint: str = "", body: bool = True, **attrs: str) -> SafeString:
    """A card with a head. `body=False` for lists and tables that reach its edges; further names become attributes."""
    inner = format_html('<div class="card-body">{}</div>', content) if body else content
    drawn = icon(icon_name, 16, "c-acc") if icon_name else ""
    aside = format_html('<span class="c-3 t-12">{}</span>', hint) if hint else ""
    return format_html(
        '<section class="card"{}><div class="card-header"><h2 class="card-title">{}{}</h2>{}</div>{}</section>',
        flatatt({name.replace("_", "-"): value for name, value in attrs.items()}), drawn, title, aside, inner,
    )  # fmt: skip


@register.simple_block_tag
def chart(content: str, name: str, option: dict[str, Any], label: str) -> SafeString:
    """An ECharts canvas from an option (see `static/src/js/charts.js`); the block holds its numbers as a table.

    `name` is unique on the page, `label` states the finding in words. The page loads `charts.js` in its block
    `scripts`.
    """
    key = f"chart-{slugify(name)}"
    return format_html(
        '<figure class="asc-fig"><div class="asc-chart" data-chart="{}" role="img" aria-label="{}"></div>{}'
        '<details><summary>{}</summary><div class="table-m-scroll" tabindex="0">{}</div></details></figure>',
        key, label, json_script(option, key), _("Show the numbers as a table"), content,
    )  # fmt: skip
