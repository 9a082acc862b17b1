"""The historical win rate: cases by stage and age band, drawn to the stage's mean (METHOD.md §2)."""

from datetime import date, datetime, timedelta
from math import comb, isclose

import pytest

from accounts.models import User
from accounts.selectors import today
from config.web.templatetags.formats import percent
from opportunities.models import Stage
from opportunities.rules.beta import incomplete, quantile
from opportunities.rules.historical import Cases, Historical, band_of, calibrated, of_stage
from opportunities.selectors.historical import forget_historical, historical_rates, rates_of
from pipeline.tasks import nightly_tick
from tests.opportunities.browser_door import queries_of, text_of
from tests.pipeline.chronicle import opportunity

# --- The Beta distribution ------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 3), (5, 1), (12, 30), (40, 7)])
@pytest.mark.parametrize("x", [0.01, 0.2, 0.5, 0.77, 0.99])
def test_of_whole_numbers_it_is_a_sum_of_binomials(a, b, x):
    n = a + b - 1
    expected = sum(comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert isclose(incomplete(x, a, b), expected, rel_tol=1e-9, abs_tol=1e-12)


def test_its_ends_and_its_symmetry():
    assert (incomplete(0, 2, 3), incomplete(1, 2, 3)) == (0, 1)
    assert isclose(incomplete(0.3, 2.5, 7.25), 1 - incomplete(0.7, 7.25, 2.5), rel_tol=1e-12)


@pytest.mark.parametrize(
    ("p", "a", "b", "expected"),
    [
        (0.1, 1, 1, 0.1),
        (0.1, 1, 2, 1 - 0.9**0.5),
        (0.5, 9, 9, 0.5),
        (0.9, 3, 1, 0.9 ** (1 / 3)),
        (0.9, 0.5, 0.5, 0.975528258),
    ],
)
def test_quantiles(p, a, b, expected):
    assert isclose(quantile(p, a, b), expected, abs_tol=1e-9)


@pytest.mark.parametrize(("a", "b"), [(0.4, 30), (17.5, 42.5), (2000, 90_000)])
def test_a_quantile_is_where_the_probability_is(a, b):
    assert [round(incomplete(quantile(p, a, b), a, b), 8) for p in (0.1, 0.9)] == [0.1, 0.9]


def test_without_a_win_or_a_loss_all_the_weight_lies_at_one_end():
    assert (quantile(0.9, 0, 60), quantile(0.1, 60, 0)) == (0, 1)


# --- Bands and drawing ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "band"),
    [(-1, 0), (0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (180, 3), (181, 4), (2000, 4)],
)
def test_bands(days, band):
    assert band_of(days) == band


def test_a_band_is_drawn_to_the_mean_of_its_stage_with_the_weight_of_thirty():
    first, second, third, *_ = calibrated([Cases(100, 40), Cases(30, 3), Cases(29, 20), Cases(0, 0), Cases(0, 0)])
    assert (first.n, first.rate) == (100, pytest.approx(0.4))
    assert (second.n, second.rate) == (30, pytest.approx((3 + 30 * 0.4) / 60))
    assert (second.low, second.high) == (pytest.approx(quantile(0.1, 15, 45)), pytest.approx(quantile(0.9, 15, 45)))
    assert second.low < second.rate < second.high
    assert third == Historical(29)  # not calibrated, n = 29


def test_a_stage_without_a_case_is_not_calibrated():
    assert calibrated([Cases(0, 0)] * 5) == (Historical(),) * 5
    assert of_stage({}, 1, 5) == Historical()


# --- From the company's own history ---------------------------------------------------------------


@pytest.fixture
def told(company):
    """Closed ones: entered, left, the stages they stood in."""

    def tell(*steps, amount="5"):
        """Steps of (day of March 2026, stage)."""
        start = datetime(2026, 3, 1, 10, 0)  # noqa: DTZ001  the organisation's clock
        moments = [(str(start + timedelta(days=day)), {"stage": stage}) for day, stage in steps]
        return opportunity((moments[0][0], {**moments[0][1], "owner": company.rep, "amount": amount}), *moments[1:])

    return tell


def cases(key, day=date(2026, 11, 1)):
    """How many stood in each band of a stage, with the band's raw share where there are enough."""
    rates = rates_of(day).get(Stage.objects.get(key=key).pk)
    return [band.n for band in rates] if rates else None


def test_a_stay_counts_once_in_every_band_that_it_reached(told):
    told((0, "discover"), (30, "validate"), (61, "won"))
    assert cases("discover") == [1, 0, 0, 0, 0]
    assert cases("validate") == [1, 1, 0, 0, 0]
    assert cases("cocreate") is None
    assert cases("won") is None


def test_the_longest_of_several_stays_counts_and_each_opportunity_once(told):
    told((0, "discover"), (5, "validate"), (10, "discover"), (101, "validate"), (102, "lost"))
    assert cases("discover") == [1, 1, 1, 1, 0]
    assert cases("validate") == [1, 0, 0, 0, 0]


def test_only_what_is_closed_by_the_day_counts_at_its_outcome_of_then(told):
    told((0, "discover"), (40, "no_go"))
    told((0, "discover"), (40, "lost"), (50, "lock"))  # reopened
    told((0, "discover"), (40, "validate"))
    closed = date(2026, 4, 10)
    assert cases("discover", closed - timedelta(days=1)) is None
    assert cases("discover", closed) == [2, 2, 0, 0, 0]
    assert cases("discover") == [1, 1, 0, 0, 0]
    assert cases("lock") is None


def test_changes_that_are_no_stage_entries_do_not_cut_a_stay(company):
    opportunity(
        ("2026-03-01 23:59:59", {"stage": "discover", "owner": company.rep, "amount": "5"}),
        ("2026-03-20 10:00", {"owner": company.mate}),
        ("2026-03-25 10:00", {"amount": "6"}),
        ("2026-04-01 00:00:00", {"stage": "won"}),
    )
    assert cases("discover") == [1, 1, 0, 0, 0]  # local days: the 31st


def test_the_rate_is_won_of_all(told):
    for number in range(30):
        told((0, "discover"), (3, ("won", "lost", "no_decision", "no_go", "lost")[number % 5]))
    (first, *_rest) = rates_of(date(2026, 11, 1))[Stage.objects.get(key="discover").pk]
    assert (first.n, first.rate) == (30, pytest.approx(0.2))
    assert first.low < 0.2 < first.high


def test_it_is_read_once_a_day_and_again_when_the_past_was_rewritten(told):
    for _number in range(30):
        told((0, "discover"), (3, "won"))
    # Outside a request the organisation is read each time that its clock is asked.
    assert [queries_of(historical_rates) for _ in range(2)] == [3, 1]
    kept = historical_rates()
    told((0, "discover"), (3, "lost"))
    assert historical_rates() == kept
    forget_historical()
    assert historical_rates() != kept


@pytest.mark.parametrize("redis", [True, False])
def test_the_tick_reads_it_ahead_where_all_processes_share_what_is_kept(told, settings, redis):
    for _number in range(30):
        told((0, "discover"), (3, "won"))
    forget_historical()
    settings.REDIS_URL = "redis://somewhere" if redis else ""  # the cache itself is that of the tests
    nightly_tick()
    assert queries_of(historical_rates) == (1 if redis else 3)


def test_what_is_closed_today_counts_from_tomorrow_on(company):
    opportunity(
        (f"{today() - timedelta(days=9)} 10:00", {"stage": "discover", "owner": company.rep}),
        (f"{today()} 00:00:00", {"stage": "won"}),
    )
    assert historical_rates() == {}
    assert len(rates_of(today())) == 1


def test_the_api_tells_it_of_open_ones_with_enough_cases(told, company, signed_in):
    for number in range(40):
        told((0, "discover"), (3, "won" if number % 2 else "lost"))
    closed, old = told((0, "discover"), (3, "won")), told((0, "discover"))
    young = opportunity((f"{today()} 00:00:00", {"stage": "discover", "owner": company.rep}))
    client = signed_in(company.rep)
    said = [client.get(f"/api/v1/opportunities/{row.pk}/").json()["historical"] for row in (young, old, closed)]
    rate = historical_rates()[young.stage_id][0]
    assert said == [{"rate": rate.rate, "low": rate.low, "high": rate.high, "n": 41}, None, None]


def test_board_and_table_show_it_beside_the_other_rates(told, company, signed_in):
    for number in range(40):
        told((0, "discover"), (3, "won" if number % 2 else "lost"))
    told((0, "discover"))
    young = opportunity((f"{today()} 00:00:00", {"stage": "discover", "owner": company.rep}))
    client, rate = signed_in(company.rep), historical_rates()[young.stage_id][0]
    said = f'title="Historical win rate: 40 like this, {percent(rate.low)}–{percent(rate.high)}">hist. 50%<'
    for url in ("/opportunities/", "/opportunities/table/"):
        page = text_of(client.get(url))
        assert page.count(said) == 1, url
        few = '"Historical win rate: not calibrated, n = 0 closed ones like this">hist.: 0 closed<'
        assert page.count(few) == 1, url  # of the one that has stood so longer than any; of the closed ones nothing
    assert 'aria-label="Stage: 10% hist. 50% Discover. Edit"' in text_of(client.get("/opportunities/table/"))
    assert 'aria-label="Stage: 10% hist.: 0 closed Discover. Edit"' in text_of(client.get("/opportunities/table/"))
    User.objects.filter(pk=company.rep.pk).update(language="zh-hans")
    assert "历史样本 0 个<" in text_of(client.get("/opportunities/table/", headers={"Accept-Language": "zh-hans"}))
    User.objects.filter(pk=company.rep.pk).update(language="en")
    lines = text_of(client.get("/opportunities/export.csv")).splitlines()
    at = lines[0].split(",").index("Historical win rate")
    assert sorted(line.split(",")[at] for line in lines[1:]) == ["", "0.5000"]
