"""One input device of Linux, kept open and grabbed. The only file that knows the package evdev."""

import asyncio
import contextlib
import errno
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from drivers.base import ignore
from drivers.errors import DriverError, PortForbidden, PortInUse, PortMissing, PortUnusable
from drivers.keeper import PORT_LOST, Keeper, KeeperSettings, PortChange
from drivers.keypad_evdev.codec import CODES, EV_KEY, RawEvent
from drivers.statistics import count_one

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


class DeviceKeeper(Keeper):
    """Keeps one input device open and grabbed."""

    def __init__(
        self,
        path: str,
        *,
        on_change: Callable[[PortChange], None] = ignore,
        opener: Callable[[str], InputDevice] = open_device,
        settings: KeeperSettings | None = None,
    ) -> None:
        super().__init__(path, settings, on_change)
        self.on_events: Callable[[Sequence[RawEvent]], None] = ignore
        self._opener = opener
        self._device: InputDevice | None = None

    @property
    def is_up(self) -> bool:
        """True while keys can arrive."""
        return self._device is not None

    async def _open(self) -> None:
        self._device = self._opener(self.name)
        asyncio.get_running_loop().add_reader(self._device.fileno(), self._readable)
        self._taken()

    def _close(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            asyncio.get_running_loop().remove_reader(device.fileno())
            device.close()

    def _readable(self) -> None:
        if self._device is None:
            return
        try:
            events = self._device.read()
        except OSError as problem:
            count_one(self.failures, PORT_LOST)
            self._close()
            self._gone(problem.strerror or str(problem))
            return
        if events:
            self.on_events(events)


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
