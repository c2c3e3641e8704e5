"""What a technician is told of bytes: never an exception, and never silence about bytes of no frame."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.decoding import read
from drivers.registry import LOCK_BOARDS

FAMILIES = sorted(LOCK_BOARDS)
BEGINNINGS = [
    b"", b"\x8a\x01", b"\x80\x01", b"\x90", b"\x9e\x01", b"\x82\x01\x00", b"\x02\x10", b"\x02\x01\x00\x75",
    b"WKLY", b"SKLY", b"\x90\x07\x82", b"\x01\x02", b"\x01\x0f\x00\x00\x00\x10", b"\x01\x85", b"\x00\x05",
]  # fmt: skip


def _xor(data: bytes) -> bytes:
    total = 0
    for byte in data:
        total ^= byte
    return data + bytes((total,))


def _sum(data: bytes) -> bytes:
    return data + bytes((sum(data) & 0xFF,))


def _etx_sum(data: bytes) -> bytes:
    return _sum(data + b"\x03")


def _crc(data: bytes) -> bytes:
    total = 0xFFFF
    for byte in data:
        total ^= byte
        for _ in range(8):
            total = total >> 1 ^ (0xA001 if total & 1 else 0)
    return data + total.to_bytes(2, "little")


def _long(data: bytes) -> bytes:
    """Give a frame of a WKLY header whose length byte is right, however much it holds."""
    body = data[:4] + bytes((min(len(data) + 2, 255),)) + data[4:252]
    return _xor(body)


ENDINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "none": bytes, "xor": _xor, "sum": _sum, "etx": _etx_sum, "crc": _crc, "long": _long,
}  # fmt: skip
some_bytes = st.builds(
    lambda beginning, middle, ending: ENDINGS[ending](beginning + middle),
    st.sampled_from(BEGINNINGS),
    st.binary(max_size=20) | st.integers(0, 250).map(bytes),
    st.sampled_from(sorted(ENDINGS)),
)


@pytest.mark.parametrize("family", FAMILIES)
@example(pieces=[_long(b"WKLY\x03\x96" + bytes(80))], sent=True)
@given(pieces=st.lists(some_bytes, max_size=3), sent=st.booleans())
def test_whatever_the_bytes_are_there_are_words_for_them(
    family: str,
    pieces: list[bytes],
    sent: bool,  # noqa: FBT001 - drawn by Hypothesis, no caller writes it
) -> None:
    texts = LOCK_BOARDS[family].explain(b"".join(pieces)[:256], sent)
    assert texts
    assert all(text and text.isprintable() for text in texts)


@pytest.mark.parametrize(
    ("family", "answer"),
    [
        ("kerong-cu16", "02 20 38 00 32 03 8F"),
        ("kerong-cu48", "02 02 0A 77 03 88"),
        ("modbus-relay", "01 02 01 00 A1 88"),
        ("winnsen", "90 07 85 02 04 01 03"),
        ("wkly", "57 4B 4C 59 0A 03 85 04 00 81"),
        ("xor-bcc", "8A 01 03 00 88"),
    ],
)
@given(stray=st.binary(min_size=1, max_size=4), behind=st.booleans())
def test_an_answer_with_bytes_of_no_frame_beside_it_is_no_whole_frame(
    family: str,
    answer: str,
    stray: bytes,
    behind: bool,  # noqa: FBT001 - drawn by Hypothesis, no caller writes it
) -> None:
    frame = bytes.fromhex(answer)
    assert read(frame, family, sent=False).is_frame
    assert not read(frame + stray if behind else stray + frame, family, sent=False).is_frame
