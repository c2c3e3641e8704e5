"""domain.md section 5: an outage of the automat lengthens every running deadline by its length."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locker.domain.commands import Mode, SetMode
from locker.domain.deadlines import deadline
from locker.domain.events import (
    Event,
    JournalAcknowledged,
    KeypadFaulted,
    KeypadRecovered,
    PartLost,
    PartRestored,
    Started,
    Woke,
)
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.parcels import ParcelState
from locker.domain.rules import Rules
from locker.domain.times import Trust
from tests.unit.domain.stand import MONDAY, Stand

DAY_S = 86_400.0
SECOND = "JJFI65432110000070774"
QUIET = Rules(heartbeat_s=DAY_S)


def deadline_of(stand: Stand, tracking_id: str = "JJFI65432110000070773") -> datetime:
    """When a parcel's storage time ends."""
    deadline_at = stand.parcel(tracking_id).deadline_at
    assert deadline_at is not None
    return deadline_at


def set_mode(mode: Mode) -> SetMode:
    """The back office's word."""
    return SetMode(mode, "o-1", "test")


CAUSES: dict[str, tuple[Event | SetMode, Event | SetMode]] = {
    "line": (PartLost("line locks", "unplugged"), PartRestored("line locks")),
    "board": (PartLost("board A", "silent"), PartRestored("board A")),
    "keypad": (KeypadFaulted("front", "a key is stuck"), KeypadRecovered("front")),
    "mode": (set_mode(Mode.FROZEN), set_mode(Mode.NORMAL)),
}


def happen(stand: Stand, what: Event | SetMode) -> None:
    """Let a cause begin or end."""
    if isinstance(what, SetMode):
        assert stand.command(what) is None
    else:
        stand.do(what)


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_lengthens_deadlines_by_its_length_with_the_reason(cause: str) -> None:
    stand, (begin, end) = Stand(QUIET), CAUSES[cause]
    stand.deliver()
    before = deadline_of(stand)
    happen(stand, begin)
    assert stand.count(EntryKind.OUTAGE_BEGAN) == 1
    stand.wait(3 * 3_600)
    assert deadline_of(stand) == before
    happen(stand, end)
    assert deadline_of(stand) == before + timedelta(hours=3)
    reasons = stand.last(EntryKind.OUTAGE_BEGAN).data["reasons"]
    assert stand.last(EntryKind.OUTAGE_ENDED).data == {"seconds": 3 * 3_600, "reasons": reasons}
    entry = stand.last(EntryKind.DEADLINE_LENGTHENED)
    assert entry.subject == "JJFI65432110000070773"
    assert entry.data["reason"] == f"out of service for 10800 s: {reasons[0]}"


@pytest.mark.parametrize("cause", CAUSES)
def test_a_dead_line_of_six_days_expires_nothing_and_reminds_nobody_and_then_all_goes_on(cause: str) -> None:
    stand, (begin, end) = Stand(QUIET), CAUSES[cause]
    stand.deliver()
    stand.wait(4 * DAY_S)
    happen(stand, begin)
    stand.wait(6 * DAY_S)
    assert stand.parcel().state is ParcelState.STORED
    assert stand.count(EntryKind.PARCEL_REMINDER) == 0
    happen(stand, end)
    assert stand.parcel().state is ParcelState.STORED
    stand.wait((deadline_of(stand) - stand.now.wall_at).total_seconds() - 1)
    assert stand.parcel().state is ParcelState.STORED
    assert stand.count(EntryKind.PARCEL_REMINDER) == 2
    stand.wait(2)
    assert stand.parcel().state is ParcelState.OVERDUE


def test_a_power_cut_of_six_days_does_the_same() -> None:
    stand = Stand()
    stand.deliver()
    before = deadline_of(stand)
    stand.wait(4 * DAY_S)
    stand.power_cut(off_s=6 * DAY_S)
    assert timedelta(days=6) <= deadline_of(stand) - before < timedelta(days=6, minutes=2)
    assert stand.count(EntryKind.PARCEL_REMINDER) == 0
    stand.wait((deadline_of(stand) - stand.now.wall_at).total_seconds() - 1)
    assert stand.count(EntryKind.PARCEL_REMINDER) == 2
    assert stand.parcel().state is ParcelState.STORED


