"""One automat in one process: the daemon itself, hardware, broker and back office, all in virtual time.

Its power can be cut at any moment: the files stay as they were, whatever the old daemon still does goes to
wires that end nowhere.
"""

import asyncio
import random
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal, Self, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from locker.api.listening import Peer
from locker.config import Config, load
from locker.daemon import Daemon
from locker.db.errors import DatabaseFailed, DiskFull
from locker.db.migrate import ensure_current
from locker.domain.automat import Automat, Decision
from locker.domain.journal import SealedEntry
from locker.edges import Edges
from locker.engine import Watcher
from locker.hardware.edges import WireEdges
from locker.keys import initialise
from locker.safe_mode import serve_nobody
from locker.starts import Starts
from locker.sync import connection as sync
from locker.sync.settings import LinkSettings
from simulator.automat import SimulatedAutomat
from simulator.backoffice import connection as office
from simulator.backoffice.keys import Enrolment, SigningKey
from simulator.backoffice.office import BackOffice
from simulator.configuration import Place, Value, write_configuration
from simulator.events import Beeped, DisplayChanged, KeyPressed, LabelScanned, SimulatorEvent, WireBytes
from simulator.plan import CabinetPlan
from simulator.week.broker import WeekBroker
from simulator.week.clocks import TrueTime, WeekClock
from simulator.week.disk import Disk
from simulator.week.trace import Trace
from simulator.week.wires import Wires

SOMEBODY = Peer(1, 0, 0)
"""Who asks at the socket is the same on every machine: there is a user 0, and it is called root."""
STARTS_MOST = 5
RESTART_S = 2.0
"""How soon systemd starts the daemon again that has ended."""
DISK_LOOK_S = 900.0
OFFICE_LOOK_S = 300.0
OFFICE_RETRY_MOST_S = 60.0
HEARTBEAT_S = 600.0
START_LIMIT_S = 120.0


class DaemonDiedError(AssertionError):
    """The daemon ended without having been told to."""


