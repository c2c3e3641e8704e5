"""What collecting and inspecting have in common: where to go next, who is at a door, what was found there."""

from collections.abc import Iterable
from dataclasses import replace

from locker.domain.allocation import walking_order
from locker.domain.automat import Automat, digits_ending
from locker.domain.commands import Mode
from locker.domain.compartments import Condition, ContactKind
from locker.domain.draft import Draft
from locker.domain.events import Door
from locker.domain.flows import storing
from locker.domain.flows.doors import LOCK_FAILED, Progress, blames_lock
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.openings import Evidence, Opening, Stage
from locker.domain.parcels import Direction, Parcel, ParcelMove, ParcelState
from locker.domain.times import rfc3339

DIRTY = "dirty or damaged"
LOCK_FAILED_UNJUDGED = "the lock did not open, and nobody said what lies inside"
NOT_JUDGED = "it was opened and nobody said what lies inside"


def parcels_to_take(automat: Automat) -> tuple[str, ...]:
    """Return the tracking ids that a courier is to take away now, in walking order of their doors."""
    labels = dict(automat.to_collect)
    if automat.facts.mode is Mode.EVACUATE:
        labels |= {
            parcel.tracking_id: parcel.compartment
            for parcel in automat.parcels.values()
            if parcel.compartment is not None and is_to_be_taken(automat, parcel)
        }
    return tuple(sorted(labels, key=lambda tracking_id: (_place(automat, labels[tracking_id]), tracking_id)))


def how_many_to_take(automat: Automat) -> int:
    """Return how many parcels a courier is to take away now; cheap, but while everything must go."""
    evacuating = automat.facts.mode is Mode.EVACUATE
    return len(parcels_to_take(automat)) if evacuating else len(automat.to_collect)


def is_to_be_taken(automat: Automat, parcel: Parcel) -> bool:
    """Tell whether a courier is to take this parcel away now."""
    if automat.facts.mode is Mode.EVACUATE and parcel.state is ParcelState.STORED:
        return parcel.direction is Direction.INBOUND
    return parcel.tracking_id in automat.to_collect


def labels_to_look_into(automat: Automat) -> tuple[str, ...]:
    """Return the suspect compartments in walking order."""
    return tuple(sorted(automat.suspects, key=lambda label: _place(automat, label)))


def in_use(draft: Draft, label: str, keypad: str) -> bool:
    """Tell whether a door is under way, or somebody at another keypad still has to say what became of it."""
    opening = draft.automat.openings.get(label)
    if opening is not None and opening.stage is not Stage.LATE:
        return True
    return any(
        getattr(other.flow, "compartment", None) == label
        for other in draft.automat.keypads.values()
        if other.name != keypad
    )


def still_open(draft: Draft, label: str, evidence: Evidence) -> bool:
    """Tell whether a door that was shut has opened again, so that no word on it counts yet."""
    opening = draft.automat.openings.get(label)
    if opening is not None and opening.stage is not Stage.LATE:
        return True
    door = draft.automat.compartments[label].door
    sprang = draft.automat.open_incident(IncidentKind.DOOR_OPENED_UNASKED, label) is not None
    # A door that sprang open and of which the line then told no more may be open still.
    return evidence.shut_at is not None and (door is Door.OPEN or (sprang and door is Door.UNKNOWN))


def evidence_of(draft: Draft, progress: Progress) -> Evidence:
    """Return what an opening that has just ended proves."""
    shut = draft.automat.compartments[progress.opening.compartment].door is Door.SHUT
    return progress.opening.evidence(draft.now.wall_at if shut else None)


def evidence_data(evidence: Evidence) -> dict[str, object]:
    """Return the evidence as the journal has it."""
    return {
        "grade": evidence.grade,
        "pulsesintended": evidence.pulses,
        "pulsessent": evidence.pulses_sent,
        "dooropened": rfc3339(evidence.opened_at) if evidence.opened_at else None,
        "doorclosed": rfc3339(evidence.shut_at) if evidence.shut_at else None,
    }


def lock_works(draft: Draft, label: str, evidence: Evidence) -> bool:
    """Tell whether the lock has shown that it works: pulsed, and the door seen, or no contact can see it."""
    unseen = draft.automat.compartments[label].fixture.contact is ContactKind.MISSING
    return evidence.pulses_sent > 0 and (evidence.grade == "A" or unseen)


def note_not_opened(draft: Draft, opening: Opening, what_for: str) -> None:
    """Report a lock that did not open; a line that is down is not the lock's fault."""
    label = opening.compartment
    if blames_lock(draft, opening):
        blame_lock(draft, label)
    draft.raise_incident(
        IncidentKind.DOOR_DID_NOT_OPEN,
        label,
        f"{opening.pulses} pulses intended, {opening.pulses_sent} sent, {what_for}",
    )


def blame_lock(draft: Draft, label: str) -> None:
    """Offer a box to nobody until its lock works; a doubt about what lies inside outlives that."""
    box = draft.automat.compartments[label]
    judged = box.condition is Condition.SOUND or (box.condition, box.reason) == (
        Condition.FAULTY,
        LOCK_FAILED,
    )
    reason = LOCK_FAILED if judged else LOCK_FAILED_UNJUDGED
    draft.change_compartment(label, condition=Condition.FAULTY, reason=reason)


