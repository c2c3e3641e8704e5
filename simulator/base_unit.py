"""A line behind a base unit in the network: a TCP server on loopback that hands every byte through."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

_READ_BYTES = 4096


class BaseUnit:
    """Serves one host at a time, the latest; its port number stays the same while it is unplugged."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._door: socket.socket | None = None
        self._host: socket.socket | None = None
        self._number = _free_number()
        self._hung = False
        self.lost_bytes = 0

    @property
    def address(self) -> str:
        """Where a host finds it."""
        return f"tcp://127.0.0.1:{self._number}"

    @property
    def plugged(self) -> bool:
        """True while it has power and network."""
        return self._door is not None

    def plug(self) -> None:
        """Let it take connections; needs a running event loop."""
        if self._door is not None:
            return
        self._door = socket.socket()
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._door.setblocking(False)
        self._door.bind(("127.0.0.1", self._number))
        self._door.listen()
        asyncio.get_running_loop().add_reader(self._door, self._somebody_came)

    def unplug(self) -> None:
        """Cut its host off and take nobody."""
        self._cut_off()
        if self._door is not None:
            asyncio.get_running_loop().remove_reader(self._door)
            self._door.close()
            self._door = None

    def hang(self, *, hung: bool) -> None:
        """A hung unit: connections stay, but it takes and gives nothing."""
        self._hung = hung
        if self._host is not None:
            loop = asyncio.get_running_loop()
            if hung:
                loop.remove_reader(self._host)
            else:
                loop.add_reader(self._host, self._readable)

    def send(self, data: bytes) -> bool:
        """Send to the host; False if nobody is connected, it hangs, or nobody made room."""
        if self._host is None or self._hung:
            return False
        sent = 0
        try:
            sent = self._host.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self._cut_off()
        self.lost_bytes += len(data) - sent
        return sent == len(data)

    def _somebody_came(self) -> None:
        if self._door is None:
            return
        with suppress(OSError):
            host, _ = self._door.accept()
            self._cut_off()
            host.setblocking(False)
            host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._host = host
            if not self._hung:
                asyncio.get_running_loop().add_reader(host, self._readable)

    def _readable(self) -> None:
        if self._host is None:
            return
        try:
            data = self._host.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._hear(data)
        else:
            self._cut_off()

    def _cut_off(self) -> None:
        if self._host is not None:
            asyncio.get_running_loop().remove_reader(self._host)
            self._host.close()
            self._host = None


def _free_number() -> int:
    with socket.socket() as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])
