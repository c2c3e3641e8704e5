"""What the back office may ask of an automat; codes travel only as tags."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from locker.domain.codes import CodeTag
from locker.domain.parcels import Role


class Cause(StrEnum):
    """Why a parcel must go elsewhere (domain.md 7)."""

    REDIRECT = "redirect"  # at the recipient's wish; at most once a parcel
    REFUSAL = "refusal"
    CANCEL = "cancel"


class Mode(StrEnum):
    """What the automat may do (domain.md 7)."""

    NORMAL = "normal"
    DRAIN = "drain"  # collect yes, deposit no
    EVACUATE = "evacuate"  # the courier takes everything away; recipients are still served
    FROZEN = "frozen"  # nothing opens but by a technician


@dataclass(frozen=True, slots=True)
class AnnounceParcel:
    """A parcel is on its way (or stands here already, unannounced): what it is, and its code's tag.

    Parcels that share a code must share a `recipient`, an opaque token of the back office. `size` names
    the smallest compartment size that will do; where `dimensions_mm` are known they decide. Cash on
    delivery is a service; `redirected`: the parcel was sent here from another automat.
    """

    tracking_id: str
    size: str | None = None
    code_tag: CodeTag | None = None
    recipient: str | None = None
    dimensions_mm: tuple[int, int, int] | None = None
    weight_g: int | None = None
    product: str | None = None
    services: frozenset[str] = frozenset()
    accessible: bool = False
    redirected: bool = False


@dataclass(frozen=True, slots=True)
class WithdrawParcel:
    """The parcel must not be handed over here any more: its code dies."""

    tracking_id: str
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class ReplaceCode:
    """A parcel's code dies and another takes its place."""

    tracking_id: str
    code_tag: CodeTag
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseParcel:
    """Cash on delivery has been paid: the code opens from now on."""

    tracking_id: str


@dataclass(frozen=True, slots=True)
class LengthenDeadline:
    """A parcel may wait longer, where the operator's terms allow it; never shorter."""

    tracking_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ExpectDropOff:
    """A sender may leave a parcel with this code between two instants."""

    tracking_id: str
    code_tag: CodeTag
    valid_from: datetime
    valid_until: datetime
    size: str | None = None
    dimensions_mm: tuple[int, int, int] | None = None
    weight_g: int | None = None
    product: str | None = None
    services: frozenset[str] = frozenset()
    accessible: bool = False


@dataclass(frozen=True, slots=True)
class RegisterParcel:
    """The back office has registered what a sender left: the post is responsible from now on."""

    tracking_id: str


@dataclass(frozen=True, slots=True)
class AuthorisePerson:
    """A courier or technician may sign in with the code of this tag between two instants."""

    holder: str
    role: Role
    code_tag: CodeTag
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class RevokePerson:
    """A courier or technician may not sign in any more."""

    holder: str
    role: Role


@dataclass(frozen=True, slots=True)
class OpenCompartment:
    """Open one compartment from afar; limited on the automat itself (domain.md 7)."""

    label: str
    operator: str
    reason: str


@dataclass(frozen=True, slots=True)
class BlockCompartment:
    """Take a compartment out of use; a parcel inside can still be collected."""

    label: str
    operator: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnblockCompartment:
    """Take a compartment into use again."""

    label: str
    operator: str


@dataclass(frozen=True, slots=True)
class SetMode:
    """Change what the automat may do."""

    mode: Mode
    operator: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReleaseGuard:
    """A keypad in guard mode may be used again."""

    keypad: str
    operator: str


Body = (
    AnnounceParcel
    | WithdrawParcel
    | ReplaceCode
    | ReleaseParcel
    | LengthenDeadline
    | ExpectDropOff
    | RegisterParcel
    | AuthorisePerson
    | RevokePerson
    | OpenCompartment
    | BlockCompartment
    | UnblockCompartment
    | SetMode
    | ReleaseGuard
)


@dataclass(frozen=True, slots=True)
class Command:
    """One command with its envelope; `digest` is the SHA-256 of what was sent, in hexadecimal."""

    command_id: str
    kind: str
    automat_id: str
    issued_at: datetime
    not_after: datetime
    digest: str
    body: Body
    retained: bool = False


@dataclass(frozen=True, slots=True)
class RefusedCommand:
    """Something that is no command: why, and as much of its name as could be read."""

    reason: str
    detail: str
    digest: str
    command_id: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Refusals:
    """How many refusals of one reason may still be told each by itself, and how many were counted; volatile.

    `left` was so at `counted_s` (powered time).
    """

    left: int
    counted_s: float
    untold: int = 0


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command that was decided on; its id never has an effect twice. Durable."""

    command_id: str
    digest: str
    outcome: str
    not_after: datetime
