"""Anything may happen to an automat, in any order; after every step its invariants hold."""

from collections import Counter
from datetime import timedelta

import rfc8785
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from locker.domain.automat import Decision
from locker.domain.codes import Code
from locker.domain.commands import AuthorisePerson, Cause, RevokePerson, WithdrawParcel
from locker.domain.events import (
    Door,
    Event,
    ForkReported,
    GoodsSeen,
    JournalAcknowledged,
    PulseNotSent,
    PulseSent,
    StorageChanged,
    Woke,
)
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Unlock
from locker.domain.journal import EntryKind
from locker.domain.keypad import Depositing, Idle, PickingUp
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState, Role
from locker.domain.rules import Rules
from locker.domain.times import Trust
from tests.unit.domain.stand import CODE_KEY, Stand

CODES = ("1111", "2222", "024204")
PARCELS = tuple(f"JJFI6543211000007{number:04d}" for number in range(4))
PULSING = (Stage.WAITING, Stage.BLIND)
DURABLE = ("compartments", "parcels", "credentials", "attempts", "openings", "incidents", "commands", "facts")
INDEXES = ("parcels_of_tag", "holder_of_tag", "announced_ending", "open_matters", "wall_agenda")


class CheckedStand(Stand):
    """Looks at every single decision."""

    def __init__(self) -> None:
        self.pulsed: set[tuple[str, str | None]] = set()
        super().__init__(Rules(heartbeat_s=3_600.0), blind=["2"])

    def do(self, event: Event) -> Decision:
        before = self.automat
        decision = super().do(event)
        intents = [e.data for e in decision.entries if e.kind is EntryKind.PULSE_INTENDED]
        for unlock in decision.intents:
            if isinstance(unlock, Unlock):
                assert decision.durable
                assert any(
                    data["compartment"] == unlock.compartment and data["number"] == unlock.number
                    for data in intents
                ), "a pulse without its intent"
        for entry in decision.entries:
            if entry.kind is EntryKind.PARCEL_HANDED_OVER:
                opening = before.openings[entry.data["compartment"]]
                grade = entry.data["grade"]
                assert opening.tracking_id == entry.subject
                assert opening.opened_at is not None or (grade == "B" and opening.pulses_sent > 0)
                assert self.pulsed.intersection({(entry.data["compartment"], entry.subject)})
            rfc8785.dumps(dict(entry.data))  # what cannot be written down would end the daemon
            if entry.kind is EntryKind.PULSE_INTENDED:
                self.pulsed.add((entry.data["compartment"], entry.subject))
            if entry.kind is EntryKind.PARCEL_STORED:
                box = before.compartments[entry.data["compartment"]]
                assert box.door is not Door.OPEN, "stored behind an open door"
                assert (box.label, entry.subject) in self.pulsed
            if entry.kind is EntryKind.PARCEL_OVERDUE:
                deadline_at = before.parcels[str(entry.subject)].deadline_at
                assert deadline_at is not None
                assert self.now.trusted
                assert self.now.wall_at >= deadline_at, "expired early"
        return decision


