"""The target list: whom somebody has set out to win, and what one does with it."""

from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from accounts.form_pages import confirm_page, form_page
from accounts.models import User
from accounts.selectors import today
from customers import actions
from customers.models import Customer, IdealProfile, TargetCustomer
from customers.profile_forms import TargetDoneForm, TargetForm
from customers.selectors import targets as selectors
from customers.views.customers import form_methods
from customers.views.lists import page_of, without
from customers.views.plans import refuse_reader
from customers.views.profiles import LONGEST, above, address

SETTLE = {  # what is done, what the button says, what is said after it
    "finish": (
        actions.settle_target, gettext_lazy("A deal came of it"), gettext_lazy("It is settled: a deal came of it."),
    ),
    "drop": (actions.drop_target, pgettext_lazy("target customer", "Drop it"), gettext_lazy("It was dropped.")),
    "reopen": (actions.reopen_target, gettext_lazy("Pursue it again"), gettext_lazy("It is pursued again.")),
}  # fmt: skip


@require_safe
def target_list(request: HttpRequest) -> HttpResponse:
    """Whom we have set out to win: `whose` (mine, all), `show` (overdue, without, settled), `q`, `sort`, `page`."""
    assert isinstance(request.user, User)
    user, day, sort = request.user, today(), request.GET.get("sort", "")
    mine = _is_mine(request, user)
    text, show = (request.GET.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in ("q", "show"))
    found = selectors.narrowed_to(selectors.targets_of(user), owner=user if mine else None, text=text)
    counts = selectors.counts_of(found, day)
    show = show if show in ("overdue", "without", "settled") else "open"
    rows = selectors.rows_of(selectors.shown(found, show, day), user, sort)
    context = {
        "page": page_of(request, rows, count=getattr(counts, show)), "counts": counts, "show": show, "mine": mine,
        "sort": sort if sort.removeprefix("-") in selectors.ORDERINGS else "due", "text": text,
        "without_show": without(request.GET, "show"), "without_whose": without(request.GET, "whose"),
        "may_sell": user.sells,
    }  # fmt: skip
    return render(request, "customers/profiles/targets.html", context)


def _is_mine(request: HttpRequest, user: User) -> bool:
    """A rep begins with their own, whoever is in charge of others with everybody's."""
    asked = request.GET.get("whose", "")
    return user.sells and (asked == "mine" or (asked != "all" and not user.is_manager))


# --- Writes -------------------------------------------------------------------------------------


def came_from(request: HttpRequest, *pages: str) -> str:
    """The page on which the dialog was opened, with its filters, if it is one of these; else the first of them."""
    there = urlsplit(request.headers.get("HX-Current-URL", ""))
    if there.path not in pages:
        return pages[0]
    return f"{there.path}?{there.query}" if there.query else there.path


@form_methods
def target_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a customer, `customer` by key, on the target list of a profile."""
    user: Any = request.user
    profile: IdealProfile = get_object_or_404(IdealProfile.objects.in_use(), pk=pk)
    if not user.sells:
        raise PermissionDenied(_("Executives and administrators read the target list; they do not write it."))
    form = TargetForm(request.POST or None, user=user, customer=_chosen(request, user))
    return form_page(
        request, form, lambda: actions.add_target(actor=user, profile=profile, **form.changes()),
        title=_("Add to the target list"), text=profile.name, submit=_("Add to the list"),
        said=_("The customer is on the target list."), back=came_from(request, address(profile), reverse("targets")),
        parent=above(profile),
    )  # fmt: skip


def _chosen(request: HttpRequest, user: User) -> Customer | None:
    key = request.GET.get("customer", "").replace("\x00", "")
    return Customer.objects.editable_by(user).in_use().select_related("owner__team").filter(key=key).first()


def _editable(request: HttpRequest, pk: int) -> TargetCustomer:
    """404 for a hidden one, 403 for those who only read its customer."""
    user: Any = request.user
    found = TargetCustomer.objects.visible_to(user).select_related("customer", "profile", "owner__team")
    target: TargetCustomer = get_object_or_404(found, pk=pk)
    refuse_reader(target.customer, user)
    return target


def _home(request: HttpRequest, target: TargetCustomer) -> str:
    customer = reverse("customer", args=[target.customer_id])
    return came_from(request, reverse("targets"), address(target.profile), customer, reverse("my_day"))


def _list() -> tuple[str, str]:
    return reverse("targets"), _("Target list")


@form_methods
def target_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Who pursues it, and what is done next; `?done=1`: the step is done, what comes after it."""
    user: Any = request.user
    target = _editable(request, pk)
    if "done" in request.GET:
        return _step_done(request, target)
    form = TargetForm(request.POST or None, row=target, user=user)
    return form_page(
        request, form, lambda: actions.edit_target(target=target, actor=user, **form.settled()),
        title=target.customer.name, text=target.profile.name, said=_("The target was saved."),
        back=_home(request, target), parent=_list(), template="customers/profiles/target_form.html", target=target,
    )  # fmt: skip


def _step_done(request: HttpRequest, target: TargetCustomer) -> HttpResponse:
    user: Any = request.user
    form = TargetDoneForm(request.POST or None, row=target)
    return form_page(
        request, form, lambda: actions.edit_target(target=target, actor=user, **form.settled()),
        title=_("Done. What is next?"), text=f"{target.customer} · {target.next_step}",
        said=_("The target was saved."), back=_home(request, target), parent=_list(),
        url=f"{request.path}?done=1", template="customers/profiles/target_form.html", target=target,
    )  # fmt: skip


@form_methods
def target_settle(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """`finish`: a deal came of it; `drop` it; `reopen` it."""
    target = _editable(request, pk)
    if verb not in SETTLE:
        raise Http404
    act, submit, said = SETTLE[verb]
    return confirm_page(
        request, target, partial(act, target=target),
        title=str(submit), text=f"{target.customer} · {target.profile}", submit=submit, said=str(said),
        danger=verb == "drop", back=_home(request, target), parent=_list(),
    )  # fmt: skip
