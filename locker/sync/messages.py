"""What goes over MQTT between an automat and its back office: topics, payloads, strict reading."""

import base64
import hashlib
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from locker.domain.codes import CodeTag
from locker.domain.commands import (
    AnnounceParcel,
    AuthorisePerson,
    Body,
    Cause,
    Command,
    RefusedCommand,
    ReleaseGuard,
    RevokePerson,
    WithdrawParcel,
)
from locker.domain.events import CommandReceived, CommandUnreadable
from locker.domain.parcels import Role
from locker.domain.times import rfc3339
from locker.sync.strict_json import NotJson, Unfit, read_object

COMMAND_BYTES_MOST = 16_384
ACK_BYTES_MOST = 131_072
DETAIL_MOST = 200
MISSING_MOST = 100
LARGEST_NUMBER = 2**53 - 1  # what every JSON implementation reads exactly (RFC 8259, section 6)
SIGNATURE_ALGORITHMS = ("Ed25519", "EdDSA")  # RFC 9864 and the older RFC 8037 name; nothing else


class Refusal(StrEnum):
    """Why something that arrived as a command is none; `Unfit` names the reasons of the JSON itself."""

    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_TYPE = "unknown-type"
    INVALID = "invalid"


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


# -- commands


def read_instant(value: object) -> object:
    """Turn an RFC 3339 text with its offset into an instant; leave anything else to be refused."""
    if not isinstance(value, str) or not re.fullmatch(RFC3339, value, re.ASCII):
        raise ValueError("not an RFC 3339 instant with its offset from UTC")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant outside the calendar") from error


RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"

Instant = Annotated[datetime, BeforeValidator(read_instant)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x20-\x7e]+$")]
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
TrackingId = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,35}$")]
Tag = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="HMAC-SHA-256 of a code under the automat's code key")
]
Count = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]


class Strict(BaseModel):
    """No coercion, no unknown fields; JSON names are the Python names without underscores."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "")
    )


class AnnounceData(Strict):
    """A parcel is on its way; parcels that share a code share a `recipient`, an opaque token."""

    tracking_id: TrackingId
    size: Name
    code_tag: Tag | None = None
    recipient: Name | None = None

    def body(self) -> Body:
        """Give the domain's words."""
        tag = None if self.code_tag is None else CodeTag(self.code_tag)
        return AnnounceParcel(self.tracking_id, self.size, tag, self.recipient)


class WithdrawData(Strict):
    """A parcel must not be handed over any more."""

    tracking_id: TrackingId
    reason: Words

    def body(self) -> Body:
        """Give the domain's words."""
        return WithdrawParcel(self.tracking_id, Cause.REDIRECT, self.reason)


class AuthoriseData(Strict):
    """A courier may sign in between two instants."""

    courier_id: Name
    code_tag: Tag
    valid_from: Instant
    valid_until: Instant

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_until <= self.valid_from:
            raise ValueError("validuntil must come after validfrom")
        return self

    def body(self) -> Body:
        """Give the domain's words."""
        return AuthorisePerson(
            self.courier_id, Role.COURIER, CodeTag(self.code_tag), self.valid_from, self.valid_until
        )


class RevokeData(Strict):
    """A courier may not sign in any more."""

    courier_id: Name

    def body(self) -> Body:
        """Give the domain's words."""
        return RevokePerson(self.courier_id, Role.COURIER)


class ReleaseGuardData(Strict):
    """A keypad leaves guard mode, at an operator's word."""

    keypad: Name
    operator: Name

    def body(self) -> Body:
        """Give the domain's words."""
        return ReleaseGuard(self.keypad, self.operator)


class Envelope(Strict):
    """What every command carries; its id never has an effect twice."""

    id: Name
    automat: Name
    issued: Instant
    not_after: Instant


class AnnounceCommand(Envelope):
    """`parcel.announce`."""

    type: Literal["parcel.announce"]
    data: AnnounceData


class WithdrawCommand(Envelope):
    """`parcel.withdraw`."""

    type: Literal["parcel.withdraw"]
    data: WithdrawData


class AuthoriseCommand(Envelope):
    """`courier.authorise`."""

    type: Literal["courier.authorise"]
    data: AuthoriseData


class RevokeCommand(Envelope):
    """`courier.revoke`."""

    type: Literal["courier.revoke"]
    data: RevokeData


class ReleaseGuardCommand(Envelope):
    """`guard.release`."""

    type: Literal["guard.release"]
    data: ReleaseGuardData


CommandMessage = AnnounceCommand | WithdrawCommand | AuthoriseCommand | RevokeCommand | ReleaseGuardCommand

COMMANDS: Mapping[str, type[CommandMessage]] = {
    "parcel.announce": AnnounceCommand,
    "parcel.withdraw": WithdrawCommand,
    "courier.authorise": AuthoriseCommand,
    "courier.revoke": RevokeCommand,
    "guard.release": ReleaseGuardCommand,
}


