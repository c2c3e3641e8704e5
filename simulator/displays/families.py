"""Every family of displays that a plan may name: a new one is one line here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from simulator.displays.cd5220 import Cd5220Display
from simulator.displays.matrix_orbital import MatrixOrbitalDisplay
from simulator.faults import FaultSet


class Display(Protocol):
    """What a cabinet needs of a display."""

    faults: FaultSet

    @property
    def beeps(self) -> int: ...

    def lines(self) -> tuple[str, ...]: ...

    def feed(self, data: bytes) -> None: ...

    def advance(self, dt_s: float) -> list[bytes]: ...

    def due_in_s(self) -> float | None: ...


class Make(Protocol):
    """Makes one display; `settings` are the keys of its table in the daemon's configuration."""

    def __call__(self, columns: int, rows: int, settings: Mapping[str, object]) -> Display: ...


def _cd5220(columns: int, rows: int, settings: Mapping[str, object]) -> Display:  # noqa: ARG001 - as all
    return Cd5220Display(columns, rows)


def _matrix_orbital(columns: int, rows: int, settings: Mapping[str, object]) -> Display:
    rom = settings.get("character_set")
    return MatrixOrbitalDisplay(columns, rows, rom="a02" if rom == "a02" else "a00")


DISPLAYS: Mapping[str, Make] = MappingProxyType({"cd5220": _cd5220, "matrix-orbital": _matrix_orbital})
