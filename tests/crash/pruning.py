"""What may be missing from the automat's journal: only what the back office had, and what is old enough."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.backoffice.entries import Entry

RETENTION = timedelta(days=90)
"""domain.md 8; the default of the configuration."""
TOLERANCE_S = 0.1
"""Instants in the journal are cut to milliseconds; the back office hears of an entry a moment later."""


@dataclass(frozen=True)
class Arrived:
    """An entry that the back office has committed, and when, by the clock that both go by."""

    entry: Entry
    at_s: float


class Pruning:
    """Follows how far the journal was pruned; what may not be gone is told to `find`."""

    def __init__(self, find: Callable[[str], None]) -> None:
        self._find = find
        self.through = 0
        """The journal says so, in the last such entry."""

    def note(self, pruned: Entry, arrived: Mapping[int, Arrived], refused: Collection[int]) -> None:
        """Read an entry `journal.pruned`: was everything up to there settled and old at that moment?"""
        through, at = int(pruned.data["through"]), datetime.fromisoformat(pruned.time)
        if not self.through < through < pruned.sequence:
            self._find(f"entry {pruned.sequence} prunes up to {through}, after {self.through} before")
        for number in range(self.through + 1, min(through, pruned.sequence - 1) + 1):
            there = arrived.get(number)
            if number in refused:
                self._find(f"entry {number} was pruned, and nobody has settled that it is refused")
            elif there is None or there.at_s > at.timestamp() + TOLERANCE_S:
                self._find(f"entry {number} was pruned before the back office had it")
            elif datetime.fromisoformat(there.entry.time) > at - RETENTION:
                self._find(f"entry {number} was pruned within {RETENTION.days} days")
        self.through = max(self.through, through)

    def compare(self, first: int) -> None:
        """Hold the first entry that the automat still has against what it says was pruned."""
        if first != self.through + 1:
            self._find(f"the journal begins at entry {first}, and says that it was pruned to {self.through}")
