"""What a display can say: names and values here, words per language in `locker/texts`."""

from dataclasses import dataclass
from enum import StrEnum


class Text(StrEnum):
    """One member for each thing that the automat says to a person."""

    IDLE = "idle"
    STARTING = "starting"
    OUT_OF_ORDER = "out-of-order"
    PRESS_C_FIRST = "press-c-first"
    TYPE_CODE = "type-code"
    TYPING_CODE = "typing-code"
    WRONG_LENGTH = "wrong-length"
    NOT_RECOGNISED = "not-recognised"
    NOT_RECOGNISED_CALL = "not-recognised-call"
    LOCKED_OUT = "locked-out"
    GUARD_MODE = "guard-mode"
    OVERDUE = "overdue"
    UNPAID = "unpaid"
    FROZEN = "frozen"
    OPENING = "opening"
    PRESS_DOOR = "press-door"
    TAKE_PARCEL = "take-parcel"
    TAKE_PARCEL_NO_CONTACT = "take-parcel-no-contact"
    CLOSE_DOOR = "close-door"
    LEFT_OPEN = "left-open"
    NOT_OPENED = "not-opened"
    STILL_INSIDE = "still-inside"
    THANK_YOU = "thank-you"
    COURIER_WELCOME = "courier-welcome"
    TYPING_TRACKING = "typing-tracking"
    TRACKING_LENGTH = "tracking-length"
    PARCEL_UNKNOWN = "parcel-unknown"
    PARCEL_AMBIGUOUS = "parcel-ambiguous"
    NO_COMPARTMENT = "no-compartment"
    NO_DEPOSITS = "no-deposits"
    PUT_PARCEL = "put-parcel"
    CONFIRM_DEPOSIT = "confirm-deposit"
    STORED = "stored"
    DEPOSIT_CANCELLED = "deposit-cancelled"
    SERVICE_MENU = "service-menu"
    SIGNED_OUT = "signed-out"


@dataclass(frozen=True, slots=True)
class Message:
    """A text and the values that its words have room for, as (name, value) pairs."""

    text: Text
    values: tuple[tuple[str, str], ...] = ()


def say(text: Text, **values: object) -> Message:
    """Make a message."""
    return Message(text, tuple((name, str(value)) for name, value in values.items()))
