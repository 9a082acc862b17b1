"""Settings of the method in the API: everybody reads them, administrators set them."""

import pytest

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return factories.company(gated=True)


def test_the_api_says_and_sets_the_same(company, api):
    seen = api(company.rep).get("method/").json()
    assert (seen["gate_mode"], seen["grade_needs"]["E1"]) == ("advise", ["contact", "said_on"])
    assert api(company.manager).patch("method/", {"gate_mode": "enforce"}).status_code == 403
    assert api(company.admin).patch("method/", {"gate_mode": "never"}).status_code == 400
    changed = api(company.admin).patch("method/", {"gate_mode": "enforce", "id": seen["id"]})
    assert changed.json()["gate_mode"] == "enforce"
    assert api(company.admin).patch("method/", {"gate_mode": "advise", "id": seen["id"]}).status_code == 409
    before = api(company.rep).get("rungs/value/1/").json()
    rung = api(company.admin).patch("rungs/value/1/", {"question_en": "Which value?", "id": before["id"]})
    assert rung.json()["question_en"] == "Which value?"
    assert api(company.rep).get("rungs/value/1/").json() == rung.json()
    assert api(company.rep).get("rungs/value/7/").status_code == 404
    row = api(company.rep).get("stages/?key=lock").json()["results"][0]
    assert (row["floor"], row["floors"], row["milestones"]) == (5, {}, ["coordination>=6"])
    sent = {"floors": {"power": 6}, "milestones": ["go"], "version": row["version"]}
    assert api(company.admin).patch(f"stages/{row['id']}/", sent).json()["floors"] == {"power": 6}
    for wrong in ({"floors": {"luck": 1}}, {"milestones": ["power>=9"]}):
        assert api(company.admin).patch(f"stages/{row['id']}/", {**wrong, "version": 2}).status_code == 400


def test_who_words_a_rung_too_late_is_told(company, api):
    client, path = api(company.admin), "rungs/value/1/"
    seen = client.get(path).json()
    now = client.patch(path, {"question_en": "Theirs", "id": seen["id"]}).json()
    late = client.patch(path, {"question_en": "Mine", "evidence_en": "Mine", "id": seen["id"]})
    told = {"current": now, "yours": {"question_en": "Mine"}, "conflicts": ["question_en"]}
    assert (late.status_code, late.json()) == (409, told)
    other = client.patch(path, {"evidence_en": "Mine", "id": seen["id"]})  # changes of other fields don't matter
    assert (other.status_code, other.json()["question_en"], other.json()["evidence_en"]) == (200, "Theirs", "Mine")
    assert client.patch(path, other.json()).json() == other.json()  # sent back as it was read


def test_who_sets_the_gate_too_late_is_told(company, api):
    client = api(company.admin)
    seen = client.get("method/").json()
    now = client.patch("method/", {"gate_mode": "enforce", "id": str(seen["id"])}).json()
    late = client.patch("method/", {"gate_mode": "advise", "id": str(seen["id"])})
    told = {"current": now, "yours": {"gate_mode": "advise"}, "conflicts": ["gate_mode"]}
    assert (late.status_code, late.json()) == (409, told)
    assert client.patch("method/", {"gate_mode": "advise"}).status_code == 200  # as it stands, whatever that is
    needs = client.patch("method/", {"grade_needs": {"E2": ["trace"]}, "id": seen["id"]})
    assert needs.json()["grade_needs"] == {**seen["grade_needs"], "E2": ["trace"]}
    assert client.patch("method/", needs.json()).json() == needs.json()


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("method/", {"gate": "enforce"}), ("method/", {"id": "x"}), ("method/", {"id": 999}), ("method/", {"id": True}),
        ("method/", {"grade_needs": {"E9": []}}), ("method/", {"valid_from": "2026-01-01T00:00:00+08:00"}),
        ("rungs/value/1/", {"question": "Why?"}), ("rungs/value/1/", {"level": 2}), ("rungs/value/1/", {"id": 999}),
        ("rungs/value/1/", {"id": None}),
    ],
)  # fmt: skip
def test_what_is_not_taken(company, api, path, wrong):
    client = api(company.admin)
    before = client.get(path).json()
    sent = {"id": before["id"], **({"gate_mode": "enforce"} if path == "method/" else {"question_en": "Why?"})}
    answer = client.patch(path, {**sent, **wrong})
    assert (answer.status_code, list(answer.json())) == (400, list(wrong))
    assert client.get(path).json() == before


def test_a_rung_is_worded_with_the_id_that_was_seen(company, api):
    answer = api(company.admin).patch("rungs/value/1/", {"question_en": "Why?"})
    assert (answer.status_code, list(answer.json())) == (400, ["id"])
