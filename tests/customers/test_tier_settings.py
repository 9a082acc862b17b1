"""Settings → Tiers: administrators read and change the rules, from now on; nothing typed is lost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.actions import assess_customer, edit_tier_rules
from customers.models import TierRules
from customers.rules import tiers
from customers.selectors.tiers import rules_now
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/settings/tiers/"
EDIT = f"{URL}edit/"


def typed(client, **changed):
    """What the form posts as it is drawn, but for what is changed."""
    form = client.get(EDIT).context["form"]
    drawn = {name: form[name].value() for name in form.fields}
    return {**{name: value for name, value in drawn.items() if value is not None and value is not False}, **changed}


def test_the_page_shows_the_rules_and_who_changed_what(company, signed_in):
    weights = {**tiers.shipped_weights(), "sales": 25, "margin": 10}
    edit_tier_rules(changes={"weights": weights, "plan_required": ["5A"]}, seen=None, actor=company.admin)
    text = signed_in(company.admin).get(URL).content.decode()
    assert "Weights: Sustained sales: 20 → 25" in text
    assert "Account plan required: 5A, 4A → 5A" in text
    assert str(company.admin) in text
    assert "As shipped" not in text


def test_rules_are_changed_from_now_on(company, signed_in):
    client, before = signed_in(company.admin), rules_now()
    changed = typed(
        client, weights_sales="25", weights_margin="10", thresholds_4A="60", cadence_days_5A="5", depth_1A="quarterly",
        plan_3A="on", accounts_per_rep_2A="50", assess_every_days="60", decision_maker_days="45",
    )  # fmt: skip
    assert client.post(EDIT, changed)["Location"] == URL
    now = rules_now()
    assert now.pk != before.pk and TierRules.objects.filter(pk=before.pk).exists()
    assert (now.weights["sales"], now.weights["margin"], now.thresholds["4A"]) == (25, 10, 60)
    assert (now.cadence_days["5A"], now.review_depth["1A"], now.accounts_per_rep["2A"]) == (5, "quarterly", 50)
    assert (now.plan_required, now.assess_every_days, now.decision_maker_days) == (["5A", "4A", "3A"], 60, 45)
    row = factories.customer(company.rep, "Own")
    assert assess_customer(customer=row, scores=dict.fromkeys(tiers.CRITERIA, 3), actor=company.rep).tier == "4A"


def test_the_form_as_it_is_changes_nothing(company, signed_in):
    client = signed_in(company.admin)
    assert client.post(EDIT, typed(client)).status_code == 302
    assert TierRules.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"weights_sales": "25"}, "weights", "The weights make a hundred in all, not 105."),
        ({"weights_sales": "x"}, "weights_sales", "Enter a whole number."),
        ({"thresholds_4A": "90"}, "thresholds", "5A above 4A above 3A"),
        ({"thresholds_2A": ""}, "thresholds_2A", "This field is required."),
        ({"cadence_days_3A": "-1"}, "cadence_days_3A", "greater than or equal to 0"),
        ({"depth_5A": "hourly"}, "depth_5A", "not one of the available choices"),
        ({"assess_every_days": "0"}, "assess_every_days", "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_stays_typed(company, signed_in, wrong, field, said):
    client = signed_in(company.admin)
    answer = client.post(EDIT, typed(client, decision_maker_days="77", **wrong))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in str(answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in text
    assert 'value="77"' in text
    assert TierRules.objects.count() == 1


def test_everybody_reads_what_explains_a_tier_and_administrators_change_it(company, signed_in):
    for name, may in (("rep", False), ("manager", False), ("executive", False), ("admin", True)):
        client = signed_in(getattr(company, name))
        text = client.get(URL).content.decode()
        assert "Weights of the scorecard" in text
        assert (f'href="{EDIT}"' in text) == may
        assert client.get(EDIT).status_code == (200 if may else 403)
        assert client.post(EDIT, {"version": "x"}).status_code == (422 if may else 403)


@pytest.mark.parametrize("seen", ["", "no", None])
def test_somebody_elses_rules_are_not_overwritten(company, signed_in, seen):
    client = signed_in(company.admin)
    mine = typed(client, assess_every_days="30")
    edit_tier_rules(changes={"assess_every_days": 120}, seen=None, actor=company.admin)
    answer = client.post(EDIT, mine if seen is None else {**mine, "seen": seen})
    assert answer.status_code == 422
    assert "Somebody has changed this meanwhile." in answer.content.decode()
    assert 'value="30"' in answer.content.decode()
    assert rules_now().assess_every_days == 120


TREATED = {
    "5A": "contact every 7 days · account plan required · reviewed in depth every week",
    "4A": "contact every 14 days · account plan required · reviewed in depth every week",
    "3A": "contact every 30 days · reviewed in depth every month",
    "2A": "contact every 90 days · reviewed in depth every quarter",
    "1A": "no contact, plan or review asked for",
    "": "",
}


@pytest.mark.parametrize("tier", TREATED)
def test_what_a_tier_asks_of_us_stands_with_its_customers(company, signed_in, tier):
    row, client, words = factories.customer(company.rep, "Own", tier=tier), signed_in(company.rep), TREATED[tier]
    page, chosen = client.get(f"/customers/{row.pk}/"), client.get(f"/customers/?tier={tier or 'none'}")
    assert page.context["treatment"] == words
    assert [each.treatment for each in chosen.context["tiers"] if each.on] == [words]
    assert words in page.content.decode()
    assert chosen.content.decode().count(words) >= 2 or not tier  # beside the switch and under it


def test_other_rules_are_told_at_once(company, signed_in):
    row, client = factories.customer(company.rep, "Own", tier="3A"), signed_in(company.rep)
    changes = {
        "review_depth": {**tiers.shipped_review_depth(), "3A": "weekly"}, "plan_required": ["3A"],
        "cadence_days": {**tiers.shipped_cadence(), "3A": 1},
    }  # fmt: skip
    edit_tier_rules(changes=changes, seen=None, actor=company.admin)
    words = "contact every day · account plan required · reviewed in depth every week"
    for url in (f"/customers/{row.pk}/", "/customers/", "/customers/?tier=3A"):
        assert words in client.get(url).content.decode()


def test_the_page_costs_the_same_for_many_changes(company, signed_in):
    client, counts = signed_in(company.admin), []
    for days in (range(10, 12), range(12, 30)):
        for number in days:
            edit_tier_rules(changes={"assess_every_days": number}, seen=None, actor=company.admin)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(URL).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12
    assert "/settings/tiers/" in client.get("/settings/").content.decode()
