"""What an XOR/BCC line carries, in words, and whether such a board answers at an address."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import xor
from typing import Any

from drivers.base import Contact
from drivers.bus import Bus, Question
from drivers.errors import NoAnswer
from drivers.frames import texts
from drivers.xor_bcc import codec

SEARCH_TIMEOUT_S = 0.28
"""By the vendor's example a reply comes after about 200 ms; 50 ms of quiet end a block of unknown size."""

BLOCK_SIZES = tuple(size + codec.BLOCK_OVERHEAD for size in reversed(codec.STATE_SIZES))
BITMAP_SIZES = tuple(size + 3 for size in reversed(codec.STATE_SIZES))
SIZES = sorted({*BLOCK_SIZES, *BITMAP_SIZES, 6, codec.SHORT_SIZE}, reverse=True)
STATUSES = {codec.CONTACT_CLOSED: "contact closed", codec.CONTACT_OPEN: "contact open"}
NAMED_ONLY = {
    0x7A: "motor lock",
    0x7C: "three pulses",
    0x7F: "limit open",
    0xDD: "ask for the chip id",
    0xDE: "ask for the version",
    0xDF: "set the feedback direction",
    0xE1: "ask for the feedback direction",
}
"""Requests of single editions of which no more is public than their head and name."""


def explain(data: bytes, sent: bool) -> Sequence[str]:  # noqa: FBT001 - one shape for all families
    """Put the frames of one direction into words, one text a frame; several may be glued."""
    put = _asked if sent else _heard

    def read(begun: bytes) -> tuple[str, int] | None:
        # A shorter frame may begin like a longer one, but hardly ever the other way round.
        candidates = ((put(begun[:size]), size) for size in SIZES if size <= len(begun))
        return next(((text, size) for text, size in candidates if text), None)

    return list(texts(data, read, _stray)) or ["no frame of this family"]


async def search(bus: Bus, address: int) -> Mapping[str, Any] | None:
    """Ask for all contacts of an address; the size of the answer tells the channels that there may be.

    The setting `echo` is found as well: the request is then heard in front of the answer. No answer tells the
    edition and the byte order.
    """
    request = codec.encode_read(address)
    copy, copies = codec.parse_reply(request), 0

    def matcher() -> Callable[[codec.Reply], bool]:
        def is_block(reply: codec.Reply) -> bool:
            nonlocal copies
            copies += reply == copy
            is_states = isinstance(reply, codec.BlockReply) and reply.head == codec.READ
            return is_states and reply.address == address

        return is_block

    question: Question[codec.Reply] = Question(
        request=request,
        # Expecting the longest, it takes each shorter block once the line is quiet.
        decoder=lambda: codec.ReplyDecoder(max(codec.STATE_SIZES)),
        matcher=matcher,
        reply_timeout_s=SEARCH_TIMEOUT_S,
    )
    try:
        reply = await bus.ask(question)
    except NoAnswer:
        return None
    if not isinstance(reply, codec.BlockReply):
        return None
    found: dict[str, Any] = {"address": address, "channels": codec.CHANNELS_OF[len(reply.states)]}
    return found | {"echo": True} if copies else found


def _stray(data: bytes | bytearray) -> str:
    return f"no frame of this family: {data.hex(' ').upper()}"


def _asked(frame: bytes) -> str | None:
    if reduce(xor, frame) != 0 or frame[1] > codec.HIGHEST_ADDRESS:
        return None
    head, board = frame[0], f"board {frame[1]}"
    if head == codec.UNLOCK_MANY:
        return (
            f"unlock several: {board}, {_channels(_bits(frame[2:-1]))}"
            if len(frame) in BITMAP_SIZES
            else None
        )
    if frame[2] > codec.HIGHEST_CHANNEL:
        return None
    where = f"{board}, {f'channel {frame[2]}' if frame[2] else 'all channels'}"
    if len(frame) == 6:
        is_timed = head == codec.UNLOCK and frame[3] == codec.PULSE and 1 <= frame[4] <= codec.LONGEST_PULSE_S
        return f"unlock: {where}, {frame[4]} s" if is_timed else None
    if len(frame) != codec.SHORT_SIZE:
        return None
    if head in NAMED_ONLY:
        return f"{NAMED_ONLY[head]} (form not public): {board}"
    if head == codec.UNLOCK_TIME:
        is_time = 1 <= frame[3] <= codec.LONGEST_PULSE_S
        return f"set the unlock time: {where}, {frame[3]} s" if is_time else None
    return _fixed(head, frame[2], frame[3], board, where)


def _fixed(head: int, channel: int, parameter: int, board: str, where: str) -> str | None:
    match (head, channel, parameter):
        case (codec.UNLOCK, _, codec.PULSE):
            return f"unlock: {where}"
        case (codec.UNLOCK, _, codec.PULSE_KECHENG):
            return f"unlock (Kecheng): {where}"
        case (codec.READ, _, codec.STATE):
            return f"read: {where}"
        case (codec.HOLD_ON | codec.HOLD_OFF, _, codec.PULSE):
            return f"hold {'on' if head == codec.HOLD_ON else 'off'}: {where}"
        case (codec.UNLOCK_ALL, 0x01, 0x33) | (codec.UNLOCK_ALL, 0x02, 0x10):
            return f"unlock all: {board}"
        case (codec.AUTO_REPORT, 1, 0 | 1):
            return f"door reports {'on' if parameter else 'off'}: {board}"
        case (codec.VERSION, 0, codec.FIRMWARE):
            return f"ask for the firmware: {board}"
        case (codec.VERSION, 0, codec.UNIQUE_ID):
            return f"ask for the unique id: {board}"
    return None


def _heard(frame: bytes) -> str | None:
    reply = codec.parse_reply(frame)
    if reply is None:
        echoed = _asked(frame)
        return None if echoed is None else f"echo of a request: {echoed}"
    if isinstance(reply, codec.BlockReply):
        did = " after unlocking all" if reply.head == codec.UNLOCKED_ALL else ""
        highest = 8 * len(reply.states)
        told = reply.contacts(highest, last_byte_is_first=True)
        closed = [channel for channel, contact in told.items() if contact is Contact.CLOSED]
        states = reply.states.hex(" ").upper()
        return f"board {reply.address}{did}: contacts {states}: closed {_channels(closed)} (last byte is 1-8)"
    board = f"board {reply.address}"
    if reply.head == codec.VERSION and reply.channel == 0:
        echo = reply.status in (codec.FIRMWARE, codec.UNIQUE_ID)
        return f"{board}: firmware {reply.status:02X}{', or the echo of a question' if echo else ''}"
    if reply.status == codec.ECHO_OF_READ:
        return f"echo of a request: {_asked(frame) or frame.hex(' ').upper()}"
    what = {codec.HOLD_ON: ", held on", codec.HOLD_OFF: ", held off"}.get(reply.head, "")
    unasked = ", unasked" if reply.is_report else ""
    where = f"channel {reply.channel}" if reply.channel else "all channels"
    return f"{board}, {where}: {STATUSES[reply.status]}{what}{unasked}"


def _bits(bitmap: bytes) -> list[int]:
    return [8 * group + bit + 1 for group, byte in enumerate(bitmap) for bit in range(8) if byte >> bit & 1]


def _channels(channels: Sequence[int]) -> str:
    return "channels " + ", ".join(map(str, channels)) if channels else "no channel"
