"""domain.md section 5: the storage time of every hour of ten years, against a calendar worked out by hand."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from locker.domain.deadlines import deadline, has_passed, last_day_before, last_pickup_date, reminder_at
from locker.domain.times import Now, Trust
from tests.unit.domain.eu_calendar import (
    DAY,
    EPOCH,
    FIRST_DAY,
    HOUR,
    local_day,
    midnight,
    seconds,
    storage_ends,
    summer,
)

HELSINKI = ZoneInfo("Europe/Helsinki")
DAYS = 7
YEARS = range(2026, 2036)
FIRST = midnight((date(2026, 1, 1) - FIRST_DAY).days)
LAST = midnight((date(2036, 1, 1) - FIRST_DAY).days)

# The Sundays of the rule as calendars print them, so that the judge is judged too.
CHANGES = {
    2026: ((3, 29), (10, 25)),
    2027: ((3, 28), (10, 31)),
    2028: ((3, 26), (10, 29)),
    2029: ((3, 25), (10, 28)),
    2030: ((3, 31), (10, 27)),
    2031: ((3, 30), (10, 26)),
    2032: ((3, 28), (10, 31)),
    2033: ((3, 27), (10, 30)),
    2034: ((3, 26), (10, 29)),
    2035: ((3, 25), (10, 28)),
}


def test_the_clock_changes_worked_out_by_hand_are_those_of_printed_calendars() -> None:
    for year, ((march, first), (october, second)) in CHANGES.items():
        expected = datetime(year, march, first, 1, tzinfo=UTC), datetime(year, october, second, 1, tzinfo=UTC)
        assert summer(year) == tuple(seconds(at) for at in expected)


def test_the_deadline_of_every_hour_from_2026_to_2035_is_the_end_of_the_seventh_day_after() -> None:
    hours = range(FIRST, LAST, HOUR)
    assert len(hours) == 87_648
    wrong = [
        deposited_at
        for hour in hours
        if deadline(deposited_at := EPOCH + timedelta(seconds=hour), DAYS, HELSINKI)
        != EPOCH + timedelta(seconds=storage_ends(hour))
    ]
    assert wrong == []


def test_the_last_pickup_date_of_every_hour_is_the_deposit_date_plus_seven() -> None:
    wrong = [
        deposited_at
        for hour in range(FIRST, LAST, HOUR)
        if last_pickup_date(deposited_at := EPOCH + timedelta(seconds=hour), DAYS, HELSINKI)
        != FIRST_DAY + timedelta(days=local_day(hour) + DAYS)
    ]
    assert wrong == []


def test_a_week_with_a_clock_change_has_167_or_169_hours() -> None:
    """From the midnight after the deposit to the deadline: seven days each year hold each change."""
    hours: Counter[float] = Counter()
    for day in range(local_day(FIRST), local_day(LAST)):
        noon = EPOCH + timedelta(seconds=midnight(day) + DAY // 2)
        counted_from = EPOCH + timedelta(seconds=midnight(day + 1))
        hours[(deadline(noon, DAYS, HELSINKI) - counted_from) / timedelta(hours=1)] += 1
    assert hours == {167: 7 * len(YEARS), 169: 7 * len(YEARS), 168: 3_652 - 14 * len(YEARS)}


@pytest.mark.parametrize("year", [2028, 2032])
def test_the_29th_of_february_is_a_day_like_any_other(year: int) -> None:
    """Helsinki is two hours ahead of UTC then."""
    for deposited, last_day in (((2, 22), (2, 29)), ((2, 23), (3, 1)), ((2, 29), (3, 7)), ((3, 1), (3, 8))):
        morning = datetime(year, *deposited, 7, tzinfo=UTC)
        ends_at = deadline(morning, DAYS, HELSINKI)
        assert ends_at == datetime(year, *last_day, 22, tzinfo=UTC)
        assert last_day_before(ends_at, HELSINKI) == date(year, *last_day)
    without = deadline(datetime(year + 1, 2, 22, 7, tzinfo=UTC), DAYS, HELSINKI)
    assert without == datetime(year + 1, 3, 1, 22, tzinfo=UTC)


@given(st.integers(FIRST * 1_000_000, LAST * 1_000_000 - 1))
@example(summer(2026)[0] * 1_000_000 - 1)
@example(summer(2026)[0] * 1_000_000)
@example(summer(2026)[1] * 1_000_000 - 1)
@example(summer(2026)[1] * 1_000_000)
@example(midnight(local_day(summer(2027)[0])) * 1_000_000 - 1)
@example(midnight(local_day(summer(2027)[0])) * 1_000_000)
@example(midnight(local_day(summer(2027)[1]) + 1) * 1_000_000 - 1)
def test_no_parcel_of_any_instant_loses_a_microsecond_of_its_seventh_day(deposited_us: int) -> None:
    deposited_at = EPOCH + timedelta(microseconds=deposited_us)
    ends_at = deadline(deposited_at, DAYS, HELSINKI)
    assert seconds(ends_at) == storage_ends(seconds(deposited_at))
    assert last_day_before(ends_at, HELSINKI) == last_pickup_date(deposited_at, DAYS, HELSINKI)
    assert timedelta(hours=167) < ends_at - deposited_at <= timedelta(hours=193)


def test_the_reminders_of_every_day_come_as_that_day_begins() -> None:
    for day in range(local_day(FIRST), local_day(LAST)):
        ends_at = deadline(EPOCH + timedelta(seconds=midnight(day)), DAYS, HELSINKI)
        for days_before in (1, 2):
            reminded_at = reminder_at(ends_at, days_before, HELSINKI)
            assert seconds(reminded_at) == midnight(day + DAYS + 1 - days_before)


def test_an_instant_passes_when_it_is_reached_and_never_under_an_untrusted_clock() -> None:
    at = datetime(2028, 2, 29, 22, tzinfo=UTC)
    for trust in (Trust.TRUSTED, Trust.HOLDOVER):
        assert not has_passed(at, Now(at - timedelta(microseconds=1), trust, 0.0))
        assert has_passed(at, Now(at, trust, 0.0))
    assert not has_passed(at, Now(at + timedelta(days=3_650), Trust.UNTRUSTED, 0.0))
