"""domain.md section 5, "time fails late, never early": no clock, however false, cuts a storage time short.

What is promised, and judged here by a clock that the automat never sees. An automat is *in service* while it
runs: not without power, not while the daemon is down. A parcel becomes overdue only after the automat was in
service for as long as the storage time that was announced at its deposit (the time from the clock of that
moment to the end of its seventh local day), less a minute in all (`outage_minimum_s`: gaps and steps so short
lengthen nothing until they add up), and a second for each step (`CLOCK_NOISE_S`).

Nothing else may cost a parcel a second: not a step of any size, trusted or not, not a start with any clock,
not an acknowledgement that agrees with a false clock. Real time is never shorter than time in service: where
the clock was right at the deposit, nothing expires before its deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from locker.domain.automat import Decision
from locker.domain.events import Event, JournalAcknowledged, Woke
from locker.domain.flows.watch import CLOCK_NOISE_S
from locker.domain.journal import EntryKind
from locker.domain.parcels import ParcelState
from locker.domain.rules import Rules
from locker.domain.times import Trust
from tests.unit.domain.eu_calendar import DAY, HOUR, seconds, storage_ends
from tests.unit.domain.stand import Stand

BELIEVED_STEP_S = HOUR
SHORT_GAPS_S = 60
LEAST_STORAGE_S = 7 * DAY - HOUR
"""From just before midnight, with the spring change inside."""
ROUNDING_S = 0.001
RULES = Rules(heartbeat_s=float(HOUR))


@dataclass(frozen=True)
class Serve:
    """The automat runs; both clocks go on."""

    seconds: int


@dataclass(frozen=True)
class Step:
    """The wall clock jumps and says how far it may be believed."""

    seconds: int
    trust: Trust


@dataclass(frozen=True)
class Down:
    """No service: without power, or with it; the clock comes up wrong by `error_s`."""

    seconds: int
    error_s: int
    trust: Trust
    powered: bool


@dataclass(frozen=True)
class Acknowledge:
    """The back office says when it sent this: beside the automat's clock, or at the true time."""

    beside_s: int | None


Move = Serve | Step | Down | Acknowledge


class Judge(Stand):
    """The test stand, watched by clocks of its own: true time, and time in service since the deposit."""

    def __init__(self, deposited_at: datetime, *, time_known: bool) -> None:
        """Store one parcel at an instant, under a right clock or under an unknown time."""
        self.watching = False
        super().__init__(RULES)
        self._at(deposited_at)
        assert self.announce("JJFI65432110000070773") is None
        self.sign_in_courier()
        self.press("00070773 OK")
        self.opens_and_shuts()
        self._at(deposited_at)
        if not time_known:
            self.set_clock(datetime(1970, 1, 1, tzinfo=UTC), Trust.UNTRUSTED)
        self.press("OK")
        assert self.count(EntryKind.PARCEL_STORED) == 1
        assert (self.parcel().deadline_at is not None) is time_known
        due = storage_ends(seconds(deposited_at))
        self.storage_s = due - seconds(deposited_at) if time_known else LEAST_STORAGE_S
        self.true_before_s = seconds(deposited_at)
        self.powered_before_s = self.now.powered_s
        self.unpowered_s = self.idle_powered_s = 0.0
        self.allowed_s = float(SHORT_GAPS_S)
        self.watching = True

    def do(self, event: Event) -> Decision:
        """Decide one event, and judge at once."""
        decision = super().do(event)
        if self.watching and any(entry.kind is EntryKind.PARCEL_OVERDUE for entry in decision.entries):
            assert self.left_s() <= ROUNDING_S, f"overdue {self.left_s():.0f} s too early"
            assert self.served_s() <= self.true_s() - self.true_before_s + ROUNDING_S
        return decision

    def overdue(self) -> bool:
        """Whether the parcel ever became overdue."""
        return self.count(EntryKind.PARCEL_OVERDUE) > 0

    def served_s(self) -> float:
        """The time in service since the deposit."""
        return self.now.powered_s - self.powered_before_s - self.idle_powered_s

    def left_s(self) -> float:
        """The time in service for which the parcel must still be there for its recipient."""
        return self.storage_s - self.allowed_s - self.served_s()

    def true_s(self) -> float:
        """The true time in seconds since 1970."""
        return self.true_before_s + self.now.powered_s - self.powered_before_s + self.unpowered_s

    def play(self, moves: Sequence[Move]) -> None:
        """Let all of this happen, one after another."""
        for move in moves:
            match move:
                case Serve():
                    self.wait(move.seconds)
                case Step():
                    self._step(move)
                case Down():
                    self._go_down(move)
                case Acknowledge():
                    self._acknowledge(move)

    def _at(self, wall_at: datetime) -> None:
        """Let the automat know an instant as surely as it can."""
        self.set_clock(wall_at)
        self.do(JournalAcknowledged(0, 0, sent_at=wall_at))

    def _step(self, step: Step) -> None:
        self.allowed_s += min(max(step.seconds, 0), CLOCK_NOISE_S)
        self.set_clock(self.now.wall_at + timedelta(seconds=step.seconds), step.trust)
        self.do(Woke())

    def _go_down(self, down: Down) -> None:
        if down.powered:
            self.now = type(self.now)(self.now.wall_at, self.now.trust, self.now.powered_s + down.seconds)
            self.idle_powered_s += down.seconds
        else:
            self.unpowered_s += down.seconds
        self.power_cut(off_s=down.seconds + down.error_s, trust=down.trust)

    def _acknowledge(self, move: Acknowledge) -> None:
        beside_s = self.true_s() - seconds(self.now.wall_at) if move.beside_s is None else move.beside_s
        sent_at = self.now.wall_at + timedelta(seconds=beside_s)
        self.do(JournalAcknowledged(0, 0, sent_at=sent_at))


