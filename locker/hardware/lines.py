"""One line of lock boards: its port and bus, when which board is read, what is believed of its doors.

A door's state is believed when two reads in a row agree; a reading of one doubtful frame only makes
the next read come sooner. Doors of a line or board that does not answer are unknown, never "shut".
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.base import Contact, LockBoard, UnlockOutcome, ignore
from drivers.bus import Bus
from drivers.errors import DriverError, NoAnswer
from drivers.keeper import PortChange, PortDown, PortKeeper
from drivers.port import PortSettings
from drivers.registry import LOCK_BOARDS, BoardFamily
from drivers.wirelog import WireLog
from locker.domain import events
from locker.domain.events import Door, Event
from locker.hardware.belief import Belief
from locker.hardware.edges import WIRES, WireEdges
from locker.hardware.pulses import PulseTimes
from locker.hardware.rawcontacts import RawContacts, difference
from locker.hardware.statistics import BoardCounts, LineFigures
from locker.hardware.turns import Turns
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec

BUSY_FOR_S = 3.0
"""After an unlock the doors of its board are read as often as the line allows, for this long."""
SILENT_READS = 2
"""So many unanswered reads in a row make a board lost."""
FULL_PROBE_EVERY = 4
"""Each so-manieth question to a lost board waits as long as its settings say: it may have become slow."""
REOPEN_EVERY_S = 10.0
"""A line on which no board answers is closed and opened again so often: the cure for a hung adapter."""


@dataclass(frozen=True, slots=True)
class FoundBoard:
    """What a search found at one address: the settings of a board by name, or None."""

    family: str
    address: int
    settings: Mapping[str, Any] | None


@dataclass(slots=True)
class Board:
    """One board as its line sees it."""

    spec: BoardSpec
    family: BoardFamily
    driver: LockBoard
    doors: list[DoorSpec]
    silent_reads: int = 0
    answers: bool | None = None  # None: nobody was told yet, so an alarm of an earlier run may stand
    read_once: asyncio.Event = field(default_factory=asyncio.Event)
    preparing: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_ready: bool = False
    probes: int = 0
    mismatch: str | None = None  # why it is not the board that was proved
    raw: RawContacts = field(default_factory=RawContacts)
    counts: BoardCounts = field(default_factory=BoardCounts)

    async def ready(self) -> bool:
        """Prepare it once after each loss, before anything else; tell whether that was now.

        It is asked who it is, where that was proved. What the driver raises.
        """
        async with self.preparing:
            if self.is_ready:
                return False
            await self.driver.rest_outputs()
            while not self.is_ready:
                spec, told = self.spec, None
                if spec.facts is not None:
                    told = difference(spec.facts, (await self.driver.identify()).facts)
                if spec is self.spec:  # else another proof came while it answered
                    self.mismatch = spec.mismatch or told
                    self.is_ready = True
            return True


class LockLine:
    """Everything on one line; `emit` takes events at once, in order."""

    def __init__(
        self,
        name: str,
        port: PortSpec,
        boards: Iterable[BoardSpec],
        doors: Iterable[DoorSpec],
        emit: Callable[[Event], None],
        edges: WireEdges = WIRES,
    ) -> None:
        """Build the drivers of `boards`, of which `doors` are; nothing is opened before `start`."""
        self.name = name
        self.wire_log = WireLog()
        self._emit = emit
        self._keeper = PortKeeper(
            PortSettings(port.path, port.baud, port.rts),
            on_change=self._changed,
            wire_log=self.wire_log,
            opener=edges.opener,
        )
        self._rest, self._linger = edges.rest, edges.linger
        self.on_read: Callable[[], None] = ignore
        self._bus = Bus(self._keeper)
        self.boards: Mapping[str, Board] = {spec.name: self._make_board(spec) for spec in boards}
        """Every board on this line, by name."""
        self.figures = LineFigures(port, self._keeper, self._bus.statistics, list(self.boards.values()))
        self.doors: tuple[DoorSpec, ...] = ()
        self._board_of: dict[str, Board] = {}
        self._door_of: dict[str, DoorSpec] = {}
        self._beliefs: dict[str, Belief[Door]] = {}
        self._goods: dict[str, Belief[bool | None]] = {}
        self._wire(doors)
        self._turns = Turns(self.boards)
        self._pulse_times = PulseTimes()
        self._one_unlock = asyncio.Lock()
        self._unlock_left_s: float | None = None
        self._bus.on_urgent_sent = self._urgent_left
        self._wake = asyncio.Event()
        self._unpaused = asyncio.Event()
        self._unpaused.set()
        self._reopen_at_s: float | None = None
        self._reopening = False

    def start(self) -> None:
        """Begin to open the port; returns at once. `run` reads the doors."""
        self._keeper.start()
        self._bus.start()

    async def stop(self) -> None:
        """Close the port; `run` must have ended."""
        await self._bus.stop()
        await self._keeper.stop()

    async def read_once(self) -> None:
        """Wait until every board was read, or given up."""
        for board in self.boards.values():
            await board.read_once.wait()

    def believed(self) -> Mapping[str, Door]:
        """What is believed of each door with a contact, by compartment."""
        return {compartment: belief.believed for compartment, belief in self._beliefs.items()}

    async def run(self) -> None:
        """Read the doors again and again, for ever: as often as the wire allows while a door may move."""
        while True:
            await self._unpaused.wait()
            turn = self._turns.next(self._now_s()) if self._keeper.is_up else None
            if turn is not None and turn.at_s <= self._now_s():
                self._wake.clear()
                if await self._linger(self.name, self._wake, self._turns.read_since_s(self._now_s())):
                    continue
                await self._take_turn(self.boards[turn.name], probe=turn.probe)
                self._reopen_if_hung()
                continue
            self._wake.clear()
            await self._rest(self.name, self._wake, None if turn is None else turn.at_s)

    async def unlock(self, compartment: str, number: int) -> None:
        """Send one pulse; `PulseSent` or `PulseNotSent` is emitted, and `PulseRefused` if it was."""
        async with self._one_unlock:
            board = self._board_of.get(compartment)
            try:
                if board is not None:
                    await self._prepare(board)
                # Only now: while it waited, its wiring may have been proved to be another.
                board, door = self._board_of.get(compartment), self._door_of.get(compartment)
                if board is None or door is None or not board.is_ready:
                    self._emit(events.PulseNotSent(compartment, number, "its wiring was proved meanwhile"))
                    return
                if (blocked := door.blocked or board.mismatch) is not None:
                    self._emit(events.PulseNotSent(compartment, number, blocked))
                    return
                self._unlock_left_s = None
                answer = await board.driver.unlock(door.channel)
                board.counts.note_unlocked(answer, self._now_s())
            except DriverError as problem:
                if board is not None:
                    board.counts.note_error(problem)
                self._emit(events.PulseNotSent(compartment, number, str(problem)))
                return
            left_s = self._unlock_left_at()
        belief = self._beliefs.get(compartment)
        if left_s is not None and belief is not None and belief.believed is Door.SHUT:
            self._pulse_times.pulsed(compartment, left_s)
        self._turns.keep_busy(board.spec.name, self._now_s() + BUSY_FOR_S)
        self._wake.set()
        self._emit(events.PulseSent(compartment, number))
        if answer.outcome is UnlockOutcome.REFUSED:
            self._emit(events.PulseRefused(compartment, number, answer.reason))

    # -- proving

    @property
    def is_up(self) -> bool:
        """True while the port is open."""
        return self._keeper.is_up

    def use(self, boards: Iterable[BoardSpec], doors: Iterable[DoorSpec]) -> None:
        """Wire the same boards otherwise from now on; every door whose wiring changes is unknown first."""
        for spec in boards:
            self.boards[spec.name].spec = spec
            self.boards[spec.name].is_ready = False
        for label in self._wire(doors):
            self._emit(events.DoorSeen(label, Door.UNKNOWN))
        self.look_at_all()

    async def pulse(self, board: str, output: int) -> None:
        """Pulse one output once, whatever is proved of it. What the driver raises."""
        pulsed = self.boards[board]
        async with self._one_unlock:
            await self._prepare(pulsed)
            await pulsed.driver.unlock(output)
        self.look_at_all()

    async def search(self, families: Iterable[str], addresses: range) -> AsyncGenerator[FoundBoard, None]:
        """Ask at each address for a board of each family, while no door is read. What the driver raises."""
        self._unpaused.clear()
        try:
            for name in families:
                family = LOCK_BOARDS[name]
                for address in addresses:
                    if address in family.addresses:
                        yield FoundBoard(name, address, await family.search(self._bus, address))
        finally:
            self._unpaused.set()
            self._turns.start_over()

    def look_at_all(self) -> None:
        """Read every board as often as the line allows, for a while."""
        for name in self.boards:
            self._turns.keep_busy(name, self._now_s() + BUSY_FOR_S)
        self._wake.set()

    # -- readings

    async def _take_turn(self, board: Board, *, probe: bool) -> None:
        name, asked_s = board.spec.name, self._now_s()
        board.counts.polls += 1
        try:
            if probe and not await self._is_there(board):
                raise NoAnswer(f"board {name} does not answer")
            await self._prepare(board)
            contacts = await board.driver.read_contacts()
        except NoAnswer as problem:
            board.counts.note_error(problem)
            self._was_silent(board, str(problem))
            self._turns.was_silent(name, asked_s, self._now_s(), lost=board.answers is not True)
        except DriverError as problem:
            board.counts.note_error(problem)
            # The line is down, of which its keeper tells, or full: nothing is known of the board.
            self._turns.was_unheard(name, self._now_s())
        else:
            board.counts.note_answered(self._now_s())
            doubtful = self._was_read(board, contacts)
            is_open = any(self._is_open(door) for door in board.doors)
            self._turns.was_read(name, self._now_s(), doubtful=doubtful, is_open=is_open)

    async def _prepare(self, board: Board) -> None:
        """Have a board ready; tell once whether it is the one that was proved."""
        before = board.mismatch
        if not await board.ready() or (board.spec.facts is None and before is None):
            return
        about = f"board {board.spec.name}"
        if board.mismatch is None:
            self._emit(events.WiringMatched(about))
        else:
            self._emit(events.WiringMismatched(about, board.mismatch))

    async def _is_there(self, board: Board) -> bool:
        """Ask a lost board shortly, so that the others wait shortly."""
        board.probes += 1
        if board.probes % FULL_PROBE_EVERY == 0:
            return True
        return await board.family.search(self._bus, board.spec.settings["address"]) is not None

    def _was_silent(self, board: Board, problem: str) -> None:
        board.silent_reads += 1
        if board.spec.facts is not None:
            board.is_ready = False  # a cable takes a moment to be moved: it may be another board now
        if board.silent_reads >= SILENT_READS and self._keeper.is_up and board.answers is not False:
            board.answers = False
            board.is_ready = False
            self._emit(events.PartLost(f"board {board.spec.name}", problem))
            self._lose_doors(board)
            board.read_once.set()

    def _was_read(self, board: Board, contacts: Mapping[int, Contact]) -> bool:
        """Take a reading of a board; tell whether it wants to be confirmed at once."""
        board.raw.saw(contacts)
        self.on_read()
        board.silent_reads = 0
        if not board.answers:
            board.answers = True
            self._emit(events.PartRestored(f"board {board.spec.name}"))
        doubtful = False
        for door in board.doors:
            doubtful |= self.see(door, contacts)
        if not doubtful:
            board.read_once.set()
        return doubtful

    def see(self, door: DoorSpec, contacts: Mapping[int, Contact]) -> bool:
        """Take one reading of a door and its goods; tell whether it wants to be confirmed."""
        doubtful = self._see_goods(door, contacts)
        belief = self._beliefs.get(door.compartment)
        if belief is None:
            return doubtful
        contact = contacts.get(door.contact_input)
        if door.blocked is not None or self._board_of[door.compartment].mismatch is not None:
            contact = None  # nobody knows whose contact this is
        read = Door.UNKNOWN
        if contact is not None:
            read = Door.SHUT if (contact is Contact.CLOSED) is door.closed_means_shut else Door.OPEN
        self._pulse_times.read(door.compartment, self._now_s(), is_open=read is Door.OPEN)
        if belief.see(read):
            self._emit(events.DoorSeen(door.compartment, belief.believed))
            took_s = self._pulse_times.opened(door.compartment) if belief.believed is Door.OPEN else None
            if belief.believed is Door.OPEN:
                self._turns.calm(door.board)  # it is read soon enough while a door of it is open
            if took_s is not None:
                self._emit(events.LockTimed(door.compartment, took_s))
        return doubtful or belief.doubted is not None

    def _is_open(self, door: DoorSpec) -> bool:
        belief = self._beliefs.get(door.compartment)
        return belief is not None and belief.believed is Door.OPEN

    def _see_goods(self, door: DoorSpec, contacts: Mapping[int, Contact]) -> bool:
        belief = self._goods.get(door.compartment)
        if belief is None or door.goods_channel is None:
            return False
        contact = contacts.get(door.goods_channel)
        if belief.see(None if contact is None else contact is Contact.CLOSED):
            self._emit(events.GoodsSeen(door.compartment, belief.believed))
        return belief.doubted is not None

    # -- loss and return

    def _changed(self, change: PortChange) -> None:
        for board in self.boards.values():
            board.is_ready = False
        self._turns.start_over()
        self._wake.set()
        if self._reopening:
            # Closed by ourselves a moment ago: news only if it does not come up again.
            self._reopening = False
            return
        if isinstance(change, PortDown):
            self._emit(events.PartLost(f"line {self.name}", change.reason))
            for board in self.boards.values():
                board.silent_reads = 0
                self._lose_doors(board)
                board.read_once.set()
        else:
            self._emit(events.PartRestored(f"line {self.name}"))

    def _lose_doors(self, board: Board) -> None:
        for door in board.doors:
            self._pulse_times.forget(door.compartment)
            belief = self._beliefs.get(door.compartment)
            if belief is not None and belief.see(Door.UNKNOWN):
                self._emit(events.DoorSeen(door.compartment, Door.UNKNOWN))
            goods = self._goods.get(door.compartment)
            if goods is not None and goods.see(None):
                self._emit(events.GoodsSeen(door.compartment, None))

    def _reopen_if_hung(self) -> None:
        now_s = self._now_s()
        if not self._keeper.is_up or any(board.answers is not False for board in self.boards.values()):
            self._reopen_at_s = None
        elif self._reopen_at_s is None:
            self._reopen_at_s = now_s + REOPEN_EVERY_S
        elif now_s >= self._reopen_at_s:
            self._reopen_at_s = None
            self._reopening = True
            self._keeper.reopen("no board on it answers")

    # -- building

    def _make_board(self, spec: BoardSpec) -> Board:
        family = LOCK_BOARDS[spec.family]
        driver = family.make(self._bus, family.settings(**spec.settings))
        # A report nobody asked for is not believed by itself; it only makes us look at once.
        driver.on_report = lambda _report: self._look_at(spec.name)
        return Board(spec, family, driver, [])

    def _wire(self, doors: Iterable[DoorSpec]) -> list[str]:
        """Give each board its doors; return those with a contact whose wiring is new: they are unknown."""
        before, beliefs = self._door_of, self._beliefs
        self.doors = tuple(doors)
        self._door_of = {door.compartment: door for door in self.doors}
        for name, board in self.boards.items():
            board.doors = [door for door in self.doors if door.board == name]
        self._board_of = {door.compartment: self.boards[door.board] for door in self.doors}
        fitted = [door for door in self.doors if door.contact_fitted]
        rewired = [door.compartment for door in fitted if before.get(door.compartment) != door]
        self._beliefs = {
            door.compartment: Belief(Door.UNKNOWN)
            if door.compartment in rewired
            else beliefs[door.compartment]
            for door in fitted
        }
        self._goods = {
            door.compartment: Belief(None) for door in self.doors if door.goods_channel is not None
        }
        return rewired

    def _look_at(self, board: str) -> None:
        self._turns.want(board)
        self._wake.set()

    def _unlock_left_at(self) -> float | None:
        return self._unlock_left_s

    def _urgent_left(self, at_s: float) -> None:
        # Of an unlock and the question that may follow it, the unlock is the first.
        if self._unlock_left_s is None:
            self._unlock_left_s = at_s

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