@pytest.mark.parametrize(
    ("part", "kind"),
    [("scanner front", IncidentKind.SCANNER_LOST), ("display front", IncidentKind.DISPLAY_LOST)],
)
def test_a_lost_scanner_or_display_is_an_incident_and_no_outage(part: str, kind: IncidentKind) -> None:
    stand = Stand()
    stand.do(PartLost(part, "unplugged", outage=False))
    assert stand.automat.open_incident(kind, part) is not None
    assert stand.automat.facts.outage_since_s is None
    stand.do(PartRestored(part))
    assert stand.automat.open_incident(kind, part) is None
    assert stand.count(EntryKind.OUTAGE_BEGAN) == 0


def test_a_display_that_the_configuration_no_longer_has_is_no_matter_any_more() -> None:
    stand = Stand()
    stand.do(PartLost("display side", "unplugged", outage=False))
    stand.do(Started({}, "1", new_epoch=False, parts=frozenset({"display front"})))
    assert stand.automat.open_incident(IncidentKind.DISPLAY_LOST, "display side") is None


def test_causes_that_overlap_count_once() -> None:
    stand = Stand()
    stand.deliver()
    before = deadline_of(stand)
    happen(stand, CAUSES["line"][0])
    stand.wait(1_000)
    happen(stand, CAUSES["keypad"][0])
    stand.wait(1_000)
    happen(stand, CAUSES["line"][1])
    stand.wait(1_000)
    happen(stand, CAUSES["keypad"][1])
    assert deadline_of(stand) == before + timedelta(seconds=3_000)
    assert (stand.count(EntryKind.OUTAGE_BEGAN), stand.count(EntryKind.OUTAGE_ENDED)) == (1, 1)


def test_a_parcel_deposited_meanwhile_gets_only_what_it_lived_through() -> None:
    stand = Stand(QUIET)
    stand.deliver()
    before = deadline_of(stand)
    happen(stand, PartLost("board B", "silent"))
    stand.wait(6 * 3_600)
    stand.deliver(SECOND, "111111")
    deposited_at, its_before = stand.parcel(SECOND).deposited_at, deadline_of(stand, SECOND)
    assert deposited_at is not None
    stand.wait(3_600)
    happen(stand, PartRestored("board B"))
    assert deadline_of(stand, SECOND) - its_before == stand.now.wall_at - deposited_at
    assert deadline_of(stand) - before > timedelta(hours=7)


def test_short_outages_lengthen_nothing_each_but_add_up() -> None:
    stand = Stand()
    stand.deliver()
    before = deadline_of(stand)
    for number in range(1, 5):
        happen(stand, CAUSES["line"][0])
        stand.wait(25)
        happen(stand, CAUSES["line"][1])
        stand.power_cut()
        assert stand.automat.facts.outage_owed_s == pytest.approx(25 * number % 75)
    assert deadline_of(stand) == before + timedelta(seconds=75)


@pytest.mark.parametrize("off_s", [0.0, 5.0, 7_200.0])
def test_a_restart_in_the_middle_keeps_its_start_and_no_time_counts_twice(off_s: float) -> None:
    stand = Stand(Rules(heartbeat_s=600.0))
    stand.deliver()
    before = deadline_of(stand)
    happen(stand, CAUSES["line"][0])
    stand.wait(5_000)  # 200 s after the last heartbeat
    stand.power_cut(off_s=off_s)
    stand.wait(1_000)
    happen(stand, CAUSES["line"][1])
    lived_s = 6_000 + off_s
    assert timedelta(0) <= deadline_of(stand) - before - timedelta(seconds=lived_s) < timedelta(seconds=60)
    assert stand.count(EntryKind.OUTAGE_BEGAN) == 1


