"""Which door may be opened for whom: judged at the first pulse of every opening, by rules of its own."""

from itertools import permutations
from math import inf

from locker.domain.automat import Automat, Decision
from locker.domain.commands import Mode
from locker.domain.compartments import Compartment, Condition, ContactKind
from locker.domain.events import CommandReceived, Door, Event, KeyPressed, LabelScanned, MaintenanceAsked
from locker.domain.flows.holding import hold_reason
from locker.domain.incidents import IncidentKind
from locker.domain.journal import Entry, EntryKind
from locker.domain.keypad import (
    Choice,
    Confirming,
    ConfirmingSending,
    Depositing,
    Entering,
    Sending,
)
from locker.domain.maintenance import CycleLock, OpenDoor
from locker.domain.openings import Opening, Purpose, Stage
from locker.domain.parcels import TO_COLLECT, Direction, Parcel, ParcelState, Role
from locker.domain.times import Now
from tests.properties.strategies import tag

DEPOSITS = (Purpose.DEPOSIT, Purpose.DROP_OFF)
UNDER_WAY = (Stage.WAITING, Stage.OPEN, Stage.BLIND)


class Acceptances:
    """Judges that every door has somebody who may open it, and that what is offered can be offered."""

    def __init__(self) -> None:
        """Begin with no code typed."""
        self.accepted: dict[str, set[str]] = {}
        self.handed_over_s: dict[str, float] = {}
        self.late: set[str] = set()
        self.used_ids: set[str] = set()

    def judge(self, before: Automat, event: Event, decision: Decision, now: Now) -> None:
        """Look at the codes that were accepted and at the openings that began in a decision."""
        self._judge_codes(before, event, decision)
        self._judge_command(event, decision)
        for entry in decision.entries:
            if entry.kind is EntryKind.PULSE_INTENDED and entry.data["purpose"] == "commission":
                assert before.facts.commission, "a lock was tried, and nobody puts the automat into service"
                continue
            if entry.kind is EntryKind.PULSE_INTENDED:
                _assert_frozen_opens_for_technicians(before, decision.automat, entry)
            if entry.kind is EntryKind.PULSE_INTENDED and entry.data["number"] == 1:
                self.late.discard(entry.data["compartment"])
                self._judge_opening(before, event, decision, now, entry)
            elif entry.kind is EntryKind.DOOR_OPENED and entry.data.get("late"):
                self.late.add(entry.data["compartment"])
            elif entry.kind is EntryKind.PARCEL_HANDED_OVER and entry.data["grade"] != "C":
                self.handed_over_s[str(entry.subject)] = now.powered_s

    def _judge_codes(self, before: Automat, event: Event, decision: Decision) -> None:
        for entry in decision.entries:
            if entry.kind is EntryKind.CODE_ACCEPTED:
                assert isinstance(event, KeyPressed), "a code was accepted, and nobody typed it"
                keypad = before.keypads[event.keypad]
                assert isinstance(keypad.flow, Entering)
                parcel = before.parcels[str(entry.subject)]
                assert parcel.code_tag == tag(keypad.flow.typed.digits), "another code was typed"
                outbound = parcel.direction is Direction.OUTBOUND
                state = ParcelState.ANNOUNCED if outbound else ParcelState.STORED
                assert parcel.state is state, f"a code was accepted for what is {parcel.state}"
                assert not parcel.unpaid, "a code was accepted for what is not paid"
                assert keypad.bound_to in (None, entry.data["compartment"]), "a keypad of another door"
                self.accepted.setdefault(keypad.name, set()).add(parcel.tracking_id)
            if entry.kind in (EntryKind.COURIER_SIGNED_IN, EntryKind.TECHNICIAN_SIGNED_IN):
                assert before.keypads[entry.data["keypad"]].bound_to is None, "signed in at a door's keypad"

    def _judge_command(self, event: Event, decision: Decision) -> None:
        applied = any(entry.kind is EntryKind.COMMAND_APPLIED for entry in decision.entries)
        if isinstance(event, CommandReceived) and applied:
            assert event.command.command_id not in self.used_ids, "a command was applied twice"
            assert not event.command.retained
            self.used_ids.add(event.command.command_id)

    def _judge_opening(
        self, before: Automat, event: Event, decision: Decision, now: Now, entry: Entry
    ) -> None:
        after = decision.automat
        opening = after.openings[entry.data["compartment"]]
        box = before.compartments[opening.compartment]
        parcel = before.parcels.get(opening.tracking_id or "")
        self._nothing_else_is_under_way(before, after, opening, now)
        bound_to = before.keypads[opening.keypad].bound_to if opening.keypad else None
        returns = bound_to in (None, opening.compartment)
        assert returns, "a keypad opened another door than its own"
        match opening.purpose:
            case Purpose.PICKUP:
                assert parcel is not None
                assert opening.tracking_id in self.accepted.get(opening.keypad, ()), "nobody typed its code"
                assert parcel.state is ParcelState.STORED, f"a pick-up of what is {parcel.state}"
                assert not parcel.unpaid, "a pick-up of what is not paid"
                assert parcel.compartment == opening.compartment
            case Purpose.REOPEN:
                assert parcel is not None
                assert parcel.state is ParcelState.COLLECTED
                since_s = now.powered_s - self.handed_over_s.get(parcel.tracking_id, now.powered_s)
                assert since_s < before.rules.reopen_window_s + 1, "reopened after its time"
            case Purpose.COLLECT:
                assert parcel is not None
                evacuated = before.facts.mode is Mode.EVACUATE and parcel.state is ParcelState.STORED
                assert parcel.state in TO_COLLECT or evacuated, f"a collection of what is {parcel.state}"
                assert parcel.compartment == opening.compartment
                _assert_may(before, now, opening, Role.COURIER)
            case Purpose.INSPECT:
                _assert_may(before, now, opening, None)
            case Purpose.DEPOSIT | Purpose.DROP_OFF:
                if opening.purpose is Purpose.DEPOSIT:
                    _assert_may(before, now, opening, Role.COURIER)
                if not _comes_back(before, opening, box):
                    _assert_can_be_offered(before, event, after, opening, box)
            case Purpose.SERVICE | Purpose.TEST:
                _assert_asked(before, event, opening)
            case Purpose.REMOTE:
                pass

    def _nothing_else_is_under_way(self, before: Automat, after: Automat, opening: Opening, now: Now) -> None:
        """At most one door opens at a time for each keypad; a door freed late is nobody's choice."""
        label = opening.compartment
        there = before.openings.get(label)
        # One whose time ran out in this very decision has ended before the next began.
        still = there is not None and there.stage in UNDER_WAY and (there.due_s or inf) > now.powered_s
        assert not still, "opened while it was under way"
        for other in after.openings.values():
            if other.compartment == label or other.keypad != opening.keypad or other.stage not in UNDER_WAY:
                continue
            remote = Purpose.REMOTE in (other.purpose, opening.purpose)
            both_remote = other.purpose is opening.purpose
            late = other.compartment in self.late or label in self.late
            assert (remote and not both_remote) or late, f"{label} and {other.compartment} at one keypad"


