"""The service menu: what a technician does at the keypad (two lines of 20)."""

from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.keypad import ChoosingDoor, ReadingIncidents, Serving, TryingKeys


def press(draft: Draft, keypad: str, flow: Serving, key: Key) -> None:
    """Take a choice from the menu."""


def press_door(draft: Draft, keypad: str, flow: ChoosingDoor, key: Key) -> None:
    """Take the number of the compartment to open, and the confirmation."""


def press_trying(draft: Draft, keypad: str, flow: TryingKeys, key: Key) -> None:
    """Show the key that was pressed."""


def press_reading(draft: Draft, keypad: str, flow: ReadingIncidents, key: Key) -> None:
    """Turn to the next incident."""


def time_out(draft: Draft, keypad: str, technician_id: str) -> None:
    """End a session in which nothing happens."""
