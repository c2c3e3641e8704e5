"""Timers as data: what is due when, on either clock; the engine only sleeps until the earliest."""

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Generic, TypeVar

from immutables import Map

Due = TypeVar("Due", float, datetime)
Line = tuple[Due, tuple[str, str]]
Page = tuple[Line[Due], ...]

PAGE_MOST = 32
"""Lines of a page: a change copies one page and the list of pages, never every line."""

_first_line = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Agenda(Generic[Due]):
    """An immutable set of named due times; names are (kind, key) pairs. `pages` follow from `due_of`."""

    due_of: Map[tuple[str, str], Due] = Map()
    pages: tuple[Page[Due], ...] = field(default=(), compare=False)

    def with_due(self, name: tuple[str, str], due: Due | None) -> "Agenda[Due]":
        """Return the agenda with this name due then, or not at all."""
        old = self.due_of.get(name)
        if old == due:
            return self
        due_of, pages = self.due_of, list(self.pages)
        if old is not None:
            due_of = due_of.delete(name)
            _strike(pages, (old, name))
        if due is not None:
            due_of = due_of.set(name, due)
            _enter(pages, (due, name))
        return Agenda(due_of, tuple(pages))

    @property
    def earliest(self) -> Due | None:
        """The first due time, or None."""
        return self.pages[0][0][0] if self.pages else None

    def due_by(self, moment: Due) -> tuple[tuple[str, str], ...]:
        """Return the names due at or before a moment, earliest first."""
        names: list[tuple[str, str]] = []
        for page in self.pages:
            for due, name in page:
                if due > moment:
                    return tuple(names)
                names.append(name)
        return tuple(names)


def _page_of(pages: list[Page[Due]], line: Line[Due]) -> int:
    return max(0, bisect_right(pages, line, key=_first_line) - 1)


def _strike(pages: list[Page[Due]], line: Line[Due]) -> None:
    number = _page_of(pages, line)
    page = pages[number]
    place = bisect_left(page, line)
    left, end = page[:place] + page[place + 1 :], number + 1
    if end < len(pages) and len(left) + len(pages[end]) <= PAGE_MOST // 2:
        left, end = left + pages[end], end + 1
    pages[number:end] = [left] if left else []


def _enter(pages: list[Page[Due]], line: Line[Due]) -> None:
    number = _page_of(pages, line)
    lines = list(pages[number]) if pages else []
    insort(lines, line)
    half = len(lines) // 2
    halves = [lines] if len(lines) <= PAGE_MOST else [lines[:half], lines[half:]]
    pages[number : number + 1] = [tuple(each) for each in halves]
