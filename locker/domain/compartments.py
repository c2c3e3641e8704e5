"""Compartments: boxes with a door; what is known of each, and which one fits a parcel."""

from dataclasses import dataclass
from enum import StrEnum

from locker.domain.events import Door


class Condition(StrEnum):
    """Whether a compartment may be offered."""

    SOUND = "sound"
    SUSPECT = "suspect"  # nobody knows what lies inside until somebody has looked
    FAULTY = "faulty"  # its lock did what it should not


class ContactKind(StrEnum):
    """Whether the door can tell that it moved."""

    FITTED = "fitted"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Fixture:
    """One box as it was built; comes from the configuration. Sizes in millimetres, inside."""

    label: str
    size: str
    width_mm: int
    height_mm: int
    depth_mm: int
    column: int = 0
    row: int = 0
    accessible: bool = False
    contact: ContactKind = ContactKind.FITTED

    @property
    def volume_mm3(self) -> int:
        """How much it holds; what "smallest" means."""
        return self.width_mm * self.height_mm * self.depth_mm


@dataclass(frozen=True, slots=True)
class Compartment:
    """What the automat knows of one box; durable but for its fixture.

    `blocked`: why a person has taken it out of use, whatever its condition; pick-ups go on.
    """

    fixture: Fixture
    condition: Condition = Condition.SOUND
    reason: str | None = None
    blocked: str | None = None
    door: Door = Door.UNKNOWN
    goods: bool | None = None
    tracking_id: str | None = None
    opening_ongoing: bool = False

    @property
    def label(self) -> str:
        """The name on the door."""
        return self.fixture.label

    @property
    def free(self) -> bool:
        """Whether a parcel may be put here."""
        return (
            self.condition is Condition.SOUND
            and self.blocked is None
            and self.tracking_id is None
            and not self.opening_ongoing
            and self.goods is not True
            and (self.door is Door.SHUT or self.fixture.contact is ContactKind.MISSING)
        )
