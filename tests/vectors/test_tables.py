"""Every row of the tables in each PROTOCOL.md, both ways, at the ends of its addresses and channels.

The checksums are written out here once more, so that neither half is measured with its own.
"""

from collections.abc import Iterator
from itertools import product

import pytest

from tests.vectors.device.families import DEVICE_FAMILIES
from tests.vectors.host.families import HOST_FAMILIES

Row = tuple[str, bytes | None, bytes | None]


def _xor(*values: int) -> bytes:
    total = 0
    for value in values:
        total ^= value
    return bytes((*values, total))


def _sum(*values: int) -> bytes:
    return bytes((*values, sum(values) % 256))


def _crc(*values: int) -> bytes:
    total = 0xFFFF
    for value in values:
        total ^= value
        for _ in range(8):
            total = (total >> 1) ^ 0xA001 if total % 2 else total >> 1
    return bytes((*values, total % 256, total // 256))


def _wkly(address: int, command: int, *data: int) -> bytes:
    return _xor(0x57, 0x4B, 0x4C, 0x59, 8 + len(data), address, command, *data)


def _xor_bcc() -> Iterator[Row]:
    for a, c in product((1, 31, 32, 99), (1, 24, 25, 50)):
        for status in (0x00, 0x11):
            yield "xor-bcc-8a", _xor(0x8A, a, c, 0x11), _xor(0x8A, a, c, status)
            yield "xor-bcc-8a", _xor(0x8A, a, c, 0x33), _xor(0x8A, a, c, status)
            yield "xor-bcc-8a", _xor(0x80, a, c, 0x33), _xor(0x80, a, c, status)
            yield "xor-bcc-8a", _xor(0x9A, a, c, 0x11), _xor(0x9A, a, c, status)
            yield "xor-bcc-8a", _xor(0x9B, a, c, 0x11), _xor(0x9B, a, c, status)
            yield "xor-bcc-8a", None, _xor(0x81, a, c, status)
            yield "xor-bcc-8a", None, _xor(0x82, a, c, status)
        yield "xor-bcc-8a", _xor(0x8A, a, c, 0x11, 1), None
        yield "xor-bcc-8a", _xor(0x8A, a, c, 0x11, 9), None
        yield "xor-bcc-8a", _xor(0x7E, a, c, 3), None
    for a, states in product(
        (1, 99), (b"\x00\x00\x80", b"\x33\x33\x33", b"\x80\x00\x00\x01", bytes(6) + b"\x01")
    ):
        yield "xor-bcc-8a", _xor(0x80, a, 0, 0x33), _xor(0x80, a, *states, 0x33)
        yield "xor-bcc-8a", _xor(0x9D, a, 0x01, 0x33), _xor(0x9E, a, *states, 0x33)
        yield "xor-bcc-8a", _xor(0x90, a, *states), None
    for a in (1, 99):
        yield "xor-bcc-8a", _xor(0x8A, a, 0, 0x11), _xor(0x8A, a, 0, 0x11)
        yield "xor-bcc-8a", _xor(0x9D, a, 0x02, 0x10), None
        yield "xor-bcc-8a", _xor(0x8D, a, 0x01, 0x00), None
        yield "xor-bcc-8a", _xor(0x8D, a, 0x01, 0x01), None
        yield "xor-bcc-8a", _xor(0x82, a, 0x00, 0x22), _xor(0x82, a, 0x00, 0x15)
        yield "xor-bcc-8a", _xor(0x82, a, 0x00, 0x44), None


def _kerong() -> Iterator[Row]:
    for board, lock in product((0, 1, 9, 15), (0, 7, 8, 15)):
        a = board * 16 + lock
        yield "kerong-cu16", _sum(2, a, 0x31, 3), None
        yield "kerong-cu16", _sum(2, a, 0x39, 250, 3), None
    for board, bits in product(
        (0, 1, 9, 15), (b"\x01\x80\x00\x00", b"\x02\x03\x02\x03", b"\xff\xff\xff\xff")
    ):
        a = board * 16
        yield "kerong-cu16", _sum(2, a, 0x30, 3), _sum(2, a, 0x35, *bits, 3)
        yield "kerong-cu16", _sum(2, 0xF0, 0x32, 3), _sum(2, a, 0x36, *bits, 3)
        yield "kerong-cu16", _sum(2, a, 0x37, 0, 50, 3), _sum(2, a, 0x38, 0, 50, 3)
        yield "kerong-cu16", _sum(2, a, 0x37, 3), _sum(2, a, 0x38, 0x17, 0x70, 3)
        yield "kerong-cu16", _sum(2, a, 0x38, 3), None
        yield "kerong-cu16", _sum(2, a, 0x33, 3), None
        yield "kerong-cu16", _sum(2, a, 0x40, 3, 3), None
        yield "kerong-cu16", _sum(2, a, 0x81, 5, 0, 0, 0, 3), None
    yield "kerong-cu16", _sum(2, 0xFF, 0x80, 3), None
    for a, lock in product((0, 9, 10), (0, 47, 48)):
        yield "kerong-cu48", _sum(2, a, lock, 0x61, 3), None
    for a, bits in product((0, 9), (bytes(12), b"\x02\x03" * 6, bytes(range(1, 13)))):
        yield "kerong-cu48", _sum(2, a, 0, 0x60, 3), _sum(2, a, 0, 0x75, *bits, 3)
        yield "kerong-cu48", None, _sum(2, a, 0x0A, 0x77, *bits, 3)


def _modbus_relay() -> Iterator[Row]:
    for a, coil in product((1, 247, 255), (0x0000, 0x001F, 0x00FF, 0x0200, 0x021F, 0x0400)):
        for value in (b"\x00\x02", b"\x7f\xff") if coil > 0xFF else (b"\xff\x00", b"\x00\x00", b"\x55\x00"):
            write = _crc(a, 5, coil // 256, coil % 256, *value)
            yield "modbus-relay", write, write
    for a, (count, states) in product((1, 255), ((4, b"\x0f"), (8, b"\x81"), (32, b"\x01\x02\x04\x80"))):
        yield "modbus-relay", _crc(a, 1, 0, 0, 0, count), _crc(a, 1, len(states), *states)
        yield "modbus-relay", _crc(a, 2, 0, 0, 0, count), _crc(a, 2, len(states), *states)
        yield "modbus-relay", _crc(a, 15, 0, 0, 0, count, len(states), *states), _crc(a, 15, 0, 0, 0, count)
    for a in (1, 255):
        yield "modbus-relay", _crc(a, 3, 0x80, 0, 0, 1), _crc(a, 3, 2, 0, 200)
        yield "modbus-relay", _crc(a, 6, 0x10, 2, 0, 1), _crc(a, 6, 0x10, 2, 0, 1)
        yield "modbus-relay", _crc(a, 16, 0x10, 0, 0, 1, 2, 0, 1), _crc(a, 16, 0x10, 0, 0, 1)
    for function, code in product((1, 2, 3, 4, 5, 6, 15, 16), (1, 2, 3, 4, 5, 6)):
        yield "modbus-relay", None, _crc(9, function + 0x80, code)
    yield "modbus-relay", _crc(0, 5, 0, 0xFF, 0, 0), None


def _wkly_rows() -> Iterator[Row]:
    for a, c in product((0, 31, 254), (1, 24)):
        for command, state in product((0x82, 0x83), (0x00, 0x01, 0xFF)):
            yield "wkly", _wkly(a, command, c), _wkly(a, command, 0x00, c, state)
            yield "wkly", _wkly(a, command, c), _wkly(a, command, 0xFF, c, state)
            yield "wkly", None, _wkly(a, 0x85, c, state)
        for command in (0x81, 0x88, 0x89):
            yield "wkly", _wkly(a, command, c), _wkly(a, command, 0x00, c)
        for command in (0x80, 0x87):
            yield "wkly", _wkly(a, command, 2, 1, c), _wkly(a, command, 0x00)
        yield "wkly", _wkly(a, 0x84), _wkly(a, 0x84, 0x00, c, *([1, 0] * 12)[:c])
        yield "wkly", _wkly(a, 0x86), _wkly(a, 0x86, 0xFF)


def _winnsen() -> Iterator[Row]:
    for station, lock in product((0, 1, 254), (1, 8, 16)):
        for function, result in product((0x85, 0xA5), (0, 1, 2)):
            answer = bytes((0x90, 7, function, station, lock, result, 3))
            yield "winnsen-90", bytes((0x90, 6, 5, station, lock, 3)), answer
        for result in (0, 1):
            answer = bytes((0x90, 7, 0x92, station, result, lock, 3))
            yield "winnsen-90", bytes((0x90, 6, 0x12, station, lock, 3)), answer
        for function, bits in product((0x82, 0xA2), (b"\x00\x00", b"\x01\x80", b"\x03\x03")):
            answer = bytes((0x90, 7, function, station, *bits, 3))
            yield "winnsen-90", bytes((0x90, 7, 2, station, *bits, 3)), answer


ROWS = [*_xor_bcc(), *_kerong(), *_modbus_relay(), *_wkly_rows(), *_winnsen()]
FAMILIES = sorted({protocol for protocol, _, _ in ROWS})


@pytest.mark.parametrize("protocol", FAMILIES)
def test_both_halves_agree_on_every_request(protocol: str) -> None:
    for request in [asked for family, asked, _ in ROWS if family == protocol and asked is not None]:
        understood = DEVICE_FAMILIES[protocol].understand_request(request)
        assert understood is not None, request.hex(" ")
        assert HOST_FAMILIES[protocol].encode_request(understood) == request


@pytest.mark.parametrize("protocol", FAMILIES)
def test_both_halves_agree_on_every_answer(protocol: str) -> None:
    for answer in [said for family, _, said in ROWS if family == protocol and said is not None]:
        understood = HOST_FAMILIES[protocol].understand_reply(answer)
        assert understood is not None, answer.hex(" ")
        assert DEVICE_FAMILIES[protocol].encode_reply(understood) == answer


@pytest.mark.parametrize("protocol", [name for name in FAMILIES if HOST_FAMILIES[name].has_checksum])
def test_neither_half_takes_a_frame_with_another_checksum(protocol: str) -> None:
    for family, asked, said in ROWS:
        if family == protocol and asked is not None:
            wrong = asked[:-1] + bytes((asked[-1] ^ 0x01,))
            assert DEVICE_FAMILIES[protocol].understand_request(wrong) is None, wrong.hex(" ")
        if family == protocol and said is not None:
            wrong = said[:-1] + bytes((said[-1] ^ 0x01,))
            assert HOST_FAMILIES[protocol].understand_reply(wrong) is None, wrong.hex(" ")
