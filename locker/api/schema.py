"""Every question and answer of the local socket, as models; nothing here knows the rest of the daemon.

Field names are the JSON names. Instants are aware UTC. Each model refuses fields that it does not know,
so both ends must speak the same `API_VERSION`; the greeting, asked first, says which one the daemon speaks.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    model_validator,
)

API_VERSION = "1.2"

JOURNAL_LIMIT_DEFAULT = 50
JOURNAL_LIMIT_MOST = 500
LARGEST_NUMBER = 2**53 - 1  # what every JSON implementation reads exactly (RFC 8259, section 6)

DoorState = Literal["open", "shut", "unknown"]
ConditionState = Literal["sound", "suspect", "faulty"]
OpeningStage = Literal["waiting", "open", "blind", "late", "left-open"]
ParcelStage = Literal[
    "announced",
    "refused",
    "stored",
    "overdue",
    "withdrawn",
    "dropped-off",
    "registered",
    "missing",
    "collected",
    "closed",
]
ClockTrust = Literal["untrusted", "trusted", "holdover"]
Settling = Literal["by-itself", "by-looking", "by-word"]
Role = Literal["viewer", "technician"]
Mode = Literal["normal", "drain", "evacuate", "frozen"]

Count = Annotated[int, Field(ge=0)]


class Strict(BaseModel):
    """No coercion, no unknown fields, no change after it was made."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_serialization_defaults_required=True
    )


# -- answers


class Greeting(Strict):
    """Who answers, and which version of this contract it speaks."""

    service: Literal["lockerd"] = "lockerd"
    api: str = Field(description="version of this contract; a client of another version must not go on")
    version: str = Field(description="version of the daemon")
    automat_id: str
    name: str
    user: str = Field(description="who asks, as the kernel knows it")
    role: Role = Field(description="a viewer is refused whatever changes something")


class ClockStatus(Strict):
    """Both clocks, and how far the wall clock may be believed."""

    trust: ClockTrust
    wall_at: AwareDatetime
    powered_s: float = Field(description="seconds with power over the whole life of the automat")
    doubted: bool = Field(description="it jumped too far to be believed until the back office confirms it")


class JournalPosition(Strict):
    """How far the journal reaches, and how far the back office has committed it."""

    epoch: Count
    last_sequence: Count
    acknowledged_through: Count
    unacknowledged: Count
    parked: Count = Field(description="entries that the back office refuses for ever: kept, set aside")


class SafeMode(Strict):
    """The automat is out of order, no lock moves and the back office is not told; questions are answered."""

    cause: Literal["crash-loop", "database"]
    detail: str = Field(description="what is the matter")
    remedy: str = Field(description="what to do about it")
    retry_s: float | None = Field(
        description="seconds until it tries to serve again by itself; null: only when a person says so"
    )


class Status(Strict):
    """The automat on one page."""

    automat_id: str
    name: str
    version: str
    mode: Mode = Field(description="what the automat may do")
    started: bool = Field(description="every door has been read and the keypads are served")
    uptime_s: float = Field(description="powered seconds since this process began to serve")
    free: dict[str, Count] = Field(description="free compartments by size")
    parcels: dict[ParcelStage, Count]
    open_incidents: Count
    clock: ClockStatus
    link_connected: bool
    link_trouble: str | None = Field(
        description="why the broker was not reached when it was tried last; null: it was, or not tried yet"
    )
    broker: str = Field(description="host and port")
    journal: JournalPosition
    storage_low: bool
    commissioned: bool = Field(description="which door each lock opens was proved")
    guarded_keypads: tuple[str, ...] = Field(description="shut after too many wrong codes until released")
    faulty_keypads: tuple[str, ...]
    lost_parts: tuple[str, ...] = Field(description="lines and boards that stopped answering")
    safe_mode: SafeMode | None = Field(default=None, description="why nobody is served; null: it serves")


class CompartmentView(Strict):
    """One box, as it was built and as it is now; sizes in millimetres, inside."""

    label: str
    size: str
    width_mm: int
    height_mm: int
    depth_mm: int
    column: int
    row: int
    accessible: bool
    door: DoorState
    goods: bool | None = Field(description="what the goods sensor says; null: none, or it does not answer")
    condition: ConditionState
    reason: str | None
    blocked: str | None = Field(description="why a person took it out of use")
    free: bool
    tracking_id: str | None
    opening: OpeningStage | None
    awaits_word_of: str | None = Field(
        description="the technician for whom it was opened, and who has yet to say what lies inside"
    )


