"""Days, weeks and periods: midnights far from Greenwich, clocks that jump, years that begin in April."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accounts.calendar import OrgCalendar, Period, add_months, monday, month, span, t12m, week, weeks_of_month

ZONES = [
    "Asia/Shanghai",
    "America/Los_Angeles",
    "Europe/Amsterdam",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Africa/Casablanca",
    "UTC",
]
APIA_SKIPPED = date(2011, 12, 30)
MICROSECOND = timedelta(microseconds=1)
ONE_DAY = timedelta(days=1)


def calendar(zone="Asia/Shanghai", start=1):
    return OrgCalendar(ZoneInfo(zone), start)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def d(text):
    return date.fromisoformat(text)


def bounds(period):
    return f"{period.first}..{period.last}"


days = st.dates(date(1995, 1, 1), date(2090, 12, 31))
starts = st.integers(1, 12)
zones = st.sampled_from(ZONES)

# --- Midnight ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Shanghai", "2026-03-01T15:59:59.999999", "2026-03-01"),
        ("Asia/Shanghai", "2026-03-01T16:00:00", "2026-03-02"),
        ("Etc/GMT+8", "2026-03-02T07:59:59.999999", "2026-03-01"),
        ("Etc/GMT+8", "2026-03-02T08:00:00", "2026-03-02"),
        ("America/Los_Angeles", "2026-07-02T06:59:59.999999", "2026-07-01"),
        ("America/Los_Angeles", "2026-07-02T07:00:00", "2026-07-02"),
        ("UTC", "2026-03-02T00:00:00", "2026-03-02"),
    ],
)
def test_midnight_belongs_to_the_day_that_begins(zone, moment, day):
    org = calendar(zone)
    assert org.local_date(utc(moment)) == org.today(utc(moment)) == d(day)
    assert org.start_of_day(d(day)) <= utc(moment) < org.end_of_day(d(day))


def test_the_offset_a_moment_is_written_in_does_not_matter():
    moment = datetime(2026, 3, 2, 0, 0, tzinfo=timezone(timedelta(hours=8)))
    assert calendar().local_date(moment) == d("2026-03-02")
    assert calendar("America/Los_Angeles").local_date(moment) == d("2026-03-01")


def test_a_naive_datetime_is_no_moment():
    with pytest.raises(ValueError, match="time zone"):
        calendar().local_date(datetime(2026, 3, 2))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("Asia/Shanghai", "2026-03-02", "2026-03-01T16:00", "2026-03-02T16:00"),
        ("Etc/GMT+8", "2026-03-02", "2026-03-02T08:00", "2026-03-03T08:00"),
        # Clocks forward: 23 hours; clocks back: 25.
        ("Europe/Amsterdam", "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("Europe/Amsterdam", "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("America/Los_Angeles", "2026-03-08", "2026-03-08T08:00", "2026-03-09T07:00"),
        ("America/Los_Angeles", "2026-11-01", "2026-11-01T07:00", "2026-11-02T08:00"),
        # No midnight: the day begins at 01:00 on the clock.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00", "2018-11-05T02:00"),
        ("America/Sao_Paulo", "2018-11-03", "2018-11-03T03:00", "2018-11-04T03:00"),
        ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00", "2022-03-27T21:00"),
        # At midnight back to 23:00 of the day before, which has 25 hours.
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00", "2018-02-18T03:00"),
        ("Asia/Beirut", "2022-10-29", "2022-10-28T21:00", "2022-10-29T22:00"),
        # Midnight twice: the day begins with the first.
        ("America/Havana", "2025-11-02", "2025-11-02T04:00", "2025-11-03T05:00"),
        # A day that never was is empty.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", "2011-12-30T10:00"),
    ],
)
def test_where_a_day_begins_and_ends(zone, day, start, end):
    org = calendar(zone)
    assert (org.start_of_day(d(day)), org.end_of_day(d(day))) == (utc(start), utc(end))
    assert org.end_of_day(d(day)).tzinfo is UTC


@given(zones, days)
def test_days_follow_each_other_without_gap_or_overlap(zone, day):
    assume((zone, day) != ("Pacific/Apia", APIA_SKIPPED))
    org = calendar(zone)
    start, end = org.start_of_day(day), org.end_of_day(day)
    assert end == org.start_of_day(day + ONE_DAY)
    assert timedelta(hours=22) < end - start < timedelta(hours=26)
    assert org.local_date(start) == org.local_date(end - MICROSECOND) == day
    assert org.local_date(start - MICROSECOND) < day < org.local_date(end)


@given(zones, st.datetimes(datetime(1995, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_moment_lies_in_its_day(zone, moment):
    org = calendar(zone)
    day = org.local_date(moment)
    assert org.start_of_day(day) <= moment < org.end_of_day(day)


def test_the_hour_that_comes_twice_stays_in_order():
    org = calendar("Europe/Amsterdam")
    first = org.moment(datetime(2026, 10, 25, 2, 30))  # noqa: DTZ001
    assert first == utc("2026-10-25T00:30")
    assert org.moment(datetime(2026, 10, 25, 3, 0)) - first == timedelta(hours=1, minutes=30)  # noqa: DTZ001


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_the_first_and_the_last_day_there_is(zone):
    org = calendar(zone)
    assert org.start_of_day(date.min) < org.end_of_day(date.min)
    assert org.start_of_day(date.max) < org.end_of_day(date.max)


def test_windows_that_adjoin_share_their_edge():
    org = calendar("America/Sao_Paulo")
    before, after = span(d("2018-10-01"), d("2018-11-03")), span(d("2018-11-04"), d("2018-11-30"))
    assert org.moments(before)[1] == org.moments(after)[0] == utc("2018-11-04T03:00")
    assert org.moments(before)[0] == utc("2018-10-01T03:00")


# --- Weeks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "key", "bounds_"),
    [
        ("2026-03-02", "2026-W10", "2026-03-02..2026-03-08"),
        ("2026-03-08", "2026-W10", "2026-03-02..2026-03-08"),
        ("2026-12-28", "2026-W53", "2026-12-28..2027-01-03"),
        ("2027-01-03", "2026-W53", "2026-12-28..2027-01-03"),
        ("2027-01-04", "2027-W01", "2027-01-04..2027-01-10"),
        ("2024-12-30", "2025-W01", "2024-12-30..2025-01-05"),
        ("2021-01-03", "2020-W53", "2020-12-28..2021-01-03"),
        ("2022-01-01", "2021-W52", "2021-12-27..2022-01-02"),
    ],
)
def test_iso_weeks(day, key, bounds_):
    found = week(d(day))
    assert (found.key, bounds(found)) == (key, bounds_)
    assert d(day) in found
    assert monday(d(day)) == found.first


@given(days)
def test_a_week_is_seven_days_from_a_monday(day):
    found = week(day)
    assert found.first.weekday() == 0
    assert {week(found.first + timedelta(days=n)) for n in range(7)} == {found}
    assert week(found.last + ONE_DAY) != found


@pytest.mark.parametrize(
    ("day", "keys"),
    [
        ("2026-03-15", ["2026-W09", "2026-W10", "2026-W11", "2026-W12", "2026-W13", "2026-W14"]),
        ("2027-02-01", ["2027-W05", "2027-W06", "2027-W07", "2027-W08"]),
        ("2026-12-31", ["2026-W49", "2026-W50", "2026-W51", "2026-W52", "2026-W53"]),
        ("2027-01-31", ["2026-W53", "2027-W01", "2027-W02", "2027-W03", "2027-W04"]),
    ],
)
def test_weeks_that_touch_a_month(day, keys):
    assert [each.key for each in weeks_of_month(d(day))] == keys


# --- Months, T12M -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-01-15", -13, "2024-12-15"),
        ("2026-05-05", 0, "2026-05-05"),
    ],
)
def test_adding_months(day, months, expected):
    assert add_months(d(day), months) == d(expected)


@given(days, st.integers(-240, 240))
def test_added_months_are_months(day, months):
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and (later + ONE_DAY).day == 1)


@pytest.mark.parametrize(
    ("day", "first"),
    [
        ("2026-11-22", "2025-11-23"),
        ("2026-12-31", "2026-01-01"),
        ("2024-02-29", "2023-03-01"),
        ("2025-02-28", "2024-02-29"),
        ("2024-02-28", "2023-03-01"),
        ("2025-03-01", "2024-03-02"),
    ],
)
def test_t12m_begins_after_the_same_day_of_the_year_before(day, first):
    window = t12m(d(day))
    assert bounds(window) == f"{first}..{day}"
    assert d(first) - ONE_DAY not in window


# --- Periods ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "key", "expected"),
    [
        (1, "2026", "2026-01-01..2026-12-31"),
        (1, "2026-Q1", "2026-01-01..2026-03-31"),
        (1, "2026-Q4", "2026-10-01..2026-12-31"),
        (1, "2024-02", "2024-02-01..2024-02-29"),
        (4, "2026", "2026-04-01..2027-03-31"),
        (4, "2026-Q1", "2026-04-01..2026-06-30"),
        (4, "2026-Q3", "2026-10-01..2026-12-31"),
        (4, "2026-Q4", "2027-01-01..2027-03-31"),
        (4, "2026-11", "2026-11-01..2026-11-30"),
        (4, "2026-01", "2026-01-01..2026-01-31"),
        (4, "2023", "2023-04-01..2024-03-31"),
        (12, "2026-Q1", "2026-12-01..2027-02-28"),
        (2, "2026-Q4", "2026-11-01..2027-01-31"),
    ],
)
def test_the_period_of_a_key(start, key, expected):
    period = calendar(start=start).parse_period(key)
    assert (period.key, bounds(period)) == (key, expected)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "26",
        "2026-Q0",
        "2026-Q5",
        "2026-q4",
        "2026-00",
        "2026-13",
        "2026-1",
        "2026-11-01",
        " 2026",
        "2026\n",
        "９９９９",
    ]
    + ["2026-W10", "0000", "9999", "1899", "3000", "2026-Q4'--", "2026-Q", "20260", "-2026"],
)
def test_what_is_no_period(key):
    with pytest.raises(ValueError, match="Not a period"):
        calendar(start=4).parse_period(key)


@pytest.mark.parametrize(
    ("start", "day", "keys"),
    [
        (1, "2026-11-22", ["2026", "2026-Q4", "2026-11"]),
        (4, "2026-11-22", ["2026", "2026-Q3", "2026-11"]),
        (4, "2027-03-31", ["2026", "2026-Q4", "2027-03"]),
        (4, "2027-04-01", ["2027", "2027-Q1", "2027-04"]),
        (4, "2026-03-31", ["2025", "2025-Q4", "2026-03"]),
        (12, "2026-12-01", ["2026", "2026-Q1", "2026-12"]),
        (12, "2026-11-30", ["2025", "2025-Q4", "2026-11"]),
    ],
)
def test_the_periods_that_hold_a_day(start, day, keys):
    org = calendar(start=start)
    assert [period.key for period in (org.year(d(day)), org.quarter(d(day)), month(d(day)))] == keys
    assert str(org.fiscal_year_of(d(day))) == keys[0]


@given(starts, days)
def test_periods_hold_their_day_nest_and_tile_time(start, day):
    org = calendar(start=start)
    year, quarter, within = org.year(day), org.quarter(day), month(day)
    assert year.first <= quarter.first <= within.first <= day <= within.last <= quarter.last <= year.last
    assert (year.first.month, year.first.year) == (start, int(year.key))
    for period in (year, quarter, within):
        assert org.parse_period(period.key) == period
        before = org.previous_period(period)
        assert before.last == period.first - ONE_DAY
        assert before == org.parse_period(before.key)
        assert len(before.key) == len(period.key)


@given(starts, st.integers(1990, 2080))
def test_four_quarters_make_a_year(start, number):
    org = calendar(start=start)
    year = org.parse_period(str(number))
    quarters = [org.parse_period(f"{number}-Q{n}") for n in (1, 2, 3, 4)]
    assert (quarters[0].first, quarters[3].last) == (year.first, year.last)
    assert [org.previous_period(quarter) for quarter in quarters[1:]] == quarters[:3]
    assert org.previous_period(quarters[0]).last == org.previous_period(year).last == year.first - ONE_DAY


def test_a_span_ends_after_it_begins_and_has_no_period_before_it():
    four_weeks = span(d("2026-10-26"), d("2026-11-22"))
    assert four_weeks.key == "2026-10-26..2026-11-22"
    with pytest.raises(ValueError, match="Not a period"):
        calendar().previous_period(four_weeks)
    with pytest.raises(ValueError, match="begins"):
        span(d("2026-11-22"), d("2026-11-21"))


def test_both_ends_are_inside_a_period():
    period = Period("2026-11", d("2026-11-01"), d("2026-11-30"))
    assert [d(day) in period for day in ("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01")] == [
        False,
        True,
        True,
        False,
    ]
