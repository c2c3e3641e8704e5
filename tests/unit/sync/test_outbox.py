"""Whatever is lost, doubled or late, every entry is acknowledged in the end and none is skipped."""

import random

from hypothesis import given
from hypothesis import strategies as st

from locker.sync.outbox import JournalPosition, Outbox, OutboxRules, Span

RULES = OutboxRules(window=100, probe=5, resend_after_s=10, resend_most_s=60, missing_again_s=1)


def outbox(last: int, acknowledged: int = 0) -> Outbox:
    return Outbox(JournalPosition(1, last, acknowledged), lambda: 0.0, RULES)


def everything(box: Outbox, now_s: float, most: int = 1000) -> list[Span]:
    spans = []
    while (span := box.take(most, now_s)) is not None:
        spans.append(span)
    return spans


def test_it_starts_after_the_acknowledgement_and_keeps_to_the_window() -> None:
    assert everything(outbox(500, acknowledged=40), 0) == [Span(41, 140)]


def test_it_gives_at_most_what_is_asked_for() -> None:
    assert everything(outbox(7), 0, most=3) == [Span(1, 3), Span(4, 6), Span(7, 7)]


def test_it_knows_how_far_it_has_sent() -> None:
    box = outbox(50, acknowledged=10)
    assert box.sent_through == 10
    box.take(5, 0)
    assert box.sent_through == 15
    box.acknowledge(20, [], 1)
    assert box.sent_through == 20


def test_an_acknowledgement_moves_the_window() -> None:
    box = outbox(500)
    everything(box, 0)
    box.acknowledge(30, [], 1)
    assert everything(box, 1) == [Span(101, 130)]
    assert box.acknowledged_through == 30


def test_new_entries_are_sent_as_they_come() -> None:
    box = outbox(2)
    everything(box, 0)
    box.see(JournalPosition(1, 5, 0), 1)
    assert everything(box, 1) == [Span(3, 5)]


def test_missing_ranges_go_first_and_not_twice_at_once() -> None:
    box = outbox(200)
    everything(box, 0)
    box.acknowledge(10, [Span(11, 12), Span(20, 20)], 2)
    assert everything(box, 2) == [Span(11, 12), Span(20, 20), Span(101, 110)]
    box.acknowledge(10, [Span(11, 12)], 2.5)
    assert everything(box, 2.5) == []
    assert box.wait_s(2.5) == 0.5
    assert everything(box, 3) == [Span(11, 12)]


def test_what_the_back_office_lost_after_acknowledging_it_is_sent_again() -> None:
    box = outbox(200, acknowledged=200)
    box.acknowledge(50, [Span(51, 200)], 0)
    assert everything(box, 0) == [Span(51, 150)]


def test_missing_ranges_are_sent_in_order_however_they_are_told() -> None:
    box = outbox(50, acknowledged=50)
    box.acknowledge(50, [Span(9, 10), Span(3, 4)], 0)
    assert everything(box, 0) == [Span(3, 4), Span(9, 10)]


def test_a_back_office_that_lost_everything_is_served_in_bounded_memory() -> None:
    box = outbox(5_000, acknowledged=5_000)
    for first in range(1, 5_000, 100):
        box.acknowledge(first - 1, [Span(first, 5_000)], first)
        assert everything(box, first) == [Span(first, first + 99)]
        assert len(box._sent_at) <= 3 * RULES.window


def test_missing_ranges_are_sent_in_pieces_of_what_is_asked_for() -> None:
    box = outbox(50, acknowledged=50)
    box.acknowledge(50, [Span(3, 10)], 0)
    assert everything(box, 0, most=3) == [Span(3, 5), Span(6, 8), Span(9, 10)]


def test_many_missing_ranges_together_keep_to_the_window() -> None:
    box = outbox(500, acknowledged=500)
    box.acknowledge(500, [Span(1, 80), Span(101, 180)], 0)
    assert everything(box, 0) == [Span(1, 80), Span(101, 120)]


def test_what_is_missed_and_was_not_sent_yet_is_sent_once_in_its_turn() -> None:
    box = outbox(50)
    box.take(10, 0)
    box.acknowledge(0, [Span(3, 20)], 2)
    assert everything(box, 2) == [Span(3, 10), Span(11, 50)]


def test_what_is_no_longer_missed_and_then_again_is_not_sent_twice_at_once() -> None:
    box = outbox(50, acknowledged=50)
    box.acknowledge(50, [Span(3, 4)], 0)
    assert everything(box, 0) == [Span(3, 4)]
    box.acknowledge(50, [], 0.3)
    box.acknowledge(50, [Span(3, 4)], 0.5)
    assert everything(box, 0.5) == []


