"""What the automat wants done: started after the commit, never answered; sensors tell the outcome."""

from dataclasses import dataclass
from enum import StrEnum

from locker.domain.messages import Message


class Tone(StrEnum):
    """Sounds that a person at the automat can tell apart."""

    KEY = "key"
    RIGHT = "right"
    WRONG = "wrong"
    REMIND = "remind"
    TICK = "tick"  # again and again while a door is open


@dataclass(frozen=True, slots=True)
class Unlock:
    """Pulse one lock once; `number` is that of the journalled intent within its opening."""

    compartment: str
    number: int


@dataclass(frozen=True, slots=True)
class TryLock:
    """Pulse the lock that the configuration wires to a compartment, once, and tell which contacts moved.

    Proves wiring: nothing that was proved before speaks against it. `number` counts within a commission.
    """

    compartment: str
    number: int


@dataclass(frozen=True, slots=True)
class StopTrying:
    """Let no lock be tried and no line be searched any more: the commission is over."""


@dataclass(frozen=True, slots=True)
class Show:
    """Put a message on the display that belongs to a keypad."""

    keypad: str
    message: Message


@dataclass(frozen=True, slots=True)
class Sound:
    """Let the keypad's sounder speak."""

    keypad: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Tick:
    """Let the keypad's sounder tick from now on, or no more: its door is open, or shut again."""

    keypad: str
    on: bool


@dataclass(frozen=True, slots=True)
class LampTest:
    """Light every cell of the keypad's display, play every tone once, or first the one, then the other."""

    keypad: str
    display: bool = True
    sounder: bool = True


@dataclass(frozen=True, slots=True)
class CountEpoch:
    """Count one epoch more outside of the database, durably; `EpochCounted` tells which."""


Intent = Unlock | TryLock | StopTrying | Show | Sound | Tick | LampTest | CountEpoch
