"""Parcels: their states, who may move them from one to the next, and what wakes them.

The transition table is the truth: a move that is not in it is a defect, not a matter of opinion.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from locker.domain.codes import CodeTag


class Direction(StrEnum):
    """Which way a parcel travels."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ParcelState(StrEnum):
    """Where a parcel is in its life at this automat."""

    ANNOUNCED = "announced"  # on its way; not here
    STORED = "stored"  # inside; its code opens
    OVERDUE = "overdue"  # inside; the storage time has ended
    WITHDRAWN = "withdrawn"  # inside; must go back, its code is dead
    COLLECTED = "collected"  # handed over; the same code reopens for a short while
    CLOSED = "closed"  # no longer any business of this automat


class ParcelMove(StrEnum):
    """What happens to a parcel."""

    DEPOSIT = "deposit"
    EXPIRE = "expire"
    LENGTHEN = "lengthen"
    WITHDRAW = "withdraw"
    HAND_OVER = "hand-over"
    FORGET = "forget"


TRANSITIONS: Mapping[tuple[ParcelState, ParcelMove], ParcelState] = {
    (ParcelState.ANNOUNCED, ParcelMove.DEPOSIT): ParcelState.STORED,
    (ParcelState.ANNOUNCED, ParcelMove.WITHDRAW): ParcelState.CLOSED,
    (ParcelState.STORED, ParcelMove.EXPIRE): ParcelState.OVERDUE,
    (ParcelState.STORED, ParcelMove.WITHDRAW): ParcelState.WITHDRAWN,
    (ParcelState.STORED, ParcelMove.HAND_OVER): ParcelState.COLLECTED,
    # a door that was already opening when the deadline came, or when the withdrawal arrived, finishes
    (ParcelState.OVERDUE, ParcelMove.HAND_OVER): ParcelState.COLLECTED,
    (ParcelState.WITHDRAWN, ParcelMove.HAND_OVER): ParcelState.COLLECTED,
    (ParcelState.OVERDUE, ParcelMove.LENGTHEN): ParcelState.STORED,
    (ParcelState.OVERDUE, ParcelMove.WITHDRAW): ParcelState.WITHDRAWN,
    (ParcelState.COLLECTED, ParcelMove.FORGET): ParcelState.CLOSED,
}

INSIDE = frozenset({ParcelState.STORED, ParcelState.OVERDUE, ParcelState.WITHDRAWN})
"""States in which the parcel lies in its compartment."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One consignment as the automat knows it; durable.

    `deadline_at` is the end of the last pick-up day; `reminded_days` lists the reminders already sent;
    `reopen_until_s` is powered time.
    """

    tracking_id: str
    size: str
    state: ParcelState = ParcelState.ANNOUNCED
    direction: Direction = Direction.INBOUND
    code_tag: CodeTag | None = None
    recipient: str | None = None
    compartment: str | None = None
    deposited_at: datetime | None = None
    deadline_at: datetime | None = None
    reminded_days: tuple[int, ...] = ()
    closed_at: datetime | None = None
    reopen_until_s: float | None = None

    def after(self, move: ParcelMove) -> ParcelState:
        """Return the state that a move leads to; KeyError where the table has no such move."""
        return TRANSITIONS[self.state, move]

    def may(self, move: ParcelMove) -> bool:
        """Tell whether the table has this move."""
        return (self.state, move) in TRANSITIONS

    @property
    def inside(self) -> bool:
        """Whether it lies in its compartment."""
        return self.state in INSIDE


@dataclass(frozen=True, slots=True)
class Courier:
    """A person who may deliver: by personal code, between two instants, until revoked; durable."""

    courier_id: str
    code_tag: CodeTag
    valid_from: datetime
    valid_until: datetime

    def may_sign_in(self, wall_at: datetime) -> bool:
        """Tell whether the code is good at this instant."""
        return self.valid_from <= wall_at < self.valid_until