class Compartments(Strict):
    """Every compartment, column by column."""

    compartments: tuple[CompartmentView, ...]


class LockView(Strict):
    """How the lock of one compartment has behaved; times in milliseconds from pulse to open door."""

    compartment: str
    openings: int = Field(description="how many were timed")
    retries: int = Field(description="pulses after the first of an opening")
    failures: int = Field(description="openings given up, the door never moved")
    refusals: int = Field(description="pulses that its board refused")
    usual_ms: int | None = Field(description="learnt from its first openings; null: none yet")
    present_ms: int | None = Field(description="the middle of its last few; null: not enough yet")
    recent_ms: tuple[int, ...]
    complaint: str | None = Field(description="what is wrong with it, in words; null: nothing")


class Locks(Strict):
    """The locks of which anything is known, in the order of the compartments."""

    locks: tuple[LockView, ...]


class ParcelView(Strict):
    """One parcel; never its code, nor anything made from it."""

    tracking_id: str
    size: str | None
    direction: Literal["inbound", "outbound"]
    state: ParcelStage
    compartment: str | None
    deposited_at: AwareDatetime | None
    deadline_at: AwareDatetime | None
    last_pickup_date: str | None = Field(
        description="local date where the automat stands", pattern=r"^\d{4}-\d\d-\d\d$"
    )


class Parcels(Strict):
    """Parcels by tracking id."""

    parcels: tuple[ParcelView, ...]


class IncidentView(Strict):
    """One matter that a person has to look into, or has."""

    number: int
    kind: str
    meaning: str
    about: str = Field(description="the compartment, part or keypad")
    detail: str
    raised_at: AwareDatetime
    cleared_at: AwareDatetime | None
    remedy: str = Field(description="what to do about it")
    settling: Settling = Field(description="how it ends; only one that ends by word can be cleared by hand")
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str | None = Field(description="the technician who looks after it")


class Incidents(Strict):
    """Incidents by number."""

    incidents: tuple[IncidentView, ...]


class KeypadTrialView(Strict):
    """A trial of one keypad's keys and scanner; how often, never in which order."""

    technician: str
    keys: dict[str, Count] = Field(description="how often each key was pressed")
    scans: Count
    scanned: str | None = Field(description="the last label, as it was read")


class KeypadView(Strict):
    """One keypad with what belongs to it."""

    name: str
    bound_to: str | None = Field(description="the only compartment that it serves; null: every one")
    fault: str | None
    display: bool = Field(description="has one")
    scanner: bool = Field(description="has one")
    guarded: bool = Field(description="shut after too many wrong codes until released")
    occupied: bool = Field(description="somebody uses it now")
    trial: KeypadTrialView | None


class Keypads(Strict):
    """Every keypad."""

    keypads: tuple[KeypadView, ...]


class JournalEntryView(Strict):
    """One journal entry; `data` is null where the stored entry cannot be read: then verify the journal."""

    epoch: int
    sequence: int
    kind: str
    at: AwareDatetime
    subject: str | None
    data: dict[str, Any] | None
    hash: str


class JournalPage(Strict):
    """Some journal entries in order; `more`: there are further ones, after the last of these."""

    entries: tuple[JournalEntryView, ...]
    more: bool


class BadEntry(Strict):
    """The first journal entry that is not what the device wrote there."""

    epoch: int
    sequence: int
    reason: str


class Head(Strict):
    """Where the journal ended when the verification began."""

    epoch: int
    sequence: int
    hash: str


class VerifyReport(Strict):
    """What a verification of chain and signatures found: every epoch from its beginning to `head`."""

    epoch: int = Field(description="the present epoch")
    epochs: tuple[int, ...] = Field(description="the epochs that have entries, as far as they were checked")
    first: Count = Field(description="where the present epoch begins: all before was pruned in its time")
    checked: Count = Field(description="entries found good")
    first_bad: BadEntry | None
    head: Head


class ErrorDetail(Strict):
    """What was wrong with a request and what to do instead."""

    reason: str
    detail: str
    remedy: str


class ErrorAnswer(Strict):
    """The answer to every request that is refused."""

    error: ErrorDetail


# -- the event stream


class Item(Strict):
    """One item of the stream; `number` grows by one from event to event."""

    number: Count


