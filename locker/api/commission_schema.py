"""Questions and answers of the local socket about putting the automat into service."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from locker.api.maintenance_schema import Technician
from locker.api.schema import Count, Strict

LONGEST_NAME = 64
LARGEST_ADDRESS = 255

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
TrialStage = Literal["reading", "watching", "open", "unseen", "shut", "proved", "failed"]
Proving = Literal["proved", "in-use", "unproved"]


# -- what is asked for


class Nothing(Strict):
    """An empty object."""


class CommissionBegin(Strict):
    """Give the automat to a technician."""

    technician: Technician
    afresh: bool = Field(default=False, description="forget what was proved and not written")


class CommissionSearch(Strict):
    """Look for boards on a line; moves nothing."""

    line: Name
    every_family: bool = Field(default=False, description="not only the families configured there")
    last_address: Annotated[int, Field(ge=1, le=LARGEST_ADDRESS)] | None = None


class CommissionTest(Strict):
    """Pulse the lock that the configuration wires to a compartment, once; shut its door before."""

    compartment: Name


class CommissionDoor(Strict):
    """Say which label is on the door that opened, null if none did."""

    compartment: Name | None


class CommissionWrite(Strict):
    """Write the map of what was proved, take it into use, give the automat back."""

    partial: bool = Field(default=False, description="although not every compartment is proved")


CommissionStep = (
    CommissionBegin | CommissionSearch | CommissionTest | CommissionDoor | CommissionWrite | Nothing
)
STEP_PATHS: Mapping[type[Strict], str] = {
    CommissionBegin: "begin",
    CommissionSearch: "search",
    CommissionTest: "test",
    CommissionDoor: "door",
    CommissionWrite: "write",
    Nothing: "end",
}
"""Where each is asked, below `commission/`."""


# -- answers


class MapView(Strict):
    """The map in use."""

    hash: str
    written_at: AwareDatetime
    user: str
    technician: str


class FoundView(Strict):
    """A board that a search found; `settings` are keys of its table in the configuration."""

    family: str
    address: int
    settings: dict[str, str | int | float | bool]
    configured_as: str | None


class SearchView(Strict):
    """A search of a line, under way or over."""

    line: str
    asked: Count
    total: Count
    over: bool
    fault: str | None
    found: tuple[FoundView, ...]


class MovedView(Strict):
    """A contact that moved after a pulse, and the compartment to which it is configured."""

    contact: str
    compartment: str | None


class TrialView(Strict):
    """The last lock that was tried."""

    compartment: str
    number: Count
    output: str
    stage: TrialStage
    moved: tuple[MovedView, ...]
    named: str | None
    fault: str | None


class DoorView(Strict):
    """What is proved of one compartment: now, in the map in use, or nothing."""

    compartment: str
    proving: Proving
    output: str
    contact: str | None
    closed_means_shut: bool
    lock_tried: bool = Field(description="the lock configured here has just been proved, of whichever door")
    blocked: str | None = Field(description="why it does not open")


class ProvedBoardView(Strict):
    """A board of the configuration, and the fingerprint with which it was proved."""

    name: str
    line: str
    family: str
    address: int
    fingerprint: str | None
    facts: dict[str, str]
    mismatch: str | None


class Commission(Strict):
    """How far putting the automat into service has come."""

    under_way: bool
    user: str | None
    technician: str | None
    commissioned: bool = Field(description="a map of what was proved is in use")
    map: MapView | None
    lines: tuple[str, ...]
    unproved: tuple[str, ...] = Field(description="compartments that a map would lack")
    search: SearchView | None
    trial: TrialView | None
    doors: tuple[DoorView, ...]
    boards: tuple[ProvedBoardView, ...]
