"""The ladders as pages and the API read them."""

from datetime import UTC, datetime

from django.utils import translation

from opportunities.models import Factor, Rung
from opportunities.rules.evidence import FACTORS
from opportunities.selectors.ladders import ladders
from tests.opportunities.browser_door import queries_of


def test_every_factor_has_its_seven_rungs_in_order(db):
    found = ladders()
    assert tuple(found) == FACTORS
    assert all([rung.level for rung in ladder.rungs] == list(range(7)) for ladder in found.values())
    assert found["power"].above(3) == found["power"].rung(4)
    assert found["power"].above(6) is None
    assert queries_of(ladders) == 1


def test_the_wording_and_the_name_that_hold_now(db):
    Factor.objects.filter(key="power").update(name_en="Influence")
    Rung.objects.create(factor="power", level=1, valid_from=datetime(2026, 1, 1, tzinfo=UTC), checkpoint_en="They know")
    ladder = ladders()["power"]
    with translation.override("en"):
        assert (str(ladder), ladder.rung(1).checkpoint) == ("Influence", "They know")
    with translation.override("zh-hans"):
        assert str(ladder) == "权力"
