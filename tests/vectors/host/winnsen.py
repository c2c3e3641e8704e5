"""The Winnsen board's host half as golden frames see it."""

from typing import Any

from drivers.winnsen import codec

Description = tuple[Any, ...]


def asked(description: Description) -> bytes | None:
    """The bytes of a request."""
    match description:
        case ("unlock", int(station), int(lock)):
            return codec.encode_unlock(station, lock)
        case ("poll", int(station), int(low), int(high)):
            return codec.encode_poll(station, low, high)
        case ("read", int(station), int(lock)):
            return codec.encode_read(station, lock)
    return None


def understood(data: bytes) -> Description | None:
    """What a reply says; the last word tells whether it came under its other function code."""
    match codec.parse_reply(data):
        case codec.PollReply(station, low, high, alternate):
            return ("polled", station, low, high, alternate)
        case codec.LockReply(codec.WAS_READ, station, lock, result):
            return ("state", station, lock, result)
        case codec.LockReply(_, station, lock, result, alternate):
            return ("unlocked", station, lock, result, alternate)
    return None
