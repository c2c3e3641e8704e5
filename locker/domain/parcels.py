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
    REFUSED = "refused"  # announced, and may not be stored here; the door says why
    STORED = "stored"  # inside; its code opens
    OVERDUE = "overdue"  # inside; the storage time has ended
    WITHDRAWN = "withdrawn"  # inside; must go back, its code is dead
    DROPPED_OFF = "dropped-off"  # inside, left by its sender; the back office has not registered it yet
    REGISTERED = "registered"  # inside, left by its sender; the post is responsible for it
    MISSING = "missing"  # should be inside; somebody looked and found the compartment empty
    COLLECTED = "collected"  # handed over; the same code reopens for a short while
    CLOSED = "closed"  # no longer any business of this automat


class ParcelMove(StrEnum):
    """What happens to a parcel."""

    DEPOSIT = "deposit"
    DROP_OFF = "drop-off"
    REGISTER = "register"
    EXPIRE = "expire"
    LENGTHEN = "lengthen"
    WITHDRAW = "withdraw"
    HAND_OVER = "hand-over"
    REMOVE = "remove"
    MISS = "miss"
    FIND = "find"
    FORGET = "forget"


TRANSITIONS: Mapping[tuple[ParcelState, ParcelMove], ParcelState] = {
    (ParcelState.ANNOUNCED, ParcelMove.DEPOSIT): ParcelState.STORED,
    (ParcelState.ANNOUNCED, ParcelMove.DROP_OFF): ParcelState.DROPPED_OFF,
    (ParcelState.ANNOUNCED, ParcelMove.WITHDRAW): ParcelState.CLOSED,
    (ParcelState.REFUSED, ParcelMove.WITHDRAW): ParcelState.CLOSED,
    (ParcelState.STORED, ParcelMove.EXPIRE): ParcelState.OVERDUE,
    (ParcelState.STORED, ParcelMove.WITHDRAW): ParcelState.WITHDRAWN,
    (ParcelState.STORED, ParcelMove.HAND_OVER): ParcelState.COLLECTED,
    (ParcelState.STORED, ParcelMove.REMOVE): ParcelState.CLOSED,
    (ParcelState.STORED, ParcelMove.MISS): ParcelState.MISSING,
    # a door that was already opening when the deadline came, or when the withdrawal arrived, finishes
    (ParcelState.OVERDUE, ParcelMove.HAND_OVER): ParcelState.COLLECTED,
    (ParcelState.WITHDRAWN, ParcelMove.HAND_OVER): ParcelState.COLLECTED,
    (ParcelState.OVERDUE, ParcelMove.LENGTHEN): ParcelState.STORED,
    (ParcelState.OVERDUE, ParcelMove.WITHDRAW): ParcelState.WITHDRAWN,
    (ParcelState.OVERDUE, ParcelMove.REMOVE): ParcelState.CLOSED,
    (ParcelState.OVERDUE, ParcelMove.MISS): ParcelState.MISSING,
    (ParcelState.WITHDRAWN, ParcelMove.REMOVE): ParcelState.CLOSED,
    (ParcelState.WITHDRAWN, ParcelMove.MISS): ParcelState.MISSING,
    (ParcelState.DROPPED_OFF, ParcelMove.REGISTER): ParcelState.REGISTERED,
    (ParcelState.DROPPED_OFF, ParcelMove.REMOVE): ParcelState.CLOSED,
    (ParcelState.DROPPED_OFF, ParcelMove.MISS): ParcelState.MISSING,
    (ParcelState.REGISTERED, ParcelMove.REMOVE): ParcelState.CLOSED,
    (ParcelState.REGISTERED, ParcelMove.MISS): ParcelState.MISSING,
    (ParcelState.MISSING, ParcelMove.FIND): ParcelState.WITHDRAWN,
    (ParcelState.COLLECTED, ParcelMove.FORGET): ParcelState.CLOSED,
}

TO_COLLECT = frozenset(
    {ParcelState.OVERDUE, ParcelState.WITHDRAWN, ParcelState.DROPPED_OFF, ParcelState.REGISTERED}
)
"""States in which a courier is to take the parcel away."""
INSIDE = TO_COLLECT | {ParcelState.STORED}
"""States in which the parcel lies in its compartment."""
OVER = frozenset({ParcelState.CLOSED, ParcelState.MISSING, ParcelState.REFUSED})
"""States that only wait to be forgotten."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One consignment as the automat knows it; durable.

    `deadline_at` is the end of the last pick-up day; `reminded_days` lists the reminders already sent;
    `reopen_until_s` and `deposited_s` are powered time; `announced_at` is when it was announced last, None
    while the time was not known. `size` is the name of the smallest compartment size
    that will do, `dimensions_mm` the parcel itself; `unpaid`: cash on delivery that the back office has not
    released; `redirected`: it was already sent elsewhere once at the recipient's wish; `refusal`: why it may
    not be stored here. An outbound parcel's code is good from `valid_from` until `valid_until`; its
    `compartment` is set from the first opening on, so that its sender comes back to the same box until all
    is confirmed.
    """

    tracking_id: str
    size: str | None = None
    state: ParcelState = ParcelState.ANNOUNCED
    direction: Direction = Direction.INBOUND
    code_tag: CodeTag | None = None
    recipient: str | None = None
    dimensions_mm: tuple[int, int, int] | None = None
    accessible: bool = False
    unpaid: bool = False
    redirected: bool = False
    refusal: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    compartment: str | None = None
    deposited_at: datetime | None = None
    registered_at: datetime | None = None
    deadline_at: datetime | None = None
    reminded_days: tuple[int, ...] = ()
    closed_at: datetime | None = None
    reopen_until_s: float | None = None
    deposited_s: float | None = None
    announced_at: datetime | None = None

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


class Role(StrEnum):
    """What a person with a personal code may do."""

    COURIER = "courier"
    TECHNICIAN = "technician"


@dataclass(frozen=True, slots=True)
class Credential:
    """A person's right to sign in: by personal code, between two instants, until revoked; durable.

    `holder` is an opaque id of the back office, one for each person whatever the role.
    """

    holder: str
    role: Role
    code_tag: CodeTag
    valid_from: datetime
    valid_until: datetime

    def good_at(self, wall_at: datetime) -> bool:
        """Tell whether the code is good at this instant."""
        return self.valid_from <= wall_at < self.valid_until


@dataclass(frozen=True, slots=True)
class Seen:
    """A tracking id that was here and must not come back before `until`, as a keyed tag only; durable."""

    tag: str
    until: datetime
