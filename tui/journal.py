"""A window upon the journal: which entries are wanted, which are held, how one is told. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from locker.api.schema import JournalEntryView, JournalPosition
from tui.telling import instant, number
from tui.words import Words

KEPT = 1000
"""Entries held at once, however long somebody scrolls or looks on."""

NUMBER_CELLS = 7
ABOUT_CELLS = 24
"""Room for a label of two characters and a usual tracking id."""
PEOPLE = ("technician", "user", "courier", "person", "operator", "by")
"""Names of an entry's data that say who it was."""

TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d))?Z?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to show; times are aware, both ends belong to it."""

    kind: str | None = None
    subject: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Wanted()

    def __contains__(self, entry: JournalEntryView) -> bool:
        """Whether an entry is one of them."""
        return (
            self.kind in (None, entry.kind)
            and self.subject in (None, entry.subject)
            and (self.from_at is None or entry.at >= self.from_at)
            and (self.until_at is None or entry.at <= self.until_at)
        )


class Window:
    """Entries in order, `KEPT` at most; `whole_end`, `whole_beginning`: none is missing on that side."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.entries: list[JournalEntryView] = []
        self.whole_end = self.whole_beginning = False

    def begin(self, entries: Iterable[JournalEntryView], *, whole_beginning: bool) -> None:
        """Hold the newest ones."""
        self.entries = list(entries)[-KEPT:]
        self.whole_end, self.whole_beginning = True, whole_beginning

    def add_newer(self, entries: Iterable[JournalEntryView], *, follow: bool, whole_end: bool = True) -> int:
        """Add newer ones, or as many as there is room for; who follows lets old ones go: return how many."""
        last = key(self.entries[-1]) if self.entries else (0, 0)
        news = [entry for entry in entries if key(entry) > last]
        fitting = news if follow else news[: max(0, KEPT - len(self.entries))]
        self.entries += fitting
        self.whole_end = whole_end and len(fitting) == len(news)
        return self._let_go_above()

    def turn_page(self, entries: Iterable[JournalEntryView], *, whole_end: bool) -> int:
        """Add the page after the last one held, letting the oldest go; return how many that were."""
        return self.add_newer(entries, follow=True, whole_end=whole_end)

    def add_older(self, entries: Iterable[JournalEntryView], *, whole_beginning: bool) -> int:
        """Add older ones above, letting the newest go; return how many were added."""
        first = key(self.entries[0]) if self.entries else None
        news = [entry for entry in entries if first is None or key(entry) < first]
        self.entries = news + self.entries
        if len(self.entries) > KEPT:
            del self.entries[KEPT:]
            self.whole_end = False
        self.whole_beginning = whole_beginning
        return len(news)

    def _let_go_above(self) -> int:
        surplus = max(0, len(self.entries) - KEPT)
        if surplus:
            del self.entries[:surplus]
            self.whole_beginning = False
        return surplus


def key(entry: JournalEntryView) -> tuple[int, int]:
    """Return where an entry stands in the journal."""
    return entry.epoch, entry.sequence


def unacknowledged(entry: JournalEntryView, journal: JournalPosition) -> bool:
    """Whether the back office has still to say that it holds an entry."""
    return entry.epoch == journal.epoch and entry.sequence > journal.acknowledged_through


def row(entry: JournalEntryView, journal: JournalPosition, words: Words, width: int) -> str:
    """Tell an entry in one line of a width."""
    mark = "!" if entry.data is None else "^" if unacknowledged(entry, journal) else " "
    head = f"{mark}{entry.sequence:>{NUMBER_CELLS}} {entry.at.astimezone(UTC):%m-%d %H:%M:%S} "
    about_cells = ABOUT_CELLS if width < 100 else ABOUT_CELLS + 8
    room = max(10, width - len(head) - about_cells - 1)
    what = shortened(words.term("entry", entry.kind), room)
    return f"{head}{what:<{room}} {shortened_left(about(entry), about_cells):<{about_cells}}"


def about(entry: JournalEntryView) -> str:
    """Tell in a few cells what an entry is about: box and parcel, else whatever it names."""
    data = entry.data or {}
    place = data.get("compartment") or data.get("about") or data.get("keypad") or ""
    name = entry.subject or next((str(data[who]) for who in PEOPLE if data.get(who)), "")
    return " ".join(part for part in (str(place), name) if part)


def details(entry: JournalEntryView, journal: JournalPosition, words: Words) -> Iterator[str]:
    """Tell everything of an entry, line by line."""
    held = words("journal.unacknowledged" if unacknowledged(entry, journal) else "journal.acknowledged")
    yield f"{words.term('entry', entry.kind)} ({entry.kind})"
    yield f"{number(entry)}, {instant(entry.at)}, {held}"
    if entry.subject is not None:
        yield f"{words('journal.parcel')}: {entry.subject}"
    if entry.data is None:
        yield words("journal.unreadable")
    else:
        who = [f"{name} {entry.data[name]}" for name in PEOPLE if isinstance(entry.data.get(name), str)]
        if who:
            yield f"{words('journal.who')}: {', '.join(who)}"
        yield from (f"{name}: {as_text(value)}" for name, value in entry.data.items() if name not in PEOPLE)
    yield f"{words('journal.hash')}: {entry.hash}"


def as_text(value: Any) -> str:
    """Write a value of an entry's data."""
    match value:
        case str():
            return value
        case dict():
            return ", ".join(f"{name} {as_text(each)}" for name, each in value.items())
        case list():
            return ", ".join(as_text(each) for each in value) or "-"
        case _:
            return {True: "yes", False: "no", None: "-"}.get(value, str(value))


def wanted_line(wanted: Wanted, words: Words) -> str:
    """Tell which entries are shown."""
    if wanted.everything:
        return words("journal.all")
    parts = [
        wanted.kind and words.term("entry", wanted.kind),
        wanted.subject and words("journal.only-parcel", parcel=wanted.subject),
        wanted.from_at and words("journal.only-from", at=instant(wanted.from_at)),
        wanted.until_at and words("journal.only-until", at=instant(wanted.until_at)),
    ]
    return words("journal.only", what=", ".join(part for part in parts if part))


def read_time(typed: str, *, end: bool) -> datetime | None:
    """Read a day or minute in UTC, as its first or its last second; None if it is none."""
    match = TIME.fullmatch(typed.strip())
    if match is None:
        return None
    day, minute = match.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{minute or '00:00'}:00+00:00")
        if not end:
            return at
        return at + (timedelta(minutes=1) if minute else timedelta(days=1)) - timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def shortened(text: str, width: int) -> str:
    """Cut a text at its end to a width."""
    return text if len(text) <= width else text[: width - 1] + "…"


def shortened_left(text: str, width: int) -> str:
    """Cut a text in its middle: the end of a tracking id tells more than its beginning."""
    if len(text) <= width:
        return text
    place, _, name = text.rpartition(" ")
    room = width - len(place) - 2 if place else width - 1
    if room < 4:
        return shortened(text, width)
    return f"{place} …{name[-room:]}" if place else f"…{name[-room:]}"
