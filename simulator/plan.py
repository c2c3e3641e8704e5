"""What a simulated cabinet consists of: compartments, boards, lines, keypads, displays, scanners."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from simulator.boards.families import BOARDS, SENSORS
from simulator.displays.families import DISPLAYS
from simulator.keypads.serial_ascii import DEFAULT_KEYS

Contact = Literal["present", "missing"]
Polarity = Literal["closes-when-shut", "closes-when-open"]
Setting = str | int | float | bool
Suffix = Literal["CR", "LF", "CR LF", "none"]

# The bottom row starts above a base of this height; what a seated person can reach ends at 1.1 m.
_BASE_MM = 250
_REACH_MM = 1100
_UNIT_MM = 150
_WALL_MM = 10
_UNITS = {"S": 1, "M": 2, "L": 4, "XL": 6}


class PlanError(ValueError):
    """A cabinet that cannot be built as described."""


@dataclass(frozen=True)
class LinePlan:
    """One RS-485 line; its id is the name of its port. `tcp`: behind a base unit in the network."""

    id: str
    baud: int = 9600
    tcp: bool = False


@dataclass(frozen=True)
class BoardPlan:
    """One lock control board at an address of a line.

    `settings` are further keys of its table in the daemon's configuration; `serial` tells units apart.
    """

    id: str
    line: str
    address: int
    channels: int = 24
    family: str = "xor-bcc"
    settings: tuple[tuple[str, Setting], ...] = ()
    serial: int = 0xAB


@dataclass(frozen=True)
class CompartmentPlan:
    """One box: place in the cabinet, inner size, and the board's channel of its lock and contact."""

    label: str
    board: str
    channel: int
    size: str
    width_mm: int
    height_mm: int
    depth_mm: int
    column: int
    row: int
    accessible: bool = False
    contact: Contact = "present"
    polarity: Polarity = "closes-when-shut"
    goods_channel: int | None = None


@dataclass(frozen=True)
class KeypadPlan:
    """A keypad of the whole automat, or of one compartment.

    `keys` are bytes that differ from the usual ones, by the key's name; `buffered`: it collects an entry and
    sends it whole, with `checksum` behind ETX an LRC.
    """

    id: str
    compartment: str | None = None
    keys: tuple[tuple[str, int], ...] = ()
    buffered: bool = False
    checksum: bool = False


@dataclass(frozen=True)
class DisplayPlan:
    """A character display; `settings` are further keys of its table in the daemon's configuration."""

    id: str
    columns: int = 20
    rows: int = 2
    family: str = "cd5220"
    settings: tuple[tuple[str, Setting], ...] = ()


@dataclass(frozen=True)
class ScannerPlan:
    """A scanner for labels, the keypad that it stands beside, and what it sends behind each label."""

    id: str
    keypad: str
    suffix: Suffix = "CR"


