"""Whose turn it is to be read on one line; time is an argument, nothing is asked or opened here."""

from collections.abc import Iterable
from dataclasses import dataclass

REST_S = 0.4
"""A board of which nobody wants anything is read this often."""
OPEN_S = 0.1
"""The same while one of its doors is open: somebody stands there and is about to shut it."""
PROBE_EVERY_S = 1.0
"""A line asks one board that was lost no more often than this, while others of it answer."""
PROBE_WHILE_BUSY_S = 3.0
"""The same while a door of the line was just unlocked."""
PROBE_SHARE = 4.0
"""Boards that answer have the line for so many times as long as lost ones just had it."""
PROBE_PAUSE_S = 0.2
"""Between two questions on a line on which no board answers."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The board to be read next, and when; `probe`: it was lost, so it only may be there."""

    name: str
    at_s: float
    probe: bool


@dataclass(slots=True)
class _Seat:
    name: str
    read_s: float = float("-inf")
    due_s: float = float("-inf")
    wanted: bool = False
    busy_until_s: float = float("-inf")
    lost: bool = False

    def is_pressing(self, now_s: float) -> bool:
        return self.wanted or now_s < self.busy_until_s


class Turns:
    """Boards that matter now are read again and again, every second turn belongs to the others.

    A lost board costs the line its time-out: so at most one is asked between two rounds of the rest.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._seats = {name: _Seat(name) for name in names}
        self._probe_at_s = float("-inf")
        self._others_turn = False

    def start_over(self) -> None:
        """The line came up: every board is due, lost ones too."""
        self._probe_at_s = float("-inf")
        for seat in self._seats.values():
            seat.due_s = float("-inf")

    def want(self, name: str) -> None:
        """Read this board next: something was heard of it."""
        self._seats[name].wanted = True
        self._others_turn = False

    def keep_busy(self, name: str, until_s: float) -> None:
        """Read this board next and as often as the line allows, until then: one of its doors will move."""
        self._seats[name].busy_until_s = until_s
        self._others_turn = False

    def calm(self, name: str) -> None:
        """What this board was kept busy for has come: let its next unlock find the line free."""
        self._seats[name].busy_until_s = float("-inf")

    def was_read(self, name: str, now_s: float, *, doubtful: bool, is_open: bool = False) -> None:
        """The board answered; `doubtful`: it wants to be read once more at once; `is_open`: soon."""
        seat = self._seats[name]
        if seat.lost:
            # What was wrong with it may have been wrong with all of them.
            self._probe_at_s = float("-inf")
        seat.lost, seat.wanted = False, doubtful
        self._put_off(seat, now_s, OPEN_S if is_open else REST_S)

    def was_unheard(self, name: str, now_s: float) -> None:
        """It was not read, for whatever reason but its own silence; its turn comes again."""
        self._seats[name].wanted = False
        self._put_off(self._seats[name], now_s)

    def was_silent(self, name: str, asked_s: float, now_s: float, *, lost: bool) -> None:
        """The board was asked and did not answer; `lost`: nor is it expected to."""
        seat = self._seats[name]
        seat.lost, seat.wanted = lost, False
        self._put_off(seat, now_s)
        if all(seat.lost for seat in self._seats.values()):
            self._probe_at_s = now_s + PROBE_PAUSE_S
        elif lost:
            self._probe_at_s = now_s + max(PROBE_EVERY_S, PROBE_SHARE * (now_s - asked_s))

    def read_since_s(self, now_s: float) -> float | None:
        """Since when every board has been read; None: one of them presses, or is lost."""
        if any(seat.lost or seat.is_pressing(now_s) for seat in self._seats.values()):
            return None
        return min((seat.read_s for seat in self._seats.values()), default=None)

    def next(self, now_s: float) -> Turn | None:
        """Tell whose turn is next, at a time that may have passed; None if there is no board."""
        probe = self._next_probe(now_s)
        if probe is not None and probe.at_s <= now_s:
            return probe
        answering = [seat for seat in self._seats.values() if not seat.lost]
        pressing = [seat for seat in answering if seat.is_pressing(now_s)]
        others = [seat for seat in answering if not seat.is_pressing(now_s) and seat.due_s <= now_s]
        ready = others if others and (self._others_turn or not pressing) else pressing
        if ready:
            self._others_turn = ready is pressing
            return Turn(min(ready, key=lambda seat: seat.read_s).name, now_s, probe=False)
        waiting = [Turn(seat.name, seat.due_s, probe=False) for seat in answering]
        if probe is not None:
            waiting.append(probe)
        return min(waiting, key=lambda turn: turn.at_s, default=None)

    def _next_probe(self, now_s: float) -> Turn | None:
        lost = [seat for seat in self._seats.values() if seat.lost]
        if not lost:
            return None
        oldest = min(lost, key=lambda seat: seat.read_s)
        at_s = self._probe_at_s
        if any(now_s < seat.busy_until_s for seat in self._seats.values() if not seat.lost):
            at_s = max(at_s, oldest.read_s + PROBE_WHILE_BUSY_S)
        return Turn(oldest.name, at_s, probe=True)

    def _put_off(self, seat: _Seat, now_s: float, rest_s: float = REST_S) -> None:
        seat.read_s = now_s
        seat.due_s = now_s + rest_s
