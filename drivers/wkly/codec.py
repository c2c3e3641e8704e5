"""Host half of the WKLY lock boards (57 4B 4C 59), pure: encode requests, decode replies.

The frames and their sources are in PROTOCOL.md beside this file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor

from drivers.base import Contact
from drivers.errors import CallerMistake
from drivers.frames import FrameDecoder

HEADER = b"WKLY"  # 57 4B 4C 59
ALTERNATE_HEADER = b"SKLY"  # 53 4B 4C 59, of a board that does not follow its own manual

UNLOCK_TOGETHER = 0x80
FLASH = 0x81
UNLOCK = 0x82
READ = 0x83
READ_ALL = 0x84
REPORT = 0x85
UNLOCK_ALL = 0x86
UNLOCK_IN_TURN = 0x87
HOLD_ON = 0x88
HOLD_OFF = 0x89

DONE = 0x00
FAILED = 0xFF
STATE_OPEN = 0x00
STATE_SHUT = 0x01

HIGHEST_ADDRESS = 255
HIGHEST_CHANNEL = 64
OVERHEAD = 8  # header, length, address, command, checksum
LONGEST_DATA = 2 + HIGHEST_CHANNEL
LENGTH_AT = 4
_COMMAND_AT, _COUNT_AT = 6, 8

_BEGINNINGS = {
    alternate: frozenset(header[:size] for header in headers for size in range(1, len(header) + 1))
    for alternate, headers in {False: (HEADER,), True: (HEADER, ALTERNATE_HEADER)}.items()
}
_REPLY_SIZES = {
    UNLOCK_TOGETHER: 1,
    UNLOCK_ALL: 1,
    UNLOCK_IN_TURN: 1,
    FLASH: 2,
    HOLD_ON: 2,
    HOLD_OFF: 2,
    REPORT: 2,
    UNLOCK: 3,
    READ: 3,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a board said; `data` lies between command and checksum, `alternate`: the header began with 53."""

    address: int
    command: int
    data: bytes
    alternate: bool = False

    @property
    def result(self) -> int | None:
        """The result byte, None in a report and in what is no command of PROTOCOL.md."""
        is_answer = self.command == READ_ALL or self.command in _REPLY_SIZES
        return self.data[0] if is_answer and self.command != REPORT else None

    @property
    def channel(self) -> int | None:
        """The channel that it speaks of, None where it names none."""
        if self.command == REPORT:
            return self.data[0]
        return self.data[1] if _REPLY_SIZES.get(self.command, 0) > 1 and len(self.data) > 1 else None

    @property
    def contact(self) -> Contact | None:
        """The contact of that channel, None where it tells none or an unknown one."""
        tells = self.command == REPORT or (self.command in (UNLOCK, READ) and len(self.data) > 1)
        return _contact(self.data[-1]) if tells else None

    @property
    def states(self) -> bytes:
        """The state bytes of a reading of all channels, channel 1 first."""
        return self.data[2:] if self.command == READ_ALL else b""

    def contacts(self, channels: int) -> dict[int, Contact]:
        """Contacts of a reading of all by channel; a channel beyond it or in error is missing."""
        told = ((channel, _contact(state)) for channel, state in enumerate(self.states[:channels], 1))
        return {channel: contact for channel, contact in told if contact is not None}


def encode(address: int, command: int, data: bytes = b"") -> bytes:
    """Any command to one board."""
    if not 0 <= address <= HIGHEST_ADDRESS:
        raise CallerMistake(f"address {address} is outside 0..{HIGHEST_ADDRESS}")
    if not 0 <= command <= 0xFF:
        raise CallerMistake(f"command {command} is no byte")
    if len(data) > LONGEST_DATA:
        raise CallerMistake(f"{len(data)} data bytes are more than {LONGEST_DATA}")
    body = HEADER + bytes((OVERHEAD + len(data), address, command)) + data
    return body + bytes((_checksum(body),))


def encode_unlock(address: int, channel: int) -> bytes:
    """Pulse one lock."""
    return encode(address, UNLOCK, _channel(channel))


def encode_read(address: int, channel: int) -> bytes:
    """Ask for one contact."""
    return encode(address, READ, _channel(channel))


def encode_read_all(address: int) -> bytes:
    """Ask for all contacts of a board."""
    return encode(address, READ_ALL)


def encode_flash(address: int, channel: int) -> bytes:
    """Flash the lamp of a channel."""
    return encode(address, FLASH, _channel(channel))