class SnapshotItem(Item):
    """Everything as it was after event `number`; comes first, and again whenever events were missed."""

    kind: Literal["snapshot"] = "snapshot"
    status: Status
    compartments: tuple[CompartmentView, ...]
    parcels: tuple[ParcelView, ...] = Field(description="without closed ones")
    incidents: tuple[IncidentView, ...] = Field(description="open ones")


class EntryItem(Item):
    """A journal entry was written."""

    kind: Literal["entry"] = "entry"
    entry: JournalEntryView


class CompartmentItem(Item):
    """A compartment is now like this."""

    kind: Literal["compartment"] = "compartment"
    compartment: CompartmentView


class ParcelItem(Item):
    """A parcel is now like this."""

    kind: Literal["parcel"] = "parcel"
    parcel: ParcelView


class ParcelForgottenItem(Item):
    """A parcel was removed for good."""

    kind: Literal["parcel-forgotten"] = "parcel-forgotten"
    tracking_id: str


class IncidentItem(Item):
    """An incident was raised or cleared."""

    kind: Literal["incident"] = "incident"
    incident: IncidentView


class KeypadItem(Item):
    """A trial of a keypad's keys began, went on or ended."""

    kind: Literal["keypad"] = "keypad"
    keypad: KeypadView


class AuditItem(Item):
    """The audit walk went on, began or ended: ask for it anew."""

    kind: Literal["audit"] = "audit"
    under_way: bool
    done: Count
    total: Count


class JournalItem(Item):
    """The back office has acknowledged more."""

    kind: Literal["journal"] = "journal"
    journal: JournalPosition


class LinkItem(Item):
    """The connection to the back office came or went."""

    kind: Literal["link"] = "link"
    connected: bool


class DroppedItem(Item):
    """The last item of a stream that the daemon ends, and why; connect again."""

    kind: Literal["dropped"] = "dropped"
    reason: str


StreamItem = Annotated[
    SnapshotItem
    | EntryItem
    | CompartmentItem
    | ParcelItem
    | ParcelForgottenItem
    | IncidentItem
    | KeypadItem
    | AuditItem
    | JournalItem
    | LinkItem
    | DroppedItem,
    Field(discriminator="kind"),
]
STREAM_ITEM: TypeAdapter[StreamItem] = TypeAdapter(StreamItem)


# -- questions


def _number(value: object) -> object:
    """Turn plain decimal digits, and nothing else that Python takes for a number, into a number."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST_NUMBER))):
            raise ValueError(f"not a whole number from 0 to {LARGEST_NUMBER}")
        return int(value)
    return value


def _flag(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value not in ("true", "false"):
        raise ValueError("neither true nor false")
    return value == "true"


DIGITS = BeforeValidator(_number)
"""Stands after the limits of a number: pydantic has no JSON schema for limits around a function."""

Number = Annotated[int, Field(ge=0, le=LARGEST_NUMBER), DIGITS]
Flag = Annotated[bool, BeforeValidator(_flag)]


class NoQuery(Strict):
    """No parameters."""


class ListQuery(Strict):
    """Which ones to list."""

    all: Flag = Field(default=False, description="also those that are no longer anybody's business")


class JournalQuery(Strict):
    """Which entries to list: from `after` on in order, or without it the newest ones, or those `before`."""

    after: Number | None = Field(default=None, description="the number before the first one wanted")
    before: Number | None = Field(
        default=None,
        description="the number after the last one wanted, in the present epoch; not with `after`",
    )
    limit: Annotated[int, Field(ge=1, le=JOURNAL_LIMIT_MOST), DIGITS] = JOURNAL_LIMIT_DEFAULT
    subject: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")] | None = Field(
        default=None, description="tracking id; without `after` and `epoch` in every epoch"
    )
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z.-]{0,63}$")] | None = None
    compartment: Annotated[str, Field(min_length=1, max_length=16)] | None = Field(
        default=None,
        description="of one compartment, among the newest 10000 entries or those before `before`; not with "
        "`after` or `epoch`",
    )
    epoch: Number | None = Field(default=None, description="the present one unless given")

    @model_validator(mode="after")
    def _one_direction(self) -> Self:
        if self.before is not None and (self.after is not None or self.epoch is not None):
            raise ValueError("`before` goes with neither `after` nor `epoch`")
        if self.compartment is not None and (self.after is not None or self.epoch is not None):
            raise ValueError("`compartment` goes with neither `after` nor `epoch`")
        return self
