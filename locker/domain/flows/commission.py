"""Commissioning: a technician proves at the local socket which door each lock opens, pulse by pulse.

While it lasts the keypads serve technicians alone, no deadline runs, and doors that move raise no alarm.
Nothing of it outlives the daemon but what was written; a restart ends it.
"""

from locker.domain.automat import Automat
from locker.domain.changing import changed
from locker.domain.compartments import Condition
from locker.domain.draft import Draft
from locker.domain.events import (
    CommissionBegun,
    CommissionEnded,
    CommissionWritten,
    Door,
    DoorProved,
    LockTrialAsked,
    LockTried,
)
from locker.domain.flows import guard
from locker.domain.flows.doors import WRONG_DOOR_BLOCK
from locker.domain.flows.looking import doubt
from locker.domain.incidents import IncidentKind
from locker.domain.intents import StopTrying, TryLock
from locker.domain.journal import EntryKind
from locker.domain.keypad import (
    UNOCCUPIED,
    BeingTried,
    ChoosingDoor,
    Idle,
    ReadingIncidents,
    Serving,
    TryingKeys,
)
from locker.domain.openings import Purpose, Stage

OPENED_MEANWHILE = "its door was opened while its wiring was proved"
LEFT_OPEN = "its door stood open when the proving of its wiring ended"
OF_TECHNICIANS = Serving | ChoosingDoor | TryingKeys | BeingTried | ReadingIncidents

NOT_BEGUN = "no-commission"
UNKNOWN = "unknown-compartment"
TOO_SOON = "too-soon"


def under_way(automat: Automat) -> bool:
    """Tell whether the automat is being put into service now."""
    return bool(automat.facts.commission)


def begin(draft: Draft, event: CommissionBegun) -> None:
    """Give the automat to a technician, unless a person or an opening would be cut off."""
    if under_way(draft.automat):
        draft.refuse("already-under-way")
        return
    if any(opening.stage is not Stage.LEFT_OPEN for opening in draft.automat.openings.values()):
        draft.refuse("opening-under-way")
        return
    if any(not isinstance(pad.flow, UNOCCUPIED | OF_TECHNICIANS) for pad in draft.automat.keypads.values()):
        draft.refuse("keypad-busy")
        return
    draft.put_facts(commission=(event.user, event.technician))
    draft.automat = changed(draft.automat, lock_trials=0, tried_lock=None)
    draft.record(EntryKind.COMMISSION_BEGUN, user=event.user, technician=event.technician or None)
    _show_everywhere(draft)
    _stay(draft)


def go_on(draft: Draft) -> None:
    """Stay under way: the technician is still at it."""
    if _begun(draft):
        _stay(draft)


def try_lock(draft: Draft, event: LockTrialAsked) -> None:
    """Pulse one lock once, if nothing is known to be under way."""
    if not _begun(draft):
        return
    box = draft.automat.compartments.get(event.compartment)
    if box is None:
        draft.refuse(UNKNOWN)
        return
    if draft.automat.tried_lock is not None:
        draft.refuse("another-under-way")
        return
    now_s, tried_s = draft.now.powered_s, draft.automat.lock_tried_s
    if box.label in tried_s and now_s - tried_s[box.label] < draft.rules.open_wait_s:
        draft.refuse(TOO_SOON)  # a coil gets hot: no lock is pulsed more often than for a recipient
        return
    number = draft.automat.lock_trials + 1
    draft.automat = changed(
        draft.automat, lock_trials=number, tried_lock=box.label, lock_tried_s=tried_s.set(box.label, now_s)
    )
    draft.put_look(box.label, None)
    _suspect_what_holds_a_parcel(draft, box.label)
    draft.record(
        EntryKind.PULSE_INTENDED,
        box.tracking_id,
        compartment=box.label,
        number=number,
        purpose=str(Purpose.COMMISSION),
        **_who(draft, event.user),
    )
    draft.intend(TryLock(box.label, number))
    _stay(draft)


def note_tried(draft: Draft, event: LockTried) -> None:
    """Take in what became of a trial."""
    if not under_way(draft.automat) or event.number != draft.automat.lock_trials:
        return
    draft.automat = changed(draft.automat, tried_lock=None)
    draft.record(
        EntryKind.COMMISSION_TRIED,
        compartment=event.compartment,
        number=event.number,
        moved=list(event.moved),
        fault=event.fault,
    )
    _stay(draft)


def note_door(draft: Draft, label: str, door: Door) -> None:
    """A door moved while wiring is proved: no alarm, but nobody knows what became of a parcel in it."""
    if door is Door.OPEN and under_way(draft.automat) and label in draft.automat.compartments:
        _suspect_what_holds_a_parcel(draft, label)