class Stand:
    """Enter it to have everything but power; `power_on` starts the daemon, `power_cut` ends it at once."""

    def __init__(
        self,
        directory: Path,
        plan: CabinetPlan,
        dice: random.Random,
        begins_at: datetime,
        trace: Trace,
        heartbeat_s: float | None = HEARTBEAT_S,
        language: str = "en",
        rules: Mapping[str, Value] | None = None,
    ) -> None:
        self.plan = plan
        self.trace = trace
        self.dice = dice
        self._rules = dict(rules or {})
        if heartbeat_s is not None:
            self._rules["heartbeat_s"] = heartbeat_s
        self._language = language
        self.truth = TrueTime(begins_at)
        self.wires = Wires()
        self.place = Place(directory)
        self.broker = WeekBroker(random.Random(dice.getrandbits(64)), lambda what: trace.add("broker", what))
        self.automat = SimulatedAutomat(
            plan, directory=Path("/null-modems"), seed=dice.getrandbits(32), plug_in=self.wires.plug_in
        )
        self.office: BackOffice
        self.disk = Disk(place_of_reserve(self.place))
        self.starts = 0
        self.ended_on_purpose = 0
        self.stays_in_safe_mode = 0
        self.before_start: Callable[[], None] = lambda: None
        """Called before each start of the daemon, when nobody has its files open."""
        self.on_served: Callable[[], None] = lambda: None
        """Called when the daemon has taken its start, each time."""
        self._alive = 0
        self.watchers: list[Watcher] = []
        self._config: Config
        self._enrolment: Enrolment
        self._signing: SigningKey
        self._daemon: Daemon | None = None
        self._running: asyncio.Task[None] | None = None
        self._dying: asyncio.Task[None] | None = None
        self._kept: dict[Path, bytes] = {}
        self._stack = AsyncExitStack()

    # -- life

    async def __aenter__(self) -> Self:
        """Make keys and a blank database, plug everything in, open the back office."""
        place, dice = self.place, self.dice
        place.directory.mkdir(parents=True, exist_ok=True)
        signing = SigningKey(Ed25519PrivateKey.from_private_bytes(dice.randbytes(32)))
        signing.write_public(place.command_key)
        write_configuration(
            self.plan,
            place,
            port_of={name: self.automat.address(name) for name in self.plan.ports()},
            broker=("127.0.0.1", 1883, "5"),
            languages=(self._language,),
            rules=self._rules,
            starts=STARTS_MOST,
        )
        place.steering.write_bytes(bytes(24))  # the configuration wants it there; these clocks need none
        enrolment = initialise(place.keys, self.plan.automat_id, entropy=dice.randbytes)
        _blank_database(place.database)
        self._config = load(place.configuration)
        self._enrolment, self._signing = Enrolment.read(enrolment), signing
        self.office = self._make_office()
        self.automat.subscribe(self._hardware)
        await self.automat.start()
        self._stack.push_async_callback(self.automat.stop)
        await self.office.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End everything."""
        self.power_cut()
        await self._buried()
        await self.office.stop()
        await self._stack.aclose()

    @property
    def is_on(self) -> bool:
        """Whether a daemon runs."""
        return self._running is not None

    @property
    def is_served(self) -> bool:
        """Whether a daemon runs and has taken its start."""
        return self._daemon is not None and self._running is not None

    @property
    def daemon(self) -> Daemon:
        """The daemon that serves now."""
        if self._daemon is None:
            raise DaemonDiedError("no daemon serves")
        return self._daemon

    @property
    def state(self) -> Automat:
        """What the daemon believes."""
        return self.daemon.engine.automat

    async def power_on(self) -> None:
        """Start the daemon; returns when it serves. DaemonDiedError if it does not."""
        await self._buried()
        self.starts += 1
        self._alive = self.starts
        self.trace.add("power", "on")
        up = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._live(up), name=f"daemon {self.starts}")
        async with asyncio.timeout(START_LIMIT_S):
            await asyncio.wait({up, self._running}, return_when=asyncio.FIRST_COMPLETED)
        if not up.done():
            up.cancel()
            self.check()

    def power_cut(self) -> None:
        """Cut the power at this very moment; what was not durable is lost."""
        if self._running is None:
            return
        self.trace.add("power", "cut")
        self._alive = 0
        self.wires.sever()
        self.broker.cut(_automat_client(self.plan.automat_id))
        files = (self.place.database, self._log)
        self._kept = {file: file.read_bytes() for file in files if file.exists()}
        self._running.cancel()
        self._dying, self._running, self._daemon = self._running, None, None

    async def stop(self) -> None:
        """Ask the daemon to end, as systemd does."""
        if self._daemon is not None and self._running is not None:
            self.trace.add("power", "stop")
            self._daemon.stop()
            ending, self._running, self._daemon = self._running, None, None
            await ending

    def check(self) -> None:
        """Raise DaemonDiedError if the daemon ended by itself."""
        if self._running is not None and self._running.done():
            ended, self._running, self._daemon = self._running, None, None
            problem = ended.exception()
            raise DaemonDiedError(f"the daemon ended by itself: {problem!r}") from problem

    def committed_after(self, epoch: int, sequence: int) -> list[SealedEntry]:
        """Return the entries that the file holds behind one, while nobody has it open."""
        with tempfile.TemporaryDirectory(dir=self.place.directory) as where:
            for file in (self.place.database, self._log):
                if file.exists():
                    shutil.copy(file, where)
            with closing(sqlite3.connect(Path(where) / self.place.database.name)) as db:
                rows = db.execute(
                    "SELECT epoch, sequence, kind, subject, at, hash, payload FROM journal "
                    "WHERE (epoch, sequence) > (?, ?) ORDER BY epoch, sequence",
                    (epoch, sequence),
                )
                return [
                    SealedEntry(epoch, number, kind, subject, datetime.fromisoformat(at), hashed, payload)
                    for epoch, number, kind, subject, at, hashed, payload in rows
                ]

    # -- the back office

    def back_up_office(self) -> bytes:
        """Return a copy of the ledger as it is now."""
        with closing(sqlite3.connect(self._ledger)) as source:
            return source.serialize()

    async def restore_office(self, backup: bytes) -> None:
        """Put a copy in the ledger's place: the back office has forgotten what came since."""
        self.trace.add("office", "restored from a copy")
        conduct = self.office.conduct
        await self.office.stop()
        for file in self._ledger.parent.glob(f"{self._ledger.name}-*"):
            file.unlink()
        self._ledger.write_bytes(backup)
        self.office = self._make_office()
        self.office.conduct = conduct
        await self.office.start()

    @property
    def _ledger(self) -> Path:
        return self.place.directory / "ledger.db"

    def _make_office(self) -> BackOffice:
        return BackOffice(
            [self._enrolment],
            host="",
            port=0,
            ledger_file=self._ledger,
            signing_key=self._signing,
            clock=self.truth.at,
            dice=random.Random(self.dice.getrandbits(64)),
            connect=cast("office.Connect", self._connect_office),
            look_s=OFFICE_LOOK_S,
            retry_most_s=OFFICE_RETRY_MOST_S,
        )

    # -- parts

    @property
    def _log(self) -> Path:
        return self.place.database.with_name(f"{self.place.database.name}-wal")

    async def _buried(self) -> None:
        """Wait for the old daemon's end; then the files are what they were when the power went."""
        dying, self._dying = self._dying, None
        if dying is None:
            return
        with suppress(asyncio.CancelledError, Exception):
            await dying
        for file in (self.place.database, self._log, self._log.with_name(f"{self.place.database.name}-shm")):
            file.unlink(missing_ok=True)
        for file, content in self._kept.items():
            file.write_bytes(content)

    async def _live(self, up: "asyncio.Future[None]") -> None:
        """Be systemd: start it, and again when it ended as it should; raise what it may not end of."""
        limit = self._config.safe_mode
        loop, boot = asyncio.get_running_loop(), f"boot {self.starts}"
        while True:
            starts = Starts(self._config.starts, limit.starts, limit.within_s, boot_s=loop.time, boot=boot)
            strikes = self.disk.strikes
            try:
                if starts.begin():
                    await self._serve(starts, up)
                    starts.forgive()
                    return
                await self._serve_nobody(starts, up)
            except Exception as problem:
                if not _is_of_the_disk(problem) or self.disk.strikes == strikes:
                    raise
                # Where the files lie is another place in each run, and it would be in the journal.
                starts.fail(_told(problem).replace(str(self.place.directory), ""))
                self.ended_on_purpose += 1
                self.trace.add("disk", "the daemon ended on purpose")
            self._daemon = None
            await asyncio.sleep(RESTART_S)

    async def _serve(self, starts: Starts, up: "asyncio.Future[None]") -> None:
        self.before_start()
        async with AsyncExitStack() as stack:
            daemon = Daemon(self._config, stack, self._edges(), after=starts.episode)
            await daemon.start()
            starts.told()
            self._daemon = daemon
            self.on_served()
            if not up.done():
                up.set_result(None)
            await daemon.run()

    async def _serve_nobody(self, starts: Starts, up: "asyncio.Future[None]") -> None:
        self.stays_in_safe_mode += 1
        self.trace.add("disk", "safe mode")
        if not up.done():
            up.set_result(None)
        detail = starts.told_of_loop()
        starts.enter("crash-loop", detail)
        await serve_nobody(self._config, starts, "crash-loop", detail, self._edges())

    def _edges(self) -> Edges:
        return Edges(
            wires=WireEdges(self.wires.open, self.wires.rest, self.wires.linger),
            connect=self._connect_automat,
            clock=lambda _, powered_s: WeekClock(self.truth, powered_s),
            dice=random.Random(self.dice.getrandbits(64)).random,
            free_bytes=lambda _: self.disk.free_bytes,
            open_file=self.disk.open_file,
            peer_of=lambda _: SOMEBODY,
            disk_look_s=DISK_LOOK_S,
            ending_signals=(),
            watcher=self._watcher(),
        )

    def _watcher(self) -> Watcher:
        life = self.starts

        def watch(decision: Decision, entries: Sequence[SealedEntry]) -> None:
            if life != self._alive:
                return  # it is dead and does not know it
            for watcher in tuple(self.watchers):
                watcher(decision, entries)

        return watch

    @asynccontextmanager
    async def _connect_automat(self, settings: LinkSettings, _tls: object) -> AsyncIterator[sync.Connection]:
        async with self.broker.connect(settings.client_id, will_of=settings.automat_id) as connection:
            yield cast("sync.Connection", connection)

    def _connect_office(
        self, _host: str, _port: int, *, client_id: str, protocol: Literal["5", "3.1.1"]
    ) -> AbstractAsyncContextManager[object]:
        del protocol
        return self.broker.connect(client_id)

    def _hardware(self, event: SimulatorEvent) -> None:
        if isinstance(event, WireBytes):
            return
        if not isinstance(event, DisplayChanged | Beeped | KeyPressed | LabelScanned):
            self.wires.stir()  # what a board reads may be another now
        self.trace.add("world", repr(event))


def place_of_reserve(place: Place) -> Path:
    """Return where the daemon keeps its reserve, as its configuration has it."""
    return place.database.with_name("ballast")


def _is_of_the_disk(problem: BaseException) -> bool:
    """Whether it says that the disk was full, or failed, and nothing else."""
    if isinstance(problem, BaseExceptionGroup):
        return all(map(_is_of_the_disk, problem.exceptions))
    return isinstance(problem, DatabaseFailed | DiskFull)


def _told(problem: BaseException) -> str:
    """Return what the daemon itself notes of its end."""
    if isinstance(problem, BaseExceptionGroup):
        return "; ".join(map(_told, problem.exceptions))
    return str(problem)


def _automat_client(automat_id: str) -> str:
    return LinkSettings(automat_id, "127.0.0.1", 1883).client_id


_BLANK: dict[str, bytes] = {}
"""The blank database of this version, made once a process."""


def _blank_database(path: Path) -> None:
    if not _BLANK:
        ensure_current(path)
        _BLANK["db"] = path.read_bytes()
        for other in path.parent.glob(f"{path.name}-*"):
            other.unlink()
    path.write_bytes(_BLANK["db"])
