"""The Kerong boards' device halves: obey what is for them, never answer an unlock, misbehave as declared."""

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from simulator.boards.kerong import KerongCu16Board, KerongCu48Board, Parser16, Parser48, framed


class Cabling:
    """Records what the board does; contacts closed and no items unless said otherwise."""

    def __init__(self, sensors: range) -> None:
        self.pulses: list[tuple[int, float]] = []
        self.open_contacts: set[int] = set()
        self.items: set[int] = set()
        self._sensors = sensors

    def pulse(self, channel: int, seconds: float) -> None:
        self.pulses.append((channel, seconds))

    def hold(self, channel: int, *, energised: bool) -> None:
        raise AssertionError((channel, energised))

    def contact(self, channel: int) -> bool:
        return channel in self.items if channel in self._sensors else channel not in self.open_contacts


def cu16(address: int = 2, channels: int = 16) -> tuple[KerongCu16Board, Cabling]:
    cabling = Cabling(range(17, 33))
    return KerongCu16Board(address, channels, cabling, dice=random.Random(3)), cabling


def cu48(address: int = 2, channels: int = 48) -> tuple[KerongCu48Board, Cabling]:
    cabling = Cabling(range(49, 97))
    return KerongCu48Board(address, channels, cabling, dice=random.Random(3)), cabling


def answers(board: KerongCu16Board | KerongCu48Board, request: bytes, wait_s: float = 1.0) -> bytes:
    board.feed(request)
    return b"".join(board.advance(wait_s)) + b"".join(board.advance(wait_s))


READ_16, UNLOCK_16 = framed(0x20, 0x30), framed(0x23, 0x31)
READ_48, UNLOCK_48 = framed(2, 0, 0x60), framed(2, 3, 0x61)
ALL_SHUT_16 = framed(0x20, 0x35, 0xFF, 0xFF, 0, 0)
ALL_SHUT_48 = framed(2, 0, 0x75, *[0xFF] * 6, *[0] * 6)


def test_an_unlock_pulses_one_lock_at_once_and_is_never_answered() -> None:
    small, small_cabling = cu16()
    assert answers(small, UNLOCK_16) == b""
    assert small_cabling.pulses == [(4, 0.5)]
    large, large_cabling = cu48()
    assert answers(large, UNLOCK_48) == b""
    assert large_cabling.pulses == [(4, 0.5)]


def test_the_state_tells_locks_and_items() -> None:
    small, small_cabling = cu16()
    small_cabling.open_contacts, small_cabling.items = {1, 16}, {17, 32}
    assert answers(small, READ_16) == framed(0x20, 0x35, 0xFE, 0x7F, 0x01, 0x80)
    large, large_cabling = cu48()
    large_cabling.open_contacts, large_cabling.items = {1, 48}, {49, 96}
    bits = (0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x01, 0, 0, 0, 0, 0x80)
    assert answers(large, READ_48) == framed(2, 0, 0x75, *bits)


def test_channels_that_a_smaller_board_has_not_are_zero_and_pulse_nothing() -> None:
    small, cabling = cu16(channels=12)
    assert answers(small, READ_16) == framed(0x20, 0x35, 0xFF, 0x0F, 0, 0)
    answers(small, framed(0x2C, 0x31))
    assert cabling.pulses == []


def test_every_board_of_a_bus_tells_its_state_in_its_own_time() -> None:
    pieces = []
    for address in (0, 1, 9):
        board, _ = cu16(address)
        board.feed(framed(0xF0, 0x32))
        due_s = board.due_in_s()
        assert due_s is not None
        pieces.append((due_s, b"".join(board.advance(1.0))))
    assert [said for _, said in pieces] == [framed(a << 4, 0x36, 0xFF, 0xFF, 0, 0) for a in (0, 1, 9)]
    starts = [due_s for due_s, _ in pieces]
    assert all(later - earlier >= 0.0047 for earlier, later in pairwise(starts))


def test_a_single_board_answers_a_query_of_all_under_its_own_address() -> None:
    board, _ = cu16(0)
    assert answers(board, framed(0x00, 0x32)) == framed(0x00, 0x36, 0xFF, 0xFF, 0, 0)


def test_unlocking_all_pulses_one_after_another() -> None:
    small, small_cabling = cu16(channels=12)
    assert answers(small, framed(0x20, 0x33), 10.0) == b""
    assert [channel for channel, _ in small_cabling.pulses] == list(range(1, 13))
    large, large_cabling = cu48(channels=20)
    assert answers(large, framed(2, 0x30, 0x61), 20.0) == b""
    assert [channel for channel, _ in large_cabling.pulses] == list(range(1, 21))


def test_the_unlock_time_is_told_and_set() -> None:
    board, cabling = cu16()
    assert answers(board, framed(0x20, 0x37)) == framed(0x20, 0x38, 0, 50)
    assert answers(board, framed(0x20, 0x38)) == framed(0x20, 0x38, 0, 50)
    assert answers(board, framed(0x20, 0x37, 1, 0x2C)) == framed(0x20, 0x38, 1, 0x2C)
    board.feed(UNLOCK_16)
    assert cabling.pulses == [(4, 3.0)]


def test_a_delayed_unlock_pulses_when_it_is_due() -> None:
    board, cabling = cu16()
    board.feed(framed(0x23, 0x39, 5))
    board.advance(4.9)
    assert cabling.pulses == []
    board.advance(0.2)
    assert cabling.pulses == [(4, 0.5)]


