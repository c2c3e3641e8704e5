"""What an observer of the simulated automat is told."""

from dataclasses import dataclass
from typing import Literal

from simulator.faults import FaultValue

Direction = Literal["from-host", "to-host"]
Cables = Literal["locks", "contacts", "both"]
DoorState = Literal["shut", "unlatched", "ajar", "open"]


@dataclass(frozen=True)
class WireBytes:
    """Bytes crossed a serial port."""

    port: str
    direction: Direction
    data: bytes


@dataclass(frozen=True)
class KeyPressed:
    """A finger pressed a key."""

    keypad: str
    key: str


@dataclass(frozen=True)
class LabelScanned:
    """Somebody held a label in front of a scanner."""

    scanner: str
    text: str


@dataclass(frozen=True)
class DisplayChanged:
    """The display shows something else than before."""

    display: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Beeped:
    """The display's buzzer sounded."""

    display: str
    count: int


@dataclass(frozen=True)
class DoorMoved:
    """shut: latched; unlatched: free but not visibly open; ajar: seen by the contact; open: wide."""

    label: str
    state: DoorState


@dataclass(frozen=True)
class CoilPulsed:
    """A board energised the coil of a lock."""

    label: str
    seconds: float


@dataclass(frozen=True)
class ParcelPut:
    """A hand laid something into a compartment."""

    label: str
    parcel: str


@dataclass(frozen=True)
class ParcelTaken:
    """A hand took everything out of a compartment."""

    label: str
    parcels: tuple[str, ...]


@dataclass(frozen=True)
class PortUnplugged:
    """A serial adapter was pulled out."""

    port: str


@dataclass(frozen=True)
class PortPlugged:
    """A serial adapter is there (again)."""

    port: str


@dataclass(frozen=True)
class CablesSwapped:
    """Two doors have each other's cables now, or two lines each other's boards."""

    one: str
    other: str
    cables: Cables | Literal["lines"]


@dataclass(frozen=True)
class FaultChanged:
    """A fault was set (or healed: value None)."""

    name: str
    target: str
    value: FaultValue | None


SimulatorEvent = (
    WireBytes
    | KeyPressed
    | LabelScanned
    | DisplayChanged
    | Beeped
    | DoorMoved
    | CoilPulsed
    | ParcelPut
    | ParcelTaken
    | PortUnplugged
    | PortPlugged
    | CablesSwapped
    | FaultChanged
)
