"""What there is to open, by the names of the configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from locker.domain.intents import Tone

Voice = Literal["bell"]
"""What can make a sound: the bell of the display that belongs to the keypad."""

Pattern = tuple[Voice, ...]
"""A tone as beeps one after another; empty is silence."""


@dataclass(frozen=True, slots=True)
class PortSpec:
    """A serial port by its stable path, or a line behind tcp://HOST:PORT; `rts`: what RTS is used for."""

    path: str
    baud: int
    rts: Literal["unused", "raised-to-send"] = "unused"


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """A lock board: its line, its family, and the settings of that family by name.

    `facts`: what it told of itself when its doors were proved, None if they were not; `mismatch`: why it
    cannot be that board, whatever it tells.
    """

    name: str
    line: str
    family: str
    settings: Mapping[str, Any]
    facts: Mapping[str, str] | None = None
    mismatch: str | None = None


@dataclass(frozen=True, slots=True)
class DoorSpec:
    """How one compartment is wired; `goods_channel` and `contact_channel` are inputs of the same board.

    `contact_channel` is None where the contact is on the channel of the lock; `blocked`: why this wiring
    may not be trusted, so that the lock is not pulsed and the door is unknown.
    """

    compartment: str
    board: str
    channel: int
    closed_means_shut: bool = True
    contact_fitted: bool = True
    goods_channel: int | None = None
    contact_channel: int | None = None
    blocked: str | None = None

    @property
    def contact_input(self) -> int:
        """The board's input of the door contact."""
        return self.channel if self.contact_channel is None else self.contact_channel


@dataclass(frozen=True, slots=True)
class KeypadSpec:
    """A keypad, the display that belongs to it, if one does, and its tones; one that is missing is silent.

    `settings` are those of its family by name.
    """

    name: str
    port: PortSpec
    family: str
    display: str | None
    tones: Mapping[Tone, Pattern] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DisplaySpec:
    """A two-line display, and the settings of its family by name."""

    name: str
    port: PortSpec
    family: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScannerSpec:
    """A scanner, the keypad that it stands beside, and the settings of its family by name."""

    name: str
    port: PortSpec
    family: str
    keypad: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wiring:
    """All hardware of an automat."""

    lines: Mapping[str, PortSpec]
    boards: Sequence[BoardSpec]
    doors: Sequence[DoorSpec]
    keypads: Sequence[KeypadSpec]
    displays: Sequence[DisplaySpec]
    scanners: Sequence[ScannerSpec] = ()

    def on_line(self, name: str) -> tuple[list[BoardSpec], list[DoorSpec]]:
        """Return the boards on a line and the doors that they open."""
        boards = [board for board in self.boards if board.line == name]
        names = {board.name for board in boards}
        return boards, [door for door in self.doors if door.board in names]

    @property
    def parts(self) -> frozenset[str]:
        """Name every part as its loss and its return are told."""
        return frozenset(
            [
                *(f"line {name}" for name in self.lines),
                *(f"board {board.name}" for board in self.boards),
                *(f"scanner {scanner.name}" for scanner in self.scanners),
                *(f"display {display.name}" for display in self.displays),
            ]
        )
