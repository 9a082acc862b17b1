"""Clients with tokens."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.tokens import create_token

ROOT = "/api/v1/"


class Api(APIClient):
    """A client that knows the root of the API: `api.get("me/")`."""

    def generic(self, method: str, path: str, *args: Any, **kwargs: Any) -> Any:
        return super().generic(method, path if path.startswith(("/", "http")) else ROOT + path, *args, **kwargs)


def client_of(user: Any, scope: str = "write") -> Api:
    _token, secret = create_token(user=user, name="test", scope=scope)
    client = Api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def api():
    """`api(user, scope="write")`: a client with a token of this person; `api()` one of nobody."""
    return lambda user=None, scope="write": client_of(user, scope) if user else Api()
