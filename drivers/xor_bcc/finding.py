"""What an XOR/BCC line carries, in words, and whether such a board answers at an address."""

from collections.abc import Mapping, Sequence
from typing import Any

from drivers.bus import Bus, Question
from drivers.errors import NoAnswer
from drivers.xor_bcc import codec
from drivers.xor_bcc.driver import XorBccSettings

SEARCH_TIMEOUT_S = 0.3
CHANNELS_OF = {3: 24, 4: 32, 7: 50}
REQUESTS = {
    codec.UNLOCK: "unlock",
    codec.READ: "read",
    codec.HOLD_ON: "hold on",
    codec.HOLD_OFF: "hold off",
    codec.UNLOCK_ALL: "unlock all",
    codec.AUTO_REPORT: "door reports",
    codec.UNLOCK_TIME: "set the unlock time",
}
STATUSES = {codec.CONTACT_CLOSED: "contact closed", codec.CONTACT_OPEN: "contact open"}


def explain(data: bytes, sent: bool) -> Sequence[str]:  # noqa: FBT001 - one shape for all families
    """Put the frames of one direction into words."""
    return [_asked(data)] if sent else _answered(data)


async def search(bus: Bus, address: int) -> Mapping[str, Any] | None:
    """Ask for all contacts of an address; the size of the answer tells the channels that there may be."""
    request = codec.encode_read(address)
    question: Question[codec.Reply] = Question(
        request=request,
        decoder=codec.ReplyDecoder,
        matcher=lambda: codec.ReplyMatcher(request, echo=False),
        reply_timeout_s=SEARCH_TIMEOUT_S,
    )
    try:
        reply = await bus.ask(question)
    except NoAnswer:
        return None
    if not isinstance(reply, codec.BlockReply):
        return None
    settings = XorBccSettings(address, CHANNELS_OF[len(reply.states)])
    return {"address": settings.address, "channels": settings.channels}


def _asked(data: bytes) -> str:
    if len(data) < codec.SHORT_SIZE:
        return "no whole frame"
    head, address, channel = data[:3]
    what = REQUESTS.get(head, f"request {head:02X}")
    return f"{what}: board {address}, {f'channel {channel}' if channel else 'all channels'}"


def _answered(data: bytes) -> Sequence[str]:
    decoder = codec.ReplyDecoder(3)
    said = [_described(reply) for reply in decoder.feed(data) + decoder.silence()]
    return said or ["no frame of this family"]


def _described(reply: codec.Reply) -> str:
    if isinstance(reply, codec.BlockReply):
        return f"board {reply.address}: contacts {reply.states.hex(' ').upper()}"
    status = STATUSES.get(reply.status, f"status {reply.status:02X}")
    unasked = ", unasked" if reply.is_report else ""
    return f"board {reply.address}, channel {reply.channel}: {status}{unasked}"
