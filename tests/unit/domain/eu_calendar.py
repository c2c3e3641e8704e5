"""Helsinki's calendar worked out by hand, as a judge: integers and the EU's rule, no time zone database.

The rule (directive 2000/84/EC): summer time runs from 01:00 UTC on the last Sunday of March to 01:00 UTC on
the last Sunday of October. Helsinki is two hours ahead of UTC, three in summer. All instants are whole or
broken seconds since 1970-01-01T00:00Z; all days are numbered from 1970-01-01.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache

HOUR = 3_600
DAY = 24 * HOUR
FIRST_DAY = date(1970, 1, 1)  # a Thursday
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(at: datetime) -> float:
    """An aware instant as seconds since 1970."""
    return (at - EPOCH) / timedelta(seconds=1)


def number(day: date) -> int:
    """A date as the number of days since 1970-01-01."""
    return (day - FIRST_DAY).days


@cache
def summer(year: int) -> tuple[int, int]:
    """When summer time begins and ends in a year."""
    return last_sunday(year, 3) * DAY + HOUR, last_sunday(year, 10) * DAY + HOUR


def last_sunday(year: int, month: int) -> int:
    """The number of the last Sunday of a month of 31 days."""
    last = number(date(year, month, 31))
    return last - (last + 4) % 7  # day 0 is a Thursday: four days after a Sunday


def ahead(at: float) -> int:
    """How many seconds Helsinki is ahead of UTC at an instant."""
    begins, ends = summer((EPOCH + timedelta(seconds=at)).year)
    return 3 * HOUR if begins <= at < ends else 2 * HOUR


def local_day(at: float) -> int:
    """The number of the local day in which an instant lies."""
    return int((at + ahead(at)) // DAY)


def midnight(day: int) -> int:
    """The instant at which a local day begins."""
    winter = day * DAY - 2 * HOUR
    return winter - HOUR if ahead(winter - HOUR) == 3 * HOUR else winter


def storage_ends(deposited: float) -> int:
    """The end of the seventh local day after the day of the deposit."""
    return midnight(local_day(deposited) + 8)
