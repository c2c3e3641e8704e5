"""What must hold in every single decision, judged from what went in and what came out (design.md 8)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import rfc8785

from locker.domain.automat import Automat, Decision
from locker.domain.commands import WithdrawParcel
from locker.domain.compartments import Condition, ContactKind
from locker.domain.events import (
    CommandReceived,
    Door,
    DoorSeen,
    Event,
    MaintenanceAsked,
    PulseNotSent,
    PulseSent,
    Started,
)
from locker.domain.incidents import IncidentKind
from locker.domain.intents import TryLock, Unlock
from locker.domain.journal import Entry, EntryKind
from locker.domain.maintenance import SayFound
from locker.domain.openings import Opening, Stage
from locker.domain.parcels import INSIDE, ParcelState
from locker.domain.rules import Rules
from locker.domain.times import Now
from tests.properties import admissions
from tests.properties.clocks import Governor, Guesses, Storage
from tests.properties.doubts import Doubts
from tests.properties.findings import findings_follow_a_look
from tests.properties.strategies import boxes
from tests.unit.domain.stand import Stand

LOOKED = ("inspect", "service", "test")
"""Why a door is opened for somebody who then says what lies behind it."""
EVIDENCED = {
    EntryKind.PARCEL_STORED: ("deposit", *LOOKED),
    EntryKind.PARCEL_DROPPED_OFF: ("drop-off", *LOOKED),
    EntryKind.PARCEL_HANDED_OVER: ("pickup",),
    EntryKind.PARCEL_REMOVED: ("collect",),
    EntryKind.PARCEL_MISSING: ("collect", *LOOKED),
    EntryKind.PARCEL_FOUND: LOOKED,
}
"""Entries that change custody or say where a parcel is, and the openings that may lead to them."""


@dataclass
class Witness:
    """What was seen of one door since the first pulse of its last opening."""

    purpose: str
    subject: str | None
    door_before: Door
    sent: bool = False
    opened: bool = False
    shut: bool = False
    late: bool = False


@dataclass(frozen=True)
class Moment:
    """One decision with all that belongs to it."""

    before: Automat
    event: Event
    decision: Decision
    now: Now
    witnesses: dict[str, Witness]

    @property
    def after(self) -> Automat:
        """The automat as it is then."""
        return self.decision.automat

    def entries(self, *kinds: EntryKind) -> list[Entry]:
        """The entries of some kinds."""
        return [entry for entry in self.decision.entries if entry.kind in kinds]


class Judge(Stand):
    """A stand that looks at every single decision."""

    def __init__(self, rules: Rules) -> None:
        """Build the automat of `strategies.boxes`, with two keypads for all and one for one door."""
        self.witnesses: dict[str, Witness] = {}
        self.told: dict[str, Door] = {}
        self.guesses, self.governor, self.storage = Guesses(), Governor(), Storage()
        self.acceptances = admissions.Acceptances()
        self.doubts = Doubts()
        super().__init__(rules, boxes=boxes(), doors_with_keypads=["1"])

    def do(self, event: Event) -> Decision:
        """Decide one event and judge the decision."""
        before = self.automat
        decision = super().do(event)
        self._witness(event)
        moment = Moment(before, event, decision, self.now, self.witnesses)
        for check in CHECKS:
            check(moment)
        self.acceptances.judge(before, event, decision, self.now)
        self.guesses.judge(before, event, decision, self.now)
        self.governor.judge(before, event, decision, self.now)
        self.storage.judge(before, event, decision, self.now)
        self.doubts.judge(decision)
        for entry in moment.entries(EntryKind.PULSE_INTENDED):
            if entry.data["number"] == 1 and entry.data["purpose"] != "commission":
                label = entry.data["compartment"]
                door = self.told.get(label, Door.UNKNOWN)
                self.witnesses[label] = Witness(entry.data["purpose"], entry.subject, door)
        return decision

    def _witness(self, event: Event) -> None:
        match event:
            case PulseSent():
                if event.compartment in self.witnesses:
                    self.witnesses[event.compartment].sent = True
            case DoorSeen():
                self._see(event.compartment, event.door)
            case Started():
                for label, door in event.doors.items():
                    self._see(label, door)
            case _:
                pass

    def _see(self, label: str, door: Door) -> None:
        before, self.told[label] = self.told.get(label, Door.UNKNOWN), door
        witness = self.witnesses.get(label)
        if witness is None or before is door:
            return
        if door is Door.OPEN:
            witness.opened, witness.shut = True, False
        elif door is Door.SHUT:
            witness.shut = True


def pulses_have_durable_intents(moment: Moment) -> None:
    """No pulse without its intent, written in the same decision; none at start-up; no more than allowed."""
    decision = moment.decision
    unlocks = [intent for intent in decision.intents if isinstance(intent, Unlock)]
    trials = [intent for intent in decision.intents if isinstance(intent, TryLock)]
    intended = [(e.data["compartment"], e.data["number"]) for e in moment.entries(EntryKind.PULSE_INTENDED)]
    held_back = [(e.data["compartment"], e.data["number"]) for e in moment.entries(EntryKind.PULSE_FAILED)]
    if isinstance(moment.event, PulseNotSent):
        held_back.remove((moment.event.compartment, moment.event.number))
    wanted = [(each.compartment, each.number) for each in unlocks]
    wanted += [(each.compartment, each.number) for each in trials]
    assert sorted(wanted + held_back) == sorted(intended), "a pulse without its intent"
    for unlock in unlocks:
        doubt = moment.after.open_incident(IncidentKind.WRONG_DOOR, unlock.compartment)
        assert doubt is None, "opened by itself while its wiring is in doubt"
    written = {change.compartment: change for change in decision.changes if isinstance(change, Opening)}
    for unlock in unlocks:
        assert unlock.compartment in written, "a pulse of an opening that a power cut would forget"
        assert written[unlock.compartment].pulses == unlock.number <= moment.before.rules.pulses
    assert not (unlocks or trials) or not isinstance(moment.event, Started), "a pulse at start-up"


def custody_has_door_evidence(moment: Moment) -> None:
    """No handover, deposit, drop-off, removal or verdict without what the last opening's door has shown."""
    for entry in moment.entries(*EVIDENCED):
        label, grade = entry.data["compartment"], entry.data["grade"]
        witness = moment.witnesses.get(label)
        assert witness is not None, "custody without an opening"
        assert witness.purpose in EVIDENCED[entry.kind], f"{entry.kind} after a {witness.purpose}"
        if not entry.data.get("found") and entry.kind is not EntryKind.PARCEL_MISSING:
            assert witness.subject == entry.subject, "the door was opened for another parcel"
        contact = moment.before.compartments[label].fixture.contact
        match grade:
            case "A":
                assert witness.opened, "grade A, never seen open"
                assert witness.shut, "grade A, never seen shut"
                assert contact is ContactKind.FITTED
            case "B":
                assert witness.sent or witness.opened, "grade B without a pulse"
                assert contact is ContactKind.MISSING or witness.door_before is Door.OPEN, "grade B"
            case _:
                assert grade == "C"
                assert entry.kind is EntryKind.PARCEL_HANDED_OVER, "grade C is for handovers alone"
                assert witness.opened, "grade C, never seen open"
                assert not witness.shut, "grade C, though it was shut"
        if entry.kind in (EntryKind.PARCEL_STORED, EntryKind.PARCEL_DROPPED_OFF):
            assert moment.after.compartments[label].door is not Door.OPEN, f"{entry.kind} behind an open door"
        if entry.kind is EntryKind.PARCEL_HANDED_OVER:
            assert moment.before.compartments[label].goods is not True, "handed over, and still seen inside"


