"""Device half of the XOR/BCC "8A/80" lock board: 5-byte frames `HEAD AA CC P X`, X the XOR of all before.

Bytes go in by `feed`, time by `advance`, and answers come out of `advance` when they are due. The board
times its own pulses. Source of the frames: the golden frames in tests/vectors, each with its origin.
"""

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from simulator.faults import FaultSet

UNLOCK, READ, UNLOCK_MANY, HOLD_ON, HOLD_OFF = 0x8A, 0x80, 0x90, 0x9A, 0x9B
UNLOCK_ALL, UNLOCKED_ALL, AUTO_REPORT, FIRMWARE, UNLOCK_TIME = 0x9D, 0x9E, 0x8D, 0x82, 0x7E
CONTACT_CLOSED, CONTACT_OPEN = 0x11, 0x00
REPORT = 0x82
_PULSE, _QUERY, _VERSION, _UNIQUE_ID = 0x11, 0x33, 0x22, 0x44
_HEADS = frozenset(
    (UNLOCK, READ, UNLOCK_MANY, HOLD_ON, HOLD_OFF, UNLOCK_ALL, AUTO_REPORT, FIRMWARE, UNLOCK_TIME),
)
# Bytes of one frame follow one another at once; what stays incomplete longer than this was cut off.
_FRAME_GAP_S = 0.1
_QUEUE_LIMIT = 256


@dataclass(frozen=True)
class Unlock:
    """Pulse one channel, or all of them (channel 0); seconds only in the 6-byte edition."""

    address: int
    channel: int
    parameter: int
    seconds: int | None = None


@dataclass(frozen=True)
class Read:
    """Read one contact, or all of them (channel 0)."""

    address: int
    channel: int


@dataclass(frozen=True)
class UnlockMany:
    """Pulse every channel whose bit is set; first byte = channels 1-8."""

    address: int
    bitmap: bytes


@dataclass(frozen=True)
class Hold:
    """Switch an output permanently on or off."""

    address: int
    channel: int
    energised: bool


@dataclass(frozen=True)
class UnlockAll:
    """Pulse every channel (edition of 2025, answered with the block state)."""

    address: int


@dataclass(frozen=True)
class AutoReport:
    """Switch spontaneous door reports on or off."""

    address: int
    wanted: bool


@dataclass(frozen=True)
class Firmware:
    """Ask for the firmware version."""

    address: int


@dataclass(frozen=True)
class UniqueId:
    """Ask for the board's unique id; the form of the answer is not public, so none is given."""

    address: int


@dataclass(frozen=True)
class UnlockTime:
    """Set how long a channel, or each of them (channel 0), is pulsed."""

    address: int
    channel: int
    seconds: int


Request = Unlock | Read | UnlockMany | Hold | UnlockAll | AutoReport | Firmware | UniqueId | UnlockTime


class Wiring(Protocol):
    """What hangs on the board's terminals, by channel."""

    def pulse(self, channel: int, seconds: float) -> None: ...
    def hold(self, channel: int, *, energised: bool) -> None: ...
    def contact(self, channel: int) -> bool: ...


@dataclass(frozen=True)
class Timing:
    """How quickly the board works; the unlock is acknowledged when the door had time to move."""

    read_delay_s: float = 0.005
    unlock_delay_s: float = 0.2
    pulse_s: float = 0.3
    pause_s: float = 0.05


def checksum(data: bytes | bytearray) -> int:
    """The BCC of a frame's bytes."""
    bcc = 0
    for byte in data:
        bcc ^= byte
    return bcc


def framed(*fields: int) -> bytes:
    """A frame of these bytes and their checksum."""
    return bytes((*fields, checksum(bytes(fields))))


def state_byte_count(channels: int) -> int:
    """State bytes in a block frame: 3 up to 24 channels, 4 up to 32, 7 up to 50."""
    return 3 if channels <= 24 else 4 if channels <= 32 else 7


