"""What a line with Modbus relay boards carries, in words, and whether such a board answers at an address."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from drivers.bus import Bus, Question
from drivers.errors import NoAnswer
from drivers.frames import texts
from drivers.modbus_relay import codec
from drivers.modbus_relay.driver import ModbusRelaySettings

FIRST_TIMEOUT_S = 0.2
SEARCH_TIMEOUT_S = 0.3
LEAST_TIMEOUT_S = 0.02
"""An answer in less than that is not waited for: the line alone takes so long."""

READS = {
    codec.READ_COILS: "relays",
    codec.READ_INPUTS: "inputs",
    codec.READ_HOLDING: "registers",
    codec.READ_INPUT_REGISTERS: "input registers",
}
SWITCHES = {codec.ON: "on", codec.OFF: "off", codec.TOGGLE: "toggle"}


def explain(data: bytes, sent: bool) -> Sequence[str]:  # noqa: FBT001 - one shape for all families
    """Put the frames of one direction into words."""

    def read(begun: bytes) -> tuple[str, int] | None:
        size = (_request_size(begun) if sent else codec.reply_size(begun)) or 0
        frame = begun[:size]
        if not frame or len(frame) < size or codec.checksum(frame[:-2]) != frame[-2:]:
            return None
        return (_asked if sent else _answered)(frame), size

    return list(texts(data, read, _stray)) or ["no frame of this family"]


async def search(bus: Bus, address: int) -> Mapping[str, Any] | None:
    """Read the inputs of an address; more and more of them, until the board refuses or time is up.

    A board that answers but has no inputs is none of this family: nobody could see its doors.
    """
    until_s = asyncio.get_running_loop().time() + SEARCH_TIMEOUT_S
    found = await _read(bus, address, 8, FIRST_TIMEOUT_S)
    if found is None:
        return None
    # One that has 8 may have more, one that refuses 8 fewer.
    has_eight = isinstance(found, codec.Bits)
    channels = 8 if has_eight else 0
    for count in (16, 32) if has_eight else (4, 2, 1):
        left_s = until_s - asyncio.get_running_loop().time()
        if left_s < LEAST_TIMEOUT_S:
            break
        reply = await _read(bus, address, count, left_s)
        if isinstance(reply, codec.Bits):
            channels = count
        if isinstance(reply, codec.Bits) is not has_eight:
            break
    if not channels:
        return None
    settings = ModbusRelaySettings(address, channels)
    return {"address": settings.address, "channels": settings.channels}


async def _read(bus: Bus, address: int, count: int, timeout_s: float) -> codec.Reply | None:
    request = codec.encode_read(address, codec.READ_INPUTS, 0, count)
    question: Question[codec.Reply] = Question(
        request=request,
        decoder=lambda: codec.ReplyDecoder(request),
        matcher=lambda: codec.ReplyMatcher(request, echo=False),
        reply_timeout_s=timeout_s,
    )
    try:
        return await bus.ask(question)
    except NoAnswer:
        return None


def _asked(frame: bytes) -> str:
    first, value = int.from_bytes(frame[2:4]), int.from_bytes(frame[4:6])
    board = f"board {frame[0]}" if frame[0] else "all boards"
    match frame[1]:
        case codec.WRITE_COIL:
            return f"{board}: {_switched(first, value)}"
        case codec.WRITE_REGISTER:
            return f"{board}: write {value} to register {first:04X}"
        case codec.WRITE_COILS:
            states = frame[7:-2].hex(" ").upper()
            return f"{board}: switch {value} relays from channel {first + 1}: {states}"
        case codec.WRITE_REGISTERS:
            return f"{board}: write registers from {first:04X}: {frame[7:-2].hex(' ').upper()}"
        case function:
            return f"{board}: read {value} {READS[function]} from {_place(function, first)}"


def _answered(frame: bytes) -> str:
    board = f"board {frame[0]}"
    match codec.parse_reply(frame):
        case codec.Bits(_, function, states):
            return f"{board}: {READS[function]} {states.hex(' ').upper()}"
        case codec.Registers(_, function, values):
            return f"{board}: {READS[function]} {' '.join(f'{value:04X}' for value in values)}"
        case codec.Refused(_, function, _) as refused:
            return f"{board}: refuses function {function:02X}: {refused.name}"
        case codec.Written(_, codec.WRITE_COIL, first, value):
            return f"{board}: done, {_switched(first, value)}"
        case codec.Written(_, function, first, value):
            return f"{board}: done, function {function:02X} at {first:04X}, {value}"
    return _stray(frame)


def _stray(data: bytes) -> str:
    """What lies between frames: a line that echoes says readings again, and writes are their own answer."""
    if _request_size(data) == len(data) and codec.checksum(data[:-2]) == data[-2:]:
        return f"echo of a request: {_asked(data)}"
    return f"no frame of this family: {data.hex(' ').upper()}"


def _switched(coil: int, value: int) -> str:
    command, relay = coil & 0xFF00, coil & 0xFF
    if command in (codec.TIMED_ON, codec.TIMED_OFF):
        how = "pulse" if command == codec.TIMED_ON else "off for a time"
        return f"{how}, channel {relay + 1}, {value * codec.PULSE_UNIT_MS} ms"
    which = "all channels" if coil == codec.ALL_COILS else f"channel {coil + 1}"
    return f"switch {SWITCHES.get(value, f'{value:04X}')}, {which}"


def _place(function: int, first: int) -> str:
    return f"{first + 1}" if function in codec.BIT_READS else f"{first:04X}"


def _request_size(data: bytes) -> int | None:
    if len(data) < codec.WRITE_SIZE or data[1] not in codec.FUNCTIONS:
        return None
    return 9 + data[6] if data[1] in codec.BLOCK_WRITES else codec.WRITE_SIZE
