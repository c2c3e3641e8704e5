"""What is true of a compartment once somebody has looked into it: a parcel lies there, or nothing does."""

from dataclasses import replace

from locker.domain.compartments import Condition
from locker.domain.deadlines import deadline, last_day_before
from locker.domain.draft import Draft
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.openings import Evidence
from locker.domain.parcels import Direction, Parcel, ParcelMove, ParcelState, Role
from locker.domain.times import rfc3339

SETTLED_BY_A_LOOK = (
    IncidentKind.DOOR_DID_NOT_OPEN,
    IncidentKind.DOOR_OPENED_UNASKED,
    IncidentKind.OPENING_INTERRUPTED,
    IncidentKind.DEPOSIT_UNCONFIRMED,
    IncidentKind.REMOVAL_UNCONFIRMED,
    IncidentKind.COMPARTMENT_OCCUPIED,
    IncidentKind.COMPARTMENT_DIRTY,
)
"""Matters that are over once somebody has said what lies inside."""

STILL_SEEN = "the goods sensor still sees something"
DAMAGED = "damaged"


def may_store(draft: Draft, tracking_id: str) -> bool:
    """Tell whether a parcel may be stored: it is announced to a recipient, or nobody announced it."""
    parcel = draft.automat.parcels.get(tracking_id)
    return parcel is None or (parcel.direction is Direction.INBOUND and parcel.may(ParcelMove.DEPOSIT))


def store(
    draft: Draft,
    tracking_id: str,
    label: str,
    *,
    person: str,
    role: Role,
    evidence: Evidence,
    found: bool = False,
    user: str | None = None,
) -> bool:
    """Make a deposit durable: the parcel stored, its box sound; False if it may not be, nothing changed.

    A parcel that nobody announced is stored without a code. `found`: it already lay inside
    when somebody looked; `user`: the Unix user of one at the socket.
    """
    box = draft.automat.compartments[label]
    if not may_store(draft, tracking_id) or box.tracking_id is not None:
        return False
    rules, known_at = draft.rules, draft.known_wall_at
    size = box.fixture.size
    announced = draft.automat.parcels.get(tracking_id)
    parcel = announced or Parcel(tracking_id, size, ParcelState.ANNOUNCED)
    deadline_at = deadline(known_at, rules.storage_days, rules.time_zone) if known_at else None
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(ParcelMove.DEPOSIT),
            compartment=label,
            deposited_at=draft.now.wall_at,
            deposited_s=draft.now.powered_s,
            deadline_at=deadline_at,
        )
    )
    draft.change_compartment(label, tracking_id=tracking_id)
    if box.condition is Condition.FAULTY:  # who looks inside does not mend a lock
        settle(draft, label, f"a {role} said what lies inside", but=IncidentKind.DOOR_DID_NOT_OPEN)
    else:
        make_sound(draft, label)
        settle(draft, label, f"a {role} said what lies inside")
    who = {str(role): person}
    draft.record(
        EntryKind.PARCEL_STORED,
        tracking_id,
        compartment=label,
        size=size,
        **who,
        user=user,
        grade=evidence.grade,
        pulsesintended=evidence.pulses,
        pulsessent=evidence.pulses_sent,
        dooropened=rfc3339(evidence.opened_at) if evidence.opened_at else None,
        doorclosed=rfc3339(evidence.shut_at) if evidence.shut_at else None,
        unannounced=announced is None or None,
        found=found or None,
        deadline=rfc3339(deadline_at) if deadline_at else None,
        lastpickupdate=last_day_before(deadline_at, rules.time_zone).isoformat() if deadline_at else None,
    )
    return True


def free(draft: Draft, label: str, why: str) -> bool:
    """Offer a box again that somebody has seen empty; False, and suspect, if the goods sensor denies it.

    Only for a box that was suspect: who looks inside does not mend a lock.
    """
    box = draft.automat.compartments[label]
    if box.goods:
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=STILL_SEEN)
        return False
    if box.condition is Condition.SUSPECT:
        make_sound(draft, label)
    settle(draft, label, why)
    return True


def make_sound(draft: Draft, label: str) -> None:
    """Doubt a box no more; one that is damaged stays out of use until a technician says that it is in order.

    Whoever fetches, takes or sees what lies inside mends nothing by it.
    """
    if draft.automat.open_incident(IncidentKind.COMPARTMENT_DAMAGED, label) is None:
        draft.change_compartment(label, condition=Condition.SOUND, reason=None)
    else:
        draft.change_compartment(label, condition=Condition.FAULTY, reason=DAMAGED)


def settle(draft: Draft, label: str, why: str, *, but: IncidentKind | None = None) -> None:
    """Clear every incident about a compartment that a look inside answers, but one."""
    for kind in SETTLED_BY_A_LOOK:
        if kind is not but:
            draft.clear_incident(kind, label, why)
