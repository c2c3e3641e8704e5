"""A simulated automat in real time: serial ports under stable links, hands, faults, and observers."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from simulator.base_unit import BaseUnit
from simulator.cabinet import Cabinet
from simulator.events import (
    Cables,
    CablesSwapped,
    Direction,
    FaultChanged,
    PortPlugged,
    PortUnplugged,
    SimulatorEvent,
    WireBytes,
)
from simulator.faults import FaultValue, checked, declared
from simulator.plan import CabinetPlan
from simulator.ptys import PtyPort
from simulator.world import DoorView, JamKind

_SHORTEST_SLEEP_S = 0.001
_SAME_MOMENT_S = 1e-9
_REMEMBERED_EVENTS = 12
_PEOPLE_GAP_S = 0.045
"""Not so fast that one key comes twice within the time of a bounce."""
_PEOPLE_GLANCE_S = 2.0
_LETTERS_OF_KEYS = ("OK", "C")


class SerialPort(Protocol):
    """The device's end of a serial port, under a link; a pty unless a stand has wires of its own."""

    @property
    def link(self) -> Path: ...
    @property
    def plugged(self) -> bool: ...
    def plug(self, *, elsewhere: bool = False) -> None: ...
    def unplug(self) -> None: ...
    def send(self, data: bytes) -> bool: ...
    def hang(self, *, hung: bool) -> None: ...


class DisplayView:
    """One display, for reading."""

    def __init__(self, cabinet: Cabinet, name: str) -> None:
        self._cabinet = cabinet
        self._name = name

    def lines(self) -> tuple[str, ...]:
        """Every line with all its cells."""
        return self._cabinet.lines(self._name)

    def text(self) -> str:
        """The lines without padding, one below the other."""
        return "\n".join(line.rstrip() for line in self.lines())

    @property
    def beeps(self) -> int:
        """How often the buzzer sounded so far."""
        return self._cabinet.beeps(self._name)


class _Typed(NamedTuple):
    """The last key of a keypad: when it went down, and what the display showed before."""

    key: str
    at_s: float
    shown: tuple[str, ...]


