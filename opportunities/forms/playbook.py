"""The form of a playbook entry, the filters of its list, and the form that takes a file."""

from typing import Any

import django_filters as filters
from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.form_pages import RevisedForm
from config.web.fields import PickManyField
from config.web.filters import ArchivedFilter, ChoicesFilter, ReferenceFilter
from config.web.templatetags.ui import sentences
from customers.filters import containing
from customers.models import Product
from opportunities.actions.files import ACCEPTED_IN_WORDS
from opportunities.actions.playbook import RUNGS
from opportunities.forms.files import OneFile
from opportunities.models import PlaybookEntry, Stage
from opportunities.selectors.ladders import ladders
from opportunities.selectors.playbook import with_rung


def rung_choices() -> list[tuple[str, str]]:
    """Every rung as `power:4` and how it is called: the factor and its level."""
    return [(rung, rung_name(rung)) for rung in RUNGS]


def rung_name(rung: str) -> str:
    """A rung in few words: 权力 4."""
    factor, _colon, level = rung.partition(":")
    return f"{ladders()[factor]} {level}"


class PlaybookFilter(filters.FilterSet):
    """Text in titles and bodies of both languages; kind, stage, rung, product."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    kind = ChoicesFilter(choices=PlaybookEntry.Kind, label=_("Kind"))
    stage = ReferenceFilter(
        to_field_name="key", queryset=Stage.objects.all(), field_name="stages", method="filter_stage", label=_("Stage")
    )
    rung = ChoicesFilter(choices=[(rung, rung) for rung in RUNGS], method="filter_rung", label=_("Rung"))
    product = ReferenceFilter(
        to_field_name="key",
        queryset=Product.objects.all(),
        field_name="products",
        method="filter_product",
        label=_("Product"),
    )
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = PlaybookEntry
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return containing(queryset, value, "title_zh", "title_en", "body_zh", "body_en")

    def filter_rung(self, queryset: QuerySet[Any], _name: str, rungs: list[str]) -> QuerySet[Any]:
        return with_rung(queryset, rungs) if rungs else queryset

    def filter_stage(self, queryset: QuerySet[Any], _name: str, stages: list[Stage]) -> QuerySet[Any]:
        return _tied(queryset, stages=stages)

    def filter_product(self, queryset: QuerySet[Any], _name: str, products: list[Product]) -> QuerySet[Any]:
        return _tied(queryset, products=products)


def _tied(queryset: QuerySet[Any], **tied: list[Any]) -> QuerySet[Any]:
    """The entries tied to one of these rows, each once."""
    wanted = {f"{name}__in": rows for name, rows in tied.items() if rows}
    return queryset.filter(pk__in=PlaybookEntry.objects.filter(**wanted).values("pk")) if wanted else queryset


class PlaybookForm(RevisedForm):
    """An entry in both languages, and what it is tied to."""

    rungs = forms.MultipleChoiceField(
        label=_("Rungs"), choices=rung_choices, required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_("The entry is offered on deals whose next rung is one of these."),
    )  # fmt: skip
    products = PickManyField(
        url="picker_products", queryset=Product.objects.in_use(), to_field_name="key", label=_("Products"),
        required=False, help_text=_("Without any it is offered for all of them."),
    )  # fmt: skip
    stages = forms.ModelMultipleChoiceField(
        label=_("Stages"), queryset=Stage.objects.open(), to_field_name="key", required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    class Meta:
        model = PlaybookEntry
        fields = ["kind", "title_zh", "title_en", "body_zh", "body_en", "stages", "rungs", "products"]
        help_texts = {  # noqa: RUF012
            "body_zh": _("Markdown: ## heading, - list, 1. numbers, **strong**, > quote, - [ ] box."),
        }

    field_order = Meta.fields

    def __init__(self, data: Any = None, *, row: Any = None) -> None:
        chosen = list(row.products.all()) if row else []
        super().__init__(data, row=row, initial={"products": [product.key for product in chosen]})
        for name in ("body_zh", "body_en"):
            self.fields[name].widget.attrs["rows"] = 16
        products: Any = self.fields["products"]
        if row is not None:
            stages: Any = self.fields["stages"]
            stages.queryset = _or_tied(Stage.objects.open(), row.stages).order_by("position", "id")
            products.queryset = _or_tied(Product.objects.in_use(), row.products)
        products.offer_posted(data.getlist("products") if self.is_bound else [each.key for each in chosen])

    def clean(self) -> Any:
        """Rows in lists, so that they can be compared and named."""
        super().clean()
        rows = {name: list(self.cleaned_data[name]) for name in ("stages", "products") if name in self.cleaned_data}
        return {**self.cleaned_data, **rows}


def _or_tied(in_use: QuerySet[Any], tied: Any) -> QuerySet[Any]:
    """What can be chosen, and what the entry is tied to so far: a form sent as it was drawn unties nothing."""
    return in_use.model.objects.filter(Q(pk__in=in_use.values("pk")) | Q(pk__in=tied.values("pk")))


class FileForm(forms.Form):
    """One file; what is accepted is decided by its bytes when it is kept."""

    file = forms.FileField(label=_("File"), widget=OneFile)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        limit = _("At most %(limit)s MB.") % {"limit": settings.ATTACHMENT_MEGABYTES}
        self.fields["file"].help_text = sentences([ACCEPTED_IN_WORDS, limit])
