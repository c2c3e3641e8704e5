"""Workers that do pieces of work side by side, each in a process of its own, which is ended if it hangs."""

import asyncio
import gc
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from simulator.tied import tie_to

BEAT_S, SILENT_MOST_S = 5.0, 90.0
"""A worker that says nothing for so long is stuck: its event loop does not turn any more."""
FIRST_WORD_MOST_S = 600.0
"""Many of them load everything that they need at the same time, at first."""
LOOK_S, GO_LIMIT_S = 1.0, 20.0

W = TypeVar("W")
T = TypeVar("T")


@dataclass(frozen=True)
class Lost:
    """A worker was ended, or ended by itself, before its work was done."""

    why: str
    hung: bool = True


@dataclass
class Told(Generic[T]):
    """What a worker says of its work; `worn`: another process shall do the next one."""

    result: T
    worn: bool = False


Deed = Callable[[W, Callable[[], bool]], Awaitable[Told[T]]]
"""Does one piece of work; it may ask whether it shall come to an end soon."""
Workshop = Callable[[Path], "Any"]
"""Takes a directory; an asynchronous context that gives a `Deed`, and lives as long as its worker."""


@dataclass
class _Worker(Generic[W]):
    process: BaseProcess
    pipe: Connection
    work: W | None = None
    heard_s: float = 0.0
    speaks: bool = False

    def is_stuck(self) -> bool:
        """Tell whether it has been silent for too long."""
        silent_s = time.monotonic() - self.heard_s
        return silent_s > (SILENT_MOST_S if self.speaks else FIRST_WORD_MOST_S)


class Crew(Generic[W, T]):
    """So many workers; use it as a context, which ends them all."""

    def __init__(self, size: int, workshop: Workshop, directory: Path) -> None:
        """`directory` takes all their files; whoever makes it removes it."""
        # A fork has everything loaded already; but threads of this process must not be copied into it.
        self._forks = threading.active_count() == 1
        self._context: BaseContext = multiprocessing.get_context("fork" if self._forks else "spawn")
        self._size = size
        self._workshop = workshop
        self._directory = directory
        self._hurry: Event = self._context.Event()
        self._workers: list[_Worker[W]] = []

    def __enter__(self) -> Self:
        """Start nobody yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End every worker, and what each of them has started."""
        for worker in self._workers:
            if worker.work is not None:
                worker.process.kill()
            worker.pipe.close()  # whoever waits for work goes
        for worker in list(self._workers):
            self._dismiss(worker)

    def do(
        self, work: Sequence[W], *, enough: Callable[[], bool], grace_s: float
    ) -> Iterator[tuple[W, T | Lost]]:
        """Give each piece that was done, as soon as it is; after `enough` nothing new is begun.

        What is under way then comes to an end soon, or is given up after `grace_s`.
        """
        left, over_s = deque(work), float("inf")
        while left or self._busy():
            now_s = time.monotonic()
            if enough() and not self._hurry.is_set():
                self._hurry.set()
                over_s = now_s + grace_s
            if self._hurry.is_set():
                left.clear()
            while left and (idle := self._idle()) is not None:
                self._give(idle, left.popleft())
            for worker in self._ready():
                yield from self._hear(worker)
            for busy in self._busy():
                if time.monotonic() > over_s:
                    yield self._lose(busy, Lost("cut short", hung=False))
                elif busy.is_stuck():
                    silent_s = time.monotonic() - busy.heard_s
                    yield self._lose(busy, Lost(f"nothing moved in its process for {silent_s:.0f} s"))

    def _busy(self) -> list[_Worker[W]]:
        return [worker for worker in self._workers if worker.work is not None]

    def _idle(self) -> _Worker[W] | None:
        for worker in self._workers:
            if worker.work is None:
                return worker
        if len(self._workers) == self._size:
            return None
        here, there = self._context.Pipe()
        # A fork would keep the others' pipes open, and its own at our end.
        foreign = [here, *(worker.pipe for worker in self._workers)] if self._forks else []
        given = (self._workshop, there, self._directory, self._hurry, os.getpid(), foreign)
        process = self._context.Process(target=serve, args=given)  # type: ignore[attr-defined]  # not in BaseContext
        process.start()
        there.close()
        fresh = _Worker[W](process, here)
        self._workers.append(fresh)
        return fresh

    def _give(self, worker: _Worker[W], work: W) -> None:
        worker.work, worker.heard_s = work, time.monotonic()
        with suppress(OSError):  # then it has ended, which is heard at once
            worker.pipe.send(work)

    def _ready(self) -> list[_Worker[W]]:
        by_pipe = {worker.pipe: worker for worker in self._workers if worker.work is not None}
        return [by_pipe[pipe] for pipe in wait(list(by_pipe), LOOK_S) if isinstance(pipe, Connection)]

    def _hear(self, worker: _Worker[W]) -> Iterator[tuple[W, T | Lost]]:
        try:
            told: Told[T] | None = worker.pipe.recv()
        except (EOFError, OSError):
            yield self._lose(worker, Lost("its process ended"))
            return
        worker.heard_s, worker.speaks = time.monotonic(), True
        if told is None or worker.work is None:
            return
        work, worker.work = worker.work, None
        if told.worn:
            self._dismiss(worker)
        yield work, told.result

    def _lose(self, worker: _Worker[W], lost: Lost) -> tuple[W, T | Lost]:
        work = worker.work
        if work is None:
            raise RuntimeError("an idle worker loses nothing")
        worker.process.kill()
        self._dismiss(worker)
        return work, lost

    def _dismiss(self, worker: _Worker[W]) -> None:
        worker.pipe.close()
        worker.process.join(GO_LIMIT_S)
        worker.process.kill()
        worker.process.join()
        self._workers.remove(worker)


def serve(
    workshop: Workshop,
    pipe: Connection,
    directory: Path,
    hurry: Event,
    parent: int,
    foreign: Sequence[Connection],
) -> None:
    """Be a worker: do what comes through the pipe, until it is closed; `foreign` pipes are not ours."""
    tie_to(parent)
    for other in foreign:
        other.close()
    gc.freeze()  # what came with a fork is not looked through again
    tempfile.tempdir = str(directory)  # what is left of a worker that was ended goes with all the others
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever gave the work ends us
    with suppress(EOFError, OSError):
        asyncio.run(_serve(workshop, pipe, directory, hurry))


async def _serve(workshop: Workshop, pipe: Connection, directory: Path, hurry: Event) -> None:
    beating = asyncio.create_task(_beat(pipe), name="beat")
    try:
        async with workshop(directory) as deed:
            while True:
                work = pipe.recv()  # nothing else is to be done meanwhile
                pipe.send(await deed(work, hurry.is_set))
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def _beat(pipe: Connection) -> None:
    while True:
        pipe.send(None)
        await asyncio.sleep(BEAT_S)
