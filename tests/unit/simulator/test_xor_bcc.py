"""The lock board's device half: obeys what is for it, answers when due, misbehaves as declared."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.boards.xor_bcc import RequestFinder, XorBccBoard, framed
from simulator.faults import UnknownFaultError


class Cabling:
    """Records what the board does; contacts closed unless said otherwise."""

    def __init__(self) -> None:
        self.pulses: list[tuple[int, float]] = []
        self.held: dict[int, bool] = {}
        self.open_contacts: set[int] = set()

    def pulse(self, channel: int, seconds: float) -> None:
        self.pulses.append((channel, seconds))

    def hold(self, channel: int, *, energised: bool) -> None:
        self.held[channel] = energised

    def contact(self, channel: int) -> bool:
        return channel not in self.open_contacts


def board(channels: int = 24) -> tuple[XorBccBoard, Cabling]:
    cabling = Cabling()
    return XorBccBoard(1, channels, cabling, dice=random.Random(3)), cabling


def answers(b: XorBccBoard, request: bytes, wait_s: float = 1.0) -> bytes:
    b.feed(request)
    return b"".join(b.advance(wait_s)) + b"".join(b.advance(wait_s))


UNLOCK_3 = framed(0x8A, 1, 3, 0x11)
READ_3 = framed(0x80, 1, 3, 0x33)
READ_ALL = framed(0x80, 1, 0, 0x33)


@pytest.mark.parametrize("parameter", [0x11, 0x33])
def test_unlock_pulses_at_once_for_the_default_time_and_answers_later(parameter: int) -> None:
    b, cabling = board()
    b.feed(framed(0x8A, 1, 3, parameter))
    assert cabling.pulses == [(3, 0.3)]
    assert b.advance(0.1) == []
    cabling.open_contacts.add(3)
    assert b.advance(0.1) == [framed(0x8A, 1, 3, 0x00)]


def test_an_unlock_that_moved_no_door_is_answered_like_its_own_request() -> None:
    b, _ = board()
    assert answers(b, UNLOCK_3) == UNLOCK_3


def test_the_six_byte_edition_sets_the_pulse_in_seconds() -> None:
    b, cabling = board()
    b.feed(framed(0x8A, 1, 3, 0x11, 7))
    assert cabling.pulses == [(3, 7.0)]


def test_the_unlock_time_of_the_kecheng_edition_lasts_until_it_is_set_anew() -> None:
    b, cabling = board()
    b.feed(framed(0x7E, 1, 3, 4))
    b.feed(framed(0x8A, 1, 3, 0x11))
    b.advance(5.0)
    b.feed(framed(0x8A, 1, 2, 0x11))
    assert cabling.pulses == [(3, 4.0), (2, 0.3)]


def test_open_all_pulses_one_after_another_and_echoes_after_the_last() -> None:
    b, cabling = board(8)
    b.feed(framed(0x8A, 1, 0, 0x11))
    assert b.advance(0.0) == []
    assert cabling.pulses == [(1, 0.3)]
    assert b.advance(2.7) == []
    assert len(cabling.pulses) == 8
    assert b.advance(0.2) == [framed(0x8A, 1, 0, 0x11)]


def test_the_edition_of_2025_answers_open_all_with_the_block_state() -> None:
    b, _ = board(8)
    b.feed(framed(0x9D, 1, 1, 0x33))
    assert b.advance(3.0) == [framed(0x9E, 1, 0, 0, 0xFF, 0x33)]


def test_the_other_open_all_is_obeyed_and_not_answered() -> None:
    b, cabling = board(8)
    b.feed(framed(0x9D, 1, 2, 0x10))
    assert b.advance(3.0) == []
    assert [channel for channel, _ in cabling.pulses] == list(range(1, 9))


def test_a_board_of_the_kecheng_edition_repeats_each_request_first() -> None:
    cabling = Cabling()
    b = XorBccBoard(1, 24, cabling, dice=random.Random(3), kecheng=True)
    assert answers(b, READ_3) == READ_3 + framed(0x80, 1, 3, 0x11)
    unlock = framed(0x8A, 1, 3, 0x33)
    assert answers(b, unlock) == unlock + framed(0x8A, 1, 3, 0x11)
    assert answers(b, framed(0x82, 1, 0, 0x22)) == framed(0x82, 1, 0, 0x22) + framed(0x82, 1, 0, 0xAB)
    assert answers(b, framed(0x82, 1, 0, 0x44)) == framed(0x82, 1, 0, 0x44)


def test_a_board_of_the_kecheng_edition_wants_its_own_parameter() -> None:
    cabling = Cabling()
    b = XorBccBoard(1, 24, cabling, dice=random.Random(3), kecheng=True)
    assert answers(b, UNLOCK_3) == b""
    assert cabling.pulses == []


def test_an_answer_for_a_neighbour_never_changes_the_states_of_a_block() -> None:
    b, _ = board()
    b.faults.set("wrong-channel", True)
    assert answers(b, READ_ALL) == framed(0x80, 1, 0xFF, 0xFF, 0xFF, 0x33)


def test_reading_one_and_all_contacts() -> None:
    b, cabling = board()
    assert answers(b, READ_3) == framed(0x80, 1, 3, 0x11)
    cabling.open_contacts.add(3)
    assert answers(b, READ_3) == framed(0x80, 1, 3, 0x00)
    assert answers(b, READ_ALL) == framed(0x80, 1, 0xFF, 0xFF, 0xFB, 0x33)


@pytest.mark.parametrize(("channels", "state_bytes"), [(8, 3), (24, 3), (32, 4), (50, 7)])
def test_block_state_has_as_many_bytes_as_the_board_family_sends(channels: int, state_bytes: int) -> None:
    b, _ = board(channels)
    assert len(answers(b, READ_ALL)) == state_bytes + 4


def test_a_bitmap_pulses_its_channels_without_an_answer() -> None:
    b, cabling = board()
    assert answers(b, bytes.fromhex("90 01 02 02 02 93")) == b""
    assert [channel for channel, _ in cabling.pulses] == [2, 10, 18]


def test_an_output_is_held_on_and_off() -> None:
    b, cabling = board()
    b.feed(framed(0x9A, 1, 2, 0x11))
    assert cabling.held == {2: True}
    b.feed(framed(0x9B, 1, 2, 0x11))
    assert cabling.held == {2: False}


def test_firmware_is_told() -> None:
    b, _ = board()
    assert answers(b, framed(0x82, 1, 0, 0x22)) == framed(0x82, 1, 0, 0xAB)


@pytest.mark.parametrize(
    "request_bytes",
    [
        bytes.fromhex("8A 01 01 11 9A"),
        framed(0x8A, 2, 3, 0x11),
        framed(0x8A, 1, 25, 0x11),
        framed(0x80, 1, 25, 0x33),
        framed(0x8A, 1, 3, 0x12),
        b"\x00\xff\x13",
    ],
    ids=["wrong checksum", "other board", "no such channel", "no such read", "wrong parameter", "noise"],
)
def test_what_is_not_a_valid_request_for_this_board_changes_nothing(request_bytes: bytes) -> None:
    b, cabling = board()
    assert answers(b, request_bytes) == b""
    assert cabling.pulses == []


def test_a_request_behind_a_cut_one_is_understood() -> None:
    b, _ = board()
    assert answers(b, READ_3[:3] + READ_3) == framed(0x80, 1, 3, 0x11)


def test_a_request_after_a_pause_does_not_complete_a_cut_one() -> None:
    b, cabling = board()
    b.feed(UNLOCK_3[:4])
    b.advance(0.5)
    b.feed(UNLOCK_3[4:])
    assert cabling.pulses == []


frames = st.one_of(
    st.builds(lambda a, c: framed(0x8A, a, c, 0x11), st.integers(0, 3), st.integers(0, 24)),
    st.builds(lambda c, s: framed(0x8A, 1, c, 0x11, s), st.integers(1, 24), st.integers(1, 9)),
    st.just(READ_ALL),
    st.binary(max_size=8),
)


@given(st.lists(frames, max_size=8).map(b"".join), st.data())
def test_every_chunking_gives_the_same_requests(stream: bytes, data: st.DataObject) -> None:
    whole, parts = RequestFinder(), RequestFinder()
    found = []
    rest = stream
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        found += parts.feed(rest[:size])
        rest = rest[size:]
        assert parts.pending < 7
    assert found == whole.feed(stream)


@given(st.binary(max_size=6), st.integers(1, 24))
def test_a_request_is_found_behind_garbage_without_heads(garbage: bytes, channel: int) -> None:
    clean = bytes(byte for byte in garbage if byte < 0x80)
    assert len(RequestFinder().feed(clean + framed(0x80, 1, channel, 0x33))) == 1


@given(st.integers(0, 39), st.integers(1, 24))
def test_a_request_with_one_flipped_bit_is_refused(bit: int, channel: int) -> None:
    frame = bytearray(framed(0x80, 1, channel, 0x33))
    frame[bit // 8] ^= 1 << bit % 8
    assert RequestFinder().feed(bytes(frame)) == []


def test_no_unlock_answer_still_acts_and_still_answers_reads() -> None:
    b, cabling = board()
    b.faults.set("no-unlock-answer", True)
    assert answers(b, UNLOCK_3) == b""
    assert cabling.pulses == [(3, 0.3)]
    assert answers(b, READ_3) != b""


def test_a_counted_fault_ends_by_itself() -> None:
    b, _ = board()
    b.faults.set("wrong-checksum", 1)
    assert answers(b, READ_3)[-1] != framed(0x80, 1, 3, 0x11)[-1]
    assert answers(b, READ_3) == framed(0x80, 1, 3, 0x11)


def test_the_answer_may_come_only_after_the_pulse() -> None:
    b, _ = board()
    b.faults.set("answer-after-pulse", True)
    b.feed(UNLOCK_3)
    assert b.advance(0.3) == []
    assert b.advance(0.1) == [UNLOCK_3]


def test_the_request_may_be_echoed_first() -> None:
    b, cabling = board()
    cabling.open_contacts.add(3)
    b.faults.set("echo-request", True)
    assert answers(b, UNLOCK_3) == UNLOCK_3 + framed(0x8A, 1, 3, 0x00)


def test_garbage_may_come_in_front() -> None:
    b, _ = board()
    b.faults.set("garbage-in-front", 4)
    heard = answers(b, READ_3)
    assert len(heard) == 9
    assert heard[4:] == framed(0x80, 1, 3, 0x11)


def test_a_late_answer_comes_late() -> None:
    b, _ = board()
    b.faults.set("late-answer", 1.5)
    b.feed(READ_3)
    assert b.advance(1.4) == []
    assert b.advance(0.2) == [framed(0x80, 1, 3, 0x11)]


def test_an_answer_may_come_in_two_pieces() -> None:
    b, _ = board()
    b.faults.set("fragmented-replies", 0.02)
    b.feed(READ_3)
    first = b.advance(0.01)
    second = b.advance(0.02)
    assert first
    assert second
    assert b"".join(first + second) == framed(0x80, 1, 3, 0x11)


def test_answers_of_a_wrong_address_or_channel_have_right_checksums() -> None:
    b, _ = board()
    b.faults.set("wrong-address", 1)
    assert answers(b, READ_3) == framed(0x80, 2, 3, 0x11)
    b.faults.set("wrong-channel", 1)
    assert answers(b, READ_3) == framed(0x80, 1, 4, 0x11)


def test_state_bytes_may_be_reversed_or_inverted() -> None:
    b, cabling = board()
    cabling.open_contacts.add(1)
    b.faults.set("reversed-byte-order", True)
    assert answers(b, READ_ALL) == framed(0x80, 1, 0xFE, 0xFF, 0xFF, 0x33)
    b.faults.set("inverted-block", True)
    assert answers(b, READ_ALL) == framed(0x80, 1, 0x01, 0x00, 0x00, 0x33)
    assert answers(b, READ_3) == framed(0x80, 1, 3, 0x11)


def test_the_duty_cycle_refuses_a_second_pulse_too_soon() -> None:
    b, cabling = board()
    b.faults.set("duty-cycle", 15)
    assert answers(b, UNLOCK_3)
    assert answers(b, UNLOCK_3) == UNLOCK_3
    assert len(cabling.pulses) == 1
    b.advance(15)
    b.feed(UNLOCK_3)
    assert len(cabling.pulses) == 2


def test_a_busy_board_obeys_again_after_a_read() -> None:
    b, cabling = board()
    b.faults.set("busy", True)
    answers(b, UNLOCK_3)
    assert answers(b, UNLOCK_3) == b""
    answers(b, READ_3)
    answers(b, UNLOCK_3)
    assert len(cabling.pulses) == 2


def test_door_changes_are_reported_only_when_configured() -> None:
    b, _ = board()
    b.contact_changed(3)
    assert b.advance(1) == []
    b.feed(framed(0x8D, 1, 1, 1))
    b.contact_changed(3)
    assert b.advance(1) == [framed(0x82, 1, 3, 0x11)]
    b.faults.set("unsolicited-reports", 0x81)
    b.contact_changed(3)
    assert b.advance(1) == [framed(0x81, 1, 3, 0x11)]


def test_a_dead_board_is_silent_and_forgets() -> None:
    b, cabling = board()
    b.faults.set("dead-board", True)
    assert answers(b, UNLOCK_3) == b""
    b.faults.set("dead-board", None)
    assert answers(b, READ_3) != b""
    assert cabling.pulses == []


def test_a_flood_of_requests_is_bounded() -> None:
    b, _ = board()
    b.feed(READ_3 * 5000)
    assert len(b.advance(1)) <= 256


def test_a_fault_of_another_part_is_refused() -> None:
    b, _ = board()
    with pytest.raises(UnknownFaultError, match="belongs to a keypad"):
        b.faults.set("stuck-key", "5")
