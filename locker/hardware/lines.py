"""One line of lock boards: its port and bus, when which board is read, what is believed of its doors.

A door's state is believed when two reads in a row agree; a reading of one doubtful frame only makes
the next read come sooner. Doors of a line or board that does not answer are unknown, never "shut".
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from drivers.base import Contact, LockBoard
from drivers.bus import Bus
from drivers.errors import DriverError, NoAnswer
from drivers.keeper import PortChange, PortDown, PortKeeper
from drivers.port import PortSettings
from drivers.registry import LOCK_BOARDS
from drivers.wirelog import WireLog
from locker.domain import events
from locker.domain.events import Door, Event
from locker.hardware.belief import Belief
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec

IDLE_POLL_S = 0.2
BUSY_POLL_S = 0.03
BUSY_FOR_S = 3.0
"""After an unlock the doors of its line are read this often, for this long."""
SILENT_READS = 2
"""So many unanswered reads in a row make a board lost."""
REOPEN_EVERY_S = 10.0
"""A line on which no board answers is closed and opened again so often: the cure for a hung adapter."""


@dataclass(slots=True)
class Board:
    """One board as its line sees it."""

    spec: BoardSpec
    driver: LockBoard
    doors: list[DoorSpec]
    silent_reads: int = 0
    answers: bool | None = None  # None: nobody was told yet, so an alarm of an earlier run may stand
    read_once: asyncio.Event = field(default_factory=asyncio.Event)


class LockLine:
    """Everything on one line; `emit` takes events at once, in order."""

    def __init__(
        self,
        name: str,
        port: PortSpec,
        boards: Iterable[BoardSpec],
        doors: Iterable[DoorSpec],
        emit: Callable[[Event], None],
    ) -> None:
        """Build the drivers of `boards`, of which `doors` are; nothing is opened before `start`."""
        self.name = name
        self.wire_log = WireLog()
        self.doors = tuple(doors)
        self._emit = emit
        self._beliefs = {door.compartment: Belief(Door.UNKNOWN) for door in self.doors if door.contact_fitted}
        self._goods: dict[str, Belief[bool | None]] = {
            door.compartment: Belief(None) for door in self.doors if door.goods_channel is not None
        }
        self._keeper = PortKeeper(
            PortSettings(port.path, port.baud), on_change=self._changed, wire_log=self.wire_log
        )
        self._bus = Bus(self._keeper)
        self._boards = [self._make_board(spec) for spec in boards]
        self._board_of = {door.compartment: board for board in self._boards for door in board.doors}
        self._door_of = {door.compartment: door for door in self.doors}
        self._wake = asyncio.Event()
        self._busy_until_s = 0.0
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
        for board in self._boards:
            await board.read_once.wait()

    def believed(self) -> Mapping[str, Door]:
        """What is believed of each door with a contact, by compartment."""
        return {compartment: belief.believed for compartment, belief in self._beliefs.items()}

    async def run(self) -> None:
        """Read the doors again and again, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            doubtful = False
            for board in self._boards:
                doubtful |= await self._read(board)
            if doubtful:
                continue
            self._reopen_if_hung(loop.time())
            busy = loop.time() < self._busy_until_s
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BUSY_POLL_S if busy else IDLE_POLL_S):
                    await self._wake.wait()

    async def unlock(self, compartment: str, number: int) -> None:
        """Send one pulse; `PulseSent` or `PulseNotSent` is emitted."""
        board = self._board_of[compartment]
        try:
            await board.driver.unlock(self._door_of[compartment].channel)
        except DriverError as problem:
            self._emit(events.PulseNotSent(compartment, number, str(problem)))
            return
        self._busy_until_s = asyncio.get_running_loop().time() + BUSY_FOR_S
        self._wake.set()
        self._emit(events.PulseSent(compartment, number))

    # -- readings

    async def _read(self, board: Board) -> bool:
        """Read one board; tell whether a reading wants to be confirmed at once."""
        try:
            contacts = await board.driver.read_contacts()
        except NoAnswer as problem:
            board.silent_reads += 1
            if board.silent_reads >= SILENT_READS and self._keeper.is_up and board.answers is not False:
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

    # -- loss and return

    def _changed(self, change: PortChange) -> None:
        if self._reopening:
            # Closed by ourselves a moment ago: news only if it does not come up again.
            self._reopening = False
            return
        if isinstance(change, PortDown):
            self._emit(events.PartLost(f"line {self.name}", change.reason))
            for board in self._boards:
                board.silent_reads = 0
                self._lose_doors(board)
                board.read_once.set()
        else:
            self._emit(events.PartRestored(f"line {self.name}"))
            self._wake.set()

    def _lose_doors(self, board: Board) -> None:
        for door in board.doors:
            belief = self._beliefs.get(door.compartment)
            if belief is not None and belief.see(Door.UNKNOWN):
                self._emit(events.DoorSeen(door.compartment, Door.UNKNOWN))
            goods = self._goods.get(door.compartment)
            if goods is not None and goods.see(None):
                self._emit(events.GoodsSeen(door.compartment, None))

    def _reopen_if_hung(self, now_s: float) -> None:
        if not self._keeper.is_up or any(board.answers is not False for board in self._boards):
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
        driver.on_report = lambda _report: self._wake.set()
        return Board(spec, driver, [door for door in self.doors if door.board == spec.name])
