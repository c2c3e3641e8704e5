"""Collection: a courier takes overdue, withdrawn and dropped-off parcels away, one by one (domain.md 5)."""

from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows.doors import Progress
from locker.domain.keypad import Collecting, ConfirmingRemoval


def begin_round(draft: Draft, keypad: str, courier_id: str) -> None:
    """Open the first door of a courier's round, or say that there is nothing to collect."""


def press_at_door(draft: Draft, keypad: str, flow: Collecting, key: Key) -> None:
    """Take a key of a courier in front of a door that is under way."""


def press_confirming(draft: Draft, keypad: str, flow: ConfirmingRemoval, key: Key) -> None:
    """Take a courier's word on what became of the parcel."""


def scan(draft: Draft, keypad: str, flow: ConfirmingRemoval, text: str) -> None:
    """Take the label of the parcel that the courier has in hand."""


def abandon(draft: Draft, keypad: str, flow: ConfirmingRemoval) -> None:
    """The courier left without saying whether the parcel was taken."""


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened to take a parcel away."""
