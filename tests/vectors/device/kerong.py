"""Kerong boards as the golden frames see their device half."""

from typing import Any

from simulator.boards import kerong

Description = tuple[Any, ...]

_BOARD_COMMANDS = {
    kerong.READ_16: "state",
    kerong.READ_BUS: "state-of-all",
    kerong.UNLOCK_EACH: "unlock-all",
    kerong.TIME: "tell-unlock-time",
    kerong.RECRUIT: "recruit",
}


def understood_cu16(data: bytes) -> Description | None:
    """Describe the one request that these bytes are; None: they are not one."""
    parser = kerong.Parser16()
    found = parser.feed(data)
    if len(found) != 1 or parser.pending or parser.skipped:
        return None
    order = found[0]
    match order.command:
        case kerong.UNLOCK_16:
            return ("unlock", order.board, order.lock)
        case kerong.DELAYED:
            return ("delayed-unlock", order.board, order.lock, order.data[0])
        case kerong.SET_TIME:
            milliseconds = 10 * (order.data[0] << 8 | order.data[1]) if order.data else None
            return ("unlock-time", order.address, milliseconds)
        case kerong.BAUD:
            return ("baud-rate", order.address, order.data[0])
        case kerong.ASSIGN:
            return ("assign", order.address, order.data)
    return (_BOARD_COMMANDS[order.command], order.address)


def understood_cu48(data: bytes) -> Description | None:
    """Describe the one request that these bytes are; None: they are not one."""
    parser = kerong.Parser48()
    found = parser.feed(data)
    if len(found) != 1 or parser.pending or parser.skipped:
        return None
    order = found[0]
    if order.command == kerong.READ_48:
        return ("state", order.address, order.lock)
    return ("doubtful-unlock" if order.extra else "unlock", order.address, order.lock)


def said_cu16(description: Description) -> bytes | None:
    """Spell the reply that is described; None: this board says no such thing."""
    match description:
        case ("state", int(address), bytes(locks), bytes(items)):
            return kerong.encode_state_16(address, locks, items)
        case ("state-of-all", int(address), bytes(locks), bytes(items)):
            return kerong.encode_state_16(address, locks, items, command=kerong.STATE_OF_BUS)
        case ("unlock-time", int(address), int(milliseconds)):
            return kerong.encode_time_16(address, milliseconds // 10)
    return None


def said_cu48(description: Description) -> bytes | None:
    """Spell the reply that is described; None: this board says no such thing."""
    match description:
        case ("state", int(address), bytes(locks), bytes(items)):
            return kerong.encode_state_48(address, locks, items)
        case ("unexplained", int(address), bytes(data)):
            return kerong.encode_unexplained_48(address, data)
        case ("doubtful", int(address), int(value)):
            return kerong.encode_short_48(address, value)
    return None
