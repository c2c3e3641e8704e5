"""Incidents: what a person has to look into, with a number short enough to read over the phone."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from locker.domain.maintenance import Maintainer


class IncidentKind(StrEnum):
    """The catalogue; `MEANING` has a line for each."""

    DOOR_DID_NOT_OPEN = "door-did-not-open"
    DOOR_LEFT_OPEN = "door-left-open"
    DOOR_OPENED_UNASKED = "door-opened-unasked"
    OPENING_INTERRUPTED = "opening-interrupted"
    DEPOSIT_UNCONFIRMED = "deposit-unconfirmed"
    COMPARTMENT_EMPTY = "compartment-empty"
    COMPARTMENT_OCCUPIED = "compartment-occupied"
    COMPARTMENT_DIRTY = "compartment-dirty"
    COMPARTMENT_DAMAGED = "compartment-damaged"
    PARCEL_STUCK = "parcel-stuck"
    REMOVAL_UNCONFIRMED = "removal-unconfirmed"
    LOCK_WEAK = "lock-weak"
    PART_LOST = "part-lost"
    SCANNER_LOST = "scanner-lost"
    DISPLAY_LOST = "display-lost"
    BOARD_MISMATCH = "board-mismatch"
    WRONG_DOOR = "wrong-door"
    KEYPAD_FAULTY = "keypad-faulty"
    GUARD_MODE = "guard-mode"
    STORAGE_LOW = "storage-low"
    JOURNAL_FORKED = "journal-forked"
    ENTRY_REFUSED = "entry-refused"
    CONFIGURATION_MISMATCH = "configuration-mismatch"


MEANING: Mapping[IncidentKind, str] = {
    IncidentKind.DOOR_DID_NOT_OPEN: "the lock was pulsed as often as allowed and the door never moved",
    IncidentKind.DOOR_LEFT_OPEN: "a door stood open past the alarm and nobody shut it",
    IncidentKind.DOOR_OPENED_UNASKED: "a door opened that the automat had not unlocked",
    IncidentKind.OPENING_INTERRUPTED: "the power or the daemon failed between an unlock and its door",
    IncidentKind.DEPOSIT_UNCONFIRMED: "a courier left without confirming; nobody knows what lies inside",
    IncidentKind.COMPARTMENT_EMPTY: "a parcel should lie there; somebody looked and found nothing",
    IncidentKind.COMPARTMENT_OCCUPIED: "something lies in a compartment that should be free",
    IncidentKind.COMPARTMENT_DIRTY: "a compartment must be cleaned or repaired before it is used again",
    IncidentKind.COMPARTMENT_DAMAGED: "a compartment is damaged: it is offered to nobody until it is mended",
    IncidentKind.PARCEL_STUCK: "a courier could not take a parcel out of its compartment",
    IncidentKind.REMOVAL_UNCONFIRMED: "a courier opened a parcel's door and did not say whether it was taken",
    IncidentKind.LOCK_WEAK: "a lock got slow or needs several pulses; mend it before it fails",
    IncidentKind.SCANNER_LOST: "a scanner stopped answering; tracking ids can still be typed",
    IncidentKind.DISPLAY_LOST: "the port of a display is gone; keys, locks and codes go on without it",
    IncidentKind.PART_LOST: "a serial line or a lock board stopped answering",
    IncidentKind.BOARD_MISMATCH: "a board or its wiring is not the proved one: its doors do not open",
    IncidentKind.WRONG_DOOR: "the pulse for one door opened another: neither opens until both are proved",
    IncidentKind.KEYPAD_FAULTY: "a key is stuck or the keypad's line is gone",
    IncidentKind.GUARD_MODE: "too many wrong codes in a day: the keypad is shut until released",
    IncidentKind.STORAGE_LOW: "the disk is nearly full: no deposits, pick-ups go on",
    IncidentKind.JOURNAL_FORKED: "the back office holds a different entry under the same number",
    IncidentKind.ENTRY_REFUSED: "the back office refuses an entry for ever; it is kept and parked",
    IncidentKind.CONFIGURATION_MISMATCH: "the configuration does not have a compartment that holds a parcel",
}


class Settling(StrEnum):
    """How an incident ends."""

    BY_ITSELF = "by-itself"  # when what it is about works again: nobody's word changes that
    BY_LOOKING = "by-looking"  # a person opens the compartment and says what lies inside
    BY_WORD = "by-word"  # a technician says that it is settled


SETTLING: Mapping[IncidentKind, Settling] = {
    IncidentKind.DOOR_DID_NOT_OPEN: Settling.BY_LOOKING,
    IncidentKind.DOOR_LEFT_OPEN: Settling.BY_ITSELF,
    IncidentKind.DOOR_OPENED_UNASKED: Settling.BY_LOOKING,
    IncidentKind.OPENING_INTERRUPTED: Settling.BY_LOOKING,
    IncidentKind.DEPOSIT_UNCONFIRMED: Settling.BY_LOOKING,
    IncidentKind.COMPARTMENT_EMPTY: Settling.BY_WORD,
    IncidentKind.COMPARTMENT_OCCUPIED: Settling.BY_LOOKING,
    IncidentKind.COMPARTMENT_DIRTY: Settling.BY_LOOKING,
    IncidentKind.COMPARTMENT_DAMAGED: Settling.BY_LOOKING,
    IncidentKind.PARCEL_STUCK: Settling.BY_LOOKING,
    IncidentKind.REMOVAL_UNCONFIRMED: Settling.BY_LOOKING,
    IncidentKind.LOCK_WEAK: Settling.BY_WORD,
    IncidentKind.PART_LOST: Settling.BY_ITSELF,
    IncidentKind.SCANNER_LOST: Settling.BY_ITSELF,
    IncidentKind.DISPLAY_LOST: Settling.BY_ITSELF,
    IncidentKind.BOARD_MISMATCH: Settling.BY_ITSELF,
    IncidentKind.WRONG_DOOR: Settling.BY_ITSELF,
    IncidentKind.KEYPAD_FAULTY: Settling.BY_ITSELF,
    IncidentKind.GUARD_MODE: Settling.BY_ITSELF,
    IncidentKind.STORAGE_LOW: Settling.BY_ITSELF,
    IncidentKind.JOURNAL_FORKED: Settling.BY_WORD,
    IncidentKind.ENTRY_REFUSED: Settling.BY_WORD,
    IncidentKind.CONFIGURATION_MISMATCH: Settling.BY_ITSELF,
}


REMEDY: Mapping[IncidentKind, str] = {
    IncidentKind.DOOR_DID_NOT_OPEN: "free the door by hand, test its lock, then say what lies inside",
    IncidentKind.DOOR_LEFT_OPEN: "look whether anything lies inside, and shut the door",
    IncidentKind.DOOR_OPENED_UNASKED: "look for signs of force; open it, say what lies inside",
    IncidentKind.OPENING_INTERRUPTED: "open it, and say what lies inside",
    IncidentKind.DEPOSIT_UNCONFIRMED: "open it, and say what lies inside",
    IncidentKind.COMPARTMENT_EMPTY: "look for the parcel; clear it when the back office knows",
    IncidentKind.COMPARTMENT_OCCUPIED: "open it, and say which parcel lies inside, or take it out",
    IncidentKind.COMPARTMENT_DIRTY: "clean or mend it, open it once more, and say that it is empty",
    IncidentKind.COMPARTMENT_DAMAGED: "mend it, open it once more, and say that it is empty",
    IncidentKind.PARCEL_STUCK: "open it, free the parcel, and say what lies inside",
    IncidentKind.REMOVAL_UNCONFIRMED: "open it, and say what lies inside",
    IncidentKind.LOCK_WEAK: "clean or replace the lock, then clear this: its usual time is learnt anew",
    IncidentKind.PART_LOST: "check plug, power and cable; it clears when the part answers",
    IncidentKind.SCANNER_LOST: "check plug and cable; it clears when the scanner answers",
    IncidentKind.DISPLAY_LOST: "check plug and cable; it clears when the port is back",
    IncidentKind.BOARD_MISMATCH: "put the proved board back, or commission the automat anew",
    IncidentKind.WRONG_DOOR: "prove both doors with a commission",
    IncidentKind.KEYPAD_FAULTY: "free the key or check the cable; it clears when the keypad works",
    IncidentKind.GUARD_MODE: "see who stood there, then release the keypad",
    IncidentKind.STORAGE_LOW: "let the back office acknowledge the journal, or make room on the disk",
    IncidentKind.JOURNAL_FORKED: "find out with the back office which journal holds, then clear this",
    IncidentKind.ENTRY_REFUSED: "find out with the back office why, then clear this",
    IncidentKind.CONFIGURATION_MISMATCH: "put the compartment's table back into the configuration",
}


OF_A_BOX = frozenset(
    {
        IncidentKind.DOOR_LEFT_OPEN,
        *(kind for kind, settling in SETTLING.items() if settling is Settling.BY_LOOKING),
    }
)
"""Matters that only end at the compartment itself."""


OUTAGES = frozenset(
    {
        IncidentKind.PART_LOST,
        IncidentKind.KEYPAD_FAULTY,
        IncidentKind.BOARD_MISMATCH,
        IncidentKind.WRONG_DOOR,
    }
)
"""While one of these is open, recipients cannot be served and no storage time ends (domain.md 5)."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One open or cleared matter; durable. `about` names a compartment, part or keypad.

    `acknowledged_by`: the technician who looks after it, and the Unix user behind that word.
    """

    number: int
    kind: IncidentKind
    about: str
    detail: str
    raised_at: datetime
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: Maintainer | None = None

    def settling(self, compartments: Container[str]) -> Settling:
        """Say how it ends; a box that the configuration no longer has is neither shut nor looked into.

        `compartments`: the labels of those that it has. What such a box was, it still is if it comes back.
        """
        gone = self.kind in OF_A_BOX and self.about not in compartments
        return Settling.BY_WORD if gone else SETTLING[self.kind]