def test_bounded_memory_keeps_what_is_on_its_way() -> None:
    box = outbox(1_050, acknowledged=1_000)
    assert everything(box, 0) == [Span(1_001, 1_050)]
    for first, now_s in ((1, 0.0), (101, 0.1), (201, 0.2)):
        box.acknowledge(first - 1, [Span(first, 1_000)], now_s)
        assert everything(box, now_s) == [Span(first, first + 99)]
    box.acknowledge(200, [Span(1_001, 1_002)], 0.5)
    assert everything(box, 0.5) == []


def test_what_was_acknowledged_and_is_missed_again_is_sent_at_once() -> None:
    box = outbox(50)
    everything(box, 0)
    box.acknowledge(50, [], 0.2)
    box.acknowledge(0, [Span(49, 50)], 0.4)
    assert everything(box, 0.4) == [Span(49, 50)]


def test_what_was_sent_on_the_connection_before_is_sent_at_once_when_it_is_missed() -> None:
    box = outbox(50, acknowledged=50)
    box.acknowledge(50, [Span(3, 4)], 0)
    assert everything(box, 0) == [Span(3, 4)]
    box.restart(JournalPosition(1, 50, 50), 0.2)
    box.acknowledge(50, [Span(3, 4)], 0.4)
    assert everything(box, 0.4) == [Span(3, 4)]


def test_a_missing_range_of_things_never_sent_is_ignored() -> None:
    box = outbox(50)
    box.acknowledge(0, [Span(3, 10**9)], 0)
    assert everything(box, 0) == [Span(1, 50)]


def test_silence_sends_a_few_again_with_growing_patience() -> None:
    box = outbox(80)
    everything(box, 0)
    assert box.wait_s(0) == 10
    assert everything(box, 9.9) == []
    assert everything(box, 10) == [Span(1, 5)]
    assert box.wait_s(10) == 20
    assert everything(box, 30) == [Span(1, 5)]
    assert everything(box, 70) == [Span(1, 5)]
    assert box.wait_s(70) == 60


def test_after_silence_what_is_missed_comes_in_its_turn_and_not_twice() -> None:
    box = outbox(50)
    everything(box, 0)
    box.acknowledge(0, [Span(1, 1), Span(7, 7)], 9.5)
    assert everything(box, 9.5) == [Span(1, 1), Span(7, 7)]
    box.acknowledge(0, [Span(1, 1), Span(7, 7)], 9.8)
    assert everything(box, 10) == [Span(1, 5)]
    assert everything(box, 11) == []


def test_each_acknowledgement_that_moves_renews_the_patience() -> None:
    box = outbox(100)
    everything(box, 0)
    box.acknowledge(30, [], 8)
    assert box.wait_s(8) == 10
    assert everything(box, 17.9) == []
    assert everything(box, 18) == [Span(31, 35)]


def test_patience_begins_with_the_first_entry_on_its_way_and_no_later_one_renews_it() -> None:
    box = outbox(5, acknowledged=5)
    for last, now_s in ((6, 100), (7, 109)):
        box.see(JournalPosition(1, last, 5), now_s)
        assert everything(box, now_s) == [Span(last, last)]
    assert box.wait_s(109) == 1
    assert everything(box, 110) == [Span(6, 7)]


def test_what_was_sent_a_moment_ago_is_not_sent_again_because_it_is_missed() -> None:
    box = outbox(50)
    everything(box, 0)
    box.acknowledge(0, [Span(3, 4)], 0.5)
    assert everything(box, 0.5) == []
    assert everything(box, 1) == [Span(3, 4)]


def test_the_first_answer_after_silence_opens_the_window_again() -> None:
    box = outbox(300)
    everything(box, 0)
    everything(box, 10)
    box.acknowledge(5, [], 11)
    assert everything(box, 11) == [Span(6, 105)]
    assert box.wait_s(11) == 10


def test_a_new_connection_starts_after_the_durable_acknowledgement() -> None:
    box = outbox(50)
    everything(box, 0)
    box.acknowledge(20, [], 1)
    box.restart(JournalPosition(1, 50, 15), 2)
    assert everything(box, 2) == [Span(16, 50)]


def test_a_new_connection_after_a_silence_has_the_whole_window() -> None:
    box = outbox(300)
    everything(box, 0)
    assert everything(box, 10) == [Span(1, 5)]
    box.restart(JournalPosition(1, 300, 0), 11)
    assert everything(box, 11) == [Span(1, 100)]
    assert box.wait_s(11) == 10


def test_what_is_durably_acknowledged_is_not_sent() -> None:
    box = outbox(50)
    box.see(JournalPosition(1, 60, 20), 1)
    assert everything(box, 1) == [Span(21, 60)]
    assert box.acknowledged_through == 20


