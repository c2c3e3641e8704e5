"""What a technician asks for at the socket, and the answers; every action names the technician's own id."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from locker.api.schema import (
    LARGEST_NUMBER,
    ClockTrust,
    CompartmentView,
    Count,
    Head,
    IncidentView,
    KeypadView,
    Strict,
)

REASON_LONGEST = 200
STEERING = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff"
"""Controls, ends of lines and what turns the direction of writing: an entry must read as it was written."""
BLANK = r"\x20\xa0\u2000-\u200f\u3000"

Technician = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$", description="the technician's own id")
]
Label = Annotated[str, Field(min_length=1, max_length=16)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=REASON_LONGEST,
        pattern=f"^[^{STEERING}]*[^{STEERING}{BLANK}][^{STEERING}]*$",
    ),
]
TrackingId = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,35}$")]
IncidentNumber = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
VerdictName = Literal["empty", "parcel", "dirty", "damaged"]
DeviceName = Literal["keys", "display", "sounder", "none"]


class Asked(Strict):
    """What every action carries."""

    technician: Technician


class LeaveSafeMode(Strict):
    """Let an automat that is in safe mode try to serve again: its daemon ends and is started anew."""

    technician: Technician
    reason: Reason


class OpenAsked(Asked):
    """Open one compartment; when it is shut again, say with `maintenance/found` what lies inside."""

    compartment: Label
    reason: Reason


class TestAsked(Asked):
    """Open one compartment to see how its lock behaves; then say what lies inside."""

    __test__ = False  # not a test of pytest's

    compartment: Label


class FoundAsked(Asked):
    """Say what lies in a compartment that was opened for a technician and shut again."""

    compartment: Label
    verdict: VerdictName
    tracking_id: TrackingId | None = Field(
        default=None, description="which parcel lies inside, where it is not the expected one"
    )


class BlockAsked(Asked):
    """Offer a compartment to nobody; what lies inside can still be collected."""

    compartment: Label
    reason: Reason


class UnblockAsked(Asked):
    """Take a compartment into use again."""

    compartment: Label


class AcknowledgeAsked(Asked):
    """Say that somebody looks after an incident."""

    incident: IncidentNumber


class ClearAsked(Asked):
    """Say that a matter is settled; refused where a person's word cannot settle it."""

    incident: IncidentNumber
    reason: Reason


class ReleaseAsked(Asked):
    """Let a keypad be used again after too many wrong codes."""

    keypad: Name


class DeviceAsked(Asked):
    """Try what belongs to a keypad; `none` ends a trial of the keys."""

    keypad: Name
    device: DeviceName


class AuditBeginAsked(Asked):
    """Begin a round of all compartments, or go on with the one under way."""

    afresh: bool = Field(default=False, description="give up the round under way")


class AuditSkipAsked(Asked):
    """Leave a compartment out of the round."""

    compartment: Label
    reason: Reason


class AuditEndAsked(Asked):
    """End the round and write its report into the journal."""

    partial: bool = Field(default=False, description="although compartments are missing")


ACTION_PATHS: Mapping[type[Asked], str] = {
    OpenAsked: "open",
    TestAsked: "test",
    FoundAsked: "found",
    BlockAsked: "block",
    UnblockAsked: "unblock",
    AcknowledgeAsked: "acknowledge",
    ClearAsked: "clear",
    ReleaseAsked: "release",
    DeviceAsked: "device",
}
"""Where each is asked, below `maintenance/`."""
AUDIT_PATHS: Mapping[type[Asked], str] = {
    AuditBeginAsked: "begin",
    AuditSkipAsked: "skip",
    AuditEndAsked: "end",
}
"""Where each is asked, below `audit/`."""


class Maintained(Strict):
    """What was asked for has been decided and recorded; doors tell the rest in the event stream."""

    compartment: CompartmentView | None = Field(description="the one that it was about, as it is now")
    incident: IncidentView | None = Field(description="the one that it was about, as it is now")
    keypad: KeypadView | None = Field(description="the one that it was about, as it is now")


class AuditStop(Strict):
    """One compartment of the round, in walking order; `verdict` is null until something was said."""

    compartment: str
    verdict: str | None = Field(description="empty, parcel, dirty, damaged or skipped")
    tracking_id: str | None = Field(description="what lay inside by that word")
    expected: str | None = Field(description="what should lie there, or should have when it was looked at")
    differs: bool
    reason: str | None
    at: AwareDatetime | None
    technician: str | None


class Audit(Strict):
    """The round under way; without one, everything but `stops` is null or zero."""

    under_way: bool
    number: int | None
    begun_at: AwareDatetime | None
    user: str | None
    technician: str | None
    done: Count
    total: Count
    next: str | None = Field(description="the next compartment of the walk; null: none is missing")
    stops: tuple[AuditStop, ...]


class EvidenceQuery(Strict):
    """Of which parcel."""

    parcel: TrackingId


class Evidence(Strict):
    """The entries about one parcel, byte for byte as signed; `lockerctl verify --file` checks it."""

    kind: Literal["parcel-locker-evidence"] = "parcel-locker-evidence"
    version: Literal[1] = 1
    automat_id: str
    name: str
    tracking_id: str
    exported_at: AwareDatetime
    clock: ClockTrust = Field(description="how far the automat's clock was believed then")
    public_key: str = Field(
        description="of the device, Ed25519, base64url: compare it with the enrolment file"
    )
    journal: Head = Field(description="where the journal ended: what came later is not in here")
    entries: tuple[str, ...] = Field(
        description="canonical JSON (RFC 8785), in order; each carries its signature"
    )
    signature: str = Field(
        description="of the device, Ed25519, base64url, over the canonical JSON of all other members, with "
        "the SHA-256 of each entry in its place: so that none can be taken out of the file"
    )

    def as_file(self) -> bytes:
        """Write it as a file; a check accepts no other spelling."""
        return self.model_dump_json(indent=1).encode() + b"\n"