class RequestParser:
    """Finds requests in a byte stream, in any chunking; anything else is skipped byte by byte."""

    def __init__(self, state_bytes: int = 3) -> None:
        self._state_bytes = state_bytes
        self._buffer = bytearray()
        self.skipped = 0

    @property
    def pending(self) -> int:
        """Bytes of an incomplete frame, always fewer than a frame has."""
        return len(self._buffer)

    def forget(self) -> None:
        """Drop an incomplete frame."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Request]:
        """The requests completed by these bytes, whatever address they are for."""
        found: list[Request] = []
        for byte in data:
            self._buffer.append(byte)
            self._scan(found)
        return found

    def _scan(self, found: list[Request]) -> None:
        while self._buffer:
            size, request = self._head()
            if request is not None:
                found.append(request)
            else:
                self.skipped += size
            if size == 0:
                return
            del self._buffer[:size]

    def _head(self) -> tuple[int, Request | None]:
        """Bytes to drop (0: wait for more) and the request that they were."""
        frame = self._buffer
        if frame[0] not in _HEADS:
            return 1, None
        size = 3 + self._state_bytes if frame[0] == UNLOCK_MANY else 5
        if len(frame) < size:
            return 0, None
        # A fifth byte 1..9 that is no checksum is the pulse length of the 6-byte edition.
        if (
            frame[0] == UNLOCK
            and checksum(frame[:4]) != frame[4]
            and frame[3] == _PULSE
            and 1 <= frame[4] <= 9
        ):
            size = 6
            if len(frame) < size:
                return 0, None
        if checksum(frame[: size - 1]) != frame[size - 1]:
            return 1, None
        request = _meaning(bytes(frame[: size - 1]))
        return (size if request else 1), request


def encode_unlocked(address: int, channel: int, status: int) -> bytes:
    """Acknowledgement of an unlock with the contact's state."""
    return framed(UNLOCK, address, channel, status)


def encode_contact(address: int, channel: int, status: int) -> bytes:
    """State of one contact."""
    return framed(READ, address, channel, status)


def encode_contacts(address: int, states: bytes) -> bytes:
    """State of all contacts, state bytes in wire order."""
    return framed(READ, address, *states, _QUERY)


def encode_unlocked_all(address: int, states: bytes) -> bytes:
    """Answer to the open-all of 2025, with the state of all contacts."""
    return framed(UNLOCKED_ALL, address, *states, _QUERY)


def encode_held(address: int, channel: int, status: int, *, energised: bool) -> bytes:
    """Answer to a switched output with the contact's state."""
    return framed(HOLD_ON if energised else HOLD_OFF, address, channel, status)


def encode_report(address: int, channel: int, status: int, *, head: int = REPORT) -> bytes:
    """A door change told unasked; older firmware uses head 81."""
    return framed(head, address, channel, status)


def encode_firmware(address: int, value: int) -> bytes:
    """The firmware version, one byte."""
    return framed(FIRMWARE, address, 0, value)


