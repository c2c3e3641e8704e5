"""What a technician's screen costs and how soon it answers, on a real automat of 1,000 compartments at work.

`locker-tui` runs in a terminal of its own (a pty of 120 x 40) beside the real daemon on simulated hardware;
boxes are blocked and unblocked all the time, and every line is read. Its processor time is what the kernel
says of its process; a key is answered when the help that it asked for is written to the terminal.

The floor is a bare Textual application, this file, that shows one line and puts up the same words when asked.
"""

import asyncio
import contextlib
import fcntl
import os
import pty
import statistics
import struct
import sys
import termios
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path

from bench.figures import Figure, Goal, NotMeasured, Pairs
from locker.api.client import ApiClient
from locker.api.maintenance_schema import BlockAsked, UnblockAsked

COLUMNS, ROWS = 120, 40
LIMIT_S = 60.0
PAUSE_S = 0.1
CHUNK_BYTES = 1 << 16
ACTIONS_A_SECOND = 4
HELP = b"Enter closes this."
SCHEDULED = 2
MATTERS = {"wall": b"2", "lines": b"5"}
"""The screens, and the keys that go to them."""


class Terminal:
    """A program behind a pty: keys in, bytes out."""

    def __init__(self, process: asyncio.subprocess.Process, descriptor: int) -> None:
        """Listen to it."""
        self._process = process
        self._descriptor = descriptor
        self._heard = bytearray()
        self._news = asyncio.Event()
        self._heard_at_s = 0.0
        asyncio.get_running_loop().add_reader(descriptor, self._hear)

    def close(self) -> None:
        """Listen no more."""
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def press(self, key: bytes) -> None:
        """Press one key; what was written before is forgotten."""
        self._heard.clear()
        os.write(self._descriptor, key)

    async def shows(self, text: bytes) -> float:
        """Wait for a text; return when its last byte came."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while text not in self._heard:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise NotMeasured(f"the terminal never showed {text!r}") from None
        return self._heard_at_s

    async def answer_ms(self) -> float:
        """Ask for help, and leave it again; return how long it took to come."""
        began_s = time.monotonic()
        self.press(b"?")
        took_s = await self.shows(HELP) - began_s
        await asyncio.sleep(PAUSE_S)
        self.press(b"\r")
        await asyncio.sleep(PAUSE_S)
        return 1000 * took_s

    async def cpu_percent(self, seconds: float) -> float:
        """Return what it uses of one core for a while."""
        used_s, began_s = self._used_s(), time.monotonic()
        await asyncio.sleep(seconds)
        return 100 * (self._used_s() - used_s) / (time.monotonic() - began_s)

    def _used_s(self) -> float:
        # The process's own clock, as clock_getcpuclockid(3) makes its number: ticks of 10 ms are too coarse.
        return time.clock_gettime((~self._process.pid << 3) | SCHEDULED)

    def _hear(self) -> None:
        try:
            self._heard += os.read(self._descriptor, CHUNK_BYTES)
        except OSError:  # it has ended
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self._heard_at_s = time.monotonic()
        self._news.set()


async def measure(
    *, compartments: int, seconds: float, rounds: int, keys: int, settle_s: float
) -> list[Figure]:
    """Measure every screen, which has so long to settle, and the bare application in turn."""
    # Here and not above: whoever plays the bare application needs no simulator.
    from simulator.locker_sim import LockerSim, LockerSimError, plan_from

    sim = LockerSim(plan_from(compartments=compartments))
    try:
        await asyncio.to_thread(sim.start)
    except LockerSimError as error:
        raise NotMeasured(str(error)) from error
    figures: list[Figure] = []
    try:
        async with _at_work(sim.socket):
            arguments = (
                "-m",
                "tui.cli",
                "--language",
                "en",
                "--technician",
                "bench",
                "--socket",
                str(sim.socket),
            )
            async with _running(*arguments) as screen, _running("-m", "bench.screens") as bare:
                await screen.shows(b"linked")
                for matter, key in MATTERS.items():
                    screen.press(key)
                    await asyncio.sleep(settle_s)
                    about = (
                        f"{compartments} compartments, {ACTIONS_A_SECOND} actions a second, {COLUMNS}x{ROWS}"
                    )
                    used = await _used(screen, bare, seconds, rounds)
                    figures.append(
                        used.figure(f"screen-{matter}-cpu-percent", Goal("value", "<", 15.0), about)
                    )
                    figures.append(await _answers(matter, screen, bare, keys, about))
    finally:
        await asyncio.to_thread(sim.stop)
    return figures


async def _used(screen: Terminal, bare: Terminal, seconds: float, rounds: int) -> Pairs:
    used = Pairs.none()
    for _ in range(rounds):
        used.values.append(await screen.cpu_percent(seconds))
        used.floors.append(max(0.01, await bare.cpu_percent(seconds)))
    return used


async def _answers(matter: str, screen: Terminal, bare: Terminal, keys: int, about: str) -> Figure:
    answers, floors = [], []
    for _ in range(keys):
        answers.append(await screen.answer_ms())
        floors.append(await bare.answer_ms())
    medians = f"medians {statistics.median(answers):.1f} and {statistics.median(floors):.1f}; {keys} keys"
    return Figure(
        f"screen-{matter}-key-p99-ms",
        _p99(answers),
        _p99(floors),
        Goal("value", "<", 100.0),
        (medians, about),
    )


def _p99(numbers: Sequence[float]) -> float:
    """Return the 99th percentile; of fewer than 100 numbers it is the largest."""
    return sorted(numbers)[-1 - len(numbers) // 100]


@asynccontextmanager
async def _at_work(path: Path) -> AsyncIterator[None]:
    """Let something happen all the time."""

    async def work() -> None:
        async with ApiClient(path) as client:
            labels = [box.label for box in await client.compartments()]
            for label in cycle(labels):
                await client.maintain(BlockAsked(technician="bench", compartment=label, reason="busy"))
                await asyncio.sleep(1 / ACTIONS_A_SECOND)
                await client.maintain(UnblockAsked(technician="bench", compartment=label))
                await asyncio.sleep(1 / ACTIONS_A_SECOND)

    working = asyncio.create_task(work(), name="work")
    try:
        yield
        if working.done():
            raise NotMeasured(f"the automat stood still: {working.exception()!r}")
    finally:
        working.cancel()
        await asyncio.wait({working})


@asynccontextmanager
async def _running(*arguments: str) -> AsyncIterator[Terminal]:
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    os.set_blocking(near, False)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)},
        )
    finally:
        os.close(far)
    terminal = Terminal(process, near)
    try:
        yield terminal
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        terminal.close()


def _be_bare() -> None:
    """Be the floor: an application that shows a line, and help when asked."""
    # Here and not above: the measuring side needs no Textual.
    from textual import events
    from textual.app import App, ComposeResult
    from textual.screen import ModalScreen
    from textual.widgets import Static

    class Help(ModalScreen[None]):
        def compose(self) -> ComposeResult:
            yield Static(HELP.decode())

        def on_key(self, event: events.Key) -> None:
            event.stop()
            self.dismiss()

    class Bare(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("nothing happens here")

        def on_key(self, _: events.Key) -> None:
            self.push_screen(Help())

    Bare().run()


if __name__ == "__main__":
    _be_bare()
