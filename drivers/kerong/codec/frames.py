"""What both frame shapes of the Kerong boards have in common: STX .. ETX SUM, state bits, a decoder.

The frames and their sources are in PROTOCOL.md of this package.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from drivers.base import Contact
from drivers.errors import CallerMistake

STX = 0x02
ETX = 0x03
HIGHEST_BOARD = 9  # what the makers' manuals allow; the all-boards address of either shape lies above

ReplyT = TypeVar("ReplyT")


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


class FrameDecoder(Generic[ReplyT]):
    """Bytes in, replies out, resynchronising at every byte; the same for every chunking.

    `sizes` says how long a frame that begins so may be, the likeliest first, () if none does; `parse` gives
    the reply that is exactly some bytes. What is kept between calls is always shorter than a frame.
    """

    def __init__(
        self, sizes: Callable[[bytearray], Sequence[int]], parse: Callable[[bytes], ReplyT | None]
    ) -> None:
        self._sizes = sizes
        self._parse = parse
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[ReplyT]:
        """Take received bytes, give every reply completed by them."""
        replies: list[ReplyT] = []
        for byte in data:
            self._pending.append(byte)
            self._resolve(replies, is_quiet=False)
        return replies

    def silence(self) -> list[ReplyT]:
        """The line went quiet: give what is complete by that, drop the rest."""
        replies: list[ReplyT] = []
        self._resolve(replies, is_quiet=True)
        return replies

    def rest(self) -> bytes:
        """Give and forget the bytes that belong to no reply yet."""
        rest = bytes(self._pending)
        self._pending.clear()
        return rest

    def _resolve(self, replies: list[ReplyT], *, is_quiet: bool) -> None:
        pending = self._pending
        while pending:
            reply, size = self._at_start(is_quiet=is_quiet)
            if reply is not None:
                replies.append(reply)
                del pending[:size]
            elif size:
                return
            else:
                del pending[:1]

    def _at_start(self, *, is_quiet: bool) -> tuple[ReplyT | None, int]:
        """A reply and its size; None and a size when bytes are missing; None and 0: no reply."""
        for size in self._sizes(self._pending):
            if len(self._pending) < size:
                if is_quiet:
                    continue
                return None, size
            reply = self._parse(bytes(self._pending[:size]))
            if reply is not None:
                return reply, size
        return None, 0


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
