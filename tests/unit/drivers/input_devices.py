"""Pads that tests type on: one of Linux itself where the machine lets us, one over a socket everywhere."""

import contextlib
import errno
import importlib.util
import os
import socket
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from drivers.errors import PortMissing
from drivers.keypad_evdev.codec import EV_KEY, EV_SYN, SYN_REPORT, RawEvent
from drivers.keypad_evdev.device import InputDevice, open_device

EVENT = struct.Struct("<HHi")
WHY_NOT_REAL = "NOT RUN: typing on a real input device needs /dev/uinput and the package evdev"


class Pad(Protocol):
    """A pad and its cable."""

    path: str
    opener: Callable[[str], InputDevice]

    def type(self, code: int, value: int) -> None:
        """Let the device say one event of a key."""
        ...

    def unplug(self) -> None: ...

    def plug(self) -> None: ...


class FakePad:
    """Behaves as the kernel does as far as the drivers can see; knows nothing of them."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.opener: Callable[[str], InputDevice] = self._open
        self.grabbed = 0
        self._cable: socket.socket | None = None
        self._plugged = True

    def type(self, code: int, value: int) -> None:
        if self._cable is not None:
            self._cable.send(EVENT.pack(EV_KEY, code, value) + EVENT.pack(EV_SYN, SYN_REPORT, 0))

    def unplug(self) -> None:
        self._plugged = False
        if self._cable is not None:
            self._cable.close()
            self._cable = None

    def plug(self) -> None:
        self._plugged = True

    def _open(self, path: str) -> InputDevice:
        if not self._plugged or path != self.path:
            raise PortMissing(f"{path}: no device there")
        ours, self._cable = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        self.grabbed += 1
        return _FakeDevice(ours, self)

    def let_go(self) -> None:
        self.grabbed -= 1
        if self._cable is not None:
            self._cable.close()
            self._cable = None


class _FakeDevice:
    def __init__(self, end: socket.socket, pad: FakePad) -> None:
        self._end = end
        self._pad = pad

    def fileno(self) -> int:
        return self._end.fileno()

    def read(self) -> Sequence[RawEvent]:
        try:
            data = self._end.recv(4096)
        except BlockingIOError:
            return []
        if not data:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return [(kind, code, value) for kind, code, value in EVENT.iter_unpack(data)]

    def close(self) -> None:
        self._end.close()
        self._pad.let_go()


class RealPad:
    """A pad that the kernel makes for us."""

    def __init__(self, link: Path) -> None:
        self.path = str(link)
        self.opener: Callable[[str], InputDevice] = open_device
        self._device: Any = None
        self.plug()

    @staticmethod
    def possible() -> bool:
        """Tell whether this machine can."""
        return os.access("/dev/uinput", os.W_OK) and importlib.util.find_spec("evdev") is not None

    def type(self, code: int, value: int) -> None:
        self._device.write(EV_KEY, code, value)
        self._device.syn()

    def unplug(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            Path(self.path).unlink()
        if self._device is not None:
            self._device.close()
            self._device = None

    def plug(self) -> None:
        import evdev  # an extra; `possible` says whether it is there

        self._device = evdev.UInput()
        Path(self.path).symlink_to(self._device.device.path)
