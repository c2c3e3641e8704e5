"""The automat's front as a screen: doors, display, keypad, what to try, and the journal as it arrives."""

import asyncio
import contextlib
import select
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Static
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from simulator.demo import ClockMoved, EntryArrived
from simulator.events import (
    Beeped,
    CoilPulsed,
    DisplayChanged,
    DoorMoved,
    FaultChanged,
    KeyPressed,
    ParcelPut,
    ParcelTaken,
    PortPlugged,
    PortUnplugged,
    WireBytes,
)
from simulator.front.arrivals import Arrivals
from simulator.front.book import digits, named
from simulator.front.choose import Choose, Reading
from simulator.front.display import Display
from simulator.front.guide import Guide
from simulator.front.hands import DIRT, Deed, Handling, Hands
from simulator.front.lists import Journal, People, Steps, people_lines
from simulator.front.pad import Key, Pad
from simulator.front.service import Scene, menu
from simulator.front.showing import EntryShown, Showing
from simulator.front.troubles import SECONDS_A_DAY, SECONDS_A_WEEK, SECONDS_AN_HOUR, Troubles
from simulator.front.wall import Door, Wall
from simulator.people import PeopleChanged
from simulator.world import DoorView, HandRefusedError

FRAME_S = 0.1
TERMINAL_LOOK_S = 1.0
_MOST_KEYS_WAITING = 32
_HEADER = 1
_HELP = 1
_UPPER_PART = 12
_UPPER_PART_WITH_EVERYBODY = 15
_JOURNAL_PART = 13
_LOWER_PART = 10
_LOWER_PART_WITH_IDEAS = 18
_ROOM_FOR_IDEAS = 40
_MIDDLE_WIDTH = 24
_PEOPLE_WIDTH = 21
_PEOPLE_WIDTH_WITH_STATES = 41
_ROOM_FOR_STATES = 100
_EVERYBODY_WIDTH = 60
_HELP_TEXT = "0-9 c Enter│space: door│r scan│o office│g role│e all│k b l│h m w clock│quit q"
_LONG_HELP_TEXT = (
    "keypad 0-9 c Enter │ door: space │ r scan │ o office │ g role │ e everybody"
    " │ k b l │ h m w clock │ quit q"
)
_ROOM_FOR_HELP = len(_LONG_HELP_TEXT) + 2