def test_a_daemon_that_was_down_with_the_power_on_in_an_outage_counts_once() -> None:
    stand = Stand(QUIET)
    stand.deliver()
    before = deadline_of(stand)
    happen(stand, CAUSES["line"][0])
    stand.wait(1_000)
    stand.now = type(stand.now)(
        stand.now.wall_at + timedelta(hours=2), stand.now.trust, stand.now.powered_s + 7_200
    )
    stand.power_cut()
    happen(stand, CAUSES["line"][1])
    assert deadline_of(stand) - before == timedelta(seconds=8_200)


def test_what_the_configuration_no_longer_has_is_no_cause_after_the_next_start() -> None:
    stand = Stand()
    stand.do(PartLost("line locks", "unplugged"))
    stand.do(PartLost("board A", "silent"))
    stand.do(PartLost("scanner side", "unplugged", outage=False))
    stand.do(KeypadFaulted("side", "a key is stuck"))
    stand.do(Started(dict(stand.doors), parts=frozenset({"line locks"})))
    about = {about for _, about in stand.automat.open_matters}
    assert about == {"line locks", "side"}
    stand.reconfigured(without_keypad="side")
    stand.do(PartRestored("line locks"))
    assert not stand.automat.open_matters
    assert stand.automat.facts.outage_since_s is None


def test_an_overdue_parcel_stays_overdue() -> None:
    stand = Stand(QUIET)
    stand.deliver()
    stand.wait(9 * DAY_S)
    deadline_at = deadline_of(stand)
    happen(stand, CAUSES["line"][0])
    stand.wait(DAY_S)
    happen(stand, CAUSES["line"][1])
    assert stand.parcel().state is ParcelState.OVERDUE
    assert deadline_of(stand) == deadline_at


def test_an_automat_in_an_outage_sleeps_past_the_deadlines_that_it_holds() -> None:
    stand = Stand(QUIET)
    stand.deliver()
    happen(stand, CAUSES["line"][0])
    stand.now = type(stand.now)(stand.now.wall_at + timedelta(days=9), stand.now.trust, stand.now.powered_s)
    stand.do(Woke())
    due_s = stand.automat.seconds_until_due(stand.now)
    assert due_s is not None
    assert due_s > 0
    assert stand.parcel().state is ParcelState.STORED


def test_retention_and_the_expiry_of_commands_go_on_in_an_outage() -> None:
    stand = Stand(QUIET)
    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(300)
    happen(stand, CAUSES["line"][0])
    stand.wait(91 * DAY_S)
    assert not stand.automat.parcels
    assert not stand.automat.commands


@pytest.mark.parametrize("known_again", ["before it ends", "after it ends"])
def test_an_outage_under_a_clock_that_is_not_believed_is_counted_by_powered_time(known_again: str) -> None:
    stand = Stand(QUIET)
    stand.deliver()
    before, true_at = deadline_of(stand), stand.now.wall_at
    happen(stand, CAUSES["line"][0])
    stand.set_clock(datetime(1970, 1, 1, tzinfo=UTC), Trust.UNTRUSTED)
    stand.wait(12 * DAY_S)
    if known_again == "before it ends":
        stand.set_clock(true_at + timedelta(days=12))
    happen(stand, CAUSES["line"][1])
    if known_again == "after it ends":
        stand.wait(3_600)
        stand.set_clock(true_at + timedelta(days=12, hours=1))
        stand.do(Woke())
    assert stand.parcel().state is ParcelState.STORED
    assert timedelta(days=12) <= deadline_of(stand) - before < timedelta(days=12, minutes=2)


