"""Everything that can happen to an automat: frozen facts, past tense, one inbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from locker.domain.commands import Command, RefusedCommand
from locker.domain.maintenance import Action, Maintainer


class Key(StrEnum):
    """The keys of a keypad: ten digits, C and OK."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    CLEAR = "C"
    OK = "OK"

    @property
    def is_digit(self) -> bool:
        """Whether this key is a digit."""
        return self not in (Key.CLEAR, Key.OK)


class Door(StrEnum):
    """What the door contact says, read twice and freed of its polarity."""

    OPEN = "open"
    SHUT = "shut"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Started:
    """The daemon has come up and has read every door that answers; comes first, once a process.

    `new_epoch`: the journal begins anew with this start; `not_configured`: compartments that hold
    something by the database and that the configuration no longer has; `parts` are the lines, boards and
    scanners that it has, by the names under which they are lost and restored, None if nobody said;
    `mismatched`: what is wired otherwise than it was proved, and how; `wiring_map`: the hash of that proof,
    None if the automat was never put into service; `safe_mode`: what is known of a stay in safe mode before.
    """

    doors: Mapping[str, Door] = field(default_factory=dict)
    version: str = ""
    new_epoch: bool = False
    not_configured: tuple[str, ...] = ()
    parts: frozenset[str] | None = None
    mismatched: Mapping[str, str] = field(default_factory=dict)
    wiring_map: str | None = None
    safe_mode: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Stopping:
    """The daemon was asked to end; nothing opens any more."""


@dataclass(frozen=True, slots=True)
class Woke:
    """A time that the automat had asked for has come."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """Somebody pressed a key."""

    keypad: str
    key: Key


@dataclass(frozen=True, slots=True)
class LabelScanned:
    """The scanner beside a keypad read a label; `text` is what it sent, freed of its frame, unchecked."""

    keypad: str
    text: str


@dataclass(frozen=True, slots=True)
class KeypadFaulted:
    """A key is stuck or a keypad's line is gone (`reason` says which)."""

    keypad: str
    reason: str


@dataclass(frozen=True, slots=True)
class KeypadRecovered:
    """The keypad works again."""

    keypad: str


@dataclass(frozen=True, slots=True)
class DoorSeen:
    """A door's state changed, or became known or unknown."""

    compartment: str
    door: Door


@dataclass(frozen=True, slots=True)
class GoodsSeen:
    """A goods sensor's state changed: True, something lies inside; None, it does not answer."""

    compartment: str
    present: bool | None


@dataclass(frozen=True, slots=True)
class PulseSent:
    """The frame of an unlock has left the port; says nothing about the door."""

    compartment: str
    number: int


@dataclass(frozen=True, slots=True)
class PulseNotSent:
    """The frame of an unlock surely never left: the lock has not been pulsed."""

    compartment: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class PulseRefused:
    """The board answered an unlock with a refusal, in its own words; follows its `PulseSent`.

    It may have moved the lock all the same: what became of the door is told by the door alone.
    """

    compartment: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class LockTimed:
    """A door was first read open so long after the unlock had left the wire; follows its `DoorSeen`."""

    compartment: str
    pulse_to_open_s: float


@dataclass(frozen=True, slots=True)
class PartLost:
    """A line, board or scanner stopped answering, or a display is gone; `part`: "line locks", "board A".

    `outage`: recipients cannot be served without it, so deadlines wait for it.
    """

    part: str
    reason: str
    outage: bool = True


@dataclass(frozen=True, slots=True)
class PartRestored:
    """A part answers again."""

    part: str


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A well-formed command of the back office arrived."""

    command: Command


@dataclass(frozen=True, slots=True)
class CommandUnreadable:
    """Something arrived as a command that cannot be one."""

    refusal: RefusedCommand


@dataclass(frozen=True, slots=True)
class JournalAcknowledged:
    """The back office has committed entries of an epoch up to `through`; it refuses some for ever.

    `sent_at` is the back office's clock when it said so.
    """

    epoch: int
    through: int
    refused: tuple[tuple[int, str], ...] = ()
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ForkReported:
    """The back office holds another entry under a number of ours."""

    epoch: int
    sequence: int


@dataclass(frozen=True, slots=True)
class EpochCounted:
    """A new epoch was counted outside of the database: no journal of this automat has used it yet.

    `earlier_hash` is that of the last entry written before; `restored`: the counter had come further than the
    database already, so one of them is a copy from before.
    """

    epoch: int
    earlier_hash: str
    restored: bool = False


@dataclass(frozen=True, slots=True)
class StorageChanged:
    """The disk is nearly full (`low`), or has room again."""

    low: bool


@dataclass(frozen=True, slots=True)
class WiringMismatched:
    """A part of the wiring is not what was proved, so its doors do not open; `about`: "board A"."""

    about: str
    reason: str


@dataclass(frozen=True, slots=True)
class WiringMatched:
    """A part of the wiring is what was proved, or nothing was proved of it."""

    about: str


@dataclass(frozen=True, slots=True)
class CommissionBegun:
    """Somebody at the local socket wants to put the automat into service; `user` is the kernel's word."""

    user: str
    technician: str = ""


@dataclass(frozen=True, slots=True)
class CommissionContinued:
    """Whoever puts the automat into service did something that moves no door."""


@dataclass(frozen=True, slots=True)
class LockTrialAsked:
    """Whoever puts the automat into service wants one lock pulsed once, as the configuration wires it."""

    user: str
    compartment: str


@dataclass(frozen=True, slots=True)
class LockTried:
    """What became of a trial: the contacts that moved, named as inputs of boards; follows its `TryLock`.

    `fault`: why the pulse was not sent, None if it was.
    """

    compartment: str
    number: int
    moved: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class DoorProved:
    """Somebody read the label on the door that a trial opened, and its contact, if any, moved three times.

    `output` and `contact` name an output and an input of boards; `contact` is None where none moved.
    """

    user: str
    compartment: str
    tried: str
    output: str
    contact: str | None
    closed_means_shut: bool = True


@dataclass(frozen=True, slots=True)
class CommissionWritten:
    """The map of what was proved rests on disk and is in use; `contacts`: which doors have one."""

    user: str
    wiring_map: str
    boards: Mapping[str, str]
    contacts: Mapping[str, bool]
    proved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommissionEnded:
    """Whoever puts the automat into service stops for now."""

    user: str


@dataclass(frozen=True, slots=True)
class MaintenanceAsked:
    """A technician at the local socket wants something done."""

    by: Maintainer
    action: Action


Event = (
    Started
    | Stopping
    | Woke
    | KeyPressed
    | LabelScanned
    | KeypadFaulted
    | KeypadRecovered
    | DoorSeen
    | GoodsSeen
    | PulseSent
    | PulseNotSent
    | PulseRefused
    | LockTimed
    | PartLost
    | PartRestored
    | CommandReceived
    | CommandUnreadable
    | JournalAcknowledged
    | ForkReported
    | EpochCounted
    | StorageChanged
    | WiringMismatched
    | WiringMatched
    | CommissionBegun
    | CommissionContinued
    | LockTrialAsked
    | LockTried
    | DoorProved
    | CommissionWritten
    | CommissionEnded
    | MaintenanceAsked
)