class Panel(App[None]):
    """Shows a running automat and lets hands do everything; leaves starting and stopping it to the caller."""

    CSS_PATH = "panel.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    TITLE = "parcel automat"
    BINDINGS: ClassVar = [
        Binding("q", "quit", "quit", show=False),
        Binding("ctrl+q,ctrl+c", "quit", "quit", priority=True, show=False),
        Binding("up", "reach(0, -1)", show=False),
        Binding("down", "reach(0, 1)", show=False),
        Binding("left", "reach(-1, 0)", show=False),
        Binding("right", "reach(1, 0)", show=False),
        Binding("space", "hands", "hands", show=False),
        Binding("p", "put", "put", show=False),
        Binding("t", "handle('take')", "take", show=False),
        Binding("s", "handle('shut')", "shut", show=False),
        Binding("k", "daemon", "daemon", show=False),
        Binding("b", "broker", "broker", show=False),
        Binding("l", "line", "lock line", show=False),
        Binding("h", f"later({SECONDS_AN_HOUR})", "an hour", show=False),
        Binding("m", "day", "a day", show=False),
        Binding("w", f"later({SECONDS_A_WEEK})", "a week", show=False),
        Binding("r", "scan", "scan a label", show=False),
        Binding("o", "serve", "customer service", show=False),
        Binding("g", "turn", "another role", show=False),
        Binding("e", "everybody", "everybody", show=False),
    ]

    def __init__(self, demo: Showing) -> None:
        super().__init__()
        self._demo = demo
        self._automat = demo.automat
        plan = demo.automat.plan
        self._keypad, self._display_id = plan.keypads[0].id, plan.displays[0].id
        self._scanner = plan.scanners[0].id if plan.scanners else None
        self._lines = [line.id for line in plan.lines]
        self._guide = Guide(demo.people)
        self._arrivals = Arrivals()
        self._wall = Wall(plan)
        self._front_display = Display(self._automat.display(self._display_id).lines())
        self._pad = Pad()
        self._upper = Horizontal(id="upper")
        self._troubles = Troubles()
        self._help = Static(_HELP_TEXT, id="help", markup=False)
        self._people, self._steps, self._journal = People(), Steps(), Journal()
        self._unsubscribe: list[Callable[[], None]] = []
        self._untold: deque[object] = deque()
        self._flush_due = False
        self._flushed_s = 0.0
        self._stale: set[str] = set()
        self._texts_stale = False
        self._unplugged: set[str] = set()
        self._moved_s = 0.0
        self._keys: asyncio.Queue[str] = asyncio.Queue(_MOST_KEYS_WAITING)
        self._work: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        header = f" {self._automat.plan.name}: a parcel automat with simulated hardware. Do what ▶ says."
        yield Static(header, id="header", markup=False)
        with self._upper:
            yield self._wall
            with Vertical(id="middle"):
                yield self._front_display
                yield self._pad
                yield self._troubles
            yield self._people
        with Horizontal(id="lower"):
            yield self._steps
            yield self._journal
        yield self._help

    def on_mount(self) -> None:
        self.run_worker(self._type(), group="finger", exit_on_error=True)
        if sys.__stdin__ is not None and sys.__stdin__.isatty():
            self.set_interval(TERMINAL_LOOK_S, self._end_with_terminal)
        self._unsubscribe = [self._automat.subscribe(self._told), self._demo.subscribe(self._told)]
        for row in self._demo.backoffice.ledger.rows(self._automat.plan.automat_id):
            self._arrive(row)
        self._stale.update(self._automat.doors())
        self._show_troubles()
        self._troubles.show_line(plugged=True)
        self._troubles.show_clock(0)
        self._texts_stale = True

    def on_unmount(self) -> None:
        for end in self._unsubscribe:
            end()

    def _end_with_terminal(self) -> None:
        """End when nobody looks any more: whoever is started by `make` is not told."""
        poll = select.poll()
        poll.register(0, 0)
        if any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0)):
            self.exit(return_code=1)

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self._help.update(_HELP_TEXT if width < _ROOM_FOR_HELP else _LONG_HELP_TEXT)
        room = height - _HEADER - _HELP
        lower = _LOWER_PART if room < _ROOM_FOR_IDEAS else _LOWER_PART_WITH_IDEAS
        people = _PEOPLE_WIDTH if width < _ROOM_FOR_STATES else _PEOPLE_WIDTH_WITH_STATES
        wall = self._wall.fit(max(20, width - _MIDDLE_WIDTH - people), room - lower)
        self._upper.styles.height = max(
            wall, _UPPER_PART, min(_UPPER_PART_WITH_EVERYBODY, room - _JOURNAL_PART)
        )
        self.set_class(wall >= 22, "roomy")
        self._texts_stale = True
        self.call_after_refresh(self._draw)

    # Fingers and hands.

    def on_key(self, event: events.Key) -> None:
        if len(self.screen_stack) > 1:
            return  # a menu lies over the front: its keys are not the automat's
        key = {"backspace": "C", "c": "C", "C": "C", "enter": "OK"}.get(event.key, event.character or "")
        if key in ("C", "OK") or (len(key) == 1 and key in "0123456789"):
            event.stop()
            self._press(key)

    def on_key_clicked(self, message: Key.Clicked) -> None:
        self._press(message.key)

    def on_door_clicked(self, message: Door.Clicked) -> None:
        self._wall.select(message.label)
        self.action_hands()

    def action_reach(self, across: int, down: int) -> None:
        """Move the cursor over the wall."""
        self._wall.move(across, down)

    def action_hands(self) -> None:
        """Ask what to do with the selected door, and do it."""
        self.push_screen(Hands(*self._in_reach(self._wall.selected)), self._handle)

    def action_put(self) -> None:
        """Put the parcel that the steps speak of into the selected door's compartment."""
        bag = self._guide.bag(self._automat.doors())
        if bag:
            self._handle(Handling("put", self._wall.selected, bag[0]))

    def action_handle(self, deed: str) -> None:
        """Take, or push shut, at the selected door."""
        self._handle(Handling("take" if deed == "take" else "shut", self._wall.selected))

    # Other roles than hands.

    def action_scan(self) -> None:
        """Ask which label to hold before the scanner, and hold it there."""
        if self._scanner is None:
            self.notify("this automat has no scanner", severity="warning")
            return
        book, bag = self._guide.book, self._guide.bag(self._automat.doors())
        fresh = book.next_stranger()
        answers = [f"{digits(parcel)} {book.parcels[parcel].name}" for parcel in bag]
        answers.append(f"{digits(fresh)} a parcel that nobody announced")
        self.push_screen(
            Choose("hold which label before the scanner?", answers), lambda index: self._scan(bag, index)
        )

    def action_serve(self) -> None:
        """Ask what customer service shall do, then for all it needs, and send the command."""
        self.run_worker(self._serve(), group="service", exclusive=True, exit_on_error=True)

    def action_turn(self) -> None:
        """Show what another role can try."""
        self._guide.turn()
        self._texts_stale = True
        self._draw()

    def action_everybody(self) -> None:
        """Show all people with their codes and parcels."""
        self.push_screen(Reading("everybody", people_lines(self._guide.people(), _EVERYBODY_WIDTH)))

    # Disturbances.

    def action_daemon(self) -> None:
        """Cut the daemon's power, or give it back."""
        running = self._demo.daemon_running
        self._disturb(
            self._demo.kill_daemon if running else self._demo.start_daemon,
            lambda: self._troubles.announce(daemon="dies" if running else "starts"),
        )

    def action_broker(self) -> None:
        """Stop the broker, or start it again."""
        running = self._demo.broker.running
        self._disturb(
            self._demo.broker.stop if running else self._demo.broker.restart,
            lambda: self._troubles.announce(broker="stops" if running else "starts"),
        )

    def action_line(self) -> None:
        """Pull out the adapters of the lock lines, or plug them in again."""
        deed = self._automat.replug if self._unplugged else self._automat.unplug
        for line in self._lines:
            deed(line)

    def action_day(self) -> None:
        """Let a day of simulated time pass."""
        self.action_later(SECONDS_A_DAY)

    def action_later(self, seconds: float) -> None:
        """Let simulated time pass."""
        self._demo.move_clock(seconds)

    async def action_quit(self) -> None:
        """Let go of what is under way, then leave."""
        if self._work is not None and not self._work.is_finished:
            self._work.cancel()
            with contextlib.suppress(WorkerCancelled, WorkerFailed):
                await self._work.wait()
        self.exit()

    # What the automat, the daemon and the back office tell.

    def _told(self, event: object) -> None:
        # Called from outside the app: the wire is busy all the time, and a burst is drawn once.
        if isinstance(event, WireBytes):
            return
        self._untold.append(event)
        if not self._flush_due:
            self._flush_due = True
            self.call_later(self._await_frame)

    def _await_frame(self) -> None:
        left_s = self._flushed_s + FRAME_S - asyncio.get_running_loop().time()
        if left_s > 0:
            self.set_timer(left_s, self._draw)
        else:
            self._draw()

    def _draw(self) -> None:
        """Draw all that changed since the last time."""
        if not self.screen_stack:
            return  # leaving: the hardware may still have something to tell, nobody looks any more
        self._flush_due = False
        self._flushed_s = asyncio.get_running_loop().time()
        while self._untold:
            self._take_in(self._untold.popleft())
        doors = self._automat.doors()
        for label in self._stale:
            self._wall.show(label, doors[label])
            if isinstance(self.screen, Hands) and self.screen.label == label:
                self.screen.renew(*self._in_reach(label))
        self._stale.clear()
        self._front_display.show(self._automat.display(self._display_id).lines())
        if self._texts_stale:
            self._texts_stale = False
            self._steps.show(self._guide.title, self._guide.steps(doors, self._arrivals.verdict))
            self._people.show(self._guide.people())
            self._journal.show(self._arrivals, len(self._demo.backoffice.unproven))

    def _take_in(self, event: object) -> None:
        match event:
            case DoorMoved(label=label, state=state):
                self._stale.add(label)
                self._texts_stale = True
                if state == "open":
                    self._wall.select(label)
            case ParcelPut(label=label) | ParcelTaken(label=label):
                self._stale.add(label)
                self._texts_stale = True
            case FaultChanged(target=label) if label in self._automat.doors():
                self._stale.add(label)
            case CoilPulsed() | KeyPressed() | Beeped():
                self._flash(event)
            case PortUnplugged(port=port) | PortPlugged(port=port) if port in self._lines:
                (self._unplugged.add if isinstance(event, PortUnplugged) else self._unplugged.discard)(port)
                self._troubles.show_line(plugged=not self._unplugged)
            case EntryArrived(entry=entry):
                self._arrive(entry)
            case ClockMoved(seconds=seconds):
                self._moved_s += seconds
                self._troubles.show_clock(self._moved_s)
            case PeopleChanged():
                self._guide.book.meet(self._demo.people)
                self._texts_stale = True
            case DisplayChanged():
                pass
            case _:
                self._show_troubles()

    # Inside.

    def _flash(self, event: CoilPulsed | KeyPressed | Beeped) -> None:
        """Show for a moment what a moment only lasts."""
        match event:
            case CoilPulsed(label=label):
                self._wall.flash(label)
            case KeyPressed(key=key):
                self._pad.flash(key)
            case Beeped(display=display, count=count) if display == self._display_id:
                self._front_display.beep(asyncio.get_running_loop().time(), count)
            case _:
                pass

    def _arrive(self, entry: EntryShown) -> None:
        if self._arrivals.add(entry):
            self._guide.note(entry)
            self._texts_stale = True

    def _show_troubles(self) -> None:
        self._troubles.show_daemon(running=self._demo.daemon_running)
        self._troubles.show_broker(running=self._demo.broker.running)

    def _press(self, key: str) -> None:
        try:
            self._keys.put_nowait(key)
        except asyncio.QueueFull:
            self.bell()

    async def _type(self) -> None:
        """One finger: keys go down in order, as far apart as a finger needs."""
        loop = asyncio.get_running_loop()
        last, pressed_s = "", 0.0
        while True:
            key = await self._keys.get()
            gap_s = self._automat.same_key_gap_s if key == last else self._automat.key_gap_s
            await asyncio.sleep(max(0.0, pressed_s + gap_s - loop.time()))
            self._automat.press(self._keypad, key)
            last, pressed_s = key, loop.time()

    def _in_reach(self, label: str) -> tuple[DoorView, list[str]]:
        doors = self._automat.doors()
        return doors[label], self._guide.bag(doors)

    def _handle(self, handling: Handling | None) -> None:
        if handling is None:
            return
        automat, label = self._automat, handling.label
        deeds: dict[Deed, Callable[[], object]] = {
            "take": lambda: automat.take(label),
            "put": lambda: automat.put(label, handling.parcel or ""),
            "stranger": lambda: automat.put(label, self._guide.book.make_stranger()),
            "dirty": lambda: automat.put(label, DIRT),
            "shut": lambda: automat.push_shut(label),
            "pull": lambda: automat.pull(label),
            "press": lambda: automat.press_door(label),
            "jam": lambda: automat.jam(label, "stuck"),
            "ice": lambda: automat.jam(label, "ice"),
            "free": lambda: automat.unjam(label),
            "force": lambda: automat.force(label),
        }
        try:
            deeds[handling.deed]()
        except HandRefusedError as refusal:
            self.notify(str(refusal), severity="warning", markup=False)

    def _scan(self, bag: list[str], index: int | None) -> None:
        if index is None or self._scanner is None:
            return
        tracking_id = bag[index] if index < len(bag) else self._guide.book.make_stranger()
        self._texts_stale = True
        self._automat.scan(self._scanner, tracking_id)

    async def _serve(self) -> None:
        """Go through a menu of customer service; nothing happens before the last question is answered."""
        scene = self._scene()
        services = menu(scene)
        chosen = await self.push_screen_wait(Choose("customer service", [each.title for each in services]))
        if chosen is None:
            return
        service, answers = services[chosen], list[str]()
        for question in service.questions:
            offered = question.answers(scene)
            if not offered:
                self.notify(f"{service.title}: there is nothing to choose from", severity="warning")
                return
            title = f"{service.title}: {question.title}"
            index = await self.push_screen_wait(Choose(title, [text for _, text in offered]))
            if index is None:
                return
            answers.append(offered[index][0])
        await service.do(self._demo.counter, answers)
        self.notify(f"{service.title}: {' '.join(map(named, answers))}", markup=False, timeout=3)

    def _scene(self) -> Scene:
        plan = self._automat.plan
        return Scene(
            book=self._guide.book,
            doors=list(self._automat.doors().values()),
            selected=self._wall.selected,
            sizes=list(
                dict.fromkeys(box.size for box in sorted(plan.compartments, key=lambda b: b.height_mm))
            ),
            keypads=[keypad.id for keypad in plan.keypads],
            registering=self._demo.counter.registering,
        )

    def _disturb(self, deed: Callable[[], Awaitable[None]], announce: Callable[[], None]) -> None:
        if self._work is not None and not self._work.is_finished:
            self.notify("one thing at a time: the last one is still under way", severity="warning")
            return
        announce()
        self._work = self.run_worker(self._do(deed), group="trouble", exit_on_error=True)

    async def _do(self, deed: Callable[[], Awaitable[None]]) -> None:
        try:
            await deed()
        except (RuntimeError, OSError) as error:  # TimeoutError is an OSError
            self.notify(str(error), severity="error", markup=False)
        finally:
            self._show_troubles()
