"""How the lines and what hangs on them are, as a person is shown it; `hardware.statistics` knows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Peripheral = Literal["keypad", "display", "scanner"]


@dataclass(frozen=True, slots=True)
class BoardOfLine:
    """A lock board since the start. `errors` by kind; `is_lost` is None before anything is known.

    `polls` are the readings that it was asked for, `last_answer_s` is how long ago it answered last.
    """

    name: str
    family: str
    address: int
    polls: int
    answered: int
    errors: Mapping[str, int]
    is_lost: bool | None
    mismatch: str | None
    last_answer_s: float | None


@dataclass(frozen=True, slots=True)
class LineOfBoards:
    """A line of lock boards since the start. `problem` says why its port is not open.

    The rates are of the last 10 s; `round_trips_ms` are those of the last 60 answers, the oldest first.
    """

    name: str
    port: str
    baud: int
    is_open: bool
    problem: str | None
    exchanges_per_s: float
    frames_per_s: float
    sent: int
    answered: int
    errors: Mapping[str, int]
    round_trips_ms: Sequence[float]
    boards: Sequence[BoardOfLine]


@dataclass(frozen=True, slots=True)
class LineOfPeripheral:
    """The port of a keypad, display or scanner. `problem` says why it is not open."""

    what: Peripheral
    name: str
    family: str
    port: str
    is_open: bool
    problem: str | None


class Lines(Protocol):
    """Every line as it is now."""

    def boards(self) -> Sequence[LineOfBoards]:
        """Those of lock boards, as configured."""

    def peripherals(self) -> Sequence[LineOfPeripheral]:
        """Those of keypads, displays and scanners."""
