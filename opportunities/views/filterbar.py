"""The filter bar of board and table: what is filtered, as chips with a form each. Its state is the URL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from config.web.money import UNITS
from config.web.templatetags.formats import day_full, money
from config.web.templatetags.ui import sentences
from customers.models import Customer
from opportunities.filters import OpportunityFilter
from opportunities.forms.fields import TYPED_UNITS, amount_unit, in_unit
from opportunities.selectors.troubles import Trouble

AMOUNTS = ("amount_min", "amount_max")


@dataclass(frozen=True, slots=True)
class Group:
    """One filter as a person thinks of it.

    `kind` is picker, tier, choices, days, amounts or fixed (shown only when set).
    """

    key: str
    label: Any
    kind: str
    names: tuple[str, ...]
    url: Any = ""


GROUPS = (
    Group("team", gettext_lazy("Team"), "picker", ("team",), reverse_lazy("picker_teams")),
    Group("owner", gettext_lazy("Owner"), "picker", ("owner",), reverse_lazy("picker_people")),
    Group("tier", pgettext_lazy("filter", "Tier"), "tier", ("tier",)),
    Group("trouble", gettext_lazy("What is wrong"), "choices", ("trouble",)),
    Group("close", pgettext_lazy("filter", "Close"), "days", ("close_from", "close_to")),
    Group("amount", gettext_lazy("Amount"), "amounts", AMOUNTS),
    Group("product", gettext_lazy("Product"), "picker", ("product",), reverse_lazy("picker_products")),
    Group("customer", gettext_lazy("Customer"), "fixed", ("customer",)),
    Group("stage", gettext_lazy("Stage"), "fixed", ("stage",)),
    Group("outcome", gettext_lazy("Outcome"), "fixed", ("outcome",)),
    Group("forecast_category", gettext_lazy("Forecast category"), "fixed", ("forecast_category",)),
    Group("key", gettext_lazy("Key"), "fixed", ("key",)),
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter with what it is set to in words (empty: not set), the query without it, and its form's values."""

    group: Group
    text: str
    without: str
    others: Sequence[tuple[str, str]]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FilterBar:
    """What the template `opportunities/_filter_bar.html` draws."""

    chips: list[Chip]
    query: str
    cleared: str
    text: str
    text_others: Sequence[tuple[str, str]]
    problems: list[str]
    unit: str

    @property
    def is_set(self) -> bool:
        return bool(self.text) or any(chip.text for chip in self.chips)

    @property
    def names(self) -> str:
        """The filters that are set, in words."""
        texts = [_("“%(text)s”") % {"text": self.text}] if self.text else []
        return _(", ").join([chip.text for chip in self.chips if chip.text] + texts)


def canonical(request: HttpRequest) -> HttpResponse | None:
    """A redirect to the address without empty parts and with amounts that say their unit, where it isn't that yet."""
    given = request.GET
    wanted = QueryDict(mutable=True)
    unit = given.get("amount_unit", "")
    for name, values in given.lists():
        kept = [_with_unit(value, unit) if name in AMOUNTS else value for value in values if value.strip()]
        if kept and name != "amount_unit":
            wanted.setlist(name, kept)
    if dict(wanted.lists()) == dict(given.lists()):
        return None
    return redirect(f"{request.path}?{wanted.urlencode()}" if wanted else request.path)


def _with_unit(value: str, unit: str) -> str:
    known = unit in TYPED_UNITS.values() and value.strip()[-1:].lower() not in UNITS
    return value.strip() + unit if known else value


def filter_bar(filterset: OpportunityFilter, query: QueryDict) -> FilterBar:
    """The bar of a filterset over `query`; asks the database for nothing that the filters have not asked for."""
    form = filterset.form
    form.is_valid()
    chips = [_chip(group, form, query) for group in GROUPS]
    return FilterBar(
        chips=[chip for chip in chips if chip.text or chip.group.kind != "fixed"],
        query=_encoded(query, without=("page", "column", "offset")),
        cleared=_left(query, without=[name for name in query if name != "sort"]),
        text=query.get("q", ""),
        text_others=_others(query, without=("q", "page")),
        problems=[
            _("%(filter)s: %(value)s") % {"filter": form.fields[name].label, "value": sentences(errors)}
            for name, errors in form.errors.items()
        ],
        unit=amount_unit(),
    )