def custody_changes_have_one_entry_each(moment: Moment) -> None:
    """Entries and states agree, parcel by parcel; nothing that lies inside is forgotten."""
    before, after = moment.before.parcels, moment.after.parcels
    if before is after:
        changed: set[str] = set()
    else:
        changed = {key for key in {*before, *after} if before.get(key) is not after.get(key)}
    expected: Counter[tuple[EntryKind, str]] = Counter()
    for key in changed:
        old, new = before.get(key), after.get(key)
        kind = _entry_for(old.state if old else None, new.state if new else None)
        if kind is not None:
            expected[kind, key] += 1
        was_inside, is_inside = old is not None and old.inside, new is not None and new.inside
        assert not was_inside or new is not None, f"{key} lies inside and was forgotten"
        if was_inside and is_inside and old is not None and new is not None:
            assert old.compartment == new.compartment, "a parcel changed its box"
            assert not old.deadline_at or (new.deadline_at and new.deadline_at >= old.deadline_at), (
                "shortened"
            )
            if new.state is ParcelState.WITHDRAWN is not old.state:
                assert isinstance(moment.event, CommandReceived), "withdrawn by nobody"
                assert isinstance(moment.event.command.body, WithdrawParcel)
    kinds = (*EVIDENCED, EntryKind.PARCEL_OVERDUE)
    actual = Counter((entry.kind, str(entry.subject)) for entry in moment.entries(*kinds))
    assert actual == expected, f"recorded {dict(actual)}, happened {dict(expected)}"


