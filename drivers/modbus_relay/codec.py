"""Host half of Modbus RTU relay boards, pure: encode requests, decode replies.

The frames and their sources are in PROTOCOL.md beside this file, and why no library's framer serves here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.errors import CallerMistake
from drivers.frames import FrameDecoder

READ_COILS = 0x01
READ_INPUTS = 0x02
READ_HOLDING = 0x03
READ_INPUT_REGISTERS = 0x04
WRITE_COIL = 0x05
WRITE_REGISTER = 0x06
WRITE_COILS = 0x0F
WRITE_REGISTERS = 0x10
EXCEPTION = 0x80

ON, OFF, TOGGLE = 0xFF00, 0x0000, 0x5500
ALL_COILS = 0x00FF
TIMED_ON = 0x0200
TIMED_OFF = 0x0400
VERSION_REGISTER = 0x8000

HIGHEST_ADDRESS = 255
MOST_CHANNELS = 32
PULSE_UNIT_MS = 100
LONGEST_PULSE_UNITS = 0x7FFF

BIT_READS = frozenset({READ_COILS, READ_INPUTS})
REGISTER_READS = frozenset({READ_HOLDING, READ_INPUT_REGISTERS})
SINGLE_WRITES = frozenset({WRITE_COIL, WRITE_REGISTER})
BLOCK_WRITES = frozenset({WRITE_COILS, WRITE_REGISTERS})
FUNCTIONS = BIT_READS | REGISTER_READS | SINGLE_WRITES | BLOCK_WRITES

# Names of the Modbus application protocol, section 7; the vendor uses 1 to 6.
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target silent",
}

NOT_THERE = frozenset({1, 2, 3})
"""The exceptions by which a board says that it never has what was asked for; the others may pass."""

WRITE_SIZE = 8
EXCEPTION_SIZE = 5
READ_OVERHEAD = 5  # address, function, count of bytes, CRC
_MOST_BITS, _MOST_REGISTERS, _MOST_WRITTEN_BITS, _MOST_WRITTEN_REGISTERS = 2000, 125, 1968, 123
_MOST_BYTES = 250


@dataclass(frozen=True, slots=True)
class Bits:
    """Coils or inputs; bit 0 of the first byte is the first that was asked for."""

    address: int
    function: int
    states: bytes

    def is_set(self, place: int) -> bool:
        """Whether the bit of that place, counted from 0, is set."""
        return bool(self.states[place // 8] >> place % 8 & 1)


@dataclass(frozen=True, slots=True)
class Registers:
    """Values of registers, 0..65535 each."""

    address: int
    function: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A write was done: `first` is the coil or register, `value` what was written, of a block its length."""

    address: int
    function: int
    first: int
    value: int


@dataclass(frozen=True, slots=True)
class Refused:
    """An exception: the board did not do what `function` asks for; it does not say for which coil."""

    address: int
    function: int
    code: int

    @property
    def name(self) -> str:
        """The exception in words, with its number."""
        return f"{EXCEPTIONS.get(self.code, 'unknown exception')} (exception {self.code})"


Reply = Bits | Registers | Written | Refused


