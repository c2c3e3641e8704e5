"""OK key to the last byte of the unlock frame on the pty, the durable intent between them included.

Real: engine, translation, drivers, serial library on ptys, signed entries, database with its writer's thread,
and the local API that takes note of every decision, all as in the daemon. Played by another process: keypad,
board, display (`bench.player`). Not here: the link, for which a decision sets two flags.

The floor does the same with bare hands: read a byte from a pty, write the very rows of the same decision with
sqlite3 and the same pragmas, write five bytes to a pty.
"""

import asyncio
import os
import random
import shutil
import sqlite3
import sys
import tty
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from itertools import islice, permutations
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import automats, player
from bench.disk import Disk
from bench.figures import Figure, Goal, NotMeasured, Pairs
from bench.player import CHANNELS
from locker.api.server import ApiServer
from locker.api.stream import EventStream
from locker.clock import SystemClock
from locker.db.migrate import ensure_current
from locker.db.records import record_of
from locker.db.session import PRAGMAS, Database
from locker.db.statements import compile_statements
from locker.domain.automat import Decision, Forgotten, Pruned
from locker.domain.codes import Code
from locker.domain.compartments import Compartment
from locker.domain.events import Door, Started
from locker.domain.intents import Unlock
from locker.domain.journal import SealedEntry
from locker.domain.keypad import PickingUp
from locker.domain.parcels import Parcel, ParcelState
from locker.engine import Engine
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DisplaySpec, DoorSpec, KeypadSpec, PortSpec, Wiring
from locker.words import pages

AUTOMAT = "bench-opening"
ENDS = ("keypad", "board", "display", "floor-in", "floor-out")
LIMIT_S = 10.0

Result = TypeVar("Result")
Step = tuple[str, tuple[Any, ...]]


