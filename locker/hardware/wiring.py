"""What there is to open: ports, boards, doors, keypads, displays, by the names of the configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PortSpec:
    """A serial port by its stable path."""

    path: str
    baud: int


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """A lock board: its line, its family, and the settings of that family by name."""

    name: str
    line: str
    family: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DoorSpec:
    """How one compartment is wired; `goods_channel` is an input of the same board."""

    compartment: str
    board: str
    channel: int
    closed_means_shut: bool = True
    contact_fitted: bool = True
    goods_channel: int | None = None


@dataclass(frozen=True, slots=True)
class KeypadSpec:
    """A keypad and the display that belongs to it, if one does."""

    name: str
    port: PortSpec
    family: str
    display: str | None


@dataclass(frozen=True, slots=True)
class DisplaySpec:
    """A two-line display."""

    name: str
    port: PortSpec
    family: str


@dataclass(frozen=True, slots=True)
class Wiring:
    """All hardware of an automat."""

    lines: Mapping[str, PortSpec]
    boards: Sequence[BoardSpec]
    doors: Sequence[DoorSpec]
    keypads: Sequence[KeypadSpec]
    displays: Sequence[DisplaySpec]
