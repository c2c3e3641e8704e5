"""The other end of the wire: a real pty behind a stable path, and lines in memory."""

import asyncio
import contextlib
import os
import random
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path

from drivers.base import ignore
from drivers.errors import LineDown


class PtyDevice:
    """Master side of a pty. `link` is the path that survives unplugging."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.received = bytearray()
        self._more = asyncio.Event()
        self._master: int | None = None
        self._slave: int | None = None
        self.plug()

    def plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def unplug(self) -> None:
        if self._master is None or self._slave is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        self.link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = None

    def write(self, data: bytes) -> None:
        assert self._master is not None
        assert os.write(self._master, data) == len(data)

    async def read(self, size: int) -> bytes:
        while len(self.received) < size:
            self._more.clear()
            await self._more.wait()
        data = bytes(self.received[:size])
        del self.received[:size]
        return data

    def _readable(self) -> None:
        assert self._master is not None
        with contextlib.suppress(BlockingIOError, OSError):
            self.received += os.read(self._master, 4096)
        self._more.set()


class MemoryLine:
    """A `Line` without a port: `device` gets each written frame and may call `arrive`."""

    def __init__(self, device: Callable[["MemoryLine", bytes], None] = ignore) -> None:
        self.on_bytes: Callable[[bytes], None] = ignore
        self.on_up: Callable[[], None] = ignore
        self.on_down: Callable[[str], None] = ignore
        self.device = device
        self.name = "memory"
        self.is_up = True
        self.quiet_at_s = 0.0
        self.written: list[bytes] = []
        self.discarded = 0
        self._arrived: deque[bytes] = deque()
        self._wrote = asyncio.Event()

    def write(self, data: bytes) -> None:
        if not self.is_up:
            raise LineDown("memory: down")
        self.written.append(data)
        self._wrote.set()
        self.device(self, data)

    def discard_output(self) -> None:
        self.discarded += 1

    def collect_input(self) -> None:
        while self._arrived:
            self.on_bytes(self._arrived.popleft())

    def arrive(self, data: bytes) -> None:
        """A chunk reaches the host with a later turn of the loop, unless it collects it before."""
        self._arrived.append(data)
        asyncio.get_running_loop().call_soon(self._deliver_one)

    def hold(self, data: bytes) -> None:
        """Bytes wait in the port until the host collects them."""
        self._arrived.append(data)

    async def until_written(self, count: int) -> None:
        while len(self.written) < count:
            self._wrote.clear()
            await self._wrote.wait()

    def cut(self, reason: str = "unplugged") -> None:
        self.is_up = False
        self.on_down(reason)

    def mend(self) -> None:
        self.is_up = True
        self.on_up()

    def _deliver_one(self) -> None:
        if self._arrived:
            self.on_bytes(self._arrived.popleft())


class HostileWire:
    """Spoils what a board says, from a seed: pieces, noise, loss, echo."""

    def __init__(self, seed: int, *, loss: float = 0.0, noise: float = 0.0, echo: bool = False) -> None:
        self._random = random.Random(seed)
        self._loss, self._noise, self._echo = loss, noise, echo

    def carry(self, request: bytes, reply: bytes) -> list[bytes]:
        """The chunks that the host reads instead of `reply`."""
        data = request if self._echo else b""
        if self._random.random() < self._noise:
            data += self._random.randbytes(self._random.randint(1, 4))
        if self._random.random() >= self._loss:
            data += reply
        chunks: list[bytes] = []
        while data:
            size = self._random.randint(1, 3)
            chunks.append(data[:size])
            data = data[size:]
        return chunks
