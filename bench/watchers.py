"""OK key to unlock while others look: three clients follow the event stream, a fourth never reads it.

The value is that of `bench.opening` on an automat that is watched, the floor the same on one that is not;
both run in one process, and people come to them in turn. The watchers are a program of their own, this
file: they read without understanding, since what a screen makes of it is the load of another process.
"""

import asyncio
import contextlib
import random
import select
import socket
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from bench.figures import Figure, Goal, NotMeasured, Pairs
from bench.opening import LIMIT_S, Rig
from bench.player import CHANNELS

READERS, SLEEPERS = 3, 1
CHUNK_BYTES = 1 << 16
STUCK_BYTES = 250_000
"""More than the kernel keeps for a client that does not read."""
RATIO_MOST = 1.1
REQUEST = b"GET /v1/events HTTP/1.1\r\nHost: lockerd\r\n\r\n"


async def measure(directory: Path, *, rounds: int) -> Figure:
    """Measure so many pick-ups of both automats in turn; the first of each warms up and does not count."""
    pairs = Pairs.none()
    dice = random.Random(3)
    dropped = 0
    for done in range(0, rounds, CHANNELS - 1):
        async with AsyncExitStack() as stack:
            rigs = []
            for name in ("watched", "alone"):
                place = directory / f"{name}-{done}"
                place.mkdir()
                rigs.append(Rig(place, stack, 0.0))
                await rigs[-1].start()
            watched, alone = rigs
            await _watch(watched, stack)
            for number in range(1, min(CHANNELS - 1, rounds - done) + 2):
                pause_ms = dice.uniform(20, 60)
                value = await watched.pick_up(number, pause_ms)
                floor = await alone.pick_up(number, pause_ms)
                if number > 1:
                    pairs.values.append(value)
                    pairs.floors.append(floor)
            if watched.stream.subscribers < READERS:
                raise NotMeasured("a client that read was dropped")
            dropped += watched.stream.dropped_total
    return pairs.figure(
        "ok-to-unlock-watched-ms",
        Goal("ratio", "<=", RATIO_MOST),
        f"{READERS} clients read the events, {SLEEPERS} never does: dropped {dropped} times, it came again",
        "the floor is the same automat with nobody at its socket",
    )


async def _watch(rig: Rig, stack: AsyncExitStack) -> None:
    """Let the clients connect, and tell so much that the one that does not read has its buffers full."""
    # The path of a socket must be short, that of a working directory may be long.
    rig.api.path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))) / "s.sock"
    await rig.api.start()
    stack.push_async_callback(rig.api.stop)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.watchers",
        str(rig.api.path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    stack.push_async_callback(_end, process)
    if process.stdout is None:
        raise NotMeasured("the watchers have no pipe")
    async with asyncio.timeout(LIMIT_S):
        if await process.stdout.readline() != b"watching\n":
            raise NotMeasured("the watchers did not come")
        told = 0
        while told < STUCK_BYTES:
            for connected in (False, True):
                rig.api.note_link(connected=connected)
            told += 200
            await asyncio.sleep(0)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()


def _watch_for_ever(path: str) -> None:
    """Follow the stream until stdin ends; whoever is cut off comes again."""
    poller = select.poll()
    connections: dict[int, tuple[socket.socket, bool]] = {}
    silent = READERS

    def join(*, reads: bool) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(path)
        connection.sendall(REQUEST)
        connections[connection.fileno()] = connection, reads
        poller.register(connection, select.POLLIN if reads else 0)

    for number in range(READERS + SLEEPERS):
        join(reads=number < READERS)
    poller.register(sys.stdin.fileno(), 0)
    heard: set[int] = set()
    while True:
        for descriptor, event in poller.poll():
            if descriptor == sys.stdin.fileno():
                return
            connection, reads = connections[descriptor]
            if event & select.POLLIN and connection.recv(CHUNK_BYTES):
                heard.add(descriptor)
                if len(heard) == silent:
                    silent = 0
                    sys.stdout.write("watching\n")
                    sys.stdout.flush()
                continue
            poller.unregister(descriptor)
            del connections[descriptor]
            connection.close()
            join(reads=reads)


if __name__ == "__main__":
    with contextlib.suppress(OSError):  # the automat has gone
        _watch_for_ever(sys.argv[1])
