"""What follows from a word on what lies inside, at a keypad or at the socket."""

from locker.domain.compartments import Condition
from locker.domain.draft import Draft
from locker.domain.flows import holding
from locker.domain.flows.looking import (
    DIRTY,
    NOT_JUDGED,
    clear_box,
    doubt,
    mended,
    note_missing,
    note_repaired,
    suspect,
)
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.openings import Evidence
from locker.domain.parcels import Parcel, Role

UNNAMED = "something lies inside that nobody could name"
SEEN_EMPTY = "somebody saw that it is empty"


def empty(
    draft: Draft, label: str, expected: Parcel | None, evidence: Evidence, role: Role, **who: str
) -> None:
    """Nothing lies inside: the box can be used again, and what should lie there is missing."""
    if role is Role.TECHNICIAN:
        note_repaired(draft, label)
    if expected is None:
        holding.end(draft, label)
        clear_box(draft, label, SEEN_EMPTY)
        draft.clear_incident(IncidentKind.PARCEL_STUCK, label, SEEN_EMPTY)
    else:
        note_missing(draft, expected, label, evidence, **who)


def as_expected(draft: Draft, label: str) -> None:
    """The parcel on record lies inside; that a box is dirty is not settled by that."""
    clear_box(draft, label, "the parcel was seen inside", but=(IncidentKind.COMPARTMENT_DIRTY,))


def dirty(draft: Draft, label: str, who: str) -> None:
    """The box has to be cleaned or mended."""
    suspect(draft, label, DIRTY)
    draft.raise_incident(IncidentKind.COMPARTMENT_DIRTY, label, f"{DIRTY}, {who}")


def unnamed(draft: Draft, label: str, who: str) -> None:
    """Something lies inside, and nobody knows what."""
    suspect(draft, label, UNNAMED)
    draft.raise_incident(IncidentKind.COMPARTMENT_OCCUPIED, label, f"{UNNAMED}, {who}")


def await_word(draft: Draft, label: str, evidence: Evidence, role: Role | None) -> None:
    """A door was opened and shut: somebody has to say what lies inside; a lock that works is told apart."""
    if role is Role.TECHNICIAN and mended(draft, label, evidence):
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=NOT_JUDGED)
    doubt(draft, label, NOT_JUDGED)


def leave(draft: Draft, label: str, why: str, subject: str | None = None, **who: str | None) -> None:
    """Record that a box was, or may have been, opened and that nobody said what lies inside."""
    draft.record(EntryKind.COMPARTMENT_TO_INSPECT, subject, compartment=label, reason=why, **who)
    doubt(draft, label, NOT_JUDGED)
