"""Whatever goes wrong below /api/ is said in JSON."""

import pytest

from accounts.api.views import Me

pytestmark = pytest.mark.django_db
NOWHERE = [
    "/api/", "/api/v1/", "/api/v2/me/", "/api/v1/nowhere/", "/api/v1/customers/x/", "/api/v1/nowhere", "/api/v1/a\nb/",
    "/api/v1//me/",
]  # fmt: skip


@pytest.mark.anywhere
@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"])
def test_there_is_no_such_address(company, api, path, method):
    company.rep.language = "en"
    company.rep.save()
    answer = api(company.rep).generic(method, path, b"{", content_type="application/json")
    said = "Not found." if path.endswith("/") else "Not found. Addresses end with a slash."
    assert (answer.status_code, method == "HEAD" or answer.json()) == (404, method == "HEAD" or {"detail": said})
    assert api().generic(method, path).status_code == 401


@pytest.mark.anywhere
def test_what_is_read_is_found_without_its_last_slash_and_nothing_is_written_there(company, api):
    client = api(company.rep)
    assert client.get("me?x=1", follow=True).json()["username"] == "rep"
    assert client.head("/api/v1/me", follow=True).status_code == 200
    answer = client.post("customers", {"name": "Works"})
    assert (answer.status_code, "end with a slash" in answer.json()["detail"]) == (404, True)


@pytest.mark.anywhere
def test_a_host_that_is_not_ours(company, api):
    answer = api(company.rep).get("me/", SERVER_NAME="evil.example.com")
    assert (answer.status_code, answer.json().keys()) == (400, {"detail"})
    assert api(company.rep).get("/", SERVER_NAME="evil.example.com")["Content-Type"].startswith("text/html")


@pytest.mark.anywhere
def test_a_fault_of_ours(company, api, monkeypatch):
    def broken(_view):
        raise RuntimeError("the words of a programmer")

    monkeypatch.setattr(Me, "visible", broken)
    client = api(company.rep)
    client.raise_request_exception = False
    answer = client.get("me/")
    assert (answer.status_code, answer.json().keys()) == (500, {"detail"})
    assert "programmer" not in answer.content.decode()
