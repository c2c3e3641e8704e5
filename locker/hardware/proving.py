"""Proving wiring: search a line for boards, try one lock at a time, see which contacts move, make the map.

A door is proved by three readings of its contact, shut, open and shut, and by the label that somebody read
on the door that opened. Contacts are raw here: what they mean is what is to be proved.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from drivers.base import Contact
from drivers.errors import DriverError
from drivers.registry import LOCK_BOARDS
from locker.domain.events import DoorProved, Event, LockTried
from locker.hardware.lines import Board, FoundBoard, LockLine
from locker.hardware.rawcontacts import difference
from locker.hardware.wiring import DoorSpec, Wiring
from locker.hardware.wiring_map import (
    ProvedBoard,
    ProvedDoor,
    WiringMap,
    address_of,
    configured,
    fingerprint,
    when,
)

READ_LIMIT_S = 10.0
"""Every board that answers must have been read twice within this time."""
HIGHEST_ADDRESS = 32
"""So many boards a line has at most; further addresses are searched only if asked for."""


class CannotProve(Exception):  # noqa: N818 - the name says what is the case
    """A step of a commission that is refused: a word for programs, what is the case, what to do."""

    def __init__(self, reason: str, detail: str, remedy: str) -> None:
        """Keep what to tell."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.remedy = remedy


class TrialState(StrEnum):
    """How far one trial of a lock has come."""

    READING = "reading"  # every contact is read before the pulse
    WATCHING = "watching"  # the pulse is out
    OPEN = "open"  # a contact moved: say which door it is, and shut it
    UNSEEN = "unseen"  # none moved: say whether a door opened all the same
    SHUT = "shut"  # it moved back: say which door it was
    PROVED = "proved"
    FAILED = "failed"


UNFINISHED = (TrialState.READING, TrialState.WATCHING, TrialState.OPEN)
STOPPED = "the commission ended"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An output or an input of a board."""

    board: str
    channel: int

    def __str__(self) -> str:
        """Name it as a technician reads it."""
        return f"{self.board}/{self.channel}"


@dataclass(slots=True)
class Trial:
    """One pulse of one lock and what followed; `named`: the label that somebody read on the open door."""

    compartment: str
    number: int
    output: Place
    state: TrialState = TrialState.READING
    before: Mapping[Place, Contact] = field(default_factory=dict)
    moved: tuple[Place, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    named: str | None = None
    named_by: str = ""
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved of one door; `facts` are those of its board at that moment."""

    output: Place
    contact: Place | None
    closed_means_shut: bool
    facts: Mapping[str, str]


@dataclass(slots=True)
class Search:
    """A search of one line; `over` once every address was asked, `fault` why it was not."""

    line: str
    total: int
    asked: int = 0
    found: list[FoundBoard] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    fault: str | None = None


