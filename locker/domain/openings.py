"""Openings: one door, from the first pulse to the proof of what became of it.

An opening is durable from before its first pulse. Each stage says what the automat waits for:

| stage   | waits for           | if it comes | if the time runs out                               |
|---------|---------------------|-------------|----------------------------------------------------|
| WAITING | the door to move    | OPEN        | pulse again, at most `pulses` in all; then LATE     |
| OPEN    | the door to be shut | ends        | reminder, then alarm: LEFT_OPEN                     |
| BLIND   | the person's OK     | ends        | ends: no trustworthy contact, nothing more to learn |
| LATE    | a door freed late   | OPEN        | ends                                               |
| LEFT_OPEN | the door to be shut | ends      | never: a record is not dropped                      |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Purpose(StrEnum):
    """Why a door is opened."""

    PICKUP = "pickup"
    REOPEN = "reopen"
    DEPOSIT = "deposit"  # by a courier
    DROP_OFF = "drop-off"  # by a sender
    COLLECT = "collect"  # a courier takes a parcel away
    INSPECT = "inspect"  # a courier or technician looks into it
    REMOTE = "remote"  # the back office asked for it
    SERVICE = "service"  # a technician at the local socket looks into it
    TEST = "test"  # a technician at the local socket tries its lock
    COMMISSION = "commission"  # a lock is tried: pulsed without an opening, judged by raw contacts


class Stage(StrEnum):
    """How far an opening has come."""

    WAITING = "waiting"
    OPEN = "open"
    BLIND = "blind"
    LATE = "late"
    LEFT_OPEN = "left-open"


class Happening(StrEnum):
    """What moves an opening on."""

    DOOR_OPENED = "door-opened"
    DOOR_SHUT = "door-shut"
    PULSED_IN_VAIN = "pulsed-in-vain"
    ALARM_TIME = "alarm-time"
    CONTACT_GONE = "contact-gone"  # the daemon came up again and the door's contact is taken out of use
    CUT_SHORT = "cut-short"  # the daemon came up again and the door is not open
    WRONG_DOOR = "wrong-door"  # another door opened instead: nothing that this contact says is evidence


TRANSITIONS: Mapping[tuple[Stage, Happening], Stage | None] = {
    (Stage.WAITING, Happening.DOOR_OPENED): Stage.OPEN,
    (Stage.WAITING, Happening.PULSED_IN_VAIN): Stage.LATE,
    (Stage.WAITING, Happening.CUT_SHORT): Stage.LATE,
    (Stage.WAITING, Happening.WRONG_DOOR): None,
    (Stage.OPEN, Happening.DOOR_SHUT): None,
    (Stage.OPEN, Happening.ALARM_TIME): Stage.LEFT_OPEN,
    (Stage.OPEN, Happening.CONTACT_GONE): None,
    (Stage.BLIND, Happening.ALARM_TIME): None,
    (Stage.BLIND, Happening.DOOR_SHUT): None,
    (Stage.BLIND, Happening.PULSED_IN_VAIN): Stage.LATE,
    (Stage.BLIND, Happening.CUT_SHORT): None,
    (Stage.BLIND, Happening.WRONG_DOOR): None,
    (Stage.LATE, Happening.DOOR_OPENED): Stage.OPEN,
    (Stage.LATE, Happening.ALARM_TIME): None,
    (Stage.LEFT_OPEN, Happening.DOOR_SHUT): None,
    (Stage.LEFT_OPEN, Happening.CONTACT_GONE): None,
}
"""Where an opening goes; None ends it. What is not here does not move it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of one door; durable.

    `pulses` counts the intents, `pulses_sent` the frames that left the port; `due_s` and `opened_s` are
    powered time; `opened_at` is None until the contact said "open". `keypad` is "" for a remote opening and
    where nobody stands any more who could say what lies behind a late door; `person` is the courier,
    technician or operator behind it, `reason` what an operator wanted it for; `tracking_id` is None where
    no parcel is known. `stray`: another compartment, whose door opened unasked after the last pulse. `user`:
    the Unix user behind a technician at the local socket.
    """

    compartment: str
    purpose: Purpose
    keypad: str
    tracking_id: str | None
    started_at: datetime
    stage: Stage
    pulses: int = 0
    pulses_sent: int = 0
    due_s: float | None = None
    opened_at: datetime | None = None
    opened_s: float | None = None
    reminded: bool = False
    person: str | None = None
    reason: str | None = None
    stray: str | None = None
    user: str | None = None

    def after(self, happening: Happening) -> Stage | None:
        """Return the stage that a happening leads to, None if it ends; KeyError if the table has none."""
        return TRANSITIONS[self.stage, happening]

    def evidence(self, shut_at: datetime | None) -> "Evidence":
        """Return what this opening proves now that it ends; `shut_at` is None where no contact saw it."""
        grade = "A" if self.opened_at is not None and shut_at is not None else "B"
        return Evidence(grade, self.pulses, self.pulses_sent, self.opened_at, shut_at)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a door while a person says what lies behind it.

    Grade A: seen open and seen shut; B: no trustworthy contact. `outdated`: somebody else has had the
    door opened since, so that nobody's word on what lies behind it holds any more.
    """

    grade: str
    pulses: int
    pulses_sent: int
    opened_at: datetime | None = None
    shut_at: datetime | None = None
    outdated: bool = False
