"""Puts the parts together and runs them until told to stop, or until one of them cannot go on."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import timedelta
from importlib.metadata import version
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from locker import systemd
from locker.api.exports import Signer
from locker.api.refusals import Refused
from locker.api.roles import Roles
from locker.api.server import ApiServer
from locker.blueprint import blank_automat, fixtures_of, wiring
from locker.clock import AnchoredClock
from locker.commissioning import CommissionDesk
from locker.config import Config
from locker.db.errors import (
    DatabaseError,
    DatabaseFailed,
    DatabaseInUse,
    DatabaseMissing,
    DatabaseRefused,
    DiskFull,
    OutdatedDatabase,
)
from locker.db.files import Claim, forget_backups, lost
from locker.db.migrate import check_current
from locker.db.session import Database
from locker.disk import Ballast, StorageWatch
from locker.domain.automat import Decision
from locker.domain.events import Event, Started, Stopping, StorageChanged
from locker.domain.flows import epochs
from locker.domain.journal import SealedEntry
from locker.domain.messages import Text
from locker.dumps import WireDumps
from locker.edges import Edges
from locker.engine import Engine
from locker.errors import ExitCode, KeysRefused
from locker.hardware.translation import LockerHardware
from locker.hardware.wire import HardwareWires
from locker.hardware.wiring_map import proved, read_map
from locker.keys import Keys, last_epoch, next_epoch
from locker.starts import Cause, Episode, Starts
from locker.sync.link import Link
from locker.sync.outbox import JournalPosition
from locker.sync.report import state_of
from locker.sync.settings import LinkSettings, Tls, is_loopback
from locker.words import pages

DISK_LOW_BYTES = 32 * 1024 * 1024
DISK_OK_BYTES = 64 * 1024 * 1024
BACKUPS_LOOK_S = 3600.0

Result = TypeVar("Result")

log = logging.getLogger(__name__)


def run(config: Config) -> int:
    """Run the daemon, or safe mode where it cannot go on; return its exit code."""
    database, limit = config.paths.database, config.safe_mode
    starts, begun = Starts(config.starts, limit.starts, limit.within_s, spare=config.spare_starts), False
    try:
        with suppress(DatabaseMissing, DatabaseFailed, DiskFull), Claim(database):
            pass  # a second daemon is refused before its start counts
        with _forgiven_when_asked_to_end(starts):
            begun = True
            if not starts.begin():
                return _run_safely(config, starts, "crash-loop", starts.told_of_loop())
            asyncio.run(_serve(config, starts))
    except DatabaseInUse as refusal:
        log.error("%s", refusal)
        if begun:  # somebody's shell has it, or damage that looks like it: neither may go on for ever unseen
            starts.fail(str(refusal))
        return ExitCode.DATABASE
    except DatabaseRefused as refusal:
        log.error("%s", refusal)
        starts.forgive()
        return _run_safely(config, starts, "database", str(refusal))
    except DatabaseError as failure:
        log.critical("%s", failure)
        starts.fail(str(failure))
        return ExitCode.FAILURE
    except ExceptionGroup as failures:
        for problem in failures.exceptions:
            log.critical("the daemon ends on purpose: %r", problem, exc_info=problem)
        starts.fail("; ".join(str(problem) or repr(problem) for problem in failures.exceptions))
        return ExitCode.FAILURE
    except Exception as failure:
        starts.fail(str(failure) or repr(failure))
        raise
    starts.forgive()
    return ExitCode.OK


async def _serve(config: Config, starts: Starts) -> None:
    async with AsyncExitStack() as stack:
        daemon = Daemon(config, stack, after=starts.episode)
        await daemon.start()
        starts.told()
        await daemon.run()


def _run_safely(config: Config, starts: Starts, cause: Cause, detail: str) -> int:
    from locker import safe_mode  # hardly ever needed

    try:
        return safe_mode.run(config, starts, cause, detail)
    except DatabaseInUse as refusal:
        log.error("%s", refusal)
        return ExitCode.DATABASE


@contextmanager
def _forgiven_when_asked_to_end(starts: Starts) -> Iterator[None]:
    """Let a SIGTERM that comes before anybody listens to it end the process as ever, but count no start."""

    def end(number: int, _frame: object) -> None:
        starts.forgive()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        starts.forgive()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


class Daemon:
    """One automat's daemon; everything it opens is closed by the exit stack, in reverse order."""

    def __init__(
        self,
        config: Config,
        stack: AsyncExitStack,
        edges: Edges | None = None,
        after: Episode | None = None,
    ) -> None:
        """Name the parts; nothing is opened yet. `after`: a stay in safe mode that is not journalled yet."""
        self._config = config
        self._after = after
        self._edges = edges or Edges()
        self._stack = stack
        self._keys = Keys.load(config.paths.keys)
        self._proof = read_map(config.wiring_map, config.automat.id)
        if self._proof is None:
            log.warning("not commissioned: locks are wired as the configuration says, which nobody proved")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._version = version("parcel-locker")
        self._stop = asyncio.Event()
        self.engine: Engine
        self._clock: AnchoredClock
        self._database: Database
        self._hardware: LockerHardware
        self._link: Link
        self._api: ApiServer
        self._wires: HardwareWires
        self._dumps: WireDumps
        self._desk: CommissionDesk
        self._ballast = Ballast(config.ballast, free_bytes=self._edges.free_bytes)

    async def start(self) -> None:
        """Open everything, read every door, and judge what a power cut may have left behind."""
        config, stack = self._config, self._stack
        self._database = await self._open_database()
        stack.callback(self._database.close)
        stack.callback(self._writer.shutdown)  # whatever it still writes is written before the file closes
        self._ballast.make()
        new_epoch = self._database.journal_is_empty()
        if new_epoch:
            self._database.begin_epoch(next_epoch(config.paths.keys))
        head = self._database.head()
        configured = wiring(config)
        in_use = proved(configured, self._proof)
        loaded = self._database.load(
            blank_automat(config, self._keys.code_key, head), fixtures_of(config, in_use)
        )
        self._clock = self._edges.clock(config, loaded.automat.last_seen.powered_s)
        languages = config.automat.languages
        self._hardware = LockerHardware(
            configured,
            render=lambda message: pages(message, languages),
            post=self._post,
            proof=self._proof,
            watch_s=loaded.automat.rules.open_wait_s,
            edges=self._edges.wires,
        )
        stack.push_async_callback(self._hardware.stop)
        self.engine = Engine(
            loaded.automat,
            head,
            clock=self._clock,
            hardware=self._hardware,
            ledger=self._database,
            sign=self._keys.sign,
            run_blocking=self._in_writer,
            count_epoch=self._count_epoch,
        )
        self._wires = HardwareWires(wiring(config), self._hardware.wire_logs(), now=self._clock.now)
        self._dumps = WireDumps(config.paths.database.parent / "wire", self._wires)
        stack.push_async_callback(self._dumps.stop)
        self._link = self._make_link()
        self._desk = CommissionDesk(
            config.wiring_map,
            configured,
            self._proof,
            self._hardware,
            automat=lambda: self.engine.automat,
            ask=self.engine.ask,
            now=self._clock.now,
        )
        self._api = self._make_api()
        self.engine.watch(self._note)
        if self._edges.watcher is not None:
            self.engine.watch(self._edges.watcher)
        self._hardware.show_everywhere(Text.STARTING)
        doors = await self._hardware.start()
        restored = not new_epoch and head.epoch < last_epoch(config.paths.keys)
        if restored or epochs.wanted(loaded.automat):
            await self.engine.begin_epoch(restored=restored)
        unknown = tuple(box.label for box in loaded.unknown_compartments)
        await self.engine.take(
            Started(
                doors,
                self._version,
                new_epoch,
                unknown,
                configured.parts,
                self._hardware.mismatches,
                None if self._proof is None else self._proof.hash,
                None if self._after is None else self._after.facts(),
            )
        )
        await self._api.start()
        stack.push_async_callback(self._api.stop)

    def stop(self) -> None:
        """Let `run` record the end and return."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or `stop`; then record the end and close."""
        loop = asyncio.get_running_loop()
        for number in self._edges.ending_signals:
            loop.add_signal_handler(number, self._stop.set)
            self._stack.callback(loop.remove_signal_handler, number)
        systemd.notify("READY=1")
        log.info("ready")
        async with asyncio.TaskGroup() as group:
            engine = group.create_task(self.engine.run(), name="engine")
            parts = [
                group.create_task(part, name=name)
                for name, part in (
                    ("link", self._link.run()),
                    ("hardware", self._hardware.failed()),
                    ("disk", self._watch_disk()),
                    ("backups", self._forget_backups()),
                    ("clock", self._anchor_clock()),
                    ("watchdog", systemd.feed_watchdog(self._gets_on)),
                )
            ]
            await self._stop.wait()
            systemd.notify("STOPPING=1")
            await self.engine.post(Stopping())
            await engine
            for part in parts:
                part.cancel()
        self._hardware.show_everywhere(Text.OUT_OF_ORDER, phone=self._config.automat.customer_service)
        log.info("stopped")

    # -- parts

    async def _open_database(self) -> Database:
        """Open it; one that is missing or old is first made or migrated."""
        try:
            return self._opened()
        except (DatabaseMissing, OutdatedDatabase):
            await bring_up_to_date(self._config)
        return self._opened()

    def _opened(self) -> Database:
        path = self._config.paths.database
        return Database.open(path, reserve=self._ballast, open_file=self._edges.open_file)

    def _make_link(self) -> Link:
        uplink = self._config.uplink
        raw_key = self._config.command_key()
        settings = LinkSettings(
            automat_id=self._config.automat.id,
            host=uplink.host,
            port=uplink.port,
            protocol=uplink.protocol,
            tls=Tls(uplink.ca_file, uplink.certificate_file, uplink.key_file) if uplink.ca_file else None,
            command_key=Ed25519PublicKey.from_public_bytes(raw_key) if raw_key is not None else None,
            version=self._version,
            # A broker on this machine serves no fleet that could come back all at once.
            first_connect_within_s=0.0 if is_loopback(uplink.host) else 5.0,
        )
        return Link(
            settings,
            post=self._post,
            payloads=self._read_payloads,
            position=self._position,
            earlier=self._earlier_position,
            state=lambda: state_of(
                self.engine.automat, self.engine.head, self._clock.now(), connected=self._link.connected
            ),
            on_change=lambda connected: self._api.note_link(connected=connected),
            dice=self._edges.dice,
            connect=self._edges.connect,
        )

    def _make_api(self) -> ApiServer:
        return ApiServer(
            self._config.paths.socket,
            automat=lambda: self.engine.automat,
            head=lambda: self.engine.head,
            entries=self._read_entries,
            entries_about=self._read_entries_about,
            verify=self._keys.verify,
            link_connected=lambda: self._link.connected,
            link_trouble=lambda: self._link.trouble,
            broker=f"{self._config.uplink.host}:{self._config.uplink.port}",
            now=self._clock.now,
            wires=self._wires,
            lines=self._hardware.lines(),
            dumps=self._dumps,
            desk=self._desk,
            ask=self.engine.ask,
            roles=Roles(self._config.maintenance.technicians),
            signer=Signer(self._keys.sign, self._keys.public_key),
            peer_of=self._edges.peer_of,
        )

    def _earlier_position(self) -> JournalPosition | None:
        earlier = epochs.to_send(self.engine.automat)
        if earlier is None:
            return None
        reach = earlier.last_sequence, earlier.acknowledged_through, earlier.pruned_through
        return JournalPosition(earlier.epoch, *reach)

    def _count_epoch(self) -> int | None:
        try:
            return next_epoch(self._config.paths.keys)
        except KeysRefused as error:
            log.error("no new epoch could be counted: %s", error)
            return None

    async def _post(self, event: Event) -> None:
        await self.engine.post(event)

    def _position(self) -> JournalPosition:
        head = self.engine.head
        facts = self.engine.automat.facts
        return JournalPosition(head.epoch, head.sequence, facts.acknowledged_through, facts.pruned_through)

    async def _read_entries(self, epoch: int, first: int, limit: int) -> list[SealedEntry]:
        return await self._readable(lambda: self._database.entries(epoch, first, limit))

    async def _read_payloads(self, epoch: int, first: int, limit: int) -> list[bytes]:
        return await self._in_writer(lambda: self._database.payloads(epoch, first, limit))

    async def _read_entries_about(self, subject: str, limit: int) -> list[SealedEntry]:
        return await self._readable(lambda: self._database.entries_about(subject, limit))

    async def _readable(self, read: Callable[[], Result]) -> Result:
        """Read for somebody at the socket, who is told what of the file cannot be read."""
        try:
            return await self._in_writer(read)
        except DatabaseError as error:
            log.error("%s", error)
            raise Refused(
                503,
                "database",
                str(error),
                "keep the file, and let somebody look at it who knows the product",
            ) from error

    async def _in_writer(self, work: Callable[[], Result]) -> Result:
        """Run something that blocks in the one thread that owns the database."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def _note(self, decision: Decision, entries: Sequence[SealedEntry]) -> None:
        self._api.note(decision, entries)
        self._dumps.note(decision, entries)
        if decision.durable:
            self._link.wake()

    # -- beside the engine

    async def _watch_disk(self) -> None:
        watch = StorageWatch(
            self._config.paths.database.parent,
            DISK_LOW_BYTES,
            DISK_OK_BYTES,
            low=self.engine.automat.facts.storage_low,
        )
        while True:
            free = self._edges.free_bytes(watch.path)
            low = watch.look(free if self._ballast.held() else min(free, DISK_LOW_BYTES - 1))
            if low is not None:
                await self.engine.post(StorageChanged(low=low))
            await asyncio.sleep(self._edges.disk_look_s)
            if not self._ballast.held():
                await asyncio.get_running_loop().run_in_executor(None, self._ballast.make)

    def _gets_on(self) -> bool:
        """Whether decisions come to their end: the loop goes on turning while a disk hangs."""
        held_up_s = self.engine.held_up_s()
        if held_up_s <= self._config.watchdog.stuck_s:
            return True
        log.critical(
            "no decision was finished for %.0f s: does the disk answer? Waiting for an end", held_up_s
        )
        return False

    async def _forget_backups(self) -> None:
        """Keep the backups that migrations made no longer than what they hold may be kept."""
        while True:
            now, automat = self._clock.now(), self.engine.automat
            if automat.judges_time(now):
                before_at = now.wall_at - timedelta(days=automat.rules.retention_days)
                path = self._config.paths.database
                backups = await asyncio.to_thread(forget_backups, path, before_at)
                for gone in (*backups, *await asyncio.to_thread(self._dumps.forget, before_at)):
                    log.info("%s: deleted, its retention time is over", gone)
            await asyncio.sleep(BACKUPS_LOOK_S)

    async def _anchor_clock(self) -> None:
        while True:
            await asyncio.sleep(self.engine.automat.rules.heartbeat_s)
            await asyncio.get_running_loop().run_in_executor(None, self._clock.anchor)


async def bring_up_to_date(config: Config) -> None:
    """Make or migrate the database, in a process of its own: its library, 11 MiB, stays out of this one."""
    path = config.paths.database
    try:
        check_current(path, whole=False)
    except (DatabaseMissing, OutdatedDatabase) as reason:
        if isinstance(reason, DatabaseMissing) and (epoch := last_epoch(config.paths.keys)):
            raise lost(path, epoch) from None
        log.info("%s", reason)
        command = (sys.executable, "-m", "locker.cli", "migrate", "--config", str(config.file))
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        for line in said.decode(errors="replace").splitlines():
            log.info("%s", line)
        if process.returncode == ExitCode.DATABASE:
            raise DatabaseRefused(path, f"it was refused: {_last_line(said)}") from None
        if process.returncode != ExitCode.OK:
            raise DatabaseFailed(path, f"it could not be made or migrated: {_last_line(said)}") from None


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").splitlines()
    return lines[-1].removeprefix("lockerd: ") if lines else "it does not say why"