def read_command(
    payload: bytes, *, key: Ed25519PublicKey | None = None, retained: bool = False
) -> CommandReceived | CommandUnreadable:
    """Read one message of the commands topic; with `key` only what that key signed is a command."""
    digest = hashlib.sha256(payload).hexdigest()
    if len(payload) > COMMAND_BYTES_MOST:
        return _refuse(
            Unfit.TOO_LARGE, f"{len(payload)} bytes; at most {COMMAND_BYTES_MOST} are read", digest
        )
    content = payload if key is None else _signed_content(payload, key)
    if isinstance(content, NotSigned):
        # nothing is told of an unproven command's name: a forger could refuse another's command with it
        return _refuse(content.reason, content.detail, digest)
    raw = read_object(content, bytes_most=COMMAND_BYTES_MOST)
    if isinstance(raw, NotJson):
        return _refuse(raw.reason, raw.detail, digest)
    command_id, kind = _readable_name(raw.get("id")), _readable_name(raw.get("type"))
    model = None if kind is None else COMMANDS.get(kind)
    if model is None:
        reason = Refusal.INVALID if kind is None else Refusal.UNKNOWN_TYPE
        return _refuse(reason, f"type must be one of {', '.join(COMMANDS)}", digest, command_id, kind)
    try:
        message = model.model_validate_json(content)
    except ValidationError as error:
        return _refuse(Refusal.INVALID, explain(error), digest, command_id, kind)
    return CommandReceived(
        Command(
            command_id=message.id,
            kind=message.type,
            automat_id=message.automat,
            issued_at=message.issued,
            not_after=message.not_after,
            digest=digest,
            body=message.data.body(),
            retained=retained,
        )
    )


@dataclass(frozen=True, slots=True)
class NotSigned:
    """Why a message is not the back office's."""

    reason: Refusal
    detail: str


# -- the journal and its acknowledgement


class RefusedEntry(Strict):
    """An entry that the back office will never take, and why."""

    sequence: Number
    reason: Words


class Ack(Strict):
    """The back office has committed, or refused for ever, every entry of an epoch up to `through`."""

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
    mode: str
    health: str
    free: Annotated[dict[str, Count], Field(description="free compartments by size")]
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
    return _dump(state)


def build_status(
    status: Literal["online", "offline"],
    *,
    reason: str | None = None,
    at: datetime | None = None,
    version: str | None = None,
) -> bytes:
    """Write the retained status; the Last Will has no time, for nobody knows it beforehand."""
    since = None if at is None else rfc3339(at)
    return _dump(Status(status=status, reason=reason, since=since, version=version))


def explain(error: ValidationError) -> str:
    """Say what is wrong and where, without repeating any value; at most `DETAIL_MOST` characters."""
    found = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        # an unknown field's name is the sender's own words: only a plain one is repeated
        where = ".".join(
            str(part) if re.fullmatch(r"\w{1,24}", str(part)) else "?" for part in problem["loc"]
        )
        found.append(f"{where}: {problem['msg']}" if where else problem["msg"])
    return _short("; ".join(found))


COMMAND_SCHEMA: TypeAdapter[CommandMessage] = TypeAdapter(
    Annotated[CommandMessage, Field(discriminator="type")]
)


def _refuse(
    reason: Refusal | Unfit, detail: str, digest: str, command_id: str | None = None, kind: str | None = None
) -> CommandUnreadable:
    return CommandUnreadable(RefusedCommand(str(reason), _short(detail), digest, command_id, kind))


def _short(detail: str) -> str:
    return detail if len(detail) <= DETAIL_MOST else detail[: DETAIL_MOST - 3] + "..."


def _readable_name(value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"[\x20-\x7e]{1,64}", value) else None


def _signed_content(payload: bytes, key: Ed25519PublicKey) -> bytes | NotSigned:
    if not re.fullmatch(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", payload):
        return NotSigned(
            Refusal.UNSIGNED, "a compact JWS was expected, for this automat knows the back office's key"
        )
    header = _jws_header(payload)
    if header is None:
        return NotSigned(Refusal.BAD_SIGNATURE, "the protected header of the JWS cannot be read")
    if header.get("alg") not in SIGNATURE_ALGORITHMS:
        return NotSigned(Refusal.BAD_SIGNATURE, f"alg must be one of {', '.join(SIGNATURE_ALGORITHMS)}")
    if not header.keys() <= {"alg", "typ", "cty", "kid"}:
        return NotSigned(
            Refusal.BAD_SIGNATURE, "the protected header asks for more than alg, typ, cty and kid"
        )
    try:
        with warnings.catch_warnings():
            # the older name of the same algorithm is deprecated, not weaker: the key is Ed25519 either way
            warnings.simplefilter("ignore", SecurityWarning)
            return jws.deserialize_compact(payload, _jwk(key), algorithms=list(SIGNATURE_ALGORITHMS)).payload
    except (JoseError, ValueError):
        return NotSigned(Refusal.BAD_SIGNATURE, "the signature is not the back office's")


def _jws_header(payload: bytes) -> dict[str, Any] | None:
    head = payload.split(b".", 1)[0]
    try:
        raw = base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4))
    except ValueError:
        return None
    header = read_object(raw, bytes_most=512)
    return None if isinstance(header, NotJson) else header


def _jwk(key: Ed25519PublicKey) -> OKPKey:
    x = base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode("ascii")
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})


def _dump(model: Strict) -> bytes:
    content = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
