"""When a reading is believed."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from locker.domain.events import Door

State = TypeVar("State")


@dataclass(slots=True)
class Belief(Generic[State]):
    """What is believed of one door or goods sensor: a new state counts when it was read twice in a row.

    That nothing is known (UNKNOWN, None) is believed at once.
    """

    believed: State
    doubted: State | None = None

    def see(self, read: State) -> bool:
        """Take a reading; tell whether the belief changed."""
        if read is self.believed:
            self.doubted = None
            return False
        if read is Door.UNKNOWN or read is None or self.doubted is read:
            self.believed, self.doubted = read, None
            return True
        self.doubted = read
        return False
