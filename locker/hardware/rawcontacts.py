"""The raw contacts of a board, freed of single doubtful readings, and what it told of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.base import Contact


@dataclass(slots=True)
class RawContacts:
    """Every input of one board; steady is what two readings in a row agreed on."""

    reads: int = 0
    steady: dict[int, Contact] = field(default_factory=dict)
    _last: Mapping[int, Contact] = field(default_factory=dict)

    def saw(self, contacts: Mapping[int, Contact]) -> None:
        """Take a reading."""
        self.reads += 1
        for channel, contact in contacts.items():
            if self._last.get(channel) is contact:
                self.steady[channel] = contact
        for channel in [known for known in self.steady if known not in contacts]:
            del self.steady[channel]
        self._last = dict(contacts)


def difference(proved: Mapping[str, str], told: Mapping[str, str]) -> str | None:
    """Return in words how a board differs from the one that was proved; None if it does not."""
    names = sorted(name for name in proved.keys() | told.keys() if proved.get(name) != told.get(name))
    if not names:
        return None
    differences = ", ".join(
        f"{name} is {told.get(name, 'not told')} and was {proved.get(name, 'not told')}" for name in names
    )
    return (
        f"it is not the board that was proved: {differences}; bring the right board or cable back, "
        "or prove its doors with `lockerctl commission`"
    )
