"""Remote openings: asked for by the back office, limited on the automat itself (domain.md 7)."""

from locker.domain.commands import OpenCompartment
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows.doors import Progress
from locker.domain.keypad import ConfirmingRemote


def request(draft: Draft, body: OpenCompartment) -> str | None:
    """Open one compartment, or ask on the spot; return why not, having changed nothing, if refused."""
    return "not-built"


def press(draft: Draft, keypad: str, flow: ConfirmingRemote, key: Key) -> None:
    """Take the word of somebody on the spot."""


def lapse(draft: Draft, keypad: str, flow: ConfirmingRemote) -> None:
    """Nobody on the spot wanted it."""


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened from afar."""
