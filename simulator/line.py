"""An RS-485 line with several boards: takes the time its baud rate needs and has its vices from a seed."""

import heapq
import random
from collections.abc import Iterable
from itertools import zip_longest
from typing import Protocol

from simulator.faults import FaultSet

_BITS_A_BYTE = 10
_MOST_WAITING_BYTES = 65_536


class Device(Protocol):
    """A device half on a line."""

    def feed(self, data: bytes) -> None: ...
    def advance(self, dt_s: float) -> list[bytes]: ...
    def due_in_s(self) -> float | None: ...


class Line:
    """Bytes of the host reach every board when their last bit is over; unpaced they arrive at once."""

    def __init__(
        self, boards: Iterable[Device], dice: random.Random, *, baud: int = 9600, paced: bool = True
    ) -> None:
        self.faults = FaultSet("line")
        self._boards = tuple(boards)
        self._dice = dice
        self._byte_s = _BITS_A_BYTE / baud if paced else 0.0
        self._now_s = 0.0
        self._order = 0
        self._down: list[tuple[float, int, bytes]] = []
        self._up: list[tuple[float, int, bytes]] = []
        self._down_free_s = self._up_free_s = 0.0

    def replace(self, board: Device, fresh: Device) -> None:
        """Put another board in the place of one."""
        self._boards = tuple(fresh if each is board else each for each in self._boards)

    def feed(self, data: bytes) -> None:
        """The host begins to send."""
        if self.faults.has("cut") or sum(len(piece) for _, _, piece in self._down) > _MOST_WAITING_BYTES:
            return
        self._down_free_s = max(self._now_s, self._down_free_s) + len(data) * self._byte_s
        self._push(self._down, self._down_free_s, data)

    def inject(self, data: bytes) -> None:
        """Somebody on the pair sends these bytes: boards and host hear them."""
        self.feed(data)
        self._send_up(data)

    def advance(self, dt_s: float) -> list[bytes]:
        """Let time pass; what arrives at the host meanwhile, in order."""
        heard: list[bytes] = []
        left_s, due_s = dt_s, self.due_in_s()
        while True:
            slice_s = left_s if due_s is None else min(left_s, due_s)
            heard += self._slice(slice_s)
            left_s -= slice_s
            due_s = self.due_in_s()
            if left_s <= 1e-9 and (due_s is None or due_s > 1e-9):
                return heard

    def due_in_s(self) -> float | None:
        """When something next arrives or a board next acts, None if the line is at rest."""
        least_s: float | None = None
        for queue in (self._down, self._up):
            if queue and (least_s is None or queue[0][0] - self._now_s < least_s):
                least_s = queue[0][0] - self._now_s
        for board in self._boards:
            due_s = board.due_in_s()
            if due_s is not None and (least_s is None or due_s < least_s):
                least_s = due_s
        return None if least_s is None else max(0.0, least_s)

    def _slice(self, dt_s: float) -> list[bytes]:
        self._now_s += dt_s
        said = [piece for board in self._boards if (piece := b"".join(board.advance(dt_s)))]
        if said and not self.faults.has("cut"):
            self._send_up(self._collided(said))
        while self._down and self._down[0][0] <= self._now_s + 1e-9:
            data = heapq.heappop(self._down)[2]
            if self.faults.has("echo"):
                self._send_up(data)
            for board in self._boards:
                board.feed(self._damaged(data))
        heard: list[bytes] = []
        while self._up and self._up[0][0] <= self._now_s + 1e-9:
            if data := self._damaged(heapq.heappop(self._up)[2]):
                heard.append(data)
        return heard

    def _send_up(self, data: bytes) -> None:
        self._up_free_s = max(self._now_s, self._up_free_s) + len(data) * self._byte_s
        self._push(self._up, self._up_free_s, data)

    def _push(self, queue: list[tuple[float, int, bytes]], at_s: float, data: bytes) -> None:
        self._order += 1
        heapq.heappush(queue, (at_s, self._order, data))

    def _damaged(self, data: bytes) -> bytes:
        noise, loss = self.faults.number("noise"), self.faults.number("loss")
        if not noise and not loss:
            return data
        kept = bytearray()
        for byte in data:
            if self._dice.random() < loss:
                continue
            kept.append(byte ^ 1 << self._dice.randrange(8) if self._dice.random() < noise else byte)
        return bytes(kept)

    def _collided(self, pieces: list[bytes]) -> bytes:
        """What the host hears when several boards talk at once, some bits apart: a dominant 0 wins."""
        mixed = pieces[0]
        for other in pieces[1:]:
            apart = self._dice.randrange(1, 8)
            late = bytes((byte << apart | byte >> 8 - apart) & 0xFF for byte in other)
            mixed = bytes(a & b for a, b in zip_longest(mixed, late, fillvalue=0xFF))
        return mixed