def test_what_was_missing_before_a_new_connection_is_not_sent_unasked() -> None:
    box = outbox(200, acknowledged=200)
    box.acknowledge(50, [Span(60, 70)], 0)
    box.restart(JournalPosition(1, 200, 200), 1)
    assert everything(box, 1) == []


def test_a_new_epoch_starts_from_its_own_beginning() -> None:
    box = outbox(50)
    everything(box, 0)
    box.see(JournalPosition(2, 3, 0), 1)
    assert everything(box, 1) == [Span(1, 3)]
    assert box.epoch == 2


def test_nothing_to_do_means_no_waking() -> None:
    assert outbox(5, acknowledged=5).wait_s(0) is None
    assert everything(outbox(5, acknowledged=5), 0) == []


def test_patience_is_spread_by_the_dice() -> None:
    box = Outbox(JournalPosition(1, 1, 0), lambda: 1.0, RULES)
    box.take(1, 0)
    assert box.wait_s(0) == 12.5


class Receiver:
    """The far end: remembers what it got and tells what it lacks."""

    def __init__(self) -> None:
        self.got: set[int] = set()

    def answer(self) -> tuple[int, list[Span]]:
        through = 0
        while through + 1 in self.got:
            through += 1
        highest = max(self.got, default=0)
        return through, [Span(n, n) for n in range(through + 1, highest) if n not in self.got]


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 60),
    loss=st.floats(0, 0.9),
    window=st.integers(1, 30),
    probe=st.integers(1, 5),
)
def test_any_loss_doubling_and_reordering_ends_with_everything_acknowledged(
    seed: int, count: int, loss: float, window: int, probe: int
) -> None:
    dice = random.Random(seed)
    box = Outbox(JournalPosition(1, 0, 0), dice.random, OutboxRules(window=window, probe=probe))
    receiver, written, durable, now_s = Receiver(), 0, 0, 0.0
    up: list[int] = []
    down: list[tuple[int, list[Span]]] = []
    for step in range(100_000):
        calm = step > 300  # only so that it ends: no network loses everything for ever
        written = min(count, written + dice.randrange(3))
        box.see(JournalPosition(1, written, durable), now_s)
        if not calm and dice.random() < 0.02:
            up.clear()
            down.clear()
            box.restart(JournalPosition(1, written, durable), now_s)
        span = box.take(dice.randint(1, 10), now_s)
        if span is not None:
            assert 1 <= span.first <= span.last <= min(written, box.acknowledged_through + window)
            up.extend(range(span.first, span.last + 1))
        dice.shuffle(up)
        while up and dice.random() < 0.7:
            number = up.pop()
            if calm or dice.random() >= loss:
                receiver.got.add(number)
                down.append(receiver.answer())
            if dice.random() < 0.1:
                up.insert(0, number)
        dice.shuffle(down)
        while down and dice.random() < 0.7:
            through, missing = down.pop()
            if calm or dice.random() >= loss:
                assert set(range(1, through + 1)) <= receiver.got
                box.acknowledge(through, missing, now_s)
                durable = max(durable, through) if dice.random() < 0.5 else durable
        assert box.acknowledged_through <= receiver.answer()[0]
        if box.acknowledged_through == count:
            return
        now_s += dice.random() * 20
    raise AssertionError(f"stuck at {box.acknowledged_through} of {count}")


def test_what_was_pruned_is_not_promised_again() -> None:
    outbox = Outbox(JournalPosition(1, 30, 20, pruned_through=10), dice=lambda: 0.0)
    outbox.see(JournalPosition(1, 30, 20, pruned_through=10), 0.0)
    outbox.acknowledge(20, [Span(1, 12)], 5.0)
    assert outbox.take(100, 5.0) == Span(11, 12)


@given(
    began_s=st.floats(0, 1e7, allow_nan=False),
    patience_s=st.floats(1e-3, 1e4, allow_nan=False),
    asks=st.booleans(),
)
def test_whoever_waits_as_long_as_it_says_is_given_something(
    *, began_s: float, patience_s: float, asks: bool
) -> None:
    """Found by a simulated week: by rounding nothing was due, for ever, after a wait of 0 s."""
    rules = OutboxRules(resend_after_s=patience_s, resend_most_s=1e9, missing_again_s=patience_s)
    box = Outbox(JournalPosition(1, 5, 0), lambda: 0.0, rules)
    assert box.take(10, began_s) == Span(1, 5)
    if asks:
        box.acknowledge(1, [Span(2, 2)], began_s)
    now_s, spans = began_s, list[Span | None]()
    while len(spans) < 3 and not any(spans):
        wait_s = box.wait_s(now_s)
        assert wait_s is not None
        now_s += wait_s
        spans.append(box.take(10, now_s))
    assert any(spans)
