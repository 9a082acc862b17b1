"""One set of filters for the list, the board, the table, the export and the API."""

from typing import Any
from urllib.parse import urlencode

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from accounts import search
from accounts.models import Team, User
from config.web.filters import ChoicesFilter, Conditions, MoneyFilter, ReferenceFilter
from customers.filters import CustomerKeyFilter
from customers.models import Customer, Product
from opportunities.models import ForecastCategory, Opportunity, Outcome, Stage
from opportunities.selectors.troubles import Trouble, in_trouble

ORDERINGS = {
    "title": "title",
    "customer": "customer__name",
    "stage": "stage__position",
    "amount": "amount",
    "expected_close_date": "expected_close_date",
    "next_step_due": "next_step_due",
    "owner": "owner__sort_key",
    "next_step": "next_step",
    "stage_entered_at": "entered_at",
    "days_in_stage": "-entered_at",
    "created_at": "created_at",
    "key": "key",
    "id": "id",
}


SPELT_BY = {"pk": Opportunity, "customer_id": Customer}  # by whose names: `search.is_spelt`
BY_QUERY = {"q", "trouble"}  # the filters that look into other rows


class TeamFilter(ReferenceFilter):
    """Those of the teams and of all below them."""

    def filter(self, qs: Any, value: list[Team]) -> Any:
        wanted = Q()
        for team in value or ():
            wanted |= Q(team__path__startswith=team.path)
        return qs.filter(wanted) if value else qs

    def within(self, among: QuerySet[Any]) -> Q:
        path = ExpressionWrapper(OuterRef("path"), output_field=CharField())
        above = among.annotate(below=path).filter(below__startswith=F("path"))
        return Q(team__in=Team.objects.filter(Exists(above)).order_by().values("pk"))


class TroubleFilter(ChoicesFilter):
    """Open ones in any of these troubles."""

    def filter(self, qs: Any, value: list[str]) -> Any:
        wanted = Q()
        for kind in value or ():
            wanted |= in_trouble(kind)
        return qs.filter(wanted) if value else qs


