"""One board of any family, its driver and the wire between them, in one process and in virtual time.

The wire is the simulator's own line, so that bytes take the time of their baud rate; only ports are missing.
"""

import asyncio
import dataclasses
import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from drivers.base import Contact, ContactReport, ignore
from drivers.bus import Bus
from drivers.registry import LOCK_BOARDS
from simulator.boards.board import LockBoard
from simulator.boards.families import BOARDS
from simulator.line import Line

UNPROTECTED = frozenset({"winnsen"})
"""Families without a checksum: one damaged byte may be another valid frame, and nobody can know."""

QUIRKS: Mapping[tuple[str, object], tuple[str, float]] = {
    ("byte_order", "first-byte-first"): ("reversed-byte-order", True),
    ("acknowledges", False): ("no-unlock-answer", True),
}
"""Settings of a host that say what its boards do for ever, and the fault that makes a simulated one do so."""

CHUNK_GAPS_S = (0.0, 0.001, 0.016)  # the last is what cheap USB adapters do


class Locks:
    """What hangs on a board: locks that open at once, contacts, and a memory of both."""

    def __init__(self, now_s: Callable[[], float] = lambda: 0.0) -> None:
        self.pulsed: list[int] = []
        self.on_moved: Callable[[int], None] = ignore
        self._now_s = now_s
        self._open_since: dict[int, list[tuple[float, bool]]] = {}

    def pulse(self, channel: int, seconds: float) -> None:
        self.pulsed.append(channel)
        self.move(channel, closed=False)

    def hold(self, channel: int, *, energised: bool) -> None:
        if energised:
            self.pulse(channel, 0.0)

    def contact(self, channel: int) -> bool:
        moves = self._open_since.get(channel)
        return moves[-1][1] if moves else True

    def move(self, channel: int, *, closed: bool) -> None:
        """Shut or open a door, by hand or by its lock."""
        if self.contact(channel) != closed:
            self._open_since.setdefault(channel, []).append((self._now_s(), closed))
            self.on_moved(channel)

    def was(self, channel: int, contact: Contact, since_s: float) -> bool:
        """Whether the contact was so at any moment from `since_s` until now."""
        closed = contact is Contact.CLOSED
        moves = [(0.0, True), *self._open_since.get(channel, [])]
        at_start = [state for at_s, state in moves if at_s <= since_s][-1:]
        return closed in at_start + [state for at_s, state in moves if at_s >= since_s]


class NullModem:
    """A `Line` of the drivers over a simulated line; one byte either way may be damaged, pieces are cut."""

    def __init__(self, wire: Line, baud: int, dice: random.Random) -> None:
        self.on_bytes: Callable[[bytes], None] = ignore
        self.on_up: Callable[[], None] = ignore
        self.on_down: Callable[[str], None] = ignore
        self.name = "null modem"
        self.is_up = True
        self.quiet_at_s = 0.0
        self.written: list[bytes] = []
        self.cut_into: int | None = None
        self.garbage = b""
        self._damage: dict[str, tuple[int, int]] = {}
        self._wire = wire
        self._byte_s = 10 / baud
        self._dice = dice
        self._at_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: deque[bytes] = deque()
        self._pump: asyncio.TimerHandle | None = None

    def damage(self, direction: str, place: int, flip: int) -> None:
        """Flip bits of the byte at `place` of what passes next, "to-board" or "to-host"; once."""
        self._damage[direction] = (place, flip)

    def heal(self) -> None:
        """Damage nothing that is still to come."""
        self._damage.clear()
        self.cut_into, self.garbage = None, b""

    def write(self, data: bytes) -> None:
        self._advance()
        self.written.append(data)
        self.quiet_at_s = max(self._loop.time(), self.quiet_at_s) + len(data) * self._byte_s
        self._wire.feed(self._spoilt("to-board", data))
        self._schedule()

    def discard_output(self) -> None:
        """What was written is on the wire already."""

    def collect_input(self) -> None:
        self._advance()
        while self._waiting:
            self.on_bytes(self._waiting.popleft())

    def inject(self, data: bytes) -> None:
        """Somebody on the wire sends bytes."""
        self._advance()
        self._wire.inject(data)
        self._schedule()

    def poke(self) -> None:
        """Something happened on the board by itself."""
        self._schedule()

    def close(self) -> None:
        for timer in (self._timer, self._pump):
            if timer is not None:
                timer.cancel()

    def _advance(self) -> None:
        now_s = self._loop.time()
        dt_s, self._at_s = now_s - self._at_s, now_s
        for piece in self._wire.advance(dt_s):
            garbage, self.garbage = self.garbage, b""
            self._waiting += self._chunks(garbage + self._spoilt("to-host", piece))
        self._schedule()

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_s = self._wire.due_in_s()
        if due_s is not None:
            self._timer = self._loop.call_later(due_s, self._tick)
        if self._waiting and self._pump is None:
            self._pump = self._loop.call_soon(self._deliver)  # type: ignore[assignment]  # either can be cancelled

    def _tick(self) -> None:
        self._timer = None
        self._advance()

    def _deliver(self) -> None:
        self._pump = None
        if self._waiting:
            self.on_bytes(self._waiting.popleft())
        if self._waiting:
            self._pump = self._loop.call_later(self._dice.choice(CHUNK_GAPS_S), self._deliver)

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        while data:
            size = len(data) if self.cut_into is None else self._dice.randint(1, self.cut_into)
            yield data[:size]
            data = data[size:]

    def _spoilt(self, direction: str, data: bytes) -> bytes:
        place, flip = self._damage.pop(direction, (0, 0))
        if place >= len(data) and flip:
            self._damage[direction] = (place - len(data), flip)
            return data
        return bytes(byte ^ flip if n == place else byte for n, byte in enumerate(data))


