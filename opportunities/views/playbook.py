"""The playbook: read and searched by everybody, written by managers and administrators."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.form_pages import confirm_page, form_page
from accounts.models import User
from config.web.markdown import rendered
from config.web.uploads import takes_files
from customers.views.lists import matching, narrowed, page_of
from opportunities import actions
from opportunities.actions.files import refuse_unless_author
from opportunities.actions.playbook import RUNGS
from opportunities.forms.playbook import FileForm, PlaybookFilter, PlaybookForm, rung_name
from opportunities.models import Attachment, PlaybookEntry, PlaybookVersion
from opportunities.selectors.ladders import ladders
from opportunities.selectors.stages import stages_in_use

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def may_write(user: User) -> bool:
    """Whether the pages offer this person to write; the actions judge again."""
    return user.is_manager or user.is_admin


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The entries: `q`, `kind`, `stage`, `rung`, `product`, `archived`, `page`."""
    user: Any = request.user
    filters = PlaybookFilter(request.GET, queryset=PlaybookEntry.objects.all(), request=request)
    page = page_of(request, matching(filters).prefetch_related("stages").order_by("kind", "id"))
    context = {
        "filters": filters,
        "page": page,
        "entries": [(entry, [rung_name(rung) for rung in entry.rungs]) for entry in page],
        "kinds": PlaybookEntry.Kind.choices,
        "stages": [stage for stage in stages_in_use() if stage.is_open],
        "rungs": _rungs_to_choose(),
        "chosen_product": _chosen(filters, "product"),
        "narrowed": narrowed(filters),
        "may_write": may_write(user),
    }
    return render(request, "playbook/list.html", context)


def _rungs_to_choose() -> list[tuple[str, list[tuple[str, str]]]]:
    """[(factor, [(rung, its name)])] for the filter."""
    return [
        (ladder.name, [(rung, rung_name(rung)) for rung in RUNGS if rung.startswith(f"{ladder.factor}:")])
        for ladder in ladders().values()
    ]


def _chosen(filters: PlaybookFilter, name: str) -> Any:
    """The first row that a filter names, which its search box begins with."""
    rows = filters.form.cleaned_data.get(name) if filters.is_valid() else None
    return next(iter(rows or ()), None)


@require_safe
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry, what it is tied to, its files, its versions."""
    user: Any = request.user
    row = get_object_or_404(PlaybookEntry.objects.prefetch_related("stages", "products"), pk=pk)
    context = {
        "entry": row,
        "body": rendered(row.body),
        "rungs": [(rung_name(rung), _checkpoint(rung)) for rung in row.rungs],
        "files": Attachment.objects.in_use().filter(playbook_entry=row).order_by("id"),
        "versions": row.versions.select_related("saved_by").defer("body_zh", "body_en"),
        "may_write": may_write(user),
    }
    return render(request, "playbook/entry.html", context)


def _checkpoint(rung: str) -> str:
    factor, _colon, level = rung.partition(":")
    return ladders()[factor].rung(int(level)).checkpoint


@require_safe
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """An entry's wording as it was saved once."""
    rows = PlaybookVersion.objects.select_related("entry", "saved_by")
    found = get_object_or_404(rows, entry=pk, number=min(number, 10**9))
    context = {"version": found, "entry": found.entry, "body": rendered(found.body)}
    return render(request, "playbook/version.html", context)


def _entry(request: HttpRequest, pk: int) -> Any:
    """404 for one that isn't there, 403 for all but those who write."""
    row = get_object_or_404(PlaybookEntry, pk=pk)
    refuse_unless_author(request.user)  # type: ignore[arg-type]
    return row


def _above(row: PlaybookEntry | None = None) -> dict[str, Any]:
    if row is None:
        return {"back": lambda made: reverse("playbook_entry", args=[made.pk]), "parent": _home()}
    url = reverse("playbook_entry", args=[row.pk])
    return {"back": url, "parent": (url, row.title)}


def _home() -> tuple[str, str]:
    return reverse("playbook"), _("Playbook")


@form_methods
def new(request: HttpRequest) -> HttpResponse:
    """A new entry."""
    user: Any = request.user
    refuse_unless_author(user)
    form = PlaybookForm(request.POST if request.method == "POST" else None)
    return form_page(
        request, form, lambda: actions.create_entry(actor=user, **form.changes()), template="playbook/form.html",
        title=_("New playbook entry"), submit=_("Create entry"), said=_("The entry was created."), **_above(),
    )  # fmt: skip


@form_methods
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """An entry's wording and what it is tied to."""
    row = _entry(request, pk)
    user: Any = request.user
    form = PlaybookForm(request.POST if request.method == "POST" else None, row=row)
    return form_page(
        request, form, lambda: actions.edit_entry(entry=row, actor=user, **form.settled()),
        template="playbook/form.html", title=_("Edit playbook entry"), said=_("The entry was saved."), **_above(row),
    )  # fmt: skip


@form_methods
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of the list and the offers, after a question."""
    row = _entry(request, pk)
    return confirm_page(
        request, row, partial(actions.archive_entry, entry=row),
        title=_("Archive %(name)s?") % {"name": row.title}, submit=_("Archive"), danger=True,
        text=_("It leaves the list and is offered no more. It can be restored."),
        said=_("The entry was archived."), **_above(row),
    )  # fmt: skip


@form_methods
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into the list and the offers."""
    row = _entry(request, pk)
    return confirm_page(
        request, row, partial(actions.restore_entry, entry=row),
        title=_("Restore %(name)s?") % {"name": row.title}, submit=_("Restore"),
        text=_("It comes back into the list and is offered again."), said=_("The entry was restored."), **_above(row),
    )  # fmt: skip


@takes_files()
@form_methods
def add_file(request: HttpRequest, pk: int) -> HttpResponse:
    """A file for an entry."""
    row = _entry(request, pk)
    user: Any = request.user
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    return form_page(
        request, form,
        lambda: actions.store_playbook_attachment(entry=row, upload=form.cleaned_data["file"], actor=user),
        template="opportunities/file_form.html", title=_("Add a file"), submit=_("Add"), said=_("The file was added."),
        **_above(row),
    )  # fmt: skip
