"""Tracking ids: their forms, and what is taken from a label or a keypad (domain.md section 4).

JJFI numbers carry no check digit. UPU S10 numbers carry one, over the eight digits before it alone; their
letters are unprotected. Remainders 0 and 6 share the check digit 5, so a wrong digit, or two swapped ones,
that lead from the one to the other stay unseen; every other wrong digit and every other swap among the
eight is found. A swap with the check digit itself may stay unseen.
"""

import re
from enum import StrEnum

S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
JJFI = "JJFI"
JJFI_DIGITS = 17


class Form(StrEnum):
    """The form of a tracking id."""

    JJFI = "jjfi"  # JJFI and 17 digits
    S10 = "s10"  # 2 letters, 8 digits, the right check digit, 2 letters
    OTHER = "other"  # 1 to 35 capital letters and digits; good enough from the back office, flagged
    NONE = "none"  # no tracking id at all


def form_of(text: str) -> Form:
    """Return the form of a tracking id as it stands; an S10 number with a wrong check digit is OTHER."""
    if _ANY.fullmatch(text) is None:
        return Form.NONE
    if _JJFI.fullmatch(text) is not None:
        return Form.JJFI
    s10 = _S10.fullmatch(text)
    if s10 is not None and s10["check"] == s10_check_digit(s10["digits"]):
        return Form.S10
    return Form.OTHER


def read_label(text: str) -> str | None:
    """Return the tracking id on a label, without spaces and in capitals; None unless JJFI or a right S10."""
    # Beyond ASCII there are letters that become F, I or S only when they are made capital.
    if not text.isascii():
        return None
    candidate = text.strip().replace(" ", "").upper()
    return candidate if form_of(candidate) in (Form.JJFI, Form.S10) else None


def from_digits(digits: str) -> str | None:
    """Return the JJFI number whose 17 digits were typed; None for anything else."""
    candidate = JJFI + digits
    return candidate if form_of(candidate) is Form.JJFI else None


def s10_check_digit(eight_digits: str) -> str:
    """Return the check digit of an S10 number; ValueError unless there are exactly eight digits 0 to 9."""
    if _EIGHT.fullmatch(eight_digits) is None:
        raise ValueError(f"an S10 number has eight digits before its check digit, not {eight_digits!r}")
    total = sum(weight * int(digit) for weight, digit in zip(S10_WEIGHTS, eight_digits, strict=True))
    remainder = total % 11
    return {0: "5", 1: "0"}.get(remainder, str(11 - remainder))


_ANY = re.compile(r"[A-Z0-9]{1,35}")
_JJFI = re.compile(rf"{JJFI}[0-9]{{{JJFI_DIGITS}}}")
_S10 = re.compile(r"[A-Z]{2}(?P<digits>[0-9]{8})(?P<check>[0-9])[A-Z]{2}")
_EIGHT = re.compile(r"[0-9]{8}")