def _assert_frozen_opens_for_technicians(before: Automat, after: Automat, entry: Entry) -> None:
    """In frozen mode no lock is pulsed, not for the first time and not again, but for a technician."""
    if before.facts.mode is Mode.FROZEN:
        opening = after.openings[entry.data["compartment"]]
        if opening.purpose in (Purpose.SERVICE, Purpose.TEST):
            return
        right = before.credentials.get(opening.person or "")
        assert opening.purpose is Purpose.INSPECT, "pulsed while frozen"
        assert right is not None, "pulsed while frozen"
        assert right.role is Role.TECHNICIAN, "pulsed while frozen, and not for a technician"


def _assert_asked(before: Automat, event: Event, opening: Opening) -> None:
    """A technician at the socket asked for this door now, and it is recorded who."""
    assert isinstance(event, MaintenanceAsked), "nobody at the socket asked"
    assert isinstance(event.action, OpenDoor | CycleLock), "nobody at the socket asked for a door"
    assert event.action.compartment == opening.compartment
    assert (event.by.user, event.by.technician) == (opening.user, opening.person)
    assert not before.facts.commission, "opened beside a commission"
    doubt = before.open_incident(IncidentKind.WRONG_DOOR, opening.compartment)
    assert doubt is None, "opened for a technician while its wiring is in doubt"


def _assert_may(before: Automat, now: Now, opening: Opening, role: Role | None) -> None:
    right = before.credentials.get(opening.person or "")
    assert right is not None, f"a {opening.purpose} by somebody without a right"
    assert role in (None, right.role)
    if before.judges_time(now):
        assert right.valid_from <= now.wall_at < right.valid_until, (
            f"a {opening.purpose} after the right ended"
        )