def _entry_for(old: ParcelState | None, new: ParcelState | None) -> EntryKind | None:
    was_inside = old in INSIDE
    match new:
        case ParcelState.STORED if not was_inside:
            return EntryKind.PARCEL_STORED
        case ParcelState.DROPPED_OFF if not was_inside:
            return EntryKind.PARCEL_DROPPED_OFF
        case ParcelState.COLLECTED if was_inside:
            return EntryKind.PARCEL_HANDED_OVER
        case ParcelState.CLOSED if was_inside:
            return EntryKind.PARCEL_REMOVED
        case ParcelState.MISSING if was_inside:
            return EntryKind.PARCEL_MISSING
        case ParcelState.WITHDRAWN if old is ParcelState.MISSING:
            return EntryKind.PARCEL_FOUND
        case ParcelState.OVERDUE if old is not ParcelState.OVERDUE:
            return EntryKind.PARCEL_OVERDUE
        case _:
            return None


def cancelled_deposits_free_only_what_was_seen(moment: Moment) -> None:
    """Who cancels leaves a box that is offered again only if its door was seen, or was never pulsed."""
    for entry in moment.entries(EntryKind.DEPOSIT_CANCELLED):
        witness = moment.witnesses[entry.data["compartment"]]
        seen = (witness.opened and witness.shut) or not witness.sent
        box = moment.after.compartments[entry.data["compartment"]]
        assert seen or box.condition is not Condition.SOUND, "offered again on a word alone"


def a_pulsed_box_is_offered_only_if_its_door_was_seen(moment: Moment) -> None:
    """A box whose door did not move is not offered, but where its lock was never pulsed."""
    before, after = moment.before.openings, moment.after.openings
    if before is after:
        return
    for label, opening in after.items():
        known = before.get(label)
        if opening.stage is Stage.LATE and known is not None and known.stage is Stage.WAITING:
            box = moment.after.compartments[label]
            offered = box.condition is Condition.SOUND and box.tracking_id is None
            assert not offered or not opening.pulses_sent, "offered after a pulse that nobody saw work"


def doors_that_nobody_watched_are_looked_into(moment: Moment) -> None:
    """A lock that was, or may have been, pulsed when the power went leaves no box that nobody doubts."""
    if not isinstance(moment.event, Started):
        return
    for label, opening in moment.before.openings.items():
        box = moment.after.compartments[label]
        on_its_way = opening.stage in (Stage.WAITING, Stage.BLIND)
        pulsed = on_its_way or (opening.stage is Stage.LATE and opening.pulses_sent > 0)
        seen = box.door is Door.OPEN and opening.stage is not Stage.BLIND
        assert seen or not pulsed or box.condition is not Condition.SOUND, f"nobody looks into {label}"


def nobody_is_served_while_wiring_is_proved(moment: Moment) -> None:
    """Nothing opens but for technicians and nothing ends; when it ends, keypads serve as they did."""
    if moment.before.facts.commission and moment.after.facts.commission:
        assert not moment.entries(EntryKind.PARCEL_OVERDUE), "expired while wiring was proved"
        assert not moment.entries(EntryKind.CODE_ACCEPTED), "served while wiring was proved"
        for entry in moment.entries(EntryKind.PULSE_INTENDED):
            purpose = entry.data["purpose"]
            assert purpose in ("commission", "inspect"), f"a {purpose} while wiring was proved"
    if not moment.after.facts.commission:
        assert moment.after.tried_lock is None
    due_s = moment.after.powered_agenda.due_of.get(("commission", ""))
    assert (due_s is not None) is bool(moment.after.facts.commission), "a commission that never ends"


