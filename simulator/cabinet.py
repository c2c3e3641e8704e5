"""A whole simulated automat without clock and ports: bytes, hands and time in, bytes and events out."""

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from simulator.boards.families import BOARDS
from simulator.displays.families import DISPLAYS, Display
from simulator.events import (
    Beeped,
    Cables,
    CablesSwapped,
    CoilPulsed,
    DisplayChanged,
    FaultChanged,
    KeyPressed,
    LabelScanned,
    ParcelPut,
    ParcelTaken,
    SimulatorEvent,
)
from simulator.faults import FaultSet, FaultValue, UnknownFaultError, declared
from simulator.keypads.serial_ascii import DEFAULT_KEYS, SerialAsciiKeypad
from simulator.line import Device, Line
from simulator.plan import CabinetPlan
from simulator.scanners.serial_text import SUFFIXES, SerialTextScanner
from simulator.world import DoorView, World

_MOVING_SLICE_S = 0.005
_Part = TypeVar("_Part")


class _Faulty(Protocol):
    faults: FaultSet


class Cabinet:
    """All hardware of one plan; same seed and inputs, same outputs."""

    def __init__(
        self,
        plan: CabinetPlan,
        *,
        seed: int = 0,
        paced: bool = True,
        tell: Callable[[SimulatorEvent], None],
    ) -> None:
        self.plan = plan
        self._tell = tell
        dice = random.Random(seed)
        self._world = World(plan.compartments, dice)
        self._keypads = {
            keypad.id: SerialAsciiKeypad(
                dice,
                keys={**DEFAULT_KEYS, **dict(keypad.keys)},
                buffered=keypad.buffered,
                checksum=keypad.checksum,
            )
            for keypad in plan.keypads
        }
        self._scanners = {
            scanner.id: SerialTextScanner(dice, suffix=SUFFIXES[scanner.suffix]) for scanner in plan.scanners
        }
        self._displays: dict[str, Display] = {
            display.id: DISPLAYS[display.family](display.columns, display.rows, dict(display.settings))
            for display in plan.displays
        }
        self._terminals = {board.id: _Terminals(board.id, plan, self._world, tell) for board in plan.boards}
        self._dice = dice
        self._boards = {
            board.id: BOARDS[board.family](
                board.address,
                board.channels,
                self._terminals[board.id],
                dice=dice,
                serial=board.serial,
            )
            for board in plan.boards
        }
        self._lines = {
            line.id: Line(
                [self._boards[board.id] for board in plan.boards if board.line == line.id],
                dice,
                baud=line.baud,
                paced=paced,
            )
            for line in plan.lines
        }
        self._reports = {
            box.label: (self._boards[box.board], box.channel)
            for box in plan.compartments
            if box.contact == "present"
        }
        self._devices: Mapping[str, Device] = {
            **self._lines,
            **{f"keypad-{name}": keypad for name, keypad in self._keypads.items()},
            **{f"scanner-{name}": scanner for name, scanner in self._scanners.items()},
        }
        self._dues = [part.due_in_s for part in (*self._devices.values(), *self._displays.values())]

    @property
    def moving(self) -> bool:
        """True while a door moves or a coil is on."""
        return self._world.moving

    def feed(self, port: str, data: bytes) -> None:
        """Bytes of the host arrive at a port."""
        name = port.removeprefix("display-")
        if port.startswith("display-") and name in self._displays:
            display = self._displays[name]
            before, beeps = display.lines(), display.beeps
            display.feed(data)
            if display.beeps > beeps:
                self._tell(Beeped(name, display.beeps - beeps))
            self._tell_of(name, before)
        else:
            self._named(self._devices, port, "port").feed(data)

    def advance(self, dt_s: float) -> list[tuple[str, bytes]]:
        """Let time pass in portions short enough that contacts and answers meet; the bytes for each port."""
        sent: list[tuple[str, bytes]] = []
        if not dt_s and not self._ripe():
            return sent
        left_s = dt_s
        while True:
            due_s = self.due_in_s()
            slice_s = left_s if due_s is None else min(left_s, due_s)
            left_s -= slice_s
            for moved in self._world.step(slice_s):
                self._tell(moved)
                if moved.label in self._reports and moved.state in ("shut", "ajar"):
                    board, channel = self._reports[moved.label]
                    board.contact_changed(channel)
            for port, device in self._devices.items():
                if pieces := device.advance(slice_s):
                    sent += [(port, data) for data in pieces]
            for name, display in self._displays.items():
                if display.due_in_s() is not None:
                    before = display.lines()
                    display.advance(slice_s)
                    self._tell_of(name, before)
            if left_s <= 1e-9 and not self._ripe():
                return sent

    def due_in_s(self) -> float | None:
        """How long until something happens by itself, None if all is at rest."""
        least_s = _MOVING_SLICE_S if self._world.moving else None
        for due_in_s in self._dues:
            due_s = due_in_s()
            if due_s is not None and (least_s is None or due_s < least_s):
                least_s = due_s
        return least_s

    def press(self, keypad: str, key: str) -> None:
        """A finger presses a key."""
        self._named(self._keypads, keypad, "keypad").press(key)
        self._tell(KeyPressed(keypad, key))

    def scan(self, scanner: str, text: str) -> None:
        """A label is held in front of a scanner."""
        self._named(self._scanners, scanner, "scanner").scan(text)
        self._tell(LabelScanned(scanner, text))

    def lines(self, display: str) -> tuple[str, ...]:
        """What a display shows."""
        return self._named(self._displays, display, "display").lines()

    def beeps(self, display: str) -> int:
        """How often a display's buzzer sounded so far."""
        return self._named(self._displays, display, "display").beeps

    def put(self, label: str, parcel: str) -> None:
        """Lay a parcel into an open compartment."""
        self._world.put(label, parcel)
        self._tell(ParcelPut(label, parcel))

    def take(self, label: str) -> list[str]:
        """Take everything out of an open compartment."""
        taken = self._world.take(label)
        self._tell(ParcelTaken(label, tuple(taken)))
        return taken

    @property
    def world(self) -> World:
        """The physics, for hands that push, pull, press and hold."""
        return self._world

    def doors(self) -> dict[str, DoorView]:
        """Every compartment as it is now."""
        return {label: self._world.door(label) for label in self._world.labels}

    def inject(self, line: str, data: bytes) -> None:
        """Somebody on the wire of a line sends bytes."""
        self._named(self._lines, line, "line").inject(data)

    def swap_doors(self, one: str, other: str, cables: Cables = "both") -> None:
        """Let two doors have each other's cables: those of their locks, of their contacts, or both."""
        for label in (one, other):
            self._world.door(label)
        if cables in ("locks", "both"):
            _swap([terminals.locks for terminals in self._terminals.values()], one, other)
        if cables in ("contacts", "both"):
            _swap([terminals.contacts for terminals in self._terminals.values()], one, other)
            if one in self._reports and other in self._reports:
                self._reports[one], self._reports[other] = self._reports[other], self._reports[one]
        self._tell(CablesSwapped(one, other, cables))

    def replace_board(self, name: str, serial: int) -> None:
        """Put another unit of the same kind in a board's place, with its switches set alike."""
        self._named(self._boards, name, "board")
        plan = next(board for board in self.plan.boards if board.id == name)
        fresh = BOARDS[plan.family](
            plan.address, plan.channels, self._terminals[name], dice=self._dice, serial=serial
        )
        self._lines[plan.line].replace(self._boards[name], fresh)
        self._reports = {
            label: (fresh if board is self._boards[name] else board, channel)
            for label, (board, channel) in self._reports.items()
        }
        self._boards[name] = fresh

    def set_fault(self, name: str, target: str, value: FaultValue | None) -> None:
        """Set or heal a declared fault of a board, line, keypad, scanner, display or door (by label)."""
        kind = declared(name).target
        if kind == "door":
            self._world.set_fault(target, name, value)
        else:
            parts: Mapping[str, Mapping[str, _Faulty]] = {
                "board": self._boards,
                "line": self._lines,
                "keypad": self._keypads,
                "scanner": self._scanners,
                "display": self._displays,
            }
            if kind not in parts:
                raise UnknownFaultError(f"fault {name!r} belongs to a {kind}, not to a part of the cabinet")
            part = self._named(parts[kind], target, kind)
            if name == "stuck-key" and value and value not in self._keypads[target].keys:
                raise UnknownFaultError(f"keypad {target!r} has no key {value!r} that could be stuck")
            part.faults.set(name, value)
        self._tell(FaultChanged(name, target, value))

    def _ripe(self) -> bool:
        for device in self._devices.values():
            due_s = device.due_in_s()
            if due_s is not None and due_s <= 1e-9:
                return True
        return False

    def _tell_of(self, display: str, before: tuple[str, ...]) -> None:
        now = self._displays[display].lines()
        if now != before:
            self._tell(DisplayChanged(display, now))

    @staticmethod
    def _named(parts: Mapping[str, _Part], name: str, kind: str) -> _Part:
        try:
            return parts[name]
        except KeyError:
            raise KeyError(f"no {kind} {name!r}; there are {', '.join(parts)}") from None


class _Terminals:
    """The wires from one board's channels to the locks, contacts and sensors of the world."""

    def __init__(
        self, board: str, plan: CabinetPlan, world: World, tell: Callable[[SimulatorEvent], None]
    ) -> None:
        boxes = [box for box in plan.compartments if box.board == board]
        self.locks = {box.channel: box.label for box in boxes}
        self.contacts = dict(self.locks)
        self._goods = {box.goods_channel: box.label for box in boxes if box.goods_channel is not None}
        self._world = world
        self._tell = tell

    def pulse(self, channel: int, seconds: float) -> None:
        if channel in self.locks:
            self._world.pulse(self.locks[channel], seconds)
            self._tell(CoilPulsed(self.locks[channel], seconds))

    def hold(self, channel: int, *, energised: bool) -> None:
        if channel in self.locks:
            self._world.hold(self.locks[channel], energised=energised)

    def contact(self, channel: int) -> bool:
        if channel in self._goods:
            return self._world.goods(self._goods[channel])
        return channel in self.contacts and self._world.contact(self.contacts[channel])


def _swap(wires: Iterable[dict[int, str]], one: str, other: str) -> None:
    for each in wires:
        for channel, label in each.items():
            each[channel] = {one: other, other: one}.get(label, label)