# -- what happens, at random; sizes on both sides of every number of the rules

far_s = [
    BELIEVED_STEP_S + 1, 2 * HOUR, DAY, 6 * DAY, 8 * DAY, 29 * DAY, 30 * DAY, 31 * DAY, 400 * DAY, 3_650 * DAY
]  # fmt: skip
near_s = [1, 59, 60, 61, 300, 1_800, BELIEVED_STEP_S - 1, BELIEVED_STEP_S]
both_ways = st.sampled_from((1, -1))
trusts = st.sampled_from(Trust)

serves = st.builds(Serve, st.sampled_from((1, 60, HOUR, DAY, 3 * DAY, 6 * DAY, 7 * DAY, 9 * DAY)))
leaps = st.builds(lambda size, way, trust: Step(way * size, trust), st.sampled_from(far_s), both_ways, trusts)
steps = st.builds(
    lambda size, way, trust: Step(way * size, trust), st.sampled_from(near_s), both_ways, trusts
)
trust_changes = st.builds(lambda trust: Step(0, trust), trusts)
downs = st.builds(
    lambda length, error, way, trust, powered: Down(length, way * error, trust, powered),
    st.sampled_from((0, 1, 59, 61, HOUR, DAY, 6 * DAY, 20 * DAY, 40 * DAY)),
    st.sampled_from((0, 1, 61, *far_s)),
    both_ways,
    trusts,
    st.booleans(),
)
acknowledgements = st.builds(Acknowledge, st.none() | st.sampled_from((0, 299, -299, 301, -DAY, 10 * DAY)))

without_small_steps = st.lists(serves | leaps | trust_changes | downs | acknowledgements, max_size=20)
anything = st.lists(serves | leaps | steps | trust_changes | downs | acknowledgements, max_size=20)

