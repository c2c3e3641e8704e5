"""What bytes of a line mean, in the words of the families on it; and what a damaged frame would have been."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor

from drivers.errors import CallerMistake
from drivers.registry import LOCK_BOARDS

LONGEST_BYTES = 256
UNEXPLAINED = ("no ", "wrong ")
"""How the words of every family begin for what is no frame of it (`BoardFamily.explain`)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes of one direction as one family reads them; `is_frame`: it knows every part of them.

    `corrected` is what the bytes would have been with their last byte or their CRC put right.
    """

    family: str
    sent: bool
    is_frame: bool
    texts: tuple[str, ...]
    corrected: bytes | None = None


def meaning(data: bytes, families: Iterable[str], *, sent: bool) -> tuple[str, ...]:
    """Put into words what passed on a line of these families; where several know it, each says so."""
    readings = [read(data, family, sent=sent) for family in families]
    known = [reading for reading in readings if reading.is_frame] or readings
    if len(known) == 1:
        return known[0].texts
    return tuple(f"{reading.family}: {text}" for reading in known for text in reading.texts)


def read(data: bytes, family: str, *, sent: bool) -> Reading:
    """Let a family read bytes; its name is one of LOCK_BOARDS."""
    texts = tuple(LOCK_BOARDS[family].explain(data, sent))
    is_frame = bool(texts) and not any(text.startswith(UNEXPLAINED) for text in texts)
    return Reading(family, sent, is_frame, texts)


def examine(data: bytes, family: str, *, sent: bool) -> Reading:
    """Let a family read bytes, and find out what a frame with one wrong end would have been."""
    found = read(data, family, sent=sent)
    if found.is_frame:
        return found
    for candidate in _corrections(data):
        would_be = read(candidate, family, sent=sent)
        if would_be.is_frame:
            return Reading(
                family, sent, False, (_difference(data, candidate), *would_be.texts), corrected=candidate
            )
    return found


def parse_hex(text: str) -> bytes:
    """Read bytes as people type them: `8A 01`, `8a01`, `0x8A,0x01`, `8A:01`; CallerMistake: what is wrong."""
    data = bytearray()
    for token in re.split(r"[\s:,;.\-]+", text.strip()):
        digits = re.sub(r"^(0x|0X|\\x)", "", token)
        wrong = next((letter for letter in digits if letter not in "0123456789abcdefABCDEF"), None)
        if wrong is not None:
            raise CallerMistake(f"{token[:32]!r}: {wrong!r} is no hexadecimal digit; write bytes as 8A 01 0F")
        if len(digits) % 2:
            raise CallerMistake(f"{token[:32]!r} has an odd number of digits; write two for each byte, as 0F")
        data += bytes.fromhex(digits)
    if not data:
        raise CallerMistake("there is no byte; write them as 8A 01 0F")
    if len(data) > LONGEST_BYTES:
        raise CallerMistake(f"{len(data)} bytes are too many; explain at most {LONGEST_BYTES} at once")
    return bytes(data)


def _corrections(data: bytes) -> Sequence[bytes]:
    """Give the bytes with another end: the checksums in use first, then any other last byte."""
    if len(data) < 3:
        return ()
    body = data[:-1]
    likely = [reduce(xor, body), *(sum(body[start:]) & 0xFF for start in range(3))]
    ends = dict.fromkeys([*likely, *range(256)])
    with_crc = data[:-2] + _modbus_crc(data[:-2])
    return [with_crc, *(body + bytes([end]) for end in ends if end != data[-1])]


def _modbus_crc(data: bytes) -> bytes:
    """CRC-16/Modbus, low byte first (Modbus over Serial Line 1.02, section 6.2.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def _difference(data: bytes, candidate: bytes) -> str:
    size = 2 if candidate[-2] != data[-2] else 1
    wrong, right = (part[-size:].hex(" ").upper() for part in (data, candidate))
    body = candidate[:-1]
    sums = {reduce(xor, body), *(sum(body[start:]) & 0xFF for start in range(3))}
    is_checksum = candidate[-2:] == _modbus_crc(candidate[:-2]) or candidate[-1] in sums
    what = "checksum" if is_checksum else "end"
    return f"wrong {what} {wrong}; with {right} it would be:"