def test_an_outage_that_ends_while_the_clock_is_doubted_is_late_never_early() -> None:
    stand = Stand(QUIET)
    stand.deliver()
    before = deadline_of(stand)
    happen(stand, CAUSES["line"][0])
    stand.wait(2 * DAY_S)
    stand.set_clock(MONDAY + timedelta(days=400))
    happen(stand, CAUSES["line"][1])
    assert deadline_of(stand) - before == timedelta(days=2)
    stand.wait(4 * DAY_S)
    assert stand.parcel().state is ParcelState.STORED
    stand.do(JournalAcknowledged(0, 1, sent_at=stand.now.wall_at))
    assert stand.parcel().state is ParcelState.STORED


# -- anything may happen

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["line", "board", "keypad", "cut", "deposit", "nothing"]),
        st.sampled_from([1.0, 20.0, 59.0, 61.0, 3_000.0, 40_000.0, 200_000.0]),
    ),
    min_size=1,
    max_size=25,
)


class Story(Stand):
    """Counts by itself, moment for moment, how long nobody could be served while each parcel lay inside."""

    def __init__(self) -> None:
        self.holding: set[str] = set()
        self.owed = dict[str, tuple[datetime, timedelta]]()
        super().__init__(Rules(heartbeat_s=3_600.0, storage_days=1, outage_minimum_s=60.0))

    def pass_time(self, seconds: float) -> None:
        """Let time pass with the power on; look at every parcel after each waking."""
        until_s = self.now.powered_s + seconds
        while (left_s := until_s - self.now.powered_s) > 0:
            due_s = self.automat.seconds_until_due(self.now)
            step_s = left_s if due_s is None else min(due_s, left_s)
            self._run(step_s)
            if self.holding:
                self.lose(step_s)
            self.do(Woke())
            self.judge()

    def lose(self, seconds: float) -> None:
        """Note that nobody could be served for so long."""
        for tracking_id, (due_at, lost) in self.owed.items():
            if tracking_id in self.automat.parcels:
                self.owed[tracking_id] = due_at, lost + timedelta(seconds=seconds)

    def judge(self) -> None:
        """Nothing is overdue before its days and all the outages that it lived through are over."""
        minimum = timedelta(seconds=self.automat.rules.outage_minimum_s)
        for tracking_id, (due_at, lost) in self.owed.items():
            parcel = self.automat.parcels[tracking_id]
            assert parcel.deadline_at is not None
            if parcel.state is ParcelState.OVERDUE:
                assert self.now.wall_at > due_at + lost - minimum
            elif not self.holding:
                slack = parcel.deadline_at - due_at - lost
                assert slack > -minimum, "early"
                assert slack < timedelta(hours=1, minutes=5) * (1 + self.cuts), "much too late"

    cuts = 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_no_parcel_is_overdue_before_its_days_and_the_outages_it_lived_through(
    steps: list[tuple[str, float]],
) -> None:
    story = Story()
    story.sign_in_courier()
    story.press("C")
    for what, seconds in steps:
        if what == "cut":
            story.power_cut(off_s=seconds)
            story.cuts += 1
            story.lose(seconds)
            story.judge()
        elif what == "deposit":
            _deposit(story, seconds)
        elif what != "nothing":
            begin, end = CAUSES[what]
            happen(story, end if what in story.holding else begin)
            story.holding ^= {what}
            story.judge()
        story.pass_time(seconds)
    reloaded = story.reloaded()
    assert reloaded.storage_agenda == story.automat.storage_agenda
    assert reloaded.outage_causes == story.automat.outage_causes


def _deposit(story: Story, seconds: float) -> None:
    number = len(story.owed)
    if number >= 6 or "keypad" in story.holding:
        return
    tracking_id = f"JJFI{number:017d}"
    assert story.announce(tracking_id, f"55{number:04d}") is None
    story.press("C 7777 OK")
    story.press(f"{tracking_id[-8:]} OK")
    story.opens_and_shuts()
    story.press("OK")
    assert story.parcel(tracking_id).state is ParcelState.STORED
    rules = story.automat.rules
    story.owed[tracking_id] = deadline(story.now.wall_at, 1, rules.time_zone), timedelta(0)
    story.press("C")