def prove(draft: Draft, event: DoorProved) -> None:
    """Record which door it was that a trial opened, and by which contact it is seen."""
    if not _begun(draft):
        return
    if event.compartment not in draft.automat.compartments:
        draft.refuse(UNKNOWN)
        return
    draft.put_look(event.compartment, None)
    _suspect_what_holds_a_parcel(draft, event.compartment)
    draft.record(
        EntryKind.COMMISSION_PROVED,
        compartment=event.compartment,
        tried=event.tried,
        output=event.output,
        contact=event.contact,
        closedmeansshut=event.closed_means_shut if event.contact is not None else None,
        **_who(draft, event.user),
    )
    _stay(draft)


def write(draft: Draft, event: CommissionWritten) -> None:
    """Take what was proved into use, and give the automat back to everybody.

    The map rests on disk and the hardware goes by it: that counts even if the commission ended meanwhile.
    """
    draft.automat = changed(draft.automat, wiring_map=event.wiring_map)
    for label, fitted in event.contacts.items():
        if label in draft.automat.compartments:
            draft.fit_contact(label, fitted=fitted)
    for label in event.proved:
        draft.clear_incident(IncidentKind.WRONG_DOOR, label, "its wiring was proved")
        box = draft.automat.compartments.get(label)
        if box is not None and box.blocked == WRONG_DOOR_BLOCK:
            draft.change_compartment(label, blocked=None)
    _end(
        draft,
        event.user,
        why="written",
        map=event.wiring_map,
        boards=dict(event.boards),
        proved=sorted(event.proved),
    )


def end(draft: Draft, event: CommissionEnded) -> None:
    """Give the automat back to everybody; what was proved and not written has no effect."""
    if _begun(draft):
        _end(draft, event.user, why="stopped")


def lapse(draft: Draft) -> None:
    """End a commission in which nothing happens."""
    if under_way(draft.automat):
        _end(draft, draft.automat.facts.commission[0], why="nothing done")


def doubt_open_doors(draft: Draft) -> None:
    """Trust no empty box whose door was left open: who knows what lies inside when it is shut."""
    if not under_way(draft.automat):
        return
    for label, box in draft.automat.compartments.items():
        empty = box.tracking_id is None and not box.opening_ongoing
        if box.door is Door.OPEN and empty and box.condition is Condition.SOUND:
            draft.change_compartment(label, condition=Condition.SUSPECT, reason=LEFT_OPEN)


def judge_interrupted(draft: Draft) -> None:
    """End, at start-up, what was under way when the automat stopped."""
    if under_way(draft.automat):
        _end(draft, draft.automat.facts.commission[0], why="the automat stopped")


def _begun(draft: Draft) -> bool:
    if under_way(draft.automat):
        return True
    draft.refuse(NOT_BEGUN)
    return False


def _who(draft: Draft, user: str) -> dict[str, str | None]:
    commission = draft.automat.facts.commission
    return {"user": user, "technician": (commission[1] or None) if commission else None}


def _stay(draft: Draft) -> None:
    draft.set_due("commission", draft.now.powered_s + draft.rules.service_idle_s)


def _end(draft: Draft, user: str, **what: object) -> None:
    who: dict[str, object] = dict(_who(draft, user))
    doubt_open_doors(draft)
    draft.put_facts(commission=())
    draft.intend(StopTrying())
    draft.automat = changed(draft.automat, tried_lock=None)
    draft.set_due("commission", None)
    draft.record(EntryKind.COMMISSION_ENDED, None, **who, **what)
    _show_everywhere(draft)


def _show_everywhere(draft: Draft) -> None:
    """Tell whoever comes to a keypad; a technician's session there goes on."""
    for name, keypad in draft.automat.keypads.items():
        if isinstance(keypad.flow, UNOCCUPIED):
            draft.set_flow(name, Idle())
            draft.show(name, guard.idle_screen(draft, name))


def _suspect_what_holds_a_parcel(draft: Draft, label: str) -> None:
    box = draft.automat.compartments[label]
    if box.tracking_id is None:
        return
    if box.condition is not Condition.SOUND:
        doubt(draft, label, OPENED_MEANWHILE)
        return
    draft.change_compartment(label, condition=Condition.SUSPECT, reason=OPENED_MEANWHILE)
    draft.record(
        EntryKind.COMPARTMENT_TO_INSPECT, box.tracking_id, compartment=label, reason=OPENED_MEANWHILE
    )
