"""Safe mode: the automat says that it is out of order and answers questions; no lock moves.

There is no engine here, so nothing is decided and nothing can be pulsed, and no link: whatever it would
carry wants a decision, and the broker's own word "offline" is true. The database is only looked into.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import replace
from importlib.metadata import version
from typing import NoReturn, TypeVar

from locker import systemd
from locker.api.exports import Signer
from locker.api.refusals import Refused
from locker.api.roles import Roles
from locker.api.schema import SafeMode
from locker.api.server import ApiServer
from locker.blueprint import blank_automat, fixtures_of, wiring, with_boxes
from locker.config import Config
from locker.db.errors import DatabaseError, DatabaseFailed, DatabaseMissing, DiskFull
from locker.db.files import Claim
from locker.db.inspection import Inspection
from locker.domain.automat import Automat
from locker.domain.codes import CodeKey
from locker.domain.events import Door, DoorSeen, Event
from locker.domain.journal import NO_HASH, ChainHead, SealedEntry
from locker.domain.messages import Text
from locker.dumps import WireDumps
from locker.edges import Edges
from locker.errors import ExitCode, LockerError
from locker.hardware.translation import LockerHardware
from locker.hardware.wire import HardwareWires
from locker.hardware.wiring_map import WiringMap, proved, read_map
from locker.keys import Keys
from locker.starts import Cause, Starts
from locker.words import pages

REMEDY = {
    "crash-loop": "read the daemon's log and mend the cause; then `lockerctl safe-mode leave`",
    "database": "keep the file and put a sound one in its place; then `lockerctl safe-mode leave`",
}
NO_CODES = CodeKey(bytes(32))
"""Stands for the code key where it cannot be read: nothing that is typed is looked up here."""

Result = TypeVar("Result")

log = logging.getLogger(__name__)


def run(config: Config, starts: Starts, cause: Cause, detail: str) -> int:
    """Serve nobody until told to end or to try again; return the exit code. DatabaseInUse: not here."""
    starts.enter(cause, detail)
    with ExitStack() as claimed:
        with suppress(DatabaseMissing, DatabaseFailed, DiskFull):
            claimed.enter_context(Claim(config.paths.database))
        return asyncio.run(serve_nobody(config, starts, cause, detail))


async def serve_nobody(
    config: Config, starts: Starts, cause: Cause, detail: str, edges: Edges | None = None
) -> int:
    """Stay in safe mode until it ends; return the exit code."""
    async with AsyncExitStack() as stack:
        automat = OutOfOrder(config, starts, cause, detail, stack, edges)
        await automat.start()
        return await automat.run()


class OutOfOrder:
    """One automat in safe mode; what of it does not work is left out, so that the rest can be looked at."""

    def __init__(
        self,
        config: Config,
        starts: Starts,
        cause: Cause,
        detail: str,
        stack: AsyncExitStack,
        edges: Edges | None = None,
    ) -> None:
        """Name the parts; nothing is opened yet."""
        self._edges = edges or Edges()
        self._config = config
        self._starts = starts
        self._cause = cause
        self._detail = detail
        self._stack = stack
        self._keys = _or_none(lambda: Keys.load(config.paths.keys))
        self._inspection = Inspection(config.paths.database)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._asked = asyncio.Event()
        self._left = asyncio.Event()
        self._retry_at_s: float | None = None
        self._automat: Automat
        self._head = ChainHead(1, 0, NO_HASH)
        self._hardware: LockerHardware

    async def start(self) -> None:
        """Say it on every display, open every port to look, answer at the socket; no lock is pulsed."""
        config, stack, loop = self._config, self._stack, asyncio.get_running_loop()
        for number in self._edges.ending_signals:
            loop.add_signal_handler(number, self._asked.set)
            stack.callback(loop.remove_signal_handler, number)
        if self._cause == "crash-loop" and config.safe_mode.retry_s > 0:
            self._retry_at_s = loop.time() + config.safe_mode.retry_s
        log.critical("safe mode, no lock moves: %s; %s", self._detail, REMEDY[self._cause])
        stack.callback(self._reader.shutdown)
        proof = _or_none(lambda: read_map(config.wiring_map, config.automat.id))
        self._automat = await self._load(proof)
        await self._open_ports(proof)
        api = self._make_api()
        try:
            await api.start()
        except LockerError as error:
            log.error("nobody can ask at the socket: %s", error)
        else:
            stack.push_async_callback(api.stop)

    async def run(self) -> int:
        """Stay so until SIGTERM or SIGINT, a technician's word, or the time to try again."""
        systemd.notify(f"READY=1\nSTATUS=safe mode: {' '.join(self._detail.split())}")
        loop = asyncio.get_running_loop()
        waiting = {
            name: loop.create_task(task, name=name)
            for name, task in (
                ("asked", self._asked.wait()),
                ("left", self._left.wait()),
                ("retry", self._until_retry()),
                ("watchdog", systemd.feed_watchdog()),
            )
        }
        self._stack.push_async_callback(_cancel, waiting.values())
        done, _ = await asyncio.wait(waiting.values(), return_when=asyncio.FIRST_COMPLETED)
        systemd.notify("STOPPING=1")
        if waiting["asked"] in done:
            self._starts.leave("on-request")  # whoever restarts the service wants it tried again
            return ExitCode.OK
        if waiting["left"] not in done:
            log.warning("safe mode ends by itself: one start is tried")
            self._starts.leave("by-itself", on_trial=True)
        return ExitCode.FAILURE

    # -- the desk of the socket

    def view(self) -> SafeMode:
        """Tell why it is out of order, and what to do."""
        retry_s = None
        if self._retry_at_s is not None:
            retry_s = round(max(0.0, self._retry_at_s - asyncio.get_running_loop().time()), 1)
        return SafeMode(cause=self._cause, detail=self._detail, remedy=REMEDY[self._cause], retry_s=retry_s)

    def leave(self, user: str, technician: str, reason: str) -> None:
        """End, to be started anew."""
        log.warning("safe mode ends by the word of %s, %s: %s", technician, user, reason)
        self._starts.leave("by-person", user=user, technician=technician, reason=reason)
        self._left.set()

    # -- parts

    async def _load(self, proof: WiringMap | None) -> Automat:
        """Return the automat as the database knows it, or with empty boxes where it cannot tell."""
        config = self._config
        code_key = NO_CODES if self._keys is None else self._keys.code_key
        fixtures = fixtures_of(config, proved(wiring(config), proof))
        try:
            head = await self._in_reader(self._inspection.head)
            self._head = self._head if head is None else head
            blank = blank_automat(config, code_key, self._head)
            automat = (await self._in_reader(lambda: self._inspection.load(blank, fixtures))).automat
        except Exception as error:  # noqa: BLE001 - whatever a damaged file makes of reading it, we go on
            log.error("parcels and incidents cannot be shown: %s", error)
            blank = blank_automat(config, code_key, self._head)
            automat = with_boxes(blank, fixtures.values())
        return replace(automat, version=version("parcel-locker"))

    async def _open_ports(self, proof: WiringMap | None) -> None:
        config = self._config
        self._hardware = LockerHardware(
            wiring(config),
            render=lambda message: pages(message, config.automat.languages),
            post=self._note,
            proof=proof,
            edges=self._edges.wires,
        )
        self._stack.push_async_callback(self._hardware.stop)
        self._hardware.show_everywhere(Text.OUT_OF_ORDER, phone=config.automat.customer_service)
        for compartment, door in (await self._hardware.start()).items():
            self._see_door(compartment, door)

    def _make_api(self) -> ApiServer:
        config = self._config
        clock = self._edges.clock(config, self._automat.last_seen.powered_s)
        wires = HardwareWires(wiring(config), self._hardware.wire_logs(), now=clock.now)
        dumps = WireDumps(config.paths.database.parent / "wire", wires)
        self._stack.push_async_callback(dumps.stop)
        return ApiServer(
            config.paths.socket,
            automat=lambda: self._automat,
            head=lambda: self._head,
            entries=self._read_entries,
            entries_about=self._read_entries_about,
            verify=_cannot_verify if self._keys is None else self._keys.verify,
            link_connected=lambda: False,
            link_trouble=lambda: "safe mode: the link is off",
            broker=f"{config.uplink.host}:{config.uplink.port}",
            now=clock.now,
            wires=wires,
            lines=self._hardware.lines(),
            dumps=dumps,
            ask=_decide_nothing,
            roles=Roles(config.maintenance.technicians),
            signer=None if self._keys is None else Signer(self._keys.sign, self._keys.public_key),
            safe_mode=self,
            peer_of=self._edges.peer_of,
        )

    async def _read_entries(self, epoch: int, first: int, limit: int) -> list[SealedEntry]:
        return await self._readable(lambda: self._inspection.entries(epoch, first, limit))

    async def _read_entries_about(self, subject: str, limit: int) -> list[SealedEntry]:
        return await self._readable(lambda: self._inspection.entries_about(subject, limit))

    async def _readable(self, read: Callable[[], Result]) -> Result:
        try:
            return await self._in_reader(read)
        except DatabaseError as error:
            raise Refused(503, "database", str(error), REMEDY["database"]) from error

    async def _in_reader(self, read: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._reader, read)

    async def _note(self, event: Event) -> None:
        """Take note of a door; whatever else happens, nothing is decided on it."""
        if isinstance(event, DoorSeen):
            self._see_door(event.compartment, event.door)

    def _see_door(self, compartment: str, door: Door) -> None:
        boxes = self._automat.compartments
        if compartment in boxes:
            seen = boxes.set(compartment, replace(boxes[compartment], door=door))
            self._automat = replace(self._automat, compartments=seen)

    async def _until_retry(self) -> None:
        if self._retry_at_s is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep(self._retry_at_s - asyncio.get_running_loop().time())


def _or_none(read: Callable[[], Result]) -> Result | None:
    try:
        return read()
    except LockerError as error:
        log.error("left out: %s", error)
        return None


def _cannot_verify(_message: bytes, _signature: bytes) -> NoReturn:
    raise Refused(503, "no-keys", "the device's keys cannot be read", "the daemon's log says why")


async def _decide_nothing(_event: Event) -> NoReturn:
    raise Refused(503, "safe-mode", "nothing is decided in safe mode", "see `lockerctl status`")


async def _cancel(tasks: Iterable["asyncio.Task[object]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