deposits = st.one_of(
    st.integers(0, 3_650 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
    st.sampled_from(
        (
            datetime(2026, 3, 22, 21, 59, 59, tzinfo=UTC),  # the last second before the shortest week
            datetime(2026, 10, 18, 21, 0, 0, tzinfo=UTC),  # the first of the longest
            datetime(2028, 2, 22, 12, 0, 0, tzinfo=UTC),  # the 29th of February is the last day
        )
    ),
)

TUESDAY = datetime(2026, 3, 3, 9, tzinfo=UTC)


def judged(deposited_at: datetime, moves: Sequence[Move], *, time_known: bool = True) -> Judge:
    """Store a parcel and let all of this happen under the judge's eyes."""
    judge = Judge(deposited_at, time_known=time_known)
    judge.play(moves)
    return judge


def judged_to_the_last_second(judge: Judge) -> None:
    """Let the clock be believed as it stands, and serve until just before the parcel may be overdue."""
    judge.play([Step(0, Trust.TRUSTED), Acknowledge(0), Serve(max(0, int(judge.left_s())))])
    event("it came to overdue" if judge.overdue() else "it never came to overdue")


@given(deposits, without_small_steps, st.booleans())
@settings(max_examples=150, deadline=None)
@example(TUESDAY, [Step(10 * DAY, Trust.TRUSTED), Acknowledge(0), Serve(DAY)], True)
@example(TUESDAY, [Step(0, Trust.UNTRUSTED), Step(8 * DAY, Trust.TRUSTED), Serve(DAY)], True)
@example(TUESDAY, [Down(0, 8 * DAY, Trust.TRUSTED, False), Serve(DAY)], True)
@example(TUESDAY, [Down(8 * DAY, 0, Trust.TRUSTED, True), Serve(DAY)], True)
@example(TUESDAY, [Down(DAY, 0, Trust.UNTRUSTED, False), Step(8 * DAY, Trust.TRUSTED), Serve(DAY)], True)
@example(TUESDAY, [Down(0, 400 * DAY, Trust.HOLDOVER, False), Acknowledge(0), Serve(DAY)], True)
def test_no_leap_no_lost_trust_and_no_power_cut_takes_more_than_a_minute_of_storage_time(
    deposited_at: datetime,
    moves: list[Move],
    time_known: bool,  # noqa: FBT001  (Hypothesis names it)
) -> None:
    judge = judged(deposited_at, moves, time_known=time_known)
    judged_to_the_last_second(judge)


@given(deposits, anything)
@settings(max_examples=150, deadline=None)
def test_steps_of_a_trusted_clock_take_no_more_than_a_minute_either(
    deposited_at: datetime, moves: list[Move]
) -> None:
    judged_to_the_last_second(judged(deposited_at, moves))


def test_with_an_honest_clock_it_is_overdue_at_the_deadline_and_not_a_second_before() -> None:
    judge = judged(TUESDAY, [])
    judge.play([Serve(int(judge.storage_s) - 1)])
    assert not judge.overdue()
    judge.play([Serve(1)])
    assert judge.overdue()


def test_in_the_end_it_is_overdue_whatever_the_clock_did_meanwhile() -> None:
    """Late, not never: the judge would be content with an automat that lets nothing expire."""
    moves: list[Move] = [
        Step(29 * DAY, Trust.UNTRUSTED),
        Serve(DAY),
        Down(2 * DAY, -DAY, Trust.UNTRUSTED, powered=False),
        Serve(DAY),
        Step(-28 * DAY, Trust.TRUSTED),
        Acknowledge(None),
        Serve(9 * DAY),
    ]
    judge = judged(TUESDAY, moves)
    assert judge.parcel().state is ParcelState.OVERDUE


@pytest.mark.parametrize(("gap_s", "lengthened"), [(59, 0), (60, 1), (61, 1)])
def test_a_gap_of_a_minute_lengthens_and_a_shorter_one_does_not(gap_s: int, lengthened: int) -> None:
    judge = judged(
        TUESDAY, [Down(0, 0, Trust.TRUSTED, powered=False)]
    )  # a start notes where the clocks stand
    assert judge.count(EntryKind.DEADLINE_LENGTHENED) == 0
    judge.play([Down(gap_s, 0, Trust.TRUSTED, powered=False)])
    assert judge.count(EntryKind.DEADLINE_LENGTHENED) == lengthened


@pytest.mark.parametrize("count", [1, 24])
def test_each_forward_step_of_an_hour_that_a_trusted_clock_makes_lengthens_by_an_hour(count: int) -> None:
    judge = judged(TUESDAY, [Step(HOUR, Trust.TRUSTED)] * count)
    judge.play([Serve(int(judge.storage_s) - 1)])
    assert not judge.overdue()
    judge.play([Serve(1)])
    assert judge.overdue()


def test_many_steps_too_short_to_lengthen_anything_add_up() -> None:
    judge = judged(TUESDAY, [Step(59, Trust.TRUSTED), Serve(HOUR)] * 100)
    judge.play([Serve(int(judge.left_s()))])
    assert not judge.overdue()
    assert judge.served_s() >= judge.storage_s - SHORT_GAPS_S - 100
