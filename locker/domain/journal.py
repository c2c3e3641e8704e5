"""The journal: numbered, chained, signed entries as CloudEvents 1.0 in canonical JSON (RFC 8785).

An entry's hash and signature both cover its canonical JSON without the `signature` attribute; the next
entry carries that hash as `prevhash`. So a changed, missing or swapped entry shows at the first place
where the chain does not fit.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785

from locker.domain.times import Now, rfc3339

NO_HASH = "0" * 64
"""What the first entry of an epoch gives as the hash of the one before it."""

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]
"""Takes a message and a signature; tells whether the device's key made it."""


class EntryKind(StrEnum):
    """Everything that the journal records; the CloudEvents `type` is `automat.` and this."""

    EPOCH_STARTED = "epoch.started"
    STARTED = "started"
    STOPPED = "stopped"
    CODE_ACCEPTED = "code.accepted"
    CODE_MISSED = "code.missed"
    CODE_OVERDUE = "code.overdue"
    CODE_UNPAID = "code.unpaid"
    CODE_REFUSED = "code.refused"
    PULSE_INTENDED = "lock.pulse-intended"
    PULSE_FAILED = "lock.pulse-failed"
    DOOR_OPENED = "door.opened"
    DOOR_CLOSED = "door.closed"
    DOOR_LEFT_OPEN = "door.left-open"
    PARCEL_STORED = "parcel.stored"
    PARCEL_HANDED_OVER = "parcel.handed-over"
    PARCEL_ATTEMPTED = "parcel.attempted"
    PARCEL_REOPENED = "parcel.reopened"
    PARCEL_REMINDER = "parcel.reminder"
    PARCEL_OVERDUE = "parcel.overdue"
    PARCEL_DROPPED_OFF = "parcel.dropped-off"
    PARCEL_REGISTERED = "parcel.registered"
    PARCEL_REMOVED = "parcel.removed"
    PARCEL_MISSING = "parcel.missing"
    PARCEL_FOUND = "parcel.found"
    PARCEL_STUCK = "parcel.stuck"
    REMOVAL_ABANDONED = "removal.abandoned"
    COMPARTMENT_TO_INSPECT = "compartment.to-inspect"
    COMPARTMENT_INSPECTED = "compartment.inspected"
    COMPARTMENT_BLOCKED = "compartment.blocked"
    COMPARTMENT_UNBLOCKED = "compartment.unblocked"
    OPENED_BY_PERSON = "opened.by-person"
    OPENED_REMOTELY = "opened.remotely"
    OPENING_TO_CONFIRM = "opened.to-confirm"
    OPENING_LAPSED = "opened.lapsed"
    MODE_CHANGED = "mode.changed"
    OUTAGE_BEGAN = "outage.began"
    OUTAGE_ENDED = "outage.ended"
    DEADLINE_LENGTHENED = "deadline.lengthened"
    DEPOSIT_CANCELLED = "deposit.cancelled"
    DEPOSIT_ABANDONED = "deposit.abandoned"
    DEPOSIT_REFUSED = "deposit.refused"
    COURIER_SIGNED_IN = "courier.signed-in"
    COURIER_SIGNED_OUT = "courier.signed-out"
    TECHNICIAN_SIGNED_IN = "technician.signed-in"
    TECHNICIAN_SIGNED_OUT = "technician.signed-out"
    HARDWARE_TESTED = "technician.tested"
    COMMISSION_BEGUN = "commission.begun"
    COMMISSION_TRIED = "commission.lock-tried"
    COMMISSION_PROVED = "commission.door-proved"
    COMMISSION_ENDED = "commission.ended"
    COMMAND_APPLIED = "command.applied"
    COMMAND_REFUSED = "command.refused"
    INCIDENT_RAISED = "incident.raised"
    INCIDENT_ACKNOWLEDGED = "incident.acknowledged"
    INCIDENT_CLEARED = "incident.cleared"
    AUDIT_BEGUN = "audit.begun"
    AUDIT_SKIPPED = "audit.skipped"
    AUDIT_ENDED = "audit.ended"
    KEYPAD_LOCKED = "security.keypad-locked"
    MISSES_ALARM = "security.misses"
    GUARD_MODE = "security.guard-mode"
    GUARD_RELEASED = "security.guard-released"
    CLOCK_TRUST_CHANGED = "clock.trust-changed"
    CLOCK_STEPPED = "clock.stepped"
    JOURNAL_PRUNED = "journal.pruned"
    ENTRY_PARKED = "journal.entry-parked"
    FORK_ALARM = "journal.fork-alarm"


