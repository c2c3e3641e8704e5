"""An automat at work in this process: real engine, database and link; doors that obey, people who never tire.

The link alone is on trial here, so the hardware is the shortest that makes receipts: a pulse opens the door
and a hand shuts it. What is due is counted by the people themselves, not read from the journal.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path
from random import Random
from time import monotonic
from typing import NoReturn, Self, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from immutables import Map

from locker.db.migrate import ensure_current
from locker.db.session import Database
from locker.domain.automat import Automat, Decision
from locker.domain.codes import CodeKey
from locker.domain.compartments import Fixture
from locker.domain.events import Door, DoorSeen, Event, Key, KeyPressed, PulseSent, Started
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind, SealedEntry
from locker.domain.keypad import Keypad
from locker.domain.messages import Message
from locker.domain.parcels import ParcelState
from locker.domain.rules import Identity, Rules
from locker.domain.times import Now, Trust
from locker.engine import Engine
from locker.sync.link import Link
from locker.sync.outbox import JournalPosition, OutboxRules
from locker.sync.report import state_of
from locker.sync.settings import LinkSettings
from simulator.backoffice.keys import Enrolment, SigningKey
from simulator.backoffice.ledger import Row
from simulator.backoffice.office import BackOffice, Conduct
from tests.crash.rounds import Outcome

AUTOMAT_ID = "automat-1"
COURIER_CODE = "70007777"
STEP_LIMIT_S = 30.0
FIRST_LIMIT_S = 60.0
DRAIN_LIMIT_S = 60.0
PAUSE_S = 0.3
AHEAD = 40
"""Parcels that are announced before anybody brings them: the automat has work while it is cut off."""

IMPATIENT = OutboxRules(resend_after_s=1.0, resend_most_s=3.0, missing_again_s=0.3)

Result = TypeVar("Result")
MakeLink = Callable[..., Link]


class RealTime:
    """Both clocks, from this machine, always trusted."""

    recheck_s = 1.0

    def now(self) -> Now:
        """Read both clocks."""
        return Now(datetime.now(UTC), Trust.TRUSTED, monotonic())


class Obliging:
    """Doors that open at the first pulse and are shut by a hand at once; a display that nobody waits for."""

    def __init__(self) -> None:
        self.shown = ""
        self.pulses: asyncio.Queue[tuple[str, int]] = asyncio.Queue()

    def unlock(self, compartment: str, number: int) -> None:
        """Pulse."""
        self.pulses.put_nowait((compartment, number))

    def try_lock(self, compartment: str, number: int) -> None:
        """Nobody commissions here."""

    def stop_trying(self) -> None:
        """Nobody commissions here."""

    def show(self, keypad: str, message: Message) -> None:
        """Keep it for whoever asks what went wrong."""
        self.shown = f"{keypad}: {message.text}"

    def sound(self, keypad: str, tone: Tone) -> None:
        """Nobody listens."""

    def tick(self, keypad: str, *, on: bool) -> None:
        """Nobody listens."""

    def lamp_test(self, keypad: str, *, display: bool, sounder: bool) -> None:
        """Nobody looks."""

    async def attend(self, post: Callable[[Event], Awaitable[None]]) -> None:
        """Do what latches, doors and hands do, for ever."""
        while True:
            compartment, number = await self.pulses.get()
            for event in (
                PulseSent(compartment, number),
                DoorSeen(compartment, Door.OPEN),
                DoorSeen(compartment, Door.SHUT),
            ):
                await post(event)


@dataclass
class Done:
    """What was really done, as the people saw it."""

    handed_over: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    pickups_s: list[float] = field(default_factory=list)


class LiveAutomat:
    """Use as a context; `work` is the people, `drain` what must be true in the end."""

    def __init__(
        self,
        directory: Path,
        host: str,
        port: int,
        *,
        broker_port: int | None = None,
        dice: Random,
        make_link: MakeLink = Link,
        **settings: object,
    ) -> None:
        """Describe it; the back office uses `broker_port` where the automat's way leads over something."""
        self._directory, self._dice, self._make_link = directory, dice, make_link
        self._host, self._port, self._broker_port = host, port, broker_port or port
        self._settings = settings
        self.done = Done()
        self.database: Database
        self.engine: Engine
        self.link: Link
        self.office: BackOffice
        self._stack = AsyncExitStack()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._kinds: dict[tuple[str, str | None], int] = {}
        self._newest: deque[str] = deque(maxlen=8)
        self._tasks: list[asyncio.Task[None]] = []
        self._number = self._sent = 0
        self._enrolment: Enrolment
        self._signing = SigningKey.generate()
        self._office_open = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Open the database, start engine, doors, link and back office."""
        self._stack.callback(self._writer.shutdown)
        path = self._directory / "automat.db"
        ensure_current(path)
        self.database = Database.open(path)
        self._stack.callback(self.database.close)
        private, code_key = Ed25519PrivateKey.generate(), bytes(range(32))
        head = self.database.begin_epoch(1)
        fixtures = {str(n): Fixture(str(n), "S", 380, 140, 600, row=n) for n in range(1, 13)}
        blank = Automat(
            Identity(AUTOMAT_ID, "Kauppatori 1", "0200 71000"),
            Rules(reopen_window_s=0.5),
            CodeKey(code_key),
            Map({"front": Keypad("front")}),
            epoch=1,
        )
        self._clock, self._hardware = RealTime(), Obliging()
        self.engine = Engine(
            self.database.load(blank, fixtures).automat,
            head,
            clock=self._clock,
            hardware=self._hardware,
            ledger=self.database,
            sign=private.sign,
            run_blocking=self._in_writer,
        )
        self.engine.watch(self._note)
        self._enrolment = Enrolment(AUTOMAT_ID, private.public_key(), code_key)
        await self.open_office()
        self._stack.push_async_callback(self.close_office)
        self.link = self._linked(self._signing.public_key)
        await self.engine.take(Started(dict.fromkeys(fixtures, Door.SHUT)))
        self._stack.push_async_callback(self._end_tasks)
        for part in (self.engine.run(), self._hardware.attend(self.engine.post), self.link.run()):
            self._tasks.append(asyncio.ensure_future(part))
        return self

    async def __aexit__(self, *_error: object) -> None:
        """End everything."""
        await self._stack.aclose()

    # -- people

    @asynccontextmanager
    async def people(self) -> AsyncIterator[None]:
        """Let people announce, deliver and collect during a block; whatever ended them is raised."""
        working = asyncio.create_task(self._work(), name="people")
        self._tasks.append(working)
        try:
            await self.until(
                lambda: len(self.engine.automat.parcels) >= AHEAD, "the first announcements", FIRST_LIMIT_S
            )
            yield
        finally:
            self._tasks.remove(working)
            working.cancel()
            (ended,) = await asyncio.gather(working, return_exceptions=True)
        if not isinstance(ended, asyncio.CancelledError):
            raise ended

    async def _work(self) -> NoReturn:
        self.done.commands.append(await self.office.authorise_courier("c-1", code=COURIER_CODE))
        async with asyncio.TaskGroup() as group:
            codes: asyncio.Queue[tuple[str, str]] = asyncio.Queue(AHEAD)
            group.create_task(self._announce(codes))
            await self.until(lambda: len(self.engine.automat.credentials) == 1, "the courier's right", None)
            while True:
                tracking_id, code = await codes.get()
                await self.until(partial(self._is_announced, tracking_id), "the parcel", None)
                await self._deliver(tracking_id)
                await self._collect(tracking_id, code)
                await asyncio.sleep(self._dice.random() * PAUSE_S)

    @property
    def expects_parcels(self) -> bool:
        """Whether a parcel is announced that nobody has brought yet."""
        return any(parcel.state is ParcelState.ANNOUNCED for parcel in self.engine.automat.parcels.values())

    @property
    def knows_all_parcels(self) -> bool:
        """Whether every announcement has come: people go on for a while without a back office then."""
        return all(self._is_announced(_tracking_id(number)) for number in range(1, self._number + 1))

    def _is_announced(self, tracking_id: str) -> bool:
        return tracking_id in self.engine.automat.parcels

    async def _announce(self, codes: "asyncio.Queue[tuple[str, str]]") -> None:
        while True:
            await self._office_open.wait()
            self._number += 1
            tracking_id, code = _tracking_id(self._number), f"{self._number:09d}"
            self.done.commands.append(await self.office.announce(tracking_id, "S", code=code))
            await codes.put((tracking_id, code))

    async def _deliver(self, tracking_id: str) -> None:
        await self._press(f"C {COURIER_CODE} OK {tracking_id[-8:]} OK")
        await self.seen(EntryKind.DOOR_CLOSED, tracking_id, 1)
        await self._press("OK C")
        await self.seen(EntryKind.PARCEL_STORED, tracking_id, 1)
        self.done.stored.append(tracking_id)

    async def _collect(self, tracking_id: str, code: str) -> None:
        began_s = monotonic()
        await self._press(f"C {code} OK")
        await self.seen(EntryKind.PARCEL_HANDED_OVER, tracking_id, 1)
        self.done.pickups_s.append(monotonic() - began_s)
        self.done.handed_over.append(tracking_id)

    async def _press(self, keys: str) -> None:
        for word in keys.split():
            for key in [word] if word in ("C", "OK") else word:
                await self.engine.ask(KeyPressed("front", Key(key)))

    # -- the back office

    @property
    def office_open(self) -> bool:
        """Whether there is a back office now."""
        return self._office_open.is_set()

    async def open_office(self) -> None:
        """Open the back office over its ledger."""
        self.office = BackOffice(
            [self._enrolment],
            host=self._host,
            port=self._broker_port,
            ledger_file=self._directory / "ledger.db",
            signing_key=self._signing,
            conduct=Conduct(repeat_commands_after_s=0.5),
        )
        await self.office.start()
        self._office_open.set()

    async def close_office(self) -> None:
        """Let the back office fail: what it had received and not committed is gone."""
        self._office_open.clear()
        await self.office.stop()

    # -- waiting

    async def seen(self, kind: EntryKind, subject: str | None, count: int) -> None:
        """Wait until the journal has so many entries of a kind about a parcel."""
        key = (str(kind), subject)
        await self.until(lambda: self._kinds.get(key, 0) >= count, f"{kind} of {subject}")

    async def until(
        self, predicate: Callable[[], bool], what: str, limit_s: float | None = STEP_LIMIT_S
    ) -> None:
        """Wait until something is true; TimeoutError, or whatever ended a part, says what it was."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((predicate, waiting))
        self._look()
        try:
            async with asyncio.timeout(limit_s):
                await waiting
        except TimeoutError as error:
            told = f"the display shows {self._hardware.shown!r}; last: {', '.join(self._newest)}"
            raise TimeoutError(f"after {limit_s:g} s still waiting for {what}; {told}") from error
        finally:
            waiting.cancel()

    async def drain(self, limit_s: float) -> None:
        """Wait until every entry is acknowledged and every command has had its effect; TimeoutError."""
        await self.until(self._drained, "an empty outbox", limit_s)
        await self.office.until(
            lambda office: not office.ledger.pending(), limit_s, "an outcome of every command"
        )
        await self.until(self._drained, "an empty outbox", limit_s)

    def _drained(self) -> bool:
        return self.engine.automat.facts.acknowledged_through == self.engine.head.sequence

    # -- what must be true

    async def judge(self, outcome: Outcome, limit_s: float = DRAIN_LIMIT_S) -> None:
        """Let everything drain, then note what is wrong and how much there was."""
        try:
            await self.drain(limit_s)
        except TimeoutError as error:
            outcome.findings.append(str(error))
        outcome.findings += await self.findings()
        outcome.ran.update(
            entries=self.engine.head.sequence,
            receipts=len(self.done.handed_over),
            commands=len(self.done.commands),
            sent_again=self._sent - self.engine.head.sequence,
            received_again=self.office.ledger.duplicates(AUTOMAT_ID),
        )

    async def findings(self) -> list[str]:
        """Compare ledger, journal and what was really done; nothing is as it should be."""
        journal = await self._in_writer(lambda: self.database.payloads(1, 1, self.engine.head.sequence))
        rows = list(self.office.ledger.rows(AUTOMAT_ID))
        return [
            *_compared([row.payload for row in rows], journal),
            *(f"entry {row.sequence}: {row.fault}" for row in rows if row.fault is not None),
            *(f"a fork at {number}: {why}" for number, why in self.office.ledger.forks(AUTOMAT_ID, 1)),
            *(f"an entry that proves nothing: {each}" for each in self.office.unproven),
            *_each_once("receipts of", self.done.handed_over, _subjects(rows, "automat.parcel.handed-over")),
            *_each_once("deposits of", self.done.stored, _subjects(rows, "automat.parcel.stored")),
            *_each_once(
                "effects of command",
                self.done.commands,
                [str(row.data.get("id")) for row in rows if row.type == "automat.command.applied"],
            ),
        ]

    # -- inside

    def _linked(self, command_key: Ed25519PublicKey) -> Link:
        values: dict[str, object] = {
            "automat_id": AUTOMAT_ID,
            "host": self._host,
            "port": self._port,
            "command_key": command_key,
            "first_connect_within_s": 0.0,
            "retry_first_s": 0.05,
            "retry_most_s": 0.2,
            "connect_limit_s": 2.0,
            "acknowledge_every_s": 0.05,
            "state_every_s": 0.2,
            "outbox": IMPATIENT,
            **self._settings,
        }
        return self._make_link(
            LinkSettings(**values),  # type: ignore[arg-type]  # names and types are those of the dataclass
            post=self.engine.post,
            payloads=self._payloads,
            position=self._position,
            state=lambda: state_of(
                self.engine.automat, self.engine.head, self._clock.now(), connected=self.link.connected
            ),
            dice=self._dice.random,
            on_change=lambda _connected: self._look(),
        )

    def _note(self, decision: Decision, entries: Sequence[SealedEntry]) -> None:
        for entry in entries:
            key = (str(entry.kind), entry.subject)
            self._kinds[key] = self._kinds.get(key, 0) + 1
            self._newest.append(f"{entry.kind} of {entry.subject}")
        if decision.durable:
            self.link.wake()
        self._look()

    def _look(self) -> None:
        broken = next((task for task in self._tasks if task.done() and not task.cancelled()), None)
        self._waiting = [(true, waiting) for true, waiting in self._waiting if not waiting.done()]
        for true, waiting in self._waiting:
            if broken is not None:
                waiting.set_exception(broken.exception() or RuntimeError(f"{broken.get_name()} has ended"))
            elif true():
                waiting.set_result(None)

    async def _payloads(self, epoch: int, first: int, most: int) -> list[bytes]:
        self._sent += most
        return await self._in_writer(lambda: self.database.payloads(epoch, first, most))

    def _position(self) -> JournalPosition:
        facts = self.engine.automat.facts
        return JournalPosition(
            self.engine.head.epoch,
            self.engine.head.sequence,
            facts.acknowledged_through,
            facts.pruned_through,
        )

    async def _in_writer(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _tracking_id(number: int) -> str:
    return f"JJFI{number:017d}"


def _compared(ledger: Sequence[bytes], journal: Sequence[bytes]) -> Iterator[str]:
    """Name the first entry in which two histories differ."""
    for number, (theirs, ours) in enumerate(zip_longest(ledger, journal), start=1):
        if theirs != ours:
            yield (
                f"place {number}: the ledger ({len(ledger)} entries) has {theirs!r},"
                f" the journal ({len(journal)} entries) {ours!r}"
            )
            return


def _each_once(what: str, due: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    counts = Counter(found)
    for one in dict.fromkeys((*due, *found)):
        if counts[one] != 1:
            yield f"{what} {one}: {counts[one]} in the ledger"


def _subjects(rows: Iterable[Row], kind: str) -> list[str]:
    return [row.subject or "" for row in rows if row.type == kind]