class Ear:
    """A board on a line, and how often it spoke: what the line itself echoes is not the board's."""

    def __init__(self, board: LockBoard[Any]) -> None:
        self.spoken = 0
        self._board = board

    def feed(self, data: bytes) -> None:
        self._board.feed(data)

    def advance(self, dt_s: float) -> list[bytes]:
        said = self._board.advance(dt_s)
        self.spoken += len(said)
        return said

    def due_in_s(self) -> float | None:
        return self._board.due_in_s()


class Stand:
    """A driver, a bus, a wire and a board; made and stopped inside a running loop.

    `others` are further boards of the family on the same wire, by address; each has locks of its own.
    """

    def __init__(
        self,
        family: str,
        settings: Mapping[str, Any],
        *,
        seed: int = 0,
        bus: type[Bus] = Bus,
        others: Sequence[int] = (),
    ) -> None:
        loop = asyncio.get_running_loop()
        host = LOCK_BOARDS[family]
        known = host.settings(**accepted(family), **settings)
        self.family, self.address, self.channels = family, known.address, known.channels
        self.locks = Locks(loop.time)
        self._unit = {"kecheng": True} if settings.get("edition") == "kecheng" else {}
        self.board = made_board(family, self.address, self.channels, self.locks, **self._unit)
        self.ear = Ear(self.board)
        self.other_locks = [Locks(loop.time) for _ in others]
        self.other_boards = [
            made_board(family, address, self.channels, locks, **self._unit)
            for address, locks in zip(others, self.other_locks, strict=True)
        ]
        self.wire = Line([self.ear, *self.other_boards], random.Random(seed), baud=host.baud_rate)
        self.modem = NullModem(self.wire, host.baud_rate, random.Random(seed))
        self.bus = bus(self.modem)
        self.driver = host.make(self.bus, known)
        self.reports: list[ContactReport] = []
        self.driver.on_report = self.reports.append
        self.other_drivers = [
            host.make(self.bus, dataclasses.replace(known, address=address)) for address in others
        ]
        for board, locks in (
            (self.board, self.locks),
            *zip(self.other_boards, self.other_locks, strict=True),
        ):
            locks.on_moved = partial(self._moved, board)
        self._quirks = [QUIRKS[one] for one in settings.items() if one in QUIRKS]
        self.heal()
        self.bus.start()

    async def stop(self) -> None:
        await self.bus.stop()
        self.modem.close()

    def heal(self) -> None:
        """Take every fault away."""
        for faults in (self.board.faults, self.wire.faults, *(one.faults for one in self.other_boards)):
            for name in faults.active():
                faults.set(name, None)
        self.modem.heal()
        for name, value in self._quirks:
            self.set_fault(name, value)

    def set_fault(self, name: str, value: float) -> None:
        """Set a declared fault of the line, or of every board on it."""
        if name in ("cut", "echo", "noise", "loss"):
            self.wire.faults.set(name, value)
            return
        for board in (self.board, *self.other_boards):
            board.faults.set(name, value)

    def pulses_written(self, frames: list[bytes]) -> list[int]:
        """The locks that a faultless board would pulse at these frames, each heard whole and alone."""
        witness = Locks()
        board = made_board(self.family, self.address, self.channels, witness, **self._unit)
        for frame in frames:
            board.feed(frame)
            board.advance(600)
        return witness.pulsed

    def _moved(self, board: LockBoard[Any], channel: int) -> None:
        board.contact_changed(channel)
        self.modem.poke()


def accepted(family: str) -> dict[str, Any]:
    """The settings without which a family refuses to be used."""
    return {"unprotected": True} if has_setting(family, "unprotected") else {}


def address_of(family: str, settings: Mapping[str, Any] | None = None) -> int:
    """The address of a board of these settings, the family's own where they say nothing."""
    address: int = LOCK_BOARDS[family].settings(**accepted(family), **(settings or {})).address
    return address


def made_board(family: str, address: int, channels: int, locks: Locks, **unit: Any) -> LockBoard[Any]:
    """Make a simulated board of any family; `unit`: what only boards of that family are told."""
    make: Any = BOARDS[family]
    board: LockBoard[Any] = make(address, channels, locks, dice=random.Random(7), serial=0x5A, **unit)
    return board


def has_setting(family: str, name: str) -> bool:
    """Whether a family's boards have a setting of that name."""
    return name in {field.name for field in dataclasses.fields(LOCK_BOARDS[family].settings)}
