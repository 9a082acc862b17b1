"""Saved views through the API."""

from accounts.models import SavedView
from tests import factories


def test_a_view_is_made_changed_ordered_and_deleted(company, api):
    factories.opportunity(company.rep)
    client, mate = api(company.rep), api(company.mate)
    made = client.post("views/", {"name": "East", "page": "board", "query": "team=east&page=3", "scope": "team"})
    assert made.status_code == 201
    row = made.json()
    assert (row["query"], row["team"], row["owner"], row["count"]) == ("team=east", "east", "rep", 1)
    assert row["position"] is None
    assert mate.get("views/").json()["results"][0]["count"] == 0
    other = client.post("views/", {"name": "All", "page": "table"}).json()
    ordered = client.post("views/reorder/", {"order": [other["key"], row["key"]]})
    assert [(view["name"], view["position"]) for view in ordered.json()] == [("All", 0), ("East", 1)]
    assert [view["name"] for view in client.get("views/").json()["results"]] == ["All", "East"]
    path = f"views/{row['id']}/"
    assert client.post(f"{path}default/", {"default": True}).json()["is_default"] is True
    chosen = mate.post(f"{path}default/", {"default": True}).json()
    assert (chosen["is_default"], chosen["position"]) == (True, None)
    mate.post(f"{path}default/", {"default": False})
    assert mate.get(path).json()["is_default"] is False
    changed = client.patch(path, {"version": 1, "name": "Ours", "scope": "mine"})
    assert (changed.status_code, changed.json()["team"]) == (200, None)
    assert mate.get(path).status_code == 404
    assert client.patch(path, {"version": 1, "name": "Again"}).status_code == 409
    assert client.delete(path).status_code == 204
    assert SavedView.objects.count() == 1


def test_what_is_refused_says_why(company, api):
    client = api(company.rep)
    for body, field in [
        ({"name": "x", "page": "board", "query": "owner=nobody"}, "query"),
        ({"name": "x", "page": "board", "query": "close_from=someday"}, "query"),
        ({"name": "", "page": "board"}, "name"),
        ({"name": "x", "page": "wall"}, "page"),
        ({"name": "x", "page": "board", "scope": "world"}, "scope"),
        ({"name": "x", "page": "board", "owner": "mate"}, "owner"),
        ({"name": "x", "page": "board", "key": "mine"}, "key"),
    ]:
        answer = client.post("views/", body)
        assert (answer.status_code, list(answer.json())) == (400, [field]), body
        assert all(isinstance(text, str) for text in answer.json()[field]), body
    assert api(company.executive).post("views/", {"name": "x", "page": "board", "scope": "team"}).status_code == 400
    assert client.post("views/reorder/", {"order": ["nowhere"]}).status_code == 400
    assert api(company.rep, scope="read").post("views/", {"name": "x", "page": "board"}).status_code == 403


def test_deleting_is_for_the_owner_and_those_above(company, api):
    client = api(company.rep)
    made = client.post("views/", {"name": "East", "page": "board", "scope": "team"}).json()
    path = f"views/{made['id']}/"
    assert api(company.mate).patch(path, {"version": 1, "name": "x"}).status_code == 403
    assert api(company.mate).delete(path).status_code == 403
    assert api(company.stranger).delete(path).status_code == 404
    assert api(company.director).delete(path).status_code == 204
