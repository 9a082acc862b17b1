"""Likely duplicates, merging two customers, and taking it back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.conflicts import version_in
from accounts.form_pages import VersionField, form_page
from accounts.models import User
from config.web.fields import PickerField
from config.web.revisions import StaleWrite
from customers import actions
from customers.actions.merge import Undone, may_merge, refuse_unless_above
from customers.models import Customer
from customers.selectors import merges as selectors
from customers.views.lists import page_of

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class MergeForm(forms.Form):
    """The other customer, then the merge itself once its preview was seen."""

    other = PickerField(
        url="picker_customers", queryset=Customer.objects.none(), label=gettext_lazy("Customer to merge into this one"),
    )  # fmt: skip
    sure = forms.BooleanField(required=False, widget=forms.HiddenInput)
    version = VersionField()
    other_version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, row: Customer, user: User, chosen: str = "") -> None:
        super().__init__(data, initial={"version": row.version})
        field = self.fields["other"]
        assert isinstance(field, PickerField)
        others = Customer.objects.visible_to(user).exclude(pk=row.pk)
        field.queryset = others if data and data.get("sure") else others.in_use()  # one gone since is told as such
        if data is not None:
            field.offer_posted(data.get("other"))
        elif chosen:
            field.offer_posted(chosen)
            self.initial["other"] = chosen


@require_safe
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs of customers in sight that share a name, code, phone or mail domain."""
    assert isinstance(request.user, User)
    refuse_unless_above(request.user)
    page = page_of(request, selectors.duplicate_pairs(request.user))
    return render(request, "customers/duplicates.html", {"page": page})


@require_safe
def merge_list(request: HttpRequest) -> HttpResponse:
    """The merges that the reader may see, and a way to take them back."""
    assert isinstance(request.user, User)
    refuse_unless_above(request.user)
    page = page_of(request, selectors.merges_of(request.user))
    page.object_list = [selectors.merge_row(merge) for merge in selectors.in_sight(page.object_list, request.user)]
    return render(request, "customers/merges.html", {"page": page})


@form_methods
def customer_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the other customer, see what stays and what moves, confirm."""
    user: Any = request.user
    customer = get_object_or_404(Customer.objects.visible_to(user), pk=pk)
    if not may_merge(user, customer):
        raise PermissionDenied(_("A manager who may edit both customers merges them, or an administrator."))
    form = MergeForm(request.POST or None, row=customer, user=user, chosen=request.GET.get("other", ""))
    if request.method == "POST" and form.is_valid():
        other = form.cleaned_data["other"]
        if not may_merge(user, other):
            form.add_error("other", _("You may read this customer but not merge it."))
        elif not form.cleaned_data["sure"]:
            return _preview(request, customer, other)
    try:
        return _page(request, form, customer)
    except Outrun:
        return _outrun(request, form, customer)


def _page(request: HttpRequest, form: MergeForm, customer: Customer) -> HttpResponse:
    back = reverse("customer", args=[customer.pk])
    return form_page(
        request, form, lambda: _merge(form, customer, request.user),
        title=_("Merge into %(name)s") % {"name": customer.name}, submit=_("Merge") if _sure(form) else _("Compare"),
        said=_("The customers were merged."), back=back, parent=(back, customer.name),
    )  # fmt: skip


class Outrun(Exception):
    """Somebody has changed or merged one of the two since they were compared."""


def _merge(form: MergeForm, customer: Customer, user: Any) -> None:
    typed = form.cleaned_data
    versions = {"seen": version_in(form.data), "seen_other": typed["other_version"]}
    try:
        actions.merge_customers(survivor=customer, other=typed["other"], actor=user, **versions)
    except StaleWrite as error:
        raise Outrun from error


def _outrun(request: HttpRequest, form: MergeForm, customer: Customer) -> HttpResponse:
    """409: compare them anew, or say that one of them is gone."""
    customer.refresh_from_db()
    other = form.cleaned_data["other"]
    other.refresh_from_db()
    if customer.archived_at is None and other.archived_at is None:
        return _preview(request, customer, other, status=409)
    form.data = {**form.data.dict(), "sure": ""}  # type: ignore[attr-defined]
    form.add_error(None, _("Somebody has just merged or archived one of the two. Nothing was changed."))
    response = _page(request, form, customer)
    response.status_code = 409
    return response


def _sure(form: MergeForm) -> bool:
    return form.is_bound and bool(form.data.get("sure"))


def _preview(request: HttpRequest, survivor: Customer, other: Customer, status: int = 200) -> HttpResponse:
    user: Any = request.user
    context = {
        "survivor": survivor, "other": other, "lines": selectors.preview(survivor, other, user),
        "moving": selectors.moving(other, user), "outrun": status == 409,
    }  # fmt: skip
    return render(request, "customers/merge_preview.html", context, status=status)


class UndoForm(forms.Form):
    """Nothing to fill in."""


@form_methods
def merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back, after a question."""
    user: Any = request.user
    merge = get_object_or_404(selectors.merges_of(user), pk=pk)
    if not may_merge(user, merge.survivor, merge.other):
        raise PermissionDenied(_("A manager who may edit both customers merges them, or an administrator."))
    values = {"other": merge.other.name, "survivor": merge.survivor.name}
    back = reverse("merges")
    return form_page(
        request, UndoForm(request.POST if request.method == "POST" else None),
        lambda: _tell(request, actions.undo_merge(merge=merge, actor=user), user),
        title=_("Take the merge of %(other)s into %(survivor)s back?") % values, submit=_("Take back"),
        text=_("What was moved and is still there goes back. What came later stays where it is."),
        said=_("The merge was taken back."), back=back, parent=(back, _("Merges")),
    )  # fmt: skip


def _tell(request: HttpRequest, undone: Undone, user: User) -> None:
    """What was left as it is."""
    [elsewhere] = selectors.rows_in_sight([undone.elsewhere], user)
    count = sum(map(len, elsewhere.values()))
    if count:
        said = ngettext(
            "%(count)s record was changed meanwhile and is not as it was before the merge.",
            "%(count)s records were changed meanwhile and are not as they were before the merge.", count,
        )  # fmt: skip
        messages.warning(request, said % {"count": count})
    if undone.edited:
        names = [str(Customer._meta.get_field(name).verbose_name) for name in undone.edited]  # type: ignore[union-attr]
        messages.warning(request, _("Edited since, and left as they are: %(fields)s") % {"fields": _(", ").join(names)})
