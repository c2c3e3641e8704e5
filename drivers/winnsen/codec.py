"""Host half of the Winnsen lock boards (90 .. 03), pure: encode requests, decode replies.

No checksum protects these frames. What stands in for one, and the sources, are in PROTOCOL.md.
"""

from dataclasses import dataclass

from drivers.base import Contact
from drivers.errors import CallerMistake

HEAD = 0x90
END = 0x03

UNLOCK = 0x05
POLL = 0x02
READ = 0x12
UNLOCKED = 0x85
POLLED = 0x82
WAS_READ = 0x92
ALTERNATES = {0xA2: POLLED, 0xA5: UNLOCKED}

FAILED = 0x00
DONE = 0x01
COOLING_DOWN = 0x02
RESULTS = {FAILED: "failed", DONE: "done", COOLING_DOWN: "cooling down"}

HIGHEST_STATION = 255
HIGHEST_LOCK = 16
REPLY_SIZE = 7
_REMEMBERED = 64  # bytes of one burst; the last seven decide
_ANSWER_TO = {UNLOCK: UNLOCKED, POLL: POLLED, READ: WAS_READ}


@dataclass(frozen=True, slots=True)
class LockReply:
    """About one lock: the result of an unlock, or (WAS_READ) its state. `alternate`: function A5 for 85."""

    function: int
    station: int
    lock: int
    result: int
    alternate: bool = False


@dataclass(frozen=True, slots=True)
class PollReply:
    """State of a whole board as on the wire; a set bit is an open door. `alternate`: function A2 for 82."""

    station: int
    low: int
    high: int
    alternate: bool = False

    def contacts(self, channels: int, *, low_first: bool) -> dict[int, Contact]:
        """Contacts by channel, a set bit as OPEN."""
        bits = self.low | self.high << 8 if low_first else self.high | self.low << 8
        return {
            channel: Contact.OPEN if bits >> channel - 1 & 1 else Contact.CLOSED
            for channel in range(1, min(channels, HIGHEST_LOCK) + 1)
        }


Reply = LockReply | PollReply


def encode_unlock(station: int, lock: int) -> bytes:
    """Pulse one lock. Station 0 is every board on the line: a driver never asks for it."""
    return _framed(UNLOCK, _station(station), _lock(lock))


def encode_poll(station: int, low: int, high: int) -> bytes:
    """Ask for the doors of a mask, bit 0 of `low` being lock 1."""
    for part in (low, high):
        if not 0 <= part <= 0xFF:
            raise CallerMistake(f"{part} is no byte of a mask")
    return _framed(POLL, _station(station), low, high)


def encode_poll_of(station: int, channels: int, *, low_first: bool = True) -> bytes:
    """Ask for the doors 1..`channels`."""
    bits = (1 << _lock(channels)) - 1
    low, high = bits & 0xFF, bits >> 8
    return encode_poll(station, low, high) if low_first else encode_poll(station, high, low)


def encode_read(station: int, lock: int) -> bytes:
    """Ask for one lock; only boards of one maker know it."""
    return _framed(READ, _station(station), _lock(lock))


def parse_reply(data: bytes) -> Reply | None:
    """The reply that is exactly these bytes, or None."""
    if len(data) != REPLY_SIZE or data[0] != HEAD or data[1] != REPLY_SIZE or data[-1] != END:
        return None
    function, station, first, second = data[2:6]
    meant, alternate = ALTERNATES.get(function, function), function in ALTERNATES
    if meant == POLLED:
        return PollReply(station, first, second, alternate)
    # The two bytes of an unlock and of a reading are told in opposite order.
    lock, result = (second, first) if meant == WAS_READ else (first, second)
    if meant not in (UNLOCKED, WAS_READ) or not 1 <= lock <= HIGHEST_LOCK or result not in RESULTS:
        return None
    return LockReply(meant, station, lock, result, alternate)


class ReplyDecoder:
    """Bytes in, at most one reply out, and only once the line is quiet: it is the last that was said.

    Seven bytes in the middle of others prove nothing without a checksum; seven that are followed by silence
    at least did not grow, shrink or shift. The same for every chunking; what is kept is bounded.
    """

    def __init__(self) -> None:
        self._burst = bytearray()

    def feed(self, data: bytes) -> list[Reply]:
        """Take received bytes; nothing is believed before the line is quiet."""
        self._burst += data
        del self._burst[:-_REMEMBERED]
        return []

    def silence(self) -> list[Reply]:
        """The line went quiet: give the reply that the burst ended with, drop the rest."""
        reply = parse_reply(bytes(self._burst[-REPLY_SIZE:]))
        self._burst.clear()
        return [] if reply is None else [reply]

    def rest(self) -> bytes:
        """Give and forget the bytes that belong to no reply yet."""
        rest = bytes(self._burst)
        self._burst.clear()
        return rest


class ReplyMatcher:
    """Says whether a reply answers the request, by station, function and lock."""

    def __init__(self, request: bytes) -> None:
        self._function, self._station = _ANSWER_TO[request[2]], request[3]
        self._lock = None if request[2] == POLL else request[4]

    def __call__(self, reply: Reply) -> bool:
        """True for the answer."""
        if reply.station != self._station:
            return False
        if isinstance(reply, PollReply):
            return self._function == POLLED
        return (reply.function, reply.lock) == (self._function, self._lock)


def _framed(function: int, station: int, *values: int) -> bytes:
    return bytes((HEAD, 5 + len(values), function, station, *values, END))


def _station(station: int) -> int:
    if not 0 <= station <= HIGHEST_STATION:
        raise CallerMistake(f"station {station} is outside 0..{HIGHEST_STATION}")
    return station


def _lock(lock: int) -> int:
    if not 1 <= lock <= HIGHEST_LOCK:
        raise CallerMistake(f"lock {lock} is outside 1..{HIGHEST_LOCK}")
    return lock
