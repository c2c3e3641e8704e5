"""Host half of serial scanners, pure: bytes to labels, commands of GM65-like modules to bytes.

Sources and assumptions are in PROTOCOL.md beside this file.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from drivers.errors import CallerMistake

Terminator = Literal["line-end", "silence"]
TERMINATORS: tuple[str, ...] = get_args(Terminator)

LONGEST_LABEL = 64
LONGEST_ACKNOWLEDGEMENT = 8
"""Bytes of data in an acknowledgement; a longer one answers nothing that is asked here."""
AIM_ID_SIZE = 3

READ = 0x07
WRITE = 0x08
SAVE = 0x09
HEAD = b"\x7e\x00"
UNCHECKED = b"\xab\xcd"

_STX = 0x02
_LINE_ENDS = b"\r\n"
_ACK_HEAD = b"\x02\x00\x00"


@dataclass(frozen=True, slots=True)
class Label:
    """The text of one scanned label, freed of its frame."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something came that is no label; the reason quotes nothing of it."""

    reason: str


Heard = Label | Refused


def encode_command(kind: int, address: int, data: bytes, *, checked: bool = True) -> bytes:
    """One command to a module: READ, WRITE or SAVE at an address; without `checked` nothing protects it."""
    if kind not in (READ, WRITE, SAVE):
        raise CallerMistake(f"a module knows the kinds 7, 8 and 9, not {kind}")
    if not 0 <= address <= 0xFFFF:
        raise CallerMistake(f"no address {address} in a module")
    if not 1 <= len(data) <= 0xFF:
        raise CallerMistake(f"a command holds 1 to 255 bytes, not {len(data)}")
    body = bytes((kind, len(data))) + address.to_bytes(2, "big") + data
    return HEAD + body + (_crc(body) if checked else UNCHECKED)


def parse_acknowledgement(data: bytes) -> bytes | None:
    """Give the data of exactly one valid acknowledgement, None if it is anything else."""
    return data[4:-2] if _acknowledges(data) else None


class LabelDecoder:
    """Bytes in, labels out; what is no label is told as Refused.

    Bounded; the same result for every chunking; the caller says when the line went quiet.
    """

    def __init__(
        self, terminator: Terminator = "line-end", *, prefix: str = "", aim_id: bool = False
    ) -> None:
        if terminator not in TERMINATORS:
            raise CallerMistake(f"a label ends by {' or '.join(TERMINATORS)}, not by {terminator!r}")
        if not (prefix.isascii() and prefix.isprintable()) or len(prefix) >= LONGEST_LABEL:
            raise CallerMistake("a prefix is short printable ASCII")
        self._terminator = terminator
        self._prefix = prefix
        self._aim_id = aim_id
        self._text = bytearray()
        self._frame = bytearray()  # what may become an acknowledgement
        self._spoilt = ""  # why the present label is none

    @property
    def waiting(self) -> bool:
        """True while something has begun and not ended."""
        return bool(self._text or self._frame or self._spoilt)

    def feed(self, data: bytes) -> list[Heard]:
        """Take received bytes, give everything completed by them."""
        heard: list[Heard] = []
        for byte in data:
            heard += self._in_frame(byte) if self._frame else self._take(byte)
        return heard

    def silence(self) -> list[Heard]:
        """The line went quiet: a label without suffix is complete, any other unfinished one is refused."""
        if self._frame:
            self._spoil("it holds bytes that are no text")
        if self.waiting and self._terminator == "line-end":
            self._spoil("its end did not come")
        return self._end()

    def rest(self) -> bytes:
        """Give and forget the bytes that belong to no label yet."""
        rest = bytes(self._text) + bytes(self._frame)
        self._forget()
        return rest

    def _take(self, byte: int) -> list[Heard]:
        if byte in _LINE_ENDS:
            return self._end()
        if byte == _STX:
            self._frame.append(byte)
        elif not 0x20 <= byte <= 0x7E:
            self._spoil("it holds bytes that are no text")
        elif not self._spoilt:
            self._text.append(byte)
            if len(self._text) > LONGEST_LABEL:
                self._spoil(f"it is longer than {LONGEST_LABEL} characters")
        return []

    def _in_frame(self, byte: int) -> list[Heard]:
        self._frame.append(byte)
        if _acknowledges(self._frame):
            # Its checksum proves a boundary: what was unfinished before it stays so.
            if self._text:
                self._spoil("an acknowledgement came before its end")
            self._frame.clear()
            return self._end()
        if not _may_acknowledge(self._frame):
            # Nobody knows where a damaged acknowledgement ends: its checksum may be printable,
            # so the label behind it must not be read with those bytes in front.
            self._spoil("it holds bytes that are no text")
            return self._take(byte)
        return []

    def _spoil(self, reason: str) -> None:
        self._spoilt = self._spoilt or reason
        self._text.clear()
        self._frame.clear()

    def _end(self) -> list[Heard]:
        text, spoilt = self._text.decode("ascii"), self._spoilt
        self._forget()
        if spoilt:
            return [Refused(spoilt)]
        return [self._unwrapped(text)] if text else []

    def _unwrapped(self, text: str) -> Heard:
        if not text.startswith(self._prefix):
            return Refused("the prefix is missing")
        text = text.removeprefix(self._prefix)
        if self._aim_id:
            if not (text.startswith("]") and text[1:2].isalpha() and text[2:3].isalnum()):
                return Refused("the AIM id is missing")
            text = text[AIM_ID_SIZE:]
        return Label(text) if text else Refused("it is empty")

    def _forget(self) -> None:
        self._text.clear()
        self._frame.clear()
        self._spoilt = ""


def _may_acknowledge(frame: bytes | bytearray) -> bool:
    """Tell whether more bytes could still make an acknowledgement of these."""
    if not _ACK_HEAD.startswith(frame[:3]):
        return False
    if len(frame) < 4:
        return True
    return 1 <= frame[3] <= LONGEST_ACKNOWLEDGEMENT and len(frame) < _whole_size(frame)


def _acknowledges(frame: bytes | bytearray) -> bool:
    return (
        len(frame) > 4
        and frame[:3] == _ACK_HEAD
        and 1 <= frame[3] <= LONGEST_ACKNOWLEDGEMENT
        and len(frame) == _whole_size(frame)
        and _crc(frame[2:-2]) == frame[-2:]
    )


def _whole_size(frame: bytes | bytearray) -> int:
    return 4 + frame[3] + 2


def _crc(body: bytes | bytearray) -> bytes:
    """CRC-16/XMODEM, high byte first."""
    crc = 0
    for byte in body:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc.to_bytes(2, "big")
