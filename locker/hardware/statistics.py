"""How each line and board does: read from the counters of drivers and lines when somebody asks."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drivers.base import UnlockAnswer, UnlockOutcome
from drivers.errors import DriverError, Refused
from drivers.keeper import PortChange, PortDown, PortKeeper
from drivers.keypad_evdev.device import DeviceKeeper
from drivers.statistics import BusStatistics, count_one
from locker.hardware.wiring import PortSpec, Wiring
from locker.lines import BoardOfLine, LineOfBoards, LineOfPeripheral, Peripheral

if TYPE_CHECKING:
    from locker.hardware.lines import Board, LockLine

Keeper = PortKeeper | DeviceKeeper


@dataclass(slots=True)
class BoardCounts:
    """What one board was asked and said since the start; `answered_at_s` is time of the event loop."""

    polls: int = 0
    answered: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    answered_at_s: float | None = None

    def note_answered(self, now_s: float) -> None:
        """It answered a reading."""
        self.answered += 1
        self.answered_at_s = now_s

    def note_unlocked(self, answer: UnlockAnswer, now_s: float) -> None:
        """An unlock was sent, and this came of it."""
        if answer.outcome is not UnlockOutcome.SILENT:
            self.answered_at_s = now_s
        if answer.outcome is UnlockOutcome.REFUSED:
            count_one(self.errors, Refused.kind)

    def note_error(self, problem: DriverError) -> None:
        """Something asked of it failed."""
        count_one(self.errors, problem.kind)


@dataclass(frozen=True, slots=True)
class LineFigures:
    """Where a line counts: its port as configured, what keeps it open, its bus, its boards."""

    port: PortSpec
    keeper: PortKeeper
    bus: BusStatistics
    boards: Sequence["Board"]


class HardwareLines:
    """Every line of an automat (`locker.lines.Lines`)."""

    def __init__(
        self,
        lines: Mapping[str, "LockLine"],
        peripherals: Mapping[tuple[Peripheral, str], Keeper],
        wiring: Wiring,
    ) -> None:
        """`peripherals` are the keepers of everything else that `wiring` names."""
        self._lines = lines
        self._peripherals = peripherals
        self._families: dict[tuple[Peripheral, str], str] = {
            **{("keypad", spec.name): spec.family for spec in wiring.keypads},
            **{("display", spec.name): spec.family for spec in wiring.displays},
            **{("scanner", spec.name): spec.family for spec in wiring.scanners},
        }

    def boards(self) -> Sequence[LineOfBoards]:
        """Those of lock boards."""
        now_s = asyncio.get_running_loop().time()
        return [_line(name, line.figures, now_s) for name, line in self._lines.items()]

    def peripherals(self) -> Sequence[LineOfPeripheral]:
        """Those of keypads, displays and scanners."""
        return [
            LineOfPeripheral(
                what,
                name,
                self._families[what, name],
                keeper.name,
                keeper.is_up,
                _problem(keeper.told, is_open=keeper.is_up),
            )
            for (what, name), keeper in self._peripherals.items()
        ]


def _line(name: str, figures: LineFigures, now_s: float) -> LineOfBoards:
    keeper, bus = figures.keeper, figures.bus
    refusals = sum(board.counts.errors.get(Refused.kind, 0) for board in figures.boards)
    return LineOfBoards(
        name,
        figures.port.path,
        figures.port.baud,
        keeper.is_up,
        _problem(keeper.told, is_open=keeper.is_up),
        bus.exchanges.per_s(now_s),
        bus.frames.per_s(now_s),
        bus.sent,
        bus.answered,
        _added((bus.errors, keeper.failures, {Refused.kind: refusals})),
        tuple(1000 * took_s for took_s in bus.round_trips_s),
        tuple(_board(board, now_s) for board in figures.boards),
    )


def _board(board: "Board", now_s: float) -> BoardOfLine:
    counts = board.counts
    return BoardOfLine(
        board.spec.name,
        board.spec.family,
        board.spec.settings["address"],
        counts.polls,
        counts.answered,
        dict(counts.errors),
        None if board.answers is None else not board.answers,
        board.mismatch,
        None if counts.answered_at_s is None else max(0.0, now_s - counts.answered_at_s),
    )


def _problem(told: PortChange | None, *, is_open: bool) -> str | None:
    if is_open:
        return None
    return told.reason if isinstance(told, PortDown) else "it is being opened"


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    added: Counter[str] = Counter()
    for each in counts:
        added.update(each)
    return {kind: count for kind, count in sorted(added.items()) if count}
