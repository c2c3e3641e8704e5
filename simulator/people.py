"""People in front of the automat: their codes, and the parcels that they expect, bring or send."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["courier", "technician", "sender", "recipient"]
_CODE_DIGITS = 6
# The first four letters and digits of a tracking id say who sent it: here, a simulation.
_TRACKING_PREFIX = "JJFI6431200001234"


@dataclass(frozen=True)
class Person:
    """Somebody who stands in front of the automat; `hint` says which keys to press.

    `unpaid`: the parcel was announced with cash on delivery.
    """

    role: Role
    name: str
    code: str = field(repr=False)
    tracking_id: str | None = None
    hint: str = ""
    unpaid: bool = False


@dataclass(frozen=True)
class PeopleChanged:
    """Somebody came, or has another code."""


def new_code(people: Iterable[Person], dice: random.Random) -> str:
    """A code that nobody has."""
    used = {person.code for person in people}
    while True:
        code = f"{dice.randrange(10**_CODE_DIGITS):0{_CODE_DIGITS}d}"
        if code not in used:
            return code


def new_tracking_id(people: Iterable[Person]) -> str:
    """A tracking id that is nobody's."""
    number = sum(person.tracking_id is not None for person in people) + 1
    return f"{_TRACKING_PREFIX}{number:04d}"
