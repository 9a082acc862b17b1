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
    assert api(company.admin).patch("method/", {"gate_mode": "advise", "id": seen["id"]}).status_code == 400
    rung = api(company.admin).patch("rungs/value/1/", {"question_en": "Which value?"})
    assert rung.json()["question_en"] == "Which value?"
    assert api(company.rep).get("rungs/value/1/").json() == rung.json()
    assert api(company.rep).get("rungs/value/7/").status_code == 404
    row = api(company.rep).get("stages/?key=lock").json()["results"][0]
    assert (row["floor"], row["floors"], row["milestones"]) == (5, {}, ["coordination>=6"])
    sent = {"floors": {"power": 6}, "milestones": ["go"], "version": row["version"]}
    assert api(company.admin).patch(f"stages/{row['id']}/", sent).json()["floors"] == {"power": 6}
    for wrong in ({"floors": {"luck": 1}}, {"milestones": ["power>=9"]}):
        assert api(company.admin).patch(f"stages/{row['id']}/", {**wrong, "version": 2}).status_code == 400
