"""A driver on a line whose other end is a simulated board; its time runs as soon as it was asked."""

from collections.abc import Callable
from typing import Any

from drivers.base import LockBoard
from drivers.bus import Bus, BusSettings
from simulator.boards import board as device
from tests.unit.drivers.support import MemoryLine


class Locks:
    """What hangs on a board: locks that open at once unless jammed, contacts that close when shut."""

    def __init__(self) -> None:
        self.pulsed: list[int] = []
        self.open: set[int] = set()
        self.jammed: set[int] = set()

    def pulse(self, channel: int, seconds: float) -> None:
        self.pulsed.append(channel)
        if channel not in self.jammed:
            self.open.add(channel)

    def hold(self, channel: int, *, energised: bool) -> None:
        raise AssertionError("a driver holds no output")

    def contact(self, channel: int) -> bool:
        return channel not in self.open


class Wired:
    """`wait_s` of the board's time pass after each frame; what it says then reaches the host at once.

    `chunk` is the longest piece in which the bytes of the board arrive.
    """

    def __init__(
        self,
        board: device.LockBoard[Any],
        locks: Locks,
        driver: Callable[[Bus], LockBoard],
        *,
        wait_s: float = 1.2,
        chunk: int = 64,
    ) -> None:
        self.board = board
        self.locks = locks
        self.wait_s = wait_s
        self.chunk = chunk
        self.line = MemoryLine(self._pass_on)
        self.bus = Bus(self.line, BusSettings(gap_s=0.0, frame_silence_s=0.005))
        self.driver = driver(self.bus)
        self.bus.start()

    def let_pass(self, seconds: float) -> None:
        """Let the board's time pass, and hear what it says meanwhile."""
        while True:
            due_s = self.board.due_in_s()
            slice_s = seconds if due_s is None else min(seconds, due_s)
            for said in self.board.advance(slice_s):
                for start in range(0, len(said), self.chunk):
                    self.line.arrive(said[start : start + self.chunk])
            seconds -= slice_s
            if seconds <= 1e-9 and self.board.due_in_s() != 0.0:
                return

    def _pass_on(self, line: MemoryLine, request: bytes) -> None:
        self.board.feed(request)
        self.let_pass(self.wait_s)
