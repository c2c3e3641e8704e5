"""Bytes into words: whoever types a frame in is told what it is, or why it is none."""

import pytest

from drivers.decoding import LONGEST_BYTES, examine, meaning, parse_hex, read
from drivers.errors import CallerMistake
from drivers.registry import LOCK_BOARDS

SHUT = bytes.fromhex("8A0105119F")


@pytest.mark.parametrize(
    "typed",
    ["8A0105119F", "8a 01 05 11 9f", "0x8A,0x01, 0x05 0X11 0x9f", "8A:01:05:11:9F", " 8A-01-05-11-9F\n"],
)
def test_hex_is_read_as_people_type_it(typed: str) -> None:
    assert parse_hex(typed) == SHUT


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("8A 0G", "'G' is no hexadecimal digit"),
        ("8A 0", "odd number of digits"),
        ("", "there is no byte"),
        ("0x", "there is no byte"),
        ("00" * (LONGEST_BYTES + 1), "too many"),
        ("8A \u0661\u0661", "no hexadecimal digit"),
    ],
)
def test_what_is_no_hex_is_refused_with_the_place(typed: str, said: str) -> None:
    with pytest.raises(CallerMistake, match=said):
        parse_hex(typed)


def test_a_good_answer_is_explained() -> None:
    reading = examine(SHUT, "xor-bcc", sent=False)
    assert reading.is_frame
    assert reading.corrected is None
    assert reading.texts == ("board 1, channel 5: contact closed",)


def test_a_wrong_checksum_is_named_with_the_right_one_and_what_it_would_have_been() -> None:
    reading = examine(SHUT[:-1] + b"\x00", "xor-bcc", sent=False)
    assert not reading.is_frame
    assert reading.corrected == SHUT
    assert reading.texts[0] == "wrong checksum 00; with 9F it would be:"
    assert reading.texts[1] == "board 1, channel 5: contact closed"


@pytest.mark.parametrize(
    ("family", "frame", "sent"),
    [
        ("xor-bcc", "8A0105119F", True),
        ("kerong-cu16", "0200300335", True),
        ("modbus-relay", "010200000008 79CC", True),
        ("modbus-relay", "01020100 A188", False),
    ],
)
def test_a_frame_with_any_wrong_end_is_put_right(family: str, frame: str, sent: bool) -> None:  # noqa: FBT001 - a parameter of the test
    good = parse_hex(frame)
    assert read(good, family, sent=sent).is_frame
    damaged = examine(good[:-1] + bytes([good[-1] ^ 0x40]), family, sent=sent)
    assert damaged.corrected == good
    assert damaged.texts[0].startswith("wrong checksum ")
    assert damaged.texts[1:] == read(good, family, sent=sent).texts


def test_bytes_that_no_correction_makes_a_frame_are_said_to_be_none() -> None:
    reading = examine(b"hello", "xor-bcc", sent=False)
    assert not reading.is_frame
    assert reading.corrected is None
    assert reading.texts[0].startswith("no ")


@pytest.mark.parametrize("family", LOCK_BOARDS)
@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("data", [b"", b"\xf7", b"\xf7\xf7\xf7", bytes(64), bytes(range(256))])
def test_every_family_says_of_garbage_that_it_is_none(family: str, sent: bool, data: bytes) -> None:  # noqa: FBT001 - a parameter of the test
    assert not examine(data, family, sent=sent).is_frame


def test_a_line_of_one_family_needs_no_name_and_one_of_several_says_who_knows_it() -> None:
    assert meaning(SHUT, ["xor-bcc"], sent=False) == ("board 1, channel 5: contact closed",)
    both = meaning(b"\xf7\xf7\xf7", ["xor-bcc", "xor-bcc"], sent=False)
    assert all(text.startswith("xor-bcc: no ") for text in both)
    assert len(both) == 2
