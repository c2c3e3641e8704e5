"""A keypad and the person at it: what was typed, and which flow the keys belong to. Never durable."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from immutables import Map

from locker.domain.events import Key
from locker.domain.maintenance import Maintainer
from locker.domain.openings import Evidence
from locker.domain.parcels import Role


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """Digits typed after C; `overflow` when there were more than any code has."""

    digits: str = ""
    overflow: bool = False

    def __repr__(self) -> str:
        """Show how many digits there are and nothing more."""
        return f"Typed({len(self.digits)} digits)"

    def with_digit(self, key: Key, most: int) -> "Typed":
        """Return the entry with one digit more, bounded."""
        if len(self.digits) >= most:
            return Typed(self.digits, overflow=True)
        return Typed(self.digits + key.value, self.overflow)


@dataclass(frozen=True, slots=True)
class Idle:
    """Nobody is known to stand here."""


@dataclass(frozen=True, slots=True)
class Entering:
    """C was pressed: a code is being typed."""

    typed: Typed = Typed()


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer is on the display; C starts anew at any moment."""


@dataclass(frozen=True, slots=True)
class PickingUp:
    """A recipient's doors open one after another; `waiting` are the parcels still to come."""

    compartment: str
    waiting: tuple[str, ...] = ()


class Choice(StrEnum):
    """What a person in front of an open compartment wants instead of putting a parcel into it."""

    BIGGER = "bigger"  # the parcel does not fit
    ANOTHER = "another"  # occupied or dirty
    CANCEL = "cancel"
    TAKE_OUT = "take-out"  # chosen by nobody: it may not stay, and nobody has said yet that it is out again


@dataclass(frozen=True, slots=True)
class Delivering:
    """A courier is signed in: scans, types a tracking id, or chooses from the menu."""

    courier_id: str
    typed: Typed = Typed()


@dataclass(frozen=True, slots=True)
class ChoosingSize:
    """A courier says how large a parcel is that nobody announced; `sizes` in the order of the keys from 1."""

    courier_id: str
    tracking_id: str
    sizes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Depositing:
    """A courier's parcel is on its way into a compartment.

    `tried` are those that would not do, `too_small` the largest of them that it did not go into;
    `returning`: this compartment was shut and is opened again, so the parcel may lie inside already.
    """

    courier_id: str
    compartment: str
    tracking_id: str
    tried: tuple[str, ...] = ()
    choice: Choice | None = None
    too_small: str | None = None
    returning: bool = False


@dataclass(frozen=True, slots=True)
class Confirming:
    """The door was shut again: the courier says with OK that the parcel lies inside."""

    courier_id: str
    compartment: str
    tracking_id: str
    evidence: Evidence
    tried: tuple[str, ...] = ()
    too_small: str | None = None


@dataclass(frozen=True, slots=True)
class Collecting:
    """A courier takes parcels away, one by one in walking order; `waiting` are those still to come.

    `why` is what the journal will give as the reason; `taken` counts the parcels of this round.
    """

    courier_id: str
    compartment: str
    tracking_id: str
    why: str
    waiting: tuple[str, ...] = ()
    taken: int = 0


@dataclass(frozen=True, slots=True)
class ConfirmingRemoval:
    """The door was shut again: the courier says whether the parcel was taken, stuck, or never there."""

    courier_id: str
    compartment: str
    tracking_id: str
    why: str
    evidence: Evidence
    waiting: tuple[str, ...] = ()
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Inspecting:
    """A courier or technician looks into a compartment; `waiting` are the labels still to come."""

    person: str
    role: Role
    compartment: str
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judging:
    """The door was shut again: the person says what lies inside."""

    person: str
    role: Role
    compartment: str
    evidence: Evidence
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Naming:
    """Something lies inside: the person scans or types which parcel it is."""

    person: str
    role: Role
    compartment: str
    evidence: Evidence
    waiting: tuple[str, ...] = ()
    typed: Typed = Typed()


@dataclass(frozen=True, slots=True)
class Sending:
    """A sender's parcel is on its way into a compartment.

    `tried` are those that would not do, `too_small` the largest of them that it did not go into;
    `returning`: this compartment was opened for the sender before, so the parcel may lie inside already.
    """

    compartment: str
    tracking_id: str
    accepted_at: datetime
    tried: tuple[str, ...] = ()
    too_small: str | None = None
    choice: Choice | None = None
    returning: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmingSending:
    """The door was shut again: the sender says with OK that the parcel lies inside."""

    compartment: str
    tracking_id: str
    accepted_at: datetime
    evidence: Evidence
    tried: tuple[str, ...] = ()
    too_small: str | None = None


@dataclass(frozen=True, slots=True)
class Registering:
    """A sender reads that the parcel was received; the back office's word may still come meanwhile."""

    tracking_id: str


@dataclass(frozen=True, slots=True)
class Serving:
    """A technician is signed in and chooses from the service menu."""

    technician_id: str


@dataclass(frozen=True, slots=True)
class ChoosingDoor:
    """A technician types the number of a compartment to open; `label` is the one to be confirmed."""

    technician_id: str
    typed: Typed = Typed()
    label: str | None = None


@dataclass(frozen=True, slots=True)
class TryingKeys:
    """A technician tries the keys; C twice in a row ends it."""

    technician_id: str
    last: Key | None = None


@dataclass(frozen=True, slots=True)
class BeingTried:
    """A technician at the local socket tries the keys and the scanner here; nothing typed is an entry.

    `keys` counts how often each was pressed; `last` is kept for C twice in a row and told to nobody. It ends
    at `until_s`, in powered time, whoever goes on pressing.
    """

    by: Maintainer
    until_s: float
    keys: Map[Key, int] = Map()
    scans: int = 0
    scanned: str | None = None
    last: Key | None = None


@dataclass(frozen=True, slots=True)
class ReadingIncidents:
    """A technician reads the open incidents, latest first; `number` is the one on the display."""

    technician_id: str
    number: int


@dataclass(frozen=True, slots=True)
class ConfirmingRemote:
    """Too many remote openings: somebody on the spot must want this one, with OK."""

    compartment: str
    operator: str
    reason: str


Flow = (
    Idle
    | Entering
    | Answering
    | PickingUp
    | Delivering
    | ChoosingSize
    | Depositing
    | Confirming
    | Collecting
    | ConfirmingRemoval
    | Inspecting
    | Judging
    | Naming
    | Sending
    | ConfirmingSending
    | Registering
    | Serving
    | ChoosingDoor
    | TryingKeys
    | BeingTried
    | ReadingIncidents
    | ConfirmingRemote
)

AT_A_DOOR = PickingUp | Depositing | Collecting | Inspecting | Sending
"""Flows of a person in front of a door that is under way."""
UNOCCUPIED = Idle | Entering | Answering | Registering
"""Flows that give the keypad away to whoever comes."""


@dataclass(frozen=True, slots=True)
class Keypad:
    """One keypad; `bound_to` is the only compartment whose codes match here, None for the whole automat.

    `due_s` is the powered time at which the present flow gives up; `misses_in_a_row` counts the wrong
    codes since the last right one, for the customer-service number; `has_display` and `has_scanner` are
    what the configuration gives it.
    """

    name: str
    bound_to: str | None = None
    flow: Flow = Idle()
    due_s: float | None = None
    misses_in_a_row: int = 0
    fault: str | None = None
    has_display: bool = True
    has_scanner: bool = True