class AnAutomat(RuleBasedStateMachine):
    """People, doors, clocks, power cuts and the back office, at random."""

    def __init__(self) -> None:
        super().__init__()
        self.stand = CheckedStand()

    @initialize(count=st.integers(0, 3))
    def some_parcels_lie_inside(self, count: int) -> None:
        for parcel, code in zip(PARCELS[:count], ("1111", "1111", "2222"), strict=False):
            self.stand.deliver(parcel, code, recipient="somebody")

    @rule(parcel=st.sampled_from(PARCELS), code=st.sampled_from(CODES))
    def a_courier_delivers(self, parcel: str, code: str) -> None:
        self.announce(parcel, code, "S")
        self.courier_signs_in()
        before = len(self.stand.unlocks)
        self.courier_types_a_parcel(parcel)
        if len(self.stand.unlocks) > before:
            self.the_last_pulse_opens_its_door()
            self.the_last_door_is_shut()
            self.stand.press("OK")

    @rule(parcel=st.sampled_from(PARCELS), code=st.sampled_from(CODES), size=st.sampled_from("SL"))
    def announce(self, parcel: str, code: str, size: str) -> None:
        self.stand.announce(parcel, code, size=size, recipient="somebody")

    @rule(parcel=st.sampled_from(PARCELS))
    def withdraw(self, parcel: str) -> None:
        self.stand.command(WithdrawParcel(parcel, Cause.REDIRECT, "redirected"))

    @rule()
    def courier_signs_in(self) -> None:
        if "c-1" not in self.stand.automat.credentials:
            now_at = self.stand.now.wall_at
            tag = CODE_KEY.tag(Code("7777"))
            self.stand.command(
                AuthorisePerson("c-1", Role.COURIER, tag, now_at, now_at + timedelta(days=365))
            )
        self.stand.press("C 7777 OK")

    @rule(parcel=st.sampled_from(PARCELS))
    def courier_types_a_parcel(self, parcel: str) -> None:
        self.stand.press(f"{parcel[-8:]} OK")

    @rule(code=st.sampled_from((*CODES, "9999")), keypad=st.sampled_from(("front", "side")))
    def type_a_code(self, code: str, keypad: str) -> None:
        self.stand.press(f"C {code} OK", keypad)

    @rule(
        keys=st.sampled_from(("OK", "C", "7", "C 12", "1234 OK")), keypad=st.sampled_from(("front", "side"))
    )
    def press_some_keys(self, keys: str, keypad: str) -> None:
        self.stand.press(keys, keypad)

    @precondition(lambda self: self.stand.unlocks)
    @rule()
    def the_last_pulse_opens_its_door(self) -> None:
        label = self.stand.pulse_sent()
        if label in self.stand.doors:
            self.stand.door(label, Door.OPEN)

    @precondition(lambda self: self.stand.unlocks)
    @rule()
    def the_last_door_is_shut(self) -> None:
        label = self.stand.unlocks[-1].compartment
        if label in self.stand.doors:
            self.stand.door(label, Door.SHUT)

    @precondition(lambda self: self.stand.unlocks)
    @rule(sent=st.booleans())
    def the_last_pulse_moves_nothing(self, *, sent: bool) -> None:
        last = self.stand.unlocks[-1]
        event = PulseSent(last.compartment, last.number)
        self.stand.do(event if sent else PulseNotSent(last.compartment, last.number, "the line is down"))

    @rule(label=st.sampled_from(("1", "2", "3", "5")), door=st.sampled_from(Door))
    def a_door_says_something(self, label: str, door: Door) -> None:
        if label in self.stand.doors:
            self.stand.door(label, door)

    @rule(label=st.sampled_from(("1", "3")), present=st.sampled_from((True, False, None)))
    def a_goods_sensor_says_something(self, label: str, present: bool | None) -> None:  # noqa: FBT001 - drawn
        self.stand.do(GoodsSeen(label, present))

    @rule(seconds=st.sampled_from((1, 6, 16, 21, 61, 181, 700, 86_400, 3 * 86_400)))
    def time_passes(self, seconds: int) -> None:
        self.stand.wait(seconds)

    @rule(box=st.sampled_from((None, "1", "3")), keypad=st.sampled_from((None, "front")))
    def the_configuration_changes(self, box: str | None, keypad: str | None) -> None:
        self.stand.reconfigured(without_box=box, without_keypad=keypad)

    @rule()
    def the_courier_is_revoked(self) -> None:
        self.stand.command(RevokePerson("c-1", Role.COURIER))

    @rule(fork=st.booleans())
    def the_back_office_takes_nothing(self, *, fork: bool) -> None:
        before = end = self.stand.automat.journal_end
        for _ in range(3):
            refused = tuple((n, "no") for n in range(max(1, end - 9), end + 1))
            self.stand.do(ForkReported(0, max(1, end)) if fork else JournalAcknowledged(0, end, refused))
            end = self.stand.automat.journal_end
        assert end <= before + 2, "alarms breed alarms"

    @rule(low=st.booleans())
    def the_disk_fills_or_empties(self, *, low: bool) -> None:
        self.stand.do(StorageChanged(low))

    @rule(days=st.sampled_from((-3650, -1, 0, 0, 1, 20)), trust=st.sampled_from(Trust))
    def the_clock_jumps(self, days: int, trust: Trust) -> None:
        self.stand.set_clock(self.stand.now.wall_at + timedelta(days=days), trust)
        self.stand.do(Woke())

    @rule(off_s=st.sampled_from((0, 5, 3_600, 6 * 86_400)), trust=st.sampled_from(Trust))
    def the_power_is_cut(self, off_s: int, trust: Trust) -> None:
        before = len(self.stand.unlocks)
        self.stand.power_cut(off_s=off_s, trust=trust)
        assert len(self.stand.unlocks) == before, "a pulse at start-up"

    @invariant()
    def no_compartment_holds_two_parcels_and_every_parcel_inside_has_one(self) -> None:
        automat = self.stand.automat
        inside = [parcel for parcel in automat.parcels.values() if parcel.inside]
        assert len({parcel.compartment for parcel in inside}) == len(inside)
        for parcel in inside:
            box = automat.compartments.get(str(parcel.compartment))
            assert box is None or (box.tracking_id == parcel.tracking_id and not box.free)
        for box in automat.compartments.values():
            assert box.opening_ongoing == (box.label in automat.openings)
            assert box.tracking_id is None or automat.parcels[box.tracking_id].compartment == box.label

    @invariant()
    def no_keypad_waits_for_what_will_never_come(self) -> None:
        automat = self.stand.automat
        for keypad in automat.keypads.values():
            match keypad.flow:
                case Idle():
                    assert keypad.due_s is None
                case PickingUp(compartment=label) | Depositing(compartment=label) if label:
                    assert automat.openings[label].keypad == keypad.name
                    assert automat.openings[label].due_s is not None
                case _:
                    assert keypad.due_s is not None

    @invariant()
    def at_most_one_door_is_pulsed_for_each_keypad(self) -> None:
        running = Counter(o.keypad for o in self.stand.automat.openings.values() if o.stage in PULSING)
        assert all(count <= 1 for count in running.values()), running

    @invariant()
    def custody_changes_have_exactly_one_entry_each(self) -> None:
        for kind in (EntryKind.PARCEL_STORED, EntryKind.PARCEL_HANDED_OVER):
            counts = Counter(entry.subject for entry in self.stand.entries if entry.kind is kind)
            assert all(count == 1 for count in counts.values())
        for parcel in self.stand.automat.parcels.values():
            handed = parcel.state is ParcelState.COLLECTED
            receipts = [
                e
                for e in self.stand.entries
                if e.kind is EntryKind.PARCEL_HANDED_OVER and e.subject == parcel.tracking_id
            ]
            assert not handed or len(receipts) == 1

    @invariant()
    def a_restart_would_find_the_same_automat(self) -> None:
        reloaded = self.stand.reloaded()
        for name in (*DURABLE, *INDEXES):
            assert getattr(reloaded, name) == getattr(self.stand.automat, name), name

    @invariant()
    def nobody_guesses_faster_than_the_bucket_allows(self) -> None:
        rules = self.stand.automat.rules
        evaluated = Counter(e.data["keypad"] for e in self.stand.entries if e.kind is EntryKind.CODE_MISSED)
        allowed = rules.tokens + (self.stand.now.powered_s - 1_000.0) / rules.token_refill_s
        assert all(count <= allowed for count in evaluated.values())

    def teardown(self) -> None:
        """Shut every door and let an hour pass: nobody may be left waiting, nothing left open."""
        self.stand.reconfigured()
        for label in self.stand.doors:
            self.stand.door(label, Door.UNKNOWN)
            self.stand.door(label, Door.SHUT)
        self.stand.wait(3_600)
        automat = self.stand.automat
        assert not automat.openings
        assert all(isinstance(keypad.flow, Idle) for keypad in automat.keypads.values())
        assert all(parcel.state is not ParcelState.COLLECTED for parcel in automat.parcels.values())
        assert not any(
            self.stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, b) for b in self.stand.doors
        )


AnAutomat.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestAnAutomat = AnAutomat.TestCase
