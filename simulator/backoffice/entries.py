"""Journal entries as the back office reads them: parsed, proven canonical, proven the device's."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from simulator.backoffice.keys import decode

FIRST_PREVHASH = "0" * 64


@dataclass(frozen=True)
class Entry:
    """An entry whose signature is the automat's; whether the chain holds, the ledger knows."""

    automat_id: str
    epoch: int
    sequence: int
    hash: str
    prevhash: str
    type: str
    time: str
    subject: str | None
    data: dict[str, Any]
    payload: bytes


@dataclass(frozen=True)
class Unproven:
    """Something that nobody knows the sender of; it is counted and never answered."""

    reason: str


def read_entry(payload: bytes, automat_id: str, key: Ed25519PublicKey) -> Entry | Unproven:
    """Read one message of the journal topic."""
    try:
        body = json.loads(payload)
        if rfc8785.dumps(body) != payload:
            return Unproven("not canonical JSON (RFC 8785)")
        signature = decode(body.pop("signature"))
        canonical = rfc8785.dumps(body)
        key.verify(signature, canonical)
        entry = Entry(
            automat_id=automat_id,
            epoch=body["epoch"],
            sequence=int(body["sequence"]),
            hash=hashlib.sha256(canonical).hexdigest(),
            prevhash=body["prevhash"],
            type=body["type"],
            time=body["time"],
            subject=body.get("subject"),
            data=body["data"],
            payload=payload,
        )
    except InvalidSignature:
        return Unproven("the signature is not the enrolled key's")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return Unproven(f"not a journal entry ({type(error).__name__}: {error})")
    if body.get("specversion") != "1.0" or body.get("source") != f"/automats/{automat_id}":
        return Unproven("not a CloudEvent 1.0 of this automat")
    if type(body["epoch"]) is not int or entry.epoch < 0 or entry.sequence < 1:
        return Unproven("no epoch and number")
    return entry
