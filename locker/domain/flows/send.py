"""Sending: a drop-off code opens a fitting compartment, the sender confirms (domain.md 6)."""

from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows.doors import Progress
from locker.domain.keypad import ConfirmingSending, Sending
from locker.domain.parcels import Parcel


def accept_code(draft: Draft, keypad: str, parcel: Parcel) -> None:
    """Answer a right drop-off code."""


def press_at_door(draft: Draft, keypad: str, flow: Sending, key: Key) -> None:
    """Take a key of a sender in front of a door that is under way."""


def press_confirming(draft: Draft, keypad: str, flow: ConfirmingSending, key: Key) -> None:
    """Take a sender's word that the parcel lies inside."""


def abandon(draft: Draft, keypad: str, flow: ConfirmingSending) -> None:
    """The sender left without confirming."""


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened for a sender."""


def note_registered(draft: Draft, parcel: Parcel) -> None:
    """Tell a sender who still stands there that the back office has registered the parcel."""