def encode_pulse(address: int, channel: int, pulse_ms: int) -> bytes:
    """Switch one relay on for a time that the board keeps: rounded up to 100 ms, at most 54 minutes."""
    if not 1 <= channel <= MOST_CHANNELS:
        raise CallerMistake(f"channel {channel} is outside 1..{MOST_CHANNELS}")
    units = min(max(-(-pulse_ms // PULSE_UNIT_MS), 1), LONGEST_PULSE_UNITS)
    return encode_write(address, WRITE_COIL, TIMED_ON + channel - 1, units)


def encode_all_off(address: int) -> bytes:
    """Switch every relay of a board off."""
    return encode_write(address, WRITE_COIL, ALL_COILS, OFF)


def encode_read(address: int, function: int, first: int, count: int) -> bytes:
    """Ask for coils, inputs or registers."""
    most = _MOST_BITS if function in BIT_READS else _MOST_REGISTERS
    if function not in BIT_READS | REGISTER_READS:
        raise CallerMistake(f"function {function:#04x} reads nothing")
    return _sealed(_address(address), function, *_block(first, count, most))


def encode_write(address: int, function: int, first: int, value: int) -> bytes:
    """Write one coil (ON, OFF, TOGGLE; a time where the board has timed coils) or one register."""
    if function not in SINGLE_WRITES:
        raise CallerMistake(f"function {function:#04x} writes no single value")
    return _sealed(_address(address), function, *_word(first), *_word(value))


def encode_write_coils(address: int, first: int, count: int, states: bytes) -> bytes:
    """Write several coils; bit 0 of the first byte is the first coil."""
    if len(states) != -(-count // 8):
        raise CallerMistake(f"{count} coils take {-(-count // 8)} bytes, not {len(states)}")
    block = _block(first, count, _MOST_WRITTEN_BITS)
    return _sealed(_address(address), WRITE_COILS, *block, len(states), *states)


def encode_write_registers(address: int, first: int, values: Sequence[int]) -> bytes:
    """Write several registers."""
    block = _block(first, len(values), _MOST_WRITTEN_REGISTERS)
    words = [byte for value in values for byte in _word(value)]
    return _sealed(_address(address), WRITE_REGISTERS, *block, len(words), *words)


def checksum(data: bytes | bytearray) -> bytes:
    """CRC-16/Modbus as it stands in a frame, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


def parse_reply(data: bytes) -> Reply | None:
    """The reply that is exactly these bytes, or None."""
    if len(data) != reply_size(data) or checksum(data[:-2]) != data[-2:]:
        return None
    address, function = data[0], data[1]
    if function & EXCEPTION:
        return Refused(address, function & ~EXCEPTION, data[2])
    if function in BIT_READS:
        return Bits(address, function, bytes(data[3:-2]))
    if function in REGISTER_READS:
        words = data[3:-2]
        values = (int.from_bytes(words[place : place + 2]) for place in range(0, len(words), 2))
        return Registers(address, function, tuple(values))
    return Written(address, function, int.from_bytes(data[2:4]), int.from_bytes(data[4:6]))


def reply_size(data: bytes | bytearray) -> int | None:
    """Size of the reply that begins with these bytes, None if none does or its third byte is missing."""
    if len(data) < 3:
        return None
    function, third = data[1], data[2]
    if function & EXCEPTION:
        return EXCEPTION_SIZE if function & ~EXCEPTION in FUNCTIONS and third else None
    if function in SINGLE_WRITES | BLOCK_WRITES:
        return WRITE_SIZE
    fits = 1 <= third <= _MOST_BYTES and (function in BIT_READS or third % 2 == 0)
    return READ_OVERHEAD + third if function in FUNCTIONS and fits else None


class ReplyDecoder(FrameDecoder[Reply]):
    """Finds the replies to one request.

    The request tells address, function and size of its answer, so nothing else is taken for one: a frame
    of another board, another size or another coil is passed over.
    """

    def __init__(self, request: bytes) -> None:
        super().__init__()
        self._refusal = bytes((request[0], request[1] | EXCEPTION))
        self._head = _head_of_answer(request)
        self._size = (
            WRITE_SIZE if request[1] not in BIT_READS | REGISTER_READS else READ_OVERHEAD + self._head[2]
        )

    def sizes(self, begun: bytearray) -> Sequence[int]:
        """Size of the answer that may begin here, () if none does."""
        if self._head.startswith(begun[: len(self._head)]):
            return (self._size,)
        return (EXCEPTION_SIZE,) if self._refusal.startswith(begun[:2]) else ()

    def parse(self, frame: bytes) -> Reply | None:
        """The reply that is exactly these bytes, None if they are none."""
        return parse_reply(frame)


class ReplyMatcher:
    """Says whether a reply answers the request. With `echo` the first copy of a write is our own voice."""

    def __init__(self, request: bytes, *, echo: bool) -> None:
        self._copy = parse_reply(request) if echo else None

    def __call__(self, reply: Reply) -> bool:
        """True once for the answer; call it with every reply heard, in order."""
        if reply == self._copy:
            self._copy = None
            return False
        return True


def _head_of_answer(request: bytes) -> bytes:
    """The bytes with which the answer must begin."""
    address, function, count = request[0], request[1], int.from_bytes(request[4:6])
    if function in BIT_READS:
        return bytes((address, function, -(-count // 8)))
    return bytes((address, function, 2 * count)) if function in REGISTER_READS else request[:6]


def _sealed(*values: int) -> bytes:
    body = bytes(values)
    return body + checksum(body)


def _address(address: int) -> int:
    if not 0 <= address <= HIGHEST_ADDRESS:
        raise CallerMistake(f"board address {address} is outside 0..{HIGHEST_ADDRESS}")
    return address


def _block(first: int, count: int, most: int) -> bytes:
    if not 1 <= count <= most or first + count > 0x10000:
        raise CallerMistake(f"{count} values from {first} are outside what one frame can carry")
    return _word(first) + _word(count)


def _word(value: int) -> bytes:
    if not 0 <= value <= 0xFFFF:
        raise CallerMistake(f"{value} is outside 0..65535")
    return value.to_bytes(2)


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC = tuple(_crc_of(byte) for byte in range(256))
