"""Storage time: calendar days where the automat stands, never a count of seconds (terms 1.14)."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from locker.domain.times import Now


def last_pickup_date(deposited_at: datetime, days: int, zone: ZoneInfo) -> date:
    """Return the last local date on which a parcel deposited at this instant can be collected."""
    return deposited_at.astimezone(zone).date() + timedelta(days=days)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local day ends, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)


def deadline(deposited_at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the storage deadline: the end of the last pick-up day, in UTC."""
    return end_of_day(last_pickup_date(deposited_at, days, zone), zone)


def last_day_before(deadline_at: datetime, zone: ZoneInfo) -> date:
    """Return the last local date that lies, even in part, before a deadline."""
    return (deadline_at - timedelta(microseconds=1)).astimezone(zone).date()


def reminder_at(deadline_at: datetime, days_before: int, zone: ZoneInfo) -> datetime:
    """Return when a reminder is due: the same local clock time so many calendar days earlier."""
    local = deadline_at.astimezone(zone)
    return datetime.combine(local.date() - timedelta(days=days_before), local.time(), zone).astimezone(UTC)


def months_after(at: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the same local day and clock time so many months later, or the last day of a shorter month."""
    local = at.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return datetime.combine(date(year, month + 1, day), local.time(), zone).astimezone(UTC)


def has_passed(at: datetime, now: Now) -> bool:
    """Tell whether an instant has passed; never while the clock is not trusted."""
    return now.trusted and now.wall_at >= at
