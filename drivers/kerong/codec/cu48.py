"""Host half of the CU48 shape, pure: `02 ADDR LOCK CMD 03 SUM`. Locks are counted from 0 as on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.errors import CallerMistake
from drivers.frames import FrameDecoder
from drivers.kerong.codec.frames import (
    HIGHEST_BOARD,
    STX,
    StateReply,
    checked,
    has_sum,
    is_sealed,
    sealed,
)

STATE = 0x60
UNLOCK = 0x61
STATE_TOLD = 0x75
UNEXPLAINED = 0x77

EVERY_BOARD = 0x0A
EVERY_LOCK = 0x30
LOCKS = 48
UNEXPLAINED_LOCK = 0x0A

_STATE_SIZE = 18
_PLAIN_SIZE = 6
_HEAD_SIZE = 4
_GROUPS = LOCKS // 8
_SIZES: Mapping[tuple[int, int], Sequence[int]] = {
    (0, STATE_TOLD): (_STATE_SIZE,),
    (UNEXPLAINED_LOCK, UNEXPLAINED): (_STATE_SIZE, _PLAIN_SIZE),
}


@dataclass(frozen=True, slots=True)
class UnexplainedReply:
    """Captured once, meaning unknown, length not told: taken off the line and never believed."""

    address: int
    data: bytes


@dataclass(frozen=True, slots=True)
class DoubtfulReply:
    """Six bytes with no ETX that one disabled test prints; real boards were never seen to send them."""

    address: int
    data: int


Reply = StateReply | UnexplainedReply


def encode_unlock(board: int, lock: int) -> bytes:
    """Pulse one lock; no value of it is a broadcast."""
    return encode_command(address_of(board), checked(lock, LOCKS - 1, "lock"), UNLOCK)


def encode_state(board: int) -> bytes:
    """Ask one board for its state."""
    return encode_command(address_of(board), 0, STATE)


def encode_unlock_all(board: int) -> bytes:
    """Pulse every lock of one board."""
    return encode_command(address_of(board), EVERY_LOCK, UNLOCK)


def encode_command(address: int, lock: int, command: int, *, doubtful: bool = False) -> bytes:
    """Any command, as it is; `doubtful` puts a zero before ETX, which contradicts all captures."""
    if command not in (STATE, UNLOCK) or (doubtful and command != UNLOCK):
        raise CallerMistake(f"there is no such command as {command:02X}")
    head = (checked(address, 0xFF, "address"), checked(lock, EVERY_LOCK, "lock"), command)
    return sealed(*head, 0) if doubtful else sealed(*head)


def address_of(board: int) -> int:
    """The address byte of a board; CallerMistake if no board can have that number."""
    return checked(board, HIGHEST_BOARD, "board address")


def parse_reply(data: bytes) -> Reply | None:
    """The reply that is exactly these bytes, or None."""
    if len(data) not in (_STATE_SIZE, _PLAIN_SIZE) or not is_sealed(data):
        return None
    address, lock, command = data[1:_HEAD_SIZE]
    if (lock, command) == (UNEXPLAINED_LOCK, UNEXPLAINED):
        return UnexplainedReply(address, data[_HEAD_SIZE:-2])
    if (lock, command) != (0, STATE_TOLD) or len(data) != _STATE_SIZE:
        return None
    bits = data[_HEAD_SIZE:-2]
    return StateReply(address, command, bits[:_GROUPS], bits[_GROUPS:])


def parse_doubtful(data: bytes) -> DoubtfulReply | None:
    """The doubtful reply that is exactly these bytes; no decoder gives it, for a state may begin so."""
    is_one = len(data) == _PLAIN_SIZE and data[0] == STX and has_sum(data)
    return DoubtfulReply(data[1], data[4]) if is_one and data[2:4] == bytes((0, STATE_TOLD)) else None


class ReplyDecoder(FrameDecoder[Reply]):
    """Finds the replies of boards."""

    def sizes(self, begun: bytearray) -> Sequence[int]:
        """How long a frame that begins with these bytes may be; () if none does."""
        if begun[0] != STX or (len(begun) > 1 and begun[1] > EVERY_BOARD):
            return ()
        if len(begun) < _HEAD_SIZE:
            return (_PLAIN_SIZE,)
        return _SIZES.get((begun[2], begun[3]), ())

    def parse(self, frame: bytes) -> Reply | None:
        """The reply that is exactly these bytes, None if they are none."""
        return parse_reply(frame)
