"""Kerong boards as the golden frames see their host half.

Whole frames of the boards are told by `parse_reply`. One published answer of a CU48 has no ETX: the codec
knows it apart (`parse_doubtful`), and no decoder ever gives it.
"""

from typing import Any

from drivers.errors import CallerMistake
from drivers.kerong.codec import cu16, cu48
from drivers.kerong.codec.frames import HIGHEST_BOARD, StateReply

Description = tuple[Any, ...]

_BOARD_COMMANDS = {
    "state": cu16.STATE,
    "state-of-all": cu16.STATE_OF_ALL,
    "unlock-all": cu16.UNLOCK_ALL,
    "tell-unlock-time": cu16.UNLOCK_TIME_TOLD,
    "recruit": cu16.RECRUIT,
}


def asked_cu16(description: Description) -> bytes | None:
    """Encode what is described; None: this half never asks for it."""
    try:
        return _asked_cu16(description)
    except CallerMistake:
        return None


def asked_cu48(description: Description) -> bytes | None:
    """Encode what is described; None: this half never asks for it."""
    try:
        return _asked_cu48(description)
    except CallerMistake:
        return None


def understood_cu16(data: bytes) -> Description | None:
    """Describe one whole reply; None: it is none."""
    match cu16.parse_reply(data):
        case StateReply(address, command, locks, items):
            return ("state" if command == cu16.STATE_TOLD else "state-of-all", address, locks, items)
        case cu16.UnlockTimeReply(address, unlock_time_ms):
            return ("unlock-time", address, unlock_time_ms)
    return None


def understood_cu48(data: bytes) -> Description | None:
    """Describe one whole reply; None: it is none."""
    match cu48.parse_reply(data) or cu48.parse_doubtful(data):
        case StateReply(address, _, locks, items):
            return ("state", address, locks, items)
        case cu48.UnexplainedReply(address, content):
            return ("unexplained", address, content)
        case cu48.DoubtfulReply(address, value):
            return ("doubtful", address, value)
    return None


def _asked_cu16(description: Description) -> bytes | None:
    match description:
        case ("unlock", int(board), int(lock)) if board <= HIGHEST_BOARD:
            return cu16.encode_unlock(board, lock)
        case ("unlock", int(board), int(lock)):
            # Beyond what the makers allow and the driver sends, yet a frame that others publish.
            return cu16.encode_command(board << 4 | lock, cu16.UNLOCK)
        case ("delayed-unlock", int(board), int(lock), int(delay_s)) if board <= HIGHEST_BOARD:
            return cu16.encode_delayed_unlock(board, lock, delay_s)
        case ("delayed-unlock", int(board), int(lock), int(delay_s)):
            return cu16.encode_command(board << 4 | lock, cu16.DELAYED_UNLOCK, bytes((delay_s,)))
        case ("unlock-time", int(address), None):
            return cu16.encode_command(address, cu16.UNLOCK_TIME)
        case ("unlock-time", int(address), int(unlock_time_ms)) if address >> 4 <= HIGHEST_BOARD:
            return cu16.encode_unlock_time(address >> 4, unlock_time_ms)
        case ("unlock-time", int(address), int(unlock_time_ms)):
            steps = unlock_time_ms // cu16.UNLOCK_TIME_STEP_MS
            return cu16.encode_command(address, cu16.UNLOCK_TIME, steps.to_bytes(2))
        case ("baud-rate", int(address), int(code)):
            return cu16.encode_command(address, cu16.BAUD_RATE, bytes((code,)))
        case ("assign", int(address), bytes(data)):
            return cu16.encode_command(address, cu16.ASSIGN, data)
        case (str(what), int(address)) if what in _BOARD_COMMANDS:
            return cu16.encode_command(address, _BOARD_COMMANDS[what])
    return None


def _asked_cu48(description: Description) -> bytes | None:
    match description:
        case ("unlock", int(address), int(lock)) if address <= HIGHEST_BOARD and lock < cu48.LOCKS:
            return cu48.encode_unlock(address, lock)
        case ("unlock", int(address), int(lock)):
            # All locks, all boards, and boards that no switch can set: frames that others publish.
            return cu48.encode_command(address, lock, cu48.UNLOCK)
        case ("doubtful-unlock", int(address), int(lock)):
            return cu48.encode_command(address, lock, cu48.UNLOCK, doubtful=True)
        case ("state", int(address), int(lock)):
            return cu48.encode_command(address, lock, cu48.STATE)
    return None
