"""Device half of the Modbus RTU relay board with inputs: `SLAVE FN .. CRC`, CRC-16, low byte first.

Coils 0.. are the relays, 00FF all of them, 0200+n and 0400+n switch one on or off for a time that the board
keeps; discrete inputs 0.. are the contacts. Where each frame comes from: the golden frames in tests/vectors.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulator.boards.board import LockBoard, Timing, Wiring
from simulator.parsing import RequestParser

READ_COILS, READ_INPUTS, READ_HOLDING, READ_INPUT_REGISTERS = 0x01, 0x02, 0x03, 0x04
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 0x05, 0x06, 0x0F, 0x10
ON, OFF, TOGGLE = 0xFF00, 0x0000, 0x5500
ALL_RELAYS, TIMED_ON, TIMED_OFF = 0x00FF, 0x0200, 0x0400
CONTROL_MODES, OWN_ADDRESS, VERSION = 0x1000, 0x4000, 0x8000
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, BUSY = 1, 2, 3, 6
TIME_UNIT_S = 0.1
LONGEST_TIME = 0x7FFF
BROADCAST = 0
MODES = 5  # normal, follows its input, toggled by its input, and two more that the maker lists

_READS = (READ_COILS, READ_INPUTS, READ_HOLDING, READ_INPUT_REGISTERS)
_BLOCKS = (WRITE_COILS, WRITE_REGISTERS)
_EIGHT_BYTES = frozenset((*_READS, WRITE_COIL, WRITE_REGISTER, 0x08))
_FOUR_BYTES = frozenset((0x07, 0x0B, 0x0C, 0x11))
_MOST_BITS, _MOST_REGISTERS = 2000, 125
_MOST_BLOCK = {WRITE_COILS: 1968, WRITE_REGISTERS: 123}
QUICK = Timing(unlock_delay_s=0.005)
"""A write is answered when it was understood, not when it is over."""


@dataclass(frozen=True)
class Read:
    """Read `count` coils, inputs or registers from `first`."""

    address: int
    function: int
    first: int
    count: int


@dataclass(frozen=True)
class Write:
    """Write one coil or register."""

    address: int
    function: int
    first: int
    value: int


@dataclass(frozen=True)
class WriteBlock:
    """Write `count` coils or registers from `first`; `data` as on the wire."""

    address: int
    function: int
    first: int
    count: int
    data: bytes


@dataclass(frozen=True)
class Unsupported:
    """A whole frame of a function that these boards do not have."""

    address: int
    function: int
    data: bytes


Request = Read | Write | WriteBlock | Unsupported


def crc16(data: bytes | bytearray) -> int:
    """The Modbus CRC: start FFFF, polynomial A001 reflected."""
    remainder = 0xFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            carry = remainder & 1
            remainder >>= 1
            if carry:
                remainder ^= 0xA001
    return remainder


def framed(*fields: int) -> bytes:
    """A frame of these bytes and their CRC."""
    crc = crc16(bytes(fields))
    return bytes((*fields, crc & 0xFF, crc >> 8))


class RequestFinder(RequestParser[Request]):
    """Finds the requests to boards, whatever address they are for."""

    def head(self, begun: bytearray) -> tuple[int, Request | None]:
        """How many of these bytes are a request, and which; (0, None): wait for more, (1, None): none."""
        size = _size(begun)
        if size > len(begun):
            return 0, None
        frame = bytes(begun[:size])
        if size and crc16(frame[:-2]) == frame[-2] | frame[-1] << 8:
            return size, _meaning(frame)
        return 1, None


def encode_bits(address: int, function: int, states: bytes) -> bytes:
    """States of coils or inputs, the first in bit 0 of the first byte."""
    return framed(address, function, len(states), *states)


def encode_registers(address: int, function: int, values: Iterable[int]) -> bytes:
    """Values of registers, high byte first."""
    words = [byte for value in values for byte in _word(value)]
    return framed(address, function, len(words), *words)


def encode_written(address: int, function: int, first: int, value: int) -> bytes:
    """A write was done: one value as it was asked for, of a block the number of values."""
    return framed(address, function, *_word(first), *_word(value))


def encode_exception(address: int, function: int, code: int) -> bytes:
    """A request was not obeyed."""
    return framed(address, function | 0x80, code)


class ModbusRelayBoard(LockBoard[Request]):
    """One board on a line: obeys its own address, and the broadcast without a word."""

    def __init__(
        self,
        address: int,
        channels: int,
        wiring: Wiring,
        *,
        dice: random.Random,
        timing: Timing | None = None,
        serial: int = 0xAB,
    ) -> None:
        """`serial` is what tells one unit from another; its low byte serves as the software's version."""
        super().__init__(address, channels, wiring, RequestFinder(), dice=dice, timing=timing or QUICK)
        self._version = serial & 0xFF
        self._modes = [0] * channels
        self._held: set[int] = set()  # channels that stay on until they are told otherwise
        self._on_until_s: dict[int, float] = {}
        self._turns: dict[int, int] = {}

    def is_for_me(self, request: Request) -> bool:
        """Whether it is for this board or for all."""
        return request.address in (BROADCAST, self.address)

    def obey(self, request: Request) -> None:
        """Act on a request and queue its answer; a broadcast has none."""
        problem = self._do(request)
        if problem:
            self._reply(request, lambda: encode_exception(request.address, request.function, problem))

    def spelled(self, request: Request) -> bytes:
        """The request's own bytes again."""
        match request:
            case Read(address, function, first, value) | Write(address, function, first, value):
                return framed(address, function, *_word(first), *_word(value))
            case WriteBlock(address, function, first, count, data):
                return framed(address, function, *_word(first), *_word(count), len(data), *data)
            case Unsupported(address, function, data):
                return framed(address, function, *data)

    def readdressed(self, frame: bytes) -> bytes:
        """The same answer from the board of the next address."""
        return framed(frame[0] % 255 + 1, *frame[1:-2])

    def rechannelled(self, frame: bytes) -> bytes:
        """The same answer for the next coil; only the answer to a write names one."""
        if frame[1] not in (WRITE_COIL, WRITE_COILS):
            return frame
        return framed(*frame[:3], frame[3] + 1 & 0xFF, *frame[4:-2])

    def _do(self, request: Request) -> int:
        """Act, and return the exception that answers it, 0 for none."""
        match request:
            case Read(function=function):
                self.was_read()
                is_bits = function in (READ_COILS, READ_INPUTS)
                return self._read_bits(request) if is_bits else self._read_registers(request)
            case Write(function=function):
                is_coil = function == WRITE_COIL
                return self._write_coil(request) if is_coil else self._set_register(request)
            case WriteBlock():
                return self._write_block(request)
            case Unsupported():
                return ILLEGAL_FUNCTION

    # -- reading

    def _read_bits(self, request: Read) -> int:
        if not 1 <= request.count <= _MOST_BITS:
            return ILLEGAL_VALUE
        if request.first + request.count > self.channels:
            return ILLEGAL_ADDRESS
        self._reply(request, lambda: encode_bits(request.address, request.function, self._states(request)))
        return 0

    def _states(self, request: Read) -> bytes:
        """What is on, or closed, at the moment of the answer."""
        bits = self._relays() if request.function == READ_COILS else self.block_contacts()
        states = bytearray(-(-request.count // 8))
        for place, state in enumerate(bits[request.first : request.first + request.count]):
            states[place // 8] |= state << place % 8
        return bytes(states)

    def _relays(self) -> list[bool]:
        return [self._is_on(channel) for channel in range(1, self.channels + 1)]

    def _is_on(self, channel: int) -> bool:
        return channel in self._held or self._now_s < self._on_until_s.get(channel, 0.0)

    def _read_registers(self, request: Read) -> int:
        if request.function == READ_INPUT_REGISTERS:
            return ILLEGAL_FUNCTION
        if not 1 <= request.count <= _MOST_REGISTERS:
            return ILLEGAL_VALUE
        values = [self._register(request.first + place) for place in range(request.count)]
        told = [value for value in values if value is not None]
        if len(told) < request.count:
            return ILLEGAL_ADDRESS
        self._reply(request, lambda: encode_registers(request.address, request.function, told))
        return 0

    def _register(self, number: int) -> int | None:
        if CONTROL_MODES <= number < CONTROL_MODES + self.channels:
            return self._modes[number - CONTROL_MODES]
        return {OWN_ADDRESS: self.address, VERSION: self._version}.get(number)

    # -- writing

    def _write_coil(self, request: Write) -> int:
        coil, value = request.first, request.value
        if coil & 0xFF00 in (TIMED_ON, TIMED_OFF):
            return self._time(request)
        if coil != ALL_RELAYS and coil >= self.channels:
            return ILLEGAL_ADDRESS
        if value not in (ON, OFF, TOGGLE):
            return ILLEGAL_VALUE
        for channel in range(1, self.channels + 1) if coil == ALL_RELAYS else [coil + 1]:
            self._switch(channel, on=not self._is_on(channel) if value == TOGGLE else value == ON)
        self._confirm(request, value)
        return 0

    def _time(self, request: Write) -> int:
        """Switch one relay on or off for a time; the board ends it, whatever becomes of the host."""
        channel, for_s = (request.first & 0xFF) + 1, request.value * TIME_UNIT_S
        if channel > self.channels:
            return ILLEGAL_ADDRESS
        if not 1 <= request.value <= LONGEST_TIME:
            return ILLEGAL_VALUE
        if request.first & 0xFF00 == TIMED_OFF:
            self._switch(channel, on=False)
            turn = self._turns[channel]
            self.at(for_s, lambda: self._switch(channel, on=True) if self._turns[channel] == turn else None)
            self._confirm(request, request.value)
            return 0
        if self.is_deaf():
            return 0
        if not self.try_pulse(channel, for_s):
            return BUSY
        self._turns[channel] = self._turns.get(channel, 0) + 1
        self._on_until_s[channel] = self._now_s + for_s
        if request.address != BROADCAST:
            self.acknowledge(for_s, lambda: self.spelled(request))
        return 0

    def _write_block(self, request: WriteBlock) -> int:
        if request.function == WRITE_COILS:
            if request.first + request.count > self.channels:
                return ILLEGAL_ADDRESS
            for place in range(request.count):
                self._switch(request.first + place + 1, on=bool(request.data[place // 8] >> place % 8 & 1))
        else:
            values = [int.from_bytes(request.data[at : at + 2]) for at in range(0, len(request.data), 2)]
            writes = [(request.first + place, value) for place, value in enumerate(values)]
            problem = next((p for number, value in writes if (p := self._objection(number, value))), 0)
            if problem:
                return problem
            for number, value in writes:
                self._store(number, value)
        self._confirm(request, request.count)
        return 0

    def _set_register(self, request: Write) -> int:
        problem = self._objection(request.first, request.value)
        if not problem:
            self._confirm(request, request.value)
            self._store(request.first, request.value)
        return problem

    def _objection(self, number: int, value: int) -> int:
        if self._register(number) is None or number == VERSION:
            return ILLEGAL_ADDRESS
        allowed = range(1, 256) if number == OWN_ADDRESS else range(MODES)
        return 0 if value in allowed else ILLEGAL_VALUE

    def _store(self, number: int, value: int) -> None:
        """A mode is remembered and told, but no relay follows its input here."""
        if number == OWN_ADDRESS:
            self.address = value
        else:
            self._modes[number - CONTROL_MODES] = value

    def _switch(self, channel: int, *, on: bool) -> None:
        self._turns[channel] = self._turns.get(channel, 0) + 1
        self._on_until_s.pop(channel, None)
        if on:
            self._held.add(channel)
        else:
            self._held.discard(channel)
        self.wiring.hold(channel, energised=on)

    def _confirm(self, request: Write | WriteBlock, value: int) -> None:
        self._reply(request, lambda: encode_written(request.address, request.function, request.first, value))

    def _reply(self, request: Request, spell: Callable[[], bytes]) -> None:
        if request.address != BROADCAST:
            self.answer(self.timing.read_delay_s, spell)


def _size(data: bytes | bytearray) -> int:
    """Size of the request that begins here; more than there are bytes while that is unknown, 0: none."""
    if len(data) < 2:
        return 2
    function = data[1]
    if function in _EIGHT_BYTES:
        return 8
    if function in _FOUR_BYTES:
        return 4
    if function not in _BLOCKS:
        return 0
    if len(data) < 7:
        return 7
    count, size = data[4] << 8 | data[5], data[6]
    wanted = -(-count // 8) if function == WRITE_COILS else 2 * count
    return 9 + size if size == wanted and 1 <= count <= _MOST_BLOCK[function] else 0


def _meaning(frame: bytes) -> Request:
    """The request that a whole frame makes."""
    address, function, body = frame[0], frame[1], frame[2:-2]
    if function not in _READS + _BLOCKS + (WRITE_COIL, WRITE_REGISTER):
        return Unsupported(address, function, body)
    first, value = body[0] << 8 | body[1], body[2] << 8 | body[3]
    if function in _READS:
        return Read(address, function, first, value)
    if function in _BLOCKS:
        return WriteBlock(address, function, first, value, body[5:])
    return Write(address, function, first, value)


def _word(value: int) -> tuple[int, int]:
    return value >> 8 & 0xFF, value & 0xFF