EMSEVT: Mapping[EntryKind, str] = {
    EntryKind.PARCEL_STORED: "EDH",
    EntryKind.PARCEL_ATTEMPTED: "EMH",
    EntryKind.PARCEL_HANDED_OVER: "EMI",
    EntryKind.PARCEL_DROPPED_OFF: "EMA",
}
"""UPU EMSEVT codes for integrators."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the domain wants recorded; numbering, chaining and signing come with `seal`."""

    kind: EntryKind
    subject: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last entry written: the next one continues from here."""

    epoch: int
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry as it rests in the database and goes over the wire; `payload` is never rewritten."""

    epoch: int
    sequence: int
    kind: str
    subject: str | None
    at: datetime
    hash: str
    payload: bytes

    @property
    def head(self) -> ChainHead:
        """The chain as it stands after this entry."""
        return ChainHead(self.epoch, self.sequence, self.hash)


@dataclass(frozen=True, slots=True)
class Parked:
    """An entry that the back office refuses for ever: kept, set aside, never dropped. Durable.

    `settled`: a technician has found out why, so that it holds the journal's beginning back no longer.
    """

    epoch: int
    sequence: int
    reason: str
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the present epoch's journal ended at a time: all up to `sequence` is older. Durable."""

    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True)
class EarlierEpoch:
    """An epoch that this journal left, how far it reached, and what of it the back office has. Durable.

    Up to `pruned_through` its entries were deleted after their retention time.
    """

    epoch: int
    last_sequence: int
    acknowledged_through: int
    pruned_through: int = 0

    @property
    def delivered(self) -> bool:
        """Whether nothing of it is left to send."""
        return self.acknowledged_through >= self.last_sequence


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Why an entry does not belong where it stands."""

    epoch: int | None
    sequence: int | None
    reason: str


def seal(entry: Entry, head: ChainHead, now: Now, *, automat_id: str, sign: Sign) -> SealedEntry:
    """Number, chain and sign one entry behind `head`."""
    sequence = head.sequence + 1
    data = dict(entry.data)
    if entry.kind in EMSEVT:
        data["emsevt"] = EMSEVT[entry.kind]
    body: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{head.epoch}-{sequence}",
        "source": f"/automats/{automat_id}",
        "type": f"automat.{entry.kind}",
        "time": rfc3339(now.wall_at),
        "datacontenttype": "application/json",
        "sequence": f"{sequence:012d}",
        "epoch": head.epoch,
        "prevhash": head.hash,
        "clocktrust": str(now.trust),
        "poweredtime": f"{now.powered_s:.3f}",
        "data": data,
    }
    if entry.subject is not None:
        body["subject"] = entry.subject
    canonical = rfc8785.dumps(body)
    return SealedEntry(
        epoch=head.epoch,
        sequence=sequence,
        kind=str(entry.kind),
        subject=entry.subject,
        at=now.wall_at,
        hash=hashlib.sha256(canonical).hexdigest(),
        payload=_signed(canonical, encode_signature(sign(canonical))),
    )


def check(payload: bytes, head: ChainHead | None, verify: Verify) -> ChainHead | ChainFault:
    """Check one entry against the chain before it; return the new head, or the fault found.

    With `head` None the entry may stand anywhere: only its own signature is checked.
    """
    try:
        body = json.loads(payload)
        signature = decode_signature(body.pop("signature"))
        epoch, sequence = body["epoch"], int(body["sequence"])
        prevhash = body["prevhash"]
        canonical = rfc8785.dumps(body)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        return ChainFault(None, None, f"not a journal entry ({type(error).__name__}: {error})")
    if not verify(canonical, signature):
        return ChainFault(epoch, sequence, "the signature is not this device's")
    if head is not None:
        if epoch != head.epoch:
            return ChainFault(epoch, sequence, f"epoch {epoch} follows epoch {head.epoch}")
        if sequence != head.sequence + 1:
            return ChainFault(epoch, sequence, f"number {head.sequence + 1} was expected here")
        if prevhash != head.hash:
            return ChainFault(epoch, sequence, "it does not carry the hash of the entry before it")
    return ChainHead(epoch, sequence, hashlib.sha256(canonical).hexdigest())


def _signed(canonical: bytes, signature: str) -> bytes:
    """Put the signature where canonical order wants it, before `source`; a second pass would double the cost.

    Behind `source` come plain strings only, whose quotes are escaped: the last `"source":` is the attribute.
    """
    place = canonical.rindex(b'"source":')
    return b'%b"signature":"%b",%b' % (canonical[:place], signature.encode("ascii"), canonical[place:])


def encode_signature(signature: bytes) -> str:
    """Write a signature as unpadded base64url."""
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode("ascii")


def decode_signature(text: str) -> bytes:
    """Read an unpadded base64url signature; ValueError if it is none."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from error
