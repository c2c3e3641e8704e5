"""What both frame shapes of the Kerong boards have in common: STX .. ETX SUM, state bits.

The frames and their sources are in PROTOCOL.md of this package.
"""

from dataclasses import dataclass

from drivers.base import Contact
from drivers.errors import CallerMistake

STX = 0x02
ETX = 0x03
HIGHEST_BOARD = 9  # what the makers' manuals allow; the all-boards address of either shape lies above


@dataclass(frozen=True, slots=True)
class StateReply:
    """State of one board; `address` and `command` as on the wire.

    The first byte is channels 1-8, bit 0 the lowest; a set bit is a closed contact, or an item detected.
    """

    address: int
    command: int
    locks: bytes
    items: bytes

    def contacts(self, channels: int, *, items: bool) -> dict[int, Contact]:
        """Contacts by channel; with `items` the sensors, too, numbered on behind the last lock bit."""
        known = min(channels, 8 * len(self.locks))
        contacts = {channel: _contact(self.locks, channel) for channel in range(1, known + 1)}
        if items:
            behind = 8 * len(self.locks)
            contacts |= {behind + n: _contact(self.items, n) for n in range(1, 8 * len(self.items) + 1)}
        return contacts


def sealed(*fields: int) -> bytes:
    """STX, the fields, ETX and the sum of all of it."""
    body = bytes((STX, *fields, ETX))
    return bytes((*body, checksum(body)))


def is_sealed(frame: bytes) -> bool:
    """Whether these bytes begin, end and sum up as a frame does."""
    return frame[0] == STX and frame[-2] == ETX and has_sum(frame)


def has_sum(frame: bytes) -> bool:
    """Whether the last byte is the sum of those before."""
    return frame[-1] == checksum(frame[:-1])


def checksum(data: bytes) -> int:
    """The low byte of the sum of all bytes."""
    return sum(data) & 0xFF


def checked(value: int, highest: int, what: str) -> int:
    """The value if it is in 0..highest; CallerMistake."""
    if not 0 <= value <= highest:
        raise CallerMistake(f"{what} {value} is outside 0..{highest}")
    return value


def _contact(groups: bytes, channel: int) -> Contact:
    closed = groups[(channel - 1) // 8] >> (channel - 1) % 8 & 1
    return Contact.CLOSED if closed else Contact.OPEN
