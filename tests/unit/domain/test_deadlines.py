"""domain.md section 5: storage time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from locker.domain.deadlines import deadline, last_day_before, last_pickup_date, reminder_at
from locker.domain.events import JournalAcknowledged, Started, Woke
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState
from locker.domain.rules import Rules
from locker.domain.times import Trust
from tests.unit.domain.stand import MONDAY, Stand

HELSINKI = ZoneInfo("Europe/Helsinki")
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("deposited", "last_day", "hours"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), date(2026, 3, 9), 181),
        (datetime(2026, 3, 25, 22, 30, tzinfo=UTC), date(2026, 4, 2), 190.5),  # spring forward inside
        (datetime(2026, 10, 20, 21, 30, tzinfo=UTC), date(2026, 10, 28), 192.5),  # autumn back inside
        (datetime(2028, 2, 22, 12, tzinfo=UTC), date(2028, 2, 29), 178),
        (datetime(2026, 12, 28, 12, tzinfo=UTC), date(2027, 1, 4), 178),
    ],
)
def test_the_deadline_is_the_end_of_the_seventh_local_day(
    deposited: datetime, last_day: date, hours: float
) -> None:
    assert last_pickup_date(deposited, 7, HELSINKI) == last_day
    ends_at = deadline(deposited, 7, HELSINKI)
    assert last_day_before(ends_at, HELSINKI) == last_day
    assert ends_at - deposited == timedelta(hours=hours)


@pytest.mark.parametrize("month", range(1, 13))
def test_no_parcel_of_any_hour_of_a_year_gets_less_than_seven_times_24_hours_less_a_clock_change(
    month: int,
) -> None:
    at = datetime(2026, month, 1, tzinfo=UTC)
    while at.month == month:
        length = deadline(at, 7, HELSINKI) - at
        assert timedelta(days=7) - timedelta(hours=1) < length <= timedelta(days=8) + timedelta(hours=1)
        at += timedelta(hours=1)


def test_a_reminder_comes_at_the_same_local_time_across_a_clock_change() -> None:
    ends_at = deadline(datetime(2026, 3, 23, 12, tzinfo=UTC), 7, HELSINKI)
    for days in (1, 2):
        assert reminder_at(ends_at, days, HELSINKI).astimezone(HELSINKI).hour == 0


def test_reminders_two_days_and_one_day_before_then_overdue_once() -> None:
    stand = Stand()
    stand.deliver()
    stand.wait(10 * 86_400)
    reminders = [e.data["daysleft"] for e in stand.entries if e.kind is EntryKind.PARCEL_REMINDER]
    assert reminders == [2, 1]
    assert stand.count(EntryKind.PARCEL_OVERDUE) == 1
    assert stand.parcel().state is ParcelState.OVERDUE


def test_the_last_second_still_opens_and_the_first_one_after_does_not() -> None:
    for second, text in ((-1, Text.OPENING), (1, Text.OVERDUE)):
        stand = Stand()
        stand.deliver()
        deadline_at = stand.parcel().deadline_at
        assert deadline_at is not None
        stand.wait((deadline_at - stand.now.wall_at).total_seconds() + second)
        stand.press("C 024204 OK")
        assert stand.says(text)


@pytest.mark.parametrize("years", [-10, -1, 1, 10])
def test_nothing_expires_under_an_untrusted_clock(years: int) -> None:
    stand = Stand(Rules(heartbeat_s=86_400.0))
    stand.deliver()
    stand.set_clock(MONDAY.replace(year=2026 + years), Trust.UNTRUSTED)
    stand.do(Woke())
    stand.wait(30 * 86_400)
    assert stand.parcel().state is ParcelState.STORED
    assert stand.count(EntryKind.CLOCK_TRUST_CHANGED) == 1


def test_a_trusted_clock_that_leaps_is_doubted_until_the_back_office_agrees() -> None:
    stand = Stand()
    stand.deliver()
    stand.set_clock(MONDAY + timedelta(days=400))
    stand.do(Woke())
    assert stand.count(EntryKind.CLOCK_STEPPED) == 1
    assert stand.parcel().state is ParcelState.STORED
    stand.do(JournalAcknowledged(0, 1, sent_at=MONDAY))
    assert stand.parcel().state is ParcelState.STORED
    assert stand.count(EntryKind.DEADLINE_LENGTHENED) == 0
    stand.do(JournalAcknowledged(0, 2, sent_at=stand.now.wall_at))
    # The automat was in service, yet 400 days have passed that it knows nothing of: late, never early.
    assert stand.parcel().state is ParcelState.STORED
    assert stand.count(EntryKind.DEADLINE_LENGTHENED) == 1


def test_a_start_with_a_clock_ten_years_ahead_expires_nothing() -> None:
    stand = Stand()
    stand.deliver()
    stand.set_clock(MONDAY.replace(year=2036))
    stand.power_cut()
    stand.wait(86_400)
    assert stand.parcel().state is ParcelState.STORED


def test_an_outage_lengthens_every_running_deadline_by_its_length() -> None:
    stand = Stand()
    stand.deliver()
    before = stand.parcel().deadline_at
    assert before is not None
    stand.power_cut(off_s=6 * 86_400)
    after = stand.parcel().deadline_at
    assert after is not None
    assert timedelta(days=6) <= after - before < timedelta(days=6, minutes=2)
    entry = stand.last(EntryKind.DEADLINE_LENGTHENED)
    assert "out of service" in entry.data["reason"]


def test_an_outage_across_the_deadline_does_not_expire_the_parcel() -> None:
    stand = Stand()
    stand.deliver()
    stand.power_cut(off_s=20 * 86_400)
    assert stand.parcel().state is ParcelState.STORED
    stand.press("C 024204 OK")
    assert stand.says(Text.OPENING)


def test_an_outage_whose_end_is_unknown_counts_once_the_time_is_known() -> None:
    stand = Stand()
    stand.deliver()
    before = stand.parcel().deadline_at
    assert before is not None
    true_at = stand.now.wall_at + timedelta(days=3)
    stand.set_clock(datetime(1970, 1, 1, tzinfo=UTC), Trust.UNTRUSTED)
    stand.power_cut(trust=Trust.UNTRUSTED)
    stand.wait(3_600)
    assert stand.count(EntryKind.DEADLINE_LENGTHENED) == 0
    stand.set_clock(true_at + timedelta(hours=1))
    stand.do(Woke())
    after = stand.parcel().deadline_at
    assert after is not None
    assert timedelta(days=3) <= after - before < timedelta(days=3, minutes=2)


def test_a_restart_of_seconds_lengthens_nothing() -> None:
    stand = Stand()
    stand.deliver()
    stand.power_cut(off_s=5)
    assert stand.count(EntryKind.DEADLINE_LENGTHENED) == 0


def test_a_parcel_stored_under_an_unknown_time_gets_its_deadline_when_the_time_is_known() -> None:
    stand = Stand()
    stand.announce("JJFI65432110000070773")
    stand.sign_in_courier()
    stand.set_clock(datetime(1970, 1, 1, tzinfo=UTC), Trust.UNTRUSTED)
    stand.press("00070773 OK")
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel().deadline_at is None
    stand.set_clock(MONDAY + timedelta(hours=1))
    stand.do(Woke())
    assert stand.parcel().deadline_at is not None
    assert stand.parcel().state is ParcelState.STORED


def test_a_closed_parcel_is_forgotten_after_the_retention_time() -> None:
    stand = Stand(Rules(heartbeat_s=86_400.0))
    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(89 * 86_400)
    assert stand.parcel().state is ParcelState.CLOSED
    stand.wait(2 * 86_400)
    assert not stand.automat.parcels


def test_starting_twice_changes_no_deadline() -> None:
    stand = Stand()
    stand.deliver()
    before = stand.parcel().deadline_at
    stand.do(Started(dict(stand.doors)))
    assert stand.parcel().deadline_at == before
