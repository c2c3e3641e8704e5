"""Device half of the XOR/BCC "8A/80" lock board: 5-byte frames `HEAD AA CC P X`, X the XOR of all before.

The board times its own pulses. Where each frame comes from: the golden frames in tests/vectors.
"""

import random
from dataclasses import dataclass

from simulator.boards.board import LockBoard, Timing, Wiring
from simulator.parsing import RequestParser

UNLOCK, READ, UNLOCK_MANY, HOLD_ON, HOLD_OFF = 0x8A, 0x80, 0x90, 0x9A, 0x9B
UNLOCK_ALL, UNLOCKED_ALL, AUTO_REPORT, FIRMWARE, UNLOCK_TIME = 0x9D, 0x9E, 0x8D, 0x82, 0x7E
CONTACT_CLOSED, CONTACT_OPEN = 0x11, 0x00
REPORT = 0x82
_PULSE, _QUERY, _VERSION, _UNIQUE_ID = 0x11, 0x33, 0x22, 0x44
_ALL_KECHENG, _ALL_OTHER = (0x01, 0x33), (0x02, 0x10)
_HEADS = frozenset(
    (UNLOCK, READ, UNLOCK_MANY, HOLD_ON, HOLD_OFF, UNLOCK_ALL, AUTO_REPORT, FIRMWARE, UNLOCK_TIME),
)


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
    """Pulse every channel: 01 33 (edition of 2025) is answered with the block state, 02 10 is not."""

    address: int
    parameters: tuple[int, int] = (0x01, 0x33)


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


class RequestFinder(RequestParser[Request]):
    """Finds the requests to boards that answer a block with so many state bytes."""

    def __init__(self, state_bytes: int = 3) -> None:
        super().__init__()
        self._state_bytes = state_bytes

    def head(self, begun: bytearray) -> tuple[int, Request | None]:
        """How many of these bytes are a request, and which; (0, None): wait for more, (1, None): none."""
        frame = begun
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


class XorBccBoard(LockBoard[Request]):
    """One board on a line: obeys requests for its own address only."""

    def __init__(
        self,
        address: int,
        channels: int,
        wiring: Wiring,
        *,
        dice: random.Random,
        timing: Timing | None = None,
        serial: int = 0xAB,
        kecheng: bool = False,
    ) -> None:
        """`serial` is what tells one unit from another; its low byte serves as the firmware's version.

        A board of the `kecheng` edition repeats each request first and wants parameter 33 with an unlock.
        """
        parser = RequestFinder(state_byte_count(channels))
        super().__init__(address, channels, wiring, parser, dice=dice, timing=timing)
        self._firmware = serial & 0xFF
        self._pulse_s_of: dict[int, float] = {}
        self._report_head: int | None = None
        self._kecheng = kecheng

    def is_for_me(self, request: Request) -> bool:
        """Whether its address is that of the board's switches."""
        return request.address == self.address

    def obey(self, request: Request) -> None:
        """Act on a request and queue its answer."""
        delay_s = self.timing.read_delay_s
        if self._kecheng:
            if isinstance(request, Unlock) and request.parameter != _QUERY:
                return
            echo = _spelled(request)
            self.at(0.0, lambda: echo)
        match request:
            case Unlock(channel=0) | UnlockAll():
                self._unlock_all(request)
            case Unlock():
                self._unlock(request)
            case Read(channel=0):
                self.was_read()
                self.answer(delay_s, lambda: encode_contacts(self.address, self._states()))
            case Read(channel=channel) if channel <= self.channels:
                self.was_read()
                self.answer(delay_s, lambda: encode_contact(self.address, channel, self._status(channel)))
            case UnlockMany(bitmap=bitmap):
                wanted = [n + 1 for n in range(self.channels) if bitmap[n // 8] >> (n % 8) & 1]
                self.pulse_each(wanted, self.timing.pulse_s)
            case Hold(channel=channel, energised=energised) if channel <= self.channels:
                for each in [channel] if channel else range(1, self.channels + 1):
                    self.wiring.hold(each, energised=energised)
                self.answer(
                    delay_s,
                    lambda: encode_held(self.address, channel, self._status(channel), energised=energised),
                )
            case UnlockTime() | AutoReport():
                self._set(request)
            case Firmware():
                self.answer(delay_s, lambda: encode_firmware(self.address, self._firmware))
            case _:
                return

    def spelled(self, request: Request) -> bytes:
        """The request's own bytes again."""
        return _spelled(request)

    def readdressed(self, frame: bytes) -> bytes:
        """The same answer from the board of the next address."""
        return framed(frame[0], frame[1] + 1 & 0xFF, *frame[2:-1])

    def rechannelled(self, frame: bytes) -> bytes:
        """The same answer for the next channel; blocks, and what is told of the whole board, name none."""
        if len(frame) != 5 or frame[2] == 0:
            return frame
        return framed(frame[0], frame[1], frame[2] + 1 & 0xFF, *frame[3:-1])

    def report(self, channel: int, fault: int) -> bytes | None:
        """A door report, if it was switched on or the fault gives its head byte."""
        head = fault or self._report_head
        return (
            None
            if head is None
            else encode_report(self.address, channel, self._status(channel), head=head & 0xFF)
        )

    def _set(self, request: UnlockTime | AutoReport) -> None:
        if isinstance(request, AutoReport):
            self._report_head = REPORT if request.wanted else None
            return
        for each in [request.channel] if request.channel else range(1, self.channels + 1):
            self._pulse_s_of[each] = float(request.seconds)

    def _unlock(self, request: Unlock) -> None:
        channel = request.channel
        if channel > self.channels or self.is_deaf():
            return
        pulse_s = float(request.seconds or self._pulse_s_of.get(channel, self.timing.pulse_s))
        self.try_pulse(channel, pulse_s)
        self.acknowledge(pulse_s, lambda: encode_unlocked(self.address, channel, self._status(channel)))

    def _unlock_all(self, request: Unlock | UnlockAll) -> None:
        seconds = request.seconds if isinstance(request, Unlock) else None
        over_s = self.pulse_each(range(1, self.channels + 1), float(seconds or self.timing.pulse_s))
        if isinstance(request, UnlockAll) and request.parameters == _ALL_OTHER:
            return
        if isinstance(request, UnlockAll):
            self.answer(over_s, lambda: encode_unlocked_all(self.address, self._states()))
        else:
            echo = _spelled(request)
            self.answer(over_s, lambda: echo)

    def _status(self, channel: int) -> int:
        return CONTACT_CLOSED if channel and self.contact(channel) else CONTACT_OPEN

    def _states(self) -> bytes:
        groups = [0] * state_byte_count(self.channels)
        for place, closed in enumerate(self.block_contacts()):
            groups[place // 8] |= closed << place % 8
        return bytes(groups if self.faults.has("reversed-byte-order") else reversed(groups))


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
        case (head, address, *how) if head == UNLOCK_ALL and tuple(how) in (_ALL_KECHENG, _ALL_OTHER):
            return UnlockAll(address, (how[0], how[1]))
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
        case UnlockAll(address, parameters):
            return framed(UNLOCK_ALL, address, *parameters)
        case AutoReport(address, wanted):
            return framed(AUTO_REPORT, address, 1, int(wanted))
        case Firmware(address):
            return framed(FIRMWARE, address, 0, _VERSION)
        case UniqueId(address):
            return framed(FIRMWARE, address, 0, _UNIQUE_ID)
        case UnlockTime(address, channel, seconds):
            return framed(UNLOCK_TIME, address, channel, seconds)