def doubt(draft: Draft, label: str, reason: str) -> None:
    """A box was, or may have been, opened: nobody knows what lies inside, whatever its lock does."""
    box = draft.automat.compartments[label]
    if box.condition is Condition.SOUND:
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=reason)
    elif (box.condition, box.reason) == (Condition.FAULTY, LOCK_FAILED):
        draft.change_compartment(label, reason=LOCK_FAILED_UNJUDGED)


def suspect(draft: Draft, label: str, reason: str) -> None:
    """Offer a box to nobody until somebody has looked; a faulty one is offered to nobody anyway."""
    if draft.automat.compartments[label].condition is not Condition.FAULTY:
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=reason)


def clear_box(draft: Draft, label: str, why: str, but: Iterable[IncidentKind] = ()) -> None:
    """A person has seen what lies inside: the box is sound, unless what is left open in `but` forbids it.

    A faulty box stays faulty: who looks inside does not mend a lock.
    """
    faulty = draft.automat.compartments[label].condition is Condition.FAULTY
    left = [kind for kind in but if draft.automat.open_incident(kind, label) is not None]
    for kind in storing.SETTLED_BY_A_LOOK:
        if kind not in left and not (faulty and kind is IncidentKind.DOOR_DID_NOT_OPEN):
            draft.clear_incident(kind, label, why)
    if faulty and draft.automat.compartments[label].reason == LOCK_FAILED_UNJUDGED:
        draft.change_compartment(label, reason=LOCK_FAILED)
    if faulty:
        return
    if left:
        reason = DIRTY if IncidentKind.COMPARTMENT_DIRTY in left else str(left[0])
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=reason)
    else:
        storing.make_sound(draft, label)


def leave_behind(draft: Draft, parcel: Parcel, move: ParcelMove) -> None:
    """End a parcel's time at this automat: its code is dead, its compartment holds it no more."""
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(move),
            code_tag=None,
            recipient=None,
            compartment=None,
            closed_at=draft.known_wall_at,
            reopen_until_s=None,
        )
    )
    label = parcel.compartment
    if label is not None and label in draft.automat.compartments:
        draft.change_compartment(label, tracking_id=None)
        draft.clear_incident(IncidentKind.PARCEL_STUCK, label, "the parcel is gone")


def mended(draft: Draft, label: str, evidence: Evidence) -> bool:
    """A technician's opening proved a lock that was at fault: tell whether its box is faulty no longer."""
    box = draft.automat.compartments[label]
    if box.condition is not Condition.FAULTY or not lock_works(draft, label, evidence):
        return False
    draft.clear_incident(IncidentKind.DOOR_DID_NOT_OPEN, label, "a technician saw the lock work")
    if draft.automat.open_incident(IncidentKind.COMPARTMENT_DAMAGED, label) is None:
        return True
    draft.change_compartment(label, reason=storing.DAMAGED)
    return False


def note_repaired(draft: Draft, label: str) -> None:
    """A technician says that a box is empty and clean: damage is over; a lock that failed is not mended."""
    if draft.automat.open_incident(IncidentKind.COMPARTMENT_DAMAGED, label) is None:
        return
    draft.clear_incident(IncidentKind.COMPARTMENT_DAMAGED, label, "a technician says that it is in order")
    if draft.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, label) is None:
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=NOT_JUDGED)
    else:
        draft.change_compartment(label, reason=LOCK_FAILED)


def note_missing(draft: Draft, parcel: Parcel, label: str, evidence: Evidence, **who: str) -> None:
    """Record that a parcel does not lie where it should; its box is free."""
    lose(draft, parcel, label, evidence, **who)
    clear_box(draft, label, "somebody saw that it is empty")
    report_missing(draft, parcel, label, **who)


def lose(draft: Draft, parcel: Parcel, label: str, evidence: Evidence, **who: str) -> None:
    """Record that a parcel does not lie where it should."""
    draft.record(
        EntryKind.PARCEL_MISSING, parcel.tracking_id, compartment=label, **who, **evidence_data(evidence)
    )
    leave_behind(draft, parcel, ParcelMove.MISS)


def report_missing(draft: Draft, parcel: Parcel, label: str, **who: str) -> None:
    """Raise the alarm for a parcel that does not lie where it should."""
    people = ", ".join(f"{role} {person}" for role, person in who.items())
    draft.raise_incident(IncidentKind.COMPARTMENT_EMPTY, label, f"{missing_detail(parcel)} {people}")


def missing_detail(parcel: Parcel) -> str:
    """Return how the incident about a missing parcel begins."""
    return f"parcel {parcel.tracking_id} was not inside:"


def last_digits(draft: Draft, tracking_id: str) -> str:
    """Return the end of a tracking id, as a display names the parcel."""
    count = draft.rules.tracking_digits
    return digits_ending(tracking_id, count) or tracking_id[-count:]


def _place(automat: Automat, label: str) -> tuple[int, int, int, str]:
    """Return where a door comes on a walk; those that the configuration no longer has come last."""
    box = automat.compartments.get(label)
    return (1, 0, 0, label) if box is None else (0, *walking_order(box.fixture))
