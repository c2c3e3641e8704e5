"""Device half of the Winnsen lock board: `90 LEN FN STATION .. 03`, LEN the whole frame, no checksum.

The board answers an unlock only after the pulse. It never speaks unasked.
"""

import random
from dataclasses import dataclass

from simulator.boards.board import LockBoard, Timing, Wiring
from simulator.parsing import RequestParser

FIRST, LAST = 0x90, 0x03
OPEN, POLL, STATE = 0x05, 0x02, 0x12
OPEN_ANSWER, POLL_ANSWER, STATE_ANSWER = 0x85, 0x82, 0x92
OTHER_CODES = {POLL_ANSWER: 0xA2, OPEN_ANSWER: 0xA5}
NOT_OPENED, OPENED, COOLING = 0x00, 0x01, 0x02
EVERYBODY = 0x00
_SIZES = {OPEN: 6, POLL: 7, STATE: 6}
TIMING = Timing(read_delay_s=0.005, unlock_delay_s=0.8, pulse_s=0.75)


@dataclass(frozen=True)
class Open:
    """Pulse one lock."""

    station: int
    lock: int


@dataclass(frozen=True)
class Poll:
    """Tell the doors of a mask."""

    station: int
    low: int
    high: int


@dataclass(frozen=True)
class State:
    """Tell one lock."""

    station: int
    lock: int


Request = Open | Poll | State


def framed(function: int, station: int, *values: int) -> bytes:
    """A frame with its length."""
    return bytes((FIRST, 5 + len(values), function, station, *values, LAST))


def encode_opened(station: int, lock: int, result: int, *, function: int = OPEN_ANSWER) -> bytes:
    """Answer to an unlock."""
    return framed(function, station, lock, result)


def encode_polled(station: int, low: int, high: int, *, function: int = POLL_ANSWER) -> bytes:
    """Answer to a poll, a set bit being an open door."""
    return framed(function, station, low, high)


def encode_state(station: int, lock: int, result: int) -> bytes:
    """Answer about one lock: here the result stands in front of the lock."""
    return framed(STATE_ANSWER, station, result, lock)


class RequestFinder(RequestParser[Request]):
    """Finds the requests to boards, whatever station they are for."""

    def head(self, begun: bytearray) -> tuple[int, Request | None]:
        """How many of these bytes are a request, and which; (0, None): wait for more, (1, None): none."""
        if not _may_begin(begun):
            return 1, None
        if len(begun) < 3 or len(begun) < begun[1]:
            return 0, None
        return begun[1], _meaning(bytes(begun[: begun[1]]))


def _may_begin(frame: bytearray) -> bool:
    """Whether a request may begin with these bytes."""
    if frame[0] != FIRST or (len(frame) > 1 and frame[1] not in _SIZES.values()):
        return False
    if len(frame) > 2 and _SIZES.get(frame[2]) != frame[1]:
        return False
    return len(frame) < 3 or len(frame) < frame[1] or frame[frame[1] - 1] == LAST


class WinnsenBoard(LockBoard[Request]):
    """One board on a line: obeys requests for its own station and for everybody."""

    def __init__(
        self,
        address: int,
        channels: int,
        wiring: Wiring,
        *,
        dice: random.Random,
        timing: Timing | None = None,
        serial: int = 0,  # noqa: ARG002 - nothing in this family tells one unit from another
    ) -> None:
        super().__init__(address, channels, wiring, RequestFinder(), dice=dice, timing=timing or TIMING)

    def is_for_me(self, request: Request) -> bool:
        """Whether its station is that of the board's switches, or 0."""
        return request.station in (self.address, EVERYBODY)

    def obey(self, request: Request) -> None:
        """Act on a request and queue its answer."""
        delay_s = self.timing.read_delay_s
        match request:
            case Open(lock=lock):
                self._open(lock)
            case Poll(low=low, high=high):
                self.was_read()
                self.answer(delay_s, lambda: self._polled(low, high))
            case State(lock=lock):
                self.was_read()
                self.answer(delay_s, lambda: encode_state(self.address, lock, self._stands_open(lock)))

    def spelled(self, request: Request) -> bytes:
        """The request's own bytes again."""
        match request:
            case Open(station, lock):
                return framed(OPEN, station, lock)
            case Poll(station, low, high):
                return framed(POLL, station, low, high)
            case State(station, lock):
                return framed(STATE, station, lock)

    def readdressed(self, frame: bytes) -> bytes:
        """The same answer from the board of the next station."""
        return frame[:3] + bytes((frame[3] + 1 & 0xFF,)) + frame[4:]

    def rechannelled(self, frame: bytes) -> bytes:
        """The same answer for the next lock; a poll as it is."""
        place = {OPEN_ANSWER: 4, OTHER_CODES[OPEN_ANSWER]: 4, STATE_ANSWER: 5}.get(frame[2])
        if place is None:
            return frame
        return frame[:place] + bytes((frame[place] + 1 & 0xFF,)) + frame[place + 1 :]

    def alternate(self, frame: bytes) -> bytes:
        """The answer under A2 for 82, A5 for 85."""
        return frame[:2] + bytes((OTHER_CODES.get(frame[2], frame[2]),)) + frame[3:]

    def _open(self, lock: int) -> None:
        if self.is_deaf():
            return
        pulse_s = self.timing.pulse_s
        result = NOT_OPENED
        if 1 <= lock <= self.channels:
            result = OPENED if self.try_pulse(lock, pulse_s) else COOLING
        self.acknowledge(pulse_s, lambda: encode_opened(self.address, lock, result))

    def _polled(self, low: int, high: int) -> bytes:
        bits = sum(1 << place for place, closed in enumerate(self.block_contacts()) if not closed)
        states = bits & 0xFF, bits >> 8 & 0xFF
        if self.faults.has("reversed-byte-order"):
            states = states[1], states[0]
        return encode_polled(self.address, states[0] & low, states[1] & high)

    def _stands_open(self, lock: int) -> int:
        return int(1 <= lock <= self.channels and not self.contact(lock))


def _meaning(frame: bytes) -> Request:
    """The request that a whole frame makes."""
    if frame[2] == POLL:
        return Poll(frame[3], frame[4], frame[5])
    return (Open if frame[2] == OPEN else State)(frame[3], frame[4])
