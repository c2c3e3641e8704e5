"""The WKLY board's device half as golden frames see it."""

from typing import Any

from simulator.boards import wkly as board

Description = tuple[Any, ...]

_ASKED = {board.OPEN: "unlock", board.READ: "read", board.FLASH: "flash"}
_SAID = {
    "unlocked-together": board.OPEN_TOGETHER,
    "flashed": board.FLASH,
    "unlocked": board.OPEN,
    "contact": board.READ,
    "contacts": board.READ_ALL,
    "report": board.REPORT,
    "unlocked-all": board.OPEN_ALL,
    "unlocked-in-turn": board.OPEN_IN_SEQUENCE,
    "held-on": board.ON,
    "held-off": board.OFF,
}


def understood(data: bytes) -> Description | None:
    """What a request asks for, if it is one whole request and nothing besides."""
    parser = board.RequestFinder()
    found = parser.feed(data)
    return _described(found[0]) if len(found) == 1 and not parser.pending and not parser.skipped else None


def said(description: Description) -> bytes | None:
    """The bytes of a reply."""
    match description:
        case ("alternate", *inner):
            return board.framed(*_fields(tuple(inner)), start=board.OTHER_START)
    return board.framed(*_fields(description))


def _described(request: board.Request) -> Description:
    address, command, data = request.address, request.command, request.data
    match command:
        case board.OPEN | board.READ | board.FLASH:
            return (_ASKED[command], address, data[0])
        case board.ON | board.OFF:
            return ("hold", address, data[0], command == board.ON)
        case board.OPEN_TOGETHER | board.OPEN_IN_SEQUENCE:
            return ("unlock-several", address, data[1:], command == board.OPEN_TOGETHER)
        case board.OPEN_ALL:
            return ("unlock-all", address)
        case board.READ_ALL:
            return ("read-all", address)
    return ("other", address, command, data)


def _fields(description: Description) -> tuple[int, ...]:
    match description:
        case ("other", address, command, bytes(data)):
            return (address, command, *data)
        case ("contacts", address, result, bytes(states)):
            return (address, board.READ_ALL, result, len(states), *states)
        case (name, address, *data):
            return (address, _SAID[name], *data)
    raise ValueError(f"a WKLY board says nothing like {description!r}")
