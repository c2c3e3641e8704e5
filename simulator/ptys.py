"""A serial port made of a pty: raw, under a stable link, can be unplugged and replugged; never blocks."""

import asyncio
import errno
import os
import tty
from collections.abc import Callable
from pathlib import Path

_READ_BYTES = 4096


class PtyPort:
    """The device's end of one serial port; bytes for which the host makes no room are lost, as on a UART."""

    def __init__(self, link: Path, hear: Callable[[bytes], None]) -> None:
        self._link = link
        self._hear = hear
        self._ends: tuple[int, int] | None = None
        self._hung = False
        self._last_name = ""
        self.lost_bytes = 0

    @property
    def link(self) -> Path:
        """The path under which a host finds the port."""
        return self._link

    @property
    def plugged(self) -> bool:
        """True while the port exists."""
        return self._ends is not None

    def plug(self, *, elsewhere: bool = False) -> None:
        """Make the port appear, as a new pty under the same link; needs a running event loop.

        `elsewhere`: the pty has surely another name than before.
        """
        if self._ends is not None:
            return
        device, host = _openpty(avoiding=self._last_name if elsewhere else "")
        self._last_name = os.ttyname(host)
        # The host's end stays open here too: the port outlives its host, and no hang-up spins the loop.
        tty.setraw(host)
        os.set_blocking(device, False)
        self._ends = device, host
        self._place_link(os.ttyname(host))
        self._listen()

    def unplug(self) -> None:
        """Make the port vanish: the host sees the end of the file or an I/O error."""
        if self._ends is None:
            return
        device, host = self._ends
        self._deafen()
        self._ends = None
        self._link.unlink(missing_ok=True)
        os.close(host)
        os.close(device)

    def hang(self, *, hung: bool) -> None:
        """A hung adapter: the port stays, but takes and gives nothing."""
        self._hung = hung
        if hung:
            self._deafen()
        elif self._ends is not None:
            self._listen()

    def send(self, data: bytes) -> bool:
        """Send to the host; False if the port is gone or hung or nobody made room."""
        if self._ends is None or self._hung:
            return False
        try:
            sent = os.write(self._ends[0], data)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EIO):
                raise
            sent = 0
        self.lost_bytes += len(data) - sent
        return sent == len(data)

    def _place_link(self, target: str) -> None:
        self._link.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._link.with_name(f".{self._link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self._link)

    def _listen(self) -> None:
        if self._ends is not None:
            asyncio.get_running_loop().add_reader(self._ends[0], self._readable)

    def _deafen(self) -> None:
        if self._ends is not None:
            asyncio.get_running_loop().remove_reader(self._ends[0])

    def _readable(self) -> None:
        if self._ends is None:
            return
        try:
            data = os.read(self._ends[0], _READ_BYTES)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EIO):
                raise
            return
        if data:
            self._hear(data)


def _openpty(*, avoiding: str) -> tuple[int, int]:
    device, host = os.openpty()
    if os.ttyname(host) != avoiding:
        return device, host
    try:
        return os.openpty()
    finally:
        os.close(device)
        os.close(host)
