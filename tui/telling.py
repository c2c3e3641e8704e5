"""How spans, instants, numbers of entries and texts of others are written on every screen."""

from datetime import UTC, datetime

from locker.api.schema import JournalEntryView
from tui.words import Words


def span(seconds: float, words: Words) -> str:
    """Write a length of time in its two largest units; less than nothing is nothing."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    if days:
        return words("span.days", days=days, hours=hours)
    if hours:
        return words("span.hours", hours=hours, minutes=minutes)
    if minutes:
        return words("span.minutes", minutes=minutes)
    return words("span.seconds", seconds=left)


def instant(at: datetime) -> str:
    """Write an instant to the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def plain(text: str) -> str:
    """Return a text without what a terminal would obey, or show in another order than it was written."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def number(entry: JournalEntryView) -> str:
    """Write the number of an entry."""
    return f"{entry.epoch}-{entry.sequence}"
