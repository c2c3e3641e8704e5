"""The translation: compartments and keypads above, lines, boards and ports below."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine, Mapping
from typing import Any

from drivers.base import Key, Keypad
from drivers.keeper import PortChange, PortDown, PortKeeper
from drivers.keypad_evdev.device import DeviceKeeper
from drivers.port import PortSettings
from drivers.registry import DISPLAYS, KEYPADS
from drivers.wirelog import WireLog
from locker.domain import events
from locker.domain.events import Door, Event
from locker.domain.intents import Tone
from locker.domain.messages import Message, Text, say
from locker.hardware.edges import WIRES, WireEdges
from locker.hardware.labels import LabelReader
from locker.hardware.lamps import LampTest
from locker.hardware.lines import LockLine
from locker.hardware.presenter import Presenter, Render
from locker.hardware.proving import LockBench
from locker.hardware.sounder import Sounder
from locker.hardware.statistics import HardwareLines
from locker.hardware.wiring import DisplaySpec, KeypadSpec, Wiring
from locker.hardware.wiring_map import WiringMap, mismatches, proved
from locker.ports import Post

FIRST_READ_LIMIT_S = 3.0
OPEN_WAIT_S = 5.0
KEYS_WAITING_LIMIT = 64
"""Keys and labels that may wait for the inbox; what a person does beyond that is not taken."""

KEY_OF: Mapping[Key, events.Key] = {key: events.Key[key.name] for key in Key}


class LockerHardware:
    """Everything with a wire. Posts what it sees; does what it is told, never waiting for it."""

    def __init__(
        self,
        wiring: Wiring,
        *,
        render: Render,
        post: Post,
        proof: WiringMap | None = None,
        watch_s: float = OPEN_WAIT_S,
        edges: WireEdges = WIRES,
    ) -> None:
        """Build drivers for all wiring; nothing is opened before `start`.

        `wiring` is that of the configuration, `proof` what holds instead of it; a lock that is tried has
        `watch_s` to move its door.
        """
        configured, wiring = wiring, proved(wiring, proof)
        self._configured = configured
        self._edges = edges
        self._post = post
        self._render = render
        self._outgoing: deque[Event] = deque()
        self._outgoing_waits = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines = {name: self._make_line(name, wiring) for name in wiring.lines}
        self._line_of = {door.compartment: line for line in self._lines.values() for door in line.doors}
        self.mismatches: Mapping[str, str] = mismatches(wiring)
        self.bench = LockBench(self._lines, configured, emit=self._emit, spawn=self._spawn, watch_s=watch_s)
        self._displays = {spec.name: self._make_display(spec) for spec in wiring.displays}
        self._display_of = {spec.name: spec.display for spec in wiring.keypads}
        # Of a key nothing is kept but that there was one.
        self._keypad_logs = {spec.name: WireLog(redact=True) for spec in wiring.keypads}
        self._keypads = [self._make_keypad(spec) for spec in wiring.keypads]
        self._sounders = {spec.name: self._make_sounder(spec) for spec in wiring.keypads}
        self._lamp_tests = {spec.name: self._make_lamp_test(spec) for spec in wiring.keypads}
        self._scanners = {
            spec.name: LabelReader(spec, self._emit_reading, edges.opener) for spec in wiring.scanners
        }

    async def start(self) -> Mapping[str, Door]:
        """Open every port, read every door; return what they say after at most 3 s.

        Nothing is posted before, and no door's state of before is posted after.
        """
        for presenter in self._displays.values():
            presenter.keeper.start()
        for line in self._lines.values():
            line.start()
            self._spawn(line.run(), f"hardware: doors of line {line.name}")
        for _, keeper in self._keypads:
            keeper.start()
        for scanner in self._scanners.values():
            scanner.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_READ_LIMIT_S):
                for line in self._lines.values():
                    await line.read_once()
        # A state that the answer has overtaken must not come after it: it would look like a movement.
        waiting = [event for event in self._outgoing if not isinstance(event, events.DoorSeen)]
        self._outgoing = deque(waiting)
        self._spawn(self._deliver(), "hardware: events")
        return {
            compartment: door
            for line in self._lines.values()
            for compartment, door in line.believed().items()
        }

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
            await line.stop()
        for presenter in self._displays.values():
            await presenter.stop()
        self._failure.cancel()

    async def failed(self) -> None:
        """Wait for ever; raise what a task of the hardware died of, which only a defect can cause."""
        await asyncio.shield(self._failure)

    def unlock(self, compartment: str, number: int) -> None:
        """Start one pulse; `PulseSent` or `PulseNotSent` follows."""
        line = self._line_of[compartment]
        self._spawn(line.unlock(compartment, number), f"hardware: unlock {compartment}")

    def try_lock(self, compartment: str, number: int) -> None:
        """Pulse a lock as the configuration wires it; `LockTried` tells which contacts moved."""
        self.bench.try_lock(compartment, number)

    def stop_trying(self) -> None:
        """Stop the trial and the search that are under way; what was proved stays."""
        self.bench.stop()

    async def use(self, proof: WiringMap) -> None:
        """Put a new proof in place of the one before; returns when every door was read anew, or after 3 s."""
        wiring = proved(self._configured, proof)
        for name, line in self._lines.items():
            line.use(*wiring.on_line(name))
        self._line_of = {door.compartment: line for line in self._lines.values() for door in line.doors}
        before, self.mismatches = self.mismatches, mismatches(wiring)
        for about in before.keys() - self.mismatches.keys():
            self._emit(events.WiringMatched(about))
        for about, reason in self.mismatches.items():
            self._emit(events.WiringMismatched(about, reason))
        await self.bench.settle(FIRST_READ_LIMIT_S)

    def tell_doors(self) -> None:
        """Post what is believed of every door once more: it may have come before anybody heard it."""
        for line in self._lines.values():
            for compartment, door in line.believed().items():
                self._emit(events.DoorSeen(compartment, door))

    def board_mismatch(self, board: str) -> str | None:
        """Return why a board is not the one that was proved; None if it is, or if nobody knows."""
        boards = [line.boards[board] for line in self._lines.values() if board in line.boards]
        return boards[0].mismatch if boards else None

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

    def lamp_test(self, keypad: str, *, display: bool = True, sounder: bool = True) -> None:
        """Light every cell, then none, then play every tone, or one of both; messages wait for the end."""
        if keypad in self._lamp_tests:
            self._lamp_tests[keypad].begin(display=display, sounder=sounder)

    def show_everywhere(self, text: Text, **values: object) -> None:
        """Put one message on every display; for start-up and shutdown, when no flow is at work."""
        for test in self._lamp_tests.values():
            test.stop()
        for presenter in self._displays.values():
            presenter.present(self._render(say(text, **values)))

    def wire_logs(self) -> Mapping[str, WireLog]:
        """Give the wire log of every lock line by its name, of others as "keypad NAME", "scanner NAME"."""
        lines = {name: line.wire_log for name, line in self._lines.items()}
        keypads = {f"keypad {name}": log for name, log in self._keypad_logs.items()}
        return (
            lines
            | keypads
            | {f"scanner {name}": scanner.wire_log for name, scanner in self._scanners.items()}
        )

    def lines(self) -> HardwareLines:
        """Give what tells how each line and board does."""
        names = self._keypad_logs  # in the order of the keypads
        return HardwareLines(
            self._lines,
            {
                **{("keypad", name): keeper for name, (_, keeper) in zip(names, self._keypads, strict=True)},
                **{("display", name): presenter.keeper for name, presenter in self._displays.items()},
                **{("scanner", name): scanner.keeper for name, scanner in self._scanners.items()},
            },
            self._configured,
        )

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

    def _display_changed(self, name: str, change: PortChange) -> None:
        # All that a display can tell of itself: it never answers, so only its port is known to be there.
        if isinstance(change, PortDown):
            self._emit(events.PartLost(f"display {name}", change.reason, outage=False))
        else:
            self._emit(events.PartRestored(f"display {name}"))

    # -- building

    def _make_line(self, name: str, wiring: Wiring) -> LockLine:
        return LockLine(name, wiring.lines[name], *wiring.on_line(name), self._emit, self._edges)

    def _make_display(self, spec: DisplaySpec) -> Presenter:
        def changed(change: PortChange) -> None:
            self._display_changed(spec.name, change)

        keeper = PortKeeper(
            PortSettings(spec.port.path, spec.port.baud), on_change=changed, opener=self._edges.opener
        )
        family = DISPLAYS[spec.family]
        return Presenter(keeper, family.make(keeper, family.settings(**spec.settings)))

    def _make_keypad(self, spec: KeypadSpec) -> tuple[Keypad, PortKeeper | DeviceKeeper]:
        def changed(change: PortChange) -> None:
            self._keypad_changed(spec.name, change)

        family = KEYPADS[spec.family]
        keeper = (
            PortKeeper(
                PortSettings(spec.port.path, spec.port.baud),
                on_change=changed,
                wire_log=self._keypad_logs[spec.name],
                opener=self._edges.opener,
            )
            if family.package is None
            else DeviceKeeper(spec.port.path, on_change=changed)
        )
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

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        problem = None if task.cancelled() else task.exception()
        if problem is not None and not self._failure.done():
            self._failure.set_exception(problem)
