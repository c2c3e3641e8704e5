"""The device half of the Modbus relay boards as golden frames see it."""

from typing import Any

from simulator.boards import modbus_relay as board

Description = tuple[Any, ...]


def understood(data: bytes) -> Description | None:
    """What a request asks, None if the bytes are not one whole, valid request."""
    parser = board.RequestFinder()
    found = parser.feed(data)
    if len(found) != 1 or parser.pending or parser.skipped:
        return None
    match found[0]:
        case board.Write(address, board.WRITE_COIL, first, value) if (
            0 <= first - board.TIMED_ON < 32 and 1 <= value <= board.LONGEST_TIME
        ):
            return ("pulse", address, first - board.TIMED_ON + 1, 100 * value)
        case board.Write(address, board.WRITE_COIL, board.ALL_RELAYS, board.OFF):
            return ("all-off", address)
        case board.Read(address, function, first, count):
            return ("read", address, function, first, count)
        case board.Write(address, function, first, value):
            return ("write", address, function, first, value)
        case board.WriteBlock(address, board.WRITE_COILS, first, count, states):
            return ("write-coils", address, first, count, states)
        case board.WriteBlock(address, _, first, count, data):
            words = (int.from_bytes(data[at : at + 2]) for at in range(0, 2 * count, 2))
            return ("write-registers", address, first, tuple(words))
    return None


def said(description: Description) -> bytes | None:
    """The reply that is described, None if the board would never say it."""
    match description:
        case ("bits", int(address), int(function), bytes(states)):
            return board.encode_bits(address, function, states)
        case ("registers", int(address), int(function), tuple(values)):
            return board.encode_registers(address, function, values)
        case ("written", int(address), int(function), int(first), int(value)):
            return board.encode_written(address, function, first, value)
        case ("refused", int(address), int(function), int(code)):
            return board.encode_exception(address, function, code)
    return None