def matching(filterset: OpportunityFilter) -> Any:
    """What the filters let through; nothing when one of them names what isn't there, or what one may not see."""
    return filterset.qs if filterset.is_valid() else filterset.queryset.none()


def _chip(group: Group, form: Any, query: QueryDict) -> Chip:
    posted = {name: query.getlist(name) for name in group.names}
    is_set = any(posted.values())
    cleaned = {name: form.cleaned_data.get(name) for name in group.names}
    words = (_words(group, cleaned) or _(", ").join(sum(posted.values(), []))) if is_set else ""
    text = _("%(filter)s: %(value)s") % {"filter": group.label, "value": words[:60]} if words else ""
    return Chip(
        group=group,
        text=text,
        without=_left(query, without=(*group.names, "page")),
        others=_others(query, without=(*group.names, "page")),
        values=_form_values(group, cleaned, posted),
    )


def _words(group: Group, cleaned: dict[str, Any]) -> str:
    """What the filter is set to in words; empty for what was not understood."""
    if group.kind in ("days", "amounts"):
        show = day_full if group.kind == "days" else money
        low, high = (show(value) if value is not None else "" for value in cleaned.values())
        return _range(low, high)
    value = cleaned[group.names[0]]
    if isinstance(value, str):
        return value
    if group.kind == "choices":
        return _(", ").join(str(Trouble(one).label) for one in value or ())
    return _(", ").join(str(one) for one in value or ())


def _range(low: str, high: str) -> str:
    if low and high:
        return _("%(low)s to %(high)s") % {"low": low, "high": high}
    if low:
        return _("from %(low)s") % {"low": low}
    return _("up to %(high)s") % {"high": high} if high else ""


def _form_values(group: Group, cleaned: dict[str, Any], posted: dict[str, list[str]]) -> dict[str, Any]:
    """What the form of a filter begins with."""
    first = group.names[0]
    if group.kind == "picker":
        return {"chosen": [(_reference(row), str(row)) for row in cleaned[first] or ()]}
    if group.kind == "tier":
        return {"tiers": [(tier, tier in posted[first]) for tier in Customer.Tier.values]}
    if group.kind == "choices":
        return {"choices": [(value, label, value in posted[first]) for value, label in Trouble.choices]}
    if group.kind == "amounts":
        return {name: _amount_typed(cleaned[name], posted[name]) for name in group.names}
    return {name: (posted[name] or [""])[0] for name in group.names}


def _amount_typed(value: Any, posted: list[str]) -> str:
    if value is None:
        return posted[0] if posted else ""
    return in_unit(value, amount_unit())


def _reference(row: Any) -> str:
    return str(getattr(row, "username", None) or row.key)


def _pairs(query: QueryDict, without: Iterable[str]) -> list[tuple[str, str]]:
    """The other parts of the query, for hidden fields."""
    left_out = set(without)
    return [(name, value) for name, values in query.lists() if name not in left_out for value in values]


def _encoded(query: QueryDict, without: Iterable[str]) -> str:
    return urlencode(_pairs(query, without))


def _others(query: QueryDict, without: Iterable[str]) -> list[tuple[str, str]]:
    """What a form of the bar sends along: of which saved view these are the filters, `view=all` where of none.

    So that a filter that is taken away leaves all deals, and not those of the page's default view.
    """
    pairs = _pairs(query, without)
    return pairs if {"saved", "view"} & {name for name, _value in pairs} else [("view", "all"), *pairs]


def _left(query: QueryDict, without: Iterable[str]) -> str:
    """The address when these are taken away; `view=all` when nothing is left."""
    return _encoded(query, without) or "view=all"
