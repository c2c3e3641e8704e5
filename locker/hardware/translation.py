"""The translation: compartments and keypads above, boards, channels and contacts below.

A door's state is believed when two reads in a row agree; a reading of one doubtful frame only makes
the next read come sooner. Doors of a line or board that does not answer are unknown, never "shut".
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.base import Contact, Key, Keypad, LockBoard
from drivers.bus import Bus
from drivers.errors import DriverError, NoAnswer
from drivers.keeper import PortChange, PortDown, PortKeeper
from drivers.port import PortSettings
from drivers.registry import DISPLAYS, KEYPADS, LOCK_BOARDS
from drivers.wirelog import WireLog
from locker.domain import events
from locker.domain.events import Door, Event
from locker.domain.intents import Tone
from locker.domain.messages import Message, Text, say
from locker.hardware.belief import Belief
from locker.hardware.labels import LabelReader
from locker.hardware.lamps import LampTest
from locker.hardware.presenter import Presenter, Render
from locker.hardware.sounder import Sounder
from locker.hardware.wiring import BoardSpec, DisplaySpec, DoorSpec, KeypadSpec, PortSpec, Wiring
from locker.ports import Post

IDLE_POLL_S = 0.2
BUSY_POLL_S = 0.03
BUSY_FOR_S = 3.0
"""After an unlock the doors of its line are read this often, for this long."""
SILENT_READS = 2
"""So many unanswered reads in a row make a board lost."""
FIRST_READ_LIMIT_S = 3.0
KEYS_WAITING_LIMIT = 64
"""Keys and labels that may wait for the inbox; what a person does beyond that is not taken."""
REOPEN_EVERY_S = 10.0
"""A line on which no board answers is closed and opened again so often: the cure for a hung adapter."""

KEY_OF: Mapping[Key, events.Key] = {key: events.Key[key.name] for key in Key}


@dataclass(slots=True)
class _Board:
    spec: BoardSpec
    driver: LockBoard
    doors: list[DoorSpec]
    silent_reads: int = 0
    answers: bool | None = None  # None: nobody was told yet, so an alarm of an earlier run may stand
    read_once: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Line:
    name: str
    keeper: PortKeeper
    bus: Bus
    wire_log: WireLog
    boards: list[_Board]
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    busy_until_s: float = 0.0
    reopen_at_s: float | None = None
    reopening: bool = False


class LockerHardware:
    """Everything with a wire. Posts what it sees; does what it is told, never waiting for it."""

    def __init__(self, wiring: Wiring, *, render: Render, post: Post) -> None:
        """Build drivers for all wiring; nothing is opened before `start`."""
        self._post = post
        self._render = render
        self._outgoing: deque[Event] = deque()
        self._outgoing_waits = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._beliefs = {
            door.compartment: Belief(Door.UNKNOWN) for door in wiring.doors if door.contact_fitted
        }
        self._goods: dict[str, Belief[bool | None]] = {
            door.compartment: Belief(None) for door in wiring.doors if door.goods_channel is not None
        }
        self._door_of = {door.compartment: door for door in wiring.doors}
        self._lines = {name: self._make_line(name, port, wiring) for name, port in wiring.lines.items()}
        self._board_of = {
            door.compartment: (line, board)
            for line in self._lines.values()
            for board in line.boards
            for door in board.doors
        }
        self._displays = {spec.name: self._make_display(spec) for spec in wiring.displays}
        self._display_of = {spec.name: spec.display for spec in wiring.keypads}
        self._keypads = [self._make_keypad(spec) for spec in wiring.keypads]
        self._sounders = {spec.name: self._make_sounder(spec) for spec in wiring.keypads}
        self._lamp_tests = {spec.name: self._make_lamp_test(spec) for spec in wiring.keypads}
        self._scanners = {spec.name: LabelReader(spec, self._emit_reading) for spec in wiring.scanners}

    async def start(self) -> Mapping[str, Door]:
        """Open every port, read every door; return what they say after at most 3 s.

        Nothing is posted before, and no door's state of before is posted after.
        """
        for presenter in self._displays.values():
            presenter.keeper.start()
        for line in self._lines.values():
            line.keeper.start()
            line.bus.start()
            self._spawn(self._poll(line), f"hardware: doors of line {line.name}")
        for _, keeper in self._keypads:
            keeper.start()
        for scanner in self._scanners.values():
            scanner.start()
        boards = [board for line in self._lines.values() for board in line.boards]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_READ_LIMIT_S):
                for board in boards:
                    await board.read_once.wait()
        # A state that the answer has overtaken must not come after it: it would look like a movement.
        waiting = [event for event in self._outgoing if not isinstance(event, events.DoorSeen)]
        self._outgoing = deque(waiting)
        self._spawn(self._deliver(), "hardware: events")
        return {label: belief.believed for label, belief in self._beliefs.items()}

    async def stop(self) -> None:
        """Close every port; nothing is posted afterwards."""
        for keypad, keeper in self._keypads:
            keypad.stop()
            await keeper.stop()
        for scanner in self._scanners.values():
            await scanner.stop()
        for test in self._lamp_tests.values():
            test.stop()
        for sounder in self._sounders.values():
            sounder.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for line in self._lines.values():
            await line.bus.stop()
            await line.keeper.stop()
        for presenter in self._displays.values():
            await presenter.stop()
        self._failure.cancel()

    async def failed(self) -> None:
        """Wait for ever; raise what a task of the hardware died of, which only a defect can cause."""
        await asyncio.shield(self._failure)

    def unlock(self, compartment: str, number: int) -> None:
        """Start one pulse; `PulseSent` or `PulseNotSent` follows."""
        self._spawn(self._unlock(compartment, number), f"hardware: unlock {compartment}")

    def show(self, keypad: str, message: Message) -> None:
        """Put a message on a keypad's display, page by page."""
        name = self._display_of.get(keypad)
        if name is not None:
            self._displays[name].present(self._render(message))

    def sound(self, keypad: str, tone: Tone) -> None:
        """Play a tone as the configuration maps it."""
        if keypad in self._sounders:
            self._sounders[keypad].play(tone)

    def tick(self, keypad: str, *, on: bool) -> None:
        """Tick about once a second, two minutes at most, or no more."""
        if keypad in self._sounders:
            self._sounders[keypad].tick(on=on)

    def lamp_test(self, keypad: str) -> None:
        """Light every cell, then none, then play every tone; messages wait for the end of it."""
        if keypad in self._lamp_tests:
            self._lamp_tests[keypad].begin()

    def show_everywhere(self, text: Text, **values: object) -> None:
        """Put one message on every display; for start-up and shutdown, when no flow is at work."""
        for test in self._lamp_tests.values():
            test.stop()
        for presenter in self._displays.values():
            presenter.present(self._render(say(text, **values)))

    def wire_logs(self) -> Mapping[str, WireLog]:
        """Give the wire log of every lock line by its name, and of every scanner as "scanner NAME"."""
        lines = {name: line.wire_log for name, line in self._lines.items()}
        return lines | {f"scanner {name}": scanner.wire_log for name, scanner in self._scanners.items()}

    # -- pulses

    async def _unlock(self, compartment: str, number: int) -> None:
        line, board = self._board_of[compartment]
        try:
            await board.driver.unlock(self._door_of[compartment].channel)
        except DriverError as problem:
            self._emit(events.PulseNotSent(compartment, number, str(problem)))
            return
        line.busy_until_s = asyncio.get_running_loop().time() + BUSY_FOR_S
        line.wake.set()
        self._emit(events.PulseSent(compartment, number))

    # -- doors

    async def _poll(self, line: _Line) -> None:
        loop = asyncio.get_running_loop()
        while True:
            doubtful = False
            for board in line.boards:
                doubtful |= await self._read(line, board)
            if doubtful:
                continue
            self._reopen_if_hung(line, loop.time())
            busy = loop.time() < line.busy_until_s
            line.wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BUSY_POLL_S if busy else IDLE_POLL_S):
                    await line.wake.wait()

    async def _read(self, line: _Line, board: _Board) -> bool:
        """Read one board; tell whether a reading wants to be confirmed at once."""
        try:
            contacts = await board.driver.read_contacts()
        except NoAnswer as problem:
            board.silent_reads += 1
            if board.silent_reads >= SILENT_READS and line.keeper.is_up and board.answers is not False:
                board.answers = False
                self._emit(events.PartLost(f"board {board.spec.name}", str(problem)))
                self._lose_doors(board)
                board.read_once.set()
            return False
        except DriverError:
            return False  # the line is down: its keeper has told
        board.silent_reads = 0
        if not board.answers:
            board.answers = True
            self._emit(events.PartRestored(f"board {board.spec.name}"))
        doubtful = False
        for door in board.doors:
            doubtful |= self._see(door, contacts)
        if not doubtful:
            board.read_once.set()
        return doubtful

    def _see(self, door: DoorSpec, contacts: Mapping[int, Contact]) -> bool:
        doubtful = self._see_goods(door, contacts)
        belief = self._beliefs.get(door.compartment)
        if belief is None:
            return doubtful
        contact = contacts.get(door.channel)
        read = Door.UNKNOWN
        if contact is not None:
            read = Door.SHUT if (contact is Contact.CLOSED) is door.closed_means_shut else Door.OPEN
        if belief.see(read):
            self._emit(events.DoorSeen(door.compartment, belief.believed))
        return doubtful or belief.doubted is not None

    def _see_goods(self, door: DoorSpec, contacts: Mapping[int, Contact]) -> bool:
        belief = self._goods.get(door.compartment)
        if belief is None or door.goods_channel is None:
            return False
        contact = contacts.get(door.goods_channel)
        if belief.see(None if contact is None else contact is Contact.CLOSED):
            self._emit(events.GoodsSeen(door.compartment, belief.believed))
        return belief.doubted is not None

    def _lose_doors(self, board: _Board) -> None:
        for door in board.doors:
            belief = self._beliefs.get(door.compartment)
            if belief is not None and belief.see(Door.UNKNOWN):
                self._emit(events.DoorSeen(door.compartment, Door.UNKNOWN))
            goods = self._goods.get(door.compartment)
            if goods is not None and goods.see(None):
                self._emit(events.GoodsSeen(door.compartment, None))

    def _reopen_if_hung(self, line: _Line, now_s: float) -> None:
        if not line.keeper.is_up or any(board.answers is not False for board in line.boards):
            line.reopen_at_s = None
        elif line.reopen_at_s is None:
            line.reopen_at_s = now_s + REOPEN_EVERY_S
        elif now_s >= line.reopen_at_s:
            line.reopen_at_s = None
            line.reopening = True
            line.keeper.reopen("no board on it answers")

    def _line_changed(self, name: str, change: PortChange) -> None:
        line = self._lines[name]
        if line.reopening:
            # Closed by ourselves a moment ago: news only if it does not come up again.
            line.reopening = False
            return
        if isinstance(change, PortDown):
            self._emit(events.PartLost(f"line {name}", change.reason))
            for board in line.boards:
                board.silent_reads = 0
                self._lose_doors(board)
                board.read_once.set()
        else:
            self._emit(events.PartRestored(f"line {name}"))
            line.wake.set()

    # -- keypads and scanners

    def _key_pressed(self, keypad: str, key: Key) -> None:
        self._emit_reading(events.KeyPressed(keypad, KEY_OF[key]))

    def _emit_reading(self, event: Event) -> None:
        # That a part is lost or found must not be dropped; what a person does again may be.
        if isinstance(event, events.PartLost | events.PartRestored) or (
            len(self._outgoing) < KEYS_WAITING_LIMIT
        ):
            self._emit(event)

    def _keypad_changed(self, name: str, change: PortChange) -> None:
        if isinstance(change, PortDown):
            self._emit(events.KeypadFaulted(name, f"its line is gone: {change.reason}"))
        else:
            self._emit(events.KeypadRecovered(name))

    # -- building

    def _make_line(self, name: str, port: PortSpec, wiring: Wiring) -> _Line:
        wire_log = WireLog()

        def changed(change: PortChange) -> None:
            self._line_changed(name, change)

        keeper = PortKeeper(PortSettings(port.path, port.baud), on_change=changed, wire_log=wire_log)
        bus = Bus(keeper)
        line = _Line(name, keeper, bus, wire_log, [])
        for spec in wiring.boards:
            if spec.line == name:
                family = LOCK_BOARDS[spec.family]
                driver = family.make(bus, family.settings(**spec.settings))
                # A report nobody asked for is not believed by itself; it only makes us look at once.
                driver.on_report = lambda _report: line.wake.set()
                doors = [door for door in wiring.doors if door.board == spec.name]
                line.boards.append(_Board(spec, driver, doors))
        return line

    def _make_display(self, spec: DisplaySpec) -> Presenter:
        keeper = PortKeeper(PortSettings(spec.port.path, spec.port.baud))
        family = DISPLAYS[spec.family]
        return Presenter(keeper, family.make(keeper, family.settings(**spec.settings)))

    def _make_keypad(self, spec: KeypadSpec) -> tuple[Keypad, PortKeeper]:
        def changed(change: PortChange) -> None:
            self._keypad_changed(spec.name, change)

        keeper = PortKeeper(
            PortSettings(spec.port.path, spec.port.baud),
            on_change=changed,
            wire_log=WireLog(redact=True),
        )
        family = KEYPADS[spec.family]
        keypad = family.make(keeper, family.settings(**spec.settings))
        keypad.on_key = lambda key: self._key_pressed(spec.name, key)
        keypad.on_fault = lambda _key: self._emit(events.KeypadFaulted(spec.name, "a key is stuck"))
        keypad.on_fault_cleared = lambda _key: self._emit(events.KeypadRecovered(spec.name))
        return keypad, keeper

    def _make_sounder(self, spec: KeypadSpec) -> Sounder:
        bell = None if spec.display is None else self._displays[spec.display].display.beep
        return Sounder({} if bell is None else {"bell": bell}, spec.tones, asyncio.get_running_loop())

    def _make_lamp_test(self, spec: KeypadSpec) -> LampTest:
        presenter = None if spec.display is None else self._displays[spec.display]
        return LampTest(presenter, self._sounders[spec.name], asyncio.get_running_loop())

    # -- tasks

    def _emit(self, event: Event) -> None:
        """Queue an event for the inbox, in order; callbacks of drivers cannot wait."""
        self._outgoing.append(event)
        self._outgoing_waits.set()

    async def _deliver(self) -> None:
        while True:
            while self._outgoing:
                await self._post(self._outgoing[0])
                self._outgoing.popleft()
            self._outgoing_waits.clear()
            await self._outgoing_waits.wait()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        problem = None if task.cancelled() else task.exception()
        if problem is not None and not self._failure.done():
            self._failure.set_exception(problem)