@pytest.mark.parametrize(
    "request_bytes",
    [
        bytes.fromhex("02 23 31 03 58"),
        framed(0x33, 0x31),
        framed(0xF3, 0x31),
        framed(0x23, 0x33),
        framed(0x20, 0x40, 1),
        framed(0xFF, 0x80),
        UNLOCK_48,
        b"\x02\xff\x13",
    ],
    ids=["wrong sum", "other board", "no board", "all of a lock", "baud rate", "recruit", "CU48", "noise"],
)
def test_what_is_not_for_a_cu16_moves_nothing(request_bytes: bytes) -> None:
    board, cabling = cu16()
    assert answers(board, request_bytes, 10.0) == b""
    assert cabling.pulses == []


@pytest.mark.parametrize(
    "request_bytes",
    [
        bytes.fromhex("02 02 03 61 03 6A"),
        framed(3, 3, 0x61),
        framed(2, 0x31, 0x61),
        framed(2, 3, 0x61, 0),
        framed(0x0A, 0, 0x60),
        UNLOCK_16,
    ],
    ids=["wrong sum", "other board", "no such lock", "with a zero", "state of all boards", "CU16"],
)
def test_what_is_not_for_a_cu48_moves_nothing(request_bytes: bytes) -> None:
    board, cabling = cu48()
    assert answers(board, request_bytes, 10.0) == b""
    assert cabling.pulses == []


@pytest.mark.parametrize(
    ("make", "read", "shut"), [(cu16, READ_16, ALL_SHUT_16), (cu48, READ_48, ALL_SHUT_48)]
)
class TestMisbehaviour:
    """Every declared fault of a board that makes sense here."""

    Make = Callable[[], tuple[KerongCu16Board | KerongCu48Board, Cabling]]

    def test_a_request_behind_a_cut_one_is_understood(self, make: Make, read: bytes, shut: bytes) -> None:
        board, _ = make()
        assert answers(board, read[:3] + read) == shut

    def test_answers_are_spoilt_as_declared(self, make: Make, read: bytes, shut: bytes) -> None:
        board, _ = make()
        board.faults.set("wrong-checksum", 1)
        assert answers(board, read)[:-1] == shut[:-1]
        board.faults.set("wrong-address", 1)
        other = answers(board, read)
        assert other[1] != shut[1]
        assert sum(other[:-1]) & 0xFF == other[-1]
        board.faults.set("wrong-channel", 1)
        assert answers(board, read) == shut
        board.faults.set("echo-request", 1)
        assert answers(board, read) == read + shut
        board.faults.set("garbage-in-front", 3)
        assert answers(board, read)[3:] == shut
        board.faults.set("garbage-in-front", None)
        board.faults.set("inverted-block", True)
        assert answers(board, read) not in (shut, b"")

    def test_an_answer_may_come_late_or_in_two_pieces(self, make: Make, read: bytes, shut: bytes) -> None:
        board, _ = make()
        board.faults.set("late-answer", 1.5)
        board.feed(read)
        assert board.advance(1.4) == []
        assert board.advance(0.2) == [shut]
        board.faults.set("late-answer", None)
        board.faults.set("fragmented-replies", 0.02)
        board.feed(read)
        pieces = board.advance(0.01) + board.advance(0.02)
        assert len(pieces) == 2
        assert b"".join(pieces) == shut

    def test_the_duty_cycle_lets_a_lock_rest(self, make: Make, read: bytes, shut: bytes) -> None:
        board, cabling = make()
        board.faults.set("duty-cycle", 15)
        unlock = UNLOCK_16 if len(read) == 5 else UNLOCK_48
        answers(board, unlock)
        answers(board, unlock)
        assert len(cabling.pulses) == 1
        board.advance(15)
        board.feed(unlock)
        assert len(cabling.pulses) == 2
        assert answers(board, read) == shut

    def test_a_busy_board_obeys_again_after_a_reading(self, make: Make, read: bytes, shut: bytes) -> None:
        board, cabling = make()
        board.faults.set("busy", True)
        unlock = UNLOCK_16 if len(read) == 5 else UNLOCK_48
        answers(board, unlock)
        answers(board, unlock)
        assert len(cabling.pulses) == 1
        assert answers(board, read) == shut
        answers(board, unlock)
        assert len(cabling.pulses) == 2

    def test_a_dead_board_is_silent_and_forgets(self, make: Make, read: bytes, shut: bytes) -> None:
        board, _ = make()
        board.faults.set("dead-board", True)
        assert answers(board, read) == b""
        board.faults.set("dead-board", None)
        assert answers(board, read) == shut

    def test_door_changes_are_never_reported(self, make: Make, read: bytes, shut: bytes) -> None:
        board, _ = make()
        board.faults.set("unsolicited-reports", 0x81)
        board.contact_changed(3)
        assert board.advance(1) == []
        assert answers(board, read) == shut


def test_a_cu48_may_answer_under_77() -> None:
    board, _ = cu48()
    board.faults.set("alternate-function", 1)
    assert answers(board, READ_48) == framed(2, 0x0A, 0x77, *[0xFF] * 6, *[0] * 6)


@pytest.mark.parametrize(("parser", "frame"), [(Parser16, UNLOCK_16), (Parser48, UNLOCK_48)])
def test_a_request_with_one_flipped_bit_is_refused(
    parser: type[Parser16] | type[Parser48], frame: bytes
) -> None:
    for bit in range(8 * len(frame)):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        assert parser().feed(bytes(damaged)) == []