def encode_hold(address: int, channel: int, *, on: bool) -> bytes:
    """Hold one output on or off; on burns a solenoid that is made for pulses."""
    return encode(address, HOLD_ON if on else HOLD_OFF, _channel(channel))


def encode_unlock_several(address: int, channels: bytes, *, together: bool) -> bytes:
    """Pulse several locks, at the same moment (two at most are advised) or one after another."""
    if not channels:
        raise CallerMistake("there is no channel to open")
    listed = b"".join(_channel(channel) for channel in channels)
    return encode(address, UNLOCK_TOGETHER if together else UNLOCK_IN_TURN, bytes((len(listed),)) + listed)


def encode_unlock_all(address: int) -> bytes:
    """Pulse every lock of a board, one after another."""
    return encode(address, UNLOCK_ALL)


def parse_reply(data: bytes, *, alternate_header: bool = False) -> Reply | None:
    """The reply that is exactly these bytes, or None."""
    beginnings = _BEGINNINGS[alternate_header]
    if len(data) < OVERHEAD or _wanted(data, beginnings) != len(data) or _checksum(data[:-1]) != data[-1]:
        return None
    command, told = data[_COMMAND_AT], bytes(data[_COMMAND_AT + 1 : -1])
    if len(told) == 1 and _REPLY_SIZES.get(command) != 1 and _is_known(command) and told[0] != FAILED:
        return None  # the copy of a request, not an answer
    return Reply(data[5], command, told, alternate=data.startswith(ALTERNATE_HEADER))


class ReplyDecoder(FrameDecoder[Reply]):
    """Finds the replies of boards.

    Length, command and count must fit one another before more bytes are waited for, so a damaged length costs
    its own frame only.
    """

    def __init__(self, *, alternate_header: bool = False) -> None:
        super().__init__()
        self._alternate = alternate_header
        self._beginnings = _BEGINNINGS[alternate_header]

    def sizes(self, begun: bytearray) -> Sequence[int]:
        """How long the frame is that begins with these bytes, () if none does."""
        size = _wanted(begun, self._beginnings)
        return (size,) if size else ()

    def parse(self, frame: bytes) -> Reply | None:
        """The reply that is exactly these bytes, None if they are none."""
        return parse_reply(frame, alternate_header=self._alternate)


class ReplyMatcher:
    """Says whether a reply answers the request; a copy of the request is never a reply."""

    def __init__(self, request: bytes) -> None:
        self._address, self._command = request[5], request[_COMMAND_AT]
        names_one = self._command in (UNLOCK, READ, FLASH, HOLD_ON, HOLD_OFF)
        self._channel = request[_COMMAND_AT + 1] if names_one else None

    def __call__(self, reply: Reply) -> bool:
        """True for the answer; a refusal may leave out the channel."""
        if (reply.address, reply.command) != (self._address, self._command):
            return False
        return reply.channel == self._channel or reply.data == bytes((FAILED,))


def _wanted(data: bytes | bytearray, beginnings: frozenset[bytes]) -> int:
    """How long the frame that begins here is, as far as its beginning tells; 0: none begins here."""
    if bytes(data[:LENGTH_AT]) not in beginnings:
        return 0
    if len(data) <= LENGTH_AT:
        return OVERHEAD
    size = data[LENGTH_AT]
    room = size - OVERHEAD
    if not 0 <= room <= LONGEST_DATA:
        return 0
    if len(data) <= _COMMAND_AT or not _is_known(data[_COMMAND_AT]):
        return size
    command = data[_COMMAND_AT]
    if command == READ_ALL:
        count_fits = room > 1 and (len(data) <= _COUNT_AT or data[_COUNT_AT] == room - 2)
        return size if room == 1 or count_fits else 0
    fits = room == _REPLY_SIZES[command] or (room == 1 and command != REPORT)
    return size if fits else 0


def _is_known(command: int) -> bool:
    return command == READ_ALL or command in _REPLY_SIZES


def _contact(state: int) -> Contact | None:
    if state == STATE_SHUT:
        return Contact.CLOSED
    return Contact.OPEN if state == STATE_OPEN else None


def _channel(channel: int) -> bytes:
    # No source gives channel 0 a meaning; it must never come to mean "all".
    if not 1 <= channel <= HIGHEST_CHANNEL:
        raise CallerMistake(f"channel {channel} is outside 1..{HIGHEST_CHANNEL}")
    return bytes((channel,))


def _checksum(data: bytes | bytearray) -> int:
    """XOR of all bytes before it, the header's and the length's too."""
    return reduce(xor, data, 0)
