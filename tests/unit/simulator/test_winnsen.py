"""The Winnsen board's device half: obeys its station and station 0, answers after the pulse."""

import random

import pytest

from simulator.boards.winnsen import WinnsenBoard, framed
from tests.unit.simulator.test_xor_bcc import Cabling


def board(channels: int = 16) -> tuple[WinnsenBoard, Cabling]:
    cabling = Cabling()
    return WinnsenBoard(2, channels, cabling, dice=random.Random(3)), cabling


def answers(b: WinnsenBoard, request: bytes, wait_s: float = 1.0) -> bytes:
    b.feed(request)
    return b"".join(b.advance(wait_s)) + b"".join(b.advance(wait_s))


OPEN_4 = framed(0x05, 2, 4)
POLL = framed(0x02, 2, 0xFF, 0xFF)
ALL_SHUT = framed(0x82, 2, 0, 0)


def test_an_unlock_is_answered_only_after_the_pulse() -> None:
    b, cabling = board()
    b.feed(OPEN_4)
    assert cabling.pulses == [(4, 0.75)]
    assert b.advance(0.79) == []
    assert b.advance(0.02) == [framed(0x85, 2, 4, 1)]


def test_a_poll_tells_the_open_doors_of_its_mask() -> None:
    b, cabling = board()
    cabling.open_contacts |= {1, 9, 16}
    assert answers(b, POLL) == framed(0x82, 2, 0x01, 0x81)
    assert answers(b, framed(0x02, 2, 0xFF, 0x0F)) == framed(0x82, 2, 0x01, 0x01)


def test_the_state_of_one_lock_is_told_in_front_of_the_lock() -> None:
    b, cabling = board()
    cabling.open_contacts.add(5)
    assert answers(b, framed(0x12, 2, 5)) == framed(0x92, 2, 1, 5)
    assert answers(b, framed(0x12, 2, 6)) == framed(0x92, 2, 0, 6)


def test_station_0_reaches_every_board() -> None:
    b, cabling = board()
    assert answers(b, framed(0x05, 0, 4)) == framed(0x85, 2, 4, 1)
    assert cabling.pulses == [(4, 0.75)]


@pytest.mark.parametrize(
    "request_bytes",
    [framed(0x05, 3, 4), OPEN_4[:-1] + b"\x13", b"\x90\x07" + OPEN_4[2:], framed(0x06, 2, 4), OPEN_4[1:]],
    ids=["other station", "no end", "other length", "unknown function", "no head"],
)
def test_what_is_no_request_for_this_board_changes_nothing(request_bytes: bytes) -> None:
    b, cabling = board()
    assert answers(b, request_bytes) == b""
    assert cabling.pulses == []


def test_a_request_behind_a_cut_one_is_understood() -> None:
    b, _ = board()
    assert answers(b, POLL[:4] + POLL) == ALL_SHUT


def test_a_lock_that_is_not_there_fails() -> None:
    b, cabling = board(3)
    assert answers(b, OPEN_4) == framed(0x85, 2, 4, 0)
    assert cabling.pulses == []


def test_the_misbehaviours_of_the_catalogue() -> None:
    b, cabling = board(2)
    for fault, value, request, expected in (
        ("wrong-checksum", 1, POLL, ALL_SHUT[:-1] + b"\x59"),
        ("wrong-address", 1, POLL, framed(0x82, 3, 0, 0)),
        ("wrong-channel", 1, framed(0x12, 2, 1), framed(0x92, 2, 0, 2)),
        ("wrong-channel", 1, framed(0x05, 2, 1), framed(0x85, 2, 2, 1)),
        ("wrong-channel", 1, POLL, ALL_SHUT),
        ("alternate-function", 1, POLL, framed(0xA2, 2, 0, 0)),
        ("alternate-function", 1, framed(0x05, 2, 1), framed(0xA5, 2, 1, 1)),
        ("echo-request", 1, POLL, POLL + ALL_SHUT),
        ("fragmented-replies", 0.02, POLL, ALL_SHUT),
        ("inverted-block", True, POLL, framed(0x82, 2, 0x03, 0)),
        ("no-unlock-answer", True, framed(0x05, 2, 1), b""),
    ):
        b.faults.set(fault, value)
        assert answers(b, request) == expected, fault
        b.faults.set(fault, None)
    cabling.open_contacts.add(1)
    b.faults.set("reversed-byte-order", True)
    assert answers(b, POLL) == framed(0x82, 2, 0, 1)
    b.faults.set("duty-cycle", 15)
    assert answers(b, framed(0x05, 2, 1)) == framed(0x85, 2, 1, 2)
    b.faults.set("duty-cycle", None)
    cabling.pulses.clear()
    b.faults.set("busy", True)
    answers(b, framed(0x05, 2, 2))
    assert answers(b, framed(0x05, 2, 1)) == b""
    answers(b, POLL)
    assert answers(b, framed(0x05, 2, 1)) == framed(0x85, 2, 1, 1)
    assert [channel for channel, _ in cabling.pulses] == [2, 1]
    b.contact_changed(1)
    assert b.advance(1) == []
