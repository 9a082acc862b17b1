"""Tasks of the joint plan."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.form_pages import RevisedForm
from accounts.models import User
from accounts.selectors import today
from config.web.fields import DayField, PickerField
from customers.models import Contact
from opportunities.models import JointTask, Opportunity


class TaskForm(RevisedForm):
    """A task of ours, or of the customer's; each side has an owner of its own."""

    side = forms.ChoiceField(
        label=_("Side"), choices=JointTask.Side.choices, initial=JointTask.Side.OURS, widget=forms.RadioSelect
    )
    owner = PickerField(
        url="picker_people", query="only=selling", queryset=User.objects.none(), to_field_name="username",
        label=_("Our owner"), required=False, empty_label="—",
    )  # fmt: skip
    contact = PickerField(
        url="picker_contacts", queryset=Contact.objects.none(), label=_("Their owner"), required=False, empty_label="—"
    )
    due_on = DayField(label=_("Due"), required=False)
    done_on = DayField(label=_("Done"), required=False)

    class Meta:
        model = JointTask
        fields = ["title", "side", "due_on", "owner", "contact", "done_on"]

    field_order = Meta.fields

    def __init__(self, data: Any = None, *, opportunity: Opportunity, **options: Any) -> None:
        super().__init__(data, **options)
        query = urlencode({"customer": opportunity.customer.key})
        self.fields["contact"].widget.attrs["data-picker"] = f"{reverse('picker_contacts')}?{query}"
        now = {name: getattr(self.row, f"{name}_id") if self.row else None for name in ("owner", "contact")}
        selling = User.objects.filter(role__in=[User.Role.REP, User.Role.MANAGER]).active_on(today())
        theirs = Contact.objects.filter(customer=opportunity.customer_id).in_use()
        self._set_up("owner", User.objects.filter(Q(pk__in=selling.values("pk")) | Q(pk=now["owner"])))
        self._set_up("contact", Contact.objects.filter(Q(pk__in=theirs.values("pk")) | Q(pk=now["contact"])))

    def _set_up(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, PickerField)
        field.queryset = rows
        if self.is_bound:
            field.offer_posted(self.data.get(name))
        elif self.row is not None:
            field.offer(getattr(self.row, name))
            self.initial[name] = getattr(self.row, name)


class DoneForm(RevisedForm):
    """On which day a task was done; none: it is open again."""

    done_on = DayField(label=_("Done on"), required=False)

    class Meta:
        model = JointTask
        fields = ["done_on"]
