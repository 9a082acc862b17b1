"""A person's own API tokens: list, make one, whose secret is shown once, revoke."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import tokens
from accounts.form_pages import form_page, take
from accounts.forms import NothingForm, TokenForm
from accounts.models import AccessToken
from config.web.templatetags.formats import moment

form_methods = require_http_methods(["GET", "HEAD", "POST"])
MOST_SHOWN = 200


@require_safe
def token_list(request: HttpRequest) -> HttpResponse:
    """The tokens that the person has."""
    found = AccessToken.objects.of(request.user)[:MOST_SHOWN]
    return render(request, "accounts/tokens.html", {"tokens": found})


@never_cache
@form_methods
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token; the answer shows its secret, which is kept nowhere."""
    user: Any = request.user
    form = TokenForm(request.POST or None)
    if form.is_valid():
        try:
            token, secret = tokens.create_token(user=user, **form.changes())
        except ValidationError as error:
            take(form, error)
        else:
            return render(request, "accounts/token_made.html", {"token": token, "secret": secret}, status=201)
    context = {
        "form": form,
        "title": _("New token"),
        "text": _("A program that has the token sees and does what you may. Give each program its own."),
        "submit": _("Make the token"),
        "cancel": reverse("tokens"),
        "parent": (reverse("tokens"), _("API tokens")),
        "url": request.path,
        "layout": "layouts/form_page.html",
    }
    return render(request, "layouts/form.html", context, status=422 if form.is_bound else 200)


@form_methods
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token of one's own, after a question."""
    user: Any = request.user
    token = get_object_or_404(AccessToken.objects.of(user), pk=pk)
    used = moment(token.last_used_at) if token.last_used_at else _("never")
    return form_page(
        request, NothingForm(request.POST if request.method == "POST" else None),
        lambda: tokens.revoke_token(token=token, actor=user),
        title=_("Revoke “%(name)s”?") % {"name": token.name}, submit=_("Revoke"), danger=True,
        text=_("Programs that use it are refused from now on. Last used: %(used)s.") % {"used": used},
        said=_("The token was revoked."), back=reverse("tokens"), parent=(reverse("tokens"), _("API tokens")),
    )  # fmt: skip
