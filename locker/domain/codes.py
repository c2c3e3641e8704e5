"""Pickup codes and personal codes: seen only at the keypad, kept only as tags.

A tag is HMAC-SHA-256 of the digits under the automat's code key. The code itself is the look-up key,
so a slow hash would not help; the key lives outside the database.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import NewType

CodeTag = NewType("CodeTag", str)
"""64 lower-case hexadecimal digits."""


@dataclass(frozen=True, slots=True, repr=False)
class Code:
    """Digits as typed, leading zeros and all; never an integer, never in a log."""

    digits: str

    def __repr__(self) -> str:
        """Show how many digits there are and nothing more."""
        return f"Code({'*' * len(self.digits)})"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, repr=False)
class CodeKey:
    """The secret under which this automat turns codes into tags; at least 32 bytes."""

    secret: bytes

    def __repr__(self) -> str:
        """Hide the secret."""
        return "CodeKey(***)"

    def tag(self, code: Code) -> CodeTag:
        """Return the tag of a code."""
        return CodeTag(hmac.new(self.secret, code.digits.encode("ascii"), hashlib.sha256).hexdigest())


def tracking_tag(key: CodeKey, tracking_id: str) -> str:
    """Return the keyed tag by which a tracking id is known again once its parcel is forgotten.

    Codes are digits alone, so no code has the tag of a tracking id.
    """
    return hmac.new(key.secret, b"tracking:" + tracking_id.encode("utf-8"), hashlib.sha256).hexdigest()
