"""The host half of the Modbus relay boards as golden frames see it."""

from typing import Any

from drivers.errors import CallerMistake
from drivers.modbus_relay import codec

Description = tuple[Any, ...]


def asked(description: Description) -> bytes | None:
    """The request that is described, None if the host would never send it."""
    try:
        return _asked(description)
    except CallerMistake:
        return None


def understood(data: bytes) -> Description | None:
    """What a reply says, None if the bytes are not one whole, valid reply."""
    match codec.parse_reply(data):
        case codec.Bits(address, function, states):
            return ("bits", address, function, states)
        case codec.Registers(address, function, values):
            return ("registers", address, function, values)
        case codec.Written(address, function, first, value):
            return ("written", address, function, first, value)
        case codec.Refused(address, function, code):
            return ("refused", address, function, code)
    return None


def _asked(description: Description) -> bytes | None:
    match description:
        case ("pulse", int(address), int(channel), int(pulse_ms)):
            return codec.encode_pulse(address, channel, pulse_ms)
        case ("all-off", int(address)):
            return codec.encode_all_off(address)
        case ("read", int(address), int(function), int(first), int(count)):
            return codec.encode_read(address, function, first, count)
        case ("write", int(address), int(function), int(first), int(value)):
            return codec.encode_write(address, function, first, value)
        case ("write-coils", int(address), int(first), int(count), bytes(states)):
            return codec.encode_write_coils(address, first, count, states)
        case ("write-registers", int(address), int(first), tuple(values)):
            return codec.encode_write_registers(address, first, values)
    return None
