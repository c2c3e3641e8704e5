"""The Modbus relay board's device half: obeys what is for it, ends each pulse itself, else says why not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.boards.modbus_relay import ModbusRelayBoard, RequestFinder, framed
from simulator.faults import FaultValue

PULSE_3 = framed(1, 5, 2, 2, 0, 2)
READ_INPUTS = framed(1, 2, 0, 0, 0, 8)
READ_RELAYS = framed(1, 1, 0, 0, 0, 8)
ALL_OFF = framed(1, 5, 0, 0xFF, 0, 0)


class Cabling:
    """Records what the board does; contacts closed unless said otherwise."""

    def __init__(self) -> None:
        self.pulses: list[tuple[int, float]] = []
        self.held: dict[int, bool] = {}
        self.open_contacts: set[int] = set()

    def pulse(self, channel: int, seconds: float) -> None:
        self.pulses.append((channel, round(seconds, 6)))

    def hold(self, channel: int, *, energised: bool) -> None:
        self.held[channel] = energised

    def contact(self, channel: int) -> bool:
        return channel not in self.open_contacts


def board(channels: int = 8) -> tuple[ModbusRelayBoard, Cabling]:
    cabling = Cabling()
    return ModbusRelayBoard(1, channels, cabling, dice=random.Random(3)), cabling


def answers(b: ModbusRelayBoard, request: bytes, wait_s: float = 0.02) -> bytes:
    b.feed(request)
    return b"".join(b.advance(wait_s)) + b"".join(b.advance(wait_s))


def test_a_timed_pulse_is_answered_at_once_and_ended_by_the_board() -> None:
    b, cabling = board()
    assert answers(b, PULSE_3) == PULSE_3
    assert cabling.pulses == [(3, 0.2)]
    assert answers(b, READ_RELAYS) == framed(1, 1, 1, 0b100)
    b.advance(0.2)
    assert answers(b, READ_RELAYS) == framed(1, 1, 1, 0)


def test_contacts_are_inputs_the_first_in_the_lowest_bit() -> None:
    b, cabling = board(16)
    cabling.open_contacts = {1, 10}
    assert answers(b, framed(1, 2, 0, 0, 0, 16)) == framed(1, 2, 2, 0b11111110, 0b11111101)
    assert answers(b, framed(1, 2, 0, 8, 0, 3)) == framed(1, 2, 1, 0b101)


def test_a_relay_is_switched_on_off_and_over() -> None:
    b, cabling = board()
    for value, state in ((0xFF, True), (0x00, False), (0x55, True), (0x55, False)):
        request = framed(1, 5, 0, 1, value, 0)
        assert answers(b, request) == request
        assert cabling.held == {2: state}
    assert cabling.pulses == []


def test_all_relays_are_switched_at_once() -> None:
    b, cabling = board(4)
    assert answers(b, framed(1, 5, 0, 0xFF, 0xFF, 0)) == framed(1, 5, 0, 0xFF, 0xFF, 0)
    assert cabling.held == dict.fromkeys(range(1, 5), True)
    assert answers(b, ALL_OFF) == ALL_OFF
    assert cabling.held == dict.fromkeys(range(1, 5), False)


def test_all_off_ends_a_pulse_too() -> None:
    b, cabling = board()
    b.feed(framed(1, 5, 2, 2, 0, 50))
    answers(b, ALL_OFF)
    assert cabling.held[3] is False
    assert answers(b, READ_RELAYS) == framed(1, 1, 1, 0)


def test_a_relay_that_is_off_for_a_time_comes_on_again_unless_it_was_switched_meanwhile() -> None:
    b, cabling = board()
    off_for_a_second = framed(1, 5, 4, 0, 0, 10)
    answers(b, off_for_a_second)
    assert cabling.held == {1: False}
    b.advance(1.0)
    assert cabling.held == {1: True}
    answers(b, off_for_a_second)
    answers(b, ALL_OFF)
    b.advance(2.0)
    assert cabling.held[1] is False


def test_several_relays_are_written_and_read() -> None:
    b, cabling = board()
    assert answers(b, framed(1, 0x0F, 0, 0, 0, 3, 1, 0b101)) == framed(1, 0x0F, 0, 0, 0, 3)
    assert cabling.held == {1: True, 2: False, 3: True}
    assert answers(b, READ_RELAYS) == framed(1, 1, 1, 0b101)


def test_registers_are_written_and_read() -> None:
    b, _ = board()
    assert answers(b, framed(1, 6, 0x10, 0, 0, 1)) == framed(1, 6, 0x10, 0, 0, 1)
    assert answers(b, framed(1, 0x10, 0x10, 1, 0, 2, 4, 0, 2, 0, 1)) == framed(1, 0x10, 0x10, 1, 0, 2)
    assert answers(b, framed(1, 3, 0x10, 0, 0, 3)) == framed(1, 3, 6, 0, 1, 0, 2, 0, 1)
    assert answers(b, framed(1, 3, 0x80, 0, 0, 1)) == framed(1, 3, 2, 0, 0xAB)


def test_a_new_address_counts_from_the_next_request() -> None:
    b, _ = board()
    assert answers(b, framed(1, 6, 0x40, 0, 0, 9)) == framed(1, 6, 0x40, 0, 0, 9)
    assert answers(b, READ_INPUTS) == b""
    assert answers(b, framed(9, 2, 0, 0, 0, 8)) == framed(9, 2, 1, 0xFF)


@pytest.mark.parametrize(
    ("request_bytes", "code"),
    [
        (framed(1, 4, 0, 0, 0, 1), 1),
        (framed(1, 0x11), 1),
        (framed(1, 8, 0, 0, 0, 1), 1),
        (framed(1, 1, 0, 0, 0, 9), 2),
        (framed(1, 2, 0, 8, 0, 1), 2),
        (framed(1, 2, 0, 0, 0, 0), 3),
        (framed(1, 3, 0x77, 0, 0, 1), 2),
        (framed(1, 3, 0x80, 0, 0, 0), 3),
        (framed(1, 5, 0, 8, 0xFF, 0), 2),
        (framed(1, 5, 0, 0, 0xF0, 0), 3),
        (framed(1, 5, 2, 8, 0, 2), 2),
        (framed(1, 5, 2, 0xFF, 0, 2), 2),
        (framed(1, 5, 2, 0, 0, 0), 3),
        (framed(1, 5, 2, 0, 0x80, 0), 3),
        (framed(1, 5, 3, 0, 0xFF, 0), 2),
        (framed(1, 6, 0x80, 0, 0, 1), 2),
        (framed(1, 6, 0x10, 0, 0, 5), 3),
        (framed(1, 6, 0x40, 0, 0, 0), 3),
        (framed(1, 0x0F, 0, 1, 0, 8, 1, 0xFF), 2),
        (framed(1, 0x10, 0x10, 7, 0, 2, 4, 0, 1, 0, 1), 2),
    ],
)
def test_what_the_board_cannot_do_is_answered_by_an_exception_and_moves_nothing(
    request_bytes: bytes, code: int
) -> None:
    b, cabling = board()
    assert answers(b, request_bytes) == framed(1, request_bytes[1] | 0x80, code)
    assert cabling.pulses == []
    assert cabling.held == {}


@pytest.mark.parametrize("request_bytes", [framed(0, 5, 2, 2, 0, 2), framed(0, 5, 0, 0xFF, 0, 0)])
def test_a_broadcast_acts_without_an_answer(request_bytes: bytes) -> None:
    b, cabling = board()
    assert answers(b, request_bytes) == b""
    assert cabling.pulses or cabling.held


@pytest.mark.parametrize("request_bytes", [framed(0, 2, 0, 0, 0, 8), framed(0, 5, 0, 9, 0xFF, 0)])
def test_a_broadcast_that_asks_or_errs_has_no_answer_either(request_bytes: bytes) -> None:
    b, cabling = board()
    assert answers(b, request_bytes) == b""
    assert cabling.held == {}


@pytest.mark.parametrize(
    "request_bytes",
    [framed(2, 5, 2, 2, 0, 2), PULSE_3[:-1] + bytes((PULSE_3[-1] ^ 1,)), b"\x00\xff\x13", PULSE_3[:7]],
    ids=["other board", "wrong checksum", "noise", "cut"],
)
def test_what_is_not_a_valid_request_for_this_board_changes_nothing(request_bytes: bytes) -> None:
    b, cabling = board()
    assert answers(b, request_bytes) == b""
    assert cabling.pulses == []


def test_a_request_after_a_pause_does_not_complete_a_cut_one() -> None:
    b, cabling = board()
    b.feed(PULSE_3[:4])
    b.advance(0.5)
    b.feed(PULSE_3[4:])
    assert cabling.pulses == []


def test_a_pause_ends_the_wait_for_a_block_that_garbage_announced() -> None:
    b, cabling = board()
    b.feed(bytes.fromhex("01 0F 00 00 07 B0 F6"))
    b.advance(0.5)
    b.feed(PULSE_3)
    assert cabling.pulses == [(3, 0.2)]


def test_a_block_whose_sizes_contradict_one_another_is_not_waited_for() -> None:
    b, cabling = board()
    b.feed(bytes.fromhex("01 0F 00 00 00 08 F6") + PULSE_3)
    assert cabling.pulses == [(3, 0.2)]


@pytest.mark.parametrize(
    ("fault", "value", "heard"),
    [
        ("dead-board", True, b""),
        ("no-answer", 1, b""),
        ("no-unlock-answer", 1, b""),
        ("echo-request", 1, PULSE_3 + PULSE_3),
        ("wrong-address", 1, framed(2, *PULSE_3[1:-2])),
        ("wrong-channel", 1, framed(1, 5, 2, 3, 0, 2)),
        ("wrong-checksum", 1, PULSE_3[:-1] + bytes((PULSE_3[-1] ^ 0x5A,))),
        ("stale-answer-in-front", 1, framed(1, 2, 1, 0xFF) + PULSE_3),
    ],
)
def test_the_answer_to_a_pulse_misbehaves_as_declared(fault: str, value: FaultValue, heard: bytes) -> None:
    b, cabling = board()
    answers(b, READ_INPUTS)
    b.faults.set(fault, value)
    assert answers(b, PULSE_3) == heard
    assert cabling.pulses == ([] if fault == "dead-board" else [(3, 0.2)])


def test_the_answer_may_come_only_after_the_pulse() -> None:
    b, _ = board()
    b.faults.set("answer-after-pulse", True)
    b.feed(PULSE_3)
    assert b.advance(0.2) == []
    assert b.advance(0.1) == [PULSE_3]


def test_a_second_pulse_within_the_duty_cycle_is_refused_as_busy() -> None:
    b, cabling = board()
    b.faults.set("duty-cycle", 15)
    assert answers(b, PULSE_3) == PULSE_3
    assert answers(b, PULSE_3) == framed(1, 0x85, 6)
    b.advance(15.0)
    assert answers(b, PULSE_3) == PULSE_3
    assert len(cabling.pulses) == 2


def test_a_busy_board_ignores_pulses_until_it_is_read() -> None:
    b, cabling = board()
    b.faults.set("busy", True)
    answers(b, PULSE_3)
    assert answers(b, PULSE_3) == b""
    answers(b, READ_INPUTS)
    assert answers(b, PULSE_3) == PULSE_3
    assert len(cabling.pulses) == 2


def test_inputs_may_read_inverted_but_relays_never_do() -> None:
    b, cabling = board()
    cabling.open_contacts = {2}
    b.faults.set("inverted-block", True)
    assert answers(b, READ_INPUTS) == framed(1, 2, 1, 0b10)
    assert answers(b, READ_RELAYS) == framed(1, 1, 1, 0)


frames = st.one_of(
    st.builds(lambda a, c: framed(a, 5, 2, c, 0, 2), st.integers(0, 3), st.integers(0, 9)),
    st.just(READ_INPUTS),
    st.just(framed(1, 0x0F, 0, 0, 0, 3, 1, 5)),
    st.binary(max_size=12),
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
    assert found == whole.feed(stream)
    assert parts.pending == whole.pending