class XorBccBoard:
    """One board on a line: obeys requests for its own address only."""

    def __init__(
        self,
        address: int,
        channels: int,
        wiring: Wiring,
        *,
        dice: random.Random,
        timing: Timing | None = None,
        firmware: int = 0xAB,
    ) -> None:
        self.faults = FaultSet("board")
        self._address = address
        self._channels = channels
        self._wiring = wiring
        self._timing = timing or Timing()
        self._firmware = firmware
        self._dice = dice
        self._parser = RequestParser(state_byte_count(channels))
        self._now_s = 0.0
        self._heard_s = 0.0
        self._due: list[tuple[float, int, Callable[[], bytes | None]]] = []
        self._order = 0
        self._pulse_s_of: dict[int, float] = {}
        self._pulsed_s: dict[int, float] = {}
        self._busy = False
        self._report_head: int | None = None

    @property
    def address(self) -> int:
        """The address set by the board's switches."""
        return self._address

    def feed(self, data: bytes) -> None:
        """Take bytes off the line; they act now, their answers come from `advance`."""
        if self.faults.has("dead-board"):
            self._parser.forget()
            return
        if self._now_s - self._heard_s > _FRAME_GAP_S:
            self._parser.forget()
        self._heard_s = self._now_s
        for request in self._parser.feed(data):
            if request.address == self._address and len(self._due) < _QUEUE_LIMIT:
                self._obey(request)

    def advance(self, dt_s: float) -> list[bytes]:
        """Let time pass; the pieces that the board begins to send meanwhile, in order."""
        self._now_s += dt_s
        pieces: list[bytes] = []
        while self._due and self._due[0][0] <= self._now_s + 1e-9:
            _, _, action = heapq.heappop(self._due)
            if not self.faults.has("dead-board") and (piece := action()):
                pieces.append(piece)
        return pieces

    def due_in_s(self) -> float | None:
        """When `advance` next has something to do, None if nothing is pending."""
        return max(0.0, self._due[0][0] - self._now_s) if self._due else None

    def contact_changed(self, channel: int) -> None:
        """A door moved; boards with such firmware report it unasked."""
        head = int(self.faults.number("unsolicited-reports")) or self._report_head
        if head is not None:
            self._answer(
                0.0, lambda: encode_report(self._address, channel, self._status(channel), head=head & 0xFF)
            )

    def _obey(self, request: Request) -> None:
        if self.faults.spend("echo-request"):
            echo = _spelled(request)
            self._at(0.0, lambda: echo)
        match request:
            case Unlock(channel=0) | UnlockAll():
                self._unlock_all(request)
            case Unlock():
                self._unlock(request)
            case Read(channel=0):
                self._busy = False
                self._answer(
                    self._timing.read_delay_s, lambda: encode_contacts(self._address, self._states())
                )
            case Read(channel=channel) if channel <= self._channels:
                self._busy = False
                self._answer(
                    self._timing.read_delay_s,
                    lambda: encode_contact(self._address, channel, self._status(channel)),
                )
            case UnlockMany(bitmap=bitmap):
                wanted = [n + 1 for n in range(self._channels) if bitmap[n // 8] >> (n % 8) & 1]
                self._pulse_each(wanted)
            case Hold(channel=channel, energised=energised) if channel <= self._channels:
                for each in [channel] if channel else range(1, self._channels + 1):
                    self._wiring.hold(each, energised=energised)
                self._answer(
                    self._timing.read_delay_s,
                    lambda: encode_held(self._address, channel, self._status(channel), energised=energised),
                )
            case UnlockTime() | AutoReport():
                self._set(request)
            case Firmware():
                self._answer(
                    self._timing.read_delay_s, lambda: encode_firmware(self._address, self._firmware)
                )
            case _:
                return

    def _set(self, request: UnlockTime | AutoReport) -> None:
        if isinstance(request, AutoReport):
            self._report_head = REPORT if request.wanted else None
            return
        for each in [request.channel] if request.channel else range(1, self._channels + 1):
            self._pulse_s_of[each] = float(request.seconds)

    def _unlock(self, request: Unlock) -> None:
        channel = request.channel
        if channel > self._channels:
            return
        if self.faults.has("busy") and self._busy:
            return
        pulse_s = float(request.seconds or self._pulse_s_of.get(channel, self._timing.pulse_s))
        resting_s = self.faults.number("duty-cycle")
        last_s = self._pulsed_s.get(channel)
        if last_s is None or self._now_s - last_s >= resting_s:
            self._pulse(channel, pulse_s)
        self._busy = True
        delay_s = pulse_s + 0.05 if self.faults.has("answer-after-pulse") else self._timing.unlock_delay_s
        if not self.faults.spend("no-unlock-answer"):
            self._answer(delay_s, lambda: encode_unlocked(self._address, channel, self._status(channel)))

    def _unlock_all(self, request: Unlock | UnlockAll) -> None:
        seconds = request.seconds if isinstance(request, Unlock) else None
        over_s = self._pulse_each(range(1, self._channels + 1), float(seconds or self._timing.pulse_s))
        if isinstance(request, UnlockAll):
            self._answer(over_s, lambda: encode_unlocked_all(self._address, self._states()))
        else:
            echo = _spelled(request)
            self._answer(over_s, lambda: echo)

    def _pulse_each(self, channels: Iterable[int], pulse_s: float | None = None) -> float:
        """One after another, never two coils at once; returns when the last is over."""
        step_s = pulse_s if pulse_s is not None else self._timing.pulse_s

        def pulsing(channel: int) -> Callable[[], None]:
            return lambda: self._pulse(channel, step_s)

        start_s = 0.0
        for channel in channels:
            self._at(start_s, pulsing(channel))
            start_s += step_s + self._timing.pause_s
        return start_s

    def _pulse(self, channel: int, seconds: float) -> None:
        self._pulsed_s[channel] = self._now_s
        self._wiring.pulse(channel, seconds)

    def _status(self, channel: int) -> int:
        return CONTACT_CLOSED if channel and self._wiring.contact(channel) else CONTACT_OPEN

    def _states(self) -> bytes:
        groups = [0] * state_byte_count(self._channels)
        inverted = self.faults.has("inverted-block")
        for channel in range(1, self._channels + 1):
            if self._wiring.contact(channel) != inverted:
                groups[(channel - 1) // 8] |= 1 << (channel - 1) % 8
        return bytes(groups if self.faults.has("reversed-byte-order") else reversed(groups))

    def _at(self, delay_s: float, action: Callable[[], bytes | None]) -> None:
        self._order += 1
        heapq.heappush(self._due, (self._now_s + delay_s, self._order, action))

    def _answer(self, delay_s: float, spell: Callable[[], bytes]) -> None:
        if self.faults.spend("no-answer"):
            return
        self._at(delay_s + self.faults.number("late-answer"), lambda: self._spoilt(spell()))

    def _spoilt(self, frame: bytes) -> bytes:
        """The answer as this board's faults let it out; a second fragment follows by itself."""
        if self.faults.spend("wrong-address"):
            frame = framed(frame[0], frame[1] + 1 & 0xFF, *frame[2:-1])
        if self.faults.spend("wrong-channel"):
            frame = framed(frame[0], frame[1], frame[2] + 1 & 0xFF, *frame[3:-1])
        if self.faults.spend("wrong-checksum"):
            frame = frame[:-1] + bytes((frame[-1] ^ 0x5A,))
        garbage = bytes(
            self._dice.randrange(0xF0, 0x100) for _ in range(int(self.faults.number("garbage-in-front")))
        )
        frame = garbage + frame
        gap_s = self.faults.number("fragmented-replies")
        if not gap_s:
            return frame
        middle = len(frame) // 2
        self._at(gap_s, lambda: frame[middle:])
        return frame[:middle]


def _meaning(body: bytes) -> Request | None:
    """The request that a frame without its checksum makes, None if this board family has no such request."""
    match tuple(body):
        case (head, address, channel, parameter) if head == UNLOCK and parameter in (_PULSE, _QUERY):
            return Unlock(address, channel, parameter)
        case (head, address, channel, parameter, seconds) if head == UNLOCK:
            return Unlock(address, channel, parameter, seconds)
        case (head, address, channel, parameter) if head == READ and parameter == _QUERY:
            return Read(address, channel)
        case (head, address, *bitmap) if head == UNLOCK_MANY:
            return UnlockMany(address, bytes(bitmap))
        case (head, address, channel, parameter) if head in (HOLD_ON, HOLD_OFF) and parameter == _PULSE:
            return Hold(address, channel, head == HOLD_ON)
        case (head, address, 1, parameter) if head == UNLOCK_ALL and parameter == _QUERY:
            return UnlockAll(address)
        case (head, address, 1, parameter) if head == AUTO_REPORT and parameter in (0, 1):
            return AutoReport(address, parameter == 1)
        case (head, address, 0, parameter) if head == FIRMWARE and parameter == _VERSION:
            return Firmware(address)
        case (head, address, 0, parameter) if head == FIRMWARE and parameter == _UNIQUE_ID:
            return UniqueId(address)
        case (head, address, channel, seconds) if head == UNLOCK_TIME and 1 <= seconds <= 9:
            return UnlockTime(address, channel, seconds)
    return None


def _spelled(request: Request) -> bytes:
    """The request's own bytes again, for boards and lines that echo."""
    match request:
        case Unlock(address, channel, parameter, seconds):
            return framed(UNLOCK, address, channel, parameter, *([] if seconds is None else [seconds]))
        case Read(address, channel):
            return framed(READ, address, channel, _QUERY)
        case UnlockMany(address, bitmap):
            return framed(UNLOCK_MANY, address, *bitmap)
        case Hold(address, channel, energised):
            return framed(HOLD_ON if energised else HOLD_OFF, address, channel, _PULSE)
        case UnlockAll(address):
            return framed(UNLOCK_ALL, address, 1, _QUERY)
        case AutoReport(address, wanted):
            return framed(AUTO_REPORT, address, 1, int(wanted))
        case Firmware(address):
            return framed(FIRMWARE, address, 0, _VERSION)
        case UniqueId(address):
            return framed(FIRMWARE, address, 0, _UNIQUE_ID)
        case UnlockTime(address, channel, seconds):
            return framed(UNLOCK_TIME, address, channel, seconds)
