"""What a technician can ask for at the local socket, and what is remembered of it.

Every action carries who asked: the Unix user, which is the kernel's word, and the technician's own id, which
is the person's. It is decided in the one inbox like everything else; there is no back door.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from locker.domain.openings import Evidence


@dataclass(frozen=True, slots=True)
class Maintainer:
    """Who asks: the kernel's word for the user, and the technician's own id."""

    user: str
    technician: str


class Verdict(StrEnum):
    """What a person who looked says of a compartment."""

    EMPTY = "empty"  # and clean: it may be used
    PARCEL = "parcel"
    DIRTY = "dirty"
    DAMAGED = "damaged"


class Device(StrEnum):
    """What is tried at a keypad."""

    KEYS = "keys"  # and the scanner beside it: what is pressed and scanned is shown until the test ends
    DISPLAY = "display"
    SOUNDER = "sounder"
    NONE = "none"  # end the test


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """Open one compartment, and then say what lies inside."""

    compartment: str
    reason: str


@dataclass(frozen=True, slots=True)
class CycleLock:
    """Open one compartment to see how its lock behaves, and then say what lies inside."""

    compartment: str


@dataclass(frozen=True, slots=True)
class SayFound:
    """Say what lies in a compartment whose door was opened to look, and shut again.

    `tracking_id`: which parcel, where another than the expected one, or none was expected.
    """

    compartment: str
    verdict: Verdict
    tracking_id: str | None = None


@dataclass(frozen=True, slots=True)
class BlockDoor:
    """Offer a compartment to nobody."""

    compartment: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnblockDoor:
    """Take a compartment into use again."""

    compartment: str


@dataclass(frozen=True, slots=True)
class AcknowledgeIncident:
    """Say that somebody looks after an incident."""

    number: int


@dataclass(frozen=True, slots=True)
class ClearIncident:
    """Say that a matter is settled, where a person's word can settle it."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReleaseKeypad:
    """Let a keypad be used again after too many wrong codes."""

    keypad: str


@dataclass(frozen=True, slots=True)
class TryDevice:
    """Try what belongs to a keypad."""

    keypad: str
    device: Device


@dataclass(frozen=True, slots=True)
class BeginAudit:
    """Begin a round of all compartments, or go on with the one under way; `afresh` gives that one up."""

    afresh: bool = False


@dataclass(frozen=True, slots=True)
class SkipInAudit:
    """Leave a compartment out of the round, and say why."""

    compartment: str
    reason: str


@dataclass(frozen=True, slots=True)
class EndAudit:
    """End the round and write its report; refused while compartments are missing, unless `partial`."""

    partial: bool = False


Action = (
    OpenDoor
    | CycleLock
    | SayFound
    | BlockDoor
    | UnblockDoor
    | AcknowledgeIncident
    | ClearIncident
    | ReleaseKeypad
    | TryDevice
    | BeginAudit
    | SkipInAudit
    | EndAudit
)


@dataclass(frozen=True, slots=True)
class Look:
    """A door was opened for a technician and shut again: what lies inside has yet to be said. Volatile."""

    by: Maintainer
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Audit:
    """The round under way; durable, so that it can be gone on with after days and restarts."""

    number: int
    begun_at: datetime
    begun_by: Maintainer


@dataclass(frozen=True, slots=True)
class Finding:
    """What the round under way found of one compartment; durable.

    `verdict` is that of the person, or "skipped"; `tracking_id` is what lay inside by that word, `expected`
    what should have lain there; `differs`: the two do not agree, or the box is not sound.
    """

    compartment: str
    verdict: str
    at: datetime
    said_by: Maintainer
    tracking_id: str | None = None
    expected: str | None = None
    differs: bool = False
    reason: str | None = None
