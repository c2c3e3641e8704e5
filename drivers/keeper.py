"""Keeps a port open, or another device: reopens it by its stable path after it was lost."""

import asyncio
import concurrent.futures
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.base import ignore
from drivers.errors import CallTechnician, DriverError, LineDown
from drivers.network import open_network
from drivers.port import OpenPort, Port, PortOpener, PortSettings, open_serial, turnaround_of
from drivers.statistics import count_one
from drivers.wirelog import WireLog

if TYPE_CHECKING:
    import serial


PORT_LOST = "port-lost"
"""The kind under which it is counted that an open port was lost; those of openings are the errors' own."""


@dataclass(frozen=True, slots=True)
class KeeperSettings:
    """Waits between attempts to open; a USB adapter that is back must be in use within 5 s."""

    first_wait_s: float = 0.5
    longest_wait_s: float = 2.0
    technician_wait_s: float = 10.0
    technician_after: int = 5
    """A device that just appeared belongs to nobody for a moment: not before so many refusals in a row."""
    steady_s: float = 1.0
    """A port that was lost sooner than this after it was opened is opened again after a wait only."""

    def wait_after_s(self, failures: int) -> float:
        """How long to wait after so many failures in a row, counted from 1."""
        doubled_s = self.first_wait_s * 2.0 ** min(failures - 1, 16)
        return float(min(doubled_s, self.longest_wait_s))


@dataclass(frozen=True, slots=True)
class PortUp:
    """The port was opened."""

    path: str


@dataclass(frozen=True, slots=True)
class PortDown:
    """The port is not open, and why; a new reason is a new value."""

    path: str
    reason: str
    needs_technician: bool


PortChange = PortUp | PortDown


class Keeper(ABC):
    """Keeps one thing open by its stable path. `on_change` tells every transition and every new reason.

    A kind of thing says how it is opened and how it is closed; `_taken` and `_gone` tell what became of it.
    """

    def __init__(
        self, name: str, settings: KeeperSettings | None, on_change: Callable[[PortChange], None]
    ) -> None:
        self.name = name
        self.on_down: Callable[[str], None] = ignore
        self.told: PortChange | None = None
        """The latest transition, with the reason where it is not open; None before the first."""
        self.failures: dict[str, int] = {}
        """How often it could not be opened, by `kind` of the error, and how often it was lost."""
        self._settings = settings or KeeperSettings()
        self._on_change = on_change
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def is_up(self) -> bool:
        """True while it is open."""

    @abstractmethod
    async def _open(self) -> None:
        """Open it once, and take it into use; DriverError says why not."""

    @abstractmethod
    def _close(self) -> None:
        """Close it; it is open now."""

    def start(self) -> None:
        """Begin to open; returns at once."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_open(), name=f"port {self.name}")

    async def stop(self) -> None:
        """Close it and end; it counts as down."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self.reopen("the port was closed on purpose")

    def reopen(self, reason: str) -> None:
        """Close it and open it again at once: the cure for an adapter that hangs."""
        if self.is_up:
            self._close()
            self._gone(reason)

    def _taken(self) -> None:
        self._tell(PortUp(self.name))

    def _gone(self, reason: str) -> None:
        self._tell(PortDown(self.name, f"{self.name}: {reason}", needs_technician=False))
        self.on_down(reason)
        self._lost.set()

    async def _keep_open(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._open_until_up()
            opened_s = loop.time()
            await self._lost.wait()
            if loop.time() - opened_s < self._settings.steady_s:
                await asyncio.sleep(self._settings.first_wait_s)

    async def _open_until_up(self) -> None:
        failures = refusals = 0
        while True:
            self._lost.clear()
            try:
                await self._open()
            except DriverError as problem:
                count_one(self.failures, problem.kind)
                needs_technician = isinstance(problem, CallTechnician)
                self._tell(PortDown(self.name, str(problem), needs_technician))
            else:
                return
            failures += 1
            refusals = refusals + 1 if needs_technician else 0
            is_hopeless = refusals >= self._settings.technician_after
            wait_s = self._settings.wait_after_s(failures)
            await asyncio.sleep(self._settings.technician_wait_s if is_hopeless else wait_s)

    def _tell(self, change: PortChange) -> None:
        if change != self.told:
            self.told = change
            self._on_change(change)


class PortKeeper(Keeper):
    """A `Line` that outlives unplugging; `opener` opens it, else the operating system does.

    With `executor` the opening runs there, because a USB device may block it; nothing else does.
    """

    def __init__(
        self,
        port: PortSettings,
        *,
        settings: KeeperSettings | None = None,
        on_change: Callable[[PortChange], None] = ignore,
        wire_log: WireLog | None = None,
        executor: concurrent.futures.Executor | None = None,
        opener: PortOpener | None = None,
    ) -> None:
        super().__init__(port.path, settings, on_change)
        self.on_bytes: Callable[[bytes], None] = ignore
        self.on_up: Callable[[], None] = ignore
        self._port_settings = port
        self._wire_log = wire_log
        self._executor = executor
        self._opener = opener or self._open_port
        self._port: OpenPort | None = None

    @property
    def is_up(self) -> bool:
        """True while bytes can be written."""
        return self._port is not None

    @property
    def quiet_at_s(self) -> float:
        """Loop time at which the last byte written has left the wire."""
        return self._port.quiet_at_s if self._port is not None else 0.0

    def write(self, data: bytes) -> None:
        """Queue all of `data` or none; never blocks. LineDown, LineBusy: nothing was sent."""
        if self._port is None:
            raise LineDown(f"{self.name}: the port is not open")
        self._port.write(data)

    def discard_output(self) -> None:
        """Drop every written byte that has not left the machine."""
        if self._port is not None:
            self._port.discard_output()

    def collect_input(self) -> None:
        """Hand every byte that has arrived to `on_bytes` now."""
        if self._port is not None:
            self._port.collect_input()

    async def _open(self) -> None:
        self._port = await self._opener(
            self._port_settings, on_bytes=self._pass_on, on_lost=self._port_gone, wire_log=self._wire_log
        )
        self._taken()
        self.on_up()

    def _close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    async def _open_port(
        self,
        settings: PortSettings,
        *,
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        wire_log: WireLog | None,
    ) -> Port:
        if settings.is_network:
            network = await open_network(settings.path)
            return Port(network, settings, on_bytes=on_bytes, on_lost=on_lost, wire_log=wire_log)
        handle = await self._open_serial()
        return Port(
            handle,
            settings,
            on_bytes=on_bytes,
            on_lost=on_lost,
            wire_log=wire_log,
            turnaround=turnaround_of(handle, settings),
        )

    async def _open_serial(self) -> "serial.Serial":
        if self._executor is None:
            return open_serial(self._port_settings)
        future = self._executor.submit(open_serial, self._port_settings)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            # The thread may still be inside the kernel: whatever it opens later is closed there.
            future.add_done_callback(_close_abandoned)
            raise

    def _pass_on(self, data: bytes) -> None:
        # Looked up for each chunk: the line's user may come after the port was opened.
        self.on_bytes(data)

    def _port_gone(self, reason: str) -> None:
        count_one(self.failures, PORT_LOST)
        self._port = None
        self._gone(reason)


def _close_abandoned(future: "concurrent.futures.Future[serial.Serial]") -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().close()
