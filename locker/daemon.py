"""Puts the parts together and runs them until told to stop, or until one of them cannot go on."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from immutables import Map

from locker import systemd
from locker.api.exports import Signer
from locker.api.roles import Roles
from locker.api.server import ApiServer
from locker.clock import AnchoredClock
from locker.commissioning import CommissionDesk
from locker.config import Config
from locker.db.errors import DatabaseError, DatabaseFailed, DatabaseMissing, DatabaseRefused, OutdatedDatabase
from locker.db.files import forget_backups
from locker.db.migrate import check_current
from locker.db.session import Database
from locker.disk import Ballast, StorageWatch
from locker.domain.automat import Automat, Decision
from locker.domain.compartments import ContactKind, Fixture
from locker.domain.events import Event, Started, Stopping, StorageChanged
from locker.domain.intents import Tone
from locker.domain.journal import ChainHead, SealedEntry
from locker.domain.keypad import Keypad
from locker.domain.messages import Text
from locker.dumps import WireDumps
from locker.edges import Edges
from locker.engine import Engine
from locker.errors import ExitCode
from locker.hardware.translation import LockerHardware
from locker.hardware.wire import HardwareWires
from locker.hardware.wiring import (
    BoardSpec,
    DisplaySpec,
    DoorSpec,
    KeypadSpec,
    Pattern,
    PortSpec,
    ScannerSpec,
    Wiring,
)
from locker.hardware.wiring_map import proved, read_map
from locker.keys import Keys, next_epoch
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
    """Run the daemon; return its exit code."""
    try:
        asyncio.run(_serve(config))
    except DatabaseRefused as refusal:
        log.error("%s", refusal)
        return ExitCode.DATABASE
    except DatabaseError as failure:
        log.critical("%s", failure)
        return ExitCode.FAILURE
    except ExceptionGroup as failures:
        for problem in failures.exceptions:
            log.critical("the daemon ends on purpose: %r", problem, exc_info=problem)
        return ExitCode.FAILURE
    return ExitCode.OK


async def _serve(config: Config) -> None:
    async with AsyncExitStack() as stack:
        daemon = Daemon(config, stack)
        await daemon.start()
        await daemon.run()


class Daemon:
    """One automat's daemon; everything it opens is closed by the exit stack, in reverse order."""

    def __init__(self, config: Config, stack: AsyncExitStack, edges: Edges | None = None) -> None:
        """Name the parts; nothing is opened yet."""
        self._config = config
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
        self._ballast = Ballast(config.ballast)

    async def start(self) -> None:
        """Open everything, read every door, and judge what a power cut may have left behind."""
        config, stack = self._config, self._stack
        await bring_up_to_date(config)
        self._ballast.make()
        self._database = Database.open(config.paths.database, reserve=self._ballast)
        stack.callback(self._database.close)
        stack.callback(self._writer.shutdown)  # whatever it still writes is written before the file closes
        new_epoch = self._database.journal_is_empty()
        if new_epoch:
            self._database.begin_epoch(next_epoch(config.paths.keys))
        head = self._database.head()
        configured = wiring(config)
        in_use = proved(configured, self._proof)
        loaded = self._database.load(self._blank(head), _fixtures(config, in_use))
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
        for number in (signal.SIGTERM, signal.SIGINT):
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
                    ("watchdog", self._feed_watchdog()),
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

    def _blank(self, head: ChainHead) -> Automat:
        config = self._config
        return Automat(
            identity=config.identity(),
            rules=config.domain_rules(),
            code_key=self._keys.code_key,
            keypads=_keypads(config),
            epoch=head.epoch,
            journal_end=head.sequence,
        )

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
        )

    async def _post(self, event: Event) -> None:
        await self.engine.post(event)

    def _position(self) -> JournalPosition:
        head = self.engine.head
        facts = self.engine.automat.facts
        return JournalPosition(head.epoch, head.sequence, facts.acknowledged_through, facts.pruned_through)

    async def _read_entries(self, epoch: int, first: int, limit: int) -> list[SealedEntry]:
        return await self._in_writer(lambda: self._database.entries(epoch, first, limit))

    async def _read_payloads(self, epoch: int, first: int, limit: int) -> list[bytes]:
        return await self._in_writer(lambda: self._database.payloads(epoch, first, limit))

    async def _read_entries_about(self, subject: str, limit: int) -> list[SealedEntry]:
        return await self._in_writer(lambda: self._database.entries_about(subject, limit))

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

    async def _feed_watchdog(self) -> None:
        interval_s = systemd.watchdog_interval_s()
        while interval_s is not None:
            systemd.notify("WATCHDOG=1")
            await asyncio.sleep(interval_s)
        await asyncio.Event().wait()


