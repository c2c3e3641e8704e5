"""Signatures of the back office: a compact JWS under the one key that is known, or nothing."""

import base64
import re
import warnings
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from locker.sync.strict_json import NotJson, read_object

SIGNATURE_ALGORITHMS = ("Ed25519", "EdDSA")  # RFC 9864 and the older RFC 8037 name; nothing else


class Unproven(StrEnum):
    """Why nobody knows who sent a message."""

    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad-signature"


@dataclass(frozen=True, slots=True)
class NotSigned:
    """Why a message is not the back office's."""

    reason: Unproven
    detail: str


def signed_content(payload: bytes, key: Ed25519PublicKey) -> bytes | NotSigned:
    """Give what a key has signed, or why it has not."""
    if not re.fullmatch(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", payload):
        return NotSigned(
            Unproven.UNSIGNED, "a compact JWS was expected, for this automat knows the back office's key"
        )
    header = _jws_header(payload)
    if header is None:
        return NotSigned(Unproven.BAD_SIGNATURE, "the protected header of the JWS cannot be read")
    if header.get("alg") not in SIGNATURE_ALGORITHMS:
        return NotSigned(Unproven.BAD_SIGNATURE, f"alg must be one of {', '.join(SIGNATURE_ALGORITHMS)}")
    if not header.keys() <= {"alg", "typ", "cty", "kid"}:
        return NotSigned(
            Unproven.BAD_SIGNATURE, "the protected header asks for more than alg, typ, cty and kid"
        )
    try:
        with warnings.catch_warnings():
            # the older name of the same algorithm is deprecated, not weaker: the key is Ed25519 either way
            warnings.simplefilter("ignore", SecurityWarning)
            return jws.deserialize_compact(payload, _jwk(key), algorithms=list(SIGNATURE_ALGORITHMS)).payload
    except (JoseError, ValueError):
        return NotSigned(Unproven.BAD_SIGNATURE, "the signature is not the back office's")


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
