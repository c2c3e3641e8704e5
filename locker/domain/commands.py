"""What the back office may ask of an automat; codes travel only as tags."""

from dataclasses import dataclass
from datetime import datetime

from locker.domain.codes import CodeTag


@dataclass(frozen=True, slots=True)
class AnnounceParcel:
    """A parcel is on its way (or stands here already, unannounced): its size and its code's tag.

    Parcels that share a code must share a `recipient`, an opaque token of the back office.
    """

    tracking_id: str
    size: str
    code_tag: CodeTag | None = None
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class WithdrawParcel:
    """The parcel must not be handed over here any more: its code dies."""

    tracking_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AuthoriseCourier:
    """A courier may sign in with the code of this tag between two instants."""

    courier_id: str
    code_tag: CodeTag
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class RevokeCourier:
    """A courier may not sign in any more."""

    courier_id: str


@dataclass(frozen=True, slots=True)
class ReleaseGuard:
    """A keypad in guard mode may be used again."""

    keypad: str
    operator: str


Body = AnnounceParcel | WithdrawParcel | AuthoriseCourier | RevokeCourier | ReleaseGuard


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
class CommandRecord:
    """A command that was decided on; its id never has an effect twice. Durable."""

    command_id: str
    digest: str
    outcome: str
    not_after: datetime
