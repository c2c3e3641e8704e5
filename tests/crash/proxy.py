"""A TCP proxy on loopback that treats whoever leads through it as a bad network does."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PIECE = 65_536


class Trouble(StrEnum):
    """What may be wrong with a network."""

    NONE = "none"
    STALL = "stall"  # everything waits, nothing is lost
    SWALLOW = "swallow"  # accepted and dropped in silence: half open
    DELAY = "delay"  # each piece later by `delay_s`
    DRIBBLE = "dribble"  # a byte at a time
    REFUSE = "refuse"  # nobody listens behind it: a connection ends at once


@dataclass
class Passed:
    """What was done to the connections so far."""

    connections: int = 0
    cuts: int = 0
    swallowed_bytes: int = 0
    twins: int = 0
    came_s: list[float] = field(default_factory=list)
    """When each connection came, by the clock of the loop."""


class Proxy:
    """Stands between a client and its broker; `trouble` may change at any time."""

    def __init__(self, host: str, port: int) -> None:
        """Lead to an address; `proxy` opens it."""
        self.port = 0
        self.trouble = Trouble.NONE
        self.delay_s = 0.05
        self.overtaken_by_s = 0.3
        self.passed = Passed()
        self._behind = (host, port)
        self._go_on = asyncio.Event()
        self._go_on.set()
        self._cut_after: int | None = None
        self._hold_next = False
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._heard: dict[asyncio.StreamWriter, bytearray] = {}
        self._silent: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def become(self, trouble: Trouble) -> None:
        """Treat all connections like this from now on."""
        self.trouble = trouble
        if trouble is Trouble.STALL:
            self._go_on.clear()
        else:
            self._go_on.set()

    def cut(self) -> None:
        """Reset every connection now."""
        self.passed.cuts += len(self._pairs)
        for pair in tuple(self._pairs):
            for writer in pair:
                _reset(writer)

    def cut_within_a_packet(self, after_bytes: int) -> None:
        """Let so many bytes more of what the client sends pass, then reset its connection."""
        self._cut_after = after_bytes

    def repeat_connections(self) -> None:
        """Open each connection a second time, with every byte that its client has sent so far."""
        for _, far in tuple(self._pairs):
            self._start(self._twin(bytes(self._heard[far])))

    def let_next_be_overtaken(self) -> None:
        """Hold the next connection until its client has given up and begun another; then let it come."""
        self._hold_next = True

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a client."""
        self._start(self._serve(reader, writer))

    async def close(self) -> None:
        """End everything that goes through it."""
        self.become(Trouble.NONE)
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        self.passed.connections += 1
        self.passed.came_s.append(asyncio.get_running_loop().time())
        if self._hold_next:
            self._hold_next = False
            await self._come_late(reader, near)
            return
        try:
            if self.trouble is Trouble.REFUSE:
                raise ConnectionRefusedError("as told")
            back, far = await asyncio.open_connection(*self._behind)
        except OSError:
            _reset(near)
            return
        pair = (near, far)
        self._pairs.add(pair)
        self._heard[far] = bytearray()
        try:
            await asyncio.gather(self._copy(reader, far, near), self._copy(back, near, None))
        finally:
            self._pairs.discard(pair)
            self._heard.pop(far, None)
            for writer in pair:
                self._silent.discard(writer)
                _reset(writer)

    async def _copy(
        self, reader: asyncio.StreamReader, to: asyncio.StreamWriter, client: asyncio.StreamWriter | None
    ) -> None:
        """Copy one direction; `client`: the other end, where it is what a client sends."""
        with contextlib.suppress(OSError):
            while data := await reader.read(PIECE):
                await self._go_on.wait()
                if self.trouble is Trouble.SWALLOW or to in self._silent:
                    # what was lost within a connection never comes, and nothing after it either
                    self._silent.add(to)
                    self.passed.swallowed_bytes += len(data)
                    continue
                if self.trouble is Trouble.DELAY:
                    await asyncio.sleep(self.delay_s)
                if client is not None:
                    self._heard[to] += data
                    data = self._cut_short(data)
                await self._write(to, data)
                if self._cut_after == 0 and client is not None:
                    self._cut_after = None
                    self.passed.cuts += 1
                    _reset(client)
        to.close()

    def _cut_short(self, data: bytes) -> bytes:
        if self._cut_after is None:
            return data
        data = data[: self._cut_after]
        self._cut_after -= len(data)
        return data

    async def _write(self, to: asyncio.StreamWriter, data: bytes) -> None:
        step = 1 if self.trouble is Trouble.DRIBBLE else len(data)
        for at in range(0, len(data), step):
            to.write(data[at : at + step])
            await to.drain()
            if step == 1:
                await asyncio.sleep(0)

    async def _come_late(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        said = bytearray()
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(PIECE):
                    said += data
        finally:
            _reset(near)
        await asyncio.sleep(self.overtaken_by_s)
        await self._twin(bytes(said))

    async def _twin(self, said: bytes) -> None:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(*self._behind)
            self.passed.twins += 1
            try:
                writer.write(said)
                await writer.drain()
                async with asyncio.timeout(1):
                    while await reader.read(PIECE):
                        pass
            except TimeoutError:
                pass
            finally:
                _reset(writer)


@asynccontextmanager
async def proxy(host: str, port: int) -> AsyncIterator[Proxy]:
    """Open a proxy that leads to an address, on a free port of this machine."""
    found = Proxy(host, port)
    server = await asyncio.start_server(found.accept, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        async with server:
            yield found
            server.close()
            await found.close()
    finally:
        await found.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
