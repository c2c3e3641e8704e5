"""What a Kerong line carries, in words, and whether such a board answers at an address."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drivers.bus import Bus, Question
from drivers.errors import NoAnswer
from drivers.frames import texts
from drivers.kerong.codec import cu16, cu48
from drivers.kerong.codec.frames import StateReply, is_sealed
from drivers.kerong.driver import CU16, CU48, Shape

SEARCH_TIMEOUT_S = 0.3
CU16_ORDERS = {
    cu16.STATE: "read the state",
    cu16.STATE_OF_ALL: "read the state of all boards",
    cu16.UNLOCK_ALL: "unlock all locks",
    cu16.UNLOCK_TIME_TOLD: "read the unlock time (38)",
    cu16.RECRUIT: "recruit new units",
    cu16.ASSIGN: "assign an address",
}
NO_FRAME = "no frame of this family"


def explain_cu16(data: bytes, sent: bool) -> Sequence[str]:  # noqa: FBT001 - one shape for all families
    """Put the frames of one direction of a CU16 line into words."""
    if sent:
        return [_cu16_order(data) or f"{NO_FRAME}: {_hex(data)}"]
    return list(texts(data, _cu16_reply, _stray(_cu16_order))) or [NO_FRAME]


def explain_cu48(data: bytes, sent: bool) -> Sequence[str]:  # noqa: FBT001 - one shape for all families
    """Put the frames of one direction of a CU48 line into words."""
    if sent:
        return [_cu48_order(data) or f"{NO_FRAME}: {_hex(data)}"]
    doubtful = cu48.parse_doubtful(data)
    if doubtful is not None:
        return [f"board {doubtful.address}: answer without ETX that only one source has, not acted on"]
    return list(texts(data, _cu48_reply, _stray(_cu48_order))) or [NO_FRAME]


async def search_cu16(bus: Bus, address: int) -> Mapping[str, Any] | None:
    """Ask a CU16 for its state; how many of its 16 lock bits are wired it does not tell."""
    return await _search(bus, address, CU16)


async def search_cu48(bus: Bus, address: int) -> Mapping[str, Any] | None:
    """Ask a CU48 for its state; how many of its 48 lock bits are wired it does not tell."""
    return await _search(bus, address, CU48)


async def _search(bus: Bus, address: int, shape: Shape) -> Mapping[str, Any] | None:
    def is_its_state(reply: object) -> bool:
        return (
            isinstance(reply, StateReply)
            and reply.address == shape.address_of(address)
            and reply.command == shape.state_told
        )

    question: Question[StateReply] = Question(
        request=shape.encode_state(address),
        decoder=shape.decoder,
        matcher=lambda: is_its_state,
        reply_timeout_s=SEARCH_TIMEOUT_S,
    )
    try:
        reply = await bus.ask(question)
    except NoAnswer:
        return None
    return {"address": address, "channels": 8 * len(reply.locks)}


def _stray(order: Callable[[bytes], str | None]) -> Callable[[bytes], str]:
    """What lies between replies: a line that echoes says requests again."""

    def stray(between: bytes) -> str:
        echoed = order(between)
        return f"{NO_FRAME}: {_hex(between)}" if echoed is None else f"echo of a request: {echoed}"

    return stray


def _cu16_order(data: bytes) -> str | None:
    if len(data) < len(cu16.encode_state(0)) or not is_sealed(data):
        return None
    address, command, values = data[1], data[2], data[3:-2]
    if len(values) not in cu16.DATA_SIZES.get(command, ()):
        return None
    whom = "every board" if address == cu16.EVERY_BOARD else f"board {address >> 4}"
    match command, len(values):
        case (cu16.UNLOCK, _):
            return f"unlock: {_cu16_place(address)}"
        case (cu16.DELAYED_UNLOCK, _):
            return f"unlock after {values[0]} s: {_cu16_place(address)}"
        case (cu16.UNLOCK_TIME, 0):
            return f"read the unlock time: {whom}"
        case (cu16.UNLOCK_TIME, _):
            milliseconds = (values[0] << 8 | values[1]) * cu16.UNLOCK_TIME_STEP_MS
            return f"set the unlock time to {milliseconds} ms: {whom}"
        case (cu16.BAUD_RATE, _):
            return f"set the baud rate to code {values[0]}: {whom}"
    return f"{CU16_ORDERS[command]}: {whom}"


def _cu16_place(address: int) -> str:
    return f"board {address >> 4}, channel {(address & 0x0F) + 1}"


def _cu16_reply(data: bytes) -> tuple[str, int] | None:
    """Put the reply that the bytes begin with into words, and say how long it is."""
    for size in (9, 7):
        reply = cu16.parse_reply(data[:size])
        if reply is None or reply.address & 0x0F:
            continue
        board = f"board {reply.address >> 4}"
        if isinstance(reply, cu16.UnlockTimeReply):
            return f"{board}: unlock time {reply.unlock_time_ms} ms", size
        return f"{board}: {_bits(reply)}", size
    return None


def _cu48_order(data: bytes) -> str | None:
    plain, doubtful = len(data) == 6, len(data) == 7 and data[4] == 0
    if not (plain or doubtful) or not is_sealed(data):
        return None
    address, lock, command = data[1:4]
    whom = "every board" if address == cu48.EVERY_BOARD else f"board {address}"
    if command == cu48.STATE and plain:
        return f"read the state: {whom}"
    if command != cu48.UNLOCK or lock > cu48.EVERY_LOCK:
        return None
    what = "all channels" if lock == cu48.EVERY_LOCK else f"channel {lock + 1}"
    return f"unlock: {whom}, {what}" + (", in a form that only one source has" if doubtful else "")


def _cu48_reply(data: bytes) -> tuple[str, int] | None:
    """Put the reply that the bytes begin with into words, and say how long it is."""
    for size in (18, 6):
        reply = cu48.parse_reply(data[:size])
        if isinstance(reply, cu48.UnexplainedReply):
            return f"board {reply.address}: answer 77, of unknown meaning, not acted on", size
        if reply is not None:
            return f"board {reply.address}: {_bits(reply)}", size
    return None


def _bits(reply: StateReply) -> str:
    contacts = reply.contacts(8 * len(reply.locks), items=False)
    closed = [channel for channel, contact in contacts.items() if contact.value == "closed"]
    items = [n for n in range(1, 8 * len(reply.items) + 1) if reply.items[(n - 1) // 8] >> (n - 1) % 8 & 1]
    return f"contacts closed {_list(closed)}; items at {_list(items)}"


def _list(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers)) or "none"


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()
