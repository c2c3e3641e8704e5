"""Tests: a keypad's keys, scanner, display and sounder; and all locks one by one, until somebody stops it."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid, Horizontal, Vertical

from locker.api.client import ApiClient, RequestRefused
from locker.api.maintenance_schema import DeviceAsked, DeviceName, TestAsked
from locker.api.schema import CompartmentView, JournalEntryView, KeypadView
from locker.errors import LockerError
from tui.screens.base import AskingScreen
from tui.store import Changes, Part
from tui.widgets.bars import Painted
from tui.widgets.found import ask_found
from tui.widgets.rows import Rows

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "C", "0", "OK")
"""As they stand on a keypad."""
COLUMNS = ("mark", "box", "door", "result")
TESTED = "technician.tested"
RESULTS_ASKED = 200
ENDED = (None, "left-open")
"""How an opening stands that comes to nothing more."""


class TestsScreen(AskingScreen):
    """The keypad to the left, the locks to the right."""

    __test__ = False  # not a test of pytest's
    NAME: ClassVar[str] = "tests"
    DEFAULT_CSS = """
    TestsScreen #tests-keypad { height: auto; max-height: 3; }
    TestsScreen #tests-left { width: 32; }
    TestsScreen #tests-keys { grid-size: 3 4; height: 12; width: 30; grid-gutter: 0; }
    TestsScreen #tests-keys Painted { border: round $secondary; height: 3; padding: 0 1; }
    TestsScreen #tests-keys .pressed { border: round $success; }
    TestsScreen #tests-keys .lit { border: heavy $accent; text-style: bold; }
    TestsScreen #tests-scanner { height: auto; }
    TestsScreen #tests-right { width: 1fr; }
    TestsScreen #tests-walk { height: auto; min-height: 2; max-height: 4; text-style: bold; }
    TestsScreen #tests-locks { height: 1fr; }
    """
    BINDINGS: ClassVar = [
        Binding("k", "keys", "keys", show=False),
        Binding("d", "display", "display", show=False),
        Binding("s", "sounder", "sounder", show=False),
        Binding("p", "next_keypad", "next keypad", show=False),
        Binding("t", "try_chosen", "test", show=False),
        Binding("f", "say_found", "say", show=False),
        Binding("l", "walk", "all locks", show=False),
        Binding("x", "stop", "stop", show=False),
    ]

    def __init__(self) -> None:
        """Nothing is tried yet."""
        super().__init__()
        self._keypad = ""
        self._counts: dict[str, int] = {}
        self._results: dict[str, str] = {}
        self._newest: tuple[int, int] = (0, 0)
        self._at: str | None = None
        self._place = (0, 0)
        self._stopped = False
        self._news = asyncio.Event()

    def compose_body(self) -> ComposeResult:
        """Draw the keys as they stand on a keypad, and the table of the locks."""
        yield Painted(id="tests-keypad")
        with Horizontal():
            with Vertical(id="tests-left"):
                with Grid(id="tests-keys"):
                    for key in KEYS:
                        yield Painted(id=f"tests-key-{key}")
                yield Painted(id="tests-scanner")
            with Vertical(id="tests-right"):
                yield Painted(id="tests-walk")
                yield Rows(id="tests-locks")

    def on_mount(self) -> None:
        """Make the columns."""
        for name in COLUMNS:
            self._table.add_column(self.words(f"tests.column-{name}"), key=name)
        self._table.focus()

    def show(self, changes: Changes) -> None:
        """Paint what changed, and let a walk see it."""
        if Part.ENTRIES in changes:
            self._take_results(list(self.store.entries))
        if {Part.KEYPADS, Part.CONNECTION} & changes.parts:
            self._paint_keypad()
        if {Part.COMPARTMENTS, Part.ENTRIES} & changes.parts:
            self._paint_locks()
        if Part.INCIDENTS in changes:
            self.ask_anew()  # faults and guards of keypads are told as incidents
        self._news.set()

    async def ask(self, client: ApiClient) -> None:
        """Ask for the keypads and for what earlier tests of locks came to."""
        self.store.take_keypads(await client.keypads())
        self._take_results((await client.journal(kind=TESTED, limit=RESULTS_ASKED)).entries)
        self._paint_keypad()
        self._paint_locks()

    # -- the keypad

    @work(group="device", exclusive=True)
    async def action_keys(self) -> None:
        """Begin a trial of the keys and the scanner, or end the one under way."""
        keypad = self._shown
        if keypad is not None:
            await self._try_device("keys" if keypad.trial is None else "none")

    @work(group="device", exclusive=True)
    async def action_display(self) -> None:
        """Light every cell of the display."""
        await self._try_device("display")

    @work(group="device", exclusive=True)
    async def action_sounder(self) -> None:
        """Play every tone."""
        await self._try_device("sounder")

    def action_next_keypad(self) -> None:
        """Go on to the next keypad."""
        names = sorted(self.store.keypads)
        if names:
            place = names.index(self._keypad) + 1 if self._keypad in names else 0
            self._keypad, self._counts = names[place % len(names)], {}
            self._paint_keypad()

    async def _try_device(self, device: DeviceName) -> None:
        keypad = self._shown
        if keypad is None:
            return
        name = keypad.name
        done = await self.maintain(lambda who: DeviceAsked(technician=who, keypad=name, device=device))
        if done is not None and device in ("display", "sounder"):
            self.notify(self.words(f"tests.{device}-tried", keypad=name))

    @property
    def _shown(self) -> KeypadView | None:
        """The keypad that is shown: the chosen one, or the first."""
        keypads = self.store.keypads
        if self._keypad not in keypads and keypads:
            self._keypad = min(keypads)
        return keypads.get(self._keypad)

    def _paint_keypad(self) -> None:
        keypad = self._shown
        if not self.drawn or keypad is None:
            return
        words, trial = self.words, keypad.trial
        state = [words.term("tests", f"keypad-{name}") for name in _states(keypad)]
        if trial is not None:
            state.append(words("tests.on-trial", technician=trial.technician))
        if keypad.fault is not None:
            state.append(keypad.fault)
        name = words("tests.keypad", name=keypad.name, count=len(self.store.keypads))
        self.query_one("#tests-keypad", Painted).say(f"{name} {', '.join(state) or words('tests.ready')}")
        counts = {} if trial is None else trial.keys
        for key in KEYS:
            cell = self.query_one(f"#tests-key-{key}", Painted)
            count = counts.get(key, 0)
            lit = count > self._counts.get(key, 0)
            cell.say(f">{key}< {count}" if lit else f" {key}  {count or '-'}")
            cell.set_class(lit, "lit")
            cell.set_class(count > 0, "pressed")
        self._counts = dict(counts)
        self.query_one("#tests-scanner", Painted).say(self._scanner(keypad))

    def _scanner(self, keypad: KeypadView) -> str:
        words, trial = self.words, keypad.trial
        if not keypad.scanner:
            return words("tests.no-scanner")
        if trial is None:
            return words("tests.how-to-begin")
        if not trial.scans:
            return words("tests.scan-now")
        return words("tests.scanned", count=trial.scans, label=trial.scanned or "")

    # -- the locks

    @work(group="locks", exclusive=True)
    async def action_try_chosen(self) -> None:
        """Test the chosen lock."""
        label = self._table.chosen
        if label is not None:
            question = self.words("tests.one-question", label=label)
            await self._walk([label], self.words("tests.one", label=label), question)

    @work(group="locks", exclusive=True)
    async def action_walk(self) -> None:
        """Test every lock, one after another, from the chosen one on."""
        labels, chosen = self._table.keys, self._table.chosen
        labels = labels[labels.index(chosen) :] if chosen in labels else labels
        if labels:
            question = self.words("tests.all-question", count=len(labels), first=labels[0])
            await self._walk(labels, self.words("tests.all"), question)

    @work(group="locks", exclusive=True)
    async def action_say_found(self) -> None:
        """Say what lies in the chosen box, if that is still to be said."""
        label = self._table.chosen
        box = self.store.compartments.get(label or "")
        if box is None or box.awaits_word_of is None:
            await self.tell(self.words("tests.found"), self.words("tests.found-none"))
        else:
            await ask_found(self, box.label)

    def action_stop(self) -> None:
        """Test no further lock; a door that is open stays what it is until somebody shuts it."""
        self._stopped = True
        self._news.set()

    @on(Rows.RowSelected)
    def _selected(self) -> None:
        self.action_try_chosen()

    async def _walk(self, labels: Sequence[str], title: str, question: str) -> None:
        technician = await self.technician_id()
        if technician is None or not await self.confirm(title, question):
            return
        self._stopped = False
        try:
            for place, label in enumerate(labels, 1):
                self._at, self._place = label, (place, len(labels))
                self._table.choose(label)
                self._say_walk("tests.opening")
                if not await self._try_lock(label, technician):
                    break
        finally:
            ended = "tests.stopped" if self._stopped else "tests.ended"
            self._say_walk(ended)
            self._at = None
            self._paint_locks()

    async def _try_lock(self, label: str, technician: str) -> bool:
        """Test one lock and hear what lies inside; False if the walk is not to go on."""
        client = self.locker.client
        if client is None:
            await self.tell(self.words("common.not-done"), self.words("common.not-asked"))
            return False
        self._results.pop(label, None)
        try:
            await client.maintain(TestAsked(technician=technician, compartment=label))
        except RequestRefused as refusal:
            why = self.words.term(self.REFUSALS, refusal.error.reason, refusal.error.detail)
            self._results[label] = self.words("tests.refused", why=why)
            return True
        except LockerError as error:
            await self.not_acted(error)
            return False
        while not self._stopped:
            box = self.store.compartments.get(label)
            if box is None:
                return True  # the daemon came back with another cabinet
            if box.awaits_word_of is not None or self._ends_by_word(box):
                return await ask_found(self, box.label)
            if box.opening == "open":
                self._say_walk("tests.shut-it")
            elif box.opening == "late" or (box.opening in ENDED and label in self._results):
                return box.opening != "left-open"
            self._news.clear()
            await self._news.wait()
        return False

    def _ends_by_word(self, box: CompartmentView) -> bool:
        """Whether no contact sees this door, so that only a word ends its opening."""
        return box.opening == "blind" and box.door == "unknown"

    def _take_results(self, entries: Sequence[JournalEntryView]) -> None:
        """Keep what tests of locks came to, from entries in order."""
        for entry in entries:
            number = (entry.epoch, entry.sequence)
            if number <= self._newest:
                continue
            self._newest = number
            data = entry.data or {}
            if entry.kind == TESTED and "compartment" in data:
                self._results[str(data["compartment"])] = self._result(data)

    def _result(self, data: dict[str, object]) -> str:
        result = str(data.get("result", ""))
        told = self.words.term("tests", "result-" + result.replace(" ", "-"), result)
        if data.get("milliseconds") is not None:
            told += f", {data['milliseconds']} ms"
        pulses = data.get("pulsessent")
        return told + (f", {self.words('tests.pulses', count=pulses)}" if pulses not in (None, 1) else "")

    @property
    def _table(self) -> Rows:
        return self.query_one("#tests-locks", Rows)

    def _paint_locks(self) -> None:
        if not self.drawn:
            return
        self._table.put({label: self._row(box) for label, box in self.store.compartments.items()})

    def _row(self, box: CompartmentView) -> tuple[str, ...]:
        mark = ">" if box.label == self._at else "@" if box.awaits_word_of is not None else " "
        return (mark, box.label, self.words.term("door", box.door), self._results.get(box.label, "-"))

    def _say_walk(self, key: str) -> None:
        place, total = self._place
        text = self.words(key, label=self._at or "", place=place, total=total)
        self.query_one("#tests-walk", Painted).say(text)


def _states(keypad: KeypadView) -> list[str]:
    """Name what is the matter with a keypad."""
    states = []
    if keypad.fault is not None:
        states.append("faulty")
    if keypad.guarded:
        states.append("guarded")
    if keypad.occupied and keypad.trial is None:
        states.append("in-use")
    return states