def _comes_back(before: Automat, opening: Opening, box: Compartment) -> bool:
    """Whether this box was opened for this parcel before and nobody has judged it since."""
    if is_held(box, opening.tracking_id):
        return True
    flow = before.keypads[opening.keypad].flow
    return isinstance(flow, Confirming | ConfirmingSending) and flow.compartment == opening.compartment


def _assert_can_be_offered(
    before: Automat, event: Event, after: Automat, opening: Opening, box: Compartment
) -> None:
    label, facts = opening.compartment, before.facts
    assert facts.mode is Mode.NORMAL, f"a deposit begins in mode {facts.mode}"
    assert not facts.storage_low, "a deposit begins while the disk is full"
    assert is_free(box), f"{label} was offered"
    parcel = before.parcels.get(opening.tracking_id or "")
    assert parcel is None or parcel.state is ParcelState.ANNOUNCED, "a deposit of what must not be stored"
    outbound = parcel is not None and parcel.direction is Direction.OUTBOUND
    assert outbound is (opening.purpose is Purpose.DROP_OFF)
    held = [each.label for each in after.compartments.values() if is_held(each, opening.tracking_id)]
    assert not outbound or held == [label], f"another box than {held}, which are held for it"
    after_flow = after.keypads[opening.keypad].flow
    assert isinstance(after_flow, Depositing | Sending)
    assert label not in after_flow.tried, "a box that would not do"
    boxes = before.compartments
    beyond = after_flow.too_small
    beyond_mm3 = 0 if beyond is None else boxes[beyond].fixture.volume_mm3
    assert box.fixture.volume_mm3 > beyond_mm3, "no larger than the one that was too small"
    flow = before.keypads[opening.keypad].flow
    if isinstance(flow, Depositing | Sending | Confirming | ConfirmingSending):
        pressed = getattr(flow, "choice", None)
        if isinstance(event, KeyPressed) and isinstance(flow, Confirming | ConfirmingSending):
            pressed = {"1": Choice.BIGGER}.get(event.key.value, pressed)
        if pressed is Choice.BIGGER and flow.compartment != label:
            known = before.openings.get(flow.compartment)
            # Else nobody looked into it: its lock was not pulsed, or its door never moved.
            if (
                known is None
                or known.stage is Stage.OPEN
                or (known.stage is Stage.BLIND and known.pulses_sent)
            ):
                assert box.fixture.volume_mm3 > boxes[flow.compartment].fixture.volume_mm3, "not bigger"
    if parcel is None:
        assert not isinstance(event, LabelScanned), "nobody knows how large it is"
        return
    candidates = [
        other
        for other in boxes.values()
        if is_free(other)
        and goes_into(parcel, other, before)
        and other.label not in after_flow.tried
        and other.fixture.volume_mm3 > beyond_mm3
    ]
    assert box in candidates, f"{parcel.tracking_id} does not go into {label}"
    assert _rank(box, parcel) == min(_rank(other, parcel) for other in candidates), "not the smallest"


def _rank(box: Compartment, parcel: Parcel) -> tuple[bool, int]:
    return (box.fixture.accessible is not parcel.accessible, box.fixture.volume_mm3)


def is_held(box: Compartment, tracking_id: str | None) -> bool:
    """Whether a box waits for the word of this parcel's sender."""
    return box.tracking_id is None and box.reason == hold_reason(tracking_id or "")


def is_free(box: Compartment) -> bool:
    """Whether a box may be offered, by the words of domain.md."""
    unseen = box.fixture.contact is ContactKind.MISSING
    return all(
        (
            box.condition is Condition.SOUND,
            box.blocked is None,
            box.tracking_id is None,
            not box.opening_ongoing,
            box.goods is not True,
            unseen or box.door is Door.SHUT,
        )
    )


def goes_into(parcel: Parcel, box: Compartment, automat: Automat) -> bool:
    """Whether a parcel goes into a box, by trying every orientation."""
    fixture = box.fixture
    sides = (fixture.width_mm, fixture.height_mm, fixture.depth_mm)
    if parcel.dimensions_mm is not None:
        return _some_way(parcel.dimensions_mm, sides)
    if parcel.size is None or parcel.size == fixture.size:
        return True
    others = [other.fixture for other in automat.compartments.values() if other.fixture.size == parcel.size]
    return any(_some_way((each.width_mm, each.height_mm, each.depth_mm), sides) for each in others)


def _some_way(inner: tuple[int, int, int], outer: tuple[int, int, int]) -> bool:
    return any(all(i <= o for i, o in zip(way, outer, strict=True)) for way in permutations(inner))
