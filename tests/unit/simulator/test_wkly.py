"""The WKLY board's device half: obeys what is for it, answers after the action, tells each change."""

import random

import pytest

from simulator.boards.wkly import RequestFinder, WklyBoard, framed
from tests.unit.simulator.test_xor_bcc import Cabling


def board(channels: int = 12) -> tuple[WklyBoard, Cabling]:
    cabling = Cabling()
    return WklyBoard(3, channels, cabling, dice=random.Random(3)), cabling


def answers(b: WklyBoard, request: bytes, wait_s: float = 1.0) -> bytes:
    b.feed(request)
    return b"".join(b.advance(wait_s)) + b"".join(b.advance(wait_s))


OPEN_4 = framed(3, 0x82, 4)
READ_ALL = framed(3, 0x84)


def test_an_unlock_pulses_at_once_and_is_answered_after_the_action() -> None:
    b, cabling = board()
    b.feed(OPEN_4)
    assert cabling.pulses == [(4, 0.35)]
    assert b.advance(0.34) == []
    cabling.open_contacts.add(4)
    assert b.advance(0.02) == [framed(3, 0x82, 0, 4, 0)]


def test_a_jammed_door_is_done_and_still_shut() -> None:
    b, _ = board()
    assert answers(b, OPEN_4) == framed(3, 0x82, 0, 4, 1)


def test_a_channel_that_is_not_there_fails() -> None:
    b, cabling = board()
    assert answers(b, framed(3, 0x82, 13)) == framed(3, 0x82, 0xFF, 13, 0xFF)
    assert answers(b, framed(3, 0x83, 13)) == framed(3, 0x83, 0xFF, 13, 0xFF)
    assert answers(b, framed(3, 0x88, 13)) == framed(3, 0x88, 0xFF, 13)
    assert answers(b, framed(3, 0x87, 2, 1, 13)) == framed(3, 0x87, 0xFF)
    assert (cabling.pulses, cabling.held) == ([], {})


def test_reading_one_and_all() -> None:
    b, cabling = board(4)
    cabling.open_contacts |= {1, 4}
    assert answers(b, framed(3, 0x83, 4)) == framed(3, 0x83, 0, 4, 0)
    assert answers(b, READ_ALL) == framed(3, 0x84, 0, 4, 0, 1, 1, 0)


def test_several_open_together_or_in_turn_and_all_in_turn() -> None:
    b, cabling = board(3)
    assert answers(b, framed(3, 0x80, 2, 1, 3)) == framed(3, 0x80, 0)
    assert [channel for channel, _ in cabling.pulses] == [1, 3]
    assert answers(b, framed(3, 0x87, 2, 3, 1), 2.0) == framed(3, 0x87, 0)
    assert answers(b, framed(3, 0x86), 2.0) == framed(3, 0x86, 0)
    assert [channel for channel, _ in cabling.pulses] == [1, 3, 3, 1, 1, 2, 3]


def test_outputs_are_held_and_lamps_flash() -> None:
    b, cabling = board()
    assert answers(b, framed(3, 0x88, 2)) == framed(3, 0x88, 0, 2)
    assert cabling.held == {2: True}
    assert answers(b, framed(3, 0x89, 2)) == framed(3, 0x89, 0, 2)
    assert cabling.held == {2: False}
    assert answers(b, framed(3, 0x81, 2)) == framed(3, 0x81, 0, 2)


def test_each_change_is_reported_by_itself() -> None:
    b, cabling = board()
    cabling.open_contacts.add(4)
    b.contact_changed(4)
    assert b.advance(0.1) == [framed(3, 0x85, 4, 0)]


@pytest.mark.parametrize(
    "request_bytes",
    [
        OPEN_4[:-1] + b"\x00",
        framed(2, 0x82, 4),
        framed(3, 0x95, 4),
        framed(3, 0x85, 4, 0),
        b"WKLY\xff",
        framed(3, 0x80, 3, 1, 2),
    ],
    ids=["wrong checksum", "other board", "unknown command", "a report", "impossible length", "wrong count"],
)
def test_what_is_no_request_for_this_board_changes_nothing(request_bytes: bytes) -> None:
    b, cabling = board()
    assert answers(b, request_bytes) == b""
    assert cabling.pulses == []


def test_a_request_behind_a_cut_one_is_understood() -> None:
    b, _ = board(1)
    assert answers(b, OPEN_4[:6] + READ_ALL) == framed(3, 0x84, 0, 1, 1)
    parser = RequestFinder()
    # The cut frame promises seventy bytes; the good ones inside are found when they have come.
    found = parser.feed(b"WKLY\x46\x03\x95" + OPEN_4 * 8)
    assert [request.data for request in found] == [b"\x04"] * 8


def test_the_misbehaviours_of_the_catalogue() -> None:
    b, cabling = board(2)
    whole = framed(3, 0x84, 0, 2, 1, 1)
    open_one = framed(3, 0x82, 1)
    for fault, value, request, expected in (
        ("wrong-checksum", 1, READ_ALL, whole[:-1] + bytes((whole[-1] ^ 0x5A,))),
        ("wrong-address", 1, READ_ALL, framed(4, 0x84, 0, 2, 1, 1)),
        ("wrong-channel", 1, framed(3, 0x83, 1), framed(3, 0x83, 0, 2, 1)),
        ("alternate-function", 1, READ_ALL, framed(3, 0x84, 0, 2, 1, 1, start=b"SKLY")),
        ("echo-request", 1, READ_ALL, READ_ALL + whole),
        ("report-within-answer", 1, READ_ALL, whole[:6] + framed(3, 0x85, 1, 1) + whole[6:]),
        ("fragmented-replies", 0.02, READ_ALL, whole),
        ("inverted-block", True, READ_ALL, framed(3, 0x84, 0, 2, 0, 0)),
        ("no-unlock-answer", True, open_one, b""),
    ):
        b.faults.set(fault, value)
        assert answers(b, request) == expected, fault
        b.faults.set(fault, None)
    cabling.pulses.clear()
    b.faults.set("duty-cycle", 15)
    assert answers(b, open_one) == framed(3, 0x82, 0xFF, 1, 1)
    b.faults.set("duty-cycle", None)
    answers(b, READ_ALL)
    b.faults.set("busy", True)
    answers(b, framed(3, 0x82, 2))
    assert answers(b, open_one) == b""
    assert answers(b, READ_ALL) == whole
    assert answers(b, open_one) == framed(3, 0x82, 0, 1, 1)
    assert [channel for channel, _ in cabling.pulses] == [2, 1]
