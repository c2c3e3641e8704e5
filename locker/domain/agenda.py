"""Timers as data: what is due when, on either clock; the engine only sleeps until the earliest."""

from bisect import bisect_left, insort
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from immutables import Map

Due = TypeVar("Due", float, datetime)


@dataclass(frozen=True, slots=True)
class Agenda(Generic[Due]):
    """An immutable set of named due times; names are (kind, key) pairs."""

    due_of: Map[tuple[str, str], Due] = Map()
    in_order: tuple[tuple[Due, tuple[str, str]], ...] = ()

    def with_due(self, name: tuple[str, str], due: Due | None) -> "Agenda[Due]":
        """Return the agenda with this name due then, or not at all."""
        old = self.due_of.get(name)
        if old == due:
            return self
        lines = list(self.in_order)
        due_of = self.due_of
        if old is not None:
            del lines[bisect_left(lines, (old, name))]
            due_of = due_of.delete(name)
        if due is not None:
            insort(lines, (due, name))
            due_of = due_of.set(name, due)
        return Agenda(due_of, tuple(lines))

    @property
    def earliest(self) -> Due | None:
        """The first due time, or None."""
        return self.in_order[0][0] if self.in_order else None

    def due_by(self, moment: Due) -> tuple[tuple[str, str], ...]:
        """Return the names due at or before a moment, earliest first."""
        names = []
        for due, name in self.in_order:
            if due > moment:
                break
            names.append(name)
        return tuple(names)
