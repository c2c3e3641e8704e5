"""One input device of Linux, kept open and grabbed. The only file that knows the package evdev."""

import asyncio
import contextlib
import errno
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from drivers.base import ignore
from drivers.errors import CallTechnician, DriverError, PortForbidden, PortInUse, PortMissing, PortUnusable
from drivers.keeper import KeeperSettings, PortChange, PortDown, PortUp
from drivers.keypad_evdev.codec import CODES, EV_KEY, RawEvent

if TYPE_CHECKING:
    import evdev

HOW_TO_INSTALL = "pip install parcel-locker[evdev]"
_DIGITS = frozenset(CODES[f"KEY_{pad}{digit}"] for pad in ("", "KP") for digit in range(10))


class InputDevice(Protocol):
    """An open device whose keys reach nobody else."""

    def fileno(self) -> int:
        """Descriptor that becomes readable when there are events."""
        ...

    def read(self) -> Sequence[RawEvent]:
        """Events that have arrived, none if there are none; OSError: the device is gone."""
        ...

    def close(self) -> None:
        """Let it go; its keys reach others again."""
        ...


def open_device(path: str) -> InputDevice:
    """Open and grab; DriverError says what prevents it and what to do."""
    try:
        import evdev  # optional: only automats with such a keypad install it
    except ImportError as problem:
        raise PortUnusable(f"{path}: the package evdev is not installed; {HOW_TO_INSTALL}") from problem
    try:
        device = evdev.InputDevice(path)
    except OSError as problem:
        raise _explained(path, problem) from problem
    try:
        if not _DIGITS & set(device.capabilities().get(EV_KEY, ())):
            raise PortUnusable(
                f"{path}: it has no digits; where a pad shows two nodes take the one that ends in -event-kbd"
            )
        device.grab()
    except OSError as problem:
        device.close()
        raise _explained(path, problem) from problem
    except BaseException:
        device.close()
        raise
    return _Grabbed(device)


class DeviceKeeper:
    """Keeps one device open by its stable path; tells every transition, as the keeper of a port does."""

    def __init__(
        self,
        path: str,
        *,
        on_change: Callable[[PortChange], None] = ignore,
        opener: Callable[[str], InputDevice] = open_device,
        settings: KeeperSettings | None = None,
    ) -> None:
        self.on_events: Callable[[Sequence[RawEvent]], None] = ignore
        self.on_down: Callable[[str], None] = ignore
        self._path = path
        self._on_change = on_change
        self._open = opener
        self._settings = settings or KeeperSettings()
        self._device: InputDevice | None = None
        self.told: PortChange | None = None
        """The latest transition, with the reason where the device is not open; None before the first."""
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The device path."""
        return self._path

    @property
    def is_up(self) -> bool:
        """True while keys can arrive."""
        return self._device is not None

    def start(self) -> None:
        """Begin to open; returns at once."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_open(), name=f"keys {self._path}")

    async def stop(self) -> None:
        """Let the device go and end."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._device is not None:
            self._lose("the device was let go on purpose")

    async def _keep_open(self) -> None:
        failures = 0
        while True:
            self._lost.clear()
            try:
                self._take(self._open(self._path))
            except DriverError as problem:
                failures += 1
                by_hand = isinstance(problem, CallTechnician)
                self._tell(PortDown(self._path, str(problem), by_hand))
                wait_s = self._settings.wait_after_s(failures)
                await asyncio.sleep(self._settings.technician_wait_s if by_hand else wait_s)
            else:
                failures = 0
                await self._lost.wait()

    def _take(self, device: InputDevice) -> None:
        self._device = device
        asyncio.get_running_loop().add_reader(device.fileno(), self._readable)
        self._tell(PortUp(self._path))

    def _readable(self) -> None:
        if self._device is None:
            return
        try:
            events = self._device.read()
        except OSError as problem:
            self._lose(problem.strerror or str(problem))
            return
        if events:
            self.on_events(events)

    def _lose(self, reason: str) -> None:
        device, self._device = self._device, None
        if device is None:
            return
        asyncio.get_running_loop().remove_reader(device.fileno())
        device.close()
        self._tell(PortDown(self._path, f"{self._path}: {reason}", needs_technician=False))
        self.on_down(reason)
        self._lost.set()

    def _tell(self, change: PortChange) -> None:
        if change != self.told:
            self.told = change
            self._on_change(change)


class _Grabbed:
    def __init__(self, device: "evdev.InputDevice") -> None:
        self._device = device

    def fileno(self) -> int:
        return int(self._device.fd)

    def read(self) -> Sequence[RawEvent]:
        try:
            return [(event.type, event.code, event.value) for event in self._device.read()]
        except BlockingIOError:
            return []

    def close(self) -> None:
        # Closing lets the grab go by itself, but a device that is gone cannot be asked to.
        with contextlib.suppress(OSError):
            self._device.ungrab()
        self._device.close()


def _explained(path: str, problem: OSError) -> DriverError:
    if problem.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return PortMissing(f"{path}: no device there; plug it in or correct the path")
    if problem.errno in (errno.EACCES, errno.EPERM):
        return PortForbidden(f"{path}: access denied; put the daemon's user into the group input")
    if problem.errno == errno.EBUSY:
        return PortInUse(f"{path}: another process has grabbed the keys; stop it")
    return PortUnusable(f"{path}: not usable as an input device: {problem}")
