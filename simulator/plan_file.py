"""Reads a cabinet plan that a person wrote: a strict TOML file, in the words of the configuration."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)

from simulator.plan import (
    BoardPlan,
    CabinetPlan,
    CompartmentPlan,
    DisplayPlan,
    KeypadPlan,
    LinePlan,
    PlanError,
    Polarity,
    ScannerPlan,
    Suffix,
)

_LARGEST_BYTES: Final = 1_000_000
_INNER_MM: Final[Mapping[str, int]] = {"S": 140, "M": 290, "L": 590, "XL": 890}
_POLARITY: Final[Mapping[str, Polarity]] = {"closed-when-open": "closes-when-open"}
_Settings = dict[str, StrictStr | StrictBool | StrictInt | StrictFloat]
_Id = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")
_FRONT: Final = "front"


def read_plan(path: Path) -> CabinetPlan:
    """Read a plan; PlanError names the file, every wrong place in it, and what would be right."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise PlanError(f"{path}: the plan cannot be read ({error.strerror})") from None
    if len(raw) > _LARGEST_BYTES:
        raise PlanError(f"{path}: a plan has at most {_LARGEST_BYTES} bytes")
    try:
        written = tomllib.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{path}: it is no TOML: {error}") from None
    try:
        return _File.model_validate(written).plan()
    except ValidationError as error:
        raise PlanError("\n".join(f"{path}: {text}" for text in _said(error, written))) from None
    except PlanError as error:
        raise PlanError(f"{path}: {error}") from None


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Line(_Table):
    id: str = _Id
    baud: int = Field(9600, ge=1200, le=115200)
    tcp: bool = False


class _Board(_Table):
    id: str = _Id
    line: str
    family: str
    address: int = Field(ge=0, le=255)
    channels: int = Field(ge=1, le=64)
    serial: int = Field(0xAB, ge=0, le=0xFFFF)
    settings: _Settings = {}


class _Compartment(_Table):
    label: str = Field(min_length=1, max_length=8)
    board: str
    channel: int = Field(ge=1, le=96)
    size: Literal["S", "M", "L", "XL"] = "S"
    column: int = Field(1, ge=1, le=200)
    row: int | None = Field(None, ge=1, le=50)
    accessible: bool = False
    contact: Literal["closed-when-shut", "closed-when-open", "missing"] = "closed-when-shut"
    goods_channel: int | None = Field(None, ge=1, le=96)


class _Keypad(_Table):
    id: str = _Id
    bound_to: str | None = None


class _Display(_Table):
    id: str = _Id
    family: str = "cd5220"
    settings: _Settings = {}


class _Scanner(_Table):
    id: str = _Id
    keypad: str
    suffix: Suffix = "CR"


class _File(_Table):
    id: str = Field("sim-1", min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")
    name: str = Field("Simulator", min_length=1, max_length=40)
    lines: list[_Line] = Field(min_length=1)
    boards: list[_Board] = Field(min_length=1)
    compartments: list[_Compartment] = Field(min_length=1, max_length=1000)
    keypads: list[_Keypad] = Field([_Keypad(id=_FRONT)], min_length=1)
    displays: list[_Display] = Field([_Display(id=_FRONT)], min_length=1)
    scanners: list[_Scanner] = []

    def plan(self) -> CabinetPlan:
        self._check()
        return CabinetPlan(
            automat_id=self.id,
            name=self.name,
            compartments=tuple(self._boxes()),
            boards=tuple(
                BoardPlan(
                    board.id,
                    board.line,
                    board.address,
                    board.channels,
                    board.family,
                    tuple(board.settings.items()),
                    board.serial,
                )
                for board in self.boards
            ),
            lines=tuple(LinePlan(line.id, line.baud, line.tcp) for line in self.lines),
            keypads=tuple(KeypadPlan(keypad.id, keypad.bound_to) for keypad in self.keypads),
            displays=tuple(
                DisplayPlan(display.id, family=display.family, settings=tuple(display.settings.items()))
                for display in self.displays
            ),
            scanners=tuple(ScannerPlan(one.id, one.keypad, one.suffix) for one in self.scanners),
        )

    def _check(self) -> None:
        places: dict[tuple[str, int], str] = {}
        for board in self.boards:
            other = places.setdefault((board.line, board.address), board.id)
            if other != board.id:
                raise PlanError(
                    f"boards {other} and {board.id} are both at address {board.address} of line {board.line}"
                )
        labels = {box.label for box in self.compartments}
        for keypad in self.keypads:
            if keypad.bound_to is not None and keypad.bound_to not in labels:
                raise PlanError(
                    f"keypad {keypad.id} is bound to compartment {keypad.bound_to}, which does not exist"
                )

    def _boxes(self) -> Iterator[CompartmentPlan]:
        below: dict[int, int] = {}
        for box in self.compartments:
            row = box.row or below.get(box.column, 0) + 1
            below[box.column] = row
            yield CompartmentPlan(
                label=box.label,
                board=box.board,
                channel=box.channel,
                size=box.size,
                width_mm=380,
                height_mm=_INNER_MM[box.size],
                depth_mm=600,
                column=box.column,
                row=row,
                accessible=box.accessible,
                contact="missing" if box.contact == "missing" else "present",
                polarity=_POLARITY.get(box.contact, "closes-when-shut"),
                goods_channel=box.goods_channel,
            )


_TABLES: Final[Mapping[str, type[_Table]]] = {
    "lines": _Line,
    "boards": _Board,
    "compartments": _Compartment,
    "keypads": _Keypad,
    "displays": _Display,
    "scanners": _Scanner,
}


def _said(error: ValidationError, written: Mapping[str, Any]) -> Iterator[str]:
    told: set[str] = set()
    for one in error.errors():
        place = one["loc"]
        where = _where(place, written)
        if one["type"] == "missing":
            text = f"{where} is missing"
        elif one["type"] == "extra_forbidden":
            text = f"{where} is not known{_near(place)}"
        else:
            text = f"{where}: {one['msg'][0].lower()}{one['msg'][1:]}, not {one['input']!r}"
        if text not in told:
            told.add(text)
            yield text


def _where(place: tuple[int | str, ...], written: Mapping[str, Any]) -> str:
    table, *rest = place
    if not rest or table not in _TABLES:
        return f"[[{table}]]" if table in _TABLES else f"`{table}`"
    number, *keys = rest
    row = written[str(table)][number] if isinstance(number, int) else None
    name = next((row[key] for key in ("id", "label") if key in row), None) if isinstance(row, dict) else None
    head = f"[[{table}]] " + (f'"{name}"' if name is not None else f"no. {int(number) + 1}")
    return f"{head} `{keys[0]}`" if keys else head


def _near(place: tuple[int | str, ...]) -> str:
    model = _TABLES.get(str(place[0]), _File) if len(place) > 1 else _File
    near = difflib.get_close_matches(str(place[-1]), model.model_fields, n=1)
    return f"; did you mean `{near[0]}`?" if near else f"; there are {', '.join(model.model_fields)}"
