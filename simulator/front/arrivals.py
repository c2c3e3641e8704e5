"""The journal as it arrives at the back office: is each entry where the chain wants it? Pure."""

from collections import OrderedDict
from typing import Literal

from simulator.front.showing import EntryShown

Verdict = Literal["verified", "gap before", "CHAIN BROKEN"]
_FIRST_PREVHASH = "0" * 64
_MOST_REMEMBERED = 2000


class Arrivals:
    """Remembers the newest entries; an entry is verified when it continues the one before it."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[int, int], EntryShown] = OrderedDict()
        self._forgotten = False

    def add(self, entry: EntryShown) -> bool:
        """Take an entry in; False if it was there already."""
        key = entry.epoch, entry.sequence
        if key in self._entries:
            return False
        self._entries[key] = entry
        if len(self._entries) > _MOST_REMEMBERED:
            self._entries.popitem(last=False)
            self._forgotten = True
        return True

    def newest(self, count: int) -> list[EntryShown]:
        """The entries with the highest numbers, the highest first."""
        keys = sorted(self._entries, reverse=True)[:count]
        return [self._entries[key] for key in keys]

    def verdict(self, entry: EntryShown) -> Verdict:
        """Whether the chain holds at this entry; its signature was proven before it came here."""
        if entry.sequence == 1:
            return "verified" if entry.prevhash == _FIRST_PREVHASH else "CHAIN BROKEN"
        before = self._entries.get((entry.epoch, entry.sequence - 1))
        if before is None:
            return "verified" if self._forgotten else "gap before"
        return "verified" if entry.prevhash == before.hash else "CHAIN BROKEN"


def kind_of(entry: EntryShown) -> str:
    """The type without what all types begin with."""
    return entry.type.removeprefix("automat.")