@dataclass(frozen=True)
class CabinetPlan:
    """A whole automat; PlanError if its parts contradict one another."""

    automat_id: str
    name: str
    compartments: tuple[CompartmentPlan, ...]
    boards: tuple[BoardPlan, ...]
    lines: tuple[LinePlan, ...]
    keypads: tuple[KeypadPlan, ...] = (KeypadPlan("front"),)
    displays: tuple[DisplayPlan, ...] = (DisplayPlan("front"),)
    scanners: tuple[ScannerPlan, ...] = ()

    def __post_init__(self) -> None:
        _unique("port", self.ports())
        boards = {board.id: board for board in self.boards}
        _unique("board", [board.id for board in self.boards])
        _unique("compartment", [box.label for box in self.compartments])
        lines = {line.id for line in self.lines}
        for board in self.boards:
            if board.family not in BOARDS:
                known = ", ".join(BOARDS)
                raise PlanError(f"board {board.id} is of family {board.family}; there are {known}")
            if board.line not in lines:
                raise PlanError(f"board {board.id} is on line {board.line}, which does not exist")
        self._check_front()
        wires: list[str] = []
        for box in self.compartments:
            home = boards.get(box.board)
            if home is None:
                raise PlanError(f"compartment {box.label} is on board {box.board}, which does not exist")
            sensors = SENSORS.get(home.family, range(0))
            for channel, others in ((box.channel, range(0)), (box.goods_channel, sensors)):
                if channel is None:
                    continue
                if not 1 <= channel <= home.channels and channel not in others:
                    raise PlanError(f"compartment {box.label}: board {home.id} has no channel {channel}")
                wires.append(f"{home.id}/{channel}")
        _unique("channel", wires)

    def ports(self) -> tuple[str, ...]:
        """The names of all serial ports: lines, then keypads, displays, scanners."""
        return (
            *(line.id for line in self.lines),
            *(f"keypad-{keypad.id}" for keypad in self.keypads),
            *(f"display-{display.id}" for display in self.displays),
            *(f"scanner-{scanner.id}" for scanner in self.scanners),
        )

    def _check_front(self) -> None:
        for display in self.displays:
            if display.family not in DISPLAYS:
                known = ", ".join(DISPLAYS)
                raise PlanError(f"display {display.id} is of family {display.family}; there are {known}")
        for keypad in self.keypads:
            unknown = [key for key, _ in keypad.keys if key not in DEFAULT_KEYS]
            if unknown:
                raise PlanError(
                    f"keypad {keypad.id} has no key {unknown[0]}; there are {' '.join(DEFAULT_KEYS)}"
                )
        keypads = {keypad.id for keypad in self.keypads}
        for scanner in self.scanners:
            if scanner.keypad not in keypads:
                raise PlanError(
                    f"scanner {scanner.id} is beside keypad {scanner.keypad}, which does not exist"
                )


def demo_plan() -> CabinetPlan:
    """Fourteen compartments in three columns of equal height on one board: the automat of the demo."""
    columns = (("S", "S", "S", "S", "M", "L"), ("M", "L", "M", "M"), ("XL", "S", "S", "M"))
    boxes: list[CompartmentPlan] = []
    for column, sizes in enumerate(columns, start=1):
        top_mm = _BASE_MM + _UNIT_MM * sum(_UNITS[size] for size in sizes)
        for row, size in enumerate(sizes, start=1):
            top_mm -= _UNIT_MM * _UNITS[size]
            place = len(boxes) + 1
            boxes.append(_box(str(place), "A", place, size, column, row, accessible=top_mm <= _REACH_MM))
    return CabinetPlan(
        automat_id="demo-1",
        name="Kauppatori 1",
        compartments=tuple(boxes),
        boards=(BoardPlan("A", "locks", 1),),
        lines=(LinePlan("locks"),),
        scanners=(ScannerPlan("front", "front"),),
    )


def plan_of(compartments: int, *, boards_a_line: int = 4, channels: int = 24) -> CabinetPlan:
    """A cabinet of any size: boards A1, A2, .. filled one by one, on lines `locks`, `locks-2`, .."""
    if compartments < 1:
        raise PlanError("an automat has at least one compartment")
    sizes = ("S", "S", "M", "S", "M", "L", "S", "XL")
    board_count = -(-compartments // channels)
    boards: list[BoardPlan] = []
    for number in range(board_count):
        line = number // boards_a_line
        name = "locks" if line == 0 else f"locks-{line + 1}"
        boards.append(BoardPlan(f"A{number + 1}", name, number % boards_a_line + 1, channels))
    boxes = tuple(
        _box(
            str(place + 1),
            boards[place // channels].id,
            place % channels + 1,
            sizes[place % len(sizes)],
            place // 8 + 1,
            place % 8 + 1,
            accessible=place % 8 >= 4,
        )
        for place in range(compartments)
    )
    return CabinetPlan(
        automat_id=f"sim-{compartments}",
        name=f"Simulator {compartments}",
        compartments=boxes,
        boards=tuple(boards),
        lines=tuple(LinePlan(name) for name in dict.fromkeys(board.line for board in boards)),
    )


def _box(
    label: str, board: str, channel: int, size: str, column: int, row: int, *, accessible: bool
) -> CompartmentPlan:
    return CompartmentPlan(
        label=label,
        board=board,
        channel=channel,
        size=size,
        width_mm=380,
        height_mm=_UNIT_MM * _UNITS[size] - _WALL_MM,
        depth_mm=600,
        column=column,
        row=row,
        accessible=accessible,
    )


def _unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PlanError(f"{what} {name} is there twice")
        seen.add(name)
