"""One automat in one process: the daemon itself, hardware, broker and back office, all in virtual time.

Its power can be cut at any moment: the files stay as they were, whatever the old daemon still does goes to
wires that end nowhere.
"""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal, Self, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from locker.config import Config, load
from locker.daemon import Daemon
from locker.db.migrate import ensure_current
from locker.domain.automat import Automat, Decision
from locker.domain.journal import SealedEntry
from locker.edges import Edges
from locker.engine import Watcher
from locker.hardware.edges import WireEdges
from locker.keys import initialise
from locker.sync import connection as sync
from locker.sync.settings import LinkSettings
from simulator.automat import SimulatedAutomat
from simulator.backoffice import connection as office
from simulator.backoffice.keys import Enrolment, SigningKey
from simulator.backoffice.office import BackOffice
from simulator.configuration import Place, write_configuration
from simulator.events import Beeped, DisplayChanged, KeyPressed, LabelScanned, SimulatorEvent, WireBytes
from simulator.plan import CabinetPlan
from simulator.week.broker import WeekBroker
from simulator.week.clocks import TrueTime, WeekClock
from simulator.week.trace import Trace
from simulator.week.wires import Wires

PLENTY_BYTES = 1 << 40
DISK_LOOK_S = 900.0
OFFICE_LOOK_S = 300.0
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
    ) -> None:
        self.plan = plan
        self.trace = trace
        self.dice = dice
        self._heartbeat_s = heartbeat_s
        self._language = language
        self.truth = TrueTime(begins_at)
        self.wires = Wires()
        self.place = Place(directory)
        self.broker = WeekBroker(random.Random(dice.getrandbits(64)), lambda what: trace.add("broker", what))
        self.automat = SimulatedAutomat(
            plan, directory=Path("/null-modems"), seed=dice.getrandbits(32), plug_in=self.wires.plug_in
        )
        self.office: BackOffice
        self.free_bytes = PLENTY_BYTES
        self.starts = 0
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
            rules=None if self._heartbeat_s is None else {"heartbeat_s": self._heartbeat_s},
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
        edges = Edges(
            wires=WireEdges(self.wires.open, self.wires.rest),
            connect=self._connect_automat,
            clock=lambda _, powered_s: WeekClock(self.truth, powered_s),
            dice=random.Random(self.dice.getrandbits(64)).random,
            free_bytes=lambda _: self.free_bytes,
            disk_look_s=DISK_LOOK_S,
            ending_signals=(),
            watcher=self._watcher(),
        )
        async with AsyncExitStack() as stack:
            daemon = Daemon(self._config, stack, edges)
            await daemon.start()
            if not up.done():
                self._daemon = daemon
                up.set_result(None)
            await daemon.run()

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
