"""What a Winnsen line carries, in words, and whether such a board answers at a station."""

from collections.abc import Mapping, Sequence
from typing import Any

from drivers.bus import Bus, Question
from drivers.errors import NoAnswer
from drivers.frames import texts
from drivers.winnsen import codec
from drivers.winnsen.driver import HIGHEST_STATION

SEARCH_TIMEOUT_S = 0.15
"""For each of two readings: without a checksum one answer proves no board."""
SIZES = {codec.UNLOCK: 6, codec.POLL: 7, codec.READ: 6}


def explain(data: bytes, sent: bool) -> Sequence[str]:  # noqa: FBT001 - one shape for all families
    """Put the frames of one direction into words."""
    if sent:
        return [_asked(data) or "no whole frame"]
    return list(texts(data, _answered, _stray)) or ["no frame of this family"]


async def search(bus: Bus, address: int) -> Mapping[str, Any] | None:
    """Read a station twice; the fitted locks it does not tell, and `unprotected` is for a person to say."""
    if not 1 <= address <= HIGHEST_STATION:
        return None
    request = codec.encode_poll_of(address, codec.HIGHEST_LOCK)
    question: Question[codec.Reply] = Question(
        request=request,
        decoder=codec.ReplyDecoder,
        matcher=lambda: codec.ReplyMatcher(request),
        reply_timeout_s=SEARCH_TIMEOUT_S,
    )
    try:
        readings = [await bus.ask(question), await bus.ask(question)]
    except NoAnswer:
        return None
    return {"address": address, "channels": codec.HIGHEST_LOCK} if readings[0] == readings[1] else None


def _asked(data: bytes) -> str | None:
    is_whole = len(data) > 3 and (data[0], data[-1]) == (codec.HEAD, codec.END)
    if not is_whole or len(data) != data[1] or SIZES.get(data[2]) != len(data):
        return None
    station = f"station {data[3]}"
    if data[2] == codec.POLL:
        return f"poll: {station}, mask {data[4:6].hex(' ').upper()}"
    return f"{'unlock' if data[2] == codec.UNLOCK else 'read'}: {station}, lock {data[4]}"


def _answered(data: bytes) -> tuple[str, int] | None:
    reply = codec.parse_reply(data[: codec.REPLY_SIZE])
    return None if reply is None else (_described(reply), codec.REPLY_SIZE)


def _stray(data: bytes) -> str:
    """What lies between replies: a line that echoes says requests again."""
    echoed = _asked(data)
    return (
        f"no frame of this family: {data.hex(' ').upper()}"
        if echoed is None
        else f"echo of a request: {echoed}"
    )


def _described(reply: codec.Reply) -> str:
    other = ", under its other function code" if reply.alternate else ""
    if isinstance(reply, codec.PollReply):
        return f"station {reply.station}: open doors {reply.low:02X} {reply.high:02X}{other}"
    lock = f"station {reply.station}, lock {reply.lock}"
    if reply.function == codec.WAS_READ:
        return f"{lock}: state {reply.result:02X}{other}"
    return f"{lock}: unlock {codec.RESULTS[reply.result]}{other}"
