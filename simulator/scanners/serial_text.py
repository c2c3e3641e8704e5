"""Device half of a serial scanner: a label is its text and a suffix; no checksum, nothing is ever asked back.

It also obeys the commands of a GM65/GM861 module, after public notes on them: `7E 00 TYPE LEN ADDR ADDR
DATA X X` with CRC-16/XMODEM over TYPE..DATA, or AB CD for "unchecked"; types 07 read, 08 write, 09 save.
The answer is `02 00 00 LEN DATA X X`. The trigger (write of address 0002) is only acknowledged: a label that
is held in front is read at once anyway.
"""

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.faults import FaultSet
from simulator.parsing import RequestParser

CR = b"\r"
SUFFIXES: Mapping[str, bytes] = {"CR": CR, "LF": b"\n", "CR LF": b"\r\n", "none": b""}
MOST_CHARACTERS = 1000
_HEAD = b"\x7e\x00"
_READ, _WRITE, _SAVE = 0x07, 0x08, 0x09
_UNCHECKED = b"\xab\xcd"
_FIXED_BYTES = 8
_REGISTERS = 0x100
_STRAY_BYTES = range(0x80, 0x100)


class UnreadableLabelError(ValueError):
    """No scanner could read such a label."""


@dataclass(frozen=True)
class ModuleCommand:
    """One valid command of a host; `checked` tells whether a checksum protected it."""

    kind: int
    address: int
    data: bytes
    checked: bool = True


class CommandParser(RequestParser[ModuleCommand]):
    """Finds module commands in a byte stream; what is none is dropped and counted."""

    @property
    def incomplete(self) -> bool:
        """True inside what may become a command."""
        return self.pending > 0

    def head(self, begun: bytearray) -> tuple[int, ModuleCommand | None]:
        """The command at the front."""
        if not _HEAD.startswith(begun[:2]):
            return 1, None
        if len(begun) < 4:
            return 0, None
        if begun[2] not in (_READ, _WRITE, _SAVE) or begun[3] == 0:
            return 1, None
        size = _FIXED_BYTES + begun[3]
        if len(begun) < size:
            return 0, None
        command = _command(bytes(begun[:size]))
        return (1, None) if command is None else (size, command)


def label(text: str, *, suffix: bytes = CR) -> bytes:
    """What a scanner says about a label; UnreadableLabelError if no label could hold that text."""
    if not 1 <= len(text) <= MOST_CHARACTERS:
        raise UnreadableLabelError(f"a label holds 1 to {MOST_CHARACTERS} characters, not {len(text)}")
    return text.encode("utf-8") + suffix


def acknowledgement(data: bytes = b"\x00") -> bytes:
    """How a module answers a command."""
    body = bytes((0x00, len(data))) + data
    return b"\x02\x00" + body + crc(body)


def crc(body: bytes) -> bytes:
    """CRC-16/XMODEM by halves of a byte, high byte first."""
    value = 0
    for byte in body:
        for nibble in (byte >> 4, byte & 0x0F):
            top = (value >> 12) ^ nibble
            value = ((value << 4) & 0xFFFF) ^ (top * 0x1021)
    return value.to_bytes(2, "big")


class SerialTextScanner:
    """Labels are held in front of it by `scan`; bytes for the host go out of `advance`."""

    def __init__(self, dice: random.Random, *, suffix: bytes = CR) -> None:
        self.faults = FaultSet("scanner")
        self._dice = dice
        self._suffix = suffix
        self._parser = CommandParser()
        self._registers = bytearray(_REGISTERS)
        self._out: deque[tuple[float, bytes]] = deque()  # what goes out, each after its pause

    def scan(self, text: str) -> None:
        """Somebody holds a label in front of it; UnreadableLabelError if there is none such."""
        said = label(text, suffix=self._suffix)
        if self.faults.has("dead-scanner"):
            return
        if self.faults.spend("no-terminator"):
            said = label(text, suffix=b"")
        for _ in range(2 if self.faults.spend("double-read") else 1):
            self._say(said)

    def feed(self, data: bytes) -> None:
        """Take bytes from the host."""
        if self.faults.has("dead-scanner"):
            return
        for command in self._parser.feed(data):
            self._queue(acknowledgement(self._obey(command)))

    def advance(self, dt_s: float) -> list[bytes]:
        """Let time pass; what the scanner sends meanwhile, a piece a frame."""
        sent: list[bytes] = []
        left_s = dt_s
        while self._out and self._out[0][0] <= left_s + 1e-9:
            pause_s, piece = self._out.popleft()
            left_s -= pause_s
            sent.append(piece)
        if self._out:
            pause_s, piece = self._out[0]
            self._out[0] = (pause_s - left_s, piece)
        return sent

    def due_in_s(self) -> float | None:
        """When `advance` next has something to do, None if nothing is pending."""
        return max(0.0, self._out[0][0]) if self._out else None

    def _say(self, said: bytes) -> None:
        if self.faults.spend("acknowledgement-in-front"):
            self._queue(acknowledgement())
        stray = int(self.faults.number("stray-bytes"))
        said = bytes(self._dice.choice(_STRAY_BYTES) for _ in range(stray)) + said
        gap_s = self.faults.number("fragmented-label")
        middle = len(said) // 2
        if gap_s and middle:
            self._queue(said[:middle])
            self._queue(said[middle:], after_s=gap_s)
        else:
            self._queue(said)

    def _queue(self, data: bytes, *, after_s: float = 0.0) -> None:
        self._out.append((after_s, data))

    def _obey(self, command: ModuleCommand) -> bytes:
        end = command.address + len(command.data)
        if command.kind == _WRITE and end <= _REGISTERS:
            self._registers[command.address : end] = command.data
        if command.kind == _READ:
            return bytes(self._registers[command.address : command.address + command.data[0]]) or b"\x00"
        return b"\x00"


def _command(frame: bytes) -> ModuleCommand | None:
    body, check = frame[2:-2], frame[-2:]
    if check not in (_UNCHECKED, crc(body)):
        return None
    return ModuleCommand(body[0], int.from_bytes(body[2:4], "big"), body[4:], check != _UNCHECKED)
