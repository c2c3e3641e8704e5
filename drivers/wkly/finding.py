"""What a WKLY line carries, in words, and whether such a board answers at an address."""

from collections.abc import Mapping, Sequence
from typing import Any

from drivers.base import Contact
from drivers.bus import Bus, Question
from drivers.errors import NoAnswer
from drivers.frames import texts
from drivers.wkly import codec
from drivers.wkly.driver import HIGHEST_ADDRESS, HIGHEST_CHANNEL

SEARCH_TIMEOUT_S = 0.3
NAMES = {
    codec.UNLOCK_TOGETHER: "unlock several together",
    codec.FLASH: "flash the lamp",
    codec.UNLOCK: "unlock",
    codec.READ: "read",
    codec.READ_ALL: "read all",
    codec.REPORT: "door report, unasked",
    codec.UNLOCK_ALL: "unlock all in turn",
    codec.UNLOCK_IN_TURN: "unlock several in turn",
    codec.HOLD_ON: "hold on",
    codec.HOLD_OFF: "hold off",
}
CONTACTS = {Contact.CLOSED: "contact closed", Contact.OPEN: "contact open", None: "contact unknown"}


def explain(data: bytes, sent: bool) -> Sequence[str]:  # noqa: FBT001 - one shape for all families
    """Put the frames of one direction into words."""
    return [_asked(data)] if sent else list(texts(data, _answered, _stray)) or ["no frame of this family"]


async def search(bus: Bus, address: int) -> Mapping[str, Any] | None:
    """Ask for all contacts of an address; the answer tells the number of channels."""
    if address > HIGHEST_ADDRESS:
        return None
    request = codec.encode_read_all(address)
    question: Question[codec.Reply] = Question(
        request=request,
        decoder=lambda: codec.ReplyDecoder(alternate_header=True),
        matcher=lambda: codec.ReplyMatcher(request),
        reply_timeout_s=SEARCH_TIMEOUT_S,
    )
    try:
        reply = await bus.ask(question)
    except NoAnswer:
        return None
    channels = len(reply.states)
    if not 1 <= channels <= HIGHEST_CHANNEL:
        return None
    return {"address": address, "channels": channels, "alternate_header": reply.alternate}


def _asked(data: bytes) -> str:
    if not data.startswith(codec.HEADER) or len(data) < codec.OVERHEAD or data[4] != len(data):
        return "no whole frame"
    address, command, told = data[5], data[6], data[7:-1]
    if len(told) > codec.LONGEST_DATA:
        return f"no frame of this family: {len(told)} data bytes are more than {codec.LONGEST_DATA}"
    if data != codec.encode(address, command, told):
        return "wrong checksum"
    what = NAMES.get(command, f"command {command:02X}")
    if command in NAMES and not _is_request(command, told):
        return f"no request of this family: {what}, data {told.hex(' ').upper() or 'none'}"
    if command in (codec.READ_ALL, codec.UNLOCK_ALL):
        return f"{what}: board {address}"
    if command in (codec.UNLOCK_TOGETHER, codec.UNLOCK_IN_TURN):
        return f"{what}: board {address}, channels {', '.join(map(str, told[1:]))}"
    return f"{what}: board {address}, channel {told[0]}" if len(told) == 1 else f"{what}: board {address}"


def _is_request(command: int, told: bytes) -> bool:
    """Whether data of a named command have the form of a request: answers have another."""
    if command in (codec.READ_ALL, codec.UNLOCK_ALL):
        return not told
    if command in (codec.UNLOCK_TOGETHER, codec.UNLOCK_IN_TURN):
        return len(told) > 1 and told[0] == len(told) - 1
    return command != codec.REPORT and len(told) == 1


def _answered(data: bytes) -> tuple[str, int] | None:
    size = data[codec.LENGTH_AT] if len(data) > codec.LENGTH_AT else 0
    reply = codec.parse_reply(data[:size], alternate_header=True)
    return None if reply is None else (_described(reply), size)


def _stray(data: bytes) -> str:
    """What lies between replies: a line that echoes says requests again."""
    asked = _asked(data)
    is_none = asked.startswith(("no ", "wrong "))
    return f"no frame of this family: {data.hex(' ').upper()}" if is_none else f"echo of a request: {asked}"


def _described(reply: codec.Reply) -> str:
    what = NAMES.get(reply.command)
    if what is None:
        return f"board {reply.address}: command {reply.command:02X}, data {reply.data.hex(' ').upper()}"
    said = [f"{what}: board {reply.address}"]
    if reply.channel is not None:
        said.append(f"channel {reply.channel}")
    if reply.result is not None:
        said.append("done" if reply.result == codec.DONE else f"failed ({reply.result:02X})")
    if reply.states:
        said.append(f"contacts {reply.states.hex(' ').upper()}")
    elif reply.command in (codec.UNLOCK, codec.READ, codec.REPORT) and reply.channel is not None:
        said.append(CONTACTS[reply.contact])
    return ", ".join(said)
