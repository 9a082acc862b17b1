"""What the OpenAPI schema says of our authentication, and the readable page."""

from functools import cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework import permissions
from rest_framework.request import Request

from config.web.schema import Generator


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


@cache
def document() -> bytes:
    """The schema as JSON; it is the same for everybody and takes two seconds, so each process makes it once."""
    return OpenApiJsonRenderer().render(Generator().get_schema(public=True))  # type: ignore[no-any-return]


class SchemaView(SpectacularJSONAPIView):
    permission_classes = (permissions.IsAuthenticated,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(document(), content_type=OpenApiJsonRenderer.media_type)


schema = SchemaView.as_view()
page = SpectacularSwaggerSplitView.as_view(
    url_name="api-schema", permission_classes=[permissions.IsAuthenticated], template_name="api/docs.html"
)
docs = csp_update({"style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"]})(login_required(page))
docs.login_required = False  # type: ignore[attr-defined]