class LockBench:
    """Proves the locks of all lines; `spawn` starts a task that the hardware keeps and cancels."""

    def __init__(
        self,
        lines: Mapping[str, LockLine],
        wiring: Wiring,
        *,
        emit: Callable[[Event], None],
        spawn: Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None]"],
        watch_s: float,
    ) -> None:
        """Prove `wiring`, which is that of the configuration; a door has `watch_s` to move."""
        self.trial: Trial | None = None
        self.proofs: dict[str, Proof] = {}
        self.last_search: Search | None = None
        self._lines = lines
        self._wiring = wiring
        self._door_of: Mapping[str, DoorSpec] = {door.compartment: door for door in wiring.doors}
        self._line_of_board = {board.name: board.line for board in wiring.boards}
        self._emit = emit
        self._spawn = spawn
        self._watch_s = watch_s
        self._read = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._search_task: asyncio.Task[None] | None = None
        for line in lines.values():
            line.on_read = self._note_read

    # -- searching

    def search(self, line: str, *, every_family: bool = False, last_address: int | None = None) -> Search:
        """Begin to search a line; CannotProve for a line that is unknown or down, or while another runs."""
        if self.last_search is not None and not self.last_search.over.is_set():
            raise CannotProve("search-under-way", "a search is under way", "wait until it is over")
        if line not in self._lines:
            known = ", ".join(self._lines) or "none"
            raise CannotProve("unknown-line", f"there is no line {line[:40]!r}", f"the lines are: {known}")
        if not self._lines[line].is_up:
            raise CannotProve("line-down", f"line {line} is not open", "plug its adapter in, then try again")
        own = {board.family for board in self._wiring.boards if board.line == line}
        families = [name for name in LOCK_BOARDS if every_family or not own or name in own]
        addresses = range((last_address or HIGHEST_ADDRESS) + 1)
        total = sum(1 for name in families for each in addresses if each in LOCK_BOARDS[name].addresses)
        search = self.last_search = Search(line, total)
        self._search_task = self._spawn(
            self._search(search, families, addresses), f"hardware: search line {line}"
        )
        return search

    async def _search(self, search: Search, families: list[str], addresses: range) -> None:
        try:
            async with contextlib.aclosing(self._lines[search.line].search(families, addresses)) as asked:
                async for found in asked:
                    search.asked += 1
                    if found.settings is not None:
                        search.found.append(found)
        except DriverError as problem:
            search.fault = str(problem)
        finally:
            search.over.set()

    # -- trying

    def try_lock(self, compartment: str, number: int) -> None:
        """Pulse the lock that the configuration wires to a compartment; `LockTried` follows."""
        if self._task is not None:
            self._task.cancel()
        door = self._door_of[compartment]
        trial = self.trial = Trial(compartment, number, Place(door.board, door.channel))
        self._task = self._spawn(self._try(trial), f"hardware: try lock {compartment}")

    def name_door(self, label: str | None, user: str) -> None:
        """Take the label on the door that opened, None if none did; CannotProve if there is no trial."""
        trial = self.trial
        if trial is None or trial.state in (TrialState.PROVED, TrialState.FAILED):
            raise CannotProve("no-trial", "no lock was tried", "test a compartment first")
        if trial.state in (TrialState.READING, TrialState.WATCHING):
            raise CannotProve("too-early", "the door still has time to move", "ask again in a few seconds")
        if label is None:
            _fail(trial, "no door opened")
            return
        if label not in self._door_of:
            raise CannotProve(
                "unknown-compartment", f"there is no compartment {label[:40]!r}", "give the label on the door"
            )
        trial.named, trial.named_by = label, user
        self._conclude(trial)

    def forget(self) -> None:
        """Forget every proof that is not written, and the trial."""
        if self._task is not None:
            self._task.cancel()
        self.trial = None
        self.proofs.clear()

    def stop(self) -> None:
        """End the trial and the search that are under way; what was proved stays."""
        if self._task is not None:
            self._task.cancel()
        if self.trial is not None and self.trial.state in UNFINISHED:
            _fail(self.trial, STOPPED)
        search = self.last_search
        if self._search_task is not None and search is not None and not search.over.is_set():
            self._search_task.cancel()
            search.fault = STOPPED
            search.over.set()

    async def _try(self, trial: Trial) -> None:
        line = self._lines[self._line_of_board[trial.output.board]]
        try:
            trial.before = await self._read_twice()
            if not any(place.board == trial.output.board for place in trial.before):
                raise TimeoutError
            trial.facts = (await line.boards[trial.output.board].driver.identify()).facts
            await line.pulse(trial.output.board, trial.output.channel)
        except TimeoutError:
            self._end_trial(trial, f"board {trial.output.board} could not be read")
            return
        except DriverError as problem:
            self._end_trial(trial, str(problem))
            return
        trial.state = TrialState.WATCHING
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._watch_s):
                while not self._moved(trial):
                    await self._next_reading()
        if self._moved(trial):
            with contextlib.suppress(TimeoutError):
                await self._read_twice()  # what moves with it shows by then
        trial.moved = self._moved(trial)
        trial.state = TrialState.OPEN if trial.moved else TrialState.UNSEEN
        self._emit(LockTried(trial.compartment, trial.number, tuple(map(str, trial.moved))))
        if not trial.moved:
            return
        # Another door may be shut or opened meanwhile: it is none of this lock's business.
        while set(trial.moved) & set(self._moved(trial)):
            await self._next_reading()
        if trial.state is TrialState.OPEN:
            trial.state = TrialState.SHUT
            self._conclude(trial)

    def _end_trial(self, trial: Trial, fault: str) -> None:
        _fail(trial, fault)
        self._emit(LockTried(trial.compartment, trial.number, (), fault))

    def _conclude(self, trial: Trial) -> None:
        """Take the proof in if all of it is there: the label, and the contact back where it was."""
        if trial.named is None or trial.state not in (TrialState.SHUT, TrialState.UNSEEN):
            return
        if len(trial.moved) > 1:
            moved = ", ".join(map(str, trial.moved))
            _fail(trial, f"several contacts moved ({moved}); shut every door and test it alone")
            return
        contact = trial.moved[0] if trial.moved else None
        if contact is None and self._stood_open(trial):
            _fail(trial, f"the contact of door {trial.named} said open before the pulse; shut it, test again")
            return
        if contact is not None and contact.board != trial.output.board:
            _fail(
                trial, f"the lock is on board {trial.output.board} and its contact on board {contact.board}"
            )
            return
        closed_means_shut = contact is None or trial.before[contact] is Contact.CLOSED
        for label, other in list(self.proofs.items()):
            if other.output == trial.output or (contact is not None and other.contact == contact):
                del self.proofs[label]  # it cannot be two doors: the later reading holds
        self.proofs[trial.named] = Proof(trial.output, contact, closed_means_shut, trial.facts)
        trial.state = TrialState.PROVED
        self._emit(
            DoorProved(
                trial.named_by,
                trial.named,
                trial.compartment,
                str(trial.output),
                None if contact is None else str(contact),
                closed_means_shut,
            )
        )

    def _stood_open(self, trial: Trial) -> bool:
        """Tell whether the named door said open before the pulse, as the configuration wires its contact."""
        door = self._door_of[trial.named or ""]
        before = trial.before.get(Place(door.board, door.contact_input))
        if not door.contact_fitted or before is None:
            return False
        return (before is Contact.CLOSED) is not door.closed_means_shut

    def _boards(self) -> Mapping[str, Board]:
        """Give the boards that can be read now."""
        return {
            name: board
            for line in self._lines.values()
            if line.is_up
            for name, board in line.boards.items()
            if board.answers is not False
        }

    def _contacts(self) -> dict[Place, Contact]:
        return {
            Place(name, channel): contact
            for name, board in self._boards().items()
            for channel, contact in board.raw.steady.items()
        }

    def _moved(self, trial: Trial) -> tuple[Place, ...]:
        now = self._contacts()
        return tuple(
            sorted(place for place, contact in trial.before.items() if now.get(place, contact) is not contact)
        )

    async def _read_twice(self) -> Mapping[Place, Contact]:
        """Return every contact after two readings more of every board; TimeoutError after 10 s."""
        for line in self._lines.values():
            line.look_at_all()
        wanted = {name: board.raw.reads + 2 for name, board in self._boards().items()}
        async with asyncio.timeout(READ_LIMIT_S):
            while any(
                board.raw.reads < wanted.get(name, board.raw.reads) for name, board in self._boards().items()
            ):
                await self._next_reading()
        return self._contacts()

    async def _next_reading(self) -> None:
        self._read.clear()
        await self._read.wait()

    async def settle(self, limit_s: float) -> None:
        """Return when every contact was read twice more, or at the latest after so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._read_twice()

    def _note_read(self) -> None:
        self._read.set()

    # -- the map

    def unproved(self, proof: WiringMap | None) -> tuple[str, ...]:
        """Return the compartments that neither were proved now nor are in a map that still holds for them."""
        kept = self._kept(proof)
        return tuple(label for label in self._door_of if label not in self.proofs and label not in kept)

    async def make_map(
        self,
        before: WiringMap | None,
        *,
        automat_id: str,
        user: str,
        technician: str,
        at: datetime,
        partial: bool,
    ) -> WiringMap:
        """Make the map of everything proved, now or before; CannotProve if boards changed or doors lack."""
        missing = self.unproved(before)
        if missing and not partial:
            named = ", ".join(missing[:10]) + (" and more" if len(missing) > 10 else "")
            raise CannotProve(
                "not-all-proved",
                f"{len(missing)} compartments are not proved: {named}",
                "test them, or write what there is with --partial",
            )
        doors = self._kept(before) | {label: self._proved_door(label) for label in self.proofs}
        if not doors:
            raise CannotProve("nothing-proved", "no compartment is proved", "test a compartment first")
        boards = {name: await self._proved_board(name) for name in sorted({d.board for d in doors.values()})}
        for label, proof in self.proofs.items():
            self._require_same(boards[proof.output.board], proof.output.board, proof.facts, label)
        for label in doors.keys() - self.proofs.keys():
            board = doors[label].board
            if before is not None:
                self._require_same(boards[board], board, before.boards[board].facts, label)
        return WiringMap(
            automat_id=automat_id,
            written_at=when(at),
            user=user,
            technician=technician,
            boards=boards,
            doors=dict(sorted(doors.items())),
        )

    def _kept(self, before: WiringMap | None) -> dict[str, ProvedDoor]:
        """Return what a map says that the configuration and the new proofs leave standing."""
        if before is None:
            return {}
        outputs = {proof.output for proof in self.proofs.values()}
        return {
            label: door
            for label, door in before.doors.items()
            if label in self._door_of
            and configured(self._door_of[label]) == door.configured
            and door.board in self._line_of_board
            and Place(door.board, door.output) not in outputs
            and label not in self.proofs
        }

    def _proved_door(self, label: str) -> ProvedDoor:
        proof = self.proofs[label]
        return ProvedDoor(
            configured=configured(self._door_of[label]),
            board=proof.output.board,
            output=proof.output.channel,
            contact=None if proof.contact is None else proof.contact.channel,
            closed_means_shut=proof.closed_means_shut,
        )

    async def _proved_board(self, name: str) -> ProvedBoard:
        spec = next(board for board in self._wiring.boards if board.name == name)
        try:
            facts = dict((await self._lines[spec.line].boards[name].driver.identify()).facts)
        except DriverError as problem:
            raise CannotProve(
                "board-silent",
                f"board {name} does not tell who it is: {problem}",
                "see to it, then write again",
            ) from problem
        return ProvedBoard(
            line=spec.line,
            family=spec.family,
            address=address_of(spec),
            facts=facts,
            fingerprint=fingerprint(facts),
        )

    def _require_same(self, board: ProvedBoard, name: str, facts: Mapping[str, str], label: str) -> None:
        if difference(facts, board.facts) is not None:
            raise CannotProve(
                "board-changed",
                f"board {name} is not the one on which compartment {label} was proved",
                "test the compartments of this board again",
            )


def _fail(trial: Trial, fault: str) -> None:
    trial.state, trial.fault = TrialState.FAILED, fault
