"""Incidents: what a person has to look into, with a number short enough to read over the phone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    """One open or cleared matter; durable. `about` names a compartment, part or keypad."""

    number: int
    kind: IncidentKind
    about: str
    detail: str
    raised_at: datetime
    cleared_at: datetime | None = None
