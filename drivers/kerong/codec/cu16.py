"""Host half of the CU16 shape, pure: `02 ADDR CMD DATA.. 03 SUM`. Locks are counted from 0 as on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from drivers.errors import CallerMistake
from drivers.frames import FrameDecoder
from drivers.kerong.codec.frames import (
    HIGHEST_BOARD,
    STX,
    StateReply,
    checked,
    is_sealed,
    sealed,
)

STATE = 0x30
UNLOCK = 0x31
STATE_OF_ALL = 0x32
UNLOCK_ALL = 0x33
STATE_TOLD = 0x35
STATE_OF_ALL_TOLD = 0x36
UNLOCK_TIME = 0x37
UNLOCK_TIME_TOLD = 0x38
DELAYED_UNLOCK = 0x39
BAUD_RATE = 0x40
RECRUIT = 0x80
ASSIGN = 0x81

EVERY_BOARD = 0xF0
LOCKS = 16
LONGEST_DELAY_S = 250
LONGEST_UNLOCK_TIME_MS = 60_000
UNLOCK_TIME_STEP_MS = 10
BAUD_RATES = (9600, 19200, 57600, 115200)

DATA_SIZES: Mapping[int, Sequence[int]] = MappingProxyType(
    {
        STATE: (0,),
        UNLOCK: (0,),
        STATE_OF_ALL: (0,),
        UNLOCK_ALL: (0,),
        UNLOCK_TIME: (0, 2),
        UNLOCK_TIME_TOLD: (0,),
        DELAYED_UNLOCK: (1,),
        BAUD_RATE: (1,),
        RECRUIT: (0,),
        ASSIGN: (4,),
    }
)
"""Commands and how many bytes of data each takes."""

_STATE_SIZE = 9
_TIME_SIZE = 7
_HEAD_SIZE = 3
_SIZES: Mapping[int, int] = {
    STATE_TOLD: _STATE_SIZE,
    STATE_OF_ALL_TOLD: _STATE_SIZE,
    UNLOCK_TIME_TOLD: _TIME_SIZE,
}


@dataclass(frozen=True, slots=True)
class UnlockTimeReply:
    """How long a board pulses its locks."""

    address: int
    unlock_time_ms: int


Reply = StateReply | UnlockTimeReply


def encode_unlock(board: int, lock: int) -> bytes:
    """Pulse one lock; no value of it is a broadcast."""
    return encode_command(_place(board, lock), UNLOCK)


def encode_state(board: int) -> bytes:
    """Ask one board for its state."""
    return encode_command(address_of(board), STATE)


def encode_state_of_all() -> bytes:
    """Ask every board of the bus; each answers with a frame of its own."""
    return encode_command(EVERY_BOARD, STATE_OF_ALL)


def encode_unlock_all(board: int) -> bytes:
    """Pulse every lock of one board."""
    return encode_command(address_of(board), UNLOCK_ALL)


def encode_unlock_time(board: int, unlock_time_ms: int | None = None) -> bytes:
    """Set how long a board pulses, in steps of 10 ms, or without a time ask for it."""
    address = address_of(board)
    query = encode_command(address, UNLOCK_TIME)
    if unlock_time_ms is None:
        return query
    checked(unlock_time_ms, LONGEST_UNLOCK_TIME_MS, "unlock time in ms")
    steps, odd = divmod(unlock_time_ms, UNLOCK_TIME_STEP_MS)
    if odd:
        raise CallerMistake(f"unlock time of {unlock_time_ms} ms is no multiple of {UNLOCK_TIME_STEP_MS} ms")
    frame = encode_command(address, UNLOCK_TIME, bytes((steps >> 8, steps & 0xFF)))
    if frame.startswith(query):
        # One value a board: read from its front it is a whole query.
        raise CallerMistake(f"unlock time of {unlock_time_ms} ms cannot be told from a query: take another")
    return frame


def encode_delayed_unlock(board: int, lock: int, delay_s: int) -> bytes:
    """Pulse one lock after so many seconds."""
    return encode_command(
        _place(board, lock), DELAYED_UNLOCK, bytes((checked(delay_s, LONGEST_DELAY_S, "delay in s"),))
    )


def encode_baud_rate(board: int, baud_rate: int) -> bytes:
    """Change the baud rate of a board, which is then unreachable at the old one."""
    if baud_rate not in BAUD_RATES:
        raise CallerMistake(f"baud rate {baud_rate} is none of {', '.join(map(str, BAUD_RATES))}")
    return encode_command(address_of(board), BAUD_RATE, bytes((BAUD_RATES.index(baud_rate),)))


def encode_command(address: int, command: int, data: bytes = b"") -> bytes:
    """Any command to any address byte, as it is; the functions above allow only what a board can have."""
    if len(data) not in DATA_SIZES.get(command, ()):
        raise CallerMistake(f"there is no command {command:02X} with {len(data)} bytes of data")
    return sealed(checked(address, 0xFF, "address"), command, *data)


def address_of(board: int) -> int:
    """The address byte of a board itself; CallerMistake if no board can have that number."""
    return checked(board, HIGHEST_BOARD, "board address") << 4


def parse_reply(data: bytes) -> Reply | None:
    """The reply that is exactly these bytes, or None."""
    if len(data) < _TIME_SIZE or len(data) != _SIZES.get(data[2]) or not is_sealed(data):
        return None
    if data[2] == UNLOCK_TIME_TOLD:
        return UnlockTimeReply(data[1], (data[3] << 8 | data[4]) * UNLOCK_TIME_STEP_MS)
    return StateReply(data[1], data[2], data[3:5], data[5:7])


class ReplyDecoder(FrameDecoder[Reply]):
    """Finds the replies of boards: their address bytes name no lock."""

    def sizes(self, begun: bytearray) -> Sequence[int]:
        """How long a frame that begins with these bytes may be; () if none does."""
        if begun[0] != STX or (len(begun) > 1 and begun[1] & 0x0F):
            return ()
        if len(begun) < _HEAD_SIZE:
            return (_TIME_SIZE,)
        return (_SIZES[begun[2]],) if begun[2] in _SIZES else ()

    def parse(self, frame: bytes) -> Reply | None:
        """The reply that is exactly these bytes, None if they are none."""
        return parse_reply(frame)


def _place(board: int, lock: int) -> int:
    return address_of(board) | checked(lock, LOCKS - 1, "lock")
