"""The RS-485 line takes its time and has its vices."""

import random

import pytest

from simulator.boards.xor_bcc import XorBccBoard, framed
from simulator.line import Line
from tests.unit.simulator.test_xor_bcc import Cabling

READ_3 = framed(0x80, 1, 3, 0x33)
CLOSED_3 = framed(0x80, 1, 3, 0x11)
BYTE_S = 10 / 9600


def line(*addresses: int, paced: bool = False, seed: int = 1) -> Line:
    boards = [XorBccBoard(a, 24, Cabling(), dice=random.Random(a)) for a in addresses or (1,)]
    return Line(boards, random.Random(seed), paced=paced)


def heard(wire: Line, request: bytes, wait_s: float = 1.0) -> bytes:
    wire.feed(request)
    return b"".join(wire.advance(wait_s))


def test_only_the_addressed_board_answers() -> None:
    wire = line(1, 2)
    assert heard(wire, framed(0x80, 2, 3, 0x33)) == framed(0x80, 2, 3, 0x11)


def test_a_paced_line_needs_the_time_of_its_baud_rate() -> None:
    wire = line(paced=True)
    wire.feed(READ_3)
    assert wire.advance(5 * BYTE_S + 0.005 + 4.9 * BYTE_S) == []
    assert wire.advance(0.2 * BYTE_S) == [CLOSED_3]


def test_two_writes_follow_one_another_on_the_wire() -> None:
    wire = line(paced=True)
    wire.feed(READ_3[:2])
    wire.feed(READ_3[2:])
    assert b"".join(wire.advance(0.1)) == CLOSED_3


def test_an_idle_line_waits_for_nothing() -> None:
    wire = line(1, 2, paced=True)
    assert wire.due_in_s() is None
    heard(wire, READ_3)
    assert wire.due_in_s() is None


def test_echo_lets_the_host_hear_itself_first() -> None:
    wire = line()
    wire.faults.set("echo", True)
    assert heard(wire, READ_3) == READ_3 + CLOSED_3


def test_a_cut_line_passes_nothing() -> None:
    wire = line()
    wire.faults.set("cut", True)
    assert heard(wire, READ_3) == b""


def test_two_boards_of_one_address_garble_each_other() -> None:
    one, other = Cabling(), Cabling()
    other.open_contacts.add(3)
    boards = [XorBccBoard(1, 24, cabling, dice=random.Random(0)) for cabling in (one, other)]
    wire = Line(boards, random.Random(0), paced=False)
    assert heard(wire, READ_3) not in (CLOSED_3, framed(0x80, 1, 3, 0x00), b"")


@pytest.mark.parametrize("vice", ["noise", "loss"])
def test_vices_come_from_the_seed(vice: str) -> None:
    def session(seed: int) -> list[bytes]:
        wire = line(seed=seed)
        wire.faults.set(vice, 0.05)
        return [heard(wire, READ_3) for _ in range(200)]

    assert session(7) == session(7)
    assert session(7) != session(8)
    assert 20 < sum(answer != CLOSED_3 for answer in session(7)) < 180


def test_injected_bytes_reach_boards_and_host() -> None:
    wire = line()
    wire.inject(READ_3)
    assert b"".join(wire.advance(1)) == READ_3 + CLOSED_3


def test_one_long_step_equals_many_short_ones() -> None:
    whole, parts = line(paced=True), line(paced=True)
    for wire in (whole, parts):
        wire.feed(READ_3 + framed(0x8A, 1, 0, 0x11) + READ_3)
    assert b"".join(whole.advance(10)) == b"".join(b"".join(parts.advance(0.01)) for _ in range(1000))
