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
    COLLECT_OPENING = "collect-opening"
    COLLECT_TAKE = "collect-take"
    COLLECT_TAKE_NO_CONTACT = "collect-take-no-contact"
    CONFIRM_REMOVAL = "confirm-removal"
    ANOTHER_PARCEL = "another-parcel"
    COLLECT_DONE = "collect-done"
    NOTHING_TO_COLLECT = "nothing-to-collect"
    LOOK_INSIDE = "look-inside"
    LOOK_INSIDE_NO_CONTACT = "look-inside-no-contact"
    JUDGE = "judge"
    JUDGE_EXPECTED = "judge-expected"
    NAME_PARCEL = "name-parcel"
    NAME_REFUSED = "name-refused"
    INSPECT_DONE = "inspect-done"
    NOTHING_TO_INSPECT = "nothing-to-inspect"
    DOOR_IN_USE = "door-in-use"
    SERVICE_MENU = "service-menu"
    SIGNED_OUT = "signed-out"
    CONFIRM_REMOTE = "confirm-remote"
    REMOTE_LAPSED = "remote-lapsed"
    REMOTE_NOT_OPENED = "remote-not-opened"
    SENDING_PUT_PARCEL = "sending-put-parcel"
    SENDING_PUT_PARCEL_NO_CONTACT = "sending-put-parcel-no-contact"
    SENDING_CONFIRM = "sending-confirm"
    SENDING_RECEIVED = "sending-received"
    SENDING_REGISTERED = "sending-registered"
    SENDING_CANCELLED = "sending-cancelled"
    SENDING_NO_COMPARTMENT = "sending-no-compartment"
    SENDING_WITHDRAWN = "sending-withdrawn"


@dataclass(frozen=True, slots=True)
class Message:
    """A text and the values that its words have room for, as (name, value) pairs."""

    text: Text
    values: tuple[tuple[str, str], ...] = ()


def say(text: Text, **values: object) -> Message:
    """Make a message."""
    return Message(text, tuple((name, str(value)) for name, value in values.items()))
