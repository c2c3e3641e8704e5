"""What every family of device looks like from above: boards, keypads, scanners, displays; none is named."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

FrameT = TypeVar("FrameT")


class Contact(enum.Enum):
    """The raw feedback contact of one lock. What it means for the door is wiring, decided above."""

    CLOSED = "closed"
    OPEN = "open"


class Key(enum.Enum):
    """One key of a keypad. No frame and no log line may carry the keys of a person's entry."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    CLEAR = "clear"
    OK = "ok"

    def __repr__(self) -> str:
        """A digit hides itself: keys reach tracebacks and debug logs, codes must not."""
        return f"<Key.{self.name}>" if self in (Key.CLEAR, Key.OK) else "<Key.digit>"

    def __str__(self) -> str:
        """The same as repr."""
        return repr(self)


class UnlockOutcome(enum.Enum):
    """What the board said to an unlock; no value means that a door opened, none that it did not."""

    ANSWERED = "answered"
    SILENT = "silent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class UnlockAnswer:
    """Outcome of one unlock; `contact` is what the board told with it, `reason` why it REFUSED, in words."""

    outcome: UnlockOutcome
    contact: Contact | None = None
    reason: str = ""


SILENT = UnlockAnswer(UnlockOutcome.SILENT)


@dataclass(frozen=True, slots=True)
class ContactReport:
    """A board spoke unasked: one contact changed, it says."""

    channel: int
    contact: Contact


@dataclass(frozen=True, slots=True)
class BoardIdentity:
    """What a board tells of itself, by name; commissioning remembers it, a replaced board differs.

    Only what use never changes: size of its answers, firmware, serial number. No contact, no counter.
    """

    facts: Mapping[str, str]


class Decoder(Protocol[FrameT]):
    """Bytes in, frames out; bounded, resynchronising, the same frames for every chunking."""

    def feed(self, data: bytes) -> list[FrameT]:
        """Take received bytes, give every frame completed by them."""
        ...

    def silence(self) -> list[FrameT]:
        """The line went quiet: give what is complete by that, drop the rest."""
        ...

    def rest(self) -> bytes:
        """Give and forget the bytes that belong to no frame yet."""
        ...


class Line(Protocol):
    """A byte line to one port, kept up by somebody else. Callbacks are set by its one user."""

    on_bytes: Callable[[bytes], None]
    on_up: Callable[[], None]
    on_down: Callable[[str], None]

    @property
    def name(self) -> str:
        """Path or name, for messages."""
        ...

    @property
    def is_up(self) -> bool:
        """True while bytes can be written."""
        ...

    @property
    def quiet_at_s(self) -> float:
        """Loop time at which the last byte written has left the wire."""
        ...

    def write(self, data: bytes) -> None:
        """Queue all of `data` or none; never blocks. LineDown, LineBusy: nothing was sent."""
        ...

    def discard_output(self) -> None:
        """Drop every written byte that has not left the machine."""
        ...

    def collect_input(self) -> None:
        """Hand every byte that has arrived to `on_bytes` now."""
        ...


class LockBoard(Protocol):
    """One lock board: channels 1..`channels`."""

    on_report: Callable[[ContactReport], None]

    @property
    def channels(self) -> int:
        """Number of lock outputs."""
        ...

    async def unlock(self, channel: int) -> UnlockAnswer:
        """Send one unlock once, never again. LineDown, LineBusy: surely not sent."""
        ...

    async def read_contacts(self) -> Mapping[int, Contact]:
        """Contacts by channel; a channel that is missing is unknown. NoAnswer, LineDown, LineBusy."""
        ...

    async def identify(self) -> BoardIdentity:
        """Ask what the board tells of itself; moves nothing. NoAnswer, LineDown, LineBusy."""
        ...

    async def rest_outputs(self) -> None:
        """Put every output at rest where the family can; before anything else once its line is up.

        Families whose boards end each pulse by themselves do nothing. NoAnswer, LineDown, LineBusy.
        """
        ...


class Keypad(Protocol):
    """One keypad; a key that is stuck is masked and reported once."""

    on_key: Callable[[Key], None]
    on_fault: Callable[[Key], None]
    on_fault_cleared: Callable[[Key], None]

    def stop(self) -> None:
        """Take no more keys."""
        ...


class Scanner(Protocol):
    """One scanner that reads labels; `on_refused` tells why something was no label, quoting nothing of it."""

    on_label: Callable[[str], None]
    on_refused: Callable[[str], None]

    def stop(self) -> None:
        """Take no more labels."""
        ...


class Display(Protocol):
    """One two-line display; a dead one is never noticed and never waited for."""

    def show(self, upper: str, lower: str) -> None:
        """Make the two lines show these texts soon; the latest call wins; never blocks."""
        ...

    def beep(self) -> None:
        """Sound the bell once where the display has one; never blocks."""
        ...

    def stop(self) -> None:
        """Write nothing more."""
        ...


NOT_CONFIGURED: Mapping[str, bool] = {"configured": False}
"""Metadata of a field of a family's settings that is no key of the configuration file."""


def ignore(*_: object) -> None:
    """The callback of whoever does not care."""
