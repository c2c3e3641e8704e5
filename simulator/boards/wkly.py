"""Device half of the WKLY lock board: `57 4B 4C 59 LEN AA CMD DATA.. X`, X the XOR of all before.

LEN counts the whole frame. The board answers an unlock when the lock had its time, and tells each change of a
contact by itself. Its readings have one byte a channel, so there is no byte order that could be reversed.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from simulator.boards.board import LockBoard, Timing, Wiring
from simulator.parsing import RequestParser

START = bytes((0x57, 0x4B, 0x4C, 0x59))
OTHER_START = bytes((0x53, 0x4B, 0x4C, 0x59))
OPEN_TOGETHER, FLASH, OPEN, READ, READ_ALL = 0x80, 0x81, 0x82, 0x83, 0x84
REPORT, OPEN_ALL, OPEN_IN_SEQUENCE, ON, OFF = 0x85, 0x86, 0x87, 0x88, 0x89
DONE, FAILED = 0x00, 0xFF
STANDS_OPEN, STANDS_SHUT = 0x00, 0x01
_AROUND = 8  # start, length, address, command, checksum
_MOST_DATA = 66
_ONE_CHANNEL = frozenset((FLASH, OPEN, READ, ON, OFF))
_LISTS = frozenset((OPEN_TOGETHER, OPEN_IN_SEQUENCE))
_BARE = frozenset((READ_ALL, OPEN_ALL))
TIMING = Timing(read_delay_s=0.02, unlock_delay_s=0.35, pulse_s=0.35)


@dataclass(frozen=True)
class Request:
    """One command to one board, with the bytes between it and the checksum."""

    address: int
    command: int
    data: bytes = b""


def framed(address: int, command: int, *data: int, start: bytes = START) -> bytes:
    """A frame with its length and its checksum."""
    frame = bytearray(start)
    frame += bytes((_AROUND + len(data), address, command, *data))
    seal = 0
    for byte in frame:
        seal ^= byte
    frame.append(seal)
    return bytes(frame)


class RequestFinder(RequestParser[Request]):
    """Finds the requests to boards, whatever address they are for."""

    def head(self, begun: bytearray) -> tuple[int, Request | None]:
        """How many of these bytes are a request, and which; (0, None): wait for more, (1, None): none."""
        if _looks_wrong(begun):
            return 1, None
        if len(begun) < _AROUND or len(begun) < begun[4]:
            return 0, None
        size = begun[4]
        return size, Request(begun[5], begun[6], bytes(begun[7 : size - 1]))


def _looks_wrong(frame: bytearray) -> bool:
    """Whether no request begins with these bytes."""
    have = len(frame)
    if frame[:4] != START[:have]:
        return True
    if have < 5:
        return False
    size = frame[4]
    if not _AROUND <= size <= _AROUND + _MOST_DATA:
        return True
    if have > 6 and not _fits(frame[6], size - _AROUND, frame[7] if have > 7 else None):
        return True
    if have < size:
        return False
    seal = 0
    for byte in frame[:size]:
        seal ^= byte
    return seal != 0


class WklyBoard(LockBoard[Request]):
    """One board on a line: obeys requests for its own address only."""

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
        """Whether its address is that of the board's switches."""
        return request.address == self.address

    def obey(self, request: Request) -> None:
        """Act on a request and queue its answer."""
        command = request.command
        if command == OPEN:
            self._open(request.data[0])
        elif command in _LISTS:
            self._open_several(command, request.data[1:])
        elif command == OPEN_ALL:
            over_s = self.pulse_each(range(1, self.channels + 1), self.timing.pulse_s)
            self.answer(over_s, lambda: framed(self.address, OPEN_ALL, DONE))
        elif command == READ_ALL:
            self.was_read()
            self.answer(self.timing.read_delay_s, self._all)
        elif command in _ONE_CHANNEL:
            self._serve_one(command, request.data[0])

    def spelled(self, request: Request) -> bytes:
        """The request's own bytes again."""
        return framed(request.address, request.command, *request.data)

    def readdressed(self, frame: bytes) -> bytes:
        """The same answer from the board of the next address."""
        return framed(frame[5] + 1 & 0xFF, frame[6], *frame[7:-1], start=frame[:4])

    def rechannelled(self, frame: bytes) -> bytes:
        """The same answer for the next channel; where it names none, the frame as it is."""
        command, data = frame[6], bytearray(frame[7:-1])
        place = 0 if command == REPORT else 1
        if command in _ONE_CHANNEL or command == REPORT:
            data[place] = data[place] + 1 & 0xFF
        return framed(frame[5], command, *data, start=frame[:4])

    def alternate(self, frame: bytes) -> bytes:
        """The answer under the header 53 4B 4C 59."""
        return framed(frame[5], frame[6], *frame[7:-1], start=OTHER_START)

    def report(self, channel: int, fault: int) -> bytes | None:  # noqa: ARG002 - there is one form of report
        """Every change of a contact is told."""
        return framed(self.address, REPORT, channel, self._state(channel))

    def _serve_one(self, command: int, channel: int) -> None:
        exists = 1 <= channel <= self.channels
        result = DONE if exists else FAILED
        if command == READ:
            self.was_read()
            self._answer(lambda: framed(self.address, READ, result, channel, self._state(channel)))
            return
        if exists and command in (ON, OFF):
            self.wiring.hold(channel, energised=command == ON)
        self._answer(lambda: framed(self.address, command, result, channel))

    def _open(self, channel: int) -> None:
        if self.is_deaf():
            return
        pulse_s = self.timing.pulse_s
        moved = 1 <= channel <= self.channels and self.try_pulse(channel, pulse_s)
        result = DONE if moved else FAILED
        self.acknowledge(pulse_s, lambda: framed(self.address, OPEN, result, channel, self._state(channel)))

    def _open_several(self, command: int, channels: bytes) -> None:
        pulse_s = self.timing.pulse_s
        result = DONE if all(1 <= channel <= self.channels for channel in channels) else FAILED
        over_s = pulse_s
        if result == DONE and command == OPEN_IN_SEQUENCE:
            over_s = self.pulse_each(channels, pulse_s)
        elif result == DONE:
            for channel in channels:
                self.try_pulse(channel, pulse_s)
        self.answer(over_s, lambda: framed(self.address, command, result))

    def _answer(self, spell: Callable[[], bytes]) -> None:
        self.answer(self.timing.read_delay_s, spell)

    def _all(self) -> bytes:
        states = [STANDS_SHUT if closed else STANDS_OPEN for closed in self.block_contacts()]
        return framed(self.address, READ_ALL, DONE, len(states), *states)

    def _state(self, channel: int) -> int:
        if not 1 <= channel <= self.channels:
            return FAILED
        return STANDS_SHUT if self.contact(channel) else STANDS_OPEN


def _fits(command: int, room: int, first: int | None) -> bool:
    """Whether a request of this command has so many data bytes; `first` is the first of them, if it came."""
    if command in _BARE:
        return room == 0
    if command in _ONE_CHANNEL:
        return room == 1
    if command in _LISTS:
        return room > 1 and first in (None, room - 1)
    return True
