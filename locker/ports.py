"""What the engine needs of the world where reality is slow, dangerous or random."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from locker.domain.events import Event
from locker.domain.intents import Tone
from locker.domain.messages import Message
from locker.domain.times import Now

Post = Callable[[Event], Awaitable[None]]
"""Puts an event into the engine's inbox; waits while the inbox is full."""


class Clock(Protocol):
    """Both clocks of the automat."""

    @property
    def recheck_s(self) -> float:
        """How often to look whether a clock has jumped, in seconds."""

    def now(self) -> Now:
        """Read both clocks."""


class Hardware(Protocol):
    """Compartments and keypads by their names; boards, channels and bytes are below."""

    def unlock(self, compartment: str, number: int) -> None:
        """Start one pulse; `PulseSent` or `PulseNotSent` follows as an event. Never waits."""

    def try_lock(self, compartment: str, number: int) -> None:
        """Pulse a lock as the configuration wires it; `LockTried` tells what moved. Never waits."""

    def stop_trying(self) -> None:
        """Try no lock and search no line any more; a pulse that has left stays. Never waits."""

    def show(self, keypad: str, message: Message) -> None:
        """Put a message on a keypad's display; a dead display changes nothing. Never waits."""

    def sound(self, keypad: str, tone: Tone) -> None:
        """Let a keypad's sounder speak. Never waits."""

    def tick(self, keypad: str, *, on: bool) -> None:
        """Let a keypad's sounder tick about once a second, or no more; it ends by itself. Never waits."""

    def lamp_test(self, keypad: str, *, display: bool, sounder: bool) -> None:
        """Light every cell of the display, then play every tone, or one of both. Never waits.

        Messages wait for its end.
        """