class OpportunityFilter(filters.FilterSet):
    """References by key, people by login name; one that is unknown or hidden is invalid, with the same words."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    owner = ReferenceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Owner"))
    team = TeamFilter(to_field_name="key", queryset=Team.objects.all(), label=_("Team"))
    customer = CustomerKeyFilter()
    stage = ReferenceFilter(to_field_name="key", queryset=Stage.objects.all(), label=_("Stage"))
    product = ReferenceFilter(to_field_name="key", queryset=Product.objects.all(), label=_("Product"))
    tier = ChoicesFilter(field_name="customer__tier", choices=Customer.Tier, label=_("Tier"))
    outcome = ChoicesFilter(choices=Outcome, label=_("Outcome"))
    forecast_category = ChoicesFilter(choices=ForecastCategory, label=_("Forecast category"))
    trouble = TroubleFilter(choices=Trouble, label=_("What is wrong"))
    close_from = filters.DateFilter(field_name="expected_close_date", lookup_expr="gte", label=_("Close from"))
    close_to = filters.DateFilter(field_name="expected_close_date", lookup_expr="lte", label=_("Close to"))
    amount_min = MoneyFilter(field_name="amount", lookup_expr="gte", label=_("Amount from"))
    amount_max = MoneyFilter(field_name="amount", lookup_expr="lte", label=_("Amount to"))
    key = filters.CharFilter(label=_("Key"))

    always: tuple[str, ...] = ()  # those that also narrow when they are not asked for

    class Meta:
        model = Opportunity
        fields: list[str] = []

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        """With the filters that `data` asks for: the others let everything through and cost a form field each."""
        super().__init__(data, *args, **kwargs)
        for name in set(self.filters) - {*self.always, *self.data}:
            del self.filters[name]

    @property
    def asks(self) -> bool:
        """Whether anything narrows: nothing does on the address alone of a list."""
        return bool(self.filters)

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """By a part of these; where nothing in sight is so written, by initials or pinyin of title or customer.

        In one statement: the counts of saved views are one query.
        """
        customers = Customer.objects.filter(name__icontains=value).order_by().values("pk")
        wanted = Q(title__icontains=value) | Q(next_step__icontains=value) | Q(customer__in=customers)
        spelt = search.is_spelt(value, **SPELT_BY)
        if spelt is not None:
            seen = Opportunity.objects.visible_to(self.request.user).in_use().order_by()  # type: ignore[union-attr]
            wanted |= ~Exists(seen.filter(wanted)) & spelt
        return queryset.filter(wanted)

    def plain(self) -> Q | None:
        """All that is asked for as one condition of bare values; None when it takes more, or is not understood."""
        if self.filters.keys() & BY_QUERY or not self.is_valid():
            return None
        asked = Conditions()
        for name, value in self.form.cleaned_data.items():
            asked = self.filters[name].filter(asked, value)
        return asked.asked

    def condition(self) -> Q | None:
        """All that is asked for as one condition, without a query; None when a value is not understood."""
        form = self.form
        references = {name: each for name, each in self.filters.items() if isinstance(each, ReferenceFilter)}
        for name in references:
            form.fields.pop(name)
        if not form.is_valid():
            return None
        asked = Conditions()
        for name, value in form.cleaned_data.items():
            asked = self.filters[name].filter(asked, value)
        wanted = asked.asked
        for name, reference in references.items():
            names = [text for text in self.data.getlist(name) if text]
            if any("\x00" in text for text in names):
                return None
            wanted &= reference.condition(names) if names else Q()
        return wanted


def condition_of(query: QueryDict, request: HttpRequest) -> Q | None:
    """Which opportunities these filters let through: the open ones unless they name a stage or an outcome.

    For counting many views in one query; None when a value is not understood, which lets nothing through.
    """
    wanted = OpportunityFilter(query, Opportunity.objects.none(), request=request).condition()
    if wanted is None or names_closed(query):
        return wanted
    return wanted & Q(outcome=Outcome.OPEN)


LONGEST_QUERY = 2000


def kept(query: QueryDict) -> str:
    """The filters and the order of an address as a saved view keeps them: known names alone, always in one order."""
    pairs = [(name, value) for name in OpportunityFilter.base_filters for value in query.getlist(name) if value]
    sort = query.get("sort", "")
    return urlencode([*pairs, *([("sort", sort)] if sort.removeprefix("-") in ORDERINGS else [])])


def checked(text: str, request: HttpRequest) -> str:
    """What is kept of a query that somebody wants to save; ValidationError for a value that is not understood."""
    if len(text) > LONGEST_QUERY:
        raise ValidationError({"query": _("These are too many filters to keep.")})
    query = QueryDict(text)
    errors = OpportunityFilter(query, Opportunity.objects.none(), request=request).errors
    if errors:
        raise ValidationError({"query": [f"{name}: {' '.join(texts)}" for name, texts in errors.items()]})
    return kept(query)


def names_closed(query: QueryDict) -> bool:
    """Whether the filters say themselves which stages or outcomes are meant; without, the open ones are."""
    return bool({"stage", "outcome"} & set(query))


def ordered(queryset: QuerySet[Any], wanted: str, default: str = "-id") -> QuerySet[Any]:
    """Sorted by one of ORDERINGS (`-` in front: downwards), empty values last, ties by id."""
    return queryset.order_by(*order_of(wanted) if wanted.removeprefix("-") in ORDERINGS else [default])


def order_of(wanted: str) -> list[OrderBy]:
    """One of ORDERINGS as `ordered` sorts by it."""
    name = wanted.removeprefix("-")
    column = F(ORDERINGS[name].removeprefix("-"))
    down = wanted.startswith("-") != ORDERINGS[name].startswith("-")
    return [column.desc(nulls_last=True) if down else column.asc(nulls_last=True), F("id").desc()]
