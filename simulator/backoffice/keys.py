"""Keys on both sides of the contract: what an automat enrolled with, and what the back office signs with."""

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jws
from joserfc.jwk import OKPKey

ENROLMENT_FORMAT = 1


class KeyFileError(ValueError):
    """A key or enrolment file cannot be used; says which and why."""


@dataclass(frozen=True)
class Enrolment:
    """What the back office was given when an automat was set up."""

    automat_id: str
    public_key: Ed25519PublicKey
    code_key: bytes = field(repr=False)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read an enrolment file; KeyFileError if it is none."""
        raw = _read_object(file)
        try:
            if raw["format"] != ENROLMENT_FORMAT:
                raise KeyFileError(f"{file}: format {raw['format']!r}; only {ENROLMENT_FORMAT} is known")
            public_key = Ed25519PublicKey.from_public_bytes(decode(raw["publickey"]))
            code_key, automat_id = decode(raw["codekey"]), raw["automat"]
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, KeyFileError):
                raise
            raise KeyFileError(f"{file}: not an enrolment file ({type(error).__name__}: {error})") from error
        if len(code_key) != 32 or not isinstance(automat_id, str) or not automat_id:
            raise KeyFileError(f"{file}: the code key must have 32 bytes, and the automat an id")
        return cls(automat_id, public_key, code_key)

    def write(self, file: Path) -> None:
        """Write an enrolment file, readable by its owner only."""
        _write_private(
            file,
            {
                "format": ENROLMENT_FORMAT,
                "automat": self.automat_id,
                "publickey": encode(self.public_key.public_bytes_raw()),
                "codekey": encode(self.code_key),
            },
        )

    def tag(self, code: str) -> str:
        """Return the tag under which this automat knows a code."""
        return hmac.new(self.code_key, code.encode("ascii"), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class SigningKey:
    """The back office's own key."""

    private_key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Make a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load_or_make(cls, file: Path) -> Self:
        """Read the key from its file, or make both."""
        if file.exists():
            raw = _read_object(file)
            try:
                return cls(Ed25519PrivateKey.from_private_bytes(decode(raw["privatekey"])))
            except (KeyError, TypeError, ValueError) as error:
                raise KeyFileError(f"{file}: not a signing key ({error})") from error
        key = cls.generate()
        _write_private(file, {"privatekey": encode(key.private_key.private_bytes_raw())})
        return key

    @property
    def public_key(self) -> Ed25519PublicKey:
        """What an automat needs to know it."""
        return self.private_key.public_key()

    def write_public(self, file: Path) -> None:
        """Write the file that an automat is configured with."""
        content = {"publickey": encode(self.public_key.public_bytes_raw())}
        file.write_text(json.dumps(content) + "\n", encoding="utf-8")

    def sign(self, content: bytes) -> bytes:
        """Wrap content into a compact JWS."""
        key = OKPKey.import_key(
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": encode(self.public_key.public_bytes_raw()),
                "d": encode(self.private_key.private_bytes_raw()),
            }
        )
        return jws.serialize_compact({"alg": "Ed25519"}, content, key, algorithms=["Ed25519"]).encode("ascii")


def encode(raw: bytes) -> str:
    """Write bytes as unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Read unpadded base64url; ValueError if it is none."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _read_object(file: Path) -> dict[str, Any]:
    try:
        raw = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{file}: cannot be read ({error})") from error
    if not isinstance(raw, dict):
        raise KeyFileError(f"{file}: a JSON object was expected")
    return raw


def _write_private(file: Path, content: dict[str, Any]) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(content) + "\n")