def entries_can_be_written_down(moment: Moment) -> None:
    """What RFC 8785 cannot express would end the daemon; numbers go on without a gap."""
    for entry in moment.decision.entries:
        rfc8785.dumps(dict(entry.data))
    end = moment.before.journal_end + len(moment.decision.entries)
    assert moment.after.journal_end == end, "a gap in the journal"


def refused_commands_change_nothing(moment: Moment) -> None:
    """Bad input gives a reason and changes nothing but the memory of it."""
    if not isinstance(moment.event, CommandReceived) or not moment.entries(EntryKind.COMMAND_REFUSED):
        return
    before, after = moment.before, moment.after
    key = getattr(moment.event.command.body, "tracking_id", None)
    for name in ("compartments", "openings", "credentials"):
        assert getattr(before, name) == getattr(after, name) or _something_was_due(moment), name
    assert before.facts.mode is after.facts.mode
    parcel = after.parcels.get(key or "")
    old = before.parcels.get(key or "")
    if not _something_was_due(moment):
        assert parcel == old or (parcel is not None and parcel.state is ParcelState.REFUSED), (
            "refused, applied"
        )
    applied = moment.entries(EntryKind.COMMAND_APPLIED)
    assert not applied, "applied and refused"


def words_at_the_socket_follow_a_look(moment: Moment) -> None:
    """What a technician says counts only for a door that was opened to look, and seen shut if it can be."""
    for entry in moment.entries(EntryKind.COMPARTMENT_INSPECTED):
        if "user" not in entry.data:
            continue
        label = entry.data["compartment"]
        assert isinstance(moment.event, MaintenanceAsked), "nobody at the socket said anything"
        assert isinstance(moment.event.action, SayFound), "nobody at the socket said anything"
        witness, box = moment.witnesses[label], moment.before.compartments[label]
        assert witness.purpose in ("service", "test"), "the last opening was somebody else's"
        look, opening = moment.before.looks.get(label), moment.before.openings.get(label)
        looked = opening.person if opening is not None else look and look.by.technician
        assert looked == moment.event.by.technician, "said by who has not looked"
        assert witness.sent or witness.opened, "said of a door that was never pulsed"
        if box.fixture.contact is ContactKind.FITTED:
            assert witness.shut, "said of a door that was not seen shut"
            assert box.door is Door.SHUT, f"said of a door that is {box.door}"
        assert label not in moment.after.looks, "a word that counts twice"


def refused_wishes_change_nothing(moment: Moment) -> None:
    """What a technician is refused changes nothing and moves nothing."""
    wish = isinstance(moment.event, MaintenanceAsked)
    if not wish or moment.decision.refused is None or _something_was_due(moment):
        return
    for name in ("compartments", "openings", "parcels", "incidents", "looks", "findings"):
        assert getattr(moment.before, name) is getattr(moment.after, name), f"refused, and {name} changed"
    assert not moment.decision.entries, "refused, and recorded"


def doors_to_judge_are_not_offered(moment: Moment) -> None:
    """A box of which a technician has yet to say what lies inside is not sound, and its door is shut."""
    if moment.after.looks is moment.before.looks and moment.after.compartments is moment.before.compartments:
        return
    for label in moment.after.looks:
        box = moment.after.compartments[label]
        assert box.condition is not Condition.SOUND, f"{label} awaits a word and is sound"
        unseen = box.fixture.contact is ContactKind.MISSING
        assert unseen or box.door is Door.SHUT, f"{label} awaits a word and is {box.door}"
        assert label not in moment.after.openings, f"{label} awaits a word and is being opened"


def _something_was_due(moment: Moment) -> bool:
    return moment.before.seconds_until_due(moment.now) == 0.0 or bool(
        moment.entries(EntryKind.CLOCK_STEPPED, EntryKind.CLOCK_TRUST_CHANGED)
    )


CHECKS: tuple[Callable[[Moment], None], ...] = (
    pulses_have_durable_intents,
    custody_has_door_evidence,
    custody_changes_have_one_entry_each,
    cancelled_deposits_free_only_what_was_seen,
    a_pulsed_box_is_offered_only_if_its_door_was_seen,
    doors_that_nobody_watched_are_looked_into,
    nobody_is_served_while_wiring_is_proved,
    entries_can_be_written_down,
    refused_commands_change_nothing,
    words_at_the_socket_follow_a_look,
    refused_wishes_change_nothing,
    doors_to_judge_are_not_offered,
    findings_follow_a_look,
)
