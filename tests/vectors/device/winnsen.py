"""The Winnsen board's device half as golden frames see it."""

from typing import Any

from simulator.boards import winnsen as board

Description = tuple[Any, ...]


def understood(data: bytes) -> Description | None:
    """What a request asks for, if it is one whole request and nothing besides."""
    parser = board.RequestFinder()
    found = parser.feed(data)
    if len(found) != 1 or parser.pending or parser.skipped:
        return None
    match found[0]:
        case board.Open(station, lock):
            return ("unlock", station, lock)
        case board.Poll(station, low, high):
            return ("poll", station, low, high)
        case board.State(station, lock):
            return ("read", station, lock)


def said(description: Description) -> bytes | None:
    """The bytes of a reply."""
    match description:
        case ("polled", int(station), int(low), int(high), bool(other)):
            function = board.OTHER_CODES[board.POLL_ANSWER] if other else board.POLL_ANSWER
            return board.encode_polled(station, low, high, function=function)
        case ("unlocked", int(station), int(lock), int(result), bool(other)):
            function = board.OTHER_CODES[board.OPEN_ANSWER] if other else board.OPEN_ANSWER
            return board.encode_opened(station, lock, result, function=function)
        case ("state", int(station), int(lock), int(result)):
            return board.encode_state(station, lock, result)
    return None
