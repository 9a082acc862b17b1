"""What the OpenAPI schema says of our authentication, and the readable page."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework import permissions


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


schema = SpectacularJSONAPIView.as_view(permission_classes=[permissions.IsAuthenticated])
page = SpectacularSwaggerSplitView.as_view(
    url_name="api-schema", permission_classes=[permissions.IsAuthenticated], template_name="api/docs.html"
)
docs = csp_update({"style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"]})(login_required(page))
docs.login_required = False  # type: ignore[attr-defined]
