"""What goes over MQTT between an automat and its back office, but for commands: topics, payloads, reading."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from locker.domain.commands import Mode
from locker.domain.times import rfc3339
from locker.sync.fields import Count, Instant, Number, Strict, Words, dump, explain
from locker.sync.strict_json import NotJson, read_object

ACK_BYTES_MOST = 131_072
MISSING_MOST = 100


# -- topics


@dataclass(frozen=True, slots=True)
class Topics:
    """The five topics of one automat."""

    journal: str
    journal_ack: str
    commands: str
    state: str
    status: str

    @classmethod
    def of(cls, automat_id: str) -> Self:
        """Name the topics of an automat; ValueError if the id cannot be part of a topic."""
        if not re.fullmatch(AUTOMAT_ID, automat_id):
            raise ValueError(
                f"automat id {automat_id!r} cannot name a topic: use 1 to 64 letters, digits, '.', '_' or '-'"
            )
        root = f"automats/{automat_id}"
        return cls(
            f"{root}/journal", f"{root}/journal/ack", f"{root}/commands", f"{root}/state", f"{root}/status"
        )


AUTOMAT_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


# -- the journal and its acknowledgement


class RefusedEntry(Strict):
    """An entry that the back office will never take, and why."""

    sequence: Number
    reason: Words


class Ack(Strict):
    """The back office has committed, or refused for ever, every entry of an epoch up to `through`.

    A number that the automat never wrote, or a fork, tells it that another journal has used this epoch: it
    goes on in a new one. Of the epoch that it left it sends what was not acknowledged.
    """

    epoch: Count
    through: Count
    missing: Annotated[tuple[tuple[Number, Number], ...], Field(max_length=MISSING_MOST)] = ()
    refused: Annotated[tuple[RefusedEntry, ...], Field(max_length=1000)] = ()
    forks: Annotated[tuple[Number, ...], Field(max_length=100)] = ()
    time: Instant

    @model_validator(mode="after")
    def _ranges_in_order(self) -> Self:
        if any(first > last for first, last in self.missing):
            raise ValueError("a missing range ends before it begins")
        return self


@dataclass(frozen=True, slots=True)
class UnreadableAck:
    """Something arrived as an acknowledgement that cannot be one; it changes nothing."""

    detail: str


def read_ack(payload: bytes) -> Ack | UnreadableAck:
    """Read one message of the acknowledgement topic."""
    raw = read_object(payload, bytes_most=ACK_BYTES_MOST)
    if isinstance(raw, NotJson):
        return UnreadableAck(f"{raw.reason}: {raw.detail}")
    try:
        return Ack.model_validate_json(payload)
    except ValidationError as error:
        return UnreadableAck(explain(error))


class JournalEntry(BaseModel):
    """One journal entry: a CloudEvents 1.0 event in canonical JSON (RFC 8785), chained and signed.

    The signature, Ed25519 as unpadded base64url, and the hash that the next entry gives as `prevhash`,
    SHA-256 in hexadecimal, both cover the canonical JSON without `signature`.

    The first entry of an epoch is `automat.epoch.started`. Where an earlier epoch was left, its `data` has
    `why` ("forked" or "restored"), `earlier` (that epoch), and of that `earlierlast` (its last number),
    `earlierhash` (the hash of its last entry) and `earlieracknowledged` (how far it was acknowledged).
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    specversion: Literal["1.0"]
    id: Annotated[str, Field(pattern=r"^\d+-\d+$", description="epoch and number")]
    source: Annotated[str, Field(pattern=r"^/automats/")]
    type: Annotated[str, Field(pattern=r"^automat\.")]
    time: Instant
    subject: Annotated[str, Field(description="tracking id of the parcel that it is about")] | None = None
    datacontenttype: Literal["application/json"]
    sequence: Annotated[
        str, Field(pattern=r"^\d{12}$", description="number within the epoch, gapless from 1")
    ]
    epoch: Count
    prevhash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    clocktrust: Literal["untrusted", "trusted", "holdover"]
    poweredtime: Annotated[str, Field(description="seconds under power in this automat's life")]
    data: dict[str, Any]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$")]


# -- what the automat tells of itself


class OpenIncident(Strict):
    """A matter that a person has to look into."""

    number: Number
    kind: str
    about: str
    detail: str
    raised: Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class State(Strict):
    """The automat as it stands; retained, published when it changes."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    automat: str
    mode: Mode
    health: str
    free: Annotated[dict[str, Count], Field(description="free compartments by size")]
    to_collect: Annotated[Count, Field(description="parcels inside that a courier is to take away")]
    suspect: Annotated[Count, Field(description="compartments of which nobody is sure until somebody looks")]
    blocked: Annotated[Count, Field(description="compartments that the back office took out of use")]
    incidents: tuple[OpenIncident, ...] = ()
    versions: dict[str, str]
    clock: Annotated[str, Field(description="trust in the wall clock")]
    link: Annotated[str, Field(description="state of the connection when this was written")]
    epoch: Count
    last_sequence: Count
    acknowledged_through: Count


class Status(Strict):
    """Whether the automat is connected; retained; the broker's Last Will says offline."""

    status: Literal["online", "offline"]
    reason: str | None = None
    since: Annotated[str, Field(json_schema_extra={"format": "date-time"})] | None = None
    version: str | None = None


def build_state(state: State) -> bytes:
    """Write the retained state."""
    return dump(state)


def build_status(
    status: Literal["online", "offline"],
    *,
    reason: str | None = None,
    at: datetime | None = None,
    version: str | None = None,
) -> bytes:
    """Write the retained status; the Last Will has no time, for nobody knows it beforehand."""
    since = None if at is None else rfc3339(at)
    return dump(Status(status=status, reason=reason, since=since, version=version))