async def bring_up_to_date(config: Config) -> None:
    """Make or migrate the database, in a process of its own: its library, 11 MiB, stays out of this one."""
    path = config.paths.database
    try:
        check_current(path, whole=False)
    except (DatabaseMissing, OutdatedDatabase) as reason:
        log.info("%s", reason)
        command = (sys.executable, "-m", "locker.cli", "migrate", "--config", str(config.file))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        code = await process.wait()
        if code == ExitCode.DATABASE:
            raise DatabaseRefused(path, "it was refused; the line above says why") from None
        if code != ExitCode.OK:
            raise DatabaseFailed(path, "it could not be made or migrated; the line above says why") from None


def _fixtures(config: Config, in_use: Wiring) -> dict[str, Fixture]:
    """Return the boxes as they were built, with the contacts that were proved."""
    fitted = {door.compartment: door.contact_fitted for door in in_use.doors}
    return {
        label: replace(
            fixture, contact=ContactKind.FITTED if fitted.get(label, True) else ContactKind.MISSING
        )
        for label, fixture in config.fixtures().items()
    }


def _keypads(config: Config) -> Map[str, Keypad]:
    """Tell of each keypad what it serves and what belongs to it."""
    scanned = {scanner.keypad for scanner in config.scanners}
    return Map(
        {
            pad.id: Keypad(
                pad.id,
                bound_to=pad.bound_to,
                has_display=pad.display is not None,
                has_scanner=pad.id in scanned,
            )
            for pad in config.keypads
        }
    )


def wiring(config: Config) -> Wiring:
    """Translate the configuration's tables into what the hardware has to open."""
    polarity = {board.id: board.contact for board in config.boards}
    return Wiring(
        lines={line.id: PortSpec(line.port, line.baud, line.rts) for line in config.lines},
        boards=[
            BoardSpec(
                board.id,
                board.line,
                board.family,
                board.family_settings(),
            )
            for board in config.boards
        ],
        doors=[
            DoorSpec(
                box.label,
                box.board,
                box.channel,
                closed_means_shut=(box.contact or polarity[box.board]) != "closed-when-open",
                contact_fitted=box.contact != "missing",
                goods_channel=box.goods_channel,
            )
            for box in config.compartments
        ],
        keypads=[
            KeypadSpec(
                pad.id,
                PortSpec(str(pad.port), pad.baud),
                pad.family,
                pad.display,
                {Tone(name): _pattern(beeps) for name, beeps in pad.tones},
                pad.family_settings(),
            )
            for pad in config.keypads
        ],
        displays=[
            DisplaySpec(
                display.id,
                PortSpec(str(display.port), display.baud),
                display.family,
                display.family_settings(),
            )
            for display in config.displays
        ],
        scanners=[
            ScannerSpec(
                scanner.id,
                PortSpec(str(scanner.port), scanner.baud),
                scanner.family,
                scanner.keypad,
                scanner.family_settings(),
            )
            for scanner in config.scanners
        ],
    )


def _pattern(beeps: str) -> Pattern:
    return tuple("bell" for _ in beeps.split()) if beeps != "none" else ()