class SimulatedAutomat:
    """Runs a cabinet behind ptys `directory/PORT.tty`; sleeps while nothing moves.

    Wrong names raise KeyError, impossible hands HandRefusedError, wrong faults UnknownFaultError,
    labels that nobody could read UnreadableLabelError.
    """

    def __init__(
        self,
        plan: CabinetPlan,
        *,
        directory: Path,
        seed: int = 0,
        paced: bool = True,
        plug_in: Callable[[Path, Callable[[bytes], None]], "SerialPort"] = PtyPort,
    ) -> None:
        self.plan = plan
        self.key_gap_s = 0.03
        # A finger needs longer to hit one key twice; keypad drivers take a quicker repeat for a bounce.
        self.same_key_gap_s = 0.08
        # So long a finger looks for an answer of the display before it presses a digit once more.
        self.glance_s = 0.0
        # Whoever moves a cable needs so long from one socket to the next.
        self.recabling_s = 2.5
        self._cabled: dict[str, str] = {}
        self._silent_until_s: dict[str, float] = {}
        self._last_typed: dict[str, _Typed] = {}
        self._cabinet = Cabinet(plan, seed=seed, paced=paced, tell=self._tell)
        networked = {line.id for line in plan.lines if line.tcp}
        self._ports: dict[str, SerialPort | BaseUnit] = {
            name: self._base_unit(name)
            if name in networked
            else plug_in(directory / f"{name}.tty", partial(self._heard, name))
            for name in plan.ports()
        }
        self._observers: list[Callable[[SimulatorEvent], None]] = []
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._untold: deque[SimulatorEvent] = deque()
        self._telling = False
        self._recent: deque[SimulatorEvent] = deque(maxlen=_REMEMBERED_EVENTS)
        self._timer: asyncio.TimerHandle | None = None
        self._at_s = 0.0
        self._running = False

    async def start(self) -> None:
        """Make the ports appear."""
        self._at_s = asyncio.get_running_loop().time()
        self._running = True
        for port in self._ports.values():
            port.plug()

    async def stop(self) -> None:
        """Make the ports vanish; whoever still waits is cancelled."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for port in self._ports.values():
            port.unplug()
        for _, future in self._waiters:
            future.cancel()

    def port(self, name: str) -> Path:
        """The path under which a host finds a serial port; KeyError if it is none."""
        port = self._serial(name)
        if isinstance(port, BaseUnit):
            raise KeyError(f"{name} is no serial port but at {port.address}")
        return port.link

    def address(self, name: str) -> str:
        """What a configuration says of a port: its path, or tcp://HOST:PORT."""
        port = self._serial(name)
        return port.address if isinstance(port, BaseUnit) else str(port.link)

    def subscribe(self, observer: Callable[[SimulatorEvent], None]) -> Callable[[], None]:
        """Tell the observer everything from now on; the answer ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer) if observer in self._observers else None

    async def until(self, predicate: Callable[[], bool], limit_s: float, what: str) -> None:
        """Wait until the predicate holds, looking at each event; TimeoutError says what was seen."""
        if predicate():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (predicate, future)
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(limit_s):
                await future
        except TimeoutError:
            raise TimeoutError(f"waited {limit_s} s for {what}; {self.describe()}") from None
        finally:
            self._waiters.remove(waiter)

    def describe(self) -> str:
        """What the displays and the doors show, and what happened last, in one line."""
        displays = "; ".join(
            f"display {d.id} shows " + " | ".join(repr(line.rstrip()) for line in self.display(d.id).lines())
            for d in self.plan.displays
        )
        ajar = [f"{label} {view.state}" for label, view in self.doors().items() if view.state != "shut"]
        last = ", ".join(map(repr, self._recent))
        return f"{displays}; doors: {', '.join(ajar) or 'all shut'}; last: {last or 'nothing'}"

    def stirs_in_s(self) -> float | None:
        """How long until something happens by itself, None while all is at rest."""
        return self._cabinet.due_in_s()

    # Fingers, hands, eyes.

    def press(self, keypad: str, key: str) -> None:
        """Press a key: a digit, "C" or "OK"."""
        self._now()
        self._cabinet.press(keypad, key)
        self._now()

    def type_like_people(self) -> None:
        """Let fingers type fast from now on, but look up before they press one digit twice."""
        self.key_gap_s, self.glance_s = _PEOPLE_GAP_S, _PEOPLE_GLANCE_S

    async def type(self, keypad: str, keys: str) -> None:
        """Press keys with a gap of `key_gap_s` (one key twice: `same_key_gap_s`): "C 024204 OK".

        A finger needs the gap after the last key of the call before as well. Before it presses a digit
        twice, the gap begins when the display of that keypad has changed, or `glance_s` are over: the kernel
        of a busy machine was seen to hand a key over half a second late, and two that come at once count as
        one.
        """
        loop = asyncio.get_running_loop()
        for key in _split(keys):
            last = self._last_typed.get(keypad, _Typed("", 0.0, ()))
            ready_s = last.at_s
            if key == last.key and key.isdigit() and await self._glance(keypad, last.shown):
                ready_s = loop.time()
            gap_s = self.same_key_gap_s if key == last.key else self.key_gap_s
            await asyncio.sleep(max(0.0, ready_s + gap_s - loop.time()))
            shown = self._shown(keypad)
            self.press(keypad, key)
            self._last_typed[keypad] = _Typed(key, loop.time(), shown)

    def scan(self, scanner: str, text: str) -> None:
        """Hold a label in front of a scanner."""
        self._now()
        self._cabinet.scan(scanner, text)
        self._now()

    def display(self, name: str) -> DisplayView:
        """A display, for reading."""
        self._cabinet.lines(name)
        return DisplayView(self._cabinet, name)

    def door(self, label: str) -> DoorView:
        """A compartment as it is now."""
        self._look_again()
        return self._cabinet.world.door(label)

    def doors(self) -> dict[str, DoorView]:
        """All compartments by label."""
        self._look_again()
        return self._cabinet.doors()

    def put(self, label: str, parcel: str) -> None:
        """Lay a parcel into an open compartment; HandRefusedError if it is shut."""
        self._now()
        self._cabinet.put(label, parcel)
        self._now()

    def take(self, label: str) -> list[str]:
        """Take everything out of an open compartment; HandRefusedError if it is shut."""
        self._now()
        taken = self._cabinet.take(label)
        self._now()
        return taken

    def push_shut(self, label: str, *, strength: float = 1.0) -> None:
        """Push a door shut; it takes a moment."""
        self._by_hand(lambda: self._cabinet.world.push(label, strength=strength))

    def pull(self, label: str) -> None:
        """Pull at a door."""
        self._by_hand(lambda: self._cabinet.world.pull(label))

    def press_door(self, label: str) -> None:
        """Press a shut door, as the display asks when the latch is under tension."""
        self._by_hand(lambda: self._cabinet.world.press(label))

    def hold(self, label: str) -> None:
        """Keep a door where it is."""
        self._by_hand(lambda: self._cabinet.world.hold_door(label))

    def let_go(self, label: str) -> None:
        """Take the hand off a door."""
        self._by_hand(lambda: self._cabinet.world.let_go(label))

    def force(self, label: str) -> None:
        """Break a door open."""
        self._by_hand(lambda: self._cabinet.world.force(label))

    # Troubles.

    def jam(self, label: str, kind: JamKind = "stuck") -> None:
        """Make a door refuse: stuck, late, press or ice."""
        self.set_fault("jam", label, kind)

    def unjam(self, label: str) -> None:
        """Repair a jam."""
        self.set_fault("jam", label, None)

    def set_fault(self, name: str, target: str, value: FaultValue | None = True) -> None:
        """Set a declared fault on its target: a door by label, the others by name; None heals it."""
        self._now()
        if declared(name).target == "port":
            port = self._serial(target)
            port.hang(hung=value is not None and bool(checked(name, value)))
            self._tell(FaultChanged(name, target, value))
        else:
            self._cabinet.set_fault(name, target, value)
        self._now()

    def unplug(self, port: str) -> None:
        """Pull a serial adapter out."""
        if self._serial(port).plugged:
            self._serial(port).unplug()
            self._tell(PortUnplugged(port))
            self._now()

    def replug(self, port: str, *, elsewhere: bool = False) -> None:
        """Plug a serial adapter in again, under the same link; `elsewhere`: its device has another name."""
        plug = self._serial(port)
        if not plug.plugged:
            if isinstance(plug, BaseUnit):
                plug.plug()
            else:
                plug.plug(elsewhere=elsewhere)
            self._tell(PortPlugged(port))
            self._now()

    def swap_lines(self, one: str, other: str) -> None:
        """Move the cables of two lines to each other's adapters; both are silent for `recabling_s`."""
        for name in (one, other):
            if name not in {line.id for line in self.plan.lines}:
                raise KeyError(f"no line {name!r}")
        self._now()
        cabled = {name: self._cabled.get(name, name) for name in (one, other)}
        self._cabled |= {one: cabled[other], other: cabled[one]}
        self._silent_until_s |= dict.fromkeys((one, other), self._at_s + self.recabling_s)
        self._tell(CablesSwapped(one, other, "lines"))
        self._now()

    def swap_doors(self, one: str, other: str, cables: Cables = "both") -> None:
        """Let two doors have each other's cables: those of their locks, of their contacts, or both."""
        self._by_hand(lambda: self._cabinet.swap_doors(one, other, cables))

    def replace_board(self, board: str, serial: int) -> None:
        """Put another unit in a board's place; its line is silent for `recabling_s`."""
        self._by_hand(lambda: self._cabinet.replace_board(board, serial))
        line = next(each.line for each in self.plan.boards if each.id == board)
        adapter = next(name for name in self._ports if self._cabled.get(name, name) == line)
        self._silent_until_s[adapter] = self._at_s + self.recabling_s

    def inject(self, line: str, data: bytes) -> None:
        """Let somebody on the wire of a line send bytes."""
        self._now()
        self._cabinet.inject(line, data)
        self._now()

    def _base_unit(self, name: str) -> BaseUnit:
        return BaseUnit(lambda data: self._heard(name, data))

    def _serial(self, name: str) -> "SerialPort | BaseUnit":
        if name not in self._ports:
            raise KeyError(f"no port {name!r}; there are {', '.join(self._ports)}")
        return self._ports[name]

    def _shown(self, keypad: str) -> tuple[str, ...]:
        there = any(display.id == keypad for display in self.plan.displays)
        return self._cabinet.lines(keypad) if there else ()

    async def _glance(self, keypad: str, before: tuple[str, ...]) -> bool:
        """Wait until a display shows something else; False if that was not needed."""
        if not (self.glance_s and before) or self._shown(keypad) != before:
            return False
        with contextlib.suppress(TimeoutError):
            await self.until(lambda: self._shown(keypad) != before, self.glance_s, "an answer to a digit")
        return True

    def _by_hand(self, act: Callable[[], None]) -> None:
        self._now()
        act()
        self._now()

    def _heard(self, port: str, data: bytes) -> None:
        self._now()
        self._wire(port, "from-host", data)
        if not self._is_silent(port):
            self._cabinet.feed(self._cabled.get(port, port), data)
        self._now()

    def _wire(self, port: str, direction: Direction, data: bytes) -> None:
        self._tell(WireBytes(port, direction, data))

    def _now(self) -> None:
        """Bring the cabinet to the present, send what it says, tell, sleep until it next stirs."""
        if not self._running:
            return
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        dt_s, self._at_s = now_s - self._at_s, now_s
        for line, data in self._cabinet.advance(dt_s):
            port = next((name for name, cabled in self._cabled.items() if cabled == line), line)
            if not self._is_silent(port) and self._ports[port].send(data):
                self._wire(port, "to-host", data)
        self._sleep(loop, now_s)
        self._deliver()

    def _look_again(self) -> None:
        """Bring the cabinet to the present, unless it is there: whoever moves something does that himself."""
        if asyncio.get_running_loop().time() != self._at_s:
            self._now()

    def _sleep(self, loop: asyncio.AbstractEventLoop, now_s: float) -> None:
        """Wake when the cabinet next stirs; an alarm that is set for just then stays."""
        due_s = self._cabinet.due_in_s()
        at_s = None if due_s is None else now_s + max(due_s, _SHORTEST_SLEEP_S)
        if self._timer is not None:
            if at_s is not None and abs(self._timer.when() - at_s) < _SAME_MOMENT_S:
                return
            self._timer.cancel()
        self._timer = None if at_s is None else loop.call_at(at_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._now()

    def _is_silent(self, port: str) -> bool:
        return self._at_s < self._silent_until_s.get(port, 0.0)

    def _tell(self, event: SimulatorEvent) -> None:
        self._untold.append(event)

    def _deliver(self) -> None:
        # An observer may act on the automat and come here again: its events wait for their turn.
        if self._telling or (not self._untold and not self._waiters):
            return
        self._telling = True
        try:
            while self._untold:
                event = self._untold.popleft()
                if not isinstance(event, WireBytes):  # polls would push out all that a reader looks for
                    self._recent.append(event)
                for observer in tuple(self._observers):
                    observer(event)
            for predicate, future in tuple(self._waiters):
                self._look(predicate, future)
        finally:
            self._telling = False

    @staticmethod
    def _look(predicate: Callable[[], bool], future: asyncio.Future[None]) -> None:
        if future.done():
            return
        try:
            seen = predicate()
        except Exception as error:  # noqa: BLE001 - belongs to whoever waits, not to the wire
            future.set_exception(error)
            return
        if seen:
            future.set_result(None)


def _split(keys: str) -> list[str]:
    pressed: list[str] = []
    for word in keys.split():
        pressed += [word] if word in _LETTERS_OF_KEYS else list(word)
    return pressed
