"""Looking into compartments: what a courier or technician says of a box of which nobody is sure."""

from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows.doors import Progress
from locker.domain.keypad import Inspecting, Judging, Naming
from locker.domain.parcels import Role


def begin_round(draft: Draft, keypad: str, person: str, role: Role) -> None:
    """Open the first suspect compartment, or say that there is none."""


def open_one(draft: Draft, keypad: str, person: str, role: Role, label: str) -> None:
    """Open one compartment for a person who wants to look into it."""


def press_at_door(draft: Draft, keypad: str, flow: Inspecting, key: Key) -> None:
    """Take a key of a person in front of a door that is under way."""


def press_judging(draft: Draft, keypad: str, flow: Judging, key: Key) -> None:
    """Take a person's word on what lies inside."""


def press_naming(draft: Draft, keypad: str, flow: Naming, key: Key) -> None:
    """Take the digits of the parcel that lies inside."""


def scan(draft: Draft, keypad: str, flow: Naming, text: str) -> None:
    """Take the label of the parcel that lies inside."""


def abandon(draft: Draft, keypad: str, flow: Judging | Naming) -> None:
    """The person left without saying what lies inside: it stays suspect."""


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened to look inside."""
