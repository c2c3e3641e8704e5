"""What the device halves of all lock boards have in common: answers in a queue, time, misbehaviour.

Bytes go in by `feed`, time by `advance`, and answers come out of `advance` when they are due. A family says
how requests are found in bytes, what each does, and how its frames are spelled; no line of it is shared with
a host half.
"""

import heapq
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from simulator.faults import FaultSet
from simulator.parsing import RequestParser

_QUEUE_LIMIT = 256

RequestT = TypeVar("RequestT")


class Wiring(Protocol):
    """What hangs on the board's terminals, by channel."""

    def pulse(self, channel: int, seconds: float) -> None: ...
    def hold(self, channel: int, *, energised: bool) -> None: ...
    def contact(self, channel: int) -> bool: ...


@dataclass(frozen=True)
class Timing:
    """How quickly the board works; the unlock is acknowledged when the door had time to move."""

    read_delay_s: float = 0.005
    unlock_delay_s: float = 0.2
    pulse_s: float = 0.3
    pause_s: float = 0.05
    frame_gap_s: float = 0.1  # what stays incomplete longer than this was cut off


class LockBoard(ABC, Generic[RequestT]):
    """One board on a line; a family is a subclass. Obeys requests that are for it only."""

    def __init__(
        self,
        address: int,
        channels: int,
        wiring: Wiring,
        parser: RequestParser[RequestT],
        *,
        dice: random.Random,
        timing: Timing | None = None,
    ) -> None:
        self.faults = FaultSet("board")
        self.address = address
        self.channels = channels
        self.wiring = wiring
        self.timing = timing or Timing()
        self._parser = parser
        self._dice = dice
        self._now_s = 0.0
        self._heard_s = 0.0
        self._due: list[tuple[float, int, Callable[[], bytes | None]]] = []
        self._order = 0
        self._pulsed_s: dict[int, float] = {}
        self._busy = False
        self._last_answer = b""

    # -- what a family says

    @abstractmethod
    def is_for_me(self, request: RequestT) -> bool:
        """Whether a request is for this board, a broadcast included."""

    @abstractmethod
    def obey(self, request: RequestT) -> None:
        """Act on a request and queue its answer by `answer`."""

    @abstractmethod
    def spelled(self, request: RequestT) -> bytes:
        """The request's own bytes again, for boards that echo."""

    @abstractmethod
    def readdressed(self, frame: bytes) -> bytes:
        """The same valid answer from another board."""

    @abstractmethod
    def rechannelled(self, frame: bytes) -> bytes:
        """The same valid answer for the neighbouring channel; the frame as it is where none is named."""

    def damaged(self, frame: bytes) -> bytes:
        """The answer with another last byte: a wrong checksum, or without one a wrong end."""
        return frame[:-1] + bytes((frame[-1] ^ 0x5A,))

    def report(self, channel: int, fault: int) -> bytes | None:  # noqa: ARG002 - most boards never speak
        """What the board says unasked when a contact changed, None if nothing.

        `fault` is the value of `unsolicited-reports`, 0 if that is not active: a head byte to some families.
        """
        return None

    def alternate(self, frame: bytes) -> bytes:
        """The answer as a board spells it that does not follow its own manual."""
        return frame

    # -- the line's side

    def feed(self, data: bytes) -> None:
        """Take bytes off the line; they act now, their answers come from `advance`."""
        if self.faults.has("dead-board"):
            self._parser.forget()
            return
        if self._now_s - self._heard_s > self.timing.frame_gap_s:
            self._parser.forget()
        self._heard_s = self._now_s
        for request in self._parser.feed(data):
            if self.is_for_me(request) and len(self._due) < _QUEUE_LIMIT:
                if self.faults.spend("echo-request"):
                    self._echo(self.spelled(request))
                self.obey(request)

    def advance(self, dt_s: float) -> list[bytes]:
        """Let time pass; the pieces that the board begins to send meanwhile, in order."""
        self._now_s += dt_s
        pieces: list[bytes] = []
        while self._due and self._due[0][0] <= self._now_s + 1e-9:
            _, _, action = heapq.heappop(self._due)
            if not self.faults.has("dead-board") and (piece := action()):
                pieces.append(piece)
        return pieces

    def due_in_s(self) -> float | None:
        """When `advance` next has something to do, None if nothing is pending."""
        return max(0.0, self._due[0][0] - self._now_s) if self._due else None

    def contact_changed(self, channel: int) -> None:
        """A door moved; boards with such firmware report it unasked."""
        frame = self.report(channel, int(self.faults.number("unsolicited-reports")))
        if frame is not None:
            self.answer(0.0, lambda: frame)

    # -- tools of a family

    def at(self, delay_s: float, action: Callable[[], bytes | None]) -> None:
        """Do something later; what it returns is sent as it is."""
        self._order += 1
        heapq.heappush(self._due, (self._now_s + delay_s, self._order, action))

    def answer(self, delay_s: float, spell: Callable[[], bytes]) -> None:
        """Answer later, as the board's faults let it out."""
        if self.faults.spend("no-answer"):
            return
        self.at(delay_s + self.faults.number("late-answer"), lambda: self._spoilt(spell()))

    def acknowledge(self, pulse_s: float, spell: Callable[[], bytes]) -> None:
        """Answer an unlock, unless the board never does or does so only after the pulse."""
        if self.faults.spend("no-unlock-answer"):
            return
        late = self.faults.has("answer-after-pulse")
        self.answer(pulse_s + 0.05 if late else self.timing.unlock_delay_s, spell)

    def contact(self, channel: int) -> bool:
        """Whether the feedback contact of a channel is closed."""
        return self.wiring.contact(channel)

    def block_contacts(self) -> list[bool]:
        """All contacts as a block reading tells them, channel 1 first."""
        inverted = self.faults.has("inverted-block")
        return [self.wiring.contact(channel) != inverted for channel in range(1, self.channels + 1)]

    def was_read(self) -> None:
        """Note another command: a board that was busy after an unlock listens again."""
        self._busy = False

    def is_deaf(self) -> bool:
        """Whether the board ignores unlocks, being busy since the last one."""
        return self.faults.has("busy") and self._busy

    def try_pulse(self, channel: int, seconds: float) -> bool:
        """Pulse a lock; False, and nothing moves, while its duty cycle lets it rest."""
        last_s = self._pulsed_s.get(channel)
        if last_s is not None and self._now_s - last_s < self.faults.number("duty-cycle"):
            return False
        self._busy = True
        self._pulsed_s[channel] = self._now_s
        self.wiring.pulse(channel, seconds)
        return True

    def pulse_each(self, channels: Iterable[int], pulse_s: float) -> float:
        """Pulse one after another, never two coils at once; returns when the last is over."""

        def pulsing(channel: int) -> Callable[[], None]:
            def pulse() -> None:
                self._pulsed_s[channel] = self._now_s
                self.wiring.pulse(channel, pulse_s)

            return pulse

        start_s = 0.0
        for channel in channels:
            self.at(start_s, pulsing(channel))
            start_s += pulse_s + self.timing.pause_s
        return start_s

    def _echo(self, request: bytes) -> None:
        self.at(0.0, lambda: request)

    def _spoilt(self, frame: bytes) -> bytes:
        """The answer as this board's faults let it out; a second fragment follows by itself."""
        whole, faults = frame, self.faults
        for name, spoil in (
            ("alternate-function", self.alternate),
            ("wrong-address", self.readdressed),
            ("wrong-channel", self.rechannelled),
            ("wrong-checksum", self.damaged),
        ):
            if faults.spend(name):
                frame = spoil(frame)
        if faults.spend("stale-answer-in-front"):
            frame = self._last_answer + frame
        self._last_answer = whole
        stray = bytes(
            self._dice.randrange(0xF0, 0x100) for _ in range(int(faults.number("garbage-in-front")))
        )
        frame = stray + frame
        middle = len(frame) // 2
        if faults.spend("report-within-answer"):
            unasked = self.report(1, int(faults.number("unsolicited-reports")))
            frame = frame[:middle] + (unasked or b"") + frame[middle:]
        gap_s = faults.number("fragmented-replies")
        if not gap_s:
            return frame
        self.at(gap_s, lambda: frame[middle:])
        return frame[:middle]