class Rig:
    """One automat with a parcel behind every door, the player in front of it, and the floor beside it."""

    def __init__(self, directory: Path, stack: AsyncExitStack, fsync_s: float) -> None:
        """Name the parts; `start` makes them. Without a delay nothing listens to SQLite at all."""
        self._directory = directory
        self._stack = stack
        self._disk = Disk(fsync_s) if fsync_s else None
        self._raw_disk = Disk(fsync_s) if fsync_s else None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._key = Ed25519PrivateKey.generate()
        self._clock = SystemClock(directory / "powered-time", 0.0)
        self._near: dict[str, int] = {}
        self._commits_before = 0
        self._decided = asyncio.Event()
        self._statements = compile_statements()
        self._unlocking: tuple[Decision, Sequence[SealedEntry]] | None = None
        self.commits_of_unlocks: list[int] = []
        self.stream = EventStream()

    async def start(self) -> None:
        """Make the database and its copy for the floor, the ptys and their player, and the automat."""
        path = self._directory / "automat.db"
        self._stock(path)
        raw_path = self._directory / "raw.db"
        shutil.copy(path, raw_path)
        await self._start_player()
        self._raw = self._stack.enter_context(closing(sqlite3.connect(raw_path, isolation_level=None)))
        for pragma in PRAGMAS:
            self._raw.execute(pragma).fetchall()
        if self._raw_disk is not None:
            self._raw_disk.attach(self._raw)
        if self._disk is not None:
            self._stack.enter_context(self._disk)
        database = Database.open(path)
        self._stack.callback(database.close)
        self._stack.callback(self._writer.shutdown)
        boxes = automats.fixtures(CHANNELS)
        hardware = LockerHardware(
            self._wiring(), render=lambda m: pages(m, ("fi", "sv", "en")), post=self._post
        )
        self._stack.push_async_callback(hardware.stop)
        self.engine = Engine(
            database.load(automats.blank(AUTOMAT), boxes).automat,
            database.begin_epoch(automats.EPOCH),
            clock=self._clock,
            hardware=hardware,
            ledger=database,
            sign=self._key.sign,
            run_blocking=self._in_writer,
        )
        self.api = self._make_api(database)
        self.engine.watch(self.api.note)
        self.engine.watch(self._note)
        doors = await hardware.start()
        if set(doors.values()) != {Door.SHUT}:
            raise NotMeasured(f"the played board did not answer: {doors}")
        await self.engine.take(Started(doors))
        running = asyncio.create_task(self.engine.run(), name="engine")
        self._stack.push_async_callback(_end, running)

    async def pick_up(self, number: int, pause_ms: float) -> float:
        """Collect a parcel with its code; return the milliseconds from OK to the unlock frame."""
        took_ms = await self._ask(f"pickup {_code(number)} {pause_ms:.3f}")
        async with asyncio.timeout(LIMIT_S):
            while self._busy():
                self._decided.clear()
                await self._decided.wait()
        return took_ms

    async def touch_floor(self) -> float:
        """Do the same with bare hands, blocking the loop; return milliseconds."""
        steps, connection = self.steps(), self._raw
        asking = asyncio.ensure_future(self._ask("floor"))
        await asyncio.sleep(0)  # the command is on its way
        os.read(self._near["floor-in"], 1)
        connection.execute("BEGIN IMMEDIATE")
        for text, parameters in steps:
            connection.execute(text, parameters)
        connection.execute("COMMIT")
        os.write(self._near["floor-out"], b"\x8a\x01\x01\x11\x9b")
        return await asking

    def steps(self) -> list[Step]:
        """Return the statements that wrote the last decision to unlock, ready to run."""
        if self._unlocking is None:
            raise NotMeasured("nothing was unlocked yet")
        decision, entries = self._unlocking
        steps: list[Step] = []
        for change in decision.changes:
            if isinstance(change, Forgotten):
                steps.append((self._statements.forget[change.what].text, (change.key,)))
            elif not isinstance(change, Pruned):  # an unlock deletes nothing of the journal
                put = self._statements.put[type(change)]
                steps.append((put.text, put.parameters(record_of(type(change)).to_row(change))))
        append, journal = self._statements.append, record_of(SealedEntry)
        return steps + [(append.text, append.parameters(journal.to_row(entry))) for entry in entries]

    # -- parts

    def _make_api(self, database: Database) -> ApiServer:
        def verify(_message: bytes, _signature: bytes) -> bool:
            return False  # nobody asks here

        return ApiServer(
            self._directory / "unused.sock",
            automat=lambda: self.engine.automat,
            head=lambda: self.engine.head,
            entries=lambda *which: self._in_writer(lambda: database.entries(*which)),
            entries_about=lambda *which: self._in_writer(lambda: database.entries_about(*which)),
            verify=verify,
            link_connected=lambda: False,
            now=self._clock.now,
            ask=self.engine.ask,
            stream=self.stream,
        )

    def _stock(self, path: Path) -> None:
        ensure_current(path)
        database = Database.open(path)
        at = datetime.now(UTC)
        try:
            database.begin_epoch(automats.EPOCH)
            for number, (label, box) in enumerate(automats.fixtures(CHANNELS).items(), 1):
                parcel = Parcel(
                    automats.tracking_id(number),
                    "S",
                    ParcelState.STORED,
                    code_tag=automats.CODE_KEY.tag(Code(_code(number))),
                    compartment=label,
                    deposited_at=at,
                    deadline_at=at + timedelta(days=7),
                )
                full = Compartment(box, door=Door.SHUT, tracking_id=parcel.tracking_id)
                database.commit((parcel, full), ())
        finally:
            database.close()

    async def _start_player(self) -> None:
        far: dict[str, int] = {}
        try:
            for end in ENDS:
                far[end], self._near[end] = os.openpty()
                tty.setraw(self._near[end])
                self._stack.callback(os.close, self._near[end])
            self._player = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                player.__file__,
                *(str(far[end]) for end in ENDS),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=tuple(far.values()),
            )
        finally:
            for descriptor in far.values():
                os.close(descriptor)
        self._stack.push_async_callback(self._end_player)

    async def _end_player(self) -> None:
        if self._player.stdin is not None:
            self._player.stdin.close()
        try:
            async with asyncio.timeout(LIMIT_S):
                await self._player.wait()
        except TimeoutError:
            self._player.kill()
            await self._player.wait()

    async def _ask(self, command: str) -> float:
        sent, heard = self._player.stdin, self._player.stdout
        if sent is None or heard is None:
            raise NotMeasured("the player has no pipes")
        sent.write(f"{command}\n".encode("ascii"))
        async with asyncio.timeout(LIMIT_S):
            line = await heard.readline()
        if not line or int(line) < 0:
            raise NotMeasured(f"no unlock frame came after {command}")
        return int(line) / 1e6

    def _wiring(self) -> Wiring:
        port = {end: PortSpec(os.ttyname(self._near[end]), 9600) for end in ENDS}
        return Wiring(
            lines={"locks": port["board"]},
            boards=[BoardSpec("A", "locks", "xor-bcc", {"address": 1, "channels": CHANNELS})],
            doors=[DoorSpec(str(n), "A", n) for n in range(1, CHANNELS + 1)],
            keypads=[KeypadSpec("front", port["keypad"], "serial-ascii", "front")],
            displays=[DisplaySpec("front", port["display"], "cd5220")],
        )

    async def _post(self, happened: Any) -> None:
        await self.engine.post(happened)

    async def _in_writer(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def _note(self, decision: Decision, entries: Sequence[SealedEntry]) -> None:
        if any(isinstance(intent, Unlock) for intent in decision.intents):
            self._unlocking = decision, entries
            if self._disk is not None:
                self.commits_of_unlocks.append(self._disk.commits - self._commits_before)
        if self._disk is not None:
            self._commits_before = self._disk.commits
        self._decided.set()

    def _busy(self) -> bool:
        automat = self.engine.automat
        return bool(automat.openings) or isinstance(automat.keypads["front"].flow, PickingUp)


async def measure(directory: Path, *, name: str, fsync_s: float, rounds: int, goal: Goal) -> Figure:
    """Measure so many pick-ups and floors in turn; the first of each automat warms up and does not count."""
    pairs = Pairs.none()
    dice = random.Random(2)
    commits: list[int] = []
    a_rig, rows = CHANNELS - 1, 0
    for done in range(0, rounds, a_rig):
        place = directory / f"{name}-{done}"
        place.mkdir()
        async with AsyncExitStack() as stack:
            rig = Rig(place, stack, fsync_s)
            await rig.start()
            for number in range(1, min(a_rig, rounds - done) + 2):
                value = await rig.pick_up(number, dice.uniform(20, 60))
                floor = await rig.touch_floor()
                if number > 1:
                    pairs.values.append(value)
                    pairs.floors.append(floor)
            commits += rig.commits_of_unlocks
            rows = len(rig.steps())
    notes = [f"{rows} rows in the transaction between OK and unlock, the same ones in the floor's"]
    if fsync_s:
        if set(commits) != {1}:
            raise NotMeasured(
                f"{name}: between OK and unlock there were {sorted(set(commits))} COMMITs, not 1"
            )
        notes.append(f"each COMMIT takes {fsync_s * 1000:g} ms longer, in value and floor alike")
        notes.append(
            f"COMMITs between OK and unlock: 1 in each of {len(commits)} openings, by SQLite's own trace"
        )
    return pairs.figure(name, goal, *notes)


def _code(number: int) -> str:
    """Make a code without a digit twice: the player types faster than the shortest bounce."""
    return "".join(next(islice(permutations("0123456789", 6), 2_000 * number, None)))


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and (problem := task.exception()) is not None:
        raise NotMeasured(f"the engine ended by itself: {problem!r}") from problem
