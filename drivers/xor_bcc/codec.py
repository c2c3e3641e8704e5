"""Host half of the XOR/BCC "8A/80" lock boards, pure: encode requests, decode replies.

The frames and their sources are in PROTOCOL.md beside this file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor

from drivers.base import Contact
from drivers.errors import CallerMistake
from drivers.frames import FrameDecoder

UNLOCK = 0x8A
READ = 0x80
UNLOCK_MANY = 0x90
HOLD_ON = 0x9A
HOLD_OFF = 0x9B
UNLOCK_ALL = 0x9D
UNLOCKED_ALL = 0x9E
AUTO_REPORT = 0x8D
VERSION = 0x82  # two meanings by the document: firmware answer (channel 0) and door report
REPORTS = (0x81, 0x82)

PULSE = 0x11
PULSE_KECHENG = 0x33
STATE = 0x33
FIRMWARE = 0x22
UNIQUE_ID = 0x44
UNLOCK_TIME = 0x7E
ALL_KECHENG = (0x01, 0x33)
ALL_OTHER = (0x02, 0x10)  # one client, no board of it known

CONTACT_CLOSED = 0x11
CONTACT_OPEN = 0x00
ECHO_OF_READ = 0x33

HIGHEST_ADDRESS = 99
HIGHEST_CHANNEL = 50
LONGEST_PULSE_S = 9
CHANNELS_OF = {3: 24, 4: 32, 7: 50}
"""The most channels of a board that answers with so many state bytes."""
STATE_SIZES = tuple(CHANNELS_OF)

SHORT_SIZE = 5
BLOCK_OVERHEAD = 4  # head, address, the closing 33, checksum
_SHORT_HEADS = frozenset({UNLOCK, READ, HOLD_ON, HOLD_OFF, *REPORTS})
_BLOCK_HEADS = frozenset({READ, UNLOCKED_ALL})
_STATUSES = frozenset({CONTACT_CLOSED, CONTACT_OPEN, ECHO_OF_READ})


@dataclass(frozen=True, slots=True)
class ShortReply:
    """Five bytes of a board: head, address, channel (0 = whole board), status."""

    head: int
    address: int
    channel: int
    status: int

    @property
    def contact(self) -> Contact | None:
        """The feedback contact, None where the status byte tells none."""
        if self.status == CONTACT_CLOSED:
            return Contact.CLOSED
        return Contact.OPEN if self.status == CONTACT_OPEN else None

    @property
    def is_report(self) -> bool:
        """True when a board says by itself that a contact changed."""
        return self.head in REPORTS and self.channel > 0 and self.contact is not None


@dataclass(frozen=True, slots=True)
class BlockReply:
    """State of a whole board; `states` as on the wire, a set bit is a closed contact."""

    address: int
    states: bytes
    head: int = READ

    def contacts(self, channels: int, *, last_byte_is_first: bool) -> dict[int, Contact]:
        """Contacts by channel; channels beyond the frame are missing."""
        groups = self.states[::-1] if last_byte_is_first else self.states
        known = min(channels, 8 * len(groups))
        return {
            channel: Contact.CLOSED if groups[(channel - 1) // 8] >> (channel - 1) % 8 & 1 else Contact.OPEN
            for channel in range(1, known + 1)
        }


Reply = ShortReply | BlockReply


def encode_unlock(address: int, channel: int, *, parameter: int = PULSE, seconds: int | None = None) -> bytes:
    """Pulse one lock; channel 0 is all of them. `seconds` only on boards of that edition."""
    if parameter not in (PULSE, PULSE_KECHENG):
        raise CallerMistake(f"unlock parameter {parameter:#04x} is not 0x11 or 0x33")
    head = (UNLOCK, _address(address), _channel(channel), parameter)
    if seconds is None:
        return _sealed(*head)
    if parameter != PULSE:
        raise CallerMistake(
            "a board of the Kecheng edition takes no time with an unlock: it has its own setting"
        )
    if not 1 <= seconds <= LONGEST_PULSE_S:
        raise CallerMistake(f"pulse of {seconds} s is outside 1..{LONGEST_PULSE_S} s")
    return _sealed(*head, seconds)


def encode_read(address: int, channel: int = 0) -> bytes:
    """Ask for one contact; channel 0 asks for all of the board."""
    return _sealed(READ, _address(address), _channel(channel), STATE)


def encode_unlock_many(address: int, bitmap: bytes) -> bytes:
    """Pulse several locks; first byte is channels 1-8, bit 0 the lowest."""
    if len(bitmap) not in STATE_SIZES:
        raise CallerMistake(f"a bit map has {STATE_SIZES} bytes, not {len(bitmap)}")
    return _sealed(UNLOCK_MANY, _address(address), *bitmap)


def encode_hold(address: int, channel: int, *, on: bool) -> bytes:
    """Hold one output on or off; on burns a solenoid that is made for pulses."""
    return _sealed(HOLD_ON if on else HOLD_OFF, _address(address), _channel(channel), PULSE)


def encode_unlock_all(address: int, parameters: tuple[int, int] = ALL_KECHENG) -> bytes:
    """Pulse every lock of a board: the Kecheng edition tells its state then, the other form tells nothing."""
    if parameters not in (ALL_KECHENG, ALL_OTHER):
        raise CallerMistake(f"parameters {parameters} are neither {ALL_KECHENG} nor {ALL_OTHER}")
    return _sealed(UNLOCK_ALL, _address(address), *parameters)


def encode_auto_report(address: int, *, on: bool) -> bytes:
    """Switch door reports of a board of the Kecheng edition on or off."""
    return _sealed(AUTO_REPORT, _address(address), 1, int(on))


def encode_firmware(address: int) -> bytes:
    """Ask for the firmware version."""
    return _sealed(VERSION, _address(address), 0, FIRMWARE)


def encode_unique_id(address: int) -> bytes:
    """Ask a board of the Kecheng edition for its unique id."""
    return _sealed(VERSION, _address(address), 0, UNIQUE_ID)


def encode_unlock_time(address: int, channel: int, seconds: int) -> bytes:
    """Set how long a board of the Kecheng edition pulses; channel 0 is all of them."""
    if not 1 <= seconds <= LONGEST_PULSE_S:
        raise CallerMistake(f"pulse of {seconds} s is outside 1..{LONGEST_PULSE_S} s")
    return _sealed(UNLOCK_TIME, _address(address), _channel(channel), seconds)


def state_size(channels: int) -> int:
    """Number of state bytes with which a board of this many channels answers."""
    for size, most in CHANNELS_OF.items():
        if channels <= most:
            return size
    raise CallerMistake(f"a board has 1..{HIGHEST_CHANNEL} channels, not {channels}")


def parse_reply(data: bytes) -> Reply | None:
    """The reply that is exactly these bytes, or None."""
    if len(data) < SHORT_SIZE or _checksum(data[:-1]) != data[-1]:
        return None
    head, address = data[0], data[1]
    if address > HIGHEST_ADDRESS:
        return None
    if len(data) == SHORT_SIZE:
        channel, status = data[2], data[3]
        is_version = head == VERSION and channel == 0
        if head not in _SHORT_HEADS or channel > HIGHEST_CHANNEL:
            return None
        if status not in _STATUSES and not is_version:
            return None
        return ShortReply(head, address, channel, status)
    states = data[2:-2]
    if head in _BLOCK_HEADS and data[-2] == STATE and len(states) in STATE_SIZES:
        return BlockReply(address, bytes(states), head)
    return None


class ReplyDecoder(FrameDecoder[Reply]):
    """Finds the replies of boards.

    The head 80 begins a short reply or a block, and only what was asked tells which. So
    `expected_states` is the number of state bytes when a block was asked for, else 0. A shorter
    block is understood only once the line has gone quiet, a longer one never.

    `copy` is the request, where it is heard back: it goes before any block, whose size it could help to fill.
    """

    def __init__(self, expected_states: int = 0, *, copy: bytes = b"") -> None:
        super().__init__()
        self._block_size = expected_states + BLOCK_OVERHEAD if expected_states else 0
        self._copy = copy

    def sizes(self, begun: bytearray) -> Sequence[int]:
        """How long a frame that begins with these bytes may be, the likeliest first; () if none does."""
        head = begun[0]
        if head not in _SHORT_HEADS and head not in _BLOCK_HEADS:
            return ()
        is_copy = bool(self._copy) and self._copy.startswith(begun[:SHORT_SIZE])
        if is_copy or head not in _BLOCK_HEADS or not self._block_size:
            return (SHORT_SIZE,)
        if not self.is_quiet:
            return (self._block_size, SHORT_SIZE)
        others = (size + BLOCK_OVERHEAD for size in STATE_SIZES)
        return (self._block_size, *others, SHORT_SIZE)

    def parse(self, frame: bytes) -> Reply | None:
        """The reply that is exactly these bytes, None if they are none."""
        reply = parse_reply(frame)
        if reply is not None and frame == self._copy:
            self._copy = b""
        return reply


class ReplyMatcher:
    """Says whether a reply answers the request. With `echo` the first copy of it does not.

    Status 33 is never an answer: boards that are unlocked with it repeat the request first.
    """

    def __init__(self, request: bytes, *, echo: bool) -> None:
        self._head, self._address, self._channel = request[:3]
        self._asks_firmware = request[0] == VERSION
        self._block_head = {(READ, 0): READ, (UNLOCK_ALL, 1): UNLOCKED_ALL}.get((self._head, self._channel))
        self._copy = parse_reply(request) if echo else None

    def __call__(self, reply: Reply) -> bool:
        """True once for the answer; call it with every reply heard, in order."""
        if reply == self._copy:
            self._copy = None
            return False
        if reply.address != self._address:
            return False
        if isinstance(reply, BlockReply):
            return reply.head == self._block_head
        is_ours = (reply.head, reply.channel) == (self._head, self._channel)
        if self._asks_firmware:
            return is_ours
        return is_ours and reply.contact is not None and self._block_head is None


def _sealed(*values: int) -> bytes:
    return bytes((*values, _checksum(bytes(values))))


def _checksum(data: bytes | bytearray) -> int:
    return reduce(xor, data, 0)


def _address(address: int) -> int:
    if not 0 <= address <= HIGHEST_ADDRESS:
        raise CallerMistake(f"board address {address} is outside 0..{HIGHEST_ADDRESS}")
    return address


def _channel(channel: int) -> int:
    if not 0 <= channel <= HIGHEST_CHANNEL:
        raise CallerMistake(f"channel {channel} is outside 0..{HIGHEST_CHANNEL}")
    return channel
