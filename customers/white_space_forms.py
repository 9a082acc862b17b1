"""Forms of suppliers, units, and who covers which product in a unit: they parse and check; the actions write."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_pages import RevisedForm
from config.web.fields import AmountField
from customers.models import Coverage, Supplier, Unit


class SupplierForm(RevisedForm):
    """From whom, for how much a year."""

    annual_amount = AmountField(label=_("A year"))

    class Meta:
        model = Supplier
        fields = ["name", "annual_amount"]

    field_order = Meta.fields


class UnitForm(RevisedForm):
    """A unit's name."""

    class Meta:
        model = Unit
        fields = ["name"]


class CoverageForm(RevisedForm):
    """From whom a unit has a product; nothing chosen: from nobody, as far as we know."""

    state = forms.ChoiceField(label=_("From whom"), required=False, choices=[("", _("Blank")), *Coverage.State.choices])
    supplier = forms.CharField(
        label=_("Competitor"), max_length=200, required=False, help_text=_("Where a competitor has it.")
    )

    class Meta:
        model = Coverage
        fields = ["state", "supplier"]

    field_order = Meta.fields

    def _post_clean(self) -> None:
        """A blank field is no row, so the model has nothing to check; the action checks what is written."""

    @property
    def wanted(self) -> dict[str, Any]:
        """State and supplier as they are to be: what was left alone stays."""
        now = {"state": self.row.state, "supplier": self.row.supplier} if self.row else {"state": "", "supplier": ""}
        return now | (self.settled()["changes"] if self.row else self.changes())

    @property
    def seen(self) -> int:
        """The version of the field that was seen, 0 for a blank one."""
        return int(self.settled()["seen"]) if self.row else 0
